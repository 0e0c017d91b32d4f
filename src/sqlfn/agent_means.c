/*
 * agent_means.c
 *		What the agents of a panel did: by period, by month, by contact type and tenure, on the whole,
 *		and against their team mates.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"

#include "panel/panel_series.h"
#include "stats/agent_gaps.h"

CD_FUNCTION(cd_agent_periods);
CD_FUNCTION(cd_agent_months);
CD_FUNCTION(cd_agent_parts);
CD_FUNCTION(cd_agent_mean_gaps);
CD_FUNCTION(cd_agent_gaps);

#define BLOCK_DAYS 28			/* long enough for a good or bad spell to come and go */

/* Rows on their way out, each in memory of its own. */
typedef struct Output
{
	ReturnSetInfo *result;
	MemoryContext row;
	const Panel *panel;
} Output;

static Output
start_output(FunctionCallInfo fcinfo, const Panel *p)
{
	Output		out = {.result = (ReturnSetInfo *) fcinfo->resultinfo, .panel = p};

	out.row = AllocSetContextCreate(CurrentMemoryContext, "agent's row", ALLOCSET_SMALL_SIZES);
	return out;
}

/* The first column is the agent. */
static void
put_row(const Output *out, int32 agent, Datum *values, bool *nulls)
{
	const PanelAgent *a = &panel_agents(out->panel)[agent];
	MemoryContext old = MemoryContextSwitchTo(out->row);

	if (out->panel->agent_kind == PANEL_AGENT_TEXT)
	{
		PanelString name = panel_string(out->panel, a->key.name);

		values[0] = PointerGetDatum(cstring_to_text_with_len(name.data, name.length));
	}
	else
		values[0] = CStringGetTextDatum(psprintf(INT64_FORMAT, a->key.id));
	tuplestore_putvalues(out->result->setResult, out->result->setDesc, values, nulls);
	MemoryContextSwitchTo(old);
	MemoryContextReset(out->row);
}

/* Where the run of an agent's cells that begins at a cell ends: cells of canonical panels come by agent. */
static uint32
agent_end(const Panel *p, uint32 from)
{
	uint32		to = from;

	CHECK_FOR_INTERRUPTS();
	while (to < p->cells && panel_cells(p)[to].agent == panel_cells(p)[from].agent)
		to++;
	return to;
}

static double
cell_value(const PanelCell *cell)
{
	return cell->gap.mean + (panel_cell_has_target(cell) ? cell->target : 0);
}

/* ---- by period ---- */

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
	double		value = cell_value(cell);
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

