/*
 * shift.h: did the level of a series change once, at a time not known beforehand?
 */
#ifndef CD_SHIFT_H
#define CD_SHIFT_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/status.h"

#define CD_SHIFT_LEAST 8		/* periods on either side */
#define CD_SHIFT_LATE 4			/* periods that a level must have lasted to be seen at the end */

typedef struct CdShift
{
	size_t		at;				/* first period of the new level */
	double		before;
	double		after;
	double		f;				/* largest F over the splits, autocorrelation allowed for */
	bool		clear;			/* beyond the 1 % limit, and nearer to the data than a cubic */
} CdShift;

/* Doubles of scratch. */
#define CD_SHIFT_SCRATCH(n) (5 * (size_t) (n))

/*
 * The split with the least squares, each side at least CD_SHIFT_LEAST periods and 15 % of the
 * series; its F is held against the 1 % limit of the supremum (Andrews 1993; 2003). weight: of
 * each value, positive. CD_TOO_FEW: no split leaves enough on both sides.
 */
CdStatus	cd_level_shift(const double *value, const double *weight, size_t n, double *scratch, CdShift *out);

/*
 * The same of the last CD_SHIFT_LATE to CD_SHIFT_LEAST - 1 periods, too few for cd_level_shift; clear: their level is
 * surely higher, and not by one or two of them alone. CD_TOO_FEW: less than CD_SHIFT_LEAST periods before them.
 */
CdStatus	cd_late_rise(const double *value, const double *weight, size_t n, double *scratch, CdShift *out);

typedef struct CdLevel
{
	double		mean;
	double		low;			/* 95 % */
	double		high;
} CdLevel;

/*
 * Weighted mean of CD_SHIFT_LEAST periods at least, its interval by how they vary around a straight line, autocorrelation
 * allowed for. CD_TOO_FEW: all NaN.
 */
CdStatus	cd_level_of(const double *value, const double *weight, size_t n, double *scratch, CdLevel *out);

#endif
