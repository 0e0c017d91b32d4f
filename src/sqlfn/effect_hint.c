/*
 * effect_hint.c
 *		What how agents differ says about whether coaching can work in their team.
 */
#include "sqlfn/effect_hint.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "panel/panel_log.h"
#include "sqlfn/answers.h"
#include "sqlfn/learning.h"
#include "stats/prior.h"
#include "stats/structural.h"

/* By how much agents differ beside the gap, contact mix and what tenure adds taken out; nothing known without targets, or beyond numbers. */
static CdSpread
settled_spread(const Panel *p, const EffectQuestion *q, const CdLearning *curve)
{
	const Panel *settled = panel_without_learning(panel_without_mix(p), q->higher_is_better, curve);
	CdGapOptions options = cd_gap_default_options();
	CdGapDispersion d;
	double		unit;

	options.scale = q->scale;
	options.orientation = q->higher_is_better ? -1 : 1;
	options.short_is_positive = true;
	options.wanted = CD_GAP_SPREAD;
	if (cd_try_dispersion(settled, panel_gap_unit(p, q->scale), options, &d) != CD_OK)
		return (CdSpread) {NAN, NAN, NAN, NAN};
	unit = fmax(d.mean_gap, q->smallest_effect);
	return (CdSpread) {d.between_sd / unit, d.between_high / unit, d.mean_gap, NAN};
}

CdEffectHint *
effect_hints(const EffectRequest *r)
{
	const EffectQuestion *q = &r->question;
	MemoryContext each;
	CdLearning	curve;
	CdEffectHint *hints;

	if (!(q->smallest_effect > 0) || r->count < CD_PRIOR_LEAST)
		return NULL;
	curve = learning_of_series(&r->series, "coaching_effect");
	hints = palloc(Max(r->count, 1) * sizeof(CdEffectHint));
	each = AllocSetContextCreate(CurrentMemoryContext, "coachdiag panel", ALLOCSET_DEFAULT_SIZES);
	for (uint32 t = 0; t < r->count; t++)
	{
		MemoryContext before = MemoryContextSwitchTo(each);
		CdSpread	spread = settled_spread(r->panels[t], q, &curve);

		MemoryContextSwitchTo(before);
		MemoryContextReset(each);
		CHECK_FOR_INTERRUPTS();
		hints[t].worth = effect_of_units(q, q->smallest_effect, r->series.team[t].coached);
		hints[t].odds = cd_works_odds(&spread, q->smallest_effect);
	}
	MemoryContextDelete(each);
	return hints;
}
