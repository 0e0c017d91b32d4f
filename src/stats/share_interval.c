/*
 * share_interval.c: see share_interval.h.
 */
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "stats/share_interval.h"
#include "stats/solve.h"

/* Correlation inside a unit where none or all are hits, so that it can't be estimated. */
#define ALIKE 0.1

typedef struct Beta
{
	double		a;
	double		b;
	double		p;
} Beta;

/* GSL's own quantile of the beta distribution fails for large a. */
static double
below(double x, void *context, CdStatus *status)
{
	const Beta *beta = context;

	(void) status;
	return gsl_cdf_beta_P(x, beta->a, beta->b) - beta->p;
}

static CdStatus
beta_quantile(double p, double a, double b, double *value)
{
	return cd_solve(below, &(Beta) {.a = a, .b = b, .p = p}, 0.0, 1.0, value);
}

CdStatus
cd_binomial_interval(double hits, double trials, double level, double *low, double *high)
{
	double		tail = (1.0 - level) / 2.0;
	CdStatus	status = CD_OK;

	if (!isfinite(trials) || !(trials > 0.0) || !(hits >= 0.0 && hits <= trials) || !(level > 0.0 && level < 1.0))
		return CD_BAD_INPUT;
	*low = 0.0;
	*high = 1.0;
	if (hits > 0.0)
		status = beta_quantile(tail, hits, trials - hits + 1.0, low);
	if (status == CD_OK && hits < trials)
		status = beta_quantile(1.0 - tail, hits + 1.0, trials - hits, high);
	return status;
}

/* How many independent trials would say as much. */
static double
effective_trials(const CdClustered *sums, double p, double variance, double level, double t)
{
	double		t_all;

	if (p <= 0.0 || p >= 1.0)
		return sums->trials / (1.0 + ALIKE * fmax(sums->trials / sums->units - 1.0, 0.0));
	if (variance <= 0.0 || cd_t_multiplier(level, fmax(sums->trials - 1.0, 1.0), &t_all) != CD_OK)
		return sums->trials;
	return fmin(sums->trials, p * (1.0 - p) / variance * pow(t_all / t, 2.0));
}

CdStatus
cd_ratio_interval(const CdClustered *sums, bool is_share, double level, double *low, double *high)
{
	double		p = sums->hits / sums->trials;
	double		squares = sums->hits_squared - 2.0 * p * sums->cross_product + p * p * sums->trials_squared;
	double		variance;
	double		t;
	double		n;
	CdStatus	status;

	if (!(sums->trials > 0.0) || !isfinite(squares) || (is_share && !(p >= 0.0 && p <= 1.0)))
		return CD_BAD_INPUT;
	if (sums->units < 2.0)
		return CD_TOO_FEW;
	status = cd_t_multiplier(level, sums->units - 1.0, &t);
	if (status != CD_OK)
		return status;
	variance = fmax(squares, 0.0) * sums->units / (sums->units - 1.0) / (sums->trials * sums->trials);
	if (is_share)
	{
		n = effective_trials(sums, p, variance, level, t);
		return cd_binomial_interval(p * n, n, level, low, high);
	}
	*low = p - t * sqrt(variance);
	*high = p + t * sqrt(variance);
	return CD_OK;
}
