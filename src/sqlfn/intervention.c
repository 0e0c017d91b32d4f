/*
 * intervention.c
 *		What a change of process did: over rows (aggregate), over one panel and its
 *		controls, and over the panels of all teams of a metric.
 */
#include "sqlfn/row.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/string.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "panel/panel_build.h"
#include "panel/panel_dates.h"
#include "panel/panel_series.h"
#include "sqlfn/intervention_words.h"
#include "sqlfn/panel_agg.h"
#include "stats/intervention.h"

CD_FUNCTION(cd_intervention_accum_bigint);
CD_FUNCTION(cd_intervention_accum_text);
CD_FUNCTION(cd_intervention_final);
CD_FUNCTION(cd_intervention_effect_panel);
CD_FUNCTION(cd_intervention_effect_panels);

#define WINDOW 26
#define WINDOW_MOST 260
#define TARGET_PERIODS 4		/* either side, in which a changed target is noticed */

/* Places in the full row of coachdiag.panel, state first. */
#define PANEL_ARGS 11
#define ARG_PERIOD 4
#define ARG_WEIGHT 5
#define ARG_COACH 9

typedef struct Question
{
	bool		higher_is_better;
	CdScale		scale;
	double		smallest_effect;	/* metric units; NaN: none given */
	int32		started_on;
	CdInterventionOptions options;
} Question;

/* The teams of a metric, and the answers. */
typedef struct Study
{
	Question	question;
	Panel	  **panels;
	bool	   *touched;
	uint32		count;
	PanelSeries series;
	CdIntervention *result;		/* count + 1 */
	bool	   *retargeted;		/* the same; whether targets changed at that date */
} Study;

/* ---- rows: the date travels where a panel keeps the coach, who is not asked for here ------------- */

/* Arguments: those of coachdiag.panel in any of its forms, and the date last. */
static Datum
accumulate(FunctionCallInfo fcinfo, PGFunction panel_accum)
{
	LOCAL_FCINFO(inner, PANEL_ARGS);
	int			last = PG_NARGS() - 1;
	char		date[16];
	Datum		state;

	cd_require_aggregate(fcinfo, "intervention_accum");
	if (PG_ARGISNULL(last) || PG_ARGISNULL(ARG_PERIOD))
		return cd_unchanged_state(fcinfo);
	if (!panel_valid_date(PG_GETARG_DATEADT(last)))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("started_on must be a date of the years 1 to 9999"),
				 errhint("Give the day on which the change began, the same for all rows of a group.")));
	InitFunctionCallInfoData(*inner, fcinfo->flinfo, PANEL_ARGS, fcinfo->fncollation, fcinfo->context, NULL);
	for (int i = 0; i < PANEL_ARGS; i++)
		inner->args[i] = i < last ? fcinfo->args[i] : (NullableDatum) {0, true};
	if (last <= ARG_WEIGHT)
		inner->args[ARG_WEIGHT] = (NullableDatum) {Float8GetDatum(1), false};
	snprintf(date, sizeof(date), "%d", PG_GETARG_DATEADT(last));
	inner->args[ARG_COACH] = (NullableDatum) {PointerGetDatum(cstring_to_text(date)), false};
	state = panel_accum(inner);
	fcinfo->isnull = inner->isnull;
	return state;
}

Datum
cd_intervention_accum_bigint(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, cd_panel_accum_bigint);
}

Datum
cd_intervention_accum_text(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, cd_panel_accum_text);
}

/* The date in an aggregate's state. */
static int32
date_of_state(const Panel *p)
{
	int32		label = p->cells > 0 ? panel_cells(p)[0].coach : PANEL_NO_LABEL;
	PanelString s = panel_label(p, label);
	char	   *end = NULL;
	int32		date = s.length == 0 ? 0 : strtoint(pnstrdup(s.data, s.length), &end, 10);

	if (s.length == 0 || *end != '\0' || !panel_valid_date(date))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this panel is no state of coachdiag.intervention_effect"),
				 errhint("For a panel call coachdiag.intervention_effect(panel, started_on).")));
	for (uint32 i = 1; i < p->cells; i++)
		if (panel_cells(p)[i].coach != label)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("started_on differs between the rows of a group"),
					 errhint("Group by intervention, so that each group has one date.")));
	return date;
}

/* ---- what is asked ------------------------------------------------------------------------------ */

