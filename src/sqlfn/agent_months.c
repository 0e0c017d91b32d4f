/*
 * agent_months.c
 *		What the agents of a panel did, by month.
 */
#include "sqlfn/agent_rows.h"

#include <math.h>

#include "miscadmin.h"

#include "panel/panel_dates.h"
#include "panel/panel_series.h"

CD_FUNCTION(cd_agent_months);

typedef struct Month
{
	int32		number;
	double		weight;
	double		total;
	double		gap_total;
	int64		periods;
	int32		first;
	int32		last;
} Month;

static bool
has_targets(const Panel *p)
{
	for (uint32 i = 0; i < p->cells; i++)
		if (panel_cells(p)[i].gap.weight > 0 && panel_cell_has_target(&panel_cells(p)[i]))
			return true;
	return false;
}

static void
add_to_month(Month *month, const PanelCell *cell)
{
	if (month->periods == 0 || month->last != cell->period)
		month->periods++;
	month->last = cell->period;
	month->weight += cell->gap.weight;
	month->total += cell->gap.weight * panel_cell_value(cell);
	month->gap_total += cell->gap.weight * cell->gap.mean;
}

static void
put_month(CdAgentRows *out, int32 agent, const Month *month, const double *level)
{
	CdRow		row = cd_start_agent_row(out, agent);

	cd_put_date(&row, panel_first_of_month(month->number), true);
	cd_put_number(&row, month->gap_total / month->weight);
	cd_put_number(&row, month->total / month->weight);
	cd_put_number(&row, month->weight);
	cd_put(&row, Int64GetDatum(month->periods), true);
	cd_put_date(&row, month->first, true);
	cd_put_date(&row, month->last, true);
	cd_put_number(&row, level == NULL ? NAN : exp(level[agent]));
	cd_end_agent_row(out, &row);
}

/* panel, scale */
Datum
cd_agent_months(PG_FUNCTION_ARGS)
{
	const Panel *p;
	CdAgentRows out;
	bool		targets;
	double	   *level;
	Month		month = {0};
	int32		agent = -1;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	p = panel_without_mix(PG_GETARG_PANEL_P(0));
	out = cd_start_agent_rows(fcinfo, p);
	targets = has_targets(p);
	level = cd_get_scale(fcinfo, 1) == CD_SCALE_LOG ? panel_agent_levels(p) : NULL;
	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];

		CHECK_FOR_INTERRUPTS();
		if (!(cell->gap.weight > 0) || cell->period == PANEL_NO_DATE || (targets && !panel_cell_has_target(cell)))
			continue;
		if (cell->agent != agent || panel_month_number(cell->period) != month.number)
		{
			if (agent >= 0)
				put_month(&out, agent, &month, level);
			agent = cell->agent;
			month = (Month) {.number = panel_month_number(cell->period), .first = cell->period};
		}
		add_to_month(&month, cell);
	}
	if (agent >= 0)
		put_month(&out, agent, &month, level);
	return (Datum) 0;
}
