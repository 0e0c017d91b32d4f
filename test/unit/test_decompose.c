/*
 * test_decompose.c: decompositions of a difference of means; their parts must add up.
 */
#include "close.h"

#include "stats/decompose.h"

static const CdMoments nothing;

static CdMoments
cell(double weight, double mean)
{
	return (CdMoments) {.n = weight, .weight = weight, .mean = mean, .m2 = weight - 1.0};
}

/* Kitagawa's formula by hand. */
static void
kitagawa(void **state)
{
	const CdMoments a[] = {cell(30, 5.0), cell(70, 8.0)};
	const CdMoments b[] = {cell(60, 4.0), cell(40, 9.0)};
	CdKitagawa	k;
	double		mix[2];
	double		rate[2];

	(void) state;
	assert_ok(cd_kitagawa(a, b, 2, &k, mix, rate));
	assert_close(k.gap, 7.1 - 6.0, 1e-13);
	assert_close(mix[0], -0.3 * 4.5, 1e-13);
	assert_close(k.mix, -0.3 * 4.5 + 0.3 * 8.5, 1e-13);
	assert_close(k.rate, 0.45 * 1.0 + 0.55 * -1.0, 1e-12);
	assert_close(k.unmatched, 0.0, 1e-13);
	/* cells of variance 1 */
	assert_close(k.rate_se, sqrt(0.2025 * (1 / 30.0 + 1 / 60.0) + 0.3025 * (1 / 70.0 + 1 / 40.0)), 1e-12);
	assert_close(k.mix_se, sqrt(0.0225 * (1 / 30.0 + 1 / 60.0 + 1 / 70.0 + 1 / 40.0)), 1e-12);
}

/* A category that one side lacks is named, not extrapolated. */
static void
unmatched(void **state)
{
	const CdMoments a[] = {cell(30, 5.0), cell(70, 8.0), cell(100, 20.0)};
	const CdMoments b[] = {cell(60, 4.0), cell(40, 9.0), nothing};
	const CdMoments other[] = {nothing, nothing, cell(5, 1.0)};
	CdKitagawa	whole;
	CdKitagawa	common;

	(void) state;
	assert_ok(cd_kitagawa(a, b, 3, &whole, NULL, NULL));
	assert_ok(cd_kitagawa(a, b, 2, &common, NULL, NULL));
	assert_close(whole.mix, common.mix, 1e-13);
	assert_close(whole.rate, common.rate, 1e-13);
	assert_close(whole.mix + whole.rate + whole.unmatched, whole.gap, 1e-13);
	assert_close(whole.matched_a, 0.5, 1e-15);
	assert_close(whole.matched_b, 1.0, 1e-15);
	assert_int_equal(cd_kitagawa(b, other, 3, &whole, NULL, NULL), CD_TOO_FEW);
	assert_close(whole.unmatched, whole.gap, 0.0);
}

/* Two players by hand; a player that never adds anything gets nothing. */
static void
shapley(void **state)
{
	const double two[] = {0, 3, 5, 10};
	double		eight[8];
	double		share[3];

	(void) state;
	assert_ok(cd_shapley(two, 2, share));
	assert_close(share[0], 0.5 * (3 + 5), 1e-15);
	assert_close(share[1], 0.5 * (5 + 7), 1e-15);
	for (int set = 0; set < 8; set++)
		eight[set] = two[set & 3];
	assert_ok(cd_shapley(eight, 3, share));
	assert_close(share[0], 4.0, 1e-14);
	assert_close(share[2], 0.0, 1e-14);
	assert_int_equal(cd_shapley(eight, 0, share), CD_BAD_INPUT);
}

/* One factor: Shapley is Kitagawa. */
static void
one_factor(void **state)
{
	const CdMoments a[] = {cell(30, 5.0), cell(70, 8.0), cell(11, 2.0)};
	const CdMoments b[] = {cell(60, 4.0), cell(40, 9.0), cell(3, 1.0)};
	const size_t levels[] = {3};
	CdKitagawa	k;
	double		scratch[4];
	double		part[2];

	(void) state;
	assert_ok(cd_kitagawa(a, b, 3, &k, NULL, NULL));
	assert_ok(cd_shapley_gap(a, b, levels, 1, scratch, part));
	assert_close(part[0], k.mix, 1e-12);
	assert_close(part[1], k.rate, 1e-12);
}

/* Crossed factors with empty cells: exact sum, and each part sees its own cause only. */
static void
crossed_factors(void **state)
{
	const size_t levels[] = {2, 3};
	CdMoments	a[6];
	CdMoments	b[6];
	double		scratch[8];
	double		part[3];
	CdMoments	all_a = {0};
	CdMoments	all_b = {0};
	uint64_t	seed = 5;

	(void) state;
	for (int j = 0; j < 6; j++)
	{
		a[j] = cell(floor(40 * uniform(&seed)) + 1, normal(&seed));
		b[j] = cell(floor(40 * uniform(&seed)) + 1, normal(&seed));
	}
	a[1] = b[3] = nothing;
	a[5] = b[5] = nothing;
	for (int j = 0; j < 6; j++)
	{
		cd_moments_merge(&all_a, &a[j]);
		cd_moments_merge(&all_b, &b[j]);
	}
	assert_ok(cd_shapley_gap(a, b, levels, 2, scratch, part));
	assert_close(part[0] + part[1] + part[2], all_a.mean - all_b.mean, 1e-12);

	/* same means: no rate part; same composition within the first factor: none of the second */
	for (int j = 0; j < 6; j++)
	{
		a[j] = cell(j < 3 ? 10 * (j + 1) : 20 * (j + 1), j * j);
		b[j] = cell(10 * (j + 1), j * j);
	}
	assert_ok(cd_shapley_gap(a, b, levels, 2, scratch, part));
	assert_close(part[1], 0.0, 1e-13);
	assert_close(part[2], 0.0, 1e-13);
	assert_true(part[0] > 1.0);
	for (int j = 0; j < 6; j++)
		b[j] = nothing;
	assert_int_equal(cd_shapley_gap(a, b, levels, 2, scratch, part), CD_TOO_FEW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kitagawa),
		cmocka_unit_test(unmatched),
		cmocka_unit_test(shapley),
		cmocka_unit_test(one_factor),
		cmocka_unit_test(crossed_factors),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
