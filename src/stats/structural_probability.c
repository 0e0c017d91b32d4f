/*
 * structural_probability.c: how likely a gap is to be structural, by Bayes' rule over a few stories. Coefficients
 * were fitted to simulated centres, see doc/validity.md.
 */
#include <math.h>

#include "stats/structural_model.h"

/*
 * The stories: logarithm of the agents' spread over the geometric mean of gap and smallest effect, effect of
 * coaching in smallest effects, and how often each is met.
 */
#define SPREAD_FLOOR 0.1
#define SPREAD_ERROR 0.3		/* where no interval is given */
#define SPREAD_ALIKE -1.0
#define SPREAD_ALIKE_SD 0.34
#define SPREAD_APART 0.9
#define SPREAD_APART_SD 0.27
#define ORDINARY_SPREAD 1.5	/* smallest effects, between agents of teams on target, up to which the stories hold as fitted */
#define USUAL_GAP 2.0			/* smallest effects; where it isn't given */
#define EFFECT_IDLE -0.13
#define EFFECT_IDLE_SD 0.06
#define EFFECT_WORKS 1.0
#define EFFECT_WORKS_SD 0.28
#define PRIOR_STRUCTURAL 0.27
#define PRIOR_SKILL 0.155		/* of behavioural gaps: everybody lacks the skill alike */
#define PRIOR_WORKS 0.58		/* of the others: coaching works */
#define TYPE_SCORE 4.2			/* logit, where types carry half of the gap or more, and coaching doesn't work */
#define TELLS 0.2				/* logit; evidence that moved the probability by less did not decide */

/* For the effect of coaching, which other teams tell about: how often agents are alike where it works, and where it does nothing. */
#define WORKS_ALIKE 0.2
#define IDLE_ALIKE 0.6
#define ON_TARGET 0.3			/* odds that it works where the gap is none, over those where it is a smallest effect and more */

/*
 * Waiting, the share of the gap that it makes: of the structural gaps it is the cause of more than half,
 * of the others an accident. See doc/constraints.md.
 */
#define WAITS 0.8
#define DECIDES 0.05
#define WAITING_SD 0.2
#define WAITING_STRUCTURAL 0.6
#define WAITING_BEHAVIOURAL 0.06

static double
clamp(double x, double low, double high)
{
	return fmax(low, fmin(high, x));
}

/* Of a score with an error of its own; 1 where it is missing. */
static double
likelihood(double x, double se, double mean, double sd)
{
	double		total = sqrt(sd * sd + se * se);

	return isnan(x) ? 1.0 : exp(-0.5 * (x - mean) * (x - mean) / (total * total)) / total;
}

/* What teams on target have of a variance between agents beyond what is ordinary. */
static double
excess(double usual, double margin)
{
	double		ordinary = ORDINARY_SPREAD * margin;

	return isfinite(usual) && usual > ordinary ? usual * usual - ordinary * ordinary : 0.0;
}

double
cd_beyond_usual(double sd, double usual, double margin)
{
	return isnan(sd) ? NAN : sqrt(fmax(sd * sd - excess(usual, margin), 0.0));
}

/* How likely a spread as estimated would be of agents who are alike, and of some who can and some who can't. */
typedef struct SpreadEvidence
{
	double		alike;
	double		differ;
} SpreadEvidence;

/* Where agents differ by nature more than is ordinary, they do in both stories. */
static double
with_usual(double story, double excess)
{
	return 0.5 * log(exp(2.0 * story) + excess);
}

/* By the logarithm of the spread over the mean of gap and smallest effect; its standard error from the upper end. */
static SpreadEvidence
spread_evidence(const CdSpread *spread, double smallest_effect)
{
	double		ratio = log(fmax(spread->estimate, SPREAD_FLOOR));
	double		se = isnan(spread->high) ? SPREAD_ERROR : clamp((log(fmax(spread->high, SPREAD_FLOOR)) - ratio) / 1.96, 0.05, 1.5);
	double		given = spread->gap / smallest_effect;
	double		gap = isfinite(given) ? fmax(given, 1.0) : USUAL_GAP;
	double		natural = excess(spread->usual, 1.0) / gap;
	double		alike = with_usual(SPREAD_ALIKE, natural);
	double		differ = with_usual(SPREAD_APART, natural);
	double		apart = isnan(spread->estimate) ? NAN : clamp(ratio + 0.5 * log(gap), alike, differ);

	return (SpreadEvidence) {likelihood(apart, se, alike, SPREAD_ALIKE_SD), likelihood(apart, se, differ, SPREAD_APART_SD)};
}

static CdEffectEvidence
effect_evidence(const CdCoachingEvidence *coaching, double smallest_effect)
{
	bool		own = coaching->own_se > 0.0;
	double		se = (own ? hypot(coaching->own_se, coaching->own_doubt) : (coaching->high - coaching->low) / 3.92) / smallest_effect;
	double		effect = (own ? coaching->own : coaching->effect) / smallest_effect;
	double		idle = likelihood(fmax(effect, EFFECT_IDLE), se, EFFECT_IDLE, EFFECT_IDLE_SD);
	double		works = likelihood(fmin(effect, EFFECT_WORKS), se, EFFECT_WORKS, EFFECT_WORKS_SD);

	if (!(se > 0.0 && isfinite(se)) || isnan(effect))
		return (CdEffectEvidence) {false, 1.0, 1.0};
	return (CdEffectEvidence) {true, idle, works + coaching->idle_coach * fmax(idle - works, 0.0)};
}

