/*
 * test_effect.c: the effect of coaching, on small worlds where the worst are coached.
 */
#include "close.h"

#include <stdlib.h>

#include "stats/effect.h"

#define TEAMS 10
#define AGENTS 9
#define WEEKS 40
#define ROWS (TEAMS * AGENTS * WEEKS)
#define COACHED 2				/* the worst so many of each team and week */
#define WORLDS 20
#define FADE 0.9				/* a session's effect from one week to the next */

static CdEffectRow world[ROWS];
static CdEffect result[TEAMS];
static CdEffectCommon common;
static CdEffectPath paths[TEAMS + 1];
static double even_level = 1.0;	/* how far agents of even teams are apart, and of odd ones */
static double odd_level = 1.0;

static CdStatus
run_options(const CdEffectRow *rows, size_t n, size_t teams, const CdEffectOptions *options, CdEffect *out,
			CdEffectPath *path)
{
	CdArena		arena = {.size = cd_effect_size(n, teams, WEEKS, path != NULL)};
	CdStatus	status;

	arena.base = malloc(arena.size);
	status = cd_effect(rows, n, teams, options, &arena, out, &common, path);
	free(arena.base);
	return status;
}

static CdStatus
run_rows(const CdEffectRow *rows, size_t n, size_t teams, bool pool, CdEffect *out,
		 CdEffectPath *path)
{
	CdEffectOptions options = cd_effect_default_options();

	options.pool = pool;
	return run_options(rows, n, teams, &options, out, path);
}

static CdEffectRow *
row_at(int team, int agent, int week)
{
	return &world[(team * AGENTS + agent) * WEEKS + week];
}

/* Coach the worst of this week. */
static void
coach_the_worst(int team, int week, bool *coached)
{
	for (int pick = 0; pick < COACHED; pick++)
	{
		int			worst = -1;

		for (int i = 0; i < AGENTS; i++)
			if (!coached[i] && (worst < 0 || row_at(team, i, week)->value
								< row_at(team, worst, week)->value))
				worst = i;
		coached[worst] = true;
	}
}

/* Level and weekly noise of the same size; a session adds effect to the four weeks after it. */
static void
make_world(double effect, uint64_t seed)
{
	double		gain = 4.0 * effect / (1.0 + FADE + FADE * FADE + FADE * FADE * FADE);

	for (int g = 0; g < TEAMS; g++)
	{
		double		level[AGENTS];
		double		stock[AGENTS] = {0};

		for (int i = 0; i < AGENTS; i++)
			level[i] = (g % 2 == 0 ? even_level : odd_level) * normal(&seed);
		for (int t = 0; t < WEEKS; t++)
		{
			double		week = 0.5 * normal(&seed);
			bool		coached[AGENTS] = {false};

			for (int i = 0; i < AGENTS; i++)
				*row_at(g, i, t) = (CdEffectRow) {g, g * AGENTS + i, t,
					level[i] + stock[i] + week + normal(&seed), 1.0 + (i + t) % 3, 0.0, NAN};
			coach_the_worst(g, t, coached);
			for (int i = 0; i < AGENTS; i++)
			{
				row_at(g, i, t)->sessions = coached[i];
				stock[i] = FADE * stock[i] + gain * coached[i];
			}
		}
	}
}

static double
mean_effect(void)
{
	double		sum = 0.0;

	for (int g = 0; g < TEAMS; g++)
		sum += result[g].effect / TEAMS;
	return sum;
}

/* Without any effect none is found, though four in five seem to improve. */
static void
finds_nothing_where_nothing_is(void **state)
{
	(void) state;
	make_world(0.0, 1);
	assert_ok(run_rows(world, ROWS, TEAMS, true, result, NULL));
	assert_int_equal(common.before, 0);
	assert_between(mean_effect(), -0.1, 0.1);
	for (int g = 0; g < TEAMS; g++)
	{
		assert_true(result[g].low < 0.0);
		assert_true(result[g].high > 0.0);
		assert_true(result[g].pooled);
		assert_true(result[g].naive > 0.5);
		assert_true(result[g].naive_share > 0.65);
		assert_between(result[g].naive_share - result[g].null_share, -0.03, 0.03);
	}
}

