/*
 * effect_coach.c: information about each coach from every team, pooled within the group.
 *
 * A coach's column is the usual course of a session's effect: the dose and, with the slopes
 * that the teams have in common, the slow, lasting and same-period terms. What a team's course
 * has of its own stays a term of the team. With one coach in a team this is the team's own fit.
 */
#include <math.h>

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "stats/effect_coach_model.h"
#include "stats/linear.h"
#include "stats/pool.h"
#include "stats/solve.h"

#define COLUMNS (CD_COACH_COLUMNS + 1)	/* one for sessions of all others */
#define NUISANCE CD_EFFECT_TERMS
#define TERMS (CD_COACH_COLUMNS + NUISANCE)
#define BATCH CD_EFFECT_TERMS	/* columns that the filter's memory has room for */
#define LEAST_CONTRAST 1e-6		/* sessions squared; below it nobody differed from team mates */
#define MOST_SHARED 1e6		/* variance against what the coach alone would have: beyond it, no answer */
#define RIDGE 1e-8
#define BLOCK_MOST 200			/* larger ones are pooled as if uncorrelated */
#define DOUBT 0.1				/* share of the removed regression to the mean that may be wrong, as sd: one error for all coaches together */
#define USUAL_DOUBT 0.04		/* the same for choosing those who always are weak, or strong */
#define SEED UINT64_C(20240229)

static size_t
rest_size(const CdCoachPlan *plan)
{
	return (plan->list_of[plan->teams] + plan->teams) * NUISANCE;
}

static size_t
information_size(const CdCoachPlan *plan)
{
	size_t		sum = 0;

	for (size_t b = 0; b < plan->blocks; b++)
		sum += (plan->block_of[b + 1] - plan->block_of[b]) * (plan->block_of[b + 1] - plan->block_of[b]);
	return sum;
}

/* End of the group that begins at a position. */
static size_t
group_end(const CdCoachPlan *plan, const CdCoach *coach, size_t from)
{
	size_t		to = from + 1;

	while (to < plan->coaches && coach[plan->order[to]].group == coach[plan->order[from]].group)
		to++;
	return to;
}

/* One coach's columns of an agent's rows, in place of the sessions that stand there. */
static void
coach_column(const CdCoachWork *w, size_t from, size_t to, size_t columns, double *held)
{
	const CdEffectDesign *design = &w->fit.design;
	const double *slope = w->fit.nuisance.slope;
	const CdEffectRow *rows = w->plan->rows;
	CdEffectStock stock = {0};
	double		before = 0.0;
	bool		begun = false;

	for (size_t i = from; i < to; i++, held += columns)
	{
		double		column[CD_EFFECT_COLUMNS] = {0};
		double		own = *held;

		if (begun)
			cd_effect_age(design, before, rows[i].period - rows[i - 1].period, &stock);
		before = own;
		*held = 0.0;
		if (begun)
		{
			design->fill(design, rows, from, to, i, &stock, column);
			*held = column[CD_EFFECT_DOSE];
			for (int k = CD_EFFECT_DOSE + 1; k <= CD_EFFECT_LASTING; k++)
				*held += slope[k] * column[k];
		}
		if (design->columns > CD_EFFECT_SAME)
			*held += slope[CD_EFFECT_SAME] * own;
		begun |= own > 0.0;
	}
}

void
cd_coach_columns(const CdCoachWork *w, size_t g, size_t from, size_t to)
{
	const CdCoachPlan *plan = w->plan;
	const int32_t *list = plan->list + plan->list_of[g];
	size_t		own = plan->list_of[g + 1] - plan->list_of[g];

	for (size_t i = from; i < to; i++)
	{
		double	   *held = w->held + (i - from) * (own + 1);
		double		left = plan->rows[i].sessions;

		for (size_t k = 0; k <= own; k++)
			held[k] = 0.0;
		for (size_t d = plan->dose_of[i]; d < plan->dose_of[i + 1]; d++)
			for (size_t k = 0; k < own; k++)
				if (list[k] == plan->dose[d].coach)
				{
					held[k] += plan->dose[d].sessions;
					left -= plan->dose[d].sessions;
				}
		held[own] = left > RIDGE ? left : 0.0;
	}
	for (size_t k = 0; k <= own; k++)
		coach_column(w, from, to, own + 1, w->held + k);
}

