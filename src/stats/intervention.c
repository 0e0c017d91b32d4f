/*
 * intervention.c: see intervention.h. A window of periods around the change holds, for every
 * team, its mean freed of who came and went; what follows reads those.
 */
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "stats/heterogeneity.h"
#include "stats/interrupted.h"
#include "stats/intervention_model.h"
#include "stats/solve.h"

#define LEAST_LIKENESS 0.25		/* teams that changed alike beyond this did so by chance */

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
	size_t		total = cd_arena_bytes(teams, sizeof(CdStudyTeam));

	total = cd_arena_sum(total, cd_arena_bytes(rows, sizeof(CdStudyChange)));
	total = cd_arena_sum(total, cd_arena_bytes(cells, sizeof(CdLineCell)));
	total = cd_arena_sum(total, cd_arena_bytes(cells, sizeof(double)));
	total = cd_arena_sum(total, cd_arena_bytes(cd_arena_bytes(width, 2 * sizeof(double)), teams + 4));
	total = cd_arena_sum(total, cd_arena_bytes(width * (CD_STUDY_COLUMNS + 3), sizeof(double)));
	total = cd_arena_sum(total, cd_arena_bytes(rows + teams, 2 * sizeof(double)));
	total = cd_arena_sum(total, cd_series_size(width, CD_STUDY_COLUMNS));
	return cd_arena_sum(total, (32 + 2 * teams) * CD_ARENA_ALIGN);
}

static bool
take_line(const CdStudy *s, CdLine *line)
{
	line->mean = cd_arena_take(s->arena, s->width, sizeof(double));
	line->weight = cd_arena_take(s->arena, s->width, sizeof(double));
	return line->mean != NULL && line->weight != NULL;
}

static bool
take_study(CdStudy *s)
{
	size_t		cells = s->count > s->teams * s->width ? s->count : s->teams * s->width;
	bool		taken;

	s->team = cd_arena_take(s->arena, s->teams, sizeof(CdStudyTeam));
	s->change = cd_arena_take(s->arena, s->count, sizeof(CdStudyChange));
	s->cell = cd_arena_take(s->arena, cells, sizeof(CdLineCell));
	s->effect = cd_arena_take(s->arena, cells, sizeof(double));
	s->x = cd_arena_take(s->arena, s->width * CD_STUDY_COLUMNS, sizeof(double));
	s->y = cd_arena_take(s->arena, s->width, sizeof(double));
	s->w = cd_arena_take(s->arena, s->width, sizeof(double));
	s->at = cd_arena_take(s->arena, s->width, sizeof(double));
	taken = s->team != NULL && s->change != NULL && s->cell != NULL && s->effect != NULL && s->x != NULL
		&& s->y != NULL && s->w != NULL && s->at != NULL && take_line(s, &s->control) && take_line(s, &s->line);
	for (size_t t = 0; taken && t < s->teams; t++)
		taken = take_line(s, &s->team[t].line);
	return taken;
}

/* ---- teams -------------------------------------------------------------------------------------- */

/* Lines, changes of agents, and each team's own change. */
static CdStatus
make_teams(CdStudy *s)
{
	CdResiduals residuals = {0};
	size_t		from = 0;

	for (size_t t = 0; t < s->teams; t++)
	{
		CdStudyTeam *team = &s->team[t];
		size_t		n = 0;
		double		before;
		double		after;
		CdStatus	status;

		while (from + n < s->count && s->rows[from + n].team == (int32_t) t)
			n++;
		status = cd_team_line(s, s->rows + from, n, &team->line);
		if (status != CD_OK)
			return status;
		cd_agent_changes(s, t, s->rows + from, n, &residuals);
		team->delta = cd_line_mean(&team->line, s->after_from, s->after_to, &after)
			- cd_line_mean(&team->line, s->before_from, s->before_to, &before);
		if (before < CD_INTERVENTION_LEAST_BEFORE || after < CD_INTERVENTION_LEAST_AFTER || team->seen < 2.0)
			team->delta = NAN;
		from += n;
	}
	s->noise = cd_agent_noise(&residuals);
	return CD_OK;
}

/* The mean line of the teams that were touched, or of the others, each team counting alike. */
static CdStatus
group_line(CdStudy *s, bool touched, CdLine *line, double *teams)
{
	size_t		cells = 0;
	size_t		units = 0;

	for (size_t t = 0; t < s->teams; t++)
	{
		const CdLine *own = &s->team[t].line;

		if (s->team[t].touched != touched || isnan(s->team[t].delta))
			continue;
		for (size_t k = 0; k < s->width; k++)
			if (own->weight[k] > 0.0)
				s->cell[cells++] = (CdLineCell) {.unit = units, .k = k, .value = own->mean[k], .weight = 1.0};
		units++;
	}
	*teams = (double) units;
	return cd_two_way_line(s, cells, units, line);
}

