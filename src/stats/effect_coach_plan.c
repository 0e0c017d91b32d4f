/*
 * effect_coach_plan.c: which coaches have a column of their own in which team, and which of
 * them are connected through teams, so that their estimates are correlated.
 */
#include <math.h>
#include <stdlib.h>

#include "stats/effect_coach.h"

#define ROUNDING 1e-9

/* Doses in order, none beyond its row's sessions; first dose of each row. */
static CdStatus
find_doses(CdCoachPlan *plan)
{
	size_t		at = 0;

	for (size_t i = 0; i < plan->n; i++)
	{
		double		left = plan->rows[i].sessions * (1.0 + ROUNDING);

		plan->dose_of[i] = at;
		for (; at < plan->doses && plan->dose[at].row == i; at++)
		{
			const CdCoachDose *d = &plan->dose[at];

			left -= d->sessions;
			if (!(d->sessions >= 0.0) || d->coach < 0 || (size_t) d->coach >= plan->coaches)
				return CD_BAD_INPUT;
		}
		if (left < 0.0)
			return CD_BAD_INPUT;
	}
	plan->dose_of[plan->n] = at;
	return at == plan->doses ? CD_OK : CD_BAD_INPUT;
}

static int
compare_numbers(const void *a, const void *b)
{
	int32_t		x = *(const int32_t *) a;
	int32_t		y = *(const int32_t *) b;

	return (x > y) - (x < y);
}

/* Move the coaches with the most sessions to the front, as many as have a column. */
static size_t
keep_most(int32_t *list, size_t n, const double *sessions)
{
	for (size_t kept = 0; n > CD_COACH_COLUMNS && kept < CD_COACH_COLUMNS; kept++)
	{
		size_t		most = kept;
		int32_t		coach;

		for (size_t i = kept + 1; i < n; i++)
			if (sessions[list[i]] > sessions[list[most]])
				most = i;
		coach = list[most];
		list[most] = list[kept];
		list[kept] = coach;
	}
	return n > CD_COACH_COLUMNS ? CD_COACH_COLUMNS : n;
}

/* The list of a team whose rows are from .. to - 1; sessions is all zero before and after. */
static CdStatus
list_team(CdCoachPlan *plan, const CdCoach *coach, size_t g, size_t from, size_t to, double *sessions)
{
	int32_t    *list = plan->list + plan->list_of[g];
	size_t		n = 0;

	for (size_t d = plan->dose_of[from]; d < plan->dose_of[to]; d++)
	{
		int32_t		c = plan->dose[d].coach;

		if (plan->dose[d].sessions == 0.0)
			continue;
		if (sessions[c] == 0.0)
			list[n++] = c;
		sessions[c] += plan->dose[d].sessions;
	}
	qsort(list, n, sizeof(int32_t), compare_numbers);
	plan->list_of[g + 1] = plan->list_of[g] + keep_most(list, n, sessions);
	for (size_t i = 0; i < n; i++)
	{
		sessions[list[i]] = 0.0;
		if (coach[list[i]].group != coach[list[0]].group)
			return CD_BAD_INPUT;
	}
	qsort(list, plan->list_of[g + 1] - plan->list_of[g], sizeof(int32_t), compare_numbers);
	return CD_OK;
}

/* Lists of all teams; sizes of the largest team and the longest agent. */
static CdStatus
find_lists(CdCoachPlan *plan, const CdCoach *coach, double *sessions)
{
	size_t		from = 0;
	size_t		agent = 0;

	plan->list_of[0] = 0;
	for (size_t c = 0; c < plan->coaches; c++)
		sessions[c] = 0.0;
	for (size_t g = 0; g < plan->teams; g++)
	{
		size_t		to = from;

		for (; to < plan->n && (size_t) plan->rows[to].team == g; to++)
		{
			if (to == from || plan->rows[to].agent != plan->rows[to - 1].agent)
				agent = to;
			plan->agent_rows = to + 1 - agent > plan->agent_rows ? to + 1 - agent : plan->agent_rows;
		}
		if (list_team(plan, coach, g, from, to, sessions) != CD_OK)
			return CD_BAD_INPUT;
		plan->team_rows = to - from > plan->team_rows ? to - from : plan->team_rows;
		from = to;
	}
	return from == plan->n ? CD_OK : CD_BAD_INPUT;
}

