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
#define COARSE 20
#define WINDOW 25.0				/* log posterior below the peak that still matters */
#define Z_LIMIT 38.0			/* beyond it the normal distribution function is 0 or 1 */
#define Z_TAIL 9.0				/* beyond it, as good as that */
#define NEGLIGIBLE 1e-16		/* probability of a grid point that cannot matter */
#define QUANTILE_TOLERANCE 1e-13
#define WIDEST_STEP 1e12

/* Likelihood over a logarithmic grid of tau, given in prior scales. */
typedef struct Grid
{
	int			size;
	double		from;
	double		step;			/* of log tau */
	double		log_posterior[CD_SHARE_GRID];	/* up to a constant */
} Grid;

static double
grid_tau(const Grid *g, double index)
{
	return g->from * exp(g->step * index);
}

/* Prior probability of a point's stretch of the half-Cauchy; the ends reach to 0 and infinity. */
static double
prior_probability(const Grid *g, int i)
{
	double		below = g->from <= TAU_FROM && i == 0 ? 0.0 : atan(grid_tau(g, i - 0.5));
	bool		last = i == g->size - 1 && grid_tau(g, i) >= TAU_TO * (1.0 - 1e-9);

	return M_2_PI * ((last ? M_PI_2 : atan(grid_tau(g, i + 0.5))) - below);
}

/* Evaluate the model at every point. */
static CdStatus
fill_grid(Grid *g, double from, double to, int size, CdShareModel model, void *context,
		  double scale, CdSharePosterior *out)
{
	g->size = size;
	g->from = from;
	g->step = log(to / from) / (size - 1);
	for (int i = 0; i < size; i++)
	{
		double		log_likelihood;
		CdStatus	status;

		out->tau[i] = scale * grid_tau(g, i);
		status = model(out->tau[i], context, &log_likelihood, &out->mean[i], &out->sd[i]);
		if (status != CD_OK)
			return status;
		if (cd_stop_requested())
			return CD_STOPPED;
		g->log_posterior[i] = log_likelihood + log(prior_probability(g, i));
	}
	return CD_OK;
}

/* Largest log posterior on the grid. */
static double
peak_of(const Grid *g)
{
	double		peak = -INFINITY;

	for (int i = 0; i < g->size; i++)
		peak = fmax(peak, g->log_posterior[i]);
	return peak;
}

/* The stretch of tau that matters: points not far below the peak, and one more either side. */
static void
find_window(const Grid *g, double *from, double *to)
{
	double		floor = peak_of(g) - WINDOW;
	int			first = g->size - 1;
	int			last = 0;

	for (int i = 0; i < g->size; i++)
	{
		if (g->log_posterior[i] < floor)
			continue;
		first = i < first ? i : first;
		last = i;
	}
	*from = grid_tau(g, first > 0 ? first - 1 : 0);
	*to = grid_tau(g, last < g->size - 1 ? last + 1 : last);
}

/*
 * Two passes: a coarse one finds where the posterior lives, which for many precise units
 * is a narrow stretch, and the fine one resolves it.
 */
CdStatus
cd_share_model_posterior(CdShareModel model, void *context, double prior_scale,
						 CdSharePosterior *out)
{
	Grid		g;
	double		from;
	double		to;
	double		total = 0.0;
	CdStatus	status;

	if (!isfinite(prior_scale) || prior_scale <= 0.0)
		return CD_BAD_INPUT;
	status = fill_grid(&g, TAU_FROM, TAU_TO, COARSE, model, context, prior_scale, out);
	if (status != CD_OK)
		return status;
	find_window(&g, &from, &to);
	status = fill_grid(&g, from, to, CD_SHARE_GRID, model, context, prior_scale, out);
	if (status != CD_OK)
		return status;
	if (!isfinite(peak_of(&g)))
		return CD_NO_CONVERGENCE;
	for (int i = 0; i < CD_SHARE_GRID; i++)
	{
		out->probability[i] = exp(g.log_posterior[i] - peak_of(&g));
		total += out->probability[i];
	}
	for (int i = 0; i < CD_SHARE_GRID; i++)
	{
		out->probability[i] /= total;
		if (out->probability[i] < NEGLIGIBLE)
			out->probability[i] = 0.0;
	}
	return CD_OK;
}

/* Estimates with known variances. */
typedef struct Units
{
	const double *y;
	const double *v;
	size_t		k;
} Units;

/* mu given tau, and the log likelihood of tau with mu integrated out. */
static CdStatus
normal_model(double tau, void *context, double *log_likelihood, double *mean, double *sd)
{
	const Units *u = context;
	double		weights = 0.0;
	double		sum = 0.0;
	double		q = 0.0;
	double		log_v = 0.0;

	for (size_t i = 0; i < u->k; i++)
	{
		double		w = 1.0 / (u->v[i] + tau * tau);

		weights += w;
		sum += w * (u->y[i] - u->y[0]);
		log_v -= log(w);
	}
	*mean = u->y[0] + sum / weights;
	*sd = 1.0 / sqrt(weights);
	for (size_t i = 0; i < u->k; i++)
		q += (u->y[i] - *mean) * (u->y[i] - *mean) / (u->v[i] + tau * tau);
	*log_likelihood = -0.5 * (log_v + log(weights) + q);
	return CD_OK;
}

/* Posterior from estimates. */
CdStatus
cd_share_posterior(const double *y, const double *v, size_t k, double prior_scale,
				   CdSharePosterior *out)
{
	Units		u = {y, v, k};

	if (k == 0)
		return CD_TOO_FEW;
	for (size_t i = 0; i < k; i++)
	{
		if (!isfinite(y[i]) || !isfinite(v[i]) || v[i] <= 0.0)
			return CD_BAD_INPUT;
	}
	return cd_share_model_posterior(normal_model, &u, prior_scale, out);
}