/* An array of float8 with NULL for NaN. */
static Datum
float8_array(const double *numbers, int count)
{
	Datum	   *element = palloc(count * sizeof(Datum));
	bool	   *nulls = palloc(count * sizeof(bool));
	int			start = 1;

	for (int i = 0; i < count; i++)
	{
		element[i] = Float8GetDatum(numbers[i]);
		nulls[i] = isnan(numbers[i]);
	}
	return PointerGetDatum(construct_md_array(element, nulls, 1, &count, &start, FLOAT8OID, sizeof(float8),
											  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Sums over periods: weight, total, periods measured, weight and total over target of those that have one, sessions. */
static void
set_sums(const Period *period, int count, Datum *values, bool *nulls)
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
	values[0] = Int32GetDatum(measured);
	for (int k = 0; k < (int) lengthof(sum); k++)
		cd_set_float8(values, nulls, k + 1, sum[k]);
}

static void
put_periods(const Output *out, int32 agent, const Period *period, int count)
{
	enum
	{
		WEIGHT,
		VALUE,
		OVER_TARGET,
		SESSIONS,
		NUMBERS
	};
	MemoryContext old = MemoryContextSwitchTo(out->row);
	Datum	   *date = palloc(count * sizeof(Datum));
	double	   *number = palloc(NUMBERS * count * sizeof(double));
	Datum		values[2 + NUMBERS + 6];
	bool		nulls[2 + NUMBERS + 6] = {0};

	for (int i = 0; i < count; i++)
	{
		const Period *at = &period[i];

		date[i] = DateADTGetDatum(at->date);
		number[WEIGHT * count + i] = at->weight;
		number[VALUE * count + i] = at->weight > 0 ? at->total / at->weight : NAN;
		number[OVER_TARGET * count + i] = at->targeted > 0 ? at->over_total / at->targeted : NAN;
		number[SESSIONS * count + i] = at->sessions;
	}
	values[1] = PointerGetDatum(construct_array(date, count, DATEOID, sizeof(DateADT), true, TYPALIGN_INT));
	for (int k = 0; k < NUMBERS; k++)
		values[2 + k] = float8_array(number + k * count, count);
	set_sums(period, count, values + 2 + NUMBERS, nulls + 2 + NUMBERS);
	MemoryContextSwitchTo(old);
	put_row(out, agent, values, nulls);
}

/* panel, scale */
Datum
cd_agent_periods(PG_FUNCTION_ARGS)
{
	const Panel *p;
	CdScale		scale;
	Output		out;
	Period	   *period;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	p = panel_canonical(PG_GETARG_PANEL_P(0));
	scale = cd_get_scale(fcinfo, 1);
	out = start_output(fcinfo, p);
	period = palloc_extended(Max(p->cells, 1) * sizeof(Period), MCXT_ALLOC_HUGE);
	for (uint32 from = 0, to; from < p->cells; from = to)
	{
		int			count;

		to = agent_end(p, from);
		count = gather_periods(p, from, to, scale, period);
		if (count > 0)
			put_periods(&out, panel_cells(p)[from].agent, period, count);
	}
	return (Datum) 0;
}

/* ---- by month ---- */

typedef struct Month
{
	int32		date;
	double		weight;
	double		total;
	double		gap_total;
	int64		periods;
	int32		first;
	int32		last;
} Month;

/* First day of the month of a date. */
static int32
month_of(int32 date)
{
	int			year,
				month,
				day;

	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return date - day + 1;
}

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
	month->total += cell->gap.weight * cell_value(cell);
	month->gap_total += cell->gap.weight * cell->gap.mean;
}

static void
put_month(const Output *out, int32 agent, const Month *month)
{
	Datum		values[8];
	bool		nulls[8] = {0};

	values[1] = DateADTGetDatum(month->date);
	cd_set_float8(values, nulls, 2, month->gap_total / month->weight);
	cd_set_float8(values, nulls, 3, month->total / month->weight);
	cd_set_float8(values, nulls, 4, month->weight);
	values[5] = Int64GetDatum(month->periods);
	values[6] = DateADTGetDatum(month->first);
	values[7] = DateADTGetDatum(month->last);
	put_row(out, agent, values, nulls);
}

/* panel */
Datum
cd_agent_months(PG_FUNCTION_ARGS)
{
	const Panel *p;
	Output		out;
	bool		targets;
	Month		month = {0};
	int32		agent = -1;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	p = panel_without_mix(PG_GETARG_PANEL_P(0));
	out = start_output(fcinfo, p);
	targets = has_targets(p);
	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];

		CHECK_FOR_INTERRUPTS();
		if (!(cell->gap.weight > 0) || cell->period == PANEL_NO_DATE || (targets && !panel_cell_has_target(cell)))
			continue;
		if (cell->agent != agent || month_of(cell->period) != month.date)
		{
			if (agent >= 0)
				put_month(&out, agent, &month);
			agent = cell->agent;
			month = (Month) {.date = month_of(cell->period), .first = cell->period};
		}
		add_to_month(&month, cell);
	}
	if (agent >= 0)
		put_month(&out, agent, &month);
	return (Datum) 0;
}

/* ---- by contact type and tenure ---- */

/* Tenure in days at which a band ends, and what bands are called. */
static const int32 band_end[] = {91, 182, 365, PG_INT32_MAX};
static const char *const band_name[] = {"under 3 months", "3 to 6 months", "6 to 12 months", "over a year", "unknown"};

#define BANDS ((int) lengthof(band_name))

/* What an agent did on one contact type in one band of tenure. */
typedef struct Part
{
	double		weight;
	double		target_total;
	double		gap_total;
} Part;

static int
tenure_band(int32 period, int32 hired_on)
{
	int			band = 0;

	if (period == PANEL_NO_DATE || hired_on == PANEL_NO_DATE)
		return BANDS - 1;
	while ((int64) period - hired_on >= band_end[band])
		band++;
	return band;
}

/* The parts of the cells from .. to - 1, one agent's: a row of bands for no contact type, and one for each label. */
static void
gather_parts(const Panel *p, uint32 from, uint32 to, Part *part)
{
	for (uint32 i = from; i < to; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];
		int			band = tenure_band(cell->period, panel_agents(p)[cell->agent].hired_on);
		Part	   *at = &part[(cell->contact_type + 1) * BANDS + band];

		if (!panel_cell_has_target(cell) || cell->gap.n == 0)
			continue;
		at->weight += cell->gap.weight;
		at->target_total += cell->gap.weight * cell->target;
		at->gap_total += cell->gap.weight * cell->gap.mean;
	}
}

