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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kitagawa),
		cmocka_unit_test(unmatched),
		cmocka_unit_test(shapley),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
