/*
 * linear.c: see linear.h.
 */
#include <math.h>
#include <stdbool.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>

#include "stats/linear.h"

#define PIVOT_TOLERANCE 1e-10

/* Every diagonal element positive and finite. */
static bool
diagonal_ok(const double *a, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(a[i * n + i] > 0.0) || !isfinite(a[i * n + i]))
			return false;
	return true;
}

/* Factorise; the last column of row i is the part of it that earlier rows do not explain. */
CdStatus
cd_cholesky(double *a, size_t n)
{
	if (!diagonal_ok(a, n))
		return CD_TOO_FEW;
	for (size_t j = 0; j < n; j++)
	{
		double		before = a[j * n + j];
		double		pivot = before - cd_dot(&a[j * n], &a[j * n], j);

		if (!(pivot > PIVOT_TOLERANCE * before))
			return CD_TOO_FEW;
		pivot = sqrt(pivot);
		a[j * n + j] = pivot;
		for (size_t i = j + 1; i < n; i++)
			a[i * n + j] = (a[i * n + j] - cd_dot(&a[i * n], &a[j * n], j)) / pivot;
	}
	return CD_OK;
}
