/*
 * pool.h: partial pooling. Units (coaches of a programme) have true effects that are normal
 * around a common mean; each unit's effect is then known from its own data and its peers'.
 *
 * The spread between units is integrated over, with a half-Cauchy prior of twice the
 * units' own standard errors (Gelman 2006), and the mean with a flat one: with few
 * units the spread is hardly known, and a plugged-in value would make intervals too short.
 */
#ifndef CD_POOL_H
#define CD_POOL_H

#include <stdint.h>

#include "stats/arena.h"
#include "stats/prior.h"
#include "stats/status.h"

#define CD_POOL_POINTS 48

/* Units first .. first + n - 1, whose estimates are correlated: their n x n information matrix. */
typedef struct CdPoolBlock
{
	size_t		first;
	size_t		n;
	const double *information;
} CdPoolBlock;

/* All units: blocks in order of their first unit, and information times estimate. */
typedef struct CdPoolData
{
	const CdPoolBlock *block;
	size_t		blocks;
	const double *score;
	size_t		units;
} CdPoolData;

/* The posterior, as a mixture over the spread. */
typedef struct CdPool
{
	double		mean;			/* of the units' common mean */
	double		mean_sd;
	double		spread;			/* between units: posterior median */
	double		tau[CD_POOL_POINTS];
	double		weight[CD_POOL_POINTS];
	double		centre[CD_POOL_POINTS];	/* common mean given tau */
	double		precision[CD_POOL_POINTS];
	double	   *unit_mean;		/* points x units */
	double	   *unit_variance;
	double	   *lean;			/* how far each unit's mean leans on the common one, 0 to 1 */
	double	   *work;			/* for the largest block */
	size_t		units;
} CdPool;

/* Bytes of arena for so many units, the largest block of so many. */
size_t		cd_pool_size(size_t units, size_t largest);

/* CD_TOO_FEW when no unit carries information. */
CdStatus	cd_pool_fit(const CdPoolData *data, CdArena *arena, CdPool *out);

/* One unit; extra: sd of an error that its data do not show. */
CdStatus	cd_pool_unit(const CdPool *pool, size_t unit, double extra, double level, CdPosterior *out);

/* Draws from the joint posterior: out is units x draws. The same seed gives the same draws. */
CdStatus	cd_pool_draws(const CdPool *pool, const CdPoolData *data, uint64_t seed, size_t draws,
						  double *out);

/* The standard normal numbers they come from: item 0 is the common mean's, 1 .. units the units'. */
double		cd_pool_normal(uint64_t seed, size_t draw, size_t item);

#endif
