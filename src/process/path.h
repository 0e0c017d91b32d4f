/*
 * path.h
 *		The path of one contact: its events in order, as one flat varlena.
 *
 * Steps and agents are labels in a pool, which events name by number.  A path in
 * progress has room to grow and its events in the order in which they came; a
 * finished one is sorted, has no room, and numbers its labels in the order of
 * their first event, so that the same events make the same bytes.
 */
#ifndef PROCESS_PATH_H
#define PROCESS_PATH_H

#include "postgres.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#define PATH_VERSION 1

/* End of an event that has none. */
#define PATH_NO_TIME PG_INT64_MIN

/* Agent of an event that has none. */
#define PATH_NO_LABEL PG_UINT16_MAX

/* As many as fit one allocation, with their numbers. */
#define PATH_MAX_EVENTS (1 << 24)

/* Longest step or agent, in bytes. */
#define PATH_MAX_TEXT 1024

/* Kinds of the contract, in the order in which events of one instant are taken to follow each other. */
typedef enum PathKind
{
	PATH_NO_KIND,
	PATH_WORK,
	PATH_WAIT,
	PATH_HOLD,
	PATH_APPROVAL,
	PATH_TRANSFER,
	PATH_ESCALATION,
	PATH_IDENTIFIED,
	PATH_AUTHORISED,
	PATH_RESOLVED
} PathKind;

typedef struct PathEvent
{
	int64		start;			/* microseconds since 2000-01-01 UTC */
	int64		end;			/* or PATH_NO_TIME */
	uint16		step;			/* label number */
	uint16		agent;			/* label number, or PATH_NO_LABEL */
	uint8		kind;
	uint8		unused[3];		/* 0 */
} PathEvent;

typedef struct Path
{
	int32		vl_len_;
	uint8		version;
	bool		sorted;
	bool		numbered;		/* a sequence number follows for each event; never when finished */
	uint8		unused;			/* 0 */
	uint32		events;
	uint32		labels;
	uint32		pool;			/* bytes of labels: each its length (uint16) and its text */
	uint32		events_room;
	uint32		pool_room;
	uint32		unused2;		/* 0: events are aligned to 8 */
	/* PathEvent[], int64 number[], char pool[] */
} Path;

#define DatumGetPathP(d) ((Path *) PG_DETOAST_DATUM(d))
#define PG_GETARG_PATH_P(n) DatumGetPathP(PG_GETARG_DATUM(n))

/* A text that is not terminated; data is NULL where there is none. */
typedef struct PathLabel
{
	const char *data;
	uint32		length;
} PathLabel;

/* One event on its way into a path. */
typedef struct PathRow
{
	PathLabel	step;
	PathLabel	agent;
	int64		start;
	int64		end;
	int64		number;			/* order of events that start together */
	bool		numbered;
	PathKind	kind;
} PathRow;

static inline PathEvent *
path_events(const Path *p)
{
	return (PathEvent *) (p + 1);
}

static inline int64 *
path_numbers(const Path *p)
{
	return (int64 *) (path_events(p) + p->events_room);
}

static inline char *
path_pool(const Path *p)
{
	return (char *) (path_numbers(p) + (p->numbered ? p->events_room : 0));
}

/* When the event is over, as far as it says itself. */
static inline int64
path_event_end(const PathEvent *e)
{
	return e->end == PATH_NO_TIME ? e->start : e->end;
}

/* An empty path in progress, in the current memory context. */
extern Path *path_create(void);

/*
 * Add an event; returns p, or a larger copy in the current memory context (p is then stale, and not freed).
 * Errors: a time outside the years 1 to 9999, an end before the start, a step or agent too long, too many events.
 */
extern Path *path_append(Path *p, const PathRow *row);

/* Add every event of `from`; returns as path_append does. */
extern Path *path_merge(Path *into, const Path *from);

/* p itself if it is finished, else its finished copy in the current memory context. */
extern const Path *path_finished(const Path *p);

/* The labels of a path, by number, in the current memory context. */
extern PathLabel *path_labels(const Path *p);

/* Bytewise order. */
extern int	path_compare_labels(PathLabel a, PathLabel b);

/* The kind of that name, -1 if there is none; the name of a kind, NULL of PATH_NO_KIND. */
extern int	path_kind(PathLabel name);
extern const char *path_kind_name(PathKind kind);

#endif							/* PROCESS_PATH_H */
