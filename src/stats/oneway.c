/*
 * oneway.c: one-way random effects from per-group moments. The likelihood is profiled
 * over mu and sigma2, leaving one dimension, lambda = tau2 / sigma2.
 */
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>

#include "stats/logsum.h"
#include "stats/oneway.h"
#include "stats/solve.h"

#define PIVOT_NODES 96
#define PIVOT_STEP 0.8			/* of the finest normal curve that the nodes have to show */
#define NEGLIGIBLE_WEIGHT 1e-12
#define NORMAL_DF 1000.0		/* from here on a chi-square's cube root is normal enough to integrate over */
#define THREE_NODES 1e-3		/* df of the groups over those within: up to here 1e-10 of tau2 is lost */
#define GUESS_ITERATIONS 20
#define GUESS_TOLERANCE 1e-3
#define QUANTILE_TOLERANCE 1e-5

typedef struct Groups
{
	const CdMoments *group;
	size_t		size;			/* entries, empty ones included */
	double		k;
	double		n;
	double		weight;
	double		weight2;		/* sum of squared group weights */
	double		ss_within;
	double		origin;			/* weighted mean of all, to centre on */
	double		heaviest;		/* largest group weight */
	double		df;				/* of the likelihood: n - 1 or n */
} Groups;

/* Weighted sums over groups, group i with variance tau2 + unit / weight_i. */
typedef struct Sums
{
	double		w;
	double		w2;
	double		mu;
	double		q;				/* sum w (mean - mu)^2 */
	double		wq;				/* sum w^2 (mean - mu)^2 */
} Sums;

/* Totals over the groups with values. */
static CdStatus
summarise(const CdMoments *group, size_t size, Groups *g)
{
	double		first = NAN;
	double		sum = 0.0;

	*g = (Groups) {.group = group, .size = size};
	for (size_t i = 0; i < size; i++)
	{
		const CdMoments *m = &group[i];

		if (m->weight == 0.0 && m->n == 0.0)
			continue;
		if (!isfinite(m->weight) || !isfinite(m->mean) || !isfinite(m->m2)
			|| m->weight <= 0.0 || m->m2 < 0.0 || !(m->n >= 1.0))
			return CD_BAD_INPUT;
		if (g->k == 0.0)
			first = m->mean;
		g->k += 1.0;
		g->n += m->n;
		g->weight += m->weight;
		sum += m->weight * (m->mean - first);
		g->weight2 += m->weight * m->weight;
		g->ss_within += m->m2;
		g->heaviest = fmax(g->heaviest, m->weight);
	}
	g->origin = first + sum / g->weight;
	return CD_OK;
}

/* Without the library's call, in what is evaluated most. */
static inline double
not_negative(double x)
{
	return x > 0.0 ? x : 0.0;
}

/* All sums at one pair of variances, in one pass around the origin; groups without values weigh 0. */
static Sums
sums_at(const Groups *g, double tau2, double unit)
{
	Sums		s = {0};
	double		wd = 0.0;
	double		w2d = 0.0;
	double		mean;

	for (size_t i = 0; i < g->size; i++)
	{
		const CdMoments *m = &g->group[i];
		double		w = m->weight / (unit + m->weight * tau2);
		double		d = m->mean - g->origin;

		s.w += w;
		wd += w * d;
		s.q += w * d * d;
		s.w2 += w * w;
		w2d += w * w * d;
		s.wq += w * w * d * d;
	}
	mean = wd / s.w;
	s.mu = g->origin + mean;
	s.q = not_negative(s.q - wd * mean);
	s.wq = not_negative(s.wq + mean * (mean * s.w2 - 2.0 * w2d));
	return s;
}

/* sum w (mean - mu)^2 alone, and how it falls with tau2. */
static double
pivot_at(const Groups *g, double tau2, double unit, double *fall)
{
	Sums		s = sums_at(g, tau2, unit);

	*fall = s.wq;
	return s.q;
}

