/*
 * survival.c: Kaplan-Meier, log-rank, Cox's proportional hazards.
 *
 * Everything walks the event times from the last to the first, taking in spells as their end
 * is passed and letting them go where they were not yet at risk.
 */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "stats/linear.h"
#include "stats/solve.h"
#include "stats/survival.h"

#define MAX_ITERATIONS 50
#define MAX_HALVINGS 20
#define TOLERANCE 1e-13			/* of the log likelihood, relative */
#define LARGEST_SE 50.0			/* of the log hazard ratio of a standard deviation: beyond it, it is infinite */
#define P CD_COX_MAX

static bool
valid_spell(const CdSpell *s)
{
	return isfinite(s->time) && !isnan(s->entry) && s->entry < s->time;
}

/* ---- Kaplan-Meier ---- */

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Survival after a step, given what is before it; sum: of Greenwood's terms. */
static void
set_curve(CdSurvivalStep *step, double before, double *sum, double z)
{
	double		half;

	step->survival = before * (1.0 - step->events / step->at_risk);
	*sum += step->events / (step->at_risk * (step->at_risk - step->events));
	step->se = step->survival > 0.0 ? step->survival * sqrt(*sum) : NAN;
	half = z * sqrt(*sum);
	step->low = step->survival > 0.0 ? step->survival * exp(-half) : NAN;
	step->high = step->survival > 0.0 ? fmin(step->survival * exp(half), 1.0) : NAN;
}

CdStatus
cd_kaplan_meier(const CdSpell *spell, size_t n, double level, double *entry,
				CdSurvivalStep *out, size_t *steps)
{
	double		z = cd_normal_multiplier(level);
	double		survival = 1.0;
	double		sum = 0.0;
	size_t		entered = 0;

	*steps = 0;
	if (!(level > 0.0 && level < 1.0))
		return CD_BAD_INPUT;
	for (size_t i = 0; i < n; i++)
	{
		if (!valid_spell(&spell[i]) || (i > 0 && spell[i].time < spell[i - 1].time))
			return CD_BAD_INPUT;
		entry[i] = spell[i].entry;
	}
	qsort(entry, n, sizeof(double), compare_doubles);
	for (size_t from = 0, to; from < n; from = to)
	{
		CdSurvivalStep *step = &out[(*steps)++];

		*step = (CdSurvivalStep) {.time = spell[from].time};
		for (to = from; to < n && spell[to].time == step->time; to++)
			*(spell[to].event ? &step->events : &step->censored) += 1.0;
		while (entered < n && entry[entered] < step->time)
			entered++;
		step->at_risk = (double) (entered - from);
		set_curve(step, survival, &sum, z);
		survival = step->survival;
	}
	return CD_OK;
}

/* ---- who is at risk ---- */

/* Spells of one stratum, walked from the last time to the first. */
typedef struct Walk
{
	const CdSpell *spell;
	const size_t *by_entry;		/* the stratum's spells, the latest entry first */
	size_t		first;
	size_t		end;			/* spells from here on are taken in */
	size_t		last;
	size_t		left;			/* of by_entry: let go */
} Walk;

/* Called for a spell that comes (sign 1) or goes (-1). */
typedef void (*OnSpell) (void *context, size_t spell, double sign);

/* The next earlier time; false when there is none. Spells from .. to - 1 end at it. */
static bool
step_back(Walk *walk, OnSpell on_spell, void *context, size_t *from, size_t *to)
{
	double		time;

	if (walk->end == walk->first)
		return false;
	*to = walk->end;
	time = walk->spell[walk->end - 1].time;
	while (walk->end > walk->first && walk->spell[walk->end - 1].time == time)
		on_spell(context, --walk->end, 1.0);
	*from = walk->end;
	while (walk->left < walk->last - walk->first
		   && walk->spell[walk->by_entry[walk->left]].entry >= time)
		on_spell(context, walk->by_entry[walk->left++], -1.0);
	return true;
}

typedef struct Entry
{
	double		entry;
	size_t		spell;
} Entry;

static int
compare_entries(const void *a, const void *b)
{
	const Entry *x = a;
	const Entry *y = b;

	if (x->entry != y->entry)
		return x->entry < y->entry ? 1 : -1;
	return (x->spell > y->spell) - (x->spell < y->spell);
}

