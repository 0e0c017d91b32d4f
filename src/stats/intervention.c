/*
 * intervention.c: see intervention.h. A window of periods around the change holds, for every
 * team, its mean freed of who came and went; what follows reads those.
 */
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "stats/heterogeneity.h"
#include "stats/interrupted.h"
#include "stats/intervention.h"
#include "stats/share.h"
#include "stats/solve.h"

#define PASSES 500
#define SETTLED 1e-11
#define LEAST_ROWS 3			/* of an agent, before and after, to count as seen */
#define RAMP_MOST 12			/* periods within which a change is looked for */
#define PLACEBO_SPAN 8			/* periods either side of a placebo date */
#define PLACEBO_LEAST 5
#define LEAST_THIRD 3			/* periods of the first third, once the change is there */
#define MOST_COLUMNS 4
#define RHO_CAP 0.9
#define LEAST_LIKENESS 0.25		/* teams that changed alike beyond this did so by chance */

/* One unit's value in one period of the window. */
typedef struct Cell
{
	size_t		unit;
	size_t		k;
	double		value;
	double		weight;
} Cell;

/* A series over the window: mean of each period, and the weight behind it (0: no data). */
typedef struct Line
{
	double	   *mean;
	double	   *weight;
} Line;

/* An agent's mean before and after, less the team's own periods. */
typedef struct Change
{
	size_t		team;
	double		before;
	double		after;
	double		weight_before;
	double		weight_after;
	bool		both;
} Change;

typedef struct Team
{
	Line		line;
	size_t		first_change;
	size_t		changes;
	double		seen;			/* agents seen before and after */
	double		delta;			/* mean after less mean before; NaN: too few periods */
	double		variance;		/* of delta, from its agents */
	bool		touched;
} Team;

/* Noise of an agent's period of weight 1. */
typedef struct Noise
{
	double		variance;
	double		inflation;		/* of the variance of a mean, by autocorrelation */
} Noise;

typedef struct Study
{
	const CdEffectRow *rows;
	size_t		count;
	const CdInterventionOptions *options;
	size_t		teams;
	size_t		width;			/* periods of the window */
	int32_t		origin;			/* first of them */
	size_t		before_from;	/* compared: from before_from to before_to, from after_from to after_to */
	size_t		before_to;
	size_t		after_from;
	size_t		after_to;
	Team	   *team;
	Change	   *change;
	size_t		changes;
	Noise		noise;
	Line		control;		/* mean of the teams not touched */
	Line		line;			/* the touched, control taken away */
	double		controls;
	double		tau2;			/* between the changes of the controls */
	double		expected;		/* their mean */
	double		expected_variance;
	double		likeness;		/* variance of their changes to that of their agents and tau2, at most 1 */
	double		df;				/* of that: one less than as many controls of equal weight would be, at least 1 */
	Cell	   *cell;
	double	   *effect;
	double	   *x;
	double	   *y;
	double	   *w;
	double	   *at;
	CdArena    *arena;
} Study;

static size_t
window_width(const CdInterventionOptions *o)
{
	return (size_t) (o->after_from - o->before_to) + 2 * (size_t) o->before + 2 * (size_t) o->after;
}

size_t
cd_intervention_size(size_t rows, size_t teams, const CdInterventionOptions *options)
{
	size_t		width = window_width(options);
	size_t		cells = rows > teams * width ? rows : teams * width;
	size_t		total = cd_arena_bytes(teams, sizeof(Team));

	total = cd_arena_sum(total, cd_arena_bytes(rows, sizeof(Change)));
	total = cd_arena_sum(total, cd_arena_bytes(cells, sizeof(Cell)));
	total = cd_arena_sum(total, cd_arena_bytes(cells, sizeof(double)));
	total = cd_arena_sum(total, cd_arena_bytes(cd_arena_bytes(width, 2 * sizeof(double)), teams + 4));
	total = cd_arena_sum(total, cd_arena_bytes(width * (MOST_COLUMNS + 3), sizeof(double)));
	total = cd_arena_sum(total, cd_arena_bytes(rows + teams, 2 * sizeof(double)));
	total = cd_arena_sum(total, cd_series_size(width, MOST_COLUMNS));
	return cd_arena_sum(total, (32 + 2 * teams) * CD_ARENA_ALIGN);
}

static bool
take_line(const Study *s, Line *line)
{
	line->mean = cd_arena_take(s->arena, s->width, sizeof(double));
	line->weight = cd_arena_take(s->arena, s->width, sizeof(double));
	return line->mean != NULL && line->weight != NULL;
}

