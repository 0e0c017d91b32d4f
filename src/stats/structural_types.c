/*
 * structural_types.c: does a gap sit in some contact types, for everybody?
 */
#include <math.h>
#include <stdlib.h>

#include "stats/heterogeneity.h"
#include "stats/solve.h"
#include "stats/structural_model.h"

#define SHARED_EXCESS 0.5		/* spread of what types add over its mean: below, they add it for everybody */
#define EXCESS_AGENTS 4			/* fewer don't show whether they do */
#define FEWEST_AGENTS 4.0		/* of an interval */

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
		type[t] = (CdTypeSum) {.suspect = type[t].suspect, .low = NAN, .high = NAN, .surely = NAN};
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

/*
 * t interval of how far a type stands apart. Which types stand out, and from which, is chosen by what is
 * seen, so that among types that are alike some pair does; to blame is who does so for all pairs (Bonferroni).
 */
static CdStatus
type_interval(CdTypeSum *t, double pairs, double mean_gap)
{
	double		se = sqrt(t->w2 * t->agents / (t->agents - 1.0)) / t->w;
	double		alone;
	double		among_all;
	CdStatus	status = cd_t_multiplier(CD_TEST_LEVEL, t->agents - 1.0, &alone);

	if (status == CD_OK)
		status = cd_t_multiplier(1.0 - (1.0 - CD_TEST_LEVEL) / pairs, t->agents - 1.0, &among_all);
	if (status != CD_OK)
		return status;
	se = fmax(se, 1e-9 * mean_gap);
	t->low = t->apart - alone * se;
	t->high = t->apart + alone * se;
	t->surely = t->apart - among_all * se;
	return CD_OK;
}

static CdStatus
type_intervals(CdTypeSum *type, size_t types, double mean_gap)
{
	double		known = 0.0;
	CdStatus	status = CD_OK;

	for (size_t t = 0; t < types; t++)
		known += type[t].agents >= FEWEST_AGENTS;
	for (size_t t = 0; t < types && status == CD_OK; t++)
		if (type[t].agents >= FEWEST_AGENTS)
			status = type_interval(&type[t], fmax(known * (known - 1.0) / 2.0, 1.0), mean_gap);
	return status;
}

/* The smaller of two growths of the data, each NaN or infinite when it would not do. */
static double
cheaper(double a, double b)
{
	return isnan(a) ? b : isnan(b) ? a : fmin(a, b);
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

		type[t].to_blame = type[t].surely > bar;
		b.any |= type[t].to_blame;
		weight += type[t].weight;
		if (!type[t].to_blame && type[t].weight > 0.0)
		{
			fine += type[t].weight;
			fine_gap += (type[t].gap - fine_gap) * (type[t].weight / fine);
		}
		if (isnan(half))
			continue;
		stands = cheaper(stands, cd_growth(type[t].apart - type[t].surely, type[t].apart - bar));
		falls = fmax(falls, type[t].apart < fmax(margin, mean_gap / 2.0)
					 ? cd_growth(half, fmax(margin, mean_gap / 2.0) - type[t].apart) : INFINITY);
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

CdStatus
cd_type_test(const CdStructuralInput *in, double margin, CdTypeSum *type, CdArena *arena, CdTest *out, double *beside)
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
		type[t] = (CdTypeSum) {.low = NAN, .high = NAN, .surely = NAN};
	*out = cd_test_unknown(CD_REASON_ONE_TYPE, (double) in->types);
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
	status = type_intervals(type, in->types, mean_gap);
	if (status != CD_OK)
		return status;
	blame = blame_types(type, in->types, margin, mean_gap);
	/* where the gap changed midway, agents differ by when they were there */
	if (blame.any && !cd_changed_midway(&in->shift, margin))
		status = compare_sides(in, type, apart, w, &sides);
	*beside = sides.beside;
	if (status != CD_OK)
		return status;
	out->estimate = blame.share;
	if (blame.apart && blame.share >= 0.2)
	{
		if (sides.shared)
			cd_test_settle(out, CD_STATE_STRUCTURAL, CD_REASON_IN_TYPES);
		else
			cd_test_settle(out, CD_STATE_BEHAVIOURAL, CD_REASON_TYPES_DIFFER);
		out->estimate = fmin(blame.share, 1.0);
	}
	else if (blame.alike)
	{
		cd_test_settle(out, CD_STATE_BEHAVIOURAL, CD_REASON_NOT_IN_TYPES);
		out->estimate = isnan(blame.share) ? 0.0 : blame.share;
	}
	else
	{
		out->reason = CD_REASON_TYPES_VAGUE;
		out->more_weeks = cd_more(in->weeks, blame.growth, CD_TEST_MAX_WEEKS);
	}
	return CD_OK;
}

size_t
cd_type_test_size(size_t n_gaps, size_t types)
{
	size_t		by_gap = cd_arena_bytes(n_gaps, sizeof(double));

	return cd_arena_sum(cd_arena_bytes(types, sizeof(Place)), cd_arena_sum(by_gap, by_gap));
}
