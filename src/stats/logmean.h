/*
 * logmean.h: the logarithm of a weighted mean of numbers of which the logarithms are given, however large.
 */
#ifndef CD_LOGMEAN_H
#define CD_LOGMEAN_H

#include <math.h>

/* All zero is the empty state. */
typedef struct CdLogMean
{
	double		weight;
	double		log;
} CdLogMean;

/* weight: above 0, and finite as the logarithm is. */
static inline void
cd_log_mean_add(CdLogMean *m, double log_of, double weight)
{
	double		share = weight / (m->weight + weight);
	double		apart = log_of - m->log;

	m->weight += weight;
	if (share == 1)
		m->log = log_of;
	else if (apart < 0)
		m->log += log1p(share * expm1(apart));
	else
		m->log = log_of + log1p((1 - share) * expm1(-apart));
}

#endif
