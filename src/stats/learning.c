/*
 * learning.c: see learning.h. Each team's values, the two parts of the curve and the sessions so
 * far are freed of agents and periods; what is left of them adds up over the teams.
 */
#include <math.h>
#include <string.h>

#include "stats/effect_model.h"
#include "stats/learning.h"
#include "stats/period_effects.h"

#define FEWEST_AGENTS 3			/* seen while they learn */
#define YEAR 52.0
#define HORIZON 4				/* periods, of the doses */
#define LEAST_CONTRAST 1e-6	/* sessions squared; below it nobody differed from team mates */

enum
{
	VALUE, QUICK, SLOW, DOSE, COLUMNS
};

/* Cross products of what is left of the columns, and the same of agents' scores. */
typedef struct Normal
{
	double		xx[2][2];
	double		xy[2];
	double		meat[2][2];
	double		learners;
} Normal;

typedef struct Work
{
	CdPeriodRow *rows;			/* of one team */
	double	   *left[COLUMNS];	/* of all rows */
	void	   *effects;		/* room for those of one column's periods */
	size_t		effects_size;
	const int32_t *place;		/* of each period */
	size_t		places;
} Work;

double
cd_learning_at(const CdLearning *learning, double tenure_weeks)
{
	double		weeks = fmax(tenure_weeks, 0.0);

	if (isnan(tenure_weeks))
		return 0.0;
	return learning->quick * exp(-weeks / CD_EFFECT_NEW_WEEKS) + learning->slow * exp(-weeks / CD_EFFECT_LEARNING_WEEKS);
}

size_t
cd_learning_size(size_t n, size_t places)
{
	size_t		size = cd_arena_sum(cd_arena_bytes(n, sizeof(CdPeriodRow)), cd_arena_bytes(1, cd_period_effects_size(places)));

	return cd_arena_sum(size, COLUMNS * cd_arena_bytes(n, sizeof(double)));
}

static bool
observed(const CdEffectRow *row)
{
	return isfinite(row->value) && row->weight > 0.0;
}

size_t
cd_learning_places(const CdEffectRow *rows, size_t n, size_t periods, int32_t *place)
{
	int32_t		places = 0;

	for (size_t t = 0; t < periods; t++)
		place[t] = -1;
	for (size_t i = 0; i < n; i++)
		if (observed(&rows[i]))
			place[rows[i].period] = 0;
	for (size_t t = 0; t < periods; t++)
		if (place[t] == 0)
			place[t] = places++;
	return (size_t) places;
}

static double
column(const CdEffectRow *row, int c, double dose)
{
	return c == VALUE ? (observed(row) ? row->value : 0.0) : c == DOSE ? dose
		: cd_learning_at(&(CdLearning) {c == QUICK, c == SLOW}, row->tenure);
}

/* How many sessions' worth each row has had, of sessions that all give the same. */
static void
fill_doses(const CdEffectRow *rows, size_t n, double *dose)
{
	CdEffectDesign design = cd_effect_main_design(HORIZON, 0);

	for (size_t from = 0, to; from < n; from = to)
	{
		CdEffectStock stock = {0};

		for (to = from; to < n && rows[to].agent == rows[from].agent; to++)
		{
			double		column[CD_EFFECT_COLUMNS] = {0};

			if (to > from)
				cd_effect_age(&design, rows[to - 1].sessions, rows[to].period - rows[to - 1].period, &stock);
			design.fill(&design, rows, from, n, to, &stock, column);
			dose[to] = column[CD_EFFECT_DOSE];
		}
	}
}

/* What agents' own means leave; rows come agent by agent. */
static void
sweep_agents(const CdPeriodRow *rows, size_t n, double *left)
{
	for (size_t from = 0, to; from < n; from = to)
	{
		double		weight = 0.0;
		double		mean = 0.0;

		for (to = from; to < n && rows[to].agent == rows[from].agent; to++)
			if (rows[to].weight > 0.0)
			{
				weight += rows[to].weight;
				mean += (left[to] - mean) * (rows[to].weight / weight);
			}
		for (size_t i = from; i < to; i++)
			left[i] -= mean;
	}
}

/* One column of a team, less the effects of its periods and agents; 0 where a period has no link with the others. */
static void
take_effects(CdPeriodRow *rows, size_t n, const CdPeriodEffects *effects, double *left)
{
	for (size_t i = 0; i < n; i++)
	{
		double		effect = effects->effect[rows[i].period];

		left[i] = isnan(effect) ? 0.0 : rows[i].value - effect;
		if (isnan(effect))
			rows[i].weight = 0.0;
	}
	sweep_agents(rows, n, left);
	for (size_t i = 0; i < n; i++)
		if (!(rows[i].weight > 0.0))
			left[i] = 0.0;
}

/* The columns of one team; first: number of its first row among all. */
static CdStatus
sweep_team(const CdEffectRow *rows, size_t n, size_t first, Work *w)
{
	CdArena		arena = {.base = w->effects, .size = w->effects_size};
	CdPeriodEffects effects;
	CdStatus	status = CD_OK;

	fill_doses(rows, n, w->left[DOSE] + first);
	for (int c = 0; c < COLUMNS && status == CD_OK; c++)
	{
		for (size_t i = 0; i < n; i++)
			w->rows[i] = (CdPeriodRow) {
				rows[i].agent, observed(&rows[i]) ? w->place[rows[i].period] : 0, column(&rows[i], c, w->left[DOSE][first + i]),
				observed(&rows[i]) ? rows[i].weight : 0.0
			};
		if (c == 0)
			status = cd_period_effects(w->rows, n, w->places, &arena, &effects);
		else
			cd_period_effects_again(w->rows, n, &effects);
		if (status == CD_OK)
			take_effects(w->rows, n, &effects, w->left[c] + first);
	}
	for (int c = 0; c < COLUMNS && status == CD_TOO_FEW; c++)
		memset(w->left[c] + first, 0, n * sizeof(double));
	return status == CD_TOO_FEW ? CD_OK : status;
}