static bool
take_study(Study *s)
{
	size_t		cells = s->count > s->teams * s->width ? s->count : s->teams * s->width;
	bool		taken;

	s->team = cd_arena_take(s->arena, s->teams, sizeof(Team));
	s->change = cd_arena_take(s->arena, s->count, sizeof(Change));
	s->cell = cd_arena_take(s->arena, cells, sizeof(Cell));
	s->effect = cd_arena_take(s->arena, cells, sizeof(double));
	s->x = cd_arena_take(s->arena, s->width * MOST_COLUMNS, sizeof(double));
	s->y = cd_arena_take(s->arena, s->width, sizeof(double));
	s->w = cd_arena_take(s->arena, s->width, sizeof(double));
	s->at = cd_arena_take(s->arena, s->width, sizeof(double));
	taken = s->team != NULL && s->change != NULL && s->cell != NULL && s->effect != NULL && s->x != NULL
		&& s->y != NULL && s->w != NULL && s->at != NULL && take_line(s, &s->control) && take_line(s, &s->line);
	for (size_t t = 0; taken && t < s->teams; t++)
		taken = take_line(s, &s->team[t].line);
	return taken;
}

/* ---- means of periods, freed of who was there ------------------------------------------------------ */

/* Effects of units given the periods', weighted means. */
static void
unit_means(const Cell *cell, size_t n, size_t units, const Line *line, double *effect, double *weight)
{
	memset(effect, 0, units * sizeof(double));
	memset(weight, 0, units * sizeof(double));
	for (size_t i = 0; i < n; i++)
	{
		effect[cell[i].unit] += cell[i].weight * (cell[i].value - line->mean[cell[i].k]);
		weight[cell[i].unit] += cell[i].weight;
	}
	for (size_t u = 0; u < units; u++)
		effect[u] = weight[u] > 0.0 ? effect[u] / weight[u] : 0.0;
}

/* Periods' effects given the units'; returns the largest move. */
static double
period_means(const Cell *cell, size_t n, const double *effect, size_t width, double *sum, Line *line)
{
	double		move = 0.0;

	memset(sum, 0, width * sizeof(double));
	for (size_t i = 0; i < n; i++)
		sum[cell[i].k] += cell[i].weight * (cell[i].value - effect[cell[i].unit]);
	for (size_t k = 0; k < width; k++)
	{
		double		mean = line->weight[k] > 0.0 ? sum[k] / line->weight[k] : 0.0;

		move = fmax(move, fabs(mean - line->mean[k]));
		line->mean[k] = mean;
	}
	return move;
}

/* Two-way effects by turns over the first n cells of s; the line keeps the level of the values. */
static CdStatus
two_way(Study *s, size_t n, size_t units, Line *line)
{
	size_t		keep = s->arena->used;
	double	   *weight = cd_arena_take(s->arena, units > 0 ? units : 1, sizeof(double));
	double		total = 0.0;
	double		level = 0.0;
	double		size = 0.0;

	if (weight == NULL)
		return CD_NOMEM;
	s->arena->used = keep;
	memset(line->mean, 0, s->width * sizeof(double));
	memset(line->weight, 0, s->width * sizeof(double));
	for (size_t i = 0; i < n; i++)
	{
		line->weight[s->cell[i].k] += s->cell[i].weight;
		total += s->cell[i].weight;
		size = fmax(size, fabs(s->cell[i].value));
	}
	for (int pass = 0; pass < PASSES; pass++)
	{
		if (cd_stop_requested())
			return CD_STOPPED;
		unit_means(s->cell, n, units, line, s->effect, weight);
		if (!(period_means(s->cell, n, s->effect, s->width, s->y, line) > SETTLED * size))
			break;
	}
	for (size_t u = 0; u < units && total > 0.0; u++)
		level += weight[u] * s->effect[u] / total;
	for (size_t k = 0; k < s->width; k++)
		line->mean[k] += line->weight[k] > 0.0 ? level : 0.0;
	return CD_OK;
}

/* Place of a period in the window; false outside it and between before and after. */
static bool
in_window(const Study *s, const CdEffectRow *row, size_t *k)
{
	if (!(row->weight > 0.0) || row->period < s->origin || (size_t) (row->period - s->origin) >= s->width)
		return false;
	*k = (size_t) (row->period - s->origin);
	return *k < s->before_to || *k >= s->after_from;
}

/*
 * Weight of a volume among others: half of a period's noise at mean volume is taken not to
 * shrink with volume.
 */
static double
tempered(double volume, double mean)
{
	return 2.0 * volume / (volume + mean);
}

static double
mean_volume(const Study *s, const CdEffectRow *rows, size_t n)
{
	double		sum = 0.0;
	double		used = 0.0;

	for (size_t i = 0; i < n; i++)
	{
		size_t		k;

		if (!in_window(s, &rows[i], &k))
			continue;
		sum += rows[i].weight;
		used += 1.0;
	}
	return sum / used;
}

/* Where row i has begun another agent than the row before. */
static bool
new_agent(const CdEffectRow *rows, size_t i)
{
	return i == 0 || rows[i].agent != rows[i - 1].agent;
}

/* The line of a team from its rows. */
static CdStatus
make_line(Study *s, const CdEffectRow *rows, size_t n, Line *line)
{
	double		volume = mean_volume(s, rows, n);
	size_t		cells = 0;
	size_t		agents = 0;

	for (size_t i = 0; i < n; i++)
	{
		size_t		k;

		agents += new_agent(rows, i);
		if (in_window(s, &rows[i], &k))
			s->cell[cells++] = (Cell) {.unit = agents - 1, .k = k, .value = rows[i].value,
				.weight = tempered(rows[i].weight, volume)};
	}
	return two_way(s, cells, agents, line);
}

