/*
 * test_agent_change.c: an agent coached at the worst does not seem to have improved; one who
 * did, does.
 */
#include "close.h"

#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "stats/agent_change.h"

#define TEAMS 12
#define AGENTS 10
#define WEEKS 52
#define ROWS (TEAMS * AGENTS * WEEKS)
#define HORIZON 4

/* A centre in which the worst agent of a team's week is coached, every week. */
typedef struct World
{
	double		level;			/* sd between agents */
	double		shock;			/* sd of what wears off, by 0.7 a week */
	double		noise;
	double		uneven;			/* sd of the logarithm of agents' noise */
	double		drift;			/* sd of a lasting change each week */
	double		effect;			/* lasting, of each session */
} World;

static CdEffectRow rows[ROWS];
static CdAgentChange change[ROWS];

static void
team_of(const World *w, int team, uint64_t *seed)
{
	double		level[AGENTS];
	double		shock[AGENTS];
	double		noise[AGENTS];

	for (int a = 0; a < AGENTS; a++)
	{
		level[a] = w->level * normal(seed);
		shock[a] = w->shock * normal(seed);
		noise[a] = w->noise * exp(w->uneven * normal(seed));
	}
	for (int t = 0; t < WEEKS; t++)
	{
		double		week = 3.0 * normal(seed) + (t > WEEKS / 2 ? 5.0 : 0.0);
		CdEffectRow *worst = NULL;

		for (int a = 0; a < AGENTS; a++)
		{
			CdEffectRow *row = &rows[(team * AGENTS + a) * WEEKS + t];

			shock[a] = 0.7 * shock[a] + sqrt(0.51) * w->shock * normal(seed);
			level[a] += w->drift * normal(seed);
			*row = (CdEffectRow) {.team = team, .agent = a, .period = t, .weight = 1.0, .tenure = NAN,
				.value = 80.0 + week + level[a] + shock[a] + noise[a] * normal(seed)};
			if (worst == NULL || row->value < worst->value)
				worst = row;
		}
		worst->sessions = 1.0;
		level[worst->agent] += w->effect;
	}
}

static size_t
changes(size_t n, size_t teams, CdStatus *status)
{
	CdArena		arena = {.size = cd_agent_change_size(n, teams, WEEKS)};
	size_t		count = 0;

	arena.base = malloc(arena.size);
	*status = cd_agent_change(rows, n, teams, HORIZON, &arena, change, &count);
	free(arena.base);
	return count;
}

/* Shares of sessions, the horizon seen in full, that are said to be followed by better and by worse; mean change. */
typedef struct Shares
{
	double		improved;
	double		worse;
	double		mean;
	double		naive;			/* better than in the session's period */
} Shares;

static Shares
simulate(World w)
{
	uint64_t	seed = 11;
	Shares		sum = {0};
	double		n = 0.0;

	for (int trial = 0; trial < 4; trial++)
	{
		CdStatus	status;
		size_t		count;

		for (int team = 0; team < TEAMS; team++)
			team_of(&w, team, &seed);
		count = changes(ROWS, TEAMS, &status);
		assert_ok(status);
		assert_int_equal(count, TEAMS * WEEKS);
		for (size_t i = 0; i < count; i++)
		{
			double		half;

			if (isnan(change[i].change) || change[i].after < HORIZON)
				continue;
			half = gsl_cdf_tdist_Pinv(0.975, change[i].df) * change[i].se;
			sum.improved += change[i].change > half;
			sum.worse += change[i].change < -half;
			sum.mean += change[i].change;
			sum.naive += change[i].observed > rows[change[i].row].value;
			n += 1.0;
		}
	}
	return (Shares) {sum.improved / n, sum.worse / n, sum.mean / n, sum.naive / n};
}

/* The worst agent of each week, coached without any effect. */
static void
regression_to_the_mean(void **state)
{
	const World worlds[] = {
		{4, 2, 4, 0, 0, 0}, {1, 0, 6, 0, 0, 0}, {4, 4, 2, 0, 0, 0}, {4, 2, 4, 0.4, 0, 0}, {4, 2, 4, 0, 0.4, 0}
	};

	(void) state;
	for (size_t i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++)
	{
		Shares		s = simulate(worlds[i]);

		assert_true(s.improved <= 0.05);
		assert_true(s.worse <= 0.05);
		assert_between(s.mean, -0.5, 0.5);
		assert_true(s.naive > 0.75);
	}
}

static void
real_change(void **state)
{
	Shares		s = simulate((World) {4, 2, 4, 0, 0, 6});

	(void) state;
	assert_true(s.improved > 0.2);
	assert_true(s.worse < 0.005);
	assert_between(s.mean, 3.0, 6.0);
}

/* Horizons of a cycle do not overlap; the first weeks and the last say nothing. */
static void
cycles(void **state)
{
	World		w = {4, 2, 4, 0, 0, 0};
	uint64_t	seed = 5;
	CdStatus	status;
	size_t		count;

	(void) state;
	team_of(&w, 0, &seed);
	for (int i = 0; i < AGENTS * WEEKS; i++)
		rows[i].sessions = rows[i].agent == 0 && (rows[i].period % 2 == 0 || rows[i].period == 51);
	count = changes(AGENTS * WEEKS, 1, &status);
	assert_ok(status);
	assert_int_equal(count, 27);
	assert_int_equal(change[0].before, 1);
	assert_nan(change[0].change);
	assert_int_equal(change[0].cycles, 0);
	assert_int_equal(change[1].cycles, 1);		/* weeks 2, 4 and 6: 2 and 6 do not overlap */
	assert_int_equal(change[2].cycles, 1);
	assert_int_equal(change[3].cycles, 2);
	assert_int_equal(change[5].cycles, 3);
	assert_close(change[5].cycles_se, pow(pow(change[5].se, -2) + pow(change[3].se, -2) + pow(change[1].se, -2), -0.5), 1e-12);
	assert_int_equal(change[24].after, 3);
	assert_false(isnan(change[24].change));
	assert_int_equal(change[25].after, 1);
	assert_nan(change[25].change);
	assert_int_equal(change[26].after, 0);
	assert_int_equal(change[26].cycles, 3);
}

/* Nothing to see: no other agent, or no variation. */
static void
nothing(void **state)
{
	CdStatus	status;
	size_t		count;

	(void) state;
	for (int i = 0; i < 2 * WEEKS; i++)
		rows[i] = (CdEffectRow) {.agent = i / WEEKS, .period = i % WEEKS, .weight = 1.0, .tenure = NAN,
			.value = 80.0 + 1e-14 * i, .sessions = i == 20};
	count = changes(2 * WEEKS, 1, &status);
	assert_ok(status);
	assert_int_equal(count, 1);
	assert_nan(change[0].change);
	count = changes(WEEKS, 1, &status);
	assert_ok(status);
	assert_int_equal(count, 1);
	assert_int_equal(change[0].before, 0);
	assert_nan(change[0].change);
	count = changes(0, 1, &status);
	assert_int_equal(status, CD_TOO_FEW);
	rows[3].value = INFINITY;
	count = changes(WEEKS, 1, &status);
	assert_int_equal(status, CD_BAD_INPUT);
	assert_int_equal(count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regression_to_the_mean),
		cmocka_unit_test(real_change),
		cmocka_unit_test(cycles),
		cmocka_unit_test(nothing),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
