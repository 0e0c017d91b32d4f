/*
 * agent_gaps.c
 *		Gaps of the agents of a panel: on the whole, and against their team mates.
 */
#include "sqlfn/agent_rows.h"

#include <math.h>

#include "panel/panel_log.h"
#include "panel/panel_series.h"
#include "stats/agent_gaps.h"

CD_FUNCTION(cd_agent_mean_gaps);
CD_FUNCTION(cd_agent_gaps);

#define BLOCK_DAYS 28			/* long enough for a good or bad spell to come and go */

/* What turns a gap into metric units, positive is worse. */
static double
gap_unit(const Panel *p, bool higher_is_better, CdScale scale)
{
	return (higher_is_better ? -1 : 1) * panel_gap_unit(p, scale);
}

/* ---- on the whole ---- */

typedef struct MeanGap
{
	double		weight;			/* 0: none */
	double		gap;
} MeanGap;

/* Over the cells from .. to - 1 that have a target and a period. */
static MeanGap
mean_gap(const Panel *p, uint32 from, uint32 to)
{
	MeanGap		mean = {0};

	for (uint32 i = from; i < to; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];

		if (!(cell->gap.weight > 0) || !panel_cell_has_target(cell) || cell->period == PANEL_NO_DATE)
			continue;
		mean.weight += cell->gap.weight;
		mean.gap += (cell->gap.mean - mean.gap) * (cell->gap.weight / mean.weight);
	}
	return mean;
}

/* Weighted squares of one agent's periods around their mean; counts the periods. */
static double
squares_between_periods(const Panel *p, uint32 from, uint32 to, double mean, double *periods)
{
	double		squares = 0;

	for (uint32 i = from, end; i < to; i = end)
	{
		MeanGap		of_period;

		for (end = i + 1; end < to && panel_cells(p)[end].period == panel_cells(p)[i].period;)
			end++;
		of_period = mean_gap(p, i, end);
		if (!(of_period.weight > 0))
			continue;
		squares += of_period.weight * (of_period.gap - mean) * (of_period.gap - mean);
		(*periods)++;
	}
	return squares;
}

/* The mean of each agent, and the noise of a unit of weight, pooled over the agents; NaN: no agent has two periods. */
static double
mean_gaps(const Panel *p, MeanGap *mean)
{
	double		squares = 0;
	double		periods = 0;
	double		agents = 0;

	memset(mean, 0, p->agents * sizeof(MeanGap));
	for (uint32 from = 0, to; from < p->cells; from = to)
	{
		MeanGap    *at = &mean[panel_cells(p)[from].agent];

		to = cd_agent_end(p, from);
		*at = mean_gap(p, from, to);
		agents += at->weight > 0;
		squares += squares_between_periods(p, from, to, at->gap, &periods);
	}
	return periods > agents ? squares / (periods - agents) : NAN;
}

/* panel, higher_is_better, scale */
Datum
cd_agent_mean_gaps(PG_FUNCTION_ARGS)
{
	const Panel *whole;
	const Panel *p;
	CdAgentRows out;
	double		unit;
	double		noise;
	MeanGap    *mean;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	whole = PG_GETARG_PANEL_P(0);
	p = panel_without_mix(whole);
	out = cd_start_agent_rows(fcinfo, p);
	unit = gap_unit(whole, !PG_ARGISNULL(1) && PG_GETARG_BOOL(1), cd_get_scale(fcinfo, 2));
	mean = palloc(Max(p->agents, 1) * sizeof(MeanGap));
	noise = mean_gaps(p, mean);
	for (uint32 a = 0; a < p->agents; a++)
	{
		CdRow		row;

		if (!(mean[a].weight > 0))
			continue;
		row = cd_start_agent_row(&out, a);
		cd_put_number(&row, unit * mean[a].gap);
		cd_put_number(&row, noise > 0 ? fabs(unit) * sqrt(noise / mean[a].weight) : NAN);
		cd_end_agent_row(&out, &row);
	}
	return (Datum) 0;
}

/* ---- against the team ---- */

