/*
 * staggered.c: see staggered.h.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "stats/linear.h"
#include "stats/staggered.h"

/* ---- who takes part ------------------------------------------------------------------------- */

/* Start of a unit, INFINITY when it lies after the last of the panel's periods. */
static double
start_of(const CdStaggeredPanel *panel, size_t unit)
{
	double		start = panel->start[unit];

	return start > panel->time[panel->periods - 1] ? INFINITY : start;
}

static double
weight_of(const CdStaggeredPanel *panel, size_t unit)
{
	return panel->weight != NULL ? panel->weight[unit] : 1.0;
}

/* Smallest start above the given one, INFINITY included; NaN when there is none. */
static double
next_start(const CdStaggeredPanel *panel, double above)
{
	double		next = NAN;

	for (size_t i = 0; i < panel->units; i++)
	{
		double		start = start_of(panel, i);

		if (start > above && !(start >= next))
			next = start;
	}
	return next;
}

/* Distinct finite starts after the first period. */
static size_t
count_groups(const CdStaggeredPanel *panel)
{
	size_t		groups = 0;

	for (double g = next_start(panel, panel->time[0]); isfinite(g); g = next_start(panel, g))
		groups++;
	return groups;
}

/* Periods ascending and finite, starts known, weights positive, outcomes not infinite. */
static CdStatus
check_panel(const CdStaggeredPanel *panel)
{
	if (panel->periods < 2 || panel->units == 0)
		return CD_TOO_FEW;
	for (size_t t = 0; t < panel->periods; t++)
		if (!isfinite(panel->time[t]) || (t > 0 && panel->time[t] <= panel->time[t - 1]))
			return CD_BAD_INPUT;
	for (size_t i = 0; i < panel->units; i++)
	{
		double		w = weight_of(panel, i);

		if (isnan(panel->start[i]) || !isfinite(w) || w <= 0.0)
			return CD_BAD_INPUT;
		if (panel->cluster != NULL && panel->cluster[i] >= panel->units)
			return CD_BAD_INPUT;
		for (size_t t = 0; t < panel->periods; t++)
			if (isinf(panel->outcome[i * panel->periods + t]))
				return CD_BAD_INPUT;
	}
	return CD_OK;
}

/* Working arrays of one two-period comparison. */
typedef struct Pair
{
	size_t	   *position;		/* among the units used */
	bool	   *treated;
	double	   *change;
	double	   *covariate;
	double	   *weight;
	double	   *influence;
	double	   *scratch;
} Pair;

/* Add up what an array takes. */
static size_t
plus(size_t total, size_t count, size_t size)
{
	return cd_arena_sum(total, cd_arena_bytes(count, size));
}

/* Bytes for the result and the largest comparison. */
size_t
cd_staggered_size(const CdStaggeredPanel *panel)
{
	size_t		n = panel->units;
	size_t		groups = panel->periods < 2 ? 0 : count_groups(panel);
	size_t		cells = groups * panel->periods;
	size_t		total = plus(0, n, sizeof(size_t));

	total = plus(total, groups, 2 * sizeof(double));
	total = plus(total, cells, sizeof(CdGroupTime));
	total = plus(total, cells, n * sizeof(double));
	total = plus(total, n, 2 * sizeof(double));
	total = plus(total, n, sizeof(size_t));
	total = plus(total, n, sizeof(bool));
	total = plus(total, n, (panel->covariates + 3) * sizeof(double));
	total = plus(total, cd_did_scratch(n, panel->covariates), sizeof(double));
	return cd_arena_sum(total, 8 * CD_ARENA_ALIGN);
}

/* Take the arrays of a comparison. */
static bool
take_pair(const CdStaggered *fit, CdArena *arena, Pair *pair)
{
	size_t		n = fit->n;
	size_t		k = fit->panel->covariates;

	pair->position = cd_arena_take(arena, n, sizeof(size_t));
	pair->treated = cd_arena_take(arena, n, sizeof(bool));
	pair->change = cd_arena_take(arena, n, sizeof(double));
	pair->weight = cd_arena_take(arena, n, sizeof(double));
	pair->influence = cd_arena_take(arena, n, sizeof(double));
	pair->covariate = cd_arena_take(arena, n * k, sizeof(double));
	pair->scratch = cd_arena_take(arena, cd_did_scratch(n, k), sizeof(double));
	return pair->position != NULL && pair->treated != NULL && pair->change != NULL && pair->weight != NULL
		&& pair->influence != NULL && pair->covariate != NULL && pair->scratch != NULL;
}

