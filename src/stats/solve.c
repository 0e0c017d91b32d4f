/*
 * solve.c: see solve.h.
 */
#include <math.h>
#include <stdbool.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_roots.h>

#include "stats/solve.h"

#define MAX_ITERATIONS 200
#define ROOT_TOLERANCE 4e-16
#define SCAN_POINTS 23
#define SCAN_FROM 1e-2			/* below it the score is nearly straight */
#define SCAN_TO 1e3
#define KEPT_T 64
#define CUBIC 0.01				/* of the tolerance is what must be left before a last step on a cubic */
#define FEW_DF 60.0				/* up to here the sum is shorter than a continued fraction */
#define WILSON_HILFERTY_DF 1e6	/* beyond it the cube root normal is exact to 1e-10 */

typedef struct Wrapped
{
	CdFunction	f;
	void	   *context;
	CdStatus	status;
} Wrapped;

/* Adapter for GSL that keeps the first failure. */
static double
call_wrapped(double x, void *params)
{
	Wrapped    *w = params;
	CdStatus	status = CD_OK;
	double		value = w->f(x, w->context, &status);

	if (status == CD_OK && !isfinite(value))
		status = CD_NO_CONVERGENCE;
	if (w->status == CD_OK)
		w->status = status;
	return status == CD_OK ? value : 0.0;
}

/* Iterate an initialised solver until its bracket is narrow enough. */
static CdStatus
iterate(gsl_root_fsolver *solver, Wrapped *w, double *root)
{
	for (int i = 0; i < MAX_ITERATIONS; i++)
	{
		if (gsl_root_fsolver_iterate(solver) != GSL_SUCCESS)
			return w->status != CD_OK ? w->status : CD_NO_CONVERGENCE;
		if (w->status != CD_OK)
			return w->status;
		*root = gsl_root_fsolver_root(solver);
		if (gsl_root_test_interval(gsl_root_fsolver_x_lower(solver), gsl_root_fsolver_x_upper(solver),
								   0.0, ROOT_TOLERANCE) == GSL_SUCCESS)
			return CD_OK;
		if (cd_stop_requested())
			return CD_STOPPED;
	}
	return CD_NO_CONVERGENCE;
}

/* Brent's method until the bracket is as narrow as doubles allow. */
CdStatus
cd_solve(CdFunction f, void *context, double low, double high, double *root)
{
	Wrapped		w = {f, context, CD_OK};
	gsl_function function = {call_wrapped, &w};
	gsl_root_fsolver *solver;
	double		at_low = call_wrapped(low, &w);
	double		at_high = call_wrapped(high, &w);
	CdStatus	status;

	if (w.status != CD_OK)
		return w.status;
	if (at_low == 0.0 || at_high == 0.0)
	{
		*root = at_low == 0.0 ? low : high;
		return CD_OK;
	}
	if ((at_low > 0.0) == (at_high > 0.0))
		return CD_NO_CONVERGENCE;
	solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
	if (solver == NULL)
		return CD_NOMEM;
	if (gsl_root_fsolver_set(solver, &function, low, high) != GSL_SUCCESS)
		status = w.status != CD_OK ? w.status : CD_NO_CONVERGENCE;
	else
		status = iterate(solver, &w, root);
	gsl_root_fsolver_free(solver);
	return status;
}

/* Widen a bracket upwards. */
CdStatus
cd_expand(CdFunction f, void *context, double factor, double *high)
{
	CdStatus	status = CD_OK;

	while (f(*high, context, &status) > 0.0)
	{
		if (status != CD_OK)
			return status;
		if (cd_stop_requested())
			return CD_STOPPED;
		*high *= factor;
		if (*high > 1e300)
			return CD_NO_CONVERGENCE;
	}
	return status;
}

/* Follow one sign change of the score; keep its root when it is the best so far. */
static CdStatus
try_maximum(CdFunction score, CdFunction deviance, void *context, double low, double high,
			double *best, double *x)
{
	double		root;
	double		value;
	CdStatus	status = cd_solve(score, context, low, high, &root);

	if (status != CD_OK)
		return status;
	value = deviance(root, context, &status);
	if (value < *best)
	{
		*best = value;
		*x = root;
	}
	return status;
}