/* Mean and number of the periods with data in [from, to), weights tempered. */
static double
stretch(const Line *line, size_t from, size_t to, double *periods)
{
	double		typical = 0.0;
	double		sum = 0.0;
	double		total = 0.0;

	*periods = 0.0;
	for (size_t k = from; k < to; k++)
	{
		typical += line->weight[k];
		*periods += line->weight[k] > 0.0;
	}
	typical /= *periods;
	for (size_t k = from; k < to; k++)
		if (line->weight[k] > 0.0)
		{
			double		w = tempered(line->weight[k], typical);

			sum += w * line->mean[k];
			total += w;
		}
	return sum / total;
}

static bool
is_before(const Study *s, size_t k)
{
	return k >= s->before_from && k < s->before_to;
}

static bool
is_after(const Study *s, size_t k)
{
	return k >= s->after_from && k < s->after_to;
}

/* ---- agents ------------------------------------------------------------------------------------- */

/* Means of an agent's rows less its team's periods; returns the rows used on each side. */
static Change
agent_change(const Study *s, size_t team, const CdEffectRow *rows, size_t n, double volume)
{
	Change		c = {.team = team};
	size_t		before = 0;
	size_t		after = 0;

	for (size_t i = 0; i < n; i++)
	{
		size_t		k;
		double		w = tempered(rows[i].weight, volume);
		double		value;

		if (!in_window(s, &rows[i], &k) || !(is_before(s, k) || is_after(s, k)))
			continue;
		value = rows[i].value - s->team[team].line.mean[k];
		if (is_before(s, k))
		{
			before++;
			c.before += w * value;
			c.weight_before += w;
		}
		else
		{
			after++;
			c.after += w * value;
			c.weight_after += w;
		}
	}
	c.before /= c.weight_before;
	c.after /= c.weight_after;
	c.both = before >= LEAST_ROWS && after >= LEAST_ROWS;
	return c;
}

/* What an agent's residuals add to the noise of all. */
typedef struct Residuals
{
	double		squares;
	double		products;		/* of neighbours */
	double		rows;
	double		stretches;
} Residuals;

static void
add_residuals(const Study *s, const Change *c, const CdEffectRow *rows, size_t n, double volume, Residuals *r)
{
	double		last = NAN;
	size_t		last_k = 0;

	for (size_t i = 0; i < n; i++)
	{
		size_t		k;
		double		e;

		if (!in_window(s, &rows[i], &k) || !(is_before(s, k) || is_after(s, k)))
			continue;
		e = (rows[i].value - s->team[c->team].line.mean[k] - (is_before(s, k) ? c->before : c->after))
			* sqrt(tempered(rows[i].weight, volume));
		r->squares += e * e;
		r->rows += 1.0;
		if (!isnan(last) && k == last_k + 1 && is_before(s, k) == is_before(s, last_k))
			r->products += e * last;
		last = e;
		last_k = k;
	}
	r->stretches += 2.0;
}

/* Changes of the agents of a team, and what they leave over. */
static void
make_changes(Study *s, size_t team, const CdEffectRow *rows, size_t n, Residuals *r)
{
	Team	   *t = &s->team[team];
	double		volume = mean_volume(s, rows, n);
	size_t		from = 0;

	t->first_change = s->changes;
	t->seen = 0.0;
	for (size_t i = 1; i <= n; i++)
	{
		Change	   *c = &s->change[s->changes];

		if (i < n && !new_agent(rows, i))
			continue;
		*c = agent_change(s, team, rows + from, i - from, volume);
		if (c->both)
		{
			add_residuals(s, c, rows + from, i - from, volume, r);
			t->seen += 1.0;
			s->changes++;
		}
		from = i;
	}
	t->changes = s->changes - t->first_change;
}

/*
 * Autocorrelation of residuals around means of m values is too small by about
 * (1 + 3 rho) / m (Marriott & Pope 1954).
 */
static Noise
make_noise(const Residuals *r)
{
	double		rho = r->products / r->squares;
	double		each = r->rows / r->stretches;

	rho = fmin(fmax(rho + (1.0 + 3.0 * rho) / each, 0.0), RHO_CAP);
	if (!(r->squares > 0.0))
		return (Noise) {.variance = 0.0, .inflation = 1.0};
	return (Noise) {.variance = r->squares / fmax(r->rows - r->stretches, 1.0), .inflation = (1.0 + rho) / (1.0 - rho)};
}

static double
noise_before(const Study *s, const Change *c)
{
	return s->noise.variance * s->noise.inflation / c->weight_before;
}

static double
noise_after(const Study *s, const Change *c)
{
	return s->noise.variance * s->noise.inflation / c->weight_after;
}

