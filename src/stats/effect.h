/*
 * effect.h: what coaching did, per team, from agents' periods and the sessions they had.
 *
 * Estimand: per session, the mean change of the metric over the horizon periods after it,
 * for the sessions that were given, against the same agents not having had that session
 * then. Each period of each agent is compared with what its team's period and its own past
 * (metric and sessions) led to expect, so that neither the bad spell that brought a session
 * about, nor lasting weakness, nor what the whole team went through counts as an effect.
 */
#ifndef CD_EFFECT_H
#define CD_EFFECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/arena.h"
#include "stats/status.h"

/*
 * One agent's period, at most one row for each. Rows come sorted by team, agent, period;
 * teams are numbered from 0, periods count up by 1 from one period to the next.
 */
typedef struct CdEffectRow
{
	int32_t		team;
	int32_t		agent;
	int32_t		period;
	double		value;			/* higher is better, freed of contact mix; NaN: nothing observed */
	double		weight;			/* volume behind the value, > 0 where there is one */
	double		sessions;		/* held in this period */
	double		tenure;			/* weeks since hiring; NaN: unknown, taken as experienced */
} CdEffectRow;

/* What is known of a team beside its sessions. */
typedef struct CdEffectHint
{
	double		worth;			/* an effect worth having */
	double		odds;			/* of that, where sessions give it against where they give nothing; NaN: nothing known */
} CdEffectHint;

typedef struct CdEffectOptions
{
	int			horizon;		/* periods after a session, 1 to CD_EFFECT_HORIZON_MAX */
	double		level;			/* of every interval */
	bool		pool;			/* borrow strength between teams */
	bool		placebo;		/* fill the placebo's fields too */
	const CdEffectHint *hint;	/* one for each team, for who borrows; NULL: none */
} CdEffectOptions;

#define CD_EFFECT_HORIZON_MAX 26
#define CD_EFFECT_MOST_PERIODS 100000	/* from the first to the last */

/* NaN: not available. */
typedef struct CdEffect
{
	double		effect;			/* per session, pooled where pooled is true */
	double		low;
	double		high;
	double		sd;				/* of what remains unknown about effect, doubt included: low and high know of what is doubtful of the effect itself, too */
	double		doubt;			/* about what was removed and how new hires learn, part of sd: more sessions of the team would hardly make it smaller */
	double		above;			/* probability that the effect is above 0 */
	double		p;				/* two-sided, of the raw effect, doubt included, t with df */
	double		raw;			/* from this team's sessions; pooled: noise and nuisance terms are learned from all */
	double		raw_se;
	double		df;
	double		smallest_detectable;	/* at 80 % power, two-sided at 1 - level, doubt included */
	double		naive;			/* mean of the horizon periods after minus the period before */
	double		naive_share;	/* share of sessions whose next period beat the period before */
	double		null;			/* what the same sessions would have shown without any effect */
	double		null_share;
	double		placebo;		/* apparent effect of sessions that still lie horizon * 2 + 1 .. * 3 periods ahead */
	double		placebo_se;
	double		placebo_p;
	double		sessions;
	double		coached;		/* agents with a session */
	double		control;		/* agents seen uncoached in a period in which a team mate was coached */
	double		overlap;		/* share of sessions with such a team mate */
	double		agents;
	double		observations;
	double		allowance;		/* harmful only where high lies below 0 by more than this */
	double		shortfall;		/* effect may be too low by so much if coaches know who is weak for good, and sessions do nothing */
	double		masked;			/* and by so much more per unit of what they do, for who was lifted looks less weak: cd_effect_shortfall */
	bool		pooled;
	bool		own;			/* the team's own sessions have something to be compared with */
	CdStatus	status;			/* CD_TOO_FEW: no session, or nobody to compare with; CD_BAD_INPUT: values that don't vary, or are beyond reckoning */
} CdEffect;

