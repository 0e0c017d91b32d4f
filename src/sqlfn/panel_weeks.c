/*
 * panel_weeks.c
 *		The days of a panel gathered into weeks.
 */
#include "sqlfn/sqlfn.h"

#include "panel/panel.h"

CD_FUNCTION(cd_panel_weeks);

#define A_MONDAY 2				/* 2000-01-03 */

/* The Monday on or before a date. */
static int32
monday_of(int32 date)
{
	int32		weekday = (date - A_MONDAY) % 7;

	return date - (weekday < 0 ? weekday + 7 : weekday);
}

Datum
cd_panel_weeks(PG_FUNCTION_ARGS)
{
	Panel	   *days = panel_select(PG_GETARG_PANEL_P(0), NULL, NULL);

	for (uint32 i = 0; i < days->cells; i++)
		if (panel_cells(days)[i].period != PANEL_NO_DATE)
			panel_cells(days)[i].period = monday_of(panel_cells(days)[i].period);
	/* Several cells now have the same key: merging makes them one. */
	PG_RETURN_PANEL_P(panel_select(panel_merge(panel_create(days->agent_kind), days), NULL, NULL));
}
