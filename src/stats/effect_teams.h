/*
 * effect_teams.h: teams as the units that are coached, so that other teams are what they are
 * compared with, and what team mates learn from each other counts.
 */
#ifndef CD_EFFECT_TEAMS_H
#define CD_EFFECT_TEAMS_H

#include "stats/effect.h"
#include "stats/learning.h"

/*
 * One row for each team's period, as of an agent whose number is the team's, all in team 0:
 * mean by volume of value less what tenure adds; sessions per agent present; tenure unknown.
 * Agents' own levels stay in: less them, those who joined would hide a part of the effect.
 * rows: as cd_effect takes them. out: room for n rows.
 */
CdStatus	cd_effect_team_rows(const CdEffectRow *rows, size_t n, const CdLearning *learning, CdArena *arena,
								CdEffectRow *out, size_t *count);

/* Bytes of arena for that; periods: from the first to the last. */
size_t		cd_effect_team_rows_size(size_t periods);

/*
 * What team mates gain from a session of one of them: what a session per agent does to teams
 * (between) less what it does to the coached beside their mates (within). NaN: not available.
 */
typedef struct CdSpillover
{
	double		effect;
	double		low;
	double		high;
	double		p;
} CdSpillover;

CdSpillover cd_spillover(const CdEffect *between, const CdEffect *within, double level);

#endif
