/*
 * log_bias.c: see log_bias.h.
 */
#include <math.h>

#include "stats/log_bias.h"

#define STEPS 400

void
cd_log_group_add(CdLogGroup *g, double value, double rows, double weight)
{
	double		x = rows / weight;

	g->n += 1.0;
	g->w += weight;
	g->x += weight * x;
	g->v += weight * value;
	g->xx += weight * x * x;
	g->xv += weight * x * value;
	g->vv += weight * value * value;
}

void
cd_log_bias_add(CdLogBias *b, const CdLogGroup *g)
{
	if (g->n < 2.0)
		return;
	b->df += g->n - 1.0;
	b->xx += fmax(g->xx - g->x * g->x / g->w, 0.0);
	b->xv += g->xv - g->x * g->v / g->w;
	b->vv += fmax(g->vv - g->v * g->v / g->w, 0.0);
}

/* Mean of a normal distribution cut off at 0 and a highest value. */
static double
mean_between(double mean, double se, double highest)
{
	double		nearest = fmin(fmax(mean, 0.0), highest);
	double		total = 0.0;
	double		sum = 0.0;

	for (int i = 0; i <= STEPS; i++)
	{
		double		x = highest * i / STEPS;
		double		z = (x - mean) / se;
		double		least = (nearest - mean) / se;
		double		density = exp(-0.5 * (z * z - least * least));

		total += density;
		sum += density * x;
	}
	return sum / total;
}

double
cd_log_bias(const CdLogBias *b)
{
	double		variance;
	double		slope = b->xx > 0.0 ? b->xv / b->xx : 0.0;

	if (!(b->df >= 2.0 && b->vv > 0.0))
		return NAN;
	variance = fmax(b->vv - slope * b->xv, 0.0) / (b->df - 1.0);
	if (!(variance > 0.0))
		return NAN;
	return b->xx > 0.0 ? mean_between(-slope, sqrt(variance / b->xx), variance / 2.0) : variance / 4.0;
}
