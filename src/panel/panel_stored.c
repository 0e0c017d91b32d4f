/*
 * panel_stored.c
 *		The stored form: a canonical panel by columns, and each agent with the
 *		number of its cells.
 *
 * Most columns of most panels say the same of all cells (no coach, no sessions,
 * one target) or what the one before says (the weight, of rows that have none).
 * Left out, a month of a team is small enough not to be compressed.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "panel/panel.h"

#define STORED_VERSION 2

typedef struct StoredPanel
{
	int32		vl_len_;
	uint8		version;
	uint8		agent_kind;
	uint8		column[10];		/* a ColumnForm each */
	uint32		cells;
	uint32		agents;
	uint32		labels;
	uint32		pool;
	/* columns of double, PanelAgent[], PanelText[], columns of int32, char pool[] */
} StoredPanel;

typedef enum ColumnForm
{
	ONE_FOR_ALL,				/* one number, that of all cells */
	ONE_EACH,
	AS_BEFORE					/* nothing: it is the column before it */
} ColumnForm;

/* A number of every cell. */
typedef struct Column
{
	size_t		offset;
	size_t		size;
} Column;

#define COLUMN(field) {offsetof(PanelCell, field), sizeof(((PanelCell *) NULL)->field)}

/* Without the agent, whose cells follow one another. */
static const Column column[] = {
	COLUMN(gap.n), COLUMN(gap.weight), COLUMN(gap.mean), COLUMN(gap.m2), COLUMN(target), COLUMN(sessions), COLUMN(minutes),
	COLUMN(period), COLUMN(contact_type), COLUMN(coach)
};

#define COLUMNS ((int) lengthof(column))
#define DOUBLES 7

StaticAssertDecl(DOUBLES * sizeof(double) + 4 * sizeof(int32) == sizeof(PanelCell), "all of a cell must be stored");
StaticAssertDecl(lengthof(column) == lengthof(((StoredPanel *) NULL)->column), "every column must have its form");
StaticAssertDecl(sizeof(StoredPanel) % sizeof(double) == 0, "columns must be aligned");

/* Where a column of the cells begins. */
static char *
first_number(const Panel *p, int c)
{
	return (char *) panel_cells(p) + column[c].offset;
}

static size_t
column_size(const StoredPanel *s, int c)
{
	static const uint32 most[] = {[ONE_FOR_ALL] = 1, [ONE_EACH] = UINT32_MAX, [AS_BEFORE] = 0};

	return Min(s->cells, most[s->column[c]]) * column[c].size;
}

/* Whether all numbers of a column are those that another begins with, a step after the one before each. */
static bool
same_numbers(const Panel *p, int c, const char *other, size_t step)
{
	const char *number = first_number(p, c);

	for (uint32 i = 0; i < p->cells; i++, number += sizeof(PanelCell), other += step)
		if (memcmp(number, other, column[c].size) != 0)
			return false;
	return true;
}

static ColumnForm
form_of_column(const Panel *p, int c)
{
	if (same_numbers(p, c, first_number(p, c), 0))
		return ONE_FOR_ALL;
	if (c > 0 && column[c].size == column[c - 1].size && same_numbers(p, c, first_number(p, c - 1), sizeof(PanelCell)))
		return AS_BEFORE;
	return ONE_EACH;
}

/* Copy so many numbers, each a step after the one before; a step of 0 repeats. */
static inline void
copy_numbers(char *to, size_t to_step, const char *from, size_t from_step, size_t size, uint32 count)
{
	if (size == sizeof(double))
		for (uint32 i = 0; i < count; i++)
			memcpy(to + i * to_step, from + i * from_step, sizeof(double));
	else
		for (uint32 i = 0; i < count; i++)
			memcpy(to + i * to_step, from + i * from_step, sizeof(int32));
}

/* Columns `first` to `end` - 1; returns where they end. */
static char *
store_columns(char *to, const StoredPanel *s, const Panel *p, int first, int end)
{
	for (int c = first; c < end; c++)
	{
		size_t		size = column_size(s, c);

		CHECK_FOR_INTERRUPTS();
		copy_numbers(to, column[c].size, first_number(p, c), sizeof(PanelCell), column[c].size, size / column[c].size);
		to += size;
	}
	return to;
}

