/*
 * test_trials.c: stacked trials, where the answer is known, beside what they are known to get wrong.
 */
#include "close.h"

#include <stdlib.h>

#include "stats/trials.h"

#define TEAMS 12
#define AGENTS 10
#define WEEKS 60
#define ROWS (TEAMS * AGENTS * WEEKS)

static CdEffectRow world[ROWS];

static CdEffectRow *
row_at(int team, int agent, int week)
{
	return &world[(team * AGENTS + agent) * WEEKS + week];
}

/* pick: 0 at random, 1 who seems the worst of the week. One in ten agents a week; effect for four weeks. */
static void
make_world(double effect, int pick, uint64_t seed)
{
	for (int g = 0; g < TEAMS; g++)
	{
		double		level[AGENTS];

		for (int i = 0; i < AGENTS; i++)
			level[i] = 0.7 * normal(&seed);
		for (int t = 0; t < WEEKS; t++)
		{
			double		week = normal(&seed);
			int			coached = (int) (uniform(&seed) * AGENTS);
			double		worst = 0.0;

			for (int i = 0; i < AGENTS; i++)
			{
				double		lift = 0.0;

				for (int k = 1; k <= 4 && k <= t; k++)
					lift += effect * row_at(g, i, t - k)->sessions;
				*row_at(g, i, t) = (CdEffectRow) {g, g * AGENTS + i, t, level[i] + week + lift + normal(&seed), 1.0, 0.0, NAN};
			}
			for (int i = 0; pick == 1 && i < AGENTS; i++)
			{
				double		seems = row_at(g, i, t)->value + normal(&seed);

				if (i == 0 || seems < worst)
				{
					coached = i;
					worst = seems;
				}
			}
			row_at(g, coached, t)->sessions = 1.0;
		}
	}
}

static CdStatus
run_bound(const CdEffectRow *rows, size_t n, CdTrialMethod method, CdTrialBound bound, CdTrials *out)
{
	CdTrialOptions options = {method, bound, 4, 0, 0.95};
	CdArena		arena = {.size = cd_trials_size(rows, n)};
	CdStatus	status;

	arena.base = malloc(arena.size);
	status = cd_trials(rows, n, &options, &arena, out);
	free(arena.base);
	return status;
}

static CdStatus
run(const CdEffectRow *rows, size_t n, CdTrialMethod method, CdTrials *out)
{
	return run_bound(rows, n, method, CD_TRIAL_AS_MEASURED, out);
}

/* Sessions given at random: every design finds the effect, and its interval covers it. */
static void
random_sessions_are_easy(void **state)
{
	static const CdTrialMethod methods[] = {CD_TRIAL_GAP, CD_TRIAL_HISTORY};
	CdTrials	e;

	(void) state;
	make_world(0.8, 0, 11);
	for (int m = 0; m < 2; m++)
	{
		assert_ok(run(world, ROWS, methods[m], &e));
		assert_between(e.estimate, 0.65, 0.95);
		assert_true(e.low < 0.8 && 0.8 < e.high && e.low > 0.3);
		assert_true(e.p < 0.001);
		assert_true(e.sessions > 100.0 && e.compared > 3.0 * e.sessions && e.df > 3.0);
	}
}

/*
 * Against clubSandwich 0.5.8 (CR2 by agent, weights, a dummy for each trial): standard errors within 2 %,
 * where leaving the trials' means out of account makes them 11 to 13 % too small.
 */
static void
as_uncertain_as_clubsandwich(void **state)
{
	CdTrials	e;

	(void) state;
	make_world(0.8, 0, 11);
	assert_ok(run(world, ROWS / 3, CD_TRIAL_HISTORY, &e));
	assert_close(e.estimate, 0.8281669, 1e-6);
	assert_close(e.se, 0.06922324, 0.02);
	assert_close(e.df, 36.26799, 0.02);
	assert_ok(run(world, ROWS / 3, CD_TRIAL_GAP, &e));
	assert_close(e.estimate, 0.8180404, 1e-6);
	assert_close(e.se, 0.07955176, 0.02);
	assert_close(e.df, 36.33475, 0.02);
}

