/*
 * agent_change.c: see agent_change.h.
 *
 * The filter of the coaching effect turns each period into its surprise, given the past. A
 * change of one agent is the coefficient of a column that is 1 in the agent's periods after
 * the session, estimated from the surprises of these periods alone (generalised least
 * squares; the column is filtered like the outcome).
 */
#include <math.h>

#include "stats/agent_change.h"
#include "stats/effect_fit.h"

#define COLUMNS CD_EFFECT_COLUMNS	/* outcome, and changes of that many sessions but one at a time */
#define ROUNDING 1e-12
#define TEAM_PERIODS 10.0		/* the team's noise counts like so many periods of the agent's own */

typedef struct Change
{
	CdEffectWork work;
	int			horizon;
	double	   *z;				/* of the largest team: observations x COLUMNS */
	double	   *surprise;
} Change;

size_t
cd_agent_change_size(size_t rows, size_t teams, size_t periods)
{
	size_t		size = cd_effect_size(rows, teams, periods, false);

	size = cd_arena_sum(size, 2 * cd_arena_bytes(rows * COLUMNS, sizeof(double)));
	return cd_arena_sum(size, 2 * cd_arena_bytes(rows * COLUMNS, sizeof(double)));
}

static CdStatus
take_memory(CdArena *arena, Change *c)
{
	const CdEffectPanel *panel = &c->work.panel;
	CdStatus	status = cd_effect_take_fit(arena, COLUMNS, &c->work);
	size_t		largest = 0;

	for (size_t g = 0; g < panel->teams; g++)
		largest = panel->team[g].n > largest ? panel->team[g].n : largest;
	c->z = cd_arena_take(arena, largest * COLUMNS, sizeof(double));
	c->surprise = cd_arena_take(arena, largest * COLUMNS, sizeof(double));
	return c->z && c->surprise ? status : CD_NOMEM;
}

/* How noisy agents are: what all teams share, then each team's own. */
static CdStatus
learn_noise(CdEffectWork *work, int horizon)
{
	CdEffectDesign design = cd_effect_main_design(horizon, 0);
	CdStatus	status;

	cd_effect_work_design(work, &design);
	status = cd_effect_learn_common_noise(work);
	if (status == CD_OK)
		status = cd_effect_learn_own_noise(work);
	return status;
}

/* Outcome of a team's observation, free of what new hires learn. */
static double
outcome(const CdEffectWork *work, size_t g, size_t i)
{
	const CdEffectFit *fit = &work->fit[g];
	const double *z = work->z + (work->panel.team[g].first + i) * (size_t) work->design.columns;

	if (!fit->usable)
		return z[CD_EFFECT_OUTCOME];
	return z[CD_EFFECT_OUTCOME] - fit->b[CD_EFFECT_NEW] * z[CD_EFFECT_NEW]
		- fit->b[CD_EFFECT_LEARNING] * z[CD_EFFECT_LEARNING];
}

static bool
is_after(const Change *c, const CdEffectRow *session, const CdEffectRow *row)
{
	return row->agent == session->agent && row->period > session->period
		&& row->period <= session->period + c->horizon;
}

/* Outcome and the columns of some sessions. */
static void
fill_columns(const Change *c, size_t g, const CdAgentChange *change, int sessions)
{
	const CdEffectPanel *panel = &c->work.panel;
	const CdEffectTeam *team = &panel->team[g];
	double	   *z = c->z;

	for (size_t i = 0; i < team->n; i++, z += sessions + 1)
	{
		const CdEffectRow *row = &panel->rows[panel->obs[team->first + i].row];

		z[0] = outcome(&c->work, g, i);
		for (int k = 0; k < sessions; k++)
			z[k + 1] = is_after(c, &panel->rows[change[k].row], row);
	}
}

/* Noise variance of the agent up to the session: its own surprises, drawn towards the team's. */
static double
agent_noise(const Change *c, size_t g, const CdAgentChange *change, int columns)
{
	const CdEffectPanel *panel = &c->work.panel;
	const CdEffectTeam *team = &panel->team[g];
	const CdEffectRow *session = &panel->rows[change->row];
	double		sum = TEAM_PERIODS * c->work.fit[g].s2;

	for (size_t i = 0; i < team->n; i++)
	{
		const CdEffectRow *row = &panel->rows[panel->obs[team->first + i].row];
		double		e = c->surprise[i * (size_t) columns];

		if (row->agent == session->agent && row->period <= session->period)
			sum += e * e;
	}
	return sum / (TEAM_PERIODS + change->before);
}

/* The coefficient of column k from the surprises after its session. */
static void
solve_change(const Change *c, size_t g, int k, int columns, CdAgentChange *change)
{
	const CdEffectPanel *panel = &c->work.panel;
	const CdEffectTeam *team = &panel->team[g];
	int32_t		period = panel->rows[change->row].period;
	double		product = 0.0;
	double		square = 0.0;

	for (size_t i = 0; i < team->n; i++)
	{
		const double *s = c->surprise + i * (size_t) columns;
		int32_t		at = panel->obs[team->first + i].period;

		if (at <= period || at > period + c->horizon)
			continue;
		product += s[0] * s[k];
		square += s[k] * s[k];
	}
	if (!(square > 0.0))
		return;
	change->change = product / square;
	change->se = sqrt(agent_noise(c, g, change, columns) / square);
}

