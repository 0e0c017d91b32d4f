/*
 * interrupted.c: see interrupted.h. AR(1) errors are taken out row by row: given the row
 * before, g periods earlier, an error has mean rho^g times that one's and variance 1 - rho^2g.
 */
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "stats/interrupted.h"
#include "stats/linear.h"
#include "stats/solve.h"
#include "stats/trend.h"

#define GRID 49
#define GRID_TO 0.98
#define RHO_MOST 0.999999
#define GOLDEN 0.6180339887498949
#define STEPS 80
#define NEGLIGIBLE 1e-14		/* probability of a value of rho that cannot matter */

/* What one value of rho leads to. */
typedef struct Whitened
{
	double	   *x;				/* n x columns */
	double	   *y;				/* n */
	double	   *factor;			/* columns x columns: Cholesky factor of X'X */
	double	   *b;				/* columns */
	double		rss;
	double		log_scale;		/* log determinant of the covariance of the rows */
} Whitened;

size_t
cd_series_size(size_t n, size_t columns)
{
	size_t		row = columns + 1;

	/* two of everything: a fit's own answer and one in the making, which may have one column more */
	return cd_arena_sum(2 * cd_arena_bytes(n * (row + 3), sizeof(double)),
						cd_arena_sum(2 * cd_arena_bytes(3 * row * (row + 2), sizeof(double)), 16 * CD_ARENA_ALIGN));
}

static bool
take_whitened(const CdSeries *s, CdArena *arena, Whitened *w)
{
	w->x = cd_arena_take(arena, s->n * s->columns, sizeof(double));
	w->y = cd_arena_take(arena, s->n, sizeof(double));
	w->factor = cd_arena_take(arena, s->columns * s->columns, sizeof(double));
	w->b = cd_arena_take(arena, s->columns, sizeof(double));
	return w->x != NULL && w->y != NULL && w->factor != NULL && w->b != NULL;
}

static bool
take_fit(const CdSeries *s, CdArena *arena, CdSeriesFit *fit)
{
	fit->coefficient = cd_arena_take(arena, s->columns, sizeof(double));
	fit->covariance = cd_arena_take(arena, s->columns * s->columns, sizeof(double));
	fit->residual = cd_arena_take(arena, s->n, sizeof(double));
	return fit->coefficient != NULL && fit->covariance != NULL && fit->residual != NULL;
}

static double
row_root(const CdSeries *s, size_t i)
{
	return s->weight == NULL ? 1.0 : sqrt(s->weight[i]);
}

/* Rows divided by their standard deviation, each less what the one before says about it. */
static void
whiten(const CdSeries *s, double rho, Whitened *w)
{
	size_t		k = s->columns;

	w->log_scale = 0.0;
	for (size_t i = 0; i < s->n; i++)
	{
		double		root = row_root(s, i);
		double		gap = i == 0 || s->at == NULL ? 1.0 : s->at[i] - s->at[i - 1];
		double		left = i == 0 || rho == 0.0 ? 0.0 : pow(fabs(rho), gap) * (rho < 0.0 && fmod(gap, 2.0) != 0.0 ? -1.0 : 1.0);
		double		own = 1.0 / sqrt(1.0 - left * left);
		double		before = i == 0 ? 0.0 : left * row_root(s, i - 1);

		for (size_t j = 0; j < k; j++)
			w->x[i * k + j] = own * (root * s->x[i * k + j] - (i == 0 ? 0.0 : before * s->x[(i - 1) * k + j]));
		w->y[i] = own * (root * s->y[i] - (i == 0 ? 0.0 : before * s->y[i - 1]));
		w->log_scale -= 2.0 * log(own * root);
	}
}