/* Teams whose agents are alike, beside others whose are not, are taken as they are, or useless sessions would look as if they helped them. */
static void
tells_alike_from_apart(void **state)
{
	double		even = 0.0;
	double		odd = 0.0;

	(void) state;
	even_level = 0.05;
	odd_level = 1.5;
	for (int seed = 1; seed <= WORLDS; seed++)
	{
		make_world(0.0, seed);
		assert_ok(run_rows(world, ROWS, TEAMS, true, result, NULL));
		for (int g = 0; g < TEAMS; g += 2)
		{
			even += result[g].raw / (WORLDS * TEAMS / 2);
			odd += result[g + 1].raw / (WORLDS * TEAMS / 2);
		}
	}
	even_level = odd_level = 1.0;
	assert_between(even, -0.05, 0.05);
	assert_between(even - odd, -0.03, 0.03);
}

/* An effect is found at its size, also when each team is on its own. */
static void
finds_an_effect(void **state)
{
	(void) state;
	make_world(0.5, 2);
	assert_ok(run_rows(world, ROWS, TEAMS, true, result, NULL));
	assert_between(mean_effect(), 0.4, 0.6);
	for (int g = 0; g < TEAMS; g++)
	{
		assert_true(result[g].low > 0.0);
		assert_true(result[g].p < 0.01);
		assert_true(result[g].naive - result[g].null < 0.5 * result[g].naive);
	}
	assert_ok(run_rows(world, ROWS, TEAMS, false, result, NULL));
	assert_between(mean_effect(), 0.4, 0.6);
	assert_false(result[0].pooled);
}

/* Sessions recorded in the week after the bad one are recognised as such. */
static void
recognises_the_bad_week(void **state)
{
	(void) state;
	make_world(0.0, 3);
	for (int i = 0; i < TEAMS * AGENTS; i++)
		for (int t = WEEKS - 1; t >= 0; t--)
			world[i * WEEKS + t].sessions = t > 0 ? world[i * WEEKS + t - 1].sessions : 0.0;
	assert_ok(run_rows(world, ROWS, TEAMS, true, result, NULL));
	assert_int_equal(common.before, 1);
	assert_between(mean_effect(), -0.1, 0.1);
	assert_true(result[0].naive_share > 0.65);
}

static void
assert_same(const CdEffect *a, const CdEffect *b, double factor)
{
	for (int g = 0; g < TEAMS; g++)
	{
		assert_close(b[g].effect, factor * a[g].effect, 1e-6);
		assert_close(b[g].low, factor * a[g].low, 1e-6);
		assert_close(b[g].raw, factor * a[g].raw, 1e-6);
		assert_close(b[g].raw_se, factor * a[g].raw_se, 1e-6);
		assert_close(b[g].p, a[g].p, 1e-5);
		assert_close(b[g].null, factor * a[g].null, 1e-6);
		assert_close(b[g].naive_share, a[g].naive_share, 1e-9);
		assert_close(b[g].placebo, factor * a[g].placebo, 1e-5);
	}
}

/* What a whole team goes through in a week leaves no trace in the estimate. */
static void
ignores_team_weeks(void **state)
{
	CdEffect	before[TEAMS];

	(void) state;
	make_world(0.4, 4);
	assert_ok(run_rows(world, ROWS, TEAMS, true, before, NULL));
	for (int i = 0; i < ROWS; i++)
		world[i].value += 3.0 * sin(7.0 * world[i].team + world[i].period);
	assert_ok(run_rows(world, ROWS, TEAMS, true, result, NULL));
	for (int g = 0; g < TEAMS; g++)
	{
		assert_close(result[g].raw, before[g].raw, 1e-6);
		assert_close(result[g].raw_se, before[g].raw_se, 1e-6);
		assert_close(result[g].effect, before[g].effect, 1e-6);
		assert_close(result[g].placebo, before[g].placebo, 1e-5);
	}
}

/* Other units, and another origin, of the metric and of the volumes. */
static void
scales(void **state)
{
	CdEffect	before[TEAMS];

	(void) state;
	make_world(0.4, 5);
	assert_ok(run_rows(world, ROWS, TEAMS, true, before, NULL));
	for (int i = 0; i < ROWS; i++)
	{
		world[i].value = 60.0 * world[i].value + 300.0;
		world[i].weight *= 25.0;
	}
	assert_ok(run_rows(world, ROWS, TEAMS, true, result, NULL));
	assert_same(before, result, 60.0);
}

