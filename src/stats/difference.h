/*
 * difference.h: difference of two means or two rates, with its standard error and degrees
 * of freedom (INFINITY: normal).
 */
#ifndef CD_DIFFERENCE_H
#define CD_DIFFERENCE_H

#include "stats/moments.h"
#include "stats/status.h"

typedef struct CdDifference
{
	double		estimate;
	double		se;
	double		df;
} CdDifference;

/* Mean of differences taken unit by unit; needs 2. */
CdStatus	cd_difference_paired(const CdMoments *differences, CdDifference *out);

/* a less b, each with its own variance (Welch 1947); needs 2 values on each side. */
CdStatus	cd_difference_welch(const CdMoments *a, const CdMoments *b, CdDifference *out);

/* a less b with one variance. */
CdStatus	cd_difference_pooled(const CdMoments *a, const CdMoments *b, CdDifference *out);

/* x_a / n_a less x_b / n_b, unpooled binomial variances. */
CdStatus	cd_difference_rates(double x_a, double n_a, double x_b, double n_b, CdDifference *out);

/* Interval of a difference of rates from the two score intervals (Newcombe 1998, method 10). */
CdStatus	cd_newcombe(double x_a, double n_a, double x_b, double n_b, double level,
						double *low, double *high);

/* Two-sided p that the difference is 0; 0 or 1 when se is 0. */
double		cd_difference_p(const CdDifference *difference);

#endif
