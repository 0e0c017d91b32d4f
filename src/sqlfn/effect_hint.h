/*
 * effect_hint.h
 *		What how agents differ says about whether coaching can work in their team.
 */
#ifndef SQLFN_EFFECT_HINT_H
#define SQLFN_EFFECT_HINT_H

#include "sqlfn/effect_question.h"

/* One for each team, in the units of its series; NULL: without a smallest effect, or with too few teams to borrow from, nothing is said. */
extern CdEffectHint *effect_hints(const EffectRequest *r);

#endif							/* SQLFN_EFFECT_HINT_H */