static int
by_agent(const void *a, const void *b)
{
	const CdEffectRow *x = a;
	const CdEffectRow *y = b;

	if (x->team != y->team)
		return x->team - y->team;
	return x->agent != y->agent ? x->agent - y->agent : x->period - y->period;
}

/* Agents have no order. */
static void
relabels(void **state)
{
	CdEffect	before[TEAMS];

	(void) state;
	make_world(0.4, 6);
	assert_ok(run_rows(world, ROWS, TEAMS, true, before, NULL));
	for (int i = 0; i < ROWS; i++)
		world[i].agent = 5000 - 7 * world[i].agent;
	qsort(world, ROWS, sizeof(CdEffectRow), by_agent);
	assert_ok(run_rows(world, ROWS, TEAMS, true, result, NULL));
	assert_same(before, result, 1.0);
}

/* A team that was never coached has no answer, and takes none from the others. */
static void
never_coached(void **state)
{
	(void) state;
	make_world(0.4, 7);
	for (int i = 0; i < AGENTS * WEEKS; i++)
		world[i].sessions = 0.0;
	assert_ok(run_rows(world, ROWS, TEAMS, true, result, NULL));
	assert_int_equal(result[0].status, CD_TOO_FEW);
	assert_nan(result[0].effect);
	assert_nan(result[0].naive);
	assert_close(result[0].sessions, 0.0, 0.0);
	assert_close(result[0].agents, AGENTS, 0.0);
	assert_ok(result[1].status);
}

/* One coached agent: an answer, less sure than the others'. */
static void
one_coached(void **state)
{
	(void) state;
	make_world(0.4, 8);
	for (int i = 0; i < AGENTS * WEEKS; i++)
		world[i].sessions = world[i].agent == 0 && world[i].period % 8 == 4;
	assert_ok(run_rows(world, ROWS, TEAMS, true, result, NULL));
	assert_ok(result[0].status);
	assert_close(result[0].coached, 1.0, 0.0);
	assert_close(result[0].control, AGENTS - 1, 0.0);
	assert_close(result[0].overlap, 1.0, 0.0);
	assert_true(result[0].raw_se > 1.5 * result[1].raw_se);
	assert_true(isfinite(result[0].effect));
}

/* Everybody coached in the same weeks: nothing to compare with, so only the others' prior. */
static void
no_overlap(void **state)
{
	CdEffect	alone;

	(void) state;
	make_world(0.4, 9);
	for (int i = 0; i < AGENTS * WEEKS; i++)
		world[i].sessions = world[i].period % 4 == 1;
	assert_ok(run_rows(world, ROWS, TEAMS, true, result, NULL));
	assert_ok(result[0].status);
	assert_close(result[0].overlap, 0.0, 0.0);
	assert_nan(result[0].raw);
	assert_true(hypot(result[0].sd, result[1].doubt) > hypot(result[1].sd, result[0].doubt));
	assert_ok(run_rows(world, AGENTS * WEEKS, 1, true, &alone, NULL));
	assert_int_equal(alone.status, CD_TOO_FEW);
	assert_nan(alone.effect);
}

/* Weeks without a value still count the sessions held in them. */
static void
keeps_doses_of_missing_weeks(void **state)
{
	(void) state;
	make_world(0.5, 10);
	for (int i = 0; i < ROWS; i++)
		if (world[i].sessions > 0.0 && i % 2 == 0)
			world[i].value = NAN;
	assert_ok(run_rows(world, ROWS, TEAMS, true, result, NULL));
	assert_close(result[3].sessions, COACHED * WEEKS, 0.0);
	assert_between(mean_effect(), 0.4, 0.6);
}

/* Sessions at random, each of which adds kernel[k] in the k-th of the eight weeks after it. */
static void
make_shape(const double *kernel, uint64_t seed)
{
	for (int i = 0; i < ROWS; i++)
		world[i] = (CdEffectRow) {i / (AGENTS * WEEKS), i / WEEKS, i % WEEKS, 0.3 * normal(&seed), 1.0, uniform(&seed) < 0.12, NAN};
	for (int i = 0; i < ROWS; i++)
		for (int k = 0; k < 8 && i % WEEKS + 1 + k < WEEKS; k++)
			world[i + 1 + k].value += kernel[k] * world[i].sessions;
}

