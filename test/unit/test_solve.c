/*
 * test_solve.c: quantiles by Newton's method in normal scores, the chi-square tail, sums of logarithms.
 */
#include "close.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "stats/logsum.h"
#include "stats/solve.h"

/* Tail and density are GSL's, whether summed here or not. */
static void
chisq_tail(void **state)
{
	const double x[] = {1e-6, 0.01, 0.5, 3.0, 11.0, 40.0, 200.0};

	(void) state;
	for (int df = 1; df <= 70; df++)
	{
		for (size_t i = 0; i < 7; i++)
		{
			double		density;

			assert_close(cd_chisq_tail(x[i], df, &density), gsl_cdf_chisq_Q(x[i], df), 1e-12);
			assert_close(density, gsl_ran_chisq_pdf(x[i], df), 1e-12);
		}
	}
}

/* Exponential distribution, 0 below 0. */
static double
exponential(double x, void *context, double *density)
{
	double		rate = *(double *) context;

	*density = x > 0.0 ? rate * exp(-rate * x) : 0.0;
	return x > 0.0 ? -expm1(-rate * x) : 0.0;
}

/* From a good guess, from bad ones, and from where the distribution is flat. */
static void
quantile_from_anywhere(void **state)
{
	double		rate = 3.0;
	const double guess[] = {0.2, 1e-9, 900.0, -50.0};
	const double p[] = {1e-6, 0.025, 0.5, 0.975, 0.999999};

	(void) state;
	for (size_t i = 0; i < 4; i++)
	{
		for (size_t j = 0; j < 5; j++)
		{
			double		x;

			assert_ok(cd_quantile(exponential, &rate, p[j], -INFINITY, INFINITY, guess[i], 0.1, 1e-7, &x));
			assert_close(x, -log1p(-p[j]) / rate, 1e-11);
		}
	}
}

static double
nowhere(double x, void *context, double *density)
{
	(void) x;
	(void) context;
	*density = NAN;
	return NAN;
}

static void
quantile_refuses_nan(void **state)
{
	double		x;

	(void) state;
	assert_int_equal(cd_quantile(nowhere, NULL, 0.5, 0.0, 1.0, 0.5, 1.0, 1e-7, &x), CD_NO_CONVERGENCE);
}

/* Numbers whose product is far outside the range of doubles. */
static void
log_sums(void **state)
{
	CdLogSum	s = CD_LOG_SUM_EMPTY;
	double		expected = 0.0;

	(void) state;
	for (int i = 1; i <= 5000; i++)
	{
		double		x = i % 3 == 0 ? 1e-300 / i : i * 7e120;

		cd_log_sum_add(&s, x);
		expected += log(x);
	}
	assert_close(cd_log_sum(&s), expected, 1e-12);
}

/* Distribution and density are GSL's; a multiplier is that of its own level and degrees of freedom. */
static void
normal_and_t(void **state)
{
	const double df[] = {10.0, 74.0, 10.2, 9.8, 500.0, 0.4};
	double		density;
	double		t;

	(void) state;
	for (double u = -30.0; u <= 10.0; u += 0.37)
	{
		assert_close(cd_normal_below(u, &density), gsl_cdf_ugaussian_P(u), 1e-12);
		assert_close(density, gsl_ran_ugaussian_pdf(u), 1e-12);
	}
	for (int i = 0; i < 24; i++)
	{
		double		level = i % 2 ? 0.95 : 0.9;

		assert_ok(cd_t_multiplier(level, df[i % 6], &t));
		assert_close(t, gsl_cdf_tdist_Qinv(0.5 * (1.0 - level), df[i % 6]), 0.0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chisq_tail),
		cmocka_unit_test(quantile_from_anywhere),
		cmocka_unit_test(quantile_refuses_nan),
		cmocka_unit_test(log_sums),
		cmocka_unit_test(normal_and_t),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
