/*
 * interrupted.h: regression on a series in time, such as level and slope before and after a
 * change (segmented regression), with errors that are independent, autocorrelated in any way
 * (Newey & West 1987), or of first order, AR(1).
 */
#ifndef CD_INTERRUPTED_H
#define CD_INTERRUPTED_H

#include <stddef.h>

#include "stats/arena.h"
#include "stats/oneway.h"
#include "stats/status.h"

/* Rows in order of time. */
typedef struct CdSeries
{
	size_t		n;
	size_t		columns;
	const double *y;
	const double *x;			/* n x columns */
	const double *weight;		/* inverse variances, > 0; NULL: all 1 */
	const double *at;			/* periods, strictly ascending; NULL: one after the other */
} CdSeries;

typedef struct CdSeriesFit
{
	double	   *coefficient;	/* columns */
	double	   *covariance;		/* columns x columns */
	double	   *residual;		/* n, of the values as given */
	double		rss;			/* weighted, of what is left once autocorrelation is taken out */
	double		df;				/* n - columns */
	double		autocorrelation;	/* of errors one period apart; 0 for least squares */
	double		log_likelihood; /* up to a constant */
} CdSeriesFit;

/* Bytes of arena that one fit, or any other call below, takes. */
size_t		cd_series_size(size_t n, size_t columns);

/* Weighted least squares. CD_TOO_FEW: collinear columns, or no row left over. */
CdStatus	cd_series_ols(const CdSeries *series, CdArena *arena, CdSeriesFit *out);

/*
 * Covariance that allows for autocorrelation up to lags rows apart, Bartlett weights.
 * adjusted: times n / (n - columns). fit: of cd_series_ols. NULL weights only.
 */
CdStatus	cd_series_newey_west(const CdSeries *series, const CdSeriesFit *fit, size_t lags,
								 bool adjusted, CdArena *arena, double *covariance);

/* Automatic lag of Newey & West (1994), not rounded. The first column is left out: the intercept. */
CdStatus	cd_series_bandwidth(const CdSeries *series, const CdSeriesFit *fit, CdArena *arena, double *out);

/* Generalised least squares, AR(1) errors by maximum likelihood; covariance takes them as known. */
CdStatus	cd_series_ar1(const CdSeries *series, CdLikelihood likelihood, CdArena *arena, CdSeriesFit *out);

typedef struct CdSeriesContrast
{
	double		estimate;
	double		low;
	double		high;
	double		p;				/* two-sided, of 0 */
	double		autocorrelation;	/* posterior mean */
} CdSeriesContrast;

/*
 * l'b with AR(1) errors whose autocorrelation is not known: the t distributions of all
 * values in [0, 0.98] are averaged by their restricted likelihood, with prior density
 * 1 / (1 - rho^2), and rho costs a degree of freedom. In series of 20 periods an interval
 * at the best value alone is far too narrow. CD_TOO_FEW: n <= columns + 1, or a perfect fit.
 */
CdStatus	cd_series_contrast(const CdSeries *series, const double *l, double level, CdArena *arena,
							   CdSeriesContrast *out);

/* Durbin & Watson (1950); needs a fit by least squares. */
double		cd_durbin_watson(const CdSeriesFit *fit, size_t n);

/* Q of Ljung & Box (1978) over lags below n. */
double		cd_ljung_box(const CdSeriesFit *fit, size_t n, size_t lags);

/* LM statistic of Breusch (1978) and Godfrey (1978) for order 1: chi-square, 1 df. */
CdStatus	cd_breusch_godfrey(const CdSeries *series, const CdSeriesFit *fit, CdArena *arena, double *out);

#endif