size_t
cd_coach_agent_end(const CdCoachPlan *plan, size_t from, size_t end)
{
	size_t		to = from + 1;

	while (to < end && plan->rows[to].agent == plan->rows[from].agent)
		to++;
	return to;
}

/* Where column k of observation i of a team of n stands. */
static double *
column_at(const CdCoachWork *w, size_t n, size_t columns, size_t i, size_t k)
{
	size_t		batch = k / BATCH * BATCH;
	size_t		width = columns - batch < BATCH ? columns - batch : BATCH;

	return w->column + batch * n + i * width + k - batch;
}

/* Surprises of a team's coach columns, and in work->surprise those of the main design. */
static void
team_surprises(CdCoachWork *w, size_t g, size_t columns)
{
	CdEffectWork *work = &w->fit;
	const CdEffectTeam *team = &work->panel.team[g];
	const CdEffectObs *obs = work->panel.obs + team->first;
	size_t		end = team->first_row + team->rows;

	for (size_t from = team->first_row, to; from < end; from = to)
	{
		to = cd_coach_agent_end(w->plan, from, end);
		cd_coach_columns(w, g, from, to);
		for (size_t i = from; i < to; i++)
			if (work->panel.obs_of[i] != CD_EFFECT_NONE)
				for (size_t k = 0; k < columns; k++)
					*column_at(w, team->n, columns, work->panel.obs_of[i] - team->first, k) =
						w->held[(i - from) * columns + k];
	}
	for (size_t k = 0; k < columns; k += BATCH)
	{
		double	   *batch = w->column + k * team->n;

		cd_effect_filter(obs, team->n, batch, (int) (columns - k < BATCH ? columns - k : BATCH),
						 &work->noise[g], &work->memory, batch);
	}
	cd_effect_team_surprise(work, g);
	cd_effect_distances(work, g);
}

static void
add_usual(CdEffectUsual *sum, double factor, CdEffectUsual usual)
{
	sum->value += factor * usual.value;
	sum->dose += factor * usual.dose;
}

/* Normal equations: outcome, coaches, all others, the team's terms beyond the dose; away: those of usual distances as outcomes. */
static void
team_normal(const CdCoachWork *w, size_t g, size_t columns, size_t terms, double *m, CdEffectUsual *away)
{
	const CdEffectWork *work = &w->fit;
	size_t		n = work->panel.team[g].n;
	size_t		main = (size_t) work->design.columns;

	for (size_t j = 0; j < terms * terms; j++)
		m[j] = 0.0;
	for (size_t j = 0; j < terms; j++)
		away[j] = (CdEffectUsual) {0.0, 0.0};
	for (size_t i = 0; i < n; i++)
	{
		const double *surprise = work->surprise + i * main;
		double		s[TERMS + 1];

		s[0] = surprise[CD_EFFECT_OUTCOME];
		for (size_t k = 0; k < columns; k++)
			s[1 + k] = *column_at(w, n, columns, i, k);
		for (size_t k = CD_EFFECT_TILT; k < main; k++)
			s[1 + columns + k - CD_EFFECT_TILT] = surprise[k];
		cd_add_outer(m, s, terms, 1.0);
		for (size_t j = 0; j < terms; j++)
			add_usual(&away[j], s[j], work->distance[i]);
	}
}

/*
 * What the other terms are at no effect and how they move with each coach's: rest is
 * nuisance x (1 + own), from the normal equations m over s2.
 */
