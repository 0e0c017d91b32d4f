/*
 * learning.h
 *		What tenure adds to a metric.
 */
#ifndef SQLFN_LEARNING_H
#define SQLFN_LEARNING_H

#include "utils/array.h"

#include "panel/panel_series.h"

/* Estimated over panels of one metric, each a team. */
extern CdLearning learning_of(Panel **panels, uint32 count, bool higher_is_better);

/* The same of their series; function: that was asked, for errors. */
extern CdLearning learning_of_series(const PanelSeries *series, const char *function);

/* As coachdiag.learning_curve returns it; error 22023 for anything else. */
extern CdLearning learning_argument(ArrayType *array);

#endif							/* SQLFN_LEARNING_H */
