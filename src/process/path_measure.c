/*
 * path_measure.c
 *		See path_measure.h.
 *
 * Time belongs to work where an event of work is going on, whatever else is; time
 * after an event of no kind and no end is nobody's; all other time is waiting.
 */
#include "postgres.h"

#include "process/path_measure.h"

static inline bool
is_wait(const PathEvent *e)
{
	return e->kind == PATH_WAIT || e->kind == PATH_HOLD || e->kind == PATH_APPROVAL;
}

/* Work is of kind work, or of no kind with an end. */
static inline bool
is_work(const PathEvent *e)
{
	return e->kind == PATH_WORK || (e->kind == PATH_NO_KIND && e->end != PATH_NO_TIME);
}

static inline bool
is_unknown(const PathEvent *e)
{
	return e->kind == PATH_NO_KIND && e->end == PATH_NO_TIME;
}

/* A state without an end lasts until the next event; anything else without an end is over at once. */
static inline int64
span_end(const Path *p, uint32 i)
{
	const PathEvent *e = &path_events(p)[i];

	if (e->end != PATH_NO_TIME)
		return e->end;
	if (e->kind <= PATH_APPROVAL && i + 1 < p->events)
		return e[1].start;
	return e->start;
}

/* Union of intervals that come by their start. */
typedef struct Cover
{
	int64		until;
	int64		length;
} Cover;

static inline void
cover(Cover *c, int64 from, int64 to)
{
	from = Max(from, c->until);
	if (to > from)
	{
		c->length += to - from;
		c->until = to;
	}
}

/* Times: working, waiting, end, and the proxy of the latency. */
static void
measure_times(const Path *p, PathMeasures *m)
{
	Cover		work = {m->start, 0};
	Cover		not_waiting = {m->start, 0};
	Cover		pending = {m->start, 0};

	for (uint32 i = 0; i < p->events; i++)
	{
		const PathEvent *e = &path_events(p)[i];
		int64		end = span_end(p, i);

		m->end = Max(m->end, end);
		if (is_work(e))
			cover(&work, e->start, end);
		if (is_work(e) || is_unknown(e))
			cover(&not_waiting, e->start, end);
		if (is_wait(e))
			cover(&pending, e->start, end);
	}
	m->working = work.length;
	m->waiting = m->end - m->start - not_waiting.length;
	m->latency = pending.length;
}

/* The first event of a kind at or after a place; the number of events if there is none. */
static uint32
find_kind(const Path *p, PathKind kind, uint32 from)
{
	while (from < p->events && path_events(p)[from].kind != kind)
		from++;
	return from;
}

static void
measure_latency(const Path *p, PathMeasures *m)
{
	uint32		identified = find_kind(p, PATH_IDENTIFIED, 0);
	uint32		authorised = find_kind(p, PATH_AUTHORISED, identified);

	m->basis = !m->kinds ? PATH_LATENCY_UNKNOWN : identified == p->events ? PATH_LATENCY_PROXY :
		authorised == p->events ? PATH_LATENCY_OPEN : PATH_LATENCY_AUTHORISED;
	if (identified == p->events)
		return;
	m->latency_from = path_events(p)[identified].start;
	m->latency_to = authorised == p->events ? m->end : path_events(p)[authorised].start;
	m->latency = m->latency_to - m->latency_from;
}

static void
count_kinds(const Path *p, PathMeasures *m)
{
	for (uint32 i = 0; i < p->events; i++)
	{
		PathKind	kind = path_events(p)[i].kind;

		m->kinds |= kind != PATH_NO_KIND;
		m->timed |= kind != PATH_NO_KIND || path_events(p)[i].end != PATH_NO_TIME;
		m->transfers += kind == PATH_TRANSFER;
		m->escalations += kind == PATH_ESCALATION;
	}
}