/* Take the arrays of the result. */
static bool
take_result(CdStaggered *fit, CdArena *arena)
{
	size_t		units = fit->panel->units;
	size_t		groups = count_groups(fit->panel);
	size_t		cells = groups * fit->panel->periods;

	fit->unit = cd_arena_take(arena, units, sizeof(size_t));
	fit->group = cd_arena_take(arena, groups, sizeof(double));
	fit->share = cd_arena_take(arena, groups, sizeof(double));
	fit->sums = cd_arena_take(arena, units, 2 * sizeof(double));
	fit->cell = cd_arena_take(arena, cells, sizeof(CdGroupTime));
	fit->influence = cd_arena_take(arena, cells * units, sizeof(double));
	return fit->unit != NULL && fit->group != NULL && fit->share != NULL && fit->sums != NULL
		&& fit->cell != NULL && fit->influence != NULL;
}

/* Units, periods and groups that take part. */
static CdStatus
select_parts(CdStaggered *fit)
{
	const CdStaggeredPanel *panel = fit->panel;
	double		end = INFINITY;
	double		last = NAN;		/* latest finite start */
	bool		never = false;

	fit->n = 0;
	fit->periods = panel->periods;
	for (size_t i = 0; i < panel->units; i++)
	{
		if (!(start_of(panel, i) > panel->time[0]))
			continue;
		fit->unit[fit->n++] = i;
		if (isinf(start_of(panel, i)))
			never = true;
		else
			last = fmax(last, start_of(panel, i));
	}
	if (!never && fit->options.control == CD_CONTROL_NEVER)
		return CD_TOO_FEW;
	if (!never)
		end = last;
	while (fit->periods > 0 && !(panel->time[fit->periods - 1] < end - (never ? 0.0 : fit->options.anticipation)))
		fit->periods--;
	fit->groups = 0;
	for (double g = next_start(panel, panel->time[0] + fit->options.anticipation);
		 isfinite(g) && g < end; g = next_start(panel, g))
	{
		fit->share[fit->groups] = 0.0;
		for (size_t i = 0; i < fit->n; i++)
			if (start_of(panel, fit->unit[i]) == g)
				fit->share[fit->groups] += weight_of(panel, fit->unit[i]);
		fit->group[fit->groups++] = g;
	}
	return fit->periods >= 2 && fit->groups > 0 ? CD_OK : CD_TOO_FEW;
}

/* ---- standard errors ------------------------------------------------------------------------ */

/* Sum of the products of influence values, within clusters first. */
static double
covariance(const CdStaggered *fit, const double *a, const double *b)
{
	const CdStaggeredPanel *panel = fit->panel;
	double		n = (double) fit->n;
	double	   *sum_b = fit->sums + panel->units;

	if (panel->cluster == NULL)
		return cd_dot(a, b, fit->n) / (n * n);
	memset(fit->sums, 0, 2 * panel->units * sizeof(double));
	for (size_t i = 0; i < fit->n; i++)
	{
		fit->sums[panel->cluster[fit->unit[i]]] += a[i];
		sum_b[panel->cluster[fit->unit[i]]] += b[i];
	}
	return cd_dot(fit->sums, sum_b, panel->units) / (n * n);
}

/* Standard error from influence values; an estimate that cannot vary has none. */
static double
standard_error(const CdStaggered *fit, const double *influence)
{
	double		variance = covariance(fit, influence, influence);

	return variance > 0.0 ? sqrt(variance) : NAN;
}

/* ---- effects by group and time -------------------------------------------------------------- */

/* Last period before the start, anticipation allowed for; periods when there is none. */
static size_t
universal_base(const CdStaggered *fit, double group)
{
	size_t		base = fit->periods;

	for (size_t t = 0; t < fit->periods; t++)
		if (fit->panel->time[t] + fit->options.anticipation < group)
			base = t;
	return base;
}

/* Does a unit with this start serve as control of the group, up to the given time? */
static bool
is_control(const CdStaggered *fit, double start, double group, double time)
{
	if (isinf(start))
		return true;
	return fit->options.control == CD_CONTROL_NOT_YET && start != group
		&& start > time + fit->options.anticipation;
}

