/*
 * test_trend.c: rank trend, slope, seasons and autocorrelation.
 */
#include "close.h"

#include <gsl/gsl_cdf.h>

#include "stats/trend.h"

#define N 40

static const CdTrendOptions plain = {CD_TREND_INDEPENDENT, 0, 0.95};

static double steps[N];
static double scratch[N * N];

static CdTrend
trend_of(const double *value, size_t n, CdTrendOptions options)
{
	CdTrend		t;

	for (size_t i = 0; i < n; i++)
		steps[i] = (double) i;
	assert_true(cd_trend_scratch(n) <= N * N);
	assert_ok(cd_trend(steps, value, NULL, n, &options, scratch, &t));
	return t;
}

/* Kendall's table: 4 values in order, S = 6, one of 24 permutations each way. */
static void
exact(void **state)
{
	const double up[] = {1, 2, 3, 4};
	const double mixed[] = {2, 1, 4, 3, 5};
	const double ties[] = {1, 2, 2, 4};
	CdTrend		t;

	(void) state;
	t = trend_of(up, 4, plain);
	assert_true(t.exact);
	assert_close(t.s, 6.0, 0.0);
	assert_close(t.tau, 1.0, 0.0);
	assert_close(t.p, 2.0 / 24.0, 1e-14);
	assert_close(t.slope, 1.0, 0.0);
	/* S = 6 of 5 values: 1 + 4 + 9 permutations of 120 reach it, each way */
	t = trend_of(mixed, 5, plain);
	assert_close(t.s, 6.0, 0.0);
	assert_close(t.p, 28.0 / 120.0, 1e-14);
	t = trend_of(ties, 4, plain);
	assert_false(t.exact);
	/* (4 3 13 - 2 1 9) / 18 */
	assert_close(t.variance, (156.0 - 18.0) / 18.0, 1e-14);
	assert_close(t.z, 4.0 / sqrt(t.variance), 1e-14);
}

/* Exact p by counting all permutations of 7 values. */
static void
exact_by_enumeration(void **state)
{
	const double value[] = {3, 1, 2, 5, 4, 7, 6};
	int			count[7] = {0};
	double		order[7] = {0, 1, 2, 3, 4, 5, 6};
	double		s = trend_of(value, 7, plain).s;
	int			extreme = 0;
	int			total = 0;
	int			i = 0;

	(void) state;
	for (;;)
	{
		double		here = 0.0;

		for (int a = 0; a < 7; a++)
			for (int b = a + 1; b < 7; b++)
				here += order[b] > order[a] ? 1.0 : -1.0;
		extreme += fabs(here) >= fabs(s);
		total++;
		while (i < 7 && count[i] >= i)
			count[i++] = 0;
		if (i == 7)
			break;
		double		swap = order[i % 2 == 0 ? 0 : count[i]];

		order[i % 2 == 0 ? 0 : count[i]] = order[i];
		order[i] = swap;
		count[i]++;
		i = 0;
	}
	assert_int_equal(total, 5040);
	assert_close(trend_of(value, 7, plain).p, extreme / 5040.0, 1e-13);
}

/* Slope: per unit of time, gaps kept; the interval by order statistics. */
static void
slope(void **state)
{
	const double time[] = {0, 1, 2, 5, 6};
	const double value[] = {1, 3, 5, 11, 13};
	double		noisy[30];
	CdTrend		t;
	uint64_t	seed = 3;

	(void) state;
	assert_ok(cd_trend(time, value, NULL, 5, &plain, scratch, &t));
	assert_close(t.slope, 2.0, 1e-15);
	assert_close(t.intercept, 1.0, 1e-15);
	for (int i = 0; i < 30; i++)
		noisy[i] = 0.3 * i + normal(&seed);
	t = trend_of(noisy, 30, plain);
	assert_between(0.3, t.slope_low, t.slope_high);
	assert_true(t.slope_low < t.slope && t.slope < t.slope_high);
	for (int i = 0; i < 30; i++)
		noisy[i] *= -10.0;
	assert_close(trend_of(noisy, 30, plain).slope, -10.0 * t.slope, 1e-13);
	assert_close(trend_of(noisy, 30, plain).slope_low, -10.0 * t.slope_high, 1e-13);
	assert_close(trend_of(noisy, 30, plain).z, -t.z, 1e-13);
}

