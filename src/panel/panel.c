/*
 * panel.c
 *		Room, look-up and growth of a working panel; adding a row; merging.
 *
 * A full panel is copied into a larger one in the current memory context.  The
 * executor then takes its own copy of what a transition function returns and
 * frees the old one, so nothing here touches the aggregate's context.
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "panel/panel.h"

/* Room that a panel has, or is to have. */
typedef struct PanelRoom
{
	uint64		cells;
	uint64		agents;
	uint64		labels;
	uint64		pool;
} PanelRoom;

/* Labels that are looked at before they are looked up. */
#define FIRST_LABELS 4

/* A cell's slot holds its number + 1 and, above, bits of its hash: cells of other keys are rarely looked at. */
#define SLOT_NUMBER 0x00FFFFFFu

StaticAssertDecl(MaxAllocSize / sizeof(PanelCell) < SLOT_NUMBER, "cell numbers must fit into their slots");

static const PanelRoom first_room = {8, 8, 0, 0};

/* Hash slots that keep a dictionary of that many entries at most three quarters full. */
static uint64
slots_for(uint64 entries)
{
	uint64		slots = 4;

	if (entries == 0)
		return 0;
	while (3 * slots < 4 * entries)
		slots *= 2;
	return slots;
}

/* Size in bytes of a working panel with that room. */
static uint64
working_size(const PanelRoom *room)
{
	return sizeof(Panel) +
		room->cells * sizeof(PanelCell) +
		room->agents * sizeof(PanelAgent) +
		room->labels * sizeof(PanelText) +
		(slots_for(room->cells) + slots_for(room->agents) + slots_for(room->labels)) * sizeof(uint32) +
		room->pool;
}

/* An empty working panel with that room. */
static Panel *
create_with_room(PanelAgentKind kind, const PanelRoom *room)
{
	uint64		size = working_size(room);
	Panel	   *p;

	if (!AllocSizeIsValid(size))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("panel is too large: " UINT64_FORMAT " cells and " UINT64_FORMAT " agents need more than 1 GB",
						room->cells, room->agents),
				 errhint("Make smaller panels, for example one per team, metric and month, and merge only what one question needs.")));

	p = palloc(size);
	memset(p, 0, sizeof(Panel));
	SET_VARSIZE(p, size);
	p->version = PANEL_VERSION;
	p->agent_kind = kind;
	p->cells_room = room->cells;
	p->agents_room = room->agents;
	p->labels_room = room->labels;
	p->pool_room = room->pool;
	p->cell_slots = slots_for(room->cells);
	p->agent_slots = slots_for(room->agents);
	p->label_slots = slots_for(room->labels);
	memset(panel_cell_slots(p), 0, (p->cell_slots + p->agent_slots + p->label_slots) * sizeof(uint32));
	return p;
}

Panel *
panel_create(PanelAgentKind kind)
{
	return create_with_room(kind, &first_room);
}

static uint32
hash_cell(const PanelCell *key)
{
	uint32		h = (uint32) key->agent * 0x9E3779B1u;

	h = (h ^ (uint32) key->period) * 0x85EBCA77u;
	h = (h ^ (uint32) key->contact_type) * 0xC2B2AE3Du;
	h = (h ^ (uint32) key->coach) * 0x27D4EB2Fu;
	return murmurhash32(h + panel_cell_has_target(key));
}

static uint32
hash_agent_id(int64 id)
{
	return murmurhash32((uint32) id ^ murmurhash32((uint32) ((uint64) id >> 32)));
}

static uint32
hash_text(PanelString s)
{
	return hash_bytes((const unsigned char *) s.data, s.length);
}

static uint32
hash_agent(const Panel *p, const PanelAgent *agent)
{
	if (p->agent_kind == PANEL_AGENT_TEXT)
		return hash_text(panel_string(p, agent->key.name));
	return hash_agent_id(agent->key.id);
}

