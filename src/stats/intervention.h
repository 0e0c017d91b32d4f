/*
 * intervention.h: what a change of process did to the teams that it touched, from agents'
 * periods of those teams and of others that it did not touch.
 */
#ifndef CD_INTERVENTION_H
#define CD_INTERVENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/arena.h"
#include "stats/effect.h"
#include "stats/status.h"

#define CD_INTERVENTION_LEAST_BEFORE 8	/* periods with data that a judgement needs */
#define CD_INTERVENTION_LEAST_AFTER 4	/* and after, beside control teams */
#define CD_INTERVENTION_LEAST_ALONE 8	/* and after, without them */
#define CD_INTERVENTION_LEAST_CONTROLS 4	/* fewer teams say too little about how teams differ */
#define CD_INTERVENTION_MOST_ALONE 16	/* periods either side where nothing but the past is there to compare with */
#define CD_INTERVENTION_LEAST_LATER 12	/* periods after that recurrence needs */

typedef struct CdInterventionOptions
{
	int32_t		before_to;		/* first period that is no longer before */
	int32_t		after_from;		/* first period that is wholly after; equal, or one more */
	int32_t		before;			/* periods compared, at most: before and after */
	int32_t		after;
	double		level;			/* of every interval */
} CdInterventionOptions;

typedef enum CdComparison
{
	CD_COMPARISON_NONE,			/* not possible */
	CD_COMPARISON_TEAMS,		/* with how much other teams changed */
	CD_COMPARISON_DIFFERENCE,	/* with the mean of a few other teams, period by period */
	CD_COMPARISON_PAST			/* with the level and trend before */
} CdComparison;

typedef enum CdRecurrence
{
	CD_RECURRENCE_UNKNOWN,
	CD_RECURRENCE_HELD,			/* at least half of it is still there */
	CD_RECURRENCE_RECURRED		/* it lessened, by more than half */
} CdRecurrence;

/* Higher is better. NaN: not available. */
typedef struct CdIntervention
{
	CdComparison comparison;
	double		improvement;	/* mean of the periods after, against what was to be expected */
	double		low;
	double		high;
	double		p;
	double		before;			/* mean of the periods before */
	double		level;			/* change of level at the start, slopes apart */
	double		level_low;
	double		level_high;
	double		slope;			/* change of slope, per period */
	double		slope_low;
	double		slope_high;
	double		autocorrelation;
	double		periods_to_80;	/* until the change had reached 80 % of its size */
	double		share;			/* of agents whose true change is at least half of improvement, and above 0 */
	double		share_low;
	double		share_high;
	double		variation_ratio;	/* of the true spread between the same agents, after over before */
	double		variation_p;
	double		placebo_p;		/* share of earlier dates with as large a change */
	double		placebos;
	CdRecurrence recurrence;
	double		agents;			/* seen before and after */
	double		periods_before;
	double		periods_after;
	double		controls;		/* teams compared with */
	double		sessions_before;	/* per agent's period */
	double		sessions_after;
} CdIntervention;

/* Bytes of arena. */
size_t		cd_intervention_size(size_t rows, size_t teams, const CdInterventionOptions *options);

/*
 * rows as cd_effect takes them, teams numbered from 0. touched: by team. out: one for each
 * team (those not touched: comparison NONE) and, at out[teams], the touched ones together,
 * each team counting alike.
 *
 * Periods of a team are freed of its agents' coming and going (agents and periods as effects).
 * From CD_INTERVENTION_LEAST_CONTROLS other teams on, the change of a team's mean is compared
 * with the others' changes, whose spread says how much teams change anyway, whatever the
 * autocorrelation, trend or season: between-team variance by Paule & Mandel (1982), t with
 * one degree of freedom less than there are others. With fewer, the series less the others'
 * mean is regressed on a step and a trend, AR(1) errors as in cd_series_contrast.
 */
CdStatus	cd_intervention(const CdEffectRow *rows, size_t count, size_t teams, const bool *touched,
							const CdInterventionOptions *options, CdArena *arena, CdIntervention *out);

#endif
