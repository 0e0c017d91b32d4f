/*
 * did.c: see did.h. The effect is a weighted mean over the treated of the residual change
 * less one over the controls; methods differ in the weights and in what is regressed out.
 */
#include <math.h>
#include <string.h>

#include "stats/did.h"
#include "stats/linear.h"

#define MAX_STEPS 50
#define DEVIANCE_TOLERANCE 1e-8
#define DECREMENT_TOLERANCE 1e-16	/* one more Newton step from here is exact */
#define MAX_PROPENSITY 0.999

typedef struct Fit
{
	const CdDidData *data;
	size_t		p;				/* columns of the design, intercept included */
	bool		weighted;		/* controls are weighted by the odds of treatment */
	bool		regressed;		/* changes are regressed on the covariates */
	bool		tilted;			/* odds = exp(x b) by calibration */
	double		treated_weight; /* sum over the treated */
	double	   *design;			/* n x p */
	double	   *odds;			/* n; 1 without weighting */
	double	   *residual;		/* n */
	double	   *coefficient;	/* p */
	double	   *step;			/* p */
	double	   *trial;			/* p */
	double	   *information;	/* p x p, factor of the propensity's information */
	double	   *cross;			/* p x p, factor of the regression's cross-products */
} Fit;

/* Design, three columns, and p-sized parts. */
size_t
cd_did_scratch(size_t n, size_t covariates)
{
	size_t		p = covariates + 1;

	return n * p + 2 * n + 3 * p + 2 * p * p;
}

static double
weight_of(const CdDidData *data, size_t i)
{
	return data->weight != NULL ? data->weight[i] : 1.0;
}

/* Hand out the scratch. */
static void
lay_out(Fit *f, double *scratch)
{
	size_t		n = f->data->n;
	size_t		p = f->p;

	f->design = scratch;
	f->odds = f->design + n * p;
	f->residual = f->odds + n;
	f->coefficient = f->residual + n;
	f->step = f->coefficient + p;
	f->trial = f->step + p;
	f->information = f->trial + p;
	f->cross = f->information + p * p;
}

/* Inputs finite, weights positive, both groups there. */
static CdStatus
check(Fit *f)
{
	const CdDidData *d = f->data;
	size_t		controls = 0;

	f->treated_weight = 0.0;
	for (size_t i = 0; i < d->n; i++)
	{
		double		w = weight_of(d, i);

		if (!isfinite(d->change[i]) || !isfinite(w) || w <= 0.0)
			return CD_BAD_INPUT;
		for (size_t k = 0; k < d->covariates; k++)
			if (!isfinite(d->covariate[i * d->covariates + k]))
				return CD_BAD_INPUT;
		if (d->treated[i])
			f->treated_weight += w;
		else
			controls++;
	}
	return f->treated_weight > 0.0 && controls > 0 ? CD_OK : CD_TOO_FEW;
}

/* Intercept and covariates, each centred on its mean among the treated and scaled. */
static void
fill_design(Fit *f)
{
	const CdDidData *d = f->data;

	for (size_t k = 0; k < f->p; k++)
	{
		double		centre = 0.0;
		double		scale = 0.0;

		for (size_t i = 0; k > 0 && i < d->n; i++)
			if (d->treated[i])
				centre += weight_of(d, i) / f->treated_weight * d->covariate[i * d->covariates + k - 1];
		for (size_t i = 0; i < d->n; i++)
		{
			double		x = k == 0 ? 1.0 : d->covariate[i * d->covariates + k - 1] - centre;

			f->design[i * f->p + k] = x;
			scale = fmax(scale, fabs(x));
		}
		for (size_t i = 0; scale > 0.0 && i < d->n; i++)
			f->design[i * f->p + k] /= scale;
	}
}

/* Set the odds to exp(x b); false when one is out of range. */
static bool
set_odds(Fit *f, const double *b)
{
	for (size_t i = 0; i < f->data->n; i++)
	{
		f->odds[i] = exp(cd_dot(&f->design[i * f->p], b, f->p));
		if (!(f->odds[i] > 1e-300 && f->odds[i] < 1e15))
			return false;
	}
	return true;
}