/* What fades within the horizon is taken out of the next week as what it is there, not as its mean. */
static void
null_of_what_fades(void **state)
{
	double		share[2] = {0.0, 0.0};

	(void) state;
	for (int gives = 0; gives < 2; gives++)
	{
		const double kernel[] = {0.2 * gives, 0.1 * gives, 0.03 * gives, 0.0, 0.0, 0.0, 0.0, 0.0};

		make_shape(kernel, 20);
		assert_ok(run_rows(world, ROWS, TEAMS, true, result, NULL));
		for (int g = 0; g < TEAMS; g++)
			share[gives] += result[g].null_share / TEAMS;
	}
	assert_close(share[1], share[0], 0.04);
}

/* The mean over the horizon, whether it is gone at once, comes late or turns. */
static void
any_shape(void **state)
{
	static const double kernel[][8] = {
		{0.5, 0.5, 0.5, 0.5}, {2.0}, {0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0}, {0.5, 0.5, 0.5, 0.5, -0.3, -0.3, -0.3, -0.3}
	};

	(void) state;
	for (size_t i = 0; i < sizeof(kernel) / sizeof(kernel[0]); i++)
	{
		make_shape(kernel[i], 20 + i);
		assert_ok(run_rows(world, ROWS, TEAMS, true, result, NULL));
		assert_between(mean_effect(), 0.46, 0.54);
	}
}

/* So few weeks that no session is older than a horizon or two, and a horizon of one period, which has no tilt. */
static void
few_weeks(void **state)
{
	static const struct { int weeks; int horizon; } ask[] = {{7, 4}, {10, 4}, {WEEKS, 1}, {WEEKS, CD_EFFECT_HORIZON_MAX}};
	static const double kernel[8] = {0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4};

	(void) state;
	for (size_t i = 0; i < sizeof(ask) / sizeof(ask[0]); i++)
	{
		CdEffectOptions options = cd_effect_default_options();
		double		mean = ask[i].horizon <= 8 ? 0.4 : 0.4 * 8 / ask[i].horizon;
		double		sum = 0.0;

		options.horizon = ask[i].horizon;
		make_shape(kernel, 30 + i);
		for (int r = 0; r < ROWS; r++)
			if (world[r].period >= ask[i].weeks)
				world[r] = (CdEffectRow) {world[r].team, world[r].agent, world[r].period, NAN, 0.0, 0.0, NAN};
		assert_ok(run_options(world, ROWS, TEAMS, &options, result, NULL));
		for (int g = 0; g < TEAMS; g++)
		{
			assert_ok(result[g].status);
			assert_true(result[g].pooled);
			sum += result[g].effect / TEAMS;
		}
		assert_close(sum, mean, 0.15);
	}
}

/* More teams than rows, nearly all of them empty: what the others hold stays theirs. */
static void
teams_without_rows(void **state)
{
	enum
	{
		MANY = 1000
	};
	static CdEffect many[MANY];

	(void) state;
	make_world(0.5, 13);
	assert_ok(run_rows(world, AGENTS * WEEKS, 1, false, result, NULL));
	assert_ok(run_rows(world, AGENTS * WEEKS, MANY, false, many, NULL));
	assert_close(many[0].effect, result[0].effect, 1e-9);
	assert_close(many[0].allowance, result[0].allowance, 1e-9);
	assert_close(many[0].placebo, result[0].placebo, 1e-9);
	assert_int_equal(many[1].status, CD_TOO_FEW);
}

/* Several teams as one. */
static void
combines(void **state)
{
	CdEffect	sum;
	CdEffect	one;

	(void) state;
	make_world(0.4, 11);
	for (int i = 0; i < AGENTS * WEEKS; i++)
		world[i].sessions = 0.0;
	assert_ok(run_rows(world, ROWS, TEAMS, true, result, NULL));
	assert_ok(cd_effect_combine(result, TEAMS, 0.95, &sum));
	assert_close(sum.sessions, (TEAMS - 1.0) * COACHED * WEEKS, 0.0);
	assert_close(sum.agents, TEAMS * AGENTS, 0.0);
	assert_true(sum.raw_se < result[1].raw_se);
	assert_true(sum.sd >= sum.doubt);
	assert_between(sum.effect, sum.low, sum.high);
	assert_ok(cd_effect_combine(result + 3, 1, 0.95, &one));
	assert_close(one.effect, result[3].raw, 1e-12);
	assert_close(one.raw_se, result[3].raw_se, 1e-12);
	assert_close(one.p, result[3].p, 1e-9);
	assert_close(one.smallest_detectable, result[3].smallest_detectable, 1e-9);
	assert_int_equal(cd_effect_combine(result, 1, 0.95, &one), CD_TOO_FEW);
}

