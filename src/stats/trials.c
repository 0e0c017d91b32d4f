/*
 * trials.c: the effect of a session by stacked trials.
 */
#include "stats/trials.h"

#include <math.h>

#include <gsl/gsl_cdf.h>

#include "stats/regression.h"
#include "stats/solve.h"

#define WASHOUT 8				/* periods without a session before a trial */
#define GAP_FROM 11				/* base of the gap design, periods before the session */
#define GAP_TO 4
#define RECENT 4				/* periods that the recent mean covers */
#define COLUMNS 5				/* coached, last, recent, long, sessions before */
#define TEAMS_LEAST 8			/* fewer teams don't carry a standard error of their own */

/* A team's rows as a table of agents by periods. */
typedef struct Table
{
	const CdEffectRow *rows;
	size_t		n;
	int			periods;
	int			first;
	size_t		room;			/* cells */
	int			agents;
	double	   *value;			/* NaN: nothing observed */
	double	   *weight;
	double	   *sessions;
} Table;

/* What is taken from an agent for a trial. */
typedef struct Entry
{
	double		outcome;
	double		dose;			/* sessions active over the horizon, per period */
	double		weight;
	double		x[COLUMNS];
} Entry;

typedef struct Stack
{
	const CdTrialOptions *options;
	double		typical;		/* mean weight of a value */
	double		slope;			/* times dose is taken from the outcome */
	Entry	   *entry;			/* one trial */
	size_t	   *agent;			/* of the entry */
	CdClusters	outcome;		/* by agent, then by team */
	CdClusters	dose;
	CdClusters	team_outcome;
	double		trials;
	double		sessions;
	double		compared;
} Stack;

static int
columns_of(CdTrialMethod method)
{
	return method == CD_TRIAL_HISTORY ? COLUMNS : 1;
}

/* ---- tables ---- */

static void
spans(const CdEffectRow *rows, size_t n, size_t *agents, size_t *most, size_t *teams, int *first, int *last)
{
	size_t		here = 0;

	*agents = *most = *teams = 0;
	*first = n > 0 ? rows[0].period : 0;
	*last = *first;
	for (size_t i = 0; i < n; i++)
	{
		bool		new_team = i == 0 || rows[i].team != rows[i - 1].team;

		if (new_team)
			here = 0;
		if (new_team || rows[i].agent != rows[i - 1].agent)
		{
			here++;
			(*agents)++;
		}
		*teams += new_team;
		*most = here > *most ? here : *most;
		*first = rows[i].period < *first ? rows[i].period : *first;
		*last = rows[i].period > *last ? rows[i].period : *last;
	}
}

size_t
cd_trials_size(const CdEffectRow *rows, size_t n)
{
	size_t		agents;
	size_t		most;
	size_t		teams;
	size_t		cells;
	size_t		size;
	int			first;
	int			last;

	spans(rows, n, &agents, &most, &teams, &first, &last);
	cells = cd_arena_bytes(most, (size_t) (last - first + 1) * sizeof(double));
	size = cd_arena_sum(cells, cd_arena_sum(cells, cells));
	size = cd_arena_sum(size, cd_arena_bytes(most, sizeof(Entry) + sizeof(size_t)));
	size = cd_arena_sum(size, cd_arena_sum(cd_clusters_size(agents, COLUMNS), cd_clusters_size(agents, COLUMNS)));
	size = cd_arena_sum(size, cd_clusters_size(teams, COLUMNS));
	return cd_arena_sum(size, cd_arena_sum(3 * cd_regression_size(COLUMNS), 1024));
}

/* Fill the table from the rows of one team; returns how many rows that were. */
static size_t
fill_table(Table *t, size_t from)
{
	size_t		i = from;

	for (size_t c = 0; c < t->room; c++)
	{
		t->value[c] = NAN;
		t->weight[c] = t->sessions[c] = 0.0;
	}
	t->agents = 0;
	for (; i < t->n && t->rows[i].team == t->rows[from].team; i++)
	{
		const CdEffectRow *r = &t->rows[i];
		size_t		c;

		if (i == from || r->agent != r[-1].agent)
			t->agents++;
		c = (size_t) (t->agents - 1) * t->periods + (r->period - t->first);
		t->sessions[c] = r->sessions;
		if (!isnan(r->value) && r->weight > 0.0)
		{
			t->value[c] = r->value;
			t->weight[c] = r->weight;
		}
	}
	return i - from;
}

/* Weighted mean of an agent's values over periods from .. to, both included; NaN: none. */
static double
mean_over(const Table *t, int agent, int from, int to, double *weight)
{
	double		sum = 0.0;

	*weight = 0.0;
	for (int p = from < 0 ? 0 : from; p <= to && p < t->periods; p++)
	{
		size_t		c = (size_t) agent * t->periods + p;

		if (t->weight[c] > 0.0)
		{
			sum += t->weight[c] * t->value[c];
			*weight += t->weight[c];
		}
	}
	return *weight > 0.0 ? sum / *weight : NAN;
}

