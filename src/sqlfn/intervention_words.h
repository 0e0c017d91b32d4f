/*
 * intervention_words.h
 *		What a change of process did, in plain words.
 */
#ifndef SQLFN_INTERVENTION_WORDS_H
#define SQLFN_INTERVENTION_WORDS_H

#include "postgres.h"

#include "panel/panel_series.h"
#include "stats/intervention.h"

/* What the words are about. */
typedef struct CdInterventionStory
{
	const CdIntervention *effect;
	double		high;			/* upper end of the improvement, metric units */
	const PanelSeries *series;
	int32		started_on;
	double		smallest_effect;	/* metric units; NaN: none given */
	bool		retargeted;		/* targets changed at that date */
} CdInterventionStory;

/* The signature, and the reason with what else the reader should know. */
extern const char *cd_intervention_signature(const CdInterventionStory *story, const char **reason);

/* NULL: nothing improved. */
extern const char *cd_recurrence_name(const CdIntervention *effect);

/* NULL: nothing to compare with. */
extern const char *cd_comparison_name(CdComparison comparison);

#endif							/* SQLFN_INTERVENTION_WORDS_H */
