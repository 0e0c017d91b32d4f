/*
 * difference.c: see difference.h.
 */
#include <math.h>
#include <stdbool.h>

#include <gsl/gsl_cdf.h>

#include "stats/difference.h"
#include "stats/rates.h"

/* Sample variance of equally weighted values. */
static double
variance(const CdMoments *m)
{
	return m->m2 / (m->n - 1.0);
}

static bool
usable(const CdMoments *m)
{
	return m->n >= 2.0 && isfinite(m->mean) && m->m2 >= 0.0 && isfinite(m->m2);
}

/* One sample. */
CdStatus
cd_difference_paired(const CdMoments *differences, CdDifference *out)
{
	if (!usable(differences))
		return CD_TOO_FEW;
	out->estimate = differences->mean;
	out->se = sqrt(variance(differences) / differences->n);
	out->df = differences->n - 1.0;
	return CD_OK;
}

/* Separate variances; without any spread the degrees of freedom are those of the pool. */
CdStatus
cd_difference_welch(const CdMoments *a, const CdMoments *b, CdDifference *out)
{
	double		va;
	double		vb;

	if (!usable(a) || !usable(b))
		return CD_TOO_FEW;
	va = variance(a) / a->n;
	vb = variance(b) / b->n;
	out->estimate = a->mean - b->mean;
	out->se = sqrt(va + vb);
	out->df = va + vb > 0.0
		? (va + vb) * (va + vb) / (va * va / (a->n - 1.0) + vb * vb / (b->n - 1.0))
		: a->n + b->n - 2.0;
	return CD_OK;
}

/* One variance. */
CdStatus
cd_difference_pooled(const CdMoments *a, const CdMoments *b, CdDifference *out)
{
	if (!usable(a) || !usable(b))
		return CD_TOO_FEW;
	out->estimate = a->mean - b->mean;
	out->df = a->n + b->n - 2.0;
	out->se = sqrt((a->m2 + b->m2) / out->df * (1.0 / a->n + 1.0 / b->n));
	return CD_OK;
}

/* Wald. */
CdStatus
cd_difference_rates(double x_a, double n_a, double x_b, double n_b, CdDifference *out)
{
	double		a = x_a / n_a;
	double		b = x_b / n_b;

	if (!(n_a > 0.0) || !(n_b > 0.0))
		return CD_TOO_FEW;
	if (!(a >= 0.0 && a <= 1.0) || !(b >= 0.0 && b <= 1.0))
		return CD_BAD_INPUT;
	out->estimate = a - b;
	out->se = sqrt(a * (1.0 - a) / n_a + b * (1.0 - b) / n_b);
	out->df = INFINITY;
	return CD_OK;
}

/* Hybrid of the score intervals. */
CdStatus
cd_newcombe(double x_a, double n_a, double x_b, double n_b, double level, double *low, double *high)
{
	double		low_a;
	double		high_a;
	double		low_b;
	double		high_b;
	CdDifference d;
	CdStatus	status = cd_difference_rates(x_a, n_a, x_b, n_b, &d);

	if (status == CD_OK)
		status = cd_wilson(x_a, n_a, level, &low_a, &high_a);
	if (status == CD_OK)
		status = cd_wilson(x_b, n_b, level, &low_b, &high_b);
	if (status != CD_OK)
		return status;
	*low = d.estimate - hypot(x_a / n_a - low_a, high_b - x_b / n_b);
	*high = d.estimate + hypot(high_a - x_a / n_a, x_b / n_b - low_b);
	return CD_OK;
}

/* Two-sided test of 0. */
double
cd_difference_p(const CdDifference *difference)
{
	double		t = fabs(difference->estimate) / difference->se;

	if (difference->se == 0.0)
		return difference->estimate == 0.0 ? 1.0 : 0.0;
	return 2.0 * (isinf(difference->df) ? gsl_cdf_ugaussian_Q(t) : gsl_cdf_tdist_Q(t, difference->df));
}
