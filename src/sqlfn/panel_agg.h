/*
 * panel_agg.h
 *		Transition functions of coachdiag.panel, for aggregates that gather the same rows.
 */
#ifndef SQLFN_PANEL_AGG_H
#define SQLFN_PANEL_AGG_H

#include "postgres.h"

#include "fmgr.h"

extern PGDLLEXPORT Datum cd_panel_accum_bigint(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum cd_panel_accum_text(PG_FUNCTION_ARGS);

#endif							/* SQLFN_PANEL_AGG_H */
