/*
 * effect_coach_model.h: the parts of cd_effect_coach: what teams say about their coaches, and before and after.
 */
#ifndef CD_EFFECT_COACH_MODEL_H
#define CD_EFFECT_COACH_MODEL_H

#include "stats/effect_coach.h"
#include "stats/effect_fit.h"
#include "stats/effect_naive.h"
#include "stats/pool.h"

/* What is kept of a team after its information went to the coaches. */
typedef struct CdCoachRest
{
	size_t		own;			/* columns of coaches */
	size_t		nuisance;		/* other columns */
	size_t		first;			/* of nuisance x (own + 1) numbers: at no effect, then per effect */
	bool		usable;
} CdCoachRest;

/* Everything about the coaches, the fit of all teams included. */
typedef struct CdCoachWork
{
	CdEffectWork fit;
	const CdCoachPlan *plan;
	CdCoach    *coach;
	CdCoachPart *part;
	double	   *held;			/* sessions of an agent's rows, then columns, one for sessions of all others */
	double	   *column;			/* of a team: in batches that the filter has room for */
	CdCoachRest *team;
	double	   *rest;
	size_t		rest_used;
	size_t	   *block_at;		/* first number of each block's information */
	double	   *information;
	double	   *score;			/* by position */
	CdEffectUsual *distance;	/* by position: the score of the agents' usual distances, were they the outcome */
	double	   *contrast;		/* by position: of the coach's own */
	CdPoolBlock *block;
	CdEffectTally *seen;		/* coaches */
	CdEffectTally *null;
	size_t	   *last_agent;		/* coaches: the first row of the agent counted last, plus 1 */
	size_t	   *last_team;
} CdCoachWork;

/* End of the rows of the agent that begins at `from`; the team's end at `end`. */
size_t		cd_coach_agent_end(const CdCoachPlan *plan, size_t from, size_t end);

/* To w->held: columns of the rows of one agent of team g, the team's coaches, then everybody else. */
void		cd_coach_columns(const CdCoachWork *w, size_t g, size_t from, size_t to);

/* Counts, and before and after of each coach's sessions, once the effects are known. */
CdStatus	cd_coach_tally(CdCoachWork *w, CdArena *arena);

#endif
