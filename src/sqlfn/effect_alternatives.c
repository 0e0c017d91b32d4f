/*
 * effect_alternatives.c
 *		The effect of coaching by other designs, for reviewers who ask what they would say.
 */
#include "sqlfn/effect_question.h"

#include <math.h>

#include "sqlfn/learning.h"
#include "stats/effect_teams.h"
#include "stats/logmean.h"
#include "stats/trials.h"
#include "utils/builtins.h"

CD_FUNCTION(cd_coaching_effect_alternatives);

#define COLUMNS 11
#define FEWEST_TEAMS 4			/* that other teams can be a comparison */

static const struct
{
	const char *name;
	CdTrialMethod method;
	CdTrialBound bound;
}			designs[] = {
	{"ancova_trials", CD_TRIAL_HISTORY, CD_TRIAL_AS_MEASURED},
	{"attrition_low", CD_TRIAL_HISTORY, CD_TRIAL_LOWEST},
	{"attrition_high", CD_TRIAL_HISTORY, CD_TRIAL_HIGHEST},
	{"gap_difference", CD_TRIAL_GAP, CD_TRIAL_AS_MEASURED},
	{"before_after", CD_TRIAL_BEFORE_AFTER, CD_TRIAL_AS_MEASURED}
};

/* What all panels together are measured in: the mean of their levels, which are logarithms of it. */
static double
common_level(const PanelSeries *series, uint32 teams)
{
	CdLogMean	mean = {0};

	for (uint32 t = 0; t < teams; t++)
		if (!isnan(series->team[t].coached))
			cd_log_mean_add(&mean, series->team[t].coached, 1);
	return mean.log;
}

static void
put_row(ReturnSetInfo *result, const EffectQuestion *q, double level, const char *method, const CdTrials *e,
		double expected, const char *clusters)
{
	Datum		values[COLUMNS];
	bool		nulls[COLUMNS] = {0};

	values[0] = CStringGetTextDatum(method);
	cd_set_float8(values, nulls, 1, effect_to_units(q, e->estimate, level));
	cd_set_float8(values, nulls, 2, effect_to_units(q, e->low, level));
	cd_set_float8(values, nulls, 3, effect_to_units(q, e->high, level));
	cd_set_float8(values, nulls, 4, e->p);
	cd_set_float8(values, nulls, 5, effect_to_units(q, expected, level));
	cd_set_float8(values, nulls, 6, e->sessions);
	cd_set_float8(values, nulls, 7, e->compared);
	values[8] = CStringGetTextDatum(clusters);
	cd_set_float8(values, nulls, 9, e->measured);
	cd_set_float8(values, nulls, 10, e->compared_measured);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* The answer of coaching_effect over all panels. */
static CdEffect
own_answer(const CdEffect *effects, uint32 teams, const EffectQuestion *q)
{
	CdEffect	all;

	cd_effect_combine(effects, teams, q->options.level, &all);
	return all;
}

/* A row of no trials. */
static CdTrials
plain_row(double estimate, double low, double high, double p, double sessions, double compared)
{
	return (CdTrials) {.estimate = estimate, .low = low, .high = high, .p = p, .sessions = sessions,
		.compared = compared, .measured = NAN, .compared_measured = NAN};
}

/* One design; before: see CdEffectCommon. */
static CdTrials
answer_by(int design, const EffectQuestion *q, int before, const PanelSeries *series)
{
	CdTrialOptions options = {designs[design].method, designs[design].bound, q->options.horizon, before, q->options.level};
	CdArena		arena = {0};
	CdTrials	out;
	CdStatus	status;

	arena.size = cd_trials_size(series->rows, series->count);
	arena.base = palloc_extended(arena.size, MCXT_ALLOC_HUGE);
	status = cd_trials(series->rows, series->count, &options, &arena, &out);
	if (status != CD_TOO_FEW)
		cd_ereport_status(status, "coaching_effect_alternatives");
	pfree(arena.base);
	return out;
}

/* The effect on whole teams, beside the other teams. */
static CdEffect
answer_between(const EffectQuestion *question, const PanelSeries *series)
{
	EffectQuestion q = *question;
	PanelSeries teams = *series;
	CdLearning	learning = learning_of_series(series, "coaching_effect_alternatives");
	CdArena		arena = {.size = cd_effect_team_rows_size(series->periods)};
	CdEffectCommon common;
	size_t		count;

	arena.base = palloc_extended(Max(arena.size, 1), MCXT_ALLOC_HUGE);
	teams.rows = palloc_extended(series->count * sizeof(CdEffectRow), MCXT_ALLOC_HUGE);
	cd_ereport_status(cd_effect_team_rows(series->rows, series->count, &learning, &arena, teams.rows, &count),
					  "coaching_effect_alternatives");
	teams.count = count;
	q.options.pool = false;
	q.options.placebo = false;
	return *effect_estimate("coaching_effect_alternatives", &q, &teams, 1, NULL, &common);
}

/* Rows other_teams and spillover; within: coaching_effect over all panels. */
static void
put_between(ReturnSetInfo *result, const EffectQuestion *q, double level, const PanelSeries *series, uint32 teams,
			const CdEffect *within)
{
	CdEffect	between = answer_between(q, series);
	CdSpillover spill = cd_spillover(&between, within, q->options.level);
	CdTrials	row = plain_row(between.effect, between.low, between.high, between.p, within->sessions, teams);

	put_row(result, q, level, "other_teams", &row, NAN, "teams");
	row = plain_row(spill.effect, spill.low, spill.high, spill.p, within->sessions, teams);
	put_row(result, q, level, "spillover", &row, NAN, "teams");
}

/* Arguments: panels, higher_is_better, scale, horizon. */
Datum
cd_coaching_effect_alternatives(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	EffectQuestion q = {true, CD_SCALE_IDENTITY, NAN, cd_effect_default_options()};
	CdEffectCommon common;
	CdEffect   *effects;
	PanelSeries series;
	Panel	  **panels;
	uint32		teams;
	int		   *places;
	double		level;
	CdEffect	own;
	CdTrials	row;

	InitMaterializedSRF(fcinfo, 0);
	q.higher_is_better = PG_ARGISNULL(1) || PG_GETARG_BOOL(1);
	q.scale = cd_get_scale(fcinfo, 2);
	q.options.horizon = effect_horizon(fcinfo, 3);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	panels = effect_panels(PG_GETARG_ARRAYTYPE_P(0), &teams, &places);
	if (teams == 0)
		return (Datum) 0;
	series = panel_series(panels, teams, q.higher_is_better);
	if (series.count == 0)
		return (Datum) 0;
	level = common_level(&series, teams);
	effects = effect_estimate("coaching_effect_alternatives", &q, &series, teams, NULL, &common);
	own = own_answer(effects, teams, &q);
	row = plain_row(own.effect, own.low, own.high, own.p, own.sessions, NAN);
	put_row(result, &q, level, "coaching_effect", &row, NAN, "agents");
	for (int i = 0; i < (int) lengthof(designs); i++)
	{
		CdTrials	e = answer_by(i, &q, common.before, &series);

		put_row(result, &q, level, designs[i].name, &e, designs[i].method == CD_TRIAL_BEFORE_AFTER ? own.null : NAN,
				e.by_team ? "teams" : "agents");
	}
	if (teams >= FEWEST_TEAMS)
		put_between(result, &q, level, &series, teams, &own);
	return (Datum) 0;
}
