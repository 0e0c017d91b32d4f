/*
 * rates.c: binomial-normal random intercepts. Each unit's likelihood is one integral,
 * taken by Gauss-Hermite quadrature centred and scaled at its own mode.
 */
#include <math.h>

#include <gsl/gsl_integration.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sf_psi.h>

#include "stats/rates.h"
#include "stats/solve.h"

#define SCAN_POINTS 14
#define SCAN_FROM 0.02
#define NEGLIGIBLE_TAU 1e-3		/* logits; a likelihood that falls here is at the boundary */
#define NEWTON_ITERATIONS 100
#define NEWTON_TOLERANCE 1e-10
#define TAU_TOLERANCE 1e-9
#define SKEWED_TAU 1.5
#define SKEWED_SD 0.5			/* of a unit's own logit */
#define TRAPEZOID_STEP 0.4		/* logits */
#define NEGLIGIBLE 1e-16		/* share of the integral so far; the integrand is log-concave */
#define LONGEST_STEP 2.0		/* logits */
#define PRECISE_SD 0.35			/* logits; a unit known this well has an integrand for a few points */
#define PRECISE_POINTS 9

typedef struct Rule
{
	int			points;
	double		node[CD_RATES_POINTS];
	double		log_weight[CD_RATES_POINTS];	/* log weight plus node^2 */
} Rule;

typedef struct Units
{
	const double *x;
	const double *n;
	size_t		k;
	Rule		full;
	Rule		precise;
	bool		restricted;
	double		mu;				/* last solution, the next start */
} Units;