static void
put_part(const Output *out, int32 agent, int32 label, int band, const Part *part)
{
	PanelString type = panel_label(out->panel, label);
	MemoryContext old = MemoryContextSwitchTo(out->row);
	Datum		values[6];
	bool		nulls[6] = {0};

	nulls[1] = label == PANEL_NO_LABEL;
	if (!nulls[1])
		values[1] = PointerGetDatum(cstring_to_text_with_len(type.data, type.length));
	values[2] = CStringGetTextDatum(band_name[band]);
	cd_set_float8(values, nulls, 3, part->weight);
	cd_set_float8(values, nulls, 4, part->target_total / part->weight);
	cd_set_float8(values, nulls, 5, part->gap_total / part->weight);
	MemoryContextSwitchTo(old);
	put_row(out, agent, values, nulls);
}

/* panel */
Datum
cd_agent_parts(PG_FUNCTION_ARGS)
{
	const Panel *p;
	Output		out;
	Part	   *part;
	size_t		count;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	p = panel_canonical(PG_GETARG_PANEL_P(0));
	out = start_output(fcinfo, p);
	count = ((size_t) p->labels + 1) * BANDS;
	part = palloc_extended(count * sizeof(Part), MCXT_ALLOC_HUGE);
	for (uint32 from = 0, to; from < p->cells; from = to)
	{
		to = agent_end(p, from);
		memset(part, 0, count * sizeof(Part));
		gather_parts(p, from, to, part);
		for (size_t i = 0; i < count; i++)
			if (part[i].weight > 0)
				put_part(&out, panel_cells(p)[from].agent, (int32) (i / BANDS) - 1, i % BANDS, &part[i]);
	}
	return (Datum) 0;
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

		to = agent_end(p, from);
		*at = mean_gap(p, from, to);
		agents += at->weight > 0;
		squares += squares_between_periods(p, from, to, at->gap, &periods);
	}
	return periods > agents ? squares / (periods - agents) : NAN;
}

/* What turns a gap into metric units, positive is worse: on the log scale at the geometric mean target. */
static double
gap_unit(const Panel *p, bool higher_is_better, CdScale scale)
{
	double		weight = 0;
	double		total = 0;

	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];

		if (!panel_cell_has_target(cell))
			continue;
		weight += cell->gap.weight;
		total += cell->gap.weight * cell->target;
	}
	return (higher_is_better ? -1 : 1) * (scale == CD_SCALE_LOG ? exp(total / weight) : 1);
}

/* panel, higher_is_better, scale */
Datum
cd_agent_mean_gaps(PG_FUNCTION_ARGS)
{
	const Panel *p;
	Output		out;
	double		unit;
	double		noise;
	MeanGap    *mean;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	p = panel_without_mix(PG_GETARG_PANEL_P(0));
	out = start_output(fcinfo, p);
	unit = gap_unit(p, !PG_ARGISNULL(1) && PG_GETARG_BOOL(1), cd_get_scale(fcinfo, 2));
	mean = palloc(Max(p->agents, 1) * sizeof(MeanGap));
	noise = mean_gaps(p, mean);
	for (uint32 a = 0; a < p->agents; a++)
	{
		Datum		values[3];
		bool		nulls[3] = {0};

		if (!(mean[a].weight > 0))
			continue;
		cd_set_float8(values, nulls, 1, unit * mean[a].gap);
		cd_set_float8(values, nulls, 2, noise > 0 ? fabs(unit) * sqrt(noise / mean[a].weight) : NAN);
		put_row(&out, a, values, nulls);
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
put_gap(const Output *out, uint32 from, uint32 to, double unit, const CdAgentOwn *own)
{
	const PanelCell *cell = panel_cells(out->panel);
	double		weight = 0;
	double		total = 0;
	double		sessions = 0;
	Datum		values[6];
	bool		nulls[6] = {0};

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
	cd_set_float8(values, nulls, 1, sessions);
	cd_set_float8(values, nulls, 2, unit * total / weight);
	cd_set_float8(values, nulls, 3, own->own);
	cd_set_float8(values, nulls, 4, own->se);
	nulls[5] = own->blocks == 0;
	values[5] = Int32GetDatum(own->blocks);
	put_row(out, cell[from].agent, values, nulls);
}

/* panel, higher_is_better, scale */
Datum
cd_agent_gaps(PG_FUNCTION_ARGS)
{
	const Panel *p;
	Output		out;
	double		unit;
	CdAgentOwn *own;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	p = panel_canonical(PG_GETARG_PANEL_P(0));
	unit = gap_unit(p, PG_ARGISNULL(1) || PG_GETARG_BOOL(1), cd_get_scale(fcinfo, 2));
	own = own_gaps(p, unit);
	out = start_output(fcinfo, p);
	for (uint32 from = 0, to; from < p->cells; from = to)
	{
		to = agent_end(p, from);
		put_gap(&out, from, to, unit, &own[panel_cells(p)[from].agent]);
	}
	return (Datum) 0;
}
