/*
 * test_equivalence.c: two one-sided tests, what may be concluded, and what could have been found.
 */
#include "close.h"

#include "stats/equivalence.h"

/* R 4.2.2, Student's sleep data; and the p value and the interval say the same at every margin. */
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
smallest_detectable(void **state)
{
	double		value;

	(void) state;
	assert_ok(cd_smallest_detectable(sqrt(2.0 / 12.0), 22, 0.05, 0.8, &value));
	assert_close(value, 1.19681330684, 1e-11);
	assert_ok(cd_smallest_detectable(sqrt(2.0 / 22.0210955701), 2 * 22.0210955701 - 2, 0.05, 0.9, &value));
	assert_close(value, 1.0, 1e-10);
	assert_ok(cd_smallest_detectable(1.0, INFINITY, 0.05, 0.8, &value));
	assert_close(value, 1.959963984540054 + 0.8416212335729143, 1e-12);
	assert_int_equal(cd_smallest_detectable(1.0, 5, 0.05, 1.0, &value), CD_BAD_INPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tost),
		cmocka_unit_test(conclusions),
		cmocka_unit_test(smallest_detectable),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
