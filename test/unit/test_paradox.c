/*
 * test_paradox.c: a line through autocorrelated noise, a team's periods free of who was
 * there, and the three trends of the paradox, with the errors that they promise to keep.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "stats/ar_line.h"
#include "stats/paradox.h"
#include "stats/period_effects.h"

#define WEEKS 52
#define AGENTS 10

static CdArena
make_arena(size_t size)
{
	return (CdArena) {malloc(size), size, 0};
}

/* ---- the line ------------------------------------------------------------------------------- */

static const double line_time[] = {0, 1, 2, 4, 5, 6, 9, 10};
static const double line_value[] = {3, 2.5, 4, 4.2, 3.1, 5, 4.4, 6};

/* Against dense covariance matrices, inverted numerically. */
static void
line_reference(void **state)
{
	const double variance[] = {1, 1, 2, 1, 1, 0.5, 1, 1};
	CdArLine	line;

	(void) state;
	assert_ok(cd_ar_line(line_time, line_value, variance, 8, false, &line));
	assert_close(line.level, 4.461027564740151, 1e-10);
	assert_close(line.slope, 0.3131575889946777, 1e-10);
	assert_close(line.level_se, 0.8636296282911874, 1e-10);
	assert_close(line.slope_se, 0.17359007983250294, 1e-10);
	assert_close(line.correlation, 0.38702220175850316, 1e-10);
	assert_close(line.df, 6.0, 0.0);
	assert_ok(cd_ar_line(line_time, line_value, NULL, 8, true, &line));
	assert_close(line.slope, 0.25551020408163266, 1e-12);
	assert_close(line.slope_se, 0.0768648483678912, 1e-12);
	assert_close(line.correlation, 0.0, 0.0);
}

static void
line_edges(void **state)
{
	const double straight[] = {1e6, 1e6 + 1, 1e6 + 2, 1e6 + 4, 1e6 + 5, 1e6 + 6, 1e6 + 9, 1e6 + 10};
	const double broken[] = {1, 2, NAN, 4};
	const double backwards[] = {0, 2, 1, 3};
	CdArLine	line;

	(void) state;
	assert_ok(cd_ar_line(line_time, straight, NULL, 8, false, &line));
	assert_close(line.slope, 1.0, 1e-9);
	assert_true(line.slope_se < 1e-9);
	assert_int_equal(cd_ar_line(line_time, line_value, NULL, 3, false, &line), CD_TOO_FEW);
	assert_int_equal(cd_ar_line(line_time, broken, NULL, 4, false, &line), CD_BAD_INPUT);
	assert_int_equal(cd_ar_line(backwards, line_value, NULL, 4, false, &line), CD_BAD_INPUT);
}

/* ---- periods -------------------------------------------------------------------------------- */

static const double moves[] = {0, 1, -2, 3, 5, 4};

/* Two agents and a successor, without noise: who is there must not show. */
static size_t
relay(CdPeriodRow *rows)
{
	size_t		n = 0;

	for (int32_t t = 0; t < 4; t++)
		rows[n++] = (CdPeriodRow) {0, t, 100 + moves[t], 1 + t};
	for (int32_t t = 2; t < 6; t++)
		rows[n++] = (CdPeriodRow) {1, t, 50 + moves[t], 2};
	for (int32_t t = 3; t < 6; t++)
		rows[n++] = (CdPeriodRow) {2, t, 10 + moves[t], 3};
	return n;
}

static void
periods_free_of_agents(void **state)
{
	CdArena		arena = make_arena(cd_period_effects_size(6));
	CdPeriodRow	rows[11];
	size_t		n = relay(rows);
	const double slope[] = {-5, -3, -1, 1, 3, 5};
	CdPeriodEffects e;
	double		variance;

	(void) state;
	assert_ok(cd_period_effects(rows, n, 6, &arena, &e));
	for (int t = 1; t < 6; t++)
		assert_close(e.effect[t] - e.effect[0], moves[t], 1e-12);
	assert_true(fabs(e.noise) < 1e-20);
	e.noise = 1.0;
	variance = cd_period_effects_variance(&e, slope);
	/* without the common weeks of agents 0 and 1 early and late hang on week 3 alone */
	arena.used = 0;
	rows[4].weight = 0.0;
	assert_ok(cd_period_effects(rows, n, 6, &arena, &e));
	e.noise = 1.0;
	assert_true(cd_period_effects_variance(&e, slope) > variance);
	free(arena.base);
}