/* Add w x x' to the information and w z x to the right-hand side. */
static void
add_row(Fit *f, size_t i, double w, double z)
{
	const double *x = &f->design[i * f->p];

	cd_add_outer(f->information, x, f->p, w);
	for (size_t k = 0; k < f->p; k++)
		f->step[k] += w * z * x[k];
}

static void
clear_sums(Fit *f)
{
	memset(f->step, 0, f->p * sizeof(double));
	memset(f->information, 0, f->p * f->p * sizeof(double));
}

/* Deviance of the logit at the present odds. */
static double
deviance(const Fit *f)
{
	double		sum = 0.0;

	for (size_t i = 0; i < f->data->n; i++)
		sum += 2.0 * weight_of(f->data, i) * (log1p(f->odds[i]) - (f->data->treated[i] ? log(f->odds[i]) : 0.0));
	return sum;
}

/* One weighted least squares step of the logit. */
static CdStatus
logit_step(Fit *f)
{
	CdStatus	status;

	clear_sums(f);
	for (size_t i = 0; i < f->data->n; i++)
	{
		double		mean = f->odds[i] / (1.0 + f->odds[i]);
		double		variance = mean / (1.0 + f->odds[i]);
		double		y = f->data->treated[i] ? 1.0 : 0.0;

		add_row(f, i, weight_of(f->data, i) * variance, log(f->odds[i]) + (y - mean) / variance);
	}
	status = cd_cholesky(f->information, f->p);
	if (status != CD_OK)
		return status;
	cd_cholesky_solve(f->information, f->p, f->step);
	memcpy(f->coefficient, f->step, f->p * sizeof(double));
	return set_odds(f, f->coefficient) ? CD_OK : CD_TOO_FEW;
}

/*
 * Logit by iterated weighted least squares, with the start, the stop (by deviance) and the
 * information (that of the last step) of R's glm: standard errors then agree with published
 * ones in every digit.
 */
static CdStatus
fit_logit(Fit *f)
{
	double		before;

	for (size_t i = 0; i < f->data->n; i++)
	{
		double		w = weight_of(f->data, i);

		f->odds[i] = f->data->treated[i] ? (w + 0.5) / 0.5 : 0.5 / (w + 0.5);
	}
	before = deviance(f);
	for (int i = 0; i < MAX_STEPS; i++)
	{
		CdStatus	status = logit_step(f);
		double		after = deviance(f);

		if (status != CD_OK)
			return status;
		if (fabs(after - before) < DEVIANCE_TOLERANCE * (fabs(after) + 0.1))
			return CD_OK;
		before = after;
		if (cd_stop_requested())
			return CD_STOPPED;
	}
	return CD_TOO_FEW;			/* coefficients run away: the groups are separated */
}

/*
 * Calibration criterion, to be maximised: mean x b of the treated less the controls' sum of
 * exp(x b). Its score is 0 where the weighted controls have the covariate means of the
 * treated (Graham, Pinto & Egel 2012).
 */
static double
tilt_criterion(Fit *f, const double *b)
{
	double		value = 0.0;

	if (!set_odds(f, b))
		return -INFINITY;
	for (size_t i = 0; i < f->data->n; i++)
	{
		double		w = weight_of(f->data, i) / f->treated_weight;

		value += w * (f->data->treated[i] ? log(f->odds[i]) : -f->odds[i]);
	}
	return value;
}

/* Newton direction of the calibration; its squared length by the information. */
static CdStatus
tilt_direction(Fit *f, double *decrement)
{
	CdStatus	status;

	clear_sums(f);
	for (size_t i = 0; i < f->data->n; i++)
	{
		double		w = weight_of(f->data, i) / f->treated_weight;

		if (!f->data->treated[i])
			add_row(f, i, w * f->odds[i], -1.0);
		else
			for (size_t k = 0; k < f->p; k++)
				f->step[k] += w * f->design[i * f->p + k];
	}
	status = cd_cholesky(f->information, f->p);
	if (status != CD_OK)
		return status;
	memcpy(f->trial, f->step, f->p * sizeof(double));
	cd_cholesky_solve(f->information, f->p, f->step);
	*decrement = cd_dot(f->trial, f->step, f->p);
	return CD_OK;
}

