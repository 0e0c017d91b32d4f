/*
 * effect_design.c: observations of a team and the columns that explain them.
 *
 * Sessions of the horizon just past are one column, so that its coefficient is the mean effect of a
 * session over the horizon whatever the shape; how it is spread over the horizon's periods, in a
 * straight line, is the next; sessions of the horizon before it are another, and what is older has
 * two, one that fades and one that doesn't: distributed lags in bins. The first column
 * holds later bins, too, by what usually is left there, so that where nothing is learned of the
 * shape sessions fade as they usually do; a bin's own coefficient is what differs from that.
 */
#include <math.h>

#include "stats/effect_model.h"

#define FADING 2.0				/* half-life of what is older than two horizons, in horizons */
#define USUALLY_NEXT 0.5		/* of the mean over the horizon, what is left over the next one */
#define USUALLY_OLDER 0.2		/* and after that */

static bool
observed(const CdEffectRow *row)
{
	return !isnan(row->value) && row->weight > 0.0;
}

/* Sessions between two periods, walking from row at. */
static double
sessions_between(const CdEffectRow *rows, size_t first, size_t end, size_t at, int32_t from, int32_t to)
{
	double		sum = 0.0;
	size_t		i = at;

	while (i > first && rows[i - 1].period >= from)
		i--;
	for (; i < end && rows[i].period <= to; i++)
		if (rows[i].period >= from)
			sum += rows[i].sessions;
	return sum;
}

static double
sum_of(const double *x, int from, int to)
{
	double		sum = 0.0;

	for (int k = from; k < to; k++)
		sum += x[k];
	return sum;
}

/* How much more of a horizon's sessions lies in its latest periods than in its earliest; 0 when even. */
static double
tilt(const double *recent, int horizon)
{
	double		sum = 0.0;

	for (int k = 0; k < horizon; k++)
		sum += recent[k] * ((horizon - 1) - 2 * k) / horizon;
	return sum;
}

static void
fill_main(const CdEffectDesign *design, const CdEffectRow *rows, size_t from, size_t to, size_t at,
		  const CdEffectStock *stock, double *column)
{
	const CdEffectRow *row = &rows[at];

	column[CD_EFFECT_TILT] = tilt(stock->recent, design->horizon);
	column[CD_EFFECT_NEXT] = sum_of(stock->recent, design->horizon, 2 * design->horizon);
	column[CD_EFFECT_FADING] = stock->fading;
	column[CD_EFFECT_DOSE] = sum_of(stock->recent, 0, design->horizon)
		+ USUALLY_NEXT * column[CD_EFFECT_NEXT] + USUALLY_OLDER * column[CD_EFFECT_FADING];
	column[CD_EFFECT_LASTING] = stock->lasting;
	column[CD_EFFECT_NEW] = isnan(row->tenure) ? 0.0 : exp(-row->tenure / CD_EFFECT_NEW_WEEKS);
	column[CD_EFFECT_LEARNING] = isnan(row->tenure) ? 0.0 : exp(-row->tenure / CD_EFFECT_LEARNING_WEEKS);
	if (design->columns > CD_EFFECT_SAME)
		column[CD_EFFECT_SAME] = design->before > 0 ? row->sessions : 0.0;
	if (design->columns > CD_EFFECT_AHEAD)
		column[CD_EFFECT_AHEAD] = sessions_between(rows, from, to, at, row->period + 2 * design->horizon + 1,
												   row->period + 3 * design->horizon);
}

CdEffectDesign
cd_effect_main_design(int horizon, int before)
{
	return (CdEffectDesign) {.columns = before > 0 ? CD_EFFECT_SAME + 1 : CD_EFFECT_SAME,
		.horizon = horizon, .before = before, .fill = fill_main, .left = exp2(-1.0 / (FADING * horizon))};
}

static CdStatus
check_row(const CdEffectRow *rows, size_t i, size_t teams)
{
	const CdEffectRow *r = &rows[i];
	const CdEffectRow *last = r - 1;

	if (r->team < 0 || (size_t) r->team >= teams || isinf(r->value) || !isfinite(r->sessions)
		|| r->sessions < 0.0 || isinf(r->tenure)
		|| (!isnan(r->value) && !(isfinite(r->weight) && r->weight >= 0.0)))
		return CD_BAD_INPUT;
	if (i > 0 && (r->team < last->team
				  || (r->team == last->team && r->agent < last->agent)
				  || (r->team == last->team && r->agent == last->agent && r->period <= last->period)))
		return CD_BAD_INPUT;
	return CD_OK;
}

/* Mean volume of a team; by_period receives the observed and where they start. */
static double
count_periods(const CdEffectPanel *panel, const CdEffectTeam *team)
{
	double		volume = 0.0;
	double		n = 0.0;

	for (size_t t = 0; t < 2 * panel->periods; t++)
		panel->by_period[t] = 0.0;
	for (size_t i = team->first_row; i < team->first_row + team->rows; i++)
	{
		const CdEffectRow *r = &panel->rows[i];

		if (!observed(r))
			continue;
		panel->by_period[2 * (r->period - panel->first_period)] += 1.0;
		volume += r->weight;
		n += 1.0;
	}
	return n > 0.0 ? volume / n : 1.0;
}

