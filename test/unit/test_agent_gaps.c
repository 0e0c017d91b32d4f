/*
 * test_agent_gaps.c: agents against their team mates in the same blocks.
 */
#include "close.h"

#include "stats/agent_gaps.h"

#define AGENTS 3
#define BLOCKS 4

/* Agents at 0, 3 and 6, blocks that move everybody, and an error for each. */
static const double error_of[AGENTS][BLOCKS] = {{1, -1, 1, -1}, {-1, 1, -1, 1}, {0, 0, 0, 0}};

static size_t
fill(CdAgentBlock *block, double volume)
{
	size_t		n = 0;

	for (int a = 0; a < AGENTS; a++)
		for (int b = 0; b < BLOCKS; b++)
			block[n++] = (CdAgentBlock) {a, b, volume, 3.0 * a + 10.0 * b + error_of[a][b]};
	return n;
}

/* By hand: own means -3, 0, 3; squares 8 over 12 - 3 - 4 + 1 = 6 degrees of freedom. */
static void
by_hand(void **state)
{
	CdAgentBlock block[AGENTS * BLOCKS];
	CdAgentOwn	own[AGENTS];
	double		mean[2 * BLOCKS];

	(void) state;
	cd_agent_own_gaps(block, fill(block, 7.0), AGENTS, BLOCKS, mean, own);
	for (int a = 0; a < AGENTS; a++)
	{
		assert_close(own[a].own, 3.0 * (a - 1), 1e-14);
		assert_close(own[a].se, sqrt(8.0 / 4.0 / BLOCKS), 1e-14);
		assert_int_equal(own[a].blocks, BLOCKS);
	}
}

/* Volume counts by half of what it would: twice the mean weighs 2 / (1 + 1/2). */
static void
volume(void **state)
{
	CdAgentBlock block[3] = {{0, 0, 1.0, 4.0}, {1, 0, 1.0, 4.0}, {2, 0, 4.0, 0.0}};
	CdAgentOwn	own[3];
	double		mean[2];
	double		team = (4.0 * 2.0 / 3.0 * 2.0) / (2.0 / 3.0 * 2.0 + 4.0 / 3.0);

	(void) state;
	cd_agent_own_gaps(block, 3, 3, 1, mean, own);
	assert_close(own[0].own, 4.0 - team, 1e-14);
	assert_close(own[2].own, -team, 1e-14);
	assert_true(isnan(own[0].se));
}

/* Who was never seen has nothing of an own; too few, or nothing varies: no standard error. */
static void
degenerate(void **state)
{
	CdAgentBlock block[AGENTS * BLOCKS];
	CdAgentOwn	own[AGENTS + 1];
	double		mean[2 * BLOCKS];
	size_t		n = fill(block, 1.0);

	(void) state;
	cd_agent_own_gaps(block, n, AGENTS + 1, BLOCKS, mean, own);
	assert_true(isnan(own[AGENTS].own) && isnan(own[AGENTS].se));
	assert_int_equal(own[AGENTS].blocks, 0);
	n = fill(block, 1.0);
	cd_agent_own_gaps(block, n - BLOCKS, AGENTS, BLOCKS, mean, own);
	assert_true(isnan(own[0].se) && !isnan(own[0].own));
	for (size_t i = 0; i < n; i++)
		block[i] = (CdAgentBlock) {(int) i / BLOCKS, (int) i % BLOCKS, 1.0, 5.0};
	cd_agent_own_gaps(block, n, AGENTS, BLOCKS, mean, own);
	assert_true(isnan(own[0].se) && own[0].own == 0.0);
	cd_agent_own_gaps(block, 0, AGENTS, 0, NULL, own);
	assert_true(isnan(own[0].own));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(volume),
		cmocka_unit_test(degenerate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
