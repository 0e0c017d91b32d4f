/*
 * regression.h: (weighted) least squares from the cross-products of clusters, S = X'WX and
 * q = X'Wy of each, with errors that may depend on each other within a cluster. Everything
 * is p x p: rows are not needed again. Weights are inverse variances.
 */
#ifndef CD_REGRESSION_H
#define CD_REGRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/arena.h"
#include "stats/status.h"

/* All arrays by cluster. Sums of parts add up to the sums of the whole. */
typedef struct CdClusters
{
	size_t		clusters;
	size_t		columns;
	double	   *s;				/* clusters x columns x columns */
	double	   *q;				/* clusters x columns */
	double	   *yy;				/* clusters: y'Wy */
	double	   *rows;			/* clusters */
} CdClusters;

typedef enum CdRobust
{
	CD_ROBUST_NONE,				/* equal variances: residual mean square */
	CD_ROBUST_CR0,				/* residuals as they are; HC0 when every row is a cluster */
	CD_ROBUST_CR1,				/* times G / (G - 1) */
	CD_ROBUST_CR1S,				/* times G / (G - 1) (N - 1) / (N - k) */
	CD_ROBUST_CR2,				/* unbiased for equal variances (Bell & McCaffrey 2002) */
	CD_ROBUST_CR3				/* jackknife; HC3 when every row is a cluster */
} CdRobust;

typedef struct CdRegression
{
	const CdClusters *data;
	double		rows;
	double		absorbed;		/* effects taken out of the rows beforehand */
	double		rss;
	double	   *coefficient;	/* columns */
	double	   *factor;			/* columns x columns: Cholesky factor of X'WX */
	double	   *scratch;
} CdRegression;

/* A linear combination of the coefficients. */
typedef struct CdContrast
{
	double		estimate;
	double		se;
	double		df;				/* CR2: Satterthwaite (Pustejovsky & Tipton 2018); N - k or G - 1 */
	double		t;
	double		p;
	bool		degenerate;		/* a cluster alone identifies some coefficient: pseudo-inverse used */
} CdContrast;

/* Bytes of arena for the cross-products, all 0, and for a fit. */
size_t		cd_clusters_size(size_t clusters, size_t columns);
CdStatus	cd_clusters_init(size_t clusters, size_t columns, CdArena *arena, CdClusters *out);

/* Add one row. */
void		cd_clusters_add(CdClusters *data, size_t cluster, const double *x, double y, double weight);

/*
 * Subtract from every column its weighted group mean: the rows are then free of one set of
 * group effects. means: scratch of groups * (columns + 1) doubles.
 */
void		cd_demean(double *x, size_t rows, size_t columns, const size_t *group, size_t groups,
					  const double *weight, double *means);

size_t		cd_regression_size(size_t columns);

/*
 * Fit. absorbed: number of effects taken out beforehand, counted in N - k. CD_TOO_FEW:
 * collinear columns or no rows left over. Where effects were absorbed, they must lie within
 * clusters for CR2 and CR3 to be exact.
 */
CdStatus	cd_regression(const CdClusters *data, double absorbed, CdArena *arena, CdRegression *out);

/* Covariance of the coefficients, columns x columns. Needs 2 clusters unless NONE. */
CdStatus	cd_regression_covariance(CdRegression *fit, CdRobust kind, double *covariance);

/* Test of l'b = 0. */
CdStatus	cd_regression_contrast(CdRegression *fit, CdRobust kind, const double *l, CdContrast *out);

#endif
