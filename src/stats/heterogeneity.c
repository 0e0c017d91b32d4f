/*
 * heterogeneity.c: random effects from estimates with known sampling variances.
 * tau2 estimators as reviewed by Viechtbauer (2005), intervals by Q-profile (2007) and
 * Knapp & Hartung (2003), prediction by Higgins, Thompson & Spiegelhalter (2009).
 */
#include <math.h>
#include <strings.h>

#include <gsl/gsl_cdf.h>

#include "stats/heterogeneity.h"
#include "stats/solve.h"

typedef struct Units
{
	const double *y;
	const double *v;
	size_t		k;
	bool		restricted;		/* REML rather than ML */
	double		target;			/* value that Q(tau2) is solved for */
} Units;

/* Weighted sums at one tau2. */
typedef struct Sums
{
	double		w;
	double		w2;
	double		w3;
	double		mu;
	double		q;				/* sum w (y - mu)^2 */
	double		wq;				/* sum w^2 (y - mu)^2 */
	double		log_v;			/* sum log (v + tau2) */
} Sums;

static const char *const method_names[CD_TAU2_METHODS] = {
	"REML", "PM", "DL", "ML", "HE", "SJ", "FE"
};

/* Look up a method by its abbreviation. */
bool
cd_tau2_method(const char *name, CdTau2Method *method)
{
	for (int i = 0; i < CD_TAU2_METHODS; i++)
	{
		if (strcasecmp(name, method_names[i]) == 0)
		{
			*method = (CdTau2Method) i;
			return true;
		}
	}
	return false;
}

/* Abbreviation of a method. */
const char *
cd_tau2_method_name(CdTau2Method method)
{
	return method_names[method];
}

/* Every estimate finite, every variance positive and finite. */
static CdStatus
check_units(const double *y, const double *v, size_t k)
{
	if (k == 0)
		return CD_TOO_FEW;
	for (size_t i = 0; i < k; i++)
	{
		if (!isfinite(y[i]) || !isfinite(v[i]) || v[i] <= 0.0)
			return CD_BAD_INPUT;
	}
	return CD_OK;
}

/* Weighted mean with weights 1 / (v + tau2), taken about the first unit. */
static double
weighted_mean(const Units *u, double tau2, double *total)
{
	double		sum = 0.0;
	double		weights = 0.0;

	for (size_t i = 0; i < u->k; i++)
	{
		double		w = 1.0 / (u->v[i] + tau2);

		weights += w;
		sum += w * (u->y[i] - u->y[0]);
	}
	*total = weights;
	return u->y[0] + sum / weights;
}

/* All sums that likelihood, gradient and information need. */
static Sums
sums_at(const Units *u, double tau2)
{
	Sums		s = {0};

	s.mu = weighted_mean(u, tau2, &s.w);
	for (size_t i = 0; i < u->k; i++)
	{
		double		total = u->v[i] + tau2;
		double		w = 1.0 / total;
		double		r = u->y[i] - s.mu;

		s.w2 += w * w;
		s.w3 += w * w * w;
		s.q += w * r * r;
		s.wq += w * w * r * r;
		s.log_v += log(total);
	}
	return s;
}

/* Twice the derivative of the (restricted) log likelihood in tau2. */
static double
score(double tau2, void *context, CdStatus *status)
{
	const Units *u = context;
	Sums		s = sums_at(u, tau2);
	double		value = s.wq - s.w;

	(void) status;
	return u->restricted ? value + s.w2 / s.w : value;
}

/* -2 log (restricted) likelihood without its constant. */
static double
deviance(double tau2, void *context, CdStatus *status)
{
	const Units *u = context;
	Sums		s = sums_at(u, tau2);
	double		value = s.log_v + s.q;

	(void) status;
	return u->restricted ? value + log(s.w) : value;
}

/* Q(tau2) less its target; falls with tau2. */
static double
q_excess(double tau2, void *context, CdStatus *status)
{
	const Units *u = context;
	double		total;
	double		mu = weighted_mean(u, tau2, &total);
	double		q = 0.0;

	(void) status;
	for (size_t i = 0; i < u->k; i++)
		q += (u->y[i] - mu) * (u->y[i] - mu) / (u->v[i] + tau2);
	return q - u->target;
}

/* Smallest sampling variance: the unit in which tau2 is searched. */
static double
smallest_variance(const Units *u)
{
	double		v = u->v[0];

	for (size_t i = 1; i < u->k; i++)
		v = fmin(v, u->v[i]);
	return v;
}

/* Solve Q(tau2) = target, 0 when Q(0) is already below it. */
static CdStatus
solve_q(Units *u, double target, double *tau2)
{
	CdStatus	status = CD_OK;
	double		high = smallest_variance(u);

	u->target = target;
	*tau2 = 0.0;
	if (q_excess(0.0, u, &status) <= 0.0)
		return CD_OK;
	status = cd_expand(q_excess, u, 10.0, &high);
	if (status != CD_OK)
		return status;
	return cd_solve(q_excess, u, 0.0, high, tau2);
}