static inline bool
same_text(PanelString a, PanelString b)
{
	return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

static inline bool
same_key(const PanelCell *a, const PanelCell *b)
{
	return a->agent == b->agent &&
		a->period == b->period &&
		a->contact_type == b->contact_type &&
		a->coach == b->coach &&
		panel_cell_has_target(a) == panel_cell_has_target(b);
}

/* Put an entry that is known to be new into the first free slot. */
static void
fill_slot(uint32 *slots, uint32 n_slots, uint32 hash, uint32 entry)
{
	uint32		i = hash & (n_slots - 1);

	while (slots[i] != 0)
		i = (i + 1) & (n_slots - 1);
	slots[i] = entry + 1;
}

static void
fill_cell_slot(Panel *p, uint32 hash, uint32 cell)
{
	uint32	   *slots = panel_cell_slots(p);
	uint32		mask = p->cell_slots - 1;
	uint32		i = hash & mask;

	while (slots[i] != 0)
		i = (i + 1) & mask;
	slots[i] = (hash & ~SLOT_NUMBER) | (cell + 1);
}

/* The slots of a copy, whose own are empty: those of `p` where there are as many, else every entry is hashed. */
static void
copy_slots(Panel *copy, const Panel *p)
{
	if (copy->cell_slots == p->cell_slots)
		memcpy(panel_cell_slots(copy), panel_cell_slots(p), p->cell_slots * sizeof(uint32));
	else
		for (uint32 i = 0; i < p->cells; i++)
			fill_cell_slot(copy, hash_cell(&panel_cells(p)[i]), i);
	if (copy->agent_slots == p->agent_slots)
		memcpy(panel_agent_slots(copy), panel_agent_slots(p), p->agent_slots * sizeof(uint32));
	else
		for (uint32 i = 0; i < p->agents; i++)
			fill_slot(panel_agent_slots(copy), copy->agent_slots, hash_agent(p, &panel_agents(p)[i]), i);
	if (copy->label_slots == p->label_slots)
		memcpy(panel_label_slots(copy), panel_label_slots(p), p->label_slots * sizeof(uint32));
	else
		for (uint32 i = 0; i < p->labels; i++)
			fill_slot(panel_label_slots(copy), copy->label_slots, hash_text(panel_string(p, panel_labels(p)[i])), i);
}

/* A working copy of a panel, with that room. */
static Panel *
copy_with_room(const Panel *p, const PanelRoom *room)
{
	Panel	   *copy = create_with_room(p->agent_kind, room);

	CHECK_FOR_INTERRUPTS();
	copy->cells = p->cells;
	copy->agents = p->agents;
	copy->labels = p->labels;
	copy->pool = p->pool;
	copy->last_cell = p->last_cell;
	memcpy(panel_cells(copy), panel_cells(p), p->cells * sizeof(PanelCell));
	memcpy(panel_agents(copy), panel_agents(p), p->agents * sizeof(PanelAgent));
	memcpy(panel_labels(copy), panel_labels(p), p->labels * sizeof(PanelText));
	memcpy(panel_pool(copy), panel_pool(p), p->pool);
	copy_slots(copy, p);
	return copy;
}

Panel *
panel_working(Panel *p)
{
	PanelRoom	room;

	if (!panel_is_canonical(p))
		return p;
	room.cells = Max(p->cells, first_room.cells);
	room.agents = Max(p->agents, first_room.agents);
	room.labels = p->labels;
	room.pool = p->pool;
	return copy_with_room(p, &room);
}

/*
 * Room for `needed` entries: four times as much while small, then a quarter more.  The small chunks that states
 * outgrow stay in the aggregate's context, unused when all its states have grown, so there are to be few of them.
 */
static uint64
grown(uint64 room, uint64 needed)
{
	if (needed <= room)
		return room;
	return Max(needed, room < 64 ? 4 * room : room + room / 4);
}

/* Room that is nearly used up is enlarged with the rest: one copy instead of two. */
static uint64
grown_along(uint64 room, uint64 used)
{
	return used > room - room / 16 ? grown(room, room + 1) : room;
}

/* Make sure that so many more entries fit. */
static void
reserve(Panel **p, uint64 cells, uint64 agents, uint64 labels, uint64 pool)
{
	PanelRoom	room;

	room.cells = grown((*p)->cells_room, (*p)->cells + cells);
	room.agents = grown((*p)->agents_room, (*p)->agents + agents);
	room.labels = grown((*p)->labels_room, (*p)->labels + labels);
	room.pool = grown((*p)->pool_room, (*p)->pool + pool);
	if (room.cells == (*p)->cells_room && room.agents == (*p)->agents_room &&
		room.labels == (*p)->labels_room && room.pool == (*p)->pool_room)
		return;
	room.cells = Max(room.cells, grown_along((*p)->cells_room, (*p)->cells));
	room.agents = Max(room.agents, grown_along((*p)->agents_room, (*p)->agents));
	room.labels = Max(room.labels, grown_along((*p)->labels_room, (*p)->labels));
	room.pool = Max(room.pool, grown_along((*p)->pool_room, (*p)->pool));
	*p = copy_with_room(*p, &room);
}

/* Append a text to the pool, where there is room for it. */
static PanelText
pool_append(Panel *p, PanelString s)
{
	PanelText	t = {p->pool, s.length};

	memcpy(panel_pool(p) + p->pool, s.data, s.length);
	p->pool += s.length;
	return t;
}

static inline bool
is_agent(const Panel *p, uint32 agent, const PanelRow *row)
{
	const PanelAgent *a = &panel_agents(p)[agent];

	if (p->agent_kind == PANEL_AGENT_TEXT)
		return same_text(panel_string(p, a->key.name), row->agent_name);
	return a->key.id == row->agent_id;
}

static uint32
hash_row_agent(const Panel *p, const PanelRow *row)
{
	if (p->agent_kind == PANEL_AGENT_TEXT)
		return hash_text(row->agent_name);
	return hash_agent_id(row->agent_id);
}

static int32
append_agent(Panel **p, const PanelRow *row, uint32 hash)
{
	PanelAgent *agent;

	reserve(p, 0, 1, 0, (*p)->agent_kind == PANEL_AGENT_TEXT ? row->agent_name.length : 0);
	agent = &panel_agents(*p)[(*p)->agents];
	if ((*p)->agent_kind == PANEL_AGENT_TEXT)
		agent->key.name = pool_append(*p, row->agent_name);
	else
		agent->key.id = row->agent_id;
	agent->hired_on = PANEL_NO_DATE;
	agent->last_cell = 0;
	fill_slot(panel_agent_slots(*p), (*p)->agent_slots, hash, (*p)->agents);
	return (*p)->agents++;
}

int32
panel_put_agent(Panel **p, const PanelRow *row, bool *added)
{
	uint32		hash = hash_row_agent(*p, row);
	uint32		mask = (*p)->agent_slots - 1;
	uint32	   *slots = panel_agent_slots(*p);

	*added = false;
	for (uint32 i = hash & mask; slots[i] != 0; i = (i + 1) & mask)
		if (is_agent(*p, slots[i] - 1, row))
			return slots[i] - 1;
	*added = true;
	return append_agent(p, row, hash);
}

int32
panel_put_label(Panel **p, PanelString text, bool *added)
{
	uint32		hash = hash_text(text);
	uint32		mask = (*p)->label_slots - 1;
	uint32	   *slots = panel_label_slots(*p);

	*added = false;
	if ((*p)->label_slots > 0)
		for (uint32 i = hash & mask; slots[i] != 0; i = (i + 1) & mask)
			if (same_text(panel_label(*p, slots[i] - 1), text))
				return slots[i] - 1;

	*added = true;
	reserve(p, 0, 0, 1, text.length);
	panel_labels(*p)[(*p)->labels] = pool_append(*p, text);
	fill_slot(panel_label_slots(*p), (*p)->label_slots, hash, (*p)->labels);
	return (*p)->labels++;
}

/* The number of the cell with that key, or the number of cells when there is none. */
static inline uint32
find_cell(const Panel *p, const PanelCell *key, uint32 hash)
{
	uint32		mask = p->cell_slots - 1;
	uint32	   *slots = panel_cell_slots(p);

	for (uint32 i = hash & mask; slots[i] != 0; i = (i + 1) & mask)
		if (((slots[i] ^ hash) & ~SLOT_NUMBER) == 0 && same_key(&panel_cells(p)[(slots[i] & SLOT_NUMBER) - 1], key))
			return (slots[i] & SLOT_NUMBER) - 1;
	return p->cells;
}

/* An empty cell with the key (and, if it has one, the target) of `key`; so many more may follow. */
static uint32
append_cell(Panel **p, const PanelCell *key, uint32 hash, uint32 more)
{
	PanelCell  *cell;

	if ((*p)->cells == (*p)->cells_room)
		reserve(p, 1 + more, 0, 0, 0);
	cell = &panel_cells(*p)[(*p)->cells];
	memset(cell, 0, sizeof(*cell));
	cell->agent = key->agent;
	cell->period = key->period;
	cell->contact_type = key->contact_type;
	cell->coach = key->coach;
	cell->target = key->target;
	fill_cell_slot(*p, hash, (*p)->cells);
	return (*p)->cells++;
}

uint32
panel_put_cell(Panel **p, const PanelCell *key, bool *added)
{
	uint32		hash = hash_cell(key);
	uint32		number = find_cell(*p, key, hash);

	*added = number == (*p)->cells;
	return *added ? append_cell(p, key, hash, 0) : number;
}

static inline bool
is_label(const Panel *p, int32 label, PanelString text)
{
	if (label == PANEL_NO_LABEL || text.data == NULL)
		return label == PANEL_NO_LABEL && text.data == NULL;
	return same_text(panel_string(p, panel_labels(p)[label]), text);
}

static inline bool
has_gap(const PanelRow *row)
{
	return row->has_value && row->has_target;
}

static inline bool
is_cell_of_row(const Panel *p, uint32 number, const PanelRow *row)
{
	const PanelCell *cell = &panel_cells(p)[number];

	return number < p->cells &&
		cell->period == row->period &&
		panel_cell_has_target(cell) == has_gap(row) &&
		is_agent(p, cell->agent, row) &&
		is_label(p, cell->contact_type, row->contact_type) &&
		is_label(p, cell->coach, row->coach);
}

/* Rows often come in runs of one agent, or with the agents in turn. */
static inline int32
agent_of_row(Panel **p, const PanelRow *row)
{
	uint32		last = (*p)->cells > 0 ? panel_cells(*p)[(*p)->last_cell].agent : 0;
	uint32		next = last + 1 < (*p)->agents ? last + 1 : 0;
	bool		added;

	if ((*p)->agents > 0 && is_agent(*p, next, row))
		return next;
	if ((*p)->agents > 0 && is_agent(*p, last, row))
		return last;
	return panel_put_agent(p, row, &added);
}

static inline int32
label_of_row(Panel **p, PanelString text)
{
	uint32		first = Min((*p)->labels, FIRST_LABELS);
	bool		added;

	if (text.data == NULL)
		return PANEL_NO_LABEL;
	for (uint32 i = 0; i < first; i++)
		if (same_text(panel_label(*p, i), text))
			return i;
	return panel_put_label(p, text, &added);
}

/* The number of a row's cell, which is added where there is none; its agent's last one is tried before the slots. */
static uint32
put_cell_of_row(Panel **p, const PanelRow *row)
{
	PanelCell	key;
	uint32		number;
	bool		added;

	key.agent = agent_of_row(p, row);
	key.period = row->period;
	key.contact_type = label_of_row(p, row->contact_type);
	key.coach = label_of_row(p, row->coach);
	key.target = has_gap(row) ? row->target : get_float8_nan();
	number = panel_agents(*p)[key.agent].last_cell;
	if (number >= (*p)->cells || !same_key(&panel_cells(*p)[number], &key))
		number = panel_put_cell(p, &key, &added);
	panel_agents(*p)[key.agent].last_cell = number;
	return number;
}

/* The cell of a row.  Rows often come in runs, or in the order in which their cells were added. */
static inline PanelCell *
cell_of_row(Panel **p, const PanelRow *row)
{
	uint32		number = (*p)->last_cell + 1;

	if (!is_cell_of_row(*p, number, row) && !is_cell_of_row(*p, --number, row))
		number = put_cell_of_row(p, row);
	(*p)->last_cell = number;
	__builtin_prefetch(&panel_cells(*p)[number + 1]);
	__builtin_prefetch(&panel_cells(*p)[number + 2]);
	return &panel_cells(*p)[number];
}

/* The earlier of two tenure origins; a missing one counts as no statement. */
static void
merge_hired_on(PanelAgent *agent, int32 hired_on)
{
	if (hired_on != PANEL_NO_DATE &&
		(agent->hired_on == PANEL_NO_DATE || hired_on < agent->hired_on))
		agent->hired_on = hired_on;
}

/* Merge moments and, weighted by them, the target; same targets stay exact. */
static inline void
merge_observations(CdMoments *gap, double *target, const CdMoments *from_gap, double from_target)
{
	if (from_gap->n == 0)
		return;
	cd_moments_merge(gap, from_gap);
	if (*target != from_target && *target == *target)
		*target += (from_target - *target) * (from_gap->weight / gap->weight);
}

static inline void
check_observations(const PanelCell *cell)
{
	if (unlikely(!isfinite(cell->gap.m2) || !isfinite(cell->gap.weight)))
		float_overflow_error();
}

static inline void
add_observation(PanelCell *cell, const PanelRow *row)
{
	cd_moments_add(&cell->gap, row->has_target ? row->value - row->target : row->value, row->weight);
	if (row->has_target && row->target != cell->target)
		cell->target += (row->target - cell->target) * (row->weight / cell->gap.weight);
	check_observations(cell);
}

static inline void
add_dose(PanelCell *cell, double sessions, double minutes)
{
	if (sessions == 0 && minutes == 0)
		return;
	cell->sessions += sessions;
	cell->minutes += minutes;
	if (unlikely(isinf(cell->sessions) || isinf(cell->minutes)))
		float_overflow_error();
}

/* Ask for what a row needs before it is needed: where rows of many groups alternate, no cache holds their panels. */
static inline void
fetch_dictionaries(const Panel *p)
{
	__builtin_prefetch(panel_agents(p));
	__builtin_prefetch(panel_labels(p));
	__builtin_prefetch(panel_pool(p));
}

Panel *
panel_add(Panel *p, const PanelRow *row)
{
	PanelCell  *cell;

	fetch_dictionaries(p);
	cell = cell_of_row(&p, row);

	if (row->hired_on != PANEL_NO_DATE)
		merge_hired_on(&panel_agents(p)[cell->agent], row->hired_on);
	if (row->has_value)
		add_observation(cell, row);
	add_dose(cell, row->sessions, row->minutes);
	return p;
}

/*
 * The number of an agent of another panel of the same kind, whose pool that is, and which is added where there is none;
 * `next`: where it would be if the agents followed one another as they do there.
 */
static inline int32
put_agent_of(Panel **into, const PanelAgent *agent, const char *pool, uint32 next)
{
	PanelRow	row;
	bool		added;
	int32		number = next;

	if ((*into)->agent_kind == PANEL_AGENT_TEXT)
		row.agent_name = (PanelString) {pool + agent->key.name.offset, agent->key.name.length};
	else
		row.agent_id = agent->key.id;
	if (next >= (*into)->agents || !is_agent(*into, next, &row))
		number = panel_put_agent(into, &row, &added);
	merge_hired_on(&panel_agents(*into)[number], agent->hired_on);
	return number;
}

/* The numbers that the agents of `from` have in `into`. */
static int32 *
map_agents(Panel **into, const Panel *from)
{
	int32	   *map = palloc(Max(from->agents, 1) * sizeof(int32));

	for (uint32 i = 0; i < from->agents; i++)
		map[i] = put_agent_of(into, &panel_agents(from)[i], panel_pool(from), i == 0 ? 0 : map[i - 1] + 1);
	return map;
}

static int32 *
map_labels(Panel **into, const Panel *from)
{
	int32	   *map = palloc(Max(from->labels, 1) * sizeof(int32));
	bool		added;

	for (uint32 i = 0; i < from->labels; i++)
		map[i] = panel_put_label(into, panel_label(from, i), &added);
	return map;
}

static uint32
look_up_cell(Panel **into, const PanelCell *key, uint32 more)
{
	uint32		hash = hash_cell(key);
	uint32		number = find_cell(*into, key, hash);

	return number < (*into)->cells ? number : append_cell(into, key, hash, more);
}

/* The number of the cell with that key, which is added where there is none; so many more may follow. */
static inline uint32
cell_of_key(Panel **into, const PanelCell *key, uint32 more)
{
	uint32		number = panel_agents(*into)[key->agent].last_cell;

	if (number >= (*into)->cells || !same_key(&panel_cells(*into)[number], key))
		number = look_up_cell(into, key, more);
	panel_agents(*into)[key->agent].last_cell = number;
	return number;
}

static void
check_same_kind(PanelAgentKind a, PanelAgentKind b)
{
	if (a != b)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("cannot merge a panel of bigint agents with a panel of text agents"),
				 errhint("Build both panels with agent ids of the same type.")));
}

