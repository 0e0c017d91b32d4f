/*
 * panel_coaches.c
 *		See panel_coaches.h.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "panel/panel_coaches.h"

static int
compare_coaches(const void *a, const void *b)
{
	const PanelCoach *x = a;
	const PanelCoach *y = b;

	if (x->program != y->program)
		return x->program < y->program ? -1 : 1;
	return panel_compare_text(x->name, y->name);
}

static bool
gives_dose(const PanelCell *cell, uint32 row)
{
	return row != PG_UINT32_MAX && cell->sessions > 0 && cell->coach != PANEL_NO_LABEL;
}

/* Append the coaches of one panel, each once. */
static void
append_coaches(PanelCoaches *out, const Panel *p, const uint32 *row_of, int32 program)
{
	bool	   *known = palloc0(Max(p->labels, 1) * sizeof(bool));

	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];

		if (!gives_dose(cell, row_of[i]) || known[cell->coach])
			continue;
		known[cell->coach] = true;
		out->coach[out->count++] = (PanelCoach) {program, panel_label(p, cell->coach)};
	}
	pfree(known);
}

static void
collect_coaches(PanelCoaches *out, Panel **panels, uint32 n_panels, const uint32 *row_of, const int32 *program)
{
	uint32		labels = 0;
	uint32		unique = 0;

	for (uint32 t = 0; t < n_panels; t++)
		labels += panels[t]->labels;
	out->coach = palloc(Max(labels, 1) * sizeof(PanelCoach));
	for (uint32 t = 0; t < n_panels; t++)
	{
		CHECK_FOR_INTERRUPTS();
		append_coaches(out, panels[t], row_of, program[t]);
		row_of += panels[t]->cells;
	}
	qsort(out->coach, out->count, sizeof(PanelCoach), compare_coaches);
	for (uint32 i = 0; i < out->count; i++)
		if (unique == 0 || compare_coaches(&out->coach[i], &out->coach[unique - 1]) != 0)
			out->coach[unique++] = out->coach[i];
	out->count = unique;
}

/* The doses of one panel. */
static void
append_doses(PanelCoaches *out, const Panel *p, const uint32 *row_of, int32 program)
{
	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];
		PanelCoach	key = {.program = program};
		PanelCoach *found;

		if (!gives_dose(cell, row_of[i]))
			continue;
		key.name = panel_label(p, cell->coach);
		found = bsearch(&key, out->coach, out->count, sizeof(PanelCoach), compare_coaches);
		out->dose[out->doses++] = (CdCoachDose) {row_of[i], found - out->coach, cell->sessions};
	}
}

PanelCoaches
panel_coaches(Panel **panels, uint32 n_panels, const PanelSeries *series, const int32 *program)
{
	PanelCoaches out = {0};
	const uint32 *row_of = series->row_of;
	uint32		cells = 0;

	collect_coaches(&out, panels, n_panels, row_of, program);
	for (uint32 t = 0; t < n_panels; t++)
		cells += panels[t]->cells;
	out.dose = palloc_extended(Max(cells, 1) * sizeof(CdCoachDose), MCXT_ALLOC_HUGE);
	for (uint32 t = 0; t < n_panels; t++)
	{
		CHECK_FOR_INTERRUPTS();
		append_doses(&out, panels[t], row_of, program[t]);
		row_of += panels[t]->cells;
	}
	return out;
}
