/*
 * solve.c: see solve.h.
 */
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_roots.h>

#include "stats/solve.h"

#define MAX_ITERATIONS 200
#define ROOT_TOLERANCE 4e-16
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
iterate(gsl_root_fsolver *solver, Wrapped *w, double tolerance, double *root)
{
	for (int i = 0; i < MAX_ITERATIONS; i++)
	{
		if (gsl_root_fsolver_iterate(solver) != GSL_SUCCESS)
			return w->status != CD_OK ? w->status : CD_NO_CONVERGENCE;
		if (w->status != CD_OK)
			return w->status;
		*root = gsl_root_fsolver_root(solver);
		if (gsl_root_test_interval(gsl_root_fsolver_x_lower(solver), gsl_root_fsolver_x_upper(solver),
								   0.0, tolerance) == GSL_SUCCESS)
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
	return cd_solve_within(f, context, low, high, ROOT_TOLERANCE, root);
}

/* Brent's method. */
CdStatus
cd_solve_within(CdFunction f, void *context, double low, double high, double tolerance,
				double *root)
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
		status = iterate(solver, &w, tolerance, root);
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

/* t quantile at 1 - (1 - level) / 2. */
CdStatus
cd_t_multiplier(double level, double df, double *value)
{
	*value = gsl_cdf_tdist_Qinv(0.5 * (1.0 - level), df);
	return isfinite(*value) ? CD_OK : CD_NO_CONVERGENCE;
}

/* Normal quantile at 1 - (1 - level) / 2. */
double
cd_normal_multiplier(double level)
{
	return gsl_cdf_ugaussian_Qinv(0.5 * (1.0 - level));
}
