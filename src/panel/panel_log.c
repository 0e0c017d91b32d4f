/*
 * panel_log.c
 *		What taking logarithms does to means of few contacts.
 */
#include "postgres.h"

#include "panel/panel_log.h"

#include <math.h>

#include "miscadmin.h"

#define LARGEST_BIAS 0.5
#define FARTHEST_TARGET 300.0	/* logarithm beyond which no target can be meant */

static void
add_groups(CdLogBias *bias, CdLogGroup *group, uint32 groups)
{
	for (uint32 i = 0; i < groups; i++)
		cd_log_bias_add(bias, &group[i]);
	memset(group, 0, groups * sizeof(CdLogGroup));
}

void
panel_add_log_bias(CdLogBias *bias, const Panel *p)
{
	uint32		groups = p->labels + 1;
	CdLogGroup *group = palloc0(groups * sizeof(CdLogGroup));

	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];

		CHECK_FOR_INTERRUPTS();
		if (i > 0 && cell->agent != panel_cells(p)[i - 1].agent)
			add_groups(bias, group, groups);
		if (cell->gap.weight > 0)
			cd_log_group_add(&group[cell->contact_type == PANEL_NO_LABEL ? 0 : cell->contact_type + 1],
							 panel_cell_value(cell), cell->gap.n, cell->gap.weight);
	}
	add_groups(bias, group, groups);
	pfree(group);
}

Panel *
panel_without_log_bias(const Panel *p, double bias)
{
	Panel	   *out = panel_select(p, NULL, NULL);

	for (uint32 i = 0; i < out->cells; i++)
	{
		CdMoments  *cell = &panel_cells(out)[i].gap;

		if (cell->weight > 0)
			cell->mean += fmin(bias * cell->n / cell->weight, LARGEST_BIAS);
	}
	return out;
}

double
panel_cell_unit(const PanelCell *cell, CdScale scale)
{
	return scale == CD_SCALE_LOG ? exp(fmax(fmin(cell->target, FARTHEST_TARGET), -FARTHEST_TARGET)) : 1;
}

double
panel_gap_unit(const Panel *p, CdScale scale)
{
	double		weight = 0;
	double		unit = 0;

	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];

		CHECK_FOR_INTERRUPTS();
		if (!(cell->gap.weight > 0) || !panel_cell_has_target(cell))
			continue;
		weight += cell->gap.weight;
		unit += (panel_cell_unit(cell, scale) - unit) * (cell->gap.weight / weight);
	}
	return weight > 0 ? unit : NAN;
}