/* Calibrated odds by Newton's method from the logit's, steps halved while they worsen. */
static CdStatus
fit_tilt(Fit *f)
{
	double		value = tilt_criterion(f, f->coefficient);

	for (int i = 0; i < MAX_STEPS; i++)
	{
		double		decrement;
		double		next = -INFINITY;
		CdStatus	status = tilt_direction(f, &decrement);

		if (status != CD_OK)
			return status;
		for (double length = 1.0; length > 1e-6 && !(next >= value - 1e-12); length *= 0.5)
		{
			for (size_t k = 0; k < f->p; k++)
				f->trial[k] = f->coefficient[k] + length * f->step[k];
			next = tilt_criterion(f, f->trial);
		}
		if (!isfinite(next))
			return CD_TOO_FEW;
		memcpy(f->coefficient, f->trial, f->p * sizeof(double));
		value = next;
		if (decrement < DECREMENT_TOLERANCE)
			return CD_OK;
		if (cd_stop_requested())
			return CD_STOPPED;
	}
	return CD_TOO_FEW;			/* no weights of the controls can reach the treated means */
}

/* The method's propensity. */
static CdStatus
fit_propensity(Fit *f)
{
	CdStatus	status = fit_logit(f);

	return status == CD_OK && f->tilted ? fit_tilt(f) : status;
}

/* Propensity near 1: nobody to compare with. */
static bool
overlaps(const Fit *f)
{
	for (size_t i = 0; i < f->data->n; i++)
		if (!(f->odds[i] < MAX_PROPENSITY / (1.0 - MAX_PROPENSITY)))
			return false;
	return true;
}

/* Weight of unit i in the regression of the controls' changes. */
static double
regression_weight(const Fit *f, size_t i)
{
	if (f->data->treated[i])
		return 0.0;
	return weight_of(f->data, i) * (f->tilted ? f->odds[i] : 1.0);
}

/* Least squares among the controls; residuals of everybody. */
static CdStatus
fit_outcome(Fit *f)
{
	const CdDidData *d = f->data;
	CdStatus	status;

	memset(f->cross, 0, f->p * f->p * sizeof(double));
	memset(f->coefficient, 0, f->p * sizeof(double));
	for (size_t i = 0; i < d->n; i++)
	{
		const double *x = &f->design[i * f->p];
		double		w = regression_weight(f, i);

		cd_add_outer(f->cross, x, f->p, w);
		for (size_t k = 0; k < f->p; k++)
			f->coefficient[k] += w * x[k] * d->change[i];
	}
	status = cd_cholesky(f->cross, f->p);
	if (status != CD_OK)
		return status;
	cd_cholesky_solve(f->cross, f->p, f->coefficient);
	for (size_t i = 0; i < d->n; i++)
		f->residual[i] = d->change[i] - cd_dot(&f->design[i * f->p], f->coefficient, f->p);
	return CD_OK;
}

/* Both weighted means of the residuals. */
typedef struct Means
{
	double		treated;
	double		control;
	double		control_weight;
} Means;

/* Weight of a control in its mean; none when the regression alone is the comparison. */
static double
control_weight(const Fit *f, size_t i)
{
	return f->weighted && !f->data->treated[i] ? weight_of(f->data, i) * f->odds[i] : 0.0;
}

static Means
residual_means(const Fit *f)
{
	Means		m = {0};

	for (size_t i = 0; i < f->data->n; i++)
	{
		double		c = control_weight(f, i);

		if (f->data->treated[i])
			m.treated += weight_of(f->data, i) * f->residual[i];
		m.control += c * f->residual[i];
		m.control_weight += c;
	}
	m.treated /= f->treated_weight;
	if (f->weighted)
		m.control /= m.control_weight;
	return m;
}

