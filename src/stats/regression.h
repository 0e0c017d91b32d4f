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

typedef struct CdRegression
{
	const CdClusters *data;
	double		rows;
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
	double		df;				/* Satterthwaite (Pustejovsky & Tipton 2018) */
	double		t;
	double		p;
	bool		degenerate;		/* a cluster alone identifies some coefficient: pseudo-inverse used */
} CdContrast;

/* Bytes of arena for the cross-products, all 0, and for a fit. */
size_t		cd_clusters_size(size_t clusters, size_t columns);
CdStatus	cd_clusters_init(size_t clusters, size_t columns, CdArena *arena, CdClusters *out);

/* Add one row. */
void		cd_clusters_add(CdClusters *data, size_t cluster, const double *x, double y, double weight);

size_t		cd_regression_size(size_t columns);

/*
 * Fit. absorbed: number of effects taken out of the rows beforehand. CD_TOO_FEW:
 * collinear columns or no rows left over. Where effects were absorbed, they must lie within
 * clusters for CR2 to be exact.
 */
CdStatus	cd_regression(const CdClusters *data, double absorbed, CdArena *arena, CdRegression *out);

/*
 * Test of l'b = 0 with CR2 standard errors, unbiased for equal variances (Bell & McCaffrey
 * 2002). Needs 2 clusters.
 */
CdStatus	cd_regression_contrast(CdRegression *fit, const double *l, CdContrast *out);

#endif
