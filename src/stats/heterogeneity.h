/*
 * heterogeneity.h: random effects from estimates y_i with known sampling variances
 * v_i > 0 (conventions of Viechtbauer 2010, J Stat Softw 36(3)).
 */
#ifndef CD_HETEROGENEITY_H
#define CD_HETEROGENEITY_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/status.h"

typedef enum CdTau2Method
{
	CD_TAU2_REML,
	CD_TAU2_PM,					/* Paule-Mandel */
	CD_TAU2_DL,					/* DerSimonian-Laird */
	CD_TAU2_ML,
	CD_TAU2_HE,					/* Hedges */
	CD_TAU2_SJ,					/* Sidik-Jonkman, start value from the variance of the y_i */
	CD_TAU2_FE					/* tau2 = 0 assumed */
} CdTau2Method;

#define CD_TAU2_METHODS 7

/* Everything that does not exist for these data is NaN. */
typedef struct CdHeterogeneity
{
	double		k;
	double		mu;
	double		se;				/* tau2 taken as known */
	double		mu_low;			/* normal interval */
	double		mu_high;
	double		kh_q;			/* Knapp-Hartung factor */
	double		kh_se;			/* se * sqrt(kh_q) */
	double		kh_p;
	double		kh_low;			/* t(k - 1) */
	double		kh_high;
	double		tau2;
	double		se_tau2;		/* NaN for FE */
	double		tau2_low;		/* Q-profile */
	double		tau2_high;
	double		q;				/* Cochran's Q */
	double		q_p;
	double		i2;				/* share, 0 to 1 */
	double		h2;
	double		predict_low;	/* t(k - 2); NaN below 3 units */
	double		predict_high;
	double		predict_normal_low;
	double		predict_normal_high;
} CdHeterogeneity;

/* Method from its usual abbreviation in any case; false when unknown. */
bool		cd_tau2_method(const char *name, CdTau2Method *method);
const char *cd_tau2_method_name(CdTau2Method method);

/*
 * k = 1 gives mu, se and the normal interval only. A variance that is not
 * positive and finite is CD_BAD_INPUT, k = 0 is CD_TOO_FEW.
 */
CdStatus	cd_heterogeneity(const double *y, const double *v, size_t k,
							 CdTau2Method method, double level, CdHeterogeneity *out);

/* tau2 alone. */
CdStatus	cd_tau2(const double *y, const double *v, size_t k, CdTau2Method method, double *tau2);

/*
 * Empirical Bayes estimate whose variance carries the uncertainty of mu and of tau2
 * (Morris 1983): B v + (1 - B)^2 se^2 + (y - mu)^2 var(B), B = tau2 / (tau2 + v).
 */
void		cd_heterogeneity_morris(const CdHeterogeneity *fit, double y, double v,
									double *estimate, double *se, double *weight);

#endif