/* Variance of an agent's change within teams: those that were touched, or the others. */
static double
spread_of_changes(const Study *s, bool touched)
{
	double		squares = 0.0;
	double		df = 0.0;

	for (size_t t = 0; t < s->teams; t++)
	{
		const Change *c = &s->change[s->team[t].first_change];
		double		mean = 0.0;

		if (s->team[t].touched != touched || s->team[t].changes < 2)
			continue;
		for (size_t i = 0; i < s->team[t].changes; i++)
			mean += (c[i].after - c[i].before) / (double) s->team[t].changes;
		for (size_t i = 0; i < s->team[t].changes; i++)
			squares += (c[i].after - c[i].before - mean) * (c[i].after - c[i].before - mean);
		df += (double) s->team[t].changes - 1.0;
	}
	return df > 0.0 ? squares / df : NAN;
}

/* ---- teams -------------------------------------------------------------------------------------- */

/* Lines, changes of agents, and each team's own change. */
static CdStatus
make_teams(Study *s)
{
	Residuals	residuals = {0};
	size_t		from = 0;

	for (size_t t = 0; t < s->teams; t++)
	{
		Team	   *team = &s->team[t];
		size_t		n = 0;
		double		before;
		double		after;
		CdStatus	status;

		while (from + n < s->count && s->rows[from + n].team == (int32_t) t)
			n++;
		status = make_line(s, s->rows + from, n, &team->line);
		if (status != CD_OK)
			return status;
		make_changes(s, t, s->rows + from, n, &residuals);
		team->delta = stretch(&team->line, s->after_from, s->after_to, &after)
			- stretch(&team->line, s->before_from, s->before_to, &before);
		if (before < CD_INTERVENTION_LEAST_BEFORE || after < CD_INTERVENTION_LEAST_AFTER || team->seen < 2.0)
			team->delta = NAN;
		from += n;
	}
	s->noise = make_noise(&residuals);
	return CD_OK;
}

/* The mean line of the teams that were touched, or of the others, each team counting alike. */
static CdStatus
group_line(Study *s, bool touched, Line *line, double *teams)
{
	size_t		cells = 0;
	size_t		units = 0;

	for (size_t t = 0; t < s->teams; t++)
	{
		const Line *own = &s->team[t].line;

		if (s->team[t].touched != touched || isnan(s->team[t].delta))
			continue;
		for (size_t k = 0; k < s->width; k++)
			if (own->weight[k] > 0.0)
				s->cell[cells++] = (Cell) {.unit = units, .k = k, .value = own->mean[k], .weight = 1.0};
		units++;
	}
	*teams = (double) units;
	return two_way(s, cells, units, line);
}

/*
 * Where the controls differ by less than their agents foretell, tau2 stops at 0 and an interval that
 * has their few degrees of freedom is wider than need be: what they differ by scales it (Hartung &
 * Knapp 2001), though not to nothing.
 */
static double
likeness(const Study *s, const double *y, const double *v, size_t n)
{
	double		squares = 0.0;

	for (size_t i = 0; i < n; i++)
		squares += (y[i] - s->expected) * (y[i] - s->expected) / (v[i] + s->tau2);
	return fmin(fmax(squares / ((double) n - 1.0), LEAST_LIKENESS), 1.0);
}

/* How much teams change that were not touched. */
static CdStatus
learn_from_controls(Study *s)
{
	size_t		keep = s->arena->used;
	double	   *y = cd_arena_take(s->arena, s->teams, sizeof(double));
	double	   *v = cd_arena_take(s->arena, s->teams, sizeof(double));
	double		spread = spread_of_changes(s, false);
	double		precision = 0.0;
	double		squares = 0.0;
	size_t		n = 0;
	CdStatus	status;

	if (y == NULL || v == NULL)
		return CD_NOMEM;
	s->arena->used = keep;
	if (isnan(spread))
		spread = spread_of_changes(s, true);
	for (size_t t = 0; t < s->teams; t++)
	{
		Team	   *team = &s->team[t];

		if (isnan(team->delta))
			continue;
		/* never 0: all agents changing by the same amount is no proof that the next would */
		team->variance = fmax(spread / team->seen, 1e-18 * (team->delta * team->delta + 1e-18));
		if (team->touched)
			continue;
		y[n] = team->delta;
		v[n++] = team->variance;
	}
	if (n < CD_INTERVENTION_LEAST_CONTROLS)
		return CD_OK;
	status = cd_tau2(y, v, n, CD_TAU2_PM, &s->tau2);
	if (status != CD_OK)
		return status;
	s->expected = 0.0;
	for (size_t i = 0; i < n; i++)
	{
		s->expected += y[i] / (v[i] + s->tau2);
		precision += 1.0 / (v[i] + s->tau2);
		squares += 1.0 / ((v[i] + s->tau2) * (v[i] + s->tau2));
	}
	s->expected /= precision;
	s->expected_variance = 1.0 / precision;
	s->likeness = likeness(s, y, v, n);
	s->df = fmax(precision * precision / squares - 1.0, 1.0);
	return CD_OK;
}

/* ---- the change --------------------------------------------------------------------------------- */

/* Of a mean over touched teams: delta, its agents' variance and their number squared in common. */
static CdStatus
compare_with_teams(const Study *s, double delta, double variance, double teams, CdIntervention *out)
{
	double		se = sqrt(s->likeness * (variance + s->tau2 / teams + s->expected_variance));
	double		t;
	CdStatus	status = cd_t_multiplier(s->options->level, s->df, &t);

	out->comparison = CD_COMPARISON_TEAMS;
	out->improvement = delta - s->expected;
	out->low = out->improvement - t * se;
	out->high = out->improvement + t * se;
	out->p = 2.0 * gsl_cdf_tdist_Q(fabs(out->improvement) / se, s->df);
	return status;
}

