/* Teams as the units that are coached: rows by hand, and what is left for team mates. */
#include "close.h"

#include "stats/effect_teams.h"

#define ROWS 7

/* Team 3: agents 1 and 2 in periods 5 to 7, a week without a value, a week without anybody; team 4: one row. */
static const CdEffectRow rows[ROWS] = {
	{3, 1, 5, 10.0, 1.0, 1.0, 12.0},
	{3, 1, 7, 11.0, 2.0, 0.0, 14.0},
	{3, 2, 5, 4.0, 3.0, 0.0, NAN},
	{3, 2, 7, 8.0, 2.0, 0.0, NAN},
	{3, 2, 8, NAN, 0.0, 1.0, NAN},
	{4, 1, 5, 1.0, 1.0, 0.0, NAN},
	{4, 9, 5, 2.0, 1.0, 1.0, NAN}
};

static size_t
gather(const CdLearning *learning, CdEffectRow *out)
{
	char		memory[1024] __attribute__((aligned(16)));
	CdArena		arena = {memory, sizeof(memory), 0};
	size_t		count;

	assert_true(cd_effect_team_rows_size(4) <= sizeof(memory));
	assert_int_equal(cd_effect_team_rows(rows, ROWS, learning, &arena, out, &count), CD_OK);
	assert_int_equal(arena.used, 0);
	return count;
}

static void
rows_of_teams(void **state)
{
	const CdLearning none = {0.0, 0.0};
	CdEffectRow out[ROWS];

	(void) state;
	assert_int_equal(gather(&none, out), 4);
	for (int i = 0; i < 4; i++)
	{
		assert_int_equal(out[i].team, 0);
		assert_int_equal(out[i].agent, i < 3 ? 3 : 4);
		assert_true(isnan(out[i].tenure));
	}
	assert_int_equal(out[0].period, 5);
	assert_close(out[0].value, 5.5, 1e-12);	/* (10 + 3 * 4) / 4 */
	assert_close(out[0].weight, 4.0, 0.0);
	assert_close(out[0].sessions, 0.5, 0.0);
	assert_int_equal(out[1].period, 7);
	assert_close(out[1].value, 9.5, 1e-12);
	assert_int_equal(out[2].period, 8);
	assert_true(isnan(out[2].value));
	assert_close(out[2].sessions, 1.0, 0.0);
	assert_close(out[3].value, 1.5, 1e-12);
	assert_close(out[3].sessions, 0.5, 0.0);
}

static void
learning_is_taken_out(void **state)
{
	const CdLearning slow = {0.0, -2.0};
	CdEffectRow out[ROWS];

	(void) state;
	gather(&slow, out);
	assert_close(out[0].value, 5.5 + 2.0 * exp(-12.0 / 20.0) / 4.0, 1e-12);
	assert_close(out[3].value, 1.5, 1e-12);
}

static void
no_rows(void **state)
{
	const CdLearning none = {0.0, 0.0};
	char		memory[16] __attribute__((aligned(16)));
	CdArena		arena = {memory, 0, 0};
	CdEffectRow out[ROWS];
	size_t		count;

	(void) state;
	assert_int_equal(cd_effect_team_rows(NULL, 0, &none, &arena, NULL, &count), CD_TOO_FEW);
	assert_int_equal(count, 0);
	assert_int_equal(cd_effect_team_rows(rows, ROWS, &none, &arena, out, &count), CD_NOMEM);
}

/* With 11 degrees of freedom, by R: qt(0.975, 11) is 2.20098516008, 2 * pt(-2.5, 11) is 0.02950637. */
static void
what_team_mates_gain(void **state)
{
	const CdEffect between = {.effect = 2.5, .sd = 0.6, .df = 11.0};
	const CdEffect within = {.effect = 0.0, .sd = 0.8};
	const CdEffect unknown = {.effect = NAN, .sd = NAN};
	CdSpillover s = cd_spillover(&between, &within, 0.95);

	(void) state;
	assert_close(s.effect, 2.5, 1e-12);
	assert_close(s.low, 2.5 - 2.20098516008, 1e-9);
	assert_close(s.high, 2.5 + 2.20098516008, 1e-9);
	assert_close(s.p, 0.02950637, 1e-6);
	assert_true(isnan(cd_spillover(&unknown, &within, 0.95).effect));
	assert_true(isnan(cd_spillover(&between, &unknown, 0.95).low));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_teams),
		cmocka_unit_test(learning_is_taken_out),
		cmocka_unit_test(no_rows),
		cmocka_unit_test(what_team_mates_gain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
