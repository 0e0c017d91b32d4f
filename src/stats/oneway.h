/*
 * oneway.h: one-way random effects from per-group moments. Value j of group i is
 * mu + a_i + e_ij with var(a) = tau2 and var(e_ij) = sigma2 / w_ij, so the mean of a
 * group has variance tau2 + sigma2 / weight_i. Groups without values are skipped.
 */
#ifndef CD_ONEWAY_H
#define CD_ONEWAY_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/moments.h"
#include "stats/status.h"

typedef struct CdAnova
{
	double		k;				/* groups with values */
	double		n;				/* values */
	double		weight;			/* sum of weights */
	double		df_between;
	double		df_within;
	double		ss_between;
	double		ss_within;
	double		ms_between;
	double		ms_within;		/* NaN when df_within is 0 */
	double		f;				/* NaN when 0 / 0, +inf when only ms_within is 0 */
	double		p;
	double		r2;
	double		n0;				/* effective weight of a group */
	double		icc1;			/* (MSB - MSW) / (MSB + (n0 - 1) MSW) */
	double		icc2;			/* (MSB - MSW) / MSB */
	double		tau2;			/* (MSB - MSW) / n0, not truncated at 0 */
} CdAnova;

typedef enum CdLikelihood
{
	CD_LIKELIHOOD_REML,
	CD_LIKELIHOOD_ML
} CdLikelihood;

typedef struct CdOneWay
{
	double		k;
	double		n;
	double		mu;				/* generalised least squares mean */
	double		se;				/* of mu, sigma2 and tau2 taken as known */
	double		q;				/* Knapp-Hartung factor: weighted residual mean square, k - 1 df */
	double		robust_se;		/* of mu, from the squared residuals of the groups (CR2) */
	double		robust_df;		/* its Satterthwaite degrees of freedom; k - 1 when balanced */
	double		noise_se;		/* of mu, from sampling noise alone */
	double		sigma2;			/* variance of a value of weight 1 */
	double		tau2;
	double		lambda;			/* tau2 / sigma2 */
	double		criterion;		/* -2 log (restricted) likelihood, lme4's constant for unit weights */
	double		se_sigma2;		/* from the expected information; NaN at the boundary */
	double		se_tau2;
	bool		boundary;		/* tau2 = 0 is the maximum */
} CdOneWay;

/* Classical table; needs 2 groups. */
CdStatus	cd_anova(const CdMoments *groups, size_t k, CdAnova *out);

/*
 * Exact REML or ML. Needs 2 groups, more values than groups and some variation
 * within groups (else CD_TOO_FEW: tau2 and sigma2 cannot be told apart).
 */
CdStatus	cd_oneway_fit(const CdMoments *groups, size_t k, CdLikelihood likelihood, CdOneWay *out);

/*
 * Interval of tau2 by its generalised pivot: as Q-profile, with the chi-square error
 * of sigma2 integrated out (Weerahandi 1993; Park & Burdick 2003).
 */
CdStatus	cd_oneway_tau2_interval(const CdMoments *groups, size_t k, double level,
									double *low, double *high);

/*
 * Interval of mu: bias-reduced residual variance with Satterthwaite df (Bell & McCaffrey
 * 2002), which for equal group weights is the exact t(k - 1) interval; never narrower
 * than the normal interval of the sampling noise. Knapp-Hartung was tried first: with
 * unequal weights and tau2 near 0 its 95 % covered down to 84 %.
 */
CdStatus	cd_oneway_mean_interval(const CdOneWay *fit, double level, double *low, double *high);

/* Interval for the mean of a new group, t(k - 2); needs 3 groups. */
CdStatus	cd_oneway_predict_interval(const CdOneWay *fit, double level, double *low, double *high);

#endif
