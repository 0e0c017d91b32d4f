/*
 * effect_naive.c: before and after, and counts.
 */
#include <math.h>

#include "stats/effect_naive.h"

/* Sessions in a period of the team, and observed agents without one. */
typedef struct PeriodCount
{
	double		sessions;
	double		idle;
} PeriodCount;

static bool
observed(const CdEffectRow *row)
{
	return !isnan(row->value) && row->weight > 0.0;
}

static void
count_period(const CdEffectPanel *panel, const CdEffectTeam *team)
{
	PeriodCount *count = (PeriodCount *) panel->by_period;

	for (size_t t = 0; t < panel->periods; t++)
		count[t] = (PeriodCount) {0};
	for (size_t i = team->first_row; i < team->first_row + team->rows; i++)
	{
		const CdEffectRow *r = &panel->rows[i];

		count[r->period - panel->first_period].sessions += r->sessions;
		count[r->period - panel->first_period].idle += observed(r) && r->sessions == 0.0;
	}
}

/* Counts of a team. */
void
cd_effect_count(const CdEffectWork *work, size_t g, CdEffect *out)
{
	const CdEffectPanel *panel = &work->panel;
	const CdEffectTeam *team = &panel->team[g];
	PeriodCount *count = (PeriodCount *) panel->by_period;
	double		compared = 0.0;
	bool		coached = false;
	bool		control = false;

	count_period(panel, team);
	out->sessions = out->agents = out->coached = out->control = 0.0;
	out->observations = (double) team->n;
	for (size_t i = team->first_row; i < team->first_row + team->rows; i++)
	{
		const CdEffectRow *r = &panel->rows[i];
		const PeriodCount *p = &count[r->period - panel->first_period];
		bool		last = i + 1 == team->first_row + team->rows || r[1].agent != r->agent;

		out->sessions += r->sessions;
		compared += p->idle > 0.0 ? r->sessions : 0.0;
		coached |= r->sessions > 0.0;
		control |= r->sessions == 0.0 && observed(r) && p->sessions > 0.0;
		if (!last)
			continue;
		out->agents += 1.0;
		out->coached += coached;
		out->control += control;
		coached = control = false;
	}
	if (out->sessions > 0.0)
		out->overlap = compared / out->sessions;
}

static void
tally(CdEffectTally *sum, double sessions, double before, double next, double after)
{
	sum->sessions += sessions;
	sum->change += sessions * (after - before);
	sum->better += sessions * (next > before ? 1.0 : next == before ? 0.5 : 0.0);
}

/* What all sessions so far add to a row, from the team's coefficients drawn to its effect. */
static double
lift(const CdEffectDesign *design, const CdEffectRow *rows, size_t from, size_t to, size_t at,
	 const CdEffectStock *stock, const double *b)
{
	double		column[CD_EFFECT_COLUMNS] = {0};
	double		sum = 0.0;

	design->fill(design, rows, from, to, at, stock, column);
	for (int k = CD_EFFECT_DOSE; k <= CD_EFFECT_LASTING; k++)
		sum += b[k] * column[k];
	if (design->columns > CD_EFFECT_SAME)
		sum += b[CD_EFFECT_SAME] * column[CD_EFFECT_SAME];
	return sum;
}

/* Coefficients given that the dose's is what it was shrunk to. */
static void
drawn_to(const CdEffectFit *fit, int columns, double effect, double *b)
{
	for (int k = 1; k < columns; k++)
		b[k] = fit->usable
			? fit->b[k] + fit->v[columns + k] / fit->v[columns + 1] * (effect - fit->b[1])
			: (k == 1 ? effect : 0.0);
}

/* Compare around one session's row; values are the outcome or the outcome less the lift. */
void
cd_effect_around(const CdEffectRow *rows, const double *value, size_t from, size_t to, size_t at,
				 double sessions, int before, int horizon, CdEffectTally *sum)
{
	int32_t		t = rows[at].period;
	double		base = NAN;
	double		next = NAN;
	double		total = 0.0;
	double		n = 0.0;

	for (size_t i = at + 1; i-- > from && rows[i].period >= t - before;)
		if (rows[i].period == t - before)
			base = value[i];
	for (size_t i = at + 1; i < to && rows[i].period <= t + horizon; i++)
	{
		if (isnan(value[i]))
			continue;
		if (rows[i].period == t + 1)
			next = value[i];
		total += value[i];
		n += 1.0;
	}
	if (!isnan(base) && !isnan(next))
		tally(sum, sessions, base, next, total / n);
}

/* Fill value[row] for one agent: as seen, or without the lift. */
static void
agent_values(const CdEffectWork *work, size_t from, size_t to, const double *b, double *value)
{
	const CdEffectRow *rows = work->panel.rows;
	CdEffectStock stock = {0};

	for (size_t i = from; i < to; i++)
	{
		if (i > from)
			cd_effect_age(&work->design, rows[i - 1].sessions, rows[i].period - rows[i - 1].period,
						  &stock);
		value[i] = observed(&rows[i]) ? rows[i].value : NAN;
		if (b != NULL)
			value[i] -= lift(&work->design, rows, from, to, i, &stock, b);
	}
}

/* Before and after of a team. */
void
cd_effect_naive(const CdEffectWork *work, size_t g, int before, double effect, CdEffect *out)
{
	const CdEffectTeam *team = &work->panel.team[g];
	const CdEffectRow *rows = work->panel.rows;
	size_t		end = team->first_row + team->rows;
	double		b[CD_EFFECT_TERMS] = {0};
	double	   *value = work->surprise;
	CdEffectTally seen = {0};
	CdEffectTally null = {0};

	drawn_to(&work->fit[g], work->design.columns, effect, b);
	for (size_t from = team->first_row, to; from < end; from = to)
	{
		for (to = from; to < end && rows[to].agent == rows[from].agent;)
			to++;
		for (int without = 0; without < 2; without++)
		{
			agent_values(work, from, to, without ? b : NULL, value);
			for (size_t i = from; i < to; i++)
				if (rows[i].sessions > 0.0)
					cd_effect_around(rows, value, from, to, i, rows[i].sessions, before,
									 work->design.horizon, without ? &null : &seen);
		}
	}
	if (!(seen.sessions > 0.0))
		return;
	out->naive = seen.change / seen.sessions;
	out->naive_share = seen.better / seen.sessions;
	if (isnan(effect))
		return;
	out->null = null.change / null.sessions;
	out->null_share = null.better / null.sessions;
}