/*
 * Bayes' rule over three stories: everybody is held back alike and coaching does nothing (structural);
 * everybody lacks a skill alike and coaching works; some can and some can't, and coaching works or not.
 * Logit; half of it where nobody was coached: that agents differ says little by itself.
 */
static double
rest_score(const CdSpread *spread, const CdEffectEvidence *effect, double smallest_effect)
{
	SpreadEvidence found = spread_evidence(spread, smallest_effect);
	double		structural = PRIOR_STRUCTURAL * found.alike * effect->idle;
	double		behavioural = (1.0 - PRIOR_STRUCTURAL)
		* (PRIOR_SKILL * found.alike * effect->works
		   + (1.0 - PRIOR_SKILL) * found.differ * (PRIOR_WORKS * effect->works + (1.0 - PRIOR_WORKS) * effect->idle));

	return log(structural / behavioural) / (effect->known ? 1.0 : 2.0);
}

/* Types that everybody is short in speak for the process; coaching that works says that a skill for them is lacking. */
static double
type_score(const CdEffectEvidence *effect)
{
	return TYPE_SCORE - fmax(log(effect->works / effect->idle), 0.0);
}

double
cd_waiting_score(const CdWaitingEvidence *w)
{
	double		se = (w->high - w->low) / 3.92;
	double		waits = likelihood(w->share, se, WAITS, WAITING_SD);
	double		decides = likelihood(w->share, se, DECIDES, WAITING_SD);

	if (isnan(w->share) || isnan(se))
		return 0.0;
	return log((WAITING_STRUCTURAL * waits + (1.0 - WAITING_STRUCTURAL) * decides)
			   / (WAITING_BEHAVIOURAL * waits + (1.0 - WAITING_BEHAVIOURAL) * decides));
}

static const CdSpread no_spread = {NAN, NAN, NAN, NAN};
static const CdWaitingEvidence no_waiting = {NAN, NAN, NAN};

/* Where nobody has been there for long, being alike may come of learning. */
CdKnown
cd_what_is_known(const CdSpread *spread, double type_share, const CdCoachingEvidence *coaching,
				 double smallest_effect, const CdWaitingEvidence *waiting, bool untold)
{
	return (CdKnown) {
		untold ? no_spread : *spread, type_share, effect_evidence(coaching, smallest_effect), *waiting, smallest_effect, untold
	};
}

static double
structural_score(const CdKnown *k)
{
	double		type = isnan(k->type_share) ? 0.0 : clamp(k->type_share / 0.5, 0.0, 1.0);
	double		rest = rest_score(&k->spread, &k->effect, k->smallest_effect);

	return rest + type * fmax(type_score(&k->effect) - rest, 0.0) + cd_waiting_score(&k->waiting);
}

double
cd_works_odds(const CdSpread *spread, double smallest_effect)
{
	SpreadEvidence found = spread_evidence(spread, smallest_effect);
	double		works = WORKS_ALIKE * found.alike + (1.0 - WORKS_ALIKE) * found.differ;
	double		idle = IDLE_ALIKE * found.alike + (1.0 - IDLE_ALIKE) * found.differ;
	double		on_target = clamp(1.0 - spread->gap / smallest_effect, 0.0, 1.0);

	if (isnan(spread->gap))
		return NAN;
	return works / idle * (1.0 - (1.0 - ON_TARGET) * on_target);
}

double
cd_known_probability(const CdKnown *known)
{
	double		score = structural_score(known) / (known->untold ? 2.0 : 1.0);

	return CD_STRUCTURAL_DOUBT + (1.0 - 2.0 * CD_STRUCTURAL_DOUBT) / (1.0 + exp(-score));
}

double
cd_structural_probability(const CdSpread *spread, double type_share, const CdCoachingEvidence *coaching,
						  double smallest_effect, const CdWaitingEvidence *waiting, bool untold)
{
	CdKnown		known = cd_what_is_known(spread, type_share, coaching, smallest_effect, waiting, untold);

	return cd_known_probability(&known);
}

/* By how much the score is higher with a piece of evidence than without. */
static double
moved_by(const CdKnown *known, CdEvidence which)
{
	CdKnown		rest = *known;

	if (which == CD_EVIDENCE_SPREAD)
		rest.spread = no_spread;
	else if (which == CD_EVIDENCE_TYPES)
		rest.type_share = NAN;
	else if (which == CD_EVIDENCE_COACHING)
		rest.effect.idle = rest.effect.works = 1.0;
	else
		rest.waiting = no_waiting;
	return structural_score(known) - structural_score(&rest);
}

void
cd_what_decided(const CdKnown *known, double direction, bool *decided)
{
	double		moved[CD_EVIDENCES];
	double		furthest = 0.0;

	for (int e = 0; e < CD_EVIDENCES; e++)
	{
		moved[e] = direction * moved_by(known, e);
		furthest = fmax(furthest, moved[e]);
	}
	for (int e = 0; e < CD_EVIDENCES; e++)
		decided[e] = moved[e] >= fmax(TELLS, furthest / 2.0);
}
