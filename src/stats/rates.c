/*
 * rates.c: binomial-normal random intercepts. Each unit's likelihood is one integral, taken by
 * the trapezoidal rule, which for an analytic integrand that is gone at both ends is exact to
 * rounding (Trefethen & Weideman 2014). Its moments give the derivatives.
 */
#include <math.h>

#include <gsl/gsl_math.h>
#include <gsl/gsl_sf_psi.h>

#include "stats/rates.h"
#include "stats/solve.h"

#define SCAN_POINTS 14
#define SCAN_FROM 0.02
#define NEGLIGIBLE_TAU 1e-3		/* logits; a likelihood that falls here is at the boundary */
#define NEWTON_ITERATIONS 100
#define CENTRE_TOLERANCE 0.3	/* of the integrand's standard deviation, and logits */
#define MU_TOLERANCE 3e-3		/* logits; what a last step of third order leaves is its cube */
#define TAU_TOLERANCE 1e-6		/* of tau, likewise */
#define SLOPE_TOLERANCE 1e-7	/* logits, where the slope in tau is asked for: it has no such last step */
#define SCAN_TOLERANCE 0.03		/* logits; enough to see which tau is best */
#define STEP 0.8			/* of the integrand's standard deviation */
#define LONGEST_POINT 0.25		/* logits from one point to the next */
#define NEGLIGIBLE 1e-10		/* weight of a last point; the integrand is log-concave */
#define LONGEST_STEP 2.0		/* logits */

typedef struct Units
{
	const double *x;
	const double *n;
	size_t		k;
	bool		restricted;
	double		mu;				/* last solution, at tau, and its slope in tau: the next start */
	double		tau;
	double		slope;
} Units;

/* Log likelihood of all units with its derivatives. */
typedef struct Marginal
{
	double		log_likelihood;
	double		d_mu;
	double		d_tau;
	double		information;	/* minus the second derivative in mu */
	double		information_mu; /* its derivatives */
	double		information_mu_mu;
	double		information_tau;
	double		d_mu_tau;
	double		d_tau_tau;
} Marginal;

static double
logistic(double eta)
{
	return eta >= 0.0 ? 1.0 / (1.0 + exp(-eta)) : exp(eta) / (1.0 + exp(eta));
}

/* Successes within trials, all finite. */
static CdStatus
check_units(const double *x, const double *n, size_t k)
{
	for (size_t i = 0; i < k; i++)
	{
		if (!isfinite(x[i]) || !isfinite(n[i]) || n[i] < 0.0 || x[i] < 0.0 || x[i] > n[i])
			return CD_BAD_INPUT;
	}
	return CD_OK;
}

/* Newton's method for a falling function, kept inside the bracket seen so far. */
typedef struct Bracket
{
	double		low;
	double		high;
} Bracket;

/* Move *x; true when it was settled to the tolerance before, which the last step squares. */
static bool
newton_step(Bracket *b, double *x, double value, double slope, double longest, double tolerance)
{
	double		step = fmax(-longest, fmin(longest, slope > 0.0 ? value / slope : value * HUGE_VAL));
	double		next = *x + step;

	if (fabs(step) <= tolerance)
	{
		*x = next;
		return true;
	}
	if (value > 0.0)
		b->low = *x;
	else
		b->high = *x;
	if (next <= b->low || next >= b->high)
		next = 0.5 * (b->low + b->high);
	*x = next;
	return false;
}

/* Mode of x eta - n log(1 + e^eta) - z^2 / 2 in z, eta = mu + tau z, to a part of its curvature sd. */
static CdStatus
find_mode(double x, double n, double mu, double tau, double tolerance, double *mode, double *sd)
{
	Bracket		b = {-INFINITY, INFINITY};

	*mode = 0.0;
	for (int i = 0; i < NEWTON_ITERATIONS; i++)
	{
		double		p = logistic(mu + tau * *mode);
		double		information = 1.0 + tau * tau * n * p * (1.0 - p);

		*sd = 1.0 / sqrt(information);
		if (newton_step(&b, mode, tau * (x - n * p) - *mode, information, LONGEST_STEP / fmax(tau, 1.0),
						tolerance * fmin(*sd, 1.0 / tau)))
			return CD_OK;
	}
	return CD_NO_CONVERGENCE;
}