/* Columns of a regression on the line. */
typedef enum Design
{
	STEP_AND_TREND,				/* one trend throughout */
	LEVEL_AND_SLOPE,			/* a slope on each side */
	THIRDS						/* means: before, first and last third of what lies after */
} Design;

/* One row of a design: k in the window, third: periods of each third. */
static void
fill_row(const Study *s, Design design, size_t k, size_t third, double *x)
{
	double		time = (double) k - (double) s->after_from;
	bool		after = k >= s->after_from;

	x[0] = 1.0;
	x[1] = after;
	if (design == THIRDS)
	{
		x[1] = after && k < s->after_from + third;
		x[2] = k >= s->after_from + 2 * third;
		return;
	}
	x[2] = time;
	if (design == LEVEL_AND_SLOPE)
		x[3] = after ? time : 0.0;
}

/* The middle third may be that in which a change is lost. */
static bool
in_middle(const Study *s, Design design, size_t k, size_t third)
{
	return design == THIRDS && k >= s->after_from + third && k < s->after_from + 2 * third;
}

/* Rows of [from, to) with data; those in [before_to, skip_to) are left out. */
static CdSeries
make_series(Study *s, Design design, size_t from, size_t to, size_t skip_to, size_t third)
{
	CdSeries	series = {.columns = design == LEVEL_AND_SLOPE ? 4 : 3, .y = s->y, .x = s->x, .weight = s->w,
		.at = s->at};
	double		typical = 0.0;

	for (size_t k = from; k < to; k++)
	{
		size_t		n = series.n;

		if (!(s->line.weight[k] > 0.0) || (k >= s->before_to && k < skip_to) || in_middle(s, design, k, third))
			continue;
		fill_row(s, design, k, third, &s->x[n * series.columns]);
		s->y[n] = s->line.mean[k];
		s->w[n] = s->line.weight[k];
		s->at[n] = (double) k;
		typical += s->w[n];
		series.n++;
	}
	for (size_t i = 0; i < series.n; i++)
		s->w[i] = tempered(s->w[i], typical / (double) series.n);
	return series;
}

/* The step beside a trend, errors autocorrelated. */
static CdStatus
compare_with_past(Study *s, CdIntervention *out)
{
	const double step[] = {0.0, 1.0, 0.0};
	CdSeries	series = make_series(s, STEP_AND_TREND, s->before_from, s->after_to, s->after_from, 0);
	CdSeriesContrast c;
	CdStatus	status = cd_series_contrast(&series, step, s->options->level, s->arena, &c);

	if (status != CD_OK)
		return status;
	out->comparison = s->controls > 0.0 ? CD_COMPARISON_DIFFERENCE : CD_COMPARISON_PAST;
	out->improvement = c.estimate;
	out->low = c.low;
	out->high = c.high;
	out->p = c.p;
	return CD_OK;
}

/* Level and slope, for the reader of a segmented regression. */
static CdStatus
level_and_slope(Study *s, CdIntervention *out)
{
	const double level[] = {0.0, 1.0, 0.0, 0.0};
	const double slope[] = {0.0, 0.0, 0.0, 1.0};
	CdSeries	series = make_series(s, LEVEL_AND_SLOPE, s->before_from, s->after_to, s->after_from, 0);
	CdSeriesContrast c;
	CdStatus	status = cd_series_contrast(&series, level, s->options->level, s->arena, &c);

	if (status != CD_OK)
		return status;
	out->level = c.estimate;
	out->level_low = c.low;
	out->level_high = c.high;
	out->autocorrelation = c.autocorrelation;
	status = cd_series_contrast(&series, slope, s->options->level, s->arena, &c);
	if (status != CD_OK)
		return status;
	out->slope = c.estimate;
	out->slope_low = c.low;
	out->slope_high = c.high;
	return CD_OK;
}

/* Squares left by a change that grows in a straight line over so many periods, then stays. */
static double
ramp_residual(const Study *s, size_t length)
{
	double		w = 0.0;
	double		mx = 0.0;
	double		my = 0.0;
	double		xx = 0.0;
	double		xy = 0.0;
	double		yy = 0.0;

	for (size_t k = s->before_from; k < s->after_to; k++)
	{
		double		since = (double) k - (double) s->after_from + 1.0;
		double		x = k < s->after_from ? 0.0 : fmin(since / (double) length, 1.0);
		double		u = is_before(s, k) || is_after(s, k) ? s->line.weight[k] : 0.0;
		double		dx;
		double		dy;

		if (!(u > 0.0))
			continue;
		w += u;
		dx = x - mx;
		dy = s->line.mean[k] - my;
		mx += u / w * dx;
		my += u / w * dy;
		xx += u * dx * (x - mx);
		xy += u * dx * (s->line.mean[k] - my);
		yy += u * dy * (s->line.mean[k] - my);
	}
	return yy - xy * xy / xx;
}