/* Each week's value becomes the mean of the last `width` weeks, or of the weeks of its block of so many; the worst of these are coached. */
static void
carry_over(int width, bool rolling)
{
	double		own[WEEKS];

	for (int g = 0; g < TEAMS; g++)
	{
		for (int i = 0; i < AGENTS; i++)
		{
			for (int t = 0; t < WEEKS; t++)
				own[t] = row_at(g, i, t)->value;
			for (int t = 0; t < WEEKS; t++)
			{
				int			from = rolling ? (t >= width ? t - width + 1 : 0) : t - t % width;
				int			to = rolling ? t : (from + width <= WEEKS ? from + width - 1 : WEEKS - 1);
				double		sum = 0.0;

				for (int s = from; s <= to; s++)
					sum += own[s];
				row_at(g, i, t)->value = sum / (to - from + 1);
			}
		}
		for (int t = 0; t < WEEKS; t++)
		{
			bool		coached[AGENTS] = {false};

			coach_the_worst(g, t, coached);
			for (int i = 0; i < AGENTS; i++)
				row_at(g, i, t)->sessions = coached[i];
		}
	}
}

/* As coaching_effect says of what its fit leaves, and check_sources of values as they are. */
static bool
is_carried(size_t n, size_t teams)
{
	CdArena		arena = {.size = cd_values_carried_size(n, teams, WEEKS)};
	bool		carried;

	assert_ok(run_rows(world, n, teams, teams > 1, result, NULL));
	arena.base = malloc(arena.size);
	assert_ok(cd_values_carried(world, n, teams, &arena, &carried));
	free(arena.base);
	assert_int_equal(carried, common.carried);
	return carried;
}

/* A rolling mean that drops its bad week looks as if the session after it had worked: it is noticed, and nothing is claimed. */
static void
notices_values_carried_over(void **state)
{
	(void) state;
	for (int width = 3; width <= 5; width++)
		for (int rolling = 0; rolling <= 1; rolling++)
		{
			int			effective = 0;

			make_world(0.0, width);
			assert_false(is_carried(ROWS, TEAMS));
			carry_over(width, rolling);
			assert_true(is_carried(ROWS, TEAMS));
			for (int g = 0; g < TEAMS; g++)
				effective += result[g].low > 0.0;
			assert_true(effective <= 1);
		}
	make_world(0.5, 12);
	assert_false(is_carried(ROWS, TEAMS));
}

/* Neither a few weeks of a few agents, nor one agent's month of absence, be the team alone or among others, says that of anybody's values. */
static void
takes_little_for_nothing_carried(void **state)
{
	size_t		n = 0;

	(void) state;
	make_world(0.0, 3);
	carry_over(4, true);
	for (size_t i = 0; i < ROWS; i++)
		if (world[i].team == 0 && world[i].agent < 4 && world[i].period < 8)
			world[n++] = world[i];
	assert_false(is_carried(n, 1));
	make_world(0.0, 4);
	for (int t = 10; t < 14; t++)
		row_at(0, 0, t)->value -= 100.0;
	assert_false(is_carried(ROWS, TEAMS));
	assert_false(is_carried(AGENTS * WEEKS, 1));
}