/* One unit's integral around a centre, where its integrand is 1 and distances (in z) and residuals count from. */
typedef struct Integral
{
	double		n;
	double		tau;
	double		rate;			/* at the centre */
	double		slope;			/* x tau - centre */
	double		total;
	double		d;				/* sums of weight times distance, its powers, */
	double		dd;
	double		ddd;
	double		r;				/* and the residual with them */
	double		rd;
	double		rdd;
	double		rddd;
} Integral;

/* Add a point at a distance, odds times those of the centre; its weight shows when enough is enough. */
static double
add_point(Integral *in, double distance, double odds)
{
	double		ratio = 1.0 + in->rate * (odds - 1.0);
	double		weight = exp(distance * (in->slope - 0.5 * distance) - in->n * log(ratio));
	double		d = weight * distance;
	double		dd = d * distance;
	double		ddd = dd * distance;
	double		r = in->n * in->rate * (1.0 - odds / ratio);

	in->total += weight;
	in->d += d;
	in->dd += dd;
	in->ddd += ddd;
	in->r += weight * r;
	in->rd += d * r;
	in->rdd += dd * r;
	in->rddd += ddd * r;
	return weight;
}

/* Points to both sides of the centre; the sums become means. */
static void
integrate(Integral *in, double step)
{
	double		up = exp(in->tau * step);
	double		odds = 1.0;

	for (int i = 0; add_point(in, i * step, odds) > NEGLIGIBLE * in->total; i++)
		odds *= up;
	odds = 1.0 / up;
	for (int i = 1; add_point(in, -i * step, odds) > NEGLIGIBLE * in->total; i++)
		odds /= up;
	in->d /= in->total;
	in->dd /= in->total;
	in->ddd /= in->total;
	in->r /= in->total;
	in->rd /= in->total;
	in->rdd /= in->total;
	in->rddd /= in->total;
}

/*
 * Add one unit's derivatives. The density of eta is tilted by (eta - mu) / tau^2 as mu grows and by
 * (eta - mu)^2 / tau^3 as tau does, so that each derivative is one cumulant more, here of residual r
 * and distance d: the information is -cov(r, z) / tau.
 */
static void
add_derivatives(const Integral *in, double centre, double residual, Marginal *m)
{
	double		tau = in->tau;
	double		r_d = in->rd - in->r * in->d;
	double		r_dd = in->rdd - in->r * in->dd;
	double		r_d_d = r_dd - 2.0 * in->d * r_d;
	double		r_d_d_d = in->rddd - in->r * in->ddd - 3.0 * (in->d * r_d_d + in->dd * r_d);
	double		r_d_dd = in->rddd - in->r * in->ddd - in->d * in->rdd - in->dd * in->rd + 2.0 * in->r * in->d * in->dd;
	double		z = centre + in->d;
	double		mean_residual = residual + in->r;
	double		information = -r_d / tau;
	double		information_tau = -(r_d_dd + 2.0 * centre * r_d_d) / (tau * tau) - 2.0 * information / tau;
	double		d_mu_tau = (r_dd + 2.0 * centre * r_d) / tau;

	m->d_mu += mean_residual;
	m->d_tau += mean_residual * z + r_d;
	m->information += information;
	m->information_mu -= r_d_d / (tau * tau);
	m->information_mu_mu -= r_d_d_d / (tau * tau * tau);
	m->information_tau += information_tau;
	m->d_mu_tau += d_mu_tau;
	m->d_tau_tau += 2.0 * z * d_mu_tau + mean_residual * mean_residual - information - tau * information_tau;
}

