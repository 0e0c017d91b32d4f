/*
 * test_alignment.c: traces against documented processes.
 */
#include "close.h"

#include <stdlib.h>

#include "stats/alignment.h"

#define MAX_STEPS 8

/* A sequence of steps 0, 1, ... as a model. */
static uint32_t sequence_from[MAX_STEPS];
static uint32_t sequence_to[MAX_STEPS];
static bool sequence_last[MAX_STEPS + 1];

static CdModel
sequence(uint32_t steps)
{
	CdModel		model = {steps, steps, sequence_from, sequence_to, sequence_last};

	for (uint32_t i = 0; i < steps; i++)
	{
		sequence_from[i] = i == 0 ? steps : i - 1;
		sequence_to[i] = i;
		sequence_last[i] = i == steps - 1;
	}
	sequence_last[steps] = false;
	return model;
}

/* Align in an arena of just the size that is announced. */
static CdStatus
align(const CdModel *model, const uint32_t *trace, size_t events, CdAlignment *a, CdArena *arena)
{
	arena->size = cd_align_size(model, events);
	arena->base = malloc(arena->size);
	arena->used = 0;
	assert_non_null(arena->base);
	return cd_align(model, trace, events, arena, a);
}

static size_t
count_moves(const CdAlignment *a, CdMoveKind kind)
{
	size_t		n = 0;

	for (size_t i = 0; i < a->n_moves; i++)
		n += a->moves[i].kind == kind;
	return n;
}

/* Longest common subsequence with 0, 1, ..., steps - 1. */
static uint32_t
lcs(const uint32_t *trace, size_t events, uint32_t steps)
{
	uint32_t	best[MAX_STEPS + 1] = {0};

	for (size_t i = 0; i < events; i++)
	{
		uint32_t	diagonal = 0;

		for (uint32_t j = 1; j <= steps; j++)
		{
			uint32_t	above = best[j];

			best[j] = trace[i] == j - 1 ? diagonal + 1 : above > best[j - 1] ? above : best[j - 1];
			diagonal = above;
		}
	}
	return best[steps];
}

/* Against a sequence the cost is len + len - 2 LCS, and the moves replay the trace. */
static void
sequences_follow_the_lcs(void **state)
{
	uint32_t	trace[12];
	uint64_t	seed = 1;

	(void) state;
	for (int round = 0; round < 2000; round++)
	{
		uint32_t	steps = 1 + round % MAX_STEPS;
		size_t		events = round % 13;
		CdModel		model = sequence(steps);
		CdAlignment a;
		CdArena		arena;
		size_t		event = 0;

		for (size_t i = 0; i < events; i++)
		{
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			trace[i] = (seed >> 33) % (steps + 1);
			if (trace[i] == steps)
				trace[i] = CD_NO_STEP;
		}
		assert_ok(align(&model, trace, events, &a, &arena));
		assert_int_equal(a.shortest, steps);
		assert_int_equal(a.cost, events + steps - 2 * lcs(trace, events, steps));
		assert_close(a.fitness, 1.0 - (double) a.cost / (double) (events + steps), 1e-15);
		assert_int_equal(a.cost, count_moves(&a, CD_MOVE_TRACE) + count_moves(&a, CD_MOVE_MODEL));
		for (size_t i = 0; i < a.n_moves; i++)
		{
			assert_int_equal(a.moves[i].event, event);
			if (a.moves[i].kind == CD_MOVE_BOTH)
				assert_int_equal(a.moves[i].step, trace[event]);
			event += a.moves[i].kind != CD_MOVE_MODEL;
		}
		assert_int_equal(event, events);
		free(arena.base);
	}
}

/* 0, then 1 or 2, and from 2 back to 0 as often as it takes; it ends after 1. */
static void
branches_and_loops_are_free(void **state)
{
	const uint32_t from[] = {3, 0, 0, 2};
	const uint32_t to[] = {0, 1, 2, 0};
	const bool	last[] = {false, true, false, false};
	const CdModel model = {3, 4, from, to, last};
	const uint32_t loop[] = {0, 2, 0, 2, 0, 1};
	const uint32_t broken[] = {0, 2, 1};
	CdAlignment a;
	CdArena		arena;

	(void) state;
	assert_ok(align(&model, loop, 6, &a, &arena));
	assert_int_equal(a.cost, 0);
	assert_int_equal(a.shortest, 2);
	assert_close(a.fitness, 1.0, 0);
	free(arena.base);

	assert_ok(align(&model, broken, 3, &a, &arena));
	assert_int_equal(a.cost, 1);
	assert_close(a.fitness, 0.8, 1e-15);
	free(arena.base);
}

/* Where 0 and 1 alternate, each 0 after a 0 is an event too many or a 1 skipped. */
static void
repeats_in_a_loop(void **state)
{
	const uint32_t from[] = {1, 0, 2};
	const uint32_t to[] = {0, 1, 0};
	const bool	last[] = {true, true, false};
	const CdModel model = {2, 3, from, to, last};
	const uint32_t trace[20] = {0};
	CdAlignment a;
	CdArena		arena;

	(void) state;
	assert_ok(align(&model, trace, 20, &a, &arena));
	assert_int_equal(a.cost, 19);
	assert_int_equal(count_moves(&a, CD_MOVE_MODEL) + count_moves(&a, CD_MOVE_TRACE), 19);
	assert_int_equal(count_moves(&a, CD_MOVE_BOTH) + count_moves(&a, CD_MOVE_TRACE), 20);
	free(arena.base);
}

/* No way from the start to an end; a model without steps; an arena too small. */
static void
degenerate_models(void **state)
{
	const uint32_t from[] = {2};
	const uint32_t to[] = {0};
	const bool	last[] = {false, true, false};
	const bool	at_once[] = {true};
	const CdModel dead_end = {2, 1, from, to, last};
	const CdModel empty = {0, 0, NULL, NULL, at_once};
	const uint32_t trace[] = {CD_NO_STEP, CD_NO_STEP};
	CdAlignment a;
	CdArena		arena;

	(void) state;
	assert_int_equal(align(&dead_end, trace, 2, &a, &arena), CD_BAD_INPUT);
	arena.size--;
	arena.used = 0;
	assert_int_equal(cd_align(&dead_end, trace, 2, &arena, &a), CD_NOMEM);
	free(arena.base);

	assert_ok(align(&empty, trace, 2, &a, &arena));
	assert_int_equal(a.cost, 2);
	assert_close(a.fitness, 0.0, 0);
	free(arena.base);
	assert_ok(align(&empty, trace, 0, &a, &arena));
	assert_close(a.fitness, 1.0, 0);
	free(arena.base);
	assert_int_equal(cd_align_size(&dead_end, SIZE_MAX / 4), SIZE_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences_follow_the_lcs),
		cmocka_unit_test(branches_and_loops_are_free),
		cmocka_unit_test(repeats_in_a_loop),
		cmocka_unit_test(degenerate_models),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
