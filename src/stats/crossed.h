/*
 * crossed.h: two crossed random factors and their interaction from cell moments. Value k
 * of cell (a, b) is mu + a + b + ab + e, var(e) = residual / weight. Exact restricted
 * maximum likelihood; work and memory grow with the cells and the levels of b, not with the
 * values.
 */
#ifndef CD_CROSSED_H
#define CD_CROSSED_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/arena.h"
#include "stats/moments.h"
#include "stats/status.h"

/* A cell with values. Cells come sorted by a; b is the factor with fewer levels. */
typedef struct CdCell
{
	size_t		a;
	size_t		b;
	CdMoments	moments;
} CdCell;

/* Components of variance, in this order everywhere. */
typedef enum CdComponent
{
	CD_COMPONENT_A,
	CD_COMPONENT_B,
	CD_COMPONENT_AB
} CdComponent;

#define CD_COMPONENTS 3

typedef struct CdCrossed
{
	double		n;				/* values */
	size_t		cells;
	size_t		levels_a;		/* with values */
	size_t		levels_b;
	double		mu;
	double		se;				/* of mu, variances taken as known */
	double		residual;		/* variance of a value of weight 1 */
	double		variance[CD_COMPONENTS];	/* 0 when not in the model or on the boundary */
	double		log_se[CD_COMPONENTS];	/* of log (variance / residual); NaN when 0 */
	double		criterion;		/* -2 log restricted likelihood, lme4's constant for unit weights */
} CdCrossed;

/* Best linear unbiased prediction of one level. */
typedef struct CdBlup
{
	double		effect;
	double		conditional_sd; /* given mu and the variances (lme4's condVar) */
	double		sd;				/* with the uncertainty of mu as well */
} CdBlup;

size_t		cd_crossed_size(size_t cells, size_t size_b);

/*
 * component[k]: is it in the model? size_a and size_b: one more than the largest level
 * number. blup_a (size_a), blup_b (size_b) and effect_ab (cells) get the best linear
 * unbiased predictions, variances taken as known; each may be NULL. CD_TOO_FEW: fewer than 2 levels of a factor in
 * the model, nothing that varies, or an interaction without a cell of 2 values.
 */
CdStatus	cd_crossed(const CdCell *cell, size_t cells, size_t size_a, size_t size_b,
					   const bool component[CD_COMPONENTS], CdArena *arena, CdCrossed *out,
					   CdBlup *blup_a, CdBlup *blup_b, double *effect_ab);

/*
 * Interval of a component as of a multiple of chi-square, whose degrees of freedom are those
 * at which its logarithm varies as much (Satterthwaite 1946); NaN on the boundary and next to it.
 */
void		cd_crossed_interval(double variance, double log_se, double level, double *low, double *high);

#endif
