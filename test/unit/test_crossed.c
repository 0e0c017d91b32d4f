/*
 * test_crossed.c: crossed random factors against analysis of variance, the one-way fit and
 * the likelihood of all values written out.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "stats/crossed.h"
#include "stats/oneway.h"
#include "stats/linear.h"

#define MAX_A 9
#define MAX_B 5
#define MAX_CELLS (MAX_A * MAX_B)
#define MAX_VALUES 200

static const bool both[CD_COMPONENTS] = {true, true, false};
static const bool all[CD_COMPONENTS] = {true, true, true};
static const bool only_a[CD_COMPONENTS] = {true, false, false};

typedef struct Data
{
	size_t		n;
	size_t		a[MAX_VALUES];
	size_t		b[MAX_VALUES];
	double		y[MAX_VALUES];
	size_t		cells;
	CdCell		cell[MAX_CELLS];
	CdBlup		blup_a[MAX_A];
	CdBlup		blup_b[MAX_B];
	double		effect_ab[MAX_CELLS];
} Data;

/* Put the values into cells. */
static void
collect(Data *d)
{
	d->cells = 0;
	for (size_t a = 0; a < MAX_A; a++)
		for (size_t b = 0; b < MAX_B; b++)
		{
			CdCell		cell = {.a = a, .b = b};

			for (size_t i = 0; i < d->n; i++)
				if (d->a[i] == a && d->b[i] == b)
					cd_moments_add(&cell.moments, d->y[i], 1.0);
			if (cell.moments.n > 0.0)
				d->cell[d->cells++] = cell;
		}
}

static CdStatus
fit(Data *d, const bool *component, CdCrossed *out)
{
	CdArena		arena = {.size = cd_crossed_size(d->cells, MAX_B)};
	CdStatus	status;

	arena.base = malloc(arena.size);
	status = cd_crossed(d->cell, d->cells, MAX_A, MAX_B, component, &arena, out,
						d->blup_a, d->blup_b, d->effect_ab);
	free(arena.base);
	return status;
}

/* Random cells, some empty, some with one value. */
static void
draw_from(uint64_t seed, Data *d, double sd_a, double sd_b, double sd_ab)
{
	double		effect_a[MAX_A];
	double		effect_b[MAX_B];

	d->n = 0;
	for (int a = 0; a < MAX_A; a++)
		effect_a[a] = sd_a * normal(&seed);
	for (int b = 0; b < MAX_B; b++)
		effect_b[b] = sd_b * normal(&seed);
	for (size_t a = 0; a < MAX_A; a++)
		for (size_t b = 0; b < MAX_B; b++)
		{
			double		effect = 50.0 + effect_a[a] + effect_b[b] + sd_ab * normal(&seed);

			for (size_t i = (a * 7 + b * 3) % 6; i > 0; i--)
			{
				d->a[d->n] = a;
				d->b[d->n] = b;
				d->y[d->n++] = effect + normal(&seed);
			}
		}
	collect(d);
}

static void
draw(Data *d, double sd_a, double sd_b, double sd_ab)
{
	draw_from(17, d, sd_a, sd_b, sd_ab);
}