static double
sessions_over(const Table *t, int agent, int from, int to)
{
	double		sum = 0.0;

	for (int p = from < 0 ? 0 : from; p <= to && p < t->periods; p++)
		sum += t->sessions[(size_t) agent * t->periods + p];
	return sum;
}

/* ---- trials ---- */

/* What an agent brings to the trial at period p; false where it cannot take part. */
static bool
enter(const Table *t, const CdTrialOptions *o, double typical, int agent, int p, Entry *e)
{
	double		after;
	double		w;
	double		base;
	int			last = p - o->before;

	e->outcome = mean_over(t, agent, p + 1, p + o->horizon, &after);
	e->x[0] = t->sessions[(size_t) agent * t->periods + p] > 0.0;
	e->dose = 0.0;
	for (int h = 0; h < o->horizon; h++)
		e->dose += sessions_over(t, agent, p + h, p + h) * (o->horizon - h) / o->horizon;
	/* An agent's own ups and downs do not shrink with volume. */
	e->weight = after / (after + typical * o->horizon);
	if (o->method == CD_TRIAL_BEFORE_AFTER)
	{
		e->outcome -= mean_over(t, agent, last, last, &w);
		e->dose = e->x[0];
		e->weight = t->sessions[(size_t) agent * t->periods + p];
		return e->weight > 0.0 && !isnan(e->outcome);
	}
	if (isnan(e->outcome) || sessions_over(t, agent, p - WASHOUT, p - 1) > 0.0)
		return false;
	if (o->method == CD_TRIAL_GAP)
	{
		base = mean_over(t, agent, p - GAP_FROM, p - GAP_TO, &w);
		e->outcome -= base;
		return !isnan(base);
	}
	e->x[1] = mean_over(t, agent, last, last, &w);
	e->x[2] = mean_over(t, agent, last - RECENT + 1, last, &w);
	e->x[3] = mean_over(t, agent, 0, last - RECENT, &w);
	e->x[4] = sessions_over(t, agent, 0, p - WASHOUT - 1);
	return !isnan(e->x[1]) && !isnan(e->x[3]);
}

/* The entries free of the trial's own mean. */
static void
centre(Entry *e, size_t n, int columns)
{
	Entry		mean = {0};
	double		total = 0.0;

	for (size_t i = 0; i < n; i++)
	{
		total += e[i].weight;
		mean.outcome += e[i].weight * e[i].outcome;
		mean.dose += e[i].weight * e[i].dose;
		for (int k = 0; k < columns; k++)
			mean.x[k] += e[i].weight * e[i].x[k];
	}
	for (size_t i = 0; i < n; i++)
	{
		e[i].outcome -= mean.outcome / total;
		e[i].dose -= mean.dose / total;
		for (int k = 0; k < columns; k++)
			e[i].x[k] -= mean.x[k] / total;
	}
}

/* One trial: the agents of a team at one period. */
static void
add_trial(Stack *s, const Table *t, size_t team, size_t first_agent, int p)
{
	const CdTrialOptions *o = s->options;
	int			columns = columns_of(o->method);
	size_t		n = 0;
	double		coached = 0.0;
	double		held = 0.0;

	for (int a = 0; a < t->agents; a++)
	{
		if (!enter(t, o, s->typical, a, p, &s->entry[n]))
			continue;
		coached += s->entry[n].x[0];
		held += s->entry[n].x[0] > 0.0 ? t->sessions[(size_t) a * t->periods + p] : 0.0;
		s->agent[n++] = first_agent + (size_t) a;
	}
	if (coached == 0.0 || (o->method != CD_TRIAL_BEFORE_AFTER && coached == (double) n))
		return;
	s->trials += 1.0;
	s->sessions += held;
	s->compared += (double) n - coached;
	if (o->method != CD_TRIAL_BEFORE_AFTER)
		centre(s->entry, n, columns);
	for (size_t i = 0; i < n; i++)
	{
		const Entry *e = &s->entry[i];
		double		y = e->outcome - s->slope * e->dose;

		cd_clusters_add(&s->outcome, s->agent[i], e->x, y, e->weight);
		cd_clusters_add(&s->dose, s->agent[i], e->x, e->dose, e->weight);
		cd_clusters_add(&s->team_outcome, team, e->x, y, e->weight);
	}
}

static void
clear(CdClusters *c)
{
	for (size_t i = 0; i < c->clusters * c->columns * c->columns; i++)
		c->s[i] = 0.0;
	for (size_t i = 0; i < c->clusters * c->columns; i++)
		c->q[i] = 0.0;
	for (size_t i = 0; i < c->clusters; i++)
		c->yy[i] = c->rows[i] = 0.0;
}

/* All trials, with slope times dose taken from the outcome. */
static bool
stack_all(Stack *s, Table *t, double slope)
{
	size_t		agents = 0;
	size_t		team = 0;

	clear(&s->outcome);
	clear(&s->dose);
	clear(&s->team_outcome);
	s->slope = slope;
	s->trials = s->sessions = s->compared = 0.0;
	for (size_t from = 0; from < t->n; team++)
	{
		from += fill_table(t, from);
		for (int p = 0; p < t->periods; p++)
			add_trial(s, t, team, agents, p);
		agents += (size_t) t->agents;
		if (cd_stop_requested())
			return false;
	}
	return true;
}

