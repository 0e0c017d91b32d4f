/*
 * test_share_interval.c: intervals of shares and ratios, exact and over clusters.
 */
#include "close.h"

#include "stats/share_interval.h"

static void
interval_is(double hits, double trials, double level, double low, double high)
{
	double		l;
	double		h;

	assert_ok(cd_binomial_interval(hits, trials, level, &l, &h));
	assert_close(l, low, 1e-11);
	assert_close(h, high, 1e-11);
}

/* R 4.2.2: binom.test(), and qbeta() for numbers that are not whole. */
static void
values(void **state)
{
	(void) state;
	interval_is(1, 27, 0.95, 0.000937257091944708, 0.189705617413044592);
	interval_is(913, 959, 0.95, 0.936534768538374, 0.964671615665147);
	interval_is(5, 27, 0.995, 0.035953332149506, 0.463964670064852);
	interval_is(3.5, 20, 0.95, 0.0441313419751558, 0.4082257625169255);
	interval_is(12345, 1234567, 0.95, 0.00982469459076322, 0.01017652453772933);
}

static void
ends(void **state)
{
	double		l;
	double		h;

	(void) state;
	interval_is(0, 10, 0.95, 0, 1 - pow(0.025, 0.1));
	interval_is(10, 10, 0.95, pow(0.025, 0.1), 1);
	assert_int_equal(cd_binomial_interval(0, 0, 0.95, &l, &h), CD_BAD_INPUT);
	assert_int_equal(cd_binomial_interval(3, 2, 0.95, &l, &h), CD_BAD_INPUT);
	assert_int_equal(cd_binomial_interval(NAN, 2, 0.95, &l, &h), CD_BAD_INPUT);
	assert_int_equal(cd_binomial_interval(1, INFINITY, 0.95, &l, &h), CD_BAD_INPUT);
	assert_int_equal(cd_binomial_interval(1, 2, 1, &l, &h), CD_BAD_INPUT);
}

static CdClustered
sums_of(const double *hits, const double *trials, int units)
{
	CdClustered s = {.units = units};

	for (int i = 0; i < units; i++)
	{
		s.hits += hits[i];
		s.trials += trials[i];
		s.hits_squared += hits[i] * hits[i];
		s.cross_product += hits[i] * trials[i];
		s.trials_squared += trials[i] * trials[i];
	}
	return s;
}

static const double kept[6] = {2, 7, 1, 9, 4, 5};
static const double promised[6] = {10, 10, 8, 12, 9, 10};

/* Reference computed with R: linearised variance, qbeta() at the effective size, qt(). */
static void
clusters(void **state)
{
	CdClustered s = sums_of(kept, promised, 6);
	double		low;
	double		high;

	(void) state;
	assert_ok(cd_ratio_interval(&s, true, 0.95, &low, &high));
	assert_close(low, 0.210052405608602, 1e-10);
	assert_close(high, 0.750131122312369, 1e-10);
	assert_ok(cd_ratio_interval(&s, false, 0.95, &low, &high));
	assert_close(low, 0.206690235424203, 1e-10);
	assert_close(high, 0.742462306948678, 1e-10);
	s.units = 1;
	assert_int_equal(cd_ratio_interval(&s, true, 0.95, &low, &high), CD_TOO_FEW);
	s = (CdClustered) {.hits = 3, .trials = 2, .hits_squared = 9, .cross_product = 6, .trials_squared = 4, .units = 2};
	assert_int_equal(cd_ratio_interval(&s, true, 0.95, &low, &high), CD_BAD_INPUT);
	s.trials = 0;
	assert_int_equal(cd_ratio_interval(&s, false, 0.95, &low, &high), CD_BAD_INPUT);
}

/* None are hits: as many trials as units that are alike by 0.1 leave. */
static void
none(void **state)
{
	CdClustered s = sums_of((double[4]) {0}, (double[4]) {11, 11, 11, 11}, 4);
	double		low;
	double		high;

	(void) state;
	assert_ok(cd_ratio_interval(&s, true, 0.95, &low, &high));
	assert_close(low, 0, 0);
	assert_close(high, 1 - pow(0.025, 1 / 22.0), 1e-11);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(ends),
		cmocka_unit_test(clusters),
		cmocka_unit_test(none),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
