/*
 * dispersion.c: the gap_dispersion result from per-agent moments of the gap.
 */
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "stats/dispersion.h"
#include "stats/oneway.h"
#include "stats/rates.h"
#include "stats/share.h"
#include "stats/solve.h"

#define PRIOR_SCALE 0.5			/* half-Cauchy scale of tau, in within-agent sd */
#define MIN_DISPERSION_DF 10.0	/* fewer: rates are taken as plainly binomial */
#define RATE_SLACK 1e-9			/* rounding allowed in gap + target */
#define EXACT_VARIANCE 1e-12	/* of an agent mean known without noise, in variances of the means */

/* What every path of the analysis works on. */
typedef struct Gap
{
	const CdMoments *agent;
	const double *target;
	size_t		size;
	const CdGapOptions *options;
	double	   *first;			/* scratch, one double per agent each */
	double	   *second;
	double		weight;
	double		ss_within;
	bool		short_above;	/* short agents lie above target, before orientation */
	CdGapDispersion *out;
} Gap;

CdGapOptions
cd_gap_default_options(void)
{
	CdGapOptions options = {1.0, false, 0.0, 0.95, CD_SCALE_IDENTITY, CD_GAP_ALL};

	return options;
}

/* Everything not available. */
static void
clear(CdGapDispersion *out)
{
	*out = (CdGapDispersion) {
		0.0, 0.0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN,
		NAN, NAN, NAN, NAN, NAN, NAN, NAN, ""
	};
}

static CdStatus
check_options(const CdGapOptions *o)
{
	if (fabs(o->orientation) != 1.0 || !(o->margin >= 0.0) || !isfinite(o->margin)
		|| !(o->level > 0.0 && o->level < 1.0))
		return CD_BAD_INPUT;
	return CD_OK;
}

/* Totals, and the agents counted. */
static CdStatus
summarise(Gap *g)
{
	for (size_t i = 0; i < g->size; i++)
	{
		const CdMoments *m = &g->agent[i];

		if (m->weight == 0.0 && m->n == 0.0)
			continue;
		if (!isfinite(m->weight) || !isfinite(m->mean) || !isfinite(m->m2)
			|| m->weight <= 0.0 || m->m2 < 0.0 || !(m->n >= 1.0))
			return CD_BAD_INPUT;
		g->out->agents += 1.0;
		g->out->observations += m->n;
		g->weight += m->weight;
		g->ss_within += m->m2;
	}
	return g->out->agents > 0.0 ? CD_OK : CD_TOO_FEW;
}

/* Agent means, closed up, into the first scratch; their mean and variance. */
static size_t
collect_means(Gap *g, double *mean, double *variance)
{
	CdMoments	means = {0};
	size_t		k = 0;

	for (size_t i = 0; i < g->size; i++)
	{
		if (g->agent[i].weight <= 0.0)
			continue;
		g->first[k++] = g->agent[i].mean;
		cd_moments_add(&means, g->agent[i].mean, 1.0);
	}
	*mean = means.mean;
	*variance = k > 1 ? means.m2 / (double) (k - 1) : NAN;
	return k;
}

static void
set_mean(CdGapDispersion *out, double mean, double half)
{
	out->mean_gap = mean;
	out->mean_low = mean - half;
	out->mean_high = mean + half;
}

/* Between-agent variance with its interval. */
static void
set_between(CdGapDispersion *out, double variance, double low, double high)
{
	out->between_variance = variance;
	out->between_sd = sqrt(variance);
	out->between_low = sqrt(low);
	out->between_high = sqrt(high);
}

static void
set_share(CdGapDispersion *out, const CdShare *share)
{
	out->share_short = share->mean;
	out->share_low = share->low;
	out->share_high = share->high;
}

/* |mean gap| in units of the spread between agents. */
static void
set_consistency(CdGapDispersion *out)
{
	if (isnan(out->mean_gap) || isnan(out->between_sd))
		return;
	if (out->between_sd > 0.0)
		out->consistency = fabs(out->mean_gap) / out->between_sd;
	else if (out->mean_gap != 0.0)
		out->consistency = INFINITY;
}

/* Threshold beyond which an agent is short, before orientation. */
static double
short_threshold(const Gap *g)
{
	return g->short_above ? g->options->margin : -g->options->margin;
}

