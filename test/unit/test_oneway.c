/*
 * test_oneway.c: analysis of variance and one-way REML against published values.
 */
#include "close.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "stats/oneway.h"

/* NIST StRD SmLs: 9 treatments, two values in turn around each treatment's first value. */
static void
smls(double base, int size, CdMoments *out)
{
	static const double middle[9] = {0.4, 0.3, 0.5, 0.3, 0.5, 0.3, 0.5, 0.3, 0.5};

	for (int t = 0; t < 9; t++)
	{
		out[t] = (CdMoments) {0};
		cd_moments_add(&out[t], base + middle[t], 1.0);
		for (int i = 1; i < size; i++)
			cd_moments_add(&out[t], base + (middle[t] + (i % 2 == 1 ? -0.1 : 0.1)), 1.0);
	}
}

/* Certified F: 21, 201, 2001; constant digits 1, 7 and 13; required correct digits 14, 9, 3. */
static void
nist_smls(void **state)
{
	static const double base[] = {1.0, 1e6, 1e12};
	static const double tolerance[] = {1e-14, 1e-9, 1e-3};
	CdMoments	group[9];
	CdAnova		a;

	(void) state;
	for (int level = 0; level < 3; level++)
	{
		for (int size = 21; size <= 2001; size = (size - 1) * 10 + 1)
		{
			smls(base[level], size, group);
			assert_ok(cd_anova(group, 9, &a));
			assert_close(a.df_between, 8.0, 0.0);
			assert_close(a.df_within, 9.0 * (size - 1), 0.0);
			assert_close(a.f, (double) size, tolerance[level]);
			assert_close(sqrt(a.ms_within), 0.1, tolerance[level]);
		}
	}
}

/* R 4.2 and lme4 1.1-31; Bates (2010) prints 1764 and 2451. */
static void
dyestuff_reml(void **state)
{
	CdMoments	group[6];
	CdAnova		a;
	CdOneWay	fit;

	(void) state;
	moments_of_groups(dyestuff, 6, 5, group);
	assert_ok(cd_anova(group, 6, &a));
	assert_close(a.ms_between, 11271.5, 1e-10);
	assert_close(a.p, 0.00439753126830609, 1e-10);
	assert_close(a.icc1, 0.418487414893366, 1e-10);
	assert_close(a.tau2, 1764.05, 1e-10);
	assert_ok(cd_oneway_fit(group, 6, CD_LIKELIHOOD_REML, &fit));
	assert_close(fit.tau2, 1764.05, 1e-12);
	assert_close(fit.sigma2, 2451.25, 1e-12);
	assert_close(fit.mu, 1527.5, 1e-13);
	assert_close(fit.criterion, 319.654276842257, 1e-9);
	assert_false(fit.boundary);
	assert_close(fit.robust_df, 5.0, 1e-12);
	assert_ok(cd_oneway_fit(group, 6, CD_LIKELIHOOD_ML, &fit));
	assert_close(fit.criterion, 327.327059881135, 1e-9);
}

/* Balanced data: the mean's interval is the exact t interval of the group means. */
static void
balanced_mean_interval(void **state)
{
	CdMoments	group[6];
	CdOneWay	fit;
	double		low;
	double		high;

	(void) state;
	moments_of_groups(dyestuff, 6, 5, group);
	assert_ok(cd_oneway_fit(group, 6, CD_LIKELIHOOD_REML, &fit));
	assert_ok(cd_oneway_mean_interval(&fit, 0.95, &low, &high));
	/* t(.975; 5) sqrt(MSB / 30) */
	assert_close(high - fit.mu, 2.5705818366147395 * sqrt(11271.5 / 30.0), 1e-9);
	assert_close(fit.mu - low, high - fit.mu, 1e-12);
}

/* Between variance 0 is an answer; its upper limit is not 0. */
static void
dyestuff2_boundary(void **state)
{
	CdMoments	group[6];
	CdOneWay	fit;
	double		low;
	double		high;

	(void) state;
	moments_of_groups(dyestuff2, 6, 5, group);
	assert_ok(cd_oneway_fit(group, 6, CD_LIKELIHOOD_REML, &fit));
	assert_true(fit.boundary);
	assert_true(fit.tau2 == 0.0);
	assert_close(fit.criterion, 161.828277812288, 1e-9);
	assert_nan(fit.se_tau2);
	assert_ok(cd_oneway_tau2_interval(group, 6, 0.95, &low, &high));
	assert_true(low == 0.0);
	assert_true(high > 1.0);
	assert_ok(cd_oneway_fit(group, 6, CD_LIKELIHOOD_ML, &fit));
	assert_close(fit.sigma2, 13.3460993066667, 1e-7);
}

