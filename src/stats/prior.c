/*
 * prior.c: non-parametric empirical Bayes on an equally spaced grid.
 */
#include <math.h>

#include <gsl/gsl_math.h>

#include "stats/prior.h"
#include "stats/solve.h"

#define EM_STEPS 15
#define SMOOTH_START 2.0		/* a start this much wider than the estimates' own noise */
#define BANDWIDTH 1.2			/* of the last smoothing, sd times k^(-1/3) */
#define MARGIN 2.0				/* grid beyond the outermost estimate, in se */
#define NONE 0.1				/* of an effect worth having; from there to MOVES the odds come to count */
#define MOVES 0.6
#define SLACK 1e-9				/* around the outermost odds */
#define SHARE_MOVED 0.5			/* of units, when odds are put on a level: nothing known */

/* Density of t, up to a factor that does not depend on the distance. */
static double
kernel(double distance, double se, double df)
{
	double		z = distance / se;

	if (!(df < 1e6))
		return exp(-0.5 * z * z) / se;
	return pow(1.0 + z * z / df, -0.5 * (df + 1.0)) / se;
}

static bool
usable(const CdPriorUnit *unit)
{
	return isfinite(unit->estimate) && isfinite(unit->se) && unit->se > 0.0;
}

static bool
has_odds(const CdPriorUnit *unit)
{
	return isfinite(unit->odds) && unit->odds > 0.0 && isfinite(unit->worth) && unit->worth > 0.0;
}

/* How likely what else is known of a unit is at an effect, up to a factor. */
static double
likely_at(const CdPriorUnit *unit, double effect)
{
	double		moved;

	if (!has_odds(unit))
		return 1.0;
	moved = fmax(0.0, fmin((effect / unit->worth - NONE) / (MOVES - NONE), 1.0));
	return 1.0 + moved * (unit->odds - 1.0);
}

typedef struct Odds
{
	const CdPriorUnit *unit;
	size_t		k;
} Odds;

/* Odds are on a level when they are 1 on average over units whose effects are none, here 1 - SHARE_MOVED of all. */
static double
off_level(double factor, void *context, CdStatus *status)
{
	const Odds *odds = context;
	double		sum = 0.0;

	(void) status;
	for (size_t i = 0; i < odds->k; i++)
	{
		double		each = factor * odds->unit[i].odds;

		if (has_odds(&odds->unit[i]))
			sum += each / (1.0 + SHARE_MOVED * (each - 1.0)) - 1.0;
	}
	return sum;
}

CdStatus
cd_prior_level_odds(CdPriorUnit *unit, size_t k)
{
	Odds		odds = {unit, k};
	double		least = INFINITY;
	double		most = 0.0;
	double		factor;
	CdStatus	status;

	for (size_t i = 0; i < k; i++)
		if (has_odds(&unit[i]))
		{
			least = fmin(least, unit[i].odds);
			most = fmax(most, unit[i].odds);
		}
	if (!(most > 0.0))
		return CD_OK;
	status = cd_solve(off_level, &odds, (1.0 - SLACK) / most, (1.0 + SLACK) / least, &factor);
	for (size_t i = 0; i < k && status == CD_OK; i++)
		unit[i].odds *= factor;
	return status;
}

/* Grid over the estimates, with 0 on it. */
static void
lay_grid(const CdPriorUnit *unit, size_t k, CdPrior *out)
{
	double		low = 0.0;
	double		high = 0.0;
	double		step;
	int			zero;

	for (size_t i = 0; i < k; i++)
	{
		if (!usable(&unit[i]))
			continue;
		low = fmin(low, unit[i].estimate - MARGIN * unit[i].se);
		high = fmax(high, unit[i].estimate + MARGIN * unit[i].se);
	}
	step = (high - low) / (CD_PRIOR_POINTS - 3);
	zero = (int) ceil(-low / step);
	for (int j = 0; j < CD_PRIOR_POINTS; j++)
		out->point[j] = (j - zero) * step;
}

/* Kernel estimate of the estimates' distribution: wider than the truth, and positive. */
static void
start(const CdPriorUnit *unit, size_t k, CdPrior *out)
{
	double		total = 0.0;

	for (int j = 0; j < CD_PRIOR_POINTS; j++)
	{
		double		sum = 0.0;

		for (size_t i = 0; i < k; i++)
			if (usable(&unit[i]))
				sum += kernel(out->point[j] - unit[i].estimate, SMOOTH_START * unit[i].se, INFINITY);
		out->mass[j] = sum;
		total += sum;
	}
	for (int j = 0; j < CD_PRIOR_POINTS; j++)
		out->mass[j] = (out->mass[j] / total + 1e-3 / CD_PRIOR_POINTS) / (1.0 + 1e-3);
}

/* One EM step over units with likelihoods in rows of the table. */
static void
em_step(const double *table, size_t k, CdPrior *out)
{
	double		next[CD_PRIOR_POINTS] = {0};

	for (size_t i = 0; i < k; i++)
	{
		const double *row = table + i * CD_PRIOR_POINTS;
		double		sum = 0.0;

		for (int j = 0; j < CD_PRIOR_POINTS; j++)
			sum += row[j] * out->mass[j];
		if (!(sum > 0.0))
			continue;
		for (int j = 0; j < CD_PRIOR_POINTS; j++)
			next[j] += row[j] * out->mass[j] / sum;
	}
	for (int j = 0; j < CD_PRIOR_POINTS; j++)
		out->mass[j] = next[j] / (double) k;
}