/* Log likelihood of a rate, its binomial coefficient left out. */
static double
log_binomial(double x, double n, double eta)
{
	return x * eta - n * (fmax(eta, 0.0) + log1p(exp(-fabs(eta))));
}

/* Add one unit's integral and its derivatives. */
static CdStatus
add_unit(double x, double n, double mu, double tau, Marginal *m)
{
	double		centre;
	double		sd;
	double		step;
	double		eta;
	Integral	in = {.n = n, .tau = tau};
	CdStatus	status = find_mode(x, n, mu, tau, CENTRE_TOLERANCE, &centre, &sd);

	if (status != CD_OK)
		return status;
	eta = mu + tau * centre;
	step = fmin(STEP * sd, LONGEST_POINT / tau);
	in.rate = logistic(eta);
	in.slope = x * tau - centre;
	integrate(&in, step);
	m->log_likelihood += log_binomial(x, n, eta) - 0.5 * centre * centre + log(in.total * step / sqrt(2.0 * M_PI));
	add_derivatives(&in, centre, x - n * in.rate, m);
	return CD_OK;
}

/* Add one unit where all are alike; derivatives in tau vanish, or are not asked for. */
static void
add_alike(double x, double n, double mu, Marginal *m)
{
	double		p = logistic(mu);

	m->log_likelihood += log_binomial(x, n, mu);
	m->d_mu += x - n * p;
	m->information += n * p * (1.0 - p);
	m->information_mu += n * p * (1.0 - p) * (1.0 - 2.0 * p);
	m->information_mu_mu += n * p * (1.0 - p) * (1.0 - 6.0 * p * (1.0 - p));
}

/* All units at (mu, tau). */
static CdStatus
marginal_at(const Units *u, double mu, double tau, Marginal *m)
{
	CdStatus	status = CD_OK;

	*m = (Marginal) {0};
	for (size_t i = 0; i < u->k && status == CD_OK; i++)
	{
		if (u->n[i] > 0.0 && tau > 0.0)
			status = add_unit(u->x[i], u->n[i], mu, tau, m);
		else if (u->n[i] > 0.0)
			add_alike(u->x[i], u->n[i], mu, m);
		if (i % 64 == 0 && cd_stop_requested())
			return CD_STOPPED;
	}
	return status;
}

/* The last, small step: to where the slope with its two derivatives is 0. Returns it. */
static double
last_step(Marginal *m)
{
	double		step = m->d_mu / m->information;

	step = m->d_mu / (m->information + 0.5 * step * m->information_mu);
	m->log_likelihood += step * (m->d_mu - step * (0.5 * m->information + step * m->information_mu / 6.0));
	m->d_tau += step * (m->d_mu_tau - 0.5 * step * m->information_tau);
	m->d_mu_tau -= step * m->information_tau;
	m->information += step * (m->information_mu + 0.5 * step * m->information_mu_mu);
	m->information_mu += step * m->information_mu_mu;
	return step;
}

/* Maximise over mu at a given tau; the log likelihood is concave in mu. */
static CdStatus
maximise_mu(Units *u, double tau, double tolerance, Marginal *m)
{
	Bracket		b = {-INFINITY, INFINITY};

	u->mu += u->slope * (tau - u->tau);
	for (int i = 0; i < NEWTON_ITERATIONS; i++)
	{
		double		from = u->mu;
		CdStatus	status = marginal_at(u, from, tau, m);

		if (status != CD_OK)
			return status;
		if (newton_step(&b, &u->mu, m->d_mu, m->information, LONGEST_STEP, tolerance))
		{
			u->mu = from + last_step(m);
			u->tau = tau;
			u->slope = m->d_mu_tau / m->information;
			return CD_OK;
		}
	}
	return CD_NO_CONVERGENCE;
}

/* Log likelihood with mu maximised or, when restricted, integrated out. */
static double
profile(const Units *u, const Marginal *m)
{
	return m->log_likelihood - (u->restricted ? 0.5 * log(m->information) : 0.0);
}