/* P(pivot of tau2 <= tau2) for equal groups of n, over many points of the pivot of sigma2. */
static double
generalised_probability(const CdAnova *a, double n, double tau2)
{
	const double sd = sqrt(2.0 * a->df_within);
	const double step = 0.0015 * sd;
	double		probability = 0.0;

	for (double x = fmax(0.0, a->df_within - 10.0 * sd) + 0.5 * step; x < a->df_within + 30.0 * sd; x += step)
		probability += step * gsl_ran_chisq_pdf(x, a->df_within)
			* gsl_cdf_chisq_Q(a->ss_between / (a->ss_within / x + n * tau2), a->df_between);
	return probability;
}

/* The ends of the generalised interval leave the tails that they promise. */
static void
generalised_interval(void **state)
{
	CdMoments	group[6];
	CdAnova		a;
	double		low;
	double		high;

	(void) state;
	moments_of_groups(dyestuff, 6, 5, group);
	assert_ok(cd_anova(group, 6, &a));
	assert_ok(cd_oneway_tau2_interval(group, 6, 0.95, &low, &high));
	assert_close(generalised_probability(&a, 5.0, low), 0.025, 1e-8);
	assert_close(generalised_probability(&a, 5.0, high), 0.975, 1e-8);
}

/* So they do where few nodes stand for many values within, five or three. */
static void
generalised_interval_of_many_values(void **state)
{
	const double n[] = {200.0, 5000.0};

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		CdMoments	group[12];
		CdAnova		a;
		double		low;
		double		high;

		for (int g = 0; g < 12; g++)
			group[g] = (CdMoments) {n[i], n[i], 10.0 + 3.0 * sin(g), 60.0 * n[i]};
		assert_ok(cd_anova(group, 12, &a));
		assert_ok(cd_oneway_tau2_interval(group, 12, 0.95, &low, &high));
		assert_close(generalised_probability(&a, n[i], low), 0.025, 1e-8);
		assert_close(generalised_probability(&a, n[i], high), 0.975, 1e-8);
	}
}

/* Pinheiro & Bates (2000) print a residual sd of 4.020779. */
static void
rail_reml(void **state)
{
	CdMoments	group[6];
	CdOneWay	fit;

	(void) state;
	moments_of_groups(rail, 6, 3, group);
	assert_ok(cd_oneway_fit(group, 6, CD_LIKELIHOOD_REML, &fit));
	assert_close(sqrt(fit.sigma2), 4.020779, 1e-7);
	assert_close(fit.tau2, 615.311111242312, 1e-6);
	assert_close(fit.criterion, 122.177000808598, 1e-9);
}

/* Five unbalanced groups with weights from 1 to 9. */
static void
unbalanced(double shift, double scale, uint64_t seed, CdMoments *group)
{
	for (int g = 0; g < 5; g++)
	{
		double		effect = normal(&seed);

		group[g] = (CdMoments) {0};
		for (int i = 0; i < 3 + 7 * g; i++)
		{
			double		w = 1.0 + floor(9.0 * uniform(&seed));

			cd_moments_add(&group[g], shift + scale * (effect + normal(&seed) / sqrt(w)), w);
		}
	}
}

/* tau2 scales with the square, nothing else moves. */
static void
equivariance(void **state)
{
	CdMoments	a[5];
	CdMoments	b[5];
	CdOneWay	fit_a;
	CdOneWay	fit_b;
	double		low_a;
	double		low_b;
	double		high_a;
	double		high_b;

	(void) state;
	unbalanced(0.0, 1.0, 42, a);
	unbalanced(-700.0, 13.0, 42, b);
	assert_ok(cd_oneway_fit(a, 5, CD_LIKELIHOOD_REML, &fit_a));
	assert_ok(cd_oneway_fit(b, 5, CD_LIKELIHOOD_REML, &fit_b));
	assert_close(fit_b.tau2, 169.0 * fit_a.tau2, 1e-10);
	assert_close(fit_b.sigma2, 169.0 * fit_a.sigma2, 1e-10);
	assert_close(fit_b.mu + 700.0, 13.0 * fit_a.mu, 1e-10);
	assert_close(fit_b.robust_df, fit_a.robust_df, 1e-10);
	assert_ok(cd_oneway_tau2_interval(a, 5, 0.95, &low_a, &high_a));
	assert_ok(cd_oneway_tau2_interval(b, 5, 0.95, &low_b, &high_b));
	assert_close(low_b, 169.0 * low_a, 1e-9);
	assert_close(high_b, 169.0 * high_a, 1e-9);
}