/* Leave a little for what the units at hand did not show: one unit's worth, spread out. */
static void
admit_more(const CdPrior *wide, size_t k, CdPrior *out)
{
	double		part = 1.0 / (1.0 + (double) k);

	for (int j = 0; j < CD_PRIOR_POINTS; j++)
		out->mass[j] = (1.0 - part) * out->mass[j] + part * wide->mass[j];
}

static double
prior_sd(const CdPrior *prior)
{
	double		mean = 0.0;
	double		square = 0.0;

	for (int j = 0; j < CD_PRIOR_POINTS; j++)
		mean += prior->mass[j] * prior->point[j];
	for (int j = 0; j < CD_PRIOR_POINTS; j++)
		square += prior->mass[j] * gsl_pow_2(prior->point[j] - mean);
	return sqrt(square);
}

/*
 * Spread each point over its neighbours, the more the fewer units there are: taken as it is, a
 * distribution learned from a few units sits where their estimates are, and their intervals
 * come out too narrow.
 */
static void
smooth(size_t k, CdPrior *out)
{
	double		width = BANDWIDTH * prior_sd(out) / cbrt((double) k);
	double		next[CD_PRIOR_POINTS] = {0};

	for (int i = 0; i < CD_PRIOR_POINTS; i++)
	{
		double		share[CD_PRIOR_POINTS];
		double		total = 0.0;

		for (int j = 0; j < CD_PRIOR_POINTS; j++)
		{
			share[j] = exp(-0.5 * gsl_pow_2((out->point[j] - out->point[i]) / width));
			total += share[j];
		}
		for (int j = 0; j < CD_PRIOR_POINTS; j++)
			next[j] += out->mass[i] * share[j] / total;
	}
	for (int j = 0; j < CD_PRIOR_POINTS; j++)
		out->mass[j] = next[j];
}

/* Prior from the units. */
CdStatus
cd_prior_fit(const CdPriorUnit *unit, size_t k, double *scratch, CdPrior *out)
{
	CdPrior		wide;
	size_t		used = 0;

	for (size_t i = 0; i < k; i++)
		used += usable(&unit[i]);
	if (used < CD_PRIOR_LEAST)
		return CD_TOO_FEW;
	lay_grid(unit, k, out);
	start(unit, k, out);
	wide = *out;
	used = 0;
	for (size_t i = 0; i < k; i++)
	{
		double	   *row = scratch + used * CD_PRIOR_POINTS;

		if (!usable(&unit[i]))
			continue;
		for (int j = 0; j < CD_PRIOR_POINTS; j++)
			row[j] = kernel(unit[i].estimate - out->point[j], unit[i].se, unit[i].df) * likely_at(&unit[i], out->point[j]);
		used++;
	}
	for (int step = 0; step < EM_STEPS; step++)
	{
		if (cd_stop_requested())
			return CD_STOPPED;
		em_step(scratch, used, out);
	}
	admit_more(&wide, used, out);
	smooth(used, out);
	return CD_OK;
}

/* Where the cumulative mass reaches p, linear between the edges of the grid's cells. */
static double
quantile(const CdPrior *prior, const double *mass, double p)
{
	double		step = prior->point[1] - prior->point[0];
	double		sum = 0.0;

	for (int j = 0; j < CD_PRIOR_POINTS; j++)
	{
		if (sum + mass[j] >= p && mass[j] > 0.0)
			return prior->point[j] + step * ((p - sum) / mass[j] - 0.5);
		sum += mass[j];
	}
	return prior->point[CD_PRIOR_POINTS - 1];
}

/* One unit. */
CdStatus
cd_prior_posterior(const CdPrior *prior, const CdPriorUnit *unit, double level, CdPosterior *out)
{
	double		mass[CD_PRIOR_POINTS];
	double		total = 0.0;
	double		square = 0.0;

	*out = (CdPosterior) {0};
	for (int j = 0; j < CD_PRIOR_POINTS; j++)
	{
		mass[j] = prior->mass[j] * likely_at(unit, prior->point[j]);
		if (usable(unit))
			mass[j] *= kernel(unit->estimate - prior->point[j], unit->se, unit->df);
		total += mass[j];
	}
	if (!(total > 0.0))
		return CD_BAD_INPUT;
	for (int j = 0; j < CD_PRIOR_POINTS; j++)
	{
		mass[j] /= total;
		out->mean += mass[j] * prior->point[j];
		square += mass[j] * prior->point[j] * prior->point[j];
		out->above += mass[j] * (prior->point[j] > 0.0 ? 1.0 : prior->point[j] == 0.0 ? 0.5 : 0.0);
	}
	out->sd = sqrt(fmax(square - out->mean * out->mean, 0.0));
	out->low = quantile(prior, mass, 0.5 * (1.0 - level));
	out->high = quantile(prior, mass, 0.5 * (1.0 + level));
	return CD_OK;
}
