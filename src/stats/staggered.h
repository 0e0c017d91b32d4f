/*
 * staggered.h: treatment that starts at different times: effect by group (units that start
 * together) and time, its aggregations and the test of earlier trends (Callaway & Sant'Anna
 * 2021, J Econometrics 225:200).
 *
 * Units already treated in the first period are left out; a start after the last period
 * counts as never. Without a never-treated unit the periods end before the last start
 * (less the anticipation), and that group serves as control only.
 *
 * A missing outcome takes the unit out of those effects whose two periods it does not
 * both have; standard errors still refer to all units used.
 */
#ifndef CD_STAGGERED_H
#define CD_STAGGERED_H

#include "stats/arena.h"
#include "stats/did.h"

typedef enum CdControl
{
	CD_CONTROL_NEVER,			/* units never treated */
	CD_CONTROL_NOT_YET			/* and those that start later, anticipation included */
} CdControl;

typedef enum CdBase
{
	CD_BASE_VARYING,			/* before the start: the period before the one looked at */
	CD_BASE_UNIVERSAL			/* always the last period before the start */
} CdBase;

typedef struct CdStaggeredPanel
{
	size_t		units;
	size_t		periods;
	size_t		covariates;
	const double *time;			/* periods, ascending */
	const double *start;		/* per unit: first time under treatment, INFINITY: never */
	const double *outcome;		/* units x periods, NaN: missing */
	const double *covariate;	/* units x covariates, constant over time; NULL when none */
	const double *weight;		/* per unit, > 0; NULL: all 1 */
	const size_t *cluster;		/* per unit, a number below units; NULL: each unit alone */
} CdStaggeredPanel;

typedef struct CdStaggeredOptions
{
	CdControl	control;
	CdBase		base;
	CdDidMethod method;
	double		anticipation;	/* time before the start at which the effect may begin */
} CdStaggeredOptions;

/* Effect on group at time; NaN where it is not identified. */
typedef struct CdGroupTime
{
	double		group;
	double		time;
	double		base;			/* the period compared with; equal to time: 0 by definition */
	double		effect;
	double		se;				/* NaN when 0 */
	size_t		treated;		/* units with both outcomes */
	size_t		control;
} CdGroupTime;

typedef struct CdStaggered
{
	size_t		n;				/* units used */
	size_t		groups;
	size_t		cells;
	size_t		periods;		/* periods used, from the first */
	const CdStaggeredPanel *panel;
	CdStaggeredOptions options;
	size_t	   *unit;			/* n: index in the panel */
	double	   *group;			/* groups, ascending */
	double	   *share;			/* groups: weight of the group's units */
	CdGroupTime *cell;			/* cells, by group and time */
	double	   *influence;		/* cells x n */
	double	   *sums;			/* scratch for clusters, two per unit of the panel */
} CdStaggered;

typedef enum CdAggregation
{
	CD_AGGREGATE_SIMPLE,		/* all effects after the start, weighted by group size */
	CD_AGGREGATE_GROUP,			/* per group; overall weighted by group size */
	CD_AGGREGATE_CALENDAR,		/* per time; overall unweighted */
	CD_AGGREGATE_DYNAMIC		/* per time since the start; overall unweighted from 0 on */
} CdAggregation;

typedef struct CdAggregateOptions
{
	CdAggregation type;
	double		balance;		/* DYNAMIC: only groups seen that long, cut there; NaN: all */
	double		from;			/* time since the start looked at; -INFINITY: all */
	double		to;				/* INFINITY: all */
} CdAggregateOptions;

typedef struct CdAggregateRow
{
	double		key;			/* group, time, or time since the start */
	double		effect;
	double		se;
} CdAggregateRow;

typedef struct CdAggregate
{
	double		effect;			/* overall */
	double		se;
	double	   *influence;		/* n, overall */
	size_t		rows;			/* 0 for SIMPLE */
	CdAggregateRow *row;
	double	   *row_influence;	/* rows x n */
} CdAggregate;

/* Bytes of arena that each function below takes. */
size_t		cd_staggered_size(const CdStaggeredPanel *panel);
size_t		cd_staggered_aggregate_size(const CdStaggered *fit, CdAggregation type);
size_t		cd_staggered_pretest_size(const CdStaggered *fit);

/*
 * All group-time effects. The panel must outlive the result. CD_TOO_FEW: fewer than 2
 * periods, no group with a period before it, or CD_CONTROL_NEVER without such a unit.
 */
CdStatus	cd_staggered(const CdStaggeredPanel *panel, const CdStaggeredOptions *options,
						 CdArena *arena, CdStaggered *out);

/* Effects that are NaN are left out. CD_TOO_FEW when none remains. */
CdStatus	cd_staggered_aggregate(const CdStaggered *fit, const CdAggregateOptions *options,
								   CdArena *arena, CdAggregate *out);

/*
 * Wald test that all effects before the start are 0. CD_TOO_FEW when there are none or
 * their covariance is singular. The arena is left as it was.
 */
CdStatus	cd_staggered_pretest(const CdStaggered *fit, CdArena *arena,
								 double *chisq, double *df, double *p);

#endif