/* Influence with the fitted propensity and regression taken as known. */
static void
direct_influence(const Fit *f, const Means *m, double *influence)
{
	double		n = (double) f->data->n;

	for (size_t i = 0; i < f->data->n; i++)
	{
		if (f->data->treated[i])
			influence[i] = n * weight_of(f->data, i) / f->treated_weight * (f->residual[i] - m->treated);
		else if (f->weighted)
			influence[i] = -n * control_weight(f, i) / m->control_weight * (f->residual[i] - m->control);
		else
			influence[i] = 0.0;
	}
}

/* What estimating the regression adds: its coefficients move both means. */
static void
regression_influence(const Fit *f, const Means *m, double *influence)
{
	double	   *gradient = f->trial;
	double		n = (double) f->data->n;

	memset(gradient, 0, f->p * sizeof(double));
	for (size_t i = 0; i < f->data->n; i++)
	{
		double		w = f->data->treated[i] ? weight_of(f->data, i) / f->treated_weight : 0.0;

		if (f->weighted)
			w -= control_weight(f, i) / m->control_weight;
		for (size_t k = 0; k < f->p; k++)
			gradient[k] += w * f->design[i * f->p + k];
	}
	cd_cholesky_solve(f->cross, f->p, gradient);
	for (size_t i = 0; i < f->data->n; i++)
		influence[i] -= n * regression_weight(f, i) * f->residual[i]
			* cd_dot(&f->design[i * f->p], gradient, f->p);
}

/* What estimating the propensity adds: its coefficients move the controls' mean. */
static void
propensity_influence(const Fit *f, const Means *m, double *influence)
{
	double	   *gradient = f->trial;
	double		n = (double) f->data->n;

	memset(gradient, 0, f->p * sizeof(double));
	for (size_t i = 0; i < f->data->n; i++)
		for (size_t k = 0; k < f->p; k++)
			gradient[k] += control_weight(f, i) / m->control_weight * (f->residual[i] - m->control)
				* f->design[i * f->p + k];
	cd_cholesky_solve(f->information, f->p, gradient);
	for (size_t i = 0; i < f->data->n; i++)
	{
		double		propensity = f->odds[i] / (1.0 + f->odds[i]);
		double		surprise = (f->data->treated[i] ? 1.0 : 0.0) - propensity;

		influence[i] -= n * weight_of(f->data, i) * surprise
			* cd_dot(&f->design[i * f->p], gradient, f->p);
	}
}

/* Which parts the method has. Without covariates the weights are constant already. */
static Fit
plan(const CdDidData *data, CdDidMethod method)
{
	bool		plain = data->covariates == 0;

	return (Fit) {
		.data = data,
		.p = data->covariates + 1,
		.weighted = plain || method != CD_DID_OUTCOME,
		.regressed = !plain && method != CD_DID_WEIGHTING,
		.tilted = !plain && method == CD_DID_DOUBLY_ROBUST_TILTED
	};
}

/* Effect and influence. */
CdStatus
cd_did(const CdDidData *data, CdDidMethod method, double *scratch, double *effect, double *influence)
{
	Fit			f = plan(data, method);
	bool		propensity = f.weighted && data->covariates > 0;
	CdStatus	status = check(&f);
	Means		m;

	if (status != CD_OK)
		return status;
	lay_out(&f, scratch);
	fill_design(&f);
	for (size_t i = 0; i < data->n; i++)
	{
		f.odds[i] = 1.0;
		f.residual[i] = data->change[i];
	}
	if (propensity)
		status = fit_propensity(&f);
	if (status == CD_OK && propensity && !overlaps(&f))
		status = CD_TOO_FEW;
	if (status == CD_OK && f.regressed)
		status = fit_outcome(&f);
	if (status != CD_OK)
		return status;
	m = residual_means(&f);
	*effect = m.treated - m.control;
	if (influence == NULL)
		return CD_OK;
	direct_influence(&f, &m, influence);
	/* Tilting makes both corrections vanish. */
	if (f.regressed && !f.tilted)
		regression_influence(&f, &m, influence);
	if (propensity && !f.tilted)
		propensity_influence(&f, &m, influence);
	return CD_OK;
}
