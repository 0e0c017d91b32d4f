/*
 * step_totals.c
 *		See step_totals.h.
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "common/int.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "process/path_steps.h"
#include "process/step_totals.h"

#define FIRST_STEPS 8
#define FIRST_LATENCIES 16
#define FIRST_POOL 128

/* ---- room ---- */

static StepTotals *
create_with_room(uint64 steps, uint64 latencies, uint64 pool)
{
	Size		size = sizeof(StepTotals) + steps * (sizeof(StepTotal) + 2 * sizeof(uint32))
		+ latencies * sizeof(StepLatency) + pool;
	StepTotals *t;

	if (!AllocSizeIsValid(size))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("step totals are too large: more than 1 GB"),
				 errhint("Make them per contact type and agent, or of fewer months.")));
	t = palloc(size);
	memset(t, 0, sizeof(StepTotals));
	SET_VARSIZE(t, size);
	t->version = STEP_TOTALS_VERSION;
	t->steps_room = steps;
	t->latencies_room = latencies;
	t->pool_room = pool;
	memset(step_totals_slots(t), 0, 2 * steps * sizeof(uint32));
	return t;
}

StepTotals *
step_totals_create(void)
{
	return create_with_room(FIRST_STEPS, FIRST_LATENCIES, FIRST_POOL);
}

/* The slot of a text: that of its step, or the free one for it. */
static uint32 *
find_slot(const StepTotals *t, PathLabel text)
{
	uint32	   *slots = step_totals_slots(t);
	uint32		mask = 2 * t->steps_room - 1;
	uint32		i = hash_bytes((const unsigned char *) text.data, text.length) & mask;

	for (; slots[i] != 0; i = (i + 1) & mask)
	{
		PathLabel	other = step_totals_label(t, &step_totals_steps(t)[slots[i] - 1]);

		if (other.length == text.length && memcmp(other.data, text.data, text.length) == 0)
			break;
	}
	return &slots[i];
}

static uint64
grown(uint64 room, uint64 needed)
{
	while (room < needed)
		room *= 2;
	return room;
}

/* Make sure that so many more fit. */
static StepTotals *
reserve(StepTotals *t, uint64 steps, uint64 latencies, uint64 pool)
{
	StepTotals *copy;

	if (likely(t->steps + steps <= t->steps_room && t->latencies + latencies <= t->latencies_room &&
			   t->pool + pool <= t->pool_room))
		return t;
	CHECK_FOR_INTERRUPTS();
	copy = create_with_room(grown(t->steps_room, t->steps + steps), grown(t->latencies_room, t->latencies + latencies),
							grown(t->pool_room, t->pool + pool));
	copy->steps = t->steps;
	copy->latencies = t->latencies;
	copy->pool = t->pool;
	memcpy(step_totals_steps(copy), step_totals_steps(t), t->steps * sizeof(StepTotal));
	memcpy(step_totals_latencies(copy), step_totals_latencies(t), t->latencies * sizeof(StepLatency));
	memcpy(step_totals_pool(copy), step_totals_pool(t), t->pool);
	for (uint32 i = 0; i < copy->steps; i++)
		*find_slot(copy, step_totals_label(copy, &step_totals_steps(copy)[i])) = i + 1;
	return copy;
}

/* ---- adding, where there is room ---- */

static StepTotal *
put_step(StepTotals *t, PathLabel text)
{
	uint32	   *slot = find_slot(t, text);
	StepTotal  *step;

	if (*slot == 0)
	{
		step = &step_totals_steps(t)[t->steps];
		memset(step, 0, sizeof(StepTotal));
		step->offset = t->pool;
		step->length = text.length;
		memcpy(step_totals_pool(t) + t->pool, text.data, text.length);
		t->pool += text.length;
		*slot = ++t->steps;
	}
	return &step_totals_steps(t)[*slot - 1];
}

