/*
 * structural.c: the verdict on a gap, by the first rule that holds.
 */
#include <math.h>

#include "stats/structural_model.h"

#define P_IN_TYPES 0.85			/* of verdicts by contact types */
#define P_STRUCTURAL 0.75		/* of those short of the other rules */
#define P_BEHAVIOURAL 0.25
#define P_BEHAVIOURAL_UNTRIED 0.2
#define WAITING_TELLS 1.0		/* logit from which waiting alone can tell, though nobody was coached */
#define MIXED_SPREAD 2.0		/* what spread weighs, beside the gap that types leave, for a gap to be of both kinds */
#define MIXED_LEFT 1.0			/* smallest effects of gap left, at most, that count */
#define MIXED 3.3
#define MIXED_WORKS 2.5			/* where coaching works, which it can't on a type that everybody is short in */
#define LEFT_OVER 0.3			/* smallest effects left, from which there is a gap beside the types'; short of that agents are to */
#define DIFFER 0.6				/* differ by so much of the gap */
#define SHOWN 0.5				/* smallest effects of gap; less is none that is shown */

/* Part of what a session about this metric moves that is left in the mean of all, others' included. */
static double
on_topic(const CdCoachingEvidence *c)
{
	return 1.0 - c->other_metric;
}

/* What coaching says by sessions enough of this team's own that were about this metric, as far as is known: of one such session. */
static CdCoachingEvidence
telling(const CdCoachingEvidence *c)
{
	CdCoachingEvidence each = *c;

	if (!(c->sessions >= cd_fewest_sessions(c)))
		return (CdCoachingEvidence) {.effect = NAN, .low = NAN, .high = NAN};
	each.effect /= on_topic(c);
	each.low /= on_topic(c);
	each.high /= on_topic(c);
	each.own /= on_topic(c);
	each.own_se /= on_topic(c);
	each.own_doubt /= on_topic(c);
	return each;
}

/* The part of the gap that contact types to blame carry; NaN: none are. */
static double
type_share(const CdTest *t)
{
	return t->state == CD_STATE_STRUCTURAL ? t->estimate : NAN;
}

/* Beside contact types to blame: is there a gap left, or do agents differ by much of it, and do both come to much? */
static bool
also_behavioural(const CdStructuralInput *in, double margin, const CdTest *types, double beside, bool works)
{
	const CdGapDispersion *d = in->settled;
	double		sd = cd_beyond_usual(isnan(beside) ? d->between_sd : fmin(beside, d->between_sd), in->usual_spread, margin);
	double		left = fmin(fmax(d->mean_gap * (1.0 - types->estimate), 0.0), MIXED_LEFT * margin);
	bool		differ = sd > DIFFER * fmax(d->mean_gap, margin);

	return (left > LEFT_OVER * margin || differ)
		&& MIXED_SPREAD * sd + left > (works ? MIXED_WORKS : MIXED) * margin;
}

/* Has anything been seen but how the agents differ? */
static bool
was_tried(const CdStructuralInput *in, const CdEffectEvidence *effect)
{
	bool		coached = effect->known && (effect->works > effect->idle || !cd_coach_may_be_why(&in->coaching));

	return coached || cd_waiting_score(&in->waiting) > WAITING_TELLS;
}

/* Does most of what is no gap of the agents' come of the contact types? */
static bool
is_mix(const CdStructuralInput *in, double margin)
{
	return in->mix > margin / 2.0 && in->mix > (in->whole->mean_gap - in->settled->mean_gap) / 2.0;
}

/* That most gaps are the agents' is not said of one about which nothing else is known. */
static bool
decided_by_something(const CdStructural *s)
{
	for (int e = 0; e < CD_EVIDENCES; e++)
		if (s->decided[e])
			return true;
	return false;
}

/*
 * Half of the interval of these very agents' mean, from a half over agents such as these, whose true differences are
 * part of it: who works here is known.
 */
static double
half_of_these(double half, double mix_se, double i_squared)
{
	double		mix = fmin(1.96 * mix_se, half);

	return sqrt((half * half - mix * mix) * (1.0 - i_squared) + mix * mix);
}

/* Surely no gap worth acting on of these very agents, and hardly any shown: where some lack a skill, it may be more than half. */
static bool
none_of_these(const CdStructuralInput *in, double margin)
{
	const CdGapDispersion *d = in->settled;
	double		half = half_of_these(d->mean_high - d->mean_gap, in->mix_se, d->i_squared);

	return d->mean_gap < SHOWN * margin && d->mean_gap + half <= margin;
}

