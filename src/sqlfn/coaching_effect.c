/*
 * coaching_effect.c
 *		What coaching did, over rows (aggregate) and over panels of many teams.
 */
#include "sqlfn/row.h"

#include <math.h>

#include <gsl/gsl_cdf.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "sqlfn/effect_hint.h"
#include "stats/solve.h"

CD_FUNCTION(cd_coaching_effect_final);
CD_FUNCTION(cd_coaching_effect_panel);
CD_FUNCTION(cd_coaching_effect_panels);
CD_FUNCTION(cd_coaching_effect_by_period);
CD_FUNCTION(cd_values_carry_over);
CD_FUNCTION(cd_t_interval);
CD_FUNCTION(cd_effect_interval);

static const char *
reason(const EffectQuestion *q, const CdEffect *e, const CdEffectCommon *common, const char *verdict, double level)
{
	if (e->sessions == 0)
		return "not assessed: no coaching session";
	if (e->status == CD_BAD_INPUT)
		return "not assessed: the values don't vary, or they or the sessions are too large or too small to reckon with";
	if (e->status != CD_OK)
		return "not assessed: nobody to compare the coached agents with, or too few periods";
	if (!e->own)
		return e->pooled ? "nobody in this team to compare the coached agents with: what is shown is what sessions do in other teams"
			: "nobody in this team to compare the coached agents with";
	if (common->carried && strcmp(verdict, "cannot_tell") == 0)
		return "values are not of their own periods (a rolling mean, or a month's value beside each of its weeks?), which looks as if coaching worked: give each period's own";
	if (strcmp(verdict, "cannot_tell") != 0)
		return e->pooled ? "with strength borrowed from the other teams" : "from this team alone";
	if (e->high < 0)
		return "the interval lies below zero, but no further than sessions come out that do nothing and go to who is weak for long";
	if (isnan(q->smallest_effect))
		return "the interval covers zero, and no smallest effect says what would be too little";
	if (effect_is_too_little(q, e, level, 0))
		return "too little to be worth having, unless the coaches know who is weak for good: then it is more";
	return "the interval covers zero and effects worth having";
}

/* The columns of coachdiag.coaching_effect_result but for the first, unit. */
static void
fill_result(const EffectQuestion *q, const CdEffect *e, const CdEffectCommon *common, double level, CdRow *row)
{
	const char *verdict = effect_conclusion(q, e, level);
	const double numbers[] = {
		effect_to_units(q, e->effect, level), effect_to_units(q, e->low, level), effect_to_units(q, e->high, level), e->p,
		effect_to_units(q, e->naive, level), e->naive_share, effect_to_units(q, e->null, level), e->null_share,
		fabs(effect_to_units(q, e->smallest_detectable, level))
	};
	const double more[] = {
		e->above, effect_spread_to_units(q, e->effect, e->sd, level), effect_spread_to_units(q, e->effect, e->doubt, level),
		effect_to_units(q, e->raw, level), effect_spread_to_units(q, e->raw, e->raw_se, level), e->df,
		effect_to_units(q, e->placebo, level), e->placebo_p, e->overlap,
		effect_spread_to_units(q, e->effect, e->allowance, level), effect_spread_to_units(q, e->effect, effect_shortfall(q, e, level), level)
	};

	for (int i = 0; i < (int) lengthof(numbers); i++)
		cd_put_number(row, isfinite(numbers[i]) ? numbers[i] : NAN);
	cd_put_count(row, e->agents);
	cd_put_count(row, e->coached);
	cd_put_count(row, e->control);
	cd_put_number(row, e->sessions);
	cd_put_count(row, q->options.horizon);
	cd_put_text(row, verdict);
	cd_put(row, BoolGetDatum(e->pooled), true);
	for (int i = 0; i < (int) lengthof(more); i++)
		cd_put_number(row, more[i]);
	cd_put(row, BoolGetDatum(e->own), e->status == CD_OK);
	cd_put_text(row, reason(q, e, common, verdict, level));
}

/* The answer for one panel, as a row; the first column, unit, is NULL. */
static Datum
answer_alone(FunctionCallInfo fcinfo, EffectQuestion q, const Panel *p)
{
	Panel	   *panels[1] = {unconstify(Panel *, panel_canonical(p))};
	PanelSeries series = panel_series(panels, 1, q.higher_is_better);
	CdEffect   *effects;
	CdEffectCommon common;
	CdRow		row = {0};

	q.options.pool = false;
	effects = effect_estimate("coaching_effect", &q, &series, 1, NULL, &common);
	cd_put_text(&row, NULL);
	fill_result(&q, &effects[0], &common, series.team[0].coached, &row);
	return cd_row_datum(fcinfo, &row);
}

Datum
cd_coaching_effect_panel(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return answer_alone(fcinfo, effect_question(fcinfo, 1), PG_GETARG_PANEL_P(0));
}

Datum
cd_coaching_effect_final(PG_FUNCTION_ARGS)
{
	EffectQuestion q = {true, CD_SCALE_IDENTITY, NAN, cd_effect_default_options()};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return answer_alone(fcinfo, q, PG_GETARG_PANEL_P(0));
}

static void
put_unit(CdRow *row, const EffectRequest *r, uint32 team)
{
	cd_put(row, r->unit[team], !r->unnamed[team]);
}

