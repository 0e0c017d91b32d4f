/*
 * solve.h: bracketed root finding over GSL's Brent solver, and quantiles that report
 * failure as a status.
 */
#ifndef CD_SOLVE_H
#define CD_SOLVE_H

#include "stats/status.h"

/* Sets *status when it cannot go on; the value is ignored then. */
typedef double (*CdFunction) (double x, void *context, CdStatus *status);

/* Root of f between low and high, where f must differ in sign (or be 0 at an end). */
CdStatus	cd_solve(CdFunction f, void *context, double low, double high, double *root);

/* The same to a relative tolerance, for costly functions. */
CdStatus	cd_solve_within(CdFunction f, void *context, double low, double high, double tolerance,
							double *root);

/*
 * Move high outward by factor until f(high) <= 0, high > 0. Stops at 1e300 with
 * CD_NO_CONVERGENCE.
 */
CdStatus	cd_expand(CdFunction f, void *context, double factor, double *high);

/* Lower-tail quantiles. */
CdStatus	cd_chisq_quantile(double p, double df, double *value);
CdStatus	cd_f_quantile(double p, double df1, double df2, double *value);

/* Half-width multipliers of two-sided intervals. */
CdStatus	cd_t_multiplier(double level, double df, double *value);
double		cd_normal_multiplier(double level);

#endif
