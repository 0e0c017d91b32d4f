/*
 * structural.c: the five tests of a structural gap, the verdict and its probability. Thresholds and
 * coefficients were set on simulated centres, see doc/verdict.md and doc/validity.md.
 */
#include <math.h>
#include <stdlib.h>

#include "stats/heterogeneity.h"
#include "stats/solve.h"
#include "stats/structural.h"

#define LEVEL 0.95
#define MAX_WEEKS 52.0			/* waiting longer is no advice */
#define MAX_SESSIONS 12.0		/* for one agent */
#define MAX_GROWTH 2.0			/* of a team */
#define ALIKE 0.6				/* spread over gap: below, everybody is short */
#define DIFFERENT 0.75			/* above, some reach the target */
#define SHARED_EXCESS 0.5		/* spread of what types add over its mean: below, they add it for everybody */
#define EXCESS_AGENTS 4			/* fewer don't show whether they do */

/*
 * The stories behind p_structural: logarithm of the agents' spread over the geometric mean of gap and
 * smallest effect, effect of coaching in smallest effects, and how often each is met. Fitted to
 * simulated centres, see doc/validity.md.
 */
#define SPREAD_FLOOR 0.1
#define SPREAD_ERROR 0.3		/* where no interval is given */
#define SPREAD_ALIKE -0.85
#define SPREAD_ALIKE_SD 0.39
#define SPREAD_APART 0.78
#define SPREAD_APART_SD 0.32
#define USUAL_GAP 2.0			/* smallest effects; where it isn't given */
#define EFFECT_IDLE -0.24
#define EFFECT_IDLE_SD 0.15
#define EFFECT_WORKS 0.76
#define EFFECT_WORKS_SD 0.17
#define PRIOR_STRUCTURAL 0.28
#define PRIOR_SKILL 0.25		/* of behavioural gaps: everybody lacks the skill alike */
#define PRIOR_WORKS 0.44		/* of the others: coaching works */
#define TYPE_SCORE 3.5			/* logit, where types carry half of the gap or more, and coaching doesn't work */
#define DOUBT 0.01				/* none of the stories may be true */

/*
 * Waiting, the share of the gap that it makes: of the structural gaps it is the cause of more than half,
 * of the others an accident. See doc/constraints.md.
 */
#define WAITS 0.8
#define DECIDES 0.05
#define WAITING_SD 0.2
#define WAITING_STRUCTURAL 0.6
#define WAITING_BEHAVIOURAL 0.06
#define WAITING_TELLS 1.0		/* logit from which waiting alone can tell, though nobody was coached */

#define P_IN_TYPES 0.75			/* of verdicts by contact types */
#define P_STRUCTURAL 0.65		/* of those short of the other rules */
#define P_BEHAVIOURAL 0.35
#define P_BEHAVIOURAL_UNTRIED 0.25
#define MIXED_SPREAD 2.0		/* what spread weighs, beside the gap that types leave, for a gap to be of both kinds */
#define MIXED_LEFT 1.0			/* smallest effects of gap left, at most, that count */
#define MIXED 3.3
#define MIXED_WORKS 2.5			/* where coaching works, which it can't on a type that everybody is short in */
#define LEFT_OVER 0.3			/* smallest effects left, from which there is a gap beside the types'; short of that agents are to */
#define TELLS 0.2				/* logit; evidence that moved p_structural by less did not decide */
#define DIFFER 0.6				/* differ by so much of the gap */
#define COACH_MAY_BE_WHY 0.5	/* probability of idle coaches from which idle sessions are no sign */
#define FEWEST_SESSIONS 10.0	/* fewer tell nothing, whatever their interval says: most of it is other teams' */

/* A test before it is known. */
static CdTest
unknown(CdReason reason, double n)
{
	return (CdTest) {CD_STATE_UNKNOWN, reason, NAN, NAN, NAN, n, NAN, NAN, NAN};
}

static void
settle(CdTest *t, CdTestState state, CdReason reason)
{
	t->state = state;
	t->reason = reason;
}

/* The smaller of two growths of the data, each NaN or infinite when it would not do. */
static double
cheaper(double a, double b)
{
	return isnan(a) ? b : isnan(b) ? a : fmin(a, b);
}

/* About as many more of what there are n of now, were they to grow by a factor. */
static double
more(double n, double growth, double limit)
{
	double		missing = ceil(n * (growth - 1.0));

	return growth > 1.0 && missing <= limit ? fmax(missing, 1.0) : NAN;
}

/* Growth of the data that would narrow an interval's half from `half` to `enough`. */
static double
growth(double half, double enough)
{
	return enough > 0.0 ? half * half / (enough * enough) : NAN;
}

/*
 * The same for the mean over agents, more weeks of the same agents: only noise shrinks, and
 * i_squared is the part of the variance that is not noise.
 */