/* The worst are coached, to no effect: before and after is far off, the history of an agent explains it. */
static void
regression_to_the_mean(void **state)
{
	CdTrials	e;

	(void) state;
	make_world(0.0, 1, 12);
	assert_ok(run(world, ROWS, CD_TRIAL_BEFORE_AFTER, &e));
	assert_true(e.low > 0.5);
	assert_int_equal(e.compared, 0);
	assert_ok(run(world, ROWS, CD_TRIAL_HISTORY, &e));
	assert_between(e.estimate, -0.12, 0.12);
	assert_true(e.low < 0.0 && 0.0 < e.high);
	assert_ok(run(world, ROWS, CD_TRIAL_GAP, &e));
	assert_true(e.estimate < 0.05);
}

/* Before and after is the mean over sessions, looked up by hand. */
static void
before_and_after_by_hand(void **state)
{
	CdEffectRow rows[] = {
		{0, 0, 0, 1.0, 1.0, 0.0, NAN}, {0, 0, 1, 2.0, 1.0, 1.0, NAN}, {0, 0, 2, 5.0, 1.0, 0.0, NAN},
		{0, 0, 3, 8.0, 3.0, 0.0, NAN}, {0, 1, 0, 4.0, 1.0, 2.0, NAN}, {0, 1, 2, 3.0, 1.0, 0.0, NAN}
	};
	CdTrials	e;

	(void) state;
	assert_ok(run(rows, 6, CD_TRIAL_BEFORE_AFTER, &e));
	/* (5 + 3 x 8) / 4 - 2 once, 3 - 4 twice. */
	assert_close(e.estimate, (5.25 - 2.0) / 3.0, 1e-14);
	assert_int_equal(e.sessions, 3);
	assert_int_equal(e.clusters, 2);
}

/* Turned over and stretched, the answer is turned over and stretched; other rows' order by team is no matter. */
static void
scales_with_the_data(void **state)
{
	CdTrials	a;
	CdTrials	b;

	(void) state;
	make_world(0.3, 1, 13);
	for (int m = CD_TRIAL_BEFORE_AFTER; m <= CD_TRIAL_HISTORY; m++)
	{
		assert_ok(run(world, ROWS, (CdTrialMethod) m, &a));
		for (int i = 0; i < ROWS; i++)
			world[i].value = 100.0 - 3.0 * world[i].value;
		assert_ok(run(world, ROWS, (CdTrialMethod) m, &b));
		for (int i = 0; i < ROWS; i++)
			world[i].value = (100.0 - world[i].value) / 3.0;
		assert_close(b.estimate, -3.0 * a.estimate, 1e-9);
		assert_close(b.se, 3.0 * a.se, 1e-9);
		assert_close(b.df, a.df, 1e-6);
	}
}

/* Who does badly after a session is away for the horizon, so that those who are measured flatter it. */
static void
hide_failures(void)
{
	for (int g = 0; g < TEAMS * AGENTS; g++)
		for (int t = 0; t + 4 < WEEKS; t++)
		{
			double		after = 0.0;
			double		others = 0.0;

			for (int k = 1; k <= 4; k++)
			{
				after += row_at(0, g, t + k)->value / 4.0;
				for (int i = 0; i < AGENTS; i++)
					others += row_at(g / AGENTS, i, t + k)->value / (4.0 * AGENTS);
			}
			for (int k = 1; k <= 4 && row_at(0, g, t)->sessions > 0.0 && after < others - 0.4; k++)
				row_at(0, g, t + k)->weight = 0.0;
		}
}

