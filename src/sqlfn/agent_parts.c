/*
 * agent_parts.c
 *		What the agents of a panel did, by contact type and tenure.
 */
#include "sqlfn/agent_rows.h"

#include "panel/panel_log.h"

CD_FUNCTION(cd_agent_parts);

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

/*
 * The parts of the cells from .. to - 1, one agent's: a row of bands for no contact type, and one for each label.  On scale
 * log each gap is turned into metric units at its own target, so that long contacts count by their length.
 */
static void
gather_parts(const Panel *p, CdScale scale, uint32 from, uint32 to, Part *part)
{
	for (uint32 i = from; i < to; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];
		int			band = tenure_band(cell->period, panel_agents(p)[cell->agent].hired_on);
		Part	   *at = &part[(cell->contact_type + 1) * BANDS + band];
		double		unit = panel_cell_unit(cell, scale);

		if (!panel_cell_has_target(cell) || cell->gap.n == 0)
			continue;
		at->weight += cell->gap.weight;
		at->target_total += cell->gap.weight * (scale == CD_SCALE_LOG ? unit : cell->target);
		at->gap_total += cell->gap.weight * unit * cell->gap.mean;
	}
}

static void
put_part(CdAgentRows *out, int32 agent, int32 label, int band, const Part *part)
{
	CdRow		row = cd_start_agent_row(out, agent);

	cd_put_label(&row, out->panel, label);
	cd_put_text(&row, band_name[band]);
	cd_put_number(&row, part->weight);
	cd_put_number(&row, part->target_total / part->weight);
	cd_put_number(&row, part->gap_total / part->weight);
	cd_end_agent_row(out, &row);
}

/* panel, scale */
Datum
cd_agent_parts(PG_FUNCTION_ARGS)
{
	const Panel *p;
	CdScale		scale;
	CdAgentRows out;
	Part	   *part;
	size_t		count;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	p = panel_canonical(PG_GETARG_PANEL_P(0));
	scale = cd_get_scale(fcinfo, 1);
	out = cd_start_agent_rows(fcinfo, p);
	count = ((size_t) p->labels + 1) * BANDS;
	part = palloc_extended(count * sizeof(Part), MCXT_ALLOC_HUGE);
	for (uint32 from = 0, to; from < p->cells; from = to)
	{
		to = cd_agent_end(p, from);
		memset(part, 0, count * sizeof(Part));
		gather_parts(p, scale, from, to, part);
		for (size_t i = 0; i < count; i++)
			if (part[i].weight > 0)
				put_part(&out, panel_cells(p)[from].agent, (int32) (i / BANDS) - 1, i % BANDS, &part[i]);
	}
	return (Datum) 0;
}
