/*
 * staggered.c
 *		The effect of a first session by staggered adoption, over a panel: group and
 *		time, averages, and the test of earlier trends.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "panel/panel_dates.h"
#include "stats/staggered.h"

#define RESULT_COLUMNS 10
#define NORMAL_975 1.959963984540054
#define MOST_BYTES ((size_t) 4 << 30)
#define GROUP_TIME (CD_AGGREGATE_DYNAMIC + 1)

CD_FUNCTION(cd_staggered_effect);
CD_FUNCTION(cd_staggered_trend_test);

static const char *const controls[] = {"never", "not_yet"};
static const char *const bases[] = {"varying", "universal"};
static const char *const aggregations[] = {"simple", "group", "calendar", "dynamic", "group_time"};

/* The estimator's answer, and the dates that its times number. */
typedef struct Study
{
	CdStaggeredPanel panel;
	int32	   *date;			/* periods */
	CdStaggered fit;
	CdArena		arena;
	bool		possible;		/* someone starts after the first period, and has a control */
} Study;

/* Room for count items; a limit that users meet before the machine does. */
static void *
allocate(size_t count, size_t size)
{
	size_t		bytes = cd_arena_bytes(Max(count, 1), size);

	if (bytes > MOST_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the panel has too many agents and periods for this estimator"),
				 errhint("Use longer periods (weeks or months), or cut the panel with coachdiag.period_range.")));
	return palloc_extended(bytes, MCXT_ALLOC_HUGE);
}

static CdArena
make_arena(size_t bytes)
{
	return (CdArena) {.base = allocate(1, bytes), .size = bytes};
}

/* ---- from a panel to units and periods ---------------------------------------------------------- */

static bool
has_outcome(const PanelCell *cell)
{
	return cell->gap.n > 0 && cell->period != PANEL_NO_DATE;
}

/* Numbers of the agents that have an outcome; -1 for the others. */
static int32 *
number_units(const Panel *p, size_t *units)
{
	int32	   *unit = allocate(p->agents, sizeof(int32));

	for (uint32 a = 0; a < p->agents; a++)
		unit[a] = -1;
	*units = 0;
	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];

		if (has_outcome(cell) && unit[cell->agent] < 0)
			unit[cell->agent] = (int32) (*units)++;
	}
	return unit;
}

/* Take a cell's mean into the outcome of its agent's period. */
static void
add_outcome(const PanelCell *cell, double *mean, double *weight)
{
	double		x = cell->gap.mean + (panel_cell_has_target(cell) ? cell->target : 0);

	*weight += cell->gap.weight;
	if (isnan(*mean))
		*mean = x;
	else
		*mean += (x - *mean) * (cell->gap.weight / *weight);
}

/* Outcome and first session of every unit; p is canonical, so that the order of rows does not matter. */
static CdStaggeredPanel
make_units(const Panel *p, const int32 *dates, size_t periods)
{
	size_t		units;
	int32	   *unit = number_units(p, &units);
	size_t		size = cd_arena_bytes(units, periods);
	double	   *time = allocate(periods, sizeof(double));
	double	   *start = allocate(units, sizeof(double));
	double	   *outcome = allocate(size, sizeof(double));
	double	   *weight = allocate(size, sizeof(double));

	for (size_t t = 0; t < periods; t++)
		time[t] = (double) t;
	for (size_t i = 0; i < units; i++)
		start[i] = INFINITY;
	for (size_t i = 0; i < units * periods; i++)
	{
		outcome[i] = NAN;
		weight[i] = 0;
	}
	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];
		size_t		t;

		if (cell->period == PANEL_NO_DATE || unit[cell->agent] < 0)
			continue;
		t = (int32 *) bsearch(&cell->period, dates, periods, sizeof(int32), panel_compare_dates) - dates;
		if (cell->sessions > 0)
			start[unit[cell->agent]] = Min(start[unit[cell->agent]], (double) t);
		if (has_outcome(cell))
			add_outcome(cell, &outcome[unit[cell->agent] * periods + t], &weight[unit[cell->agent] * periods + t]);
	}
	pfree(weight);
	pfree(unit);
	return (CdStaggeredPanel) {.units = units, .periods = periods, .time = time, .start = start, .outcome = outcome};
}

/* ---- what is asked ------------------------------------------------------------------------------ */

/* The place of argument n among the names; NULL: the default. */
static int
get_choice(FunctionCallInfo fcinfo, int n, const char *what, const char *const *names, int count, int by_default)
{
	char	   *name;
	StringInfoData list;

	if (PG_ARGISNULL(n))
		return by_default;
	name = text_to_cstring(PG_GETARG_TEXT_PP(n));
	initStringInfo(&list);
	for (int i = 0; i < count; i++)
	{
		if (strcmp(name, names[i]) == 0)
			return i;
		appendStringInfo(&list, "%s%s", i == 0 ? "" : i == count - 1 ? " or " : ", ", names[i]);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown %s \"%s\"", what, name),
			 errhint("It is %s.", list.data)));
}

/* A number of periods, not negative; NULL: the default. */
static double
get_periods(FunctionCallInfo fcinfo, int n, const char *what, double by_default)
{
	if (PG_ARGISNULL(n))
		return by_default;
	if (PG_GETARG_INT32(n) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be negative", what),
				 errhint("It counts periods; 0 is the period of the first session.")));
	return PG_GETARG_INT32(n);
}

