/*
 * test_effect_coach.c: the effect of each coach, on small worlds where the worst are coached.
 */
#include "close.h"

#include <stdlib.h>

#include "stats/effect_coach.h"

#define TEAMS 12
#define AGENTS 9
#define WEEKS 40
#define ROWS (TEAMS * AGENTS * WEEKS)
#define COACHED 2				/* the worst so many of each team and week */
#define FADE 0.9				/* a session's effect from one week to the next */
#define COACHES (CD_COACH_COLUMNS + 6)

typedef int (*WhoCoaches) (int team, int week);

static CdEffectRow world[ROWS];
static double choice[TEAMS];	/* 1: the worst of a week are coached, -1: the best */
static CdCoachDose dose[2 * ROWS];
static size_t doses;
static CdCoach coach[COACHES];
static CdCoachPart part[TEAMS * COACHES];
static CdEffect team[TEAMS];
static CdEffectCommon common;

static CdEffectRow *
row_at(int g, int i, int week)
{
	return &world[(g * AGENTS + i) * WEEKS + week];
}

/* The worst so many of a team's week, or the best. */
static void
pick(int g, int week, bool *coached)
{
	for (int n = 0; n < COACHED; n++)
	{
		int			worst = -1;

		for (int i = 0; i < AGENTS; i++)
			if (!coached[i] && (worst < 0
								|| choice[g] * (row_at(g, i, week)->value - row_at(g, worst, week)->value) < 0.0))
				worst = i;
		coached[worst] = true;
	}
}

/* Levels and noise of the same size; a coach's session adds effect[coach] to the four weeks after it. */
static void
make_world(const double *effect, WhoCoaches who, uint64_t seed)
{
	double		gain = 4.0 / (1.0 + FADE + FADE * FADE + FADE * FADE * FADE);

	for (int g = 0; g < TEAMS; g++)
	{
		double		level[AGENTS];
		double		stock[AGENTS] = {0};

		for (int i = 0; i < AGENTS; i++)
			level[i] = normal(&seed);
		for (int t = 0; t < WEEKS; t++)
		{
			double		week = 0.5 * normal(&seed);
			bool		coached[AGENTS] = {false};

			for (int i = 0; i < AGENTS; i++)
				*row_at(g, i, t) = (CdEffectRow) {g, g * AGENTS + i, t,
					level[i] + stock[i] + week + normal(&seed), 1.0 + (i + t) % 3, 0.0, NAN};
			pick(g, t, coached);
			for (int i = 0; i < AGENTS; i++)
			{
				row_at(g, i, t)->sessions = coached[i];
				stock[i] = FADE * stock[i] + (coached[i] ? gain * effect[who(g, t)] : 0.0);
			}
		}
	}
	doses = 0;
	for (size_t r = 0; r < ROWS; r++)
		if (world[r].sessions > 0.0)
			dose[doses++] = (CdCoachDose) {r, who(world[r].team, world[r].period), 1.0};
}

static CdStatus
run(size_t coaches)
{
	CdEffectOptions options = cd_effect_default_options();
	CdArena		room = {.size = cd_coach_plan_size(ROWS, TEAMS, doses, coaches)};
	CdArena		arena = {0};
	CdCoachPlan plan;
	CdStatus	status;

	room.base = malloc(room.size);
	status = cd_coach_plan(world, ROWS, TEAMS, dose, doses, coach, coaches, &room, &plan);
	if (status == CD_OK)
	{
		arena.size = cd_effect_coach_size(&plan, WEEKS);
		arena.base = malloc(arena.size);
		status = cd_effect_coach(&plan, &options, &arena, coach, part, &common);
		assert_true(arena.used <= arena.size);
	}
	free(arena.base);
	free(room.base);
	return status;
}

static void
run_teams(void)
{
	CdEffectOptions options = cd_effect_default_options();
	CdArena		arena = {.size = cd_effect_size(ROWS, TEAMS, WEEKS, false)};

	arena.base = malloc(arena.size);
	assert_ok(cd_effect(world, ROWS, TEAMS, &options, &arena, team, &common, NULL));
	free(arena.base);
}

static void
one_group(void)
{
	for (int c = 0; c < COACHES; c++)
		coach[c].group = 0;
	for (int g = 0; g < TEAMS; g++)
		choice[g] = 1.0;
}

static int
own_team(int g, int week)
{
	(void) week;
	return g;
}

/* Two teams, two coaches by turns. */
static int
by_turns(int g, int week)
{
	return g / 2 * 2 + week % 2;
}

static int
many(int g, int week)
{
	return g == 0 ? week % (CD_COACH_COLUMNS + 6) : (g + week) % 3;
}

