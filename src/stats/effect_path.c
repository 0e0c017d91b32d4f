/*
 * effect_path.c: event time. After a session one column for each period since, in the same
 * filter as the effect itself; before it only what was seen, since the spell that brings a
 * session about is no effect of it.
 */
#include <math.h>

#include <gsl/gsl_math.h>

#include "stats/effect_path.h"
#include "stats/linear.h"
#include "stats/solve.h"

enum
{
	LAG = 1,					/* first of CD_EFFECT_LAGS columns */
	OLDER = LAG + CD_EFFECT_LAGS,
	FADING,						/* older ones, too */
	NEW,
	LEARNING,
	SAME,
	COLUMNS
};

#define RIDGE 1e-8
#define HALF_LIVES 60
#define HALF_LIFE_MIN 0.5
#define HALF_LIFE_STEP 1.1		/* ratio; the last stands for no fading at all */
#define ONSETS 4				/* periods within which an effect is there in full */
#define CHI_SQUARE_1 3.841458820694124

size_t
cd_effect_path_size(size_t rows)
{
	size_t		size = cd_arena_bytes(rows * COLUMNS, sizeof(double));

	size = cd_arena_sum(size, size);
	size = cd_arena_sum(size, 2 * cd_arena_bytes(rows * COLUMNS, sizeof(double)));
	return cd_arena_sum(size, 2 * cd_arena_bytes(rows, sizeof(double)));
}

/* Sessions older than the lags, as far as they fade: the stock knows those older than two horizons. */
static double
fading_older(const CdEffectDesign *design, const CdEffectStock *stock)
{
	int			known = 2 * design->horizon;
	double		sum = stock->fading * pow(design->left, known - CD_EFFECT_LAGS);

	for (int k = CD_EFFECT_LAGS; k < known; k++)
		sum += stock->recent[k] * pow(design->left, k - CD_EFFECT_LAGS);
	return sum;
}

/* Sessions of each of the last periods, those before them in two, one that fades and one that doesn't, tenure. */
static void
fill_path(const CdEffectDesign *design, const CdEffectRow *rows, size_t from, size_t to, size_t at,
		  const CdEffectStock *stock, double *column)
{
	double		older = stock->lasting;
	double		fading = fading_older(design, stock);

	for (int k = 0; k < 2 * design->horizon; k++)
		older += stock->recent[k];
	for (int k = 0; k < CD_EFFECT_LAGS; k++)
		column[LAG + k] = 0.0;
	for (size_t i = at; i-- > from && rows[at].period - rows[i].period <= CD_EFFECT_LAGS;)
	{
		int			lag = rows[at].period - rows[i].period;

		column[LAG + lag - 1] = rows[i].sessions;
		older -= rows[i].sessions;
		if (lag > 2 * design->horizon)
			fading -= rows[i].sessions * pow(design->left, lag - 1 - CD_EFFECT_LAGS);
	}
	column[OLDER] = older;
	column[FADING] = fading;
	column[NEW] = isnan(rows[at].tenure) ? 0.0 : exp(-rows[at].tenure / CD_EFFECT_NEW_WEEKS);
	column[LEARNING] = isnan(rows[at].tenure) ? 0.0 : exp(-rows[at].tenure / CD_EFFECT_LEARNING_WEEKS);
	column[SAME] = design->before > 0 ? rows[at].sessions : 0.0;
}

/* Normal equations over their noise variance, solved. False: nothing to solve. */
static bool
solve(const double *m, double *b, double *v)
{
	int			p = COLUMNS - 1;
	double		largest = 0.0;

	for (int j = 1; j < COLUMNS; j++)
		largest = fmax(largest, m[j * COLUMNS + j]);
	if (!(largest > 0.0))
		return false;
	for (int j = 0; j < p; j++)
	{
		for (int k = 0; k < p; k++)
			v[j * p + k] = m[(j + 1) * COLUMNS + k + 1];
		v[j * p + j] += RIDGE * largest;
		b[j] = m[(j + 1) * COLUMNS];
	}
	if (cd_cholesky(v, p) != CD_OK)
		return false;
	cd_cholesky_solve(v, p, b);
	cd_cholesky_invert(v, p);
	return true;
}

/* The lags that are known, and the factor of their covariance matrix. */
typedef struct Lags
{
	int			n;
	int			lag[CD_EFFECT_LAGS];
	double		effect[CD_EFFECT_LAGS];
	double		factor[CD_EFFECT_LAGS * CD_EFFECT_LAGS];
} Lags;

/* Misfit of an effect that grows in equal steps up to a period and fades exponentially from there, with its best height. */
static double
misfit(const Lags *lags, double half_life, int onset)
{
	double		left[CD_EFFECT_LAGS];
	double		weighted[CD_EFFECT_LAGS];
	double		square;
	double		cross;

	for (int k = 0; k < lags->n; k++)
	{
		int			since = lags->lag[k] - onset;

		left[k] = since < 0 ? (double) lags->lag[k] / onset : isinf(half_life) ? 1.0 : exp2(-since / half_life);
		weighted[k] = left[k];
	}
	cd_cholesky_solve(lags->factor, lags->n, weighted);
	square = cd_dot(weighted, left, lags->n);
	cross = cd_dot(weighted, lags->effect, lags->n);
	return square > 0.0 ? -cross * cross / square : NAN;
}

