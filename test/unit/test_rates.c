/*
 * test_rates.c: binomial-normal random intercepts against lme4, Wilson's interval.
 */
#include "close.h"

#include <gsl/gsl_sf_psi.h>

#include "stats/rates.h"

static const double eight_x[] = {3, 8, 12, 5, 20, 17, 9, 2};
static const double eight_n[] = {20, 20, 25, 30, 30, 40, 15, 10};

/* lme4 1.1-31, glmer(nAGQ = 25), optimiser tightened. */
static void
matches_glmer(void **state)
{
	CdRates		fit;

	(void) state;
	assert_ok(cd_rates_fit(eight_x, eight_n, 8, false, &fit));
	assert_close(fit.mu, -0.495851465876, 1e-6);
	assert_close(fit.tau, 0.712738686767, 1e-6);
}

/* Restricted: a larger tau, inside its own interval. */
static void
restricted_fit(void **state)
{
	CdRates		ml;
	CdRates		reml;
	double		low;
	double		high;
	double		mu_low;
	double		mu_high;

	(void) state;
	assert_ok(cd_rates_fit(eight_x, eight_n, 8, false, &ml));
	assert_ok(cd_rates_fit(eight_x, eight_n, 8, true, &reml));
	assert_true(reml.tau > ml.tau);
	assert_ok(cd_rates_tau_interval(eight_x, eight_n, 8, &reml, 0.95, &low, &mu_low, &high, &mu_high));
	assert_between(reml.tau, low, high);
	assert_true(high < CD_RATES_MAX_TAU);
}

/* Log likelihood at (mu, tau) by a fine sum over z. */
static double
log_likelihood(double mu, double tau)
{
	double		total = 0.0;

	for (int i = 0; i < 8; i++)
	{
		double		sum = 0.0;

		for (double z = -10.0; z <= 10.0; z += 0.01)
		{
			double		eta = mu + tau * z;

			sum += exp(eight_x[i] * eta - eight_n[i] * log1p(exp(eta)) - 0.5 * z * z);
		}
		total += log(0.01 * sum / sqrt(2.0 * acos(-1.0)));
	}
	return total;
}

/* Minus its second derivative in the direction (a, b). */
static double
curvature(double mu, double tau, double a, double b)
{
	const double h = 1e-3;

	return (2.0 * log_likelihood(mu, tau) - log_likelihood(mu + a * h, tau + b * h)
			- log_likelihood(mu - a * h, tau - b * h)) / (h * h);
}

/* Restricted log likelihood, mu maximised from where it is. */
static double
restricted_likelihood(double mu, double tau)
{
	for (int i = 0; i < 4; i++)
		mu += (log_likelihood(mu + 1e-3, tau) - log_likelihood(mu - 1e-3, tau)) / 2e-3 / curvature(mu, tau, 1.0, 0.0);
	return log_likelihood(mu, tau) - 0.5 * log(curvature(mu, tau, 1.0, 0.0));
}

/* Likelihood, standard errors and interval against sums and differences. */
static void
by_brute_force(void **state)
{
	CdRates		ml;
	CdRates		reml;
	double		mm;
	double		tt;
	double		mt;
	double		low;
	double		high;
	double		mu_low;
	double		mu_high;
	double		above;
	double		loss;

	(void) state;
	assert_ok(cd_rates_fit(eight_x, eight_n, 8, false, &ml));
	assert_close(ml.log_likelihood, log_likelihood(ml.mu, ml.tau), 1e-10);
	mm = curvature(ml.mu, ml.tau, 1.0, 0.0);
	tt = curvature(ml.mu, ml.tau, 0.0, 1.0);
	mt = 0.5 * (curvature(ml.mu, ml.tau, 1.0, 1.0) - mm - tt);
	assert_close(ml.se_mu, sqrt(tt / (mm * tt - mt * mt)), 1e-5);
	assert_close(ml.se_tau, sqrt(mm / (mm * tt - mt * mt)), 1e-5);
	assert_close(ml.cov_mu_tau, -mt / (mm * tt - mt * mt), 1e-4);
	assert_ok(cd_rates_fit(eight_x, eight_n, 8, true, &reml));
	assert_close(reml.log_likelihood, restricted_likelihood(reml.mu, reml.tau), 1e-7);
	above = restricted_likelihood(reml.mu, reml.tau * 1.001);
	assert_true(fabs(restricted_likelihood(reml.mu, reml.tau * 0.999) - above) < 1e-7);
	assert_true(reml.log_likelihood > above);
	assert_ok(cd_rates_tau_interval(eight_x, eight_n, 8, &reml, 0.95, &low, &mu_low, &high, &mu_high));
	/* half of 1.96 squared, times Bartlett's 7 (log 3.5 - psi(3.5)) */
	loss = 0.5 * 3.841458820694124 * 7.0 * (log(3.5) - gsl_sf_psi(3.5));
	assert_close(reml.log_likelihood - restricted_likelihood(mu_low, low), loss, 1e-6);
	assert_close(reml.log_likelihood - restricted_likelihood(mu_high, high), loss, 1e-6);
}

/* Equal rates: tau 0, the pooled logit, its binomial standard error. */
static void
boundary(void **state)
{
	const double x[] = {30, 60, 15};
	const double n[] = {40, 80, 20};
	CdRates		fit;

	(void) state;
	assert_ok(cd_rates_fit(x, n, 3, false, &fit));
	assert_true(fit.boundary);
	assert_true(fit.tau == 0.0);
	assert_close(fit.mu, log(3.0), 1e-12);
	assert_close(fit.se_mu, 1.0 / sqrt(140.0 * 0.75 * 0.25), 1e-10);
	assert_nan(fit.se_tau);
}

