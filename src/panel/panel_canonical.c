/*
 * panel_canonical.c
 *		The canonical form: the cells that are wanted, sorted, with the agents and
 *		labels that they use, sorted, and nothing else.
 *
 * Same content gives the same bytes, whatever order it was built in.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "panel/panel.h"

/* What is kept of a dictionary: its entries in order, and where each one goes. */
typedef struct Kept
{
	uint32	   *entries;		/* old numbers, in canonical order */
	int32	   *number;			/* new number of an old one; -1: left out */
	uint32		count;
} Kept;

int
panel_compare_text(PanelString a, PanelString b)
{
	int			c = memcmp(a.data, b.data, Min(a.length, b.length));

	if (c != 0)
		return c;
	return (a.length > b.length) - (a.length < b.length);
}

static int
compare_agents(const void *a, const void *b, void *panel)
{
	const Panel *p = panel;
	const PanelAgent *x = &panel_agents(p)[*(const uint32 *) a];
	const PanelAgent *y = &panel_agents(p)[*(const uint32 *) b];

	if (p->agent_kind == PANEL_AGENT_TEXT)
		return panel_compare_text(panel_string(p, x->key.name), panel_string(p, y->key.name));
	return (x->key.id > y->key.id) - (x->key.id < y->key.id);
}

static int
compare_labels(const void *a, const void *b, void *panel)
{
	const Panel *p = panel;

	return panel_compare_text(panel_label(p, *(const uint32 *) a), panel_label(p, *(const uint32 *) b));
}

static int
compare_int(int32 a, int32 b)
{
	return (a > b) - (a < b);
}

/* Order of cells whose dictionary numbers are already canonical. */
static int
compare_cells(const void *a, const void *b)
{
	const PanelCell *x = a;
	const PanelCell *y = b;
	int			c;

	if ((c = compare_int(x->agent, y->agent)) != 0)
		return c;
	if ((c = compare_int(x->period, y->period)) != 0)
		return c;
	if ((c = compare_int(x->contact_type, y->contact_type)) != 0)
		return c;
	if ((c = compare_int(x->coach, y->coach)) != 0)
		return c;
	return panel_cell_has_target(x) - panel_cell_has_target(y);
}

/* Which cells are wanted, and how many. */
static bool *
mark_wanted(const Panel *p, PanelKeep keep, const void *arg, uint32 *count)
{
	bool	   *wanted = palloc(Max(p->cells, 1) * sizeof(bool));

	*count = 0;
	for (uint32 i = 0; i < p->cells; i++)
	{
		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		wanted[i] = keep == NULL || keep(p, &panel_cells(p)[i], arg);
		*count += wanted[i];
	}
	return wanted;
}

/* Sort the marked entries of a dictionary and number them anew. */
static Kept
keep_marked(const Panel *p, uint32 entries, const bool *marked, qsort_arg_comparator compare)
{
	Kept		kept;

	kept.count = 0;
	kept.entries = palloc(Max(entries, 1) * sizeof(uint32));
	kept.number = palloc(Max(entries, 1) * sizeof(int32));
	for (uint32 i = 0; i < entries; i++)
	{
		kept.number[i] = -1;
		if (marked[i])
			kept.entries[kept.count++] = i;
	}
	qsort_arg(kept.entries, kept.count, sizeof(uint32), compare, unconstify(Panel *, p));
	for (uint32 i = 0; i < kept.count; i++)
		kept.number[kept.entries[i]] = i;
	return kept;
}

static Kept
used_agents(const Panel *p, const bool *wanted)
{
	bool	   *marked = palloc0(Max(p->agents, 1) * sizeof(bool));

	for (uint32 i = 0; i < p->cells; i++)
		if (wanted[i])
			marked[panel_cells(p)[i].agent] = true;
	return keep_marked(p, p->agents, marked, compare_agents);
}

static Kept
used_labels(const Panel *p, const bool *wanted)
{
	bool	   *marked = palloc0(Max(p->labels, 1) * sizeof(bool));

	for (uint32 i = 0; i < p->cells && p->labels > 0; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];

		if (wanted[i] && cell->contact_type != PANEL_NO_LABEL)
			marked[cell->contact_type] = true;
		if (wanted[i] && cell->coach != PANEL_NO_LABEL)
			marked[cell->coach] = true;
	}
	return keep_marked(p, p->labels, marked, compare_labels);
}

static int32
new_label(const Kept *labels, int32 label)
{
	return label == PANEL_NO_LABEL ? PANEL_NO_LABEL : labels->number[label];
}

/* Give a cell its new numbers, and one spelling to each NaN and zero. */
static void
renumber_cell(PanelCell *cell, const Kept *agents, const Kept *labels)
{
	cell->agent = agents->number[cell->agent];
	cell->contact_type = new_label(labels, cell->contact_type);
	cell->coach = new_label(labels, cell->coach);
	cell->gap.mean += 0.0;
	cell->target = panel_cell_has_target(cell) ? cell->target + 0.0 : get_float8_nan();
}

