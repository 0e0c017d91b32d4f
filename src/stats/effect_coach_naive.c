/*
 * effect_coach_naive.c: what each coach's sessions look like to whoever only looks before and
 * after, and counts.
 */
#include <math.h>

#include "stats/effect_coach_model.h"

/* What all sessions so far add to each row of an agent, in held, which has the columns. */
static void
agent_values(CdCoachWork *w, size_t g, size_t from, size_t to, double *seen, double *null)
{
	const CdCoachPlan *plan = w->plan;
	const CdEffectDesign *design = &w->fit.design;
	const CdCoachRest *team = &w->team[g];
	const double *rest = w->rest + team->first;
	const int32_t *list = plan->list + plan->list_of[g];
	CdEffectStock stock = {0};

	for (size_t i = from; i < to; i++)
	{
		const double *x = w->held + (i - from) * (team->own + 1);
		double		column[CD_EFFECT_COLUMNS] = {0};
		double		lift = 0.0;

		if (i > from)
			cd_effect_age(design, plan->rows[i - 1].sessions,
						  plan->rows[i].period - plan->rows[i - 1].period, &stock);
		design->fill(design, plan->rows, from, to, i, &stock, column);
		/* The first of the other terms stands for all other coaches; tenure is no coach's doing. */
		column[CD_EFFECT_DOSE] = x[team->own];
		column[CD_EFFECT_NEW] = column[CD_EFFECT_LEARNING] = 0.0;
		for (size_t k = 0; k < team->own; k++)
			lift += w->coach[list[k]].effect * x[k];
		for (size_t j = 0; j < team->nuisance; j++)
		{
			double		b = rest[j * (1 + team->own)];

			for (size_t k = 0; k < team->own; k++)
				b -= rest[j * (1 + team->own) + 1 + k] * w->coach[list[k]].effect;
			lift += b * column[CD_EFFECT_DOSE + j];
		}
		seen[i - from] = plan->rows[i].weight > 0.0 ? plan->rows[i].value : NAN;
		null[i - from] = seen[i - from] - (team->usable ? lift : NAN);
	}
}

/* Sessions, agents and teams of the coaches of one row. */
static void
count_row(CdCoachWork *w, size_t g, size_t agent, size_t row, double usual, double untold)
{
	const CdCoachPlan *plan = w->plan;

	for (size_t d = plan->dose_of[row]; d < plan->dose_of[row + 1]; d++)
	{
		const CdCoachDose *dose = &plan->dose[d];
		CdCoach    *coach = &w->coach[dose->coach];

		if (dose->sessions == 0.0)
			continue;
		coach->sessions += dose->sessions;
		for (size_t k = plan->list_of[g]; k < plan->list_of[g + 1]; k++)
			if (plan->list[k] == dose->coach)
				w->part[k].sessions += dose->sessions;
		coach->usual += (usual - coach->usual) * dose->sessions / coach->sessions;
		coach->allowance += dose->sessions * untold * sqrt(w->fit.noise[g].level * w->fit.fit[g].s2);
		coach->agents += w->last_agent[dose->coach] != agent + 1;
		w->last_agent[dose->coach] = agent + 1;
		if (w->last_team[dose->coach] == g + 1)
			continue;
		coach->teams += 1.0;
		coach->shared += plan->list_of[g + 1] - plan->list_of[g] > 1;
		w->last_team[dose->coach] = g + 1;
	}
}

/* Before and after of a team's sessions, by coach. */
static void
tally_team(CdCoachWork *w, size_t g, double *seen, double *null)
{
	const CdCoachPlan *plan = w->plan;
	const CdEffectTeam *team = &w->fit.panel.team[g];
	size_t		end = team->first_row + team->rows;
	int			before = w->fit.design.before;
	int			horizon = w->fit.design.horizon;

	cd_effect_sum_periods(&w->fit, g);
	for (size_t from = team->first_row, to; from < end; from = to)
	{
		double		usual;
		double		periods = 0.0;

		to = cd_coach_agent_end(plan, from, end);
		if (plan->dose_of[from] == plan->dose_of[to])
			continue;
		cd_coach_columns(w, g, from, to);
		agent_values(w, g, from, to, seen, null);
		usual = cd_effect_usual(&w->fit, from, to).value;
		for (size_t i = from; i < to; i++)
		{
			periods += w->fit.panel.obs_of[i] != CD_EFFECT_NONE;
			count_row(w, g, from, i, usual, w->fit.fit[g].usable ? cd_effect_untold(&w->fit.noise[g], periods) : 0.0);
			for (size_t d = plan->dose_of[i]; d < plan->dose_of[i + 1]; d++)
			{
				const CdCoachDose *dose = &plan->dose[d];

				/* The values of an agent begin with its first row. */
				cd_effect_around(plan->rows + from, seen, 0, to - from, i - from, dose->sessions,
								 before, horizon, &w->seen[dose->coach]);
				cd_effect_around(plan->rows + from, null, 0, to - from, i - from, dose->sessions,
								 before, horizon, &w->null[dose->coach]);
			}
		}
	}
}

static void
report_tallies(CdCoachWork *w)
{
	for (size_t c = 0; c < w->plan->coaches; c++)
	{
		const CdEffectTally *seen = &w->seen[c];
		const CdEffectTally *null = &w->null[c];
		CdCoach    *coach = &w->coach[c];

		if (coach->sessions > 0.0)
			coach->allowance /= coach->sessions;
		if (!(seen->sessions > 0.0))
			continue;
		coach->naive = seen->change / seen->sessions;
		coach->naive_share = seen->better / seen->sessions;
		if (coach->status != CD_OK || !(null->sessions > 0.0))
			continue;
		coach->null = null->change / null->sessions;
		coach->null_share = null->better / null->sessions;
	}
}

CdStatus
cd_coach_tally(CdCoachWork *w, CdArena *arena)
{
	size_t		used = arena->used;
	double	   *seen = cd_arena_take(arena, w->plan->agent_rows, sizeof(double));
	double	   *null = cd_arena_take(arena, w->plan->agent_rows, sizeof(double));

	if (!seen || !null)
		return CD_NOMEM;
	for (size_t g = 0; g < w->plan->teams; g++)
	{
		if (cd_stop_requested())
			return CD_STOPPED;
		tally_team(w, g, seen, null);
	}
	report_tallies(w);
	arena->used = used;
	return CD_OK;
}