static double
half_life_at(int i)
{
	return i + 1 == HALF_LIVES ? INFINITY : HALF_LIFE_MIN * pow(HALF_LIFE_STEP, i);
}

/* The lags of a solved path; v: covariance of all coefficients. False: fewer than two are known. */
static bool
known_lags(const CdEffectPath *path, const double *v, double inflation, Lags *lags)
{
	lags->n = 0;
	for (int k = 1; k <= CD_EFFECT_LAGS; k++)
		if (path->point[CD_EFFECT_LEADS + k].se > 0.0)
		{
			lags->effect[lags->n] = path->point[CD_EFFECT_LEADS + k].effect;
			lags->lag[lags->n++] = k;
		}
	for (int j = 0; j < lags->n; j++)
		for (int k = 0; k < lags->n; k++)
			lags->factor[j * lags->n + k] = inflation
				* v[(LAG + lags->lag[j] - 2) * (COLUMNS - 1) + LAG + lags->lag[k] - 2];
	return lags->n > 1 && cd_cholesky_definite(lags->factor, lags->n) == CD_OK;
}

/*
 * Half-life by generalised least squares, for lags' errors go together: where agents are coached in turn,
 * all lags may be too high at once.  Between the nearest values that fit clearly worse, whenever the effect began to fade.
 */
static void
fit_half_life(const double *v, double inflation, CdEffectPath *path)
{
	double		value[HALF_LIVES];
	double		least = INFINITY;
	Lags		lags;

	if (!known_lags(path, v, inflation, &lags))
		return;
	for (int i = HALF_LIVES; i-- > 0;)	/* where none fits better, no fading is seen */
	{
		value[i] = INFINITY;
		for (int onset = 1; onset <= ONSETS; onset++)
			value[i] = fmin(value[i], misfit(&lags, half_life_at(i), onset));
		if (value[i] < least)
		{
			least = value[i];
			path->half_life = half_life_at(i);
		}
	}
	for (int i = HALF_LIVES; i-- > 0;)
		if (value[i] <= least + CHI_SQUARE_1)
			path->half_life_low = half_life_at(i > 0 ? i - 1 : 0);
	for (int i = 0; i < HALF_LIVES; i++)
		if (value[i] <= least + CHI_SQUARE_1)
			path->half_life_high = half_life_at(i + 1 < HALF_LIVES ? i + 1 : i);
}

/* Intervals of each lag, and the band that holds all of them at once, however they go together (Sidak 1967). */
static void
add_intervals(CdEffectPath *path, double level)
{
	double		each = cd_normal_multiplier(level);
	double		all;
	int			known = 0;

	for (int k = 0; k < CD_EFFECT_POINTS; k++)
		known += path->point[k].se > 0.0;
	all = known > 0 ? cd_normal_multiplier(pow(level, 1.0 / known)) : NAN;
	for (int k = 0; k < CD_EFFECT_POINTS; k++)
	{
		CdEffectPoint *point = &path->point[k];

		point->low = point->effect - each * point->se;
		point->high = point->effect + each * point->se;
		point->band_low = point->effect - all * point->se;
		point->band_high = point->effect + all * point->se;
	}
}

/* Estimates into the path. */
static void
report(const double *m, double inflation, double level, CdEffectPath *out)
{
	double		b[COLUMNS - 1];
	double		v[(COLUMNS - 1) * (COLUMNS - 1)];

	if (!solve(m, b, v))
		return;
	for (int k = 1; k <= CD_EFFECT_LAGS; k++)
	{
		int			column = LAG + k - 1;
		CdEffectPoint *point = &out->point[CD_EFFECT_LEADS + k];

		if (!(m[column * COLUMNS + column] > 0.0))
			continue;
		point->effect = b[column - 1];
		point->se = sqrt(v[(column - 1) * (COLUMNS - 1) + column - 1] * inflation);
	}
	add_intervals(out, level);
	fit_half_life(v, inflation, out);
}

/* Outcome less the team's mean of the period, then less the agent's own mean. */
static void
deviations(const CdEffectPanel *panel, const CdEffectTeam *team, double *own, double *deviation)
{
	const CdEffectObs *obs = panel->obs + team->first;
	double	   *count = own + team->agents;

	for (size_t a = 0; a < 2 * team->agents; a++)
		own[a] = 0.0;
	for (size_t from = 0, to; from < team->n; from = to)
	{
		double		sum = 0.0;

		for (to = from; to < team->n && obs[to].period == obs[from].period; to++)
			sum += panel->rows[obs[to].row].value;
		for (size_t i = from; i < to; i++)
		{
			deviation[i] = panel->rows[obs[i].row].value - sum / (double) (to - from);
			own[obs[i].slot] += deviation[i];
			count[obs[i].slot] += 1.0;
		}
	}
	for (size_t i = 0; i < team->n; i++)
		deviation[i] -= own[obs[i].slot] / count[obs[i].slot];
}

