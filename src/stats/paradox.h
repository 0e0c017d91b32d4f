/*
 * paradox.h: does coaching go on and grow while the metric doesn't move and the gap doesn't
 * close: three trends of one team over one window, each with what it allows to conclude.
 */
#ifndef CD_PARADOX_H
#define CD_PARADOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/arena.h"
#include "stats/status.h"

/* One agent's period; rows come sorted by agent, period. */
typedef struct CdParadoxRow
{
	int32_t		agent;
	int32_t		period;			/* from 0, counting up by 1 */
	double		value;			/* higher is better, freed of contact mix; not read where weight is 0 */
	double		target;			/* on the scale of value; NaN: none */
	double		weight;			/* volume; 0: nothing observed */
	double		sessions;
	double		minutes;
	double		tenure;			/* weeks since hiring; NaN: unknown, taken as settled */
} CdParadoxRow;

typedef struct CdParadoxOptions
{
	int32_t		first;			/* window, in periods; rows before it tell only when coaching began */
	int32_t		last;
	int32_t		block;			/* periods to about a month: the grid of the dose */
	int32_t		quarter;		/* periods to a quarter */
	int32_t		least;			/* periods with values below which no trend is told */
	double		months;			/* to a period */
	double		margin_up;		/* smallest improvement worth having; NaN: not known */
	double		margin_down;	/* smallest loss that matters */
	double		high_dose;		/* sessions per agent and month that are much */
} CdParadoxOptions;

/* What a change allows to conclude; flat is shown by equivalence, never by lack of significance. */
typedef enum CdMove
{
	CD_MOVE_UNKNOWN,
	CD_MOVE_UP,					/* interval above 0 */
	CD_MOVE_DOWN,				/* interval below 0 */
	CD_MOVE_FLAT,				/* within the margins, both one-sided tests */
	CD_MOVE_NOT_UP,				/* below the upper margin only: flat or down */
	CD_MOVE_NOT_DOWN			/* above the lower margin only: flat or up */
} CdMove;

/* Over the window, by a straight line; NaN: not available. */
typedef struct CdChange
{
	double		estimate;
	double		low;			/* 95 % */
	double		high;
	double		inner_low;		/* 90 %: two one-sided tests at 5 % */
	double		inner_high;
	CdMove		move;
} CdChange;

typedef enum CdAnswer
{
	CD_ANSWER_UNKNOWN,
	CD_ANSWER_NO,
	CD_ANSWER_YES
} CdAnswer;

typedef enum CdStage
{
	CD_STAGE_UNKNOWN,
	CD_STAGE_NONE,
	CD_STAGE_EARLY,				/* clear for less than a quarter that the metric does not improve */
	CD_STAGE_CONTINUING,		/* for longer, coaching as before */
	CD_STAGE_ESCALATING,		/* for longer, coaching grows */
	CD_STAGE_ENTRENCHED			/* for two quarters or more */
} CdStage;

typedef struct CdParadox
{
	int32_t		first;			/* first and last period compared; last < first: none */
	int32_t		last;
	int32_t		periods;		/* with values, between them */
	int32_t		agents;			/* compared */
	bool		learners;		/* agents in their first half year are among those compared */
	double		dose;			/* sessions per agent and month, last quarter of the window */
	CdChange	dose_change;
	CdChange	metric_change;	/* positive is better */
	double		mean_change;	/* of the team's mean as it was, comers and leavers included */
	double		gap;			/* mean over the window, positive is worse */
	double		gap_low;
	double		gap_high;
	CdChange	gap_change;		/* positive is worse */
	double		target_change;	/* positive is harder */
	double		sessions;		/* in the window, all agents */
	double		minutes;
	int32_t		coached_since;	/* first period with a session; -1: none */
	CdAnswer	invested;		/* coaching rises, or goes on at a high level */
	CdAnswer	unmoved;		/* the metric is flat or worse */
	CdAnswer	short_of;		/* there is a gap worth closing */
	CdAnswer	open;			/* it is not closing */
	CdAnswer	paradox;
	int32_t		clear_since;	/* period since which it has been clear that the metric does not improve; -1: not */
	double		sessions_since;
	double		minutes_since;
	CdStage		stage;
} CdParadox;

#define CD_PARADOX_SETTLED 26.0	/* weeks of tenure after which learning the job is over */

/* Bytes of arena; periods: of the window. */
size_t		cd_paradox_size(size_t rows, size_t periods);

/* What cannot be told is unknown and NaN, never an error. */
CdStatus	cd_paradox(const CdParadoxRow *rows, size_t n, const CdParadoxOptions *options, CdArena *arena,
					   CdParadox *out);

#endif