/* Turn the result round when the caller counts gaps the other way. */
static void
orient(CdGapDispersion *out)
{
	double		low = out->mean_low;

	out->mean_gap = -out->mean_gap;
	out->mean_low = -out->mean_high;
	out->mean_high = -low;
	low = out->predict_low;
	out->predict_low = -out->predict_high;
	out->predict_high = -low;
}

/*
 * Share, and prediction, from agent means with variances within / weight. The interval for
 * a new agent is the wider, at each end, of mean -+ t(k - 2) sqrt(se^2 + tau2) and that of
 * the posterior. The first alone covers 76 to 90 % of new agents when tau is small and
 * estimated at 0; the second falls short when tau is large.
 */
static CdStatus
share_from_means(Gap *g, double within)
{
	CdSharePosterior posterior;
	CdShare		share;
	size_t		k = 0;
	CdStatus	status;

	if (g->options->wanted != CD_GAP_ALL)
		return CD_OK;
	for (size_t i = 0; i < g->size; i++)
	{
		if (g->agent[i].weight <= 0.0)
			continue;
		g->first[k] = g->agent[i].mean;
		g->second[k++] = within / g->agent[i].weight;
	}
	status = cd_share_posterior(g->first, g->second, k, PRIOR_SCALE * sqrt(within), &posterior);
	if (status == CD_OK && k > 2)
		status = cd_share_predict(&posterior, g->options->level, &g->out->predict_low, &g->out->predict_high);
	if (status == CD_OK)
		status = cd_share_summary(&posterior, short_threshold(g), g->short_above,
								  g->options->level, &share);
	if (status == CD_OK)
		set_share(g->out, &share);
	return status;
}

/* One agent: a mean, and what its own variation says about it. */
static CdStatus
one_agent(Gap *g)
{
	CdGapDispersion *out = g->out;
	double		df = out->observations - 1.0;
	double		mean;
	double		unused;
	double		t;
	CdStatus	status;

	out->method = "one agent";
	collect_means(g, &mean, &unused);
	out->mean_gap = mean;
	if (df < 1.0)
		return CD_OK;
	out->within_sd = sqrt(g->ss_within / df);
	status = cd_t_multiplier(g->options->level, df, &t);
	if (status != CD_OK)
		return status;
	set_mean(out, mean, t * out->within_sd / sqrt(g->weight));
	return g->ss_within > 0.0 ? share_from_means(g, g->ss_within / df) : CD_OK;
}

/* One value each: spread and noise cannot be told apart. */
static CdStatus
not_separable(Gap *g)
{
	double		mean;
	double		variance;
	double		t;
	size_t		k = collect_means(g, &mean, &variance);
	CdStatus	status = cd_t_multiplier(g->options->level, (double) k - 1.0, &t);

	g->out->method = "not separable";
	if (status == CD_OK)
		set_mean(g->out, mean, t * sqrt(variance / (double) k));
	return status;
}

/* Nothing varies at all: the point is the answer. */
static CdStatus
constant(Gap *g, double mean)
{
	CdGapDispersion *out = g->out;
	double		threshold = short_threshold(g);
	double		share = g->short_above ? mean > threshold : mean < threshold;

	out->method = "constant";
	out->within_sd = 0.0;
	set_mean(out, mean, 0.0);
	set_between(out, 0.0, 0.0, 0.0);
	out->predict_low = out->predict_high = mean;
	out->share_short = out->share_low = out->share_high = share;
	return CD_OK;
}

/* Chi-square interval of a variance estimated with df degrees of freedom. */
static CdStatus
variance_interval(double variance, double df, double level, double *low, double *high)
{
	double		quantile;
	CdStatus	status = cd_chisq_quantile(0.5 * (1.0 + level), df, &quantile);

	*low = variance * df / quantile;
	if (status == CD_OK)
		status = cd_chisq_quantile(0.5 * (1.0 - level), df, &quantile);
	*high = variance * df / quantile;
	return status;
}

