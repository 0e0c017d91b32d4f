/*
 * path_measure.h
 *		What a finished path says of its contact, and of each of its events.
 */
#ifndef PROCESS_PATH_MEASURE_H
#define PROCESS_PATH_MEASURE_H

#include "process/path.h"

/* What a decision latency rests on. */
typedef enum PathLatency
{
	PATH_LATENCY_UNKNOWN,		/* no event has a kind */
	PATH_LATENCY_AUTHORISED,	/* from resolution_identified to resolution_authorised */
	PATH_LATENCY_OPEN,			/* identified, never authorised: at least this long */
	PATH_LATENCY_PROXY			/* not identified: time in wait, hold and approval */
} PathLatency;

typedef enum PathBreakdown
{
	PATH_NO_BREAKDOWN,
	PATH_DECIDING,
	PATH_WAITING
} PathBreakdown;

/* Times are in microseconds. */
typedef struct PathMeasures
{
	int64		start;
	int64		end;
	int64		working;
	int64		waiting;
	int64		latency;
	int64		latency_from;	/* the span of the latency, unless it is a proxy */
	int64		latency_to;
	uint32		steps;			/* different ones */
	uint32		agents;			/* different ones */
	uint32		handoffs;		/* the agent is another than the last one known */
	uint32		ping_pongs;		/* a handoff back to the agent before the last one */
	uint32		transfers;
	uint32		escalations;
	bool		kinds;			/* whether any event has a kind */
	bool		timed;			/* whether any event has a kind or an end */
	PathLatency basis;
	PathBreakdown breakdown;
	uint16		breakdown_step; /* label number */
} PathMeasures;

typedef enum PathResolved
{
	PATH_RESOLVED_UNKNOWN = -1,
	PATH_RESOLVED_NO,
	PATH_RESOLVED_YES
} PathResolved;

/* p must be finished. */
extern void path_measure(const Path *p, PathResolved resolved, PathMeasures *m);

/* One event among its neighbours. */
typedef struct PathSpan
{
	int64		end;			/* its end, or that of the state it stands for */
	int64		gap;			/* time before it in which nothing was going on */
	int64		latency;		/* its part, with the gap, of the decision latency */
	bool		waiting;		/* of kind wait, hold or approval */
	bool		repeated;		/* the step has been there before */
	bool		handoff;		/* the agent is another than the last one known */
} PathSpan;

/* The spans of all events, in the current memory context. */
extern PathSpan *path_spans(const Path *p, const PathMeasures *m);

#endif							/* PROCESS_PATH_MEASURE_H */