Panel *
panel_merge(Panel *into, const Panel *from)
{
	int32	   *agents;
	int32	   *labels;
	uint32		number;

	check_same_kind(into->agent_kind, from->agent_kind);
	agents = map_agents(&into, from);
	labels = map_labels(&into, from);
	for (uint32 i = 0; i < from->cells; i++)
	{
		const PanelCell *cell = &panel_cells(from)[i];
		PanelCell	key = *cell;

		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		key.agent = agents[cell->agent];
		key.contact_type = cell->contact_type == PANEL_NO_LABEL ? PANEL_NO_LABEL : labels[cell->contact_type];
		key.coach = cell->coach == PANEL_NO_LABEL ? PANEL_NO_LABEL : labels[cell->coach];
		number = cell_of_key(&into, &key, from->cells - i - 1);
		merge_observations(&panel_cells(into)[number].gap, &panel_cells(into)[number].target, &cell->gap, cell->target);
		check_observations(&panel_cells(into)[number]);
		add_dose(&panel_cells(into)[number], cell->sessions, cell->minutes);
	}
	pfree(agents);
	pfree(labels);
	return into;
}

static inline bool
has_target(const PanelColumns *p, uint32 cell)
{
	double		target = panel_number(p, PANEL_TARGET, cell);

	return target == target;
}