/* Surely above zero for these very agents; the plain gap's interval allows for no mix. */
static bool
these_are_short(const CdStructuralInput *in)
{
	const CdGapDispersion *d = in->whole;

	return d->mean_gap - in->mix > hypot(half_of_these(d->mean_gap - d->mean_low, 0.0, d->i_squared), 1.96 * in->mix_se);
}

/* A gap surely worth acting on; one of contact types to blame is from half a smallest effect on: it lies in a part of the work. */
static bool
surely_short(const CdStructuralInput *in, double margin, bool types_to_blame)
{
	const CdGapDispersion *d = in->whole;

	return d->mean_low > margin
		|| (types_to_blame && d->mean_low - in->mix > 0.0 && d->mean_gap - in->mix >= SHOWN * margin);
}

/* A gap worth acting on that there is now, whatever the whole time shows: opened at once, or shown by the last quarter. */
static bool
grew_lately(const CdStructuralInput *in, double margin)
{
	const CdLately *l = &in->lately;

	return (cd_changed_midway(&in->shift, margin) && in->shift.after > in->shift.before && l->since > margin)
		|| (l->quarter.mean > margin && l->quarter.low > SHOWN * margin) || l->rise > margin;
}

static bool
fell_slowly(const CdLately *l, double margin)
{
	double		fall = l->first.mean - l->quarter.mean;

	return fall > margin && fall > hypot(l->first.mean - l->first.low, l->quarter.high - l->quarter.mean);
}

/*
 * Is it surely not worth acting on any more? Where agents differ, a mean that is none may still hide who is short; and one that
 * is behavioural may be small for as long as there is coaching.
 */
static bool
closed_slowly(const CdStructuralInput *in, double margin, const CdStructural *s)
{
	return s->fell && in->lately.quarter.high <= margin && s->p > P_BEHAVIOURAL
		&& s->test[CD_TEST_CONSISTENT].state != CD_STATE_BEHAVIOURAL;
}

/* Below half a smallest effect. */
static CdRule
rule_of_a_small_gap(const CdStructuralInput *in, double margin)
{
	if (!none_of_these(in, margin))
		return CD_RULE_NONE_SHOWN;
	if (!surely_short(in, margin, false))
		return CD_RULE_NO_GAP;
	return is_mix(in, margin) ? CD_RULE_MIX : CD_RULE_NONE_SHOWN;
}

/* The first rule that holds. */
static CdRule
first_rule(const CdStructuralInput *in, double margin, const CdEffectEvidence *effect, const CdStructural *s)
{
	const CdGapDispersion *d = in->whole;
	const CdTest *types = &s->test[CD_TEST_TYPE];
	bool		in_types = types->state == CD_STATE_STRUCTURAL;
	bool		surely = in_types && s->p >= P_IN_TYPES;
	bool		tried = was_tried(in, effect);
	bool		none = in->settled->mean_high <= margin;
	bool		grew = grew_lately(in, margin);

	/* New hires' learning is no gap by itself, unless they are so many that the team is surely short. */
	if (none && !grew && !surely_short(in, margin, surely))
		return CD_RULE_NO_GAP;
	if (none && !grew && is_mix(in, margin))
		return CD_RULE_MIX;
	if (in_types && (surely || !s->untold) && also_behavioural(in, margin, types, s->beside, s->p < 0.5))
		return CD_RULE_TYPES_AND_AGENTS;
	if (surely)
		return CD_RULE_TYPES;
	if (closed_slowly(in, margin, s))
		return CD_RULE_CLOSED;
	if (s->present > 2.0 && s->p >= 0.5 && s->test[CD_TEST_COACHING].state != CD_STATE_BEHAVIOURAL)
		return CD_RULE_SIGNS;
	if (grew && (none || d->mean_gap - in->mix < SHOWN * margin))
		return CD_RULE_GREW;
	if (d->mean_gap - in->mix < SHOWN * margin)
		return rule_of_a_small_gap(in, margin);
	if (s->p >= P_STRUCTURAL && !(d->mean_low - in->mix > 0.0))
		return CD_RULE_GAP_VAGUE;
	if (s->p >= P_STRUCTURAL)
		return tried ? CD_RULE_STRUCTURAL : CD_RULE_UNTRIED;
	if (s->p <= P_BEHAVIOURAL && decided_by_something(s) && !these_are_short(in))
		return CD_RULE_GAP_VAGUE;
	if (s->p <= P_BEHAVIOURAL && decided_by_something(s))
		return tried || s->p <= P_BEHAVIOURAL_UNTRIED ? CD_RULE_BEHAVIOURAL : CD_RULE_UNTRIED;
	return CD_RULE_OPEN;
}

