/*
 * test_dispersion.c: the gap_dispersion result, ordinary and degenerate.
 */
#include "close.h"

#include "stats/dispersion.h"
#include "stats/rates.h"

#define MOST 64

static CdGapDispersion
dispersion(const CdMoments *agents, const double *targets, size_t k, const CdGapOptions *options)
{
	double		scratch[CD_GAP_DISPERSION_SCRATCH(MOST)];
	CdGapDispersion d;

	assert_ok(cd_gap_dispersion(agents, targets, k, options, scratch, &d));
	return d;
}

/* Dyestuff as six agents of five calls, target 1600. */
static CdGapDispersion
dyestuff_gap(const CdGapOptions *options)
{
	CdMoments	agent[6];

	moments_of_groups(dyestuff, 6, 5, agent);
	for (int i = 0; i < 6; i++)
		agent[i].mean -= 1600.0;
	return dispersion(agent, NULL, 6, options);
}

static void
ordinary(void **state)
{
	CdGapOptions options = cd_gap_default_options();
	CdGapDispersion d = dyestuff_gap(&options);

	(void) state;
	assert_string_equal(d.method, "REML");
	assert_close(d.agents, 6.0, 0.0);
	assert_close(d.observations, 30.0, 0.0);
	assert_close(d.mean_gap, -72.5, 1e-12);
	assert_close(d.between_variance, 1764.05, 1e-12);
	assert_close(d.between_sd, sqrt(1764.05), 1e-12);
	assert_close(d.within_sd, sqrt(2451.25), 1e-12);
	assert_close(d.icc, 0.418487414893366, 1e-10);
	assert_close(d.reliability, d.icc, 1e-14);
	assert_close(d.i_squared, 1764.05 / (1764.05 + 490.25), 1e-12);
	assert_close(d.consistency, 72.5 / sqrt(1764.05), 1e-12);
	assert_close(d.f, 11271.5 / 2451.25, 1e-12);
	assert_close(d.f_p, 0.00439753126830609, 1e-9);
	assert_between(d.between_sd, d.between_low, d.between_high);
	assert_between(d.share_short, d.share_low, d.share_high);
	assert_between(d.share_short, 0.8, 1.0);
	assert_true(d.predict_low < d.mean_low && d.predict_high > d.mean_high);
}

/* Turning the sign round mirrors the gap and leaves the rest alone. */
static void
orientation(void **state)
{
	CdGapOptions options = cd_gap_default_options();
	CdGapDispersion plain = dyestuff_gap(&options);
	CdGapDispersion turned;

	(void) state;
	options.orientation = -1.0;
	options.short_is_positive = true;
	turned = dyestuff_gap(&options);
	assert_close(turned.mean_gap, -plain.mean_gap, 0.0);
	assert_close(turned.mean_low, -plain.mean_high, 0.0);
	assert_close(turned.mean_high, -plain.mean_low, 0.0);
	assert_close(turned.predict_low, -plain.predict_high, 0.0);
	assert_close(turned.share_short, plain.share_short, 0.0);
	assert_close(turned.between_sd, plain.between_sd, 0.0);
	options.short_is_positive = false;
	turned = dyestuff_gap(&options);
	assert_close(turned.share_short, 1.0 - plain.share_short, 1e-10);
}

/* A margin makes fewer agents short. */
static void
margin(void **state)
{
	CdGapOptions options = cd_gap_default_options();
	double		before = dyestuff_gap(&options).share_short;

	(void) state;
	options.margin = 72.5;
	assert_between(dyestuff_gap(&options).share_short, 0.45, 0.55);
	assert_true(before > 0.85);
}

/* No spread is an answer: consistency infinite, upper limit above 0. */
static void
boundary(void **state)
{
	CdMoments	agent[6];
	CdGapOptions options = cd_gap_default_options();
	CdGapDispersion d;

	(void) state;
	moments_of_groups(dyestuff2, 6, 5, agent);
	d = dispersion(agent, NULL, 6, &options);
	assert_string_equal(d.method, "REML, boundary");
	assert_true(d.between_sd == 0.0);
	assert_true(d.between_high > 0.0);
	assert_true(isinf(d.consistency));
	assert_true(d.icc == 0.0);
}