static CdStatus
solve_rest(const CdCoachWork *w, const double *m, size_t terms, size_t own, double s2, double *rest)
{
	const CdEffectNuisance *known = &w->fit.nuisance;
	size_t		q = terms - 1 - own;
	double		a[NUISANCE * NUISANCE];
	double		largest = 0.0;
	double		column[NUISANCE];

	for (size_t j = 1; j < terms; j++)
		largest = fmax(largest, m[j * terms + j]);
	for (size_t j = 0; j < q; j++)
	{
		size_t		term = CD_EFFECT_TILT + j - 1;	/* j = 0 is all other coaches */

		for (size_t k = 0; k < q; k++)
			a[j * q + k] = m[(1 + own + j) * terms + 1 + own + k] / s2;
		a[j * q + j] += RIDGE * largest / s2 + (j > 0 ? 1.0 / known->variance[term] : 0.0);
	}
	if (cd_cholesky(a, q) != CD_OK)
		return CD_TOO_FEW;
	for (size_t k = 0; k <= own; k++)
	{
		for (size_t j = 0; j < q; j++)
			column[j] = m[(1 + own + j) * terms + k] / s2;
		for (size_t j = 1; k == 0 && j < q; j++)
			column[j] += known->offset[CD_EFFECT_TILT + j - 1] / known->variance[CD_EFFECT_TILT + j - 1];
		cd_cholesky_solve(a, q, column);
		for (size_t j = 0; j < q; j++)
			rest[j * (1 + own) + k] = column[j];
	}
	return CD_OK;
}

/* What a team says about its coaches, the other terms taken out: score and information, own x (1 + own). */
static void
take_rest_out(const double *m, size_t terms, size_t own, const double *rest, double scale, double *said)
{
	size_t		q = terms - 1 - own;

	for (size_t i = 0; i < own; i++)
		for (size_t k = 0; k <= own; k++)
		{
			double		v = m[(1 + i) * terms + k];

			for (size_t j = 0; j < q; j++)
				v -= m[(1 + i) * terms + 1 + own + j] * rest[j * (1 + own) + k];
			said[i * (1 + own) + k] = scale * v;
		}
}

/* Add it to what others say about the same coaches. */
static void
add_information(CdCoachWork *w, size_t g, const double *said, size_t own, double scale)
{
	const CdCoachPlan *plan = w->plan;
	const int32_t *list = plan->list + plan->list_of[g];
	size_t		block = plan->block[plan->position[list[0]]];
	size_t		first = plan->block_of[block];
	size_t		n = plan->block_of[block + 1] - first;

	for (size_t i = 0; i < own; i++)
	{
		size_t		at = plan->position[list[i]];
		double	   *row = w->information + w->block_at[block] + (at - first) * n;

		w->score[at] += said[i * (1 + own)];
		for (size_t k = 0; k < own; k++)
			row[plan->position[list[k]] - first] += said[i * (1 + own) + 1 + k];
		w->contrast[at] += said[i * (1 + own) + 1 + i] / scale;
	}
}

/* What the agents' usual distances would say about the coaches, were they the outcome. */
static void
add_distances(CdCoachWork *w, size_t g, const CdEffectUsual *away, const double *rest, double scale)
{
	const CdCoachPlan *plan = w->plan;
	size_t		own = w->team[g].own;

	for (size_t i = 0; i < own; i++)
	{
		CdEffectUsual *sum = &w->distance[plan->position[plan->list[plan->list_of[g] + i]]];

		add_usual(sum, scale, away[1 + i]);
		for (size_t j = 0; j < w->team[g].nuisance; j++)
			add_usual(sum, -scale * rest[j * (1 + own) + 1 + i], away[1 + own + j]);
	}
}

/* Estimates of n coaches from their information, of which a is a copy that comes back inverted. */
static CdStatus
solve_coaches(double *a, size_t n, double *estimate)
{
	for (size_t i = 0; i < n; i++)
		a[i * n + i] = a[i * n + i] > 0.0 ? (1.0 + RIDGE) * a[i * n + i] : 1.0;
	if (cd_cholesky_definite(a, n) != CD_OK)
		return CD_TOO_FEW;
	cd_cholesky_solve(a, n, estimate);
	cd_cholesky_invert(a, n);
	return CD_OK;
}

