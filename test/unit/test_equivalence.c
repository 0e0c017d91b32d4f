/*
 * test_equivalence.c: differences, two one-sided tests, power, and what may be concluded.
 */
#include "close.h"

#include "stats/difference.h"
#include "stats/equivalence.h"

/* Student's sleep data (1908): extra hours under two drugs, the same ten patients. */
static const double first[10] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
static const double second[10] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};

/* R 4.2.2: t.test() on the same numbers. */
static void
differences(void **state)
{
	CdMoments	a = moments_of(first, 10);
	CdMoments	b = moments_of(second, 10);
	CdMoments	change = {0};
	CdDifference d;

	(void) state;
	for (int i = 0; i < 10; i++)
		cd_moments_add(&change, first[i] - second[i], 1.0);
	assert_ok(cd_difference_paired(&change, &d));
	assert_close(d.estimate / d.se, -4.06212768, 1e-8);
	assert_close(cd_difference_p(&d), 0.00283289, 1e-5);
	assert_ok(cd_difference_welch(&a, &b, &d));
	assert_close(d.se, 0.849091017238762, 1e-13);
	assert_close(d.df, 17.7764735, 1e-8);
	assert_ok(cd_difference_pooled(&a, &b, &d));
	assert_close(d.se, 0.849091017238762, 1e-13);
	assert_close(d.df, 18.0, 0.0);
	assert_int_equal(cd_difference_welch(&a, &(CdMoments) {.n = 1.0, .weight = 1.0}, &d), CD_TOO_FEW);
}

/* Newcombe 1998, table II, method 10. */
static void
rates(void **state)
{
	CdDifference d;
	double		low;
	double		high;

	(void) state;
	assert_ok(cd_newcombe(56, 70, 48, 80, 0.95, &low, &high));
	assert_close(low, 0.0524, 1e-3);
	assert_close(high, 0.3339, 1e-3);
	assert_ok(cd_difference_rates(56, 70, 48, 80, &d));
	assert_close(d.estimate, 0.2, 1e-14);
	assert_close(d.se, sqrt(0.8 * 0.2 / 70 + 0.6 * 0.4 / 80), 1e-14);
	assert_int_equal(cd_difference_rates(3, 2, 1, 2, &d), CD_BAD_INPUT);
	assert_int_equal(cd_difference_rates(0, 0, 1, 2, &d), CD_TOO_FEW);
}

/* The p value and the interval say the same at every margin. */
static void
tost(void **state)
{
	CdTost		t;

	(void) state;
	assert_ok(cd_tost(-1.58, 0.388958723888395, 9, -2.5, 2.5, 0.05, &t));
	assert_close(t.p, 0.0211168602465007, 1e-12);
	assert_close(t.low, -2.29300526702928, 1e-12);
	assert_true(t.equivalent);
	for (double margin = 2.0; margin < 3.0; margin += 0.01)
	{
		assert_ok(cd_tost(-1.58, 0.388958723888395, 9, -margin, margin, 0.05, &t));
		assert_true(t.equivalent == (t.low > -margin && t.high < margin));
	}
	assert_int_equal(cd_tost(0.0, 0.0, 9, -1, 1, 0.05, &t), CD_BAD_INPUT);
	assert_int_equal(cd_tost(0.0, 1.0, 9, 1, -1, 0.05, &t), CD_BAD_INPUT);
}

/* The four answers, and never "no effect" without a margin. */
static void
conclusions(void **state)
{
	CdConclusion c;

	(void) state;
	assert_ok(cd_conclude(1.0, 0.2, 20, 0.5, 0.05, &c));
	assert_int_equal(c, CD_CONCLUDE_EFFECT);
	assert_ok(cd_conclude(0.1, 0.02, 20, 0.5, 0.05, &c));
	assert_int_equal(c, CD_CONCLUDE_NEGLIGIBLE);
	assert_ok(cd_conclude(0.01, 0.02, 20, 0.5, 0.05, &c));
	assert_int_equal(c, CD_CONCLUDE_NO_EFFECT);
	assert_ok(cd_conclude(0.1, 0.5, 20, 0.5, 0.05, &c));
	assert_int_equal(c, CD_CONCLUDE_CANNOT_TELL);
	assert_ok(cd_conclude(0.01, 0.02, 20, NAN, 0.05, &c));
	assert_int_equal(c, CD_CONCLUDE_CANNOT_TELL);
	assert_ok(cd_conclude(0.1, 0.02, INFINITY, NAN, 0.05, &c));
	assert_int_equal(c, CD_CONCLUDE_EFFECT);
	assert_int_equal(cd_conclude(0.1, 0.02, 20, 0.0, 0.05, &c), CD_BAD_INPUT);
}

/* R 4.2.2: power.t.test(), tol = 1e-12. */
static void
power(void **state)
{
	double		value;

	(void) state;
	assert_ok(cd_smallest_detectable(sqrt(2.0 / 12.0), 22, 0.05, 0.8, &value));
	assert_close(value, 1.19681330684, 1e-11);
	assert_ok(cd_power(1.0, sqrt(2.0 / 22.0210955701), 2 * 22.0210955701 - 2, 0.05, &value));
	assert_close(value, 0.9, 1e-11);
	assert_ok(cd_smallest_detectable(1.0, INFINITY, 0.05, 0.8, &value));
	assert_close(value, 1.959963984540054 + 0.8416212335729143, 1e-12);
	assert_ok(cd_smallest_detectable(1.0, 1.5, 0.05, 0.8, &value));
	assert_ok(cd_power(value, 1.0, 1.5, 0.05, &value));
	assert_close(value, 0.8, 1e-9);
	assert_ok(cd_power(0.0, 1.0, 5, 0.05, &value));
	assert_close(value, 0.025, 1e-9);
	assert_int_equal(cd_smallest_detectable(1.0, 5, 0.05, 1.0, &value), CD_BAD_INPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences),
		cmocka_unit_test(rates),
		cmocka_unit_test(tost),
		cmocka_unit_test(conclusions),
		cmocka_unit_test(power),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
