/*
 * effect.c: the effect of coaching on the teams of one metric, step by step.
 */
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>

#include "stats/effect.h"
#include "stats/effect_fit.h"
#include "stats/effect_naive.h"
#include "stats/effect_path.h"
#include "stats/prior.h"
#include "stats/solve.h"

#define INFLATION_AGENTS 15.0	/* the teams' common inflation counts like so many agents */
#define FEWEST_PERIODS 4		/* from a team's first to its last */
#define POWER 0.8
#define LEAST_OVERLAP 0.1		/* share of a team's sessions with somebody to compare with */

CdEffectOptions
cd_effect_default_options(void)
{
	return (CdEffectOptions) {.horizon = 4, .level = 0.95, .pool = true, .placebo = true};
}

size_t
cd_effect_size(size_t rows, size_t teams, size_t periods, bool paths)
{
	size_t		size = paths ? cd_effect_path_size(rows) : 0;

	size = cd_arena_sum(size, cd_effect_panel_size(rows, teams, periods));
	size = cd_arena_sum(size, cd_arena_bytes(rows, sizeof(CdEffectBelief)));
	size = cd_arena_sum(size, 2 * cd_arena_bytes(rows * CD_EFFECT_TERMS, sizeof(double)));
	size = cd_arena_sum(size, 2 * cd_arena_bytes(rows, sizeof(double)));
	size = cd_arena_sum(size, cd_arena_bytes(rows * CD_EFFECT_TERMS, sizeof(double)));
	size = cd_arena_sum(size, cd_arena_bytes(rows * CD_EFFECT_TERMS, sizeof(double)));
	size = cd_arena_sum(size, cd_arena_bytes(rows, sizeof(double)));
	size = cd_arena_sum(size, 2 * cd_arena_bytes(rows * CD_EFFECT_TABLE, sizeof(double)));
	size = cd_arena_sum(size, cd_arena_bytes(rows, sizeof(CdEffectUsual)));
	size = cd_arena_sum(size, cd_effect_lanes_size(rows));
	size = cd_arena_sum(size, cd_arena_bytes(teams, sizeof(CdEffectNoise)));
	size = cd_arena_sum(size, cd_arena_bytes(teams * CD_EFFECT_GRID, sizeof(double)));
	size = cd_arena_sum(size, cd_arena_bytes(teams, sizeof(bool)));
	size = cd_arena_sum(size, cd_arena_bytes(teams, sizeof(double)));
	size = cd_arena_sum(size, cd_arena_bytes(teams, sizeof(CdEffectFit)));
	size = cd_arena_sum(size, cd_arena_bytes(CD_PRIOR_SCRATCH(teams), sizeof(double)));
	return cd_arena_sum(size, cd_arena_bytes(teams, sizeof(CdPriorUnit)));
}

/* What the effect needs beside what every fit does: influence of agents, their usual distances, and the tables. */
static CdStatus
take_work(CdArena *arena, CdEffectWork *work)
{
	size_t		rows = work->panel.n_rows;
	CdStatus	status = cd_effect_take_fit(arena, CD_EFFECT_TERMS, work);

	work->inflation = cd_arena_take(arena, work->panel.teams, sizeof(double));
	work->influence = cd_arena_take(arena, work->panel.agents, sizeof(double));
	work->distance = cd_arena_take(arena, rows, sizeof(CdEffectUsual));
	work->lanes = cd_arena_take(arena, cd_effect_lanes_size(work->panel.agents), 1);
	work->table_value = cd_arena_take(arena, rows * CD_EFFECT_TABLE, sizeof(double));
	work->table_thin = cd_arena_take(arena, rows * CD_EFFECT_TABLE, sizeof(double));
	return work->inflation && work->influence && work->distance && work->lanes && work->table_value && work->table_thin ? status : CD_NOMEM;
}

/* Coefficients with each team's own noise, then with what the teams tell of the nuisance terms. */
static CdStatus
fit_own(CdEffectWork *work, bool pool)
{
	CdStatus	status = cd_effect_learn_own_noise(work);

	if (status != CD_OK || !pool)
		return status;
	cd_effect_learn_nuisance(work);
	for (size_t g = 0; g < work->panel.teams; g++)
		if (work->fit[g].usable)
			cd_effect_team_solve(work, g);
	return CD_OK;
}