/* Each coach's estimate from this team alone. */
static void
solve_parts(const double *said, size_t own, double scale, CdCoachPart *part)
{
	double		a[CD_COACH_COLUMNS * CD_COACH_COLUMNS];
	double		estimate[CD_COACH_COLUMNS];

	for (size_t i = 0; i < own; i++)
	{
		estimate[i] = said[i * (1 + own)];
		for (size_t k = 0; k < own; k++)
			a[i * own + k] = said[i * (1 + own) + 1 + k];
	}
	if (solve_coaches(a, own, estimate) != CD_OK)
		return;
	for (size_t i = 0; i < own; i++)
	{
		double		information = said[i * (1 + own) + 1 + i];

		if (information / scale <= LEAST_CONTRAST || a[i * own + i] * information > MOST_SHARED)
			continue;
		part[i].effect = estimate[i];
		part[i].se = sqrt(a[i * own + i]);
	}
}

/* One team's part. */
static void
take_team(CdCoachWork *w, size_t g)
{
	const CdEffectFit *fit = &w->fit.fit[g];
	CdCoachRest *team = &w->team[g];
	double		m[(TERMS + 1) * (TERMS + 1)];
	double		said[CD_COACH_COLUMNS * (CD_COACH_COLUMNS + 1)];
	CdEffectUsual away[TERMS + 1];
	double		scale;
	double	   *rest = w->rest + w->rest_used;
	size_t		columns;
	size_t		terms;

	*team = (CdCoachRest) {.own = w->plan->list_of[g + 1] - w->plan->list_of[g], .first = w->rest_used};
	if (!fit->usable || team->own == 0)
		return;
	columns = team->own + 1;
	team->nuisance = (size_t) w->fit.design.columns - CD_EFFECT_TILT + 1;
	terms = 1 + team->own + team->nuisance;
	team_surprises(w, g, columns);
	team_normal(w, g, columns, terms, m, away);
	if (solve_rest(w, m, terms, team->own, fit->s2, rest) != CD_OK)
		return;
	scale = 1.0 / (fit->s2 * w->fit.inflation[g]);
	take_rest_out(m, terms, team->own, rest, scale, said);
	add_information(w, g, said, team->own, scale);
	add_distances(w, g, away, rest, scale);
	solve_parts(said, team->own, scale, w->part + w->plan->list_of[g]);
	w->rest_used += team->nuisance * (1 + team->own);
	team->usable = true;
}

/* The effect that usual distances would show as the i-th coach's; a: the inverse of the block's information. */
static CdEffectUsual
effect_of_distances(const CdEffectUsual *distance, const double *a, size_t n, size_t i)
{
	CdEffectUsual sum = {0.0, 0.0};

	for (size_t k = 0; k < n; k++)
		add_usual(&sum, a[i * n + k], distance[k]);
	return sum;
}

/* Each coach's own estimate, given all coaches of the block; a large block's correlations end here. */
static void
solve_block(CdCoachWork *w, size_t b, double *a, double *estimate)
{
	const CdCoachPlan *plan = w->plan;
	size_t		first = plan->block_of[b];
	size_t		n = plan->block_of[b + 1] - first;
	double	   *information = w->information + w->block_at[b];

	for (size_t i = 0; i < n * n; i++)
		a[i] = information[i];
	for (size_t i = 0; i < n; i++)
		estimate[i] = w->score[first + i];
	if (solve_coaches(a, n, estimate) != CD_OK)
		return;
	for (size_t i = 0; i < n; i++)
	{
		CdCoach    *coach = &w->coach[plan->order[first + i]];
		double		variance = a[i * n + i];
		CdEffectUsual shown;

		if (w->contrast[first + i] <= LEAST_CONTRAST)
			continue;
		coach->status = CD_OK;
		if (variance * information[i * n + i] > MOST_SHARED)
			continue;
		shown = effect_of_distances(w->distance + first, a, n, i);
		coach->shortfall = -shown.value;
		coach->masked = shown.dose;
		coach->raw = estimate[i];
		coach->raw_se = sqrt(variance);
	}
	for (size_t i = 0; i < n && n > BLOCK_MOST; i++)
	{
		information[i] = 1.0 / a[i * n + i];
		w->score[first + i] = estimate[i] / a[i * n + i];
	}
}