static int32
get_window(FunctionCallInfo fcinfo, int n, const char *name, int32 least)
{
	int32		periods = PG_ARGISNULL(n) ? WINDOW : PG_GETARG_INT32(n);

	if (periods < least || periods > WINDOW_MOST)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be between %d and %d periods", name, least, WINDOW_MOST),
				 errhint("The default of %d weeks looks at half a year.", WINDOW)));
	return periods;
}

static Question
make_question(int32 started_on)
{
	return (Question) {
		.higher_is_better = true, .scale = CD_SCALE_IDENTITY, .smallest_effect = NAN, .started_on = started_on,
		.options = {.before = WINDOW, .after = WINDOW, .level = 0.95}
	};
}

/* started_on at place n; higher_is_better, scale, smallest_effect, before, after at places m to m + 4. */
static Question
get_question(FunctionCallInfo fcinfo, int n, int m)
{
	Question	q;

	if (!panel_valid_date(PG_GETARG_DATEADT(n)))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("started_on must be a date of the years 1 to 9999"),
				 errhint("Give the day on which the change began.")));
	q = make_question(PG_GETARG_DATEADT(n));
	q.higher_is_better = PG_ARGISNULL(m) || PG_GETARG_BOOL(m);
	q.scale = cd_get_scale(fcinfo, m + 1);
	q.smallest_effect = cd_get_number(fcinfo, m + 2, "smallest_effect", false);
	q.options.before = get_window(fcinfo, m + 3, "before", CD_INTERVENTION_LEAST_BEFORE);
	q.options.after = get_window(fcinfo, m + 4, "after", CD_INTERVENTION_LEAST_ALONE);
	return q;
}

/* Number of the period that a date lies in; negative before the first. */
static int32
period_of(const PanelSeries *series, int32 date)
{
	int32		days = date - series->first;

	if (series->by_month)
		return panel_month_number(date) - panel_month_number(series->first);
	return days >= 0 ? days / 7 : -((6 - days) / 7);
}

/* A period in which the change began on a later day than its first is neither before nor after. */
static void
place_start(Study *s)
{
	CdInterventionOptions *options = &s->question.options;
	int32		date = s->question.started_on;

	options->before_to = options->after_from = 0;
	if (s->series.count == 0)
		return;
	options->before_to = options->after_from = period_of(&s->series, date);
	if (options->before_to >= 0 && panel_series_date(&s->series, options->before_to) != date)
		options->after_from++;
}

/* ---- targets that changed at the same time ------------------------------------------------------- */

/* Number of a cell's period from the start on: negative before it; TARGET_PERIODS and more: far from it. */
static int32
periods_from_start(const Study *s, int32 period)
{
	int32		number = period_of(&s->series, period);

	if (number < s->question.options.before_to)
		return Max(number - s->question.options.before_to, -TARGET_PERIODS - 1);
	if (number < s->question.options.after_from)
		return TARGET_PERIODS;
	return Min(number - s->question.options.after_from, TARGET_PERIODS);
}

/* Targets of one agent and contact type just before and just after; how many of those that have both differ. */
typedef struct Targets
{
	double	   *before;			/* by label, no type first */
	double	   *after;
	uint32		compared;
	uint32		changed;
} Targets;

static void
compare_targets(Targets *t, uint32 labels)
{
	for (uint32 i = 0; i <= labels; i++)
	{
		if (!isnan(t->before[i]) && !isnan(t->after[i]))
		{
			t->compared++;
			t->changed += fabs(t->after[i] - t->before[i]) > 1e-9 * fabs(t->before[i]);
		}
		t->before[i] = t->after[i] = NAN;
	}
}

/* Whether most targets of the panel changed; cells come by agent and period. */
static bool
targets_changed(const Study *s, const Panel *p)
{
	size_t		room = (p->labels + 1) * sizeof(double);
	Targets		t = {.before = palloc(room), .after = palloc(room)};

	for (uint32 i = 0; i <= p->labels; i++)
		t.before[i] = t.after[i] = NAN;
	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];
		int32		from;

		if (i > 0 && cell->agent != cell[-1].agent)
			compare_targets(&t, p->labels);
		if (cell->period == PANEL_NO_DATE || !panel_cell_has_target(cell))
			continue;
		from = periods_from_start(s, cell->period);
		if (from >= -TARGET_PERIODS && from < 0)
			t.before[cell->contact_type + 1] = cell->target;
		else if (from >= 0 && from < TARGET_PERIODS && isnan(t.after[cell->contact_type + 1]))
			t.after[cell->contact_type + 1] = cell->target;
	}
	compare_targets(&t, p->labels);
	return 2 * t.changed > t.compared;
}