/* How the sessions stand to the surprises of one period: z scores. */
typedef struct Dip
{
	double		all;			/* of all sessions together */
	double		teams;
	double		below;			/* sum of squares of the teams' own z scores that are below 0 */
} Dip;

/* A team's sessions against the surprise of the period lag before them: their sum, and its variance. */
static void
team_dip(const CdEffectWork *work, size_t g, int32_t lag, double *sum, double *square)
{
	const CdEffectPanel *panel = &work->panel;
	const CdEffectTeam *team = &panel->team[g];
	const CdEffectObs *obs = panel->obs + team->first;

	*sum = *square = 0.0;
	cd_effect_filter(obs, team->n, work->residual + team->first, 1, &work->noise[g],
					 &work->memory, work->surprise);
	for (size_t i = 0; i < team->n; i++)
	{
		const CdEffectRow *row = &panel->rows[obs[i].row];
		size_t		end = team->first_row + team->rows;
		double		held = 0.0;

		for (size_t j = obs[i].row; j < end && panel->rows[j].agent == row->agent
			 && panel->rows[j].period <= row->period + lag; j++)
			if (panel->rows[j].period == row->period + lag)
				held = panel->rows[j].sessions;
		*sum += held * work->surprise[i] / sqrt(work->fit[g].s2);
		*square += held * held;
	}
}

static Dip
dip(const CdEffectWork *work, int32_t lag)
{
	Dip			d = {0};
	double		squares = 0.0;

	for (size_t g = 0; g < work->panel.teams; g += cd_effect_sample_step(work))
	{
		double		sum;
		double		square;

		if (!work->fit[g].usable)
			continue;
		team_dip(work, g, lag, &sum, &square);
		if (!(square > 0.0))
			continue;
		d.all += sum;
		squares += square;
		d.teams += 1.0;
		d.below += sum < 0.0 ? sum * sum / square : 0.0;
	}
	d.all /= squares > 0.0 ? sqrt(squares) : 1.0;
	return d;
}

/* What the teams' squares below 0 exceed chance by: of a standard normal they have mean 1/2 and variance 5/4. */
static double
excess(const Dip *d)
{
	return d->below - 0.5 * d->teams;
}

/*
 * Which period brings a session about: its own, or the one before. Only in the latter case
 * may the session's own period count as affected by it. Where some teams coach after bad
 * periods and as many after good ones, all together show nothing; the former give it away.
 */
static int
period_before(const CdEffectWork *work)
{
	Dip			own = dip(work, 0);
	Dip			last = dip(work, 1);

	return (own.all < -2.0 && own.all < 0.25 * last.all)
		|| (excess(&own) > 3.0 * sqrt(1.25 * own.teams) && excess(&own) > 0.25 * excess(&last)) ? 0 : 1;
}

static CdStatus
estimate_all(CdEffectWork *work, const CdEffectOptions *options, CdEffectCommon *common)
{
	CdEffectDesign design = cd_effect_main_design(options->horizon, 0);
	CdStatus	status;

	cd_effect_work_design(work, &design);
	status = cd_effect_learn_common_noise(work);
	if (status != CD_OK)
		return status;
	common->before = period_before(work);
	if (common->before > 0)
	{
		design = cd_effect_main_design(options->horizon, 1);
		cd_effect_work_design(work, &design);
	}
	status = fit_own(work, options->pool && work->panel.teams > 1);
	common->level = work->common.level;
	common->shock = work->common.shock;
	common->persistence = work->common.persistence;
	common->fixed = work->common.fixed;
	return status;
}

/* Each team's inflation, drawn towards the mean of all. */
static void
inflate(CdEffectWork *work, bool pool, CdEffectCommon *common)
{
	double		sum = 0.0;
	double		agents = 0.0;

	for (size_t g = 0; g < work->panel.teams; g++)
	{
		double		ratio = cd_effect_team_inflation(work, g);

		work->inflation[g] = ratio;
		if (isnan(ratio))
			continue;
		sum += ratio * work->fit[g].agents;
		agents += work->fit[g].agents;
	}
	common->inflation = agents > 0.0 ? sum / agents : 1.0;
	for (size_t g = 0; g < work->panel.teams; g++)
	{
		double		agents_here = work->fit[g].agents;
		double		from = pool ? INFLATION_AGENTS : 0.0;
		double		own = isnan(work->inflation[g]) ? common->inflation : work->inflation[g];

		work->inflation[g] = fmax((from * common->inflation + agents_here * own) / fmax(from + agents_here, 1.0), 1.0);
	}
}

