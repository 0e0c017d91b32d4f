/*
 * decompose.h: where a difference of means comes from. All parts add up to it exactly.
 */
#ifndef CD_DECOMPOSE_H
#define CD_DECOMPOSE_H

#include <stddef.h>

#include "stats/moments.h"
#include "stats/status.h"

#define CD_SHAPLEY_MAX 16

/*
 * Kitagawa (1955): a less b over categories. mix: another composition at the mean rates;
 * rate: other rates at the mean composition. unmatched: what categories that only one
 * side has do to the difference; mix and rate compare the others, shares within them.
 */
typedef struct CdKitagawa
{
	double		gap;			/* = mix + rate + unmatched */
	double		mix;
	double		rate;
	double		unmatched;
	double		mix_se;			/* of sampling within cells, composition taken as it is */
	double		rate_se;
	double		matched_a;		/* share of weight in categories that both sides have */
	double		matched_b;
} CdKitagawa;

/*
 * Moments per category, empty where a side has none. mix_part and rate_part, when not
 * NULL, get the parts of each category. CD_TOO_FEW: a side is empty, or nothing in common
 * (gap and unmatched are set then).
 */
CdStatus	cd_kitagawa(const CdMoments *a, const CdMoments *b, size_t categories,
						CdKitagawa *out, double *mix_part, double *rate_part);

/*
 * Shapley values of players 0 .. players - 1; value[set] for every set of players as a bit
 * mask, the empty one first. They add up to value[all] - value[none].
 */
CdStatus	cd_shapley(const double *value, size_t players, double *share);

#endif
