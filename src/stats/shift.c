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

/* The best of the splits from `from` to `to`, and the squares around its two levels. */
static double
best_split(const double *value, const double *weight, size_t n, size_t from, size_t to, CdShift *out)
{
	double		best = INFINITY;

	for (size_t at = from; at <= to; at++)
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

/* What fitted means take away from it given back, by about as much (Marriott & Pope 1954). */
static double
memory_of(const double *rest, size_t n, double fitted)
{
	double		memory = cd_autocorrelation(rest, n, 1);

	memory += (fitted + (fitted + 2.0) * memory) / (double) n;
	return isnan(memory) ? 0.0 : fmin(fmax(memory, 0.0), 0.95);
}

/* F of two levels beside one. */
static double
f_of_split(const double *value, const double *weight, size_t n, const CdShift *split, double squares, double *scratch)
{
	CdMoments	all = moments_of(value, weight, 0, n);
	double		memory;

	for (size_t i = 0; i < n; i++)
		scratch[i] = value[i] - (i < split->at ? split->before : split->after);
	memory = memory_of(scratch, n, 2.0);
	return (all.m2 - squares) / (squares / ((double) n - 2.0)) * (1.0 - memory) / (1.0 + memory);
}

CdStatus
cd_level_of(const double *value, const double *weight, size_t n, double *scratch, CdLevel *out)
{
	CdMoments	m = moments_of(value, weight, 0, n);
	double	   *ones = scratch;
	double	   *line = scratch + n;
	double	   *rest = scratch + 2 * n;
	double		memory;
	double		half;
	CdStatus	status;

	*out = (CdLevel) {NAN, NAN, NAN};
	if (n < CD_SHIFT_LEAST)
		return CD_TOO_FEW;
	status = cd_t_multiplier(0.95, (double) n - 2.0, &half);
	if (status != CD_OK)
		return status;
	for (size_t i = 0; i < n; i++)
	{
		ones[i] = 1.0;
		line[i] = (double) i;
		rest[i] = value[i] - m.mean;
	}
	take_out(line, ones, weight, n);
	take_out(rest, line, weight, n);
	memory = memory_of(rest, n, 3.0);	/* of 13 periods two are too few: test_shift.c */
	half *= sqrt(product(rest, rest, weight, n) / m.weight / ((double) n - 2.0) * (1.0 + memory) / (1.0 - memory));
	*out = (CdLevel) {m.mean, m.mean - half, m.mean + half};
	return CD_OK;
}

CdStatus
cd_level_shift(const double *value, const double *weight, size_t n, double *scratch, CdShift *out)
{
	size_t		least = (size_t) fmax(CD_SHIFT_LEAST, ceil(LEAST_SHARE * (double) n));
	double		squares;

	*out = (CdShift) {0, NAN, NAN, NAN, false};
	if (n < 2 * least)
		return CD_TOO_FEW;
	squares = best_split(value, weight, n, least, n - least, out);
	out->f = f_of_split(value, weight, n, out, squares, scratch);
	out->clear = out->f > SUPREMUM_LIMIT && squares < squares_around_curve(value, weight, n, scratch);
	return CD_OK;
}

/* Are most values since the split nearer to its level than to the one before? One week that is far off makes no level. */
static bool
most_are_up(const double *value, size_t n, const CdShift *split)
{
	double		middle = (split->before + split->after) / 2.0;
	size_t		up = 0;

	for (size_t i = split->at; i < n; i++)
		up += value[i] > middle;
	return 2 * up > n - split->at;
}

CdStatus
cd_late_rise(const double *value, const double *weight, size_t n, double *scratch, CdShift *out)
{
	double		squares;

	*out = (CdShift) {0, NAN, NAN, NAN, false};
	if (n < 2 * CD_SHIFT_LEAST - 1)
		return CD_TOO_FEW;
	squares = best_split(value, weight, n, n - CD_SHIFT_LEAST + 1, n - CD_SHIFT_LATE, out);
	out->f = f_of_split(value, weight, n, out, squares, scratch);
	out->clear = out->f > SUPREMUM_LIMIT && out->after > out->before && most_are_up(value, n, out);
	return CD_OK;
}
