/*
 * panel_log.h
 *		Panels of logarithms, seen as the means that they are logarithms of.
 */
#ifndef PANEL_PANEL_LOG_H
#define PANEL_PANEL_LOG_H

#include "panel/panel.h"
#include "stats/dispersion.h"
#include "stats/log_bias.h"

/* Adds what a panel shows of the bias: rows of each agent and contact type, from period to period. */
extern void panel_add_log_bias(CdLogBias *bias, const Panel *p);

/* The canonical panel with the bias of each row's logarithm taken out, given that of a row of weight 1; at most 1/2 of it. */
extern Panel *panel_without_log_bias(const Panel *p, double bias);

/*
 * What turns a gap on a panel's scale into metric units: on scale log the mean target, by volume, of the targets and not of
 * their logarithms, for who is a tenth too slow at everything loses a tenth of that a contact; on others 1.  NaN: no target.
 */
extern double panel_gap_unit(const Panel *p, CdScale scale);

/* The same of one cell, at its own target. */
extern double panel_cell_unit(const PanelCell *cell, CdScale scale);

#endif							/* PANEL_PANEL_LOG_H */
