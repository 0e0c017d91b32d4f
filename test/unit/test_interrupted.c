/*
 * test_interrupted.c: regression on a series, and a change of process in simulated teams.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "stats/interrupted.h"
#include "stats/intervention.h"

#define N 60
#define ROWS 40000
#define TEAMS 24

static CdArena
arena_of(size_t size)
{
	return (CdArena) {.base = malloc(size), .size = size};
}

static CdArena
series_arena(const CdSeries *s)
{
	return arena_of(2 * cd_series_size(s->n, s->columns));
}

/* By hand: y = 1 3 2 5 4 on 1, t: b = 0.6 + 0.8 t, rss 3.6. */
static void
least_squares(void **state)
{
	const double y[] = {1, 3, 2, 5, 4};
	const double x[] = {1, 1, 1, 2, 1, 3, 1, 4, 1, 5};
	CdSeries	s = {.n = 5, .columns = 2, .y = y, .x = x};
	CdArena		arena = series_arena(&s);
	CdSeriesFit fit;
	double		covariance[4];
	double		lm;

	(void) state;
	assert_ok(cd_series_ols(&s, &arena, &fit));
	assert_close(fit.coefficient[0], 0.6, 1e-13);
	assert_close(fit.coefficient[1], 0.8, 1e-13);
	assert_close(fit.rss, 3.6, 1e-13);
	assert_close(fit.covariance[3], 3.6 / 3.0 / 10.0, 1e-13);
	/* residuals -0.4 0.8 -1 1.2 -0.6 */
	assert_close(cd_durbin_watson(&fit, 5), (1.44 + 3.24 + 4.84 + 3.24) / 3.6, 1e-13);
	/* lag 1: -(0.32 + 0.8 + 1.2 + 0.72) / 3.6 */
	assert_close(cd_ljung_box(&fit, 5, 1), 35.0 * (3.04 / 3.6) * (3.04 / 3.6) / 4.0, 1e-12);
	assert_ok(cd_breusch_godfrey(&s, &fit, &arena, &lm));
	assert_between(lm, 0.0, 5.0);
	/* no lag: White's; slope: sum (t - 3)^2 e^2 / 100 */
	assert_ok(cd_series_newey_west(&s, &fit, 0, false, &arena, covariance));
	assert_close(covariance[3], (4 * 0.16 + 0.64 + 1.44 + 4 * 0.36) / 100.0, 1e-12);
	assert_ok(cd_series_newey_west(&s, &fit, 0, true, &arena, covariance));
	assert_close(covariance[3], (4 * 0.16 + 0.64 + 1.44 + 4 * 0.36) / 100.0 * 5.0 / 3.0, 1e-12);
	assert_int_equal(cd_series_newey_west(&s, &fit, 5, true, &arena, covariance), CD_BAD_INPUT);
	free(arena.base);
}

/* Differences of an AR(1) series with a constant: generalised least squares written out with its covariance. */
static void
gaps_and_weights(void **state)
{
	const double y[] = {3, 5, 4, 7};
	const double one[] = {1, 1, 1, 1};
	const double at[] = {0, 1, 3, 4};
	CdSeries	s = {.n = 4, .columns = 1, .y = y, .x = one, .at = at};
	CdArena		arena = series_arena(&s);
	CdSeriesFit fit;
	double		rho;
	double		top = 0.0;
	double		bottom = 0.0;

	(void) state;
	assert_ok(cd_series_ar1(&s, CD_LIKELIHOOD_ML, &arena, &fit));
	rho = fit.autocorrelation;
	for (int i = 0; i < 4; i++)
	{
		double		r = i == 0 ? 0.0 : i == 2 ? rho * rho : rho;
		double		w = 1.0 / (1.0 - r * r);

		top += w * (1.0 - r) * (y[i] - (i == 0 ? 0.0 : r * y[i - 1]));
		bottom += w * (1.0 - r) * (1.0 - r);
	}
	assert_close(fit.coefficient[0], top / bottom, 1e-12);
	free(arena.base);
}

static void
degenerate_series(void **state)
{
	const double y[] = {1, 2, 3, 4};
	const double same[] = {1, 2, 1, 2, 1, 2, 1, 2};
	const double line[] = {1, 1, 1, 2, 1, 3, 1, 4};
	const double bad[] = {1, NAN, 3, 4};
	const double l[] = {0, 1};
	CdSeries	s = {.n = 4, .columns = 2, .y = y, .x = same};
	CdArena		arena = series_arena(&s);
	CdSeriesFit fit;
	CdSeriesContrast c;

	(void) state;
	assert_int_equal(cd_series_ols(&s, &arena, &fit), CD_TOO_FEW);
	s.x = line;
	assert_int_equal(cd_series_contrast(&s, l, 0.95, &arena, &c), CD_TOO_FEW);
	s.n = 2;
	assert_int_equal(cd_series_ols(&s, &arena, &fit), CD_TOO_FEW);
	s.n = 4;
	s.y = bad;
	assert_int_equal(cd_series_ols(&s, &arena, &fit), CD_BAD_INPUT);
	free(arena.base);
}

