/*
 * shift.h: did the level of a series change once, at a time not known beforehand?
 */
#ifndef CD_SHIFT_H
#define CD_SHIFT_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/status.h"

#define CD_SHIFT_LEAST 8		/* periods on either side */

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

/* Weighted mean from a period on, and the lower end of its 95 % interval by how the values vary there, autocorrelation allowed for. */
CdStatus	cd_mean_since(const double *value, const double *weight, size_t n, size_t from, double *mean, double *low);

#endif
