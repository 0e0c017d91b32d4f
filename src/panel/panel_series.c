/*
 * panel_series.c
 *		See panel_series.h.  Cells of a canonical panel come by agent and period, so
 *		one pass over them meets each agent's week as one run.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/date.h"
#include "utils/datetime.h"

#include "panel/panel_dates.h"
#include "panel/panel_series.h"
#include "panel/report.h"
#include "stats/logmean.h"
#include "stats/mix.h"

#define FARTHEST 2.0			/* from its contact type's geometric mean that a cell's logarithm counts: seven times it */
#define FARTHEST_TYPE 4.0		/* likewise of a type from the team's: 55 times */

/* How dates become consecutive period numbers. */
typedef struct Calendar
{
	bool		by_month;
	int32		first;			/* date */
	int32		last;
} Calendar;

static bool
is_first_of_month(int32 date)
{
	int			year,
				month,
				day;

	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return day == 1;
}

static int32
period_number(const Calendar *c, int32 date)
{
	return c->by_month ? panel_month_number(date) - panel_month_number(c->first) : (date - c->first) / 7;
}

static Calendar
make_calendar(Panel **panels, uint32 n_panels)
{
	Calendar	c = {true, PG_INT32_MAX, PG_INT32_MIN};

	for (uint32 t = 0; t < n_panels; t++)
		for (uint32 i = 0; i < panels[t]->cells; i++)
		{
			int32		date = panel_cells(panels[t])[i].period;

			if (date == PANEL_NO_DATE)
				continue;
			c.first = Min(c.first, date);
			c.last = Max(c.last, date);
			c.by_month = c.by_month && is_first_of_month(date);
		}
	c.by_month = c.by_month && c.first < c.last;
	return c;
}

/* Contact types over all panels: sorted texts; number 0 is "no type". */
typedef struct Types
{
	PanelString *text;
	uint32		count;
} Types;

static int
compare_strings(const void *a, const void *b)
{
	return panel_compare_text(*(const PanelString *) a, *(const PanelString *) b);
}

/* Append the contact types of one panel; coaches are labels too, but no types. */
static void
append_types(Types *types, const Panel *p)
{
	bool	   *used = palloc0(Max(p->labels, 1) * sizeof(bool));

	for (uint32 i = 0; i < p->cells; i++)
		if (panel_cells(p)[i].contact_type != PANEL_NO_LABEL)
			used[panel_cells(p)[i].contact_type] = true;
	for (uint32 i = 0; i < p->labels; i++)
		if (used[i])
			types->text[types->count++] = panel_label(p, i);
	pfree(used);
}

static Types
collect_types(Panel **panels, uint32 n_panels)
{
	Types		types = {NULL, 0};
	uint32		labels = 0;
	uint32		unique = 0;

	for (uint32 t = 0; t < n_panels; t++)
		labels += panels[t]->labels;
	types.text = palloc(Max(labels, 1) * sizeof(PanelString));
	for (uint32 t = 0; t < n_panels; t++)
		append_types(&types, panels[t]);
	qsort(types.text, types.count, sizeof(PanelString), compare_strings);
	for (uint32 i = 0; i < types.count; i++)
		if (unique == 0 || compare_strings(&types.text[i], &types.text[unique - 1]) != 0)
			types.text[unique++] = types.text[i];
	types.count = unique;
	return types;
}

/* The number of each label of one panel among all types, from 1; 0 for a label that is no type. */
static int32 *
number_labels(const Types *types, const Panel *p)
{
	int32	   *number = palloc(Max(p->labels, 1) * sizeof(int32));

	for (uint32 i = 0; i < p->labels; i++)
	{
		PanelString s = panel_label(p, i);
		PanelString *found = bsearch(&s, types->text, types->count, sizeof(PanelString), compare_strings);

		number[i] = found == NULL ? 0 : found - types->text + 1;
	}
	return number;
}

static double
cell_gap(const PanelCell *cell)
{
	return cell->gap.mean;
}

/* Walks the cells of all panels, telling where each agent's period begins. */
typedef struct Walk
{
	double		(*value) (const PanelCell *cell);
	bool		need_target;

	Panel	  **panels;
	uint32		n_panels;
	Calendar	calendar;
	Types		types;
	uint32		cells;			/* in all panels */
} Walk;

