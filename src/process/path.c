/*
 * path.c
 *		Adding events to a path, merging paths, putting a path in order.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "process/path.h"

/* With these a new path fills a memory chunk of 512 bytes. */
#define FIRST_EVENTS 12
#define FIRST_POOL 176

/* Microseconds since 2000-01-01 of the years 1 and 10000. */
#define FIRST_TIME INT64CONST(-63082281600000000)
#define LAST_TIME INT64CONST(252455616000000000)

static const char *const kind_names[] = {
	[PATH_WORK] = "work",
	[PATH_WAIT] = "wait",
	[PATH_HOLD] = "hold",
	[PATH_APPROVAL] = "approval",
	[PATH_TRANSFER] = "transfer",
	[PATH_ESCALATION] = "escalation",
	[PATH_IDENTIFIED] = "resolution_identified",
	[PATH_AUTHORISED] = "resolution_authorised",
	[PATH_RESOLVED] = "resolved",
};

const char *
path_kind_name(PathKind kind)
{
	return kind_names[kind];
}

int
path_kind(PathLabel name)
{
	for (int kind = PATH_WORK; kind <= PATH_RESOLVED; kind++)
		if (strlen(kind_names[kind]) == name.length && memcmp(kind_names[kind], name.data, name.length) == 0)
			return kind;
	return -1;
}

int
path_compare_labels(PathLabel a, PathLabel b)
{
	int			order = memcmp(a.data, b.data, Min(a.length, b.length));

	return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

/* A path with that room; only its header is filled. */
static Path *
create_with_room(uint32 events, uint32 pool, bool numbered)
{
	Size		size = sizeof(Path) + (Size) events * (sizeof(PathEvent) + (numbered ? sizeof(int64) : 0)) + pool;
	Path	   *p = palloc(size);

	memset(p, 0, sizeof(Path));
	SET_VARSIZE(p, size);
	p->version = PATH_VERSION;
	p->numbered = numbered;
	p->events_room = events;
	p->pool_room = pool;
	return p;
}

Path *
path_create(void)
{
	return create_with_room(FIRST_EVENTS, FIRST_POOL, false);
}

/* Events that came without a number have 0. */
static void
copy_numbers(Path *copy, const Path *p)
{
	if (p->numbered)
		memcpy(path_numbers(copy), path_numbers(p), p->events * sizeof(int64));
	else
		memset(path_numbers(copy), 0, p->events * sizeof(int64));
}

static Path *
copy_with_room(const Path *p, uint32 events, uint32 pool, bool numbered)
{
	Path	   *copy = create_with_room(events, pool, numbered);

	CHECK_FOR_INTERRUPTS();
	copy->events = p->events;
	copy->labels = p->labels;
	copy->pool = p->pool;
	memcpy(path_events(copy), path_events(p), p->events * sizeof(PathEvent));
	if (numbered)
		copy_numbers(copy, p);
	memcpy(path_pool(copy), path_pool(p), p->pool);
	return copy;
}

static uint32
grown(uint32 room, uint32 needed, uint32 first)
{
	return needed <= room ? room : Max(needed, Max(2 * room, first));
}

/* Make sure that one more event and so many bytes of labels fit. */
static Path *
reserve(Path *p, uint32 pool, bool numbered)
{
	uint32		needed = p->events + 1;

	if (likely(needed <= p->events_room && p->pool + pool <= p->pool_room && (p->numbered || !numbered)))
		return p;
	if (needed > PATH_MAX_EVENTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a contact cannot have more than %d events", PATH_MAX_EVENTS),
				 errhint("Group the events by contact_id.")));
	return copy_with_room(p, Min(grown(p->events_room, needed, FIRST_EVENTS), PATH_MAX_EVENTS),
						  grown(p->pool_room, p->pool + pool, FIRST_POOL), p->numbered || numbered);
}

static void
bad_event(const char *message, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message),
			 errhint("%s", hint)));
}

static inline bool
valid_time(int64 t)
{
	return t >= FIRST_TIME && t < LAST_TIME;
}

static void
check_row(const PathRow *row)
{
	if (row->step.length > PATH_MAX_TEXT || row->agent.length > PATH_MAX_TEXT)
		bad_event("a step or agent is longer than 1024 bytes", "Use a shorter key, for example its md5().");
	if (!valid_time(row->start) || (row->end != PATH_NO_TIME && !valid_time(row->end)))
		bad_event("an event must start and end in the years 1 to 9999",
				  "Leave such rows out with WHERE, or give NULL where the end is unknown.");
	if (row->end != PATH_NO_TIME && row->end < row->start)
		bad_event("an event ends before it starts", "Give NULL as its end, or correct it.");
}

/* The number of a label, or -1. */
static inline int
find_label(const Path *p, PathLabel label)
{
	const char *at = path_pool(p);

	for (uint32 i = 0; i < p->labels; i++)
	{
		uint16		length;

		memcpy(&length, at, sizeof(length));
		at += sizeof(length);
		if (length == label.length && memcmp(at, label.data, length) == 0)
			return i;
		at += length;
	}
	return -1;
}

static uint16
append_label(Path *p, PathLabel label)
{
	uint16		length = label.length;
	char	   *at = path_pool(p) + p->pool;

	memcpy(at, &length, sizeof(length));
	memcpy(at + sizeof(length), label.data, length);
	p->pool += sizeof(length) + length;
	return p->labels++;
}