/* Spells from .. to - 1 with the latest entry first. */
static void
order_by_entry(const CdSpell *spell, size_t from, size_t to, Entry *scratch, size_t *by_entry)
{
	for (size_t i = from; i < to; i++)
		scratch[i - from] = (Entry) {spell[i].entry, i};
	qsort(scratch, to - from, sizeof(Entry), compare_entries);
	for (size_t i = from; i < to; i++)
		by_entry[i - from] = scratch[i - from].spell;
}

/* ---- log-rank ---- */

typedef struct AtRisk
{
	const CdSpell *spell;
	double	   *count;			/* by group */
	double		total;
} AtRisk;

static void
count_spell(void *context, size_t i, double sign)
{
	AtRisk	   *risk = context;

	risk->count[risk->spell[i].group] += sign;
	risk->total += sign;
}

size_t
cd_log_rank_size(size_t n, size_t groups)
{
	size_t		size = cd_arena_sum(cd_arena_bytes(n, sizeof(Entry)), cd_arena_bytes(n, sizeof(size_t)));

	size = cd_arena_sum(size, 2 * cd_arena_bytes(groups, sizeof(double)));
	size = cd_arena_sum(size, cd_arena_bytes(groups, sizeof(size_t)));
	return cd_arena_sum(size, 2 * cd_arena_bytes(groups * groups, sizeof(double)));
}

/* What one event time adds to the expected events and to their covariance (hypergeometric). */
static void
add_expected(const AtRisk *risk, size_t groups, double events, double *expected, double *v)
{
	double		n = risk->total;
	double		factor = n > 1.0 ? events * (n - events) / (n - 1.0) : 0.0;

	for (size_t g = 0; g < groups; g++)
	{
		double		share = risk->count[g] / n;

		expected[g] += events * share;
		for (size_t h = 0; h < groups; h++)
			v[g * groups + h] += factor * share * ((g == h) - risk->count[h] / n);
	}
}

/* The differences of all groups but one add up to that one's: k of them, in kept, are tested. */
static CdStatus
log_rank_test(const double *difference, const double *v, size_t groups, const size_t *kept, size_t k,
			  double *factor, double *solution, CdLogRank *out)
{
	CdStatus	status;

	for (size_t i = 0; i < k; i++)
	{
		solution[i] = difference[kept[i]];
		for (size_t j = 0; j < k; j++)
			factor[i * k + j] = v[kept[i] * groups + kept[j]];
	}
	status = cd_cholesky(factor, k);
	if (status != CD_OK)
		return status;
	cd_cholesky_solve(factor, k, solution);
	out->chi2 = 0.0;
	for (size_t i = 0; i < k; i++)
		out->chi2 += solution[i] * difference[kept[i]];
	out->df = (double) k;
	out->p = gsl_cdf_chisq_Q(out->chi2, out->df);
	return CD_OK;
}

static CdStatus
check_spells(const CdSpell *spell, size_t n, size_t groups)
{
	for (size_t i = 0; i < n; i++)
		if (!valid_spell(&spell[i]) || (i > 0 && spell[i].time < spell[i - 1].time)
			|| spell[i].group < 0 || (size_t) spell[i].group >= groups)
			return CD_BAD_INPUT;
	return CD_OK;
}

