/*
 * share.c: posterior of the share of units beyond a threshold. mu is integrated out
 * analytically, tau numerically over x, tau = noise * sinh x: linear where the units'
 * noise hides tau, logarithmic beyond, so that equally spaced points are all it takes
 * (Trefethen & Weideman 2014), and the answer is deterministic.
 */
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_randist.h>

#include "stats/logsum.h"
#include "stats/share.h"
#include "stats/solve.h"

#define SMOOTH 6.0				/* points over which the grid leaves tau = 0 */
#define TAU_TO 1e3				/* in prior scales */
#define COARSE 16
#define NARROW 4.0				/* on x: a posterior away from 0 that is no wider is as good on fewer points, to 1e-6 */
#define NARROW_GRID 20
#define PASSES 10
#define ENOUGH 3				/* points of the coarse grid within the window */
#define WINDOW 20.0				/* log posterior below the peak that still matters */
#define Z_LIMIT 38.0			/* beyond it the normal distribution function is 0 or 1 */
#define Z_TAIL 8.0				/* beyond it, as good as that */
#define NEGLIGIBLE 1e-16		/* probability of a grid point that cannot matter */
#define ROUGH 4					/* every so many points show where a quantile is */
#define ROUGH_TOLERANCE 0.3		/* normal scores */
#define QUANTILE_TOLERANCE 1e-6
#define TERMS 8					/* of a Taylor series */
#define LAST_TERM 1e-11			/* at most; what is left out is smaller still */
#define STEPS 10
#define ROUNDING 1e-13

/* Log posterior over a stretch of x. */
typedef struct Grid
{
	double		noise;
	double		prior_scale;
	double		from;
	double		to;
	int			size;
	double		slope[CD_SHARE_GRID];	/* of x in the number of the point, in steps */
	double		log_posterior[CD_SHARE_GRID];	/* up to a constant */
} Grid;

/*
 * Where on x a point lies. A grid that starts at 0, where the integrand does not vanish,
 * leaves it as a cubic and is straight afterwards: then the end costs no accuracy.
 */
static double
grid_x(const Grid *g, double index, double *slope)
{
	double		step = (g->to - g->from) / g->size;
	double		c = SMOOTH * step;
	double		y = (index + 0.5) * step;

	if (g->from > 0.0)
	{
		*slope = 1.0;
		return g->from + y;
	}
	y *= 1.0 + c * c / (g->to * g->to);
	*slope = y * y * (y * y + 3.0 * c * c) / ((y * y + c * c) * (y * y + c * c));
	return y * y * y / (y * y + c * c);
}

/* Half-Cauchy density of tau times its slope in x, cosh x, up to a constant. */
static double
log_prior(const Grid *g, double tau, double cosh_x)
{
	double		scaled = tau / g->prior_scale;

	return log(cosh_x / (1.0 + scaled * scaled));
}

/* Evaluate the model at every point. Near 0, e - 1 / e loses digits that the units' noise hides. */
static CdStatus
fill_grid(Grid *g, int size, CdShareModel model, void *context, CdSharePosterior *out)
{
	g->size = out->size = size;
	for (int i = 0; i < size; i++)
	{
		double		e = exp(grid_x(g, i, &g->slope[i]));
		double		log_likelihood;
		CdStatus	status;

		out->tau[i] = 0.5 * g->noise * (e - 1.0 / e);
		status = model(out->tau[i], context, &log_likelihood, &out->mean[i], &out->sd[i]);
		if (status != CD_OK)
			return status;
		if (cd_stop_requested())
			return CD_STOPPED;
		g->log_posterior[i] = log_likelihood + log_prior(g, out->tau[i], 0.5 * (e + 1.0 / e));
	}
	return CD_OK;
}

/* Largest log posterior on the grid. */
static double
peak_of(const Grid *g)
{
	double		peak = -INFINITY;

	for (int i = 0; i < g->size; i++)
		peak = g->log_posterior[i] > peak ? g->log_posterior[i] : peak;
	return peak;
}

/* How far from a point inside the window to its neighbour outside the line between leaves it. */
static double
window_end(const Grid *g, double floor, int inside, int outside)
{
	double		drop = g->log_posterior[inside] - g->log_posterior[outside];

	return drop < INFINITY ? (g->log_posterior[inside] - floor) / drop : 1.0;
}

/*
 * Narrow the grid to the stretch that matters; whether that was enough of its points to
 * trust the line. If not, the peak is somewhere between the neighbours.
 */
