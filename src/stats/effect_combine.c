/*
 * effect_combine.c: the effect over several teams.
 */
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>

#include "stats/effect.h"
#include "stats/solve.h"

#define POWER_MULTIPLIER 0.8416212335729143 /* normal quantile of 80 % power */

/* Mean of a figure over the teams that have it, by sessions. */
static double
mean_of(const CdEffect *team, const size_t *which, size_t k, size_t offset)
{
	double		sum = 0.0;
	double		sessions = 0.0;

	for (size_t i = 0; i < k; i++)
	{
		const CdEffect *e = &team[which[i]];
		double		value = *(const double *) ((const char *) e + offset);

		if (e->status != CD_OK || isnan(value))
			continue;
		sum += e->sessions * value;
		sessions += e->sessions;
	}
	return sessions > 0.0 ? sum / sessions : NAN;
}

/* Variance of a weighted mean of independent figures. */
static double
variance_of(const CdEffect *team, const size_t *which, size_t k, double (*variance) (const CdEffect *))
{
	double		sum = 0.0;
	double		sessions = 0.0;

	for (size_t i = 0; i < k; i++)
	{
		const CdEffect *e = &team[which[i]];
		double		v = variance(e);

		if (e->status != CD_OK || isnan(v))
			continue;
		sum += e->sessions * e->sessions * v;
		sessions += e->sessions;
	}
	return sessions > 0.0 ? sum / (sessions * sessions) : NAN;
}

/* What chance left open about a team; doubt is common to all and does not average out. */
static double
chance(const CdEffect *e)
{
	return fmax(e->sd * e->sd - e->doubt * e->doubt, 0.0);
}

static double
raw_variance(const CdEffect *e)
{
	return e->raw_se * e->raw_se;
}

static double
placebo_variance(const CdEffect *e)
{
	return e->placebo_se * e->placebo_se;
}

static double
two_sided(double z)
{
	return 2.0 * gsl_cdf_ugaussian_Q(fabs(z));
}

static void
add_counts(const CdEffect *team, const size_t *which, size_t k, CdEffect *out)
{
	for (size_t i = 0; i < k; i++)
	{
		const CdEffect *e = &team[which[i]];

		out->agents += e->agents;
		out->observations += e->observations;
		if (e->status != CD_OK)
			continue;
		out->sessions += e->sessions;
		out->coached += e->coached;
		out->control += e->control;
		out->pooled |= e->pooled;
	}
}

#define MEAN(field) mean_of(team, which, k, offsetof(CdEffect, field))

/* Several teams as one. */
CdStatus
cd_effect_combine(const CdEffect *team, const size_t *which, size_t k, double level, CdEffect *out)
{
	double		half = cd_normal_multiplier(level);

	*out = (CdEffect) {.df = INFINITY};
	add_counts(team, which, k, out);
	out->effect = MEAN(effect);
	out->doubt = MEAN(doubt);
	out->sd = sqrt(variance_of(team, which, k, chance) + out->doubt * out->doubt);
	out->low = out->effect - half * out->sd;
	out->high = out->effect + half * out->sd;
	out->above = gsl_cdf_ugaussian_P(out->effect / out->sd);
	out->raw = MEAN(raw);
	out->raw_se = sqrt(variance_of(team, which, k, raw_variance));
	out->p = two_sided(out->raw / out->raw_se);
	out->smallest_detectable = (half + POWER_MULTIPLIER) * out->raw_se;
	out->naive = MEAN(naive);
	out->naive_share = MEAN(naive_share);
	out->null = MEAN(null);
	out->null_share = MEAN(null_share);
	out->placebo = MEAN(placebo);
	out->placebo_se = sqrt(variance_of(team, which, k, placebo_variance));
	out->placebo_p = two_sided(out->placebo / out->placebo_se);
	out->overlap = MEAN(overlap);
	out->status = isnan(out->effect) ? CD_TOO_FEW : CD_OK;
	return out->status;
}
