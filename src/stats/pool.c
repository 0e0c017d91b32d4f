/*
 * pool.c: normal units around a common mean, in information form: with A the information of
 * a block, B = I + tau^2 A stays well-conditioned whatever the data do not tell apart.
 */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "stats/linear.h"
#include "stats/pool.h"
#include "stats/random.h"
#include "stats/solve.h"

#define LEAST_TAU (1.0 / 64.0)	/* of the scale */
#define SLACK 1e-6				/* around the outermost quantiles of the mixture's parts, in sd */
#define TAU_STEP 1.2			/* 48 steps reach 82 times the scale */
#define PRIOR_WIDTH 2.0			/* in scales: narrower ones make intervals too short where spread equals noise */

/* Results at each tau; a matrix and a vector of the largest block, and the scale's sort. */
size_t
cd_pool_size(size_t units, size_t largest)
{
	size_t		size = 3 * cd_arena_bytes(units * CD_POOL_POINTS, sizeof(double));

	return cd_arena_sum(size, cd_arena_bytes((largest + 1) * largest + units, sizeof(double)));
}

static size_t
largest_block(const CdPoolData *data)
{
	size_t		largest = 0;

	for (size_t b = 0; b < data->blocks; b++)
		largest = data->block[b].n > largest ? data->block[b].n : largest;
	return largest;
}