/* Least squares of the rows as they are now. */
static CdStatus
solve(const CdSeries *s, Whitened *w)
{
	size_t		k = s->columns;
	CdStatus	status;

	memset(w->factor, 0, k * k * sizeof(double));
	memset(w->b, 0, k * sizeof(double));
	for (size_t i = 0; i < s->n; i++)
	{
		cd_add_outer(w->factor, &w->x[i * k], k, 1.0);
		for (size_t j = 0; j < k; j++)
			w->b[j] += w->x[i * k + j] * w->y[i];
	}
	status = cd_cholesky(w->factor, k);
	if (status != CD_OK)
		return status;
	cd_cholesky_solve(w->factor, k, w->b);
	w->rss = 0.0;
	for (size_t i = 0; i < s->n; i++)
	{
		double		e = w->y[i] - cd_dot(&w->x[i * k], w->b, k);

		w->rss += e * e;
	}
	return CD_OK;
}

static CdStatus
check(const CdSeries *s)
{
	if (s->columns == 0 || s->n <= s->columns)
		return CD_TOO_FEW;
	for (size_t i = 0; i < s->n; i++)
	{
		if (!isfinite(s->y[i]) || (s->weight != NULL && !(s->weight[i] > 0.0 && isfinite(s->weight[i]))))
			return CD_BAD_INPUT;
		if (s->at != NULL && (!isfinite(s->at[i]) || (i > 0 && !(s->at[i] > s->at[i - 1]))))
			return CD_BAD_INPUT;
		for (size_t j = 0; j < s->columns; j++)
			if (!isfinite(s->x[i * s->columns + j]))
				return CD_BAD_INPUT;
	}
	return CD_OK;
}

/* Log likelihood at rho, the variance at its best (ML) or integrated out with the coefficients (REML). */
static CdStatus
likelihood_at(const CdSeries *s, double rho, CdLikelihood likelihood, Whitened *w, double *out)
{
	double		df = likelihood == CD_LIKELIHOOD_REML ? (double) (s->n - s->columns) : (double) s->n;
	CdStatus	status;

	whiten(s, rho, w);
	status = solve(s, w);
	if (status != CD_OK)
		return status;
	*out = -0.5 * (w->log_scale + df * log(w->rss));
	if (likelihood == CD_LIKELIHOOD_REML)
		*out -= 0.5 * cd_cholesky_log_determinant(w->factor, s->columns);
	return CD_OK;
}

/* The answer at the value of rho that was solved last; divisor of the variance. */
static void
fill_fit(const CdSeries *s, Whitened *w, double divisor, CdSeriesFit *fit)
{
	size_t		k = s->columns;

	memcpy(fit->coefficient, w->b, k * sizeof(double));
	memcpy(fit->covariance, w->factor, k * k * sizeof(double));
	cd_cholesky_invert(fit->covariance, k);
	for (size_t j = 0; j < k * k; j++)
		fit->covariance[j] *= w->rss / divisor;
	for (size_t i = 0; i < s->n; i++)
		fit->residual[i] = s->y[i] - cd_dot(&s->x[i * k], w->b, k);
	fit->rss = w->rss;
	fit->df = (double) (s->n - k);
}

/* Least squares. */
CdStatus
cd_series_ols(const CdSeries *s, CdArena *arena, CdSeriesFit *out)
{
	Whitened	w;
	CdStatus	status = check(s);
	size_t		keep;

	if (status != CD_OK)
		return status;
	if (!take_fit(s, arena, out))
		return CD_NOMEM;
	keep = arena->used;
	if (!take_whitened(s, arena, &w))
		return CD_NOMEM;
	arena->used = keep;
	status = likelihood_at(s, 0.0, CD_LIKELIHOOD_ML, &w, &out->log_likelihood);
	if (status != CD_OK)
		return status;
	out->autocorrelation = 0.0;
	fill_fit(s, &w, (double) (s->n - s->columns), out);
	return CD_OK;
}

