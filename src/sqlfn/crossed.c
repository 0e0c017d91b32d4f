/*
 * crossed.c
 *		crossed_variance and crossed_effects: agents and contact types as crossed
 *		random factors over the cells of a panel.
 */
#include "sqlfn/agent_rows.h"
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "miscadmin.h"

#include "sqlfn/contact_types.h"
#include "stats/crossed.h"

#define MOST_LEVELS 2000		/* of the factor with fewer: work grows with their cube */

CD_FUNCTION(cd_crossed_variance);
CD_FUNCTION(cd_crossed_effects);

/* Agents, or contact types, that have values: a number from 0, and what it stands for in the panel. */
typedef struct Factor
{
	int32	   *number;
	int32	   *item;
	uint32		count;
} Factor;

/* The model of a panel; agents_first: a is agent and b contact type, else the reverse. */
typedef struct Model
{
	const Panel *panel;
	Factor		agents;
	Factor		types;			/* the one behind the last label is: none given */
	bool		agents_first;
	CdCell	   *cell;
	size_t		cells;
	bool		interaction;
	CdCrossed	fit;
	CdBlup	   *of_a;
	CdBlup	   *of_b;
} Model;

/* ---- from a panel to cells ---------------------------------------------------------------------- */

static int32
type_of(const Panel *p, const PanelCell *cell)
{
	return cell->contact_type == PANEL_NO_LABEL ? (int32) p->labels : cell->contact_type;
}

static Factor
make_factor(uint32 size)
{
	Factor		f = {.number = palloc(size * sizeof(int32)), .item = palloc(size * sizeof(int32))};

	memset(f.number, -1, size * sizeof(int32));
	return f;
}

static void
number_level(Factor *f, int32 item)
{
	if (f->number[item] >= 0)
		return;
	f->item[f->count] = item;
	f->number[item] = (int32) f->count++;
}

static void
number_levels(Model *m)
{
	const Panel *p = m->panel;

	m->agents = make_factor(p->agents + 1);
	m->types = make_factor(p->labels + 1);
	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];

		if (!cell_has_gap(cell))
			continue;
		number_level(&m->agents, cell->agent);
		number_level(&m->types, type_of(p, cell));
	}
	m->agents_first = m->agents.count >= m->types.count;
}

static int
compare_cells(const void *x, const void *y)
{
	const CdCell *a = x;
	const CdCell *b = y;

	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return a->b < b->b ? -1 : a->b > b->b;
}

/* The cells of a canonical panel by agent and contact type, periods and coaches taken together. */
static void
collect_cells(Model *m)
{
	const Panel *p = m->panel;
	size_t		last = 0;

	m->cell = palloc_extended(Max(p->cells, 1) * sizeof(CdCell), MCXT_ALLOC_HUGE);
	m->cells = 0;
	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];
		size_t		agent;
		size_t		type;

		CHECK_FOR_INTERRUPTS();
		if (!cell_has_gap(cell))
			continue;
		agent = m->agents.number[cell->agent];
		type = m->types.number[type_of(p, cell)];
		m->cell[m->cells++] = (CdCell) {.a = m->agents_first ? agent : type, .b = m->agents_first ? type : agent, .moments = cell->gap};
	}
	qsort(m->cell, m->cells, sizeof(CdCell), compare_cells);
	for (size_t i = 1; i < m->cells; i++)
		if (compare_cells(&m->cell[last], &m->cell[i]) == 0)
			cd_moments_merge(&m->cell[last].moments, &m->cell[i].moments);
		else
			m->cell[++last] = m->cell[i];
	m->cells = m->cells > 0 ? last + 1 : 0;
}

/* ---- fit ---------------------------------------------------------------------------------------- */

static CdStatus
try_fit(Model *m, size_t size_a, size_t size_b, CdArena *arena)
{
	const bool	component[CD_COMPONENTS] = {true, true, m->interaction};

	arena->used = 0;
	return cd_crossed(m->cell, m->cells, size_a, size_b, component, arena, &m->fit, m->of_a, m->of_b, NULL);
}