static double
growth_of_weeks(double half, double enough, double i_squared)
{
	double		left = enough * enough / (half * half) - i_squared;

	return enough > 0.0 && left > 0.0 ? (1.0 - i_squared) / left : NAN;
}

/* Weeks, or else agents, until the half of a mean's interval is `enough`. */
static void
narrow_mean(CdTest *t, const CdGapDispersion *d, double enough, double weeks)
{
	double		half = d->mean_gap - d->mean_low;

	t->more_weeks = more(weeks, growth_of_weeks(half, enough, d->i_squared), MAX_WEEKS);
	if (isnan(t->more_weeks))
		t->more_agents = more(d->agents, growth(half, enough), (MAX_GROWTH - 1.0) * d->agents);
}

/* Growth of the weeks at which a spread as estimated would show (F of agents, upper 2.5 %). */
static CdStatus
growth_to_show_spread(const CdGapDispersion *d, double *factor)
{
	double		limit;
	CdStatus	status;

	*factor = NAN;
	if (!(d->f > 1.0) || d->observations <= d->agents)
		return CD_OK;
	status = cd_f_quantile(0.5 * (1.0 + LEVEL), d->agents - 1.0, d->observations - d->agents, &limit);
	if (status == CD_OK)
		*factor = (limit - 1.0) / (d->f - 1.0);
	return status;
}

/* Why the spread is not known well enough, and what would help. */
static CdStatus
spread_not_known(CdTest *t, const CdGapDispersion *d, double enough_spread, double weeks)
{
	double		factor = NAN;
	CdStatus	status = CD_OK;

	t->reason = CD_REASON_SPREAD_VAGUE;
	if (t->estimate < ALIKE)
		narrow_mean(t, d, d->mean_gap, weeks);
	else if (d->between_low > 0.0 || !(d->between_sd > enough_spread))
		t->reason = CD_REASON_SPREAD_BORDER;
	else
	{
		status = growth_to_show_spread(d, &factor);
		t->more_weeks = more(weeks, factor, MAX_WEEKS);
	}
	return status;
}

/* Spread against gap: do the agents share it, contact types (NaN: none) not held against them? */
static CdStatus
consistent_test(const CdStructuralInput *in, double margin, double type_share, CdTest *out)
{
	const CdGapDispersion *d = in->settled;
	double		gap = fmax(d->mean_gap, margin);
	double		left_over = d->mean_gap * (1.0 - (isnan(type_share) ? 0.0 : type_share));
	double		own = left_over > margin ? left_over : gap;
	double		unit = gap == 0.0 ? NAN : gap;
	double		enough_spread = fmax(margin, DIFFERENT * own);
	CdTest		t = unknown(CD_REASON_NO_SPREAD, d->agents);

	t.estimate = d->between_sd / unit;
	t.low = d->between_low / unit;
	t.high = d->between_high / unit;
	*out = t;
	if (isnan(d->mean_low) || isnan(d->between_sd))
		return CD_OK;
	if (d->mean_high <= margin && in->whole->share_high < 0.5)
		out->reason = CD_REASON_NOTHING_TO_EXPLAIN;
	else if (d->agents < 5.0)
	{
		out->reason = CD_REASON_FEW_AGENTS;
		out->more_agents = 5.0 - d->agents;
	}
	else if (d->between_low > 0.0 && d->between_sd > enough_spread)
		settle(out, CD_STATE_BEHAVIOURAL, CD_REASON_DIFFER);
	else if (d->mean_low > 0.0 && t.estimate < ALIKE)
		settle(out, CD_STATE_STRUCTURAL, CD_REASON_ALIKE);
	else
		return spread_not_known(out, d, enough_spread, in->weeks);
	return CD_OK;
}

/* Half of the interval at which an effect as estimated would count as nothing or as something. */
static double
telling_half(double effect, double unit)
{
	double		idle = effect < 0.15 * unit ? 0.75 * unit - effect : 0.4 * unit - effect;
	double		moves = effect > 0.4 * unit ? effect + 0.1 * unit : effect > 0.25 * unit ? effect : 0.0;

	return fmax(idle, moves);
}

/*
 * Sessions that would show whether one is worth having: the half of the interval of the mean over
 * four periods is to be 0.6 of the smallest effect. On simulated teams its standard error comes to
 * 1.46 to 1.52 times the noise of four periods' mean over the root of the sessions. At least three
 * for each of two agents.
 */
static void
sessions_to_begin_with(CdTest *t, const CdStructuralInput *in, double unit)
{
	double		noise = in->whole->within_sd * in->whole->within_sd / in->period_weight;
	double		enough = 0.6 * unit / 1.96 / 1.5;
	double		sessions = fmax(6.0, ceil(noise / 4.0 / (enough * enough)));
	double		half_of_team = floor(in->whole->agents / 2.0);

	if (!(sessions <= MAX_SESSIONS * half_of_team))
		return;
	t->more_agents = fmin(half_of_team, ceil(sessions / 3.0));
	t->more_sessions = t->more_agents * ceil(sessions / t->more_agents);
}