/* The best rho between two others, by golden section. */
static CdStatus
climb(const CdSeries *s, CdLikelihood likelihood, Whitened *w, double low, double high, double *rho)
{
	double		a = high - GOLDEN * (high - low);
	double		b = low + GOLDEN * (high - low);
	double		at_a;
	double		at_b;
	CdStatus	status = likelihood_at(s, a, likelihood, w, &at_a);

	if (status == CD_OK)
		status = likelihood_at(s, b, likelihood, w, &at_b);
	for (int i = 0; i < STEPS && status == CD_OK; i++)
	{
		if (at_a > at_b)
		{
			high = b;
			b = a;
			at_b = at_a;
			a = high - GOLDEN * (high - low);
			status = likelihood_at(s, a, likelihood, w, &at_a);
		}
		else
		{
			low = a;
			a = b;
			at_a = at_b;
			b = low + GOLDEN * (high - low);
			status = likelihood_at(s, b, likelihood, w, &at_b);
		}
	}
	*rho = 0.5 * (low + high);
	return status;
}

/* Maximum over a grid, then between its neighbours. */
CdStatus
cd_series_ar1(const CdSeries *s, CdLikelihood likelihood, CdArena *arena, CdSeriesFit *out)
{
	const double step = 2.0 * RHO_MOST / GRID;
	double		best = -INFINITY;
	double		rho = 0.0;
	Whitened	w;
	size_t		keep;
	CdStatus	status = check(s);

	if (status != CD_OK)
		return status;
	if (!take_fit(s, arena, out))
		return CD_NOMEM;
	keep = arena->used;
	if (!take_whitened(s, arena, &w))
		return CD_NOMEM;
	arena->used = keep;
	for (int g = 0; g <= GRID; g++)
	{
		double		here = -RHO_MOST + g * step;
		double		value;

		status = likelihood_at(s, here, likelihood, &w, &value);
		if (status != CD_OK)
			return status;
		if (value > best)
		{
			best = value;
			rho = here;
		}
	}
	status = climb(s, likelihood, &w, fmax(rho - step, -RHO_MOST), fmin(rho + step, RHO_MOST), &rho);
	if (status == CD_OK)
		status = likelihood_at(s, rho, likelihood, &w, &out->log_likelihood);
	if (status != CD_OK)
		return status;
	out->autocorrelation = rho;
	fill_fit(s, &w, (double) (s->n - s->columns), out);
	return CD_OK;
}

/* ---- any autocorrelation ------------------------------------------------------------------------ */

/* Sum over rows of the products of scores that lie lag rows apart, both ways round. */
static void
add_lag(const CdSeries *s, const CdSeriesFit *fit, size_t lag, double factor, double *sum)
{
	size_t		k = s->columns;

	for (size_t i = lag; i < s->n; i++)
	{
		double		product = factor * fit->residual[i] * fit->residual[i - lag];
		const double *a = &s->x[i * k];
		const double *b = &s->x[(i - lag) * k];

		for (size_t p = 0; p < k; p++)
			for (size_t q = 0; q < k; q++)
				sum[p * k + q] += lag == 0 ? product * a[p] * a[q] : product * (a[p] * b[q] + b[p] * a[q]);
	}
}

/* Sandwich with Bartlett weights. */
CdStatus
cd_series_newey_west(const CdSeries *s, const CdSeriesFit *fit, size_t lags, bool adjusted, CdArena *arena,
					 double *covariance)
{
	size_t		k = s->columns;
	size_t		keep = arena->used;
	double	   *meat = cd_arena_take(arena, k * k, sizeof(double));
	double	   *half = cd_arena_take(arena, k * k, sizeof(double));
	double		scale = fit->df / fit->rss;	/* covariance of the fit times it: (X'X)^-1 */

	if (meat == NULL || half == NULL)
		return CD_NOMEM;
	arena->used = keep;
	if (s->weight != NULL || lags >= s->n)
		return CD_BAD_INPUT;
	if (fit->rss == 0.0)
		return CD_TOO_FEW;
	memset(meat, 0, k * k * sizeof(double));
	for (size_t lag = 0; lag <= lags; lag++)
		add_lag(s, fit, lag, 1.0 - (double) lag / ((double) lags + 1.0), meat);
	for (size_t p = 0; p < k; p++)
		for (size_t q = 0; q < k; q++)
			half[q * k + p] = scale * cd_dot(&fit->covariance[p * k], &meat[q * k], k);
	for (size_t p = 0; p < k; p++)
		for (size_t q = 0; q < k; q++)
		{
			double		sum = 0.0;

			for (size_t r = 0; r < k; r++)
				sum += half[r * k + p] * fit->covariance[r * k + q];
			covariance[p * k + q] = scale * sum * (adjusted ? (double) s->n / fit->df : 1.0);
		}
	return CD_OK;
}

