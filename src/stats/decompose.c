/*
 * decompose.c: see decompose.h.
 */
#include <math.h>
#include <stdbool.h>

#include "stats/decompose.h"
#include "stats/linear.h"

/* ---- composition and rate ------------------------------------------------------------------- */

/* One side over the categories that count. */
typedef struct Side
{
	double		weight;
	double		mean;
	double		variance;		/* of a value, within categories */
	double		matched;		/* weight in categories that the other side has too */
	double		matched_mean;
} Side;

static bool
shared(const CdMoments *a, const CdMoments *b, size_t j)
{
	return a[j].weight > 0.0 && b[j].weight > 0.0;
}

/* Variance of a value of weight 1 within the cells of a side. */
static double
pooled_variance(const CdMoments *cells, size_t categories)
{
	double		m2 = 0.0;
	double		df = 0.0;

	for (size_t j = 0; j < categories; j++)
		if (cells[j].n > 1.0)
		{
			m2 += cells[j].m2;
			df += cells[j].n - 1.0;
		}
	return df > 0.0 ? m2 / df : NAN;
}

/* Weights and means of own, overall and over the shared categories. */
static Side
summarise(const CdMoments *own, const CdMoments *other, size_t categories)
{
	Side		side = {0};
	CdMoments	all = {0};
	CdMoments	matched = {0};

	for (size_t j = 0; j < categories; j++)
	{
		cd_moments_merge(&all, &own[j]);
		if (shared(own, other, j))
			cd_moments_merge(&matched, &own[j]);
	}
	side.weight = all.weight;
	side.mean = all.mean;
	side.variance = pooled_variance(own, categories);
	side.matched = matched.weight;
	side.matched_mean = matched.mean;
	return side;
}

/* Sampling variance of a cell's mean: by its own spread when it has any. */
static double
cell_variance(const CdMoments *cell, double pooled)
{
	return (cell->n > 1.0 ? cell->m2 / (cell->n - 1.0) : pooled) / cell->weight;
}

/* Both parts of one category, and their variances added up. */
static void
category_parts(const CdMoments *a, const CdMoments *b, const Side *side_a, const Side *side_b,
			   double *mix, double *rate, CdKitagawa *out)
{
	double		share_a = a->weight / side_a->matched;
	double		share_b = b->weight / side_b->matched;
	double		shift = share_a - share_b;
	double		middle = 0.5 * (share_a + share_b);
	double		variance = cell_variance(a, side_a->variance) + cell_variance(b, side_b->variance);

	*mix = shift * 0.5 * (a->mean + b->mean);
	*rate = middle * (a->mean - b->mean);
	out->mix += *mix;
	out->rate += *rate;
	out->mix_se += 0.25 * shift * shift * variance;
	out->rate_se += middle * middle * variance;
}

/* Two-component decomposition. */
CdStatus
cd_kitagawa(const CdMoments *a, const CdMoments *b, size_t categories,
			CdKitagawa *out, double *mix_part, double *rate_part)
{
	Side		side_a = summarise(a, b, categories);
	Side		side_b = summarise(b, a, categories);

	*out = (CdKitagawa) {0};
	if (side_a.weight <= 0.0 || side_b.weight <= 0.0)
		return CD_TOO_FEW;
	out->gap = side_a.mean - side_b.mean;
	out->matched_a = side_a.matched / side_a.weight;
	out->matched_b = side_b.matched / side_b.weight;
	out->unmatched = out->gap - (side_a.matched_mean - side_b.matched_mean);
	for (size_t j = 0; j < categories; j++)
	{
		double		mix = 0.0;
		double		rate = 0.0;

		if (shared(a, b, j))
			category_parts(&a[j], &b[j], &side_a, &side_b, &mix, &rate, out);
		if (mix_part != NULL)
			mix_part[j] = mix;
		if (rate_part != NULL)
			rate_part[j] = rate;
	}
	out->mix_se = sqrt(out->mix_se);
	out->rate_se = sqrt(out->rate_se);
	if (side_a.matched > 0.0)
		return CD_OK;
	out->unmatched = out->gap;
	return CD_TOO_FEW;
}

/* ---- Shapley values ------------------------------------------------------------------------- */

static size_t
count_bits(size_t set)
{
	size_t		bits = 0;

	for (; set != 0; set &= set - 1)
		bits++;
	return bits;
}

/* Weight of a coalition of this size that does not yet hold the player: s! (m - s - 1)! / m!. */
static double
coalition_weight(size_t size, size_t players)
{
	double		weight = 1.0 / (double) players;

	for (size_t k = 1; k <= size; k++)
		weight *= (double) k / (double) (players - k);
	return weight;
}

/* Average over all orders of what each player adds. */
CdStatus
cd_shapley(const double *value, size_t players, double *share)
{
	size_t		sets = (size_t) 1 << players;

	if (players == 0 || players > CD_SHAPLEY_MAX)
		return CD_BAD_INPUT;
	for (size_t p = 0; p < players; p++)
	{
		size_t		bit = (size_t) 1 << p;

		share[p] = 0.0;
		for (size_t set = 0; set < sets; set++)
			if ((set & bit) == 0)
				share[p] += coalition_weight(count_bits(set), players) * (value[set | bit] - value[set]);
	}
	return CD_OK;
}
