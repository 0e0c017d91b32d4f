/*
 * turnover.c: see turnover.h.
 */
#include <math.h>
#include <stdbool.h>

#include "stats/decompose.h"
#include "stats/turnover.h"

/* Moments over the agents who were (or were not) there at the other time too. */
static CdMoments
gather(const CdMoments *own, const CdMoments *other, size_t n, bool stayed, size_t *count)
{
	CdMoments	sum = {0};

	*count = 0;
	for (size_t i = 0; i < n; i++)
	{
		if (!(own[i].weight > 0.0) || (other[i].weight > 0.0) != stayed)
			continue;
		(*count)++;
		cd_moments_merge(&sum, &own[i]);
	}
	return sum;
}

/* Standard error of a weighted mean of changes; part[i]: share times change of stayer i. */
static double
mean_se(const CdMoments *before, const CdMoments *after, size_t n, const double *part, double within,
		size_t stayed, const CdMoments *all_before, const CdMoments *all_after)
{
	double		sum = 0.0;

	if (stayed < 2)
		return NAN;
	for (size_t i = 0; i < n; i++)
	{
		double		share;

		if (!(before[i].weight > 0.0 && after[i].weight > 0.0))
			continue;
		share = (before[i].weight / all_before->weight + after[i].weight / all_after->weight) / 2.0;
		sum += (part[i] - share * within) * (part[i] - share * within);
	}
	return sqrt(sum * (double) stayed / (double) (stayed - 1));
}

/* What those only there at one time do to its mean: above 0, they are better than the others. */
static double
pull(const CdMoments *only, const CdMoments *stayed)
{
	if (!(only->weight > 0.0))
		return 0.0;
	return only->weight / (only->weight + stayed->weight) * (only->mean - stayed->mean);
}

CdStatus
cd_turnover(const CdMoments *before, const CdMoments *after, size_t n, double *part, CdTurnover *out)
{
	CdMoments	stayed_before = gather(before, after, n, true, &out->n_stayed);
	CdMoments	stayed_after = gather(after, before, n, true, &out->n_stayed);
	CdMoments	left = gather(before, after, n, false, &out->n_left);
	CdMoments	joined = gather(after, before, n, false, &out->n_joined);
	CdMoments	all_before = stayed_before;
	CdMoments	all_after = stayed_after;
	CdKitagawa	k;

	cd_moments_merge(&all_before, &left);
	cd_moments_merge(&all_after, &joined);
	out->before = all_before.mean;
	out->after = all_after.mean;
	out->within = out->within_se = out->mix = out->joined = out->left = NAN;
	if (!(all_before.weight > 0.0 && all_after.weight > 0.0))
		return CD_TOO_FEW;
	if (cd_kitagawa(after, before, n, &k, NULL, part) != CD_OK)
		return CD_OK;
	out->within = k.rate;
	out->mix = k.mix;
	out->joined = pull(&joined, &stayed_after);
	out->left = -pull(&left, &stayed_before);
	out->within_se = mean_se(before, after, n, part, k.rate, out->n_stayed, &stayed_before, &stayed_after);
	return CD_OK;
}
