/*
 * test_idle_coach.c: whether sessions move nothing because of who gives them.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "stats/idle_coach.h"

#define TEAMS 30
#define COACHES 10
#define MOST 300

static CdIdleCoach of_team[MOST];

/* Into of_team, in an arena of just the size that is announced. */
static void
ask_knowing(const CdCoachPart *part, size_t n, size_t teams, const double *can_work, double smallest_effect)
{
	CdArena		arena = {.size = cd_idle_coach_size(n, MOST)};

	arena.base = malloc(arena.size);
	assert_non_null(arena.base);
	assert_ok(cd_idle_coach(part, n, teams, MOST, can_work, smallest_effect, &arena, of_team));
	free(arena.base);
}

static void
ask(const CdCoachPart *part, size_t n, size_t teams, double smallest_effect)
{
	ask_knowing(part, n, teams, NULL, smallest_effect);
}

/* How much likelier an estimate of 0 with standard error 0.2 is from sessions that work: variances 0.2 and 0.0625. */
static double
idle_likelihood(void)
{
	return sqrt(0.0625 / 0.2) * exp(-0.8 * 0.8 / 0.2 / 2);
}

/* Of an estimate of 0.8 with standard error 0.2. */
static double
working_likelihood(void)
{
	return sqrt(0.0625 / 0.2) * exp(0.8 * 0.8 / 0.0625 / 2);
}

static double
beyond_usual(double idle)
{
	return (idle - 0.1) / 0.9;
}

/* One coach, idle in two teams: in the other one coaching can work or not, at even odds. */
static void
nobody_beside(void **state)
{
	const CdCoachPart part[] = {{0, 0, 20, 0, 0.2}, {1, 0, 30, 0, 0.2}};
	double		not_idle = 0.5 + 0.5 * idle_likelihood();
	double		idle = 0.1 / (0.1 + 0.9 * not_idle);

	(void) state;
	ask(part, 2, 2, 1);
	assert_close(of_team[0].probability, beyond_usual(idle), 1e-13);
	assert_close(of_team[1].probability, beyond_usual(idle), 1e-13);
	assert_close(of_team[0].told, 20.0, 0.0);
	assert_close(of_team[1].told, 30.0, 0.0);
}

/* What else is known of the other team; nothing is taken for more certain than 0.98, and not known is even odds. */
static void
able_team(void **state)
{
	const CdCoachPart part[] = {{0, 0, 20, 0, 0.2}, {1, 0, 30, 0, 0.2}};
	const double can[] = {0.5, 0.9, 1, 0.98, 0, 0.02, NAN};

	(void) state;
	for (size_t i = 0; i < 7; i++)
	{
		const double of[] = {NAN, can[i]};
		double		p = isnan(can[i]) ? 0.5 : fmax(0.02, fmin(can[i], 0.98));
		double		idle = 0.1 / (0.1 + 0.9 * (1 - p + p * idle_likelihood()));

		ask_knowing(part, 2, 2, of, 1);
		assert_close(of_team[0].probability, beyond_usual(idle), 1e-13);
		assert_close(of_team[1].probability, beyond_usual(0.1 / (0.1 + 0.45 * (1 + idle_likelihood()))), 1e-13);
	}
}

/* Sessions of a coach who is idle elsewhere, beside another's here: the better those work, the less the idle ones tell. */
static void
other_works_here(void **state)
{
	CdCoachPart part[] = {{0, 0, 40, 0, 0.2}, {0, 1, 9, 0, 0.3}, {1, 0, 30, 0, 0.2}, {2, 0, 30, 0, 0.2}};
	const double can[] = {0.5, 0.98, 0.98};
	double		idle = 0.1 / (0.1 + 0.9 * pow(0.02 + 0.98 * idle_likelihood(), 2));
	double		before = 0;

	(void) state;
	for (part[1].effect = 0; part[1].effect <= 0.8; part[1].effect += 0.1)
	{
		ask_knowing(part, 4, 3, can, 1);
		assert_true(of_team[0].probability >= before);
		before = of_team[0].probability;
	}
	assert_between(before, 1 - 1e-12, 1);
	part[1].effect = 0;
	ask_knowing(part, 4, 3, can, 1);
	assert_true(beyond_usual(idle) > 0.8 && of_team[0].probability < beyond_usual(idle));
}

/* In the other team another coach's sessions work, or do nothing either. */
static void
somebody_beside(void **state)
{
	CdCoachPart part[] = {{0, 0, 1, 0, 0.2}, {1, 0, 1, 0, 0.2}, {1, 1, 1, 0.8, 0.2}};
	double		works = 0.1 + 0.9 * working_likelihood();
	double		idles = 0.1 + 0.9 * idle_likelihood();
	double		can;
	double		idle;

	(void) state;
	can = works / (1 + works);
	idle = 0.1 / (0.1 + 0.9 * (1 - can + can * idle_likelihood()));
	ask(part, 3, 2, 1);
	assert_close(of_team[0].probability, beyond_usual(idle), 1e-13);
	assert_true(of_team[0].probability > 0.4);
	part[2].effect = 0;
	can = idles / (1 + idles);
	idle = 0.1 / (0.1 + 0.9 * (1 - can + can * idle_likelihood()));
	ask(part, 3, 2, 1);
	assert_close(of_team[0].probability, beyond_usual(idle), 1e-13);
	assert_true(of_team[0].probability < 0.05);
}