/* Nobody stayed: early periods cannot be compared with the last. */
static void
periods_not_linked(void **state)
{
	CdArena		arena = make_arena(cd_period_effects_size(6));
	const CdPeriodRow rows[] = {{0, 0, 9, 1}, {0, 1, 8, 1}, {0, 5, 8, 0}, {1, 2, 3, 1}, {1, 3, 4, 1}};
	CdPeriodEffects e;

	(void) state;
	assert_ok(cd_period_effects(rows, 5, 6, &arena, &e));
	assert_nan(e.effect[0]);
	assert_nan(e.effect[5]);
	assert_close(e.effect[3] - e.effect[2], 1.0, 1e-14);
	assert_nan(e.noise);
	arena.used = 0;
	assert_int_equal(cd_period_effects(rows + 2, 1, 6, &arena, &e), CD_TOO_FEW);
	free(arena.base);
}

/* ---- the paradox ---------------------------------------------------------------------------- */

/* A team as it is simulated; margin 1. */
typedef struct Plan
{
	double		correlation;	/* from week to week */
	double		shock;			/* sd of what the whole team goes through */
	double		change;			/* of the metric over the window */
	bool		step;			/* at once in mid-window, else bit by bit */
	double		dose[2];		/* sessions per agent and week, first and last */
	double		raise;			/* of the target in mid-window */
} Plan;

static const CdParadoxOptions options = {0, WEEKS - 1, 4, 13, 16, 7 / 30.4375, 1, 1, 1};

static double
carry(double *state, double correlation, uint64_t *seed)
{
	*state = correlation * *state + sqrt(1 - correlation * correlation) * normal(seed);
	return *state;
}

static double
changed(const Plan *plan, int t)
{
	if (plan->step)
		return t < WEEKS / 2 ? 0 : plan->change;
	return plan->change * t / (WEEKS - 1.0);
}

static CdParadoxRow rows[2 * AGENTS * WEEKS];

static size_t
simulate(const Plan *plan, uint64_t *seed)
{
	double		shock[WEEKS];
	double		carried = normal(seed);
	size_t		n = 0;

	for (int t = 0; t < WEEKS; t++)
		shock[t] = plan->shock * carry(&carried, plan->correlation, seed);
	for (int a = 0; a < AGENTS; a++)
	{
		double		level = 80 + 2 * normal(seed);
		double		own = normal(seed);

		for (int t = 0; t < WEEKS; t++)
		{
			double		chance = plan->dose[0] + (plan->dose[1] - plan->dose[0]) * t / (WEEKS - 1.0);

			rows[n++] = (CdParadoxRow) {
				.agent = a, .period = t, .weight = 1, .tenure = NAN, .target = 86 + (t < WEEKS / 2 ? 0 : plan->raise),
				.value = level + shock[t] + carry(&own, 0.7 * plan->correlation, seed) + changed(plan, t),
				.sessions = uniform(seed) < chance
			};
			rows[n - 1].minutes = 20 * rows[n - 1].sessions;
		}
	}
	return n;
}

static CdParadox
judge(size_t n, CdParadoxOptions o)
{
	CdArena		arena = make_arena(cd_paradox_size(n, (size_t) (o.last - o.first + 1)));
	CdParadox	p;

	assert_ok(cd_paradox(rows, n, &o, &arena, &p));
	assert_int_equal(arena.used, 0);
	free(arena.base);
	return p;
}

static const Plan trap = {.shock = 0.1, .dose = {0.1, 0.8}};

