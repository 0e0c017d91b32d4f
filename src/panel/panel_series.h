/*
 * panel_series.h
 *		Panels of one metric as the rows that the effect's estimator takes: one for
 *		each agent and week, freed of contact mix, with the sessions received.
 */
#ifndef PANEL_PANEL_SERIES_H
#define PANEL_PANEL_SERIES_H

#include "panel/panel.h"
#include "stats/effect.h"
#include "stats/learning.h"

/*
 * Where values are logarithms: that of the mean of what they are logarithms of, on the contacts that the team has.  It is
 * above the mean of the rows' values, for long contacts count by their length, and these are freed of contact mix.
 */
typedef struct PanelLevel
{
	double		mean;			/* NaN: no values */
	double		coached;		/* likewise of the agents who were coached, by sessions: what a session meets; the mean where none was */
	double		weight;			/* of the rows */
	double		middle;			/* mean of the rows' values, not turned */
	double		within;			/* how far agents' means lie above those of their own rows */
} PanelLevel;

typedef struct PanelSeries
{
	CdEffectRow *rows;			/* by team (number of the panel), agent, period */
	uint32		count;
	uint32		periods;		/* from the first to the last, gaps included */
	PanelLevel *team;			/* of each panel */
	uint32	   *row_of;			/* of each cell, panel by panel; PG_UINT32_MAX: the cell has no period */
	int32		first;			/* date on which period 0 starts, or a day of its month */
	bool		by_month;		/* periods are months, not weeks */
} PanelSeries;

/*
 * In the current memory context.  Values are turned so that higher is better.
 * Periods that are all first days of months count as months; all others are
 * gathered into weeks from the earliest one on.  Cells without a period are
 * left out.  What a contact type adds is estimated over all the panels.
 */
extern PanelSeries panel_series(Panel **panels, uint32 n_panels, bool higher_is_better);

/* Of the teams asked for, together: how far the mean lies above the middle. */
extern double panel_series_above(const PanelSeries *series, uint32 teams, const bool *asked);

/* Of each agent of a panel, where values are logarithms: that of the mean of what they are logarithms of. */
extern double *panel_agent_levels(const Panel *p);

/* The date on which a period starts. */
extern int32 panel_series_date(const PanelSeries *series, int32 period);

/*
 * The canonical panel with what each contact type adds to the gap taken away, so
 * that agents who were routed the hard contacts can be compared with the others.
 * What leaves the gap goes to the target, so that a rate stays the rate it was. The mean gap
 * of the panel stays; cells without target or period are not touched.
 */
extern Panel *panel_without_mix(const Panel *p);

/* The same for what tenure adds to values that higher_is_better has turned. */
extern Panel *panel_without_learning(const Panel *p, bool higher_is_better, const CdLearning *learning);

#endif							/* PANEL_PANEL_SERIES_H */
