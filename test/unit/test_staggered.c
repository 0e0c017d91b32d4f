/*
 * test_staggered.c: effects by group and time on small panels that can be worked by hand,
 * and their standard errors against numerical derivatives.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "stats/staggered.h"

#define UNITS 9
#define PERIODS 4

/* Two units start at 2, two at 3, one at 4, three never; the last is treated throughout. */
static const double time_of[PERIODS] = {1, 2, 3, 4};
static const double start_of[UNITS] = {2, 2, 3, 3, 4, INFINITY, INFINITY, INFINITY, 1};
static const double outcome_of[UNITS * PERIODS] = {
	1, 4, 5, 7,
	2, 6, 8, 7,
	3, 3, 7, 9,
	1, 2, 6, 5,
	5, 4, 6, 9,
	2, 3, 3, 4,
	4, 4, 6, 5,
	0, 2, 3, 3,
	9, 9, 9, 9
};

typedef struct Fixture
{
	double		start[UNITS];
	double		outcome[UNITS * PERIODS];
	double		weight[UNITS];
	size_t		cluster[UNITS];
	CdStaggeredPanel panel;
	CdStaggeredOptions options;
	CdArena		arena;
	CdStaggered fit;
} Fixture;

static void
set_up(Fixture *f, CdControl control, CdBase base)
{
	memcpy(f->start, start_of, sizeof(start_of));
	memcpy(f->outcome, outcome_of, sizeof(outcome_of));
	for (int i = 0; i < UNITS; i++)
		f->weight[i] = 1.0;
	f->panel = (CdStaggeredPanel) {
		.units = UNITS, .periods = PERIODS, .time = time_of, .start = f->start,
		.outcome = f->outcome, .weight = f->weight
	};
	f->options = (CdStaggeredOptions) {.control = control, .base = base};
	f->arena = (CdArena) {0};
}

static void
tear_down(Fixture *f)
{
	free(f->arena.base);
	f->arena = (CdArena) {0};
}

static CdStatus
estimate(Fixture *f)
{
	free(f->arena.base);
	f->arena = (CdArena) {.size = cd_staggered_size(&f->panel)};
	f->arena.base = malloc(f->arena.size);
	return cd_staggered(&f->panel, &f->options, &f->arena, &f->fit);
}

static const CdGroupTime *
cell(const Fixture *f, double group, double time)
{
	for (size_t c = 0; c < f->fit.cells; c++)
		if (f->fit.cell[c].group == group && f->fit.cell[c].time == time)
			return &f->fit.cell[c];
	fail_msg("no effect on group %g at %g", group, time);
	return NULL;
}

/* Overall effect; its influence values when asked for. */
static double
overall(const Fixture *f, CdAggregation type, double *se, double *influence)
{
	CdAggregateOptions options = {.type = type, .balance = NAN, .from = -INFINITY, .to = INFINITY};
	CdArena		arena = {.size = cd_staggered_aggregate_size(&f->fit, type)};
	CdAggregate aggregate;

	arena.base = malloc(arena.size);
	assert_ok(cd_staggered_aggregate(&f->fit, &options, &arena, &aggregate));
	if (se != NULL)
		*se = aggregate.se;
	if (influence != NULL)
		memcpy(influence, aggregate.influence, f->fit.n * sizeof(double));
	free(arena.base);
	return aggregate.effect;
}

