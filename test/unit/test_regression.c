/*
 * test_regression.c: least squares with clusters against what can be had by other means:
 * leaving clusters out, two-sample formulas, enumeration.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "stats/linear.h"
#include "stats/random.h"
#include "stats/regression.h"

#define ROWS 48
#define CLUSTERS 8
#define COLUMNS 3

typedef struct Rows
{
	size_t		n;
	double		x[ROWS * COLUMNS];
	double		y[ROWS];
	double		weight[ROWS];
	size_t		cluster[ROWS];
} Rows;

typedef struct Fitted
{
	CdArena		arena;
	CdClusters	data;
	CdRegression fit;
} Fitted;

/* Unequal clusters with a shift each. */
static void
draw(Rows *r)
{
	uint64_t	seed = 21;

	r->n = ROWS;
	for (size_t i = 0; i < ROWS; i++)
	{
		r->cluster[i] = (size_t) (CLUSTERS * sqrt((double) i / ROWS));
		r->x[i * COLUMNS] = 1.0;
		r->x[i * COLUMNS + 1] = normal(&seed) + (double) r->cluster[i];
		r->x[i * COLUMNS + 2] = uniform(&seed);
		r->y[i] = 2.0 - r->x[i * COLUMNS + 1] + sin(3.0 * (double) r->cluster[i]) + normal(&seed);
		r->weight[i] = 0.5 + uniform(&seed);
	}
}

/* Fit the rows of all clusters but one. */
static CdStatus
fit_without(const Rows *r, size_t columns, double absorbed, size_t left_out, Fitted *f)
{
	size_t		size = cd_clusters_size(ROWS, columns) + cd_regression_size(columns);
	size_t		clusters = 0;

	for (size_t i = 0; i < r->n; i++)
		clusters = r->cluster[i] >= clusters ? r->cluster[i] + 1 : clusters;
	f->arena = (CdArena) {.base = malloc(size), .size = size};
	assert_ok(cd_clusters_init(clusters, columns, &f->arena, &f->data));
	for (size_t i = 0; i < r->n; i++)
		if (r->cluster[i] != left_out)
			cd_clusters_add(&f->data, r->cluster[i], &r->x[i * columns], r->y[i], r->weight[i]);
	return cd_regression(&f->data, absorbed, &f->arena, &f->fit);
}

static void
fit_all(const Rows *r, size_t columns, Fitted *f)
{
	assert_ok(fit_without(r, columns, 0.0, SIZE_MAX, f));
}

static void
drop(Fitted *f)
{
	free(f->arena.base);
}

static CdContrast
contrast(Fitted *f, size_t column)
{
	double		l[COLUMNS + CLUSTERS] = {0};
	CdContrast	out;

	l[column] = 1.0;
	assert_ok(cd_regression_contrast(&f->fit, l, &out));
	return out;
}

/* A straight line by hand: slope 0.7, intercept 0.5, residuals -.2 .1 .4 -.3. */
static void
by_hand(void **state)
{
	Rows		r = {.n = 4, .x = {1, 0, 1, 1, 1, 2, 1, 3}, .y = {0.3, 1.3, 2.3, 2.3}, .weight = {1, 1, 1, 1},
		.cluster = {0, 0, 1, 1}};
	Fitted		f;

	(void) state;
	fit_all(&r, 2, &f);
	assert_close(f.fit.coefficient[1], 0.7, 1e-13);
	assert_close(f.fit.coefficient[0], 0.5, 1e-13);
	assert_close(f.fit.rss, 0.3, 1e-12);
	drop(&f);
}

/* Two samples, every row a cluster: Welch's variance, degrees of freedom of equal variances. */
static void
two_samples(void **state)
{
	const double a[] = {3.1, 4.7, 5.0};
	const double b[] = {1.0, 0.2, 2.2, 1.4, 0.9};
	CdMoments	ma = moments_of(a, 3);
	CdMoments	mb = moments_of(b, 5);
	Rows		r = {.n = 8};
	Fitted		f;
	CdContrast	c;

	(void) state;
	for (size_t i = 0; i < 8; i++)
	{
		r.x[2 * i] = 1.0;
		r.x[2 * i + 1] = i < 3 ? 1.0 : 0.0;
		r.y[i] = i < 3 ? a[i] : b[i - 3];
		r.weight[i] = 1.0;
		r.cluster[i] = i;
	}
	fit_all(&r, 2, &f);
	c = contrast(&f, 1);
	assert_close(c.estimate, ma.mean - mb.mean, 1e-12);
	assert_close(c.se, sqrt(ma.m2 / 2 / 3 + mb.m2 / 4 / 5), 1e-12);
	assert_close(c.df, pow(1 / 3.0 + 1 / 5.0, 2) / (1 / 9.0 / 2 + 1 / 25.0 / 4), 1e-12);
	assert_false(c.degenerate);
	drop(&f);
}

/* Every column less its weighted mean within the clusters. */
static void
demean(double *x, size_t columns, const Rows *r)
{
	for (size_t k = 0; k < columns; k++)
	{
		double		sum[CLUSTERS] = {0};
		double		weight[CLUSTERS] = {0};

		for (size_t i = 0; i < ROWS; i++)
		{
			sum[r->cluster[i]] += r->weight[i] * x[i * columns + k];
			weight[r->cluster[i]] += r->weight[i];
		}
		for (size_t i = 0; i < ROWS; i++)
			x[i * columns + k] -= sum[r->cluster[i]] / weight[r->cluster[i]];
	}
}

