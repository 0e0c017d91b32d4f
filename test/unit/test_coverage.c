/*
 * test_coverage.c: do 95 % intervals cover 95 % of the time? Simulated teams of 6, 10 and
 * 20, balanced and not, seeded. COACHDIAG_COVERAGE_TEAMS sets the teams per setting.
 */
#include "close.h"

#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "stats/dispersion.h"
#include "stats/rates.h"

#define DEFAULT_TEAMS 150
#define MU 0.3
#define RATE_LOGIT 1.0
#define RATE_TARGET 0.75
/* Share of agents below the target when logits have this standard deviation. */
#define RATE_SHORT(sd) gsl_cdf_ugaussian_P((log(RATE_TARGET / (1 - RATE_TARGET)) - RATE_LOGIT) / (sd))

typedef struct Coverage
{
	int			teams;
	int			mean;
	int			between;
	int			predict;
	int			share;
} Coverage;

static int
teams_per_setting(void)
{
	const char *text = getenv("COACHDIAG_COVERAGE_TEAMS");

	return text != NULL && atoi(text) > 0 ? atoi(text) : DEFAULT_TEAMS;
}

/* Calls per agent: 30 each, or from 3 to 120. */
static int
calls_of(int agent, bool balanced)
{
	static const int unequal[] = {3, 8, 20, 40, 120};

	return balanced ? 30 : unequal[agent % 5];
}

/* Moments of one agent, drawn as sufficient statistics. */
static CdMoments
draw_agent(double tau, int n, uint64_t *seed)
{
	CdMoments	m = {n, n, 0.0, 0.0};

	m.mean = MU + tau * normal(seed) + normal(seed) / sqrt(n);
	m.m2 = gsl_cdf_chisq_Pinv(uniform(seed), n - 1.0);
	return m;
}

static void
count(Coverage *c, const CdGapDispersion *d, double tau, double new_agent)
{
	double		share = gsl_cdf_ugaussian_P(-MU / tau);

	c->teams++;
	c->mean += d->mean_low <= MU && MU <= d->mean_high;
	c->between += d->between_low <= tau && tau <= d->between_high;
	c->predict += d->predict_low <= new_agent && new_agent <= d->predict_high;
	c->share += d->share_low <= share && share <= d->share_high;
}

static void
simulate(int agents, double tau, bool balanced, uint64_t *seed, Coverage *c)
{
	CdMoments	agent[20];
	double		scratch[CD_GAP_DISPERSION_SCRATCH(20)];
	CdGapOptions options = cd_gap_default_options();

	for (int team = 0; team < teams_per_setting(); team++)
	{
		CdGapDispersion d;

		for (int i = 0; i < agents; i++)
			agent[i] = draw_agent(tau, calls_of(i, balanced), seed);
		assert_ok(cd_gap_dispersion(agent, NULL, (size_t) agents, &options, scratch, &d));
		count(c, &d, tau, MU + tau * normal(seed));
	}
}

/* 93 to 97 %, widened by three standard errors of the simulation itself. */
static void
check(const char *what, int agents, bool balanced, int hits, int teams)
{
	double		covered = hits / (double) teams;
	double		error = 3.0 * sqrt(0.95 * 0.05 / teams);

	print_message("# %s, %d agents, %s: %.1f %%\n", what, agents,
				  balanced ? "balanced" : "unbalanced", 100.0 * covered);
	assert_between(covered, 0.93 - error, 0.97 + error);
}

/* Pooled over spreads of a tenth to the whole of the noise of one call. */
static void
intervals_cover(void **state)
{
	static const int sizes[] = {6, 10, 20};
	static const double spreads[] = {0.1, 0.2, 0.5, 1.0};
	uint64_t	seed = 95;

	(void) state;
	for (int s = 0; s < 3; s++)
	{
		for (int balanced = 0; balanced < 2; balanced++)
		{
			Coverage	c = {0};

			for (int t = 0; t < 4; t++)
				simulate(sizes[s], spreads[t], balanced, &seed, &c);
			check("mean gap", sizes[s], balanced, c.mean, c.teams);
			check("between sd", sizes[s], balanced, c.between, c.teams);
			check("new agent", sizes[s], balanced, c.predict, c.teams);
			check("share short", sizes[s], balanced, c.share, c.teams);
		}
	}
}

