/*
 * test_share.c: posterior of the share of units beyond a threshold.
 */
#include "close.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>

#include "stats/share.h"

#define MOST 12					/* units */
#define SURELY 0.9999			/* beyond, shares are 1 but for rounding */

static CdShare
share(const double *y, const double *v, size_t k, double scale, double threshold, bool above)
{
	CdSharePosterior posterior;
	CdShare		s;

	assert_ok(cd_share_posterior(y, v, k, scale, &posterior));
	assert_ok(cd_share_summary(&posterior, threshold, above, 0.95, &s));
	return s;
}

/* Below and above are complements, and the mean lies inside its interval. */
static void
complements(void **state)
{
	const double y[] = {-3.0, -1.0, 0.5, -2.0, 1.5, -0.7};
	const double v[] = {0.2, 0.5, 0.3, 0.1, 0.9, 0.4};
	CdShare		below = share(y, v, 6, 1.0, -0.25, false);
	CdShare		above = share(y, v, 6, 1.0, -0.25, true);

	(void) state;
	assert_close(below.mean + above.mean, 1.0, 1e-12);
	assert_close(below.low + above.high, 1.0, 1e-9);
	assert_close(below.high + above.low, 1.0, 1e-9);
	assert_between(below.mean, below.low, below.high);
}

/* One precise unit far off: little mass, but far away, draws the mean out of the bulk. */
static void
mean_within(void **state)
{
	const double y = 250.0;
	const double v = 1.0;
	CdShare		above = share(&y, &v, 1, 1.0, 0.0, true);
	CdShare		below = share(&y, &v, 1, 1.0, 0.0, false);

	(void) state;
	assert_true(above.low <= above.mean && above.mean <= above.high && above.mean > 0.99);
	assert_true(below.low <= below.mean && below.mean <= below.high);
	assert_close(below.low + above.high, 1.0, 1e-9);
}

/* Many precise units: the posterior settles on the share of the normal they came from. */
static void
large_sample_limit(void **state)
{
	double		y[400];
	double		v[400];
	CdShare		s;

	(void) state;
	for (int i = 0; i < 400; i++)
	{
		y[i] = 1.0 + 2.0 * gsl_cdf_ugaussian_Pinv((i + 0.5) / 400.0);
		v[i] = 1e-4;
	}
	s = share(y, v, 400, 1.0, 0.0, false);
	assert_close(s.mean, gsl_cdf_ugaussian_P(-0.5), 0.01);
	assert_between(s.high - s.low, 0.0, 0.1);
}

/* Mean share below 0 and P(share below 0 <= c), over many equally likely values of tau under its prior. */
static void
brute_force(const double *y, double v, size_t k, double scale, double c, double *mean, double *below)
{
	double		total = 0.0;
	double		z = gsl_cdf_ugaussian_Pinv(c);
	const int	points = 200000;

	*mean = *below = 0.0;
	for (int i = 0; i < points; i++)
	{
		double		tau = scale * tan(M_PI_2 * (i + 0.5) / points);
		double		variance = v + tau * tau;
		double		mu = 0.0;
		double		q = 0.0;
		double		likelihood;

		for (size_t j = 0; j < k; j++)
			mu += y[j] / k;
		for (size_t j = 0; j < k; j++)
			q += (y[j] - mu) * (y[j] - mu) / variance;
		likelihood = exp(-0.5 * ((k - 1.0) * log(variance) + q));
		total += likelihood;
		*mean += likelihood * gsl_cdf_ugaussian_P(-mu / sqrt(tau * tau + variance / k));
		*below += likelihood * gsl_cdf_ugaussian_P((tau * z + mu) / sqrt(variance / k));
	}
	*mean /= total;
	*below /= total;
}

/* Mean and ends of the interval are those of very many points; the noise is the same of all units. */
static void
assert_as_brute_force(const double *y, double noise, size_t k, double scale, double tolerance, CdSharePosterior *posterior)
{
	const double levels[] = {0.3, 0.5, 0.7, 0.9};
	double		v[MOST];

	for (size_t j = 0; j < k; j++)
		v[j] = noise;
	assert_ok(cd_share_posterior(y, v, k, scale, posterior));
	for (size_t i = 0; i < 4; i++)
	{
		CdShare		s;
		double		mean;
		double		below;

		assert_ok(cd_share_summary(posterior, 0.0, false, levels[i], &s));
		brute_force(y, noise, k, scale, s.low, &mean, &below);
		assert_close(s.mean, mean, tolerance);
		assert_close(below, 0.5 - 0.5 * levels[i], tolerance);
		brute_force(y, noise, k, scale, s.high, &mean, &below);
		if (s.high < SURELY)
			assert_close(below, 0.5 + 0.5 * levels[i], tolerance);
	}
}