/* Some units at 0 %, some at 100 %, in between and both: answers, not failures. */
static void
extreme_rates(void **state)
{
	const double n[] = {30, 30, 30, 30, 30, 30};
	const double near_one[] = {30, 30, 26, 29, 30, 30};
	const double all_or_nothing[] = {0, 30, 0, 30, 30, 0};
	CdRates		fit;
	double		mean;
	double		sd;

	(void) state;
	assert_ok(cd_rates_fit(near_one, n, 6, true, &fit));
	assert_ok(cd_rates_moments(fit.mu, fit.tau, &mean, &sd));
	assert_between(mean, 0.8, 1.0);
	assert_ok(cd_rates_fit(all_or_nothing, n, 6, true, &fit));
	assert_true(fit.unbounded);
	assert_ok(cd_rates_moments(fit.mu, fit.tau, &mean, &sd));
	assert_close(mean, 0.5, 1e-6);
	assert_between(sd, 0.44, 0.5);
}

/* Swapping success and failure mirrors the fit. */
static void
mirror(void **state)
{
	double		failures[8];
	CdRates		a;
	CdRates		b;

	(void) state;
	for (int i = 0; i < 8; i++)
		failures[i] = eight_n[i] - eight_x[i];
	assert_ok(cd_rates_fit(eight_x, eight_n, 8, true, &a));
	assert_ok(cd_rates_fit(failures, eight_n, 8, true, &b));
	assert_close(b.mu, -a.mu, 1e-8);
	assert_close(b.tau, a.tau, 1e-8);
	assert_close(b.log_likelihood, a.log_likelihood, 1e-10);
}

/* No spread, symmetric spread, and a large one: moments of the logistic-normal. */
static void
moments(void **state)
{
	double		mean;
	double		sd;

	(void) state;
	assert_ok(cd_rates_moments(log(3.0), 0.0, &mean, &sd));
	assert_close(mean, 0.75, 1e-14);
	assert_true(sd == 0.0);
	assert_ok(cd_rates_moments(0.0, 1.0, &mean, &sd));
	assert_close(mean, 0.5, 1e-14);
	/* R 4.2: integrate(plogis(z)^2 * dnorm(z)) */
	assert_close(sd, 0.208276344932, 1e-10);
}

/* R 4.2: prop.test(..., correct = FALSE) for 15 of 20; ends exact at the limits. */
static void
wilson(void **state)
{
	double		low;
	double		high;

	(void) state;
	assert_ok(cd_wilson(15, 20, 0.95, &low, &high));
	assert_close(low, 0.531299122381, 1e-11);
	assert_close(high, 0.888138298592, 1e-11);
	assert_ok(cd_wilson(0, 20, 0.95, &low, &high));
	assert_true(low == 0.0);
	assert_ok(cd_wilson(20, 20, 0.95, &low, &high));
	assert_true(high == 1.0);
	assert_int_equal(cd_wilson(21, 20, 0.95, &low, &high), CD_BAD_INPUT);
}

/* Few units of very many trials: their logits are as good as normal, and the share is that of normal units. */
static void
posterior_of_precise_units(void **state)
{
	const double logit[] = {-0.3, -1.1, 0.4};
	const double n[] = {4e4, 3e4, 2e4};
	double		x[3];
	double		v[3];
	CdSharePosterior posterior;
	CdShare		rates;
	CdShare		normal;

	(void) state;
	for (int i = 0; i < 3; i++)
	{
		double		p = 1.0 / (1.0 + exp(-logit[i]));

		x[i] = n[i] * p;
		v[i] = 1.0 / (n[i] * p * (1.0 - p));
	}
	assert_ok(cd_rates_posterior(x, n, 3, 1.0, &posterior));
	assert_ok(cd_share_summary(&posterior, -0.8, false, 0.95, &rates));
	assert_ok(cd_share_posterior(logit, v, 3, 1.0, &posterior));
	assert_ok(cd_share_summary(&posterior, -0.8, false, 0.95, &normal));
	assert_close(rates.mean, normal.mean, 2e-3);
	assert_close(rates.low, normal.low, 2e-3);
	assert_close(rates.high, normal.high, 2e-3);
}

static void
refusals(void **state)
{
	const double none[] = {0, 0};
	const double n[] = {5, 5};
	const double half[] = {2.5, 2.5};
	CdRates		fit;
	CdSharePosterior posterior;

	(void) state;
	assert_int_equal(cd_rates_fit(none, n, 2, false, &fit), CD_TOO_FEW);
	assert_int_equal(cd_rates_fit(n, n, 2, false, &fit), CD_TOO_FEW);
	assert_int_equal(cd_rates_fit(half, n, 1, false, &fit), CD_TOO_FEW);
	assert_int_equal(cd_rates_fit(n, half, 2, false, &fit), CD_BAD_INPUT);
	assert_ok(cd_rates_fit(half, n, 2, false, &fit));
	assert_ok(cd_rates_posterior(half, n, 1, 1.0, &posterior));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_glmer),
		cmocka_unit_test(restricted_fit),
		cmocka_unit_test(by_brute_force),
		cmocka_unit_test(boundary),
		cmocka_unit_test(extreme_rates),
		cmocka_unit_test(mirror),
		cmocka_unit_test(moments),
		cmocka_unit_test(wilson),
		cmocka_unit_test(posterior_of_precise_units),
		cmocka_unit_test(refusals),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
