/*
 * equivalence.h: what an estimate with its standard error and degrees of freedom (INFINITY:
 * normal) allows to conclude: an effect, no effect worth having, or neither.
 */
#ifndef CD_EQUIVALENCE_H
#define CD_EQUIVALENCE_H

#include <stdbool.h>

#include "stats/status.h"

/* Two one-sided tests (Schuirmann 1987). */
typedef struct CdTost
{
	double		p_low;			/* of the true value at or below the lower margin */
	double		p_high;			/* of the true value at or above the upper margin */
	double		p;				/* the larger of both */
	double		low;			/* interval at level 1 - 2 alpha */
	double		high;
	bool		equivalent;		/* p < alpha: the interval lies inside the margins */
} CdTost;

typedef enum CdConclusion
{
	CD_CONCLUDE_EFFECT,			/* not 0, and not shown to be small */
	CD_CONCLUDE_NEGLIGIBLE,		/* not 0, and inside the margins */
	CD_CONCLUDE_NO_EFFECT,		/* may be 0, and inside the margins */
	CD_CONCLUDE_CANNOT_TELL		/* may be 0, and may be outside the margins */
} CdConclusion;

/* se > 0, df > 0, margin_low < margin_high, 0 < alpha < 0.5. */
CdStatus	cd_tost(double estimate, double se, double df, double margin_low, double margin_high,
					double alpha, CdTost *out);

/*
 * Interval at level 1 - alpha against 0, equivalence at alpha against +-margin; a margin of
 * NaN (none set) never concludes that an effect is small.
 */
CdStatus	cd_conclude(double estimate, double se, double df, double margin, double alpha,
						CdConclusion *out);

/* Smallest true effect that the test finds with this power, exact for finite df. */
CdStatus	cd_smallest_detectable(double se, double df, double alpha, double power, double *effect);

#endif