/* Cells for the mix; returns how many. Units number the agents' periods. */
static uint32
mix_cells(const Walk *walk, CdMixCell *out)
{
	uint32		count = 0;
	int32		unit = -1;

	for (uint32 t = 0; t < walk->n_panels; t++)
	{
		const Panel *p = walk->panels[t];
		int32	   *number = number_labels(&walk->types, p);
		int32		agent = -1;
		int32		period = 0;

		CHECK_FOR_INTERRUPTS();
		for (uint32 i = 0; i < p->cells; i++)
		{
			const PanelCell *cell = &panel_cells(p)[i];

			if (cell->period == PANEL_NO_DATE || cell->gap.n == 0 ||
				(walk->need_target && !panel_cell_has_target(cell)))
				continue;
			if (cell->agent != agent || period_number(&walk->calendar, cell->period) != period)
				unit++;
			agent = cell->agent;
			period = period_number(&walk->calendar, cell->period);
			out[count++] = (CdMixCell) {
				.unit = unit,
				.type = cell->contact_type == PANEL_NO_LABEL ? 0 : number[cell->contact_type],
				.value = walk->value(cell),
				.weight = cell->gap.weight
			};
		}
	}
	return count;
}

/* What each type adds; number 0, no type, among them. */
static double *
type_effects(const Walk *walk)
{
	uint32		types = walk->types.count + 1;
	double	   *effect = palloc0(types * sizeof(double));
	CdMixCell  *cells;
	double	   *scratch;

	if (walk->types.count < 2)
		return effect;
	cells = palloc(Max(walk->cells, 1) * sizeof(CdMixCell));
	scratch = palloc(CD_MIX_SCRATCH(types) * sizeof(double));
	cd_ereport_status(cd_mix_effects(cells, mix_cells(walk, cells), types, scratch, effect), "what contact types add");
	pfree(scratch);
	pfree(cells);
	return effect;
}

static double
tenure_weeks(const Panel *p, const PanelCell *cell)
{
	int32		hired_on = panel_agents(p)[cell->agent].hired_on;

	return hired_on == PANEL_NO_DATE ? NAN : Max(0, (int64) cell->period - hired_on) / 7.0;
}

/* Add a cell to its agent's period. */
static void
add_cell(CdEffectRow *row, const PanelCell *cell, double value)
{
	row->sessions += cell->sessions;
	if (cell->gap.n == 0)
		return;
	row->weight += cell->gap.weight;
	row->value += (value - row->value) * (cell->gap.weight / row->weight);
}

/* Append the rows of one panel, and for each of its cells the row that it went into. */
static void
add_team(const Walk *walk, uint32 t, const double *effect, double sign, PanelSeries *series, uint32 *row_of)
{
	CdEffectRow *out = series->rows + series->count;
	const Panel *p = walk->panels[t];
	int32	   *number = number_labels(&walk->types, p);
	uint32		count = 0;

	CHECK_FOR_INTERRUPTS();
	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];
		int32		type = cell->contact_type == PANEL_NO_LABEL ? 0 : number[cell->contact_type];
		int32		period;

		row_of[i] = PG_UINT32_MAX;
		if (cell->period == PANEL_NO_DATE)
			continue;
		period = period_number(&walk->calendar, cell->period);
		if (count == 0 || out[count - 1].agent != cell->agent || out[count - 1].period != period)
			out[count++] = (CdEffectRow) {
				.team = t, .agent = cell->agent, .period = period, .tenure = tenure_weeks(p, cell)
			};
		add_cell(&out[count - 1], cell, sign * (panel_cell_value(cell) - effect[type]));
		row_of[i] = series->count + count - 1;
	}
	for (uint32 i = 0; i < count; i++)
		if (out[i].weight == 0)
			out[i].value = NAN;
	series->count += count;
}

/* ---- the mean of what values are logarithms of -------------------------------------------------- */

/* Means of a panel's values, and by how much that of each contact type differs; by label, no type first. */
typedef struct Middles
{
	double		all;
	double	   *apart;
} Middles;

