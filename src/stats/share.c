/*
 * share.c: posterior of the share of units beyond a threshold. mu is integrated out
 * analytically, tau on a logarithmic grid, so the answer is deterministic.
 */
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>

#include "stats/share.h"
#include "stats/solve.h"

#define TAU_FROM 1e-3			/* in prior scales */
#define TAU_TO 1e3
#define Z_LIMIT 38.0			/* beyond it the normal distribution function is 0 or 1 */

/* tau grid, with the prior mass of each point's stretch of the half-Cauchy as probability. */
void
cd_share_prior(double scale, CdSharePosterior *out)
{
	double		step = log(TAU_TO / TAU_FROM) / (CD_SHARE_GRID - 1);
	double		below = 0.0;

	for (int i = 0; i < CD_SHARE_GRID; i++)
	{
		double		x = TAU_FROM * exp(step * i);
		double		above = i == CD_SHARE_GRID - 1 ? 1.0 : M_2_PI * atan(x * exp(0.5 * step));

		out->tau[i] = scale * x;
		out->probability[i] = above - below;
		below = above;
	}
}

/* Multiply the prior by the likelihood and normalise. */
CdStatus
cd_share_update(CdSharePosterior *posterior, const double *log_likelihood)
{
	double		peak = -INFINITY;
	double		total = 0.0;

	for (int i = 0; i < CD_SHARE_GRID; i++)
		peak = fmax(peak, log_likelihood[i]);
	if (!isfinite(peak))
		return CD_NO_CONVERGENCE;
	for (int i = 0; i < CD_SHARE_GRID; i++)
	{
		posterior->probability[i] *= exp(log_likelihood[i] - peak);
		total += posterior->probability[i];
	}
	for (int i = 0; i < CD_SHARE_GRID; i++)
		posterior->probability[i] /= total;
	return CD_OK;
}

/* mu given tau, and the log likelihood of tau with mu integrated out. */
static double
condition_on_tau(const double *y, const double *v, size_t k, double tau, double *mean, double *sd)
{
	double		weights = 0.0;
	double		sum = 0.0;
	double		q = 0.0;
	double		log_v = 0.0;

	for (size_t i = 0; i < k; i++)
	{
		double		w = 1.0 / (v[i] + tau * tau);

		weights += w;
		sum += w * (y[i] - y[0]);
		log_v -= log(w);
	}
	*mean = y[0] + sum / weights;
	*sd = 1.0 / sqrt(weights);
	for (size_t i = 0; i < k; i++)
		q += (y[i] - *mean) * (y[i] - *mean) / (v[i] + tau * tau);
	return -0.5 * (log_v + log(weights) + q);
}

/* Posterior over the grid. */
CdStatus
cd_share_posterior(const double *y, const double *v, size_t k, double prior_scale,
				   CdSharePosterior *out)
{
	double		log_likelihood[CD_SHARE_GRID];

	if (k == 0)
		return CD_TOO_FEW;
	if (!isfinite(prior_scale) || prior_scale <= 0.0)
		return CD_BAD_INPUT;
	for (size_t i = 0; i < k; i++)
	{
		if (!isfinite(y[i]) || !isfinite(v[i]) || v[i] <= 0.0)
			return CD_BAD_INPUT;
	}
	cd_share_prior(prior_scale, out);
	for (int i = 0; i < CD_SHARE_GRID; i++)
	{
		log_likelihood[i] = condition_on_tau(y, v, k, out->tau[i], &out->mean[i], &out->sd[i]);
		if (cd_stop_requested())
			return CD_STOPPED;
	}
	return cd_share_update(out, log_likelihood);
}

/* Share beyond the threshold and one point of its distribution. */
typedef struct Beyond
{
	const CdSharePosterior *posterior;
	double		threshold;
	double		sign;			/* +1: above */
	double		target;
} Beyond;

/* P(share <= Phi(z)) less the target. */
static double
share_excess(double z, void *context, CdStatus *status)
{
	const Beyond *b = context;
	const CdSharePosterior *p = b->posterior;
	double		probability = 0.0;

	(void) status;
	for (int i = 0; i < CD_SHARE_GRID; i++)
	{
		double		distance = b->sign * (p->mean[i] - b->threshold);

		probability += p->probability[i]
			* gsl_cdf_ugaussian_P((p->tau[i] * z - distance) / p->sd[i]);
	}
	return probability - b->target;
}

