/*
 * effect_coach.h: what each coach's sessions did, and the coaches' places among their peers.
 *
 * Estimand: as in effect.h, for the sessions that this coach gave. The sessions of a team are
 * split by coach, one regressor each, in the same comparison of every agent's period with what
 * the team's period and the agent's own past led to expect. A coach who works in several teams
 * has one effect in all of them. Effects are then drawn towards those of the coach's group (the
 * programme), as far as the data leave them open.
 */
#ifndef CD_EFFECT_COACH_H
#define CD_EFFECT_COACH_H

#include "stats/effect.h"
#include "stats/rank.h"

#define CD_COACH_COLUMNS 24		/* coaches told apart within one team; others count together */
#define CD_COACH_LEAST_SESSIONS 10	/* fewer sessions or agents are too few to rank by */
#define CD_COACH_LEAST_AGENTS 3

/* Part of a row's sessions; what no dose names was given by somebody unknown. In order of row. */
typedef struct CdCoachDose
{
	size_t		row;
	int32_t		coach;			/* from 0 */
	double		sessions;
} CdCoachDose;

/* NaN: not available. */
typedef struct CdCoach
{
	int32_t		group;			/* given: whose peer the coach is, from 0 */
	double		sessions;
	double		agents;			/* coached; one seen in two teams counts in each */
	double		teams;
	double		shared;			/* of these, teams in which others coach too */
	double		naive;			/* as in CdEffect, over this coach's sessions */
	double		naive_share;
	double		null;
	double		null_share;
	double		usual;			/* of the coached agents against their team mates, over the whole time */
	double		raw;			/* from this coach's sessions alone, nuisance terms apart */
	double		raw_se;
	double		effect;			/* drawn towards the group */
	double		low;
	double		high;
	double		sd;				/* of what remains unknown about effect, doubt included */
	double		doubt;			/* part of sd that more sessions would not make smaller */
	double		above;			/* probability that the effect is above 0 */
	double		allowance;		/* as in CdEffect */
	double		shortfall;
	double		masked;
	double		group_mean;		/* of the coaches of the group */
	double		group_spread;	/* between their true effects: sd */
	double		peers;			/* coaches of the group who are ranked */
	bool		ranked;
	double		apart;			/* effect less the mean of the other ranked coaches of the group */
	double		apart_low;
	double		apart_high;
	double		place;			/* 1 is best; ranked coaches only */
	CdRank		rank;			/* the same */
	CdStatus	status;			/* CD_TOO_FEW: nobody to compare the coached agents with */
} CdCoach;

/* What the sessions of one coach did in one team, from that team alone; NaN: not available. */
typedef struct CdCoachPart
{
	size_t		team;
	int32_t		coach;
	double		sessions;
	double		effect;
	double		se;
} CdCoachPart;

/* Who coached where, and which coaches must be estimated together. */
typedef struct CdCoachPlan
{
	const CdEffectRow *rows;
	size_t		n;
	size_t		teams;
	const CdCoachDose *dose;
	size_t		doses;
	size_t		coaches;
	size_t	   *dose_of;		/* first dose of each row; n + 1 */
	size_t	   *list_of;		/* first coach of each team's list; teams + 1 */
	int32_t    *list;			/* coaches with a column of their own, by number */
	int32_t    *order;			/* coaches by group, then by whom they share teams with */
	size_t	   *position;		/* of each coach in that order */
	size_t	   *block;			/* of each position */
	size_t	   *block_of;		/* first position of each block; blocks + 1 */
	size_t		blocks;
	size_t		team_rows;		/* of the largest team */
	size_t		agent_rows;		/* of the longest agent */
} CdCoachPlan;

size_t		cd_coach_plan_size(size_t rows, size_t teams, size_t doses, size_t coaches);

/* coach: the groups are given. CD_BAD_INPUT: doses out of order or more than a row's sessions. */
CdStatus	cd_coach_plan(const CdEffectRow *rows, size_t n, size_t teams, const CdCoachDose *dose,
						  size_t doses, const CdCoach *coach, size_t coaches, CdArena *arena,
						  CdCoachPlan *plan);

/* Bytes of arena that cd_effect_coach needs. */
size_t		cd_effect_coach_size(const CdCoachPlan *plan, size_t periods);

/* part: one for each of plan->list, in its order. */
CdStatus	cd_effect_coach(const CdCoachPlan *plan, const CdEffectOptions *options, CdArena *arena,
							CdCoach *coach, CdCoachPart *part, CdEffectCommon *common);

#endif
