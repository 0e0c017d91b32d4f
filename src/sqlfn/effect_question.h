/*
 * effect_question.h
 *		What the functions about the effect of coaching are asked, and units of answers.
 */
#ifndef SQLFN_EFFECT_QUESTION_H
#define SQLFN_EFFECT_QUESTION_H

#include "sqlfn/sqlfn.h"

#include "utils/array.h"

#include "panel/panel_series.h"
#include "stats/effect.h"

/* How a question is put. */
typedef struct EffectQuestion
{
	bool		higher_is_better;
	CdScale		scale;
	double		smallest_effect;	/* metric units; NaN: none given */
	CdEffectOptions options;
} EffectQuestion;

/* Arguments n to n + 3: higher_is_better, scale, smallest_effect, horizon; their errors. */
extern EffectQuestion effect_question(FunctionCallInfo fcinfo, int n);

/* The horizon in argument n (NULL: 4); error 22023 when out of range. */
extern int	effect_horizon(FunctionCallInfo fcinfo, int n);

/* A change on the estimator's scale, where up is better, in metric units; level: coached of PanelLevel. */
extern double effect_to_units(const EffectQuestion *q, double change, double level);

/* The change of which effect_to_units makes so many metric units; a time hardly falls to nothing. */
extern double effect_of_units(const EffectQuestion *q, double units, double level);

/* A spread around a change, in metric units. */
extern double effect_spread_to_units(const EffectQuestion *q, double change, double spread, double level);

/* effective, harmful, no_effect or cannot_tell. */
extern const char *effect_conclusion(const EffectQuestion *q, const CdEffect *e, double level);

/* By how much an effect may be too low, if sessions give the smallest worth having; what is shown, where none is given. */
extern double effect_shortfall(const EffectQuestion *q, const CdEffect *e, double level);

/* Whether an effect, and one higher by shortfall, surely is less than the smallest worth having. */
extern bool effect_is_too_little(const EffectQuestion *q, const CdEffect *e, double level, double shortfall);

/* The panels of an array, canonical, NULL ones left out; places[i]: where panel i stands in the array. */
extern Panel **effect_panels(ArrayType *array, uint32 *count, int **places);

/* Many teams' panels, and what is asked about them. */
typedef struct EffectRequest
{
	EffectQuestion question;
	uint32		count;			/* panels */
	Panel	  **panels;
	int		   *places;			/* of each panel in the arrays */
	Datum	   *unit;			/* of each panel: its name, a text */
	bool	   *unnamed;		/* of each panel: no name was given */
	PanelSeries series;
} EffectRequest;

/* Arguments: units, panels, and from 2 on those of effect_question; none of the first two is NULL. Error 2202E: not as many. */
extern EffectRequest effect_request(FunctionCallInfo fcinfo);

/* Error 22023 where the periods are too many for an effect: a date must be wrong. */
extern void effect_check_periods(const char *function, const PanelSeries *series);

/* Estimate all teams together; paths (teams + 1 entries) when asked for. function: whom errors name. */
extern CdEffect *effect_estimate(const char *function, const EffectQuestion *q, const PanelSeries *series, uint32 teams,
								 CdEffectPath *paths, CdEffectCommon *common);

#endif							/* SQLFN_EFFECT_QUESTION_H */
