/*
 * regression.c: see regression.h. With X'WX = L L', everything is expressed in the basis
 * L^-1: the leverage of cluster c is B_c = L^-1 S_c L^-T, its score e_c = L^-1 (q_c - S_c b).
 */
#include <math.h>
#include <string.h>

#include <gsl/gsl_blas.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_eigen.h>

#include "stats/linear.h"
#include "stats/regression.h"

#define FULL_LEVERAGE 1e-9		/* closer to 1 is 1 */

/* ---- cross-products ------------------------------------------------------------------------- */

/* Bytes for the sums. */
size_t
cd_clusters_size(size_t clusters, size_t columns)
{
	size_t		total = cd_arena_bytes(clusters * columns, columns * sizeof(double));

	total = cd_arena_sum(total, cd_arena_bytes(clusters * columns, sizeof(double)));
	return cd_arena_sum(total, 2 * cd_arena_bytes(clusters, sizeof(double)));
}

/* Empty sums. */
CdStatus
cd_clusters_init(size_t clusters, size_t columns, CdArena *arena, CdClusters *out)
{
	*out = (CdClusters) {
		.clusters = clusters,
		.columns = columns,
		.s = cd_arena_take(arena, clusters * columns, columns * sizeof(double)),
		.q = cd_arena_take(arena, clusters * columns, sizeof(double)),
		.yy = cd_arena_take(arena, clusters, sizeof(double)),
		.rows = cd_arena_take(arena, clusters, sizeof(double))
	};
	if (out->s == NULL || out->q == NULL || out->yy == NULL || out->rows == NULL)
		return CD_NOMEM;
	memset(out->s, 0, clusters * columns * columns * sizeof(double));
	memset(out->q, 0, clusters * columns * sizeof(double));
	memset(out->yy, 0, clusters * sizeof(double));
	memset(out->rows, 0, clusters * sizeof(double));
	return CD_OK;
}

/* One row. */
void
cd_clusters_add(CdClusters *data, size_t cluster, const double *x, double y, double weight)
{
	size_t		p = data->columns;

	cd_add_outer(&data->s[cluster * p * p], x, p, weight);
	for (size_t k = 0; k < p; k++)
		data->q[cluster * p + k] += weight * x[k] * y;
	data->yy[cluster] += weight * y * y;
	data->rows[cluster] += 1.0;
}

/* ---- fit ------------------------------------------------------------------------------------ */

/* Doubles of scratch: three matrices, five vectors. */
static size_t
scratch_size(size_t p)
{
	return 3 * p * p + 5 * p;
}

size_t
cd_regression_size(size_t columns)
{
	size_t		total = cd_arena_bytes(columns, sizeof(double));

	total = cd_arena_sum(total, cd_arena_bytes(columns, columns * sizeof(double)));
	return cd_arena_sum(total, cd_arena_bytes(scratch_size(columns), sizeof(double)));
}

/* Residual sum of squares, by cluster, so that little cancels. */
static double
residual_sum(const CdClusters *data, const double *b)
{
	size_t		p = data->columns;
	double		sum = 0.0;

	for (size_t c = 0; c < data->clusters; c++)
		sum += data->yy[c] - 2.0 * cd_dot(b, &data->q[c * p], p) + cd_quadratic(&data->s[c * p * p], b, p);
	return fmax(sum, 0.0);
}

/* Least squares. */
CdStatus
cd_regression(const CdClusters *data, double absorbed, CdArena *arena, CdRegression *out)
{
	size_t		p = data->columns;
	CdStatus	status;

	*out = (CdRegression) {
		.data = data,
		.coefficient = cd_arena_take(arena, p, sizeof(double)),
		.factor = cd_arena_take(arena, p, p * sizeof(double)),
		.scratch = cd_arena_take(arena, scratch_size(p), sizeof(double))
	};
	if (out->coefficient == NULL || out->factor == NULL || out->scratch == NULL)
		return CD_NOMEM;
	memset(out->coefficient, 0, p * sizeof(double));
	memset(out->factor, 0, p * p * sizeof(double));
	for (size_t c = 0; c < data->clusters; c++)
	{
		out->rows += data->rows[c];
		for (size_t k = 0; k < p; k++)
			out->coefficient[k] += data->q[c * p + k];
		for (size_t k = 0; k < p * p; k++)
			out->factor[k] += data->s[c * p * p + k];
	}
	status = cd_cholesky(out->factor, p);
	if (status != CD_OK)
		return status;
	cd_cholesky_solve(out->factor, p, out->coefficient);
	out->rss = residual_sum(data, out->coefficient);
	return out->rows > (double) p + absorbed && isfinite(out->rss) ? CD_OK : CD_TOO_FEW;
}