/* Two coaches of a team, one of them good elsewhere: what they would make likely together. */
static void
good_coach_beside(void **state)
{
	const CdCoachPart part[] = {{0, 0, 1, 0, 0.2}, {0, 1, 1, 0, 0.2}, {1, 0, 1, 0, 0.2}, {2, 1, 1, 0.8, 0.2}};
	double		idle = beyond_usual(0.1 / (0.1 + 0.9 * (0.5 + 0.5 * idle_likelihood())));
	double		one = idle_likelihood();
	double		both = one * one;

	(void) state;
	ask(part, 4, 3, 1);
	assert_close(of_team[0].probability, ((idle + (1 - idle) * one) * one - both) / (1 - both), 1e-13);
	assert_true(of_team[0].probability < idle / 3);
}

/* A coach of one team only is as likely idle as the others are, ten more taken for usual. */
static void
coach_of_one_team(void **state)
{
	const CdCoachPart part[] = {{0, 0, 1, 0, 0.2}, {1, 0, 1, 0, 0.2}, {2, 1, 1, 0.4, 0.3}};
	double		not_idle = 0.5 + 0.5 * idle_likelihood();
	double		idle = 0.1 / (0.1 + 0.9 * not_idle * not_idle);

	(void) state;
	ask(part, 3, 3, 1);
	assert_close(of_team[2].probability, beyond_usual((1 + idle) / 11), 1e-13);
	ask(part + 1, 2, 3, 1);
	assert_nan(of_team[0].probability);
	assert_nan(of_team[0].told);
	assert_close(of_team[1].probability, 0.0, 0.0);		/* nobody has several */
	assert_close(of_team[2].probability, 0.0, 0.0);
}

/* Only in smallest effects do units matter; beyond nothing and beyond the usual effect, an estimate says no more. */
static void
in_smallest_effects(void **state)
{
	CdCoachPart part[] = {{0, 0, 1, 0.8, 0.2}, {0, 1, 1, 0, 0.2}, {1, 0, 1, 0.8, 0.2}, {1, 1, 1, 0, 0.2}};
	double		one;

	(void) state;
	ask(part, 4, 2, 1);
	one = of_team[0].probability;
	part[0].effect = 70;
	part[1].effect = -1e300;
	ask(part, 4, 2, 1);
	assert_close(of_team[0].probability, one, 0.0);
	for (int i = 0; i < 4; i++)
		part[i] = (CdCoachPart) {part[i].team, part[i].coach, 1, 1024 * part[i].effect, 1024 * part[i].se};
	ask(part, 4, 2, 1024);
	assert_close(of_team[0].probability, one, 0.0);
}

static size_t
fill(CdCoachPart *part, uint64_t *seed)
{
	size_t		n = 0;

	for (size_t t = 0; t < TEAMS; t++)
		for (int32_t c = 0; c < COACHES; c++)
			if (uniform(seed) < 0.5)
				part[n++] = (CdCoachPart) {t, c, 1 + 40 * uniform(seed), normal(seed), 0.05 + uniform(seed)};
	return n;
}

/* The same to the last digit in any order, parts that are there twice and unknown numbers of sessions included. */
static void
order(void **state)
{
	uint64_t	seed = 1;
	CdCoachPart part[TEAMS * COACHES + 9];
	size_t		n = fill(part, &seed);
	CdIdleCoach first[TEAMS];

	(void) state;
	for (int i = 0; i < 9; i++)
	{
		part[n] = part[0];
		part[n++].sessions = i < 3 ? NAN : i == 3 ? 1e16 : 0.9;
	}
	ask(part, n, TEAMS, 1);
	memcpy(first, of_team, sizeof(first));
	for (int round = 0; round < 50; round++)
	{
		for (size_t i = n - 1; i > 0; i--)
		{
			size_t		j = (size_t) (uniform(&seed) * (double) (i + 1));
			CdCoachPart swapped = part[i];

			part[i] = part[j];
			part[j] = swapped;
		}
		ask(part, n, TEAMS, 1);
		for (int t = 0; t < TEAMS; t++)
		{
			assert_close(of_team[t].probability, first[t].probability, 0.0);
			assert_close(of_team[t].told, first[t].told, 0.0);
		}
	}
}

