/*
 * test_prior.c: non-parametric empirical Bayes.
 */
#include "close.h"

#include "stats/prior.h"

#define UNITS 60

static double scratch[CD_PRIOR_SCRATCH(UNITS)];

static CdPrior
fitted(const CdPriorUnit *unit)
{
	CdPrior		prior;

	assert_ok(cd_prior_fit(unit, UNITS, scratch, &prior));
	return prior;
}

static CdPosterior
posterior(const CdPrior *prior, CdPriorUnit unit)
{
	CdPosterior out;

	assert_ok(cd_prior_posterior(prior, &unit, 0.95, &out));
	return out;
}

static CdPosterior
posterior_of(const CdPrior *prior, double estimate, double se)
{
	return posterior(prior, (CdPriorUnit) {estimate, se, 1e9, NAN, 1.0});
}

static double
truth_of(int i)
{
	return i % 3 == 0 ? 3.0 : 0.0;
}

/* Two clusters of true effects, 0 and 3, seen with some se; factor scales everything. */
static void
clusters(double factor, double se, CdPriorUnit *unit)
{
	uint64_t	seed = 7;

	for (int i = 0; i < UNITS; i++)
		unit[i] = (CdPriorUnit) {factor * (truth_of(i) + se * normal(&seed)), factor * se, 1e9, NAN, 1.0};
}

static void
two_clusters(double factor, CdPriorUnit *unit)
{
	clusters(factor, 0.5, unit);
}

/* Mass adds up to 1, and there is a point at 0. */
static void
is_a_distribution(void **state)
{
	CdPriorUnit unit[UNITS];
	double		sum = 0.0;
	int			zeros = 0;
	CdPrior		prior;

	(void) state;
	two_clusters(1.0, unit);
	prior = fitted(unit);
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
	CdPriorUnit unit[UNITS];
	CdPrior		prior;
	CdPosterior high;
	CdPosterior low;

	(void) state;
	two_clusters(1.0, unit);
	prior = fitted(unit);
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
	CdPriorUnit unit[UNITS];
	double		raw = 0.0;
	double		drawn = 0.0;
	CdPrior		prior;

	(void) state;
	two_clusters(1.0, unit);
	prior = fitted(unit);
	for (int i = 0; i < UNITS; i++)
	{
		raw += pow(unit[i].estimate - truth_of(i), 2.0);
		drawn += pow(posterior(&prior, unit[i]).mean - truth_of(i), 2.0);
	}
	assert_true(drawn < 0.75 * raw);
}

/* Other units of measurement change nothing else. */
static void
scales(void **state)
{
	CdPriorUnit unit[2][UNITS];
	CdPosterior one;
	CdPosterior many;
	CdPrior		prior;

	(void) state;
	two_clusters(1.0, unit[0]);
	two_clusters(60.0, unit[1]);
	prior = fitted(unit[0]);
	one = posterior_of(&prior, 1.0, 0.5);
	prior = fitted(unit[1]);
	many = posterior_of(&prior, 60.0, 30.0);
	assert_close(many.mean, 60.0 * one.mean, 1e-9);
	assert_close(many.low, 60.0 * one.low, 1e-9);
	assert_close(many.above, one.above, 1e-9);
}

/* A unit without an estimate gets the prior; one without precision nearly so. */
static void
unknown_units_get_the_prior(void **state)
{
	CdPriorUnit unit[UNITS];
	CdPrior		prior;
	CdPosterior none;

	(void) state;
	two_clusters(1.0, unit);
	prior = fitted(unit);
	none = posterior_of(&prior, NAN, 0.5);
	assert_between(none.mean, 0.7, 1.3);
	assert_close(posterior_of(&prior, 1.0, 1e6).mean, none.mean, 1e-6);
}

/* Units that say nothing are left out, and too few of the rest is an answer. */
static void
needs_units(void **state)
{
	CdPriorUnit unit[UNITS];
	CdPrior		prior;

	(void) state;
	two_clusters(1.0, unit);
	for (int i = CD_PRIOR_LEAST - 1; i < UNITS; i++)
		unit[i].estimate = NAN;
	assert_int_equal(cd_prior_fit(unit, UNITS, scratch, &prior), CD_TOO_FEW);
	unit[UNITS - 1].estimate = 0.0;
	unit[UNITS - 1].se = 0.0;
	assert_int_equal(cd_prior_fit(unit, UNITS, scratch, &prior), CD_TOO_FEW);
	unit[UNITS - 1].se = 0.5;
	assert_ok(cd_prior_fit(unit, UNITS, scratch, &prior));
}