static void
one_agent(void **state)
{
	const double values[] = {-3, -1, -2};
	CdMoments	agent = moments_of(values, 3);
	CdGapOptions options = cd_gap_default_options();
	CdGapDispersion d = dispersion(&agent, NULL, 1, &options);

	(void) state;
	assert_string_equal(d.method, "one agent");
	assert_close(d.mean_gap, -2.0, 1e-14);
	assert_close(d.within_sd, 1.0, 1e-14);
	/* t(.975; 2) / sqrt(3) */
	assert_close(d.mean_high - d.mean_gap, 4.302652729911275 / sqrt(3.0), 1e-9);
	assert_nan(d.between_sd);
	assert_nan(d.consistency);
	assert_nan(d.f);
	assert_between(d.share_low, 0.0, 0.6);
	agent = moments_of(values, 1);
	d = dispersion(&agent, NULL, 1, &options);
	assert_close(d.mean_gap, -3.0, 0.0);
	assert_nan(d.mean_low);
	assert_nan(d.within_sd);
}

static void
one_value_each(void **state)
{
	const double values[] = {-3, -1, -2, -4};
	CdMoments	agent[4];
	CdGapOptions options = cd_gap_default_options();
	CdGapDispersion d;

	(void) state;
	moments_of_groups(values, 4, 1, agent);
	d = dispersion(agent, NULL, 4, &options);
	assert_string_equal(d.method, "not separable");
	assert_close(d.mean_gap, -2.5, 1e-14);
	/* t(.975; 3) sqrt(5/3) / 2 */
	assert_close(d.mean_high - d.mean_gap, 3.182446305284263 * sqrt(5.0 / 3.0) / 2.0, 1e-9);
	assert_nan(d.between_sd);
	assert_nan(d.share_short);
	assert_nan(d.f);
}

static void
nothing_varies(void **state)
{
	CdMoments	agent[3] = {{4, 4, -0.3, 0}, {0, 0, 0, 0}, {9, 9, -0.3, 0}};
	CdGapOptions options = cd_gap_default_options();
	CdGapDispersion d = dispersion(agent, NULL, 3, &options);

	(void) state;
	assert_string_equal(d.method, "constant");
	assert_close(d.agents, 2.0, 0.0);
	assert_true(d.mean_gap == -0.3 && d.mean_low == -0.3 && d.mean_high == -0.3);
	assert_true(d.between_sd == 0.0 && d.between_high == 0.0);
	assert_true(d.share_short == 1.0 && d.share_low == 1.0);
	assert_true(isinf(d.consistency));
	options.short_is_positive = true;
	d = dispersion(agent, NULL, 3, &options);
	assert_true(d.share_short == 0.0);
	agent[0].mean = agent[2].mean = 0.0;
	d = dispersion(agent, NULL, 3, &options);
	assert_nan(d.consistency);
	assert_true(d.share_short == 0.0);
}

static void
steady_agents(void **state)
{
	CdMoments	agent[4] = {{4, 4, -3, 0}, {5, 5, -1, 0}, {9, 9, -2, 0}, {2, 2, -4, 0}};
	CdGapOptions options = cd_gap_default_options();
	CdGapDispersion d = dispersion(agent, NULL, 4, &options);

	(void) state;
	assert_string_equal(d.method, "no within variation");
	assert_close(d.between_variance, 5.0 / 3.0, 1e-14);
	assert_close(d.mean_gap, -2.5, 1e-14);
	assert_true(d.icc == 1.0);
	/* 5 / chi-square(.975; 3) and 5 / chi-square(.025; 3) */
	assert_close(d.between_low, sqrt(5.0 / 9.348403604496148), 1e-9);
	assert_close(d.between_high, sqrt(5.0 / 0.2157952826238981), 1e-9);
	assert_between(d.share_short, 0.7, 1.0);
	assert_true(isinf(d.f));
}