CdStatus
cd_log_rank(const CdSpell *spell, size_t n, size_t groups, CdArena *arena, double *observed,
			double *expected, CdLogRank *out)
{
	Entry	   *scratch = cd_arena_take(arena, n, sizeof(Entry));
	size_t	   *by_entry = cd_arena_take(arena, n, sizeof(size_t));
	double	   *count = cd_arena_take(arena, groups, sizeof(double));
	double	   *difference = cd_arena_take(arena, groups, sizeof(double));
	size_t	   *kept = cd_arena_take(arena, groups, sizeof(size_t));
	double	   *v = cd_arena_take(arena, groups * groups, sizeof(double));
	double	   *factor = cd_arena_take(arena, groups * groups, sizeof(double));
	Walk		walk = {spell, by_entry, 0, n, n, 0};
	AtRisk		risk = {spell, count, 0.0};
	size_t		k = 0;

	*out = (CdLogRank) {NAN, NAN, NAN};
	if (!scratch || !by_entry || !count || !difference || !kept || !v || !factor)
		return CD_NOMEM;
	if (check_spells(spell, n, groups) != CD_OK)
		return CD_BAD_INPUT;
	for (size_t g = 0; g < groups; g++)
		observed[g] = expected[g] = count[g] = 0.0;
	for (size_t g = 0; g < groups * groups; g++)
		v[g] = 0.0;
	order_by_entry(spell, 0, n, scratch, by_entry);
	for (size_t from, to; step_back(&walk, count_spell, &risk, &from, &to);)
	{
		double		events = 0.0;

		if (cd_stop_requested())
			return CD_STOPPED;
		for (size_t i = from; i < to; i++)
		{
			observed[spell[i].group] += spell[i].event;
			events += spell[i].event;
		}
		if (events > 0.0)
			add_expected(&risk, groups, events, expected, v);
	}
	for (size_t g = 0; g < groups; g++)
	{
		difference[g] = observed[g] - expected[g];
		if (v[g * groups + g] > 0.0)
			kept[k++] = g;
	}
	if (k < 2)
		return CD_TOO_FEW;
	return log_rank_test(difference, v, groups, kept, k - 1, factor, count, out);
}

/* ---- Cox ---- */

/* What has been summed over the event times from the last to one of them, that one included. */
typedef struct Passed
{
	int32_t		group;
	double		time;
	double		hazard;			/* sum of 1 / risk */
	double		mean[P];		/* of mean covariates / risk */
	double		own_hazard;		/* of this time alone: the part that those who left at it don't carry */
	double		own_mean[P];
	double		centre[P];		/* mean covariates at this time */
} Passed;

typedef struct Fit
{
	const CdSpell *spell;
	const double *x;			/* centred */
	size_t		n;
	size_t		p;
	CdTies		ties;
	const size_t *by_entry;
	double	   *eta;
	double	   *risk;

	double		sum0;			/* over those at risk: of risk, and times covariates */
	double		sum1[P];
	double		sum2[P * P];

	double		loglik;
	double		score[P];
	double		information[P * P];

	Passed	   *passed;			/* NULL: not asked for */
	size_t		times;
} Fit;

static void
sum_spell(void *context, size_t i, double sign)
{
	Fit		   *fit = context;
	const double *x = fit->x + i * fit->p;
	double		w = sign * fit->risk[i];

	fit->sum0 += w;
	for (size_t j = 0; j < fit->p; j++)
	{
		fit->sum1[j] += w * x[j];
		for (size_t k = 0; k <= j; k++)
			fit->sum2[j * fit->p + k] += w * x[j] * x[k];
	}
}

/* One of those who left at a time: likelihood, score and information. */
static void
add_event(Fit *fit, double sum0, const double *mean, const double *sum2)
{
	size_t		p = fit->p;

	fit->loglik -= log(sum0);
	for (size_t j = 0; j < p; j++)
	{
		fit->score[j] -= mean[j];
		for (size_t k = 0; k <= j; k++)
			fit->information[j * p + k] += sum2[j * p + k] / sum0 - mean[j] * mean[k];
	}
}

static void
note_event(Passed *at, size_t p, double part, double events, double sum0, const double *mean)
{
	at->hazard += 1.0 / sum0;
	at->own_hazard += part / sum0;
	for (size_t j = 0; j < p; j++)
	{
		at->mean[j] += mean[j] / sum0;
		at->own_mean[j] += part * mean[j] / sum0;
		at->centre[j] += mean[j] / events;
	}
}

/* A new entry of passed that goes on from the one before in its stratum. */
static Passed *
next_passed(Fit *fit, const CdSpell *spell)
{
	Passed	   *at;

	if (fit->passed == NULL)
		return NULL;
	at = &fit->passed[fit->times];
	*at = (Passed) {.group = spell->group, .time = spell->time};
	if (fit->times > 0 && at[-1].group == at->group)
	{
		at->hazard = at[-1].hazard;
		for (size_t j = 0; j < fit->p; j++)
			at->mean[j] = at[-1].mean[j];
	}
	fit->times++;
	return at;
}

