/*
 * agent_rows.h
 *		Rows about the agents of a panel.
 */
#ifndef SQLFN_AGENT_ROWS_H
#define SQLFN_AGENT_ROWS_H

#include "sqlfn/row.h"

#include "panel/panel.h"

/* Rows on their way out, each in memory of its own. */
typedef struct CdAgentRows
{
	ReturnSetInfo *result;
	const Panel *panel;
	MemoryContext row;
	MemoryContext caller;		/* while a row is written */
} CdAgentRows;

/* After InitMaterializedSRF. */
extern CdAgentRows cd_start_agent_rows(FunctionCallInfo fcinfo, const Panel *p);

/* A row that begins with the agent; until it ends, memory is the row's. */
extern CdRow cd_start_agent_row(CdAgentRows *out, int32 agent);
extern void cd_end_agent_row(CdAgentRows *out, CdRow *row);

/* A name or number of an agent, as text. */
extern void cd_put_agent(CdRow *row, const Panel *p, int32 agent);

/* NULL: PANEL_NO_LABEL. */
extern void cd_put_label(CdRow *row, const Panel *p, int32 label);

/* Where the run of an agent's cells that begins at a cell ends: cells of canonical panels come by agent. */
extern uint32 cd_agent_end(const Panel *p, uint32 from);

#endif							/* SQLFN_AGENT_ROWS_H */