/* Balanced: the variances solve the table of mean squares. */
static void
balanced(void **state)
{
	enum { A = 6, B = 4, R = 3 };
	Data		d = {0};
	CdCrossed	out;
	uint64_t	seed = 2;
	double		row[A] = {0};
	double		column[B] = {0};
	double		cell[A][B] = {{0}};
	double		grand = 0.0;
	double		ms_a = 0.0;
	double		ms_b = 0.0;
	double		ms_ab = 0.0;
	double		ms_e = 0.0;

	(void) state;
	for (size_t a = 0; a < A; a++)
		for (size_t b = 0; b < B; b++)
		{
			double		effect = 3.0 * (double) (a * a % 5) + 2.0 * (double) b + 1.5 * normal(&seed);

			for (size_t i = 0; i < R; i++)
			{
				d.a[d.n] = a;
				d.b[d.n] = b;
				d.y[d.n] = effect + normal(&seed);
				cell[a][b] += d.y[d.n++] / R;
			}
			row[a] += cell[a][b] / B;
			column[b] += cell[a][b] / A;
			grand += cell[a][b] / (A * B);
		}
	for (size_t i = 0; i < d.n; i++)
		ms_e += pow(d.y[i] - cell[d.a[i]][d.b[i]], 2) / (A * B * (R - 1));
	for (size_t a = 0; a < A; a++)
		ms_a += B * R * pow(row[a] - grand, 2) / (A - 1);
	for (size_t b = 0; b < B; b++)
		ms_b += A * R * pow(column[b] - grand, 2) / (B - 1);
	for (size_t a = 0; a < A; a++)
		for (size_t b = 0; b < B; b++)
			ms_ab += R * pow(cell[a][b] - row[a] - column[b] + grand, 2) / ((A - 1) * (B - 1));
	collect(&d);
	assert_ok(fit(&d, all, &out));
	assert_close(out.mu, grand, 1e-12);
	assert_close(out.residual, ms_e, 1e-8);
	assert_close(out.variance[CD_COMPONENT_AB], (ms_ab - ms_e) / R, 1e-8);
	assert_close(out.variance[CD_COMPONENT_A], (ms_a - ms_ab) / (B * R), 1e-8);
	assert_close(out.variance[CD_COMPONENT_B], (ms_b - ms_ab) / (A * R), 1e-8);
	assert_close(out.se, sqrt((ms_a + ms_b - ms_ab) / (A * B * R)), 1e-8);
	assert_int_equal(out.levels_a, A);
	assert_int_equal(out.levels_b, B);
}

/* One factor alone is the one-way fit, at the boundary too. */
static void
one_way(void **state)
{
	const double *sets[] = {dyestuff, dyestuff2};

	(void) state;
	for (int s = 0; s < 2; s++)
	{
		CdMoments	groups[6];
		CdOneWay	reference;
		CdCrossed	out;
		Data		d = {.n = 30};
		double		b;

		moments_of_groups(sets[s], 6, 5, groups);
		assert_ok(cd_oneway_fit(groups, 6, CD_LIKELIHOOD_REML, &reference));
		for (size_t i = 0; i < 30; i++)
		{
			d.a[i] = i / 5;
			d.b[i] = i % 2;
			d.y[i] = sets[s][i];
		}
		collect(&d);
		assert_ok(fit(&d, only_a, &out));
		assert_close(out.variance[CD_COMPONENT_A], reference.tau2, 1e-8);
		assert_close(out.residual, reference.sigma2, 1e-9);
		assert_close(out.criterion, reference.criterion, 1e-12);
		assert_close(out.se, reference.se, 1e-8);
		b = groups[2].weight * reference.tau2 / (reference.sigma2 + groups[2].weight * reference.tau2);
		assert_close(d.blup_a[2].effect, b * (groups[2].mean - reference.mu), 1e-7);
		assert_close(d.blup_a[2].conditional_sd, sqrt(reference.tau2 * (1.0 - b)), 1e-7);
		assert_close(d.blup_a[2].sd, sqrt(reference.tau2 * (1.0 - b) + b * b * reference.se * reference.se), 1e-7);
		assert_true(d.blup_b[0].effect == 0.0);
	}
}

/* The full covariance matrix of the values, inverted. */
static double
dense(const Data *d, const double *variance, double residual, double *inverse, double *mu)
{
	size_t		n = d->n;
	double		one_v_one = 0.0;
	double		one_v_y = 0.0;
	double		square = 0.0;
	double		log_determinant;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
		{
			bool		a = d->a[i] == d->a[j];
			bool		b = d->b[i] == d->b[j];

			inverse[i * n + j] = (a ? variance[CD_COMPONENT_A] : 0.0) + (b ? variance[CD_COMPONENT_B] : 0.0)
				+ (a && b ? variance[CD_COMPONENT_AB] : 0.0) + (i == j ? residual : 0.0);
		}
	assert_ok(cd_cholesky_definite(inverse, n));
	log_determinant = cd_cholesky_log_determinant(inverse, n);
	cd_cholesky_invert(inverse, n);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
		{
			one_v_one += inverse[i * n + j];
			one_v_y += inverse[i * n + j] * d->y[j];
		}
	*mu = one_v_y / one_v_one;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			square += (d->y[i] - *mu) * inverse[i * n + j] * (d->y[j] - *mu);
	return log_determinant + log(one_v_one) + square + (double) (n - 1) * log(2.0 * M_PI);
}

