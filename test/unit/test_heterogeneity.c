/*
 * test_heterogeneity.c: random effects from known variances against metafor 3.8-1.
 */
#include "close.h"

#include "stats/heterogeneity.h"

/* Colditz et al. (1994), BCG vaccine, log relative risks; as dat.bcg, 12 digits. */
static const double bcg_y[13] = {
	-0.88931133392, -1.5853886572, -1.3480731483, -1.44155119002, -0.217547322211,
	-0.786115585819, -1.6208982236, 0.0119523335238, -0.469417648738, -1.37134480347,
	-0.339358828338, 0.445913400571, -0.0173139482169
};
static const double bcg_v[13] = {
	0.325584765004, 0.194581121398, 0.415367965368, 0.0200100319022, 0.0512101721696,
	0.00690561845591, 0.223017247572, 0.00396157929782, 0.0564342104632, 0.073024793613,
	0.0124122139716, 0.5325058452, 0.071404659684
};

/* Rubin (1981): coaching for the SAT in eight schools. */
static const double schools_y[8] = {28, 8, -3, 7, -1, 1, 18, 12};
static const double schools_v[8] = {225, 100, 256, 121, 81, 121, 100, 324};

static CdHeterogeneity
fit(const double *y, const double *v, size_t k, CdTau2Method method)
{
	CdHeterogeneity h;

	assert_ok(cd_heterogeneity(y, v, k, method, 0.95, &h));
	return h;
}

static void
bcg_reml(void **state)
{
	CdHeterogeneity h = fit(bcg_y, bcg_v, 13, CD_TAU2_REML);

	(void) state;
	assert_close(h.tau2, 0.313243258136797, 1e-7);
	assert_close(h.h2, 12.8557582353169, 1e-7);
	assert_close(h.q_p, 1.99676459092487e-26, 1e-8);
	assert_close(h.kh_se, 0.18079174409276, 1e-7);
	assert_close(h.kh_p, 0.00192001509605667, 1e-6);
	assert_close(h.tau2_low, 0.119718361140946, 1e-6);
	assert_close(h.tau2_high, 1.11147908405981, 1e-6);
	assert_close(h.predict_low, -2.0083759069229, 1e-7);
	assert_close(h.predict_high, 0.579311222607248, 1e-7);
}

static void
bcg_other_methods(void **state)
{
	CdHeterogeneity h = fit(bcg_y, bcg_v, 13, CD_TAU2_FE);

	(void) state;
	assert_close(h.mu, -0.430285163654258, 1e-10);
	assert_close(h.se, 0.0404987517108729, 1e-10);
	h = fit(bcg_y, bcg_v, 13, CD_TAU2_DL);
	assert_close(100.0 * h.i2, 92.1173468545577, 1e-10);
	assert_close(h.predict_low, -1.99883849575161, 1e-10);
	assert_close(h.kh_se, 0.180696628335451, 1e-10);
	h = fit(bcg_y, bcg_v, 13, CD_TAU2_ML);
	assert_close(h.tau2, 0.280028137269249, 1e-7);
	assert_close(h.mu, -0.711199135473906, 1e-7);
	h = fit(bcg_y, bcg_v, 13, CD_TAU2_SJ);
	assert_close(h.tau2, 0.345515701598207, 1e-10);
	assert_close(h.se, 0.187059458416334, 1e-10);
}

/* Every estimator but SJ answers 0; the interval says how little that means. */
static void
eight_schools(void **state)
{
	CdHeterogeneity h = fit(schools_y, schools_v, 8, CD_TAU2_REML);

	(void) state;
	assert_true(h.tau2 == 0.0);
	assert_close(h.mu, 7.68561672495604, 1e-12);
	assert_close(h.se, 4.0719191584023, 1e-12);
	assert_close(h.q_p, 0.695659166635196, 1e-8);
	assert_close(h.kh_low, -0.210035371857895, 1e-8);
	assert_true(h.tau2_low == 0.0);
	assert_close(h.tau2_high, 270.3671622562, 1e-10);
	assert_true(h.i2 == 0.0);
	h = fit(schools_y, schools_v, 8, CD_TAU2_SJ);
	assert_close(h.tau2, 38.6122432436259, 1e-10);
	assert_close(h.mu, 7.9191861084317, 1e-10);
}

/* The definition of Paule and Mandel: Q at the estimate is its degrees of freedom. */
static void
paule_mandel_solves_its_equation(void **state)
{
	CdHeterogeneity h = fit(bcg_y, bcg_v, 13, CD_TAU2_PM);
	double		q = 0.0;

	(void) state;
	for (int i = 0; i < 13; i++)
		q += (bcg_y[i] - h.mu) * (bcg_y[i] - h.mu) / (bcg_v[i] + h.tau2);
	assert_close(q, 12.0, 1e-12);
}

