/*
 * staggered.c
 *		The effect of a first session by staggered adoption, over a panel: group and
 *		time, averages, and the test of earlier trends.
 */
#include "sqlfn/row.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"

#include "panel/panel_dates.h"
#include "stats/solve.h"
#include "stats/staggered.h"

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
	double		x = panel_cell_value(cell);

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
put_period(CdRow *row, const Study *s, double time)
{
	cd_put_date(row, isnan(time) ? 0 : s->date[(size_t) time], !isnan(time));
}

/* A row as far as its interval; NaN for what it isn't about. */
static CdRow
start_row(const Study *s, const char *kind, double group, double time, double since, double estimate, double se)
{
	CdRow		row = {0};

	cd_put_text(&row, kind);
	put_period(&row, s, group);
	put_period(&row, s, time);
	cd_put_count(&row, since);
	cd_put_number(&row, estimate);
	cd_put_number(&row, se);
	cd_put_number(&row, estimate - CD_NORMAL_975 * se);
	cd_put_number(&row, estimate + CD_NORMAL_975 * se);
	return row;
}

static void
put_group_times(const Study *s, ReturnSetInfo *result)
{
	for (size_t c = 0; c < s->fit.cells; c++)
	{
		const CdGroupTime *cell = &s->fit.cell[c];
		CdRow		row = start_row(s, aggregations[GROUP_TIME], cell->group, cell->time, cell->time - cell->group,
									cell->effect, cell->se);

		cd_put_count(&row, (double) cell->treated);
		cd_put_count(&row, (double) cell->control);
		cd_store_row(result, &row);
	}
}

/* One average: of a group, a period, or a time since the first session; key NaN: of all. */
static void
put_average(const Study *s, const char *kind, CdAggregation type, double key, double effect, double se,
			ReturnSetInfo *result)
{
	bool		by_group = type == CD_AGGREGATE_GROUP;
	bool		by_time = type == CD_AGGREGATE_DYNAMIC;
	CdRow		row = start_row(s, kind, by_group ? key : NAN, by_group || by_time ? NAN : key, by_time ? key : NAN,
								effect, se);

	cd_put_count(&row, NAN);
	cd_put_count(&row, NAN);
	cd_store_row(result, &row);
}

static void
put_averages(const Study *s, CdAggregation type, double balance, ReturnSetInfo *result)
{
	CdAggregateOptions options = {.type = type, .balance = balance, .from = -INFINITY, .to = INFINITY};
	CdArena		arena = make_arena(cd_staggered_aggregate_size(&s->fit, type));
	CdAggregate all;
	CdStatus	status = cd_staggered_aggregate(&s->fit, &options, &arena, &all);

	if (status == CD_TOO_FEW)
		return;
	cd_ereport_status(status, "staggered_effect");
	for (size_t r = 0; r < all.rows; r++)
		put_average(s, aggregations[type], type, all.row[r].key, all.row[r].effect, all.row[r].se, result);
	put_average(s, "overall", type, NAN, all.effect, all.se, result);
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
	CdRow		row = {0};
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
	cd_put_number(&row, chi_square);
	cd_put_number(&row, df);
	cd_put_number(&row, p);
	return cd_row_datum(fcinfo, &row);
}
