/*
 * agent_rows.c
 *		See agent_rows.h.
 */
#include "sqlfn/agent_rows.h"

#include "miscadmin.h"
#include "utils/builtins.h"

CdAgentRows
cd_start_agent_rows(FunctionCallInfo fcinfo, const Panel *p)
{
	CdAgentRows out = {.result = (ReturnSetInfo *) fcinfo->resultinfo, .panel = p};

	out.row = AllocSetContextCreate(CurrentMemoryContext, "agent's row", ALLOCSET_SMALL_SIZES);
	return out;
}

CdRow
cd_start_agent_row(CdAgentRows *out, int32 agent)
{
	CdRow		row = {0};

	out->caller = MemoryContextSwitchTo(out->row);
	cd_put_agent(&row, out->panel, agent);
	return row;
}

void
cd_end_agent_row(CdAgentRows *out, CdRow *row)
{
	cd_store_row(out->result, row);
	MemoryContextSwitchTo(out->caller);
	MemoryContextReset(out->row);
}

static void
put_string(CdRow *row, PanelString s)
{
	cd_put(row, PointerGetDatum(cstring_to_text_with_len(s.data, s.length)), true);
}

void
cd_put_agent(CdRow *row, const Panel *p, int32 agent)
{
	const PanelAgent *a = &panel_agents(p)[agent];

	if (p->agent_kind == PANEL_AGENT_TEXT)
		put_string(row, panel_string(p, a->key.name));
	else
		cd_put_text(row, psprintf(INT64_FORMAT, a->key.id));
}

void
cd_put_label(CdRow *row, const Panel *p, int32 label)
{
	if (label == PANEL_NO_LABEL)
		cd_put_text(row, NULL);
	else
		put_string(row, panel_label(p, label));
}

uint32
cd_agent_end(const Panel *p, uint32 from)
{
	uint32		to = from;

	CHECK_FOR_INTERRUPTS();
	while (to < p->cells && panel_cells(p)[to].agent == panel_cells(p)[from].agent)
		to++;
	return to;
}