/* Never-treated controls, last period before the start as base. */
static void
never_treated(void **state)
{
	Fixture		f;

	(void) state;
	set_up(&f, CD_CONTROL_NEVER, CD_BASE_VARYING);
	assert_ok(estimate(&f));
	assert_int_equal(f.fit.n, 8);
	assert_int_equal(f.fit.groups, 3);
	assert_int_equal(f.fit.cells, 9);
	/* (3 + 4) / 2 - (1 + 0 + 2) / 3 */
	assert_close(cell(&f, 2, 2)->effect, 2.5, 1e-14);
	assert_close(cell(&f, 2, 3)->effect, 5.0 - 2.0, 1e-14);
	assert_close(cell(&f, 3, 2)->effect, 0.5 - 1.0, 1e-14);
	assert_close(cell(&f, 3, 3)->effect, 4.0 - 1.0, 1e-14);
	assert_close(cell(&f, 4, 3)->effect, 2.0 - 1.0, 1e-14);
	/* squared deviations 1/2 over 2^2, 2 over 3^2 */
	assert_close(cell(&f, 2, 2)->se, sqrt(0.5 / 4.0 + 2.0 / 9.0), 1e-14);
	assert_int_equal(cell(&f, 2, 2)->treated, 2);
	assert_int_equal(cell(&f, 2, 2)->control, 3);
	tear_down(&f);
}

/* Units that start later serve until they start. */
static void
not_yet_treated(void **state)
{
	Fixture		f;

	(void) state;
	set_up(&f, CD_CONTROL_NOT_YET, CD_BASE_VARYING);
	assert_ok(estimate(&f));
	/* changes of the controls from 1 to 2: 0 1 -1 1 0 2 */
	assert_close(cell(&f, 2, 2)->effect, 3.5 - 0.5, 1e-14);
	assert_int_equal(cell(&f, 2, 2)->control, 6);
	/* from 1 to 3: 1 1 2 3 over those not started at 3 */
	assert_close(cell(&f, 2, 3)->effect, 5.0 - 7.0 / 4.0, 1e-14);
	assert_int_equal(cell(&f, 2, 4)->control, 3);
	f.options.anticipation = 1.0;
	assert_ok(estimate(&f));
	assert_int_equal(f.fit.groups, 2);
	assert_close(cell(&f, 3, 3)->base, 1.0, 0.0);
	assert_int_equal(cell(&f, 3, 3)->control, 3);
	tear_down(&f);
}

/* The universal base is an effect of 0 without a standard error. */
static void
universal_base(void **state)
{
	Fixture		f;

	(void) state;
	set_up(&f, CD_CONTROL_NEVER, CD_BASE_UNIVERSAL);
	assert_ok(estimate(&f));
	assert_int_equal(f.fit.cells, 12);
	assert_true(cell(&f, 4, 3)->effect == 0.0);
	assert_nan(cell(&f, 4, 3)->se);
	assert_close(cell(&f, 4, 1)->effect, -1.0 - (-2.0), 1e-14);
	tear_down(&f);
}

/* Nobody never treated: the last group is the control, its own periods are left out. */
static void
everybody_treated(void **state)
{
	Fixture		f;

	(void) state;
	set_up(&f, CD_CONTROL_NOT_YET, CD_BASE_VARYING);
	f.start[5] = f.start[6] = f.start[7] = 4.0;
	assert_ok(estimate(&f));
	assert_int_equal(f.fit.groups, 2);
	assert_int_equal(f.fit.periods, 3);
	assert_close(cell(&f, 3, 3)->effect, 4.0 - 1.25, 1e-14);
	f.options.control = CD_CONTROL_NEVER;
	assert_int_equal(estimate(&f), CD_TOO_FEW);
	tear_down(&f);
}

