/*
 * solve.h: bracketed root finding over GSL's Brent solver, and quantiles that report
 * failure as a status.
 */
#ifndef CD_SOLVE_H
#define CD_SOLVE_H

#include "stats/status.h"

/* Quantiles of the normal distribution. */
#define CD_NORMAL_95 1.6448536269514722
#define CD_NORMAL_975 1.959963984540054

/* Sets *status when it cannot go on; the value is ignored then. */
typedef double (*CdFunction) (double x, void *context, CdStatus *status);

/* Root of f between low and high, where f must differ in sign (or be 0 at an end). */
CdStatus	cd_solve(CdFunction f, void *context, double low, double high, double *root);

/*
 * Move high outward by factor until f(high) <= 0, high > 0. Stops at 1e300 with
 * CD_NO_CONVERGENCE.
 */
CdStatus	cd_expand(CdFunction f, void *context, double factor, double *high);

/*
 * The variance ratio x >= 0 of largest likelihood, from its score in x and its deviance;
 * unit is what x is compared to. There can be several maxima: every downward sign change
 * of the score on a logarithmic grid is followed, and compared with x = 0.
 */
CdStatus	cd_maximise_likelihood(CdFunction score, CdFunction deviance, void *context, double unit,
								   double *x);

/* A distribution function at x, and its density there. */
typedef double (*CdDistribution) (double x, void *context, double *density);

/*
 * Where a continuous distribution function reaches p, between low and high (which may be
 * infinite), from a guess between them; scale is how far to look around it. Newton's
 * method in normal scores, as a function of which most distributions are nearly straight,
 * and from the second point on the cubic through the last two. Ends when the normal score
 * is settled to tolerance (on the cubic: its product with the one before), by one step more.
 */
CdStatus	cd_quantile(CdDistribution f, void *context, double p, double low, double high,
						double guess, double scale, double tolerance, double *x);

/* Standard normal distribution function, with its density. */
double		cd_normal_below(double u, double *density);

/*
 * Upper tail of chi-square with its density: the finite sum that it is for whole degrees
 * of freedom, when there are few.
 */
double		cd_chisq_tail(double x, double df, double *density);

/* Lower-tail quantiles. */
CdStatus	cd_chisq_quantile(double p, double df, double *value);
CdStatus	cd_f_quantile(double p, double df1, double df2, double *value);

/* Half-width multipliers of two-sided intervals. */
CdStatus	cd_t_multiplier(double level, double df, double *value);
double		cd_normal_multiplier(double level);

#endif