/* Agents differ, but each is perfectly steady: the means are a plain sample. */
static CdStatus
steady_agents(Gap *g, size_t k, double mean, double variance)
{
	CdGapDispersion *out = g->out;
	CdSharePosterior posterior;
	CdShare		share;
	double		df = (double) k - 1.0;
	double		low;
	double		high;
	double		t;
	CdStatus	status = cd_t_multiplier(g->options->level, df, &t);

	out->method = "no within variation";
	out->within_sd = 0.0;
	out->icc = out->reliability = out->i_squared = 1.0;
	set_mean(out, mean, t * sqrt(variance / (double) k));
	if (status == CD_OK)
		status = variance_interval(variance, df, g->options->level, &low, &high);
	if (status != CD_OK)
		return status;
	set_between(out, variance, low, high);
	if (k > 2)
	{
		status = cd_t_multiplier(g->options->level, df - 1.0, &t);
		out->predict_low = mean - t * sqrt(variance * (1.0 + 1.0 / (double) k));
		out->predict_high = mean + t * sqrt(variance * (1.0 + 1.0 / (double) k));
	}
	for (size_t i = 0; i < k; i++)
		g->second[i] = variance * EXACT_VARIANCE;
	if (status == CD_OK)
		status = cd_share_posterior(g->first, g->second, k, sqrt(variance), &posterior);
	if (status == CD_OK)
		status = cd_share_summary(&posterior, short_threshold(g), g->short_above,
								  g->options->level, &share);
	if (status == CD_OK)
		set_share(out, &share);
	return status;
}

/* No within variation in any agent. */
static CdStatus
no_within_variation(Gap *g)
{
	double		mean;
	double		variance;
	size_t		k = collect_means(g, &mean, &variance);

	return variance > 0.0 ? steady_agents(g, k, mean, variance) : constant(g, mean);
}

/* Shares of variance for spread tau2 over noise sigma2 of a value of weight 1. */
static void
set_variance_shares(Gap *g, double tau2, double sigma2)
{
	CdGapDispersion *out = g->out;
	double		weight2 = 0.0;
	double		typical;

	for (size_t i = 0; i < g->size; i++)
		weight2 += g->agent[i].weight * g->agent[i].weight;
	typical = sigma2 * (out->agents - 1.0) / (g->weight - weight2 / g->weight);
	out->icc = tau2 / (tau2 + sigma2);
	out->i_squared = tau2 / (tau2 + typical);
	out->reliability = tau2 / (tau2 + sigma2 * out->observations / g->weight);
}

/* The ordinary case: exact one-way REML. */
static CdStatus
one_way(Gap *g)
{
	CdGapDispersion *out = g->out;
	double		level = g->options->level;
	double		low;
	double		high;
	CdOneWay	fit;
	CdStatus	status = cd_oneway_fit(g->agent, g->size, CD_LIKELIHOOD_REML, &fit);

	if (status == CD_OK)
		status = cd_oneway_tau2_interval(g->agent, g->size, level, &low, &high);
	if (status != CD_OK)
		return status;
	out->method = fit.boundary ? "REML, boundary" : "REML";
	out->within_sd = sqrt(fit.sigma2);
	set_between(out, fit.tau2, low, high);
	set_variance_shares(g, fit.tau2, fit.sigma2);
	out->mean_gap = fit.mu;
	status = cd_oneway_mean_interval(&fit, level, &out->mean_low, &out->mean_high);
	if (status == CD_OK && fit.k >= 3.0)
		status = cd_oneway_predict_interval(&fit, level, &out->predict_low, &out->predict_high);
	return status == CD_OK ? share_from_means(g, fit.sigma2) : status;
}

/* Means of a measured quantity, on its own or the log scale. */
static CdStatus
measured(Gap *g)
{
	if (g->out->agents < 2.0)
		return one_agent(g);
	if (g->out->observations <= g->out->agents)
		return not_separable(g);
	if (g->ss_within <= 0.0)
		return no_within_variation(g);
	return one_way(g);
}

/* What the proportion path knows besides. */
typedef struct RateGap
{
	double	   *successes;		/* per agent, in effective trials */
	double	   *trials;
	double		target;			/* mean over agents */
	double		dispersion;		/* variance over binomial variance */
	double		pooled;			/* successes over trials */
	double		total;			/* effective trials */
} RateGap;

/* One agent's rate; false when it is no rate. */
static bool
agent_rate(const Gap *g, size_t i, double *rate)
{
	double		p = g->agent[i].mean + g->target[i];

	*rate = fmin(1.0, fmax(0.0, p));
	return isfinite(p) && fabs(p - *rate) <= RATE_SLACK;
}