/* Length of the ramp that fits best. */
static size_t
best_ramp(const Study *s, double periods_after)
{
	size_t		most = (size_t) fmin(RAMP_MOST, floor(periods_after / 2.0));
	size_t		best = 1;
	double		least = INFINITY;

	for (size_t length = 1; length <= most; length++)
	{
		double		rss = ramp_residual(s, length);

		if (rss < least)
		{
			least = rss;
			best = length;
		}
	}
	return best;
}

/* Whether the change lasted: the first third of what lies after it, once it is there, against the last. */
static CdStatus
look_for_recurrence(Study *s, size_t ramp, CdIntervention *out)
{
	const double lost[] = {0.0, 1.0, -1.0};
	const double early[] = {0.0, 1.0, 0.0};
	size_t		there = s->after_from + ramp - 1;
	size_t		last = s->width;
	size_t		third;
	double		periods;
	CdSeriesContrast c;
	CdSeriesContrast e;
	CdSeries	series;
	CdStatus	status;

	while (last > s->after_from && !(s->line.weight[last - 1] > 0.0))
		last--;
	third = (last - s->after_from) / 3;
	stretch(&s->line, there, s->after_from + third, &periods);
	if (last - s->after_from < CD_INTERVENTION_LEAST_LATER || periods < LEAST_THIRD)
		return CD_OK;
	series = make_series(s, THIRDS, s->before_from, last, there, third);
	status = cd_series_contrast(&series, lost, s->options->level, s->arena, &c);
	if (status == CD_OK)
		status = cd_series_contrast(&series, early, s->options->level, s->arena, &e);
	if (status != CD_OK)
		return status;
	if (c.low > 0.0 && c.estimate > 0.5 * e.estimate)
		out->recurrence = CD_RECURRENCE_RECURRED;
	else if (c.high < 0.5 * e.estimate)
		out->recurrence = CD_RECURRENCE_HELD;
	return CD_OK;
}

/* Step between the periods up to `from` and those from `to` on, span of each; NaN: too few. */
static double
jump(Study *s, size_t from, size_t to, size_t span, bool off_trend)
{
	CdSeries	series = {.columns = off_trend ? 3 : 2, .y = s->y, .x = s->x};
	size_t		keep = s->arena->used;
	size_t		after = 0;
	CdSeriesFit fit;
	CdStatus	status;

	for (size_t k = from - span; k < to + span; k++)
	{
		double	   *x = &s->x[series.n * series.columns];

		if (!(s->line.weight[k] > 0.0) || (k >= from && k < to))
			continue;
		x[0] = 1.0;
		x[1] = k >= to;
		if (off_trend)
			x[2] = (double) k - (double) to;
		s->y[series.n++] = s->line.mean[k];
		after += k >= to;
	}
	if (2 * after < span || 2 * (series.n - after) < span)
		return NAN;
	status = cd_series_ols(&series, s->arena, &fit);
	s->arena->used = keep;
	return status == CD_OK ? fit.coefficient[1] : NAN;
}

/* How often an earlier date shows as large a jump. */
static void
placebo_dates(Study *s, double periods_after, CdIntervention *out)
{
	size_t		span = (size_t) fmin(PLACEBO_SPAN, periods_after);
	bool		off_trend = out->comparison == CD_COMPARISON_PAST;
	double		actual = jump(s, s->before_to, s->after_from, span, off_trend);
	double		larger = 0.0;

	out->placebos = 0.0;
	for (size_t k = span; k + span <= s->before_to; k++)
	{
		double		here = jump(s, k, k, span, off_trend);

		if (isnan(here))
			continue;
		out->placebos += 1.0;
		larger += fabs(here) >= fabs(actual);
	}
	if (out->placebos >= PLACEBO_LEAST && !isnan(actual))
		out->placebo_p = (1.0 + larger) / (1.0 + out->placebos);
}

/* ---- the agents' part --------------------------------------------------------------------------- */

/* Whether a team belongs to the question: one team, or all that were touched. */
static bool
asked(const Study *s, size_t team, size_t t)
{
	return s->team[t].touched && !isnan(s->team[t].delta) && (team == s->teams || team == t);
}

/* Change that was to be expected anyway: what the mean change of the teams asked for exceeds the improvement by. */
static double
expected_change(const Study *s, size_t team, const CdIntervention *out)
{
	double		delta = 0.0;
	double		teams = 0.0;

	for (size_t t = 0; t < s->teams; t++)
		if (asked(s, team, t))
		{
			delta += s->team[t].delta;
			teams += 1.0;
		}
	return delta / teams - out->improvement;
}