/* More likely than not these coaches' sessions would have moved nothing, whatever the gap. */
static bool
coach_may_be_why(const CdCoachingEvidence *c)
{
	return c->idle_coach >= COACH_MAY_BE_WHY;
}

/* Several cycles of coaching without result? */
static CdTest
coaching_test(const CdStructuralInput *in, double unit)
{
	const CdCoachingEvidence *c = &in->coaching;
	CdTest		t = unknown(CD_REASON_NO_SESSION, 0.0);

	t.estimate = c->effect;
	t.low = c->low;
	t.high = c->high;
	if (!(c->sessions > 0.0))
	{
		sessions_to_begin_with(&t, in, unit);
		return t;
	}
	t.n = c->sessions;
	if (isnan(c->low))
		t.reason = CD_REASON_NO_COMPARISON;
	else if (!(unit > 0.0))
		t.reason = CD_REASON_NO_SMALLEST_EFFECT;
	else if (c->sessions < 3.0 * c->coached)
	{
		t.reason = CD_REASON_FEW_CYCLES;
		t.more_sessions = ceil(3.0 * c->coached - c->sessions);
		t.more_agents = c->coached;
	}
	else if (c->high < 0.4 * unit || (c->effect < 0.15 * unit && c->high < 0.75 * unit))
	{
		settle(&t, CD_STATE_STRUCTURAL, CD_REASON_IDLE);
		if (coach_may_be_why(c))
		{
			settle(&t, CD_STATE_UNKNOWN, CD_REASON_IDLE_COACH);
			sessions_to_begin_with(&t, in, unit);
		}
	}
	else if ((c->low > 0.0 && c->effect > 0.25 * unit) || (c->effect > 0.4 * unit && c->low > -0.1 * unit))
		settle(&t, CD_STATE_BEHAVIOURAL, CD_REASON_MOVES);
	else
	{
		t.reason = CD_REASON_EFFECT_VAGUE;
		t.more_sessions = more(c->sessions, growth((c->high - c->low) / 2.0, telling_half(c->effect, unit)),
							   MAX_SESSIONS * c->coached);
	}
	return t;
}

/* Do agents with a year of tenure show the same gap? */
static CdTest
experienced_test(const CdStructuralInput *in)
{
	const CdGapDispersion *d = in->experienced;
	double		bar = (in->whole->mean_gap - in->mix) / 2.0;
	CdTest		t = unknown(in->tenure_known ? CD_REASON_ALL_NEW : CD_REASON_NO_TENURE, 0.0);

	if (d != NULL && d->agents > 0.0)
	{
		t.estimate = d->mean_gap;
		t.low = d->mean_low;
		t.high = d->mean_high;
		t.n = d->agents;
		t.reason = CD_REASON_FEW_EXPERIENCED;
	}
	if (t.n < 3.0)
		t.more_weeks = in->weeks_to_experience <= MAX_WEEKS ? in->weeks_to_experience : NAN;
	else if (!(in->whole->mean_low - in->mix > 0.0) || isnan(t.low))
		t.reason = CD_REASON_GAP_VAGUE;
	else if (t.estimate > bar && t.low > 0.0)
		settle(&t, CD_STATE_STRUCTURAL, CD_REASON_EXPERIENCED_TOO);
	else if (t.high < bar)
		settle(&t, CD_STATE_BEHAVIOURAL, CD_REASON_EXPERIENCED_FINE);
	else
	{
		t.reason = CD_REASON_EXPERIENCED_VAGUE;
		narrow_mean(&t, d, t.estimate > bar ? t.estimate : bar - t.estimate, in->weeks);
	}
	return t;
}

/* What the contacts of one agent that are of no suspect type add up to. */
typedef struct Reference
{
	size_t		types;
	double		weight;
	double		sum;
} Reference;

static Reference
agent_reference(const CdTypeGap *gaps, size_t from, size_t to, const CdTypeSum *type)
{
	Reference	r = {0, 0.0, 0.0};

	for (size_t i = from; i < to; i++)
	{
		if (type[gaps[i].type].suspect)
			continue;
		r.types++;
		r.weight += gaps[i].weight;
		r.sum += gaps[i].weight * gaps[i].gap;
	}
	return r;
}

