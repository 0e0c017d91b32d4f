/*
 * ar_line.h: a straight line through a short series whose noise carries over from one time
 * to the next (AR(1)). The autocorrelation is not estimated and then trusted: the answer is
 * averaged over all values from 0 to CD_AR_LINE_HIGHEST, by their restricted
 * likelihood (Harville 1974) with Jeffreys's prior, as Zellner & Tiao 1964 did for
 * regression; with a flat prior a short series of drifting noise shows trends too easily.
 */
#ifndef CD_AR_LINE_H
#define CD_AR_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/status.h"

typedef struct CdArLine
{
	double		level;			/* of the line, midway between the first and the last time */
	double		level_se;
	double		slope;
	double		slope_se;
	double		df;				/* n - 2, for both */
	double		correlation;	/* of the noise one unit of time apart, averaged */
} CdArLine;

#define CD_AR_LINE_LEAST 4
#define CD_AR_LINE_HIGHEST 0.99	/* autocorrelation one unit of time apart */

/*
 * time strictly ascending; gaps in it weaken the correlation across them. variance:
 * relative variances of the values, NULL: all alike. independent: the noise is known not to
 * carry over. A series that is a perfect line has
 * standard errors of 0. CD_TOO_FEW below CD_AR_LINE_LEAST values.
 */
CdStatus	cd_ar_line(const double *time, const double *value, const double *variance, size_t n,
					   bool independent, CdArLine *out);

#endif