/* Its derivative in tau. */
static double
profile_slope(const Units *u, const Marginal *m)
{
	return m->d_tau - (u->restricted ? 0.5 * (m->information_tau + u->slope * m->information_mu) / m->information : 0.0);
}

/* Start mu at the pooled logit; CD_TOO_FEW when it is infinite. */
static CdStatus
prepare(const double *x, const double *n, size_t k, bool restricted, Units *u)
{
	double		successes = 0.0;
	double		trials = 0.0;
	CdStatus	status = check_units(x, n, k);

	if (status != CD_OK)
		return status;
	for (size_t i = 0; i < k; i++)
	{
		successes += x[i];
		trials += n[i];
	}
	if (successes <= 0.0 || successes >= trials)
		return CD_TOO_FEW;
	*u = (Units) {
		.x = x, .n = n, .k = k, .restricted = restricted,
		.mu = log(successes / (trials - successes))
	};
	return CD_OK;
}

/* Point of the logarithmic scan of tau; before the first lies what counts as 0. */
static double
scan_tau(int i)
{
	if (i < 0)
		return NEGLIGIBLE_TAU;
	return SCAN_FROM * pow(CD_RATES_MAX_TAU / SCAN_FROM, fmin(1.0, i / (SCAN_POINTS - 1.0)));
}

/* The best point of the scan; -1 is tau = 0. */
static CdStatus
scan(Units *u, int *best)
{
	Marginal	m;
	double		highest = -INFINITY;
	CdStatus	status = CD_OK;

	*best = -1;
	for (int i = -1; i < SCAN_POINTS && status == CD_OK; i++)
	{
		status = maximise_mu(u, i < 0 ? 0.0 : scan_tau(i), SCAN_TOLERANCE, &m);
		if (status == CD_OK && profile(u, &m) > highest)
		{
			highest = profile(u, &m);
			*best = i;
		}
	}
	return status;
}

/* Zero of the slope between two limits, by Newton's method; its own slope from the last two. */
static CdStatus
solve_slope(Units *u, double low, double high, double *tau)
{
	Bracket		b = {low, high};
	double		last = NAN;
	double		value_last = NAN;

	for (int i = 0; i < NEWTON_ITERATIONS; i++)
	{
		Marginal	m;
		double		here = *tau;
		CdStatus	status = maximise_mu(u, here, SLOPE_TOLERANCE, &m);
		double		value = profile_slope(u, &m);
		double		fall = i == 0 ? -m.d_tau_tau - m.d_mu_tau * u->slope : (value_last - value) / (here - last);

		if (status != CD_OK)
			return status;
		if (newton_step(&b, tau, value, fall, INFINITY, TAU_TOLERANCE * here))
			return CD_OK;
		last = here;
		value_last = value;
	}
	return CD_NO_CONVERGENCE;
}

/* The maximum between the neighbours of the best point of the scan. */
static CdStatus
maximise_tau(Units *u, double *tau)
{
	Marginal	m;
	int			best;
	CdStatus	status = scan(u, &best);

	*tau = best < 0 ? 0.0 : scan_tau(best);
	if (status == CD_OK && best == SCAN_POINTS - 1)
	{
		status = maximise_mu(u, *tau, SLOPE_TOLERANCE, &m);
		if (profile_slope(u, &m) >= 0.0)
			return status;
	}
	return status == CD_OK && best >= 0 ? solve_slope(u, scan_tau(best - 1), scan_tau(best + 1), tau) : status;
}