/* Averages over the effects after the start. */
static void
aggregates(void **state)
{
	CdAggregateOptions options = {.type = CD_AGGREGATE_DYNAMIC, .balance = NAN, .from = -INFINITY, .to = INFINITY};
	Fixture		f;
	CdArena		arena;
	CdAggregate dynamic;
	double		e22;
	double		e23;
	double		e24;
	double		e33;
	double		e34;
	double		e44;

	(void) state;
	set_up(&f, CD_CONTROL_NEVER, CD_BASE_VARYING);
	assert_ok(estimate(&f));
	e22 = cell(&f, 2, 2)->effect;
	e23 = cell(&f, 2, 3)->effect;
	e24 = cell(&f, 2, 4)->effect;
	e33 = cell(&f, 3, 3)->effect;
	e34 = cell(&f, 3, 4)->effect;
	e44 = cell(&f, 4, 4)->effect;
	assert_close(overall(&f, CD_AGGREGATE_SIMPLE, NULL, NULL),
				 (2 * (e22 + e23 + e24) + 2 * (e33 + e34) + e44) / 11, 1e-14);
	assert_close(overall(&f, CD_AGGREGATE_GROUP, NULL, NULL),
				 (2 * (e22 + e23 + e24) / 3 + 2 * (e33 + e34) / 2 + e44) / 5, 1e-14);
	assert_close(overall(&f, CD_AGGREGATE_CALENDAR, NULL, NULL),
				 (e22 + (e23 + e33) / 2 + (2 * e24 + 2 * e34 + e44) / 5) / 3, 1e-14);
	arena = (CdArena) {.size = cd_staggered_aggregate_size(&f.fit, CD_AGGREGATE_DYNAMIC)};
	arena.base = malloc(arena.size);
	assert_ok(cd_staggered_aggregate(&f.fit, &options, &arena, &dynamic));
	assert_int_equal(dynamic.rows, 5);
	assert_close(dynamic.row[0].key, -2.0, 0.0);
	assert_close(dynamic.row[2].effect, (2 * e22 + 2 * e33 + e44) / 5, 1e-14);
	assert_close(dynamic.row[4].effect, e24, 1e-14);
	assert_close(dynamic.row[4].se, cell(&f, 2, 4)->se, 1e-12);
	arena.used = 0;
	options.balance = 1.0;
	assert_ok(cd_staggered_aggregate(&f.fit, &options, &arena, &dynamic));
	assert_close(dynamic.row[dynamic.rows - 1].key, 1.0, 0.0);
	assert_close(dynamic.row[dynamic.rows - 2].effect, (e22 + e33) / 2, 1e-14);
	free(arena.base);
	tear_down(&f);
}

/* Influence on every aggregate is what a little more weight on the unit does to it. */
static void
influence_is_derivative(void **state)
{
	const CdAggregation types[] = {
		CD_AGGREGATE_SIMPLE, CD_AGGREGATE_GROUP, CD_AGGREGATE_CALENDAR, CD_AGGREGATE_DYNAMIC
	};
	const double step = 1e-5;
	Fixture		f;

	(void) state;
	set_up(&f, CD_CONTROL_NOT_YET, CD_BASE_VARYING);
	for (int t = 0; t < 4; t++)
	{
		double		influence[UNITS];
		double		se;
		double		sum = 0.0;

		assert_ok(estimate(&f));
		overall(&f, types[t], &se, influence);
		for (int i = 0; i < 8; i++)
		{
			double		up;
			double		down;

			f.weight[i] = 1.0 + step;
			assert_ok(estimate(&f));
			up = overall(&f, types[t], NULL, NULL);
			f.weight[i] = 1.0 - step;
			assert_ok(estimate(&f));
			down = overall(&f, types[t], NULL, NULL);
			f.weight[i] = 1.0;
			assert_true(fabs((up - down) * 8.0 / (2.0 * step) - influence[i]) < 1e-6);
			sum += influence[i] * influence[i];
		}
		assert_close(se, sqrt(sum) / 8.0, 1e-12);
	}
	tear_down(&f);
}

/* A missing outcome is left out of its own comparisons only. */
static void
missing(void **state)
{
	Fixture		f;

	(void) state;
	set_up(&f, CD_CONTROL_NEVER, CD_BASE_VARYING);
	f.outcome[0 * PERIODS + 2] = NAN;
	f.outcome[5 * PERIODS + 1] = NAN;
	assert_ok(estimate(&f));
	assert_close(cell(&f, 2, 2)->effect, 3.5 - 1.0, 1e-14);
	assert_close(cell(&f, 2, 3)->effect, 6.0 - 2.0, 1e-14);
	assert_close(cell(&f, 2, 4)->effect, 5.5 - 2.0, 1e-14);
	f.outcome[1 * PERIODS + 2] = NAN;
	assert_ok(estimate(&f));
	assert_nan(cell(&f, 2, 3)->effect);
	assert_true(isfinite(overall(&f, CD_AGGREGATE_SIMPLE, NULL, NULL)));
	tear_down(&f);
}