/* Scan, then follow. */
CdStatus
cd_maximise_likelihood(CdFunction score, CdFunction deviance, void *context, double unit, double *x)
{
	CdStatus	status = CD_OK;
	double		low = 0.0;
	double		at_low = score(0.0, context, &status);
	double		best = at_low <= 0.0 ? deviance(0.0, context, &status) : INFINITY;
	double		point = SCAN_FROM * unit;
	double		high = SCAN_TO * unit;
	double		factor;

	*x = 0.0;
	if (status == CD_OK)
		status = cd_expand(score, context, 10.0, &high);
	factor = pow(high / point, 1.0 / (SCAN_POINTS - 1));
	for (int i = 0; i < SCAN_POINTS && status == CD_OK; i++, point *= factor)
	{
		double		here = i == SCAN_POINTS - 1 ? high : point;
		double		at_here = score(here, context, &status);

		if (status == CD_OK && at_low > 0.0 && at_here <= 0.0)
			status = try_maximum(score, deviance, context, low, here, &best, x);
		low = here;
		at_low = at_here;
		if (status == CD_OK && cd_stop_requested())
			status = CD_STOPPED;
	}
	return status != CD_OK || isfinite(best) ? status : CD_NO_CONVERGENCE;
}

/* Where to look when Newton's step is of no use: further out, or halfway in the bracket. */
static double
search(double x, double low, double high, bool upward, double *reach)
{
	double		next = upward ? x + *reach : x - *reach;

	*reach *= 2.0;
	return next > low && next < high ? next : 0.5 * (low + high);
}

/* A point of a distribution function: normal score, how x changes with it, and that point's x. */
typedef struct Knot
{
	double		x;
	double		score;
	double		slope;
} Knot;

/* Where the score reaches its target: on the line through a point, or the cubic through two (Hermite). */
static double
follow(const Knot *at, const Knot *last, double target)
{
	double		h = last->score - at->score;
	double		t = (target - at->score) / h;
	double		s = 1.0 - t;

	if (!isfinite(last->score))
		return at->x + (target - at->score) * at->slope;
	return at->x + s * s * t * h * at->slope - s * t * t * h * last->slope + t * t * (s + s + 1.0) * (last->x - at->x);
}

/* Newton's method in normal scores, on the cubic from the second point on, within the bracket seen so far. */
CdStatus
cd_quantile(CdDistribution f, void *context, double p, double low, double high,
			double guess, double scale, double tolerance, double *x)
{
	double		target = gsl_cdf_ugaussian_Pinv(p);
	Knot		last = {NAN, NAN, NAN};

	*x = guess;
	for (int i = 0; i < MAX_ITERATIONS; i++)
	{
		double		density;
		double		probability = f(*x, context, &density);
		double		score = gsl_cdf_ugaussian_Pinv(probability);
		Knot		at = {*x, score, gsl_ran_ugaussian_pdf(score) / density};
		double		next = follow(&at, &last, target);
		double		error = fabs(target - score);
		double		error_last = isfinite(last.score) ? fmax(fabs(target - last.score), CUBIC) : 1.0;
		bool		upward = probability < p;

		if (isnan(probability))
			return CD_NO_CONVERGENCE;
		if (upward)
			low = *x;
		else
			high = *x;
		if (!(next > low && next < high))
			next = search(*x, low, high, upward, &scale);
		else if (error * error_last <= tolerance)
		{
			*x = next;
			return CD_OK;
		}
		if (probability == p || fabs(next - *x) <= ROOT_TOLERANCE * fabs(*x))
			return CD_OK;
		*x = next;
		last = at;
		if (cd_stop_requested())
			return CD_STOPPED;
	}
	return CD_NO_CONVERGENCE;
}