/* Standard errors from the observed information. */
static void
fill_errors(const Marginal *m, CdRates *out)
{
	double		determinant = -m->information * m->d_tau_tau - m->d_mu_tau * m->d_mu_tau;

	out->se_mu = 1.0 / sqrt(m->information);
	out->se_tau = NAN;
	out->cov_mu_tau = 0.0;
	if (out->boundary || out->unbounded || !(determinant > 0.0 && m->d_tau_tau < 0.0))
		return;
	out->se_mu = sqrt(-m->d_tau_tau / determinant);
	out->se_tau = sqrt(m->information / determinant);
	out->cov_mu_tau = m->d_mu_tau / determinant;
}

/* Maximum or restricted maximum likelihood. */
CdStatus
cd_rates_fit(const double *x, const double *n, size_t k, bool restricted, CdRates *out)
{
	Units		u;
	Marginal	m;
	CdStatus	status = prepare(x, n, k, restricted, &u);

	if (status != CD_OK)
		return status;
	out->k = 0.0;
	for (size_t i = 0; i < k; i++)
		out->k += n[i] > 0.0;
	if (out->k < 2.0)
		return CD_TOO_FEW;
	status = maximise_tau(&u, &out->tau);
	if (status == CD_OK)
		status = maximise_mu(&u, out->tau, SLOPE_TOLERANCE, &m);
	if (status != CD_OK)
		return status;
	out->mu = u.mu;
	out->log_likelihood = profile(&u, &m);
	out->boundary = out->tau == 0.0;
	out->unbounded = out->tau >= 0.999 * CD_RATES_MAX_TAU;
	fill_errors(&m, out);
	return CD_OK;
}

/* Units, and the answer at the largest tau, beyond which nothing changes any more. */
typedef struct RatesModel
{
	Units		u;
	bool		at_limit;
	Marginal	limit;
} RatesModel;

/* mu given tau by Laplace's method. */
static CdStatus
rates_model(double tau, void *context, double *log_likelihood, double *mean, double *sd)
{
	RatesModel *r = context;
	Marginal	m = r->limit;
	CdStatus	status = CD_OK;

	if (tau < CD_RATES_MAX_TAU)
	{
		r->at_limit = false;
		status = maximise_mu(&r->u, tau, MU_TOLERANCE, &m);
	}
	else if (!r->at_limit)
	{
		r->at_limit = true;
		status = maximise_mu(&r->u, CD_RATES_MAX_TAU, MU_TOLERANCE, &m);
		r->limit = m;
	}
	*mean = r->u.mu;
	*sd = 1.0 / sqrt(m.information);
	*log_likelihood = profile(&r->u, &m);
	return status;
}

/* Standard error of a unit's logit, in the mean of their precisions. */
static double
typical_noise(const double *x, const double *n, size_t k)
{
	double		successes = 0.5;
	double		trials = 1.0;

	for (size_t i = 0; i < k; i++)
	{
		successes += x[i];
		trials += n[i];
	}
	return sqrt((double) k * trials / (successes * (trials - successes)));
}

/* Posterior over tau. */
CdStatus
cd_rates_posterior(const double *x, const double *n, size_t k, double prior_scale,
				   CdSharePosterior *out)
{
	RatesModel	r = {.at_limit = false};
	CdStatus	status = prepare(x, n, k, true, &r.u);

	return status == CD_OK
		? cd_share_model_posterior(rates_model, &r, prior_scale, typical_noise(x, n, k), out) : status;
}

/*
 * Moments of the true rate by the trapezoidal rule, which for an analytic function under
 * a Gaussian is exact to rounding once the step resolves the poles of the logistic.
 */
CdStatus
cd_rates_moments(double mu, double tau, double *mean, double *sd)
{
	double		step = fmin(0.5, 0.5 / fmax(tau, 0.01));
	double		weights = 0.0;
	double		sum = 0.0;
	double		squares = 0.0;

	if (!isfinite(mu) || !isfinite(tau) || tau < 0.0 || tau > 2.0 * CD_RATES_MAX_TAU)
		return CD_BAD_INPUT;
	for (double z = -9.0; z <= 9.0; z += step)
	{
		double		w = exp(-0.5 * z * z);

		weights += w;
		sum += w * logistic(mu + tau * z);
	}
	*mean = sum / weights;
	for (double z = -9.0; z <= 9.0; z += step)
	{
		double		d = logistic(mu + tau * z) - *mean;

		squares += exp(-0.5 * z * z) * d * d;
	}
	*sd = tau > 0.0 ? sqrt(squares / weights) : 0.0;
	return CD_OK;
}

