/*
 * panel_build.c
 *		Checks on everything that comes from outside, before it enters a panel.
 */
#include "postgres.h"

#include <math.h>

#include "panel/panel_build.h"

/* Counts are doubles; beyond this they would no longer be exact. */
#define MAX_EXACT_COUNT 9007199254740992.0

void
panel_invalid(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid coachdiag.panel value"),
			 errdetail("%s", detail),
			 errhint("Panels are made by the aggregates coachdiag.panel() and coachdiag.rollup(), and read back from what they print.")));
}

static void
check_date(int32 date)
{
	if (date != PANEL_NO_DATE && !panel_valid_date(date))
		panel_invalid("A date is outside the years 1 to 9999.");
}

static void
check_text(PanelString s)
{
	if (s.length > PANEL_MAX_TEXT)
		panel_invalid("An agent id or label is longer than 1024 bytes.");
}

void
panel_build_agent(Panel **p, const PanelRow *row)
{
	bool		added;
	int32		agent;

	check_text(row->agent_name);
	check_date(row->hired_on);
	agent = panel_put_agent(p, row, &added);
	if (!added)
		panel_invalid("An agent occurs twice.");
	panel_agents(*p)[agent].hired_on = row->hired_on;
}

void
panel_build_label(Panel **p, PanelString text)
{
	bool		added;

	check_text(text);
	panel_put_label(p, text, &added);
	if (!added)
		panel_invalid("A label occurs twice.");
}

static bool
is_count(double x)
{
	return x >= 0 && x <= MAX_EXACT_COUNT && x == floor(x);
}

static bool
is_amount(double x)
{
	return isfinite(x) && x >= 0;
}

/* Moments of no observation are all zero; of some, possible ones. */
static bool
possible_moments(const CdMoments *m)
{
	if (!is_count(m->n))
		return false;
	if (m->n == 0)
		return m->weight == 0 && m->mean == 0 && m->m2 == 0;
	return is_amount(m->weight) && m->weight > 0 && isfinite(m->mean) && is_amount(m->m2);
}

static bool
label_exists(const Panel *p, int32 label)
{
	return label == PANEL_NO_LABEL || (label >= 0 && (uint32) label < p->labels);
}

static void
check_cell(const Panel *p, const PanelCell *cell)
{
	if (cell->agent < 0 || (uint32) cell->agent >= p->agents)
		panel_invalid("A cell names an agent that is not listed.");
	if (!label_exists(p, cell->contact_type) || !label_exists(p, cell->coach))
		panel_invalid("A cell names a label that is not listed.");
	check_date(cell->period);
	if (!possible_moments(&cell->gap))
		panel_invalid("A cell has an impossible count, weight, mean or sum of squares.");
	if (isinf(cell->target) || (panel_cell_has_target(cell) && cell->gap.n == 0))
		panel_invalid("A cell has an impossible target.");
	if (!is_amount(cell->sessions) || !is_amount(cell->minutes))
		panel_invalid("A cell has an impossible number of sessions or minutes.");
}

void
panel_build_cell(Panel **p, const PanelCell *cell)
{
	bool		added;
	uint32		number;

	check_cell(*p, cell);
	number = panel_put_cell(p, cell, &added);
	if (!added)
		panel_invalid("A cell occurs twice.");
	panel_cells(*p)[number] = *cell;
}