/* Each gap less the mean of the agent's other types that are not suspect, with its weight; 0 where there is none. */
static void
stand_apart(const CdTypeGap *gaps, size_t n, const CdTypeSum *type, double *apart, double *w)
{
	for (size_t from = 0, to; from < n; from = to)
	{
		Reference	r;

		for (to = from + 1; to < n && gaps[to].agent == gaps[from].agent;)
			to++;
		r = agent_reference(gaps, from, to, type);
		for (size_t i = from; i < to; i++)
		{
			bool		in = !type[gaps[i].type].suspect;
			double		weight = r.weight - (in ? gaps[i].weight : 0.0);
			double		sum = r.sum - (in ? gaps[i].weight * gaps[i].gap : 0.0);
			bool		known = r.types > (in ? 1 : 0);

			w[i] = known ? gaps[i].weight * weight / (gaps[i].weight + weight) : 0.0;
			apart[i] = known ? gaps[i].gap - sum / weight : 0.0;
		}
	}
}

/* Means by type. */
static void
sum_types(const CdTypeGap *gaps, size_t n, const double *apart, const double *w, CdTypeSum *type, size_t types)
{
	for (size_t t = 0; t < types; t++)
		type[t] = (CdTypeSum) {.suspect = type[t].suspect, .low = NAN, .high = NAN};
	for (size_t i = 0; i < n; i++)
	{
		CdTypeSum  *t = &type[gaps[i].type];

		t->weight += gaps[i].weight;
		t->gap += (gaps[i].gap - t->gap) * (gaps[i].weight / t->weight);
		if (w[i] <= 0.0)
			continue;
		t->agents += 1.0;
		t->w += w[i];
		t->apart += (apart[i] - t->apart) * (w[i] / t->w);
	}
	for (size_t i = 0; i < n; i++)
	{
		CdTypeSum  *t = &type[gaps[i].type];

		t->w2 += w[i] * w[i] * (apart[i] - t->apart) * (apart[i] - t->apart);
	}
}

/* How far a type's gap lies from the mean of all types, for the same agents. */
typedef struct Place
{
	size_t		type;
	double		weight;
	double		off;
} Place;

static int
by_off(const void *a, const void *b)
{
	const Place *x = a;
	const Place *y = b;

	return x->off != y->off ? (x->off < y->off ? 1 : -1) : (x->type > y->type) - (x->type < y->type);
}

/*
 * Suspect the types above the split that leaves two groups the furthest apart: where several are bad, and
 * they may be most of the contacts, none of them stands apart from a mean that the others belong to.
 */
static void
suspect_types(CdTypeSum *type, size_t types, Place *place)
{
	double		weight = 0.0;
	double		above = 0.0;
	double		sum = 0.0;
	double		total = 0.0;
	double		best = 0.0;
	size_t		split = 0;

	for (size_t t = 0; t < types; t++)
		weight += type[t].weight;
	for (size_t t = 0; t < types; t++)
	{
		place[t] = (Place) {t, type[t].weight, type[t].apart * (1.0 - type[t].weight / weight)};
		total += place[t].weight * place[t].off;
	}
	qsort(place, types, sizeof(Place), by_off);
	for (size_t k = 0; k + 1 < types; k++)
	{
		double		between;

		above += place[k].weight;
		sum += place[k].weight * place[k].off;
		between = (sum - total * above / weight) * (sum - total * above / weight) / (above * (weight - above));
		if (!(between > best))
			continue;
		best = between;
		split = k + 1;
	}
	for (size_t k = 0; k < split; k++)
		type[place[k].type].suspect = true;
}

/* t interval of how far a type stands apart. */
static CdStatus
type_interval(CdTypeSum *t, double mean_gap)
{
	double		se = sqrt(t->w2 * t->agents / (t->agents - 1.0)) / t->w;
	double		multiplier;
	CdStatus	status = cd_t_multiplier(LEVEL, t->agents - 1.0, &multiplier);

	if (status != CD_OK)
		return status;
	se = fmax(se, 1e-9 * mean_gap);
	t->low = t->apart - multiplier * se;
	t->high = t->apart + multiplier * se;
	return CD_OK;
}

/* What the types to blame carry. */
typedef struct Blame
{
	bool		any;
	bool		apart;			/* the others are a fifth of the volume at least */
	bool		alike;			/* surely none stands out by half of the gap */
	double		share;			/* of the gap that would go if they were like the others */
	double		growth;			/* of the data that would tell */
} Blame;

static Blame
blame_types(CdTypeSum *type, size_t types, double margin, double mean_gap)
{
	Blame		b = {false, false, false, NAN, NAN};
	double		bar = fmax(margin, mean_gap / 3.0);
	double		weight = 0.0;
	double		fine = 0.0;
	double		fine_gap = 0.0;
	double		sum = 0.0;
	double		stands = NAN;
	double		falls = 0.0;

	for (size_t t = 0; t < types; t++)
	{
		double		half = (type[t].high - type[t].low) / 2.0;

		type[t].to_blame = type[t].low > bar;
		b.any |= type[t].to_blame;
		weight += type[t].weight;
		if (!type[t].to_blame && type[t].weight > 0.0)
		{
			fine += type[t].weight;
			fine_gap += (type[t].gap - fine_gap) * (type[t].weight / fine);
		}
		if (isnan(half))
			continue;
		stands = cheaper(stands, growth(half, type[t].apart - bar));
		falls = fmax(falls, type[t].apart < fmax(margin, mean_gap / 2.0)
					 ? growth(half, fmax(margin, mean_gap / 2.0) - type[t].apart) : INFINITY);
	}
	b.growth = cheaper(stands, falls);
	b.alike = falls > 0.0 && falls < 1.0;
	b.apart = b.any && fine >= 0.2 * weight && fine > 0.0;
	for (size_t t = 0; t < types; t++)
		if (type[t].to_blame)
			sum += type[t].weight * (type[t].gap - fine_gap);
	if (b.any && fine > 0.0)
		b.share = sum / weight / mean_gap;
	return b;
}

