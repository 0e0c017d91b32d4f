/*
 * effect_filter.c: what each period brought beyond what an agent's own past led to expect.
 * An agent is a lasting level, a shock that wears off, and noise that volume reduces in part
 * (a Kalman filter over two states). A team's period is an unknown constant, taken out of the
 * surprises of whoever was there: so nobody's coming or going moves the others. Applied to
 * outcome and columns alike it is generalised least squares, and it stays right when sessions
 * follow from past outcomes, since each period is held against its past only.
 */
#include <math.h>

#include "stats/effect_model.h"
#include "stats/logsum.h"

static double
whole_power(double base, int32_t exponent)
{
	return exponent == 1 ? base : pow(base, exponent);
}

/* Move an agent on to a period; returns what is left of the shock it had. */
static double
advance(CdEffectBelief *belief, const CdEffectNoise *noise, int32_t period)
{
	double		left;

	if (!belief->seen)
	{
		*belief = (CdEffectBelief) {.seen = true, .period = period, .level = noise->level,
			.shock = noise->shock};
		return 0.0;
	}
	left = whole_power(noise->persistence, period - belief->period);
	belief->period = period;
	belief->cross *= left;
	belief->shock = left * left * belief->shock + (1.0 - left * left) * noise->shock;
	return left;
}

/* Take in an observation: its variance, and what level and shock learn from it. */
static double
learn(CdEffectBelief *belief, const CdEffectNoise *noise, double thin)
{
	double		with_level = belief->level + belief->cross;
	double		with_shock = belief->cross + belief->shock;
	double		variance = with_level + with_shock + noise->fixed + (1.0 - noise->fixed) * thin;
	double		weight = 1.0 / variance;

	belief->gain_level = with_level * weight;
	belief->gain_shock = with_shock * weight;
	belief->level -= belief->gain_level * with_level;
	belief->shock -= belief->gain_shock * with_shock;
	belief->cross -= belief->gain_level * with_shock;
	return variance;
}

/* End of the run of observations of one period. */
static size_t
period_end(const CdEffectObs *obs, size_t n, size_t from)
{
	size_t		to = from + 1;

	while (to < n && obs[to].period == obs[from].period)
		to++;
	return to;
}

/* Surprises of one period; weight receives 1 / variance, log_det the factors of their determinant. */
static void
one_period(const CdEffectObs *obs, size_t n, const double *z, int columns,
		   const CdEffectNoise *noise, const CdEffectMemory *memory, double *weight,
		   double *surprise, CdLogSum *log_det)
{
	double		sum[CD_EFFECT_COLUMNS] = {0};
	double		total = 0.0;

	for (size_t i = 0; i < n; i++)
	{
		CdEffectBelief *belief = &memory->belief[obs[i].slot];
		double	   *level = memory->level + (size_t) obs[i].slot * columns;
		double	   *shock = memory->shock + (size_t) obs[i].slot * columns;
		bool		fresh = !belief->seen;
		double		left = advance(belief, noise, obs[i].period);
		double		variance = learn(belief, noise, obs[i].thin);

		cd_log_sum_add(log_det, variance);
		weight[i] = 1.0 / variance;
		total += weight[i];
		for (int k = 0; k < columns; k++)
		{
			double		e;

			level[k] = fresh ? 0.0 : level[k];
			shock[k] = fresh ? 0.0 : left * shock[k];
			e = z[i * columns + k] - level[k] - shock[k];
			surprise[i * columns + k] = e;
			sum[k] += weight[i] * e;
		}
	}
	for (int k = 0; k < columns; k++)
		sum[k] /= total;
	for (size_t i = 0; i < n; i++)
	{
		const CdEffectBelief *belief = &memory->belief[obs[i].slot];
		double	   *level = memory->level + (size_t) obs[i].slot * columns;
		double	   *shock = memory->shock + (size_t) obs[i].slot * columns;

		for (int k = 0; k < columns; k++)
		{
			double		e = surprise[i * columns + k] - sum[k];

			level[k] += belief->gain_level * e;
			shock[k] += belief->gain_shock * e;
			surprise[i * columns + k] = e;
		}
	}
	cd_log_sum_add(log_det, total);
}

/* Surprises of every column. */
double
cd_effect_filter(const CdEffectObs *obs, size_t n, const double *z, int columns,
				 const CdEffectNoise *noise, const CdEffectMemory *memory, double *surprise)
{
	CdLogSum	log_det = CD_LOG_SUM_EMPTY;

	for (size_t s = 0; s < memory->slots; s++)
		memory->belief[s].seen = false;
	for (size_t from = 0, to; from < n; from = to)
	{
		double	   *weight = memory->weight;

		to = period_end(obs, n, from);
		one_period(obs + from, to - from, z + from * columns, columns, noise, memory, weight,
				   surprise + from * columns, &log_det);
		for (size_t i = from; i < to; i++)
		{
			double		scale = sqrt(weight[i - from]);

			for (int k = 0; k < columns; k++)
				surprise[i * columns + k] *= scale;
		}
	}
	return cd_log_sum(&log_det);
}

/* Cross products. */
void
cd_effect_normal(const double *surprise, size_t n, int columns, double *m)
{
	for (int j = 0; j < columns * columns; j++)
		m[j] = 0.0;
	for (size_t i = 0; i < n; i++, surprise += columns)
		for (int j = 0; j < columns; j++)
			for (int k = 0; k <= j; k++)
				m[j * columns + k] += surprise[j] * surprise[k];
	for (int j = 0; j < columns; j++)
		for (int k = 0; k < j; k++)
			m[k * columns + j] = m[j * columns + k];
}
