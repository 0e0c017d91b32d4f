/*
 * test_mix.c: what contact types add, told apart from agents and weeks.
 */
#include "close.h"

#include "stats/mix.h"

#define TYPES_MAX 8

static void
mix(const CdMixCell *cells, size_t n, size_t types, double *effect)
{
	double		scratch[CD_MIX_SCRATCH(TYPES_MAX)];

	assert_true(types <= TYPES_MAX);
	assert_ok(cd_mix_effects(cells, n, types, scratch, effect));
}

static double
mean_value(const CdMixCell *cells, size_t n, const double *effect)
{
	double		weight = 0.0;
	double		sum = 0.0;

	for (size_t i = 0; i < n; i++)
	{
		weight += cells[i].weight;
		sum += cells[i].weight * (cells[i].value - (effect == NULL ? 0.0 : effect[cells[i].type]));
	}
	return sum / weight;
}

/*
 * Two units, both with types 0 and 1 at unlike weights. Within unit 0 (weights 1 and 3) the
 * types differ by 4, within unit 1 (weights 2 and 2) by 8; each counts by w0 w1 / (w0 + w1),
 * 0.75 and 1, so the difference is (0.75 * 4 + 8) / 1.75 = 44 / 7. Of the weight 3 / 8 is
 * type 0, so the effects are -5 / 8 and 3 / 8 of it.
 */
static void
by_hand(void **state)
{
	const CdMixCell cells[] = {{0, 0, 10, 1}, {0, 1, 14, 3}, {1, 0, 20, 2}, {1, 1, 28, 2}};
	double		effect[2];

	(void) state;
	mix(cells, 4, 2, effect);
	assert_close(effect[0], -44.0 / 7.0 * 5.0 / 8.0, 1e-6);
	assert_close(effect[1], 44.0 / 7.0 * 3.0 / 8.0, 1e-6);
}

#define UNITS 40
#define PLANTED 4

static const double planted[PLANTED] = {-7.0, 0.5, 3.0, 25.0};

/*
 * Units of two or three types; who does well gets the hard types (routing), so that means by
 * type would be wrong. Returns how many cells.
 */
static size_t
planted_cells(CdMixCell *cells, double noise)
{
	uint64_t	seed = 1;
	size_t		n = 0;

	for (int32_t u = 0; u < UNITS; u++)
		for (int32_t t = 0; t < PLANTED; t++)
			if ((u % 2 == 0) == (t < 2) || u % 3 == t % 3)
				cells[n++] = (CdMixCell) {
					u, t, 50.0 * (u % 2) + u + planted[t] + noise * normal(&seed), 1.0 + 9.0 * uniform(&seed)
				};
	return n;
}

/* Without noise the types come out as planted, whatever the units' own levels. */
static void
exact_recovery(void **state)
{
	CdMixCell	cells[UNITS * PLANTED];
	size_t		n = planted_cells(cells, 0.0);
	double		effect[PLANTED];

	(void) state;
	mix(cells, n, PLANTED, effect);
	for (int t = 1; t < PLANTED; t++)
		assert_close(effect[t] - effect[0], planted[t] - planted[0], 1e-5);
}

/* What is taken away leaves the weighted mean of all values where it was. */
static void
mean_stays(void **state)
{
	CdMixCell	cells[UNITS * PLANTED];
	size_t		n = planted_cells(cells, 4.0);
	double		effect[PLANTED];

	(void) state;
	mix(cells, n, PLANTED, effect);
	assert_close(mean_value(cells, n, effect), mean_value(cells, n, NULL), 1e-12);
	assert_true(fabs(effect[3] - effect[0]) > 10.0);
}

/* A constant added to a unit changes nothing; values times c give effects times c; weights times c give the same. */
static void
invariance(void **state)
{
	CdMixCell	cells[UNITS * PLANTED];
	size_t		n = planted_cells(cells, 4.0);
	double		effect[PLANTED];
	double		other[PLANTED];

	(void) state;
	mix(cells, n, PLANTED, effect);
	for (size_t i = 0; i < n; i++)
	{
		cells[i].value = -3.0 * (cells[i].value + 17.0 * (cells[i].unit % 5));
		cells[i].weight *= 1000.0;
	}
	mix(cells, n, PLANTED, other);
	for (int t = 0; t < PLANTED; t++)
		assert_close(other[t], -3.0 * effect[t], 1e-9);
}

/* Types renumbered, and cells of a unit in another order: the same effects under the new numbers. */
static void
renumbering(void **state)
{
	const int32_t number[PLANTED] = {2, 0, 3, 1};
	CdMixCell	cells[UNITS * PLANTED];
	CdMixCell	turned[UNITS * PLANTED];
	size_t		n = planted_cells(cells, 4.0);
	double		effect[PLANTED];
	double		other[PLANTED];

	(void) state;
	for (size_t i = 0; i < n; i++)
	{
		turned[i] = cells[n - 1 - i];
		turned[i].type = number[turned[i].type];
	}
	mix(cells, n, PLANTED, effect);
	mix(turned, n, PLANTED, other);
	for (int t = 0; t < PLANTED; t++)
		assert_close(other[number[t]], effect[t], 1e-9);
}

/* A type that never stands beside another one may be the agents' doing: it is not told apart, and does not disturb the others. */
static void
alone(void **state)
{
	const CdMixCell cells[] = {{0, 0, 10, 1}, {0, 1, 14, 1}, {1, 2, 900, 1}, {2, 2, 800, 2}, {3, 0, 30, 1}, {3, 1, 34, 1}};
	double		effect[3];

	(void) state;
	mix(cells, 6, 3, effect);
	assert_close(effect[1] - effect[0], 4.0, 1e-6);
	assert_close(effect[2] - (effect[0] + effect[1]) / 2.0, 0.0, 1e-6);
}

/* Weights as far apart as volumes can be: what the other units tell is not lost in their rounding. */
static void
far_weights(void **state)
{
	CdMixCell	cells[2 * UNITS];
	double		effect[2];

	(void) state;
	for (int32_t i = 0; i < 2 * UNITS; i++)
		cells[i] = (CdMixCell) {
			i / 2, i % 2, 300.0 + i / 2 + 7.0 * (i % 2), i < 10 && i % 2 == 0 ? 1e15 : 20.0 + i % 30 + 0.1
		};
	mix(cells, 2 * UNITS, 2, effect);
	assert_close(effect[1] - effect[0], 7.0, 1e-6);
	for (int32_t i = 0; i < 2 * UNITS; i++)
		if (i % 2 == 0)
			cells[i].weight = 1e-9;
	mix(cells, 2 * UNITS, 2, effect);
	assert_close(effect[1] - effect[0], 7.0, 1e-6);
}

/* Nothing to tell apart: one type, a number without cells, no cells. */
static void
nothing_to_tell(void **state)
{
	const CdMixCell cells[] = {{0, 1, 10, 1}, {1, 1, 40, 5}, {2, 1, 7, 2}};
	double		effect[2] = {1.0, 1.0};

	(void) state;
	mix(cells, 3, 2, effect);
	assert_close(effect[0], 0.0, 0.0);
	assert_close(effect[1], 0.0, 0.0);
	mix(cells, 0, 2, effect);
	assert_close(effect[1], 0.0, 0.0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(exact_recovery),
		cmocka_unit_test(mean_stays),
		cmocka_unit_test(invariance),
		cmocka_unit_test(renumbering),
		cmocka_unit_test(alone),
		cmocka_unit_test(far_weights),
		cmocka_unit_test(nothing_to_tell),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
