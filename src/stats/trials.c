/*
 * trials.c: the effect of a session by stacked trials.
 */
#include "stats/trials.h"

#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

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
	size_t		agent;
	double		sessions;		/* of the period of the trial */
	double		outcome;
	double		dose;			/* sessions active over the horizon, per period */
	double		weight;
	double		x[COLUMNS];
} Entry;

/* Entries of one side that are left out: those whose outcome is beyond what history foretells by more than the cut. */
typedef struct Trim
{
	double		share;			/* of that side; 0: none */
	bool		coached;		/* the side */
	bool		above;
	double		cut;
	double		b[COLUMNS];		/* what history foretells */
	double	   *residual;		/* of that side; NULL: not asked for */
	size_t		residuals;
} Trim;

typedef struct Stack
{
	const CdTrialOptions *options;
	double		typical;		/* mean weight of a value */
	double		slope;			/* times dose is taken from the outcome */
	const double *foretold;		/* what history foretells, taken from the outcome as well; NULL: nothing */
	Entry	   *entry;			/* one trial */
	CdClusters	outcome;		/* by agent, then by team */
	CdClusters	dose;
	CdClusters	team_outcome;
	Trim		trim;
	double		trials;
	double		sessions;
	double		compared;
	double		coached;		/* measured or not, in trials that have somebody to compare with */
	double		coached_measured;
	double		compared_measured;	/* share, times the trial's coached */
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
	size = cd_arena_sum(size, cd_arena_bytes(most, sizeof(Entry)));
	size = cd_arena_sum(size, cd_arena_sum(cd_clusters_size(agents, COLUMNS), cd_clusters_size(agents, COLUMNS)));
	size = cd_arena_sum(size, cd_clusters_size(teams, COLUMNS));
	size = cd_arena_sum(size, cd_arena_bytes(n, sizeof(double)));
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

/* What an agent brings to the trial at period p, outcome NaN: not measured; false where it cannot take part. */
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
	if (sessions_over(t, agent, p - WASHOUT, p - 1) > 0.0)
		return false;
	if (o->method == CD_TRIAL_GAP)
	{
		base = mean_over(t, agent, p - GAP_FROM, p - GAP_TO, &w);
		e->outcome -= base;
		return !isnan(e->outcome);
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

/* The agents of a team that take part at period p and are measured after it; counts the others too. */
static size_t
enter_all(Stack *s, const Table *t, size_t first_agent, int p)
{
	size_t		n = 0;
	double		asked[2] = {0};
	double		measured[2] = {0};

	for (int a = 0; a < t->agents; a++)
	{
		Entry	   *e = &s->entry[n];
		bool		coached;

		if (!enter(t, s->options, s->typical, a, p, e))
			continue;
		coached = e->x[0] > 0.0;
		asked[coached] += 1.0;
		if (isnan(e->outcome))
			continue;
		measured[coached] += 1.0;
		e->sessions = t->sessions[(size_t) a * t->periods + p];
		e->agent = first_agent + (size_t) a;
		n++;
	}
	if (n > 0 && asked[0] > 0.0 && asked[1] > 0.0)
	{
		s->coached += asked[1];
		s->coached_measured += measured[1];
		s->compared_measured += asked[1] * measured[0] / asked[0];
	}
	return n;
}

/* Whether there is somebody on either side. */
static bool
compares(const Stack *s, size_t n)
{
	size_t		coached = 0;

	for (size_t i = 0; i < n; i++)
		coached += s->entry[i].sessions > 0.0;
	return coached > 0 && (s->options->method == CD_TRIAL_BEFORE_AFTER || coached < n);
}

/* What history leaves unexplained of a side is noted down, or the entries beyond the cut left out; returns how many stay. */
static size_t
trim(Trim *trim, Entry *e, size_t n)
{
	size_t		stay = 0;

	for (size_t i = 0; i < n; i++)
	{
		double		left = e[i].outcome;

		for (int k = 0; k < COLUMNS; k++)
			left -= trim->b[k] * e[i].x[k];
		if ((e[i].sessions > 0.0) == trim->coached)
		{
			if (trim->residual != NULL)
				trim->residual[trim->residuals++] = left;
			else if (trim->above ? left > trim->cut : left < trim->cut)
				continue;
		}
		e[stay++] = e[i];
	}
	return stay;
}

/*
 * What stands for an entry's outcome. CR2 makes up for what the coefficients take of an entry's error;
 * the trial's mean, which goes across agents, takes its share as well.
 */
static double
outcome_of(const Stack *s, const Entry *e, int columns, double weight_of_trial)
{
	double		y = e->outcome - s->slope * e->dose;

	if (s->foretold == NULL)
		return y;
	for (int k = 0; k < columns; k++)
		y -= s->foretold[k] * e->x[k];
	return y / sqrt(1.0 - e->weight / weight_of_trial);
}

/* One trial: the agents of a team at one period. */
static void
add_trial(Stack *s, const Table *t, size_t team, size_t first_agent, int p)
{
	int			columns = columns_of(s->options->method);
	bool		centred = s->options->method != CD_TRIAL_BEFORE_AFTER;
	size_t		n = enter_all(s, t, first_agent, p);
	double		weight = 0.0;

	if (!compares(s, n))
		return;
	if (centred)
		centre(s->entry, n, columns);
	if (s->trim.share > 0.0)
	{
		n = trim(&s->trim, s->entry, n);
		if (!compares(s, n))
			return;
		centre(s->entry, n, columns);
	}
	s->trials += 1.0;
	for (size_t i = 0; i < n; i++)
		weight += s->entry[i].weight;
	for (size_t i = 0; i < n; i++)
	{
		const Entry *e = &s->entry[i];
		double		y = outcome_of(s, e, columns, weight);

		s->sessions += e->sessions;
		s->compared += e->sessions > 0.0 ? 0.0 : 1.0;
		cd_clusters_add(&s->outcome, e->agent, e->x, y, e->weight);
		cd_clusters_add(&s->dose, e->agent, e->x, e->dose, e->weight);
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
	s->coached = s->coached_measured = s->compared_measured = 0.0;
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

	return status == CD_OK ? cd_regression_contrast(&fit, l, out) : status;
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

/* Means of trials that were taken out. */
static double
absorbed(const Stack *s)
{
	return s->options->method == CD_TRIAL_BEFORE_AFTER ? 0.0 : s->trials;
}

/* Standard error of the ratio: of what is left of the outcome, over the first stage. */
static CdStatus
spread(const Stack *s, size_t teams, double first_stage, const CdArena *arena, CdTrials *out)
{
	CdContrast	agent;
	CdContrast	team;
	CdStatus	status = coached_coefficient(&s->outcome, absorbed(s), *arena, &agent);

	if (status != CD_OK)
		return status;
	out->by_team = teams >= TEAMS_LEAST
		&& coached_coefficient(&s->team_outcome, absorbed(s), *arena, &team) == CD_OK && team.se > agent.se;
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
	if (s->entry == NULL)
		return CD_NOMEM;
	status = cd_clusters_init(agents, columns, arena, &s->outcome);
	if (status == CD_OK)
		status = cd_clusters_init(agents, columns, arena, &s->dose);
	if (status == CD_OK)
		status = cd_clusters_init(*teams, columns, arena, &s->team_outcome);
	return status;
}

/* The effect per session: what the coached differ by, over the sessions that they had more. */
static CdStatus
ratio(Stack *s, Table *t, const CdArena *arena, double *estimate, double *first_stage)
{
	CdContrast	outcome;
	CdContrast	dose;
	CdStatus	status;

	if (!stack_all(s, t, 0.0))
		return CD_STOPPED;
	if (s->trials == 0.0 || used_clusters(&s->outcome) < 2)
		return CD_TOO_FEW;
	status = coached_coefficient(&s->outcome, absorbed(s), *arena, &outcome);
	if (status == CD_OK)
		status = coached_coefficient(&s->dose, absorbed(s), *arena, &dose);
	if (status != CD_OK)
		return status;
	*estimate = outcome.estimate / dose.estimate;
	*first_stage = dose.estimate;
	return dose.estimate > 0.0 ? CD_OK : CD_TOO_FEW;
}

/* Which side is cut, and where, so that as many of both are measured. Needs the trials stacked as measured. */
static CdStatus
set_trim(Stack *s, Table *t, const CdArena *arena)
{
	Trim	   *trim = &s->trim;
	CdArena		own = *arena;
	CdRegression fit;
	double		coached = s->coached_measured / s->coached;
	double		compared = s->compared_measured / s->coached;
	CdStatus	status = cd_regression(&s->outcome, absorbed(s), &own, &fit);

	if (status != CD_OK)
		return status;
	for (int k = 0; k < COLUMNS; k++)
		trim->b[k] = fit.coefficient[k];
	trim->coached = coached > compared;
	trim->above = trim->coached == (s->options->bound == CD_TRIAL_LOWEST);
	trim->share = fabs(coached - compared) / fmax(coached, compared);
	if (!(trim->share > 0.0))
		return CD_OK;
	own = *arena;
	trim->residual = cd_arena_take(&own, t->n, sizeof(double));
	trim->residuals = 0;
	if (trim->residual == NULL)
		return CD_NOMEM;
	if (!stack_all(s, t, 0.0))
		return CD_STOPPED;
	gsl_sort(trim->residual, 1, trim->residuals);
	trim->cut = gsl_stats_quantile_from_sorted_data(trim->residual, 1, trim->residuals,
													trim->above ? 1.0 - trim->share : trim->share);
	trim->residual = NULL;
	return CD_OK;
}

/* All trials again, with what neither sessions nor history account for. */
static CdStatus
stack_left(Stack *s, Table *t, double estimate, const CdArena *arena)
{
	CdArena		own = *arena;
	double		foretold[COLUMNS];
	CdRegression fit;
	CdStatus	status;
	bool		stacked;

	if (!stack_all(s, t, estimate))
		return CD_STOPPED;
	if (s->options->method == CD_TRIAL_BEFORE_AFTER)
		return CD_OK;
	status = cd_regression(&s->outcome, absorbed(s), &own, &fit);
	if (status != CD_OK)
		return status;
	for (int k = 0; k < columns_of(s->options->method); k++)
		foretold[k] = fit.coefficient[k];
	s->foretold = foretold;
	stacked = stack_all(s, t, estimate);
	s->foretold = NULL;
	return stacked ? CD_OK : CD_STOPPED;
}

CdStatus
cd_trials(const CdEffectRow *rows, size_t n, const CdTrialOptions *options, CdArena *arena, CdTrials *out)
{
	Table		t = {.rows = rows, .n = n};
	Stack		s = {.options = options, .typical = mean_weight(rows, n)};
	CdStatus	status;
	double		first_stage;
	double		half;
	size_t		teams;

	*out = (CdTrials) {.estimate = NAN, .se = NAN, .df = NAN, .low = NAN, .high = NAN, .p = NAN, .measured = NAN,
		.compared_measured = NAN};
	if (n == 0)
		return CD_TOO_FEW;
	if (options->bound != CD_TRIAL_AS_MEASURED && options->method != CD_TRIAL_HISTORY)
		return CD_BAD_INPUT;
	status = prepare(&s, &t, arena, &teams);
	if (status == CD_OK)
		status = ratio(&s, &t, arena, &out->estimate, &first_stage);
	if (options->method == CD_TRIAL_HISTORY && s.coached > 0.0)
	{
		out->measured = s.coached_measured / s.coached;
		out->compared_measured = s.compared_measured / s.coached;
	}
	if (status == CD_OK && options->bound != CD_TRIAL_AS_MEASURED)
		status = set_trim(&s, &t, arena);
	if (status == CD_OK && s.trim.share > 0.0)
		status = ratio(&s, &t, arena, &out->estimate, &first_stage);
	out->sessions = s.sessions;
	out->compared = s.compared;
	if (status == CD_OK)
		status = stack_left(&s, &t, out->estimate, arena);
	if (status == CD_OK)
		status = spread(&s, teams, first_stage, arena, out);
	if (status == CD_OK)
		status = cd_t_multiplier(options->level, out->df, &half);
	if (status != CD_OK)
	{
		out->estimate = NAN;
		return status;
	}
	half *= out->se;
	out->low = out->estimate - half;
	out->high = out->estimate + half;
	out->p = 2.0 * gsl_cdf_tdist_Q(fabs(out->estimate) / out->se, out->df);
	return CD_OK;
}