/* A coach who is a team's only one has the team's estimate. */
static void
alone_is_the_team(void **state)
{
	double		effect[TEAMS];

	(void) state;
	for (int g = 0; g < TEAMS; g++)
		effect[g] = 0.1 * g;
	one_group();
	make_world(effect, own_team, 1);
	assert_ok(run(TEAMS));
	run_teams();
	for (int g = 0; g < TEAMS; g++)
	{
		assert_close(coach[g].raw, team[g].raw, 1e-5);
		assert_close(coach[g].raw_se, team[g].raw_se, 1e-5);
		assert_close(coach[g].shortfall, team[g].shortfall, 1e-5);
		assert_close(coach[g].masked, team[g].masked, 1e-5);
		assert_true(part[g].team == (size_t) g && part[g].coach == g);
		assert_close(part[g].effect, coach[g].raw, 1e-7);
		assert_close(part[g].se, coach[g].raw_se, 1e-7);
		assert_close(part[g].sessions, coach[g].sessions, 1e-12);
		assert_close(coach[g].naive, team[g].naive, 1e-9);
		assert_close(coach[g].naive_share, team[g].naive_share, 1e-9);
		assert_between(coach[g].null_share - team[g].null_share, -0.06, 0.06);
		assert_close(coach[g].sessions, team[g].sessions, 1e-12);
		assert_close(coach[g].agents, team[g].coached, 1e-12);
		assert_true(coach[g].shared == 0.0 && coach[g].teams == 1.0 && coach[g].peers == TEAMS);
	}
	assert_true(coach[TEAMS - 1].place < coach[0].place);
}

/* Who share their agents are told apart, and only within their group. */
static void
tells_sharing_coaches_apart(void **state)
{
	double		effect[TEAMS];

	(void) state;
	one_group();
	for (int c = 0; c < TEAMS; c++)
	{
		effect[c] = c % 2 == 0 ? 0.8 : 0.1;
		coach[c].group = c / 6;
	}
	make_world(effect, by_turns, 2);
	assert_ok(run(TEAMS));
	for (int c = 0; c < TEAMS; c++)
	{
		assert_between(coach[c].effect - effect[c], -0.4, 0.4);
		assert_true(coach[c].low <= effect[c] && effect[c] <= coach[c].high);
		assert_true(coach[c].shared == 2.0 && coach[c].teams == 2.0 && coach[c].peers == 6.0);
		assert_true(c % 2 == 0 ? coach[c].place <= 3.0 : coach[c].place >= 4.0);
	}
}

/* A coach good in one team and bad in the other: each team's part says so, and knows less than both together. */
static void
parts_differ(void **state)
{
	double		effect[TEAMS];

	(void) state;
	one_group();
	for (int c = 0; c < TEAMS; c++)
		effect[c] = c < TEAMS / 2 ? 1.0 : 0.0;
	make_world(effect, own_team, 4);
	for (size_t d = 0; d < doses; d++)
		dose[d].coach %= TEAMS / 2;
	assert_ok(run(TEAMS / 2));
	for (int g = 0; g < TEAMS; g++)
	{
		const CdCoach *both = &coach[g % (TEAMS / 2)];

		assert_true(part[g].team == (size_t) g && part[g].coach == g % (TEAMS / 2));
		assert_between((part[g].effect - effect[g]) / part[g].se, -3.0, 3.0);
		assert_true(part[g].se > both->raw_se);
	}
	assert_close(part[0].sessions + part[TEAMS / 2].sessions, coach[0].sessions, 1e-12);
}

/* Without any effect, though two in three sessions are followed by improvement, nobody is better or worse. */
static void
equals_stay_equal(void **state)
{
	const double effect[TEAMS] = {0};

	(void) state;
	one_group();
	make_world(effect, by_turns, 3);
	assert_ok(run(TEAMS));
	for (int c = 0; c < TEAMS; c++)
	{
		assert_int_equal(coach[c].rank.outlier, 0);
		assert_between(coach[c].effect, -0.2, 0.2);
		assert_true(coach[c].low < 0.0 && coach[c].high > 0.0);
		assert_true(coach[c].naive_share > 0.6);
		assert_between(coach[c].naive_share - coach[c].null_share, -0.08, 0.08);
	}
}

/* As many coach after good weeks as after bad ones: neither gains by it. */
static void
opposite_choices(void **state)
{
	const double effect[TEAMS] = {0};
	double		mean[2] = {0};

	(void) state;
	one_group();
	for (int g = 0; g < TEAMS; g++)
		choice[g] = g % 2 == 0 ? 1.0 : -1.0;
	make_world(effect, own_team, 9);
	assert_ok(run(TEAMS));
	assert_int_equal(common.before, 0);
	for (int g = 0; g < TEAMS; g++)
		mean[g % 2] += coach[g].effect / (TEAMS / 2);
	assert_between(mean[0], -0.1, 0.1);
	assert_between(mean[1], -0.1, 0.1);
}