/* Whether the gap opened or closed midway, by at least half of its larger level. */
static bool
changed_midway(const CdShift *shift, double margin)
{
	double		worse = fmax(shift->before, shift->after);
	double		better = fmin(shift->before, shift->after);

	return shift->clear && worse > margin && worse - better > fmax(margin, worse / 2.0);
}

/* An agent's contacts of the other types and of those to blame: weight and mean gap. */
typedef struct Excess
{
	double		weight[2];
	double		gap[2];
} Excess;

static Excess
agent_excess(const CdStructuralInput *in, const CdTypeSum *type, size_t from, size_t *to)
{
	Excess		e = {{0.0, 0.0}, {0.0, 0.0}};
	size_t		i = from;

	for (; i < in->n_gaps && in->gaps[i].agent == in->gaps[from].agent; i++)
	{
		const CdTypeGap *g = &in->gaps[i];
		bool		blamed = type[g->type].to_blame;

		if (!(g->weight > 0.0))
			continue;
		e.weight[blamed] += g->weight;
		e.gap[blamed] += (g->gap - e.gap[blamed]) * (g->weight / e.weight[blamed]);
	}
	*to = i;
	return e;
}

/* Spread of the agents' true values around their mean. y, v: estimates and their variances. */
static CdStatus
spread_of(const double *y, const double *v, size_t n, double *mean, double *sd)
{
	double		sum = 0.0;
	double		precision = 0.0;
	double		tau2;
	CdStatus	status = cd_tau2(y, v, n, CD_TAU2_PM, &tau2);

	if (status != CD_OK)
		return status;
	for (size_t i = 0; i < n; i++)
	{
		sum += y[i] / (v[i] + tau2);
		precision += 1.0 / (v[i] + tau2);
	}
	*mean = sum / precision;
	*sd = sqrt(tau2);
	return CD_OK;
}

/* What agents do with the types to blame and with the others. */
typedef struct Sides
{
	bool		shared;			/* are the types to blame so for everybody? Where agents differ there, some can do them */
	double		beside;			/* spread between agents on the other types; NaN: not known */
} Sides;

/* y, v: scratch by agent. */
static CdStatus
compare_sides(const CdStructuralInput *in, const CdTypeSum *type, double *y, double *v, Sides *out)
{
	double		noise = in->whole->within_sd * in->whole->within_sd;
	double		mean;
	double		sd;
	size_t		n = 0;
	size_t		others = 0;
	CdStatus	status;

	*out = (Sides) {true, NAN};
	for (size_t from = 0, to; from < in->n_gaps; from = to)
	{
		Excess		e = agent_excess(in, type, from, &to);

		if (!(e.weight[0] > 0.0 && e.weight[1] > 0.0))
			continue;
		y[n] = e.gap[1] - e.gap[0];
		v[n++] = noise * (1.0 / e.weight[0] + 1.0 / e.weight[1]);
	}
	if (n < EXCESS_AGENTS || !(noise > 0.0))
		return CD_OK;
	status = spread_of(y, v, n, &mean, &sd);
	if (status != CD_OK)
		return status;
	out->shared = sd < SHARED_EXCESS * mean;
	for (size_t from = 0, to; from < in->n_gaps; from = to)
	{
		Excess		e = agent_excess(in, type, from, &to);

		if (!(e.weight[0] > 0.0))
			continue;
		y[others] = e.gap[0];
		v[others++] = noise / e.weight[0];
	}
	return spread_of(y, v, others, &mean, &out->beside);
}