/* A change of all targets alike, of teams that were not touched as well, is no rival. */
static void
look_at_targets(Study *s)
{
	uint32		others = 0;
	uint32		changed = 0;
	bool		any = false;

	s->retargeted = palloc0((s->count + 1) * sizeof(bool));
	for (uint32 t = 0; t < s->count; t++)
	{
		CHECK_FOR_INTERRUPTS();
		s->retargeted[t] = targets_changed(s, s->panels[t]);
		any = any || (s->touched[t] && s->retargeted[t]);
		others += !s->touched[t];
		changed += !s->touched[t] && s->retargeted[t];
	}
	s->retargeted[s->count] = any;
	if (others > 0 && 2 * changed > others)
		memset(s->retargeted, false, (s->count + 1) * sizeof(bool));
}

/* ---- the answer --------------------------------------------------------------------------------- */

/* The mean before in metric units; of logarithms that of what they are logarithms of, which the whole panels tell. */
static double
level_before(const Study *s, uint32 unit)
{
	const Question *q = &s->question;
	double		value = (q->higher_is_better ? 1 : -1) * s->result[unit].before;

	if (q->scale != CD_SCALE_LOG)
		return value;
	if (unit == s->count)
		return exp(value + panel_series_above(&s->series, s->count, s->touched));
	return exp(value + s->series.team[unit].mean - s->series.team[unit].middle);
}

/* A change on the estimator's scale, where up is better, in metric units. */
static double
to_units(const Question *q, double change, double before)
{
	double		sign = q->higher_is_better ? 1 : -1;

	return q->scale == CD_SCALE_LOG ? sign * before * expm1(sign * change) : change;
}

/* The columns of coachdiag.intervention_effect_result but for the first, unit. */
static void
fill_result(const Study *s, uint32 unit, CdRow *row)
{
	const Question *q = &s->question;
	const CdIntervention *e = &s->result[unit];
	double		before = level_before(s, unit);
	const CdInterventionStory story = {
		.effect = e, .high = to_units(q, e->high, before), .series = &s->series, .started_on = q->started_on,
		.smallest_effect = q->smallest_effect, .retargeted = s->retargeted[unit]
	};
	const char *reason;
	const double changes[] = {e->level, e->level_low, e->level_high, e->slope, e->slope_low, e->slope_high};

	cd_put_number(row, to_units(q, e->improvement, before));
	cd_put_number(row, to_units(q, e->low, before));
	cd_put_number(row, story.high);
	cd_put_number(row, e->p);
	cd_put_count(row, e->periods_to_80);
	cd_put_number(row, e->share);
	cd_put_number(row, e->share_low);
	cd_put_number(row, e->share_high);
	cd_put_number(row, e->variation_ratio);
	cd_put_number(row, e->variation_p);
	cd_put_text(row, cd_intervention_signature(&story, &reason));
	cd_put_text(row, cd_recurrence_name(e));
	cd_put_text(row, reason);
	cd_put_number(row, e->placebo_p);
	cd_put_count(row, e->agents);
	cd_put_count(row, e->periods_before);
	cd_put_count(row, e->periods_after);
	cd_put_count(row, e->controls);
	cd_put_text(row, cd_comparison_name(e->comparison));
	cd_put_number(row, before);
	for (int i = 0; i < (int) lengthof(changes); i++)
		cd_put_number(row, to_units(q, changes[i], before));
	cd_put_number(row, e->autocorrelation);
	cd_put_number(row, e->sessions_before);
	cd_put_number(row, e->sessions_after);
	cd_put_number(row, e->placebos);
}

/* Estimate. */
static void
run(Study *s)
{
	CdArena		arena = {0};

	s->series = panel_series(s->panels, s->count, s->question.higher_is_better);
	s->result = palloc0((s->count + 1) * sizeof(CdIntervention));
	place_start(s);
	look_at_targets(s);
	arena.size = cd_intervention_size(s->series.count, s->count, &s->question.options);
	arena.base = palloc_extended(Max(arena.size, 1), MCXT_ALLOC_HUGE);
	cd_ereport_status(cd_intervention(s->series.rows, s->series.count, s->count, s->touched, &s->question.options,
									  &arena, s->result), "intervention_effect");
	pfree(arena.base);
}

