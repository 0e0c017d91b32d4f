/*
 * type_targets.c
 *		See type_targets.h.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "miscadmin.h"

#include "sqlfn/type_targets.h"

#define MOST_TYPES 1000			/* that are compared in pairs */

/* Periods of agents in which two types met, and those in which their targets were the same, by pair of types. */
typedef struct Meetings
{
	uint32	   *met;
	uint32	   *same;
	double	   *lowest;			/* target of each type at any time */
	double	   *highest;
	uint32		types;
} Meetings;

static Meetings
no_meetings(uint32 types)
{
	Size		pairs = (Size) types * types * sizeof(uint32);
	Meetings	m = {.types = types};

	m.met = palloc_extended(pairs, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	m.same = palloc_extended(pairs, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	m.lowest = palloc(types * sizeof(double));
	m.highest = palloc(types * sizeof(double));
	for (uint32 t = 0; t < types; t++)
		m.lowest[t] = m.highest[t] = NAN;
	return m;
}

static bool
same_target(double a, double b)
{
	return fabs(a - b) <= 1e-9 * Max(fabs(a), fabs(b));
}

static bool
of_a_type(const PanelCell *cell)
{
	return cell_has_gap(cell) && cell->contact_type != PANEL_NO_LABEL;
}

/* A cell beside the cells of the same agent and period that come after it. */
static void
meet_others(Meetings *m, const Panel *p, const ContactTypes *types, uint32 i)
{
	const PanelCell *cell = &panel_cells(p)[i];
	int			a = types->number[cell->contact_type];

	m->lowest[a] = fmin(m->lowest[a], cell->target);
	m->highest[a] = fmax(m->highest[a], cell->target);
	for (uint32 k = i + 1; k < p->cells; k++)
	{
		const PanelCell *other = &panel_cells(p)[k];
		Size		pair;
		int			b;

		if (other->agent != cell->agent || other->period != cell->period)
			break;
		if (!of_a_type(other))
			continue;
		b = types->number[other->contact_type];
		pair = (Size) Min(a, b) * m->types + Max(a, b);
		m->met[pair]++;
		m->same[pair] += same_target(cell->target, other->target);
	}
}

static Meetings
look_at_targets(const Panel *p, const ContactTypes *types)
{
	Meetings	m = no_meetings(types->count);

	for (uint32 i = 0; i < p->cells; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (of_a_type(&panel_cells(p)[i]))
			meet_others(&m, p, types, i);
	}
	return m;
}

/* Mostly, for a target that changes midweek is another mean for each type; of those that never met, if it may be the same. */
static bool
share_target(const Meetings *m, uint32 a, uint32 b)
{
	Size		pair = (Size) a * m->types + b;

	if (m->met[pair] > 0)
		return 2 * (uint64) m->same[pair] > m->met[pair];
	return m->lowest[a] <= m->highest[b] && m->lowest[b] <= m->highest[a];
}

/* So many types that pairs would be too many: of one target if it is the same for all, at all times. */
static int *
one_for_all(const Panel *p, const ContactTypes *types)
{
	int		   *first = palloc(types->count * sizeof(int));
	double		lowest = NAN;
	double		highest = NAN;

	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];

		CHECK_FOR_INTERRUPTS();
		if (!of_a_type(cell))
			continue;
		lowest = fmin(lowest, cell->target);
		highest = fmax(highest, cell->target);
	}
	for (uint32 t = 0; t < types->count; t++)
		first[t] = same_target(lowest, highest) ? 0 : NO_SHARED_TARGET;
	return first;
}

int *
types_by_target(const Panel *p, const ContactTypes *types)
{
	Meetings	m;
	int		   *first = palloc(Max(types->count, 1) * sizeof(int));
	uint32	   *sharing = palloc0(Max(types->count, 1) * sizeof(uint32));
	uint32		seen = 0;

	if (types->count > MOST_TYPES)
		return one_for_all(p, types);
	m = look_at_targets(p, types);
	for (uint32 t = 0; t < types->count; t++)
	{
		first[t] = t;
		for (uint32 before = 0; before < t; before++)
			if (first[before] == (int) before && share_target(&m, before, t))
			{
				first[t] = before;
				break;
			}
		sharing[first[t]]++;
		seen += !isnan(m.lowest[t]);
	}
	for (uint32 t = 0; t < types->count && seen > 1; t++)
		if (sharing[first[t]] == 1)
			first[t] = NO_SHARED_TARGET;
	pfree(sharing);
	return first;
}

bool
most_share_target(const TypeGaps *gaps, const int *first, uint32 types)
{
	double	   *weight = palloc0(Max(types, 1) * sizeof(double));
	double		all = 0;
	double		most = 0;

	for (uint32 k = 0; k < gaps->count; k++)
	{
		int			group = first[gaps->gaps[k].type];

		all += gaps->gaps[k].weight;
		if (group != NO_SHARED_TARGET)
			weight[group] += gaps->gaps[k].weight;
	}
	for (uint32 t = 0; t < types; t++)
		most = Max(most, weight[t]);
	pfree(weight);
	return most > all / 2;
}
