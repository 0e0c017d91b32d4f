/*
 * idle_coach.h: do a team's sessions move nothing because of who gives them? A coach is judged by sessions in other
 * teams (or metrics, each taken for a team), beside what the other coaches' sessions did there and how likely coaching
 * can work there.
 */
#ifndef CD_IDLE_COACH_H
#define CD_IDLE_COACH_H

#include "stats/arena.h"
#include "stats/effect_coach.h"
#include "stats/status.h"

/* Of one team; NaN: nothing is known. */
typedef struct CdIdleCoach
{
	double		told;			/* sessions behind it */
	double		probability;	/* that its coaches would move nothing whatever the gap, beyond the usual one in ten */
} CdIdleCoach;

/* Bytes of arena that cd_idle_coach needs. */
size_t		cd_idle_coach_size(size_t parts, size_t coaches);

/*
 * part: what a coach's sessions did in a team, from that team's data alone, n in any order; one whose effect or error
 * is not finite, or whose error is not above 0, is left out. can_work: for each team, how likely coaching can work
 * there by what else is known; NaN, or no array: even odds. smallest_effect: in the units of the effects, above 0 or
 * CD_BAD_INPUT. out: one for each team.
 */
CdStatus	cd_idle_coach(const CdCoachPart *part, size_t n, size_t teams, size_t coaches, const double *can_work,
						  double smallest_effect, CdArena *arena, CdIdleCoach *out);

#endif
