/*
 * linear.c: see linear.h.
 */
#include <math.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>

#include "stats/linear.h"

#define PIVOT_TOLERANCE 1e-10

/* Factorise. */
CdStatus
cd_cholesky_definite(double *a, size_t n)
{
	gsl_matrix_view m = gsl_matrix_view_array(a, n, n);

	for (size_t i = 0; i < n; i++)
		if (!(a[i * n + i] > 0.0) || !isfinite(a[i * n + i]))
			return CD_TOO_FEW;
	return gsl_linalg_cholesky_decomp1(&m.matrix) == GSL_SUCCESS ? CD_OK : CD_TOO_FEW;
}

/* Factorise, then compare each pivot with the diagonal element it is what remains of. */
CdStatus
cd_cholesky(double *a, size_t n)
{
	CdStatus	status = cd_cholesky_definite(a, n);

	for (size_t i = 0; i < n && status == CD_OK; i++)
	{
		const double *row = &a[i * n];

		if (!(row[i] * row[i] > PIVOT_TOLERANCE * cd_dot(row, row, i + 1)))
			status = CD_TOO_FEW;
	}
	return status;
}

/* Solve in place. */
void
cd_cholesky_solve(const double *factor, size_t n, double *b)
{
	gsl_matrix_const_view m = gsl_matrix_const_view_array(factor, n, n);
	gsl_vector_view v = gsl_vector_view_array(b, n);

	(void) gsl_linalg_cholesky_svx(&m.matrix, &v.vector);
}

/* Inverse, both triangles. */
void
cd_cholesky_invert(double *factor, size_t n)
{
	gsl_matrix_view m = gsl_matrix_view_array(factor, n, n);

	(void) gsl_linalg_cholesky_invert(&m.matrix);
}

/* Twice the sum of the logarithms of the factor's diagonal. */
double
cd_cholesky_log_determinant(const double *factor, size_t n)
{
	double		sum = 0.0;

	for (size_t i = 0; i < n; i++)
		sum += 2.0 * log(factor[i * n + i]);
	return sum;
}

/* Inner product. */
double
cd_dot(const double *a, const double *b, size_t n)
{
	double		sum = 0.0;

	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* Rank-one update. */
void
cd_add_outer(double *sum, const double *a, size_t n, double factor)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			sum[i * n + j] += factor * a[i] * a[j];
}

/* a' M a. */
double
cd_quadratic(const double *m, const double *a, size_t n)
{
	double		sum = 0.0;

	for (size_t i = 0; i < n; i++)
		sum += a[i] * cd_dot(&m[i * n], a, n);
	return sum;
}