static void
stages(void **state)
{
	uint64_t	seed = 3;
	Plan		plan = trap;
	CdParadox	p;

	(void) state;
	p = judge(simulate(&plan, &seed), options);
	assert_int_equal(p.paradox, CD_ANSWER_YES);
	assert_int_equal(p.metric_change.move, CD_MOVE_FLAT);
	assert_int_equal(p.gap_change.move, CD_MOVE_FLAT);
	assert_int_equal(p.dose_change.move, CD_MOVE_UP);
	assert_true(p.stage == CD_STAGE_ESCALATING || p.stage == CD_STAGE_ENTRENCHED);
	assert_true(p.sessions_since > 0 && p.sessions_since < p.sessions);
	assert_close(p.minutes_since, 20 * p.sessions_since, 1e-12);
	plan.raise = 3;
	p = judge(simulate(&plan, &seed), options);
	assert_int_equal(p.paradox, CD_ANSWER_YES);
	assert_int_equal(p.gap_change.move, CD_MOVE_UP);
	assert_close(p.target_change, 3.0, 1e-9);
	plan.raise = -3;
	p = judge(simulate(&plan, &seed), options);
	assert_int_equal(p.paradox, CD_ANSWER_NO);
	assert_int_equal(p.open, CD_ANSWER_NO);
	assert_int_equal(p.metric_change.move, CD_MOVE_FLAT);
}

static void
what_is_no_paradox(void **state)
{
	uint64_t	seed = 4;
	Plan		plan = trap;
	CdParadox	p;

	(void) state;
	plan.change = 4;
	p = judge(simulate(&plan, &seed), options);
	assert_int_equal(p.paradox, CD_ANSWER_NO);
	assert_int_equal(p.stage, CD_STAGE_NONE);
	assert_int_equal(p.clear_since, -1);
	plan = (Plan) {.shock = 0.1, .dose = {0.9, 0.1}};
	p = judge(simulate(&plan, &seed), options);
	assert_int_equal(p.dose_change.move, CD_MOVE_DOWN);
	assert_int_equal(p.paradox, CD_ANSWER_NO);
	plan = (Plan) {.shock = 0.1, .dose = {0.5, 0.5}};
	p = judge(simulate(&plan, &seed), options);
	assert_int_equal(p.paradox, CD_ANSWER_YES);
	assert_int_not_equal(p.dose_change.move, CD_MOVE_UP);
	plan = (Plan) {.shock = 0.1, .dose = {0.05, 0.05}};
	p = judge(simulate(&plan, &seed), options);
	assert_int_equal(p.paradox, CD_ANSWER_NO);
}

static void
cannot_tell(void **state)
{
	uint64_t	seed = 5;
	Plan		plan = {.correlation = 0.8, .shock = 3, .dose = {0.1, 0.8}};
	CdParadoxOptions o = options;
	CdParadox	p;
	size_t		n;

	(void) state;
	p = judge(simulate(&plan, &seed), options);
	assert_int_equal(p.paradox, CD_ANSWER_UNKNOWN);
	assert_int_equal(p.unmoved, CD_ANSWER_UNKNOWN);
	assert_int_equal(p.invested, CD_ANSWER_YES);
	n = simulate(&trap, &seed);
	o.margin_up = o.margin_down = NAN;
	assert_int_equal(judge(n, o).paradox, CD_ANSWER_UNKNOWN);
	o = options;
	o.last = 14;
	p = judge(n, o);
	assert_int_equal(p.paradox, CD_ANSWER_UNKNOWN);
	assert_nan(p.metric_change.estimate);
	for (size_t i = 0; i < n; i++)
		rows[i].target = NAN;
	p = judge(n, options);
	assert_int_equal(p.paradox, CD_ANSWER_UNKNOWN);
	assert_int_equal(p.unmoved, CD_ANSWER_YES);
	for (size_t i = 0; i < n; i++)
		rows[i].sessions = rows[i].period < WEEKS - 8 ? 0 : 1;
	assert_int_equal(judge(n, options).paradox, CD_ANSWER_UNKNOWN);
	for (size_t i = 0; i < n; i++)
		rows[i].sessions = 0;
	p = judge(n, options);
	assert_int_equal(p.paradox, CD_ANSWER_UNKNOWN);
	assert_int_equal(p.coached_since, -1);
	assert_int_equal(judge(0, options).paradox, CD_ANSWER_UNKNOWN);
}

