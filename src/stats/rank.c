/*
 * rank.c: see rank.h. Ranks are found in each draw of the joint distribution, so that values
 * that move together (coaches of one team) are compared with each other, not each with itself.
 */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "stats/arena.h"
#include "stats/random.h"
#include "stats/rank.h"

#define DRAWS_MOST 4000
#define DRAWS_LEAST 400
#define DRAWS_TOTAL 20000000

typedef struct Place
{
	double		value;
	size_t		unit;
} Place;

size_t
cd_rank_draws(size_t units)
{
	size_t		draws = DRAWS_TOTAL / (units > 0 ? units : 1);

	return draws > DRAWS_MOST ? DRAWS_MOST : draws < DRAWS_LEAST ? DRAWS_LEAST : draws;
}

size_t
cd_rank_size(size_t units, size_t draws)
{
	size_t		size = cd_arena_bytes(units, sizeof(Place));

	size = cd_arena_sum(size, cd_arena_bytes(units * draws, sizeof(uint32_t)));
	size = cd_arena_sum(size, cd_arena_bytes(draws, sizeof(double)));
	return cd_arena_sum(size, cd_arena_bytes(draws, sizeof(bool)));
}

/* Falling values; ties by unit. */
static int
compare_places(const void *a, const void *b)
{
	const Place *x = a;
	const Place *y = b;

	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static int
compare_ranks(const void *a, const void *b)
{
	uint32_t	x = *(const uint32_t *) a;
	uint32_t	y = *(const uint32_t *) b;

	return (x > y) - (x < y);
}

/* Ranks (units x draws) and the mean of all, draw by draw. */
static CdStatus
rank_draws(const double *draw, size_t units, size_t draws, Place *place, uint32_t *rank, double *mean)
{
	for (size_t d = 0; d < draws; d++)
	{
		if (cd_stop_requested())
			return CD_STOPPED;
		mean[d] = 0.0;
		for (size_t i = 0; i < units; i++)
		{
			place[i] = (Place) {draw[i * draws + d], i};
			mean[d] += place[i].value / (double) units;
		}
		qsort(place, units, sizeof(Place), compare_places);
		for (size_t i = 0; i < units; i++)
			rank[place[i].unit * draws + d] = (uint32_t) i + 1;
	}
	return CD_OK;
}

/* Summary of one unit; sorts its ranks. */
static void
summarise(const double *draw, const double *mean, size_t draws, double level, uint32_t *rank,
		  CdRank *out)
{
	size_t		tail = (size_t) (0.5 * (1.0 - level) * (double) draws);

	*out = (CdRank) {0};
	for (size_t d = 0; d < draws; d++)
	{
		out->expected += rank[d];
		out->above += draw[d] > mean[d];
	}
	out->expected /= (double) draws;
	out->above /= (double) draws;
	qsort(rank, draws, sizeof(uint32_t), compare_ranks);
	out->low = rank[tail];
	out->high = rank[draws - 1 - tail];
}

static double
sureness(const CdRank *rank)
{
	return fmax(rank->above, 1.0 - rank->above);
}

/*
 * The surest first, as long as all of them together hold in enough draws: with many units one
 * of them looks far off by chance, and this is what makes up for having looked at all.
 */
static void
find_outliers(const double *draw, const double *mean, size_t units, size_t draws, double level,
			  Place *place, bool *holds, CdRank *out)
{
	for (size_t d = 0; d < draws; d++)
		holds[d] = true;
	for (size_t i = 0; i < units; i++)
		place[i] = (Place) {sureness(&out[i]), i};
	qsort(place, units, sizeof(Place), compare_places);
	for (size_t n = 0; n < units && units > 1; n++)
	{
		size_t		i = place[n].unit;
		bool		up = out[i].above > 0.5;
		size_t		all = 0;

		for (size_t d = 0; d < draws; d++)
		{
			holds[d] = holds[d] && (draw[i * draws + d] > mean[d]) == up;
			all += holds[d];
		}
		if ((double) all < level * (double) draws)
			return;
		out[i].outlier = up ? 1 : -1;
	}
}

/* Ranks from draws. */
CdStatus
cd_rank(const double *draw, size_t units, size_t draws, double level, void *scratch, CdRank *out)
{
	CdArena		arena = {.base = scratch, .size = cd_rank_size(units, draws)};
	Place	   *place = cd_arena_take(&arena, units, sizeof(Place));
	uint32_t   *rank = cd_arena_take(&arena, units * draws, sizeof(uint32_t));
	double	   *mean = cd_arena_take(&arena, draws, sizeof(double));
	bool	   *holds = cd_arena_take(&arena, draws, sizeof(bool));

	if (draws == 0 || !(level > 0.0 && level < 1.0))
		return CD_BAD_INPUT;
	if (rank_draws(draw, units, draws, place, rank, mean) != CD_OK)
		return CD_STOPPED;
	for (size_t i = 0; i < units; i++)
	{
		if (cd_stop_requested())
			return CD_STOPPED;
		summarise(draw + i * draws, mean, draws, level, rank + i * draws, &out[i]);
	}
	find_outliers(draw, mean, units, draws, 0.5 * (1.0 + level), place, holds, out);
	return CD_OK;
}

/* One plus the chances of all others to lie above. */
CdStatus
cd_rank_expected(const double *mean, const double *sd, size_t units, double *expected)
{
	for (size_t i = 0; i < units; i++)
	{
		if (cd_stop_requested())
			return CD_STOPPED;
		expected[i] = 1.0;
		for (size_t j = 0; j < units; j++)
			if (j != i)
				expected[i] += gsl_cdf_ugaussian_P((mean[j] - mean[i]) / hypot(sd[i], sd[j]));
	}
	return CD_OK;
}

/* Each value on its own. */
void
cd_rank_independent(const double *mean, const double *sd, size_t units, uint64_t seed, size_t draws,
					double *draw)
{
	for (size_t i = 0; i < units; i++)
		for (size_t d = 0; d < draws; d++)
			draw[i * draws + d] = mean[i] + sd[i] * gsl_cdf_ugaussian_Pinv(cd_random_uniform(seed, d, i));
}

/* Places by expected rank. */
void
cd_rank_places(const CdRank *rank, size_t units, void *scratch, double *place)
{
	Place	   *sorted = scratch;

	for (size_t i = 0; i < units; i++)
		sorted[i] = (Place) {-rank[i].expected, i};
	qsort(sorted, units, sizeof(Place), compare_places);
	for (size_t i = 0; i < units; i++)
		place[sorted[i].unit] = (double) i + 1.0;
}
