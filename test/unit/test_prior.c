/*
 * test_prior.c: non-parametric empirical Bayes.
 */
#include "close.h"

#include "stats/prior.h"

#define UNITS 60

static double scratch[CD_PRIOR_SCRATCH(UNITS)];

static CdPrior
fitted(const double *estimate, const double *se, const double *df, size_t k)
{
	CdPrior		prior;

	assert_ok(cd_prior_fit(estimate, se, df, k, scratch, &prior));
	return prior;
}

static CdPosterior
posterior_of(const CdPrior *prior, double estimate, double se)
{
	CdPosterior out;

	assert_ok(cd_prior_posterior(prior, estimate, se, 1e9, 0.95, &out));
	return out;
}

/* Two clusters of true effects, 0 and 3, seen with se 0.5; factor scales everything. */
static void
two_clusters(double factor, double *estimate, double *se, double *df)
{
	uint64_t	seed = 7;

	for (int i = 0; i < UNITS; i++)
	{
		estimate[i] = factor * ((i % 3 == 0 ? 3.0 : 0.0) + 0.5 * normal(&seed));
		se[i] = factor * 0.5;
		df[i] = 1e9;
	}
}

/* Mass adds up to 1, and there is a point at 0. */
static void
is_a_distribution(void **state)
{
	double		estimate[UNITS];
	double		se[UNITS];
	double		df[UNITS];
	double		sum = 0.0;
	int			zeros = 0;
	CdPrior		prior;

	(void) state;
	two_clusters(1.0, estimate, se, df);
	prior = fitted(estimate, se, df, UNITS);
	for (int j = 0; j < CD_PRIOR_POINTS; j++)
	{
		assert_true(prior.mass[j] > 0.0);
		sum += prior.mass[j];
		zeros += prior.point[j] == 0.0;
	}
	assert_close(sum, 1.0, 1e-12);
	assert_int_equal(zeros, 1);
}

/* A unit is drawn to the cluster it belongs to, not to the mean of all. */
static void
draws_to_clusters(void **state)
{
	double		estimate[UNITS];
	double		se[UNITS];
	double		df[UNITS];
	CdPrior		prior;
	CdPosterior high;
	CdPosterior low;

	(void) state;
	two_clusters(1.0, estimate, se, df);
	prior = fitted(estimate, se, df, UNITS);
	high = posterior_of(&prior, 2.4, 0.5);
	low = posterior_of(&prior, 0.6, 0.5);
	assert_between(high.mean, 2.4, 3.2);
	assert_between(low.mean, 0.0, 0.6);
	assert_true(high.sd < 0.5);
	assert_true(low.sd < 0.5);
	assert_true(high.low > 0.0);
	assert_between(low.mean, low.low, low.high);
	assert_true(high.above > 0.99);
}

/* Borrowing makes the mean error smaller. */
static void
beats_raw_estimates(void **state)
{
	double		estimate[UNITS];
	double		se[UNITS];
	double		df[UNITS];
	double		raw = 0.0;
	double		drawn = 0.0;
	CdPrior		prior;

	(void) state;
	two_clusters(1.0, estimate, se, df);
	prior = fitted(estimate, se, df, UNITS);
	for (int i = 0; i < UNITS; i++)
	{
		double		truth = i % 3 == 0 ? 3.0 : 0.0;

		raw += pow(estimate[i] - truth, 2.0);
		drawn += pow(posterior_of(&prior, estimate[i], se[i]).mean - truth, 2.0);
	}
	assert_true(drawn < 0.75 * raw);
}

/* Other units of measurement change nothing else. */
static void
scales(void **state)
{
	double		estimate[2][UNITS];
	double		se[2][UNITS];
	double		df[UNITS];
	CdPosterior one;
	CdPosterior many;
	CdPrior		prior;

	(void) state;
	two_clusters(1.0, estimate[0], se[0], df);
	two_clusters(60.0, estimate[1], se[1], df);
	prior = fitted(estimate[0], se[0], df, UNITS);
	one = posterior_of(&prior, 1.0, 0.5);
	prior = fitted(estimate[1], se[1], df, UNITS);
	many = posterior_of(&prior, 60.0, 30.0);
	assert_close(many.mean, 60.0 * one.mean, 1e-9);
	assert_close(many.low, 60.0 * one.low, 1e-9);
	assert_close(many.above, one.above, 1e-9);
}

/* A unit without an estimate gets the prior; one without precision nearly so. */
static void
unknown_units_get_the_prior(void **state)
{
	double		estimate[UNITS];
	double		se[UNITS];
	double		df[UNITS];
	CdPrior		prior;
	CdPosterior none;

	(void) state;
	two_clusters(1.0, estimate, se, df);
	prior = fitted(estimate, se, df, UNITS);
	none = posterior_of(&prior, NAN, 0.5);
	assert_between(none.mean, 0.7, 1.3);
	assert_close(posterior_of(&prior, 1.0, 1e6).mean, none.mean, 1e-6);
}

/* Units that say nothing are left out, and too few of the rest is an answer. */
static void
needs_units(void **state)
{
	double		estimate[UNITS];
	double		se[UNITS];
	double		df[UNITS];
	CdPrior		prior;

	(void) state;
	two_clusters(1.0, estimate, se, df);
	for (int i = CD_PRIOR_LEAST - 1; i < UNITS; i++)
		estimate[i] = NAN;
	assert_int_equal(cd_prior_fit(estimate, se, df, UNITS, scratch, &prior), CD_TOO_FEW);
	estimate[UNITS - 1] = 0.0;
	se[UNITS - 1] = 0.0;
	assert_int_equal(cd_prior_fit(estimate, se, df, UNITS, scratch, &prior), CD_TOO_FEW);
	se[UNITS - 1] = 0.5;
	assert_ok(cd_prior_fit(estimate, se, df, UNITS, scratch, &prior));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_a_distribution),
		cmocka_unit_test(draws_to_clusters),
		cmocka_unit_test(beats_raw_estimates),
		cmocka_unit_test(scales),
		cmocka_unit_test(unknown_units_get_the_prior),
		cmocka_unit_test(needs_units),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
