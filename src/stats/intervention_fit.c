/*
 * intervention_fit.c: what regressions on a line say: the step, level and slope, how quick, whether it lasted, and
 * whether earlier dates show the same.
 */
#include <math.h>

#include "stats/interrupted.h"
#include "stats/intervention_model.h"

#define RAMP_MOST 12			/* periods within which a change is looked for */
#define PLACEBO_SPAN 8			/* periods either side of a placebo date */
#define PLACEBO_LEAST 5
#define LEAST_THIRD 3			/* periods of the first third, once the change is there */

/* Columns of a regression on the line. */
typedef enum Design
{
	STEP_AND_TREND,				/* one trend throughout */
	LEVEL_AND_SLOPE,			/* a slope on each side */
	THIRDS						/* means: before, first and last third of what lies after */
} Design;

/* One row of a design: k in the window, third: periods of each third. */
static void
fill_row(const CdStudy *s, Design design, size_t k, size_t third, double *x)
{
	double		time = (double) k - (double) s->after_from;
	bool		after = k >= s->after_from;

	x[0] = 1.0;
	x[1] = after;
	if (design == THIRDS)
	{
		x[1] = after && k < s->after_from + third;
		x[2] = k >= s->after_from + 2 * third;
		return;
	}
	x[2] = time;
	if (design == LEVEL_AND_SLOPE)
		x[3] = after ? time : 0.0;
}

/* The middle third may be that in which a change is lost. */
static bool
in_middle(const CdStudy *s, Design design, size_t k, size_t third)
{
	return design == THIRDS && k >= s->after_from + third && k < s->after_from + 2 * third;
}

/* Rows of [from, to) with data; those in [before_to, skip_to) are left out. */
static CdSeries
make_series(CdStudy *s, Design design, size_t from, size_t to, size_t skip_to, size_t third)
{
	CdSeries	series = {.columns = design == LEVEL_AND_SLOPE ? 4 : 3, .y = s->y, .x = s->x, .weight = s->w,
		.at = s->at};
	double		typical = 0.0;

	for (size_t k = from; k < to; k++)
	{
		size_t		n = series.n;

		if (!(s->line.weight[k] > 0.0) || (k >= s->before_to && k < skip_to) || in_middle(s, design, k, third))
			continue;
		fill_row(s, design, k, third, &s->x[n * series.columns]);
		s->y[n] = s->line.mean[k];
		s->w[n] = s->line.weight[k];
		s->at[n] = (double) k;
		typical += s->w[n];
		series.n++;
	}
	for (size_t i = 0; i < series.n; i++)
		s->w[i] = cd_tempered(s->w[i], typical / (double) series.n);
	return series;
}

/* The step beside a trend, errors autocorrelated. */
CdStatus
cd_compare_with_past(CdStudy *s, CdIntervention *out)
{
	const double step[] = {0.0, 1.0, 0.0};
	CdSeries	series = make_series(s, STEP_AND_TREND, s->before_from, s->after_to, s->after_from, 0);
	CdSeriesContrast c;
	CdStatus	status = cd_series_contrast(&series, step, s->options->level, s->arena, &c);

	if (status != CD_OK)
		return status;
	out->comparison = s->controls > 0.0 ? CD_COMPARISON_DIFFERENCE : CD_COMPARISON_PAST;
	out->improvement = c.estimate;
	out->low = c.low;
	out->high = c.high;
	out->p = c.p;
	return CD_OK;
}

/* Level and slope, for the reader of a segmented regression. */
CdStatus
cd_level_and_slope(CdStudy *s, CdIntervention *out)
{
	const double level[] = {0.0, 1.0, 0.0, 0.0};
	const double slope[] = {0.0, 0.0, 0.0, 1.0};
	CdSeries	series = make_series(s, LEVEL_AND_SLOPE, s->before_from, s->after_to, s->after_from, 0);
	CdSeriesContrast c;
	CdStatus	status = cd_series_contrast(&series, level, s->options->level, s->arena, &c);

	if (status != CD_OK)
		return status;
	out->level = c.estimate;
	out->level_low = c.low;
	out->level_high = c.high;
	out->autocorrelation = c.autocorrelation;
	status = cd_series_contrast(&series, slope, s->options->level, s->arena, &c);
	if (status != CD_OK)
		return status;
	out->slope = c.estimate;
	out->slope_low = c.low;
	out->slope_high = c.high;
	return CD_OK;
}

