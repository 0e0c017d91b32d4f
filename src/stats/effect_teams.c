/*
 * effect_teams.c: see effect_teams.h.
 */
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "stats/effect_teams.h"

/* One period of a team. */
typedef struct Period
{
	double		weight;
	double		value;
	double		sessions;
	double		agents;
} Period;

size_t
cd_effect_team_rows_size(size_t periods)
{
	return cd_arena_bytes(periods, sizeof(Period));
}

static bool
has_value(const CdEffectRow *row)
{
	return !isnan(row->value) && row->weight > 0.0;
}

static void
add_row(const CdEffectRow *row, const CdLearning *learning, Period *p)
{
	p->agents += 1.0;
	p->sessions += row->sessions;
	if (!has_value(row))
		return;
	p->weight += row->weight;
	p->value += (row->value - cd_learning_at(learning, row->tenure) - p->value) * (row->weight / p->weight);
}

static size_t
put_team(int32_t team, int32_t first, const Period *period, size_t periods, CdEffectRow *out)
{
	size_t		n = 0;

	for (size_t t = 0; t < periods; t++)
		if (period[t].agents > 0.0)
			out[n++] = (CdEffectRow) {
				.team = 0, .agent = team, .period = first + (int32_t) t,
				.value = period[t].weight > 0.0 ? period[t].value : NAN, .weight = period[t].weight,
				.sessions = period[t].sessions / period[t].agents, .tenure = NAN
			};
	return n;
}

CdStatus
cd_effect_team_rows(const CdEffectRow *rows, size_t n, const CdLearning *learning, CdArena *arena,
					CdEffectRow *out, size_t *count)
{
	int32_t		first = INT32_MAX;
	int32_t		last = INT32_MIN;
	size_t		keep = arena->used;
	size_t		periods;
	Period	   *period;

	*count = 0;
	for (size_t i = 0; i < n; i++)
	{
		first = rows[i].period < first ? rows[i].period : first;
		last = rows[i].period > last ? rows[i].period : last;
	}
	if (n == 0)
		return CD_TOO_FEW;
	periods = (size_t) ((int64_t) last - first) + 1;
	period = cd_arena_take(arena, periods, sizeof(Period));
	if (period == NULL)
		return CD_NOMEM;
	for (size_t from = 0, to; from < n; from = to)
	{
		for (size_t t = 0; t < periods; t++)
			period[t] = (Period) {0};
		for (to = from; to < n && rows[to].team == rows[from].team; to++)
			add_row(&rows[to], learning, &period[rows[to].period - first]);
		*count += put_team(rows[from].team, first, period, periods, out + *count);
	}
	arena->used = keep;
	return CD_OK;
}

CdSpillover
cd_spillover(const CdEffect *between, const CdEffect *within, double level)
{
	double		sd = hypot(between->sd, within->sd);
	double		change = between->effect - within->effect;
	double		half;

	if (isnan(change) || !(sd > 0.0) || !(between->df > 0.0))
		return (CdSpillover) {NAN, NAN, NAN, NAN};
	half = gsl_cdf_tdist_Pinv(0.5 * (1.0 + level), between->df) * sd;
	return (CdSpillover) {change, change - half, change + half, 2.0 * gsl_cdf_tdist_Q(fabs(change) / sd, between->df)};
}