/* The blocks of one group as the pool takes them; block has room for its coaches. */
static CdPoolData
group_data(const CdCoachWork *w, size_t from, size_t to)
{
	const CdCoachPlan *plan = w->plan;
	CdPoolData	data = {.block = w->block, .score = w->score + from, .units = to - from};

	for (size_t b = plan->block[from]; b < plan->blocks && plan->block_of[b] < to; b++)
	{
		size_t		first = plan->block_of[b];
		size_t		n = plan->block_of[b + 1] - first;
		const double *information = w->information + w->block_at[b];

		if (n <= BLOCK_MOST)
			w->block[data.blocks++] = (CdPoolBlock) {first - from, n, information};
		for (size_t i = 0; i < n && n > BLOCK_MOST; i++)
			w->block[data.blocks++] = (CdPoolBlock) {first + i - from, 1, information + i};
	}
	return data;
}

/* Everybody's mean given the group. */
static CdStatus
first_look(CdCoachWork *w, size_t from, size_t to, CdArena *arena)
{
	CdPoolData	data = group_data(w, from, to);
	CdPool		pool;
	CdStatus	status = cd_pool_fit(&data, arena, &pool);

	for (size_t i = from; i < to && status == CD_OK; i++)
	{
		CdCoach    *coach = &w->coach[w->plan->order[i]];

		coach->effect = 0.0;
		for (size_t j = 0; j < CD_POOL_POINTS; j++)
			coach->effect += pool.weight[j] * pool.unit_mean[j * pool.units + i - from];
	}
	return status == CD_TOO_FEW ? CD_OK : status;
}

static bool
enough(const CdCoach *coach)
{
	return coach->status == CD_OK && coach->sessions >= CD_COACH_LEAST_SESSIONS
		&& coach->agents >= CD_COACH_LEAST_AGENTS;
}

/*
 * What the model of the past may be off by, the same share for all coaches: of the regression
 * to the mean that was removed, and of how far the coached differ from their team mates always.
 */
static double
spell_doubt(const CdCoach *coach)
{
	return isnan(coach->null) ? 0.0 : DOUBT * coach->null;
}

static double
usual_doubt(const CdCoach *coach)
{
	return USUAL_DOUBT * coach->usual;
}

static double
doubt_of(const CdCoach *coach)
{
	return hypot(spell_doubt(coach), usual_doubt(coach));
}

/* Intervals of a group's coaches. */
static CdStatus
report_group(CdCoachWork *w, size_t from, size_t to, const CdPool *pool, double level)
{
	for (size_t i = from; i < to; i++)
	{
		CdCoach    *coach = &w->coach[w->plan->order[i]];
		CdPosterior posterior;
		CdStatus	status = cd_pool_unit(pool, i - from, doubt_of(coach), level, &posterior);

		if (status != CD_OK)
			return status;
		coach->group_mean = pool->mean;
		coach->group_spread = pool->spread;
		coach->effect = NAN;
		if (coach->status != CD_OK)
			continue;
		coach->doubt = doubt_of(coach);
		coach->effect = posterior.mean;
		coach->sd = posterior.sd;
		coach->low = posterior.low;
		coach->high = posterior.high;
		coach->above = posterior.above;
	}
	return CD_OK;
}

/* The mean of the other ranked coaches, draw by draw; total: of all of them. */
static void
set_apart(CdCoach *coach, const double *draw, const double *total, size_t ranked, size_t draws, double level,
		  double *apart)
{
	double		tail = (1.0 - level) / 2.0;

	for (size_t d = 0; d < draws; d++)
		apart[d] = draw[d] - (total[d] - draw[d]) / (double) (ranked - 1);
	gsl_sort(apart, 1, draws);
	coach->apart = gsl_stats_mean(apart, 1, draws);
	coach->apart_low = gsl_stats_quantile_from_sorted_data(apart, 1, draws, tail);
	coach->apart_high = gsl_stats_quantile_from_sorted_data(apart, 1, draws, 1.0 - tail);
}

