/*
 * test_learning.c: what tenure adds, against weighted least squares in R, and where there is nothing to learn from.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "stats/learning.h"

#define PERIODS 30
#define ROWS_MAX (3 * 6 * PERIODS)

/* Three teams of six; three agents of each were there long before, the others join. Noise: how much of a jitter. */
static size_t
make_rows(double quick, double slow, double noise, CdEffectRow *rows)
{
	size_t		n = 0;

	for (int t = 0; t < 3; t++)
		for (int a = 0; a < 6; a++)
		{
			int			hired = a < 3 ? -100 - 10 * a : (a - 3) * 6 + 2 * t;

			for (int p = hired < 0 ? 0 : hired; p < PERIODS; p++)
			{
				CdEffectRow *r = &rows[n];

				if ((p + a + t) % 7 == 3)
					continue;
				*r = (CdEffectRow) {.team = t, .agent = a, .period = p, .tenure = p - hired, .weight = 1 + (p * 3 + a) % 5};
				r->value = 10 + t + 0.7 * a + sin(p / 4.0 + t) + quick * exp(-r->tenure / 6) + slow * exp(-r->tenure / 20)
					+ noise * sin(2.3 * p * (1 + a % 3) + 11.3 * a + 5.1 * t);
				n++;
			}
		}
	return n;
}

static CdLearning
learn(const CdEffectRow *rows, size_t n)
{
	int32_t		place[PERIODS];
	size_t		places = cd_learning_places(rows, n, PERIODS, place);
	CdArena		arena = {.size = cd_learning_size(n, places)};
	CdLearning	out;

	arena.base = malloc(arena.size);
	assert_ok(cd_learning(rows, n, place, places, &arena, &out));
	free(arena.base);
	return out;
}

/* lm(value ~ agent + team:period + quick + slow, weights = w), pulled by 1 - 1 / F with agents as clusters. */
static void
as_least_squares(void **state)
{
	CdEffectRow rows[ROWS_MAX];
	size_t		n = make_rows(-2, -3, 0.4, rows);
	CdLearning	curve = learn(rows, n);

	(void) state;
	assert_int_equal(n, 397);
	assert_close(curve.quick, -1.64093203380, 1e-9);
	assert_close(curve.slow, -3.21701719847, 1e-9);
}

/* Without noise the curve comes back, whatever periods and agents are missing or not observed. */
static void
exact(void **state)
{
	CdEffectRow rows[ROWS_MAX];
	size_t		n = make_rows(-2, -3, 0, rows);
	CdLearning	curve;

	(void) state;
	rows[5].value = NAN;
	rows[5].weight = 0;
	curve = learn(rows, n);
	assert_close(curve.quick, -2.0, 1e-6);
	assert_close(curve.slow, -3.0, 1e-6);
	assert_close(cd_learning_at(&curve, 6), -2 * exp(-1) - 3 * exp(-0.3), 1e-6);
	assert_true(cd_learning_at(&curve, NAN) == 0);
	assert_close(cd_learning_at(&curve, -3), curve.quick + curve.slow, 1e-12);
}

/* New hires get a session every second week of their first twelve, the others in turns; each gives 0.4, a tenth of which is lost a week. */
static void
coach(CdEffectRow *rows, size_t n)
{
	double		left = 0;

	for (size_t i = 0; i < n; i++)
	{
		CdEffectRow *r = &rows[i];
		bool		first = i == 0 || r[-1].agent != r->agent;

		left = first ? 0 : pow(0.9, r->period - r[-1].period - 1) * (0.9 * left + 0.4 * r[-1].sessions);
		r->sessions = r->tenure < 12 ? r->period % 2 : r->period % 10 == r->agent;
		r->value += left;
	}
}

/* What the sessions gave is no learning, nor does it hide any. */
static void
coached_new_hires(void **state)
{
	CdEffectRow rows[ROWS_MAX];
	size_t		n = make_rows(-2, -3, 0.4, rows);
	CdLearning	before = learn(rows, n);
	CdLearning	after;

	(void) state;
	coach(rows, n);
	after = learn(rows, n);
	for (int weeks = 0; weeks <= 24; weeks += 6)
		assert_between(cd_learning_at(&after, weeks) - cd_learning_at(&before, weeks), -0.5, 0.5);
	for (size_t i = 0; i < n; i++)
		rows[i].sessions = 1;
	after = learn(rows, n);		/* all alike: nothing to take out */
	assert_true(isfinite(after.quick) && isfinite(after.slow));
}

/* Nothing: no rows, no tenure, nobody new, too few of them; little of it where it is only noise. */
static void
nothing_to_learn_from(void **state)
{
	CdEffectRow rows[ROWS_MAX];
	size_t		n = make_rows(0, 0, 0.4, rows);
	CdLearning	curve = learn(rows, n);

	(void) state;
	assert_true(fabs(cd_learning_at(&curve, 4)) < 0.1);
	curve = learn(rows, 0);
	assert_true(curve.quick == 0 && curve.slow == 0);
	for (size_t i = 0; i < n; i++)
		rows[i].tenure = rows[i].team == 0 && rows[i].agent > 3 ? rows[i].tenure : NAN;
	curve = learn(rows, n);		/* two agents */
	assert_true(curve.quick == 0 && curve.slow == 0);
	for (size_t i = 0; i < n; i++)
		rows[i].tenure = NAN;
	curve = learn(rows, n);
	assert_true(curve.quick == 0 && curve.slow == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_least_squares),
		cmocka_unit_test(exact),
		cmocka_unit_test(coached_new_hires),
		cmocka_unit_test(nothing_to_learn_from),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