/* False when agents and contact types can't be told apart; the interaction is left out where it can't be told from noise. */
static bool
fit_model(Model *m, const char *what)
{
	size_t		size_a = m->agents_first ? m->agents.count : m->types.count;
	size_t		size_b = m->agents_first ? m->types.count : m->agents.count;
	CdArena		arena = {.size = cd_crossed_size(m->cells, size_b)};
	CdStatus	status;

	if (size_b < 2)
		return false;
	if (size_b > MOST_LEVELS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s takes at most %d agents or at most %d contact types", what, MOST_LEVELS, MOST_LEVELS),
				 errhint("Group the contact types, or take the teams one by one.")));
	arena.base = palloc_extended(arena.size, MCXT_ALLOC_HUGE);
	m->of_a = palloc_extended(size_a * sizeof(CdBlup), MCXT_ALLOC_HUGE);
	m->of_b = palloc(size_b * sizeof(CdBlup));
	status = try_fit(m, size_a, size_b, &arena);
	if (status == CD_TOO_FEW && m->interaction)
	{
		m->interaction = false;
		status = try_fit(m, size_a, size_b, &arena);
	}
	if (status == CD_TOO_FEW)
		return false;
	cd_ereport_status(status, what);
	return true;
}

/* Arguments panel and interaction; false: no answer. */
static bool
get_model(FunctionCallInfo fcinfo, const char *what, Model *m)
{
	if (PG_ARGISNULL(0))
		return false;
	*m = (Model) {.panel = panel_canonical(PG_GETARG_PANEL_P(0)), .interaction = PG_ARGISNULL(1) || PG_GETARG_BOOL(1)};
	number_levels(m);
	collect_cells(m);
	return fit_model(m, what);
}

/* ---- crossed_variance --------------------------------------------------------------------------- */

static void
store_source(FunctionCallInfo fcinfo, const char *source, double levels, double variance, double log_se, double whole)
{
	CdRow		row = {0};
	double		low;
	double		high;

	cd_crossed_interval(variance, log_se, 0.95, &low, &high);
	cd_put_text(&row, source);
	cd_put_count(&row, levels);
	cd_put_number(&row, variance);
	cd_put_number(&row, low);
	cd_put_number(&row, high);
	cd_put_number(&row, variance / whole);
	cd_store_row((ReturnSetInfo *) fcinfo->resultinfo, &row);
}

/* panel, interaction */
Datum
cd_crossed_variance(PG_FUNCTION_ARGS)
{
	Model		m;
	int			agent;
	int			type;
	double		whole;

	InitMaterializedSRF(fcinfo, 0);
	if (!get_model(fcinfo, "crossed_variance", &m))
		return (Datum) 0;
	agent = m.agents_first ? CD_COMPONENT_A : CD_COMPONENT_B;
	type = m.agents_first ? CD_COMPONENT_B : CD_COMPONENT_A;
	whole = m.fit.residual;
	for (int k = 0; k < CD_COMPONENTS; k++)
		whole += m.fit.variance[k];
	store_source(fcinfo, "agent", m.agents.count, m.fit.variance[agent], m.fit.log_se[agent], whole);
	store_source(fcinfo, "contact type", m.types.count, m.fit.variance[type], m.fit.log_se[type], whole);
	if (m.interaction)
		store_source(fcinfo, "agent on contact type", m.cells, m.fit.variance[CD_COMPONENT_AB], m.fit.log_se[CD_COMPONENT_AB], whole);
	store_source(fcinfo, "rest", NAN, m.fit.residual, NAN, whole);
	return (Datum) 0;
}

/* ---- crossed_effects ---------------------------------------------------------------------------- */

static void
store_effect(FunctionCallInfo fcinfo, CdRow *row, double effect, double se)
{
	cd_put_number(row, effect);
	cd_put_number(row, se);
	cd_store_row((ReturnSetInfo *) fcinfo->resultinfo, row);
}

/* panel, interaction */
Datum
cd_crossed_effects(PG_FUNCTION_ARGS)
{
	Model		m;
	CdRow		all = {0};

	InitMaterializedSRF(fcinfo, 0);
	if (!get_model(fcinfo, "crossed_effects", &m))
		return (Datum) 0;
	cd_put_text(&all, "all");
	cd_put_text(&all, NULL);
	store_effect(fcinfo, &all, m.fit.mu, m.fit.se);
	for (uint32 i = 0; i < m.agents.count; i++)
	{
		CdRow		row = {0};
		CdBlup	   *blup = &(m.agents_first ? m.of_a : m.of_b)[i];

		cd_put_text(&row, "agent");
		cd_put_agent(&row, m.panel, m.agents.item[i]);
		store_effect(fcinfo, &row, blup->effect, blup->sd);
	}
	for (uint32 i = 0; i < m.types.count; i++)
	{
		CdRow		row = {0};
		CdBlup	   *blup = &(m.agents_first ? m.of_b : m.of_a)[i];
		int32		label = m.types.item[i];

		cd_put_text(&row, "contact type");
		cd_put_label(&row, m.panel, label == (int32) m.panel->labels ? PANEL_NO_LABEL : label);
		store_effect(fcinfo, &row, blup->effect, blup->sd);
	}
	return (Datum) 0;
}
