/*
 * effect_fit.h: noise and coefficients of the teams of one metric, each team's own as far
 * as its data go and the rest from all teams.
 */
#ifndef CD_EFFECT_FIT_H
#define CD_EFFECT_FIT_H

#include "stats/effect_model.h"

#define CD_EFFECT_GRID 32		/* noises around the common one */
#define CD_EFFECT_TERMS 10		/* columns of the main design and the placebo's, at most */
#define CD_EFFECT_CURVE 2		/* of them for how new hires learn */

/* Coefficients of one team; term 0 is unused so that terms are columns. */
typedef struct CdEffectFit
{
	double		m[CD_EFFECT_TERMS * CD_EFFECT_TERMS];	/* normal equations */
	double		b[CD_EFFECT_TERMS];
	double		v[CD_EFFECT_TERMS * CD_EFFECT_TERMS];	/* covariance, model-based */
	double		s2;				/* noise variance of a period */
	double		agents;
	bool		usable;
} CdEffectFit;

/* Nuisance terms over the teams: coefficient k ~ N (offset + slope * dose's, variance). */
typedef struct CdEffectNuisance
{
	double		slope[CD_EFFECT_TERMS];
	double		offset[CD_EFFECT_TERMS];
	double		variance[CD_EFFECT_TERMS];	/* INFINITY: nothing known */
	double		error[CD_EFFECT_CURVE][CD_EFFECT_CURVE];	/* sampling covariance of the offsets from CD_EFFECT_NEW on */
} CdEffectNuisance;

/* How an agent's periods usually are beside the team's; 0 for one without values. */
typedef struct CdEffectUsual
{
	double		value;
	double		dose;			/* what its sessions gave is so much, for each unit that one gives */
} CdEffectUsual;

/* Working memory of one metric. */
typedef struct CdEffectWork
{
	CdEffectPanel panel;
	CdEffectDesign design;
	double	   *z;				/* observations x columns */
	double	   *surprise;		/* the same for one team */
	CdEffectMemory memory;
	double	   *inflation;		/* teams: of the dose's variance, robust to what the noise model misses */
	double	   *influence;		/* agents of the largest team */
	CdEffectUsual *distance;	/* observations of the largest team */
	double	   *residual;		/* observations */
	CdEffectLanes *lanes;		/* agents of the largest team; NULL: no tables */
	double	   *table_value;	/* CD_EFFECT_TABLE x observations */
	double	   *table_thin;
	CdEffectNoise *noise;		/* teams */
	double	   *likely;			/* teams x CD_EFFECT_GRID: of a team's residuals at noises around the common one */
	bool	   *moves;			/* teams: whose noise has not settled */
	CdEffectFit *fit;			/* teams */
	CdEffectNoise common;
	CdEffectNuisance nuisance;
} CdEffectWork;

/* All of the steps below: what every answer about the teams of a metric begins with. */
CdStatus	cd_effect_fit_all(const CdEffectRow *rows, size_t n, size_t teams,
							  const CdEffectOptions *options, CdArena *arena, CdEffectWork *work,
							  CdEffectCommon *common);

/* Arrays that every fit needs, for panel; columns: that the filter will be asked for at once, at most. */
CdStatus	cd_effect_take_fit(CdArena *arena, size_t columns, CdEffectWork *work);

/* Designs of all teams. */
void		cd_effect_work_design(CdEffectWork *work, const CdEffectDesign *design);

/* Every how many-th team serves to learn what all teams share. */
size_t		cd_effect_sample_step(const CdEffectWork *work);

/* Noise shared by the teams, from some of them, each then having it; the nuisance terms are forgotten. */
CdStatus	cd_effect_learn_common_noise(CdEffectWork *work);

/* Then each team's own, with its coefficients. */
CdStatus	cd_effect_learn_own_noise(CdEffectWork *work);

/* Whether effect_lanes.c has the team's residuals as a table. */
bool		cd_effect_has_table(const CdEffectWork *work, const CdEffectTeam *team);

/* Normal equations and coefficients of a team, with its noise and the nuisance terms as they are. */
void		cd_effect_team_fit(CdEffectWork *work, size_t team);

/* Coefficients alone, after the nuisance terms changed. */
void		cd_effect_team_solve(CdEffectWork *work, size_t team);

/* Residuals of a team on the scale of the outcome. */
void		cd_effect_team_residual(CdEffectWork *work, size_t team);

/* Learn the nuisance terms from the teams' coefficients, fitted with nothing known. */
void		cd_effect_learn_nuisance(CdEffectWork *work);
void		cd_effect_forget_nuisance(CdEffectWork *work);

/* Part of a team's variance, which its own coefficients don't show: how new hires learn is known from the teams only so well. */
double		cd_effect_curve_variance(const CdEffectWork *work, size_t team);

/* Robust over model variance of the dose, clustered by agent. */
double		cd_effect_team_inflation(CdEffectWork *work, size_t team);

/* Number and sums of a team's values and doses in each period, into panel->by_period. */
void		cd_effect_sum_periods(const CdEffectWork *work, size_t team);

/* Of the agent of some rows, after cd_effect_sum_periods. */
CdEffectUsual cd_effect_usual(const CdEffectWork *work, size_t from, size_t to);

/* Surprises of a team's columns, to work->surprise, and of columns of its agents' usual distances, to work->distance. */
void		cd_effect_team_surprise(CdEffectWork *work, size_t team);
void		cd_effect_distances(CdEffectWork *work, size_t team);

/* Share of an agent's level that so many periods don't tell; 0 where levels don't differ. */
double		cd_effect_untold(const CdEffectNoise *noise, double seen);

/* How far below 0 useless sessions may come out, mean over sessions. */
typedef struct CdEffectShort
{
	double		allowance;		/* an agent one sd weak */
	double		shortfall;		/* those who were coached, if coaches go by how weak they are for good */
	double		masked;			/* what it is more, per unit of the true effect */
} CdEffectShort;

CdEffectShort cd_effect_short(CdEffectWork *work, size_t team);

/* Whether values hold what earlier periods brought and lose it at once some periods later; from the residuals, into work->surprise. */
bool		cd_effect_carried(const CdEffectWork *work);

#endif