static void
refusals(void **state)
{
	CdMoments	agent[2] = {{3, 3, 1, 2}, {3, 3, 2, 2}};
	const double targets[] = {0.5, 0.5};
	double		scratch[CD_GAP_DISPERSION_SCRATCH(2)];
	CdGapOptions options = cd_gap_default_options();
	CdGapDispersion d;

	(void) state;
	assert_int_equal(cd_gap_dispersion(agent, NULL, 0, &options, scratch, &d), CD_TOO_FEW);
	options.level = 1.0;
	assert_int_equal(cd_gap_dispersion(agent, NULL, 2, &options, scratch, &d), CD_BAD_INPUT);
	options = cd_gap_default_options();
	options.scale = CD_SCALE_PROPORTION;
	assert_int_equal(cd_gap_dispersion(agent, NULL, 2, &options, scratch, &d), CD_BAD_INPUT);
	/* rates of 1.5 and 2.5 */
	assert_int_equal(cd_gap_dispersion(agent, targets, 2, &options, scratch, &d), CD_BAD_INPUT);
	options = cd_gap_default_options();
	agent[1].mean = INFINITY;
	assert_int_equal(cd_gap_dispersion(agent, NULL, 2, &options, scratch, &d), CD_BAD_INPUT);
}

/* Gap moments of n calls, x of them resolved, against a target of 80 %. */
static CdMoments
calls(int resolved, int n)
{
	CdMoments	m = {0};

	for (int i = 0; i < n; i++)
		cd_moments_add(&m, (i < resolved ? 1.0 : 0.0) - 0.8, 1.0);
	return m;
}

static void
proportion(void **state)
{
	const int	x[] = {3, 8, 12, 5, 20, 17, 9, 2};
	const int	n[] = {20, 20, 25, 30, 30, 40, 15, 10};
	double		successes[8];
	double		trials[8];
	double		target[8];
	CdMoments	agent[8];
	CdGapOptions options = cd_gap_default_options();
	CdGapDispersion d;
	CdRates		fit;
	double		mean;
	double		sd;

	(void) state;
	for (int i = 0; i < 8; i++)
	{
		agent[i] = calls(x[i], n[i]);
		successes[i] = x[i];
		trials[i] = n[i];
		target[i] = 0.8;
	}
	options.scale = CD_SCALE_PROPORTION;
	d = dispersion(agent, target, 8, &options);
	assert_string_equal(d.method, "binomial-normal");
	assert_ok(cd_rates_fit(successes, trials, 8, true, &fit));
	assert_ok(cd_rates_moments(fit.mu, fit.tau, &mean, &sd));
	assert_close(d.mean_gap, mean - 0.8, 1e-7);
	assert_close(d.between_sd, sd, 1e-7);
	/* 0/1 rows: noise plus spread is the variance of one Bernoulli trial */
	assert_close(d.within_sd * d.within_sd + d.between_variance, mean * (1.0 - mean), 1e-7);
	assert_between(d.mean_gap, d.mean_low, d.mean_high);
	assert_true(d.mean_low > -0.8 && d.mean_high < 0.2);
	assert_between(d.between_sd, d.between_low, d.between_high);
	assert_between(d.share_short, 0.95, 1.0);
	assert_true(d.predict_low >= -0.8 && d.predict_high <= 0.2);
	options.orientation = -1.0;
	options.short_is_positive = true;
	assert_close(dispersion(agent, target, 8, &options).share_short, d.share_short, 1e-12);
}

/* Weekly rates with their trials as weights: one row each is enough, since noise is binomial. */
static void
proportion_from_rates(void **state)
{
	CdMoments	agent[5] = {{0}};
	const double target[] = {0.5, 0.5, 0.5, 0.5, 0.5};
	CdGapOptions options = cd_gap_default_options();
	CdGapDispersion d;

	(void) state;
	options.scale = CD_SCALE_PROPORTION;
	for (int i = 0; i < 5; i++)
		cd_moments_add(&agent[i], 0.6 + 0.05 * i - 0.5, 200.0);
	d = dispersion(agent, target, 5, &options);
	assert_string_equal(d.method, "binomial-normal");
	assert_close(d.mean_gap, 0.2, 0.02);
	assert_between(d.between_sd, 0.03, 0.1);
}

