/*
 * answers.h
 *		Answers about one panel that other SQL functions are built on, in the metric's
 *		own units.
 */
#ifndef SQLFN_ANSWERS_H
#define SQLFN_ANSWERS_H

#include "panel/panel.h"
#include "stats/dispersion.h"

/* As coachdiag.gap_dispersion(panel), on scale log at that target (panel_gap_unit); false when no cell has both a value and a target. */
extern bool cd_dispersion_of_panel(const Panel *p, double target, CdGapOptions options, CdGapDispersion *out);

/* The same where no error is wanted: CD_TOO_FEW when no cell has both. */
extern CdStatus cd_try_dispersion(const Panel *p, double target, CdGapOptions options, CdGapDispersion *out);

#endif							/* SQLFN_ANSWERS_H */