/* The number of a label in a path that has room for it. */
static inline uint16
put_label(Path *p, PathLabel label)
{
	int			found = find_label(p, label);

	if (found >= 0)
		return found;
	if (p->labels == PATH_NO_LABEL)
		bad_event("a contact cannot have more than 65535 steps and agents", "Group the events by contact_id.");
	return append_label(p, label);
}

Path *
path_append(Path *p, const PathRow *row)
{
	PathEvent  *e;

	check_row(row);
	p = reserve(p, 2 * sizeof(uint16) + row->step.length + row->agent.length, row->numbered);
	if (p->numbered)
		path_numbers(p)[p->events] = row->numbered ? row->number : 0;
	e = &path_events(p)[p->events++];
	memset(e, 0, sizeof(*e));
	e->start = row->start;
	e->end = row->end;
	e->step = put_label(p, row->step);
	e->agent = row->agent.data == NULL ? PATH_NO_LABEL : put_label(p, row->agent);
	e->kind = row->kind;
	p->sorted = false;
	return p;
}

PathLabel *
path_labels(const Path *p)
{
	PathLabel  *labels = palloc(Max(p->labels, 1) * sizeof(PathLabel));
	const char *at = path_pool(p);

	for (uint32 i = 0; i < p->labels; i++)
	{
		uint16		length;

		memcpy(&length, at, sizeof(length));
		labels[i].data = at + sizeof(length);
		labels[i].length = length;
		at += sizeof(length) + length;
	}
	return labels;
}

Path *
path_merge(Path *into, const Path *from)
{
	PathLabel  *labels = path_labels(from);
	PathLabel	none = {NULL, 0};

	for (uint32 i = 0; i < from->events; i++)
	{
		const PathEvent *e = &path_events(from)[i];
		PathRow		row = {
			.step = labels[e->step],
			.agent = e->agent == PATH_NO_LABEL ? none : labels[e->agent],
			.start = e->start,
			.end = e->end,
			.number = from->numbered ? path_numbers(from)[i] : 0,
			.numbered = from->numbered,
			.kind = e->kind
		};

		into = path_append(into, &row);
	}
	return into;
}

/* What events are put in order by. */
typedef struct Order
{
	const Path *path;
	const PathLabel *labels;
} Order;

#define COMPARE(a, b) if ((a) != (b)) return (a) < (b) ? -1 : 1

/* By start, number, end (none: as if over at once), kind, step and agent. */
static int
compare_events(const void *a, const void *b, void *arg)
{
	const Order *order = arg;
	uint32		i = *(const uint32 *) a;
	uint32		j = *(const uint32 *) b;
	const PathEvent *x = &path_events(order->path)[i];
	const PathEvent *y = &path_events(order->path)[j];

	COMPARE(x->start, y->start);
	if (order->path->numbered)
		COMPARE(path_numbers(order->path)[i], path_numbers(order->path)[j]);
	COMPARE(path_event_end(x), path_event_end(y));
	COMPARE(x->kind, y->kind);
	if (x->step != y->step)
		return path_compare_labels(order->labels[x->step], order->labels[y->step]);
	COMPARE(x->end, y->end);
	if (x->agent == y->agent || x->agent == PATH_NO_LABEL || y->agent == PATH_NO_LABEL)
		return (x->agent == PATH_NO_LABEL) - (y->agent == PATH_NO_LABEL);
	return path_compare_labels(order->labels[x->agent], order->labels[y->agent]);
}

/* The events' numbers, in order. */
static uint32 *
sorted_events(const Path *p, const PathLabel *labels)
{
	Order		order = {p, labels};
	uint32	   *sorted = palloc(Max(p->events, 1) * sizeof(uint32));
	bool		in_order = true;

	for (uint32 i = 0; i < p->events; i++)
		sorted[i] = i;
	for (uint32 i = 1; in_order && i < p->events; i++)
		in_order = compare_events(&sorted[i - 1], &sorted[i], &order) <= 0;
	if (!in_order)
		qsort_arg(sorted, p->events, sizeof(uint32), compare_events, &order);
	return sorted;
}

/* The new number of a label: that of its first use. */
static inline uint16
renumber(Path *copy, uint16 *numbers, const PathLabel *labels, uint16 label)
{
	if (label == PATH_NO_LABEL)
		return PATH_NO_LABEL;
	if (numbers[label] == PATH_NO_LABEL)
		numbers[label] = append_label(copy, labels[label]);
	return numbers[label];
}

const Path *
path_finished(const Path *p)
{
	PathLabel  *labels;
	uint32	   *sorted;
	uint16	   *numbers;
	Path	   *copy;

	if (p->sorted)
		return p;
	labels = path_labels(p);
	sorted = sorted_events(p, labels);
	numbers = palloc(Max(p->labels, 1) * sizeof(uint16));
	memset(numbers, 0xFF, p->labels * sizeof(uint16));
	copy = create_with_room(p->events, p->pool, false);
	for (uint32 i = 0; i < p->events; i++)
	{
		PathEvent  *e = &path_events(copy)[i];

		*e = path_events(p)[sorted[i]];
		e->step = renumber(copy, numbers, labels, e->step);
		e->agent = renumber(copy, numbers, labels, e->agent);
	}
	copy->events = p->events;
	copy->sorted = true;
	return copy;
}