/* Does the gap sit in some contact types? Each is compared with the agents' own other types. */
static CdStatus
type_test(const CdStructuralInput *in, double margin, CdTypeSum *type, CdArena *arena, CdTest *out, double *beside)
{
	double		mean_gap = in->whole->mean_gap - in->mix;
	double	   *apart = cd_arena_take(arena, in->n_gaps, sizeof(double));
	double	   *w = cd_arena_take(arena, in->n_gaps, sizeof(double));
	Place	   *place = cd_arena_take(arena, in->types, sizeof(Place));
	CdStatus	status = CD_OK;
	Sides		sides = {true, NAN};
	Blame		blame;

	if (apart == NULL || w == NULL || place == NULL)
		return CD_NOMEM;
	for (size_t t = 0; t < in->types; t++)
		type[t] = (CdTypeSum) {.low = NAN, .high = NAN};
	*out = unknown(CD_REASON_ONE_TYPE, (double) in->types);
	if (in->types < 2)
		return CD_OK;
	out->reason = CD_REASON_NO_GAP;
	if (!(mean_gap > 0.0))
		return CD_OK;
	out->reason = CD_REASON_ONE_TARGET;
	if (!in->types_comparable)
		return CD_OK;

	stand_apart(in->gaps, in->n_gaps, type, apart, w);
	sum_types(in->gaps, in->n_gaps, apart, w, type, in->types);
	suspect_types(type, in->types, place);
	stand_apart(in->gaps, in->n_gaps, type, apart, w);
	sum_types(in->gaps, in->n_gaps, apart, w, type, in->types);
	for (size_t t = 0; t < in->types && status == CD_OK; t++)
		if (type[t].agents >= 4.0)
			status = type_interval(&type[t], mean_gap);
	if (status != CD_OK)
		return status;
	blame = blame_types(type, in->types, margin, mean_gap);
	/* where the gap changed midway, agents differ by when they were there */
	if (blame.any && !changed_midway(&in->shift, margin))
		status = compare_sides(in, type, apart, w, &sides);
	*beside = sides.beside;
	if (status != CD_OK)
		return status;
	out->estimate = blame.share;
	if (blame.apart && blame.share >= 0.2)
	{
		if (sides.shared)
			settle(out, CD_STATE_STRUCTURAL, CD_REASON_IN_TYPES);
		else
			settle(out, CD_STATE_BEHAVIOURAL, CD_REASON_TYPES_DIFFER);
		out->estimate = fmin(blame.share, 1.0);
	}
	else if (blame.alike)
	{
		settle(out, CD_STATE_BEHAVIOURAL, CD_REASON_NOT_IN_TYPES);
		out->estimate = isnan(blame.share) ? 0.0 : blame.share;
	}
	else
	{
		out->reason = CD_REASON_TYPES_VAGUE;
		out->more_weeks = more(in->weeks, blame.growth, MAX_WEEKS);
	}
	return CD_OK;
}

/* Does the agent decide or wait? Structural when surely more than half of the gap is waiting. */
static CdTest
decide_test(const CdWaitingEvidence *w)
{
	CdTest		t = unknown(CD_REASON_NO_EVENTS, NAN);

	t.estimate = w->share;
	t.low = w->low;
	t.high = w->high;
	if (isnan(w->low) || isnan(w->high))
		return t;
	t.reason = CD_REASON_WAITING_VAGUE;
	if (w->low > 0.5)
		settle(&t, CD_STATE_STRUCTURAL, CD_REASON_WAITS);
	else if (w->high < 0.5)
		settle(&t, CD_STATE_BEHAVIOURAL, CD_REASON_DECIDES);
	return t;
}

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

/* The logarithm of the spread over the mean of gap and smallest effect, and its standard error from the upper end. */
static double
log_spread(const CdSpread *spread, double smallest_effect, double *se)
{
	double		ratio = log(fmax(spread->estimate, SPREAD_FLOOR));
	double		gap = spread->gap / smallest_effect;

	*se = isnan(spread->high) ? SPREAD_ERROR : clamp((log(fmax(spread->high, SPREAD_FLOOR)) - ratio) / 1.96, 0.05, 1.5);
	if (!isfinite(gap))
		gap = USUAL_GAP;
	return isnan(spread->estimate) ? NAN : clamp(ratio + 0.5 * log(fmax(gap, 1.0)), SPREAD_ALIKE, SPREAD_APART);
}

/*
 * How likely an effect as estimated would be if coaching could do nothing, and if it could; both 1: nothing
 * is known. Where it could, an idle coach brings nothing all the same; sessions that work are nobody's idle ones.
 */
typedef struct EffectEvidence
{
	bool		known;
	double		idle;
	double		works;
} EffectEvidence;

static EffectEvidence
effect_evidence(const CdCoachingEvidence *coaching, double smallest_effect)
{
	double		se = (coaching->high - coaching->low) / 3.92 / smallest_effect;
	double		effect = clamp(coaching->effect / smallest_effect, EFFECT_IDLE, EFFECT_WORKS);
	double		idle = likelihood(effect, se, EFFECT_IDLE, EFFECT_IDLE_SD);
	double		works = likelihood(effect, se, EFFECT_WORKS, EFFECT_WORKS_SD);

	if (!(se > 0.0 && isfinite(se)) || isnan(coaching->effect))
		return (EffectEvidence) {false, 1.0, 1.0};
	return (EffectEvidence) {true, idle, works + coaching->idle_coach * fmax(idle - works, 0.0)};
}

