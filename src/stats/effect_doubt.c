/*
 * effect_doubt.c: what remains doubtful about an effect however many sessions there are, and its interval with it.
 */
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>

#include "stats/effect.h"

/* Shares that may be wrong, as sd; fitted: doc/validity.md. */
#define OF_REMOVED 0.06			/* of the regression to the mean that was removed: a model of the past */
#define OF_CARRIED 0.4			/* the same where values hold what earlier periods brought, which no model of the past here knows */
#define OF_EFFECT 0.1			/* of the effect: sessions and agents differ in more than a dose with one shape knows */

double
cd_effect_doubt(double null, bool carried)
{
	return isnan(null) ? 0.0 : (carried ? OF_CARRIED : OF_REMOVED) * fabs(null);
}

double
cd_effect_limit(double effect, double distance, double level)
{
	double		share = gsl_pow_2(gsl_cdf_ugaussian_Pinv(0.5 * (1.0 + level)) * OF_EFFECT);

	return (effect + copysign(hypot(sqrt(1.0 - share) * distance, sqrt(share) * effect), distance)) / (1.0 - share);
}

void
cd_effect_admit_doubt(double level, CdEffect *e)
{
	double		wider = sqrt(1.0 + gsl_pow_2(e->doubt / e->sd));

	if (!(e->sd > 0.0))
		return;
	e->low = cd_effect_limit(e->effect, -wider * (e->effect - e->low), level);
	e->high = cd_effect_limit(e->effect, wider * (e->high - e->effect), level);
	e->sd *= wider;
}