/* The default verdict. */
static CdVerdict
verdict_by(CdRule rule)
{
	switch (rule)
	{
		case CD_RULE_NO_GAP:
		case CD_RULE_CLOSED:
			return CD_VERDICT_NO_GAP;
		case CD_RULE_TYPES_AND_AGENTS:
			return CD_VERDICT_MIXED;
		case CD_RULE_MIX:
		case CD_RULE_TYPES:
		case CD_RULE_SIGNS:
		case CD_RULE_STRUCTURAL:
			return CD_VERDICT_STRUCTURAL;
		case CD_RULE_BEHAVIOURAL:
			return CD_VERDICT_BEHAVIOURAL;
		default:
			return CD_VERDICT_CANNOT_TELL;
	}
}

/* Weeks until the gap, were it to stay as it is, is surely no more than the smallest effect, for these agents where that is enough. */
static double
weeks_to_show_none(const CdStructuralInput *in, double margin)
{
	const CdGapDispersion *d = in->settled;

	double		half = d->mean_high - d->mean_gap;
	double		enough = margin - d->mean_gap;
	double		growth = d->mean_gap < SHOWN * margin ? cd_growth(half_of_these(half, in->mix_se, d->i_squared), enough)
		: cd_growth_of_weeks(half, enough, d->i_squared);

	return cd_more(in->weeks, growth, CD_TEST_MAX_WEEKS);
}

size_t
cd_structural_size(size_t n_gaps, size_t types)
{
	return cd_arena_sum(cd_arena_bytes(types, sizeof(CdTypeSum)), cd_type_test_size(n_gaps, types));
}

/* The smallest effect; where none is given a fifth of the standard deviation of agents' periods (Cohen 1988: small). */
static double
smallest_worth_having(const CdStructuralInput *in)
{
	const CdGapDispersion *d = in->whole;
	double		noise = isnan(d->within_sd) ? 0.0 : d->within_sd * d->within_sd / in->period_weight;
	double		between = isnan(d->between_sd) ? 0.0 : d->between_sd * d->between_sd;

	return isnan(in->smallest_effect) ? 0.2 * sqrt(noise + between) : in->smallest_effect;
}

CdStatus
cd_structural(const CdStructuralInput *in, CdArena *arena, CdStructural *out)
{
	double		margin = smallest_worth_having(in);
	CdCoachingEvidence coaching = telling(&in->coaching);
	CdSpread	spread;
	CdKnown		known;
	CdTest	   *test = out->test;
	CdStatus	status;

	out->type = cd_arena_take(arena, in->types, sizeof(CdTypeSum));
	if (out->type == NULL)
		return CD_NOMEM;
	out->beside = NAN;
	status = cd_type_test(in, margin, out->type, arena, &test[CD_TEST_TYPE], &out->beside);
	if (status == CD_OK)
		status = cd_consistent_test(in, margin, type_share(&test[CD_TEST_TYPE]), &test[CD_TEST_CONSISTENT]);
	if (status != CD_OK)
		return status;
	test[CD_TEST_COACHING] = cd_coaching_test(in, margin * on_topic(&in->coaching));
	test[CD_TEST_EXPERIENCED] = cd_experienced_test(in);
	test[CD_TEST_DECIDE] = cd_decide_test(&in->waiting);

	out->present = 0.0;
	for (int i = 0; i < CD_TESTS; i++)
		out->present += i != CD_TEST_DECIDE && test[i].state == CD_STATE_STRUCTURAL;
	out->untold = test[CD_TEST_EXPERIENCED].n < 3.0 && in->new_share > 0.5;
	spread = (CdSpread) {
		test[CD_TEST_CONSISTENT].estimate, test[CD_TEST_CONSISTENT].high, in->settled->mean_gap, in->usual_spread / margin
	};
	known = cd_what_is_known(&spread, type_share(&test[CD_TEST_TYPE]), &coaching, margin, &in->waiting, out->untold);
	out->p = cd_known_probability(&known);
	cd_what_decided(&known, out->p > 0.5 ? 1.0 : -1.0, out->decided);
	out->fell = fell_slowly(&in->lately, margin);
	out->rule = first_rule(in, margin, &known.effect, out);
	out->verdict = verdict_by(out->rule);
	out->more_weeks = out->rule == CD_RULE_NONE_SHOWN ? weeks_to_show_none(in, margin) : NAN;
	if (out->verdict == CD_VERDICT_NO_GAP)
		out->p = NAN;
	if (out->rule == CD_RULE_MIX)
		out->p = 1.0 - CD_STRUCTURAL_DOUBT;
	out->changed = cd_changed_midway(&in->shift, margin);
	return CD_OK;
}