/*
 * Bayes' rule over three stories: everybody is held back alike and coaching does nothing (structural);
 * everybody lacks a skill alike and coaching works; some can and some can't, and coaching works or not.
 * Logit; half of it where nobody was coached: that agents differ says little by itself.
 */
static double
rest_score(const CdSpread *spread, const EffectEvidence *effect, double smallest_effect)
{
	double		se;
	double		apart = log_spread(spread, smallest_effect, &se);
	double		alike = likelihood(apart, se, SPREAD_ALIKE, SPREAD_ALIKE_SD);
	double		differ = likelihood(apart, se, SPREAD_APART, SPREAD_APART_SD);
	double		structural = PRIOR_STRUCTURAL * alike * effect->idle;
	double		behavioural = (1.0 - PRIOR_STRUCTURAL)
		* (PRIOR_SKILL * alike * effect->works
		   + (1.0 - PRIOR_SKILL) * differ * (PRIOR_WORKS * effect->works + (1.0 - PRIOR_WORKS) * effect->idle));

	return log(structural / behavioural) / (effect->known ? 1.0 : 2.0);
}

/* Types that everybody is short in speak for the process; coaching that works says that a skill for them is lacking. */
static double
type_score(const EffectEvidence *effect)
{
	return TYPE_SCORE - fmax(log(effect->works / effect->idle), 0.0);
}

/* What waiting says, as a logit: structural gaps mostly wait, where events are known, the others hardly ever. */
static double
waiting_score(const CdWaitingEvidence *w)
{
	double		se = (w->high - w->low) / 3.92;
	double		waits = likelihood(w->share, se, WAITS, WAITING_SD);
	double		decides = likelihood(w->share, se, DECIDES, WAITING_SD);

	if (isnan(w->share) || isnan(se))
		return 0.0;
	return log((WAITING_STRUCTURAL * waits + (1.0 - WAITING_STRUCTURAL) * decides)
			   / (WAITING_BEHAVIOURAL * waits + (1.0 - WAITING_BEHAVIOURAL) * decides));
}

/* What is known of a gap. */
typedef struct Known
{
	CdSpread	spread;
	double		type_share;
	EffectEvidence effect;
	CdWaitingEvidence waiting;
	double		smallest_effect;
} Known;

static const CdSpread no_spread = {NAN, NAN, NAN};
static const CdWaitingEvidence no_waiting = {NAN, NAN, NAN};

/* Where nobody has been there for long, being alike may come of learning. */
static Known
what_is_known(const CdSpread *spread, double type_share, const CdCoachingEvidence *coaching,
			  double smallest_effect, const CdWaitingEvidence *waiting, bool untold)
{
	return (Known) {
		untold ? no_spread : *spread, type_share, effect_evidence(coaching, smallest_effect), *waiting, smallest_effect
	};
}

static double
structural_score(const Known *k)
{
	double		type = isnan(k->type_share) ? 0.0 : clamp(k->type_share / 0.5, 0.0, 1.0);
	double		rest = rest_score(&k->spread, &k->effect, k->smallest_effect);

	return rest + type * fmax(type_score(&k->effect) - rest, 0.0) + waiting_score(&k->waiting);
}

static double
probability(const Known *known, bool untold)
{
	double		score = structural_score(known);

	return DOUBT + (1.0 - 2.0 * DOUBT) / (1.0 + exp(untold ? -score / 2.0 : -score));
}

double
cd_structural_probability(const CdSpread *spread, double type_share, const CdCoachingEvidence *coaching,
						  double smallest_effect, const CdWaitingEvidence *waiting, bool untold)
{
	Known		known = what_is_known(spread, type_share, coaching, smallest_effect, waiting, untold);

	return probability(&known, untold);
}

