/*
 * test_rank.c: ranks from draws, and the partial pooling that the draws come from.
 */
#include "close.h"

#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "stats/pool.h"
#include "stats/rank.h"

#define UNITS 12

static CdRank ranks[UNITS];

static void
rank_independent(const double *mean, const double *sd, size_t k, CdRank *out)
{
	size_t		draws = cd_rank_draws(k);
	double	   *draw = malloc(k * draws * sizeof(double));
	void	   *scratch = malloc(cd_rank_size(k, draws));

	cd_rank_independent(mean, sd, k, 5, draws, draw);
	assert_ok(cd_rank(draw, k, draws, 0.95, scratch, out));
	free(draw);
	free(scratch);
}

/* Draws agree with the exact expected ranks. */
static void
expected_ranks(void **state)
{
	double		mean[UNITS];
	double		sd[UNITS];
	double		expected[UNITS];
	double		sum = 0.0;

	(void) state;
	for (int i = 0; i < UNITS; i++)
	{
		mean[i] = sin(2.0 * i);
		sd[i] = 0.2 + 0.1 * (i % 4);
	}
	assert_ok(cd_rank_expected(mean, sd, UNITS, expected));
	rank_independent(mean, sd, UNITS, ranks);
	for (int i = 0; i < UNITS; i++)
	{
		assert_between(ranks[i].expected - expected[i], -0.1, 0.1);
		assert_true(ranks[i].low <= expected[i] + 0.5 && ranks[i].high >= expected[i] - 0.5);
		sum += ranks[i].expected;
	}
	assert_close(sum, UNITS * (UNITS + 1) / 2.0, 1e-9);
}

/* Two units: one plus the probability that the other is above. */
static void
two_units(void **state)
{
	const double mean[] = {1.0, 0.0};
	const double sd[] = {0.6, 0.8};
	double		expected[2];

	(void) state;
	assert_ok(cd_rank_expected(mean, sd, 2, expected));
	assert_close(expected[0], 1.0 + gsl_cdf_ugaussian_P(-1.0), 1e-14);
	rank_independent(mean, sd, 2, ranks);
	assert_between(ranks[0].above, 0.82, 0.86);
	assert_true(ranks[0].low == 1.0 && ranks[0].high == 2.0);
	assert_int_equal(ranks[0].outlier, 0);
}

/* Clear differences are settled; a unit alone is first and no outlier. */
static void
clear_cases(void **state)
{
	const double mean[] = {0.0, 10.0, 5.0};
	const double sd[] = {0.1, 0.1, 0.1};
	double		place[3];
	char		scratch[256];

	(void) state;
	rank_independent(mean, sd, 3, ranks);
	for (int i = 0; i < 3; i++)
		assert_true(ranks[i].low == ranks[i].high);
	assert_int_equal(ranks[0].outlier, -1);
	assert_int_equal(ranks[1].outlier, 1);
	assert_int_equal(ranks[2].outlier, 0);
	cd_rank_places(ranks, 3, scratch, place);
	assert_true(place[0] == 3.0 && place[1] == 1.0 && place[2] == 2.0);
	rank_independent(mean, sd, 1, ranks);
	assert_true(ranks[0].low == 1.0 && ranks[0].high == 1.0 && ranks[0].outlier == 0);
}

/* What would pass for one unit looked at alone does not do for the one that stands out of many. */
static void
outliers_are_simultaneous(void **state)
{
	double		mean[UNITS];
	double		sd[UNITS];

	(void) state;
	for (int i = 0; i < UNITS; i++)
	{
		mean[i] = i == 0 ? 1.9 : 0.0;
		sd[i] = 1.0;
	}
	rank_independent(mean, sd, UNITS, ranks);
	assert_true(ranks[0].above > 0.95);
	for (int i = 0; i < UNITS; i++)
		assert_int_equal(ranks[i].outlier, 0);
}

/* Estimates of equal precision, uncorrelated: each a block of its own. */
typedef struct Sample
{
	CdPoolBlock block[UNITS];
	double		information[UNITS];
	double		score[UNITS];
	CdPoolData	data;
} Sample;