/* Agents whose contacts carry other targets, each on its own: no spread, and a rate beyond 1 after the move is 1. */
static void
proportion_of_other_targets(void **state)
{
	CdMoments	agent[6];
	double		target[6];
	CdGapOptions options = cd_gap_default_options();
	CdGapDispersion d;

	(void) state;
	options.scale = CD_SCALE_PROPORTION;
	for (int i = 0; i < 6; i++)
	{
		target[i] = 0.4 + 0.1 * i;
		agent[i] = (CdMoments) {10, 2000, i % 2 == 0 ? 0.02 : -0.02, 0.0};
		agent[i].m2 = (target[i] + agent[i].mean) * (1.0 - target[i] - agent[i].mean) * 9;
	}
	d = dispersion(agent, target, 6, &options);
	assert_close(d.mean_gap, 0.0, 1e-3);
	assert_between(d.between_sd, 0.0, 0.03);
	agent[0] = (CdMoments) {1, 8, 0.6, 0.0};
	assert_between(dispersion(agent, target, 6, &options).mean_gap, -0.05, 0.05);
	agent[0].mean = 0.61;
	assert_int_equal(cd_gap_dispersion(agent, target, 6, &options, (double[CD_GAP_DISPERSION_SCRATCH(6)]) {0}, &d), CD_BAD_INPUT);
}

static void
proportion_at_limits(void **state)
{
	CdMoments	agent[3] = {calls(20, 20), calls(30, 30), calls(10, 10)};
	const double target[] = {0.8, 0.8, 0.8};
	const double everybody[] = {1.0, 1.0, 1.0};
	CdGapOptions options = cd_gap_default_options();
	CdGapDispersion d;

	(void) state;
	options.scale = CD_SCALE_PROPORTION;
	d = dispersion(agent, target, 3, &options);
	assert_string_equal(d.method, "all at one limit");
	assert_close(d.mean_gap, 0.2, 1e-12);
	assert_between(d.mean_low, 0.1, 0.19);
	assert_true(d.between_sd == 0.0 && d.between_high > 0.0);
	assert_between(d.share_short, 0.0, 0.2);
	assert_between(d.share_high, 0.0, 0.999);
	for (int i = 0; i < 3; i++)
		agent[i] = calls(i == 0 ? 19 : 10, i == 0 ? 20 : 12);
	for (int i = 0; i < 3; i++)
		agent[i].mean -= 0.2;
	d = dispersion(agent, everybody, 3, &options);
	assert_true(d.share_short == 1.0);
	d = dispersion(agent, everybody, 1, &options);
	assert_string_equal(d.method, "one agent");
	assert_close(d.mean_gap, -0.05, 1e-12);
	assert_between(d.mean_low, -0.3, -0.1);
}

/* Fewer than two trials each: nothing separates spread from noise. */
static void
proportion_single_trials(void **state)
{
	CdMoments	agent[4] = {calls(1, 1), calls(0, 1), calls(1, 1), calls(0, 1)};
	const double target[] = {0.8, 0.8, 0.8, 0.8};
	CdGapOptions options = cd_gap_default_options();
	CdGapDispersion d;

	(void) state;
	options.scale = CD_SCALE_PROPORTION;
	d = dispersion(agent, target, 4, &options);
	assert_string_equal(d.method, "not separable");
	assert_close(d.mean_gap, -0.3, 1e-12);
	assert_nan(d.between_sd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary),
		cmocka_unit_test(orientation),
		cmocka_unit_test(margin),
		cmocka_unit_test(boundary),
		cmocka_unit_test(one_agent),
		cmocka_unit_test(one_value_each),
		cmocka_unit_test(nothing_varies),
		cmocka_unit_test(steady_agents),
		cmocka_unit_test(refusals),
		cmocka_unit_test(proportion),
		cmocka_unit_test(proportion_from_rates),
		cmocka_unit_test(proportion_of_other_targets),
		cmocka_unit_test(proportion_at_limits),
		cmocka_unit_test(proportion_single_trials),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
