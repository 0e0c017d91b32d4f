/*
 * structural.h: is a gap the process's or the people's? Five tests on one team and metric, a verdict
 * by a transparent rule, and a probability beside it. Gaps: metric units, positive is worse; effects:
 * positive is better. NaN: not known.
 */
#ifndef CD_STRUCTURAL_H
#define CD_STRUCTURAL_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/arena.h"
#include "stats/dispersion.h"
#include "stats/shift.h"
#include "stats/status.h"

typedef enum CdTestState
{
	CD_STATE_UNKNOWN,
	CD_STATE_STRUCTURAL,
	CD_STATE_BEHAVIOURAL
} CdTestState;

/* In the order in which they are shown. */
typedef enum CdTestKind
{
	CD_TEST_COACHING,			/* several coaching cycles without result? */
	CD_TEST_CONSISTENT,			/* do the agents share the gap? */
	CD_TEST_TYPE,				/* does it sit in some contact types? */
	CD_TEST_DECIDE,				/* does the agent decide or wait? */
	CD_TEST_EXPERIENCED,		/* do experienced agents show it too? */
	CD_TESTS
} CdTestKind;

typedef enum CdReason
{
	CD_REASON_NO_SESSION,
	CD_REASON_NO_COMPARISON,
	CD_REASON_NO_SMALLEST_EFFECT,
	CD_REASON_FEW_CYCLES,
	CD_REASON_IDLE,
	CD_REASON_IDLE_COACH,
	CD_REASON_MOVES,
	CD_REASON_MOVES_LITTLE,		/* surely less than is worth having */
	CD_REASON_EFFECT_SMALL,		/* the same, and whether anything is vague */
	CD_REASON_WEAK_CHOSEN,		/* less, unless coaches know who is weak for good */
	CD_REASON_EFFECT_VAGUE,
	CD_REASON_NO_SPREAD,
	CD_REASON_NOTHING_TO_EXPLAIN,
	CD_REASON_FEW_AGENTS,
	CD_REASON_DIFFER,
	CD_REASON_ALIKE,
	CD_REASON_SPREAD_BORDER,
	CD_REASON_SPREAD_VAGUE,
	CD_REASON_ONE_TYPE,
	CD_REASON_NO_GAP,
	CD_REASON_ONE_TARGET,
	CD_REASON_IN_TYPES,
	CD_REASON_TYPES_DIFFER,
	CD_REASON_NOT_IN_TYPES,
	CD_REASON_TYPES_VAGUE,
	CD_REASON_NO_EVENTS,
	CD_REASON_WAITS,
	CD_REASON_DECIDES,
	CD_REASON_WAITING_VAGUE,
	CD_REASON_NO_TENURE,
	CD_REASON_ALL_NEW,
	CD_REASON_FEW_EXPERIENCED,
	CD_REASON_GAP_VAGUE,
	CD_REASON_EXPERIENCED_TOO,
	CD_REASON_EXPERIENCED_FINE,
	CD_REASON_EXPERIENCED_VAGUE
} CdReason;

typedef enum CdVerdict
{
	CD_VERDICT_CANNOT_TELL,
	CD_VERDICT_NO_GAP,
	CD_VERDICT_STRUCTURAL,
	CD_VERDICT_MIXED,
	CD_VERDICT_BEHAVIOURAL
} CdVerdict;

/* The rules of the verdict, see doc/verdict.md: which one decided. */
typedef enum CdRule
{
	CD_RULE_NO_GAP,
	CD_RULE_MIX,				/* a gap of its contact types, which all teams have */
	CD_RULE_TYPES_AND_AGENTS,	/* contact types to blame, and a gap beside them */
	CD_RULE_TYPES,				/* contact types to blame */
	CD_RULE_SIGNS,				/* more than two indicators */
	CD_RULE_GREW,				/* none over the whole time, but one of late */
	CD_RULE_CLOSED,				/* one over the whole time, but surely none of late */
	CD_RULE_NONE_SHOWN,			/* a gap below half a smallest effect */
	CD_RULE_STRUCTURAL,			/* by p_structural */
	CD_RULE_BEHAVIOURAL,
	CD_RULE_GAP_VAGUE,			/* one of both by p_structural, were there surely a gap */
	CD_RULE_UNTRIED,			/* one of both by p_structural, were it known what coaching does */
	CD_RULE_OPEN
} CdRule;

/* What p_structural is made of. */
typedef enum CdEvidence
{
	CD_EVIDENCE_SPREAD,			/* between agents */
	CD_EVIDENCE_TYPES,
	CD_EVIDENCE_COACHING,
	CD_EVIDENCE_WAITING,
	CD_EVIDENCES
} CdEvidence;

/* more_...: as many more, were the estimates to stay, would settle an unknown test; NaN: they wouldn't, or it is settled. */
typedef struct CdTest
{
	CdTestState state;
	CdReason	reason;
	double		estimate;
	double		low;			/* 95 % */
	double		high;
	double		n;
	double		more_weeks;
	double		more_agents;
	double		more_sessions;
} CdTest;

/* Gap of one agent in one contact type; sorted by agent, types numbered from 0. */
typedef struct CdTypeGap
{
	int			agent;
	int			type;
	double		weight;
	double		gap;			/* what is usual for the type taken away */
} CdTypeGap;