/* Arguments: panel, control, base, and at place n the anticipation.  The study must stay where it is. */
static void
get_study(FunctionCallInfo fcinfo, int n, Study *s)
{
	const Panel *p = panel_canonical(PG_GETARG_PANEL_P(0));
	CdStaggeredOptions options = {
		.control = get_choice(fcinfo, 1, "control", controls, lengthof(controls), CD_CONTROL_NOT_YET),
		.base = get_choice(fcinfo, 2, "base", bases, lengthof(bases), CD_BASE_VARYING),
		.anticipation = get_periods(fcinfo, n, "anticipation", 0)
	};
	uint32		periods;
	CdStatus	status;

	s->possible = false;
	s->date = panel_distinct_periods(p, &periods);
	s->panel = make_units(p, s->date, periods);
	if (s->panel.units == 0 || periods < 2)
		return;
	s->arena = make_arena(cd_staggered_size(&s->panel));
	status = cd_staggered(&s->panel, &options, &s->arena, &s->fit);
	s->possible = status == CD_OK;
	if (status != CD_TOO_FEW)
		cd_ereport_status(status, "staggered_effect");
}

/* ---- rows --------------------------------------------------------------------------------------- */

static void
set_period(const Study *s, Datum *values, bool *nulls, int column, double time)
{
	nulls[column] = false;
	values[column] = DateADTGetDatum(s->date[(size_t) time]);
}

static void
set_count(Datum *values, bool *nulls, int column, int64 count)
{
	nulls[column] = false;
	values[column] = Int32GetDatum((int32) count);
}

/* A row with its estimate; adoption, period, event_time, treated and control are still NULL. */
static void
start_row(const char *kind, double estimate, double se, Datum *values, bool *nulls)
{
	memset(nulls, true, RESULT_COLUMNS);
	nulls[0] = false;
	values[0] = CStringGetTextDatum(kind);
	cd_set_float8(values, nulls, 4, estimate);
	cd_set_float8(values, nulls, 5, se);
	cd_set_float8(values, nulls, 6, estimate - NORMAL_975 * se);
	cd_set_float8(values, nulls, 7, estimate + NORMAL_975 * se);
}

static void
put_group_times(const Study *s, ReturnSetInfo *result)
{
	for (size_t c = 0; c < s->fit.cells; c++)
	{
		const CdGroupTime *cell = &s->fit.cell[c];
		Datum		values[RESULT_COLUMNS] = {0};
		bool		nulls[RESULT_COLUMNS];

		start_row(aggregations[GROUP_TIME], cell->effect, cell->se, values, nulls);
		set_period(s, values, nulls, 1, cell->group);
		set_period(s, values, nulls, 2, cell->time);
		set_count(values, nulls, 3, (int64) (cell->time - cell->group));
		set_count(values, nulls, 8, cell->treated);
		set_count(values, nulls, 9, cell->control);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* One average: of a group, a period, or a time since the first session. */
static void
put_average(const Study *s, CdAggregation type, const CdAggregateRow *row, ReturnSetInfo *result)
{
	Datum		values[RESULT_COLUMNS] = {0};
	bool		nulls[RESULT_COLUMNS];

	start_row(aggregations[type], row->effect, row->se, values, nulls);
	if (type == CD_AGGREGATE_DYNAMIC)
		set_count(values, nulls, 3, (int64) row->key);
	else
		set_period(s, values, nulls, type == CD_AGGREGATE_GROUP ? 1 : 2, row->key);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
put_averages(const Study *s, CdAggregation type, double balance, ReturnSetInfo *result)
{
	CdAggregateOptions options = {.type = type, .balance = balance, .from = -INFINITY, .to = INFINITY};
	CdArena		arena = make_arena(cd_staggered_aggregate_size(&s->fit, type));
	CdAggregate all;
	CdStatus	status = cd_staggered_aggregate(&s->fit, &options, &arena, &all);
	Datum		values[RESULT_COLUMNS] = {0};
	bool		nulls[RESULT_COLUMNS];

	if (status == CD_TOO_FEW)
		return;
	cd_ereport_status(status, "staggered_effect");
	for (size_t r = 0; r < all.rows; r++)
		put_average(s, type, &all.row[r], result);
	start_row("overall", all.effect, all.se, values, nulls);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Arguments: panel, control, base, aggregation, anticipation, balance. */
Datum
cd_staggered_effect(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int			type = get_choice(fcinfo, 3, "aggregation", aggregations, lengthof(aggregations), CD_AGGREGATE_DYNAMIC);
	double		balance = get_periods(fcinfo, 5, "balance", NAN);
	Study		s;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	get_study(fcinfo, 4, &s);
	if (!s.possible)
		return (Datum) 0;
	if (type == GROUP_TIME)
		put_group_times(&s, result);
	else
		put_averages(&s, type, balance, result);
	return (Datum) 0;
}

/* Arguments: panel, control, base, anticipation. */
Datum
cd_staggered_trend_test(PG_FUNCTION_ARGS)
{
	double		chi_square = NAN;
	double		df = NAN;
	double		p = NAN;
	Datum		values[3];
	bool		nulls[3];
	Study		s;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	get_study(fcinfo, 3, &s);
	if (s.possible)
	{
		CdArena		arena = make_arena(cd_staggered_pretest_size(&s.fit));
		CdStatus	status = cd_staggered_pretest(&s.fit, &arena, &chi_square, &df, &p);

		if (status != CD_TOO_FEW)
			cd_ereport_status(status, "staggered_trend_test");
	}
	cd_set_float8(values, nulls, 0, chi_square);
	cd_set_float8(values, nulls, 1, df);
	cd_set_float8(values, nulls, 2, p);
	return HeapTupleGetDatum(heap_form_tuple(cd_result_type(fcinfo), values, nulls));
}