/*
 * Variance within agents over its binomial value. Rate times (1 - rate) of an agent is
 * scaled by trials / (trials - 1), which makes it unbiased, so plain 0/1 rows give exactly 1.
 */
static CdStatus
estimate_dispersion(const Gap *g, double *dispersion)
{
	double		df = 0.0;
	double		binomial = 0.0;

	*dispersion = 1.0;
	for (size_t i = 0; i < g->size; i++)
	{
		const CdMoments *m = &g->agent[i];
		double		rate;

		if (m->weight <= 0.0)
			continue;
		if (!agent_rate(g, i, &rate))
			return CD_BAD_INPUT;
		df += m->n - 1.0;
		if (m->weight > 1.0)
			binomial += (m->n - 1.0) * rate * (1.0 - rate) * m->weight / (m->weight - 1.0);
	}
	if (df >= MIN_DISPERSION_DF && binomial > 0.0)
		*dispersion = g->ss_within / binomial;
	return CD_OK;
}

/* Rates that agents would have if their targets were the mean one. */
static void
move_to_target(const Gap *g, RateGap *r)
{
	size_t		k = 0;

	r->pooled = 0.0;
	for (size_t i = 0; i < g->size; i++)
	{
		if (g->agent[i].weight <= 0.0)
			continue;
		r->successes[k] = r->trials[k] * fmin(1.0, fmax(0.0, g->agent[i].mean + r->target));
		r->pooled += r->successes[k++] / r->total;
	}
}

/*
 * Effective trials and successes per agent, empty agents left out. Agents with other targets (their contacts are of
 * other types) are compared by their gaps: rates as they would be at the mean target, unless all are 0 or all are 1.
 */
static size_t
collect_rates(const Gap *g, RateGap *r)
{
	size_t		k = 0;

	r->target = r->pooled = r->total = 0.0;
	for (size_t i = 0; i < g->size; i++)
	{
		double		rate;

		if (g->agent[i].weight <= 0.0 || !agent_rate(g, i, &rate))
			continue;
		r->trials[k] = g->agent[i].weight / r->dispersion;
		r->successes[k] = rate * r->trials[k];
		r->total += r->trials[k];
		r->pooled += r->successes[k];
		r->target += g->target[i] / g->out->agents;
		k++;
	}
	r->pooled /= r->total;
	if (r->pooled > 0.0 && r->pooled < 1.0)
		move_to_target(g, r);
	return k;
}

/* Logit of a probability, infinite at or beyond 0 and 1. */
static double
logit(double p)
{
	return p <= 0.0 ? -INFINITY : p >= 1.0 ? INFINITY : log(p / (1.0 - p));
}

/* Share of short agents from a posterior in logits. */
static CdStatus
share_of_rates(Gap *g, const RateGap *r, const CdSharePosterior *posterior)
{
	CdShare		share;
	CdStatus	status = cd_share_summary(posterior, logit(r->target + short_threshold(g)),
										  g->short_above, g->options->level, &share);

	if (status == CD_OK)
		set_share(g->out, &share);
	return status;
}

/* Noise sd of one trial in logits, where the prior of tau gets its scale. */
static double
logit_noise(const RateGap *r)
{
	double		p = (r->pooled * r->total + 0.5) / (r->total + 1.0);

	return sqrt(r->dispersion / (p * (1.0 - p)));
}

/* All rates at 0 or all at 1: empirical logits for the share, Wilson for the mean. */
static CdStatus
at_one_limit(Gap *g, const RateGap *r, size_t k)
{
	CdGapDispersion *out = g->out;
	CdSharePosterior posterior;
	double		low;
	double		high;
	double		inner;
	CdStatus	status = cd_wilson(r->pooled * r->total, r->total, g->options->level, &low, &high);

	if (status != CD_OK)
		return status;
	out->method = "all at one limit";
	out->within_sd = 0.0;
	out->mean_gap = r->pooled - r->target;
	out->mean_low = low - r->target;
	out->mean_high = high - r->target;
	inner = r->pooled > 0.5 ? low : high;
	if (k > 1)
		set_between(out, 0.0, 0.0, inner * (1.0 - inner));
	for (size_t i = 0; i < k; i++)
	{
		double		x = r->successes[i] + 0.5;
		double		rest = r->trials[i] - r->successes[i] + 0.5;

		r->successes[i] = log(x / rest);
		r->trials[i] = 1.0 / x + 1.0 / rest;
	}
	status = cd_share_posterior(r->successes, r->trials, k, PRIOR_SCALE * logit_noise(r), &posterior);
	return status == CD_OK ? share_of_rates(g, r, &posterior) : status;
}