Datum
cd_coaching_effect_panels(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	EffectRequest r;
	CdEffect   *effects;
	CdEffectCommon common;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	r = effect_request(fcinfo);
	r.question.options.hint = effect_hints(&r);
	effects = effect_estimate("coaching_effect", &r.question, &r.series, r.count, NULL, &common);
	for (uint32 t = 0; t < r.count; t++)
	{
		CdRow		row = {0};

		put_unit(&row, &r, t);
		fill_result(&r.question, &effects[t], &common, r.series.team[t].coached, &row);
		cd_store_row(result, &row);
	}
	return (Datum) 0;
}

/* The rows of one team's path: before and after a session, period by period. */
static void
put_path(const EffectRequest *r, uint32 team, const CdEffectPath *path, ReturnSetInfo *result)
{
	const EffectQuestion *q = &r->question;
	double		level = r->series.team[team].coached;

	for (int i = 0; i < CD_EFFECT_POINTS; i++)
	{
		const CdEffectPoint *point = &path->point[i];
		CdRow		row = {0};

		put_unit(&row, r, team);
		cd_put_count(&row, point->lag);
		cd_put_number(&row, effect_to_units(q, point->seen, level));
		cd_put_number(&row, point->sessions);
		cd_put_number(&row, effect_to_units(q, point->effect, level));
		cd_put_number(&row, effect_to_units(q, point->low, level));
		cd_put_number(&row, effect_to_units(q, point->high, level));
		cd_put_number(&row, effect_to_units(q, point->band_low, level));
		cd_put_number(&row, effect_to_units(q, point->band_high, level));
		cd_put_number(&row, path->half_life);
		cd_put_number(&row, path->half_life_low);
		cd_put_number(&row, path->half_life_high);
		cd_put_text(&row, point->lag > 0 ? "after" : point->lag < 0 ? "before" : "session");
		cd_store_row(result, &row);
	}
}

Datum
cd_coaching_effect_by_period(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	EffectRequest r;
	CdEffect   *effects;
	CdEffectCommon common;
	CdEffectPath *paths;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	r = effect_request(fcinfo);
	r.question.options.hint = effect_hints(&r);
	paths = palloc0((r.count + 1) * sizeof(CdEffectPath));
	effects = effect_estimate("coaching_effect_by_period", &r.question, &r.series, r.count, paths, &common);
	for (uint32 t = 0; t < r.count; t++)
		if (effects[t].sessions > 0)
			put_path(&r, t, &paths[t], result);
	return (Datum) 0;
}

Datum
cd_values_carry_over(PG_FUNCTION_ARGS)
{
	Panel	   *panels[1] = {unconstify(Panel *, panel_canonical(PG_GETARG_PANEL_P(0)))};
	PanelSeries series = panel_series(panels, 1, true);
	CdArena		arena = {.size = cd_values_carried_size(series.count, 1, series.periods)};
	bool		carried;

	effect_check_periods("values_carry_over", &series);
	arena.base = palloc_extended(arena.size, MCXT_ALLOC_HUGE);
	cd_ereport_status(cd_values_carried(series.rows, series.count, 1, &arena, &carried), "values_carry_over");
	PG_RETURN_BOOL(carried);
}

/* What an estimate needs for an interval; half: of the two-sided t interval. */
static void
check_interval(const char *function, double estimate, double se, double df, double level, double *half)
{
	double		t;

	if (!isfinite(estimate) || !isfinite(se) || se <= 0 || !(df > 0) || !(level > 0 && level < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs a finite estimate, a positive standard error and degrees of freedom, and a level between 0 and 1", function),
				 errhint("Leave units without a standard error out with WHERE.")));
	cd_ereport_status(cd_t_multiplier(level, df, &t), function);
	*half = t * se;
}

/* Two-sided t interval and p value of an estimate. */
Datum
cd_t_interval(PG_FUNCTION_ARGS)
{
	double		estimate = PG_GETARG_FLOAT8(0);
	double		se = PG_GETARG_FLOAT8(1);
	double		df = PG_GETARG_FLOAT8(2);
	double		half;
	CdRow		row = {0};

	check_interval("t_interval", estimate, se, df, PG_GETARG_FLOAT8(3), &half);
	cd_put_number(&row, estimate - half);
	cd_put_number(&row, estimate + half);
	cd_put_number(&row, 2 * gsl_cdf_tdist_Q(fabs(estimate) / se, df));
	return cd_row_datum(fcinfo, &row);
}

/* The same of an effect, with what is doubtful about it. */
Datum
cd_effect_interval(PG_FUNCTION_ARGS)
{
	CdEffect	e = {.effect = PG_GETARG_FLOAT8(0), .sd = PG_GETARG_FLOAT8(1), .doubt = PG_GETARG_FLOAT8(2)};
	double		df = PG_GETARG_FLOAT8(3);
	double		level = PG_GETARG_FLOAT8(4);
	double		half;
	CdRow		row = {0};

	if (!(e.doubt >= 0 && isfinite(e.doubt)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("effect_interval needs a doubt that is finite and not negative"),
				 errhint("Take the column doubt of coaching_effect, or 0 for none.")));
	check_interval("effect_interval", e.effect, e.sd, df, level, &half);
	e.low = e.effect - half;
	e.high = e.effect + half;
	e.p = 2 * gsl_cdf_tdist_Q(fabs(e.effect) / hypot(e.sd, e.doubt), df);
	cd_effect_admit_doubt(level, &e);
	cd_put_number(&row, e.low);
	cd_put_number(&row, e.high);
	cd_put_number(&row, e.p);
	return cd_row_datum(fcinfo, &row);
}