/* All who left at one time; under Efron's rule the k-th of them saw part of the others gone. */
static void
add_time(Fit *fit, size_t from, size_t to)
{
	size_t		p = fit->p;
	double		events = 0.0;
	double		gone0 = 0.0;
	double		gone1[P] = {0};
	double		gone2[P * P] = {0};
	Passed	   *at;

	for (size_t i = from; i < to; i++)
	{
		const double *x = fit->x + i * p;

		if (!fit->spell[i].event)
			continue;
		events += 1.0;
		fit->loglik += fit->eta[i];
		gone0 += fit->risk[i];
		for (size_t j = 0; j < p; j++)
		{
			fit->score[j] += x[j];
			gone1[j] += fit->risk[i] * x[j];
			for (size_t k = 0; k <= j; k++)
				gone2[j * p + k] += fit->risk[i] * x[j] * x[k];
		}
	}
	if (events == 0.0)
		return;
	at = next_passed(fit, &fit->spell[from]);
	for (double e = 0.0; e < events; e += 1.0)
	{
		double		part = fit->ties == CD_TIES_EFRON ? e / events : 0.0;
		double		sum0 = fit->sum0 - part * gone0;
		double		mean[P];
		double		sum2[P * P];

		for (size_t j = 0; j < p; j++)
			mean[j] = (fit->sum1[j] - part * gone1[j]) / sum0;
		for (size_t j = 0; j < p * p; j++)
			sum2[j] = fit->sum2[j] - part * gone2[j];
		add_event(fit, sum0, mean, sum2);
		if (at != NULL)
			note_event(at, p, part, events, sum0, mean);
	}
}

/* End of the stratum that begins at a spell. */
static size_t
stratum_end(const Fit *fit, size_t from)
{
	size_t		to = from + 1;

	while (to < fit->n && fit->spell[to].group == fit->spell[from].group)
		to++;
	return to;
}

static CdStatus
add_stratum(Fit *fit, size_t from, size_t to)
{
	Walk		walk = {fit->spell, fit->by_entry + from, from, to, to, 0};

	fit->sum0 = 0.0;
	for (size_t j = 0; j < fit->p * fit->p; j++)
		fit->sum2[j] = 0.0;
	for (size_t j = 0; j < fit->p; j++)
		fit->sum1[j] = 0.0;
	for (size_t a, b; step_back(&walk, sum_spell, fit, &a, &b);)
	{
		if (cd_stop_requested())
			return CD_STOPPED;
		add_time(fit, a, b);
	}
	return CD_OK;
}

/* Likelihood, score and information at some coefficients. */
static CdStatus
evaluate(Fit *fit, const double *beta)
{
	size_t		p = fit->p;
	CdStatus	status = CD_OK;

	fit->loglik = 0.0;
	for (size_t j = 0; j < p * p; j++)
		fit->information[j] = 0.0;
	for (size_t j = 0; j < p; j++)
		fit->score[j] = 0.0;
	for (size_t i = 0; i < fit->n; i++)
	{
		fit->eta[i] = cd_dot(beta, fit->x + i * p, p);
		fit->risk[i] = exp(fit->eta[i]);
	}
	for (size_t from = 0, to; from < fit->n && status == CD_OK; from = to)
	{
		to = stratum_end(fit, from);
		status = add_stratum(fit, from, to);
	}
	for (size_t j = 0; j < p; j++)
		for (size_t k = 0; k < j; k++)
			fit->information[k * p + j] = fit->information[j * p + k];
	return status;
}

/* One step of Newton's method, halved until the likelihood does not fall. */
static CdStatus
improve(Fit *fit, double *beta, double *gain)
{
	size_t		p = fit->p;
	double		before = fit->loglik;
	double		factor[P * P];
	double		step[P];
	double		trial[P];
	double		share = 1.0;
	CdStatus	status;

	for (size_t j = 0; j < p * p; j++)
		factor[j] = fit->information[j];
	for (size_t j = 0; j < p; j++)
		step[j] = fit->score[j];
	status = cd_cholesky(factor, p);
	if (status != CD_OK)
		return status;
	cd_cholesky_solve(factor, p, step);
	for (int halving = 0; halving < MAX_HALVINGS; halving++, share /= 2.0)
	{
		for (size_t j = 0; j < p; j++)
			trial[j] = beta[j] + share * step[j];
		status = evaluate(fit, trial);
		if (status != CD_OK)
			return status;
		*gain = fit->loglik - before;
		if (*gain >= -TOLERANCE * (1.0 + fabs(before)))
		{
			for (size_t j = 0; j < p; j++)
				beta[j] = trial[j];
			return CD_OK;
		}
	}
	return CD_NO_CONVERGENCE;
}

