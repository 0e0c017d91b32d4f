/*
 * panel_build.h
 *		Building a panel from outside (text, wire): every part is checked before it
 *		goes in through the ordinary put functions.
 */
#ifndef PANEL_PANEL_BUILD_H
#define PANEL_PANEL_BUILD_H

#include "panel/panel.h"

/* PostgreSQL 18 spells it so. */
#ifndef pg_noreturn
#define pg_noreturn __attribute__((noreturn))
#endif

/* Raise "invalid panel", with what is wrong as detail. */
pg_noreturn extern void panel_invalid(const char *detail);

/* Add an agent (id or name of `row`, with its tenure origin); errors if it is there already. */
extern void panel_build_agent(Panel **p, const PanelRow *row);

/* Add a label; errors if it is there already. */
extern void panel_build_label(Panel **p, PanelString text);

/* Add a cell with its content; errors if a number is impossible or the key is there already. */
extern void panel_build_cell(Panel **p, const PanelCell *cell);

/* Whether a date number is one that a panel may hold: 0001-01-01 to 9999-12-31, in days since 2000-01-01. */
static inline bool
panel_valid_date(int32 date)
{
	return date >= -730119 && date <= 2921939;
}

#endif							/* PANEL_PANEL_BUILD_H */