/* Bytes of text that the kept entries need. */
static uint64
kept_pool(const Panel *p, const Kept *agents, const Kept *labels)
{
	uint64		bytes = 0;

	if (p->agent_kind == PANEL_AGENT_TEXT)
		for (uint32 i = 0; i < agents->count; i++)
			bytes += panel_agents(p)[agents->entries[i]].key.name.length;
	for (uint32 i = 0; i < labels->count; i++)
		bytes += panel_labels(p)[labels->entries[i]].length;
	return bytes;
}

/* A canonical panel with room for exactly that. */
static Panel *
create_canonical(const Panel *p, uint32 cells, const Kept *agents, const Kept *labels)
{
	uint64		pool = kept_pool(p, agents, labels);
	uint64		size = sizeof(Panel) + cells * sizeof(PanelCell) + agents->count * sizeof(PanelAgent) +
		labels->count * sizeof(PanelText) + pool;
	Panel	   *out = palloc0(size);

	SET_VARSIZE(out, size);
	out->version = PANEL_VERSION;
	out->agent_kind = p->agent_kind;
	out->cells = out->cells_room = cells;
	out->agents = out->agents_room = agents->count;
	out->labels = out->labels_room = labels->count;
	out->pool_room = pool;
	return out;
}

static PanelText
copy_text(Panel *out, PanelString s)
{
	PanelText	t = {out->pool, s.length};

	memcpy(panel_pool(out) + out->pool, s.data, s.length);
	out->pool += s.length;
	return t;
}

static void
copy_agents(Panel *out, const Panel *p, const Kept *agents)
{
	for (uint32 i = 0; i < agents->count; i++)
	{
		const PanelAgent *from = &panel_agents(p)[agents->entries[i]];
		PanelAgent *to = &panel_agents(out)[i];

		to->hired_on = from->hired_on;
		if (p->agent_kind == PANEL_AGENT_TEXT)
			to->key.name = copy_text(out, panel_string(p, from->key.name));
		else
			to->key.id = from->key.id;
	}
}

/* Sort one agent's cells; they often came in order already. */
static void
sort_run(PanelCell *cells, uint32 count)
{
	for (uint32 i = 1; i < count; i++)
		if (compare_cells(&cells[i - 1], &cells[i]) > 0)
		{
			qsort(cells, count, sizeof(PanelCell), compare_cells);
			return;
		}
}

/* Put the wanted cells into `out` in canonical order: dealt to their agents, then sorted there. */
static void
deal_cells(PanelCell *out, const Panel *p, const bool *wanted, const Kept *agents, const Kept *labels)
{
	uint32	   *end = palloc0((agents->count + 1) * sizeof(uint32));

	for (uint32 i = 0; i < p->cells; i++)
		if (wanted[i])
			end[agents->number[panel_cells(p)[i].agent] + 1]++;
	for (uint32 a = 1; a <= agents->count; a++)
		end[a] += end[a - 1];
	for (uint32 i = 0; i < p->cells; i++)
	{
		PanelCell  *cell;

		if (!wanted[i])
			continue;
		cell = &out[end[agents->number[panel_cells(p)[i].agent]]++];
		*cell = panel_cells(p)[i];
		renumber_cell(cell, agents, labels);
	}
	for (uint32 a = 0; a < agents->count; a++)
		sort_run(out + (a == 0 ? 0 : end[a - 1]), end[a] - (a == 0 ? 0 : end[a - 1]));
	pfree(end);
}

static Panel *
copy_panel(const Panel *p)
{
	return memcpy(palloc(VARSIZE(p)), p, VARSIZE(p));
}

/* The canonical panel of the wanted cells. */
static Panel *
select_cells(const Panel *p, PanelKeep keep, const void *arg)
{
	uint32		count;
	bool	   *wanted = mark_wanted(p, keep, arg, &count);
	Kept		agents = used_agents(p, wanted);
	Kept		labels = used_labels(p, wanted);
	Panel	   *out = create_canonical(p, count, &agents, &labels);

	deal_cells(panel_cells(out), p, wanted, &agents, &labels);
	copy_agents(out, p, &agents);
	for (uint32 i = 0; i < labels.count; i++)
		panel_labels(out)[i] = copy_text(out, panel_label(p, labels.entries[i]));
	pfree(wanted);
	return out;
}

Panel *
panel_select(const Panel *p, PanelKeep keep, const void *arg)
{
	return keep == NULL && panel_is_canonical(p) ? copy_panel(p) : select_cells(p, keep, arg);
}

const Panel *
panel_canonical(const Panel *p)
{
	return panel_is_canonical(p) ? p : panel_select(p, NULL, NULL);
}