/* Autocovariances of the sum of the scores, weighted as the plug-in rule of 1994 asks. */
CdStatus
cd_series_bandwidth(const CdSeries *s, const CdSeriesFit *fit, CdArena *arena, double *out)
{
	size_t		keep = arena->used;
	double	   *score = cd_arena_take(arena, s->n, sizeof(double));
	size_t		lags = (size_t) floor(4.0 * pow((double) s->n / 100.0, 2.0 / 9.0));
	double		s0 = 0.0;
	double		s1 = 0.0;

	if (score == NULL)
		return CD_NOMEM;
	arena->used = keep;
	for (size_t i = 0; i < s->n; i++)
	{
		score[i] = 0.0;
		for (size_t j = s->columns == 1 ? 0 : 1; j < s->columns; j++)
			score[i] += s->x[i * s->columns + j] * fit->residual[i];
	}
	for (size_t lag = 0; lag <= lags && lag < s->n; lag++)
	{
		double		sigma = cd_dot(&score[lag], score, s->n - lag) / (double) s->n;

		s0 += (lag == 0 ? 1.0 : 2.0) * sigma;
		s1 += 2.0 * (double) lag * sigma;
	}
	if (s0 == 0.0)
		return CD_TOO_FEW;
	*out = 1.1447 * cbrt(s1 * s1 / (s0 * s0) * (double) s->n);
	return CD_OK;
}

/* ---- AR(1), rho averaged over -------------------------------------------------------------------- */

/* A mixture of t distributions, one for each rho. */
typedef struct Mixture
{
	double		mass[GRID];
	double		centre[GRID];
	double		scale[GRID];
	double		df;
	double		target;			/* probability looked for */
} Mixture;

static double
mixture_below(const Mixture *m, double x)
{
	double		sum = 0.0;

	for (int g = 0; g < GRID; g++)
		if (m->mass[g] > NEGLIGIBLE)
			sum += m->mass[g] * gsl_cdf_tdist_P((x - m->centre[g]) / m->scale[g], m->df);
	return sum;
}

static double
mixture_excess(double x, void *context, CdStatus *status)
{
	const Mixture *m = context;

	(void) status;
	return mixture_below(m, x) - m->target;
}

/* The value with a probability of target below it. */
static CdStatus
mixture_quantile(Mixture *m, double target, double *out)
{
	double		low = INFINITY;
	double		high = -INFINITY;
	double		t;
	CdStatus	status = cd_t_multiplier(fabs(1.0 - 2.0 * target), m->df, &t);

	if (status != CD_OK)
		return status;
	t *= target < 0.5 ? -1.0 : 1.0;
	m->target = target;
	for (int g = 0; g < GRID; g++)
	{
		low = fmin(low, m->centre[g] + t * m->scale[g]);
		high = fmax(high, m->centre[g] + t * m->scale[g]);
	}
	/* every component's quantile lies between them; a hair more, against rounding */
	t = 1e-9 * (high - low) + 1e-12 * fmax(fabs(low), fabs(high));
	return cd_solve(mixture_excess, m, low - t, high + t, out);
}

/* Centres, scales and log masses; the masses are then made to add up to 1. */
static CdStatus
fill_mixture(const CdSeries *s, const double *l, Whitened *w, Mixture *m, double *rho)
{
	double		peak = -INFINITY;
	double		total = 0.0;

	m->df = (double) (s->n - s->columns) - 1.0;
	for (int g = 0; g < GRID; g++)
	{
		double		here = GRID_TO * g / (GRID - 1);
		CdStatus	status = likelihood_at(s, here, CD_LIKELIHOOD_REML, w, &m->mass[g]);

		if (status != CD_OK)
			return status;
		m->mass[g] -= log1p(-here * here);
		m->centre[g] = cd_dot(l, w->b, s->columns);
		/* the factor is not needed again: b becomes (X'X)^-1 l */
		memcpy(w->b, l, s->columns * sizeof(double));
		cd_cholesky_solve(w->factor, s->columns, w->b);
		m->scale[g] = sqrt(w->rss / m->df * cd_dot(l, w->b, s->columns));
		peak = fmax(peak, m->mass[g]);
	}
	*rho = 0.0;
	for (int g = 0; g < GRID; g++)
		total += m->mass[g] = exp(m->mass[g] - peak);
	for (int g = 0; g < GRID; g++)
		*rho += (m->mass[g] /= total) * GRID_TO * g / (GRID - 1);
	return CD_OK;
}