/* First and last period; false where there is none. */
static bool
period_span(const Panel *p, int32 *first, int32 *last)
{
	*first = PG_INT32_MAX;
	*last = PG_INT32_MIN;
	for (uint32 i = 0; i < p->cells; i++)
	{
		int32		date = panel_cells(p)[i].period;

		if (date == PANEL_NO_DATE)
			continue;
		*first = Min(*first, date);
		*last = Max(*last, date);
	}
	return *first <= *last;
}

/* The blocks of all agents, contact mix taken out; returns how many. */
static size_t
gather_blocks(const Panel *p, double unit, int32 origin, CdAgentBlock *out)
{
	size_t		count = 0;

	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];
		CdAgentBlock *at;
		int32		block;

		if (!panel_cell_has_target(cell) || cell->period == PANEL_NO_DATE || !(cell->gap.weight > 0))
			continue;
		block = (cell->period - origin) / BLOCK_DAYS;
		if (count == 0 || out[count - 1].agent != cell->agent || out[count - 1].block != block)
			out[count++] = (CdAgentBlock) {.agent = cell->agent, .block = block};
		at = &out[count - 1];
		at->weight += cell->gap.weight;
		at->gap += unit * cell->gap.mean * cell->gap.weight;
	}
	for (size_t i = 0; i < count; i++)
		out[i].gap /= out[i].weight;
	return count;
}

/* Each agent against the team mates; agents are numbered as in the canonical panel. */
static CdAgentOwn *
own_gaps(const Panel *p, double unit)
{
	CdAgentOwn *own = palloc_extended(Max(p->agents, 1) * sizeof(CdAgentOwn), MCXT_ALLOC_HUGE);
	CdAgentBlock *block = palloc_extended(Max(p->cells, 1) * sizeof(CdAgentBlock), MCXT_ALLOC_HUGE);
	double	   *mean = NULL;
	size_t		count = 0;
	size_t		blocks = 0;
	int32		first,
				last;

	if (period_span(p, &first, &last))
	{
		count = gather_blocks(panel_without_mix(p), unit, first, block);
		blocks = (last - first) / BLOCK_DAYS + 1;
		mean = palloc_extended(2 * blocks * sizeof(double), MCXT_ALLOC_HUGE);
	}
	cd_agent_own_gaps(block, count, p->agents, blocks, mean, own);
	return own;
}

/* An agent without a value that has a target has no row. */
static void
put_gap(CdAgentRows *out, uint32 from, uint32 to, double unit, const CdAgentOwn *own)
{
	const PanelCell *cell = panel_cells(out->panel);
	double		weight = 0;
	double		total = 0;
	double		sessions = 0;
	CdRow		row;

	for (uint32 i = from; i < to; i++)
	{
		sessions += cell[i].sessions;
		if (cell[i].gap.n == 0 || !panel_cell_has_target(&cell[i]))
			continue;
		weight += cell[i].gap.weight;
		total += cell[i].gap.weight * cell[i].gap.mean;
	}
	if (!(weight > 0))
		return;
	row = cd_start_agent_row(out, cell[from].agent);
	cd_put_number(&row, sessions);
	cd_put_number(&row, unit * total / weight);
	cd_put_number(&row, own->own);
	cd_put_number(&row, own->se);
	cd_put_count(&row, own->blocks > 0 ? (double) own->blocks : NAN);
	cd_end_agent_row(out, &row);
}

/* panel, higher_is_better, scale */
Datum
cd_agent_gaps(PG_FUNCTION_ARGS)
{
	const Panel *p;
	CdAgentRows out;
	double		unit;
	CdAgentOwn *own;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	p = panel_canonical(PG_GETARG_PANEL_P(0));
	unit = gap_unit(p, PG_ARGISNULL(1) || PG_GETARG_BOOL(1), cd_get_scale(fcinfo, 2));
	own = own_gaps(p, unit);
	out = cd_start_agent_rows(fcinfo, p);
	for (uint32 from = 0, to; from < p->cells; from = to)
	{
		to = cd_agent_end(p, from);
		put_gap(&out, from, to, unit, &own[panel_cells(p)[from].agent]);
	}
	return (Datum) 0;
}
