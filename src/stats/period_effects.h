/*
 * period_effects.h: how a team's metric moved from period to period, free of who was there:
 * effects of agents and of periods fitted together by weighted least squares, so that a
 * comer or leaver moves no period (Abowd, Kramarz & Margolis 1999 for workers and firms).
 */
#ifndef CD_PERIOD_EFFECTS_H
#define CD_PERIOD_EFFECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/arena.h"
#include "stats/status.h"

/* One agent's period; rows come by agent. weight 0: not observed. */
typedef struct CdPeriodRow
{
	int32_t		agent;
	int32_t		period;			/* from 0 */
	double		value;
	double		weight;
} CdPeriodRow;

typedef struct CdPeriodEffects
{
	size_t		periods;
	double	   *effect;			/* of each period, adding up to 0; NaN: not linked */
	double	   *agents;			/* observed in the period */
	double		noise;			/* variance of a row of weight 1 beyond agent and period; NaN: unknown */
	double	   *factor;			/* of the periods' normal equations */
	double	   *scratch;		/* periods */
} CdPeriodEffects;

size_t		cd_period_effects_size(size_t periods);

/*
 * Periods that no chain of common agents links to the last one observed cannot be compared
 * with it, and are left out. CD_TOO_FEW: no row.
 */
CdStatus	cd_period_effects(const CdPeriodRow *rows, size_t n, size_t periods, CdArena *arena,
							  CdPeriodEffects *out);

/* The effects on other values of the same rows, whose normal equations are solved already. */
void		cd_period_effects_again(const CdPeriodRow *rows, size_t n, CdPeriodEffects *effects);

/*
 * Variance that the rows' own noise gives to a contrast of the effects (weights that add up
 * to 0; those of periods left out are not read): large where few agents link one time with
 * another. NaN when the noise is not known.
 */
double		cd_period_effects_variance(CdPeriodEffects *effects, const double *contrast);

#endif
