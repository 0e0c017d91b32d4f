/*
 * quantile.h
 *		Quantiles of numbers in no order.
 */
#ifndef PROCESS_QUANTILE_H
#define PROCESS_QUANTILE_H

#include "postgres.h"

#include <math.h>
#include <gsl/gsl_statistics_double.h>

/* The quantile, interpolated as percentile_cont does; NaN of nothing.  Changes the order of the numbers. */
static inline double
process_quantile(double *x, uint64 n, double q)
{
	double		place = q * (n - 1.0);
	uint64		k = floor(place);
	double		low;

	if (n == 0)
		return NAN;
	low = gsl_stats_select(x, 1, n, k);
	return k + 1 == n ? low : low + (place - k) * (gsl_stats_select(x, 1, n, k + 1) - low);
}

#endif							/* PROCESS_QUANTILE_H */
