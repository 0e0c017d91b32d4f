/*
 * effect_question.c
 *		What the functions about the effect of coaching are asked, and units of answers.
 */
#include "sqlfn/effect_question.h"

#include <math.h>

#include <gsl/gsl_cdf.h>

#include "catalog/pg_type.h"

#include "stats/solve.h"

#define MOST_OF_A_TIME 0.99

int
effect_horizon(FunctionCallInfo fcinfo, int n)
{
	int			horizon = PG_ARGISNULL(n) ? 4 : PG_GETARG_INT32(n);

	if (horizon < 1 || horizon > CD_EFFECT_HORIZON_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("horizon must be between 1 and %d periods", CD_EFFECT_HORIZON_MAX),
				 errhint("The default of 4 looks at the four periods after a session.")));
	return horizon;
}

/* Arguments n to n + 3: higher_is_better, scale, smallest_effect, horizon. */
EffectQuestion
effect_question(FunctionCallInfo fcinfo, int n)
{
	EffectQuestion q;

	q.options = cd_effect_default_options();
	q.higher_is_better = PG_ARGISNULL(n) || PG_GETARG_BOOL(n);
	q.scale = cd_get_scale(fcinfo, n + 1);
	q.smallest_effect = cd_get_number(fcinfo, n + 2, "smallest_effect", false);
	q.options.horizon = effect_horizon(fcinfo, n + 3);
	return q;
}

/* A change on the estimator's scale, where up is better, in metric units. */
double
effect_to_units(const EffectQuestion *q, double change, double level)
{
	double		sign = q->higher_is_better ? 1 : -1;

	if (q->scale != CD_SCALE_LOG)
		return change;
	return sign * exp(level) * expm1(sign * change);
}

/* A spread around a change, in metric units. */
double
effect_spread_to_units(const EffectQuestion *q, double change, double spread, double level)
{
	return (effect_to_units(q, change + spread, level) - effect_to_units(q, change - spread, level)) / 2;
}

double
effect_of_units(const EffectQuestion *q, double units, double level)
{
	double		sign = q->higher_is_better ? 1 : -1;

	if (q->scale != CD_SCALE_LOG)
		return units;
	return sign * log1p(Max(sign * units / exp(level), -MOST_OF_A_TIME));
}

double
effect_shortfall(const EffectQuestion *q, const CdEffect *e, double level)
{
	double		truth = isnan(q->smallest_effect) ? Max(e->effect, 0) : effect_of_units(q, q->smallest_effect, level);

	return cd_effect_shortfall(e->shortfall, e->masked, truth);
}

/* Two one-sided tests at 5 %, of an effect that may be so much higher than estimated. */
bool
effect_is_too_little(const EffectQuestion *q, const CdEffect *e, double level, double shortfall)
{
	double		half = (e->pooled || !(e->df > 0) ? CD_NORMAL_95 : gsl_cdf_tdist_Pinv(0.95, e->df)) * e->sd;

	return effect_to_units(q, cd_effect_limit(e->effect, -half, 0.9), level) > -q->smallest_effect
		&& effect_to_units(q, cd_effect_limit(e->effect, half, 0.9) + shortfall, level) < q->smallest_effect;
}

/*
 * effective or harmful: the interval leaves out 0, and below 0 what is allowed for as well.
 * no_effect: the 90 % interval lies within the smallest effect worth having, also if those who
 * were coached are as weak for good as they look.  Nothing is concluded about a team from other
 * teams alone.
 */
const char *
effect_conclusion(const EffectQuestion *q, const CdEffect *e, double level)
{
	if (e->status != CD_OK || isnan(e->low) || !e->own)
		return "cannot_tell";
	if (e->low > 0)
		return "effective";
	if (e->high + e->allowance < 0)
		return "harmful";
	return effect_is_too_little(q, e, level, effect_shortfall(q, e, level)) ? "no_effect" : "cannot_tell";
}

/* The panels of an array. */
Panel **
effect_panels(ArrayType *array, uint32 *count, int **places)
{
	Datum	   *elements;
	bool	   *missing;
	int			length;
	Panel	  **panels;

	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE, &elements, &missing, &length);
	panels = palloc(Max(length, 1) * sizeof(Panel *));
	*places = palloc(Max(length, 1) * sizeof(int));
	*count = 0;
	for (int i = 0; i < length; i++)
	{
		if (missing[i])
			continue;
		(*places)[*count] = i;
		panels[(*count)++] = unconstify(Panel *, panel_canonical(DatumGetPanelP(elements[i])));
	}
	return panels;
}

/* The names of the panels, from an array of as many as the panels were read from. */
static void
name_units(EffectRequest *r, ArrayType *array, ArrayType *panels)
{
	Datum	   *names;
	bool	   *missing;
	int			length;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &names, &missing, &length);
	if (length != ArrayGetNItems(ARR_NDIM(panels), ARR_DIMS(panels)))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("units and panels must be arrays of the same length"),
				 errhint("Build both with array_agg over the same rows.")));
	r->unit = palloc(Max(r->count, 1) * sizeof(Datum));
	r->unnamed = palloc(Max(r->count, 1) * sizeof(bool));
	for (uint32 t = 0; t < r->count; t++)
	{
		r->unit[t] = names[r->places[t]];
		r->unnamed[t] = missing[r->places[t]];
	}
}

EffectRequest
effect_request(FunctionCallInfo fcinfo)
{
	ArrayType  *panels = PG_GETARG_ARRAYTYPE_P(1);
	EffectRequest r;

	r.question = effect_question(fcinfo, 2);
	r.panels = effect_panels(panels, &r.count, &r.places);
	name_units(&r, PG_GETARG_ARRAYTYPE_P(0), panels);
	r.series = panel_series(r.panels, r.count, r.question.higher_is_better);
	return r;
}

void
effect_check_periods(const char *function, const PanelSeries *series)
{
	if (series->periods > CD_EFFECT_MOST_PERIODS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs %d periods at most, and these run from %s to %s", function, CD_EFFECT_MOST_PERIODS,
						cd_iso_date(panel_series_date(series, 0)), cd_iso_date(panel_series_date(series, series->periods - 1))),
				 errhint("Is a date wrong? coachdiag.period_range(panel, from_date, before_date) leaves periods out.")));
}

/* Estimate all teams together; paths (teams + 1 entries) when asked for. */
CdEffect *
effect_estimate(const char *function, const EffectQuestion *q, const PanelSeries *series, uint32 teams,
				CdEffectPath *paths, CdEffectCommon *common)
{
	CdEffect   *effects = palloc0(Max(teams, 1) * sizeof(CdEffect));
	CdArena		arena = {0};
	CdStatus	status;

	effect_check_periods(function, series);
	arena.size = cd_effect_size(series->count, teams, series->periods, paths != NULL);
	arena.base = palloc_extended(arena.size, MCXT_ALLOC_HUGE);
	status = cd_effect(series->rows, series->count, teams, &q->options, &arena, effects, common, paths);
	if (status != CD_TOO_FEW)	/* no row at all: each team says so */
		cd_ereport_status(status, function);
	pfree(arena.base);
	return effects;
}
