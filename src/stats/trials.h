/*
 * trials.h: the effect of a session by stacked trials, for reviewers who ask what other
 * designs say: each period of a team in which somebody was coached is a trial of its own,
 * in which those coached are compared with team mates who were not, whatever came later.
 *
 * Over the ways in which agents come to be coached each is more biased than effect.h, though not
 * in every one of them (see doc/coaching_effect.md).
 */
#ifndef CD_TRIALS_H
#define CD_TRIALS_H

#include "stats/effect.h"

typedef enum CdTrialMethod
{
	/* Mean of the horizon less the period before; nobody to compare with. */
	CD_TRIAL_BEFORE_AFTER,
	/* Difference in differences from the periods -11 to -4, which leave the trigger out. */
	CD_TRIAL_GAP,
	/* Level after, given the last value, the last four, all before and sessions before. */
	CD_TRIAL_HISTORY
} CdTrialMethod;

/*
 * Who leaves or is away is not measured over the horizon. Where more of one side are measured, as
 * many of them are left out as make both sides alike, those that make the effect lowest or highest:
 * bounds for the agents who would be measured either way (Lee 2009), within what history foretells.
 */
typedef enum CdTrialBound
{
	CD_TRIAL_AS_MEASURED,
	CD_TRIAL_LOWEST,
	CD_TRIAL_HIGHEST
} CdTrialBound;

typedef struct CdTrialOptions
{
	CdTrialMethod method;
	CdTrialBound bound;
	int			horizon;
	int			before;			/* the period before, see CdEffectCommon */
	double		level;			/* of the interval */
} CdTrialOptions;

/* Per session, NaN: not available. Up is better, as in the rows. */
typedef struct CdTrials
{
	double		estimate;
	double		se;				/* CR2 over agents, or over teams where that is larger */
	double		df;				/* Satterthwaite */
	double		low;
	double		high;
	double		p;
	double		sessions;		/* in the trials used */
	double		compared;		/* agents' periods compared with, all trials together */
	double		clusters;
	bool		by_team;		/* the standard error is over teams */
	double		measured;		/* share of the coached who were measured over the horizon */
	double		compared_measured;	/* of those compared with, trials counted by their coached */
} CdTrials;

/* Bytes of arena for rows as cd_effect takes them. */
size_t		cd_trials_size(const CdEffectRow *rows, size_t n);

/*
 * Trials take agents without a session in the eight periods before. CD_TOO_FEW: no trial
 * with somebody on either side, or fewer than two agents.
 */
CdStatus	cd_trials(const CdEffectRow *rows, size_t n, const CdTrialOptions *options, CdArena *arena,
					  CdTrials *out);

#endif