/* Different steps, different agents. */
static void
count_labels(const Path *p, PathMeasures *m)
{
	uint8	   *seen = palloc0(Max(p->labels, 1));

	for (uint32 i = 0; i < p->events; i++)
	{
		const PathEvent *e = &path_events(p)[i];

		m->steps += !(seen[e->step] & 1);
		seen[e->step] |= 1;
		if (e->agent == PATH_NO_LABEL)
			continue;
		m->agents += !(seen[e->agent] & 2);
		seen[e->agent] |= 2;
	}
	pfree(seen);
}

/* Changes of agent, events without one left out. */
static void
count_handoffs(const Path *p, PathMeasures *m)
{
	uint16		last = PATH_NO_LABEL;
	uint16		before = PATH_NO_LABEL;

	for (uint32 i = 0; i < p->events; i++)
	{
		uint16		agent = path_events(p)[i].agent;

		if (agent == PATH_NO_LABEL || agent == last)
			continue;
		m->handoffs += last != PATH_NO_LABEL;
		m->ping_pongs += agent == before;
		before = last;
		last = agent;
	}
}

/* The first transfer or escalation; the number of events if there is none. */
static uint32
find_breakdown(const Path *p)
{
	return Min(find_kind(p, PATH_TRANSFER, 0), find_kind(p, PATH_ESCALATION, 0));
}

/* Whether the agent was deciding or waiting when the contact left their hands, or ended unresolved. */
static void
measure_breakdown(const Path *p, PathResolved resolved, PathMeasures *m)
{
	uint32		at = find_breakdown(p);
	bool		pending = false;
	const PathEvent *state = NULL;

	if (!m->kinds || (at == p->events && (resolved != PATH_RESOLVED_NO || find_kind(p, PATH_RESOLVED, 0) < at)))
		return;
	for (uint32 i = 0; i < at; i++)
	{
		const PathEvent *e = &path_events(p)[i];

		if (e->kind == PATH_IDENTIFIED || e->kind == PATH_AUTHORISED)
			pending = e->kind == PATH_IDENTIFIED;
		else if (e->kind <= PATH_APPROVAL)
			state = e;
	}
	if (state == NULL)
		return;
	m->breakdown = pending || is_wait(state) ? PATH_WAITING : PATH_DECIDING;
	m->breakdown_step = state->step;
}

void
path_measure(const Path *p, PathResolved resolved, PathMeasures *m)
{
	memset(m, 0, sizeof(*m));
	if (p->events == 0)
		return;
	m->start = m->end = path_events(p)[0].start;
	count_kinds(p, m);
	count_labels(p, m);
	count_handoffs(p, m);
	measure_times(p, m);
	measure_latency(p, m);
	measure_breakdown(p, resolved, m);
}

static inline int64
overlap(int64 from, int64 to, int64 other_from, int64 other_to)
{
	return Max(Min(to, other_to) - Max(from, other_from), 0);
}

/* The part of the decision latency that falls on an event. */
static int64
latency_part(const PathMeasures *m, const PathEvent *e, const PathSpan *span)
{
	if (m->basis == PATH_LATENCY_PROXY)
		return is_wait(e) ? span->end - e->start : 0;
	return overlap(e->start - span->gap, span->end, m->latency_from, m->latency_to);
}

PathSpan *
path_spans(const Path *p, const PathMeasures *m)
{
	PathSpan   *spans = palloc0(Max(p->events, 1) * sizeof(PathSpan));
	bool	   *seen = palloc0(Max(p->labels, 1));
	uint16		agent = PATH_NO_LABEL;
	int64		until = m->start;

	for (uint32 i = 0; i < p->events; i++)
	{
		const PathEvent *e = &path_events(p)[i];
		PathSpan   *span = &spans[i];

		span->end = span_end(p, i);
		span->gap = Max(e->start - until, 0);
		span->latency = latency_part(m, e, span);
		span->waiting = is_wait(e);
		span->repeated = seen[e->step];
		span->handoff = e->agent != PATH_NO_LABEL && agent != PATH_NO_LABEL && e->agent != agent;
		seen[e->step] = true;
		until = Max(until, span->end);
		if (e->agent != PATH_NO_LABEL)
			agent = e->agent;
	}
	pfree(seen);
	return spans;
}
