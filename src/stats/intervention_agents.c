/*
 * intervention_agents.c: changes of agents within their teams: their noise, who improved, and whether agents vary less.
 */
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "stats/intervention_model.h"
#include "stats/share.h"

#define LEAST_ROWS 3			/* of an agent, before and after, to count as seen */
#define RHO_CAP 0.9

/* Means of an agent's rows less its team's periods; returns the rows used on each side. */
static CdStudyChange
agent_change(const CdStudy *s, size_t team, const CdEffectRow *rows, size_t n, double volume)
{
	CdStudyChange c = {.team = team};
	size_t		before = 0;
	size_t		after = 0;

	for (size_t i = 0; i < n; i++)
	{
		size_t		k;
		double		w = cd_tempered(rows[i].weight, volume);
		double		value;

		if (!cd_in_window(s, &rows[i], &k) || !(cd_is_before(s, k) || cd_is_after(s, k)))
			continue;
		value = rows[i].value - s->team[team].line.mean[k];
		if (cd_is_before(s, k))
		{
			before++;
			c.before += w * value;
			c.weight_before += w;
		}
		else
		{
			after++;
			c.after += w * value;
			c.weight_after += w;
		}
	}
	c.before /= c.weight_before;
	c.after /= c.weight_after;
	c.both = before >= LEAST_ROWS && after >= LEAST_ROWS;
	return c;
}

static void
add_residuals(const CdStudy *s, const CdStudyChange *c, const CdEffectRow *rows, size_t n, double volume,
			  CdResiduals *r)
{
	double		last = NAN;
	size_t		last_k = 0;

	for (size_t i = 0; i < n; i++)
	{
		size_t		k;
		double		e;

		if (!cd_in_window(s, &rows[i], &k) || !(cd_is_before(s, k) || cd_is_after(s, k)))
			continue;
		e = (rows[i].value - s->team[c->team].line.mean[k] - (cd_is_before(s, k) ? c->before : c->after))
			* sqrt(cd_tempered(rows[i].weight, volume));
		r->squares += e * e;
		r->rows += 1.0;
		if (!isnan(last) && k == last_k + 1 && cd_is_before(s, k) == cd_is_before(s, last_k))
			r->products += e * last;
		last = e;
		last_k = k;
	}
	r->stretches += 2.0;
}

/* Changes of the agents of a team, and what they leave over. */
void
cd_agent_changes(CdStudy *s, size_t team, const CdEffectRow *rows, size_t n, CdResiduals *r)
{
	CdStudyTeam *t = &s->team[team];
	double		volume = cd_mean_volume(s, rows, n);
	size_t		from = 0;

	t->first_change = s->changes;
	t->seen = 0.0;
	for (size_t i = 1; i <= n; i++)
	{
		CdStudyChange *c = &s->change[s->changes];

		if (i < n && !cd_new_agent(rows, i))
			continue;
		*c = agent_change(s, team, rows + from, i - from, volume);
		if (c->both)
		{
			add_residuals(s, c, rows + from, i - from, volume, r);
			t->seen += 1.0;
			s->changes++;
		}
		from = i;
	}
	t->changes = s->changes - t->first_change;
}

/*
 * Autocorrelation of residuals around means of m values is too small by about
 * (1 + 3 rho) / m (Marriott & Pope 1954).
 */
CdStudyNoise
cd_agent_noise(const CdResiduals *r)
{
	double		rho = r->products / r->squares;
	double		each = r->rows / r->stretches;

	rho = fmin(fmax(rho + (1.0 + 3.0 * rho) / each, 0.0), RHO_CAP);
	if (!(r->squares > 0.0))
		return (CdStudyNoise) {.variance = 0.0, .inflation = 1.0};
	return (CdStudyNoise) {.variance = r->squares / fmax(r->rows - r->stretches, 1.0),
		.inflation = (1.0 + rho) / (1.0 - rho)};
}

static double
noise_before(const CdStudy *s, const CdStudyChange *c)
{
	return s->noise.variance * s->noise.inflation / c->weight_before;
}

static double
noise_after(const CdStudy *s, const CdStudyChange *c)
{
	return s->noise.variance * s->noise.inflation / c->weight_after;
}