/* The team's own estimate. */
static void
report_raw(const CdEffectWork *work, size_t g, const CdEffectOptions *options, bool pool,
		   CdEffect *out)
{
	const CdEffectFit *fit = &work->fit[g];
	int			c = work->design.columns;
	double		half;

	if (!fit->usable)
		return;
	out->raw = fit->b[1];
	out->raw_se = sqrt(fit->v[c + 1] * work->inflation[g]);
	out->df = fmax(fit->agents - 1.0 + (pool ? INFLATION_AGENTS : 0.0), 1.0);
	half = gsl_cdf_tdist_Pinv(0.5 * (1.0 + options->level), out->df);
	out->effect = out->raw;
	out->sd = out->raw_se;
	out->low = out->raw - half * out->raw_se;
	out->high = out->raw + half * out->raw_se;
	out->above = gsl_cdf_tdist_P(out->raw / out->raw_se, out->df);
}

/* A team as one of many; one that wasn't coached has nothing to say. */
static CdPriorUnit
unit_of(const CdEffect *e, const CdEffectHint *hint)
{
	CdPriorUnit unit = {e->raw, e->raw_se, e->df, NAN, NAN};

	if (e->status != CD_OK)
		unit.estimate = NAN;
	else if (hint != NULL)
	{
		unit.worth = hint->worth;
		unit.odds = hint->odds;
	}
	return unit;
}

/* Borrow from the other teams. */
static CdStatus
shrink_all(CdArena *arena, size_t teams, const CdEffectOptions *options, CdEffect *out,
		   CdEffectCommon *common)
{
	CdPriorUnit *unit = cd_arena_take(arena, teams, sizeof(CdPriorUnit));
	double	   *scratch = cd_arena_take(arena, CD_PRIOR_SCRATCH(teams), sizeof(double));
	CdPrior		prior;
	CdStatus	status;

	if (!unit || !scratch)
		return CD_NOMEM;
	for (size_t g = 0; g < teams; g++)
		unit[g] = unit_of(&out[g], options->hint ? &options->hint[g] : NULL);
	status = cd_prior_level_odds(unit, teams);
	if (status == CD_OK)
		status = cd_prior_fit(unit, teams, scratch, &prior);
	if (status == CD_TOO_FEW)
		return CD_OK;
	for (size_t g = 0; g < teams && status == CD_OK; g++)
	{
		CdPosterior posterior;

		if (out[g].status != CD_OK)
			continue;
		status = cd_prior_posterior(&prior, &unit[g], options->level, &posterior);
		out[g].effect = posterior.mean;
		out[g].sd = posterior.sd;
		out[g].low = posterior.low;
		out[g].high = posterior.high;
		out[g].above = posterior.above;
		out[g].pooled = true;
	}
	common->pooled = status == CD_OK;
	return status;
}

/* What the team's own sessions say against no effect, and which effect they would have shown. */
static void
report_power(double level, CdEffect *out)
{
	double		se = hypot(out->raw_se, out->doubt);

	if (!(out->raw_se > 0.0))
		return;
	out->p = 2.0 * gsl_cdf_tdist_Q(fabs(out->raw) / se, out->df);
	out->smallest_detectable = (gsl_cdf_tdist_Pinv(0.5 * (1.0 + level), out->df) + gsl_cdf_tdist_Pinv(POWER, out->df)) * se;
}

/* Where hardly a session had somebody to be compared with, an answer is the other teams', or nobody's. */
static bool
speaks_for_itself(const CdEffect *e)
{
	return e->status == CD_OK && e->raw_se > 0.0 && e->overlap >= LEAST_OVERLAP;
}

