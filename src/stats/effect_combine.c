/*
 * effect_combine.c: the effect over several teams.
 */
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>

#include "stats/effect.h"

#define POWER 0.8

/* Sums over the teams whose own data say something, by sessions. */
typedef struct Sums
{
	double		sessions;
	double		raw;
	double		doubt;			/* common to all, does not average out */
	double		variance;
	double		square;			/* of each team's part of the variance, over its degrees of freedom */
} Sums;

static Sums
add_up(const CdEffect *team, size_t k)
{
	Sums		sum = {0};

	for (size_t i = 0; i < k; i++)
	{
		const CdEffect *e = &team[i];
		double		part = gsl_pow_2(e->sessions * e->raw_se);

		if (e->status != CD_OK || !e->own)
			continue;
		sum.sessions += e->sessions;
		sum.raw += e->sessions * e->raw;
		sum.doubt += e->sessions * e->doubt;
		sum.variance += part;
		sum.square += part * part / e->df;
	}
	return sum;
}

/* Mean of a figure over the teams that have it, by sessions. */
static double
mean_of(const CdEffect *team, size_t k, size_t offset)
{
	double		sum = 0.0;
	double		sessions = 0.0;

	for (size_t i = 0; i < k; i++)
	{
		const CdEffect *e = &team[i];
		double		value = *(const double *) ((const char *) e + offset);

		if (e->status != CD_OK || !e->own || isnan(value))
			continue;
		sum += e->sessions * value;
		sessions += e->sessions;
	}
	return sessions > 0.0 ? sum / sessions : NAN;
}

static void
add_counts(const CdEffect *team, size_t k, CdEffect *out)
{
	for (size_t i = 0; i < k; i++)
	{
		const CdEffect *e = &team[i];

		out->agents += e->agents;
		out->observations += e->observations;
		if (e->status != CD_OK || !e->own)
			continue;
		out->sessions += e->sessions;
		out->coached += e->coached;
		out->control += e->control;
	}
}

#define MEAN(field) mean_of(team, k, offsetof(CdEffect, field))

/*
 * Several teams as one: the mean of what each shows by itself. Strength borrowed by each from the
 * same others would count once for each, and the interval come out too narrow.
 */
CdStatus
cd_effect_combine(const CdEffect *team, size_t k, double level, CdEffect *out)
{
	Sums		sum = add_up(team, k);
	double		se;
	double		t;

	*out = (CdEffect) {.status = CD_TOO_FEW, .effect = NAN, .low = NAN, .high = NAN, .sd = NAN, .p = NAN, .null = NAN};
	if (!(sum.sessions > 0.0))
		return CD_TOO_FEW;
	add_counts(team, k, out);
	out->raw = out->effect = sum.raw / sum.sessions;
	out->raw_se = sqrt(sum.variance) / sum.sessions;
	out->df = gsl_pow_2(sum.variance) / sum.square;
	out->doubt = sum.doubt / sum.sessions;
	se = hypot(out->raw_se, out->doubt);
	t = gsl_cdf_tdist_Pinv(0.5 * (1.0 + level), out->df);
	out->above = gsl_cdf_tdist_P(out->effect / se, out->df);
	out->p = 2.0 * gsl_cdf_tdist_Q(fabs(out->effect / se), out->df);
	out->smallest_detectable = (t + gsl_cdf_tdist_Pinv(POWER, out->df)) * se;
	out->sd = out->raw_se;
	out->low = out->effect - t * out->raw_se;
	out->high = out->effect + t * out->raw_se;
	cd_effect_admit_doubt(level, out);
	out->naive = MEAN(naive);
	out->naive_share = MEAN(naive_share);
	out->null = MEAN(null);
	out->null_share = MEAN(null_share);
	out->allowance = MEAN(allowance);
	out->shortfall = MEAN(shortfall);
	out->masked = MEAN(masked);
	out->overlap = MEAN(overlap);
	out->own = true;
	out->status = CD_OK;
	return CD_OK;
}