/* Gather the units of a comparison that have both outcomes; their number is returned. */
static size_t
gather(const CdStaggered *fit, CdGroupTime *cell, size_t t, size_t base, Pair *pair)
{
	const CdStaggeredPanel *panel = fit->panel;
	size_t		k = panel->covariates;
	size_t		count = 0;

	for (size_t i = 0; i < fit->n; i++)
	{
		size_t		unit = fit->unit[i];
		const double *y = &panel->outcome[unit * panel->periods];
		double		start = start_of(panel, unit);
		bool		treated = start == cell->group;

		if (!treated && !is_control(fit, start, cell->group, fmax(cell->time, cell->base)))
			continue;
		if (isnan(y[t]) || isnan(y[base]))
			continue;
		pair->position[count] = i;
		pair->treated[count] = treated;
		pair->change[count] = y[t] - y[base];
		pair->weight[count] = weight_of(panel, unit);
		if (k > 0)
			memcpy(&pair->covariate[count * k], &panel->covariate[unit * k], k * sizeof(double));
		cell->treated += treated;
		cell->control += !treated;
		count++;
	}
	return count;
}

/* Effect on one group at one time, with its influence row. */
static CdStatus
estimate_cell(const CdStaggered *fit, size_t t, size_t base, Pair *pair, CdGroupTime *cell, double *influence)
{
	CdDidData	data = {
		.covariates = fit->panel->covariates,
		.treated = pair->treated,
		.change = pair->change,
		.covariate = pair->covariate,
		.weight = pair->weight
	};
	CdStatus	status;

	memset(influence, 0, fit->n * sizeof(double));
	data.n = gather(fit, cell, t, base, pair);
	if (t == base)
	{
		cell->effect = 0.0;
		return CD_OK;
	}
	status = cd_did(&data, fit->options.method, pair->scratch, &cell->effect, pair->influence);
	if (status == CD_TOO_FEW)
	{
		cell->effect = NAN;
		return CD_OK;
	}
	if (status != CD_OK)
		return status;
	for (size_t i = 0; i < data.n; i++)
		influence[pair->position[i]] = pair->influence[i] * (double) fit->n / (double) data.n;
	cell->se = standard_error(fit, influence);
	return CD_OK;
}

/* All periods of one group. */
static CdStatus
estimate_group(CdStaggered *fit, double group, Pair *pair)
{
	bool		universal = fit->options.base == CD_BASE_UNIVERSAL;
	size_t		fixed = universal_base(fit, group);

	for (size_t t = universal ? 0 : 1; t < fit->periods; t++)
	{
		double		time = fit->panel->time[t];
		size_t		base = universal || time >= group ? fixed : t - 1;
		CdGroupTime *cell = &fit->cell[fit->cells];
		CdStatus	status;

		if (cd_stop_requested())
			return CD_STOPPED;
		*cell = (CdGroupTime) {.group = group, .time = time, .base = fit->panel->time[base], .se = NAN};
		status = estimate_cell(fit, t, base, pair, cell, &fit->influence[fit->cells * fit->n]);
		if (status != CD_OK)
			return status;
		fit->cells++;
	}
	return CD_OK;
}

/* All groups. */
CdStatus
cd_staggered(const CdStaggeredPanel *panel, const CdStaggeredOptions *options, CdArena *arena, CdStaggered *out)
{
	CdStatus	status = check_panel(panel);
	size_t		keep;
	Pair		pair;

	if (status != CD_OK)
		return status;
	if (!(options->anticipation >= 0.0))
		return CD_BAD_INPUT;
	*out = (CdStaggered) {.panel = panel, .options = *options};
	if (!take_result(out, arena))
		return CD_NOMEM;
	status = select_parts(out);
	if (status != CD_OK)
		return status;
	keep = arena->used;
	if (!take_pair(out, arena, &pair))
		return CD_NOMEM;
	for (size_t g = 0; g < out->groups && status == CD_OK; g++)
		status = estimate_group(out, out->group[g], &pair);
	arena->used = keep;
	return status;
}

/* ---- aggregation ---------------------------------------------------------------------------- */

/* Size of a group. */
static double
share_of(const CdStaggered *fit, double group)
{
	for (size_t g = 0; g < fit->groups; g++)
		if (fit->group[g] == group)
			return fit->share[g];
	return 0.0;
}

/* Does the effect belong to the row with this key? */
static bool
belongs(const CdStaggered *fit, const CdAggregateOptions *options, const CdGroupTime *cell, double key)
{
	double		since = cell->time - cell->group;
	double		last = fit->panel->time[fit->periods - 1];

	if (isnan(cell->effect) || since < options->from || since > options->to)
		return false;
	switch (options->type)
	{
		case CD_AGGREGATE_SIMPLE:
			return since >= 0.0;
		case CD_AGGREGATE_GROUP:
			return cell->group == key && since >= 0.0;
		case CD_AGGREGATE_CALENDAR:
			return cell->time == key && since >= 0.0;
		case CD_AGGREGATE_DYNAMIC:
			return since == key
				&& (isnan(options->balance)
					|| (last - cell->group >= options->balance && since <= options->balance
						&& since >= options->balance - last + fit->panel->time[0]));
	}
	return false;
}

