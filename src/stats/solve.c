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

/* Iterate an initialised solver until its bracket is as narrow as doubles allow. */
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

/* Brent's method. */
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

/* Lower-tail quantile of chi-square. */
CdStatus
cd_chisq_quantile(double p, double df, double *value)
{
	*value = gsl_cdf_chisq_Pinv(p, df);
	return isfinite(*value) ? CD_OK : CD_NO_CONVERGENCE;
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