/* Add a team's sessions to the sums of what was seen around them. */
static void
see(const CdEffectPanel *panel, const CdEffectTeam *team, const double *deviation, double *sum,
	double *sessions)
{
	const CdEffectRow *rows = panel->rows;
	size_t		end = team->first_row + team->rows;

	for (size_t at = team->first_row; at < end; at++)
	{
		size_t		i = at;

		if (!(rows[at].sessions > 0.0))
			continue;
		while (i > team->first_row && rows[i - 1].agent == rows[at].agent
			   && rows[at].period - rows[i - 1].period <= CD_EFFECT_LEADS)
			i--;
		for (; i < end && rows[i].agent == rows[at].agent
			 && rows[i].period - rows[at].period <= CD_EFFECT_LAGS; i++)
		{
			int			k = rows[i].period - rows[at].period + CD_EFFECT_LEADS;

			if (panel->obs_of[i] == CD_EFFECT_NONE)
				continue;
			sum[k] += rows[at].sessions * deviation[panel->obs_of[i] - team->first];
			sessions[k] += rows[at].sessions;
		}
	}
}

static void
report_seen(const double *sum, const double *sessions, CdEffectPath *out)
{
	for (int k = 0; k < CD_EFFECT_POINTS; k++)
	{
		out->point[k].sessions = sessions[k];
		out->point[k].seen = sessions[k] > 0.0 ? sum[k] / sessions[k] : NAN;
	}
}

static void
clear(CdEffectPath *out)
{
	*out = (CdEffectPath) {.half_life = NAN, .half_life_low = NAN, .half_life_high = NAN};
	for (int k = 0; k < CD_EFFECT_POINTS; k++)
		out->point[k] = (CdEffectPoint) {.lag = k - CD_EFFECT_LEADS, .seen = NAN, .effect = NAN,
			.se = NAN, .low = NAN, .high = NAN, .band_low = NAN, .band_high = NAN};
}

/* Paths. */
CdStatus
cd_effect_path(CdEffectWork *work, double level, CdArena *arena, CdEffectPath *out)
{
	const CdEffectPanel *panel = &work->panel;
	size_t		n = panel->n_rows;
	CdEffectDesign design = work->design;
	CdEffectMemory memory = work->memory;
	double	   *z = cd_arena_take(arena, n * COLUMNS, sizeof(double));
	double	   *surprise = cd_arena_take(arena, n * COLUMNS, sizeof(double));
	double	   *own = cd_arena_take(arena, 2 * panel->agents, sizeof(double));
	double		all[COLUMNS * COLUMNS] = {0};
	double		all_sum[CD_EFFECT_POINTS] = {0};
	double		all_sessions[CD_EFFECT_POINTS] = {0};
	double		mean_inflation = 0.0;
	double		counted = 0.0;

	memory.level = cd_arena_take(arena, panel->agents * COLUMNS, sizeof(double));
	memory.shock = cd_arena_take(arena, panel->agents * COLUMNS, sizeof(double));
	if (!z || !surprise || !own || !memory.level || !memory.shock)
		return CD_NOMEM;
	design.columns = COLUMNS;
	design.fill = fill_path;
	clear(&out[panel->teams]);
	for (size_t g = 0; g < panel->teams; g++)
	{
		const CdEffectTeam *team = &panel->team[g];
		double		m[COLUMNS * COLUMNS];
		double		sum[CD_EFFECT_POINTS] = {0};
		double		sessions[CD_EFFECT_POINTS] = {0};

		if (cd_stop_requested())
			return CD_STOPPED;
		clear(&out[g]);
		deviations(panel, team, own, surprise);
		see(panel, team, surprise, sum, sessions);
		report_seen(sum, sessions, &out[g]);
		see(panel, team, surprise, all_sum, all_sessions);
		if (!work->fit[g].usable)
			continue;
		cd_effect_design(panel, g, &design, z);
		cd_effect_filter(panel->obs + team->first, team->n, z, COLUMNS, &work->noise[g], &memory,
						 surprise);
		cd_effect_normal(surprise, team->n, COLUMNS, m);
		for (int j = 0; j < COLUMNS * COLUMNS; j++)
		{
			m[j] /= work->fit[g].s2;
			all[j] += m[j];
		}
		mean_inflation += work->inflation[g];
		counted += 1.0;
		report(m, work->inflation[g], level, &out[g]);
	}
	report_seen(all_sum, all_sessions, &out[panel->teams]);
	if (counted > 0.0)
		report(all, mean_inflation / counted, level, &out[panel->teams]);
	return CD_OK;
}
