/*
 * ar_line.c: see ar_line.h. For a given autocorrelation the rows are made independent by
 * taking from each what the one before it led to expect; the fit is then ordinary least
 * squares on 2 columns, one pass over the series.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "stats/ar_line.h"

#define GRID 15
#define GRID_STEP (CD_AR_LINE_HIGHEST / (GRID - 1))

typedef struct Series
{
	const double *time;
	const double *value;
	const double *variance;
	size_t		n;
	double		middle;			/* of time */
	double		level;			/* line taken out of the values beforehand, so that little cancels */
	double		slope;
} Series;

/* Least squares at one autocorrelation. */
typedef struct Fit
{
	double		s00,
				s01,
				s11,
				q0,
				q1,
				yy;
	double		carried;		/* of the row before, at the present step of time */
	double		log_fresh;
	double		scale;
	double		log_det;		/* of the correlation matrix */
	double		level;
	double		slope;
	double		rss;
	double		log_density;	/* restricted likelihood times prior */
} Fit;

/* 1, time and the value of one point, over its standard deviation. */
static void
load(const Series *s, size_t i, double row[3])
{
	double		scale = s->variance != NULL ? 1.0 / sqrt(s->variance[i]) : 1.0;
	double		time = s->time[i] - s->middle;

	row[0] = scale;
	row[1] = scale * time;
	row[2] = scale * (s->value[i] - s->level - s->slope * time);
}

/* How much of a row is what the one before it led to expect, at one autocorrelation. */
static void
set_step(Fit *fit, double correlation, double step)
{
	fit->carried = correlation > 0.0 ? pow(correlation, step) : 0.0;
	fit->log_fresh = log1p(-fit->carried * fit->carried);
	fit->scale = exp(-0.5 * fit->log_fresh);
}

/* One row freed of autocorrelation. */
static void
add(Fit *fit, const double now[3], const double before[3])
{
	double		x = fit->scale * (now[0] - fit->carried * before[0]);
	double		time = fit->scale * (now[1] - fit->carried * before[1]);
	double		y = fit->scale * (now[2] - fit->carried * before[2]);

	fit->s00 += x * x;
	fit->s01 += x * time;
	fit->s11 += time * time;
	fit->q0 += x * y;
	fit->q1 += time * y;
	fit->yy += y * y;
	fit->log_det += fit->log_fresh;
}

/* Cross-products at each of the first autocorrelations of the grid. */
static void
collect(const Series *s, int grid, Fit *fits)
{
	double		before[3] = {0};
	double		step = 0.0;

	for (int k = 0; k < grid; k++)
		fits[k] = (Fit) {.scale = 1.0};
	for (size_t i = 0; i < s->n; i++)
	{
		bool		news = i > 0 && s->time[i] - s->time[i - 1] != step;
		double		now[3];

		if (news)
			step = s->time[i] - s->time[i - 1];
		load(s, i, now);
		for (int k = 0; k < grid; k++)
		{
			if (news)
				set_step(&fits[k], k * GRID_STEP, step);
			add(&fits[k], now, before);
		}
		memcpy(before, now, sizeof(before));
	}
}

static void
solve(const Series *s, double correlation, Fit *fit)
{
	double		det = fit->s00 * fit->s11 - fit->s01 * fit->s01;

	fit->level = (fit->s11 * fit->q0 - fit->s01 * fit->q1) / det;
	fit->slope = (fit->s00 * fit->q1 - fit->s01 * fit->q0) / det;
	fit->rss = fmax(fit->yy - fit->level * fit->q0 - fit->slope * fit->q1, 0.0);
	fit->log_density = -0.5 * (fit->log_det + log(det) + ((double) s->n - 2.0) * log(fit->rss + DBL_MIN)
							   + log(1.0 - correlation * correlation));
}

static void
fit_grid(const Series *s, int grid, Fit *fits)
{
	collect(s, grid, fits);
	for (int k = 0; k < grid; k++)
		solve(s, k * GRID_STEP, &fits[k]);
}

/* Finite, in order of time, variances positive. */
static CdStatus
check(const Series *s)
{
	for (size_t i = 0; i < s->n; i++)
	{
		if (!isfinite(s->time[i]) || !isfinite(s->value[i]) || (i > 0 && s->time[i] <= s->time[i - 1]))
			return CD_BAD_INPUT;
		if (s->variance != NULL && !(s->variance[i] > 0.0 && isfinite(s->variance[i])))
			return CD_BAD_INPUT;
	}
	return s->n < CD_AR_LINE_LEAST ? CD_TOO_FEW : CD_OK;
}

/* Mean and spread of a mixture of t distributions with the same df, as one such distribution. */
typedef struct Mixture
{
	double		mean;
	double		square;			/* weighted sum of squared deviations from the mean so far, and variances */
	double		weight;
} Mixture;

static void
mix(Mixture *m, double weight, double mean, double variance)
{
	double		step = mean - m->mean;

	if (weight <= 0.0)
		return;
	m->square += weight * variance + step * step * weight * m->weight / (m->weight + weight);
	m->weight += weight;
	m->mean += step * weight / m->weight;
}

/* Average over the autocorrelations. */
static void
average(const Series *s, const Fit *fits, int grid, CdArLine *out)
{
	double		df = (double) s->n - 2.0;
	double		widening = df > 2.0 ? df / (df - 2.0) : 1.0;	/* variance of t over its squared scale */
	double		best = -INFINITY;
	Mixture		level = {0};
	Mixture		slope = {0};
	Mixture		correlation = {0};

	for (int k = 0; k < grid; k++)
		best = fmax(best, fits[k].log_density);
	for (int k = 0; k < grid; k++)
	{
		const Fit  *f = &fits[k];
		double		weight = exp(f->log_density - best);
		double		variance = widening * f->rss / df / (f->s00 * f->s11 - f->s01 * f->s01);

		mix(&level, weight, f->level, variance * f->s11);
		mix(&slope, weight, f->slope, variance * f->s00);
		mix(&correlation, weight, k * GRID_STEP, 0.0);
	}
	*out = (CdArLine) {
		.level = s->level + level.mean,
		.level_se = sqrt(level.square / level.weight / widening),
		.slope = s->slope + slope.mean,
		.slope_se = sqrt(slope.square / slope.weight / widening),
		.df = df,
		.correlation = correlation.mean
	};
}

CdStatus
cd_ar_line(const double *time, const double *value, const double *variance, size_t n, bool independent,
		   CdArLine *out)
{
	Series		s = {time, value, variance, n, 0.0, 0.0, 0.0};
	Fit			fits[GRID];
	int			grid = independent ? 1 : GRID;
	CdStatus	status = check(&s);

	if (status != CD_OK)
		return status;
	s.middle = 0.5 * (time[0] + time[n - 1]);
	fit_grid(&s, 1, fits);
	s.level = fits[0].level;
	s.slope = fits[0].slope;
	fit_grid(&s, grid, fits);
	average(&s, fits, grid, out);
	return CD_OK;
}