static bool
find_window(Grid *g)
{
	double		floor = peak_of(g) - WINDOW;
	int			first = 0;
	int			last = g->size - 1;
	bool		enough;
	double		from = g->from;
	double		to = g->to;
	double		slope;

	while (first < last && !(g->log_posterior[first] >= floor))
		first++;
	while (last > first && !(g->log_posterior[last] >= floor))
		last--;
	enough = last - first + 1 >= ENOUGH;
	if (first > 0)
		from = grid_x(g, first - (enough ? window_end(g, floor, first, first - 1) : 1.0), &slope);
	if (last < g->size - 1)
		to = grid_x(g, last + (enough ? window_end(g, floor, last, last + 1) : 1.0), &slope);
	g->from = from;
	g->to = to;
	return enough;
}

/* Probabilities from log densities; the prior beyond the largest tau goes to the last point. */
static void
fill_probabilities(const Grid *g, double limit, CdSharePosterior *out)
{
	double		peak = peak_of(g);
	double		step = (g->to - g->from) / g->size;
	double		total = 0.0;

	for (int i = 0; i < g->size; i++)
		out->probability[i] = g->slope[i] * exp(g->log_posterior[i] - peak);
	if (g->to == limit)
		out->probability[g->size - 1] *= 1.0 + exp(-0.5 * step) / step;
	for (int i = 0; i < g->size; i++)
		total += out->probability[i];
	for (int i = 0; i < g->size; i++)
	{
		out->probability[i] /= total;
		if (out->probability[i] < NEGLIGIBLE)
			out->probability[i] = 0.0;
	}
}

/*
 * Coarse passes find where the posterior lives, which for many precise units is a narrow
 * stretch, and the fine one resolves it.
 */
CdStatus
cd_share_model_posterior(CdShareModel model, void *context, double prior_scale, double noise,
						 CdSharePosterior *out)
{
	Grid		g = {.noise = fmin(noise, prior_scale), .prior_scale = prior_scale};
	double		limit;
	bool		found = false;
	bool		narrow;
	CdStatus	status = CD_OK;

	if (!isfinite(prior_scale) || prior_scale <= 0.0 || !(noise > 0.0))
		return CD_BAD_INPUT;
	limit = g.to = asinh(TAU_TO * prior_scale / g.noise);
	for (int i = 0; i < PASSES && !found && status == CD_OK; i++)
	{
		status = fill_grid(&g, COARSE, model, context, out);
		found = status == CD_OK && find_window(&g);
	}
	narrow = g.from > 0.0 && g.to - g.from <= NARROW;
	if (status == CD_OK)
		status = fill_grid(&g, narrow ? NARROW_GRID : CD_SHARE_GRID, model, context, out);
	if (status != CD_OK)
		return status;
	if (!isfinite(peak_of(&g)))
		return CD_NO_CONVERGENCE;
	fill_probabilities(&g, limit, out);
	return CD_OK;
}

/* Estimates with known variances. */
typedef struct Units
{
	const double *y;
	const double *v;
	size_t		k;
	double		origin;			/* amid the estimates, to centre on */
} Units;

/* mu given tau, and the log likelihood of tau with mu integrated out. */
static CdStatus
normal_model(double tau, void *context, double *log_likelihood, double *mean, double *sd)
{
	const Units *u = context;
	double		weights = 0.0;
	double		sum = 0.0;
	double		squares = 0.0;
	CdLogSum	log_v = CD_LOG_SUM_EMPTY;

	for (size_t i = 0; i < u->k; i++)
	{
		double		v = u->v[i] + tau * tau;
		double		w = 1.0 / v;
		double		d = u->y[i] - u->origin;

		weights += w;
		sum += w * d;
		squares += w * d * d;
		cd_log_sum_add(&log_v, v);
	}
	cd_log_sum_add(&log_v, weights);
	*mean = u->origin + sum / weights;
	*sd = 1.0 / sqrt(weights);
	*log_likelihood = -0.5 * (cd_log_sum(&log_v) + squares - sum * sum / weights);
	return CD_OK;
}

/* Posterior from estimates. */
CdStatus
cd_share_posterior(const double *y, const double *v, size_t k, double prior_scale,
				   CdSharePosterior *out)
{
	Units		u = {.y = y, .v = v, .k = k};
	double		precision = 0.0;
	double		sum = 0.0;

	if (k == 0)
		return CD_TOO_FEW;
	for (size_t i = 0; i < k; i++)
	{
		if (!isfinite(y[i]) || !isfinite(v[i]) || v[i] <= 0.0)
			return CD_BAD_INPUT;
		precision += 1.0 / v[i];
		sum += (y[i] - y[0]) / v[i];
	}
	u.origin = y[0] + sum / precision;
	return cd_share_model_posterior(normal_model, &u, prior_scale, sqrt((double) k / precision), out);
}