/* ANOVA table. */
CdStatus
cd_anova(const CdMoments *groups, size_t k, CdAnova *out)
{
	Groups		g;
	CdStatus	status = summarise(groups, k, &g);
	double		excess;

	if (status != CD_OK)
		return status;
	if (g.k < 2.0)
		return CD_TOO_FEW;
	out->k = g.k;
	out->n = g.n;
	out->weight = g.weight;
	out->df_between = g.k - 1.0;
	out->df_within = g.n - g.k;
	out->ss_between = sums_at(&g, 0.0, 1.0).q;
	out->ss_within = g.ss_within;
	out->ms_between = out->ss_between / out->df_between;
	out->ms_within = out->df_within > 0.0 ? g.ss_within / out->df_within : NAN;
	out->f = out->ms_between / out->ms_within;
	out->p = isnan(out->f) ? NAN : isinf(out->f) ? 0.0
		: gsl_cdf_fdist_Q(out->f, out->df_between, out->df_within);
	out->r2 = out->ss_between / (out->ss_between + g.ss_within);
	out->n0 = (g.weight - g.weight2 / g.weight) / out->df_between;
	excess = out->ms_between - out->ms_within;
	out->icc1 = excess / (out->ms_between + (out->n0 - 1.0) * out->ms_within);
	out->icc2 = excess / out->ms_between;
	out->tau2 = excess / out->n0;
	return CD_OK;
}

/* The profiled criterion and its derivative in lambda carry this context. */
typedef struct Profile
{
	Groups		g;
	bool		restricted;
} Profile;

/* Profiled sigma2 at lambda. */
static double
profiled_sigma2(const Profile *p, const Sums *s)
{
	return (p->g.ss_within + s->q) / p->g.df;
}

/* Derivative of twice the profiled log likelihood in lambda. */
static double
score(double lambda, void *context, CdStatus *status)
{
	const Profile *p = context;
	Sums		s = sums_at(&p->g, lambda, 1.0);
	double		value = s.wq / profiled_sigma2(p, &s) - s.w;

	(void) status;
	return p->restricted ? value + s.w2 / s.w : value;
}

/* -2 log (restricted) likelihood at the profiled sigma2. */
static double
criterion(double lambda, void *context, CdStatus *status)
{
	const Profile *p = context;
	Sums		s = sums_at(&p->g, lambda, 1.0);
	double		value = p->g.df * (1.0 + log(2.0 * M_PI * profiled_sigma2(p, &s)));
	CdLogSum	log_weights = CD_LOG_SUM_EMPTY;

	(void) status;
	for (size_t i = 0; i < p->g.size; i++)
		cd_log_sum_add(&log_weights, 1.0 + p->g.group[i].weight * lambda);
	if (p->restricted)
		cd_log_sum_add(&log_weights, s.w);
	return value + cd_log_sum(&log_weights);
}

/* Standard errors of both variances from the expected information. */
static void
variance_errors(const Profile *p, CdOneWay *out)
{
	Sums		s = sums_at(&p->g, out->tau2, out->sigma2);
	double		w2a = 0.0;		/* w^2 times powers of a = 1 / weight, the slope in sigma2 */
	double		w2aa = 0.0;
	double		w3 = 0.0;
	double		w3a = 0.0;
	double		w3aa = 0.0;
	double		tt = s.w2;
	double		ts;
	double		ss;
	double		determinant;

	for (size_t i = 0; i < p->g.size; i++)
	{
		double		weight = p->g.group[i].weight;
		double		w;

		if (weight <= 0.0)
			continue;
		w = weight / (out->sigma2 + weight * out->tau2);
		w2a += w * w / weight;
		w2aa += w * w / (weight * weight);
		w3 += w * w * w;
		w3a += w * w * w / weight;
		w3aa += w * w * w / (weight * weight);
	}
	ts = w2a;
	ss = w2aa + (p->g.n - p->g.k) / (out->sigma2 * out->sigma2);
	if (p->restricted)
	{
		tt += (s.w2 / s.w) * (s.w2 / s.w) - 2.0 * w3 / s.w;
		ts += (s.w2 / s.w) * (w2a / s.w) - 2.0 * w3a / s.w;
		ss += (w2a / s.w) * (w2a / s.w) - 2.0 * w3aa / s.w;
	}
	determinant = tt * ss - ts * ts;
	out->se_tau2 = out->boundary ? NAN : sqrt(2.0 * ss / determinant);
	out->se_sigma2 = out->boundary ? NAN : sqrt(2.0 * tt / determinant);
}

/*
 * Variance of mu from the groups' own residuals. With h the groups' shares of the total
 * weight, the residual of a group has variance (1 - h) / w under the fitted model.
 */
static void
robust_error(const Groups *g, CdOneWay *out)
{
	Sums		s = sums_at(g, out->tau2, out->sigma2);
	double		variance = 0.0;
	double		noise = 0.0;
	double		h2 = 0.0;
	double		leverage = 0.0;
	double		leverage2 = 0.0;

	for (size_t i = 0; i < g->size; i++)
	{
		const CdMoments *m = &g->group[i];
		double		h;
		double		r = m->mean - out->mu;

		if (m->weight <= 0.0)
			continue;
		h = m->weight / (out->sigma2 + m->weight * out->tau2) / s.w;
		variance += h * h * r * r / (1.0 - h);
		noise += h * h * out->sigma2 / m->weight;
		h2 += h * h;
		leverage += h * h / (1.0 - h);
		leverage2 += h * h / (1.0 - h) * (h * h / (1.0 - h));
	}
	out->robust_se = sqrt(variance);
	out->robust_df = 1.0 / (h2 + leverage * leverage - leverage2);
	out->noise_se = sqrt(noise);
}

