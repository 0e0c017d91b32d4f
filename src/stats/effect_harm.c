/*
 * effect_harm.c: what has to be allowed for before coaching is said to do harm, or nothing.
 *
 * Whoever is coached for being weak, and weaker than his few past periods tell, falls short of
 * what they led to expect, coached or not: sessions that do nothing come out below 0, and those
 * that help below what they give. That can be no more than what the past has not told of an
 * agent's level, which is the smaller the more periods went before the session.
 */
#include <math.h>

#include "stats/effect_fit.h"

double
cd_effect_untold(const CdEffectNoise *noise, double seen)
{
	double		lasting = (1.0 + noise->persistence) / (1.0 - noise->persistence);
	double		half = (1.0 + noise->shock * lasting) / noise->level;	/* periods after which half is known */

	return noise->level > 0.0 ? half / (half + seen) : 0.0;
}

void
cd_effect_sum_periods(const CdEffectPanel *panel, size_t g)
{
	const CdEffectTeam *team = &panel->team[g];

	for (size_t t = 0; t < 2 * panel->periods; t++)
		panel->by_period[t] = 0.0;
	for (size_t i = team->first_row; i < team->first_row + team->rows; i++)
	{
		const CdEffectRow *r = &panel->rows[i];
		double	   *here = panel->by_period + 2 * (r->period - panel->first_period);

		if (isnan(r->value) || !(r->weight > 0.0))
			continue;
		here[0] += 1.0;
		here[1] += r->value;
	}
}

double
cd_effect_usual(const CdEffectPanel *panel, size_t from, size_t to)
{
	double		sum = 0.0;
	double		n = 0.0;

	for (size_t i = from; i < to; i++)
	{
		const CdEffectRow *r = &panel->rows[i];
		const double *here = panel->by_period + 2 * (r->period - panel->first_period);

		if (isnan(r->value) || !(r->weight > 0.0))
			continue;
		sum += r->value - here[1] / here[0];
		n += 1.0;
	}
	return n > 0.0 ? sum / n : 0.0;
}

CdEffectShort
cd_effect_short(const CdEffectWork *work, size_t g)
{
	const CdEffectPanel *panel = &work->panel;
	const CdEffectTeam *team = &panel->team[g];
	const CdEffectNoise *noise = &work->noise[g];
	size_t		end = team->first_row + team->rows;
	double		usual = 0.0;
	double		weak = 0.0;
	double		sessions = 0.0;

	cd_effect_sum_periods(panel, g);
	for (size_t from = team->first_row, to; from < end; from = to)
	{
		double		seen = 0.0;
		double		distance;

		for (to = from; to < end && panel->rows[to].agent == panel->rows[from].agent;)
			to++;
		distance = cd_effect_usual(panel, from, to);
		for (size_t i = from; i < to; i++)
		{
			double		share;

			seen += panel->obs_of[i] != CD_EFFECT_NONE;
			share = panel->rows[i].sessions * cd_effect_untold(noise, seen);
			usual += share;
			weak -= share * distance;
			sessions += panel->rows[i].sessions;
		}
	}
	if (!work->fit[g].usable || !(sessions > 0.0))
		return (CdEffectShort) {0.0, 0.0};
	return (CdEffectShort) {sqrt(noise->level * work->fit[g].s2) * usual / sessions, fmax(weak, 0.0) / sessions};
}