/* The same clusters, hardly to be told apart by their estimates, with odds that know the unit's own cluster from the other, or don't. */
static void
with_odds(double own, CdPriorUnit *unit)
{
	clusters(1.0, 2.0, unit);
	for (int i = 0; i < UNITS; i++)
	{
		unit[i].worth = 3.0;
		unit[i].odds = truth_of(i) > 0.0 ? own : 1.0 / own;
	}
}

static double
mean_square_error(const CdPriorUnit *unit)
{
	CdPrior		prior = fitted(unit);
	double		sum = 0.0;

	for (int i = 0; i < UNITS; i++)
		sum += pow(posterior(&prior, unit[i]).mean - truth_of(i), 2.0);
	return sum / UNITS;
}

/* What else is known of the units makes up for what their estimates don't tell; intervals then hold what they did. */
static void
odds_tell_units_apart(void **state)
{
	CdPriorUnit plain[UNITS];
	CdPriorUnit told[UNITS];
	CdPrior		prior;
	int			held = 0;

	(void) state;
	with_odds(1.0, plain);
	with_odds(4.0, told);
	assert_ok(cd_prior_level_odds(told, UNITS));
	assert_true(mean_square_error(told) < 0.7 * mean_square_error(plain));
	prior = fitted(told);
	for (int i = 0; i < UNITS; i++)
	{
		CdPosterior p = posterior(&prior, told[i]);

		held += p.low <= truth_of(i) && truth_of(i) <= p.high;
	}
	assert_true(held >= 57);
}

/* Odds that are alike say nothing, whatever they are; nor does a factor on all of them. */
static void
odds_are_put_on_a_level(void **state)
{
	CdPriorUnit unit[UNITS];
	CdPriorUnit other[UNITS];
	double		sum = 0.0;

	(void) state;
	with_odds(1.0, unit);
	for (int i = 0; i < UNITS; i++)
		unit[i].odds = 17.0;
	assert_ok(cd_prior_level_odds(unit, UNITS));
	for (int i = 0; i < UNITS; i++)
		assert_close(unit[i].odds, 1.0, 1e-6);

	for (int i = 0; i < UNITS; i++)
		unit[i].odds = i % 2 == 0 ? 3.0 : 1.0 / 3.0;	/* on a level as they are */
	assert_ok(cd_prior_level_odds(unit, UNITS));
	assert_close(unit[0].odds, 3.0, 1e-6);

	with_odds(3.0, unit);
	with_odds(3.0, other);
	for (int i = 0; i < UNITS; i++)
		other[i].odds *= 100.0;
	assert_ok(cd_prior_level_odds(unit, UNITS));
	assert_ok(cd_prior_level_odds(other, UNITS));
	for (int i = 0; i < UNITS; i++)
	{
		assert_close(other[i].odds, unit[i].odds, 1e-6);
		sum += unit[i].odds / (0.5 + 0.5 * unit[i].odds);
	}
	assert_close(unit[0].odds / unit[1].odds, 9.0, 1e-9);
	assert_close(sum / UNITS, 1.0, 1e-6);
}

/* A unit without an estimate, or without odds, is no harm to the others. */
static void
odds_may_be_missing(void **state)
{
	CdPriorUnit unit[UNITS];
	CdPriorUnit known = {1.0, 2.0, 1e9, 3.0, 5.0};
	CdPriorUnit unknown = {NAN, NAN, NAN, 3.0, 5.0};
	CdPrior		prior;

	(void) state;
	with_odds(3.0, unit);
	unit[1].odds = NAN;
	unit[2].worth = NAN;
	unit[3].odds = 0.0;
	assert_ok(cd_prior_level_odds(unit, UNITS));
	assert_true(isnan(unit[1].odds));
	prior = fitted(unit);
	assert_true(posterior(&prior, known).mean > posterior_of(&prior, 1.0, 2.0).mean);
	assert_true(posterior(&prior, unknown).mean > posterior_of(&prior, NAN, NAN).mean);
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
		cmocka_unit_test(odds_tell_units_apart),
		cmocka_unit_test(odds_are_put_on_a_level),
		cmocka_unit_test(odds_may_be_missing),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