/* One agent's rate with Wilson's interval. */
static CdStatus
one_rate(Gap *g, const RateGap *r)
{
	CdGapDispersion *out = g->out;
	double		low;
	double		high;
	CdStatus	status = cd_wilson(r->successes[0], r->trials[0], g->options->level, &low, &high);

	out->method = "one agent";
	out->within_sd = sqrt(r->pooled * (1.0 - r->pooled) * r->dispersion);
	out->mean_gap = r->pooled - r->target;
	out->mean_low = low - r->target;
	out->mean_high = high - r->target;
	return status;
}

/*
 * Mean true rate with its standard error by the delta method, interval formed in
 * logits with t(k - 1) so that it stays within 0 and 1.
 */
static CdStatus
mean_of_rates(Gap *g, const RateGap *r, const CdRates *fit, double rate)
{
	CdGapDispersion *out = g->out;
	double		h = 1e-4;
	double		up;
	double		down;
	double		sd;
	double		d_mu;
	double		d_tau = 0.0;
	double		variance;
	double		half;
	double		t;
	CdStatus	status = cd_t_multiplier(g->options->level, fit->k - 1.0, &t);

	if (status == CD_OK)
		status = cd_rates_moments(fit->mu + h, fit->tau, &up, &sd);
	if (status == CD_OK)
		status = cd_rates_moments(fit->mu - h, fit->tau, &down, &sd);
	d_mu = (up - down) / (2.0 * h);
	variance = d_mu * d_mu * fit->se_mu * fit->se_mu;
	if (status == CD_OK && !isnan(fit->se_tau))
	{
		h *= fit->tau;
		status = cd_rates_moments(fit->mu, fit->tau + h, &up, &sd);
		if (status == CD_OK)
			status = cd_rates_moments(fit->mu, fit->tau - h, &down, &sd);
		d_tau = (up - down) / (2.0 * h);
		variance += d_tau * d_tau * fit->se_tau * fit->se_tau + 2.0 * d_mu * d_tau * fit->cov_mu_tau;
	}
	if (status != CD_OK)
		return status;
	half = t * sqrt(variance) / (rate * (1.0 - rate));
	out->mean_gap = rate - r->target;
	out->mean_low = 1.0 / (1.0 + exp(half - logit(rate))) - r->target;
	out->mean_high = 1.0 / (1.0 + exp(-half - logit(rate))) - r->target;
	return CD_OK;
}

/* True gap of a new agent, found in logits. */
static CdStatus
predict_rate(Gap *g, const RateGap *r, const CdRates *fit, const CdSharePosterior *posterior)
{
	double		t;
	double		half;
	CdStatus	status;

	if (fit->k < 3.0)
		return CD_OK;
	status = cd_t_multiplier(g->options->level, fit->k - 2.0, &t);
	half = t * hypot(fit->se_mu, fit->tau);
	g->out->predict_low = fit->mu - half;
	g->out->predict_high = fit->mu + half;
	if (status == CD_OK)
		status = cd_share_predict(posterior, g->options->level, &g->out->predict_low, &g->out->predict_high);
	g->out->predict_low = 1.0 / (1.0 + exp(-g->out->predict_low)) - r->target;
	g->out->predict_high = 1.0 / (1.0 + exp(-g->out->predict_high)) - r->target;
	return status;
}

/* Interval of tau, carried over to the sd of the rates themselves. */
static CdStatus
between_interval(Gap *g, const RateGap *r, size_t k, const CdRates *fit)
{
	double		low;
	double		high;
	double		mu_low;
	double		mu_high;
	double		rate;
	CdStatus	status = cd_rates_tau_interval(r->successes, r->trials, k, fit, g->options->level,
											   &low, &mu_low, &high, &mu_high);

	if (status == CD_OK)
		status = cd_rates_moments(mu_low, low, &rate, &g->out->between_low);
	if (status == CD_OK)
		status = cd_rates_moments(mu_high, high, &rate, &g->out->between_high);
	return status;
}

