/*
 * did.h: average effect on the treated from the change of each unit between two periods,
 * with covariates (Sant'Anna & Zhao 2020, J Econometrics 219:101; Heckman, Ichimura &
 * Todd 1997; Abadie 2005), and each unit's influence on it.
 */
#ifndef CD_DID_H
#define CD_DID_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/status.h"

typedef enum CdDidMethod
{
	CD_DID_DOUBLY_ROBUST,		/* outcome regression by least squares, propensity by logit */
	CD_DID_OUTCOME,				/* outcome regression alone */
	CD_DID_WEIGHTING,			/* propensity weights alone, normalised */
	CD_DID_DOUBLY_ROBUST_TILTED /* tilted propensity, regression weighted by it */
} CdDidMethod;

/* Without covariates every method is the difference of the mean changes. */
typedef struct CdDidData
{
	size_t		n;
	size_t		covariates;
	const bool *treated;
	const double *change;
	const double *covariate;	/* n x covariates, without an intercept */
	const double *weight;		/* > 0; NULL: all 1 */
} CdDidData;

/* Doubles of scratch that cd_did needs. */
size_t		cd_did_scratch(size_t n, size_t covariates);

/*
 * The effect and, when influence is not NULL, n influence values, of mean 0. CD_TOO_FEW: no treated unit, no
 * control, collinear covariates among the controls, or no overlap (a propensity of 0.999).
 */
CdStatus	cd_did(const CdDidData *data, CdDidMethod method, double *scratch,
				   double *effect, double *influence);

#endif
