/*
 * step_totals.h
 *		What each step took over many contacts, as one flat varlena: counts, sums of
 *		times, and every decision latency, of which quantiles are made.
 *
 * It lives within a query: there is no way to read one in, so that what arrives
 * here was made here.
 */
#ifndef PROCESS_STEP_TOTALS_H
#define PROCESS_STEP_TOTALS_H

#include "process/path.h"

#define STEP_TOTALS_VERSION 1
#define STEP_LOG_UNITS 4294967296.0	/* 2^32: room for a hundred million contacts that wait a minute */

/* Sums over the contacts with the step; times in microseconds. */
typedef struct StepTotal
{
	uint32		offset;			/* of its text in the pool */
	uint32		length;
	int64		contacts;
	int64		visits;
	int64		timed;			/* contacts whose times are known */
	int64		working;
	int64		rework;
	int64		waiting;
	int64		waiting_s1;		/* of ln(1 + seconds), and of its square, STEP_LOG_UNITS to 1 */
	int64		waiting_s2;
	int64		of_kind;		/* contacts whose events have kinds */
	int64		latency_s1;
	int64		latency_s2;
	int64		latencies;		/* those above zero */
	int64		transferred;
	int64		escalated;
	int64		followed;		/* contacts of which it is known whether they were repeated */
	int64		repeated;
} StepTotal;

/* A decision latency above zero. */
typedef struct StepLatency
{
	float		seconds;
	uint32		step;
} StepLatency;

typedef struct StepTotals
{
	int32		vl_len_;
	uint32		version;
	uint32		steps;
	uint32		latencies;
	uint32		pool;			/* bytes of text */
	uint32		steps_room;		/* a power of two */
	uint32		latencies_room;
	uint32		pool_room;
	/* StepTotal[steps_room], StepLatency[latencies_room], uint32 slots[2 * steps_room] (number + 1), char pool[] */
} StepTotals;

#define PG_GETARG_STEP_TOTALS_P(n) ((StepTotals *) PG_DETOAST_DATUM(PG_GETARG_DATUM(n)))

static inline StepTotal *
step_totals_steps(const StepTotals *t)
{
	return (StepTotal *) (t + 1);
}

static inline StepLatency *
step_totals_latencies(const StepTotals *t)
{
	return (StepLatency *) (step_totals_steps(t) + t->steps_room);
}

static inline uint32 *
step_totals_slots(const StepTotals *t)
{
	return (uint32 *) (step_totals_latencies(t) + t->latencies_room);
}

static inline char *
step_totals_pool(const StepTotals *t)
{
	return (char *) (step_totals_slots(t) + 2 * t->steps_room);
}

static inline PathLabel
step_totals_label(const StepTotals *t, const StepTotal *step)
{
	return (PathLabel) {step_totals_pool(t) + step->offset, step->length};
}

typedef enum StepRepeated
{
	STEP_REPEATED_UNKNOWN = -1,
	STEP_REPEATED_NO,
	STEP_REPEATED_YES
} StepRepeated;

/* Of no contact, in the current memory context. */
extern StepTotals *step_totals_create(void);

/*
 * Add a finished path; returns t, or a larger copy in the current memory context (t is then stale, and not freed).
 * Error: beyond 1 GB.
 */
extern StepTotals *step_totals_add(StepTotals *t, const Path *path, StepRepeated repeated);

/* Add all of `from`; returns as step_totals_add does. */
extern StepTotals *step_totals_merge(StepTotals *into, const StepTotals *from);

#endif							/* PROCESS_STEP_TOTALS_H */
