/*
 * shift.c: one change of level at an unknown time.
 */
#include <math.h>

#include "stats/moments.h"
#include "stats/shift.h"
#include "stats/solve.h"
#include "stats/trend.h"

#define SUPREMUM_LIMIT 12.16	/* 1 %, one parameter, 15 % left out at each end */
#define LEAST_SHARE 0.15
#define DEGREES 3

static CdMoments
moments_of(const double *value, const double *weight, size_t from, size_t to)
{
	CdMoments	m = {0};

	for (size_t i = from; i < to; i++)
		cd_moments_add(&m, value[i], weight[i]);
	return m;
}

static double
product(const double *a, const double *b, const double *weight, size_t n)
{
	double		sum = 0.0;

	for (size_t i = 0; i < n; i++)
		sum += weight[i] * a[i] * b[i];
	return sum;
}

/* Take the part along direction out of x. */
static void
take_out(double *x, const double *direction, const double *weight, size_t n)
{
	double		part = product(x, direction, weight, n) / product(direction, direction, weight, n);

	for (size_t i = 0; i < n; i++)
		x[i] -= part * direction[i];
}

/* Weighted squares around a cubic: how seasons and drifts move. scratch: DEGREES + 2 times n. */
static double
squares_around_curve(const double *value, const double *weight, size_t n, double *scratch)
{
	double	   *rest = scratch;
	double	   *power = scratch + n;

	for (size_t i = 0; i < n; i++)
		rest[i] = value[i];
	for (size_t degree = 0; degree <= DEGREES; degree++)
	{
		for (size_t i = 0; i < n; i++)
			power[degree * n + i] = degree == 0 ? 1.0 : power[(degree - 1) * n + i] * ((double) i / (double) n - 0.5);
		for (size_t lower = 0; lower < degree; lower++)
			take_out(power + degree * n, power + lower * n, weight, n);
		take_out(rest, power + degree * n, weight, n);
	}
	return product(rest, rest, weight, n);
}

/* The best split, and the squares around its two levels. */
static double
best_split(const double *value, const double *weight, size_t n, size_t least, CdShift *out)
{
	double		best = INFINITY;

	for (size_t at = least; at + least <= n; at++)
	{
		CdMoments	before = moments_of(value, weight, 0, at);
		CdMoments	after = moments_of(value, weight, at, n);

		if (before.m2 + after.m2 >= best)
			continue;
		best = before.m2 + after.m2;
		out->at = at;
		out->before = before.mean;
		out->after = after.mean;
	}
	return best;
}

CdStatus
cd_mean_since(const double *value, const double *weight, size_t n, size_t from, double *mean, double *low)
{
	double		count = (double) n - (double) from;
	CdMoments	m = moments_of(value, weight, from, n);
	double		memory;
	double		multiplier;
	CdStatus	status;

	*mean = m.mean;
	*low = NAN;
	if (count < CD_SHIFT_LEAST)
		return CD_TOO_FEW;
	status = cd_t_multiplier(0.95, count - 1.0, &multiplier);
	if (status != CD_OK)
		return status;
	memory = cd_autocorrelation(value + from, n - from, 1);
	memory += (1.0 + 3.0 * memory) / count;	/* a fitted mean biases it down (Marriott & Pope 1954) */
	memory = isnan(memory) ? 0.0 : fmin(fmax(memory, 0.0), 0.95);
	*low = m.mean - multiplier * sqrt(m.m2 / m.weight / (count - 1.0) * (1.0 + memory) / (1.0 - memory));
	return CD_OK;
}

CdStatus
cd_level_shift(const double *value, const double *weight, size_t n, double *scratch, CdShift *out)
{
	size_t		least = (size_t) fmax(CD_SHIFT_LEAST, ceil(LEAST_SHARE * (double) n));
	CdMoments	all;
	double		squares;
	double		memory;

	*out = (CdShift) {0, NAN, NAN, NAN, false};
	if (n < 2 * least)
		return CD_TOO_FEW;
	all = moments_of(value, weight, 0, n);
	squares = best_split(value, weight, n, least, out);
	for (size_t i = 0; i < n; i++)
		scratch[i] = value[i] - (i < out->at ? out->before : out->after);
	memory = cd_autocorrelation(scratch, n, 1);
	/* Two fitted means bias it down, by about as much as this takes back (Marriott & Pope 1954). */
	memory += (2.0 + 4.0 * memory) / (double) n;
	memory = isnan(memory) ? 0.0 : fmin(fmax(memory, 0.0), 0.95);
	out->f = (all.m2 - squares) / (squares / ((double) n - 2.0)) * (1.0 - memory) / (1.0 + memory);
	out->clear = out->f > SUPREMUM_LIMIT && squares < squares_around_curve(value, weight, n, scratch);
	return CD_OK;
}