/*
 * A distribution over the grid: P(x) = sum of probability * Phi(slope x - start). Of the normal score of the share
 * beyond a threshold, and of the true value of a new unit.
 */
typedef struct Mixture
{
	const double *probability;
	double		slope[CD_SHARE_GRID];
	double		start[CD_SHARE_GRID];
	int			size;
	int			stride;			/* over every so many points */
} Mixture;

/* Adds weight * Phi(u + slope * step) and its derivatives in the step, so many in all: Hermite's polynomials. */
static inline void
add_derivatives(double weight, double u, double slope, int count, double *sum)
{
	double		density;
	double		before = 0.0;
	double		here;
	double		times_before = 0.0;

	sum[0] += weight * cd_normal_below(u, &density);
	here = weight * density * slope;
	u *= slope;
	slope *= slope;
	for (int n = 1; n < count; n++)
	{
		double		next = -u * here - times_before * before;

		sum[n] += here;
		before = here;
		here = next;
		times_before += slope;
	}
}

/* The Taylor series of the distribution function around x. */
static void
mixture_series(const Mixture *m, double x, int terms, double *series)
{
	double		total = 0.0;

	for (int n = 0; n < terms; n++)
		series[n] = 0.0;
	for (int i = m->stride / 2; i < m->size; i += m->stride)
	{
		double		u = m->slope[i] * x - m->start[i];

		total += m->probability[i];
		if (m->probability[i] > 0.0 && u > Z_TAIL)
			series[0] += m->probability[i];
		else if (m->probability[i] > 0.0 && u >= -Z_TAIL)
			add_derivatives(m->probability[i], u, m->slope[i], terms, series);
	}
	for (int n = 0; n < terms; n++)
	{
		series[n] /= total;
		total *= (double) (n + 1);
	}
}

/* P and its density. */
static double
mixture_below(double x, void *context, double *density)
{
	double		series[2];

	mixture_series(context, x, 2, series);
	*density = series[1];
	return series[0];
}

/* Moves x to where the series around it reaches its target; whether its last term shows that it can be relied on. */
static bool
follow_series(const Mixture *m, double target, double *x)
{
	double		series[TERMS];
	double		step = 0.0;
	double		change = INFINITY;

	mixture_series(m, *x, TERMS, series);
	for (int i = 0; i < STEPS && fabs(change) > ROUNDING * fabs(step); i++)
	{
		double		value = series[TERMS - 1];
		double		slope = 0.0;

		for (int n = TERMS - 2; n >= 0; n--)
		{
			slope = slope * step + value;
			value = value * step + series[n];
		}
		change = (target - value) / slope;
		step += change;
	}
	*x += step;
	return fabs(series[TERMS - 1] * pow(step, TERMS - 1)) <= LAST_TERM && fabs(change) <= ROUNDING * fabs(step);
}

/* A quantile: roughly first, over a few points, from where the series over all of them nearly always leads there. */
static CdStatus
mixture_quantile(Mixture *m, double target, double low, double high, double guess, double scale, double *x)
{
	double		rough;
	CdStatus	status;

	m->stride = ROUGH;
	status = cd_quantile(mixture_below, m, target, low, high, guess, scale, ROUGH_TOLERANCE, &rough);
	m->stride = 1;
	if (status != CD_OK)
		return status;
	*x = rough;
	if (follow_series(m, target, x))
		return CD_OK;
	guess = *x > low && *x < high ? *x : rough;
	return cd_quantile(mixture_below, m, target, low, high, guess, scale, QUANTILE_TOLERANCE, x);
}

/* The normal score z of the share beyond a threshold, Phi(z). */
static Mixture
share_beyond(const CdSharePosterior *p, double threshold, double sign)
{
	Mixture		m = {.probability = p->probability, .size = p->size, .stride = 1};

	for (int i = 0; i < p->size; i++)
	{
		m.slope[i] = p->tau[i] / p->sd[i];
		m.start[i] = sign * (p->mean[i] - threshold) / p->sd[i];
	}
	return m;
}

/* Between which z all of the distribution of the share lies. */
static void
bracket_share(const Mixture *m, double *low, double *high)
{
	*low = Z_LIMIT;
	*high = -Z_LIMIT;
	for (int i = 0; i < m->size; i++)
	{
		if (m->probability[i] == 0.0)
			continue;
		*low = fmin(*low, (m->start[i] - Z_TAIL) / m->slope[i]);
		*high = fmax(*high, (m->start[i] + Z_TAIL) / m->slope[i]);
	}
	*low = fmax(*low, -Z_LIMIT);
	*high = fmin(*high, Z_LIMIT);
}

