/*
 * alignment.h: the cheapest explanation of a trace of steps by a documented
 * process, a graph of steps (Adriansyah, van Dongen & van der Aalst 2011).
 */
#ifndef CD_ALIGNMENT_H
#define CD_ALIGNMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/arena.h"
#include "stats/status.h"

/* An event whose step the model does not know. */
#define CD_NO_STEP UINT32_MAX

/* Steps are numbered from 0; number `steps` is where the process begins. */
typedef struct CdModel
{
	uint32_t	steps;
	size_t		edges;
	const uint32_t *from;		/* edges: a step, or `steps` */
	const uint32_t *to;
	const bool *last;			/* of steps + 1: whether the process may end there */
} CdModel;

typedef enum CdMoveKind
{
	CD_MOVE_BOTH,				/* the trace does what the model says */
	CD_MOVE_TRACE,				/* an event that the model has no place for */
	CD_MOVE_MODEL				/* a step that the trace skips */
} CdMoveKind;

typedef struct CdMove
{
	CdMoveKind	kind;
	uint32_t	step;			/* of the model; CD_NO_STEP for CD_MOVE_TRACE */
	size_t		event;			/* of the trace, from 0; the next one for CD_MOVE_MODEL */
} CdMove;

typedef struct CdAlignment
{
	uint32_t	cost;			/* events inserted + steps skipped: the least possible */
	uint32_t	shortest;		/* steps of the shortest way through the model */
	double		fitness;		/* 1 - cost / (events + shortest) */
	CdMove	   *moves;			/* in order, in the arena */
	size_t		n_moves;
} CdAlignment;

/* Bytes of arena that cd_align needs; SIZE_MAX when there is no such size. */
size_t		cd_align_size(const CdModel *model, size_t events);

/*
 * Align a trace (steps by number, or CD_NO_STEP).  Of explanations that cost the
 * same, one is chosen by the order of the edges alone.
 * CD_BAD_INPUT: no way leads through the model.
 */
CdStatus	cd_align(const CdModel *model, const uint32_t *trace, size_t events, CdArena *arena, CdAlignment *out);

#endif