/* A limit is as far as sampling, what was removed, and a tenth of what the limit itself stands for make it, squares added. */
static void
admits_doubt(void **state)
{
	const double z = 1.959963984540054;
	CdEffect	e = {.effect = 1.2, .sd = 0.4, .low = 1.2 - 2.0 * 0.4, .high = 1.2 + 3.0 * 0.4};
	CdEffect	touching = {.effect = 1.0, .sd = 0.4, .low = 0.2, .high = 1.8, .doubt = 0.3};
	CdEffect	none = {.effect = 0.0, .sd = 0.4, .low = -0.8, .high = 0.8};
	CdEffect	unknown = {.effect = NAN, .sd = NAN, .low = NAN, .high = NAN};

	(void) state;
	assert_close(cd_effect_doubt(-3.0, false), 0.18, 1e-12);
	assert_close(cd_effect_doubt(-3.0, true), 1.2, 1e-12);
	assert_close(cd_effect_doubt(NAN, false), 0.0, 0.0);
	e.doubt = 0.3;
	cd_effect_admit_doubt(0.95, &e);
	assert_close(pow(e.effect - e.low, 2.0), pow(2.0 * 0.5, 2.0) + pow(z * 0.1 * e.low, 2.0), 1e-12);
	assert_close(pow(e.effect - e.high, 2.0), pow(3.0 * 0.5, 2.0) + pow(z * 0.1 * e.high, 2.0), 1e-12);
	assert_true(e.low < 0.2 && e.high > 2.7);
	assert_close(e.sd, 0.5, 1e-12);
	cd_effect_admit_doubt(0.95, &touching);
	assert_close(touching.low, 0.0, 1e-12);
	cd_effect_admit_doubt(0.95, &none);
	assert_true(none.low < -0.8 && none.low > -0.82);
	assert_close(none.low, -none.high, 1e-12);
	assert_close(none.sd, 0.4, 0.0);
	assert_close(cd_effect_limit(0.0, -0.8, 0.95), none.low, 1e-12);
	cd_effect_admit_doubt(0.95, &unknown);
	assert_nan(unknown.low);
}

/* Event time: a dip before, the effect after, fading at the pace it was given. */
static void
follows_the_effect(void **state)
{
	const CdEffectPoint *point = paths[TEAMS].point + CD_EFFECT_LEADS;

	(void) state;
	make_world(0.5, 12);
	assert_ok(run_rows(world, ROWS, TEAMS, true, result, paths));
	assert_int_equal(point[0].lag, 0);
	assert_true(point[0].seen < -0.5);
	assert_nan(point[0].effect);
	assert_nan(point[-3].effect);
	assert_between(point[1].effect, point[1].low, point[1].high);
	assert_between(point[1].effect, 0.4, 0.75);
	assert_true(point[10].effect < point[1].effect);
	assert_between(log(0.5) / log(FADE), paths[TEAMS].half_life_low, paths[TEAMS].half_life_high);
	assert_true(paths[0].point[CD_EFFECT_LEADS + 1].se > 2.0 * point[1].se);
}

/* Twelve intervals miss zero somewhere in many teams, the band seldom. */
static void
band_holds_all_lags(void **state)
{
	int			apart = 0;
	int			together = 0;
	int			teams = 0;

	(void) state;
	for (uint64_t seed = 1; seed <= 8; seed++)
	{
		make_world(0.0, 100 + seed);
		assert_ok(run_rows(world, ROWS, TEAMS, true, result, paths));
		for (int g = 0; g < TEAMS; g++)
		{
			bool		missed = false;
			bool		outside = false;

			for (int k = 1; k <= CD_EFFECT_LAGS; k++)
			{
				const CdEffectPoint *point = &paths[g].point[CD_EFFECT_LEADS + k];

				missed = missed || point->low > 0.0 || point->high < 0.0;
				outside = outside || point->band_low > 0.0 || point->band_high < 0.0;
			}
			teams++;
			apart += missed;
			together += outside;
		}
	}
	assert_true(apart > teams / 5);
	assert_true(together < teams / 12);
}

/* Sessions that were not held yet have no effect. */
static void
placebo_is_quiet(void **state)
{
	int			loud = 0;

	(void) state;
	make_world(0.5, 13);
	assert_ok(run_rows(world, ROWS, TEAMS, true, result, NULL));
	for (int g = 0; g < TEAMS; g++)
		loud += result[g].placebo_p < 0.01;
	assert_true(loud <= 1);
}