static void
make_sample(Sample *s, const double *estimate, double se, size_t k)
{
	for (size_t i = 0; i < k; i++)
	{
		s->information[i] = 1.0 / (se * se);
		s->score[i] = estimate[i] / (se * se);
		s->block[i] = (CdPoolBlock) {i, 1, &s->information[i]};
	}
	s->data = (CdPoolData) {s->block, k, s->score, k};
}

static CdArena
arena_for(size_t units, size_t largest)
{
	CdArena		arena = {.size = cd_pool_size(units, largest)};

	arena.base = malloc(arena.size);
	return arena;
}

/* A unit alone keeps its estimate. */
static void
one_unit(void **state)
{
	const double estimate[] = {0.7};
	Sample		s;
	CdPool		pool;
	CdPosterior p;
	CdArena		arena = arena_for(1, 1);

	(void) state;
	make_sample(&s, estimate, 0.2, 1);
	assert_ok(cd_pool_fit(&s.data, &arena, &pool));
	assert_ok(cd_pool_unit(&pool, 0, 0.0, 0.95, &p));
	assert_close(p.mean, 0.7, 1e-9);
	assert_close(p.sd, 0.2, 1e-9);
	assert_close(p.low, 0.7 - 1.959963984540054 * 0.2, 1e-6);
	assert_close(p.above, gsl_cdf_ugaussian_P(3.5), 1e-9);
	free(arena.base);
}

/* Draws have the moments of the posterior; extra error widens it. */
static void
draws_agree(void **state)
{
	const double estimate[] = {0.1, 0.9, 0.4, 0.5, -0.6};
	const size_t draws = 4000;
	double	   *draw = malloc(5 * draws * sizeof(double));
	Sample		s;
	CdPool		pool;
	CdArena		arena = arena_for(5, 1);

	(void) state;
	make_sample(&s, estimate, 0.3, 5);
	assert_ok(cd_pool_fit(&s.data, &arena, &pool));
	assert_ok(cd_pool_draws(&pool, &s.data, 3, draws, draw));
	for (size_t i = 0; i < 5; i++)
	{
		CdPosterior p;
		CdPosterior wider;
		double		sum = 0.0;
		double		square = 0.0;

		for (size_t d = 0; d < draws; d++)
		{
			sum += draw[i * draws + d];
			square += draw[i * draws + d] * draw[i * draws + d];
		}
		sum /= (double) draws;
		assert_ok(cd_pool_unit(&pool, i, 0.0, 0.95, &p));
		assert_ok(cd_pool_unit(&pool, i, 0.4, 0.95, &wider));
		assert_between(sum - p.mean, -0.02, 0.02);
		assert_between(sqrt(square / (double) draws - sum * sum) / p.sd, 0.95, 1.05);
		assert_close(wider.sd, hypot(p.sd, 0.4), 1e-9);
		assert_true(fabs(p.mean - 0.26) < fabs(estimate[i] - 0.26));
	}
	free(draw);
	free(arena.base);
}

/* One block with no correlation is the same as units on their own; so is another unit of measurement. */
static void
blocks_agree(void **state)
{
	const double estimate[] = {0.1, 0.9, 0.4};
	double		together[9] = {0};
	double		score[3];
	CdPoolBlock block = {0, 3, together};
	CdPoolData	data = {&block, 1, score, 3};
	Sample		s;
	CdPool		apart;
	CdPool		joint;
	CdArena		one = arena_for(3, 1);
	CdArena		other = arena_for(3, 3);

	(void) state;
	make_sample(&s, estimate, 0.3, 3);
	for (int i = 0; i < 3; i++)
	{
		together[4 * i] = s.information[i] / 1e4;
		score[i] = s.score[i] / 100.0;
	}
	assert_ok(cd_pool_fit(&s.data, &one, &apart));
	assert_ok(cd_pool_fit(&data, &other, &joint));
	assert_close(joint.mean, 100.0 * apart.mean, 1e-9);
	assert_close(joint.spread, 100.0 * apart.spread, 1e-9);
	for (size_t i = 0; i < 3; i++)
	{
		CdPosterior p;
		CdPosterior q;

		assert_ok(cd_pool_unit(&apart, i, 0.0, 0.9, &p));
		assert_ok(cd_pool_unit(&joint, i, 0.0, 0.9, &q));
		assert_close(q.mean, 100.0 * p.mean, 1e-9);
		assert_close(q.high, 100.0 * p.high, 1e-6);
	}
	free(one.base);
	free(other.base);
}