static void
put_latency(StepTotals *t, const StepTotal *step, float seconds)
{
	step_totals_latencies(t)[t->latencies++] = (StepLatency) {seconds, step - step_totals_steps(t)};
}

/* Whole units add up exactly, so that the order of contacts makes no difference. */
static void
add_units(int64 *sum, int64 units)
{
	if (unlikely(pg_add_s64_overflow(*sum, units, sum)))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("step totals have too many contacts"),
				 errhint("Make them per contact type and agent, or of fewer months.")));
}

/* x and its square. */
static void
add_log(int64 *s1, int64 *s2, double x)
{
	add_units(s1, llrint(x * STEP_LOG_UNITS));
	add_units(s2, llrint(x * x * STEP_LOG_UNITS));
}

static void
add_times(StepTotal *total, const PathStep *step)
{
	total->timed++;
	total->working += step->working;
	total->rework += step->rework;
	total->waiting += step->waiting;
	add_log(&total->waiting_s1, &total->waiting_s2, log1p(step->waiting / 1e6));
}

static void
add_kinds(StepTotals *t, StepTotal *total, const PathStep *step)
{
	total->of_kind++;
	total->transferred += step->transfers > 0;
	total->escalated += step->escalations > 0;
	add_log(&total->latency_s1, &total->latency_s2, log1p(step->latency / 1e6));
	if (step->latency > 0)
	{
		total->latencies++;
		put_latency(t, total, step->latency / 1e6);
	}
}

StepTotals *
step_totals_add(StepTotals *t, const Path *path, StepRepeated repeated)
{
	PathMeasures m;
	PathLabel  *labels = path_labels(path);
	PathStep   *steps;

	path_measure(path, PATH_RESOLVED_UNKNOWN, &m);
	steps = path_steps(path, &m);
	for (uint32 i = 0; i < path->labels; i++)
	{
		StepTotal  *total;

		if (steps[i].visits == 0)
			continue;
		t = reserve(t, 1, 1, labels[i].length);
		total = put_step(t, labels[i]);
		total->contacts++;
		total->visits += steps[i].visits;
		total->followed += repeated != STEP_REPEATED_UNKNOWN;
		total->repeated += repeated == STEP_REPEATED_YES;
		if (m.timed)
			add_times(total, &steps[i]);
		if (m.kinds)
			add_kinds(t, total, &steps[i]);
	}
	pfree(steps);
	pfree(labels);
	return t;
}

static void
merge_step(StepTotal *into, const StepTotal *from)
{
	into->contacts += from->contacts;
	into->visits += from->visits;
	into->timed += from->timed;
	into->working += from->working;
	into->rework += from->rework;
	into->waiting += from->waiting;
	add_units(&into->waiting_s1, from->waiting_s1);
	add_units(&into->waiting_s2, from->waiting_s2);
	into->of_kind += from->of_kind;
	add_units(&into->latency_s1, from->latency_s1);
	add_units(&into->latency_s2, from->latency_s2);
	into->latencies += from->latencies;
	into->transferred += from->transferred;
	into->escalated += from->escalated;
	into->followed += from->followed;
	into->repeated += from->repeated;
}

StepTotals *
step_totals_merge(StepTotals *into, const StepTotals *from)
{
	const StepTotal *steps = step_totals_steps(from);
	const StepLatency *latencies = step_totals_latencies(from);
	uint32	   *number = palloc(Max(from->steps, 1) * sizeof(uint32));

	into = reserve(into, from->steps, from->latencies, from->pool);
	for (uint32 i = 0; i < from->steps; i++)
	{
		StepTotal  *step = put_step(into, step_totals_label(from, &steps[i]));

		merge_step(step, &steps[i]);
		number[i] = step - step_totals_steps(into);
	}
	for (uint32 i = 0; i < from->latencies; i++)
		put_latency(into, &step_totals_steps(into)[number[latencies[i].step]], latencies[i].seconds);
	pfree(number);
	return into;
}
