/*
 * rates.h: rates of many units, successes x_i of n_i trials (both may be fractional):
 * logit(rate_i) = mu + tau z_i, z_i standard normal, each integral by the trapezoidal rule
 * around its mode. Maximum likelihood, or restricted: mu integrated out by Laplace's method,
 * which takes away most of the downward bias of tau.
 */
#ifndef CD_RATES_H
#define CD_RATES_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/share.h"
#include "stats/status.h"

#define CD_RATES_MAX_TAU 10.0	/* logits; beyond it nearly every rate is 0 or 1 */

typedef struct CdRates
{
	double		k;
	double		mu;				/* logits */
	double		tau;
	double		log_likelihood; /* restricted where asked for; binomial coefficients left out */
	double		se_mu;			/* observed information; of mu alone at the boundary */
	double		se_tau;			/* NaN at a boundary */
	double		cov_mu_tau;		/* 0 at a boundary */
	bool		boundary;		/* tau = 0 */
	bool		unbounded;		/* tau ran into CD_RATES_MAX_TAU */
} CdRates;

/*
 * Needs 2 units with trials, and not all rates at 0 nor all at 1 (CD_TOO_FEW: the
 * logit has no finite estimate then; the caller decides). 0 <= x_i <= n_i.
 */
CdStatus	cd_rates_fit(const double *x, const double *n, size_t k, bool restricted, CdRates *out);

/*
 * Posterior for the share of units beyond a threshold in logits, mu integrated out by
 * Laplace's method at each tau. Works from 1 unit on, with the same limits as the fit.
 */
CdStatus	cd_rates_posterior(const double *x, const double *n, size_t k, double prior_scale,
							   CdSharePosterior *out);

/* Mean and sd of logistic(mu + tau z). */
CdStatus	cd_rates_moments(double mu, double tau, double *mean, double *sd);

/*
 * Interval of tau: the values whose restricted likelihood ratio stays below the chi-square quantile,
 * Bartlett-corrected as that of a variance on k - 1 degrees of freedom, with mu at each end.
 */
CdStatus	cd_rates_tau_interval(const double *x, const double *n, size_t k,
								  const CdRates *restricted_fit, double level,
								  double *low, double *mu_low, double *high, double *mu_high);

/* Wilson (1927) score interval of one rate. */
CdStatus	cd_wilson(double x, double n, double level, double *low, double *high);

#endif