/* Log likelihood of all units and what its maximisation needs. */
typedef struct Marginal
{
	double		log_likelihood;
	double		d_mu;
	double		d_tau;
	double		information;	/* minus the second derivative in mu */
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

/* Quadrature rule for the weight exp(-t^2). */
static CdStatus
hermite_rule(int points, Rule *rule)
{
	gsl_integration_fixed_workspace *table =
		gsl_integration_fixed_alloc(gsl_integration_fixed_hermite, points, 0.0, 1.0, 0.0, 0.0);

	if (table == NULL)
		return CD_NOMEM;
	rule->points = points;
	for (int j = 0; j < points; j++)
	{
		double		t = gsl_integration_fixed_nodes(table)[j];

		rule->node[j] = t;
		rule->log_weight[j] = log(gsl_integration_fixed_weights(table)[j]) + t * t;
	}
	gsl_integration_fixed_free(table);
	return CD_OK;
}

/* Newton's method for a falling function, kept inside the bracket seen so far. */
typedef struct Bracket
{
	double		low;
	double		high;
} Bracket;

/* Move *x; true when it has settled. */
static bool
newton_step(Bracket *b, double *x, double value, double slope, double longest)
{
	double		step = fmax(-longest, fmin(longest, slope > 0.0 ? value / slope : value * HUGE_VAL));
	double		next = *x + step;

	if (fabs(step) <= NEWTON_TOLERANCE * (1.0 + fabs(*x)))
		return true;
	if (value > 0.0)
		b->low = *x;
	else
		b->high = *x;
	if (next <= b->low || next >= b->high)
		next = 0.5 * (b->low + b->high);
	if (fabs(next - *x) <= NEWTON_TOLERANCE * (1.0 + fabs(*x)))
		return true;
	*x = next;
	return false;
}

/* Mode of x eta - n log(1 + e^eta) - z^2 / 2 in z, eta = mu + tau z, and its curvature sd. */
static CdStatus
find_mode(double x, double n, double mu, double tau, double *mode, double *sd)
{
	Bracket		b = {-INFINITY, INFINITY};
	double		z = 0.0;

	for (int i = 0; i < NEWTON_ITERATIONS; i++)
	{
		double		p = logistic(mu + tau * z);
		double		information = 1.0 + tau * tau * n * p * (1.0 - p);

		if (newton_step(&b, &z, tau * (x - n * p) - z, information, LONGEST_STEP / fmax(tau, 1.0)))
		{
			*mode = z;
			*sd = 1.0 / sqrt(information);
			return CD_OK;
		}
	}
	return CD_NO_CONVERGENCE;
}

/* One unit's integral, relative to its integrand at the mode. */
typedef struct Integral
{
	double		x;
	double		n;
	double		mu;
	double		tau;
	double		peak;			/* log integrand at the mode */
	double		total;
	double		residual;
	double		residual_z;
	double		spread;
} Integral;

/* Log of the integrand, and the rate at that point. */
static double
log_integrand(const Integral *in, double z, double *rate)
{
	double		eta = in->mu + in->tau * z;
	double		e = exp(-fabs(eta));

	*rate = (eta >= 0.0 ? 1.0 : e) / (1.0 + e);
	return in->x * eta - in->n * ((eta > 0.0 ? eta : 0.0) + log(1.0 + e)) - 0.5 * z * z;
}

/* Add one quadrature point; its weight shows when enough is enough. */
static double
add_point(Integral *in, double z, double log_weight)
{
	double		p;
	double		weight = exp(log_weight + log_integrand(in, z, &p) - in->peak);
	double		r = in->x - in->n * p;

	in->total += weight;
	in->residual += weight * r;
	in->residual_z += weight * r * z;
	in->spread += weight * (in->n * p * (1.0 - p) - r * r);
	return weight;
}

/*
 * A unit near 0 or 1 under a large tau has a skewed integrand that 25 points miss: there
 * the trapezoidal rule, exact to rounding for this integrand, takes over.
 */
static void
integrate(const Units *u, Integral *in, double mode, double sd)
{
	double		step = TRAPEZOID_STEP / in->tau;
	double		log_step = log(step);
	double		log_sd = log(M_SQRT2 * sd);

	if (in->tau <= SKEWED_TAU || in->tau * sd <= SKEWED_SD)
	{
		const Rule *rule = in->tau * sd <= PRECISE_SD ? &u->precise : &u->full;

		for (int j = 0; j < rule->points; j++)
			add_point(in, mode + M_SQRT2 * sd * rule->node[j], rule->log_weight[j] + log_sd);
		return;
	}
	for (double z = mode; add_point(in, z, log_step) > NEGLIGIBLE * in->total; z += step)
		;
	for (double z = mode - step; add_point(in, z, log_step) > NEGLIGIBLE * in->total; z -= step)
		;
}

/* Add one unit's integral and its derivatives. */
static CdStatus
add_unit(const Units *u, size_t unit, double mu, double tau, Marginal *m)
{
	Integral	in = {.x = u->x[unit], .n = u->n[unit], .mu = mu, .tau = tau};
	double		mode;
	double		sd;
	double		rate;
	CdStatus	status = find_mode(in.x, in.n, mu, tau, &mode, &sd);

	if (status != CD_OK)
		return status;
	in.peak = log_integrand(&in, mode, &rate);
	integrate(u, &in, mode, sd);
	in.residual /= in.total;
	m->log_likelihood += in.peak + log(in.total / sqrt(2.0 * M_PI));
	m->d_mu += in.residual;
	m->d_tau += in.residual_z / in.total;
	m->information += in.spread / in.total + in.residual * in.residual;
	return CD_OK;
}

/* All units at (mu, tau). */
static CdStatus
marginal_at(const Units *u, double mu, double tau, Marginal *m)
{
	*m = (Marginal) {0};
	for (size_t i = 0; i < u->k; i++)
	{
		CdStatus	status = CD_OK;

		if (u->n[i] > 0.0)
			status = add_unit(u, i, mu, tau, m);
		if (status != CD_OK)
			return status;
		if (i % 64 == 0 && cd_stop_requested())
			return CD_STOPPED;
	}
	return CD_OK;
}

/* Maximise over mu at a given tau; the log likelihood is concave in mu. */
static CdStatus
maximise_mu(Units *u, double tau, Marginal *m)
{
	Bracket		b = {-INFINITY, INFINITY};

	for (int i = 0; i < NEWTON_ITERATIONS; i++)
	{
		CdStatus	status = marginal_at(u, u->mu, tau, m);

		if (status != CD_OK)
			return status;
		if (newton_step(&b, &u->mu, m->d_mu, m->information, LONGEST_STEP))
			return CD_OK;
	}
	return CD_NO_CONVERGENCE;
}

/* Log likelihood at tau with mu maximised or, when restricted, integrated out. */
static CdStatus
profile_at(Units *u, double tau, double *log_likelihood)
{
	Marginal	m;
	CdStatus	status = maximise_mu(u, tau, &m);

	*log_likelihood = m.log_likelihood;
	if (u->restricted)
		*log_likelihood -= 0.5 * log(m.information);
	return status;
}

/* Derivative of the restricted term in tau, numerically. */
static double
restricted_slope(Units *u, double tau, CdStatus *status)
{
	double		h = 1e-3 * tau;
	Marginal	above;
	Marginal	below;

	*status = maximise_mu(u, tau + h, &above);
	if (*status == CD_OK)
		*status = maximise_mu(u, tau - h, &below);
	return -0.25 * (log(above.information) - log(below.information)) / h;
}

/* Derivative of the profile log likelihood in tau. */
static double
tau_score(double tau, void *context, CdStatus *status)
{
	Units	   *u = context;
	Marginal	m;

	*status = maximise_mu(u, tau, &m);
	if (*status != CD_OK || !u->restricted)
		return m.d_tau;
	return m.d_tau + restricted_slope(u, tau, status);
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
	status = hermite_rule(PRECISE_POINTS, &u->precise);
	return status == CD_OK ? hermite_rule(CD_RATES_POINTS, &u->full) : status;
}

/* Point of the logarithmic scan of tau; before the first lies what counts as 0. */
static double
scan_tau(int i)
{
	if (i < 0)
		return NEGLIGIBLE_TAU;
	return SCAN_FROM * pow(CD_RATES_MAX_TAU / SCAN_FROM, fmin(1.0, i / (SCAN_POINTS - 1.0)));
}

/* Find the best point of the scan, 0 among them, then the maximum between its neighbours. */
static CdStatus
maximise_tau(Units *u, CdRates *out)
{
	int			at = -1;
	double		best;
	double		value;
	CdStatus	status = profile_at(u, 0.0, &best);

	for (int i = 0; i < SCAN_POINTS && status == CD_OK; i++)
	{
		status = profile_at(u, scan_tau(i), &value);
		if (value > best)
		{
			best = value;
			at = i;
		}
	}
	out->tau = at < 0 ? 0.0 : scan_tau(at);
	out->log_likelihood = best;
	if (status != CD_OK || at < 0)
		return status;
	if (at == SCAN_POINTS - 1 && tau_score(out->tau, u, &status) >= 0.0)
		return status;
	status = cd_solve_within(tau_score, u, scan_tau(at - 1), scan_tau(at + 1), TAU_TOLERANCE, &out->tau);
	return status == CD_OK ? profile_at(u, out->tau, &out->log_likelihood) : status;
}

/* Standard errors: numerical Hessian of the analytic gradient. */
static CdStatus
fill_errors(Units *u, CdRates *out)
{
	Marginal	m;
	Marginal	above;
	Marginal	below;
	double		h = 1e-4 * out->tau;
	double		tt;
	double		mt;
	double		determinant;
	CdStatus	status = marginal_at(u, out->mu, out->tau, &m);

	out->se_mu = 1.0 / sqrt(m.information);
	out->se_tau = NAN;
	out->cov_mu_tau = 0.0;
	if (status != CD_OK || out->boundary || out->unbounded)
		return status;
	status = marginal_at(u, out->mu, out->tau + h, &above);
	if (status == CD_OK)
		status = marginal_at(u, out->mu, out->tau - h, &below);
	tt = (below.d_tau - above.d_tau) / (2.0 * h);
	mt = (below.d_mu - above.d_mu) / (2.0 * h);
	determinant = m.information * tt - mt * mt;
	if (!(determinant > 0.0 && tt > 0.0))
		return status;
	out->se_mu = sqrt(tt / determinant);
	out->se_tau = sqrt(m.information / determinant);
	out->cov_mu_tau = -mt / determinant;
	return status;
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
	status = maximise_tau(&u, out);
	if (status == CD_OK)
		status = maximise_mu(&u, out->tau, &m);
	if (status != CD_OK)
		return status;
	out->mu = u.mu;
	out->boundary = out->tau == 0.0;
	out->unbounded = out->tau >= 0.999 * CD_RATES_MAX_TAU;
	return fill_errors(&u, out);
}

/* Mode of one unit's logit. */
CdStatus
cd_rates_mode(const CdRates *fit, double x, double n, double *logit, double *sd)
{
	double		z;
	CdStatus	status = find_mode(x, n, fit->mu, fit->tau, &z, sd);

	if (status != CD_OK)
		return status;
	*logit = fit->mu + fit->tau * z;
	*sd *= fit->tau;
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
		status = maximise_mu(&r->u, tau, &m);
	}
	else if (!r->at_limit)
	{
		r->at_limit = true;
		status = maximise_mu(&r->u, CD_RATES_MAX_TAU, &m);
		r->limit = m;
	}
	*mean = r->u.mu;
	*sd = 1.0 / sqrt(m.information);
	*log_likelihood = m.log_likelihood - 0.5 * log(m.information);
	return status;
}