/* What is not known is left out, sessions that nobody counted are not counted. */
static void
unknown(void **state)
{
	CdCoachPart part[] = {
		{0, 0, 20, 0, 0.2}, {1, 0, 30, 0, 0.2}, {0, 1, 9, NAN, 0.2}, {0, 1, 9, INFINITY, 0.2}, {0, 1, 9, 0, NAN},
		{0, 1, 9, 0, INFINITY}, {0, 1, 9, 0, 0}, {0, 1, 9, 0, -0.2}, {2, 1, 9, 0, NAN}
	};
	double		alone;

	(void) state;
	ask(part, 2, 3, 1);
	alone = of_team[0].probability;
	ask(part, 9, 3, 1);
	assert_close(of_team[0].probability, alone, 0.0);
	assert_close(of_team[0].told, 20.0, 0.0);
	assert_nan(of_team[2].probability);
	part[0].sessions = NAN;
	part[1].sessions = INFINITY;
	ask(part, 9, 3, 1);
	assert_close(of_team[0].probability, alone, 0.0);
	assert_nan(of_team[0].told);
	assert_nan(of_team[1].told);
}

/* Errors from next to nothing to next to infinity, effects likewise. */
static void
extremes(void **state)
{
	const double size[] = {5e-324, 1e-150, 1e-8, 1, 1e8, 1e150, 1.7e308};
	CdCoachPart part[4 * 7];
	size_t		n = 0;

	(void) state;
	for (int i = 0; i < 7; i++)
		for (size_t t = 0; t < 2; t++)
		{
			part[n++] = (CdCoachPart) {t, i, 1, t == 0 ? -size[6 - i] : size[6 - i], size[i]};
			part[n++] = (CdCoachPart) {t, i, 1, 0, size[i]};
		}
	for (int i = 0; i < 7; i++)
	{
		ask(part, n, 2, size[i]);
		assert_between(of_team[0].probability, 0, 1);
		assert_between(of_team[1].probability, 0, 1);
	}
	for (size_t i = 0; i < n; i++)
		part[i].se = 1e200;
	ask(part, n, 2, 1);
	assert_close(of_team[0].probability, 0.0, 0.0);
}

/* One coach surely idle in all teams, where the others' sessions surely work, but for the one team without others. */
static void
certain(void **state)
{
	CdCoachPart part[3 * TEAMS];
	size_t		n = 0;

	(void) state;
	for (size_t t = 0; t < TEAMS; t++)
		for (int32_t c = 0; c < (t == 0 ? 1 : 3); c++)
			part[n++] = (CdCoachPart) {t, c, 1, c == 0 ? 0 : 0.8, 1e-6};
	ask(part, n, TEAMS, 1);
	assert_between(of_team[0].probability, 1 - 1e-12, 1);
	for (size_t t = 1; t < TEAMS; t++)
		assert_between(of_team[t].probability, 1 - 1e-12, 1);	/* others' sessions there say that coaching can work */
}

/* Likelihood ratios beyond the range of a double: hundreds of coaches in a team, each likely to be idle. */
static void
crowd(void **state)
{
	CdCoachPart part[3 * MOST];
	size_t		n = 0;

	(void) state;
	for (int32_t c = 1; c < MOST; c++)
	{
		part[n++] = (CdCoachPart) {0, c, 1, 0, 0.01};
		part[n++] = (CdCoachPart) {(size_t) c, c, 1, 0, 0.01};
		part[n++] = (CdCoachPart) {(size_t) c, 0, 1, 0.8, 0.01};
	}
	ask(part, n, MOST, 1);
	assert_between(of_team[1].probability, 0, 0.1);
	assert_between(of_team[0].probability, 0, 1e-12);	/* all of them */
}

static void
degenerate(void **state)
{
	const CdCoachPart part[] = {{0, 0, 1, 0, 0.2}, {1, 0, 1, 0, 0.2}};
	double		room[64];
	CdArena		arena = {room, 0, 0};

	(void) state;
	assert_int_equal(cd_idle_coach(part, 2, 2, 1, NULL, 1, &arena, of_team), CD_NOMEM);
	arena.size = cd_idle_coach_size(2, 1) - 1;
	assert_int_equal(cd_idle_coach(part, 2, 2, 1, NULL, 1, &arena, of_team), CD_NOMEM);
	arena = (CdArena) {room, sizeof(room), 0};
	assert_int_equal(cd_idle_coach(part, 2, 2, 1, NULL, 0, &arena, of_team), CD_BAD_INPUT);
	assert_int_equal(cd_idle_coach(part, 2, 2, 1, NULL, NAN, &arena, of_team), CD_BAD_INPUT);
	assert_ok(cd_idle_coach(part, 0, 2, 0, NULL, 1, &arena, of_team));
	assert_nan(of_team[0].probability);
	assert_ok(cd_idle_coach(part, 0, 0, 0, NULL, 1, &arena, of_team));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_beside),
		cmocka_unit_test(able_team),
		cmocka_unit_test(other_works_here),
		cmocka_unit_test(somebody_beside),
		cmocka_unit_test(good_coach_beside),
		cmocka_unit_test(coach_of_one_team),
		cmocka_unit_test(in_smallest_effects),
		cmocka_unit_test(order),
		cmocka_unit_test(unknown),
		cmocka_unit_test(extremes),
		cmocka_unit_test(certain),
		cmocka_unit_test(crowd),
		cmocka_unit_test(degenerate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