/* Quantile of the share, whose normal score lies between low and high. */
static CdStatus
share_quantile(Mixture *m, double low, double high, double target, double *share)
{
	CdStatus	status = CD_OK;
	double		density;
	double		z;

	if (low >= high)
		z = low >= Z_LIMIT ? Z_LIMIT : -Z_LIMIT;
	else if (low == -Z_LIMIT && mixture_below(low, m, &density) >= target)
		z = low;
	else if (high == Z_LIMIT && mixture_below(high, m, &density) <= target)
		z = high;
	else
		status = mixture_quantile(m, target, low, high, low < 0.0 && high > 0.0 ? 0.0 : 0.5 * (low + high), 1.0, &z);
	*share = gsl_cdf_ugaussian_P(z);
	return status;
}

/* Of the true value of a new unit about the mean, given a point of the grid. */
static double
spread_of(const CdSharePosterior *p, int i)
{
	return sqrt(p->tau[i] * p->tau[i] + p->sd[i] * p->sd[i]);
}

/* Posterior mean and interval of the share. */
CdStatus
cd_share_summary(const CdSharePosterior *posterior, double threshold, bool above, double level,
				 CdShare *out)
{
	double		sign = above ? 1.0 : -1.0;
	Mixture		m;
	double		z_low;
	double		z_high;
	CdStatus	status;

	if (isnan(threshold) || !(level > 0.0 && level < 1.0))
		return CD_BAD_INPUT;
	if (isinf(threshold))
	{
		out->mean = out->low = out->high = (threshold > 0.0) == above ? 0.0 : 1.0;
		return CD_OK;
	}
	out->mean = 0.0;
	for (int i = 0; i < posterior->size; i++)
	{
		double		spread = spread_of(posterior, i);

		if (posterior->probability[i] > 0.0)
			out->mean += posterior->probability[i]
				* gsl_cdf_ugaussian_P(sign * (posterior->mean[i] - threshold) / spread);
	}
	out->mean = fmin(out->mean, 1.0);
	m = share_beyond(posterior, threshold, sign);
	bracket_share(&m, &z_low, &z_high);
	status = share_quantile(&m, z_low, z_high, 0.5 * (1.0 - level), &out->low);
	if (status == CD_OK)
		status = share_quantile(&m, z_low, z_high, 0.5 * (1.0 + level), &out->high);
	/* With a unit or two little mass lies so far off that the mean leaves the bulk. */
	out->low = fmin(out->low, out->mean);
	out->high = fmax(out->high, out->mean);
	return status;
}

/* The true value of a new unit less the origin, with its mean and spread. */
static Mixture
new_unit(const CdSharePosterior *p, double origin, double *mean, double *sd)
{
	Mixture		m = {.probability = p->probability, .size = p->size, .stride = 1};
	double		square = 0.0;

	*mean = 0.0;
	for (int i = 0; i < p->size; i++)
	{
		double		distance = p->mean[i] - origin;
		double		spread = spread_of(p, i);

		m.slope[i] = 1.0 / spread;
		m.start[i] = distance / spread;
		*mean += p->probability[i] * distance;
		square += p->probability[i] * (distance * distance + spread * spread);
	}
	*sd = sqrt(fmax(square - *mean * *mean, 0.0));
	return m;
}

/* Equal-tailed predictive interval. */
CdStatus
cd_share_predict(const CdSharePosterior *posterior, double level, double *low, double *high)
{
	double		origin = posterior->mean[0];
	double		ends[2] = {*low - origin, *high - origin};
	double		mean;
	double		sd;
	double		multiplier;
	Mixture		m;

	if (!(level > 0.0 && level < 1.0))
		return CD_BAD_INPUT;
	multiplier = cd_normal_multiplier(level);
	m = new_unit(posterior, origin, &mean, &sd);
	for (int i = 0; i < 2; i++)
	{
		double		sign = i == 0 ? -1.0 : 1.0;
		double		guess = isfinite(ends[i]) ? ends[i] : mean + sign * multiplier * sd;
		CdStatus	status = mixture_quantile(&m, 0.5 * (1.0 + sign * level), -INFINITY, INFINITY, guess, sd, &ends[i]);

		if (status != CD_OK)
			return status;
	}
	*low = fmin(*low, origin + ends[0]);
	*high = fmax(*high, origin + ends[1]);
	return CD_OK;
}
