/*
 * test_log_bias.c: how far logarithms of means of few contacts are too low.
 */
#include "close.h"

#include <math.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "stats/log_bias.h"

#define AGENTS 300
#define WEEKS 40

/* Weeks of agents with 1 to 20 contacts each, whose times have a coefficient of variation of cv. */
static CdLogBias
weeks_of_agents(double cv, double (*mean_of)(gsl_rng *rng, int contacts, double cv))
{
	CdLogBias	sums = {0};
	gsl_rng    *rng = gsl_rng_alloc(gsl_rng_mt19937);

	for (int a = 0; a < AGENTS; a++)
	{
		CdLogGroup	g = {0};

		for (int w = 0; w < WEEKS; w++)
		{
			int			contacts = 1 + (int) gsl_rng_uniform_int(rng, 20);

			cd_log_group_add(&g, 5.0 + 0.1 * a / AGENTS + mean_of(rng, contacts, cv), 1.0, contacts);
		}
		cd_log_bias_add(&sums, &g);
	}
	gsl_rng_free(rng);
	return sums;
}

/* The logarithm of the arithmetic mean of gamma distributed times, whose mean is 1. */
static double
recorded_mean(gsl_rng *rng, int contacts, double cv)
{
	double		shape = contacts / (cv * cv);

	return log(gsl_ran_gamma(rng, shape, 1.0 / shape));
}

/* A logarithm that is off by as much, but not too low. */
static double
even_logarithm(gsl_rng *rng, int contacts, double cv)
{
	return gsl_ran_gaussian(rng, cv / sqrt(contacts));
}

static void
means_are_too_low_by_half_their_variance(void **state)
{
	CdLogBias	sums = weeks_of_agents(0.6, recorded_mean);

	(void) state;
	assert_between(cd_log_bias(&sums), 0.14, 0.22);
}

static void
even_logarithms_are_left_alone(void **state)
{
	CdLogBias	sums = weeks_of_agents(0.6, even_logarithm);

	(void) state;
	assert_between(cd_log_bias(&sums), 0.0, 0.03);
}

/* With one weight for all, nothing tells which it is. */
static void
half_of_it_where_weights_are_equal(void **state)
{
	CdLogBias	sums = {0};
	CdLogGroup	g = {0};

	(void) state;
	for (int i = 0; i < 4; i++)
		cd_log_group_add(&g, i % 2, 1.0, 2.0);
	cd_log_bias_add(&sums, &g);
	assert_close(cd_log_bias(&sums), (4.0 * 2.0 * 0.25 / 2.0) / 4.0, 1e-12);
}

static void
nothing_varies(void **state)
{
	CdLogBias	sums = {0};
	CdLogGroup	one = {0};

	(void) state;
	assert_true(isnan(cd_log_bias(&sums)));
	cd_log_group_add(&one, 5.0, 1.0, 3.0);
	cd_log_bias_add(&sums, &one);
	assert_true(isnan(cd_log_bias(&sums)));
	for (int i = 0; i < 5; i++)
		cd_log_group_add(&one, 5.0, 1.0, 3.0 + i);
	cd_log_bias_add(&sums, &one);
	assert_true(isnan(cd_log_bias(&sums)) || cd_log_bias(&sums) < 1e-9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(means_are_too_low_by_half_their_variance),
		cmocka_unit_test(even_logarithms_are_left_alone),
		cmocka_unit_test(half_of_it_where_weights_are_equal),
		cmocka_unit_test(nothing_varies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