/* Clusters that have rows. */
static double
used_clusters(const CdRegression *fit)
{
	double		clusters = 0.0;

	for (size_t c = 0; c < fit->data->clusters; c++)
		clusters += fit->data->rows[c] > 0.0;
	return clusters;
}

/* L^-1 v, in place. */
static void
whiten(const CdRegression *fit, double *v)
{
	size_t		p = fit->data->columns;
	gsl_matrix_const_view l = gsl_matrix_const_view_array(fit->factor, p, p);
	gsl_vector_view view = gsl_vector_view_array(v, p);

	(void) gsl_blas_dtrsv(CblasLower, CblasNoTrans, CblasNonUnit, &l.matrix, &view.vector);
}

/* ---- what a cluster adds -------------------------------------------------------------------- */

/* Work on one cluster after another; vectors and matrices live in the fit's scratch. */
typedef struct Pass
{
	CdRegression *fit;
	gsl_eigen_symmv_workspace *work;
	double	   *score;			/* e_c, later in the eigenbasis of B_c */
	double	   *target;			/* t = L^-1 l */
	double	   *rotated;		/* p, free use */
	double	   *leverage;		/* eigenvalues of B_c */
	double	   *sum;			/* p, free use */
	double	   *block;			/* p x p: B_c */
	double	   *basis;			/* p x p: its eigenvectors, in columns */
	double	   *total;			/* p x p, free use */
	bool		degenerate;
} Pass;

/* Point into the scratch. */
static CdStatus
begin(CdRegression *fit, Pass *pass)
{
	size_t		p = fit->data->columns;

	*pass = (Pass) {.fit = fit};
	pass->score = fit->scratch;
	pass->target = pass->score + p;
	pass->rotated = pass->target + p;
	pass->leverage = pass->rotated + p;
	pass->sum = pass->leverage + p;
	pass->block = pass->sum + p;
	pass->basis = pass->block + p * p;
	pass->total = pass->basis + p * p;
	if (used_clusters(fit) < 2.0)
		return CD_TOO_FEW;
	pass->work = gsl_eigen_symmv_alloc(p);
	return pass->work != NULL ? CD_OK : CD_NOMEM;
}

static void
end(Pass *pass)
{
	gsl_eigen_symmv_free(pass->work);
}

/* Score of a cluster in the basis L^-1. */
static void
load_score(Pass *pass, size_t c)
{
	const CdClusters *data = pass->fit->data;
	size_t		p = data->columns;

	for (size_t k = 0; k < p; k++)
		pass->score[k] = data->q[c * p + k] - cd_dot(&data->s[(c * p + k) * p], pass->fit->coefficient, p);
	whiten(pass->fit, pass->score);
}

/* Leverage of a cluster and its eigenvectors. */
static CdStatus
load_leverage(Pass *pass, size_t c)
{
	size_t		p = pass->fit->data->columns;
	gsl_matrix_const_view l = gsl_matrix_const_view_array(pass->fit->factor, p, p);
	gsl_matrix_view block = gsl_matrix_view_array(pass->block, p, p);
	gsl_matrix_view basis = gsl_matrix_view_array(pass->basis, p, p);
	gsl_vector_view values = gsl_vector_view_array(pass->leverage, p);

	memcpy(pass->block, &pass->fit->data->s[c * p * p], p * p * sizeof(double));
	(void) gsl_blas_dtrsm(CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, 1.0, &l.matrix, &block.matrix);
	(void) gsl_blas_dtrsm(CblasRight, CblasLower, CblasTrans, CblasNonUnit, 1.0, &l.matrix, &block.matrix);
	if (gsl_eigen_symmv(&block.matrix, &values.vector, &basis.matrix, pass->work) != 0)
		return CD_NO_CONVERGENCE;
	return CD_OK;
}

