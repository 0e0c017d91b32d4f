/*
 * structural_input.h
 *		What the structural tests need of one panel.
 */
#ifndef SQLFN_STRUCTURAL_INPUT_H
#define SQLFN_STRUCTURAL_INPUT_H

#include "sqlfn/contact_types.h"

/* How a question is put. */
typedef struct StructuralQuestion
{
	bool		higher_is_better;
	CdScale		scale;
	double		smallest_effect;	/* metric units; NaN: none given */
	double		usual_spread;	/* between agents of teams on target, metric units; NaN: not known */
	Jsonb	   *usual;			/* contact type -> usual gap; NULL: not known */
	ArrayType  *learning;		/* what tenure adds; NULL: as the panel itself shows it */
	bool		ask_effect;		/* of the panel itself */
	CdCoachingEvidence coaching;
	CdWaitingEvidence waiting;
	const char *waiting_missing;	/* why waiting isn't known; NULL: not said */
} StructuralQuestion;

/* changed_on: date of the first week after a change of level, PANEL_NO_DATE: none. False: no value has a target. */
extern bool structural_input(const Panel *p, const ContactTypes *types, const StructuralQuestion *q, CdStructuralInput *in,
							 int32 *changed_on);

#endif							/* SQLFN_STRUCTURAL_INPUT_H */
