/*
 * test_did.c: two-period difference in differences with covariates.
 */
#include "close.h"

#include <stdbool.h>

#include "stats/did.h"
#include "stats/linear.h"

#define N 60
#define COVARIATES 2

static const CdDidMethod methods[] = {
	CD_DID_DOUBLY_ROBUST, CD_DID_OUTCOME, CD_DID_WEIGHTING, CD_DID_DOUBLY_ROBUST_TILTED
};

typedef struct Sample
{
	bool		treated[N];
	double		change[N];
	double		covariate[N * COVARIATES];
	double		weight[N];
	double		scratch[2000];
	double		influence[N];
	CdDidData	data;
} Sample;

/* Units whose treatment and change both depend on the covariates, non-linearly. */
static void
draw(Sample *s)
{
	uint64_t	seed = 7;

	for (int i = 0; i < N; i++)
	{
		double		a = normal(&seed);
		double		b = uniform(&seed);

		s->covariate[2 * i] = 1000.0 + 10.0 * a;
		s->covariate[2 * i + 1] = b;
		s->treated[i] = uniform(&seed) < 1.0 / (1.0 + exp(0.5 - 0.8 * a + b));
		s->change[i] = a + 0.5 * a * a - b + (s->treated[i] ? 0.7 : 0.0) + normal(&seed);
		s->weight[i] = 1.0 + (i % 3);
	}
	assert_true(cd_did_scratch(N, COVARIATES) <= 2000);
	s->data = (CdDidData) {
		.n = N, .covariates = COVARIATES, .treated = s->treated, .change = s->change,
		.covariate = s->covariate, .weight = s->weight
	};
}

static double
effect_of(Sample *s, CdDidMethod method)
{
	double		effect;

	assert_ok(cd_did(&s->data, method, s->scratch, &effect, NULL));
	return effect;
}

/* Without covariates: the difference of mean changes and its two-sample variance. */
static void
plain(void **state)
{
	bool		treated[] = {true, true, false, false, false};
	double		change[] = {3.0, 5.0, 1.0, 2.0, 6.0};
	CdDidData	data = {.n = 5, .treated = treated, .change = change};
	double		scratch[64];
	double		influence[5];
	double		effect;

	(void) state;
	for (int m = 0; m < 4; m++)
	{
		assert_ok(cd_did(&data, methods[m], scratch, &effect, influence));
		assert_close(effect, 1.0, 1e-15);
		/* 5^2 (2 / 2^2 + 14 / 3^2): of the variance, 5 * 4 times */
		assert_close(cd_dot(influence, influence, 5), 25.0 * (0.5 + 14.0 / 9.0), 1e-14);
	}
}

/* A single binary covariate leaves nothing to choose: every method compares within strata. */
static void
saturated(void **state)
{
	bool		treated[] = {true, true, true, true, false, false, false, false, false};
	double		stratum[] = {0, 1, 1, 1, 0, 0, 0, 1, 1};
	double		change[] = {4, 6, 7, 8, 1, 2, 3, 2, 5};
	CdDidData	data = {.n = 9, .covariates = 1, .treated = treated, .change = change, .covariate = stratum};
	double		scratch[64];
	double		effect;

	(void) state;
	for (int m = 0; m < 4; m++)
	{
		assert_ok(cd_did(&data, methods[m], scratch, &effect, NULL));
		assert_close(effect, 0.25 * (4.0 - 2.0) + 0.75 * (7.0 - 3.5), 1e-7);
	}
}

/* Changes linear in the covariates: regression removes them exactly. */
static void
linear(void **state)
{
	Sample		s;

	(void) state;
	draw(&s);
	for (int i = 0; i < N; i++)
		s.change[i] = 3.0 * s.covariate[2 * i] - 8.0 * s.covariate[2 * i + 1] + (s.treated[i] ? 0.25 : 0.0);
	assert_close(effect_of(&s, CD_DID_OUTCOME), 0.25, 1e-9);
	assert_close(effect_of(&s, CD_DID_DOUBLY_ROBUST), 0.25, 1e-9);
	assert_close(effect_of(&s, CD_DID_DOUBLY_ROBUST_TILTED), 0.25, 1e-9);
}

/* A covariate's origin and unit do not matter. */
static void
equivariant(void **state)
{
	Sample		s;

	(void) state;
	draw(&s);
	for (int m = 0; m < 4; m++)
	{
		double		before = effect_of(&s, methods[m]);

		for (int i = 0; i < N; i++)
			s.covariate[2 * i] = (s.covariate[2 * i] - 1000.0) * 1e4;
		assert_close(effect_of(&s, methods[m]), before, 1e-9);
		draw(&s);
	}
}

/* The influence of a unit is what a little more weight on it does to the effect. */
static void
influence_is_derivative(void **state)
{
	const double step = 1e-4;
	Sample		s;
	double		effect;

	(void) state;
	draw(&s);
	for (int m = 0; m < 4; m++)
	{
		double		sum = 0.0;

		assert_ok(cd_did(&s.data, methods[m], s.scratch, &effect, s.influence));
		for (int i = 0; i < N; i++)
		{
			double		weight = s.weight[i];
			double		up;
			double		down;

			s.weight[i] = weight * (1.0 + step);
			up = effect_of(&s, methods[m]);
			s.weight[i] = weight * (1.0 - step);
			down = effect_of(&s, methods[m]);
			s.weight[i] = weight;
			if (fabs((up - down) * N / (2.0 * step) - s.influence[i]) > 2e-4)
				fail_msg("method %d, unit %d: %g for %g", m, i, (up - down) * N / (2.0 * step), s.influence[i]);
			sum += s.influence[i];
		}
		assert_true(fabs(sum) < 1e-4);
	}
}

/* What cannot be answered is said. */
static void
refusals(void **state)
{
	Sample		s;
	double		effect;

	(void) state;
	draw(&s);
	for (int i = 0; i < N; i++)
		s.covariate[2 * i + 1] = 2.0 * s.covariate[2 * i];
	assert_int_equal(cd_did(&s.data, CD_DID_OUTCOME, s.scratch, &effect, NULL), CD_TOO_FEW);
	draw(&s);
	for (int i = 0; i < N; i++)
		s.covariate[2 * i] = s.treated[i] ? 1.0 + s.covariate[2 * i + 1] : -s.covariate[2 * i + 1];
	assert_int_equal(cd_did(&s.data, CD_DID_DOUBLY_ROBUST, s.scratch, &effect, NULL), CD_TOO_FEW);
	draw(&s);
	s.change[3] = NAN;
	assert_int_equal(cd_did(&s.data, CD_DID_OUTCOME, s.scratch, &effect, NULL), CD_BAD_INPUT);
	draw(&s);
	s.weight[3] = 0.0;
	assert_int_equal(cd_did(&s.data, CD_DID_OUTCOME, s.scratch, &effect, NULL), CD_BAD_INPUT);
	draw(&s);
	for (int i = 0; i < N; i++)
		s.treated[i] = true;
	assert_int_equal(cd_did(&s.data, CD_DID_OUTCOME, s.scratch, &effect, NULL), CD_TOO_FEW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(saturated),
		cmocka_unit_test(linear),
		cmocka_unit_test(equivariant),
		cmocka_unit_test(influence_is_derivative),
		cmocka_unit_test(refusals),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
