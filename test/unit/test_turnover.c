/*
 * test_turnover.c: those who stayed, joined and left; parts that add up.
 */
#include "close.h"

#include "stats/turnover.h"

#define N 5

static CdMoments
at(double weight, double mean)
{
	return (CdMoments) {.n = weight > 0.0, .weight = weight, .mean = mean};
}

/* By hand: two stay and improve by 4 and 2, the best of the others leaves, a novice joins. */
static void
by_hand(void **state)
{
	const CdMoments before[N] = {at(10, 80), at(10, 70), at(20, 90), at(0, 0), at(0, 0)};
	const CdMoments after[N] = {at(10, 84), at(30, 72), at(0, 0), at(10, 60), at(0, 0)};
	double		part[N];
	CdTurnover	t;

	(void) state;
	assert_ok(cd_turnover(before, after, N, part, &t));
	assert_close(t.before, 82.5, 1e-15);
	assert_close(t.after, 72.0, 1e-15);
	/* shares of the stayers 1/2, 1/2 and 1/4, 3/4 */
	assert_close(t.within, 0.375 * 4 + 0.625 * 2, 1e-14);
	assert_close(t.mix, -0.25 * 82 + 0.25 * 71, 1e-14);
	assert_close(t.joined, 10.0 / 50.0 * (60 - 75), 1e-14);
	assert_close(t.left, 20.0 / 40.0 * (75 - 90), 1e-14);
	assert_close(t.within + t.mix + t.joined + t.left, t.after - t.before, 1e-14);
	assert_int_equal(t.n_stayed, 2);
	assert_int_equal(t.n_joined, 1);
	assert_int_equal(t.n_left, 1);
}

/* Equal shares: the standard error of a mean of differences. */
static void
standard_error(void **state)
{
	const CdMoments before[3] = {at(1, 0), at(1, 0), at(1, 0)};
	const CdMoments after[3] = {at(1, 1), at(1, 2), at(1, 6)};
	double		part[3];
	CdTurnover	t;

	(void) state;
	assert_ok(cd_turnover(before, after, 3, part, &t));
	assert_close(t.within, 3.0, 1e-15);
	assert_close(t.within_se, sqrt(7.0 / 3.0), 1e-14);
	assert_close(t.joined, 0.0, 0.0);
}

static void
nobody(void **state)
{
	const CdMoments one[2] = {at(1, 5), at(0, 0)};
	const CdMoments other[2] = {at(0, 0), at(1, 7)};
	double		part[2];
	CdTurnover	t;

	(void) state;
	assert_ok(cd_turnover(one, other, 2, part, &t));
	assert_close(t.after - t.before, 2.0, 0.0);
	assert_nan(t.within);
	assert_nan(t.joined);
	assert_int_equal(cd_turnover(one, &one[1], 1, part, &t), CD_TOO_FEW);
	assert_ok(cd_turnover(one, one, 1, part, &t));
	assert_nan(t.within_se);
}

/* Any agents: the parts add up to rounding. */
static void
adds_up(void **state)
{
	uint64_t	seed = 3;

	(void) state;
	for (int trial = 0; trial < 200; trial++)
	{
		CdMoments	before[40];
		CdMoments	after[40];
		double		part[40];
		CdTurnover	t;

		for (int i = 0; i < 40; i++)
		{
			before[i] = at(uniform(&seed) < 0.8 ? 100 * uniform(&seed) : 0.0, 300 + 50 * normal(&seed));
			after[i] = at(uniform(&seed) < 0.8 ? 100 * uniform(&seed) : 0.0, 300 + 50 * normal(&seed));
		}
		assert_ok(cd_turnover(before, after, 40, part, &t));
		assert_between(t.within + t.mix + t.joined + t.left - (t.after - t.before), -1e-11, 1e-11);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(standard_error),
		cmocka_unit_test(nobody),
		cmocka_unit_test(adds_up),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