/* What an end of the interval of tau is sought from. */
typedef struct LikelihoodRatio
{
	Units		u;
	double		tau;			/* the estimate, and its log likelihood */
	double		best;
	double		allowed;		/* root of twice what may be lost */
	double		se;				/* roughly */
} LikelihoodRatio;

/*
 * One end between the estimate and a limit, or the limit itself where that is inside. Newton's
 * method for the root of the likelihood ratio, which is nearly straight in tau.
 */
static CdStatus
interval_end(LikelihoodRatio *r, double limit, double *end, double *mu)
{
	double		out = limit > r->tau ? 1.0 : -1.0;
	Bracket		b = {out > 0.0 ? r->tau : -INFINITY, out > 0.0 ? INFINITY : r->tau};

	*end = fabs(limit - r->tau) <= r->allowed * r->se ? limit : r->tau + out * r->allowed * r->se;
	for (int i = 0; i < NEWTON_ITERATIONS; i++)
	{
		Marginal	m;
		double		here = *end;
		CdStatus	status = maximise_mu(&r->u, here, MU_TOLERANCE, &m);
		double		lost = sqrt(fmax(0.0, 2.0 * (r->best - profile(&r->u, &m))));
		double		slope = lost > 0.1 * r->allowed ? -out * profile_slope(&r->u, &m) / lost : 0.0;
		double		longest = fabs(limit - (here == limit ? r->tau : here));

		if (status != CD_OK)
			return status;
		if ((here == limit && lost <= r->allowed)
			|| newton_step(&b, end, out * (r->allowed - lost), slope, longest, TAU_TOLERANCE * here))
		{
			*mu = r->u.mu + r->u.slope * (*end - here);
			return CD_OK;
		}
	}
	return CD_NO_CONVERGENCE;
}

/* Mean of the likelihood ratio of a variance on df degrees of freedom; that of a chi-square would be 1. */
static double
bartlett(double df)
{
	return df * (log(0.5 * df) - gsl_sf_psi(0.5 * df));
}

/* Restricted likelihood ratio interval. */
CdStatus
cd_rates_tau_interval(const double *x, const double *n, size_t k,
					  const CdRates *restricted_fit, double level,
					  double *low, double *mu_low, double *high, double *mu_high)
{
	const CdRates *fit = restricted_fit;
	LikelihoodRatio r = {
		.tau = fit->tau, .best = fit->log_likelihood,
		.allowed = cd_normal_multiplier(level) * sqrt(bartlett(fit->k - 1.0)),
		.se = isnan(fit->se_tau) ? fit->se_mu : fit->se_tau
	};
	CdStatus	status = prepare(x, n, k, true, &r.u);

	if (status == CD_OK)
		status = interval_end(&r, 0.0, low, mu_low);
	return status == CD_OK ? interval_end(&r, CD_RATES_MAX_TAU, high, mu_high) : status;
}

/* Wilson's score interval. */
CdStatus
cd_wilson(double x, double n, double level, double *low, double *high)
{
	double		z = cd_normal_multiplier(level);
	double		p = x / n;
	double		centre = (x + 0.5 * z * z) / (n + z * z);
	double		half = z / (n + z * z) * sqrt(n * p * (1.0 - p) + 0.25 * z * z);

	if (!isfinite(x) || !isfinite(n) || n <= 0.0 || x < 0.0 || x > n)
		return CD_BAD_INPUT;
	*low = x <= 0.0 ? 0.0 : centre - half;
	*high = x >= n ? 1.0 : centre + half;
	return CD_OK;
}
