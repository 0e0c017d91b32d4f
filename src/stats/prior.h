/*
 * prior.h: non-parametric empirical Bayes. The distribution of true effects over many
 * units is learned from their estimates, and each unit's interval then borrows from it.
 */
#ifndef CD_PRIOR_H
#define CD_PRIOR_H

#include <stddef.h>

#include "stats/status.h"

#define CD_PRIOR_POINTS 161
#define CD_PRIOR_LEAST 8		/* fewer units say too little about their distribution */

typedef struct CdPrior
{
	double		point[CD_PRIOR_POINTS];
	double		mass[CD_PRIOR_POINTS];	/* sums to 1 */
} CdPrior;

typedef struct CdPosterior
{
	double		mean;
	double		sd;
	double		low;			/* equal-tailed */
	double		high;
	double		above;			/* probability of an effect above 0, half of what lies at 0 */
} CdPosterior;

/* Doubles of scratch that cd_prior_fit needs for k units. */
#define CD_PRIOR_SCRATCH(k) ((size_t) (k) * CD_PRIOR_POINTS)

/*
 * Maximum likelihood by EM, stopped early so that the distribution stays smooth (Efron 2016
 * on why it must). df: degrees of freedom of each se; units with a NaN estimate or a se
 * that is not positive are left out. CD_TOO_FEW below CD_PRIOR_LEAST units.
 */
CdStatus	cd_prior_fit(const double *estimate, const double *se, const double *df, size_t k,
						 double *scratch, CdPrior *out);

/* The unit's effect given its estimate; with a NaN estimate the prior itself. */
CdStatus	cd_prior_posterior(const CdPrior *prior, double estimate, double se, double df,
							   double level, CdPosterior *out);

#endif