/* How far each ranked coach of a group lies from the others. */
static CdStatus
apart_group(CdCoachWork *w, size_t from, size_t to, const double *draw, size_t ranked, size_t draws, double level,
			CdArena *arena)
{
	double	   *total = cd_arena_take(arena, draws, sizeof(double));
	double	   *apart = cd_arena_take(arena, draws, sizeof(double));

	if (!total || !apart)
		return CD_NOMEM;
	for (size_t d = 0; d < draws; d++)
		total[d] = 0.0;
	for (size_t i = 0; i < ranked * draws; i++)
		total[i % draws] += draw[i];
	for (size_t i = from, r = 0; i < to; i++)
		if (w->coach[w->plan->order[i]].ranked)
			set_apart(&w->coach[w->plan->order[i]], draw + r++ * draws, total, ranked, draws, level, apart);
	return CD_OK;
}

/* Places of the coaches of a group who have enough sessions, from the joint posterior. */
static CdStatus
rank_group(CdCoachWork *w, size_t from, size_t to, const CdPool *pool, const CdPoolData *data,
		   double level, CdArena *arena)
{
	size_t		draws = cd_rank_draws(to - from);
	double	   *draw = cd_arena_take(arena, (to - from) * draws, sizeof(double));
	CdRank	   *rank = cd_arena_take(arena, to - from, sizeof(CdRank));
	double	   *place = cd_arena_take(arena, to - from, sizeof(double));
	void	   *scratch = cd_arena_take(arena, 1, cd_rank_size(to - from, draws));
	size_t		ranked = 0;
	CdStatus	status;

	if (!draw || !rank || !place || !scratch)
		return CD_NOMEM;
	status = cd_pool_draws(pool, data, SEED, draws, draw);
	for (size_t i = from; i < to && status == CD_OK; i++)
	{
		CdCoach    *coach = &w->coach[w->plan->order[i]];

		if (!enough(coach))
			continue;
		for (size_t d = 0; d < draws; d++)
			draw[ranked * draws + d] = draw[(i - from) * draws + d]
				+ spell_doubt(coach) * cd_pool_normal(SEED, d, data->units + 1)
				+ usual_doubt(coach) * cd_pool_normal(SEED, d, data->units + 2);
		ranked++;
	}
	if (status != CD_OK || ranked < 2)
		return status;
	status = cd_rank(draw, ranked, draws, level, scratch, rank);
	cd_rank_places(rank, ranked, scratch, place);
	for (size_t i = from, r = 0; i < to && status == CD_OK; i++)
	{
		CdCoach    *coach = &w->coach[w->plan->order[i]];

		coach->peers = (double) ranked;
		coach->ranked = enough(coach);
		if (!coach->ranked)
			continue;
		coach->place = place[r];
		coach->rank = rank[r++];
	}
	return status == CD_OK ? apart_group(w, from, to, draw, ranked, draws, level, arena) : status;
}

/* Effects, intervals and places within one group. */
static CdStatus
answer_group(CdCoachWork *w, size_t from, size_t to, double level, CdArena *arena)
{
	CdPoolData	data = group_data(w, from, to);
	CdPool		pool;
	CdStatus	status = cd_pool_fit(&data, arena, &pool);

	if (status == CD_OK)
		status = report_group(w, from, to, &pool, level);
	if (status == CD_OK)
		status = rank_group(w, from, to, &pool, &data, level, arena);
	return status == CD_TOO_FEW ? CD_OK : status;
}

/* Bytes for a group, if it had all coaches. */
static size_t
group_size(const CdCoachPlan *plan)
{
	size_t		k = plan->coaches;
	size_t		draws = cd_rank_draws(k) + 1;
	size_t		size = cd_pool_size(k, k < BLOCK_MOST ? k : BLOCK_MOST);

	size = cd_arena_sum(size, cd_arena_bytes(k * draws, sizeof(double)));
	size = cd_arena_sum(size, cd_arena_bytes(k, sizeof(CdRank)));
	size = cd_arena_sum(size, cd_arena_bytes(k, sizeof(double)));
	size = cd_arena_sum(size, 2 * cd_arena_bytes(draws, sizeof(double)));
	return cd_arena_sum(size, cd_arena_bytes(1, cd_rank_size(k, draws)));
}