/* Some sessions of a team at a time. */
static void
solve_changes(Change *c, size_t g, CdAgentChange *change, int sessions)
{
	CdEffectWork *work = &c->work;
	const CdEffectTeam *team = &work->panel.team[g];
	int			columns = sessions + 1;

	fill_columns(c, g, change, sessions);
	cd_effect_filter(work->panel.obs + team->first, team->n, c->z, columns, &work->noise[g], &work->memory,
					 c->surprise);
	for (int k = 0; k < sessions; k++)
		if (change[k].before >= CD_AGENT_LEAST_BEFORE && change[k].after >= CD_AGENT_LEAST_AFTER)
			solve_change(c, g, k + 1, columns, &change[k]);
}

/* Periods observed around a session, and the mean after it. */
static void
count_periods(const Change *c, const CdEffectTeam *team, CdAgentChange *change)
{
	const CdEffectPanel *panel = &c->work.panel;
	const CdEffectRow *session = &panel->rows[change->row];
	double		weight = 0.0;
	double		sum = 0.0;

	for (size_t i = change->row + 1; i-- > team->first_row && panel->rows[i].agent == session->agent;)
		change->before += panel->obs_of[i] != CD_EFFECT_NONE;
	for (size_t i = change->row + 1; i < team->first_row + team->rows && is_after(c, session, &panel->rows[i]); i++)
	{
		if (panel->obs_of[i] == CD_EFFECT_NONE)
			continue;
		change->after++;
		weight += panel->rows[i].weight;
		sum += panel->rows[i].weight * panel->rows[i].value;
	}
	change->observed = weight > 0.0 ? sum / weight : NAN;
}

/* False when nothing varies but by rounding. */
static bool
varies(const Change *c, size_t g)
{
	const CdEffectTeam *team = &c->work.panel.team[g];
	double		largest = 0.0;

	for (size_t i = 0; i < team->n; i++)
		largest = fmax(largest, fabs(outcome(&c->work, g, i)));
	return sqrt(fmax(c->work.fit[g].s2, 0.0)) > ROUNDING * largest;
}

/* The sessions of a team; returns how many. */
static size_t
find_sessions(const Change *c, const CdEffectTeam *team, CdAgentChange *out)
{
	size_t		count = 0;

	for (size_t i = team->first_row; i < team->first_row + team->rows; i++)
	{
		if (!(c->work.panel.rows[i].sessions > 0.0))
			continue;
		out[count] = (CdAgentChange) {.row = i, .observed = NAN, .change = NAN, .se = NAN,
			.cycles_change = NAN, .cycles_se = NAN};
		count_periods(c, team, &out[count]);
		out[count].df = TEAM_PERIODS + out[count].before;
		count++;
	}
	return count;
}

/*
 * Mean over the latest sessions of an agent, going back from the last, whose horizons do not
 * overlap: their changes are independent surprises.
 */
static void
look_back(const Change *c, const CdAgentChange *first, CdAgentChange *last)
{
	const CdEffectRow *rows = c->work.panel.rows;
	int32_t		before = rows[last->row].period + c->horizon;
	double		weight = 0.0;
	double		sum = 0.0;

	for (const CdAgentChange *at = last; at >= first && last->cycles < CD_AGENT_CYCLES; at--)
	{
		double		w = 1.0 / (at->se * at->se);

		if (rows[at->row].agent != rows[last->row].agent)
			break;
		if (isnan(at->change) || rows[at->row].period + c->horizon > before)
			continue;
		before = rows[at->row].period;
		last->cycles++;
		weight += w;
		sum += w * at->change;
	}
	if (weight > 0.0)
	{
		last->cycles_change = sum / weight;
		last->cycles_se = 1.0 / sqrt(weight);
	}
}

static bool
any_session(const CdEffectRow *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].sessions > 0.0)
			return true;
	return false;
}

CdStatus
cd_agent_change(const CdEffectRow *rows, size_t n, size_t teams, int horizon, CdArena *arena,
				CdAgentChange *out, size_t *count)
{
	Change		c = {.horizon = horizon};
	CdStatus	status;

	*count = 0;
	if (horizon < 1 || horizon > CD_EFFECT_HORIZON_MAX)
		return CD_BAD_INPUT;
	status = cd_effect_panel(rows, n, teams, arena, &c.work.panel);
	if (status == CD_OK && !any_session(rows, n))
		return CD_OK;
	if (status == CD_OK)
		status = take_memory(arena, &c);
	if (status == CD_OK)
		status = learn_noise(&c.work, horizon);
	for (size_t g = 0; g < teams && status == CD_OK; g++)
	{
		CdAgentChange *first = out + *count;
		size_t		sessions = find_sessions(&c, &c.work.panel.team[g], first);
		bool		varying = varies(&c, g);

		if (cd_stop_requested())
			return CD_STOPPED;
		for (size_t k = 0; varying && k < sessions; k += COLUMNS - 1)
			solve_changes(&c, g, first + k, (int) (sessions - k < COLUMNS - 1 ? sessions - k : COLUMNS - 1));
		for (size_t k = 0; k < sessions; k++)
			look_back(&c, first, first + k);
		*count += sessions;
	}
	return status;
}