/* An AR(1) series about 0, sd 1. */
static void
autoregressive(double *out, size_t n, double phi, uint64_t *seed)
{
	out[0] = normal(seed);
	for (size_t i = 1; i < n; i++)
		out[i] = phi * out[i - 1] + sqrt(1.0 - phi * phi) * normal(seed);
}

/* Where least squares and Newey-West reject far too often, the average over rho does not. */
static void
contrast_holds_its_level(void **state)
{
	const double l[] = {0, 1, 0};
	uint64_t	seed = 42;
	int			averaged = 0;
	int			newey_west = 0;
	const int	runs = 250;

	(void) state;
	for (int run = 0; run < runs; run++)
	{
		double		y[30];
		double		x[90];
		double		covariance[9];
		CdSeries	s = {.n = 30, .columns = 3, .y = y, .x = x};
		CdArena		arena = series_arena(&s);
		CdSeriesContrast c;
		CdSeriesFit fit;

		autoregressive(y, 30, 0.5, &seed);
		for (int i = 0; i < 30; i++)
		{
			x[3 * i] = 1.0;
			x[3 * i + 1] = i >= 15;
			x[3 * i + 2] = i;
		}
		assert_ok(cd_series_contrast(&s, l, 0.95, &arena, &c));
		averaged += c.p < 0.05;
		assert_true((c.p < 0.05) == (c.low > 0.0 || c.high < 0.0));
		assert_ok(cd_series_ols(&s, &arena, &fit));
		assert_ok(cd_series_newey_west(&s, &fit, 2, true, &arena, covariance));
		newey_west += fabs(fit.coefficient[1]) > 2.0518 * sqrt(covariance[4]);
		free(arena.base);
	}
	assert_between(averaged / (double) runs, 0.01, 0.08);
	assert_between(newey_west / (double) runs, 0.10, 0.40);
}

/* ---- a change of process ------------------------------------------------------------------------- */

typedef struct World
{
	int			controls;
	int			side;			/* periods before, and after */
	double		phi;
	double		season;
	double		shift;
	double		shrink;			/* of agents' own levels, by the change */
	int			fades;			/* periods after which it is lost; 0: never */
} World;

static CdEffectRow rows[ROWS];

/* Teams of 6 to 20; the first is touched. Returns the number of rows. */
static size_t
make_world(const World *w, uint64_t *seed)
{
	int			periods = 2 * w->side;
	double		turn = 6.2831853 * uniform(seed);
	size_t		n = 0;

	for (int t = 0; t <= w->controls; t++)
	{
		int			agents = 6 + (int) (15.0 * uniform(seed));
		double		shock[2 * N];

		autoregressive(shock, (size_t) periods, w->phi, seed);
		for (int a = 0; a < agents; a++)
		{
			double		own = 0.8 * normal(seed);

			for (int k = 0; k < periods; k++)
			{
				bool		on = t == 0 && k >= w->side;
				double		lift = on && (w->fades == 0 || k < w->side + w->fades) ? w->shift : 0.0;

				assert_true(n < ROWS);
				rows[n++] = (CdEffectRow) {
					.team = t, .agent = a, .period = k, .weight = 10.0 + 20.0 * uniform(seed), .tenure = NAN,
					.value = own * (on ? 1.0 - w->shrink : 1.0) + lift + 0.4 * shock[k] + normal(seed)
						+ w->season * sin(turn + 6.2831853 * k / 52.0)
				};
			}
		}
	}
	return n;
}

static CdInterventionOptions
options_of(const World *w)
{
	return (CdInterventionOptions) {.before_to = w->side, .after_from = w->side, .before = 26, .after = 26, .level = 0.95};
}

static CdIntervention
estimate(const World *w, size_t n)
{
	CdInterventionOptions options = options_of(w);
	bool		touched[TEAMS] = {true};
	size_t		teams = (size_t) w->controls + 1;
	CdIntervention out[TEAMS + 1];
	CdArena		arena = arena_of(cd_intervention_size(n, teams, &options));

	assert_ok(cd_intervention(rows, n, teams, touched, &options, &arena, out));
	free(arena.base);
	return out[0];
}

/* Size where nothing happened, coverage of a shift of 1; fails when the interval is half or twice as wide. */
static void
check_level(World w, CdComparison comparison, int runs, double least, double most)
{
	uint64_t	seed = 7;
	int			rejected = 0;
	int			covered = 0;

	for (int run = 0; run < runs; run++)
	{
		CdIntervention e;

		w.shift = run % 2;
		e = estimate(&w, make_world(&w, &seed));
		assert_int_equal(e.comparison, comparison);
		assert_true(e.low < e.improvement && e.improvement < e.high);
		if (run % 2 == 0)
			rejected += e.p < 0.05;
		else
			covered += e.low <= 1.0 && e.high >= 1.0;
	}
	assert_between(2.0 * rejected / runs, 0.0, 0.09);
	assert_between(2.0 * covered / runs, least, most);
}

