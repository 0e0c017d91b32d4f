/*
 * panel.h
 *		The panel: a flat, pointer-free table of what one diagnosis unit looks like.
 *
 * A panel is one varlena.  Its cells are keyed by (agent, period, contact type,
 * coach) and by whether a target was given; each holds the moments of the gap,
 * the target and the coaching dose.  Agents and labels (contact types, coaches)
 * are dictionaries that cells point into by number.
 *
 * The same struct has two forms:
 *	 canonical	sorted, no slack, no hash slots: what is sent and compared;
 *	 working	room to grow and hash slots behind the dictionaries: what an
 *				aggregate changes in place.  It never leaves an aggregate.
 * Both are read alike, so estimators don't care which one they are given.  What
 * SQL sees of a canonical panel is its stored form (panel_stored.c).
 */
#ifndef PANEL_PANEL_H
#define PANEL_PANEL_H

#include "postgres.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#include "stats/moments.h"

#define PANEL_VERSION 1

/* Period of a row that has none, tenure origin of an agent that has none. */
#define PANEL_NO_DATE PG_INT32_MIN

/* Label number of a cell without contact type or without coach. */
#define PANEL_NO_LABEL (-1)

/* Longest agent id, contact type or coach name, in bytes. */
#define PANEL_MAX_TEXT 1024

typedef enum PanelAgentKind
{
	PANEL_AGENT_BIGINT = 1,
	PANEL_AGENT_TEXT = 2
} PanelAgentKind;

/* A string in the panel's pool. */
typedef struct PanelText
{
	uint32		offset;
	uint32		length;
} PanelText;

/* Key and content of one cell. */
typedef struct PanelCell
{
	int32		agent;			/* number in the agents' dictionary */
	int32		period;			/* days since 2000-01-01, or PANEL_NO_DATE */
	int32		contact_type;	/* label number, or PANEL_NO_LABEL */
	int32		coach;			/* label number, or PANEL_NO_LABEL */
	CdMoments	gap;			/* of value - target; of value where no target */
	double		target;			/* weighted mean target; NaN where none */
	double		sessions;		/* coaching sessions received */
	double		minutes;		/* coaching minutes received */
} PanelCell;

typedef struct PanelAgent
{
	union
	{
		int64		id;			/* PANEL_AGENT_BIGINT */
		PanelText	name;		/* PANEL_AGENT_TEXT */
	}			key;
	int32		hired_on;		/* tenure origin, or PANEL_NO_DATE */
	uint32		last_cell;		/* working: a cell touched lately; canonical: 0; stored: how many cells it has */
} PanelAgent;

typedef struct Panel
{
	int32		vl_len_;
	uint8		version;
	uint8		agent_kind;
	uint16		reserved;		/* 0 */
	uint32		cells;
	uint32		agents;
	uint32		labels;
	uint32		pool;			/* bytes of text in use */
	/* The rest is room: equal to the above (slots and last_cell 0) when canonical */
	uint32		cells_room;
	uint32		agents_room;
	uint32		labels_room;
	uint32		pool_room;
	uint32		cell_slots;		/* powers of two */
	uint32		agent_slots;
	uint32		label_slots;
	uint32		last_cell;		/* of the last row */
	/* PanelCell[], PanelAgent[], PanelText[], uint32 slots[3][], char pool[] */
} Panel;

#define DatumGetPanelP(d) panel_open(d)
#define PG_GETARG_PANEL_P(n) DatumGetPanelP(PG_GETARG_DATUM(n))
#define PG_RETURN_PANEL_P(p) PG_RETURN_POINTER(panel_stored(p))

/* A text argument seen by the panel: not terminated, data NULL when absent. */
typedef struct PanelString
{
	const char *data;
	uint32		length;
} PanelString;

/* One row on its way into a panel. */
typedef struct PanelRow
{
	int64		agent_id;		/* bigint panels */
	PanelString agent_name;		/* text panels */
	int32		period;
	int32		hired_on;
	PanelString contact_type;
	PanelString coach;
	bool		has_value;		/* false: the row brings only dose */
	bool		has_target;
	double		value;
	double		target;
	double		weight;
	double		sessions;
	double		minutes;
} PanelRow;

/* Where the parts of a panel are. */
static inline PanelCell *
panel_cells(const Panel *p)
{
	return (PanelCell *) (p + 1);
}

static inline PanelAgent *
panel_agents(const Panel *p)
{
	return (PanelAgent *) (panel_cells(p) + p->cells_room);
}

static inline PanelText *
panel_labels(const Panel *p)
{
	return (PanelText *) (panel_agents(p) + p->agents_room);
}

static inline uint32 *
panel_cell_slots(const Panel *p)
{
	return (uint32 *) (panel_labels(p) + p->labels_room);
}

static inline uint32 *
panel_agent_slots(const Panel *p)
{
	return panel_cell_slots(p) + p->cell_slots;
}