/* The few points of the grid do, with spread and at its boundary. */
static void
fine_enough(void **state)
{
	const double y[] = {-3.0, -1.0, 0.5, -2.0, 1.5, -0.7};
	const double noise[] = {0.05, 0.5, 5.0};
	CdSharePosterior posterior;

	(void) state;
	for (size_t i = 0; i < 3; i++)
		assert_as_brute_force(y, noise[i], 6, 1.0, 1e-5, &posterior);
}

/* Of a dozen units that clearly differ fewer points are taken, and do as well. */
static void
fewer_points_when_narrow(void **state)
{
	CdSharePosterior posterior;
	double		y[MOST];

	(void) state;
	for (int i = 0; i < MOST; i++)
		y[i] = -0.5 + gsl_cdf_ugaussian_Pinv((i + 0.5) / MOST);
	assert_as_brute_force(y, 0.01, MOST, 0.5, 1e-6, &posterior);
	assert_true(posterior.size < CD_SHARE_GRID);
}

/* One or two units: wide, never NaN. */
static void
few_units(void **state)
{
	const double y[] = {-1.0, -1.2};
	const double v[] = {0.04, 0.04};

	(void) state;
	for (size_t k = 1; k <= 2; k++)
	{
		CdShare		s = share(y, v, k, 0.5, 0.0, false);

		assert_between(s.mean, 0.5, 1.0);
		assert_between(s.high - s.low, 0.2, 1.0);
	}
}

/* Equal estimates: sure of the sign once they are precise, and never outside 0 to 1. */
static void
equal_units(void **state)
{
	const double y[] = {-2, -2, -2, -2, -2, -2, -2, -2, -2, -2};
	const double v[] = {.01, .01, .01, .01, .01, .01, .01, .01, .01, .01};
	CdShare		s = share(y, v, 10, 0.5, 0.0, false);

	(void) state;
	assert_between(s.low, 0.999, 1.0);
	assert_between(s.high, s.low, 1.0);
	s = share(y, v, 10, 0.5, -INFINITY, false);
	assert_close(s.mean, 0.0, 0.0);
	s = share(y, v, 10, 0.5, INFINITY, false);
	assert_close(s.mean, 1.0, 0.0);
}

/* In other units of measurement the share is the same. */
static void
equivariance(void **state)
{
	const double y[] = {-3.0, -1.0, 0.5, -2.0, 1.5, -0.7};
	const double v[] = {0.2, 0.5, 0.3, 0.1, 0.9, 0.4};
	double		y2[6];
	double		v2[6];
	CdShare		a = share(y, v, 6, 1.0, -0.5, false);
	CdShare		b;

	(void) state;
	for (int i = 0; i < 6; i++)
	{
		y2[i] = 60.0 * y[5 - i] + 300.0;
		v2[i] = 3600.0 * v[5 - i];
	}
	b = share(y2, v2, 6, 60.0, 270.0, false);
	assert_close(b.mean, a.mean, 1e-10);
	assert_close(b.low, a.low, 1e-9);
	assert_close(b.high, a.high, 1e-9);
}

/* The predictive interval of a new unit holds the interval's share of its own mixture. */
static void
prediction_widens_with_spread(void **state)
{
	const double near[] = {0.9, 1.0, 1.1, 1.0, 0.95, 1.05};
	const double far[] = {-1.0, 1.0, 3.0, 0.0, 2.0, 1.0};
	const double v[] = {.01, .01, .01, .01, .01, .01};
	CdSharePosterior posterior;
	double		low = INFINITY;
	double		high = -INFINITY;
	double		far_low = INFINITY;
	double		far_high = -INFINITY;

	(void) state;
	assert_ok(cd_share_posterior(near, v, 6, 0.5, &posterior));
	assert_ok(cd_share_predict(&posterior, 0.95, &low, &high));
	assert_ok(cd_share_posterior(far, v, 6, 0.5, &posterior));
	assert_ok(cd_share_predict(&posterior, 0.95, &far_low, &far_high));
	assert_between(1.0, low, high);
	assert_true(far_high - far_low > 5.0 * (high - low));
	assert_close(low + high, 2.0, 1e-9);
}

static void
refusals(void **state)
{
	const double y[] = {1.0};
	const double v[] = {0.0};
	CdSharePosterior posterior;

	(void) state;
	assert_int_equal(cd_share_posterior(y, v, 1, 1.0, &posterior), CD_BAD_INPUT);
	assert_int_equal(cd_share_posterior(y, y, 1, 0.0, &posterior), CD_BAD_INPUT);
	assert_int_equal(cd_share_posterior(y, y, 0, 1.0, &posterior), CD_TOO_FEW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(complements),
		cmocka_unit_test(mean_within),
		cmocka_unit_test(large_sample_limit),
		cmocka_unit_test(fine_enough),
		cmocka_unit_test(fewer_points_when_narrow),
		cmocka_unit_test(few_units),
		cmocka_unit_test(equal_units),
		cmocka_unit_test(equivariance),
		cmocka_unit_test(prediction_widens_with_spread),
		cmocka_unit_test(refusals),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
