/*
 * test_moments.c: moments against NIST StRD certified values, and how they merge.
 */
#include "close.h"

/* A NIST NumAcc set: base + 0.2, then base + 0.1 and base + 0.3 in turn, 1001 values. */
static CdMoments
numacc(double second, double first, double third)
{
	CdMoments	m = {0};

	cd_moments_add(&m, first, 1.0);
	for (int i = 0; i < 1000; i++)
		cd_moments_add(&m, i % 2 == 0 ? second : third, 1.0);
	return m;
}

static double
sd(const CdMoments *m)
{
	return sqrt(m->m2 / (m->n - 1.0));
}

/* NIST StRD NumAcc1 to NumAcc4: sd 1, 0.1, 0.1, 0.1, certified. */
static void
nist_numacc(void **state)
{
	const double numacc1[] = {10000001, 10000003, 10000002};
	CdMoments	m = moments_of(numacc1, 3);

	(void) state;
	assert_close(m.mean, 10000002.0, 1e-15);
	assert_close(sd(&m), 1.0, 1e-14);
	m = numacc(1.1, 1.2, 1.3);
	assert_close(m.mean, 1.2, 1e-14);
	assert_close(sd(&m), 0.1, 1e-14);
	m = numacc(1000000.1, 1000000.2, 1000000.3);
	assert_close(m.mean, 1000000.2, 1e-14);
	assert_close(sd(&m), 0.1, 1e-9);
	m = numacc(10000000.1, 10000000.2, 10000000.3);
	assert_close(m.mean, 10000000.2, 1e-14);
	assert_close(sd(&m), 0.1, 1e-8);
}

/* NIST StRD Mavro: filter transmittance, 50 values; certified mean and sd. */
static void
nist_mavro(void **state)
{
	static const int last[50] = {
		180, 170, 180, 190, 180, 170, 150, 140, 150, 150, 170, 180, 180, 190, 190, 210, 200, 160,
		140, 130, 130, 150, 150, 160, 150, 140, 130, 140, 150, 140, 150, 160, 150, 160, 190, 200,
		200, 210, 220, 230, 240, 250, 270, 260, 260, 260, 270, 260, 250, 240
	};
	CdMoments	m = {0};

	(void) state;
	for (int i = 0; i < 50; i++)
		cd_moments_add(&m, (200000 + last[i]) / 100000.0, 1.0);
	assert_close(m.mean, 2.00185600000000, 1e-14);
	assert_close(sd(&m), 0.000429123454003053, 1e-12);
}

/* A weight counts as that many equal values would. */
static void
weights_are_counts(void **state)
{
	const double value[] = {3.5, -1.25, 8.0, 8.0, 0.5};
	const double weight[] = {2, 5, 1, 3, 4};
	CdMoments	weighted = {0};
	CdMoments	repeated = {0};

	(void) state;
	for (int i = 0; i < 5; i++)
	{
		cd_moments_add(&weighted, value[i], weight[i]);
		for (int j = 0; j < (int) weight[i]; j++)
			cd_moments_add(&repeated, value[i], 1.0);
	}
	assert_close(weighted.weight, 15.0, 0.0);
	assert_close(weighted.n, 5.0, 0.0);
	assert_close(weighted.mean, repeated.mean, 1e-15);
	assert_close(weighted.m2, repeated.m2, 1e-14);
}

/* Any split over up to 64 workers gives the same to 1e-12. */
static void
partitions_agree(void **state)
{
	uint64_t	seed = 20240601;
	double		value[1000];
	double		weight[1000];
	CdMoments	whole = {0};

	(void) state;
	for (int i = 0; i < 1000; i++)
	{
		value[i] = 300.0 + 60.0 * normal(&seed);
		weight[i] = 1.0 + floor(20.0 * uniform(&seed));
		cd_moments_add(&whole, value[i], weight[i]);
	}
	for (int workers = 1; workers <= 64; workers++)
	{
		CdMoments	part[64] = {{0}};
		CdMoments	merged = {0};

		for (int i = 0; i < 1000; i++)
			cd_moments_add(&part[(int) (uniform(&seed) * workers)], value[i], weight[i]);
		for (int i = 0; i < workers; i++)
			cd_moments_merge(&merged, &part[i]);
		assert_close(merged.n, whole.n, 0.0);
		assert_close(merged.weight, whole.weight, 0.0);
		assert_close(merged.mean, whole.mean, 1e-12);
		assert_close(merged.m2, whole.m2, 1e-12);
	}
}

/* Empty sides and equal means are exact. */
static void
exact_merges(void **state)
{
	const double values[] = {0.1, 0.2, 0.4};
	CdMoments	m = moments_of(values, 3);
	CdMoments	empty = {0};
	CdMoments	constant = {0};
	CdMoments	other = {0};
	CdMoments	copy = m;

	(void) state;
	cd_moments_merge(&copy, &empty);
	assert_memory_equal(&copy, &m, sizeof(m));
	cd_moments_merge(&empty, &m);
	assert_memory_equal(&empty, &m, sizeof(m));
	for (int i = 0; i < 7; i++)
		cd_moments_add(&constant, 0.1, 3.0);
	for (int i = 0; i < 11; i++)
		cd_moments_add(&other, 0.1, 0.7);
	cd_moments_merge(&constant, &other);
	assert_true(constant.mean == 0.1);
	assert_true(constant.m2 == 0.0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nist_numacc),
		cmocka_unit_test(nist_mavro),
		cmocka_unit_test(weights_are_counts),
		cmocka_unit_test(partitions_agree),
		cmocka_unit_test(exact_merges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