/* The end of the cells from `i` on, before `end`, that all have a target or all have none. */
static inline uint32
end_of_run(const PanelColumns *p, uint32 i, uint32 end)
{
	uint32		stop = i + 1;

	if (p->column[PANEL_TARGET].step == 0)
		return end;
	while (stop < end && has_target(p, stop) == has_target(p, i))
		stop++;
	return stop;
}

/* Add the cells `i` to `end` - 1. */
static void
merge_run(PanelCell *into, const PanelColumns *from, uint32 i, uint32 end)
{
	CdMoments	sum = into->gap;
	double		target = into->target;

	for (uint32 c = i; c < end; c++)
	{
		const CdMoments gap = {
			.n = panel_number(from, PANEL_N, c), .weight = panel_number(from, PANEL_WEIGHT, c),
			.mean = panel_number(from, PANEL_MEAN, c), .m2 = panel_number(from, PANEL_M2, c)
		};

		merge_observations(&sum, &target, &gap, panel_number(from, PANEL_TARGET, c));
	}
	into->gap = sum;
	into->target = target;
	check_observations(into);
	for (uint32 c = i; c < end && from->has_dose; c++)
		add_dose(into, panel_number(from, PANEL_SESSIONS, c), panel_number(from, PANEL_MINUTES, c));
}