/* REML or ML. */
CdStatus
cd_oneway_fit(const CdMoments *groups, size_t k, CdLikelihood likelihood, CdOneWay *out)
{
	Profile		p;
	CdStatus	status = summarise(groups, k, &p.g);
	Sums		s;

	if (status != CD_OK)
		return status;
	if (p.g.k < 2.0 || p.g.n <= p.g.k || p.g.ss_within <= 0.0)
		return CD_TOO_FEW;
	p.restricted = likelihood == CD_LIKELIHOOD_REML;
	p.g.df = p.restricted ? p.g.n - 1.0 : p.g.n;
	status = cd_maximise_likelihood(score, criterion, &p, 1.0 / p.g.heaviest, &out->lambda);
	if (status != CD_OK)
		return status;
	s = sums_at(&p.g, out->lambda, 1.0);
	out->k = p.g.k;
	out->n = p.g.n;
	out->mu = s.mu;
	out->sigma2 = profiled_sigma2(&p, &s);
	out->tau2 = out->lambda * out->sigma2;
	out->se = sqrt(out->sigma2 / s.w);
	out->q = s.q / out->sigma2 / (p.g.k - 1.0);
	out->criterion = criterion(out->lambda, &p, &status);
	out->boundary = out->lambda == 0.0;
	variance_errors(&p, out);
	robust_error(&p.g, out);
	return CD_OK;
}

/* What every interval of a variance needs. */
static CdStatus
summarise_for_interval(const CdMoments *groups, size_t k, double level, Groups *g)
{
	CdStatus	status = summarise(groups, k, g);

	if (status != CD_OK)
		return status;
	if (!(level > 0.0 && level < 1.0))
		return CD_BAD_INPUT;
	if (g->k < 2.0 || g->n <= g->k || g->ss_within <= 0.0)
		return CD_TOO_FEW;
	return CD_OK;
}

/* Fiducial distribution of tau2: sigma2 at quadrature nodes of its own pivot. */
typedef struct Generalised
{
	Groups		g;
	double		sigma2[PIVOT_NODES];
	double		weight[PIVOT_NODES];
	int			nodes;
} Generalised;

/*
 * Density of t = log(chi-square / df) over its largest, exp(df / 2 (t - e^t + 1)).
 * Analytic and gone at both ends, so that equally spaced points integrate over it
 * (Trefethen & Weideman 2014).
 */
static double
log_chisq_density(double t, double df)
{
	return exp(0.5 * df * (t - expm1(t)));
}

/* Add nodes from one side of the peak outward. */
static void
nodes_on_side(Generalised *p, double df, double start, double step)
{
	double		weight;

	for (double t = start; p->nodes < PIVOT_NODES; t += step)
	{
		weight = log_chisq_density(t, df);
		if (weight < NEGLIGIBLE_WEIGHT)
			return;
		p->sigma2[p->nodes] = p->g.ss_within / (df * exp(t));
		p->weight[p->nodes++] = weight;
	}
}

/* Nodes in the logarithm of the chi-square, whatever its df. */
static void
nodes_in_logarithm(Generalised *p, double df)
{
	double		step = PIVOT_STEP / sqrt(0.5 * (df + p->g.k - 1.0));
	double		total = 0.0;

	p->nodes = 0;
	nodes_on_side(p, df, 0.0, step);
	nodes_on_side(p, df, -step, -step);
	for (int i = 0; i < p->nodes; i++)
		total += p->weight[i];
	for (int i = 0; i < p->nodes; i++)
		p->weight[i] /= total;
}

/*
 * Gauss-Hermite nodes (of the standard normal density) of the cube root of the chi-square (Wilson & Hilferty 1931).
 * Where sigma2 is known far better than the groups' spread, three of them are as good as five.
 */
