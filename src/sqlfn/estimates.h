/*
 * estimates.h
 *		Estimates with their standard errors, gathered from SQL and put in an order
 *		of their own, so that results do not depend on the order of rows or workers.
 */
#ifndef SQLFN_ESTIMATES_H
#define SQLFN_ESTIMATES_H

#include "postgres.h"

typedef struct CdEstimates
{
	size_t		k;
	double	   *y;
	double	   *v;				/* squared standard errors */
	struct CdEstimate *unit;
} CdEstimates;

/* Error unless the estimate is finite and its standard error positive and usable. */
extern void cd_check_estimate(double estimate, double se);

extern CdEstimates cd_make_estimates(size_t capacity);
extern void cd_add_estimate(CdEstimates *e, double estimate, double se);

/* Order the units, and fill y and v. */
extern void cd_sort_estimates(CdEstimates *e);
extern void cd_free_estimates(CdEstimates *e);

#endif							/* SQLFN_ESTIMATES_H */
