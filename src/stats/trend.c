/*
 * trend.c: see trend.h.
 */
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "stats/trend.h"

#define MAX_EXACT 10
#define MAX_PAIRS (MAX_EXACT * (MAX_EXACT - 1) / 2)

typedef struct Series
{
	const double *time;
	const double *value;
	const int  *season;
	size_t		n;
} Series;

/* All pairwise slopes, and twice the series beside them. */
size_t
cd_trend_scratch(size_t n)
{
	return 2 * n + n * (n - 1) / 2;
}

static bool
same_season(const Series *series, size_t i, size_t j)
{
	return series->season == NULL || series->season[i] == series->season[j];
}

/* Finite, and times ascending within each season. */
static CdStatus
check(const Series *series)
{
	for (size_t i = 0; i < series->n; i++)
	{
		if (!isfinite(series->time[i]) || !isfinite(series->value[i]))
			return CD_BAD_INPUT;
		for (size_t j = 0; j < i; j++)
			if (same_season(series, i, j) && series->time[j] >= series->time[i])
				return CD_BAD_INPUT;
		if (cd_stop_requested())
			return CD_STOPPED;
	}
	return CD_OK;
}

/* n (n - 1) (2 n + 5), the part of each of n values. */
static double
variance_part(double n)
{
	return (n - 1.0) * (2.0 * n + 5.0);
}

/* Statistic and its variance; slopes of all pairs, whose number is returned. */
static size_t
compare_pairs(const Series *series, double *slopes, CdTrend *out, bool *ties)
{
	size_t		pairs = 0;

	out->s = 0.0;
	out->variance = 0.0;
	*ties = false;
	for (size_t i = 0; i < series->n; i++)
	{
		double		members = 0.0;
		double		equal = 0.0;

		for (size_t j = 0; j < series->n; j++)
		{
			double		rise = series->value[i] - series->value[j];

			if (!same_season(series, i, j))
				continue;
			members += 1.0;
			equal += rise == 0.0;
			if (j >= i)
				continue;
			slopes[pairs++] = rise / (series->time[i] - series->time[j]);
			out->s += (rise > 0.0) - (rise < 0.0);
		}
		out->variance += (variance_part(members) - variance_part(equal)) / 18.0;
		*ties = *ties || equal > 1.0;
	}
	return pairs;
}

/* Order statistics around the median slope. */
static void
slope_interval(const double *slopes, size_t pairs, double level, CdTrend *out)
{
	double		half = 0.5 * gsl_cdf_ugaussian_Qinv(0.5 * (1.0 - level)) * sqrt(out->variance);
	double		low = rint(0.5 * (double) pairs - half) - 1.0;
	double		high = rint(0.5 * (double) pairs + half);

	out->slope_low = out->slope_high = NAN;
	if (out->inflation <= 0.0)
		return;
	out->slope_low = slopes[low > 0.0 ? (size_t) low : 0];
	out->slope_high = slopes[high < (double) pairs - 1.0 ? (size_t) high : pairs - 1];
}

static double
median(const double *x, size_t n, double *scratch)
{
	memcpy(scratch, x, n * sizeof(double));
	return gsl_stats_median(scratch, 1, n);
}

/* Share of the permutations of n values whose |S| is at least s: inversions counted. */
static double
exact_p(size_t n, double s)
{
	double		count[MAX_PAIRS + 1] = {1.0};
	size_t		pairs = n * (n - 1) / 2;
	double		total = 0.0;
	double		extreme = 0.0;

	for (size_t m = 2; m <= n; m++)
	{
		double		next[MAX_PAIRS + 1] = {0};

		for (size_t k = 0; k <= pairs; k++)
			for (size_t j = 0; j < m && j <= k; j++)
				next[k] += count[k - j];
		memcpy(count, next, sizeof(count));
	}
	for (size_t k = 0; k <= pairs; k++)
	{
		total += count[k];
		if (fabs((double) pairs - 2.0 * (double) k) >= fabs(s))
			extreme += count[k];
	}
	return extreme / total;
}

/* Autocorrelation at one lag. */
double
cd_autocorrelation(const double *x, size_t n, size_t lag)
{
	double		mean = gsl_stats_mean(x, 1, n);
	double		product = 0.0;
	double		square = 0.0;

	for (size_t i = 0; i < n; i++)
	{
		square += (x[i] - mean) * (x[i] - mean);
		if (i >= lag)
			product += (x[i] - mean) * (x[i - lag] - mean);
	}
	return square > 0.0 ? product / square : NAN;
}