/* Share of agents whose true change, their team's and their own, is at least half of the improvement. */
static CdStatus
share_improved(Study *s, size_t team, CdIntervention *out)
{
	double	   *y = s->effect;
	double	   *v = &s->effect[s->changes];
	double		expected = expected_change(s, team, out);
	double		scale = 0.0;
	size_t		n = 0;
	CdSharePosterior posterior;
	CdShare		share;
	CdStatus	status;

	for (size_t t = 0; t < s->teams; t++)
		for (size_t i = 0; asked(s, team, t) && i < s->team[t].changes; i++)
		{
			const Change *c = &s->change[s->team[t].first_change + i];

			y[n] = s->team[t].delta - expected + c->after - c->before;
			v[n] = noise_before(s, c) + noise_after(s, c);
			scale += v[n++];
		}
	if (n == 0 || !(scale > 0.0))
		return CD_OK;
	status = cd_share_posterior(y, v, n, sqrt(scale / (double) n), &posterior);
	if (status == CD_OK)
		status = cd_share_summary(&posterior, fmax(0.5 * out->improvement, 0.0), true, s->options->level, &share);
	if (status != CD_OK)
		return status;
	out->share = share.mean;
	out->share_low = share.low;
	out->share_high = share.high;
	return CD_OK;
}

/* Sums over the same agents, team means taken away. */
typedef struct Pairs
{
	double		before;
	double		after;
	double		product;
	double		noise_before;
	double		noise_after;
	double		agents;
	double		df;
} Pairs;

static void
add_pairs(const Study *s, const Team *team, Pairs *p)
{
	const Change *c = &s->change[team->first_change];
	double		a = 0.0;
	double		b = 0.0;

	for (size_t i = 0; i < team->changes; i++)
	{
		a += c[i].before / (double) team->changes;
		b += c[i].after / (double) team->changes;
	}
	for (size_t i = 0; i < team->changes; i++)
	{
		p->before += (c[i].before - a) * (c[i].before - a);
		p->after += (c[i].after - b) * (c[i].after - b);
		p->product += (c[i].before - a) * (c[i].after - b);
		p->noise_before += noise_before(s, &c[i]);
		p->noise_after += noise_after(s, &c[i]);
	}
	p->agents += (double) team->changes;
	p->df += fmax((double) team->changes - 1.0, 0.0);
}

/*
 * Ratio of true standard deviations, and the test of Pitman (1939) and Morgan (1939) for
 * variances of the same people: whether sum and difference are correlated, the part that
 * unequal noise brings about taken away.
 */
static void
compare_variation(const Study *s, size_t team, CdIntervention *out)
{
	Pairs		p = {0};
	double		before;
	double		after;
	double		r;

	for (size_t t = 0; t < s->teams; t++)
		if (asked(s, team, t))
			add_pairs(s, &s->team[t], &p);
	out->agents = p.agents;
	if (p.df < 3.0)
		return;
	before = p.before / p.df - p.noise_before / p.agents;
	after = p.after / p.df - p.noise_after / p.agents;
	r = (after - before) * p.df
		/ sqrt((p.before + p.after + 2.0 * p.product) * (p.before + p.after - 2.0 * p.product));
	r = fmin(fmax(r, -1.0), 1.0);
	if (before > 0.0)
		out->variation_ratio = sqrt(fmax(after, 0.0) / before);
	out->variation_p = 2.0 * gsl_cdf_tdist_Q(fabs(r) * sqrt((p.df - 1.0) / (1.0 - r * r)), p.df - 1.0);
}

/* Mean before, and coaching on both sides. */
static void
describe(const Study *s, size_t team, CdIntervention *out)
{
	double		sums[2] = {0};
	double		rows[2] = {0};
	double		value = 0.0;
	double		weight = 0.0;

	for (size_t i = 0; i < s->count; i++)
	{
		const CdEffectRow *row = &s->rows[i];
		int64_t		k = (int64_t) row->period - s->origin;
		bool		after;

		if (!asked(s, team, (size_t) row->team) || k < 0 || !(is_before(s, (size_t) k) || is_after(s, (size_t) k)))
			continue;
		after = is_after(s, (size_t) k);
		sums[after] += row->sessions;
		rows[after] += 1.0;
		if (after || !(row->weight > 0.0))
			continue;
		weight += row->weight;
		value += row->weight * row->value;
	}
	out->before = value / weight;
	out->sessions_before = sums[0] / rows[0];
	out->sessions_after = sums[1] / rows[1];
}

/* ---- one question ------------------------------------------------------------------------------- */

static CdIntervention
nothing_known(void)
{
	return (CdIntervention) {
		.improvement = NAN, .low = NAN, .high = NAN, .p = NAN, .before = NAN, .level = NAN, .level_low = NAN,
		.level_high = NAN, .slope = NAN, .slope_low = NAN, .slope_high = NAN, .autocorrelation = NAN,
		.periods_to_80 = NAN, .share = NAN, .share_low = NAN, .share_high = NAN, .variation_ratio = NAN,
		.variation_p = NAN, .placebo_p = NAN, .sessions_before = NAN, .sessions_after = NAN
	};
}

/* The line of one team, or of all that were touched, control taken away where there is one. */
static CdStatus
choose_line(Study *s, size_t team)
{
	double		teams;

	if (team == s->teams)
	{
		CdStatus	status = group_line(s, true, &s->line, &teams);

		if (status != CD_OK)
			return status;
	}
	else
	{
		memcpy(s->line.mean, s->team[team].line.mean, s->width * sizeof(double));
		memcpy(s->line.weight, s->team[team].line.weight, s->width * sizeof(double));
	}
	for (size_t k = 0; k < s->width && s->controls > 0.0; k++)
		if (s->control.weight[k] > 0.0)
			s->line.mean[k] -= s->control.mean[k];
		else
			s->line.weight[k] = 0.0;
	return CD_OK;
}