/* Squares left by a change that grows in a straight line over so many periods, then stays. */
static double
ramp_residual(const CdStudy *s, size_t length)
{
	double		w = 0.0;
	double		mx = 0.0;
	double		my = 0.0;
	double		xx = 0.0;
	double		xy = 0.0;
	double		yy = 0.0;

	for (size_t k = s->before_from; k < s->after_to; k++)
	{
		double		since = (double) k - (double) s->after_from + 1.0;
		double		x = k < s->after_from ? 0.0 : fmin(since / (double) length, 1.0);
		double		u = cd_is_before(s, k) || cd_is_after(s, k) ? s->line.weight[k] : 0.0;
		double		dx;
		double		dy;

		if (!(u > 0.0))
			continue;
		w += u;
		dx = x - mx;
		dy = s->line.mean[k] - my;
		mx += u / w * dx;
		my += u / w * dy;
		xx += u * dx * (x - mx);
		xy += u * dx * (s->line.mean[k] - my);
		yy += u * dy * (s->line.mean[k] - my);
	}
	return yy - xy * xy / xx;
}

/* Length of the ramp that fits best. */
size_t
cd_best_ramp(const CdStudy *s, double periods_after)
{
	size_t		most = (size_t) fmin(RAMP_MOST, floor(periods_after / 2.0));
	size_t		best = 1;
	double		least = INFINITY;

	for (size_t length = 1; length <= most; length++)
	{
		double		rss = ramp_residual(s, length);

		if (rss < least)
		{
			least = rss;
			best = length;
		}
	}
	return best;
}

/* Whether the change lasted: the first third of what lies after it, once it is there, against the last. */
CdStatus
cd_look_for_recurrence(CdStudy *s, size_t ramp, CdIntervention *out)
{
	const double lost[] = {0.0, 1.0, -1.0};
	const double early[] = {0.0, 1.0, 0.0};
	size_t		there = s->after_from + ramp - 1;
	size_t		last = s->width;
	size_t		third;
	double		periods;
	CdSeriesContrast c;
	CdSeriesContrast e;
	CdSeries	series;
	CdStatus	status;

	while (last > s->after_from && !(s->line.weight[last - 1] > 0.0))
		last--;
	third = (last - s->after_from) / 3;
	cd_line_mean(&s->line, there, s->after_from + third, &periods);
	if (last - s->after_from < CD_INTERVENTION_LEAST_LATER || periods < LEAST_THIRD)
		return CD_OK;
	series = make_series(s, THIRDS, s->before_from, last, there, third);
	status = cd_series_contrast(&series, lost, s->options->level, s->arena, &c);
	if (status == CD_OK)
		status = cd_series_contrast(&series, early, s->options->level, s->arena, &e);
	if (status != CD_OK)
		return status;
	if (c.low > 0.0 && c.estimate > 0.5 * e.estimate)
		out->recurrence = CD_RECURRENCE_RECURRED;
	else if (c.high < 0.5 * e.estimate)
		out->recurrence = CD_RECURRENCE_HELD;
	return CD_OK;
}

/* Step between the periods up to `from` and those from `to` on, span of each; NaN: too few. */
static double
jump(CdStudy *s, size_t from, size_t to, size_t span, bool off_trend)
{
	CdSeries	series = {.columns = off_trend ? 3 : 2, .y = s->y, .x = s->x};
	size_t		keep = s->arena->used;
	size_t		after = 0;
	CdSeriesFit fit;
	CdStatus	status;

	for (size_t k = from - span; k < to + span; k++)
	{
		double	   *x = &s->x[series.n * series.columns];

		if (!(s->line.weight[k] > 0.0) || (k >= from && k < to))
			continue;
		x[0] = 1.0;
		x[1] = k >= to;
		if (off_trend)
			x[2] = (double) k - (double) to;
		s->y[series.n++] = s->line.mean[k];
		after += k >= to;
	}
	if (2 * after < span || 2 * (series.n - after) < span)
		return NAN;
	status = cd_series_ols(&series, s->arena, &fit);
	s->arena->used = keep;
	return status == CD_OK ? fit.coefficient[1] : NAN;
}

/* How often an earlier date shows as large a jump. */
void
cd_placebo_dates(CdStudy *s, double periods_after, CdIntervention *out)
{
	size_t		span = (size_t) fmin(PLACEBO_SPAN, periods_after);
	bool		off_trend = out->comparison == CD_COMPARISON_PAST;
	double		actual = jump(s, s->before_to, s->after_from, span, off_trend);
	double		larger = 0.0;

	out->placebos = 0.0;
	for (size_t k = span; k + span <= s->before_to; k++)
	{
		double		here = jump(s, k, k, span, off_trend);

		if (isnan(here))
			continue;
		out->placebos += 1.0;
		larger += fabs(here) >= fabs(actual);
	}
	if (out->placebos >= PLACEBO_LEAST && !isnan(actual))
		out->placebo_p = (1.0 + larger) / (1.0 + out->placebos);
}