static Panel *
canonical(const Panel *p)
{
	return unconstify(Panel *, panel_canonical(p));
}

/* The panels of an array argument behind those there are already; NULLs are left out. */
static void
append_panels(Study *s, ArrayType *array)
{
	Datum	   *elements;
	bool	   *missing;
	int			length;

	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE, &elements, &missing, &length);
	s->panels = s->panels == NULL ? palloc((length + 1) * sizeof(Panel *))
		: repalloc(s->panels, (s->count + length + 1) * sizeof(Panel *));
	for (int i = 0; i < length; i++)
		if (!missing[i])
			s->panels[s->count++] = canonical(DatumGetPanelP(elements[i]));
}

static Datum
one_row(FunctionCallInfo fcinfo, Study *s)
{
	CdRow		row = {0};

	s->touched = palloc0(s->count * sizeof(bool));
	s->touched[0] = true;
	run(s);
	cd_put_text(&row, NULL);
	fill_result(s, 0, &row);
	return cd_row_datum(fcinfo, &row);
}

Datum
cd_intervention_final(PG_FUNCTION_ARGS)
{
	Study		s = {0};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	s.panels = palloc(sizeof(Panel *));
	s.panels[s.count++] = canonical(PG_GETARG_PANEL_P(0));
	s.question = make_question(date_of_state(s.panels[0]));
	return one_row(fcinfo, &s);
}

/* Arguments: panel, started_on, controls, higher_is_better, scale, smallest_effect, before, after. */
Datum
cd_intervention_effect_panel(PG_FUNCTION_ARGS)
{
	Study		s = {0};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	s.question = get_question(fcinfo, 1, 3);
	s.panels = palloc(sizeof(Panel *));
	s.panels[s.count++] = canonical(PG_GETARG_PANEL_P(0));
	if (!PG_ARGISNULL(2))
		append_panels(&s, PG_GETARG_ARRAYTYPE_P(2));
	return one_row(fcinfo, &s);
}

static Datum *
get_column(ArrayType *array, Oid type, int length, bool by_value, char align, bool **missing, int *count)
{
	Datum	   *elements;

	deconstruct_array(array, type, length, by_value, align, &elements, missing, count);
	return elements;
}

/* Arguments: units, panels, touched, started_on, higher_is_better, scale, smallest_effect, before, after. */
Datum
cd_intervention_effect_panels(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Study		s = {0};
	Datum	   *units;
	Datum	   *panels;
	Datum	   *touched;
	bool	   *unnamed;
	bool	   *missing;
	bool	   *unknown;
	int			counts[3];

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < 4; i++)
		if (PG_ARGISNULL(i))
			return (Datum) 0;
	s.question = get_question(fcinfo, 3, 4);
	units = get_column(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT, &unnamed, &counts[0]);
	panels = get_column(PG_GETARG_ARRAYTYPE_P(1), ARR_ELEMTYPE(PG_GETARG_ARRAYTYPE_P(1)), -1, false, TYPALIGN_DOUBLE,
						&missing, &counts[1]);
	touched = get_column(PG_GETARG_ARRAYTYPE_P(2), BOOLOID, 1, true, TYPALIGN_CHAR, &unknown, &counts[2]);
	if (counts[0] != counts[1] || counts[0] != counts[2])
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("units, panels and touched must be arrays of the same length"),
				 errhint("Build them with array_agg over the same rows.")));
	s.panels = palloc(Max(counts[0], 1) * sizeof(Panel *));
	s.touched = palloc(Max(counts[0], 1) * sizeof(bool));
	for (int i = 0; i < counts[0]; i++)
	{
		if (missing[i] || unknown[i])
			continue;
		s.touched[s.count] = DatumGetBool(touched[i]);
		units[s.count] = units[i];
		unnamed[s.count] = unnamed[i];
		s.panels[s.count++] = canonical(DatumGetPanelP(panels[i]));
	}
	run(&s);
	for (uint32 t = 0; t <= s.count; t++)
	{
		CdRow		row = {0};

		if (t < s.count && !s.touched[t])
			continue;
		if (t == s.count)
			cd_put_text(&row, NULL);
		else
			cd_put(&row, units[t], !unnamed[t]);
		fill_result(&s, t, &row);
		cd_store_row(result, &row);
	}
	return (Datum) 0;
}
