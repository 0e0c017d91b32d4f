/*
 * path_steps.h
 *		What each step of a finished path took: a row per different step.
 */
#ifndef PROCESS_PATH_STEPS_H
#define PROCESS_PATH_STEPS_H

#include "process/path_measure.h"

/* Times are in microseconds. */
typedef struct PathStep
{
	uint32		visits;
	int64		working;		/* in it for the first time, or back in it after no more than a wait */
	int64		rework;			/* in it again after another step, or over again */
	int64		waiting;		/* waiting in it, and before it */
	int64		latency;		/* its part of the decision latency */
	uint32		transfers;		/* made while in it */
	uint32		escalations;
} PathStep;

/* By label number, zero visits where a label is no step; in the current memory context. */
extern PathStep *path_steps(const Path *p, const PathMeasures *m);

#endif							/* PROCESS_PATH_STEPS_H */
