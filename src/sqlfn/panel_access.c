/*
 * panel_access.c
 *		Looking into a panel, and cutting a part out of it.
 */
#include "sqlfn/agent_rows.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/tuplestore.h"

#include "panel/panel_dates.h"
#include "panel/panel_series.h"

CD_FUNCTION(cd_panel_agents);
CD_FUNCTION(cd_panel_periods);
CD_FUNCTION(cd_panel_observations);
CD_FUNCTION(cd_panel_first_period);
CD_FUNCTION(cd_panel_last_period);
CD_FUNCTION(cd_panel_contact_types);
CD_FUNCTION(cd_panel_memory_size);
CD_FUNCTION(cd_panel_cells);
CD_FUNCTION(cd_panel_period_range);
CD_FUNCTION(cd_panel_contact_type);
CD_FUNCTION(cd_panel_tenure_range);
CD_FUNCTION(cd_panel_without_mix);

Datum
cd_panel_agents(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(PG_GETARG_PANEL_P(0)->agents);
}

Datum
cd_panel_periods(PG_FUNCTION_ARGS)
{
	uint32		count;

	panel_distinct_periods(PG_GETARG_PANEL_P(0), &count);
	PG_RETURN_INT32(count);
}

Datum
cd_panel_first_period(PG_FUNCTION_ARGS)
{
	uint32		count;
	int32	   *dates = panel_distinct_periods(PG_GETARG_PANEL_P(0), &count);

	if (count == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(dates[0]);
}

Datum
cd_panel_last_period(PG_FUNCTION_ARGS)
{
	uint32		count;
	int32	   *dates = panel_distinct_periods(PG_GETARG_PANEL_P(0), &count);

	if (count == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(dates[count - 1]);
}

Datum
cd_panel_observations(PG_FUNCTION_ARGS)
{
	const Panel *p = PG_GETARG_PANEL_P(0);
	double		n = 0;

	for (uint32 i = 0; i < p->cells; i++)
		n += panel_cells(p)[i].gap.n;
	if (!FLOAT8_FITS_IN_INT64(n))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the panel counts more observations than a bigint holds"),
				 errhint("No table has so many rows; look where the panel comes from.")));
	PG_RETURN_INT64((int64) n);
}

Datum
cd_panel_memory_size(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(VARSIZE(PG_GETARG_PANEL_P(0)));
}

static Datum
text_datum(PanelString s)
{
	return PointerGetDatum(cstring_to_text_with_len(s.data, s.length));
}

