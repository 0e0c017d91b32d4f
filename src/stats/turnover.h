/*
 * turnover.h: how far a mean moved because of those who stayed, joined and left.
 */
#ifndef CD_TURNOVER_H
#define CD_TURNOVER_H

#include <stddef.h>

#include "stats/moments.h"
#include "stats/status.h"

/*
 * Dynamic decomposition (Melitz & Polanec 2015): joiners and leavers are held against those
 * who stayed, in their own period; what changed among these is split by Kitagawa (1955).
 * change = within + mix + joined + left. NaN: not available.
 */
typedef struct CdTurnover
{
	double		before;			/* weighted means */
	double		after;
	double		within;			/* stayers became better or worse, at their mean share */
	double		within_se;		/* of stayers' changes, t with stayed - 1 degrees of freedom */
	double		mix;			/* stayers' shares shifted between them */
	double		joined;
	double		left;
	size_t		n_stayed;
	size_t		n_joined;
	size_t		n_left;
} CdTurnover;

/*
 * Moments of each agent before and after, empty where there was nothing. part: n doubles of
 * scratch. CD_TOO_FEW: nobody before, or nobody after; nobody stayed is not an error (within,
 * mix, joined and left are NaN then).
 */
CdStatus	cd_turnover(const CdMoments *before, const CdMoments *after, size_t n, double *part,
						CdTurnover *out);

#endif
