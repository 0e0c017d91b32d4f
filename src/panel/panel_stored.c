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

#define CACHE_LINE 64
#define FETCHED 4096			/* bytes */

typedef struct StoredPanel
{
	int32		vl_len_;
	uint8		version;
	uint8		agent_kind;
	uint8		column[PANEL_COLUMNS];	/* a ColumnForm each */
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
	[PANEL_N] = COLUMN(gap.n), [PANEL_WEIGHT] = COLUMN(gap.weight),
	[PANEL_MEAN] = COLUMN(gap.mean), [PANEL_M2] = COLUMN(gap.m2),
	[PANEL_TARGET] = COLUMN(target), [PANEL_SESSIONS] = COLUMN(sessions), [PANEL_MINUTES] = COLUMN(minutes),
	[PANEL_PERIOD] = COLUMN(period), [PANEL_CONTACT_TYPE] = COLUMN(contact_type), [PANEL_COACH] = COLUMN(coach)
};

#define COLUMNS PANEL_COLUMNS
#define DOUBLES PANEL_PERIOD

StaticAssertDecl(DOUBLES * sizeof(double) + 4 * sizeof(int32) == sizeof(PanelCell), "all of a cell must be stored");
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

static inline bool
same_number(const char *a, const char *b, size_t size)
{
	return size == sizeof(double) ? memcmp(a, b, sizeof(double)) == 0 : memcmp(a, b, sizeof(int32)) == 0;
}

/* Whether all numbers of a column are those that another begins with, a step after the one before each. */
static bool
same_numbers(const Panel *p, int c, const char *other, size_t step)
{
	const char *number = first_number(p, c);

	for (uint32 i = 0; i < p->cells; i++, number += sizeof(PanelCell), other += step)
		if (!same_number(number, other, column[c].size))
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

static char *
store_bytes(char *to, const void *from, size_t bytes)
{
	return (char *) memcpy(to, from, bytes) + bytes;
}

/* An agent's number of cells takes the place of what only a working panel has. */
static void
count_cells(PanelAgent *agents, const Panel *p)
{
	for (uint32 i = 0; i < p->cells; i++)
		agents[panel_cells(p)[i].agent].last_cell++;
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

/* Where the columns `first` to `end` - 1 are, which begin at `at`; returns where they end. */
static const char *
find_columns(PanelColumns *out, const StoredPanel *s, const char *at, int first, int end)
{
	for (int c = first; c < end; c++)
	{
		if (s->column[c] == AS_BEFORE)
			out->column[c] = out->column[c - 1];
		else
			out->column[c] = (PanelColumn) {at, s->column[c] == ONE_EACH ? column[c].size : 0};
		at += column_size(s, c);
	}
	return at;
}

/* Whether all cells have no other number than 0. */
static bool
all_zero(const PanelColumns *p, PanelNumber number)
{
	return p->column[number].step == 0 && (p->cells == 0 || panel_number(p, number, 0) == 0);
}

static PanelColumns
find_parts(const StoredPanel *s)
{
	PanelColumns out = {.agent_kind = s->agent_kind, .cells = s->cells, .agents = s->agents};
	const char *at = find_columns(&out, s, (const char *) (s + 1), 0, DOUBLES);

	out.agent = (const PanelAgent *) at;
	out.label = (const PanelText *) (out.agent + s->agents);
	out.pool = find_columns(&out, s, (const char *) (out.label + s->labels), DOUBLES, COLUMNS);
	out.has_dose = !all_zero(&out, PANEL_SESSIONS) || !all_zero(&out, PANEL_MINUTES);
	return out;
}

/* Ask for a panel at once, which is read at many places in turn; of a large one, for its beginning. */
static inline void
fetch_panel(const Panel *p)
{
	for (Size i = 0; i < Min(VARSIZE(p), FETCHED); i += CACHE_LINE)
		__builtin_prefetch((const char *) p + i);
}

PanelColumns
panel_columns(Datum datum)
{
	const Panel *p = (const Panel *) PG_DETOAST_DATUM(datum);

	fetch_panel(p);
	return find_parts(p->version == STORED_VERSION ? (const StoredPanel *) p : panel_stored(panel_canonical(p)));
}

static void
open_cells(Panel *p, const PanelColumns *from)
{
	PanelCell  *cell = panel_cells(p);

	for (int c = 0; c < COLUMNS; c++)
	{
		CHECK_FOR_INTERRUPTS();
		copy_numbers(first_number(p, c), sizeof(PanelCell), from->column[c].first, from->column[c].step,
					 column[c].size, p->cells);
	}
	for (uint32 a = 0; a < p->agents; a++)
		for (uint32 i = 0; i < from->agent[a].last_cell; i++)
			(cell++)->agent = a;
}

static void
open_dictionaries(Panel *p, const PanelColumns *from)
{
	memcpy(panel_agents(p), from->agent, p->agents * sizeof(PanelAgent));
	for (uint32 a = 0; a < p->agents; a++)
		panel_agents(p)[a].last_cell = 0;
	memcpy(panel_labels(p), from->label, p->labels * sizeof(PanelText));
	memcpy(panel_pool(p), from->pool, p->pool);
}

/* The canonical panel of a stored one. */
static Panel *
open_stored(const StoredPanel *s)
{
	PanelColumns from = find_parts(s);
	size_t		size = sizeof(Panel) + s->cells * sizeof(PanelCell) + s->agents * sizeof(PanelAgent) +
		s->labels * sizeof(PanelText) + s->pool;
	Panel	   *p = palloc(size);

	*p = (Panel) {
		.version = PANEL_VERSION, .agent_kind = s->agent_kind,
		.cells = s->cells, .agents = s->agents, .labels = s->labels, .pool = s->pool,
		.cells_room = s->cells, .agents_room = s->agents, .labels_room = s->labels, .pool_room = s->pool
	};
	SET_VARSIZE(p, size);
	open_cells(p, &from);
	open_dictionaries(p, &from);
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