static int32
type_place(const PanelCell *cell)
{
	return cell->contact_type == PANEL_NO_LABEL ? 0 : cell->contact_type + 1;
}

static Middles
find_middles(const Panel *p)
{
	uint32		types = p->labels + 1;
	CdMoments  *type = palloc0(types * sizeof(CdMoments));
	CdMoments	all = {0};
	Middles		m;

	for (uint32 i = 0; i < p->cells; i++)
	{
		CdMoments	cell = panel_cells(p)[i].gap;

		if (!(cell.n > 0))
			continue;
		cell.mean = panel_cell_value(&panel_cells(p)[i]);
		cd_moments_merge(&type[type_place(&panel_cells(p)[i])], &cell);
		cd_moments_merge(&all, &cell);
	}
	m.all = all.weight > 0 ? all.mean : NAN;
	m.apart = palloc(types * sizeof(double));
	for (uint32 i = 0; i < types; i++)
		m.apart[i] = type[i].mean - all.mean;
	pfree(type);
	return m;
}

/* What a cell's value is the logarithm of, in units of that of the middle. */
static double
cell_level(const Middles *m, const PanelCell *cell)
{
	double		of_type = m->apart[type_place(cell)];

	return exp(fmin(of_type, FARTHEST_TYPE) + fmin(panel_cell_value(cell) - m->all - of_type, FARTHEST));
}

/* Of an agent or a team: values that are logarithms, summed as what they are logarithms of. */
typedef struct Level
{
	double		weight;
	double		sum;
	double		sessions;
} Level;

static void
add_to_level(Level *level, const Middles *m, const PanelCell *cell)
{
	level->sessions += cell->sessions;
	if (cell->gap.n == 0)
		return;
	level->weight += cell->gap.weight;
	level->sum += cell->gap.weight * cell_level(m, cell);
}

/* Means of logarithms as the rows of a team have them, contact mix taken out, and as they were before they were turned. */
static CdMoments *
agent_means(const Panel *p, const CdEffectRow *rows, uint32 count, double sign)
{
	CdMoments  *mean = palloc0(Max(p->agents, 1) * sizeof(CdMoments));

	for (uint32 i = 0; i < count; i++)
		if (rows[i].weight > 0)
			cd_moments_add(&mean[rows[i].agent], sign * rows[i].value, rows[i].weight);
	return mean;
}

/* What a session meets are the agents' levels, each by the sessions received; where there are none, the team's. */
static PanelLevel
team_level(const Panel *p, const CdMoments *row_mean)
{
	Middles		m = find_middles(p);
	Level		team = {0};
	CdMoments	rows = {0};
	double		coached = 0;
	double		sessions = 0;
	double		within = 0;
	PanelLevel	level;

	for (uint32 i = 0; i < p->cells;)
	{
		int32		agent = panel_cells(p)[i].agent;
		Level		own = {0};

		for (; i < p->cells && panel_cells(p)[i].agent == agent; i++)
			add_to_level(&own, &m, &panel_cells(p)[i]);
		if (!(own.weight > 0))
			continue;
		team.weight += own.weight;
		team.sum += own.sum;
		sessions += own.sessions;
		coached += own.sessions * own.sum / own.weight;
		if (!(row_mean[agent].weight > 0))
			continue;
		cd_moments_merge(&rows, &row_mean[agent]);
		within += row_mean[agent].weight * own.sum / own.weight * exp(m.all - row_mean[agent].mean);
	}
	level.weight = rows.weight;
	level.middle = rows.mean;
	level.mean = m.all + log(team.sum / team.weight);
	level.within = log(within / rows.weight);
	level.coached = sessions > 0 ? m.all + log(coached / sessions) : level.mean;
	pfree(m.apart);
	return level;
}

double
panel_series_above(const PanelSeries *series, uint32 teams, const bool *asked)
{
	CdMoments	middle = {0};
	CdLogMean	mean = {0};

	for (uint32 t = 0; t < teams; t++)
	{
		const PanelLevel *team = &series->team[t];

		if (!asked[t] || !(team->weight > 0))
			continue;
		cd_moments_add(&middle, team->middle, team->weight);
		cd_log_mean_add(&mean, team->mean, team->weight);
	}
	return mean.log - middle.mean;
}

