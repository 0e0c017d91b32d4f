/*
 * effect_naive.h: what a team's sessions look like to whoever only looks before and after,
 * and how many people were there to compare with.
 */
#ifndef CD_EFFECT_NAIVE_H
#define CD_EFFECT_NAIVE_H

#include "stats/effect_fit.h"

/* Sessions, agents, observations, overlap. */
void		cd_effect_count(const CdEffectWork *work, size_t team, CdEffect *out);

/* Before and after, as seen and with the effect of all sessions taken away. */
void		cd_effect_naive(const CdEffectWork *work, size_t team, int before, double effect,
							CdEffect *out);

#endif