/* Observations with company, in order of period. */
static void
find_observations(CdEffectPanel *panel, CdEffectTeam *team)
{
	double		volume = count_periods(panel, team);
	double	   *by_period = panel->by_period;
	uint32_t	slot = 0;

	for (size_t t = 0; t < panel->periods; t++)
	{
		by_period[2 * t + 1] = (double) team->n;
		if (by_period[2 * t] < 2.0)
			continue;
		team->n += (size_t) by_period[2 * t];
		team->free += by_period[2 * t] - 1.0;
	}
	for (size_t i = team->first_row; i < team->first_row + team->rows; i++)
	{
		const CdEffectRow *r = &panel->rows[i];
		double	   *here = by_period + 2 * (r->period - panel->first_period);

		slot += i > team->first_row && r->agent != r[-1].agent;
		panel->obs_of[i] = CD_EFFECT_NONE;
		if (!observed(r) || here[0] < 2.0)
			continue;
		panel->obs_of[i] = team->first + (size_t) here[1]++;
		panel->obs[panel->obs_of[i]] = (CdEffectObs) {r->period, slot, i, volume / r->weight};
	}
	team->agents = team->rows > 0 ? slot + 1 : 0;
	cd_effect_lanes_shape(panel->obs + team->first, team);
	panel->agents = team->agents > panel->agents ? team->agents : panel->agents;
}

size_t
cd_effect_panel_size(size_t rows, size_t teams, size_t periods)
{
	size_t		size = cd_arena_bytes(teams, sizeof(CdEffectTeam));

	size = cd_arena_sum(size, cd_arena_bytes(rows, sizeof(CdEffectObs)));
	size = cd_arena_sum(size, cd_arena_bytes(rows, sizeof(size_t)));
	return cd_arena_sum(size, cd_arena_bytes(periods * 3, sizeof(double)));
}

/* Rows to teams and observations. */
CdStatus
cd_effect_panel(const CdEffectRow *rows, size_t n, size_t teams, CdArena *arena,
				CdEffectPanel *panel)
{
	int32_t		low = INT32_MAX;
	int32_t		high = INT32_MIN;
	size_t		at = 0;

	*panel = (CdEffectPanel) {.rows = rows, .n_rows = n, .teams = teams};
	for (size_t i = 0; i < n; i++)
	{
		if (check_row(rows, i, teams) != CD_OK)
			return CD_BAD_INPUT;
		low = rows[i].period < low ? rows[i].period : low;
		high = rows[i].period > high ? rows[i].period : high;
	}
	if (n == 0 || teams == 0)
		return CD_TOO_FEW;
	if ((int64_t) high - low >= CD_EFFECT_MOST_PERIODS)
		return CD_BAD_INPUT;
	panel->first_period = low;
	panel->periods = (size_t) (high - low) + 1;
	panel->team = cd_arena_take(arena, teams, sizeof(CdEffectTeam));
	panel->obs = cd_arena_take(arena, n, sizeof(CdEffectObs));
	panel->obs_of = cd_arena_take(arena, n, sizeof(size_t));
	panel->by_period = cd_arena_take(arena, panel->periods * 3, sizeof(double));
	if (!panel->team || !panel->obs || !panel->obs_of || !panel->by_period)
		return CD_NOMEM;
	for (size_t g = 0; g < teams; g++)
	{
		CdEffectTeam *team = &panel->team[g];

		*team = (CdEffectTeam) {.first_row = at};
		team->first = g > 0 ? panel->team[g - 1].first + panel->team[g - 1].n : 0;
		while (at < n && (size_t) rows[at].team == g)
			at++;
		team->rows = at - team->first_row;
		find_observations(panel, team);
	}
	return CD_OK;
}

static void
age_by_one(const CdEffectDesign *design, double sessions, CdEffectStock *stock)
{
	int			last = 2 * design->horizon - 1;
	double		older = stock->recent[last];

	for (int k = last; k > 0; k--)
		stock->recent[k] = stock->recent[k - 1];
	stock->recent[0] = sessions;
	stock->fading = design->left * stock->fading + older;
	stock->lasting += older;
}

/* Sessions by age some periods later, a row's own sessions added first. */
void
cd_effect_age(const CdEffectDesign *design, double sessions, int32_t periods, CdEffectStock *stock)
{
	int32_t		steps = 2 * design->horizon + 1;	/* after so many none is recent */

	for (int32_t k = 0; k < periods && k < steps; k++)
		age_by_one(design, k == 0 ? sessions : 0.0, stock);
	if (periods > steps)
		stock->fading *= pow(design->left, periods - steps);
}

/* Columns of the rows that are observations. */
void
cd_effect_design(const CdEffectPanel *panel, size_t g, const CdEffectDesign *design, double *z)
{
	const CdEffectTeam *team = &panel->team[g];
	const CdEffectRow *rows = panel->rows;
	size_t		end = team->first_row + team->rows;

	for (size_t from = team->first_row, to; from < end; from = to)
	{
		CdEffectStock stock = {0};

		for (to = from; to < end && rows[to].agent == rows[from].agent;)
			to++;
		for (size_t i = from; i < to; i++)
		{
			double	   *column;

			if (i > from)
				cd_effect_age(design, rows[i - 1].sessions, rows[i].period - rows[i - 1].period, &stock);
			if (panel->obs_of[i] == CD_EFFECT_NONE)
				continue;
			column = z + (panel->obs_of[i] - team->first) * (size_t) design->columns;
			column[CD_EFFECT_OUTCOME] = rows[i].value;
			design->fill(design, rows, from, to, i, &stock, column);
		}
	}
}