static int
compare(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Median standard error of the units that have one. */
static double
scale_of(const CdPoolData *data, double *se)
{
	size_t		k = 0;

	for (size_t b = 0; b < data->blocks; b++)
	{
		const CdPoolBlock *block = &data->block[b];

		for (size_t i = 0; i < block->n; i++)
			if (block->information[i * block->n + i] > 0.0)
				se[k++] = 1.0 / sqrt(block->information[i * block->n + i]);
	}
	if (k == 0)
		return NAN;
	qsort(se, k, sizeof(double), compare);
	return 0.5 * (se[k / 2] + se[(k - 1) / 2]);
}

/* Factor of B of a block. */
static CdStatus
factor(const CdPoolBlock *block, double tau, double *b)
{
	size_t		n = block->n;

	for (size_t i = 0; i < n * n; i++)
		b[i] = tau * tau * block->information[i];
	for (size_t i = 0; i < n; i++)
		b[i * n + i] += 1.0;
	return cd_cholesky_definite(b, n);
}

/* What a block says about the common mean, and the log likelihood apart from that. */
typedef struct Sum
{
	double		precision;
	double		score;
	double		log_likelihood;
} Sum;

/* Add a block at one tau, and what its units would be if the common mean were 0. */
static CdStatus
add_block(const CdPoolData *data, const CdPoolBlock *block, double tau, size_t point, CdPool *out,
		  Sum *sum)
{
	size_t		n = block->n;
	size_t		at = point * data->units + block->first;
	double	   *b = out->work;
	double	   *own = out->unit_mean + at;
	double	   *lean = out->lean + at;
	const double *score = data->score + block->first;

	if (factor(block, tau, b) != CD_OK)
		return CD_BAD_INPUT;
	for (size_t i = 0; i < n; i++)
	{
		own[i] = score[i];
		lean[i] = 1.0;
	}
	cd_cholesky_solve(b, n, own);
	cd_cholesky_solve(b, n, lean);
	sum->log_likelihood += 0.5 * tau * tau * cd_dot(score, own, n)
		- 0.5 * cd_cholesky_log_determinant(b, n);
	cd_cholesky_invert(b, n);
	for (size_t i = 0; i < n; i++)
	{
		for (size_t j = 0; j < n; j++)
			sum->precision += block->information[i * n + j] * lean[i];
		sum->score += own[i];
		own[i] *= tau * tau;
		out->unit_variance[at + i] = tau * tau * b[i * n + i];
	}
	return CD_OK;
}

/* Everything given tau. */
static CdStatus
fit_point(const CdPoolData *data, double tau, size_t point, CdPool *out, double *log_likelihood)
{
	double	   *mean = out->unit_mean + point * data->units;
	double	   *variance = out->unit_variance + point * data->units;
	const double *lean = out->lean + point * data->units;
	Sum			sum = {0};

	for (size_t b = 0; b < data->blocks; b++)
	{
		if (cd_stop_requested())
			return CD_STOPPED;
		if (add_block(data, &data->block[b], tau, point, out, &sum) != CD_OK)
			return CD_BAD_INPUT;
	}
	if (!(sum.precision > 0.0))
		return CD_TOO_FEW;
	out->tau[point] = tau;
	out->precision[point] = sum.precision;
	out->centre[point] = sum.score / sum.precision;
	for (size_t i = 0; i < data->units; i++)
	{
		mean[i] += lean[i] * out->centre[point];
		variance[i] += lean[i] * lean[i] / sum.precision;
	}
	*log_likelihood = sum.log_likelihood + 0.5 * sum.score * out->centre[point]
		- 0.5 * log(sum.precision);
	return CD_OK;
}

/* Weights of the points, and what they say about mean and spread. */
static void
weigh(const double *log_posterior, CdPool *out)
{
	double		most = -INFINITY;
	double		total = 0.0;
	double		sum = 0.0;
	double		square = 0.0;

	for (int j = 0; j < CD_POOL_POINTS; j++)
		most = fmax(most, log_posterior[j]);
	for (int j = 0; j < CD_POOL_POINTS; j++)
		total += out->weight[j] = exp(log_posterior[j] - most);
	out->mean = 0.0;
	for (int j = 0; j < CD_POOL_POINTS; j++)
	{
		out->weight[j] /= total;
		out->mean += out->weight[j] * out->centre[j];
		square += out->weight[j] * (out->centre[j] * out->centre[j] + 1.0 / out->precision[j]);
		if (sum < 0.5)
			out->spread = out->tau[j];
		sum += out->weight[j];
	}
	out->mean_sd = sqrt(fmax(square - out->mean * out->mean, 0.0));
}

/* The posterior of mean, spread and units. */
CdStatus
cd_pool_fit(const CdPoolData *data, CdArena *arena, CdPool *out)
{
	double		log_posterior[CD_POOL_POINTS];
	size_t		n = largest_block(data);
	double		scale;
	double		ratio = LEAST_TAU;

	*out = (CdPool) {.units = data->units};
	out->unit_mean = cd_arena_take(arena, data->units * CD_POOL_POINTS, sizeof(double));
	out->unit_variance = cd_arena_take(arena, data->units * CD_POOL_POINTS, sizeof(double));
	out->lean = cd_arena_take(arena, data->units * CD_POOL_POINTS, sizeof(double));
	out->work = cd_arena_take(arena, (n + 1) * n + data->units, sizeof(double));
	if (!out->unit_mean || !out->unit_variance || !out->lean || !out->work)
		return CD_NOMEM;
	scale = scale_of(data, out->work);
	if (isnan(scale))
		return CD_TOO_FEW;
	for (size_t j = 0; j < CD_POOL_POINTS; j++, ratio *= TAU_STEP)
	{
		CdStatus	status = fit_point(data, ratio * scale, j, out, &log_posterior[j]);

		if (status != CD_OK)
			return status;
		log_posterior[j] += log(ratio / (1.0 + pow(ratio / PRIOR_WIDTH, 2.0)));
	}
	weigh(log_posterior, out);
	return CD_OK;
}

/* One unit's mixture. */
typedef struct Mixture
{
	const CdPool *pool;
	size_t		unit;
	double		extra;
	double		p;
} Mixture;

static double
centre_of(const Mixture *m, int j)
{
	return m->pool->unit_mean[(size_t) j * m->pool->units + m->unit];
}

static double
sd_of(const Mixture *m, int j)
{
	return sqrt(m->pool->unit_variance[(size_t) j * m->pool->units + m->unit] + m->extra * m->extra);
}

/* Probability below x, less p. */
static double
below(double x, void *context, CdStatus *status)
{
	const Mixture *m = context;
	double		sum = -m->p;

	(void) status;
	for (int j = 0; j < CD_POOL_POINTS; j++)
		sum += m->pool->weight[j] * gsl_cdf_ugaussian_P((x - centre_of(m, j)) / sd_of(m, j));
	return sum;
}

static CdStatus
quantile(Mixture *m, double p, double *value)
{
	double		low = INFINITY;
	double		high = -INFINITY;
	double		z = gsl_cdf_ugaussian_Pinv(p);

	m->p = p;
	for (int j = 0; j < CD_POOL_POINTS; j++)
	{
		low = fmin(low, centre_of(m, j) + (z - SLACK) * sd_of(m, j));
		high = fmax(high, centre_of(m, j) + (z + SLACK) * sd_of(m, j));
	}
	return cd_solve(below, m, low, high, value);
}

/* One unit's effect given everything. */
CdStatus
cd_pool_unit(const CdPool *pool, size_t unit, double extra, double level, CdPosterior *out)
{
	Mixture		m = {.pool = pool, .unit = unit, .extra = extra};
	double		square = 0.0;
	CdStatus	status;

	*out = (CdPosterior) {0};
	for (int j = 0; j < CD_POOL_POINTS; j++)
	{
		double		mean = centre_of(&m, j);

		out->mean += pool->weight[j] * mean;
		square += pool->weight[j] * (mean * mean + sd_of(&m, j) * sd_of(&m, j));
	}
	out->sd = sqrt(fmax(square - out->mean * out->mean, 0.0));
	out->above = -below(0.0, &m, &status) + 1.0;
	status = quantile(&m, 0.5 * (1.0 - level), &out->low);
	if (status == CD_OK)
		status = quantile(&m, 0.5 * (1.0 + level), &out->high);
	return status;
}

double
cd_pool_normal(uint64_t seed, size_t draw, size_t item)
{
	return gsl_cdf_ugaussian_Pinv(cd_random_uniform(seed, draw, item));
}

/* Draws from .. to - 1 of a block, at one tau; item 0 of a draw is the common mean's. */
static CdStatus
draw_block(const CdPool *pool, const CdPoolBlock *block, size_t point, uint64_t seed, size_t from,
		   size_t to, size_t draws, double *out)
{
	size_t		n = block->n;
	double		tau = pool->tau[point];
	double	   *b = pool->work;
	double	   *x = b + n * n;

	if (factor(block, tau, b) != CD_OK)
		return CD_BAD_INPUT;
	for (size_t d = from; d < to; d++)
	{
		double		shift = cd_pool_normal(seed, d, 0) / sqrt(pool->precision[point]);

		/* With B = L L', L'^-1 z has variance B^-1. */
		for (size_t i = n; i-- > 0;)
		{
			x[i] = cd_pool_normal(seed, d, block->first + i + 1);
			for (size_t j = i + 1; j < n; j++)
				x[i] -= b[j * n + i] * x[j];
			x[i] /= b[i * n + i];
		}
		for (size_t i = 0; i < n; i++)
		{
			size_t		at = point * pool->units + block->first + i;

			out[(block->first + i) * draws + d] = pool->unit_mean[at] + pool->lean[at] * shift
				+ tau * x[i];
		}
	}
	return CD_OK;
}

/* Each tau has its share of the draws. */
CdStatus
cd_pool_draws(const CdPool *pool, const CdPoolData *data, uint64_t seed, size_t draws, double *out)
{
	double		share = 0.0;
	size_t		from = 0;

	for (size_t j = 0; j < CD_POOL_POINTS; j++)
	{
		size_t		to;

		share += pool->weight[j];
		to = j + 1 < CD_POOL_POINTS ? (size_t) fmin(round(share * (double) draws), (double) draws) : draws;
		for (size_t b = 0; b < data->blocks && to > from; b++)
		{
			if (cd_stop_requested())
				return CD_STOPPED;
			if (draw_block(pool, &data->block[b], j, seed, from, to, draws, out) != CD_OK)
				return CD_BAD_INPUT;
		}
		from = to > from ? to : from;
	}
	return CD_OK;
}