/* Start value of the Sidik-Jonkman estimator: variance of the estimates, divisor k. */
static double
raw_variance(const Units *u, double divisor)
{
	double		mean = 0.0;
	double		ss = 0.0;

	for (size_t i = 0; i < u->k; i++)
		mean += (u->y[i] - u->y[0]) / (double) u->k;
	for (size_t i = 0; i < u->k; i++)
		ss += (u->y[i] - u->y[0] - mean) * (u->y[i] - u->y[0] - mean);
	return ss / divisor;
}

/* Hedges: raw variance less the mean sampling variance. */
static double
hedges(const Units *u)
{
	double		mean_v = 0.0;

	for (size_t i = 0; i < u->k; i++)
		mean_v += u->v[i] / (double) u->k;
	return fmax(0.0, raw_variance(u, (double) u->k - 1.0) - mean_v);
}

/* tau2 by any method; k >= 2 and checked input. */
static CdStatus
estimate_tau2(Units *u, CdTau2Method method, double *tau2)
{
	double		df = (double) u->k - 1.0;
	double		start;
	Sums		s;

	*tau2 = 0.0;
	switch (method)
	{
		case CD_TAU2_REML:
		case CD_TAU2_ML:
			u->restricted = method == CD_TAU2_REML;
			return cd_maximise_likelihood(score, deviance, u, smallest_variance(u), tau2);
		case CD_TAU2_PM:
			return solve_q(u, df, tau2);
		case CD_TAU2_DL:
			s = sums_at(u, 0.0);
			*tau2 = fmax(0.0, (s.q - df) / (s.w - s.w2 / s.w));
			return CD_OK;
		case CD_TAU2_HE:
			*tau2 = hedges(u);
			return CD_OK;
		case CD_TAU2_SJ:
			start = raw_variance(u, (double) u->k);
			if (start > 0.0)
			{
				s = sums_at(u, start);
				*tau2 = start * s.q / df;
			}
			return CD_OK;
		case CD_TAU2_FE:
			return CD_OK;
	}
	return CD_BAD_INPUT;
}

/* tau2 alone. */
CdStatus
cd_tau2(const double *y, const double *v, size_t k, CdTau2Method method, double *tau2)
{
	Units		u = {y, v, k, true, 0.0};
	CdStatus	status = check_units(y, v, k);

	if (status != CD_OK)
		return status;
	if (k < 2)
		return CD_TOO_FEW;
	return estimate_tau2(&u, method, tau2);
}

/*
 * Standard error of a moment estimator scale * (y'Py - constant), P from the weights
 * 1 / (v + offset), or from equal weights when offset is infinite.
 */
static double
moment_se(const Units *u, double offset, double tau2, double scale)
{
	double		a = 0.0;
	double		a2s2 = 0.0;
	double		a3s2 = 0.0;
	double		a2s = 0.0;

	for (size_t i = 0; i < u->k; i++)
	{
		double		w = isinf(offset) ? 1.0 : 1.0 / (u->v[i] + offset);
		double		s = u->v[i] + tau2;

		a += w;
		a2s2 += w * w * s * s;
		a3s2 += w * w * w * s * s;
		a2s += w * w * s;
	}
	return scale * sqrt(2.0 * (a2s2 - 2.0 * a3s2 / a + a2s * a2s / (a * a)));
}

/* Standard error of tau2 as customary for each estimator. */
static double
tau2_se(const Units *u, CdTau2Method method, double tau2)
{
	double		k = (double) u->k;
	Sums		s = sums_at(u, tau2);
	Sums		fixed = sums_at(u, 0.0);
	double		start;

	switch (method)
	{
		case CD_TAU2_REML:
			return sqrt(2.0 / (s.w2 - 2.0 * s.w3 / s.w + (s.w2 / s.w) * (s.w2 / s.w)));
		case CD_TAU2_ML:
			return sqrt(2.0 / s.w2);
		case CD_TAU2_PM:
			return sqrt(2.0 * k * k / (k - 1.0)) / s.w;
		case CD_TAU2_DL:
			return moment_se(u, 0.0, tau2, 1.0 / (fixed.w - fixed.w2 / fixed.w));
		case CD_TAU2_HE:
			return moment_se(u, INFINITY, tau2, 1.0 / (k - 1.0));
		case CD_TAU2_SJ:
			start = raw_variance(u, k);
			return start > 0.0 ? moment_se(u, start, tau2, start / (k - 1.0)) : NAN;
		case CD_TAU2_FE:
			return NAN;
	}
	return NAN;
}

