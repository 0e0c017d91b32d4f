/*
 * period_effects.c: see period_effects.h. The agents are eliminated: what remains is a
 * system of one equation for each period.
 */
#include <math.h>
#include <string.h>

#include "stats/linear.h"
#include "stats/period_effects.h"

/* The rows of one agent, and their weighted mean. */
typedef struct Run
{
	const CdPeriodRow *rows;
	size_t		n;
	double		weight;
	double		mean;
} Run;

size_t
cd_period_effects_size(size_t periods)
{
	size_t		total = cd_arena_bytes(periods, periods * sizeof(double));

	return cd_arena_sum(total, 3 * cd_arena_bytes(periods, sizeof(double)));
}

static Run
next_run(const CdPeriodRow *rows, size_t n)
{
	Run			run = {rows, 0, 0.0, 0.0};

	for (; run.n < n && rows[run.n].agent == rows[0].agent; run.n++)
		if (rows[run.n].weight > 0.0)
		{
			run.weight += rows[run.n].weight;
			run.mean += (rows[run.n].value - run.mean) * rows[run.n].weight / run.weight;
		}
	return run;
}

/* Whether the agent was there in a period linked so far; then all of the agent's periods are. */
static bool
link_run(const Run *run, double *effect)
{
	bool		touches = false;
	bool		news = false;

	for (size_t i = 0; i < run->n; i++)
		touches = touches || (run->rows[i].weight > 0.0 && !isnan(effect[run->rows[i].period]));
	for (size_t i = 0; touches && i < run->n; i++)
		if (run->rows[i].weight > 0.0 && isnan(effect[run->rows[i].period]))
		{
			effect[run->rows[i].period] = 0.0;
			news = true;
		}
	return news;
}

/* Effects 0 where a period is linked to the last one observed, NaN elsewhere. */
static CdStatus
link_periods(const CdPeriodRow *rows, size_t n, CdPeriodEffects *out)
{
	int32_t		last = -1;
	bool		news = true;

	for (size_t t = 0; t < out->periods; t++)
		out->effect[t] = NAN;
	for (size_t i = 0; i < n; i++)
		if (rows[i].weight > 0.0 && rows[i].period > last)
			last = rows[i].period;
	if (last < 0)
		return CD_TOO_FEW;
	out->effect[last] = 0.0;
	while (news)
	{
		Run			run;

		news = false;
		for (size_t i = 0; i < n; i += run.n)
		{
			run = next_run(rows + i, n - i);
			news = link_run(&run, out->effect) || news;
		}
		if (cd_stop_requested())
			return CD_STOPPED;
	}
	return CD_OK;
}

/* An agent's part of the normal equations. */
static void
add_run(const Run *run, CdPeriodEffects *out)
{
	for (size_t i = 0; i < run->n; i++)
	{
		const CdPeriodRow *a = &run->rows[i];
		double	   *line = &out->factor[(size_t) a->period * out->periods];

		if (a->weight <= 0.0)
			continue;
		out->agents[a->period] += 1.0;
		line[a->period] += a->weight;
		for (size_t j = 0; j < run->n; j++)
			if (run->rows[j].weight > 0.0)
				line[run->rows[j].period] -= a->weight * run->rows[j].weight / run->weight;
	}
}

/* Fix the sum of the effects at 0, and those that are not linked by themselves. */
static void
pin(CdPeriodEffects *out)
{
	size_t		n = out->periods;
	double		linked = 0.0;
	double		trace = 0.0;

	for (size_t t = 0; t < n; t++)
		if (!isnan(out->effect[t]))
		{
			linked += 1.0;
			trace += out->factor[t * n + t];
		}
	for (size_t t = 0; t < n; t++)
		for (size_t u = 0; u < n; u++)
			if (isnan(out->effect[t]) || isnan(out->effect[u]))
				out->factor[t * n + u] = t == u ? 1.0 : 0.0;
			else
				out->factor[t * n + u] += fmax(trace, 1.0) / (linked * linked);
}