static void
report_short(CdEffectShort by, CdEffect *out)
{
	out->allowance = by.allowance;
	out->shortfall = by.shortfall;
	out->masked = by.masked;
}

/* Apparent effect of sessions that had not been held yet. */
static CdStatus
placebo(CdEffectWork *work, CdEffect *out)
{
	CdEffectDesign design = work->design;
	int			c = CD_EFFECT_AHEAD + 1;
	size_t		at = (size_t) CD_EFFECT_AHEAD * c + CD_EFFECT_AHEAD;

	design.columns = c;
	cd_effect_work_design(work, &design);
	work->nuisance.variance[CD_EFFECT_AHEAD] = INFINITY;
	work->nuisance.slope[CD_EFFECT_AHEAD] = 0.0;
	work->nuisance.offset[CD_EFFECT_AHEAD] = 0.0;
	if (design.before == 0)
		work->nuisance.variance[CD_EFFECT_SAME] = INFINITY;
	for (size_t g = 0; g < work->panel.teams; g++)
	{
		const CdEffectFit *fit = &work->fit[g];

		if (cd_stop_requested())
			return CD_STOPPED;
		cd_effect_team_fit(work, g);
		if (!fit->usable || out[g].sessions == 0.0 || !(fit->m[at] > 1e-6 * fit->m[c + 1]))
			continue;
		out[g].placebo = fit->b[CD_EFFECT_AHEAD];
		out[g].placebo_se = sqrt(fit->v[at] * work->inflation[g]);
		out[g].placebo_p = 2.0 * gsl_cdf_tdist_Q(fabs(out[g].placebo / out[g].placebo_se), out[g].df);
	}
	return CD_OK;
}

/* Only what is there can fade: a half-life is told where an effect is established. */
static void
fading_of_effects(const CdEffect *out, size_t teams, double level, CdEffectPath *paths)
{
	CdEffect	all;

	cd_effect_combine(out, teams, level, &all);
	for (size_t g = 0; g <= teams; g++)
	{
		const CdEffect *e = g < teams ? &out[g] : &all;

		if (e->status != CD_OK || !e->own || !(e->low > 0.0 || e->high + e->allowance < 0.0))
			paths[g].half_life = paths[g].half_life_low = paths[g].half_life_high = NAN;
	}
}

static CdEffect
nothing_known(void)
{
	return (CdEffect) {.effect = NAN, .low = NAN, .high = NAN, .sd = NAN, .above = NAN, .p = NAN,
		.raw = NAN, .raw_se = NAN, .df = NAN, .smallest_detectable = NAN, .naive = NAN,
		.naive_share = NAN, .null = NAN, .null_share = NAN, .placebo = NAN, .placebo_se = NAN,
		.placebo_p = NAN, .doubt = NAN, .overlap = NAN, .allowance = NAN, .shortfall = NAN, .masked = NAN};
}

/*
 * Level, lasting and passing shocks take four variances and slopes, and three periods have
 * three autocovariances: what was seen stays, what would be concluded goes.
 */
static void
withhold(CdEffect *out, CdEffectPath *path)
{
	CdEffect	e = nothing_known();

	for (int i = 0; path != NULL && i < CD_EFFECT_POINTS; i++)
	{
		CdEffectPoint *point = &path->point[i];

		point->effect = point->se = point->low = point->high = point->band_low = point->band_high = NAN;
	}
	if (path != NULL)
		path->half_life = path->half_life_low = path->half_life_high = NAN;

	e.naive = out->naive;
	e.naive_share = out->naive_share;
	e.sessions = out->sessions;
	e.coached = out->coached;
	e.control = out->control;
	e.overlap = out->overlap;
	e.agents = out->agents;
	e.observations = out->observations;
	e.status = CD_TOO_FEW;
	*out = e;
}

/* The teams' coefficients, and how far their variances are to be trusted. */
CdStatus
cd_effect_fit_all(const CdEffectRow *rows, size_t n, size_t teams, const CdEffectOptions *options,
				  CdArena *arena, CdEffectWork *work, CdEffectCommon *common)
{
	CdStatus	status;

	*common = (CdEffectCommon) {0};
	if (options->horizon < 1 || options->horizon > CD_EFFECT_HORIZON_MAX
		|| !(options->level > 0.0 && options->level < 1.0))
		return CD_BAD_INPUT;
	status = cd_effect_panel(rows, n, teams, arena, &work->panel);
	if (status == CD_OK)
		status = take_work(arena, work);
	if (status == CD_OK)
		status = estimate_all(work, options, common);
	if (status != CD_OK)
		return status;
	common->carried = cd_effect_carried(work);
	inflate(work, options->pool && teams > 1, common);
	return CD_OK;
}