/* Unbalanced with empty cells: same likelihood, nothing better nearby, same predictions. */
static void
unbalanced(void **state)
{
	static double inverse[MAX_VALUES * MAX_VALUES];
	Data		d;
	CdCrossed	out;
	double		mu;
	double		variance[CD_COMPONENTS];

	(void) state;
	draw(&d, 1.0, 1.5, 0.7);
	assert_true(d.n < MAX_VALUES && d.cells < MAX_CELLS);
	assert_ok(fit(&d, all, &out));
	assert_true(out.variance[0] > 0.0 && out.variance[1] > 0.0 && out.variance[2] > 0.0);
	for (int k = 0; k < 2 * CD_COMPONENTS; k++)
	{
		memcpy(variance, out.variance, sizeof(variance));
		variance[k / 2] *= k % 2 ? 1.02 : 1.0 / 1.02;
		assert_true(dense(&d, variance, out.residual, inverse, &mu) > out.criterion);
	}
	assert_close(dense(&d, out.variance, out.residual, inverse, &mu), out.criterion, 1e-12);
	assert_close(out.mu, mu, 1e-12);
	for (size_t level = 0; level < MAX_A; level++)
	{
		double		effect = 0.0;
		double		explained = 0.0;

		for (size_t i = 0; i < d.n; i++)
			for (size_t j = 0; j < d.n && d.a[i] == level; j++)
			{
				effect += out.variance[CD_COMPONENT_A] * inverse[i * d.n + j] * (d.y[j] - mu);
				if (d.a[j] == level)
					explained += inverse[i * d.n + j];
			}
		assert_close(d.blup_a[level].effect, effect, 1e-9);
		assert_close(d.blup_a[level].conditional_sd,
					 sqrt(out.variance[0] * (1.0 - out.variance[0] * explained)), 1e-9);
		assert_true(d.blup_a[level].sd > d.blup_a[level].conditional_sd);
	}
	for (size_t level = 0; level < MAX_B; level++)
	{
		double		effect = 0.0;
		double		explained = 0.0;

		for (size_t i = 0; i < d.n; i++)
			for (size_t j = 0; j < d.n && d.b[i] == level; j++)
			{
				effect += out.variance[CD_COMPONENT_B] * inverse[i * d.n + j] * (d.y[j] - mu);
				if (d.b[j] == level)
					explained += inverse[i * d.n + j];
			}
		assert_close(d.blup_b[level].effect, effect, 1e-9);
		assert_close(d.blup_b[level].conditional_sd,
					 sqrt(out.variance[1] * (1.0 - out.variance[1] * explained)), 1e-9);
	}
}

/* Shifting and scaling the values shifts and scales the answer. */
static void
equivariant(void **state)
{
	Data		d;
	CdCrossed	one;
	CdCrossed	two;

	(void) state;
	draw(&d, 1.0, 0.5, 0.5);
	assert_ok(fit(&d, all, &one));
	for (size_t i = 0; i < d.n; i++)
		d.y[i] = 1e6 - 1000.0 * d.y[i];
	collect(&d);
	assert_ok(fit(&d, all, &two));
	for (int k = 0; k < CD_COMPONENTS; k++)
		assert_close(two.variance[k], 1e6 * one.variance[k], 1e-7);
	assert_close(two.mu, 1e6 - 1000.0 * one.mu, 1e-10);
}