static void
refusals(void **state)
{
	CdEffectOptions options = cd_effect_default_options();
	CdArena		arena = {0};

	(void) state;
	make_world(0.0, 14);
	assert_int_equal(run_rows(world, 0, TEAMS, true, result, NULL), CD_TOO_FEW);
	assert_int_equal(cd_effect(world, ROWS, TEAMS, &options, &arena, result, &common, NULL), CD_NOMEM);
	options.horizon = 0;
	assert_int_equal(cd_effect(world, ROWS, TEAMS, &options, &arena, result, &common, NULL),
					 CD_BAD_INPUT);
	assert_int_equal(run_rows(world, ROWS, TEAMS - 1, true, result, NULL), CD_BAD_INPUT);
	world[5].sessions = -1.0;
	assert_int_equal(run_rows(world, ROWS, TEAMS, true, result, NULL), CD_BAD_INPUT);
	world[5].sessions = 0.0;
	world[5].period = world[4].period;
	assert_int_equal(run_rows(world, ROWS, TEAMS, true, result, NULL), CD_BAD_INPUT);
	world[5].period = 5;
	world[5].value = INFINITY;
	assert_int_equal(run_rows(world, ROWS, TEAMS, true, result, NULL), CD_BAD_INPUT);
}

/* Data without any variation, or of a single agent, are an answer too. */
static void
degenerate(void **state)
{
	(void) state;
	make_world(0.0, 15);
	for (int i = 0; i < ROWS; i++)
		world[i].value = 80.0;
	assert_ok(run_rows(world, ROWS, TEAMS, true, result, NULL));
	assert_false(isfinite(result[0].raw) && result[0].raw != 0.0);
	assert_ok(run_rows(world, WEEKS, 1, true, result, NULL));
	assert_int_equal(result[0].status, CD_TOO_FEW);
	assert_ok(run_rows(world, 1, 1, true, result, NULL));
	assert_int_equal(result[0].status, CD_TOO_FEW);
}

/* Everybody is coached nearly every week, from the first on, to no effect; two in three are seen as they learn. */
static void
make_weekly_coaching(uint64_t seed)
{
	for (int g = 0; g < TEAMS; g++)
	{
		double		week[WEEKS];

		for (int t = 0; t < WEEKS; t++)
			week[t] = 0.5 * normal(&seed);
		for (int i = 0; i < AGENTS; i++)
		{
			double		level = normal(&seed);

			for (int t = 0; t < WEEKS; t++)
			{
				double		tenure = t - 4 * i + (i % 3 == 0 ? 100 : 0);

				*row_at(g, i, t) = (CdEffectRow) {
					g, g * AGENTS + i, t, tenure < 0.0 ? NAN : level - 2.0 * exp(-tenure / 10.0) + week[t] + normal(&seed),
					1.0, tenure >= 0.0 && normal(&seed) < 1.6, fmax(tenure, 0.0)
				};
			}
		}
	}
}

/* How new hires learn is one error for all teams: the mean over them is as far off as it says. */
static void
doubts_how_new_hires_learn(void **state)
{
	double		square = 0.0;

	(void) state;
	for (uint64_t w = 1; w <= WORLDS; w++)
	{
		CdEffect	all;

		make_weekly_coaching(w);
		assert_ok(run_rows(world, ROWS, TEAMS, true, result, NULL));
		assert_ok(cd_effect_combine(result, TEAMS, 0.95, &all));
		square += all.raw * all.raw / (all.raw_se * all.raw_se + all.doubt * all.doubt) / WORLDS;
	}
	assert_between(square, 0.5, 2.0);	/* 2.5 without that doubt */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_nothing_where_nothing_is),
		cmocka_unit_test(tells_alike_from_apart),
		cmocka_unit_test(finds_an_effect),
		cmocka_unit_test(recognises_the_bad_week),
		cmocka_unit_test(ignores_team_weeks),
		cmocka_unit_test(scales),
		cmocka_unit_test(relabels),
		cmocka_unit_test(never_coached),
		cmocka_unit_test(one_coached),
		cmocka_unit_test(no_overlap),
		cmocka_unit_test(keeps_doses_of_missing_weeks),
		cmocka_unit_test(any_shape),
		cmocka_unit_test(null_of_what_fades),
		cmocka_unit_test(few_weeks),
		cmocka_unit_test(notices_values_carried_over),
		cmocka_unit_test(takes_little_for_nothing_carried),
		cmocka_unit_test(admits_doubt),
		cmocka_unit_test(teams_without_rows),
		cmocka_unit_test(doubts_how_new_hires_learn),
		cmocka_unit_test(combines),
		cmocka_unit_test(follows_the_effect),
		cmocka_unit_test(band_holds_all_lags),
		cmocka_unit_test(placebo_is_quiet),
		cmocka_unit_test(refusals),
		cmocka_unit_test(degenerate),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