/* The columns less what goes with the doses: new hires are coached more, and what sessions gave is no learning. */
static void
take_doses_out(const CdEffectRow *rows, size_t n, double *const *left)
{
	double		product[DOSE] = {0.0, 0.0, 0.0};
	double		square = 0.0;
	double		weight = 0.0;

	for (size_t i = 0; i < n; i++)
	{
		if (!observed(&rows[i]))
			continue;
		weight += rows[i].weight;
		square += rows[i].weight * left[DOSE][i] * left[DOSE][i];
		for (int c = 0; c < DOSE; c++)
			product[c] += rows[i].weight * left[DOSE][i] * left[c][i];
	}
	for (size_t i = 0; i < n && square > LEAST_CONTRAST * weight; i++)
		for (int c = 0; c < DOSE; c++)
			left[c][i] -= product[c] / square * left[DOSE][i];
}

static void
add_products(const CdEffectRow *rows, size_t n, double *const *left, Normal *normal)
{
	for (size_t i = 0; i < n; i++)
	{
		double		x[2] = {left[QUICK][i], left[SLOW][i]};

		if (!observed(&rows[i]))
			continue;
		for (int a = 0; a < 2; a++)
		{
			for (int b = 0; b < 2; b++)
				normal->xx[a][b] += rows[i].weight * x[a] * x[b];
			normal->xy[a] += rows[i].weight * x[a] * left[VALUE][i];
		}
	}
}

/* Scores of each agent at the estimate, and who was seen learning. */
static void
add_scores(const CdEffectRow *rows, size_t n, double *const *left, const CdLearning *curve, Normal *normal)
{
	for (size_t from = 0, to; from < n; from = to)
	{
		double		score[2] = {0.0, 0.0};
		bool		learner = false;

		for (to = from; to < n && rows[to].team == rows[from].team && rows[to].agent == rows[from].agent; to++)
		{
			double		x[2] = {left[QUICK][to], left[SLOW][to]};

			if (!observed(&rows[to]))
				continue;
			learner |= rows[to].tenure < YEAR;
			for (int a = 0; a < 2; a++)
				score[a] += rows[to].weight * x[a] * (left[VALUE][to] - curve->quick * x[0] - curve->slow * x[1]);
		}
		for (int a = 0; a < 2; a++)
			for (int b = 0; b < 2; b++)
				normal->meat[a][b] += score[a] * score[b];
		normal->learners += learner;
	}
}

static double
determinant(double m[2][2])
{
	return m[0][0] * m[1][1] - m[0][1] * m[1][0];
}

/* Part of the curve to believe: 1 - 1 / F, where F = b' (A^-1 M A^-1)^-1 b / 2 and A b = xy. */
static double
trust(Normal *normal)
{
	double		spread = determinant(normal->meat);
	double		f;

	if (normal->learners < FEWEST_AGENTS || !(spread > 0.0))
		return 0.0;
	f = (normal->xy[0] * (normal->meat[1][1] * normal->xy[0] - normal->meat[0][1] * normal->xy[1])
		 + normal->xy[1] * (normal->meat[0][0] * normal->xy[1] - normal->meat[1][0] * normal->xy[0])) / spread / 2.0;
	return f > 1.0 ? 1.0 - 1.0 / f : 0.0;
}

static CdStatus
take_work(size_t n, const int32_t *place, size_t places, CdArena *arena, Work *w)
{
	w->place = place;
	w->places = places;
	w->effects_size = cd_period_effects_size(places);
	w->rows = cd_arena_take(arena, n, sizeof(CdPeriodRow));
	w->effects = cd_arena_take(arena, 1, w->effects_size);
	for (int c = 0; c < COLUMNS; c++)
	{
		w->left[c] = cd_arena_take(arena, n, sizeof(double));
		if (w->left[c] == NULL)
			return CD_NOMEM;
	}
	return w->rows == NULL || w->effects == NULL ? CD_NOMEM : CD_OK;
}

CdStatus
cd_learning(const CdEffectRow *rows, size_t n, const int32_t *place, size_t places, CdArena *arena, CdLearning *out)
{
	Work		w;
	Normal		normal = {0};
	double		d;
	double		part;
	CdStatus	status = take_work(n, place, places, arena, &w);

	*out = (CdLearning) {0.0, 0.0};
	for (size_t from = 0, to = 0; from < n && status == CD_OK; from = to)
	{
		while (to < n && rows[to].team == rows[from].team)
			to++;
		status = sweep_team(rows + from, to - from, from, &w);
	}
	if (status != CD_OK)
		return status;
	take_doses_out(rows, n, w.left);
	add_products(rows, n, w.left, &normal);
	d = determinant(normal.xx);
	if (!(d > 1e-9 * normal.xx[0][0] * normal.xx[1][1]))
		return CD_OK;
	out->quick = (normal.xx[1][1] * normal.xy[0] - normal.xx[0][1] * normal.xy[1]) / d;
	out->slow = (normal.xx[0][0] * normal.xy[1] - normal.xx[1][0] * normal.xy[0]) / d;
	add_scores(rows, n, w.left, out, &normal);
	part = trust(&normal);
	out->quick *= part;
	out->slow *= part;
	return CD_OK;
}