/* Estimate, interval and p of a linear combination. */
CdStatus
cd_series_contrast(const CdSeries *s, const double *l, double level, CdArena *arena, CdSeriesContrast *out)
{
	size_t		keep = arena->used;
	double		below;
	Whitened	w;
	Mixture		m;
	CdStatus	status = check(s);

	if (status == CD_OK && s->n == s->columns + 1)
		status = CD_TOO_FEW;
	if (status != CD_OK)
		return status;
	if (!take_whitened(s, arena, &w))
		return CD_NOMEM;
	arena->used = keep;
	whiten(s, 0.0, &w);
	status = solve(s, &w);
	if (status != CD_OK)
		return status;
	if (!(w.rss > 1e-24 * cd_dot(w.y, w.y, s->n)))
		return CD_TOO_FEW;		/* a perfect fit leaves nothing to judge by */
	status = fill_mixture(s, l, &w, &m, &out->autocorrelation);
	if (status != CD_OK)
		return status;
	out->estimate = 0.0;
	for (int g = 0; g < GRID; g++)
		out->estimate += m.mass[g] * m.centre[g];
	below = mixture_below(&m, 0.0);
	out->p = 2.0 * fmin(below, 1.0 - below);
	status = mixture_quantile(&m, 0.5 * (1.0 - level), &out->low);
	if (status == CD_OK)
		status = mixture_quantile(&m, 0.5 * (1.0 + level), &out->high);
	return status;
}

/* ---- what is left in the residuals -------------------------------------------------------------- */

double
cd_durbin_watson(const CdSeriesFit *fit, size_t n)
{
	double		sum = 0.0;

	for (size_t i = 1; i < n; i++)
		sum += (fit->residual[i] - fit->residual[i - 1]) * (fit->residual[i] - fit->residual[i - 1]);
	return sum / cd_dot(fit->residual, fit->residual, n);
}

double
cd_ljung_box(const CdSeriesFit *fit, size_t n, size_t lags)
{
	double		sum = 0.0;

	for (size_t lag = 1; lag <= lags && lag < n; lag++)
	{
		double		r = cd_autocorrelation(fit->residual, n, lag);

		sum += r * r / (double) (n - lag);
	}
	return (double) n * ((double) n + 2.0) * sum;
}

/* n R-square of the residuals on the columns and the residual before (0 for the first). */
CdStatus
cd_breusch_godfrey(const CdSeries *s, const CdSeriesFit *fit, CdArena *arena, double *out)
{
	size_t		keep = arena->used;
	size_t		k = s->columns;
	double	   *x = cd_arena_take(arena, s->n * (k + 1), sizeof(double));
	CdSeries	auxiliary = {.n = s->n, .columns = k + 1, .y = fit->residual, .x = x};
	CdSeriesFit again;
	CdStatus	status;

	if (x == NULL)
		return CD_NOMEM;
	for (size_t i = 0; i < s->n; i++)
	{
		memcpy(&x[i * (k + 1)], &s->x[i * k], k * sizeof(double));
		x[i * (k + 1) + k] = i == 0 ? 0.0 : fit->residual[i - 1];
	}
	status = cd_series_ols(&auxiliary, arena, &again);
	arena->used = keep;
	if (status == CD_OK)
		*out = (double) s->n * (1.0 - again.rss / cd_dot(fit->residual, fit->residual, s->n));
	return status;
}