/* The bounds hold the truth where the trials don't. */
static void
bounds_hold_who_leaves(void **state)
{
	CdTrials	e;
	CdTrials	low;
	CdTrials	high;

	(void) state;
	make_world(0.3, 0, 15);
	assert_ok(run(world, ROWS, CD_TRIAL_HISTORY, &e));
	assert_close(e.measured, 1.0, 0.01);
	hide_failures();
	assert_ok(run(world, ROWS, CD_TRIAL_HISTORY, &e));
	assert_true(e.low > 0.3);
	assert_between(e.measured, 0.6, 0.9);
	assert_true(e.compared_measured > e.measured + 0.1);
	assert_ok(run_bound(world, ROWS, CD_TRIAL_HISTORY, CD_TRIAL_LOWEST, &low));
	assert_ok(run_bound(world, ROWS, CD_TRIAL_HISTORY, CD_TRIAL_HIGHEST, &high));
	assert_true(low.estimate < e.estimate && e.estimate < high.estimate);
	assert_between(low.estimate, 0.1, 0.3);
	assert_true(high.high < 0.8);
	assert_close(low.measured, e.measured, 1e-12);
}

/* Turned over, the bounds change places; where all are measured they are the estimate. */
static void
bounds_are_bounds(void **state)
{
	CdTrials	e;
	CdTrials	low;
	CdTrials	high;

	(void) state;
	make_world(0.3, 0, 16);
	for (int i = 0; i < ROWS; i++)
		world[i].sessions *= world[i].period < WEEKS - 1;
	assert_ok(run(world, ROWS, CD_TRIAL_HISTORY, &e));
	assert_ok(run_bound(world, ROWS, CD_TRIAL_HISTORY, CD_TRIAL_LOWEST, &low));
	assert_close(low.estimate, e.estimate, 1e-12);
	assert_close(low.se, e.se, 1e-12);
	hide_failures();
	assert_ok(run_bound(world, ROWS, CD_TRIAL_HISTORY, CD_TRIAL_LOWEST, &low));
	for (int i = 0; i < ROWS; i++)
		world[i].value = -world[i].value;
	assert_ok(run_bound(world, ROWS, CD_TRIAL_HISTORY, CD_TRIAL_HIGHEST, &high));
	assert_close(high.estimate, -low.estimate, 1e-9);
	assert_int_equal(run_bound(world, ROWS, CD_TRIAL_GAP, CD_TRIAL_LOWEST, &e), CD_BAD_INPUT);
}

/* Nothing to go by. */
static void
too_few(void **state)
{
	CdTrials	e;

	(void) state;
	make_world(0.0, 1, 14);
	for (int m = CD_TRIAL_BEFORE_AFTER; m <= CD_TRIAL_HISTORY; m++)
	{
		assert_int_equal(run(world, 0, (CdTrialMethod) m, &e), CD_TOO_FEW);
		assert_int_equal(run(world, WEEKS, (CdTrialMethod) m, &e), CD_TOO_FEW);
		assert_true(isnan(e.estimate) && isnan(e.se));
	}
	for (int i = 0; i < ROWS; i++)
		world[i].sessions = 0.0;
	for (int m = CD_TRIAL_BEFORE_AFTER; m <= CD_TRIAL_HISTORY; m++)
		assert_int_equal(run(world, ROWS, (CdTrialMethod) m, &e), CD_TOO_FEW);
	for (int i = 0; i < ROWS; i++)
	{
		world[i].sessions = 1.0;
		world[i].value = NAN;
	}
	for (int m = CD_TRIAL_BEFORE_AFTER; m <= CD_TRIAL_HISTORY; m++)
		assert_int_equal(run(world, ROWS, (CdTrialMethod) m, &e), CD_TOO_FEW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_sessions_are_easy),
		cmocka_unit_test(as_uncertain_as_clubsandwich),
		cmocka_unit_test(regression_to_the_mean),
		cmocka_unit_test(before_and_after_by_hand),
		cmocka_unit_test(scales_with_the_data),
		cmocka_unit_test(bounds_hold_who_leaves),
		cmocka_unit_test(bounds_are_bounds),
		cmocka_unit_test(too_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
