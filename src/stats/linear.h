/*
 * linear.h: small symmetric systems, matrices row by row in the caller's memory.
 */
#ifndef CD_LINEAR_H
#define CD_LINEAR_H

#include <stddef.h>

#include "stats/status.h"

/*
 * Cholesky factor in place (lower triangle). CD_TOO_FEW when a row is, to ten digits, a
 * combination of the rows before it.
 */
CdStatus	cd_cholesky(double *a, size_t n);

/* The same without that test: CD_TOO_FEW only when not positive definite. */
CdStatus	cd_cholesky_definite(double *a, size_t n);

/* Solve with the factor, in place of the right-hand side. */
void		cd_cholesky_solve(const double *factor, size_t n, double *b);

/* Replace the factor by the inverse of the matrix it came from. */
void		cd_cholesky_invert(double *factor, size_t n);

/* Sum of the logarithms of the pivots: log determinant. */
double		cd_cholesky_log_determinant(const double *factor, size_t n);

/* Inner product. */
double		cd_dot(const double *a, const double *b, size_t n);

/* Add factor * a a' to the n x n matrix sum. */
void		cd_add_outer(double *sum, const double *a, size_t n, double factor);

/* a' M a. */
double		cd_quadratic(const double *m, const double *a, size_t n);


#endif
