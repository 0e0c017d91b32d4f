/*
 * trend.h: monotone trend of a series by ranks (Mann 1945, Kendall 1975), its slope (Sen
 * 1968), seasons kept apart (Hirsch, Slack & Smith 1982), autocorrelation allowed for
 * (Hamed & Rao 1998; Yue & Wang 2004). Missing periods are left out by the caller; the
 * times keep the gaps in the slopes.
 */
#ifndef CD_TREND_H
#define CD_TREND_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/status.h"

typedef enum CdTrendVariance
{
	CD_TREND_INDEPENDENT,
	CD_TREND_HAMED_RAO,			/* autocorrelations of the detrended ranks, significant ones only */
	CD_TREND_YUE_WANG			/* autocorrelations of the detrended values, all of them */
} CdTrendVariance;

typedef struct CdTrendOptions
{
	CdTrendVariance variance;
	size_t		lags;			/* autocorrelations used; 0: all n - 1 */
	double		level;			/* of the slope's interval and of the significance of lags */
} CdTrendOptions;

typedef struct CdTrend
{
	size_t		n;
	double		s;				/* concordant less discordant pairs */
	double		tau;			/* s over the number of pairs */
	double		variance;		/* of s, ties and autocorrelation allowed for */
	double		inflation;		/* by autocorrelation; 1 for independent */
	double		z;				/* with continuity correction; NaN when variance <= 0 */
	double		p;				/* two-sided */
	bool		exact;			/* p counts permutations: n <= 10, no ties, independent */
	double		slope;			/* median of pairwise slopes, per unit of time */
	double		slope_low;		/* from variance; NaN when inflation <= 0, as p */
	double		slope_high;
	double		intercept;		/* median value less slope times median time */
} CdTrend;

/* Doubles of scratch. */
size_t		cd_trend_scratch(size_t n);

/*
 * time strictly ascending within a season; season NULL: one season. Needs 3 values and a
 * pair within a season. The variances for autocorrelation need one season; they take the
 * values as equally spaced, gaps closed up (Hussain & Mahmud 2019).
 */
CdStatus	cd_trend(const double *time, const double *value, const int *season, size_t n,
					 const CdTrendOptions *options, double *scratch, CdTrend *out);

/* Autocorrelation of x at a lag below n, with divisor n; NaN when x is constant. */
double		cd_autocorrelation(const double *x, size_t n, size_t lag);

#endif