double *
panel_agent_levels(const Panel *p)
{
	Middles		m = find_middles(p);
	double	   *level = palloc(Max(p->agents, 1) * sizeof(double));
	Level	   *own = palloc0(Max(p->agents, 1) * sizeof(Level));

	for (uint32 i = 0; i < p->cells; i++)
		add_to_level(&own[panel_cells(p)[i].agent], &m, &panel_cells(p)[i]);
	for (uint32 a = 0; a < p->agents; a++)
		level[a] = own[a].weight > 0 ? m.all + log(own[a].sum / own[a].weight) : NAN;
	pfree(own);
	pfree(m.apart);
	return level;
}

static Walk
make_walk(Panel **panels, uint32 n_panels)
{
	Walk		walk = {.panels = panels, .n_panels = n_panels};

	for (uint32 t = 0; t < n_panels; t++)
		walk.cells += panels[t]->cells;
	walk.calendar = make_calendar(panels, n_panels);
	walk.types = collect_types(panels, n_panels);
	return walk;
}

/* What is expected of the cell is the target's, not the agent's. */
static void
move_target(PanelCell *cell, double expected)
{
	cell->gap.mean -= expected;
	cell->target += expected;
}

Panel *
panel_without_mix(const Panel *p)
{
	Panel	   *out = panel_select(p, NULL, NULL);
	Walk		walk = make_walk(&out, 1);
	int32	   *number = number_labels(&walk.types, out);
	double	   *effect;

	walk.value = cell_gap;
	walk.need_target = true;
	effect = type_effects(&walk);
	for (uint32 i = 0; i < out->cells; i++)
	{
		PanelCell  *cell = &panel_cells(out)[i];

		if (cell->gap.n > 0 && panel_cell_has_target(cell))
			move_target(cell, effect[cell->contact_type == PANEL_NO_LABEL ? 0 : number[cell->contact_type]]);
	}
	return out;
}

Panel *
panel_without_learning(const Panel *p, bool higher_is_better, const CdLearning *learning)
{
	Panel	   *out = panel_select(p, NULL, NULL);

	for (uint32 i = 0; i < out->cells; i++)
	{
		PanelCell  *cell = &panel_cells(out)[i];

		CHECK_FOR_INTERRUPTS();
		if (cell->gap.n > 0 && panel_cell_has_target(cell) && cell->period != PANEL_NO_DATE)
			move_target(cell, (higher_is_better ? 1 : -1) * cd_learning_at(learning, tenure_weeks(out, cell)));
	}
	return out;
}

PanelSeries
panel_series(Panel **panels, uint32 n_panels, bool higher_is_better)
{
	Walk		walk = make_walk(panels, n_panels);
	PanelSeries series = {0};
	double	   *effect;
	uint32		cells = 0;

	walk.value = panel_cell_value;
	effect = type_effects(&walk);

	series.rows = palloc_extended(Max(walk.cells, 1) * sizeof(CdEffectRow), MCXT_ALLOC_HUGE);
	series.row_of = palloc_extended(Max(walk.cells, 1) * sizeof(uint32), MCXT_ALLOC_HUGE);
	series.team = palloc(Max(n_panels, 1) * sizeof(PanelLevel));
	for (uint32 t = 0; t < n_panels; t++)
	{
		uint32		first = series.count;
		double		sign = higher_is_better ? 1 : -1;
		CdMoments  *row_mean;

		add_team(&walk, t, effect, sign, &series, series.row_of + cells);
		row_mean = agent_means(panels[t], series.rows + first, series.count - first, sign);
		series.team[t] = team_level(panels[t], row_mean);
		pfree(row_mean);
		cells += panels[t]->cells;
	}
	series.first = walk.calendar.first;
	series.by_month = walk.calendar.by_month;
	if (series.count > 0)
		series.periods = period_number(&walk.calendar, walk.calendar.last) + 1;
	return series;
}

int32
panel_series_date(const PanelSeries *series, int32 period)
{
	if (!series->by_month)
		return series->first + 7 * period;
	return panel_first_of_month(panel_month_number(series->first) + period);
}
