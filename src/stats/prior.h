/*
 * prior.h: non-parametric empirical Bayes. The distribution of true effects over many
 * units is learned from their estimates, and each unit's interval then borrows from it,
 * the more from units of which the same is known beside the estimate.
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

typedef struct CdPriorUnit
{
	double		estimate;		/* NaN: none */
	double		se;
	double		df;				/* of se */
	double		worth;			/* an effect worth having */
	double		odds;			/* of what else is known of the unit, where the effect is worth having against where it is none; NaN: nothing */
} CdPriorUnit;

/* Doubles of scratch that cd_prior_fit needs for k units. */
#define CD_PRIOR_SCRATCH(k) ((size_t) (k) * CD_PRIOR_POINTS)

/*
 * Scale the odds so that they tell the units apart and say nothing about all of them together: how many
 * effects are worth having is for the estimates to say.
 */
CdStatus	cd_prior_level_odds(CdPriorUnit *unit, size_t k);

/*
 * Maximum likelihood by EM, stopped early so that the distribution stays smooth (Efron 2016
 * on why it must). Units with a NaN estimate or a se that is not positive are left out.
 * CD_TOO_FEW below CD_PRIOR_LEAST units.
 */
CdStatus	cd_prior_fit(const CdPriorUnit *unit, size_t k, double *scratch, CdPrior *out);

/* The unit's effect given what is known of it; without an estimate the prior, and the odds. */
CdStatus	cd_prior_posterior(const CdPrior *prior, const CdPriorUnit *unit, double level, CdPosterior *out);

#endif