/* A season that goes up and down by itself is no trend, and hides none. */
static void
seasons(void **state)
{
	double		time[24];
	double		value[24];
	int			season[24];
	CdTrend		t;
	double		one;

	(void) state;
	for (int i = 0; i < 24; i++)
	{
		time[i] = i / 4;
		season[i] = i % 4;
		value[i] = 100.0 * (i % 4) + 0.5 * (i / 4);
	}
	assert_ok(cd_trend(time, value, season, 24, &plain, scratch, &t));
	assert_close(t.s, 4 * 15.0, 0.0);
	assert_close(t.variance, 4 * 6.0 * 5.0 * 17.0 / 18.0, 1e-14);
	assert_close(t.slope, 0.5, 1e-15);
	one = trend_of(value, 24, plain).z;
	assert_true(t.z > one);
	assert_int_equal(cd_trend(time, value, NULL, 24, &plain, scratch, &t), CD_BAD_INPUT);
}

/* Does the slope's interval leave out zero where p is far from small, or hold it where p is small? */
static bool
contradicts(CdTrend t)
{
	bool		apart = t.slope_low > 0.0 || t.slope_high < 0.0;

	return apart ? t.p > 0.07 : t.p < 0.03;
}

/* Persistence makes independent variance too small; both corrections see it, in p and in the interval. */
static void
autocorrelation(void **state)
{
	double		value[N];
	int			rejected[2] = {0};
	CdTrend		corrected;
	uint64_t	seed = 11;

	(void) state;
	for (int run = 0; run < 400; run++)
	{
		value[0] = normal(&seed);
		for (int i = 1; i < N; i++)
			value[i] = 0.6 * value[i - 1] + normal(&seed);
		rejected[0] += trend_of(value, N, plain).p < 0.05;
		corrected = trend_of(value, N, (CdTrendOptions) {CD_TREND_YUE_WANG, 1, 0.95});
		rejected[1] += corrected.p < 0.05;
		assert_false(contradicts(corrected));
		assert_false(contradicts(trend_of(value, N, (CdTrendOptions) {CD_TREND_HAMED_RAO, 0, 0.95})));
	}
	assert_between(rejected[0], 90, 180);
	assert_true(rejected[1] < 0.7 * rejected[0]);
}

/* Lag 1 alone, by its formula. */
static void
corrections(void **state)
{
	const double value[] = {1, 3, 2, 5, 4, 6, 5, 8, 7, 9, 8, 12};
	const double saw[] = {0, 9, 1, 9, 0, 9, 0, 10};
	double		rest[12];
	CdTrend		t = trend_of(value, 12, plain);
	CdTrend		corrected = trend_of(value, 12, (CdTrendOptions) {CD_TREND_YUE_WANG, 1, 0.95});

	(void) state;
	for (int i = 0; i < 12; i++)
		rest[i] = value[i] - t.slope * i;
	assert_close(corrected.inflation, 1.0 + 2.0 * (11.0 / 12.0) * cd_autocorrelation(rest, 12, 1), 1e-13);
	assert_close(corrected.variance, t.variance * corrected.inflation, 1e-13);
	assert_true(cd_autocorrelation(rest, 12, 1) < 0.0);
	/* not significant at this level: Hamed-Rao leaves the variance alone */
	corrected = trend_of(value, 12, (CdTrendOptions) {CD_TREND_HAMED_RAO, 1, 0.9999});
	assert_close(corrected.inflation, 1.0, 0.0);
	/* what turns back each time: no variance is left */
	corrected = trend_of(saw, 8, (CdTrendOptions) {CD_TREND_YUE_WANG, 1, 0.95});
	assert_true(corrected.inflation < 0.0);
	assert_nan(corrected.p);
	assert_nan(corrected.slope_low);
	assert_nan(corrected.slope_high);
	assert_close(cd_autocorrelation((double[]) {1, 2, 3, 4}, 4, 1), 0.25, 1e-14);
}

/* Flat, too short, not finite. */
static void
refusals(void **state)
{
	const double flat[] = {2, 2, 2, 2};
	const double bad[] = {2, NAN, 2, 2};
	CdTrend		t = trend_of(flat, 4, plain);

	(void) state;
	assert_close(t.s, 0.0, 0.0);
	assert_close(t.slope, 0.0, 0.0);
	assert_nan(t.p);
	assert_int_equal(cd_trend(steps, flat, NULL, 2, &plain, scratch, &t), CD_TOO_FEW);
	assert_int_equal(cd_trend(steps, bad, NULL, 4, &plain, scratch, &t), CD_BAD_INPUT);
	assert_int_equal(cd_trend(flat, flat, NULL, 4, &plain, scratch, &t), CD_BAD_INPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact),
		cmocka_unit_test(exact_by_enumeration),
		cmocka_unit_test(slope),
		cmocka_unit_test(seasons),
		cmocka_unit_test(autocorrelation),
		cmocka_unit_test(corrections),
		cmocka_unit_test(refusals),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