/* Weight of an effect in its row: group size, but plain within a group. */
static double
row_weight(const CdStaggered *fit, CdAggregation type, const CdGroupTime *cell)
{
	return type == CD_AGGREGATE_GROUP ? 1.0 : share_of(fit, cell->group);
}

/*
 * Average over the effects of a row, and its influence. Group sizes are estimates as well:
 * each unit of group g moves the average by weight * (effect of g - average) / total.
 */
static bool
average_row(const CdStaggered *fit, const CdAggregateOptions *options, double key,
			double *effect, double *influence)
{
	double		total = 0.0;
	double		sum = 0.0;

	for (size_t c = 0; c < fit->cells; c++)
	{
		const CdGroupTime *cell = &fit->cell[c];

		if (!belongs(fit, options, cell, key))
			continue;
		total += row_weight(fit, options->type, cell);
		sum += row_weight(fit, options->type, cell) * cell->effect;
	}
	if (total <= 0.0)
		return false;
	*effect = sum / total;
	memset(influence, 0, fit->n * sizeof(double));
	for (size_t c = 0; c < fit->cells; c++)
	{
		const CdGroupTime *cell = &fit->cell[c];
		double		w;

		if (!belongs(fit, options, cell, key))
			continue;
		w = row_weight(fit, options->type, cell) / total;
		for (size_t i = 0; i < fit->n; i++)
		{
			influence[i] += w * fit->influence[c * fit->n + i];
			if (options->type != CD_AGGREGATE_GROUP && start_of(fit->panel, fit->unit[i]) == cell->group)
				influence[i] += (double) fit->n * weight_of(fit->panel, fit->unit[i]) / total
					* (cell->effect - *effect);
		}
	}
	return true;
}

/* Key of a cell under a type. */
static double
key_of(CdAggregation type, const CdGroupTime *cell)
{
	switch (type)
	{
		case CD_AGGREGATE_GROUP:
			return cell->group;
		case CD_AGGREGATE_CALENDAR:
			return cell->time;
		case CD_AGGREGATE_DYNAMIC:
			return cell->time - cell->group;
		case CD_AGGREGATE_SIMPLE:
			break;
	}
	return 0.0;
}

/* Smallest key above the given one among effects that belong to their row; NaN when none. */
static double
next_key(const CdStaggered *fit, const CdAggregateOptions *options, double above)
{
	double		next = NAN;

	for (size_t c = 0; c < fit->cells; c++)
	{
		double		key = key_of(options->type, &fit->cell[c]);

		if (key > above && !(key >= next) && belongs(fit, options, &fit->cell[c], key))
			next = key;
	}
	return next;
}

/* All rows, by ascending key. */
static void
average_rows(const CdStaggered *fit, const CdAggregateOptions *options, CdAggregate *out)
{
	out->rows = 0;
	for (double key = next_key(fit, options, -INFINITY); !isnan(key); key = next_key(fit, options, key))
	{
		CdAggregateRow *row = &out->row[out->rows];
		double	   *influence = &out->row_influence[out->rows * fit->n];

		row->key = key;
		if (!average_row(fit, options, key, &row->effect, influence))
			continue;
		row->se = standard_error(fit, influence);
		out->rows++;
	}
}

/* Weight of a row in the overall effect. */
static double
overall_weight(const CdStaggered *fit, CdAggregation type, const CdAggregateRow *row)
{
	if (type == CD_AGGREGATE_GROUP)
		return share_of(fit, row->key);
	return type == CD_AGGREGATE_DYNAMIC && row->key < 0.0 ? 0.0 : 1.0;
}

/* Overall effect from the rows. */
static CdStatus
average_overall(const CdStaggered *fit, CdAggregation type, CdAggregate *out)
{
	double		total = 0.0;
	double		sum = 0.0;

	for (size_t r = 0; r < out->rows; r++)
	{
		double		w = overall_weight(fit, type, &out->row[r]);

		total += w;
		sum += w * out->row[r].effect;
	}
	if (total <= 0.0)
		return CD_TOO_FEW;
	out->effect = sum / total;
	memset(out->influence, 0, fit->n * sizeof(double));
	for (size_t r = 0; r < out->rows; r++)
	{
		double		w = overall_weight(fit, type, &out->row[r]) / total;

		for (size_t i = 0; i < fit->n; i++)
		{
			out->influence[i] += w * out->row_influence[r * fit->n + i];
			if (type == CD_AGGREGATE_GROUP && start_of(fit->panel, fit->unit[i]) == out->row[r].key)
				out->influence[i] += (double) fit->n * weight_of(fit->panel, fit->unit[i]) / total
					* (out->row[r].effect - out->effect);
		}
	}
	return CD_OK;
}