/* Root of a rising function near a guess: a bracket of that step, widened until it holds it. */
static CdStatus
solve_near(CdFunction f, void *context, double guess, double step, double *root)
{
	CdStatus	status = CD_OK;
	double		low = guess - step;
	double		high = guess + step;

	for (double by = step; f(low, context, &status) > 0.0; by *= 2.0)
	{
		high = low;
		low -= by;
		if (by > WIDEST_STEP * step)
			return CD_NO_CONVERGENCE;
	}
	for (double by = step; f(high, context, &status) < 0.0; by *= 2.0)
	{
		low = high;
		high += by;
		if (by > WIDEST_STEP * step)
			return CD_NO_CONVERGENCE;
	}
	return cd_solve_within(f, context, low, high, QUANTILE_TOLERANCE, root);
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

		if (p->probability[i] > 0.0)
			probability += p->probability[i]
				* gsl_cdf_ugaussian_P((p->tau[i] * z - distance) / p->sd[i]);
	}
	return probability - b->target;
}

/* Between which z all of the distribution of the share lies. */
static void
bracket_share(const Beyond *b, double *low, double *high)
{
	const CdSharePosterior *p = b->posterior;

	*low = Z_LIMIT;
	*high = -Z_LIMIT;
	for (int i = 0; i < CD_SHARE_GRID; i++)
	{
		double		distance = b->sign * (p->mean[i] - b->threshold);

		if (p->probability[i] == 0.0)
			continue;
		*low = fmin(*low, (distance - Z_TAIL * p->sd[i]) / p->tau[i]);
		*high = fmax(*high, (distance + Z_TAIL * p->sd[i]) / p->tau[i]);
	}
	*low = fmax(*low, -Z_LIMIT);
	*high = fmin(*high, Z_LIMIT);
}

/* The quantile if z were normal, and a step to look around it. */
static bool
share_guess(const Beyond *b, double target, double *z, double *step)
{
	const CdSharePosterior *p = b->posterior;
	double		mean = 0.0;
	double		square = 0.0;
	double		sd;

	for (int i = 0; i < CD_SHARE_GRID; i++)
	{
		double		centre = b->sign * (p->mean[i] - b->threshold) / p->tau[i];
		double		spread = p->sd[i] / p->tau[i];

		if (p->probability[i] == 0.0)
			continue;
		mean += p->probability[i] * centre;
		square += p->probability[i] * (centre * centre + spread * spread);
	}
	sd = sqrt(fmax(square - mean * mean, 0.0));
	*z = mean + (target < 0.5 ? -1.0 : 1.0) * cd_normal_multiplier(fabs(1.0 - 2.0 * target)) * sd;
	*step = 0.25 * sd;
	return isfinite(*z) && *step > 0.0;
}

/* Quantile of the share. */
static CdStatus
share_quantile(Beyond *b, double target, double *share)
{
	CdStatus	status = CD_OK;
	double		low;
	double		high;
	double		step;
	double		z = 0.0;

	b->target = target;
	bracket_share(b, &low, &high);
	if (low >= high)
		z = low >= Z_LIMIT ? Z_LIMIT : -Z_LIMIT;
	else if (share_excess(low, b, &status) >= 0.0)
		z = low;
	else if (share_excess(high, b, &status) <= 0.0)
		z = high;
	else if (share_guess(b, target, &z, &step) && low < z - step && z + step < high)
		status = solve_near(share_excess, b, z, step, &z);
	else
		status = cd_solve_within(share_excess, b, low, high, QUANTILE_TOLERANCE, &z);
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

		if (posterior->probability[i] > 0.0)
			out->mean += posterior->probability[i]
				* gsl_cdf_ugaussian_P(b.sign * (posterior->mean[i] - threshold) / spread);
	}
	out->mean = fmin(out->mean, 1.0);
	status = share_quantile(&b, 0.5 * (1.0 - level), &out->low);
	return status == CD_OK ? share_quantile(&b, 0.5 * (1.0 + level), &out->high) : status;
}

/* P(new unit <= x) less the target. */
typedef struct NewUnit
{
	const CdSharePosterior *posterior;
	double		spread[CD_SHARE_GRID];	/* of a new unit given tau */
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
		if (p->probability[i] > 0.0)
			probability += p->probability[i]
				* gsl_cdf_ugaussian_P((u->origin + x - p->mean[i]) / u->spread[i]);
	return probability - u->target;
}

/* Equal-tailed predictive interval. */
CdStatus
cd_share_predict(const CdSharePosterior *posterior, double level, double *low, double *high)
{
	NewUnit		u = {.posterior = posterior, .origin = posterior->mean[0]};
	double		mean = 0.0;
	double		square = 0.0;
	double		sd;
	double		z;
	CdStatus	status;

	if (!(level > 0.0 && level < 1.0))
		return CD_BAD_INPUT;
	for (int i = 0; i < CD_SHARE_GRID; i++)
	{
		double		distance = posterior->mean[i] - u.origin;

		u.spread[i] = hypot(posterior->tau[i], posterior->sd[i]);
		mean += posterior->probability[i] * distance;
		square += posterior->probability[i] * (distance * distance + u.spread[i] * u.spread[i]);
	}
	sd = sqrt(fmax(square - mean * mean, 0.0));
	z = cd_normal_multiplier(level);
	u.target = 0.5 * (1.0 - level);
	status = solve_near(new_unit_excess, &u, mean - z * sd, 0.25 * sd, low);
	u.target = 0.5 * (1.0 + level);
	if (status == CD_OK)
		status = solve_near(new_unit_excess, &u, mean + z * sd, 0.25 * sd, high);
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