/* ---- estimate ---- */

/* The coefficient of being coached, with CR2. */
static CdStatus
coached_coefficient(const CdClusters *data, double absorbed, CdArena arena, CdContrast *out)
{
	CdRegression fit;
	double		l[COLUMNS] = {1.0};
	CdStatus	status = cd_regression(data, absorbed, &arena, &fit);

	return status == CD_OK ? cd_regression_contrast(&fit, CD_ROBUST_CR2, l, out) : status;
}

static double
mean_weight(const CdEffectRow *rows, size_t n)
{
	double		sum = 0.0;
	double		count = 0.0;

	for (size_t i = 0; i < n; i++)
	{
		if (isnan(rows[i].value) || !(rows[i].weight > 0.0))
			continue;
		sum += rows[i].weight;
		count += 1.0;
	}
	return count > 0.0 ? sum / count : 1.0;
}

static size_t
used_clusters(const CdClusters *c)
{
	size_t		used = 0;

	for (size_t i = 0; i < c->clusters; i++)
		used += c->rows[i] > 0.0;
	return used;
}

/* Standard error of the ratio: of what is left of the outcome, over the first stage. */
static CdStatus
spread(const Stack *s, size_t teams, double absorbed, double first_stage, const CdArena *arena, CdTrials *out)
{
	CdContrast	agent;
	CdContrast	team;
	CdStatus	status = coached_coefficient(&s->outcome, absorbed, *arena, &agent);

	if (status != CD_OK)
		return status;
	out->by_team = teams >= TEAMS_LEAST
		&& coached_coefficient(&s->team_outcome, absorbed, *arena, &team) == CD_OK && team.se > agent.se;
	out->se = (out->by_team ? team.se : agent.se) / first_stage;
	out->df = out->by_team ? team.df : agent.df;
	out->clusters = (double) used_clusters(out->by_team ? &s->team_outcome : &s->outcome);
	return CD_OK;
}

static CdStatus
prepare(Stack *s, Table *t, CdArena *arena, size_t *teams)
{
	size_t		agents;
	size_t		most;
	int			last;
	size_t		columns = (size_t) columns_of(s->options->method);
	CdStatus	status;

	spans(t->rows, t->n, &agents, &most, teams, &t->first, &last);
	t->periods = last - t->first + 1;
	t->room = most * (size_t) t->periods;
	t->value = cd_arena_take(arena, t->room, sizeof(double));
	t->weight = cd_arena_take(arena, t->room, sizeof(double));
	t->sessions = cd_arena_take(arena, t->room, sizeof(double));
	s->entry = cd_arena_take(arena, most, sizeof(Entry));
	s->agent = cd_arena_take(arena, most, sizeof(size_t));
	if (s->agent == NULL)
		return CD_NOMEM;
	status = cd_clusters_init(agents, columns, arena, &s->outcome);
	if (status == CD_OK)
		status = cd_clusters_init(agents, columns, arena, &s->dose);
	if (status == CD_OK)
		status = cd_clusters_init(*teams, columns, arena, &s->team_outcome);
	return status;
}

CdStatus
cd_trials(const CdEffectRow *rows, size_t n, const CdTrialOptions *options, CdArena *arena, CdTrials *out)
{
	Table		t = {.rows = rows, .n = n};
	Stack		s = {.options = options, .typical = mean_weight(rows, n)};
	CdContrast	outcome;
	CdContrast	dose;
	CdStatus	status;
	double		absorbed;
	double		half;
	size_t		teams;

	*out = (CdTrials) {NAN, NAN, NAN, NAN, NAN, NAN, 0.0, 0.0, 0.0, false};
	if (n == 0)
		return CD_TOO_FEW;
	status = prepare(&s, &t, arena, &teams);
	if (status != CD_OK)
		return status;
	if (!stack_all(&s, &t, 0.0))
		return CD_STOPPED;
	out->sessions = s.sessions;
	out->compared = s.compared;
	absorbed = options->method == CD_TRIAL_BEFORE_AFTER ? 0.0 : s.trials;
	if (s.trials == 0.0 || used_clusters(&s.outcome) < 2)
		return CD_TOO_FEW;
	status = coached_coefficient(&s.outcome, absorbed, *arena, &outcome);
	if (status == CD_OK)
		status = coached_coefficient(&s.dose, absorbed, *arena, &dose);
	if (status != CD_OK)
		return status;
	if (!(dose.estimate > 0.0))
		return CD_TOO_FEW;
	out->estimate = outcome.estimate / dose.estimate;
	if (!stack_all(&s, &t, out->estimate))
		return CD_STOPPED;
	status = spread(&s, teams, absorbed, dose.estimate, arena, out);
	if (status != CD_OK)
		return status;
	status = cd_t_multiplier(options->level, out->df, &half);
	if (status != CD_OK)
		return status;
	half *= out->se;
	out->low = out->estimate - half;
	out->high = out->estimate + half;
	out->p = 2.0 * gsl_cdf_tdist_Q(fabs(out->estimate) / out->se, out->df);
	return CD_OK;
}
