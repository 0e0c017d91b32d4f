/*
 * panel_io.h
 *		A panel's text form and wire form.  Both are canonical (same content, same
 *		form) and exact; what is read is checked whole before it is believed.
 */
#ifndef PANEL_PANEL_IO_H
#define PANEL_PANEL_IO_H

#include "lib/stringinfo.h"
#include "panel/panel.h"

/* The text form, in the current memory context. */
extern char *panel_to_text(const Panel *p);

/* A canonical panel from its text form; errors if it is not one. */
extern Panel *panel_from_text(const char *text);

/* Append the wire form to a message that pq_begintypsend began. */
extern void panel_to_wire(StringInfo out, const Panel *p);

/* A canonical panel from its wire form; errors if it is not one. */
extern Panel *panel_from_wire(StringInfo in);

#endif							/* PANEL_PANEL_IO_H */
