/*
 * panel_log.h
 *		Panels of logarithms, seen as the means that they are logarithms of.
 */
#ifndef PANEL_PANEL_LOG_H
#define PANEL_PANEL_LOG_H

#include "panel/panel.h"
#include "stats/log_bias.h"

/* Adds what a panel shows of the bias: rows of each agent and contact type, from period to period. */
extern void panel_add_log_bias(CdLogBias *bias, const Panel *p);

/* The canonical panel with the bias of each row's logarithm taken out, given that of a row of weight 1; at most 1/2 of it. */
extern Panel *panel_without_log_bias(const Panel *p, double bias);

#endif							/* PANEL_PANEL_LOG_H */
