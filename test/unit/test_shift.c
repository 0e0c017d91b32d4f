/*
 * test_shift.c: one change of level at an unknown time.
 */
#include "close.h"

#include "stats/shift.h"

#define WEEKS 52
#define RUNS 2000

static CdShift
shift_of(const double *value, size_t n)
{
	double		weight[WEEKS];
	double		scratch[CD_SHIFT_SCRATCH(WEEKS)];
	CdShift		s;

	for (size_t i = 0; i < n; i++)
		weight[i] = 1.0;
	assert_ok(cd_level_shift(value, weight, n, scratch, &s));
	return s;
}

/* AR(1) noise of standard deviation 1 around a step and a slope per week. */
static void
series(uint64_t *seed, double memory, double step, size_t at, double slope, double *out)
{
	double		e = normal(seed);

	for (size_t i = 0; i < WEEKS; i++)
	{
		out[i] = e + slope * (double) i + (i >= at ? step : 0.0);
		e = memory * e + sqrt(1.0 - memory * memory) * normal(seed);
	}
}

static double
share_clear(uint64_t seed, double memory, double step, double slope)
{
	double		value[WEEKS];
	double		clear = 0.0;

	for (int run = 0; run < RUNS; run++)
	{
		series(&seed, memory, step, 30, slope, value);
		clear += shift_of(value, WEEKS).clear;
	}
	return clear / RUNS;
}

/* Two levels, three values each side off by one: squares by hand. */
static void
by_hand(void **state)
{
	double		value[WEEKS];
	CdShift		s;

	(void) state;
	for (size_t i = 0; i < 20; i++)
		value[i] = (i < 12 ? 10.0 : 4.0) + (i % 2 ? 1.0 : -1.0);
	s = shift_of(value, 20);
	assert_int_equal(s.at, 12);
	assert_close(s.before, 10.0, 1e-12);
	assert_close(s.after, 4.0, 1e-12);
	/* between: 36 * 12 * 8 / 20 over within 20 / 18 df; the residuals alternate, so nothing is taken off */
	assert_close(s.f, 36.0 * 12.0 * 8.0 / 20.0 / (20.0 / 18.0), 1e-12);
	assert_true(s.clear);
}

/* A change that isn't there is seen in 1 %, a few more where weeks hang together. */
static void
false_alarms(void **state)
{
	(void) state;
	assert_between(share_clear(1, 0.0, 0.0, 0.0), 0.0, 0.02);
	assert_between(share_clear(2, 0.4, 0.0, 0.0), 0.0, 0.04);
	assert_between(share_clear(3, 0.7, 0.0, 0.0), 0.0, 0.10);
}

static void
power(void **state)
{
	(void) state;
	assert_between(share_clear(4, 0.0, 2.0, 0.0), 0.85, 1.0);
	assert_between(share_clear(7, 0.0, 3.0, 0.0), 0.95, 1.0);
	assert_between(share_clear(5, 0.4, 3.0, 0.0), 0.85, 1.0);
}

/* A slow slide is no change of level. */
static void
not_a_slope(void **state)
{
	(void) state;
	assert_between(share_clear(6, 0.0, 0.0, -0.1), 0.0, 0.05);
}

/* Nor is a season. */
static void
not_a_season(void **state)
{
	double		value[WEEKS];
	uint64_t	seed = 7;
	double		clear = 0.0;

	(void) state;
	for (int run = 0; run < RUNS; run++)
	{
		series(&seed, 0.0, 0.0, 0, 0.0, value);
		for (size_t i = 0; i < WEEKS; i++)
			value[i] += 3.0 * sin(6.283185307179586 * (double) i / WEEKS);
		clear += shift_of(value, WEEKS).clear;
	}
	assert_between(clear / RUNS, 0.0, 0.1);
}

static void
too_short(void **state)
{
	double		value[2 * CD_SHIFT_LEAST - 1] = {0};
	double		scratch[2 * CD_SHIFT_LEAST];
	CdShift		s;

	(void) state;
	assert_int_equal(cd_level_shift(value, value, 2 * CD_SHIFT_LEAST - 1, scratch, &s), CD_TOO_FEW);
	assert_false(s.clear);
}

/* Nothing varies: nothing changed. */
static void
constant(void **state)
{
	double		value[WEEKS] = {0};

	(void) state;
	assert_false(shift_of(value, WEEKS).clear);
}