/* Add the cells `i` to `end` - 1 of an agent, `agent` in `into`. */
static inline void
merge_cells_of_agent(Panel **into, int32 agent, const PanelColumns *from, uint32 i, uint32 end)
{
	CHECK_FOR_INTERRUPTS();
	while (i < end)
	{
		PanelCell	key = {
			.agent = agent, .period = PANEL_NO_DATE, .contact_type = PANEL_NO_LABEL, .coach = PANEL_NO_LABEL,
			.target = panel_number(from, PANEL_TARGET, i)
		};
		uint32		number = cell_of_key(into, &key, 0);
		uint32		stop = end_of_run(from, i, end);

		merge_run(&panel_cells(*into)[number], from, i, stop);
		i = stop;
	}
}

Panel *
panel_merge_agents(Panel *into, const PanelColumns *from)
{
	uint32		cell = 0;
	int32		number = -1;

	check_same_kind(into->agent_kind, from->agent_kind);
	/* A new state grows once. */
	if (into->agents == 0)
		reserve(&into, from->agents, from->agents, 0, 0);
	for (uint32 a = 0; a < from->agents; a++)
	{
		uint32		end = cell + from->agent[a].last_cell;

		number = put_agent_of(&into, &from->agent[a], from->pool, number + 1);
		merge_cells_of_agent(&into, number, from, cell, end);
		cell = end;
	}
	return into;
}

/* Number of each agent among those that have a gap, or -1. */
static int32 *
number_agents_with_gap(const Panel *p, uint32 *count)
{
	int32	   *number = palloc(Max(p->agents, 1) * sizeof(int32));

	*count = 0;
	memset(number, 0xFF, p->agents * sizeof(int32));
	for (uint32 i = 0; i < p->cells; i++)
		if (panel_cell_has_target(&panel_cells(p)[i]))
			number[panel_cells(p)[i].agent] = 0;
	for (uint32 i = 0; i < p->agents; i++)
		if (number[i] == 0)
			number[i] = (*count)++;
	return number;
}

uint32
panel_agent_gaps(const Panel *p, CdMoments *gaps, double *targets)
{
	uint32		count;
	int32	   *number = number_agents_with_gap(p, &count);

	memset(gaps, 0, count * sizeof(CdMoments));
	memset(targets, 0, count * sizeof(double));
	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];
		int32		k = number[cell->agent];

		if (!panel_cell_has_target(cell))
			continue;
		cd_moments_merge(&gaps[k], &cell->gap);
		targets[k] += (cell->target - targets[k]) * (cell->gap.weight / gaps[k].weight);
	}
	pfree(number);
	return count;
}