/* Quantile of the share. */
static CdStatus
share_quantile(Beyond *b, double target, double *share)
{
	CdStatus	status = CD_OK;
	double		z = 0.0;

	b->target = target;
	if (share_excess(-Z_LIMIT, b, &status) >= 0.0)
		z = -Z_LIMIT;
	else if (share_excess(Z_LIMIT, b, &status) <= 0.0)
		z = Z_LIMIT;
	else
		status = cd_solve(share_excess, b, -Z_LIMIT, Z_LIMIT, &z);
	*share = gsl_cdf_ugaussian_P(z);
	return status;
}

/* Posterior mean and interval of the share. */
CdStatus
cd_share_summary(const CdSharePosterior *posterior, double threshold, bool above, double level,
				 CdShare *out)
{
	Beyond		b = {posterior, threshold, above ? 1.0 : -1.0, 0.0};
	CdStatus	status;

	if (isnan(threshold) || !(level > 0.0 && level < 1.0))
		return CD_BAD_INPUT;
	if (isinf(threshold))
	{
		out->mean = out->low = out->high = (threshold > 0.0) == above ? 0.0 : 1.0;
		return CD_OK;
	}
	out->mean = 0.0;
	for (int i = 0; i < CD_SHARE_GRID; i++)
	{
		double		spread = hypot(posterior->tau[i], posterior->sd[i]);

		out->mean += posterior->probability[i]
			* gsl_cdf_ugaussian_P(b.sign * (posterior->mean[i] - threshold) / spread);
	}
	status = share_quantile(&b, 0.5 * (1.0 - level), &out->low);
	return status == CD_OK ? share_quantile(&b, 0.5 * (1.0 + level), &out->high) : status;
}

/* P(new unit <= x) less the target. */
typedef struct NewUnit
{
	const CdSharePosterior *posterior;
	double		origin;
	double		target;
} NewUnit;

static double
new_unit_excess(double x, void *context, CdStatus *status)
{
	const NewUnit *u = context;
	const CdSharePosterior *p = u->posterior;
	double		probability = 0.0;

	(void) status;
	for (int i = 0; i < CD_SHARE_GRID; i++)
		probability += p->probability[i]
			* gsl_cdf_ugaussian_P((u->origin + x - p->mean[i]) / hypot(p->tau[i], p->sd[i]));
	return probability - u->target;
}

/* Equal-tailed predictive interval. */
CdStatus
cd_share_predict(const CdSharePosterior *posterior, double level, double *low, double *high)
{
	NewUnit		u = {posterior, posterior->mean[0], 0.5 * (1.0 - level)};
	double		reach = 0.0;
	CdStatus	status;

	if (!(level > 0.0 && level < 1.0))
		return CD_BAD_INPUT;
	for (int i = 0; i < CD_SHARE_GRID; i++)
		reach = fmax(reach, fabs(posterior->mean[i] - u.origin)
					 + Z_LIMIT * hypot(posterior->tau[i], posterior->sd[i]));
	status = cd_solve(new_unit_excess, &u, -reach, reach, low);
	u.target = 0.5 * (1.0 + level);
	if (status == CD_OK)
		status = cd_solve(new_unit_excess, &u, -reach, reach, high);
	*low += u.origin;
	*high += u.origin;
	return status;
}

/* P(share >= c). */
double
cd_share_probability(const CdSharePosterior *posterior, double threshold, bool above, double c)
{
	Beyond		b = {posterior, threshold, above ? 1.0 : -1.0, 0.0};
	CdStatus	status = CD_OK;

	if (c <= 0.0)
		return 1.0;
	if (isinf(threshold))
		return (threshold > 0.0) == above || c > 1.0 ? 0.0 : 1.0;
	if (c >= 1.0)
		return 0.0;
	return 1.0 - share_excess(gsl_cdf_ugaussian_Pinv(c), &b, &status);
}
