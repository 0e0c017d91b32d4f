/*
 * moments.h: weighted count, mean and sum of squared deviations, updated one
 * value at a time (West 1979) and merged pairwise (Chan, Golub & LeVeque 1983).
 */
#ifndef CD_MOMENTS_H
#define CD_MOMENTS_H

#include <stddef.h>

/* All zero is the empty state. */
typedef struct CdMoments
{
	double		n;				/* values seen */
	double		weight;			/* sum of their weights */
	double		mean;			/* weighted mean */
	double		m2;				/* weighted sum of squared deviations from mean */
} CdMoments;

/* Add one value; weight must be positive and finite. */
static inline void
cd_moments_add(CdMoments *m, double value, double weight)
{
	double		total = m->weight + weight;
	double		delta = value - m->mean;
	double		step = delta * weight / total;

	if (m->n == 0.0)			/* exact, so that equal values leave m2 at 0 */
		step = value;
	m->n += 1.0;
	m->m2 += m->weight * delta * step;
	m->mean += step;
	m->weight = total;
}

/* Merge from into into; an empty side leaves the other exactly as it is. */
static inline void
cd_moments_merge(CdMoments *into, const CdMoments *from)
{
	double		total;
	double		delta;
	double		step;

	if (from->weight <= 0.0)
		return;
	if (into->weight <= 0.0)
	{
		*into = *from;
		return;
	}
	total = into->weight + from->weight;
	delta = from->mean - into->mean;
	step = delta * (from->weight / total);
	into->n += from->n;
	into->m2 += from->m2 + into->weight * delta * step;
	into->mean += step;
	into->weight = total;
}

#endif