/* Trials per agent: 200 each, or from 20 to 800. */
static int
trials_of(int agent, bool balanced)
{
	static const int unequal[] = {20, 50, 130, 300, 800};

	return balanced ? 200 : unequal[agent % 5];
}

static double
draw_rate(double logit_sd, uint64_t *seed)
{
	return 1.0 / (1.0 + exp(-(RATE_LOGIT + logit_sd * normal(seed))));
}

/* The rate that an agent showed, as one weighted value. */
static CdMoments
draw_rate_of(double rate, int trials, uint64_t *seed)
{
	int			successes = 0;

	for (int i = 0; i < trials; i++)
		successes += uniform(seed) < rate;
	return (CdMoments) {1, trials, successes / (double) trials - RATE_TARGET, 0.0};
}

static void
simulate_rates(int agents, double logit_sd, bool balanced, uint64_t *seed, Coverage *c)
{
	CdMoments	agent[20];
	double		targets[20];
	double		scratch[CD_GAP_DISPERSION_SCRATCH(20)];
	double		mean;
	double		sd;
	CdGapOptions options = cd_gap_default_options();

	options.scale = CD_SCALE_PROPORTION;
	assert_ok(cd_rates_moments(RATE_LOGIT, logit_sd, &mean, &sd));
	for (int team = 0; team < teams_per_setting(); team++)
	{
		CdGapDispersion d;
		double		new_agent = draw_rate(logit_sd, seed) - RATE_TARGET;

		for (int i = 0; i < agents; i++)
		{
			targets[i] = RATE_TARGET;
			agent[i] = draw_rate_of(draw_rate(logit_sd, seed), trials_of(i, balanced), seed);
		}
		assert_ok(cd_gap_dispersion(agent, targets, (size_t) agents, &options, scratch, &d));
		c->teams++;
		c->mean += d.mean_low <= mean - RATE_TARGET && mean - RATE_TARGET <= d.mean_high;
		c->between += d.between_low <= sd && sd <= d.between_high;
		c->predict += d.predict_low <= new_agent && new_agent <= d.predict_high;
		c->share += d.share_low <= RATE_SHORT(logit_sd) && RATE_SHORT(logit_sd) <= d.share_high;
	}
}

/* First contact resolution: 73 % against a target of 75 %, agents far apart or close. */
static void
rate_intervals_cover(void **state)
{
	static const int sizes[] = {6, 10, 20};
	static const double spreads[] = {0.15, 0.3, 0.6};
	uint64_t	seed = 73;

	(void) state;
	for (int s = 0; s < 3; s++)
	{
		for (int balanced = 0; balanced < 2; balanced++)
		{
			Coverage	c = {0};

			for (int t = 0; t < 3; t++)
				simulate_rates(sizes[s], spreads[t], balanced, &seed, &c);
			check("mean gap of a rate", sizes[s], balanced, c.mean, c.teams);
			check("between sd of a rate", sizes[s], balanced, c.between, c.teams);
			check("new agent's rate", sizes[s], balanced, c.predict, c.teams);
			check("share short of a rate", sizes[s], balanced, c.share, c.teams);
		}
	}
}

/* Without any spread: an interval of the spread that starts at 0 in 97.5 % of teams. */
static void
no_spread(void **state)
{
	uint64_t	seed = 5;
	Coverage	c = {0};

	(void) state;
	simulate(10, 0.0, true, &seed, &c);
	assert_between(c.between / (double) c.teams, 0.95, 1.0);
	assert_between(c.mean / (double) c.teams, 0.93, 1.0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_cover),
		cmocka_unit_test(rate_intervals_cover),
		cmocka_unit_test(no_spread),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
