/*
 * effect_naive.h: what a team's sessions look like to whoever only looks before and after,
 * and how many people were there to compare with.
 */
#ifndef CD_EFFECT_NAIVE_H
#define CD_EFFECT_NAIVE_H

#include "stats/effect_fit.h"

/* Sessions, agents, observations, overlap. */
void		cd_effect_count(const CdEffectWork *work, size_t team, CdEffect *out);

/* Sums over sessions. */
typedef struct CdEffectTally
{
	double		sessions;
	double		change;			/* mean of the horizon after less the period before */
	double		better;			/* next period against the one before; a tie counts half */
} CdEffectTally;

/* Add sessions of row at, whose agent has rows from .. to - 1 with these values. */
void		cd_effect_around(const CdEffectRow *rows, const double *value, size_t from, size_t to,
							 size_t at, double sessions, int before, int horizon,
							 CdEffectTally *sum);

/* Before and after, as seen and with the effect of all sessions taken away. */
void		cd_effect_naive(const CdEffectWork *work, size_t team, int before, double effect,
							CdEffect *out);

#endif