/* The first coach of those that one is connected with. */
static int32_t
root_of(int32_t *parent, int32_t c)
{
	while (parent[c] != c)
		c = parent[c] = parent[parent[c]];
	return c;
}

static void
connect(const CdCoachPlan *plan, int32_t *parent)
{
	for (size_t c = 0; c < plan->coaches; c++)
		parent[c] = (int32_t) c;
	for (size_t g = 0; g < plan->teams; g++)
		for (size_t i = plan->list_of[g] + 1; i < plan->list_of[g + 1]; i++)
		{
			int32_t		a = root_of(parent, plan->list[i - 1]);
			int32_t		b = root_of(parent, plan->list[i]);

			parent[a < b ? b : a] = a < b ? a : b;
		}
}

typedef struct Member
{
	int32_t		group;
	int32_t		root;
	int32_t		coach;
} Member;

static int
compare_members(const void *a, const void *b)
{
	const Member *x = a;
	const Member *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->root != y->root)
		return x->root < y->root ? -1 : 1;
	return (x->coach > y->coach) - (x->coach < y->coach);
}

/* Coaches by group and connection. */
static void
find_blocks(CdCoachPlan *plan, const CdCoach *coach, int32_t *parent, Member *member)
{
	for (size_t c = 0; c < plan->coaches; c++)
		member[c] = (Member) {coach[c].group, root_of(parent, (int32_t) c), (int32_t) c};
	qsort(member, plan->coaches, sizeof(Member), compare_members);
	for (size_t i = 0; i < plan->coaches; i++)
	{
		plan->order[i] = member[i].coach;
		plan->position[member[i].coach] = i;
		if (i == 0 || member[i].root != member[i - 1].root)
			plan->block_of[plan->blocks++] = i;
		plan->block[i] = plan->blocks - 1;
	}
	plan->block_of[plan->blocks] = plan->coaches;
}

size_t
cd_coach_plan_size(size_t rows, size_t teams, size_t doses, size_t coaches)
{
	size_t		size = cd_arena_bytes(rows + 1, sizeof(size_t));

	size = cd_arena_sum(size, cd_arena_bytes(teams + 1, sizeof(size_t)));
	size = cd_arena_sum(size, cd_arena_bytes(doses, sizeof(int32_t)));
	size = cd_arena_sum(size, 2 * cd_arena_bytes(coaches, sizeof(int32_t)));
	size = cd_arena_sum(size, cd_arena_bytes(coaches, sizeof(double)));
	size = cd_arena_sum(size, cd_arena_bytes(coaches, sizeof(Member)));
	return cd_arena_sum(size, 3 * cd_arena_bytes(coaches + 1, sizeof(size_t)));
}

/* Lists, order and blocks. */
CdStatus
cd_coach_plan(const CdEffectRow *rows, size_t n, size_t teams, const CdCoachDose *dose, size_t doses,
			  const CdCoach *coach, size_t coaches, CdArena *arena, CdCoachPlan *plan)
{
	double	   *sessions = cd_arena_take(arena, coaches, sizeof(double));
	int32_t    *parent = cd_arena_take(arena, coaches, sizeof(int32_t));
	Member	   *member = cd_arena_take(arena, coaches, sizeof(Member));

	*plan = (CdCoachPlan) {.rows = rows, .n = n, .teams = teams, .dose = dose, .doses = doses,
		.coaches = coaches};
	plan->dose_of = cd_arena_take(arena, n + 1, sizeof(size_t));
	plan->list_of = cd_arena_take(arena, teams + 1, sizeof(size_t));
	plan->list = cd_arena_take(arena, doses, sizeof(int32_t));
	plan->order = cd_arena_take(arena, coaches, sizeof(int32_t));
	plan->position = cd_arena_take(arena, coaches + 1, sizeof(size_t));
	plan->block = cd_arena_take(arena, coaches + 1, sizeof(size_t));
	plan->block_of = cd_arena_take(arena, coaches + 1, sizeof(size_t));
	if (!sessions || !parent || !member || !plan->dose_of || !plan->list_of || !plan->list
		|| !plan->order || !plan->position || !plan->block || !plan->block_of)
		return CD_NOMEM;
	if (find_doses(plan) != CD_OK || find_lists(plan, coach, sessions) != CD_OK)
		return CD_BAD_INPUT;
	connect(plan, parent);
	find_blocks(plan, coach, parent, member);
	return CD_OK;
}
