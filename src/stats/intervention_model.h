/*
 * intervention_model.h: the parts of cd_intervention: the lines of teams, what their agents did, and what
 * regressions on a line say.
 */
#ifndef CD_INTERVENTION_MODEL_H
#define CD_INTERVENTION_MODEL_H

#include <math.h>

#include "stats/intervention.h"

#define CD_STUDY_COLUMNS 4		/* at most, of a regression on a line */

/* One unit's value in one period of the window. */
typedef struct CdLineCell
{
	size_t		unit;
	size_t		k;
	double		value;
	double		weight;
} CdLineCell;

/* A series over the window: mean of each period, and the weight behind it (0: no data). */
typedef struct CdLine
{
	double	   *mean;
	double	   *weight;
} CdLine;

/* An agent's mean before and after, less the team's own periods. */
typedef struct CdStudyChange
{
	size_t		team;
	double		before;
	double		after;
	double		weight_before;
	double		weight_after;
	bool		both;
} CdStudyChange;

typedef struct CdStudyTeam
{
	CdLine		line;
	size_t		first_change;
	size_t		changes;
	double		seen;			/* agents seen before and after */
	double		delta;			/* mean after less mean before; NaN: too few periods */
	double		variance;		/* of delta, from its agents */
	bool		touched;
} CdStudyTeam;

/* Noise of an agent's period of weight 1. */
typedef struct CdStudyNoise
{
	double		variance;
	double		inflation;		/* of the variance of a mean, by autocorrelation */
} CdStudyNoise;

/* Everything about one change: its window, the teams, and room for what is made of them. */
typedef struct CdStudy
{
	const CdEffectRow *rows;
	size_t		count;
	const CdInterventionOptions *options;
	size_t		teams;
	size_t		width;			/* periods of the window */
	int32_t		origin;			/* first of them */
	size_t		before_from;	/* compared: from before_from to before_to, from after_from to after_to */
	size_t		before_to;
	size_t		after_from;
	size_t		after_to;
	CdStudyTeam *team;
	CdStudyChange *change;
	size_t		changes;
	CdStudyNoise noise;
	CdLine		control;		/* mean of the teams not touched */
	CdLine		line;			/* the touched, control taken away */
	double		controls;
	double		tau2;			/* between the changes of the controls */
	double		expected;		/* their mean */
	double		expected_variance;
	double		likeness;		/* variance of their changes to that of their agents and tau2, at most 1 */
	double		df;				/* of that: one less than as many controls of equal weight would be, at least 1 */
	CdLineCell *cell;
	double	   *effect;
	double	   *x;
	double	   *y;
	double	   *w;
	double	   *at;
	CdArena    *arena;
} CdStudy;

/* What an agent's residuals add to the noise of all. */
typedef struct CdResiduals
{
	double		squares;
	double		products;		/* of neighbours */
	double		rows;
	double		stretches;
} CdResiduals;

static inline bool
cd_is_before(const CdStudy *s, size_t k)
{
	return k >= s->before_from && k < s->before_to;
}

static inline bool
cd_is_after(const CdStudy *s, size_t k)
{
	return k >= s->after_from && k < s->after_to;
}

/* Whether a team belongs to the question: one team, or all that were touched. */
static inline bool
cd_is_asked(const CdStudy *s, size_t team, size_t t)
{
	return s->team[t].touched && !isnan(s->team[t].delta) && (team == s->teams || team == t);
}

/* ---- lines ---- */

/* Place of a period in the window; false outside it and between before and after. */
bool		cd_in_window(const CdStudy *s, const CdEffectRow *row, size_t *k);

/*
 * Weight of a volume among others: half of a period's noise at mean volume is taken not to
 * shrink with volume.
 */
double		cd_tempered(double volume, double mean);

double		cd_mean_volume(const CdStudy *s, const CdEffectRow *rows, size_t n);

/* Where row i has begun another agent than the row before. */
bool		cd_new_agent(const CdEffectRow *rows, size_t i);

/* Two-way effects over the first n cells of s; the line keeps the level of the values. */
CdStatus	cd_two_way_line(CdStudy *s, size_t n, size_t units, CdLine *line);

/* The line of a team from its rows. */
CdStatus	cd_team_line(CdStudy *s, const CdEffectRow *rows, size_t n, CdLine *line);

/* Mean and number of the periods with data in [from, to), weights tempered. */
double		cd_line_mean(const CdLine *line, size_t from, size_t to, double *periods);

/* ---- agents ---- */

/* Changes of the agents of a team, and what they leave over. */
void		cd_agent_changes(CdStudy *s, size_t team, const CdEffectRow *rows, size_t n, CdResiduals *r);
CdStudyNoise cd_agent_noise(const CdResiduals *r);

/* Variance of an agent's change within teams: those that were touched, or the others. */
double		cd_spread_of_changes(const CdStudy *s, bool touched);

/* Share of agents whose true change, their team's and their own, is at least half of the improvement. */
CdStatus	cd_share_improved(CdStudy *s, size_t team, CdIntervention *out);

/* Whether agents differ less than before. */
void		cd_compare_variation(const CdStudy *s, size_t team, CdIntervention *out);

/* ---- fits to s->line ---- */

/* The step beside a trend: the improvement where there are too few teams to compare with. */
CdStatus	cd_compare_with_past(CdStudy *s, CdIntervention *out);

/* Level and slope, for the reader of a segmented regression. */
CdStatus	cd_level_and_slope(CdStudy *s, CdIntervention *out);

/* Periods of the straight way to the full change that fit best. */
size_t		cd_best_ramp(const CdStudy *s, double periods_after);

/* Whether the change lasted. */
CdStatus	cd_look_for_recurrence(CdStudy *s, size_t ramp, CdIntervention *out);

/* How often an earlier date shows as large a jump. */
void		cd_placebo_dates(CdStudy *s, double periods_after, CdIntervention *out);

#endif