static void
nodes_of_cube_root(Generalised *p, double df)
{
	static const double three[][2] = {
		{0.0, 2.0 / 3.0}, {1.7320508075688773, 1.0 / 6.0}, {-1.7320508075688773, 1.0 / 6.0}
	};
	static const double five[][2] = {
		{0.0, 8.0 / 15.0}, {1.3556261799742657, 0.22207592200561266}, {-1.3556261799742657, 0.22207592200561266},
		{2.8569700138728056, 0.011257411327720689}, {-2.8569700138728056, 0.011257411327720689}
	};
	bool		few = p->g.k - 1.0 <= THREE_NODES * df;
	const double (*node)[2] = few ? three : five;
	double		step = 2.0 / (9.0 * df);

	p->nodes = few ? 3 : 5;
	for (int i = 0; i < p->nodes; i++)
	{
		double		root = 1.0 - step + node[i][0] * sqrt(step);

		p->sigma2[i] = p->g.ss_within / (df * root * root * root);
		p->weight[i] = node[i][1];
	}
}

static void
generalised_nodes(Generalised *p)
{
	double		df = p->g.n - p->g.k;

	if (df >= NORMAL_DF)
		nodes_of_cube_root(p, df);
	else
		nodes_in_logarithm(p, df);
}

/* Probability that the pivot of tau2 lies below tau2, and its density. */
static double
generalised_below(double tau2, void *context, double *density)
{
	const Generalised *p = context;
	double		probability = 0.0;

	*density = 0.0;
	for (int i = 0; i < p->nodes; i++)
	{
		double		fall;
		double		slope;
		double		q = pivot_at(&p->g, tau2, p->sigma2[i], &fall);

		probability += p->weight[i] * cd_chisq_tail(q, p->g.k - 1.0, &slope);
		*density += p->weight[i] * slope * fall;
	}
	return probability;
}

/*
 * Roughly where the pivot at the typical sigma2 takes its value. Its inverse rises and is
 * concave in tau2, so that Newton's method comes from below.
 */
static double
guess_tau2(const Generalised *p, double probability)
{
	double		sigma2 = p->g.ss_within / (p->g.n - p->g.k);
	double		df = p->g.k - 1.0;
	double		c = 2.0 / (9.0 * df);
	double		root = fmax(0.1, 1.0 - c - gsl_cdf_ugaussian_Pinv(probability) * sqrt(c));
	double		value = df * root * root * root;
	double		tau2 = 0.0;

	for (int i = 0; i < GUESS_ITERATIONS; i++)
	{
		double		fall;
		double		q = pivot_at(&p->g, tau2, sigma2, &fall);

		if (!(q > value * (1.0 + GUESS_TOLERANCE)))
			break;
		tau2 += q * (q / value - 1.0) / fall;
	}
	return tau2 > 0.0 ? tau2 : 1e-3 * sigma2 / p->g.heaviest;
}

/* Where the probability reaches p, 0 when it starts there, at_zero. */
static CdStatus
generalised_quantile(Generalised *p, double at_zero, double probability, double *tau2)
{
	double		guess;

	*tau2 = 0.0;
	if (at_zero >= probability)
		return CD_OK;
	guess = guess_tau2(p, probability);
	return cd_quantile(generalised_below, p, probability, 0.0, INFINITY, guess, guess,
					   QUANTILE_TOLERANCE, tau2);
}

/* Generalised interval of tau2. */
CdStatus
cd_oneway_tau2_interval(const CdMoments *groups, size_t k, double level, double *low, double *high)
{
	Generalised p;
	CdStatus	status = summarise_for_interval(groups, k, level, &p.g);
	double		at_zero;
	double		density;

	if (status != CD_OK)
		return status;
	generalised_nodes(&p);
	at_zero = generalised_below(0.0, &p, &density);
	status = generalised_quantile(&p, at_zero, 0.5 * (1.0 - level), low);
	return status == CD_OK ? generalised_quantile(&p, at_zero, 0.5 * (1.0 + level), high) : status;
}

/* Interval of mu. */
CdStatus
cd_oneway_mean_interval(const CdOneWay *fit, double level, double *low, double *high)
{
	double		t;
	CdStatus	status = cd_t_multiplier(level, fit->robust_df, &t);
	double		half;

	if (status != CD_OK)
		return status;
	half = fmax(t * fit->robust_se, cd_normal_multiplier(level) * fit->noise_se);
	*low = fit->mu - half;
	*high = fit->mu + half;
	return CD_OK;
}

/* Interval for a new group's mean. */
CdStatus
cd_oneway_predict_interval(const CdOneWay *fit, double level, double *low, double *high)
{
	double		t;
	double		half;
	CdStatus	status;

	if (fit->k < 3.0)
		return CD_TOO_FEW;
	status = cd_t_multiplier(level, fit->k - 2.0, &t);
	half = t * sqrt(fit->se * fit->se + fit->tau2);
	*low = fit->mu - half;
	*high = fit->mu + half;
	return status;
}
