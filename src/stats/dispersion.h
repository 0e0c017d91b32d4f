/*
 * dispersion.h: how large and how consistent a gap to target is over the agents of one
 * unit, once sampling noise is removed. Input: per agent the moments of gap = value - target.
 */
#ifndef CD_DISPERSION_H
#define CD_DISPERSION_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/moments.h"
#include "stats/status.h"

typedef enum CdScale
{
	CD_SCALE_IDENTITY,
	CD_SCALE_LOG,				/* moments of ln(value) - ln(target); results stay on the log scale */
	CD_SCALE_PROPORTION			/* moments of rate - target, weight = trials */
} CdScale;

/* What is asked for; each leaves out more of what costs most, which is NaN then. */
typedef enum CdGapWanted
{
	CD_GAP_ALL,
	CD_GAP_SPREAD,				/* no share, no prediction */
	CD_GAP_MEAN					/* of rates no interval of the spread either */
} CdGapWanted;

typedef struct CdGapOptions
{
	double		orientation;	/* +1 or -1, multiplies every gap before anything else */
	bool		short_is_positive;	/* after orientation: a short agent has a gap above 0 */
	double		margin;			/* >= 0: short means beyond this distance from target */
	double		level;			/* of every interval, 0.95 unless there is a reason */
	CdScale		scale;
	CdGapWanted wanted;
} CdGapOptions;

/*
 * NaN: not available from these data. Degenerate input is answered as follows.
 *	no agent			CD_TOO_FEW
 *	one agent			mean_gap and within_sd; its interval from the within variance (t, n - 1)
 *						when there is one; nothing about spread; the share from the prior
 *	one value each		"not separable": mean gap with t(k - 1) interval of the agent means;
 *						spread and share are NaN, since noise and spread cannot be told apart
 *	no within variation	"no within variation": agent means are exact; between_variance is their
 *						variance with its chi-square interval; when they are all equal too
 *						("constant") every interval is the point and the share is 0 or 1
 *	proportion, all 0 or all 1	"all at one limit": no spread shown, Wilson interval of the pooled rate
 * consistency is +inf when a gap that is not 0 shows no spread, NaN when both are 0.
 */
typedef struct CdGapDispersion
{
	double		agents;
	double		observations;
	double		mean_gap;		/* of a typical agent: agents weigh by precision, not by volume */
	double		mean_low;		/* from the agents' own residuals, see oneway.h */
	double		mean_high;
	double		within_sd;		/* of a value of weight 1 */
	double		between_sd;		/* REML, sampling noise removed */
	double		between_low;
	double		between_high;
	double		between_variance;
	double		icc;			/* tau2 / (tau2 + sigma2), a value of weight 1 */
	double		i_squared;		/* tau2 / (tau2 + typical variance of an agent's mean) */
	double		reliability;	/* tau2 / (tau2 + sigma2 n / W): one value of average weight */
	double		consistency;	/* |mean_gap| / between_sd */
	double		share_short;	/* share of agents truly short by more than margin */
	double		share_low;
	double		share_high;
	double		predict_low;	/* true gap of a new agent, 3 agents on: see dispersion.c */
	double		predict_high;
	double		f;				/* one-way ANOVA */
	double		f_p;
	const char *method;			/* static text */
} CdGapDispersion;

/* Doubles of scratch that cd_gap_dispersion needs for k agents. */
#define CD_GAP_DISPERSION_SCRATCH(k) (2 * (size_t) (k))

/* orientation 1, short negative, margin 0, identity, level 0.95, all */
CdGapOptions cd_gap_default_options(void);

/*
 * targets: mean target per agent, read only for CD_SCALE_PROPORTION (else NULL will do).
 * Agents without values (weight 0) are skipped.
 */
CdStatus	cd_gap_dispersion(const CdMoments *gaps, const double *targets, size_t k,
							  const CdGapOptions *options, double *scratch, CdGapDispersion *out);

#endif