/* Location, scale and order. */
static void
equivariance(void **state)
{
	double		y[13];
	double		v[13];

	(void) state;
	for (int i = 0; i < 13; i++)
	{
		y[i] = 1000.0 + 7.0 * bcg_y[12 - i];
		v[i] = 49.0 * bcg_v[12 - i];
	}
	for (int method = 0; method < CD_TAU2_METHODS; method++)
	{
		CdHeterogeneity a = fit(bcg_y, bcg_v, 13, (CdTau2Method) method);
		CdHeterogeneity b = fit(y, v, 13, (CdTau2Method) method);

		assert_close(b.tau2, 49.0 * a.tau2, 1e-9);
		assert_close(b.mu, 1000.0 + 7.0 * a.mu, 1e-11);
		assert_close(b.se, 7.0 * a.se, 1e-10);
		assert_close(b.i2, a.i2, 1e-10);
		assert_close(b.tau2_high, 49.0 * a.tau2_high, 1e-9);
	}
}

/* Two far-off clusters of precise units inside a cloud: the likelihood has two maxima. */
static void
global_maximum(void **state)
{
	const double y[] = {0.0, 0.0, 0.0, 100.0, -100.0, 1.0, -1.0};
	const double v[] = {1e-6, 1e-6, 1e-6, 1e3, 1e3, 1e-6, 1e-6};
	double		tau2;
	double		best = INFINITY;
	double		best_tau2 = NAN;

	(void) state;
	for (double t = 1e-8; t < 1e6; t *= 1.01)
	{
		double		w = 0.0;
		double		wy = 0.0;
		double		value = 0.0;

		for (int i = 0; i < 7; i++)
		{
			w += 1.0 / (v[i] + t);
			wy += y[i] / (v[i] + t);
			value += log(v[i] + t);
		}
		for (int i = 0; i < 7; i++)
			value += (y[i] - wy / w) * (y[i] - wy / w) / (v[i] + t);
		value += log(w);
		if (value < best)
		{
			best = value;
			best_tau2 = t;
		}
	}
	assert_ok(cd_tau2(y, v, 7, CD_TAU2_REML, &tau2));
	assert_close(tau2, best_tau2, 0.011);
}

static void
degenerate(void **state)
{
	const double y[] = {4.0, 4.0, 4.0};
	const double v[] = {1.0, 2.0, 3.0};
	const double bad[] = {1.0, 0.0, 3.0};
	CdHeterogeneity h;
	double		estimate;
	double		se;
	double		weight;

	(void) state;
	assert_int_equal(cd_heterogeneity(y, v, 0, CD_TAU2_REML, 0.95, &h), CD_TOO_FEW);
	assert_int_equal(cd_heterogeneity(y, bad, 3, CD_TAU2_REML, 0.95, &h), CD_BAD_INPUT);
	h = fit(y, v, 1, CD_TAU2_REML);
	assert_close(h.mu, 4.0, 0.0);
	assert_close(h.se, 1.0, 0.0);
	assert_nan(h.tau2);
	assert_nan(h.kh_low);
	cd_heterogeneity_morris(&h, 4.0, 1.0, &estimate, &se, &weight);
	assert_close(estimate, 4.0, 0.0);
	assert_close(weight, 1.0, 0.0);
	for (int method = 0; method < CD_TAU2_METHODS; method++)
	{
		h = fit(y, v, 3, (CdTau2Method) method);
		assert_true(h.tau2 == 0.0);
		assert_close(h.mu, 4.0, 1e-15);
		assert_true(h.q == 0.0);
	}
	h = fit(schools_y, schools_v, 2, CD_TAU2_REML);
	assert_nan(h.predict_low);
	assert_false(isnan(h.kh_low));
}

/* Morris's variance is at least that of the plain empirical Bayes estimate. */
static void
morris_adds_uncertainty(void **state)
{
	CdHeterogeneity h = fit(bcg_y, bcg_v, 13, CD_TAU2_REML);

	(void) state;
	for (int i = 0; i < 13; i++)
	{
		double		b = h.tau2 / (h.tau2 + bcg_v[i]);
		double		morris;
		double		morris_se;
		double		weight;

		cd_heterogeneity_morris(&h, bcg_y[i], bcg_v[i], &morris, &morris_se, &weight);
		assert_close(morris, b * bcg_y[i] + (1.0 - b) * h.mu, 1e-14);
		assert_true(morris_se >= sqrt(b * bcg_v[i] + (1.0 - b) * (1.0 - b) * h.se * h.se));
		assert_between(weight, 0.0, 1.0);
	}
}

static void
method_names(void **state)
{
	CdTau2Method method;

	(void) state;
	for (int i = 0; i < CD_TAU2_METHODS; i++)
	{
		assert_true(cd_tau2_method(cd_tau2_method_name((CdTau2Method) i), &method));
		assert_int_equal(method, i);
	}
	assert_true(cd_tau2_method("reml", &method));
	assert_int_equal(method, CD_TAU2_REML);
	assert_false(cd_tau2_method("", &method));
	assert_false(cd_tau2_method("REMLX", &method));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bcg_reml),
		cmocka_unit_test(bcg_other_methods),
		cmocka_unit_test(eight_schools),
		cmocka_unit_test(paule_mandel_solves_its_equation),
		cmocka_unit_test(equivariance),
		cmocka_unit_test(global_maximum),
		cmocka_unit_test(degenerate),
		cmocka_unit_test(morris_adds_uncertainty),
		cmocka_unit_test(method_names),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