/* Component k of v in the eigenbasis. */
static double
component(const Pass *pass, const double *v, size_t k)
{
	size_t		p = pass->fit->data->columns;
	double		sum = 0.0;

	for (size_t j = 0; j < p; j++)
		sum += pass->basis[j * p + k] * v[j];
	return sum;
}

/* Inflation of the residuals along eigenvector k: (1 - leverage)^-1/2. */
static double
adjustment(Pass *pass, size_t k)
{
	double		rest = 1.0 - pass->leverage[k];

	if (rest < FULL_LEVERAGE)
	{
		pass->degenerate = true;
		return 0.0;
	}
	return 1.0 / sqrt(rest);
}

/* Load a cluster; its score is replaced by the adjusted one, in the basis L^-1. */
static CdStatus
load(Pass *pass, size_t c)
{
	size_t		p = pass->fit->data->columns;
	CdStatus	status;

	if (cd_stop_requested())
		return CD_STOPPED;
	load_score(pass, c);
	status = load_leverage(pass, c);
	if (status != CD_OK)
		return status;
	for (size_t k = 0; k < p; k++)
		pass->sum[k] = adjustment(pass, k) * component(pass, pass->score, k);
	memset(pass->score, 0, p * sizeof(double));
	for (size_t j = 0; j < p; j++)
		pass->score[j] = cd_dot(&pass->basis[j * p], pass->sum, p);
	return CD_OK;
}

/* ---- test ------------------------------------------------------------------------------------ */

/*
 * Moments of the CR2 variance estimate under equal variances: it is a quadratic form with
 * matrix Omega, Omega_cd = [c = d] d_c - v_c'v_d, and df = (tr Omega)^2 / tr Omega^2.
 */
typedef struct Satterthwaite
{
	double		trace;
	double		square;
} Satterthwaite;

/* Add a cluster's d and v; the sum of v v' grows in total. */
static void
add_to_omega(Pass *pass, Satterthwaite *omega)
{
	size_t		p = pass->fit->data->columns;
	double		d = 0.0;
	double		v2;
	double	   *v = pass->rotated;

	for (size_t k = 0; k < p; k++)
	{
		double		t = component(pass, pass->target, k);
		double		a = adjustment(pass, k);

		d += pass->leverage[k] * a * a * t * t;
		pass->sum[k] = pass->leverage[k] * a * t;
	}
	for (size_t j = 0; j < p; j++)
		v[j] = cd_dot(&pass->basis[j * p], pass->sum, p);
	v2 = cd_dot(v, v, p);
	omega->trace += d - v2;
	omega->square += d * d - 2.0 * d * v2;
	cd_add_outer(pass->total, v, p, 1.0);
}

/* Variance of a contrast and its degrees of freedom. */
static CdStatus
contrast_variance(Pass *pass, double *variance, double *df)
{
	size_t		p = pass->fit->data->columns;
	Satterthwaite omega = {0};

	memset(pass->total, 0, p * p * sizeof(double));
	*variance = 0.0;
	for (size_t c = 0; c < pass->fit->data->clusters; c++)
	{
		CdStatus	status = load(pass, c);
		double		share;

		if (status != CD_OK)
			return status;
		share = cd_dot(pass->target, pass->score, p);
		*variance += share * share;
		add_to_omega(pass, &omega);
	}
	omega.square += cd_dot(pass->total, pass->total, p * p);
	*df = omega.trace * omega.trace / omega.square;
	return CD_OK;
}

/* Test of one linear combination. */
CdStatus
cd_regression_contrast(CdRegression *fit, const double *l, CdContrast *out)
{
	size_t		p = fit->data->columns;
	double		variance;
	Pass		pass;
	CdStatus	status = begin(fit, &pass);

	if (status != CD_OK)
		return status;
	memcpy(pass.target, l, p * sizeof(double));
	whiten(fit, pass.target);
	out->estimate = cd_dot(l, fit->coefficient, p);
	status = contrast_variance(&pass, &variance, &out->df);
	end(&pass);
	if (status != CD_OK)
		return status;
	out->se = sqrt(variance);
	out->t = out->estimate / out->se;
	out->p = 2.0 * gsl_cdf_tdist_Q(fabs(out->t), out->df);
	out->degenerate = pass.degenerate;
	return CD_OK;
}
