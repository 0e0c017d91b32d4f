/*
 * share.h: posterior of the share of units whose true value lies beyond a threshold,
 * from estimates y_i with sampling variances v_i > 0. tau has a half-Cauchy prior and is
 * integrated over numerically; mu given tau is normal with a flat prior.
 */
#ifndef CD_SHARE_H
#define CD_SHARE_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/status.h"

#define CD_SHARE_GRID 28

typedef struct CdSharePosterior
{
	int			size;			/* points in use */
	double		tau[CD_SHARE_GRID];
	double		probability[CD_SHARE_GRID]; /* sums to 1 */
	double		mean[CD_SHARE_GRID];	/* of mu given tau */
	double		sd[CD_SHARE_GRID];
} CdSharePosterior;

typedef struct CdShare
{
	double		mean;
	double		low;			/* equal-tailed, widened to hold the mean */
	double		high;
} CdShare;

/* Works from 1 unit on: with 1 or 2 the prior speaks and the interval is wide. */
CdStatus	cd_share_posterior(const double *y, const double *v, size_t k, double prior_scale,
							   CdSharePosterior *out);

/* Log likelihood of tau with mu integrated out, and mu given tau, for other models. */
typedef CdStatus (*CdShareModel) (double tau, void *context, double *log_likelihood,
								  double *mean, double *sd);

/* noise: typical standard error of a unit's estimate. */
CdStatus	cd_share_model_posterior(CdShareModel model, void *context, double prior_scale,
									 double noise, CdSharePosterior *out);

/* Share of units with a true value above (or below) the threshold, which may be infinite. */
CdStatus	cd_share_summary(const CdSharePosterior *posterior, double threshold, bool above,
							 double level, CdShare *out);

/*
 * Widens low and high to the interval for the true value of a new unit, each end where it
 * lies inside; from +inf and -inf on they become that interval.
 */
CdStatus	cd_share_predict(const CdSharePosterior *posterior, double level,
							 double *low, double *high);

#endif
