/*
 * agent_rows.h
 *		Rows about the agents of a panel.
 */
#ifndef SQLFN_AGENT_ROWS_H
#define SQLFN_AGENT_ROWS_H

#include "sqlfn/sqlfn.h"

#include "panel/panel.h"

/* Rows on their way out, each in memory of its own. */
typedef struct CdAgentRows
{
	ReturnSetInfo *result;
	MemoryContext row;
	const Panel *panel;
} CdAgentRows;

/* After InitMaterializedSRF. */
extern CdAgentRows cd_start_agent_rows(FunctionCallInfo fcinfo, const Panel *p);

/* The first column is the agent, who is written here. */
extern void cd_put_agent_row(const CdAgentRows *out, int32 agent, Datum *values, bool *nulls);

/* Where the run of an agent's cells that begins at a cell ends: cells of canonical panels come by agent. */
extern uint32 cd_agent_end(const Panel *p, uint32 from);

/* The mean value of a cell; without a target it stands where the gap would. */
extern double cd_cell_value(const PanelCell *cell);

#endif							/* SQLFN_AGENT_ROWS_H */