static CdStatus
maximise(Fit *fit, CdCox *out)
{
	double		gain = INFINITY;
	CdStatus	status = evaluate(fit, out->beta);

	out->null_loglik = fit->loglik;
	for (out->iterations = 0; status == CD_OK && fabs(gain) > TOLERANCE * (1.0 + fabs(fit->loglik));
		 out->iterations++)
	{
		if (out->iterations == MAX_ITERATIONS)
			return CD_NO_CONVERGENCE;
		status = improve(fit, out->beta, &gain);
		/* a covariate that was informative at 0 and is not any more has run away */
		if (status == CD_TOO_FEW && out->iterations > 0)
			status = CD_NO_CONVERGENCE;
	}
	out->loglik = fit->loglik;
	return status;
}

/* Sums of passed over times up to a time: from the last entry of the stratum that is later. */
static const Passed *
passed_after(const Passed *passed, size_t count, double time)
{
	size_t		low = 0;
	size_t		high = count;

	while (low < high)
	{
		size_t		middle = (low + high) / 2;

		if (passed[middle].time > time)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? &passed[low - 1] : NULL;
}

/* Score residual of a spell (Therneau & Grambsch 2000), added to sum. */
static void
add_residual(const Fit *fit, size_t i, const Passed *passed, size_t count, double *sum)
{
	static const Passed nothing;
	const CdSpell *spell = &fit->spell[i];
	const double *x = fit->x + i * fit->p;
	const Passed *until = passed_after(passed, count, spell->entry);
	const Passed *since = passed_after(passed, count, spell->time);
	const Passed *own = spell->event ? (since == NULL ? passed : since + 1) : &nothing;
	double		hazard;

	until = until == NULL ? &nothing : until;
	since = since == NULL ? &nothing : since;
	hazard = until->hazard - since->hazard - own->own_hazard;
	for (size_t j = 0; j < fit->p; j++)
	{
		double		mean = until->mean[j] - since->mean[j] - own->own_mean[j];

		sum[j] += (spell->event ? x[j] - own->centre[j] : 0.0) - fit->risk[i] * (hazard * x[j] - mean);
	}
}

/* Covariance by clusters around that of the model. */
static CdStatus
robust(Fit *fit, const double *v, size_t clusters, double *sum, CdCox *out)
{
	size_t		p = fit->p;
	double		meat[P * P] = {0};
	CdStatus	status;

	for (size_t c = 0; c < clusters * p; c++)
		sum[c] = 0.0;
	fit->times = 0;
	status = evaluate(fit, out->beta);
	for (size_t from = 0, to, passed = 0; from < fit->n && status == CD_OK; from = to)
	{
		size_t		first = passed;

		to = stratum_end(fit, from);
		while (passed < fit->times && fit->passed[passed].group == fit->spell[from].group)
			passed++;
		for (size_t i = from; i < to; i++)
			add_residual(fit, i, fit->passed + first, passed - first,
						 sum + (size_t) fit->spell[i].cluster * p);
	}
	for (size_t c = 0; c < clusters; c++)
		cd_add_outer(meat, sum + c * p, p, 1.0);
	for (size_t j = 0; j < p; j++)
		out->robust_se[j] = sqrt(cd_quadratic(meat, v + j * p, p));
	return status;
}

size_t
cd_cox_size(size_t n, size_t events, size_t p, size_t clusters)
{
	size_t		size = cd_arena_sum(cd_arena_bytes(n, sizeof(Entry)), cd_arena_bytes(n, sizeof(size_t)));

	size = cd_arena_sum(size, cd_arena_bytes(n * p, sizeof(double)));
	size = cd_arena_sum(size, 2 * cd_arena_bytes(n, sizeof(double)));
	if (clusters > 0)
	{
		size = cd_arena_sum(size, cd_arena_bytes(events, sizeof(Passed)));
		size = cd_arena_sum(size, cd_arena_bytes(clusters * p, sizeof(double)));
	}
	return size;
}

static CdStatus
check_cox(const CdSpell *spell, const double *x, size_t n, size_t p, size_t clusters)
{
	for (size_t i = 0; i < n; i++)
	{
		if (!valid_spell(&spell[i])
			|| (i > 0 && (spell[i].group < spell[i - 1].group
						  || (spell[i].group == spell[i - 1].group && spell[i].time < spell[i - 1].time)))
			|| (clusters > 0 && (spell[i].cluster < 0 || (size_t) spell[i].cluster >= clusters)))
			return CD_BAD_INPUT;
		for (size_t j = 0; j < p; j++)
			if (!isfinite(x[i * p + j]))
				return CD_BAD_INPUT;
	}
	return CD_OK;
}

/* Covariates less their mean, and their standard deviations. */
static void
centre(const double *x, size_t n, size_t p, double *centred, double *sd)
{
	for (size_t j = 0; j < p; j++)
	{
		double		mean = 0.0;
		double		square = 0.0;

		for (size_t i = 0; i < n; i++)
			mean += (x[i * p + j] - mean) / (double) (i + 1);
		for (size_t i = 0; i < n; i++)
		{
			centred[i * p + j] = x[i * p + j] - mean;
			square += centred[i * p + j] * centred[i * p + j];
		}
		sd[j] = sqrt(square / (double) n);
	}
}

CdStatus
cd_cox(const CdSpell *spell, const double *x, size_t n, size_t p, CdTies ties, size_t clusters,
	   CdArena *arena, CdCox *out)
{
	Entry	   *scratch = cd_arena_take(arena, n, sizeof(Entry));
	size_t	   *by_entry = cd_arena_take(arena, n, sizeof(size_t));
	double	   *centred = cd_arena_take(arena, n * p, sizeof(double));
	double	   *eta = cd_arena_take(arena, n, sizeof(double));
	double	   *risk = cd_arena_take(arena, n, sizeof(double));
	Passed	   *passed = NULL;
	double	   *sum = NULL;
	Fit			fit = {.spell = spell, .x = centred, .n = n, .p = p, .ties = ties, .by_entry = by_entry,
	.eta = eta, .risk = risk};
	double		sd[P];
	double		v[P * P];
	CdStatus	status;

	*out = (CdCox) {.n = n};
	if (p < 1 || p > P || check_cox(spell, x, n, p, clusters) != CD_OK)
		return CD_BAD_INPUT;
	for (size_t i = 0; i < n; i++)
		out->events += spell[i].event;
	if (clusters > 0)
	{
		passed = cd_arena_take(arena, out->events, sizeof(Passed));
		sum = cd_arena_take(arena, clusters * p, sizeof(double));
	}
	if (!scratch || !by_entry || !centred || !eta || !risk || (clusters > 0 && (!passed || !sum)))
		return CD_NOMEM;
	if (out->events == 0)
		return CD_TOO_FEW;
	centre(x, n, p, centred, sd);
	for (size_t from = 0, to; from < n; from = to)
	{
		to = stratum_end(&fit, from);
		order_by_entry(spell, from, to, scratch, by_entry + from);
	}
	status = maximise(&fit, out);
	if (status != CD_OK)
		return status;
	for (size_t j = 0; j < p * p; j++)
		v[j] = fit.information[j];
	if (cd_cholesky(v, p) != CD_OK)
		return CD_NO_CONVERGENCE;
	cd_cholesky_invert(v, p);
	for (size_t j = 0; j < p; j++)
	{
		out->se[j] = sqrt(v[j * p + j]);
		out->robust_se[j] = NAN;
		if (out->se[j] * sd[j] > LARGEST_SE)
			return CD_NO_CONVERGENCE;
	}
	fit.passed = passed;
	return clusters > 0 ? robust(&fit, v, clusters, sum, out) : CD_OK;
}