static const char *
open_columns(const char *from, const StoredPanel *s, Panel *p, int first, int end)
{
	const char *number = from;
	size_t		step = 0;

	for (int c = first; c < end; c++)
	{
		CHECK_FOR_INTERRUPTS();
		if (s->column[c] != AS_BEFORE)
		{
			number = from;
			step = s->column[c] == ONE_EACH ? column[c].size : 0;
			from += column_size(s, c);
		}
		copy_numbers(first_number(p, c), sizeof(PanelCell), number, step, column[c].size, s->cells);
	}
	return from;
}

static char *
store_bytes(char *to, const void *from, size_t bytes)
{
	return (char *) memcpy(to, from, bytes) + bytes;
}

static const char *
open_bytes(void *to, const char *from, size_t bytes)
{
	memcpy(to, from, bytes);
	return from + bytes;
}

/* An agent's number of cells takes the place of what only a working panel has. */
static void
count_cells(PanelAgent *agents, const Panel *p)
{
	for (uint32 i = 0; i < p->cells; i++)
		agents[panel_cells(p)[i].agent].last_cell++;
}

static void
deal_cells(Panel *p)
{
	PanelCell  *cell = panel_cells(p);

	for (uint32 a = 0; a < p->agents; a++)
	{
		PanelAgent *agent = &panel_agents(p)[a];
		PanelCell  *end = cell + agent->last_cell;

		while (cell < end)
			(cell++)->agent = a;
		agent->last_cell = 0;
	}
}

static size_t
dictionary_size(const Panel *p)
{
	return p->agents * sizeof(PanelAgent) + p->labels * sizeof(PanelText) + p->pool;
}

static StoredPanel *
create_stored(const Panel *p)
{
	StoredPanel header = {
		.version = STORED_VERSION, .agent_kind = p->agent_kind,
		.cells = p->cells, .agents = p->agents, .labels = p->labels, .pool = p->pool
	};
	size_t		size = sizeof(StoredPanel) + dictionary_size(p);
	StoredPanel *s;

	for (int c = 0; c < COLUMNS; c++)
	{
		header.column[c] = form_of_column(p, c);
		size += column_size(&header, c);
	}
	s = palloc(size);
	*s = header;
	SET_VARSIZE(s, size);
	return s;
}

void *
panel_stored(const Panel *p)
{
	StoredPanel *s;
	PanelAgent *agents;
	char	   *to;

	if (!panel_is_canonical(p))
		return unconstify(Panel *, p);
	s = create_stored(p);
	to = store_columns((char *) (s + 1), s, p, 0, DOUBLES);
	agents = (PanelAgent *) to;
	to = store_bytes(to, panel_agents(p), p->agents * sizeof(PanelAgent));
	count_cells(agents, p);
	to = store_bytes(to, panel_labels(p), p->labels * sizeof(PanelText));
	to = store_columns(to, s, p, DOUBLES, COLUMNS);
	store_bytes(to, panel_pool(p), p->pool);
	return s;
}

/* The canonical panel of a stored one. */
static Panel *
open_stored(const StoredPanel *s)
{
	size_t		size = sizeof(Panel) + s->cells * sizeof(PanelCell) + s->agents * sizeof(PanelAgent) +
		s->labels * sizeof(PanelText) + s->pool;
	Panel	   *p = palloc(size);
	const char *from;

	*p = (Panel) {
		.version = PANEL_VERSION, .agent_kind = s->agent_kind,
		.cells = s->cells, .agents = s->agents, .labels = s->labels, .pool = s->pool,
		.cells_room = s->cells, .agents_room = s->agents, .labels_room = s->labels, .pool_room = s->pool
	};
	SET_VARSIZE(p, size);
	from = open_columns((const char *) (s + 1), s, p, 0, DOUBLES);
	from = open_bytes(panel_agents(p), from, s->agents * sizeof(PanelAgent));
	from = open_bytes(panel_labels(p), from, s->labels * sizeof(PanelText));
	from = open_columns(from, s, p, DOUBLES, COLUMNS);
	open_bytes(panel_pool(p), from, s->pool);
	deal_cells(p);
	return p;
}

Panel *
panel_open(Datum datum)
{
	Panel	   *p = (Panel *) PG_DETOAST_DATUM(datum);
	Panel	   *opened;

	if (p->version != STORED_VERSION)
		return p;
	opened = open_stored((const StoredPanel *) p);
	if ((Pointer) p != DatumGetPointer(datum))
		pfree(p);
	return opened;
}
