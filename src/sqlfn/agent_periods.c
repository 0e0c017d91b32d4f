/*
 * agent_periods.c
 *		What the agents of a panel did, by period.
 */
#include "sqlfn/agent_rows.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/date.h"

CD_FUNCTION(cd_agent_periods);

/* One period of an agent, contact types and coaches together, in metric units. */
typedef struct Period
{
	int32		date;
	double		weight;
	double		total;
	double		targeted;		/* weight of what has a target */
	double		over_total;
	double		sessions;
} Period;

static void
add_to_period(Period *period, const PanelCell *cell, CdScale scale)
{
	double		value = panel_cell_value(cell);
	double		target = cell->target;

	period->sessions += cell->sessions;
	if (cell->gap.n == 0)
		return;
	if (scale == CD_SCALE_LOG)
	{
		value = exp(value);
		target = exp(target);
	}
	period->weight += cell->gap.weight;
	period->total += cell->gap.weight * value;
	if (!panel_cell_has_target(cell))
		return;
	period->targeted += cell->gap.weight;
	period->over_total += cell->gap.weight * (value - target);
}

/* Periods of the cells from .. to - 1, one agent's; returns how many. */
static int
gather_periods(const Panel *p, uint32 from, uint32 to, CdScale scale, Period *out)
{
	int			count = 0;

	for (uint32 i = from; i < to; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];

		if (cell->period == PANEL_NO_DATE)
			continue;
		if (count == 0 || out[count - 1].date != cell->period)
			out[count++] = (Period) {.date = cell->period};
		add_to_period(&out[count - 1], cell, scale);
	}
	return count;
}

/* Sums over periods: weight, total, periods measured, weight and total over target of those that have one, sessions. */
static void
put_sums(CdRow *row, const Period *period, int count)
{
	double		sum[5] = {0};
	int			measured = 0;

	for (int i = 0; i < count; i++)
	{
		const Period *at = &period[i];

		measured += at->weight > 0;
		sum[0] += at->weight;
		sum[1] += at->total;
		sum[2] += at->targeted > 0 ? at->weight : 0;
		sum[3] += at->targeted > 0 ? at->weight * (at->over_total / at->targeted) : 0;
		sum[4] += at->sessions;
	}
	cd_put_count(row, measured);
	for (int k = 0; k < (int) lengthof(sum); k++)
		cd_put_number(row, sum[k]);
}

static void
put_periods(CdAgentRows *out, int32 agent, const Period *period, int count)
{
	enum
	{
		WEIGHT,
		VALUE,
		OVER_TARGET,
		SESSIONS,
		NUMBERS
	};
	CdRow		row = cd_start_agent_row(out, agent);
	Datum	   *date = palloc(count * sizeof(Datum));
	double	   *number = palloc(NUMBERS * count * sizeof(double));

	for (int i = 0; i < count; i++)
	{
		const Period *at = &period[i];

		date[i] = DateADTGetDatum(at->date);
		number[WEIGHT * count + i] = at->weight;
		number[VALUE * count + i] = at->weight > 0 ? at->total / at->weight : NAN;
		number[OVER_TARGET * count + i] = at->targeted > 0 ? at->over_total / at->targeted : NAN;
		number[SESSIONS * count + i] = at->sessions;
	}
	cd_put(&row, PointerGetDatum(construct_array(date, count, DATEOID, sizeof(DateADT), true, TYPALIGN_INT)), true);
	for (int k = 0; k < NUMBERS; k++)
		cd_put_numbers(&row, number + k * count, count);
	put_sums(&row, period, count);
	cd_end_agent_row(out, &row);
}

/* panel, scale */
Datum
cd_agent_periods(PG_FUNCTION_ARGS)
{
	const Panel *p;
	CdScale		scale;
	CdAgentRows out;
	Period	   *period;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	p = panel_canonical(PG_GETARG_PANEL_P(0));
	scale = cd_get_scale(fcinfo, 1);
	out = cd_start_agent_rows(fcinfo, p);
	period = palloc_extended(Max(p->cells, 1) * sizeof(Period), MCXT_ALLOC_HUGE);
	for (uint32 from = 0, to; from < p->cells; from = to)
	{
		int			count;

		to = cd_agent_end(p, from);
		count = gather_periods(p, from, to, scale, period);
		if (count > 0)
			put_periods(&out, panel_cells(p)[from].agent, period, count);
	}
	return (Datum) 0;
}