/* Both Q-profile ends for checked input. */
static CdStatus
q_profile(Units *u, double level, double *low, double *high)
{
	double		df = (double) u->k - 1.0;
	double		tail = 0.5 * (1.0 - level);
	double		quantile;
	CdStatus	status = cd_chisq_quantile(1.0 - tail, df, &quantile);

	if (status == CD_OK)
		status = solve_q(u, quantile, low);
	if (status == CD_OK)
		status = cd_chisq_quantile(tail, df, &quantile);
	if (status == CD_OK)
		status = solve_q(u, quantile, high);
	return status;
}

/* Everything not available. */
static void
clear(CdHeterogeneity *out)
{
	double	   *field = (double *) out;

	for (size_t i = 0; i < sizeof(*out) / sizeof(double); i++)
		field[i] = NAN;
}

/* Q and the shares of variance that are between units. */
static void
fill_heterogeneity(const Units *u, CdTau2Method method, CdHeterogeneity *out)
{
	double		df = out->k - 1.0;
	Sums		fixed = sums_at(u, 0.0);
	double		typical = df / (fixed.w - fixed.w2 / fixed.w);

	out->q = fixed.q;
	out->q_p = gsl_cdf_chisq_Q(fixed.q, df);
	if (method == CD_TAU2_FE)
	{
		out->i2 = fixed.q > 0.0 ? fmax(0.0, (fixed.q - df) / fixed.q) : 0.0;
		out->h2 = fixed.q / df;
	}
	else
	{
		out->i2 = out->tau2 / (out->tau2 + typical);
		out->h2 = out->tau2 / typical + 1.0;
	}
}

/* Knapp-Hartung and prediction intervals. */
static CdStatus
fill_intervals(const Sums *s, double level, CdHeterogeneity *out)
{
	double		df = out->k - 1.0;
	double		spread = sqrt(out->se * out->se + out->tau2);
	double		z = cd_normal_multiplier(level);
	double		t;
	CdStatus	status = cd_t_multiplier(level, df, &t);

	if (status != CD_OK)
		return status;
	out->kh_q = s->q / df;
	out->kh_se = out->se * sqrt(out->kh_q);
	out->kh_low = out->mu - t * out->kh_se;
	out->kh_high = out->mu + t * out->kh_se;
	if (out->kh_se > 0.0)
		out->kh_p = 2.0 * gsl_cdf_tdist_Q(fabs(out->mu) / out->kh_se, df);
	out->predict_normal_low = out->mu - z * spread;
	out->predict_normal_high = out->mu + z * spread;
	if (out->k < 3.0)
		return CD_OK;
	status = cd_t_multiplier(level, out->k - 2.0, &t);
	out->predict_low = out->mu - t * spread;
	out->predict_high = out->mu + t * spread;
	return status;
}

/* Mean with its normal interval. */
static void
fill_mean(const Sums *s, double level, CdHeterogeneity *out)
{
	double		z = cd_normal_multiplier(level);

	out->mu = s->mu;
	out->se = 1.0 / sqrt(s->w);
	out->mu_low = out->mu - z * out->se;
	out->mu_high = out->mu + z * out->se;
}

/* The whole analysis. */
CdStatus
cd_heterogeneity(const double *y, const double *v, size_t k, CdTau2Method method, double level,
				 CdHeterogeneity *out)
{
	Units		u = {y, v, k, true, 0.0};
	CdStatus	status = check_units(y, v, k);
	double		tau2 = 0.0;
	Sums		s;

	clear(out);
	if (status != CD_OK)
		return status;
	if (!(level > 0.0 && level < 1.0))
		return CD_BAD_INPUT;
	out->k = (double) k;
	if (k > 1)
	{
		status = estimate_tau2(&u, method, &tau2);
		if (status != CD_OK)
			return status;
	}
	s = sums_at(&u, tau2);
	fill_mean(&s, level, out);
	if (k == 1)
		return CD_OK;
	out->tau2 = tau2;
	out->se_tau2 = tau2_se(&u, method, tau2);
	fill_heterogeneity(&u, method, out);
	status = fill_intervals(&s, level, out);
	if (status != CD_OK)
		return status;
	return q_profile(&u, level, &out->tau2_low, &out->tau2_high);
}

/* Shrunken estimate with Morris's variance. */
void
cd_heterogeneity_morris(const CdHeterogeneity *fit, double y, double v,
						double *estimate, double *se, double *weight)
{
	double		b;
	double		slope;
	double		var_b;

	if (isnan(fit->tau2))
	{
		*estimate = y;
		*se = sqrt(v);
		*weight = 1.0;
		return;
	}
	b = fit->tau2 / (fit->tau2 + v);
	slope = v / ((fit->tau2 + v) * (fit->tau2 + v));
	var_b = isnan(fit->se_tau2) ? 0.0 : slope * slope * fit->se_tau2 * fit->se_tau2;
	*estimate = b * y + (1.0 - b) * fit->mu;
	*se = sqrt(b * v + (1.0 - b) * (1.0 - b) * fit->se * fit->se
			   + (y - fit->mu) * (y - fit->mu) * var_b);
	*weight = b;
}