/* By how much the score is higher with a piece of evidence than without. */
static double
moved_by(const Known *known, CdEvidence which)
{
	Known		rest = *known;

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

/* The evidence that moved the score furthest in a direction, 1 or -1, and what moved it half as far at least. */
static void
what_decided(const Known *known, double direction, bool *decided)
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

/* What coaching says by sessions enough of this team's own. */
static CdCoachingEvidence
telling(const CdCoachingEvidence *c)
{
	const CdCoachingEvidence nothing = {NAN, NAN, NAN, 0.0, 0.0, 0.0};

	return c->sessions >= FEWEST_SESSIONS ? *c : nothing;
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
	double		sd = isnan(beside) ? d->between_sd : fmin(beside, d->between_sd);
	double		left = clamp(d->mean_gap * (1.0 - types->estimate), 0.0, MIXED_LEFT * margin);
	bool		differ = sd > DIFFER * fmax(d->mean_gap, margin);

	return (left > LEFT_OVER * margin || differ)
		&& MIXED_SPREAD * sd + left > (works ? MIXED_WORKS : MIXED) * margin;
}

/* Has anything been seen but how the agents differ? */
static bool
was_tried(const CdStructuralInput *in, double margin)
{
	CdCoachingEvidence coaching = telling(&in->coaching);
	EffectEvidence effect = effect_evidence(&coaching, margin);
	bool		coached = effect.known && (effect.works > effect.idle || !coach_may_be_why(&coaching));

	return coached || waiting_score(&in->waiting) > WAITING_TELLS;
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

/* The first rule that holds. */
static CdRule
first_rule(const CdStructuralInput *in, double margin, const CdStructural *s)
{
	const CdGapDispersion *d = in->whole;
	const CdTest *types = &s->test[CD_TEST_TYPE];
	bool		in_types = types->state == CD_STATE_STRUCTURAL;
	bool		surely = in_types && s->p >= P_IN_TYPES;
	bool		tried = was_tried(in, margin);

	/* New hires' learning is no gap by itself, unless they are so many that the team is surely short. */
	if (in->settled->mean_high <= margin && !(d->mean_low > (surely ? 0.0 : margin)))
		return CD_RULE_NO_GAP;
	if (in->settled->mean_high <= margin && is_mix(in, margin))
		return CD_RULE_MIX;
	if (in_types && (surely || !s->untold) && also_behavioural(in, margin, types, s->beside, s->p < 0.5))
		return CD_RULE_TYPES_AND_AGENTS;
	if (surely)
		return CD_RULE_TYPES;
	if (s->present > 2.0 && s->p >= 0.5 && s->test[CD_TEST_COACHING].state != CD_STATE_BEHAVIOURAL)
		return CD_RULE_SIGNS;
	if (d->mean_gap - in->mix < 0.5 * margin)
		return CD_RULE_NONE_SHOWN;
	if (s->p >= P_STRUCTURAL && !(d->mean_low - in->mix > 0.0))
		return CD_RULE_GAP_VAGUE;
	if (s->p >= P_STRUCTURAL)
		return tried ? CD_RULE_STRUCTURAL : CD_RULE_UNTRIED;
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

/* Weeks until the gap, were it to stay as it is, is surely no more than the smallest effect. */
static double
weeks_to_show_none(const CdStructuralInput *in, double margin)
{
	const CdGapDispersion *d = in->settled;

	return more(in->weeks, growth_of_weeks(d->mean_high - d->mean_gap, margin - d->mean_gap, d->i_squared), MAX_WEEKS);
}

size_t
cd_structural_size(size_t n_gaps, size_t types)
{
	size_t		size = cd_arena_sum(cd_arena_bytes(types, sizeof(CdTypeSum)), cd_arena_bytes(types, sizeof(Place)));

	size = cd_arena_sum(size, cd_arena_bytes(n_gaps, sizeof(double)));
	return cd_arena_sum(size, cd_arena_bytes(n_gaps, sizeof(double)));
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
	Known		known;
	CdTest	   *test = out->test;
	CdStatus	status;

	out->type = cd_arena_take(arena, in->types, sizeof(CdTypeSum));
	if (out->type == NULL)
		return CD_NOMEM;
	out->beside = NAN;
	status = type_test(in, margin, out->type, arena, &test[CD_TEST_TYPE], &out->beside);
	if (status == CD_OK)
		status = consistent_test(in, margin, type_share(&test[CD_TEST_TYPE]), &test[CD_TEST_CONSISTENT]);
	if (status != CD_OK)
		return status;
	test[CD_TEST_COACHING] = coaching_test(in, margin);
	test[CD_TEST_EXPERIENCED] = experienced_test(in);
	test[CD_TEST_DECIDE] = decide_test(&in->waiting);

	out->present = 0.0;
	for (int i = 0; i < CD_TESTS; i++)
		out->present += i != CD_TEST_DECIDE && test[i].state == CD_STATE_STRUCTURAL;
	out->untold = test[CD_TEST_EXPERIENCED].n < 3.0 && in->new_share > 0.5;
	spread = (CdSpread) {test[CD_TEST_CONSISTENT].estimate, test[CD_TEST_CONSISTENT].high, in->settled->mean_gap};
	known = what_is_known(&spread, type_share(&test[CD_TEST_TYPE]), &coaching, margin, &in->waiting, out->untold);
	out->p = probability(&known, out->untold);
	what_decided(&known, out->p > 0.5 ? 1.0 : -1.0, out->decided);
	out->rule = first_rule(in, margin, out);
	out->verdict = verdict_by(out->rule);
	out->more_weeks = out->rule == CD_RULE_NONE_SHOWN ? weeks_to_show_none(in, margin) : NAN;
	if (out->verdict == CD_VERDICT_NO_GAP)
		out->p = NAN;
	if (out->rule == CD_RULE_MIX)
		out->p = 1.0 - DOUBT;
	out->changed = changed_midway(&in->shift, margin);
	return CD_OK;
}