/* Effects taken out beforehand and effects fitted as columns give the same. */
static void
absorbed(void **state)
{
	enum { WIDE = 2 + CLUSTERS };
	Rows		r;
	double		x[ROWS * 3];
	double		wide[ROWS * WIDE];
	Fitted		within;
	Fitted		dummies;
	size_t		size = cd_clusters_size(CLUSTERS, WIDE) + cd_regression_size(WIDE);

	(void) state;
	draw(&r);
	dummies.arena = (CdArena) {.base = malloc(size), .size = size};
	assert_ok(cd_clusters_init(CLUSTERS, WIDE, &dummies.arena, &dummies.data));
	for (size_t i = 0; i < ROWS; i++)
	{
		for (size_t k = 0; k < WIDE; k++)
			wide[i * WIDE + k] = k < 2 ? r.x[i * COLUMNS + 1 + k] : k - 2 == r.cluster[i];
		cd_clusters_add(&dummies.data, r.cluster[i], &wide[i * WIDE], r.y[i], r.weight[i]);
		x[3 * i] = r.x[i * COLUMNS + 1];
		x[3 * i + 1] = r.x[i * COLUMNS + 2];
		x[3 * i + 2] = r.y[i];
	}
	assert_ok(cd_regression(&dummies.data, 0.0, &dummies.arena, &dummies.fit));
	demean(x, 3, &r);
	for (size_t i = 0; i < ROWS; i++)
	{
		r.x[2 * i] = x[3 * i];
		r.x[2 * i + 1] = x[3 * i + 1];
		r.y[i] = x[3 * i + 2];
	}
	assert_ok(fit_without(&r, 2, CLUSTERS, SIZE_MAX, &within));
	for (size_t k = 0; k < 2; k++)
	{
		assert_close(contrast(&within, k).se, contrast(&dummies, k).se, 1e-9);
		assert_close(contrast(&within, k).df, contrast(&dummies, k).df, 1e-9);
		assert_false(contrast(&within, k).degenerate);
		assert_true(contrast(&dummies, k).degenerate);
	}
	drop(&within);
	drop(&dummies);
}

/* Mean of CR2 over errors of equal variance is the true variance, few clusters or not. */
static void
unbiased(void **state)
{
	Rows		r;
	double		mean = 0.0;
	double		inverse[COLUMNS * COLUMNS];
	uint64_t	seed = 5;
	const int	runs = 4000;

	(void) state;
	draw(&r);
	for (size_t i = 0; i < ROWS; i++)
		r.weight[i] = 1.0;
	for (int run = 0; run < runs; run++)
	{
		Fitted		f;

		for (size_t i = 0; i < ROWS; i++)
			r.y[i] = normal(&seed);
		fit_all(&r, COLUMNS, &f);
		mean += pow(contrast(&f, 1).se, 2) / runs;
		memcpy(inverse, f.fit.factor, sizeof(inverse));
		drop(&f);
	}
	cd_cholesky_invert(inverse, COLUMNS);
	assert_close(mean, inverse[COLUMNS + 1], 0.05);
}

/* Places of the generator are independent of each other. */
static void
random_numbers(void **state)
{
	double		mean = 0.0;
	double		product = 0.0;

	(void) state;
	for (uint64_t i = 0; i < 20000; i++)
	{
		double		u = cd_random_uniform(7, i, 3) - 0.5;

		mean += u / 20000.0;
		product += u * (cd_random_uniform(7, i + 1, 3) - 0.5) / 20000.0;
		product += u * (cd_random_uniform(7, i, 4) - 0.5) / 20000.0;
		product += u * (cd_random_uniform(8, i, 3) - 0.5) / 20000.0;
	}
	assert_true(fabs(mean) < 0.01);
	assert_true(fabs(product) < 0.005);
	assert_true(cd_random_uniform(7, 1, 2) != cd_random_uniform(7, 2, 1));
}

/* What cannot be answered is said. */
static void
refusals(void **state)
{
	Rows		r;
	Fitted		f;
	CdContrast	c;
	const double l[COLUMNS] = {0, 1, 0};

	(void) state;
	draw(&r);
	for (size_t i = 0; i < ROWS; i++)
		r.x[i * COLUMNS + 2] = 2.0 + 3.0 * r.x[i * COLUMNS + 1];
	assert_int_equal(fit_without(&r, COLUMNS, 0.0, SIZE_MAX, &f), CD_TOO_FEW);
	drop(&f);
	draw(&r);
	r.n = 3;
	assert_int_equal(fit_without(&r, COLUMNS, 0.0, SIZE_MAX, &f), CD_TOO_FEW);
	drop(&f);
	draw(&r);
	for (size_t i = 0; i < ROWS; i++)
		r.cluster[i] = 0;
	fit_all(&r, COLUMNS, &f);
	assert_int_equal(cd_regression_contrast(&f.fit, l, &c), CD_TOO_FEW);
	drop(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(two_samples),
		cmocka_unit_test(absorbed),
		cmocka_unit_test(unbiased),
		cmocka_unit_test(random_numbers),
		cmocka_unit_test(refusals),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