/* Order of the groups, and empty ones between them, change nothing. */
static void
permutation(void **state)
{
	CdMoments	a[5];
	CdMoments	b[8] = {{0}};
	CdOneWay	fit_a;
	CdOneWay	fit_b;

	(void) state;
	unbalanced(5.0, 2.0, 7, a);
	b[0] = a[3];
	b[2] = a[4];
	b[3] = a[0];
	b[5] = a[2];
	b[7] = a[1];
	assert_ok(cd_oneway_fit(a, 5, CD_LIKELIHOOD_REML, &fit_a));
	assert_ok(cd_oneway_fit(b, 8, CD_LIKELIHOOD_REML, &fit_b));
	assert_close(fit_b.k, 5.0, 0.0);
	assert_close(fit_b.tau2, fit_a.tau2, 1e-12);
	assert_close(fit_b.mu, fit_a.mu, 1e-12);
	assert_close(fit_b.criterion, fit_a.criterion, 1e-12);
}

/* Doubled weights: the same between variance, twice the variance of a value of weight 1. */
static void
doubled_weights(void **state)
{
	CdMoments	group[5];
	CdOneWay	once;
	CdOneWay	twice;

	(void) state;
	unbalanced(1.0, 1.0, 99, group);
	assert_ok(cd_oneway_fit(group, 5, CD_LIKELIHOOD_REML, &once));
	for (int g = 0; g < 5; g++)
	{
		group[g].weight *= 2.0;
		group[g].m2 *= 2.0;
	}
	assert_ok(cd_oneway_fit(group, 5, CD_LIKELIHOOD_REML, &twice));
	assert_close(twice.tau2, once.tau2, 1e-11);
	assert_close(twice.sigma2, 2.0 * once.sigma2, 1e-11);
}

/* What cannot be answered is refused. */
static void
refusals(void **state)
{
	CdMoments	group[2] = {{1, 1, 5, 0}, {1, 1, 7, 0}};
	CdOneWay	fit;
	CdAnova		a;
	double		low;
	double		high;

	(void) state;
	assert_int_equal(cd_oneway_fit(group, 2, CD_LIKELIHOOD_REML, &fit), CD_TOO_FEW);
	assert_int_equal(cd_oneway_fit(group, 1, CD_LIKELIHOOD_REML, &fit), CD_TOO_FEW);
	assert_int_equal(cd_anova(group, 1, &a), CD_TOO_FEW);
	assert_int_equal(cd_oneway_tau2_interval(group, 2, 0.95, &low, &high), CD_TOO_FEW);
	group[0] = (CdMoments) {5, 5, NAN, 1};
	assert_int_equal(cd_oneway_fit(group, 2, CD_LIKELIHOOD_REML, &fit), CD_BAD_INPUT);
	group[0] = (CdMoments) {5, -5, 1, 1};
	assert_int_equal(cd_anova(group, 2, &a), CD_BAD_INPUT);
}

static bool
always(void)
{
	return true;
}

/* The stop hook ends a fit. */
static void
stop_hook(void **state)
{
	CdMoments	group[6];
	CdOneWay	fit;

	(void) state;
	moments_of_groups(dyestuff, 6, 5, group);
	cd_set_stop(always);
	assert_int_equal(cd_oneway_fit(group, 6, CD_LIKELIHOOD_REML, &fit), CD_STOPPED);
	cd_set_stop(NULL);
	assert_ok(cd_oneway_fit(group, 6, CD_LIKELIHOOD_REML, &fit));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nist_smls),
		cmocka_unit_test(dyestuff_reml),
		cmocka_unit_test(balanced_mean_interval),
		cmocka_unit_test(dyestuff2_boundary),
		cmocka_unit_test(generalised_interval),
		cmocka_unit_test(generalised_interval_of_many_values),
		cmocka_unit_test(rail_reml),
		cmocka_unit_test(equivariance),
		cmocka_unit_test(permutation),
		cmocka_unit_test(doubled_weights),
		cmocka_unit_test(refusals),
		cmocka_unit_test(stop_hook),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