/* Rows there can be at most. */
static size_t
most_rows(const CdStaggered *fit, CdAggregation type)
{
	switch (type)
	{
		case CD_AGGREGATE_SIMPLE:
			return 0;
		case CD_AGGREGATE_GROUP:
			return fit->groups;
		case CD_AGGREGATE_CALENDAR:
			return fit->periods;
		case CD_AGGREGATE_DYNAMIC:
			break;
	}
	return fit->cells;
}

/* Bytes for an aggregation. */
size_t
cd_staggered_aggregate_size(const CdStaggered *fit, CdAggregation type)
{
	size_t		rows = most_rows(fit, type);
	size_t		total = plus(0, fit->n, sizeof(double));

	total = plus(total, rows, sizeof(CdAggregateRow));
	return plus(total, rows, fit->n * sizeof(double));
}

/* Aggregate. */
CdStatus
cd_staggered_aggregate(const CdStaggered *fit, const CdAggregateOptions *options, CdArena *arena, CdAggregate *out)
{
	size_t		rows = most_rows(fit, options->type);
	CdStatus	status = CD_OK;

	*out = (CdAggregate) {
		.influence = cd_arena_take(arena, fit->n, sizeof(double)),
		.row = cd_arena_take(arena, rows, sizeof(CdAggregateRow)),
		.row_influence = cd_arena_take(arena, rows * fit->n, sizeof(double))
	};
	if (out->influence == NULL || out->row == NULL || out->row_influence == NULL)
		return CD_NOMEM;
	if (options->type == CD_AGGREGATE_SIMPLE)
	{
		if (!average_row(fit, options, 0.0, &out->effect, out->influence))
			return CD_TOO_FEW;
	}
	else
	{
		average_rows(fit, options, out);
		status = average_overall(fit, options->type, out);
	}
	if (status == CD_OK)
		out->se = standard_error(fit, out->influence);
	return status;
}

/* ---- earlier trends ------------------------------------------------------------------------- */

/* An effect before the start that is estimated, not 0 by definition. */
static bool
is_lead(const CdGroupTime *cell)
{
	return cell->time < cell->group && !isnan(cell->effect) && !isnan(cell->se);
}

static size_t
count_leads(const CdStaggered *fit)
{
	size_t		leads = 0;

	for (size_t c = 0; c < fit->cells; c++)
		leads += is_lead(&fit->cell[c]);
	return leads;
}

/* Bytes for the covariance of the leads. */
size_t
cd_staggered_pretest_size(const CdStaggered *fit)
{
	size_t		leads = count_leads(fit);

	return plus(plus(plus(0, leads, sizeof(size_t)), leads, 2 * sizeof(double)), leads, leads * sizeof(double));
}

/* Wald statistic e' V^-1 e. */
CdStatus
cd_staggered_pretest(const CdStaggered *fit, CdArena *arena, double *chisq, double *df, double *p)
{
	size_t		leads = count_leads(fit);
	size_t		keep = arena->used;
	size_t	   *lead = cd_arena_take(arena, leads, sizeof(size_t));
	double	   *effect = cd_arena_take(arena, leads, 2 * sizeof(double));
	double	   *v = cd_arena_take(arena, leads * leads, sizeof(double));
	CdStatus	status;

	arena->used = keep;
	if (lead == NULL || effect == NULL || v == NULL)
		return CD_NOMEM;
	if (leads == 0)
		return CD_TOO_FEW;
	for (size_t c = 0, k = 0; c < fit->cells; c++)
		if (is_lead(&fit->cell[c]))
			lead[k++] = c;
	for (size_t j = 0; j < leads; j++)
	{
		if (cd_stop_requested())
			return CD_STOPPED;
		effect[j] = effect[leads + j] = fit->cell[lead[j]].effect;
		for (size_t k = 0; k <= j; k++)
			v[j * leads + k] = v[k * leads + j] = covariance(fit, &fit->influence[lead[j] * fit->n],
																		  &fit->influence[lead[k] * fit->n]);
	}
	status = cd_cholesky(v, leads);
	if (status != CD_OK)
		return status;
	cd_cholesky_solve(v, leads, effect);
	*chisq = cd_dot(effect, effect + leads, leads);
	*df = (double) leads;
	*p = gsl_cdf_chisq_Q(*chisq, *df);
	return CD_OK;
}