/*
 * Where the controls differ by less than their agents foretell, tau2 stops at 0 and an interval that
 * has their few degrees of freedom is wider than need be: what they differ by scales it (Hartung &
 * Knapp 2001), though not to nothing.
 */
static double
likeness(const CdStudy *s, const double *y, const double *v, size_t n)
{
	double		squares = 0.0;

	for (size_t i = 0; i < n; i++)
		squares += (y[i] - s->expected) * (y[i] - s->expected) / (v[i] + s->tau2);
	return fmin(fmax(squares / ((double) n - 1.0), LEAST_LIKENESS), 1.0);
}

/* How much teams change that were not touched. */
static CdStatus
learn_from_controls(CdStudy *s)
{
	size_t		keep = s->arena->used;
	double	   *y = cd_arena_take(s->arena, s->teams, sizeof(double));
	double	   *v = cd_arena_take(s->arena, s->teams, sizeof(double));
	double		spread = cd_spread_of_changes(s, false);
	double		precision = 0.0;
	double		squares = 0.0;
	size_t		n = 0;
	CdStatus	status;

	if (y == NULL || v == NULL)
		return CD_NOMEM;
	s->arena->used = keep;
	if (isnan(spread))
		spread = cd_spread_of_changes(s, true);
	for (size_t t = 0; t < s->teams; t++)
	{
		CdStudyTeam *team = &s->team[t];

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
compare_with_teams(const CdStudy *s, double delta, double variance, double teams, CdIntervention *out)
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

/* ---- one question ------------------------------------------------------------------------------- */

/* Mean before, and coaching on both sides. */
static void
describe(const CdStudy *s, size_t team, CdIntervention *out)
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

		if (!cd_is_asked(s, team, (size_t) row->team) || k < 0
			|| !(cd_is_before(s, (size_t) k) || cd_is_after(s, (size_t) k)))
			continue;
		after = cd_is_after(s, (size_t) k);
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
choose_line(CdStudy *s, size_t team)
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
find_improvement(CdStudy *s, size_t team, CdIntervention *out)
{
	double		delta = 0.0;
	double		variance = 0.0;
	double		teams = 0.0;

	for (size_t t = 0; t < s->teams; t++)
	{
		if (!cd_is_asked(s, team, t))
			continue;
		delta += s->team[t].delta;
		variance += s->team[t].variance;
		teams += 1.0;
	}
	if (s->controls >= CD_INTERVENTION_LEAST_CONTROLS)
		return compare_with_teams(s, delta / teams, variance / (teams * teams), teams, out);
	if (out->periods_after < CD_INTERVENTION_LEAST_ALONE || out->periods_before < CD_INTERVENTION_LEAST_BEFORE)
		return CD_OK;
	return cd_compare_with_past(s, out);
}

/* Everything about one team (its number) or all that were touched (the number of teams). */
static CdStatus
answer(CdStudy *s, size_t team, CdIntervention *out)
{
	bool		any = false;
	size_t		ramp;
	CdStatus	status;

	*out = nothing_known();
	out->controls = s->controls;
	for (size_t t = 0; t < s->teams; t++)
		any = any || cd_is_asked(s, team, t);
	status = any || team < s->teams ? choose_line(s, team) : CD_OK;
	if (status != CD_OK || (!any && team == s->teams))
		return status;
	cd_line_mean(&s->line, s->before_from, s->before_to, &out->periods_before);
	cd_line_mean(&s->line, s->after_from, s->after_to, &out->periods_after);
	if (!any)
		return CD_OK;
	describe(s, team, out);
	cd_compare_variation(s, team, out);
	status = find_improvement(s, team, out);
	if (status != CD_OK || out->comparison == CD_COMPARISON_NONE)
		return status;
	status = cd_share_improved(s, team, out);
	if (status == CD_OK && out->periods_after >= CD_INTERVENTION_LEAST_ALONE)
		status = cd_level_and_slope(s, out);
	if (status != CD_OK)
		return status;
	cd_placebo_dates(s, out->periods_after, out);
	if (!(out->low > 0.0))
		return CD_OK;
	ramp = cd_best_ramp(s, out->periods_after);
	out->periods_to_80 = ceil(0.8 * (double) ramp);
	return cd_look_for_recurrence(s, ramp, out);
}

/* A question whose answer is not to be had is no error; the others' answers stand. */
static CdStatus
answer_if_possible(CdStudy *s, size_t team, CdIntervention *out)
{
	CdStatus	status = answer(s, team, out);

	return status == CD_TOO_FEW ? CD_OK : status;
}

/* The periods compared; without controls fewer, or a season bends away from the trend. */
static void
set_window(CdStudy *s, const CdInterventionOptions *o, bool alone)
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
prepare(CdStudy *s)
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
	CdStudy		s = {.rows = rows, .count = count, .teams = teams, .options = options, .arena = arena};
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