/* Variance of an agent's change within teams: those that were touched, or the others. */
double
cd_spread_of_changes(const CdStudy *s, bool touched)
{
	double		squares = 0.0;
	double		df = 0.0;

	for (size_t t = 0; t < s->teams; t++)
	{
		const CdStudyChange *c = &s->change[s->team[t].first_change];
		double		mean = 0.0;

		if (s->team[t].touched != touched || s->team[t].changes < 2)
			continue;
		for (size_t i = 0; i < s->team[t].changes; i++)
			mean += (c[i].after - c[i].before) / (double) s->team[t].changes;
		for (size_t i = 0; i < s->team[t].changes; i++)
			squares += (c[i].after - c[i].before - mean) * (c[i].after - c[i].before - mean);
		df += (double) s->team[t].changes - 1.0;
	}
	return df > 0.0 ? squares / df : NAN;
}

/* Change that was to be expected anyway: what the mean change of the teams asked for exceeds the improvement by. */
static double
expected_change(const CdStudy *s, size_t team, const CdIntervention *out)
{
	double		delta = 0.0;
	double		teams = 0.0;

	for (size_t t = 0; t < s->teams; t++)
		if (cd_is_asked(s, team, t))
		{
			delta += s->team[t].delta;
			teams += 1.0;
		}
	return delta / teams - out->improvement;
}

/* Share of agents whose true change, their team's and their own, is at least half of the improvement. */
CdStatus
cd_share_improved(CdStudy *s, size_t team, CdIntervention *out)
{
	double	   *y = s->effect;
	double	   *v = &s->effect[s->changes];
	double		expected = expected_change(s, team, out);
	double		scale = 0.0;
	size_t		n = 0;
	CdSharePosterior posterior;
	CdShare		share;
	CdStatus	status;

	for (size_t t = 0; t < s->teams; t++)
		for (size_t i = 0; cd_is_asked(s, team, t) && i < s->team[t].changes; i++)
		{
			const CdStudyChange *c = &s->change[s->team[t].first_change + i];

			y[n] = s->team[t].delta - expected + c->after - c->before;
			v[n] = noise_before(s, c) + noise_after(s, c);
			scale += v[n++];
		}
	if (n == 0 || !(scale > 0.0))
		return CD_OK;
	status = cd_share_posterior(y, v, n, sqrt(scale / (double) n), &posterior);
	if (status == CD_OK)
		status = cd_share_summary(&posterior, fmax(0.5 * out->improvement, 0.0), true, s->options->level, &share);
	if (status != CD_OK)
		return status;
	out->share = share.mean;
	out->share_low = share.low;
	out->share_high = share.high;
	return CD_OK;
}

/* Sums over the same agents, team means taken away. */
typedef struct Pairs
{
	double		before;
	double		after;
	double		product;
	double		noise_before;
	double		noise_after;
	double		agents;
	double		df;
} Pairs;

static void
add_pairs(const CdStudy *s, const CdStudyTeam *team, Pairs *p)
{
	const CdStudyChange *c = &s->change[team->first_change];
	double		a = 0.0;
	double		b = 0.0;

	for (size_t i = 0; i < team->changes; i++)
	{
		a += c[i].before / (double) team->changes;
		b += c[i].after / (double) team->changes;
	}
	for (size_t i = 0; i < team->changes; i++)
	{
		p->before += (c[i].before - a) * (c[i].before - a);
		p->after += (c[i].after - b) * (c[i].after - b);
		p->product += (c[i].before - a) * (c[i].after - b);
		p->noise_before += noise_before(s, &c[i]);
		p->noise_after += noise_after(s, &c[i]);
	}
	p->agents += (double) team->changes;
	p->df += fmax((double) team->changes - 1.0, 0.0);
}

/*
 * Ratio of true standard deviations, and the test of Pitman (1939) and Morgan (1939) for
 * variances of the same people: whether sum and difference are correlated, the part that
 * unequal noise brings about taken away.
 */
void
cd_compare_variation(const CdStudy *s, size_t team, CdIntervention *out)
{
	Pairs		p = {0};
	double		before;
	double		after;
	double		r;

	for (size_t t = 0; t < s->teams; t++)
		if (cd_is_asked(s, team, t))
			add_pairs(s, &s->team[t], &p);
	out->agents = p.agents;
	if (p.df < 3.0)
		return;
	before = p.before / p.df - p.noise_before / p.agents;
	after = p.after / p.df - p.noise_after / p.agents;
	r = (after - before) * p.df
		/ sqrt((p.before + p.after + 2.0 * p.product) * (p.before + p.after - 2.0 * p.product));
	r = fmin(fmax(r, -1.0), 1.0);
	if (before > 0.0)
		out->variation_ratio = sqrt(fmax(after, 0.0) / before);
	out->variation_p = 2.0 * gsl_cdf_tdist_Q(fabs(r) * sqrt((p.df - 1.0) / (1.0 - r * r)), p.df - 1.0);
}
