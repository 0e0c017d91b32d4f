/*
 * panel_coaches.h
 *		Who coached in the panels of one metric: the coaches of each program, and
 *		the part of the rows' sessions that each of them gave.
 */
#ifndef PANEL_PANEL_COACHES_H
#define PANEL_PANEL_COACHES_H

#include "panel/panel_series.h"
#include "stats/effect_coach.h"

/* One coach in one program: who coaches in two is compared with the peers of each. */
typedef struct PanelCoach
{
	int32		program;
	PanelString name;
} PanelCoach;

typedef struct PanelCoaches
{
	PanelCoach *coach;			/* by program, then name bytewise */
	uint32		count;
	CdCoachDose *dose;			/* in order of row */
	uint32		doses;
} PanelCoaches;

/*
 * In the current memory context.  series: of the same panels; program: of each
 * panel.  Sessions without a coach, and cells without a period, are left out.
 */
extern PanelCoaches panel_coaches(Panel **panels, uint32 n_panels, const PanelSeries *series, const int32 *program);

#endif							/* PANEL_PANEL_COACHES_H */
