/*
 * effect_harm.c: what has to be allowed for before coaching is said to do harm.
 *
 * Whoever is coached for being weak, and weaker than his few past periods tell, falls short of
 * what they led to expect, coached or not: sessions that do nothing come out below 0. That can be
 * no more than what the past has not told of an agent's level, which is the smaller the more
 * periods went before the session.
 */
#include <math.h>

#include "stats/effect_fit.h"

/* Periods after which half of an agent's level is known. */
static double
periods_to_know(const CdEffectNoise *noise)
{
	double		lasting = (1.0 + noise->persistence) / (1.0 - noise->persistence);

	return (1.0 + noise->shock * lasting) / noise->level;
}

double
cd_effect_untold(const CdEffectWork *work, size_t g)
{
	const CdEffectPanel *panel = &work->panel;
	const CdEffectTeam *team = &panel->team[g];
	const CdEffectNoise *noise = &work->noise[g];
	double		half = periods_to_know(noise);
	double		sum = 0.0;
	double		sessions = 0.0;
	double		seen = 0.0;

	if (!work->fit[g].usable || !(noise->level > 0.0))
		return 0.0;
	for (size_t i = team->first_row; i < team->first_row + team->rows; i++)
	{
		const CdEffectRow *row = &panel->rows[i];

		if (i == team->first_row || row->agent != row[-1].agent)
			seen = 0.0;
		seen += panel->obs_of[i] != CD_EFFECT_NONE;
		sum += row->sessions * half / (half + seen);
		sessions += row->sessions;
	}
	return sessions > 0.0 ? sqrt(noise->level * work->fit[g].s2) * sum / sessions : 0.0;
}