/* One contact type: its gap, and how far it stands apart from the same agents' other types that are not suspect. */
typedef struct CdTypeSum
{
	double		weight;
	double		gap;
	bool		suspect;		/* of the group of types with the larger gaps */
	double		agents;			/* who have types to compare with */
	double		w;
	double		apart;
	double		w2;				/* squared weights times squared deviations of apart */
	double		low;			/* of apart, 95 %; NaN: fewer than four such agents */
	double		high;
	double		surely;			/* lower end that holds for every pair of types at once, 95 % */
	bool		to_blame;
} CdTypeSum;

typedef struct CdCoachingEvidence
{
	double		effect;			/* per session */
	double		low;
	double		high;
	double		sessions;
	double		coached;		/* agents */
	double		idle_coach;		/* probability that its coaches move nothing anywhere; 0 where not known */
	double		other_metric;	/* and that a session was about another metric, so that one about this moves more than all do */
	double		own;			/* effect by this team's data alone, which p is made of where own_se is above 0 */
	double		own_se;
	double		own_doubt;		/* about what was removed, which more sessions would not make surer */
	double		shortfall;		/* effect may be too low by so much, if coaches know who is weak for good */
} CdCoachingEvidence;

/* Part of the gap that lies where the agent can only wait. */
typedef struct CdWaitingEvidence
{
	double		share;
	double		low;
	double		high;
} CdWaitingEvidence;

/* The gap of late, as settled; NaN: not known. */
typedef struct CdLately
{
	double		since;			/* the change of level */
	CdLevel		first;			/* 13 weeks, of 26 at least */
	CdLevel		quarter;		/* the last 13 of them */
	double		rise;			/* the last few weeks, where they are surely higher */
	double		rise_weeks;
} CdLately;

typedef struct CdStructuralInput
{
	const CdGapDispersion *whole;	/* contact mix taken out, margin the smallest effect */
	const CdGapDispersion *settled;	/* what tenure and the team's mix usually add taken out as well */
	double		mix;			/* what its contact types add to the team's gap, beside the usual team's; 0: not known */
	double		mix_se;
	const CdGapDispersion *experienced;	/* of agents with a year of tenure; NULL: there are none */
	bool		tenure_known;
	double		new_share;		/* of the volume: agents in their first year */
	double		weeks_to_experience;	/* until three agents have a year of tenure */
	const CdTypeGap *gaps;
	size_t		n_gaps;
	size_t		types;
	bool		types_comparable;	/* targets by type, or something usual to compare with */
	CdCoachingEvidence coaching;
	CdWaitingEvidence waiting;
	double		smallest_effect;
	double		usual_spread;	/* between agents of teams on target */
	double		weeks;			/* that the data span */
	double		period_weight;	/* mean volume of an agent's period */
	CdShift		shift;			/* of the weekly mean gap */
	CdLately	lately;
} CdStructuralInput;

typedef struct CdStructural
{
	CdTest		test[CD_TESTS];
	CdTypeSum  *type;			/* in the arena */
	double		beside;			/* spread between agents on contact types that are not to blame; NaN: none are */
	double		present;		/* indicators that are structural, of four */
	bool		untold;			/* nobody experienced: learning may explain the gap */
	double		p;				/* NaN where there is no gap to explain */
	CdVerdict	verdict;
	CdRule		rule;			/* that decided */
	bool		decided[CD_EVIDENCES];	/* what moved p furthest the verdict's way, where p decided */
	double		more_weeks;		/* about, where no gap is shown, until there is surely none; NaN: over a year */
	bool		fell;			/* slowly: from the first quarter to the last, by more than a smallest effect */
	bool		changed;		/* the gap opened or closed midway: the tests are of a mixture */
} CdStructural;

/* Bytes of arena that cd_structural needs. */
size_t		cd_structural_size(size_t n_gaps, size_t types);
CdStatus	cd_structural(const CdStructuralInput *in, CdArena *arena, CdStructural *out);

/* Standard deviation of the agents' true gaps over the mean gap. */
typedef struct CdSpread
{
	double		estimate;
	double		high;			/* of the 95 % interval */
	double		gap;			/* the mean gap */
	double		usual;			/* standard deviation in teams on target, smallest effects */
} CdSpread;

/*
 * A standard deviation between agents, less what is more than ordinary of what teams on target have, too: agents who
 * differ by nature, whatever their process. In units in which the smallest effect is `margin`.
 */
double		cd_beyond_usual(double sd, double usual, double margin);

/*
 * Probability that an existing gap is structural. type_share: part of it that types to blame carry for
 * all agents alike, which counts less where coaching works;
 * untold: nobody has been there for long, so that being alike is no evidence and the rest counts half.
 * NaN moves nothing.
 */
double		cd_structural_probability(const CdSpread *spread, double type_share, const CdCoachingEvidence *coaching,
									  double smallest_effect, const CdWaitingEvidence *waiting, bool untold);

/*
 * How many times likelier agents differ so, beside such a gap, where coaching works than where it does nothing: those who
 * are alike are mostly held back by what isn't theirs, and who is on target has little to gain. Without a gap: NaN; without a
 * spread by the gap alone.
 */
double		cd_works_odds(const CdSpread *spread, double smallest_effect);

#endif
