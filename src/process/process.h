/*
 * process.h
 *		Many paths as one process: which step follows which and after how long, who
 *		hands over to whom, and the variants, as one flat varlena.
 *
 * It lives within a query: there is no way to read one in, so that what arrives
 * here was made here.
 */
#ifndef PROCESS_PROCESS_H
#define PROCESS_PROCESS_H

#include "process/path.h"
#include "stats/moments.h"

#define PROCESS_VERSION 1

/* Label before the first and after the last step. */
#define PROCESS_NO_LABEL PG_UINT32_MAX

/* Beyond so many gaps only every second one of each link is kept, then every fourth, ... */
#define PROCESS_MAX_GAPS (1 << 22)

typedef enum ProcessLinkKind
{
	PROCESS_STEPS,				/* one step directly follows another */
	PROCESS_AGENTS				/* one agent hands over to another */
} ProcessLinkKind;

typedef struct ProcessLabel
{
	uint32		offset;
	uint32		length;
} ProcessLabel;

typedef struct ProcessLink
{
	uint32		kind;
	uint32		from;			/* label, or PROCESS_NO_LABEL at the start */
	uint32		to;				/* label, or PROCESS_NO_LABEL at the end */
	uint32		passed;			/* gaps since the last one that was kept */
	int64		times;
	int64		contacts;		/* contacts that have it */
	int64		returns;		/* times it was taken straight back: from, to, from */
	int64		last_path;		/* number of the path that had it last */
	int64		gaps;			/* all of them, kept or not */
	double		gap_sum;		/* and their sum, in microseconds */
} ProcessLink;

typedef struct ProcessVariant
{
	uint32		first_code;		/* its steps: labels among the codes */
	uint32		codes;
	uint32		hash;
	uint32		unused;
	int64		contacts;
	CdMoments	value;			/* of the contacts' values */
} ProcessVariant;

/* The arrays behind the header, each with the items in use and room for more. */
typedef enum ProcessPart
{
	PROCESS_LABELS,				/* ProcessLabel */
	PROCESS_LINKS,				/* ProcessLink */
	PROCESS_VARIANTS,			/* ProcessVariant */
	PROCESS_GAPS,				/* double: microseconds between the two sides of a link */
	PROCESS_GAP_LINKS,			/* uint32: the link of each gap */
	PROCESS_CODES,				/* uint32 */
	PROCESS_POOL,				/* char */
	PROCESS_LABEL_SLOTS,		/* uint32: hash slots, entry + 1 */
	PROCESS_LINK_SLOTS,
	PROCESS_VARIANT_SLOTS,
	PROCESS_PARTS
} ProcessPart;

typedef struct Process
{
	int32		vl_len_;
	uint32		version;
	int64		paths;
	int64		events;
	int64		stride;			/* one gap in so many of each link is kept */
	uint32		used[PROCESS_PARTS];
	uint32		room[PROCESS_PARTS];
	uint64		at[PROCESS_PARTS];	/* offset from the start */
} Process;

#define PG_GETARG_PROCESS_P(n) ((Process *) PG_DETOAST_DATUM(PG_GETARG_DATUM(n)))

static inline void *
process_part(const Process *p, ProcessPart part)
{
	return (char *) p + p->at[part];
}

static inline PathLabel
process_label(const Process *p, uint32 label)
{
	const ProcessLabel *l = (ProcessLabel *) process_part(p, PROCESS_LABELS) + label;
	PathLabel	text = {(char *) process_part(p, PROCESS_POOL) + l->offset, l->length};

	return text;
}

/* An empty process, in the current memory context. */
extern Process *process_create(void);

/*
 * Add a finished path, and the value of its contact (NaN: none); returns p, or a larger copy in the current
 * memory context.  Error: beyond 1 GB.
 */
extern Process *process_add(Process *p, const Path *path, double value);

/* Add all of `from`; returns as process_add does. */
extern Process *process_merge(Process *into, const Process *from);

#endif							/* PROCESS_PROCESS_H */