/* What the teams have in common. */
typedef struct CdEffectCommon
{
	double		level;			/* variances, relative to a period's noise at average volume */
	double		shock;
	double		persistence;	/* of a shock, from one period to the next */
	double		fixed;			/* share of a period's noise that volume does not reduce */
	int			before;			/* the period before: 0 the session's own, 1 the one before that */
	double		inflation;		/* robust over model variance, mean over teams */
	bool		pooled;
	bool		carried;		/* values are not of their own periods alone: a rolling mean, a month's value beside each week */
} CdEffectCommon;

#define CD_EFFECT_LEADS 8		/* periods before a session that are shown */
#define CD_EFFECT_LAGS 12		/* and after it */
#define CD_EFFECT_POINTS (CD_EFFECT_LEADS + 1 + CD_EFFECT_LAGS)

typedef struct CdEffectPoint
{
	int			lag;			/* periods since the session, negative before it */
	double		seen;			/* mean over sessions, against team mates and the agent's own mean */
	double		sessions;		/* behind seen */
	double		effect;			/* of the session in that period; NaN up to its own, which led to it */
	double		se;
	double		low;
	double		high;
	double		band_low;		/* all lags at once */
	double		band_high;
} CdEffectPoint;

typedef struct CdEffectPath
{
	CdEffectPoint point[CD_EFFECT_POINTS];
	double		half_life;		/* periods, INFINITY: no fading seen; NaN: no effect established */
	double		half_life_low;	/* 95 % */
	double		half_life_high;
} CdEffectPath;

CdEffectOptions cd_effect_default_options(void);

/* Bytes of arena that cd_effect needs; paths: whether it is asked for those too. */
size_t		cd_effect_size(size_t rows, size_t teams, size_t periods, bool paths);

/*
 * out: one entry for each team. One team alone, or options->pool = false, gets its own
 * estimate and interval with pooled = false; so do fewer than CD_PRIOR_LEAST coached teams.
 * Where own is false, effect is what sessions do in the other teams; not pooled: a figure that nobody was compared for.
 * paths: teams + 1 entries, the last for all teams together; NULL when not wanted.
 */
CdStatus	cd_effect(const CdEffectRow *rows, size_t n, size_t teams, const CdEffectOptions *options,
					  CdArena *arena, CdEffect *out, CdEffectCommon *common, CdEffectPath *paths);

/*
 * Several teams as one: a site, a programme, the metric. Teams count by their sessions; those
 * without an answer of their own are left out. CD_TOO_FEW when none is left.
 */
CdStatus	cd_effect_combine(const CdEffect *team, size_t k, double level, CdEffect *out);

/* Doubt about an effect of which `null` was removed as regression to the mean; NaN: nothing. carried: see CdEffectCommon. */
double		cd_effect_doubt(double null, bool carried);

/*
 * Where a limit comes to lie that sampling and the past put at this distance (negative: below), with the doubt that an effect as
 * large as the limit would have by itself: of none there is none, so that it says nothing about whether there is any (Fieller 1954).
 */
double		cd_effect_limit(double effect, double distance, double level);

/* Widens low, high and sd, which sampling alone made, by e->doubt, and moves low and high to such limits. */
void		cd_effect_admit_doubt(double level, CdEffect *e);

/* Bytes of arena that cd_values_carried needs. */
size_t		cd_values_carried_size(size_t rows, size_t teams, size_t periods);

/*
 * Whether values hold what earlier periods brought and lose it at once some periods later: CdEffectCommon's carried of the
 * rows' values as they are. false where nothing can be told: fewer than 100 changes from one period to the next.
 */
CdStatus	cd_values_carried(const CdEffectRow *rows, size_t n, size_t teams, CdArena *arena, bool *carried);

/* By how much an effect may be too low if coaches know who is weak for good, were the true one `effect`. */
double		cd_effect_shortfall(double shortfall, double masked, double effect);

#endif