/* Agents improve by 4 while ever more beginners, 10 below them, join: the mean falls. */
static void
dilution(void **state)
{
	uint64_t	seed = 6;
	Plan		plan = trap;
	CdParadox	p;
	size_t		n;

	(void) state;
	plan.change = 4;
	n = simulate(&plan, &seed);
	for (int a = AGENTS; a < 2 * AGENTS; a++)
		for (int t = 5 * (a - AGENTS + 1); t < WEEKS; t++)
			rows[n++] = (CdParadoxRow) {
				.agent = a, .period = t, .value = 70 + changed(&plan, t) + normal(&seed), .target = 86, .weight = 1,
				.sessions = uniform(&seed) < 0.5, .tenure = NAN
			};
	p = judge(n, options);
	assert_int_equal(p.metric_change.move, CD_MOVE_UP);
	assert_between(p.metric_change.estimate, 3, 5);
	assert_true(p.mean_change < 1);
	assert_int_equal(p.paradox, CD_ANSWER_NO);
	assert_int_equal(p.agents, 2 * AGENTS);
	/* known to be new, they are left out while they learn; those who learned long enough stay */
	for (size_t i = AGENTS * WEEKS; i < n; i++)
		rows[i].tenure = rows[i].period - 5 * (rows[i].agent - AGENTS + 1);
	p = judge(n, options);
	assert_false(p.learners);
	assert_int_equal(p.agents, AGENTS + 5);
}

/* The errors promised: at most 5 % where the metric changes by just what is worth having. */
static void
error_rates(void **state)
{
	const double correlations[] = {0.0, 0.3, 0.6, 0.8, 0.95};
	const int draws = 400;
	uint64_t	seed = 7;

	(void) state;
	for (int c = 0; c < 5; c++)
		for (int kind = 0; kind < 3; kind++)
		{
			Plan		plan = trap;
			int			covered = 0;
			int			flat = 0;
			int			paradox = 0;

			plan.correlation = correlations[c];
			plan.shock = kind == 2 ? 0.8 : 0.3;
			plan.change = 1;
			plan.step = kind == 1;
			for (int i = 0; i < draws; i++)
			{
				CdParadox	p = judge(simulate(&plan, &seed), options);

				covered += p.metric_change.low <= 1 && p.metric_change.high >= 1;
				flat += p.metric_change.move == CD_MOVE_FLAT;
				paradox += p.paradox == CD_ANSWER_YES;
			}
			/* 5 % and three of its standard errors; a step counts for more than its size */
			assert_true(flat <= 0.083 * draws);
			assert_true(paradox <= 0.083 * draws);
			if (!plan.step)
				assert_true(covered >= 0.917 * draws);
		}
}

/* And it does find the paradox where there is one. */
static void
power(void **state)
{
	uint64_t	seed = 8;
	Plan		plan = {.correlation = 0.3, .shock = 0.3, .dose = {0.1, 0.6}};
	int			found = 0;

	(void) state;
	for (int i = 0; i < 200; i++)
		found += judge(simulate(&plan, &seed), options).paradox == CD_ANSWER_YES;
	assert_true(found >= 150);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_reference),
		cmocka_unit_test(line_edges),
		cmocka_unit_test(periods_free_of_agents),
		cmocka_unit_test(periods_not_linked),
		cmocka_unit_test(stages),
		cmocka_unit_test(what_is_no_paradox),
		cmocka_unit_test(cannot_tell),
		cmocka_unit_test(dilution),
		cmocka_unit_test(error_rates),
		cmocka_unit_test(power)
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