/* Two units that only their sum is known of are drawn to the same place; no information is too few. */
static void
what_cannot_be_told_apart(void **state)
{
	const double sum_of_two[] = {4.0, 4.0, 4.0, 4.0};
	const double third[] = {25.0};
	const double score[] = {4.0, 4.0, 25.0};
	const CdPoolBlock block[] = {{0, 2, sum_of_two}, {2, 1, third}};
	const double nothing[] = {0.0};
	const CdPoolBlock empty = {0, 1, nothing};
	CdPoolData	data = {block, 2, score, 3};
	CdPoolData	none = {&empty, 1, nothing, 1};
	CdPool		pool;
	CdPosterior p;
	CdPosterior q;
	CdArena		arena = arena_for(3, 2);

	(void) state;
	assert_ok(cd_pool_fit(&data, &arena, &pool));
	assert_ok(cd_pool_unit(&pool, 0, 0.0, 0.95, &p));
	assert_ok(cd_pool_unit(&pool, 1, 0.0, 0.95, &q));
	assert_close(p.mean, q.mean, 1e-9);
	assert_between(p.mean, 0.5, 1.0);
	arena.used = 0;
	assert_int_equal(cd_pool_fit(&none, &arena, &pool), CD_TOO_FEW);
	free(arena.base);
}

/* Rank intervals and intervals hold as often as they say, and equals are rarely called outliers. */
static void
intervals_hold(void **state)
{
	uint64_t	seed = 11;
	const size_t draws = 400;
	double	   *draw = malloc(UNITS * draws * sizeof(double));
	void	   *scratch = malloc(cd_rank_size(UNITS, draws));
	CdArena		arena = arena_for(UNITS, 1);
	int			covered = 0;
	int			inside = 0;
	int			named = 0;

	(void) state;
	for (int run = 0; run < 300; run++)
	{
		bool		equal = run % 2 == 1;
		double		truth[UNITS];
		double		estimate[UNITS];
		Sample		s;
		CdPool		pool;
		bool		any = false;

		for (int i = 0; i < UNITS; i++)
		{
			truth[i] = equal ? 0.0 : normal(&seed);
			estimate[i] = truth[i] + normal(&seed);
		}
		make_sample(&s, estimate, 1.0, UNITS);
		arena.used = 0;
		assert_ok(cd_pool_fit(&s.data, &arena, &pool));
		assert_ok(cd_pool_draws(&pool, &s.data, 7, draws, draw));
		assert_ok(cd_rank(draw, UNITS, draws, 0.95, scratch, ranks));
		for (int i = 0; i < UNITS; i++)
		{
			int			place = 1;
			CdPosterior p;

			for (int j = 0; j < UNITS; j++)
				place += truth[j] > truth[i];
			any |= ranks[i].outlier != 0;
			if (equal)
				continue;
			assert_ok(cd_pool_unit(&pool, (size_t) i, 0.0, 0.95, &p));
			covered += ranks[i].low <= place && place <= ranks[i].high;
			inside += p.low <= truth[i] && truth[i] <= p.high;
		}
		named += equal && any;
	}
	assert_between(covered / (150.0 * UNITS), 0.94, 0.995);
	assert_between(inside / (150.0 * UNITS), 0.92, 0.98);
	assert_between(named, 0, 7);
	free(draw);
	free(scratch);
	free(arena.base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expected_ranks),
		cmocka_unit_test(two_units),
		cmocka_unit_test(clear_cases),
		cmocka_unit_test(outliers_are_simultaneous),
		cmocka_unit_test(one_unit),
		cmocka_unit_test(draws_agree),
		cmocka_unit_test(blocks_agree),
		cmocka_unit_test(what_cannot_be_told_apart),
		cmocka_unit_test(intervals_hold),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
