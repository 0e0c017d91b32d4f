/*
 * rank.h: the place of each unit among its peers when none is known exactly. Rank 1 is the
 * highest value.
 */
#ifndef CD_RANK_H
#define CD_RANK_H

#include <stddef.h>
#include <stdint.h>

#include "stats/status.h"

typedef struct CdRank
{
	double		expected;		/* mean rank */
	double		low;			/* equal-tailed interval of the rank */
	double		high;
	double		above;			/* probability to lie above the mean of all */
	int			outlier;		/* 1 above the mean of all, -1 below it, 0 neither is established */
} CdRank;

/* Draws for so many units: a few thousand, fewer where memory calls for it. */
size_t		cd_rank_draws(size_t units);

/* Bytes of scratch for cd_rank. */
size_t		cd_rank_size(size_t units, size_t draws);

/*
 * Ranks from draws (units x draws) of the joint distribution of the values. The interval of
 * each unit's rank holds with probability level; the outliers, all of them together, lie on
 * the side they are said to with probability (1 + level) / 2.
 */
CdStatus	cd_rank(const double *draw, size_t units, size_t draws, double level, void *scratch,
					CdRank *out);

/* Expected ranks of independent normal values, exactly. */
CdStatus	cd_rank_expected(const double *mean, const double *sd, size_t units, double *expected);

/* Draws of independent normal values. */
void		cd_rank_independent(const double *mean, const double *sd, size_t units, uint64_t seed,
								size_t draws, double *draw);

/* Places 1, 2, ... by expected rank, ties in the order given. */
void		cd_rank_places(const CdRank *rank, size_t units, void *scratch, double *place);

#endif
