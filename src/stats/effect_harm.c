/*
 * effect_harm.c: what has to be allowed for before coaching is said to do harm, or nothing.
 *
 * Whoever is coached for being weak, and weaker than his few past periods tell, falls short of
 * what they led to expect, coached or not: sessions that do nothing come out below 0, and those
 * that help below what they give. For an agent of some weakness that can be no more than what the
 * past has not told of it, which is the smaller the more periods went before the session. For
 * those who were coached it is the effect that their usual distances from their team mates would
 * show as an outcome of their own; what sessions gave is no weakness and is taken off them, and as
 * "nothing" means less than some effect, it is taken off as if each session gave that.
 */
#include <math.h>

#include "stats/effect_fit.h"

static size_t
agent_end(const CdEffectPanel *panel, size_t from, size_t end)
{
	size_t		to = from + 1;

	while (to < end && panel->rows[to].agent == panel->rows[from].agent)
		to++;
	return to;
}

/* The columns of a row, NULL where it has none. */
static const double *
observed(const CdEffectWork *work, size_t row)
{
	size_t		obs = work->panel.obs_of[row];

	return obs == CD_EFFECT_NONE ? NULL : work->z + obs * (size_t) work->design.columns;
}

double
cd_effect_untold(const CdEffectNoise *noise, double seen)
{
	double		lasting = (1.0 + noise->persistence) / (1.0 - noise->persistence);
	double		half = (1.0 + noise->shock * lasting) / noise->level;	/* periods after which half is known */

	return noise->level > 0.0 ? half / (half + seen) : 0.0;
}

void
cd_effect_sum_periods(const CdEffectWork *work, size_t g)
{
	const CdEffectPanel *panel = &work->panel;
	const CdEffectTeam *team = &panel->team[g];

	for (size_t t = 0; t < 3 * panel->periods; t++)
		panel->by_period[t] = 0.0;
	for (size_t i = team->first_row; i < team->first_row + team->rows; i++)
	{
		double	   *here = panel->by_period + 3 * (panel->rows[i].period - panel->first_period);
		const double *z = observed(work, i);

		if (z == NULL)
			continue;
		here[0] += 1.0;
		here[1] += z[CD_EFFECT_OUTCOME];
		here[2] += z[CD_EFFECT_DOSE];
	}
}

CdEffectUsual
cd_effect_usual(const CdEffectWork *work, size_t from, size_t to)
{
	const CdEffectPanel *panel = &work->panel;
	CdEffectUsual sum = {0.0, 0.0};
	double		n = 0.0;

	for (size_t i = from; i < to; i++)
	{
		const double *here = panel->by_period + 3 * (panel->rows[i].period - panel->first_period);
		const double *z = observed(work, i);

		if (z == NULL)
			continue;
		sum.value += z[CD_EFFECT_OUTCOME] - here[1] / here[0];
		sum.dose += z[CD_EFFECT_DOSE] - here[2] / here[0];
		n += 1.0;
	}
	return n > 0.0 ? (CdEffectUsual) {sum.value / n, sum.dose / n} : sum;
}

void
cd_effect_distances(CdEffectWork *work, size_t g)
{
	const CdEffectPanel *panel = &work->panel;
	const CdEffectTeam *team = &panel->team[g];
	size_t		end = team->first_row + team->rows;

	cd_effect_sum_periods(work, g);
	for (size_t from = team->first_row, to; from < end; from = to)
	{
		CdEffectUsual usual;

		to = agent_end(panel, from, end);
		usual = cd_effect_usual(work, from, to);
		for (size_t i = from; i < to; i++)
			if (panel->obs_of[i] != CD_EFFECT_NONE)
				work->distance[panel->obs_of[i] - team->first] = usual;
	}
	cd_effect_filter(panel->obs + team->first, team->n, &work->distance->value, 2, &work->noise[g],
					 &work->memory, &work->distance->value);
}

/* The effect that the agents' usual distances would show, were they the outcome. */
static CdEffectUsual
effect_of_distances(CdEffectWork *work, size_t g)
{
	const CdEffectFit *fit = &work->fit[g];
	size_t		c = (size_t) work->design.columns;
	const double *surprise = work->surprise;
	CdEffectUsual sum = {0.0, 0.0};

	cd_effect_team_surprise(work, g);
	cd_effect_distances(work, g);
	for (size_t i = 0; i < work->panel.team[g].n; i++, surprise += c)
	{
		double		weight = 0.0;

		for (size_t k = CD_EFFECT_DOSE; k < c; k++)
			weight += fit->v[c * CD_EFFECT_DOSE + k] * surprise[k] / fit->s2;
		sum.value += weight * work->distance[i].value;
		sum.dose += weight * work->distance[i].dose;
	}
	return sum;
}

/* What the past has not told of the levels of who was coached, mean over sessions. */
static double
untold_when_coached(const CdEffectWork *work, size_t g)
{
	const CdEffectPanel *panel = &work->panel;
	const CdEffectTeam *team = &panel->team[g];
	size_t		end = team->first_row + team->rows;
	double		untold = 0.0;
	double		sessions = 0.0;

	for (size_t from = team->first_row, to; from < end; from = to)
	{
		double		seen = 0.0;

		to = agent_end(panel, from, end);
		for (size_t i = from; i < to; i++)
		{
			seen += panel->obs_of[i] != CD_EFFECT_NONE;
			untold += panel->rows[i].sessions * cd_effect_untold(&work->noise[g], seen);
			sessions += panel->rows[i].sessions;
		}
	}
	return sessions > 0.0 ? untold / sessions : 0.0;
}

CdEffectShort
cd_effect_short(CdEffectWork *work, size_t g)
{
	const CdEffectFit *fit = &work->fit[g];
	CdEffectUsual shown;

	if (!fit->usable)
		return (CdEffectShort) {0.0, 0.0, 0.0};
	shown = effect_of_distances(work, g);
	return (CdEffectShort) {sqrt(work->noise[g].level * fit->s2) * untold_when_coached(work, g), -shown.value, shown.dose};
}

double
cd_effect_shortfall(double shortfall, double masked, double effect)
{
	double		low = shortfall + masked * effect;

	return low < 0.0 ? 0.0 : low;
}