/* Solve, keeping NaN where nothing is linked. */
static void
solve(const CdPeriodEffects *e, double *b)
{
	for (size_t t = 0; t < e->periods; t++)
		if (isnan(e->effect[t]))
			b[t] = 0.0;
	cd_cholesky_solve(e->factor, e->periods, b);
}

/* Residual mean square of the linked rows. */
static double
residual_variance(const CdPeriodRow *rows, size_t n, const CdPeriodEffects *e)
{
	double		df = 1.0;
	double		sum = 0.0;
	Run			run;

	for (size_t t = 0; t < e->periods; t++)
		df -= !isnan(e->effect[t]);
	for (size_t i = 0; i < n; i += run.n)
	{
		double		own = 0.0;
		bool		linked = false;

		run = next_run(rows + i, n - i);
		for (size_t j = 0; j < run.n; j++)
			if (run.rows[j].weight > 0.0 && !isnan(e->effect[run.rows[j].period]))
			{
				own += run.rows[j].weight * e->effect[run.rows[j].period] / run.weight;
				linked = true;
			}
		df -= linked;
		for (size_t j = 0; linked && j < run.n; j++)
			if (run.rows[j].weight > 0.0)
			{
				double		rest = run.rows[j].value - run.mean - e->effect[run.rows[j].period] + own;

				df += 1.0;
				sum += run.rows[j].weight * rest * rest;
			}
	}
	return df > 0.0 ? sum / df : NAN;
}

/* The right-hand side of the normal equations. */
static void
gather(const CdPeriodRow *rows, size_t n, double *right)
{
	Run			run;

	for (size_t i = 0; i < n; i += run.n)
	{
		run = next_run(rows + i, n - i);
		for (size_t j = 0; j < run.n; j++)
			if (run.rows[j].weight > 0.0)
				right[run.rows[j].period] += run.rows[j].weight * (run.rows[j].value - run.mean);
	}
}

void
cd_period_effects_again(const CdPeriodRow *rows, size_t n, CdPeriodEffects *effects)
{
	memset(effects->scratch, 0, effects->periods * sizeof(double));
	gather(rows, n, effects->scratch);
	solve(effects, effects->scratch);
	for (size_t t = 0; t < effects->periods; t++)
		if (!isnan(effects->effect[t]))
			effects->effect[t] = effects->scratch[t];
	effects->noise = residual_variance(rows, n, effects);
}

CdStatus
cd_period_effects(const CdPeriodRow *rows, size_t n, size_t periods, CdArena *arena, CdPeriodEffects *out)
{
	CdStatus	status;
	Run			run;

	*out = (CdPeriodEffects) {
		.periods = periods,
		.effect = cd_arena_take(arena, periods, sizeof(double)),
		.agents = cd_arena_take(arena, periods, sizeof(double)),
		.factor = cd_arena_take(arena, periods, periods * sizeof(double)),
		.scratch = cd_arena_take(arena, periods, sizeof(double))
	};
	if (out->effect == NULL || out->agents == NULL || out->factor == NULL || out->scratch == NULL)
		return CD_NOMEM;
	memset(out->agents, 0, periods * sizeof(double));
	memset(out->factor, 0, periods * periods * sizeof(double));
	status = link_periods(rows, n, out);
	if (status != CD_OK)
		return status;
	for (size_t i = 0; i < n; i += run.n)
	{
		run = next_run(rows + i, n - i);
		add_run(&run, out);
	}
	pin(out);
	status = cd_cholesky_definite(out->factor, periods);
	if (status == CD_OK)
		cd_period_effects_again(rows, n, out);
	return status;
}

double
cd_period_effects_variance(CdPeriodEffects *effects, const double *contrast)
{
	double		sum = 0.0;

	memcpy(effects->scratch, contrast, effects->periods * sizeof(double));
	solve(effects, effects->scratch);
	for (size_t t = 0; t < effects->periods; t++)
		if (!isnan(effects->effect[t]))
			sum += contrast[t] * effects->scratch[t];
	return effects->noise * sum;
}