static inline uint32 *
panel_label_slots(const Panel *p)
{
	return panel_agent_slots(p) + p->agent_slots;
}

static inline char *
panel_pool(const Panel *p)
{
	return (char *) (panel_label_slots(p) + p->label_slots);
}

/* The text of an agent (text panels) or a label. */
static inline PanelString
panel_string(const Panel *p, PanelText t)
{
	PanelString s = {panel_pool(p) + t.offset, t.length};

	return s;
}

/* The text behind a label number; data is NULL for PANEL_NO_LABEL. */
static inline PanelString
panel_label(const Panel *p, int32 label)
{
	PanelString none = {NULL, 0};

	return label == PANEL_NO_LABEL ? none : panel_string(p, panel_labels(p)[label]);
}

static inline bool
panel_is_canonical(const Panel *p)
{
	return p->cell_slots == 0;
}

static inline bool
panel_cell_has_target(const PanelCell *c)
{
	return c->target == c->target;
}

/* The mean value of a cell; without a target it stands where the gap would. */
static inline double
panel_cell_value(const PanelCell *c)
{
	return c->gap.mean + (panel_cell_has_target(c) ? c->target : 0);
}

/* The numbers of a cell by which a stored panel is kept, the doubles first. */
typedef enum PanelNumber
{
	PANEL_N,
	PANEL_WEIGHT,
	PANEL_MEAN,
	PANEL_M2,
	PANEL_TARGET,
	PANEL_SESSIONS,
	PANEL_MINUTES,
	PANEL_PERIOD,
	PANEL_CONTACT_TYPE,
	PANEL_COACH,
	PANEL_COLUMNS
} PanelNumber;

/* That number of all cells: where the first is, and how many bytes lie from each to the next. */
typedef struct PanelColumn
{
	const char *first;
	size_t		step;
} PanelColumn;

/* What a stored panel consists of, for those who need not open it.  Cells come agent by agent. */
typedef struct PanelColumns
{
	PanelAgentKind agent_kind;
	uint32		cells;
	uint32		agents;
	const PanelAgent *agent;	/* last_cell: how many cells it has */
	const PanelText *label;
	const char *pool;
	PanelColumn column[PANEL_COLUMNS];
	bool		has_dose;		/* false: no sessions and no minutes */
} PanelColumns;

/* One of the doubles. */
static inline double
panel_number(const PanelColumns *p, PanelNumber number, uint32 cell)
{
	return *(const double *) (p->column[number].first + cell * p->column[number].step);
}

/* The panel in a datum, which is stored in the current memory context if it is not yet. */
extern PanelColumns panel_columns(Datum datum);

/* The panel in a datum: as it is in working form, else opened in the current memory context. */
extern Panel *panel_open(Datum datum);

/* What a datum may hold: the stored form of a canonical panel, a working one as it is. */
extern void *panel_stored(const Panel *p);

/* An empty working panel, in the current memory context. */
extern Panel *panel_create(PanelAgentKind kind);

/*
 * A panel of the same content that may be changed in place: p itself when it is
 * in working form, otherwise a copy in the current memory context.
 */
extern Panel *panel_working(Panel *p);

/*
 * Add one row.  p must be in working form.  Returns p, or a larger copy in the
 * current memory context when p was full (p is then stale, and not freed).
 * Errors: a value that is not finite, a panel beyond the size limit.
 */
extern Panel *panel_add(Panel *p, const PanelRow *row);

/* Add every cell of `from` to `into` (working form); returns as panel_add does. */
extern Panel *panel_merge(Panel *into, const Panel *from);

/* The same with periods, contact types and coaches left out: one cell an agent, and one more without target. */
extern Panel *panel_merge_agents(Panel *into, const PanelColumns *from);

/* Whether `keep` says so for a cell. */
typedef bool (*PanelKeep) (const Panel *p, const PanelCell *c, const void *arg);

/*
 * The canonical panel of the cells that `keep` wants (all of them when NULL), in
 * the current memory context.  Agents and labels without a cell are left out.
 */
extern Panel *panel_select(const Panel *p, PanelKeep keep, const void *arg);

/* p itself if it is canonical, else its canonical copy. */
extern const Panel *panel_canonical(const Panel *p);

/* Building a panel from outside: the number of an agent, a label, a cell (`added` tells whether it is new). */
extern int32 panel_put_agent(Panel **p, const PanelRow *row, bool *added);
extern int32 panel_put_label(Panel **p, PanelString text, bool *added);
extern uint32 panel_put_cell(Panel **p, const PanelCell *key, bool *added);

/*
 * The moments of the gap of each agent, pooled over the cells that have a target,
 * and the mean target of each; both arrays have room for p->agents.  Agents
 * without such a cell are left out.  Returns how many there are.
 */
extern uint32 panel_agent_gaps(const Panel *p, CdMoments *gaps, double *targets);

/* Bytewise order of two strings. */
extern int	panel_compare_text(PanelString a, PanelString b);

#endif							/* PANEL_PANEL_H */