/*
 * Of 8 weeks that fall by 2 a week: 3 -+ t(6) * sqrt(8 / 8 / 6), for the signs are alike to both sides of the middle and their
 * autocorrelation is below zero; and how often the low end is above the truth.
 */
static void
level_of(void **state)
{
	double		value[WEEKS];
	double		weight[WEEKS];
	double		scratch[CD_SHIFT_SCRATCH(WEEKS)];
	const double sign[] = {1, -1, 1, -1, -1, 1, -1, 1};
	CdLevel		l;

	(void) state;
	for (size_t i = 0; i < WEEKS; i++)
	{
		value[i] = i < WEEKS - 8 ? 50.0 : 3.0 + sign[i + 8 - WEEKS] - 2.0 * ((double) i - (WEEKS - 4.5));
		weight[i] = 2.0;
	}
	assert_ok(cd_level_of(value + WEEKS - 8, weight, 8, scratch, &l));
	assert_close(l.mean, 3.0, 1e-15);
	assert_close(l.low, 3.0 - 2.4469118511449692 / sqrt(6.0), 1e-12);
	assert_close(l.high, 3.0 + 2.4469118511449692 / sqrt(6.0), 1e-12);
	assert_int_equal(cd_level_of(value, weight, 7, scratch, &l), CD_TOO_FEW);
	assert_true(isnan(l.mean));
	for (int autocorrelated = 0; autocorrelated < 2; autocorrelated++)
	{
		uint64_t	seed = 7;
		double		above = 0.0;

		for (int run = 0; run < RUNS; run++)
		{
			series(&seed, 0.5 * autocorrelated, 1.0, WEEKS - 13, 0.0, value);
			assert_ok(cd_level_of(value + WEEKS - 13, weight, 13, scratch, &l));
			above += l.low > 1.0;
		}
		assert_between(above / RUNS, 0.01, 0.07);
	}
}

/* A rise in the last five weeks is seen, by 3 within noise of 1; hardly any where there is none, autocorrelated or not; a fall is no rise. */
static void
late_rise(void **state)
{
	double		value[WEEKS];
	double		weight[WEEKS];
	double		scratch[CD_SHIFT_SCRATCH(WEEKS)];
	CdShift		s;

	(void) state;
	for (size_t i = 0; i < WEEKS; i++)
		weight[i] = 1.0;
	for (int kind = 0; kind < 4; kind++)
	{
		uint64_t	seed = 7;
		double		clear = 0.0;

		for (int run = 0; run < RUNS; run++)
		{
			series(&seed, kind == 1 ? 0.5 : 0.0, kind == 2 ? 3.0 : kind == 3 ? -3.0 : 0.0, WEEKS - 5, 0.0, value);
			assert_ok(cd_late_rise(value, weight, WEEKS, scratch, &s));
			clear += s.clear;
			assert_true(s.at >= WEEKS - 7 && s.at <= WEEKS - 4);
		}
		if (kind == 2)
			assert_between(clear / RUNS, 0.9, 1.0);
		else
			assert_between(clear / RUNS, 0.0, kind == 3 ? 0.0 : 0.02);
	}
	for (size_t i = 0; i < WEEKS; i++)
		value[i] = i % 2 ? 0.5 : -0.5;
	value[WEEKS - 4] = 20.0;
	assert_ok(cd_late_rise(value, weight, WEEKS, scratch, &s));
	assert_int_equal(s.at, WEEKS - 4);
	assert_true(s.f > 12.16);
	assert_false(s.clear);		/* one week */
	value[WEEKS - 3] = value[WEEKS - 2] = 20.0;
	assert_ok(cd_late_rise(value, weight, WEEKS, scratch, &s));
	assert_true(s.clear);
	assert_int_equal(cd_late_rise(value, weight, 14, scratch, &s), CD_TOO_FEW);
	assert_ok(cd_late_rise(value, weight, 15, scratch, &s));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(false_alarms),
		cmocka_unit_test(power),
		cmocka_unit_test(not_a_slope),
		cmocka_unit_test(not_a_season),
		cmocka_unit_test(too_short),
		cmocka_unit_test(constant),
		cmocka_unit_test(level_of),
		cmocka_unit_test(late_rise),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
