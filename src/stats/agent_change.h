/*
 * agent_change.h: whether one agent really changed after a session, beyond noise.
 *
 * Estimand: how far the agent's metric lay, over the horizon periods after a session, from
 * what the agent's own past (the session's period included) and the team mates' same periods
 * led to expect. As only the past decides what is expected, choosing agents at their worst
 * does not make them look improved. It is a change, not an effect: whatever happened to the
 * agent in these periods is in it.
 */
#ifndef CD_AGENT_CHANGE_H
#define CD_AGENT_CHANGE_H

#include "stats/effect.h"

#define CD_AGENT_CYCLES 3		/* of coaching that are looked at together, at most */

/* NaN: not available, as while fewer than CD_AGENT_LEAST_AFTER periods have been seen. */
#define CD_AGENT_LEAST_BEFORE 3
#define CD_AGENT_LEAST_AFTER 2

typedef struct CdAgentChange
{
	size_t		row;			/* that has the session */
	int			before;			/* periods observed in this team up to and with the session's */
	int			after;			/* and in the horizon after it */
	double		observed;		/* mean after, by weight */
	double		change;			/* higher is better */
	double		se;
	double		df;
	int			cycles;			/* the latest sessions whose horizons do not overlap, up to this one */
	double		cycles_change;	/* mean change over them */
	double		cycles_se;
} CdAgentChange;

size_t		cd_agent_change_size(size_t rows, size_t teams, size_t periods);

/* out: one entry for each row with sessions, rows at most, in their order; rows as for cd_effect. */
CdStatus	cd_agent_change(const CdEffectRow *rows, size_t n, size_t teams, int horizon,
							CdArena *arena, CdAgentChange *out, size_t *count);

#endif
