/*
 * share_interval.h: intervals of shares and ratios, exact and over clusters.
 */
#ifndef CD_SHARE_INTERVAL_H
#define CD_SHARE_INTERVAL_H

#include <stdbool.h>

#include "stats/status.h"

/* Sums over units (clusters) of hits and trials, which are alike inside a unit. */
typedef struct CdClustered
{
	double		hits;
	double		trials;
	double		hits_squared;
	double		cross_product;	/* hits times trials */
	double		trials_squared;
	double		units;
} CdClustered;

/* Clopper & Pearson 1934; hits of trials, neither needs to be whole. */
CdStatus	cd_binomial_interval(double hits, double trials, double level, double *low, double *high);

/*
 * hits / trials, with the variance between units by linearisation.  A share gets the
 * exact interval at the effective number of trials (Korn & Graubard 1998), a ratio of
 * any size the t interval.  CD_TOO_FEW below two units.
 */
CdStatus	cd_ratio_interval(const CdClustered *sums, bool is_share, double level, double *low, double *high);

#endif