/* Posterior over tau. */
CdStatus
cd_rates_posterior(const double *x, const double *n, size_t k, double prior_scale,
				   CdSharePosterior *out)
{
	RatesModel	r = {.at_limit = false};
	CdStatus	status = prepare(x, n, k, true, &r.u);

	return status == CD_OK ? cd_share_model_posterior(rates_model, &r, prior_scale, prior_scale, out) : status;
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

/* Likelihood ratio drop at tau beyond what the interval allows. */
typedef struct LikelihoodDrop
{
	Units		u;
	double		floor;			/* log likelihood at the ends of the interval */
} LikelihoodDrop;

static double
above_floor(double tau, void *context, CdStatus *status)
{
	LikelihoodDrop *d = context;
	double		value;

	*status = profile_at(&d->u, tau, &value);
	return value - d->floor;
}

/* One end between the estimate and a limit, or the limit itself. */
static CdStatus
interval_end(LikelihoodDrop *d, double tau, double limit, double *end, double *mu)
{
	CdStatus	status = CD_OK;
	double		at_limit = above_floor(limit, d, &status);

	*end = limit;
	if (status == CD_OK && at_limit < 0.0)
		status = cd_solve_within(above_floor, d, fmin(tau, limit), fmax(tau, limit),
								 TAU_TOLERANCE, end);
	if (status == CD_OK)
		above_floor(*end, d, &status);
	*mu = d->u.mu;
	return status;
}

/* Restricted likelihood ratio interval. */
/* Mean of the likelihood ratio of a variance on df degrees of freedom; that of a chi-square would be 1. */
static double
bartlett(double df)
{
	return df * (log(0.5 * df) - gsl_sf_psi(0.5 * df));
}

CdStatus
cd_rates_tau_interval(const double *x, const double *n, size_t k,
					  const CdRates *restricted_fit, double level,
					  double *low, double *mu_low, double *high, double *mu_high)
{
	LikelihoodDrop d;
	double		z = cd_normal_multiplier(level);
	CdStatus	status = prepare(x, n, k, true, &d.u);

	if (status != CD_OK)
		return status;
	d.floor = restricted_fit->log_likelihood - 0.5 * z * z * bartlett(restricted_fit->k - 1.0);
	status = interval_end(&d, restricted_fit->tau, 0.0, low, mu_low);
	if (status != CD_OK)
		return status;
	return interval_end(&d, restricted_fit->tau, CD_RATES_MAX_TAU, high, mu_high);
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
