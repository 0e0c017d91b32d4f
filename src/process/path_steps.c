/*
 * path_steps.c
 *		See path_steps.h.
 */
#include "postgres.h"

#include "process/path_steps.h"

/* Where the walk along the events is. */
typedef struct Walk
{
	uint16		state;			/* step that the contact is in; PATH_NO_LABEL before the first */
	uint16		worked;			/* last step with work */
	bool		waited;			/* since then */
	bool	   *seen;			/* by label: worked on before */
} Walk;

static inline bool
is_state(const PathEvent *e)
{
	return e->kind <= PATH_APPROVAL;
}

/* Work goes on where it stopped after a wait; anything else that comes back is rework. */
static bool
is_rework(const Walk *walk, uint16 step)
{
	return walk->seen[step] && !(walk->worked == step && walk->waited);
}

static void
add_work(Walk *walk, PathStep *step, const PathEvent *e, const PathSpan *span)
{
	*(is_rework(walk, e->step) ? &step->rework : &step->working) += span->end - e->start;
	walk->seen[e->step] = true;
	walk->worked = e->step;
	walk->waited = false;
}

/* A transfer leaves the step that the contact is in. */
static PathStep *
left_step(const Walk *walk, PathStep *steps, const PathEvent *e)
{
	return &steps[walk->state == PATH_NO_LABEL ? e->step : walk->state];
}

static void
add_event(Walk *walk, PathStep *steps, const PathEvent *e, const PathSpan *span)
{
	PathStep   *step = &steps[e->step];

	step->visits++;
	step->waiting += span->gap;
	step->latency += span->latency;
	if (e->kind == PATH_TRANSFER)
		left_step(walk, steps, e)->transfers++;
	if (e->kind == PATH_ESCALATION)
		left_step(walk, steps, e)->escalations++;
	if (span->waiting)
	{
		step->waiting += span->end - e->start;
		walk->waited = true;
	}
	else if (is_state(e))
		add_work(walk, step, e, span);
	if (is_state(e))
		walk->state = e->step;
}

PathStep *
path_steps(const Path *p, const PathMeasures *m)
{
	PathStep   *steps = palloc0(Max(p->labels, 1) * sizeof(PathStep));
	PathSpan   *spans = path_spans(p, m);
	Walk		walk = {PATH_NO_LABEL, PATH_NO_LABEL, false, palloc0(Max(p->labels, 1))};

	for (uint32 i = 0; i < p->events; i++)
		add_event(&walk, steps, &path_events(p)[i], &spans[i]);
	pfree(walk.seen);
	pfree(spans);
	return steps;
}
