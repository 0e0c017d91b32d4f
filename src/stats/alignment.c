/*
 * alignment.c: see alignment.h.  A cell is (events explained, place in the model).
 */
#include "stats/alignment.h"

#define UNREACHED UINT32_MAX

typedef struct Cell
{
	uint32_t	cost;
	uint32_t	from;			/* place before the last move */
	CdMoveKind	kind;			/* of the last move */
} Cell;

/* At most every event, and as many skipped steps as inserting them all and skipping a whole way would cost. */
static size_t
most_moves(const CdModel *model, size_t events)
{
	return 2 * events + model->steps + 1;
}

size_t
cd_align_size(const CdModel *model, size_t events)
{
	size_t		places = (size_t) model->steps + 1;

	if (events >= SIZE_MAX / sizeof(Cell) / places - 1)
		return SIZE_MAX;
	return cd_arena_sum(cd_arena_bytes((events + 1) * places, sizeof(Cell)),
						cd_arena_bytes(most_moves(model, events), sizeof(CdMove)));
}

static bool
improve(Cell *cell, uint32_t cost, uint32_t from, CdMoveKind kind)
{
	if (cost >= cell->cost)
		return false;
	cell->cost = cost;
	cell->from = from;
	cell->kind = kind;
	return true;
}

/* Skip steps for as long as that reaches a place more cheaply. */
static void
skip_steps(const CdModel *model, Cell *row)
{
	bool		improved = true;

	while (improved)
	{
		improved = false;
		for (size_t i = 0; i < model->edges; i++)
			if (row[model->from[i]].cost != UNREACHED)
				improved |= improve(&row[model->to[i]], row[model->from[i]].cost + 1, model->from[i], CD_MOVE_MODEL);
	}
}

static void
clear(Cell *row, uint32_t steps)
{
	for (uint32_t v = 0; v <= steps; v++)
		row[v].cost = UNREACHED;
}

/* Explain one more event: by the model where it can, else as inserted. */
static void
next_event(const CdModel *model, const Cell *row, Cell *next, uint32_t step)
{
	clear(next, model->steps);
	for (size_t i = 0; i < model->edges; i++)
		if (model->to[i] == step && row[model->from[i]].cost != UNREACHED)
			improve(&next[step], row[model->from[i]].cost, model->from[i], CD_MOVE_BOTH);
	for (uint32_t v = 0; v <= model->steps; v++)
		if (row[v].cost != UNREACHED)
			improve(&next[v], row[v].cost + 1, v, CD_MOVE_TRACE);
	skip_steps(model, next);
}

/* The cheapest place where the process may end; CD_NO_STEP if none can be reached. */
static uint32_t
best_end(const CdModel *model, const Cell *row)
{
	uint32_t	best = CD_NO_STEP;

	for (uint32_t v = 0; v <= model->steps; v++)
		if (model->last[v] && row[v].cost != UNREACHED && (best == CD_NO_STEP || row[v].cost < row[best].cost))
			best = v;
	return best;
}

/* The moves that lead to a place, written from the end to the front, then moved there. */
static void
trace_back(const CdModel *model, const Cell *cells, size_t event, uint32_t place, CdAlignment *out, size_t room)
{
	CdMove	   *moves = out->moves;
	size_t		n = 0;

	while (event > 0 || place != model->steps)
	{
		const Cell *cell = &cells[event * ((size_t) model->steps + 1) + place];
		CdMove	   *move = &moves[room - ++n];

		move->kind = cell->kind;
		move->step = cell->kind == CD_MOVE_TRACE ? CD_NO_STEP : place;
		event -= cell->kind != CD_MOVE_MODEL;
		move->event = event;
		place = cell->from;
	}
	for (size_t i = 0; i < n; i++)
		moves[i] = moves[room - n + i];
	out->n_moves = n;
}

CdStatus
cd_align(const CdModel *model, const uint32_t *trace, size_t events, CdArena *arena, CdAlignment *out)
{
	size_t		places = (size_t) model->steps + 1;
	Cell	   *cells = cd_arena_take(arena, (events + 1) * places, sizeof(Cell));
	uint32_t	end;

	out->moves = cd_arena_take(arena, most_moves(model, events), sizeof(CdMove));
	if (cells == NULL || out->moves == NULL)
		return CD_NOMEM;
	clear(cells, model->steps);
	cells[model->steps].cost = 0;
	skip_steps(model, cells);
	end = best_end(model, cells);
	if (end == CD_NO_STEP)
		return CD_BAD_INPUT;
	out->shortest = cells[end].cost;

	for (size_t i = 0; i < events; i++)
	{
		if (cd_stop_requested())
			return CD_STOPPED;
		next_event(model, &cells[i * places], &cells[(i + 1) * places], trace[i]);
	}
	end = best_end(model, &cells[events * places]);
	out->cost = cells[events * places + end].cost;
	out->fitness = events + out->shortest == 0 ? 1.0 : 1.0 - (double) out->cost / ((double) events + out->shortest);
	trace_back(model, cells, events, end, out, most_moves(model, events));
	return CD_OK;
}
