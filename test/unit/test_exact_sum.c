/*
 * test_exact_sum.c: sums rounded once, in any order.
 */
#include "close.h"

#include <stdlib.h>

#include "stats/exact_sum.h"

#define ROOM 40

static double
sum_of(const double *x, int n)
{
	double		parts[ROOM] = {0};

	for (int i = 0; i < n; i++)
		assert_true(cd_exact_add(parts, ROOM, x[i]) == 0);
	return cd_exact_round(parts, ROOM);
}

/* Each is what the exact sum rounds to, ties to even; plain addition misses all of them. */
static void
known_sums(void **state)
{
	const double cancel[] = {1e100, 1.0, -1e100, 1e-30, -1e-30};
	const double tie[] = {1e16, 1.0, 1e-16};
	const double tie_down[] = {1e16, 1.0, -1e-16};
	const double to_even[] = {1e16, 1.0};
	const double negative[] = {-1e16, -1.0, -1e-16};
	double		tenths[10];

	(void) state;
	for (int i = 0; i < 10; i++)
		tenths[i] = 0.1;
	assert_true(sum_of(cancel, 5) == 1.0);
	assert_true(sum_of(tie, 3) == 1e16 + 2);
	assert_true(sum_of(tie_down, 3) == 1e16);
	assert_true(sum_of(to_even, 2) == 1e16);
	assert_true(sum_of(negative, 3) == -1e16 - 2);
	assert_true(sum_of(tenths, 10) == 1.0);
	assert_true(sum_of(NULL, 0) == 0.0);
}

/* Numbers of all sizes, shuffled: one sum, and the exact part of any split adds to it. */
static void
any_order(void **state)
{
	double		x[300];
	double		sum = 0;

	(void) state;
	srand(5);
	for (int i = 0; i < 300; i++)
		x[i] = ldexp(rand() / (double) RAND_MAX - 0.5, rand() % 600 - 300);
	for (int round = 0; round < 50; round++)
	{
		double		left[ROOM] = {0};
		double		right[ROOM] = {0};

		for (int i = 299; i > 0; i--)
		{
			int			j = rand() % (i + 1);
			double		swap = x[i];

			x[i] = x[j];
			x[j] = swap;
		}
		if (round == 0)
			sum = sum_of(x, 300);
		assert_true(sum_of(x, 300) == sum);
		for (int i = 0; i < 300; i++)
			assert_true(cd_exact_add(i % 3 ? left : right, ROOM, x[i]) == 0);
		for (int i = 0; i < ROOM; i++)
			assert_true(cd_exact_add(left, ROOM, right[i]) == 0);
		assert_true(cd_exact_round(left, ROOM) == sum);
	}
}

/* What finds no room is handed back, and belongs above the rest. */
static void
no_room(void **state)
{
	double		parts[4] = {0};

	(void) state;
	assert_true(cd_exact_add(parts, 2, 1e-30) == 0);
	assert_true(cd_exact_add(parts, 2, 1.0) == 0);
	parts[2] = cd_exact_add(parts, 2, 1e30);
	assert_true(parts[2] == 1e30);
	assert_true(cd_exact_add(parts, 4, -1e30) == 0);
	assert_true(cd_exact_add(parts, 4, -1.0) == 0);
	assert_true(cd_exact_round(parts, 4) == 1e-30);
	parts[0] = parts[1] = 1.7e308;
	assert_true(isinf(cd_exact_add(parts, 4, 1.7e308)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_sums),
		cmocka_unit_test(any_order),
		cmocka_unit_test(no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