static size_t
largest_block(const CdCoachPlan *plan)
{
	size_t		largest = 0;

	for (size_t b = 0; b < plan->blocks; b++)
		if (plan->block_of[b + 1] - plan->block_of[b] > largest)
			largest = plan->block_of[b + 1] - plan->block_of[b];
	return largest;
}

/* Room for solving the largest block, and later for a group or an agent's values. */
static size_t
spare_size(const CdCoachPlan *plan)
{
	size_t		n = largest_block(plan);
	size_t		solve = cd_arena_bytes((n + 1) * n, sizeof(double));
	size_t		values = 2 * cd_arena_bytes(plan->agent_rows, sizeof(double));
	size_t		most = group_size(plan);

	most = solve > most ? solve : most;
	return values > most ? values : most;
}

size_t
cd_effect_coach_size(const CdCoachPlan *plan, size_t periods)
{
	size_t		k = plan->coaches;
	size_t		size = cd_effect_size(plan->n, plan->teams, periods, false);

	size = cd_arena_sum(size, cd_arena_bytes(plan->agent_rows * COLUMNS, sizeof(double)));
	size = cd_arena_sum(size, cd_arena_bytes(plan->team_rows * COLUMNS, sizeof(double)));
	size = cd_arena_sum(size, cd_arena_bytes(plan->teams, sizeof(CdCoachRest)));
	size = cd_arena_sum(size, cd_arena_bytes(rest_size(plan), sizeof(double)));
	size = cd_arena_sum(size, cd_arena_bytes(plan->blocks, sizeof(size_t)));
	size = cd_arena_sum(size, cd_arena_bytes(information_size(plan), sizeof(double)));
	size = cd_arena_sum(size, 2 * cd_arena_bytes(k, sizeof(double)));
	size = cd_arena_sum(size, cd_arena_bytes(k, sizeof(CdEffectUsual)));
	size = cd_arena_sum(size, cd_arena_bytes(k, sizeof(CdPoolBlock)));
	size = cd_arena_sum(size, 2 * cd_arena_bytes(k, sizeof(CdEffectTally)));
	size = cd_arena_sum(size, 2 * cd_arena_bytes(k, sizeof(size_t)));
	return cd_arena_sum(size, spare_size(plan));
}

static CdStatus
take_work(CdArena *arena, CdCoachWork *w)
{
	const CdCoachPlan *plan = w->plan;
	size_t		k = plan->coaches;
	size_t		numbers = information_size(plan);

	w->held = cd_arena_take(arena, plan->agent_rows * COLUMNS, sizeof(double));
	w->column = cd_arena_take(arena, plan->team_rows * COLUMNS, sizeof(double));
	w->team = cd_arena_take(arena, plan->teams, sizeof(CdCoachRest));
	w->rest = cd_arena_take(arena, rest_size(plan), sizeof(double));
	w->block_at = cd_arena_take(arena, plan->blocks, sizeof(size_t));
	w->information = cd_arena_take(arena, numbers, sizeof(double));
	w->score = cd_arena_take(arena, k, sizeof(double));
	w->distance = cd_arena_take(arena, k, sizeof(CdEffectUsual));
	w->contrast = cd_arena_take(arena, k, sizeof(double));
	w->block = cd_arena_take(arena, k, sizeof(CdPoolBlock));
	w->seen = cd_arena_take(arena, k, sizeof(CdEffectTally));
	w->null = cd_arena_take(arena, k, sizeof(CdEffectTally));
	w->last_agent = cd_arena_take(arena, k, sizeof(size_t));
	w->last_team = cd_arena_take(arena, k, sizeof(size_t));
	if (!w->held || !w->column || !w->team || !w->rest || !w->block_at || !w->information || !w->score
		|| !w->distance || !w->contrast || !w->block || !w->seen || !w->null || !w->last_agent || !w->last_team)
		return CD_NOMEM;
	for (size_t i = 0; i < numbers; i++)
		w->information[i] = 0.0;
	for (size_t b = 0, at = 0; b < plan->blocks; b++)
	{
		size_t		n = plan->block_of[b + 1] - plan->block_of[b];

		w->block_at[b] = at;
		at += n * n;
	}
	for (size_t c = 0; c < k; c++)
	{
		w->score[c] = w->contrast[c] = 0.0;
		w->distance[c] = (CdEffectUsual) {0.0, 0.0};
		w->seen[c] = w->null[c] = (CdEffectTally) {0};
		w->last_agent[c] = w->last_team[c] = 0;
	}
	return CD_OK;
}