/* Nothing but noise in a factor: exactly 0, and the smaller model's likelihood. */
static void
boundary(void **state)
{
	Data		d;
	CdCrossed	out;
	CdCrossed	smaller;

	(void) state;
	draw(&d, 1.0, 0.0, 0.0);
	for (size_t i = 0; i < d.n; i++)
		d.y[i] = 3.0 * (double) (d.a[i] % 4) + 0.1 * normal(&(uint64_t) {i});
	for (size_t b = 0; b < MAX_B; b++)
	{
		double		sum = 0.0;
		double		count = 0.0;

		for (size_t i = 0; i < d.n; i++)
			if (d.b[i] == b)
			{
				sum += d.y[i] - 3.0 * (double) (d.a[i] % 4);
				count += 1.0;
			}
		for (size_t i = 0; i < d.n; i++)
			if (d.b[i] == b)
				d.y[i] -= sum / count;
	}
	collect(&d);
	assert_ok(fit(&d, both, &out));
	assert_ok(fit(&d, only_a, &smaller));
	assert_true(out.variance[CD_COMPONENT_B] == 0.0);
	assert_nan(out.log_se[CD_COMPONENT_B]);
	assert_close(out.criterion, smaller.criterion, 1e-12);
	assert_close(out.variance[CD_COMPONENT_A], smaller.variance[CD_COMPONENT_A], 1e-9);
}

/* An optimum next to the boundary is found, too. */
static void
settles(void **state)
{
	(void) state;
	for (uint64_t seed = 1; seed <= 400; seed++)
	{
		Data		d;
		CdCrossed	out;

		draw_from(seed, &d, 0.3, 0.3, 0.3);
		assert_ok(fit(&d, all, &out));
		draw_from(seed, &d, 0.1, 0.5, 0.0);
		assert_ok(fit(&d, all, &out));
	}
}

/* 95 % intervals of variances that are plainly there hold 90 to 99 %. */
static void
covered(void **state)
{
	const double sd[CD_COMPONENTS] = {1.0, 1.5, 0.7};
	double		held[CD_COMPONENTS] = {0};
	double		given[CD_COMPONENTS] = {0};
	double		low;
	double		high;

	(void) state;
	for (uint64_t seed = 1; seed <= 600; seed++)
	{
		Data		d;
		CdCrossed	out;

		draw_from(seed, &d, sd[0], sd[1], sd[2]);
		assert_ok(fit(&d, all, &out));
		for (int k = 0; k < CD_COMPONENTS; k++)
		{
			cd_crossed_interval(out.variance[k], out.log_se[k], 0.95, &low, &high);
			given[k] += !isnan(low);
			held[k] += low <= sd[k] * sd[k] && sd[k] * sd[k] <= high;
		}
	}
	for (int k = 0; k < CD_COMPONENTS; k++)
	{
		assert_true(given[k] > 550);
		assert_between(held[k] / given[k], 0.9, 0.99);
	}
	cd_crossed_interval(1e-12, 40.0, 0.95, &low, &high);
	assert_true(isnan(low) && isnan(high));
}

/* What cannot be answered is said. */
static void
refusals(void **state)
{
	Data		d;
	CdCrossed	out;

	(void) state;
	draw(&d, 1.0, 1.0, 0.0);
	for (size_t i = 0; i < d.n; i++)
		d.b[i] = 0;
	collect(&d);
	assert_int_equal(fit(&d, both, &out), CD_TOO_FEW);
	draw(&d, 1.0, 1.0, 0.0);
	for (size_t c = 0; c < d.cells; c++)
		d.cell[c].moments = moments_of(&d.y[c], 1);
	assert_int_equal(fit(&d, all, &out), CD_TOO_FEW);
	assert_ok(fit(&d, both, &out));
	d.cell[0].a = 5;
	assert_int_equal(fit(&d, both, &out), CD_BAD_INPUT);
	draw(&d, 1.0, 1.0, 0.0);
	for (size_t i = 0; i < d.n; i++)
		d.y[i] = 4.0;
	collect(&d);
	assert_int_equal(fit(&d, both, &out), CD_TOO_FEW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(balanced),
		cmocka_unit_test(one_way),
		cmocka_unit_test(unbalanced),
		cmocka_unit_test(equivariant),
		cmocka_unit_test(boundary),
		cmocka_unit_test(settles),
		cmocka_unit_test(covered),
		cmocka_unit_test(refusals),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
