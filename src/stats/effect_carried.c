/*
 * effect_carried.c: do values hold what earlier periods brought, as a rolling mean does, or a month's value beside each of its weeks?
 */
#include <math.h>
#include <string.h>

#include <gsl/gsl_statistics_double.h>

#include "stats/effect_fit.h"

#define LAGS 13					/* periods */
#define FEWEST 100.0			/* changes; fewer tell nothing */
#define AT_ONCE -0.2			/* correlation of an agent's changes in periods that follow each other; near -0.5 where a value is of its own period */
#define LATER -0.25				/* and of those some periods apart; near 0 there, but negative where a value leaves all at once */

/* The last changes of an agent, the latest first, and sums of the products of those 0, 1, ... periods apart. */
typedef struct Changes
{
	double		change[LAGS + 1];
	double		product[LAGS + 1];
	double		changes;
	int			known;
} Changes;

static void
add_change(Changes *c, double change)
{
	for (int k = LAGS; k > 0; k--)
		c->change[k] = c->change[k - 1];
	c->change[0] = change;
	if (c->known <= LAGS)
		c->known++;
	for (int k = 0; k < c->known; k++)
		c->product[k] += change * c->change[k];
	c->changes += 1.0;
}

/* Of one agent, who counts by how many changes there are, not by how large they are: one long absence is not everybody's. */
static void
end_agent(Changes *c, double *sum)
{
	for (int k = 0; k <= LAGS && c->product[0] > 0.0; k++)
		sum[k] += c->changes * c->product[k] / c->product[0];
	*c = (Changes) {.known = 0};
}

/* Residuals beside the median of the team's period, into work->surprise: one agent far off moves no mate's. */
static void
beside_team(const CdEffectWork *work, size_t g)
{
	const CdEffectTeam *team = &work->panel.team[g];
	const CdEffectObs *obs = work->panel.obs + team->first;
	const double *residual = work->residual + team->first;

	for (size_t from = 0, to; from < team->n; from = to)
	{
		double	   *beside = work->surprise + from;
		double		middle;

		for (to = from; to < team->n && obs[to].period == obs[from].period;)
			to++;
		memcpy(beside, residual + from, (to - from) * sizeof(double));
		middle = gsl_stats_median(beside, 1, to - from);	/* in another order */
		for (size_t i = from; i < to; i++)
			work->surprise[i] = residual[i] - middle;
	}
}

/* Correlations of changes 0, 1, ... LAGS periods apart, over a team's agents, times the changes. */
static void
add_team(const CdEffectWork *work, size_t g, double *sum)
{
	const CdEffectPanel *panel = &work->panel;
	const CdEffectTeam *team = &panel->team[g];
	const CdEffectObs *obs = panel->obs + team->first;
	size_t		last = CD_EFFECT_NONE;
	Changes		c = {.known = 0};

	beside_team(work, g);
	for (size_t j = team->first_row; j < team->first_row + team->rows; j++)
	{
		size_t		i = panel->obs_of[j];

		if (i == CD_EFFECT_NONE)
			continue;
		i -= team->first;
		if (last != CD_EFFECT_NONE && obs[last].slot != obs[i].slot)
			end_agent(&c, sum);
		else if (last != CD_EFFECT_NONE && obs[last].period + 1 == obs[i].period)
			add_change(&c, work->surprise[i] - work->surprise[last]);
		else
			c.known = 0;
		last = i;
	}
	end_agent(&c, sum);
}

bool
cd_effect_carried(const CdEffectWork *work)
{
	double		sum[LAGS + 1] = {0};
	double		least = 0.0;

	for (size_t g = 0; g < work->panel.teams; g += cd_effect_sample_step(work))
		add_team(work, g, sum);
	for (int k = 2; k <= LAGS; k++)
		least = fmin(least, sum[k]);
	return sum[0] >= FEWEST && sum[1] > AT_ONCE * sum[0] && least < LATER * sum[0];
}

size_t
cd_values_carried_size(size_t rows, size_t teams, size_t periods)
{
	return cd_arena_sum(cd_effect_panel_size(rows, teams, periods), 2 * cd_arena_bytes(rows, sizeof(double)));
}

/* The same of the values themselves, of which no fit has taken anything. */
CdStatus
cd_values_carried(const CdEffectRow *rows, size_t n, size_t teams, CdArena *arena, bool *carried)
{
	CdEffectWork work = {0};
	CdStatus	status = cd_effect_panel(rows, n, teams, arena, &work.panel);

	*carried = false;
	if (status != CD_OK)
		return status == CD_TOO_FEW ? CD_OK : status;
	work.residual = cd_arena_take(arena, n, sizeof(double));
	work.surprise = cd_arena_take(arena, n, sizeof(double));
	if (!work.residual || !work.surprise)
		return CD_NOMEM;
	for (size_t i = 0; i < n; i++)
		if (work.panel.obs_of[i] != CD_EFFECT_NONE)
			work.residual[work.panel.obs_of[i]] = rows[i].value;
	*carried = cd_effect_carried(&work);
	return CD_OK;
}
