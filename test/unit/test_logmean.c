/*
 * test_logmean.c: the logarithm of a mean of numbers of which the logarithms are given.
 */
#include "close.h"

#include "stats/logmean.h"

static void
weighs_the_numbers(void **state)
{
	CdLogMean	m = {0};

	(void) state;
	cd_log_mean_add(&m, log(60.0), 3.0);
	assert_true(m.log == log(60.0));
	cd_log_mean_add(&m, log(1200.0), 1.0);
	assert_close(exp(m.log), (3.0 * 60.0 + 1200.0) / 4.0, 1e-14);
	cd_log_mean_add(&m, log(5.0), 4.0);
	assert_close(exp(m.log), (3.0 * 60.0 + 1200.0 + 4.0 * 5.0) / 8.0, 1e-14);
	assert_close(m.weight, 8.0, 0.0);
}

static void
bears_what_has_no_exponential(void **state)
{
	CdLogMean	m = {0};

	(void) state;
	cd_log_mean_add(&m, 1e5, 1.0);
	cd_log_mean_add(&m, -1e5, 1.0);
	assert_close(m.log, 1e5 - log(2.0), 1e-14);
	cd_log_mean_add(&m, 2e5, 2.0);
	assert_close(m.log, 2e5 - log(2.0), 1e-14);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weighs_the_numbers),
		cmocka_unit_test(bears_what_has_no_exponential)
	};

	return cmocka_run_group_tests_name("logmean", tests, NULL, NULL);
}