/* Improvement and its interval, by whatever there is to compare with. */
static CdStatus
find_improvement(Study *s, size_t team, CdIntervention *out)
{
	double		delta = 0.0;
	double		variance = 0.0;
	double		teams = 0.0;

	for (size_t t = 0; t < s->teams; t++)
	{
		if (!asked(s, team, t))
			continue;
		delta += s->team[t].delta;
		variance += s->team[t].variance;
		teams += 1.0;
	}
	if (s->controls >= CD_INTERVENTION_LEAST_CONTROLS)
		return compare_with_teams(s, delta / teams, variance / (teams * teams), teams, out);
	if (out->periods_after < CD_INTERVENTION_LEAST_ALONE || out->periods_before < CD_INTERVENTION_LEAST_BEFORE)
		return CD_OK;
	return compare_with_past(s, out);
}

/* Everything about one team (its number) or all that were touched (the number of teams). */
static CdStatus
answer(Study *s, size_t team, CdIntervention *out)
{
	bool		any = false;
	size_t		ramp;
	CdStatus	status;

	*out = nothing_known();
	out->controls = s->controls;
	for (size_t t = 0; t < s->teams; t++)
		any = any || asked(s, team, t);
	status = any || team < s->teams ? choose_line(s, team) : CD_OK;
	if (status != CD_OK || (!any && team == s->teams))
		return status;
	stretch(&s->line, s->before_from, s->before_to, &out->periods_before);
	stretch(&s->line, s->after_from, s->after_to, &out->periods_after);
	if (!any)
		return CD_OK;
	describe(s, team, out);
	compare_variation(s, team, out);
	status = find_improvement(s, team, out);
	if (status != CD_OK || out->comparison == CD_COMPARISON_NONE)
		return status;
	status = share_improved(s, team, out);
	if (status == CD_OK && out->periods_after >= CD_INTERVENTION_LEAST_ALONE)
		status = level_and_slope(s, out);
	if (status != CD_OK)
		return status;
	placebo_dates(s, out->periods_after, out);
	if (!(out->low > 0.0))
		return CD_OK;
	ramp = best_ramp(s, out->periods_after);
	out->periods_to_80 = ceil(0.8 * (double) ramp);
	return look_for_recurrence(s, ramp, out);
}

/* A question whose answer is not to be had is no error; the others' answers stand. */
static CdStatus
answer_if_possible(Study *s, size_t team, CdIntervention *out)
{
	CdStatus	status = answer(s, team, out);

	return status == CD_TOO_FEW ? CD_OK : status;
}

/* The periods compared; without controls fewer, or a season bends away from the trend. */
static void
set_window(Study *s, const CdInterventionOptions *o, bool alone)
{
	int32_t		before = alone && o->before > CD_INTERVENTION_MOST_ALONE ? CD_INTERVENTION_MOST_ALONE : o->before;
	int32_t		after = alone && o->after > CD_INTERVENTION_MOST_ALONE ? CD_INTERVENTION_MOST_ALONE : o->after;

	s->origin = o->before_to - 2 * o->before;
	s->width = window_width(o);
	s->before_to = 2 * (size_t) o->before;
	s->before_from = s->before_to - (size_t) before;
	s->after_from = s->before_to + (size_t) (o->after_from - o->before_to);
	s->after_to = s->after_from + (size_t) after;
}

/* All teams prepared, and the controls' line. */
static CdStatus
prepare(Study *s)
{
	CdStatus	status;

	s->changes = 0;
	status = make_teams(s);
	if (status == CD_OK)
		status = group_line(s, false, &s->control, &s->controls);
	if (status == CD_OK)
		status = learn_from_controls(s);
	return status;
}

CdStatus
cd_intervention(const CdEffectRow *rows, size_t count, size_t teams, const bool *touched,
				const CdInterventionOptions *options, CdArena *arena, CdIntervention *out)
{
	Study		s = {.rows = rows, .count = count, .teams = teams, .options = options, .arena = arena};
	size_t		keep = arena->used;
	CdStatus	status;

	if (options->before < CD_INTERVENTION_LEAST_BEFORE || options->after < CD_INTERVENTION_LEAST_AFTER
		|| options->after_from < options->before_to || options->after_from > options->before_to + 1)
		return CD_BAD_INPUT;
	set_window(&s, options, false);
	if (!take_study(&s))
		return CD_NOMEM;
	for (size_t t = 0; t < teams; t++)
		s.team[t].touched = touched[t];
	status = prepare(&s);
	if (status == CD_OK && s.controls == 0.0)
	{
		set_window(&s, options, true);
		status = prepare(&s);
	}
	for (size_t t = 0; t <= teams && status == CD_OK; t++)
	{
		if (t == teams || touched[t])
			status = answer_if_possible(&s, t, &out[t]);
		else
			out[t] = nothing_known();
	}
	arena->used = keep;
	return status;
}