static size_t
coached_teams(const CdEffectRow *rows, size_t n)
{
	size_t		coached = 0;
	int32_t		last = -1;

	for (size_t i = 0; i < n; i++)
		if (rows[i].sessions > 0.0 && rows[i].team != last)
		{
			last = rows[i].team;
			coached++;
		}
	return coached;
}

static bool
is_positive(double x)
{
	return x > 0.0 && isfinite(x);
}

/* Do a team's values vary, and can squares of them and of its sessions be told from 0 and infinity? */
static bool
can_be_reckoned(const CdEffectPanel *panel, size_t g)
{
	const CdEffectTeam *team = &panel->team[g];
	double		first = NAN;
	double		values = 0.0;
	double		sessions = 0.0;

	for (size_t i = team->first_row; i < team->first_row + team->rows; i++)
	{
		const CdEffectRow *row = &panel->rows[i];

		sessions += row->sessions * row->sessions;
		if (isnan(row->value))
			continue;
		first = isnan(first) ? row->value : first;
		values += (row->value - first) * (row->value - first);
	}
	return isnan(first) || (is_positive(values) && isfinite(sessions));
}

/* The effect on every team. */
CdStatus
cd_effect(const CdEffectRow *rows, size_t n, size_t teams, const CdEffectOptions *asked,
		  CdArena *arena, CdEffect *out, CdEffectCommon *common, CdEffectPath *paths)
{
	CdEffectWork work = {0};
	CdEffectOptions own = *asked;
	const CdEffectOptions *options = &own;
	bool		pool = asked->pool && coached_teams(rows, n) >= CD_PRIOR_LEAST;
	CdStatus	status;

	own.pool = pool;			/* a few teams say too little even of what their noise has in common */

	for (size_t g = 0; g < teams; g++)
	{
		out[g] = nothing_known();
		out[g].status = CD_TOO_FEW;
	}
	status = cd_effect_fit_all(rows, n, teams, options, arena, &work, common);
	if (status != CD_OK)
		return status;
	for (size_t g = 0; g < teams; g++)
	{
		out[g].status = CD_OK;
		cd_effect_count(&work, g, &out[g]);
		report_raw(&work, g, options, pool, &out[g]);
		if (out[g].sessions == 0.0)
			out[g].status = CD_TOO_FEW;
	}
	if (pool)
		status = shrink_all(arena, teams, options, out, common);
	for (size_t g = 0; g < teams && status == CD_OK; g++)
	{
		if (cd_stop_requested())
			return CD_STOPPED;
		if (isnan(out[g].effect))
			out[g].status = can_be_reckoned(&work.panel, g) ? CD_TOO_FEW : CD_BAD_INPUT;
		cd_effect_naive(&work, g, common->before, out[g].effect, &out[g]);
		out[g].doubt = hypot(cd_effect_doubt(out[g].null, common->carried),
							 sqrt(cd_effect_curve_variance(&work, g) * work.inflation[g]));
		cd_effect_admit_doubt(options->level, &out[g]);
		report_power(options->level, &out[g]);
		out[g].own = speaks_for_itself(&out[g]);
		if (out[g].status == CD_OK)
			report_short(cd_effect_short(&work, g), &out[g]);
	}
	if (status == CD_OK && paths != NULL)
		status = cd_effect_path(&work, options->level, arena, paths);
	if (status == CD_OK && paths != NULL)
		fading_of_effects(out, teams, options->level, paths);
	if (status == CD_OK && options->placebo)
		status = placebo(&work, out);
	for (size_t g = 0; g < teams && status == CD_OK; g++)
		if (work.panel.team[g].periods < FEWEST_PERIODS)
			withhold(&out[g], paths != NULL ? &paths[g] : NULL);
	return status;
}
