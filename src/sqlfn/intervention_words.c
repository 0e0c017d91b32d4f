/*
 * intervention_words.c
 *		See intervention_words.h.
 */
#include "sqlfn/intervention_words.h"

#include <math.h>

#include "lib/stringinfo.h"

#define QUICK_WEEKS 4
#define QUICK_MONTHS 1
#define CONSISTENT 0.8			/* share of agents */
#define FALLS_P 0.1
#define PLACEBO_P 0.1
#define PLACEBOS 9				/* dates without which no p below PLACEBO_P is possible */

/* Why there is no estimate. */
static const char *
why_not(const CdInterventionStory *s)
{
	const CdIntervention *e = s->effect;

	if (s->series->count > 0 && s->series->first > s->started_on)
		return "not assessed: the values begin after it";
	if (s->series->count > 0 && panel_series_date(s->series, s->series->periods) <= s->started_on)
		return "not assessed: no value after it yet";
	if (e->periods_before == 0 && e->periods_after == 0)
		return "not assessed: no team that it touched has enough values before and after it";
	if (e->periods_before < CD_INTERVENTION_LEAST_BEFORE)
		return psprintf("not assessed: needs %d periods before it, there are %.0f",
						CD_INTERVENTION_LEAST_BEFORE, e->periods_before);
	if (e->periods_after < CD_INTERVENTION_LEAST_AFTER)
		return psprintf("not assessed: needs %d periods after it, there are %.0f",
						CD_INTERVENTION_LEAST_AFTER, e->periods_after);
	if (e->periods_after < CD_INTERVENTION_LEAST_ALONE && e->controls < CD_INTERVENTION_LEAST_CONTROLS)
		return psprintf("not assessed: needs %d periods after it where fewer than %d other teams can be compared with, "
						"there are %.0f", CD_INTERVENTION_LEAST_ALONE, CD_INTERVENTION_LEAST_CONTROLS, e->periods_after);
	return "not assessed: fewer than two agents seen before and after it, or values that never vary";
}

static bool
is_quick(const CdInterventionStory *s)
{
	return s->effect->periods_to_80 <= (s->series->by_month ? QUICK_MONTHS : QUICK_WEEKS);
}

static bool
variation_falls(const CdIntervention *e)
{
	return e->variation_ratio < 1 && e->variation_p < FALLS_P;
}

/* What the signature of a structural fix lacks; NULL: nothing. */
static const char *
missing_signs(const CdInterventionStory *s)
{
	const CdIntervention *e = s->effect;
	StringInfoData list;

	initStringInfo(&list);
	if (!is_quick(s))
		appendStringInfoString(&list, ", not quick");
	if (!(e->share >= CONSISTENT))
		appendStringInfoString(&list, ", not shown for four agents in five");
	if (!variation_falls(e))
		appendStringInfoString(&list, ", variation between agents not shown to fall");
	if (e->recurrence == CD_RECURRENCE_RECURRED)
		appendStringInfoString(&list, ", and it came back");
	return list.len == 0 ? NULL : list.data + 2;
}

/* The signature and its reason. */
static const char *
signature(const CdInterventionStory *s, const char **reason)
{
	const CdIntervention *e = s->effect;
	const char *missing;

	if (e->comparison == CD_COMPARISON_NONE)
		*reason = why_not(s);
	else if (s->high <= 0)
		return *reason = "no improvement: it is worse than before", "none";
	else if (s->high < s->smallest_effect)
		return *reason = "no improvement worth having", "none";
	else if (!(e->low > 0))
		*reason = isnan(s->smallest_effect)
			? "the interval covers zero, and no smallest effect says what would be too little"
			: "the interval covers zero and improvements worth having";
	else if (s->retargeted)
		*reason = "improved, but the target changed at the same time: the two cannot be told apart";
	else if (e->comparison == CD_COMPARISON_PAST && e->placebos >= PLACEBOS && e->placebo_p > PLACEBO_P)
		*reason = "improved, but as large a change shows at earlier dates too, and there is no team to compare with";
	else if ((missing = missing_signs(s)) != NULL)
		return *reason = psprintf("improved; %s", missing), "partial";
	else
		return *reason = "quick, consistent over agents, and variation between them fell", "structural_fix";
	return "cannot_tell";
}

/* The reason, with what else the reader should know. */
static const char *
with_notes(const CdIntervention *e, const char *reason)
{
	StringInfoData text;

	if (e->comparison == CD_COMPARISON_NONE)
		return reason;
	initStringInfo(&text);
	appendStringInfoString(&text, reason);
	if (e->comparison == CD_COMPARISON_PAST)
		appendStringInfoString(&text, "; no team to compare with: held against its own level and trend");
	if (e->sessions_after > 1.5 * e->sessions_before && e->sessions_after - e->sessions_before > 0.05)
		appendStringInfo(&text, "; coaching rose at the same time, from %.2f to %.2f sessions per agent and period",
						 e->sessions_before, e->sessions_after);
	return text.data;
}

const char *
cd_intervention_signature(const CdInterventionStory *s, const char **reason)
{
	const char *name = signature(s, reason);

	*reason = with_notes(s->effect, *reason);
	return name;
}

const char *
cd_recurrence_name(const CdIntervention *e)
{
	if (!(e->low > 0))
		return NULL;
	if (e->recurrence == CD_RECURRENCE_HELD)
		return "held";
	return e->recurrence == CD_RECURRENCE_RECURRED ? "recurred" : "cannot_tell";
}

const char *
cd_comparison_name(CdComparison comparison)
{
	switch (comparison)
	{
		case CD_COMPARISON_TEAMS:
			return "teams";
		case CD_COMPARISON_DIFFERENCE:
			return "difference";
		case CD_COMPARISON_PAST:
			return "past";
		case CD_COMPARISON_NONE:
			break;
	}
	return NULL;
}