/* The binomial-normal model. */
static CdStatus
rates_of_agents(Gap *g, const RateGap *r, size_t k)
{
	CdGapDispersion *out = g->out;
	CdSharePosterior posterior;
	CdRates		fit;
	double		rate;
	double		sd;
	double		within;
	CdStatus	status = cd_rates_fit(r->successes, r->trials, k, true, &fit);

	if (status == CD_OK)
		status = cd_rates_moments(fit.mu, fit.tau, &rate, &sd);
	if (status != CD_OK)
		return status;
	out->method = fit.boundary ? "binomial-normal, boundary" : "binomial-normal";
	within = (rate * (1.0 - rate) - sd * sd) * r->dispersion;
	out->within_sd = sqrt(within);
	out->between_sd = sd;
	out->between_variance = sd * sd;
	set_variance_shares(g, sd * sd, within);
	status = mean_of_rates(g, r, &fit, rate);
	if (status == CD_OK && g->options->wanted != CD_GAP_MEAN)
		status = between_interval(g, r, k, &fit);
	if (status != CD_OK || g->options->wanted != CD_GAP_ALL)
		return status;
	status = cd_rates_posterior(r->successes, r->trials, k, PRIOR_SCALE * logit_noise(r), &posterior);
	if (status == CD_OK)
		status = predict_rate(g, r, &fit, &posterior);
	return status == CD_OK ? share_of_rates(g, r, &posterior) : status;
}

/* Trials beyond the first of every agent, where spread shows itself. */
static bool
rates_separable(const RateGap *r, size_t k)
{
	size_t		informative = 0;

	for (size_t i = 0; i < k; i++)
		informative += r->trials[i] > 1.0;
	return informative > 1;
}

/* Rates: successes of trials. */
static CdStatus
proportion(Gap *g)
{
	RateGap		r = {.successes = g->first, .trials = g->second};
	CdStatus	status = estimate_dispersion(g, &r.dispersion);
	size_t		k;

	if (status != CD_OK)
		return status;
	if (r.dispersion <= 0.0)
		return measured(g);
	k = collect_rates(g, &r);
	if (r.pooled <= 0.0 || r.pooled >= 1.0)
		return at_one_limit(g, &r, k);
	if (k < 2)
	{
		CdSharePosterior posterior;

		status = one_rate(g, &r);
		if (status == CD_OK)
			status = cd_rates_posterior(r.successes, r.trials, k, PRIOR_SCALE * logit_noise(&r), &posterior);
		return status == CD_OK ? share_of_rates(g, &r, &posterior) : status;
	}
	if (!rates_separable(&r, k))
		return not_separable(g);
	return rates_of_agents(g, &r, k);
}

/* F test of agents, where there is one. */
static CdStatus
fill_anova(Gap *g)
{
	CdAnova		table;
	CdStatus	status;

	if (g->out->agents < 2.0 || g->out->observations <= g->out->agents)
		return CD_OK;
	status = cd_anova(g->agent, g->size, &table);
	if (status == CD_OK)
	{
		g->out->f = table.f;
		g->out->f_p = table.p;
	}
	return status;
}

/* The whole result. */
CdStatus
cd_gap_dispersion(const CdMoments *gaps, const double *targets, size_t k,
				  const CdGapOptions *options, double *scratch, CdGapDispersion *out)
{
	Gap			g = {
		.agent = gaps, .target = targets, .size = k, .options = options,
		.first = scratch, .second = scratch + k, .out = out,
		.short_above = options->short_is_positive == (options->orientation > 0.0)
	};
	CdStatus	status = check_options(options);

	clear(out);
	if (status == CD_OK && options->scale == CD_SCALE_PROPORTION && targets == NULL)
		status = CD_BAD_INPUT;
	if (status == CD_OK)
		status = summarise(&g);
	if (status == CD_OK)
		status = fill_anova(&g);
	if (status == CD_OK)
		status = options->scale == CD_SCALE_PROPORTION ? proportion(&g) : measured(&g);
	if (status != CD_OK)
		return status;
	set_consistency(out);
	if (options->orientation < 0.0)
		orient(out);
	return CD_OK;
}
