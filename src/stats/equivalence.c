/*
 * equivalence.c: see equivalence.h.
 */
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_integration.h>
#include <gsl/gsl_randist.h>

#include "stats/equivalence.h"
#include "stats/solve.h"

#define NODES 64
#define TAIL 1e-13				/* of the chi-square, left out of the integral */

/* Upper tail of t, of the normal when df is infinite. */
static double
upper_tail(double t, double df)
{
	return isinf(df) ? gsl_cdf_ugaussian_Q(t) : gsl_cdf_tdist_Q(t, df);
}

static double
upper_quantile(double p, double df)
{
	return isinf(df) ? gsl_cdf_ugaussian_Qinv(p) : gsl_cdf_tdist_Qinv(p, df);
}

static bool
usable(double se, double df, double alpha)
{
	return isfinite(se) && se > 0.0 && df > 0.0 && alpha > 0.0 && alpha < 0.5;
}

/* Both one-sided tests and their interval. */
CdStatus
cd_tost(double estimate, double se, double df, double margin_low, double margin_high, double alpha, CdTost *out)
{
	double		half;

	if (!usable(se, df, alpha) || !isfinite(estimate) || !(margin_low < margin_high))
		return CD_BAD_INPUT;
	half = upper_quantile(alpha, df) * se;
	if (!isfinite(half))
		return CD_NO_CONVERGENCE;
	out->p_low = upper_tail((estimate - margin_low) / se, df);
	out->p_high = upper_tail((margin_high - estimate) / se, df);
	out->p = fmax(out->p_low, out->p_high);
	out->low = estimate - half;
	out->high = estimate + half;
	out->equivalent = out->p < alpha;
	return CD_OK;
}

/* Two by two. */
CdStatus
cd_conclude(double estimate, double se, double df, double margin, double alpha, CdConclusion *out)
{
	CdTost		tost = {0};
	bool		excludes_zero;

	if (!usable(se, df, alpha) || !isfinite(estimate) || margin <= 0.0)
		return CD_BAD_INPUT;
	if (!isnan(margin))
	{
		CdStatus	status = cd_tost(estimate, se, df, -margin, margin, alpha, &tost);

		if (status != CD_OK)
			return status;
	}
	excludes_zero = 2.0 * upper_tail(fabs(estimate) / se, df) < alpha;
	if (excludes_zero)
		*out = tost.equivalent ? CD_CONCLUDE_NEGLIGIBLE : CD_CONCLUDE_EFFECT;
	else
		*out = tost.equivalent ? CD_CONCLUDE_NO_EFFECT : CD_CONCLUDE_CANNOT_TELL;
	return CD_OK;
}

/* Upper tail of the noncentral t at the critical value, as a mean over the scale estimate. */
typedef struct Noncentral
{
	double		critical;
	double		df;
	double		target;			/* power sought */
	size_t		nodes;
	double		scale[NODES];	/* estimated over true standard error */
	double		weight[NODES];
} Noncentral;

/* Nodes of the scale: the root of a chi-square over its degrees of freedom. */
static CdStatus
prepare(double df, double alpha, Noncentral *n)
{
	gsl_integration_glfixed_table *table;
	double		low;
	double		high;
	CdStatus	status;

	*n = (Noncentral) {.critical = upper_quantile(alpha / 2.0, df), .df = df, .nodes = 1};
	n->scale[0] = n->weight[0] = 1.0;
	if (!isfinite(n->critical))
		return CD_NO_CONVERGENCE;
	if (isinf(df))
		return CD_OK;
	status = cd_chisq_quantile(TAIL, df, &low);
	if (status == CD_OK)
		status = cd_chisq_quantile(1.0 - TAIL, df, &high);
	if (status != CD_OK)
		return status;
	table = gsl_integration_glfixed_table_alloc(NODES);
	if (table == NULL)
		return CD_NOMEM;
	n->nodes = NODES;
	for (size_t i = 0; i < NODES; i++)
	{
		double		s;

		gsl_integration_glfixed_point(sqrt(low / df), sqrt(high / df), i, &s, &n->weight[i], table);
		n->scale[i] = s;
		n->weight[i] *= 2.0 * s * df * gsl_ran_chisq_pdf(s * s * df, df);
	}
	gsl_integration_glfixed_table_free(table);
	return CD_OK;
}

/* Power at a noncentrality. */
static double
power_at(const Noncentral *n, double noncentrality)
{
	double		sum = 0.0;

	for (size_t i = 0; i < n->nodes; i++)
		sum += n->weight[i] * gsl_cdf_ugaussian_Q(n->critical * n->scale[i] - noncentrality);
	return sum;
}

static double
missing_power(double noncentrality, void *context, CdStatus *status)
{
	const Noncentral *n = context;

	(void) status;
	return n->target - power_at(n, noncentrality);
}

/* Effect of a power. */
CdStatus
cd_smallest_detectable(double se, double df, double alpha, double power, double *effect)
{
	Noncentral	n;
	double		high = 4.0;
	double		noncentrality;
	CdStatus	status;

	if (!usable(se, df, alpha) || !(power > alpha / 2.0 && power < 1.0))
		return CD_BAD_INPUT;
	status = prepare(df, alpha, &n);
	n.target = power;
	if (status == CD_OK)
		status = cd_expand(missing_power, &n, 2.0, &high);
	if (status == CD_OK)
		status = cd_solve(missing_power, &n, 0.0, high, &noncentrality);
	if (status == CD_OK)
		*effect = noncentrality * se;
	return status;
}