/* Sessions of nobody in particular are coaching all the same: the others' estimates stay. */
static void
unknown_coaches_count(void **state)
{
	double		effect[TEAMS];
	double		before;
	size_t		kept = 0;

	(void) state;
	for (int c = 0; c < TEAMS; c++)
		effect[c] = 0.5;
	one_group();
	make_world(effect, by_turns, 4);
	assert_ok(run(TEAMS));
	before = coach[0].raw;
	for (size_t d = 0; d < doses; d++)
		if (dose[d].coach != 1)
			dose[kept++] = dose[d];
	doses = kept;
	assert_ok(run(TEAMS));
	assert_between(coach[0].raw - before, -0.02, 0.02);
	assert_int_equal(coach[1].status, CD_TOO_FEW);
	assert_true(coach[1].sessions == 0.0 && isnan(coach[1].effect) && !coach[1].ranked);
}

/* Two coaches of the same agents in the same weeks: no telling which, and both are drawn alike. */
static void
always_together(void **state)
{
	double		effect[TEAMS];
	size_t		n;

	(void) state;
	for (int c = 0; c < TEAMS; c++)
		effect[c] = 0.6;
	one_group();
	make_world(effect, own_team, 5);
	for (size_t r = 0; r < ROWS; r++)
		world[r].sessions *= world[r].team == 0 ? 2.0 : 1.0;
	n = doses;
	doses = 0;
	for (size_t d = 0; d < n; d++)
	{
		dose[ROWS + doses] = dose[d];
		doses++;
	}
	for (size_t d = 0, out = 0; d < n; d++)
	{
		dose[out++] = dose[ROWS + d];
		if (world[dose[ROWS + d].row].team == 0)
			dose[out++] = (CdCoachDose) {dose[ROWS + d].row, TEAMS, 1.0};
		doses = out;
	}
	assert_ok(run(TEAMS + 1));
	assert_nan(coach[0].raw);
	assert_nan(coach[TEAMS].raw);
	assert_close(coach[0].effect, coach[TEAMS].effect, 1e-3);
	assert_true(coach[0].sd > coach[1].sd);
	assert_false(isnan(coach[1].raw));
}

/* Beyond the columns of a team, the coaches with the fewest sessions there count together. */
static void
more_coaches_than_columns(void **state)
{
	double		effect[COACHES] = {0};

	(void) state;
	one_group();
	make_world(effect, many, 6);
	assert_ok(run(COACHES));
	assert_true(coach[0].ranked && coach[1].ranked && coach[2].ranked);
	for (int c = 3; c < COACHES; c++)
		assert_false(coach[c].ranked);
	assert_int_equal(coach[COACHES - 1].status, CD_TOO_FEW);
	assert_true(coach[COACHES - 1].sessions > 0.0);
}

/* When a coach sees the whole team at once there is nobody to compare with. */
static void
whole_team_at_once(void **state)
{
	double		effect[TEAMS] = {0};

	(void) state;
	one_group();
	make_world(effect, own_team, 7);
	for (int i = 0; i < AGENTS; i++)
		for (int t = 0; t < WEEKS; t++)
			row_at(0, i, t)->sessions = t % 10 == 0;
	doses = 0;
	for (size_t r = 0; r < ROWS; r++)
		if (world[r].sessions > 0.0)
			dose[doses++] = (CdCoachDose) {r, world[r].team, 1.0};
	assert_ok(run(TEAMS));
	assert_int_equal(coach[0].status, CD_TOO_FEW);
	assert_true(isnan(coach[0].effect) && !isnan(coach[0].naive_share) && isnan(coach[0].null_share));
	assert_int_equal(coach[1].status, CD_OK);
	assert_true(coach[1].peers == TEAMS - 1);
}

static void
refusals(void **state)
{
	const double effect[TEAMS] = {0};
	CdCoachDose first;

	(void) state;
	one_group();
	make_world(effect, own_team, 8);
	first = dose[0];
	dose[0].sessions = 2.0;
	assert_int_equal(run(TEAMS), CD_BAD_INPUT);
	dose[0] = first;
	dose[0].coach = TEAMS;
	assert_int_equal(run(TEAMS), CD_BAD_INPUT);
	dose[0] = dose[1];
	dose[1] = first;
	assert_int_equal(run(TEAMS), CD_BAD_INPUT);
	dose[1] = dose[0];
	dose[0] = first;
	assert_ok(run(TEAMS));
	coach[0].group = 1;
	make_world(effect, by_turns, 8);
	assert_int_equal(run(TEAMS), CD_BAD_INPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone_is_the_team),
		cmocka_unit_test(tells_sharing_coaches_apart),
		cmocka_unit_test(parts_differ),
		cmocka_unit_test(equals_stay_equal),
		cmocka_unit_test(opposite_choices),
		cmocka_unit_test(unknown_coaches_count),
		cmocka_unit_test(always_together),
		cmocka_unit_test(more_coaches_than_columns),
		cmocka_unit_test(whole_team_at_once),
		cmocka_unit_test(refusals),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