/* Average ranks. */
static void
rank(const double *x, size_t n, double *ranks)
{
	for (size_t i = 0; i < n; i++)
	{
		double		below = 0.0;
		double		equal = 0.0;

		for (size_t j = 0; j < n; j++)
		{
			below += x[j] < x[i];
			equal += x[j] == x[i];
		}
		ranks[i] = below + 0.5 * (equal + 1.0);
	}
}

/* Share of the effective information lost to the autocorrelations. */
static double
hamed_rao(const double *ranks, size_t size, size_t lags, double level)
{
	double		n = (double) size;
	double		limit = gsl_cdf_ugaussian_Qinv(0.5 * (1.0 - level)) / sqrt(n);
	double		sum = 0.0;

	for (size_t lag = 1; lag <= lags; lag++)
	{
		double		r = cd_autocorrelation(ranks, size, lag);
		double		k = (double) lag;

		if (fabs(r) > limit)
			sum += (n - k) * (n - k - 1.0) * (n - k - 2.0) * r;
	}
	return 1.0 + 2.0 * sum / (n * (n - 1.0) * (n - 2.0));
}

static double
yue_wang(const double *x, size_t n, size_t lags)
{
	double		sum = 0.0;

	for (size_t lag = 1; lag <= lags; lag++)
		sum += (1.0 - (double) lag / (double) n) * cd_autocorrelation(x, n, lag);
	return 1.0 + 2.0 * sum;
}

/* Smallest step between neighbours in time. */
static double
step_of(const Series *series)
{
	double		step = INFINITY;

	for (size_t i = 1; i < series->n; i++)
		step = fmin(step, series->time[i] - series->time[i - 1]);
	return step;
}

/*
 * What autocorrelation does to the variance of S; gaps are closed up for it. A perfectly
 * straight line leaves nothing to correlate.
 */
static double
inflation(const Series *series, const CdTrendOptions *options, double slope, double *scratch)
{
	size_t		n = series->n;
	size_t		lags = options->lags == 0 || options->lags > n - 1 ? n - 1 : options->lags;
	double		rise = slope * step_of(series);
	double	   *rest = scratch;
	double	   *ranks = scratch + n;

	for (size_t i = 0; i < n; i++)
		rest[i] = series->value[i] - rise * (double) i;
	if (isnan(cd_autocorrelation(rest, n, 1)))
		return 1.0;
	if (options->variance == CD_TREND_YUE_WANG)
		return yue_wang(rest, n, lags);
	rank(rest, n, ranks);
	return hamed_rao(ranks, n, lags, options->level);
}

/* Normal test with continuity correction. */
static void
normal_test(CdTrend *out)
{
	double		corrected = out->s - ((out->s > 0.0) - (out->s < 0.0));

	out->exact = false;
	out->z = out->p = NAN;
	if (out->variance <= 0.0)
		return;
	out->z = corrected / sqrt(out->variance);
	out->p = 2.0 * gsl_cdf_ugaussian_Q(fabs(out->z));
}

/* Test and slope. */
CdStatus
cd_trend(const double *time, const double *value, const int *season, size_t n,
		 const CdTrendOptions *options, double *scratch, CdTrend *out)
{
	Series		series = {time, value, season, n};
	CdStatus	status = check(&series);
	double	   *slopes = scratch + 2 * n;
	size_t		pairs;
	bool		ties;

	if (status != CD_OK)
		return status;
	if (n < 3)
		return CD_TOO_FEW;
	if (!(options->level > 0.0 && options->level < 1.0)
		|| (options->variance != CD_TREND_INDEPENDENT && season != NULL))
		return CD_BAD_INPUT;
	out->n = n;
	pairs = compare_pairs(&series, slopes, out, &ties);
	if (pairs == 0)
		return CD_TOO_FEW;
	out->tau = out->s / (double) pairs;
	gsl_sort(slopes, 1, pairs);
	out->slope = gsl_stats_median_from_sorted_data(slopes, 1, pairs);
	out->intercept = median(value, n, scratch) - out->slope * median(time, n, scratch);
	out->inflation = 1.0;
	if (options->variance != CD_TREND_INDEPENDENT)
		out->inflation = inflation(&series, options, out->slope, scratch);
	out->variance *= out->inflation;
	slope_interval(slopes, pairs, options->level, out);
	normal_test(out);
	if (options->variance == CD_TREND_INDEPENDENT && season == NULL && !ties && n <= MAX_EXACT)
	{
		out->exact = true;
		out->p = exact_p(n, out->s);
	}
	return CD_OK;
}