static void
level_beside_teams(void **state)
{
	(void) state;
	check_level((World) {.controls = 8, .side = 15, .phi = 0.6, .season = 0.4}, CD_COMPARISON_TEAMS, 300, 0.91, 0.985);
	check_level((World) {.controls = 20, .side = 10, .phi = 0.3, .season = 0.4}, CD_COMPARISON_TEAMS, 200, 0.90, 0.99);
}

static void
level_beside_few_teams(void **state)
{
	(void) state;
	check_level((World) {.controls = 2, .side = 15, .phi = 0.3, .season = 0.4}, CD_COMPARISON_DIFFERENCE, 200, 0.91, 0.99);
}

static void
level_alone(void **state)
{
	(void) state;
	check_level((World) {.side = 30, .phi = 0.3, .season = 0.4}, CD_COMPARISON_PAST, 200, 0.91, 0.995);
}

/* The test of variation keeps its level, and sees a spread that falls by 40 %. */
static void
variation(void **state)
{
	World		w = {.controls = 6, .side = 26, .phi = 0.3, .shift = 1.5};
	uint64_t	seed = 3;
	int			false_alarms = 0;
	int			seen = 0;
	double		log_ratio = 0.0;

	(void) state;
	for (int run = 0; run < 200; run++)
	{
		CdIntervention e;

		w.shrink = run % 2 * 0.4;
		e = estimate(&w, make_world(&w, &seed));
		if (run % 2 == 0)
			false_alarms += e.variation_p < 0.1;
		else
		{
			seen += e.variation_p < 0.1 && e.variation_ratio < 1.0;
			log_ratio += log(e.variation_ratio) / 100.0;
		}
	}
	assert_between(false_alarms / 100.0, 0.02, 0.19);
	assert_between(seen / 100.0, 0.6, 1.0);
	assert_between(exp(log_ratio), 0.52, 0.66);
}

/* Time, share and recurrence of a change of known make. */
static void
signs(void **state)
{
	World		w = {.controls = 8, .side = 30, .phi = 0.3, .season = 0.4, .shift = 2.0};
	uint64_t	seed = 11;
	int			quick = 0;
	int			shared = 0;
	int			rare = 0;
	int			recurred = 0;

	(void) state;
	for (int run = 0; run < 25; run++)
	{
		CdIntervention e;

		w.fades = 0;
		e = estimate(&w, make_world(&w, &seed));
		quick += e.periods_to_80 <= 4.0;
		shared += e.share >= 0.8;
		rare += e.placebo_p < 0.1;
		assert_int_not_equal(e.recurrence, CD_RECURRENCE_RECURRED);
		w.fades = 14;
		recurred += estimate(&w, make_world(&w, &seed)).recurrence == CD_RECURRENCE_RECURRED;
	}
	assert_true(quick >= 22);
	assert_true(shared >= 23);
	assert_true(rare >= 22);
	assert_true(recurred >= 21);
}

/* Nothing known from next to nothing, and no crash. */
static void
degenerate(void **state)
{
	World		w = {.controls = 5, .side = 15};
	CdInterventionOptions options = options_of(&w);
	bool		touched[TEAMS] = {true};
	CdIntervention out[TEAMS + 1];
	CdArena		arena;
	uint64_t	seed = 1;
	size_t		n = make_world(&w, &seed);

	(void) state;
	arena = arena_of(cd_intervention_size(n, 6, &options));
	assert_ok(cd_intervention(rows, 0, 6, touched, &options, &arena, out));
	assert_int_equal(out[0].comparison, CD_COMPARISON_NONE);
	assert_nan(out[6].improvement);
	for (size_t i = 0; i < n; i++)
		rows[i].value = 3.0;
	assert_ok(cd_intervention(rows, n, 6, touched, &options, &arena, out));
	assert_close(out[0].improvement, 0.0, 1e-12);
	options.before_to = options.after_from = 100000;
	assert_ok(cd_intervention(rows, n, 6, touched, &options, &arena, out));
	assert_int_equal(out[0].comparison, CD_COMPARISON_NONE);
	options.after_from += 2;
	assert_int_equal(cd_intervention(rows, n, 6, touched, &options, &arena, out), CD_BAD_INPUT);
	free(arena.base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(least_squares),
		cmocka_unit_test(gaps_and_weights),
		cmocka_unit_test(degenerate_series),
		cmocka_unit_test(contrast_holds_its_level),
		cmocka_unit_test(level_beside_teams),
		cmocka_unit_test(level_beside_few_teams),
		cmocka_unit_test(level_alone),
		cmocka_unit_test(variation),
		cmocka_unit_test(signs),
		cmocka_unit_test(degenerate),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