static void
nothing_known(const CdCoachPlan *plan, CdCoach *coach, CdCoachPart *part)
{
	for (size_t g = 0; g < plan->teams; g++)
		for (size_t k = plan->list_of[g]; k < plan->list_of[g + 1]; k++)
			part[k] = (CdCoachPart) {g, plan->list[k], 0.0, NAN, NAN};
	for (size_t c = 0; c < plan->coaches; c++)
		coach[c] = (CdCoach) {.group = coach[c].group, .naive = NAN, .naive_share = NAN, .null = NAN,
			.null_share = NAN, .raw = NAN, .raw_se = NAN, .effect = NAN, .low = NAN, .high = NAN,
			.sd = NAN, .doubt = NAN, .above = NAN, .group_mean = NAN, .group_spread = NAN,
			.apart = NAN, .apart_low = NAN, .apart_high = NAN, .place = NAN, .rank = {NAN, NAN, NAN, NAN, 0}, .status = CD_TOO_FEW};
}

/* For each group: first_look or answer_group. */
static CdStatus
each_group(CdCoachWork *w, double level, bool answer, CdArena *arena)
{
	const CdCoachPlan *plan = w->plan;
	size_t		used = arena->used;
	CdStatus	status = CD_OK;

	for (size_t from = 0, to; from < plan->coaches && status == CD_OK; from = to)
	{
		to = group_end(plan, w->coach, from);
		status = answer ? answer_group(w, from, to, level, arena) : first_look(w, from, to, arena);
		arena->used = used;
	}
	return status;
}

/* Each coach's own estimate, from all blocks. */
static CdStatus
solve_blocks(CdCoachWork *w, CdArena *arena)
{
	size_t		used = arena->used;
	size_t		n = largest_block(w->plan);
	double	   *a = cd_arena_take(arena, (n + 1) * n, sizeof(double));

	if (a == NULL)
		return CD_NOMEM;
	for (size_t b = 0; b < w->plan->blocks; b++)
	{
		if (cd_stop_requested())
			return CD_STOPPED;
		solve_block(w, b, a, a + n * n);
	}
	arena->used = used;
	return CD_OK;
}

/* The effect of every coach. */
CdStatus
cd_effect_coach(const CdCoachPlan *plan, const CdEffectOptions *options, CdArena *arena,
				CdCoach *coach, CdCoachPart *part, CdEffectCommon *common)
{
	CdCoachWork w = {.plan = plan, .coach = coach, .part = part};
	CdStatus	status;

	nothing_known(plan, coach, part);
	status = cd_effect_fit_all(plan->rows, plan->n, plan->teams, options, arena, &w.fit, common);
	if (status == CD_OK)
		status = take_work(arena, &w);
	for (size_t g = 0; g < plan->teams && status == CD_OK; g++)
	{
		take_team(&w, g);
		status = cd_stop_requested() ? CD_STOPPED : CD_OK;
	}
	if (status == CD_OK)
		status = solve_blocks(&w, arena);
	if (status == CD_OK)
		status = each_group(&w, options->level, false, arena);
	if (status == CD_OK)
		status = cd_coach_tally(&w, arena);
	if (status == CD_OK)
		status = each_group(&w, options->level, true, arena);
	return status;
}
