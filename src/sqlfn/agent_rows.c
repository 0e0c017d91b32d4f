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

void
cd_put_agent_row(const CdAgentRows *out, int32 agent, Datum *values, bool *nulls)
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

uint32
cd_agent_end(const Panel *p, uint32 from)
{
	uint32		to = from;

	CHECK_FOR_INTERRUPTS();
	while (to < p->cells && panel_cells(p)[to].agent == panel_cells(p)[from].agent)
		to++;
	return to;
}

double
cd_cell_value(const PanelCell *cell)
{
	return cell->gap.mean + (panel_cell_has_target(cell) ? cell->target : 0);
}