/* The C library's erfc takes two thirds of the time of GSL's function, in what takes most of it. */
double
cd_normal_below(double u, double *density)
{
	*density = exp(-0.5 * u * u) * (0.5 * M_SQRT1_2 * M_2_SQRTPI);
	return 0.5 * erfc(-M_SQRT1_2 * u);
}

/* Abramowitz & Stegun 26.4.4 and 26.4.5; the first term left out gives the density. */
double
cd_chisq_tail(double x, double df, double *density)
{
	bool		odd = 2.0 * floor(0.5 * df) != df;
	double		term;
	double		sum;

	if (df > FEW_DF || df != floor(df) || !(x > 0.0))
	{
		*density = gsl_ran_chisq_pdf(x, df);
		return gsl_cdf_chisq_Q(x, df);
	}
	term = odd ? exp(-0.5 * x) * M_SQRT2 / M_SQRTPI * sqrt(x) : exp(-0.5 * x);
	sum = odd ? erfc(sqrt(0.5 * x)) : 0.0;
	for (double d = odd ? 3.0 : 2.0; d <= df; d += 2.0)
	{
		sum += term;
		term *= x / d;
	}
	*density = 0.5 * term * df / x;
	return sum;
}

/* Lower tail of the distribution whose quantile is sought, less p. */
typedef struct Tail
{
	double		p;
	double		df1;
	double		df2;			/* 0: chi-square */
} Tail;

static double
tail_excess(double x, void *context, CdStatus *status)
{
	const Tail *t = context;

	(void) status;
	if (t->df2 > 0.0)
		return gsl_cdf_fdist_Q(x, t->df1, t->df2) - (1.0 - t->p);
	return gsl_cdf_chisq_Q(x, t->df1) - (1.0 - t->p);
}

/* Invert the distribution function: GSL's own inverses give NaN for some large df. */
static CdStatus
invert_tail(Tail *t, double scale, double *value)
{
	double		high = scale;
	CdStatus	status = cd_expand(tail_excess, t, 2.0, &high);

	if (status != CD_OK)
		return status;
	return cd_solve(tail_excess, t, 0.0, high, value);
}

/* Lower-tail quantile of chi-square. */
CdStatus
cd_chisq_quantile(double p, double df, double *value)
{
	Tail		t = {p, df, 0.0};
	double		c = 2.0 / (9.0 * df);

	*value = NAN;
	if (df > WILSON_HILFERTY_DF)
		*value = df * pow(1.0 - c + gsl_cdf_ugaussian_Pinv(p) * sqrt(c), 3.0);
	else
		*value = gsl_cdf_chisq_Pinv(p, df);
	return isfinite(*value) ? CD_OK : invert_tail(&t, df, value);
}

/* Lower-tail quantile of F. */
CdStatus
cd_f_quantile(double p, double df1, double df2, double *value)
{
	Tail		t = {p, df1, df2};

	*value = gsl_cdf_fdist_Pinv(p, df1, df2);
	return isfinite(*value) ? CD_OK : invert_tail(&t, 1.0, value);
}

/* t quantile at 1 - (1 - level) / 2, kept: team after team asks for those of the same few degrees of freedom. */
CdStatus
cd_t_multiplier(double level, double df, double *value)
{
	static struct
	{
		double		level;
		double		df;
		double		value;
	}			kept[KEPT_T];
	int			slot = df > 0.0 && df < KEPT_T - 1.0 ? (int) rint(df) : 0;

	if (kept[slot].level != level || kept[slot].df != df)
	{
		kept[slot].value = gsl_cdf_tdist_Qinv(0.5 * (1.0 - level), df);
		kept[slot].level = level;
		kept[slot].df = df;
	}
	*value = kept[slot].value;
	return isfinite(*value) ? CD_OK : CD_NO_CONVERGENCE;
}

/* Normal quantile at 1 - (1 - level) / 2. */
double
cd_normal_multiplier(double level)
{
	return gsl_cdf_ugaussian_Qinv(0.5 * (1.0 - level));
}