Datum
cd_panel_contact_types(PG_FUNCTION_ARGS)
{
	const Panel *p = PG_GETARG_PANEL_P(0);
	bool	   *used = palloc0(Max(p->labels, 1) * sizeof(bool));
	Datum	   *types = palloc(Max(p->labels, 1) * sizeof(Datum));
	int			count = 0;

	for (uint32 i = 0; i < p->cells; i++)
		if (panel_cells(p)[i].contact_type != PANEL_NO_LABEL)
			used[panel_cells(p)[i].contact_type] = true;
	for (uint32 i = 0; i < p->labels; i++)
		if (used[i])
			types[count++] = text_datum(panel_label(p, i));
	PG_RETURN_ARRAYTYPE_P(construct_array(types, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* A cell as a row; a cell without observations has NULL mean. */
static void
put_cell(ReturnSetInfo *result, const Panel *p, const PanelCell *cell)
{
	CdRow		row = {0};
	int32		hired_on = panel_agents(p)[cell->agent].hired_on;

	cd_put_agent(&row, p, cell->agent);
	cd_put_date(&row, cell->period, cell->period != PANEL_NO_DATE);
	cd_put_label(&row, p, cell->contact_type);
	cd_put_label(&row, p, cell->coach);
	cd_put(&row, Int64GetDatum((int64) cell->gap.n), true);
	cd_put_number(&row, cell->gap.weight);
	cd_put_number(&row, cell->gap.n == 0 ? NAN : panel_cell_value(cell));
	cd_put_number(&row, cell->gap.m2);
	cd_put_number(&row, cell->target);
	cd_put_number(&row, cell->sessions);
	cd_put_number(&row, cell->minutes);
	cd_put_date(&row, hired_on, hired_on != PANEL_NO_DATE);
	cd_store_row(result, &row);
}

Datum
cd_panel_cells(PG_FUNCTION_ARGS)
{
	const Panel *p = panel_canonical(PG_GETARG_PANEL_P(0));
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext row = AllocSetContextCreate(CurrentMemoryContext, "panel cell", ALLOCSET_SMALL_SIZES);
	MemoryContext old;

	InitMaterializedSRF(fcinfo, 0);
	old = MemoryContextSwitchTo(row);
	for (uint32 i = 0; i < p->cells; i++)
	{
		CHECK_FOR_INTERRUPTS();
		put_cell(result, p, &panel_cells(p)[i]);
		MemoryContextReset(row);
	}
	MemoryContextSwitchTo(old);
	return (Datum) 0;
}

/* Half-open range; an end that is missing is open. */
typedef struct Range
{
	int64		from;
	int64		before;
} Range;

static bool
in_range(const Range *range, int64 x)
{
	return x >= range->from && x < range->before;
}

static bool
period_in_range(const Panel *p, const PanelCell *cell, const void *arg)
{
	return cell->period != PANEL_NO_DATE && in_range(arg, cell->period);
}

/* Tenure in days at the start of the period; unknown tenure is in no range. */
static bool
tenure_in_range(const Panel *p, const PanelCell *cell, const void *arg)
{
	int32		hired_on = panel_agents(p)[cell->agent].hired_on;

	return cell->period != PANEL_NO_DATE && hired_on != PANEL_NO_DATE &&
		in_range(arg, (int64) cell->period - hired_on);
}

static bool
is_contact_type(const Panel *p, const PanelCell *cell, const void *arg)
{
	return cell->contact_type == *(const int32 *) arg;
}

Datum
cd_panel_period_range(PG_FUNCTION_ARGS)
{
	Range		range = {PG_INT64_MIN, PG_INT64_MAX};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(1))
		range.from = PG_GETARG_DATEADT(1);
	if (!PG_ARGISNULL(2))
		range.before = PG_GETARG_DATEADT(2);
	PG_RETURN_PANEL_P(panel_select(PG_GETARG_PANEL_P(0), period_in_range, &range));
}

Datum
cd_panel_tenure_range(PG_FUNCTION_ARGS)
{
	Range		range = {PG_INT64_MIN, PG_INT64_MAX};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(1))
		range.from = PG_GETARG_INT32(1);
	if (!PG_ARGISNULL(2))
		range.before = PG_GETARG_INT32(2);
	PG_RETURN_PANEL_P(panel_select(PG_GETARG_PANEL_P(0), tenure_in_range, &range));
}

/* The number of a label in a panel, or one that no cell has. */
static int32
find_label(const Panel *p, PanelString s)
{
	for (uint32 i = 0; i < p->labels; i++)
		if (panel_compare_text(panel_label(p, i), s) == 0)
			return i;
	return PG_INT32_MAX;
}

Datum
cd_panel_contact_type(PG_FUNCTION_ARGS)
{
	const Panel *p;
	int32		label = PANEL_NO_LABEL;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	p = PG_GETARG_PANEL_P(0);
	if (!PG_ARGISNULL(1))
	{
		text	   *t = PG_GETARG_TEXT_PP(1);
		PanelString s = {VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t)};

		label = find_label(p, s);
	}
	PG_RETURN_PANEL_P(panel_select(p, is_contact_type, &label));
}

Datum
cd_panel_without_mix(PG_FUNCTION_ARGS)
{
	PG_RETURN_PANEL_P(panel_without_mix(PG_GETARG_PANEL_P(0)));
}