/* Clusters: every unit doubled, each pair a cluster, gives back the standard error of one. */
static void
clusters(void **state)
{
	double		start[2 * UNITS];
	double		outcome[2 * UNITS * PERIODS];
	size_t		cluster[2 * UNITS];
	Fixture		f;
	double		se;
	double		doubled;

	(void) state;
	set_up(&f, CD_CONTROL_NEVER, CD_BASE_VARYING);
	assert_ok(estimate(&f));
	overall(&f, CD_AGGREGATE_SIMPLE, &se, NULL);
	for (size_t i = 0; i < 2 * UNITS; i++)
	{
		start[i] = f.start[i / 2];
		cluster[i] = i / 2;
		memcpy(&outcome[i * PERIODS], &f.outcome[i / 2 * PERIODS], PERIODS * sizeof(double));
	}
	f.panel = (CdStaggeredPanel) {
		.units = 2 * UNITS, .periods = PERIODS, .time = time_of, .start = start, .outcome = outcome,
		.cluster = cluster
	};
	assert_ok(estimate(&f));
	overall(&f, CD_AGGREGATE_SIMPLE, &doubled, NULL);
	assert_close(doubled, se, 1e-12);
	tear_down(&f);
}

/* Effects before the start, tested together. */
static void
pretest(void **state)
{
	Fixture		f;
	CdArena		arena;
	double		chisq;
	double		df;
	double		p;

	(void) state;
	set_up(&f, CD_CONTROL_NEVER, CD_BASE_VARYING);
	for (int i = 0; i < UNITS; i++)
		if (f.start[i] == 4.0)
			f.start[i] = INFINITY;
	assert_ok(estimate(&f));
	arena = (CdArena) {.size = cd_staggered_pretest_size(&f.fit)};
	arena.base = malloc(arena.size);
	assert_ok(cd_staggered_pretest(&f.fit, &arena, &chisq, &df, &p));
	assert_close(df, 1.0, 0.0);
	assert_close(chisq, pow(cell(&f, 3, 2)->effect / cell(&f, 3, 2)->se, 2.0), 1e-12);
	assert_close(p, erfc(sqrt(chisq / 2.0)), 1e-12);
	assert_int_equal(arena.used, 0);
	free(arena.base);
	tear_down(&f);
}

/* What cannot be answered is said. */
static void
refusals(void **state)
{
	Fixture		f;

	(void) state;
	set_up(&f, CD_CONTROL_NEVER, CD_BASE_VARYING);
	for (int i = 0; i < UNITS; i++)
		f.start[i] = INFINITY;
	assert_int_equal(estimate(&f), CD_TOO_FEW);
	tear_down(&f);
	set_up(&f, CD_CONTROL_NEVER, CD_BASE_VARYING);
	f.outcome[3] = INFINITY;
	assert_int_equal(estimate(&f), CD_BAD_INPUT);
	f.outcome[3] = 1.0;
	f.start[2] = NAN;
	assert_int_equal(estimate(&f), CD_BAD_INPUT);
	f.start[2] = 3.0;
	f.arena.size /= 2;
	f.arena.used = 0;
	assert_int_equal(cd_staggered(&f.panel, &f.options, &f.arena, &f.fit), CD_NOMEM);
	tear_down(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_treated),
		cmocka_unit_test(not_yet_treated),
		cmocka_unit_test(universal_base),
		cmocka_unit_test(everybody_treated),
		cmocka_unit_test(aggregates),
		cmocka_unit_test(influence_is_derivative),
		cmocka_unit_test(missing),
		cmocka_unit_test(clusters),
		cmocka_unit_test(pretest),
		cmocka_unit_test(refusals),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
