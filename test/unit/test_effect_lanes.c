/*
 * test_effect_lanes.c: a team laid out as a table has the likelihood that the filter gives it.
 */
#include "close.h"

#include "stats/effect_model.h"

#define AGENTS 9
#define PERIODS 40
#define OBS (AGENTS * PERIODS)

/* A team's observations in order of period, where `there` says so. */
typedef struct World
{
	CdEffectObs obs[OBS];
	double		outcome[OBS];
	CdEffectTeam team;
} World;

static World
make_world(uint32_t agents, bool (*there) (uint32_t agent, int32_t period))
{
	World		w = {.team = {.agents = agents}};
	uint64_t	seed = 5;

	for (int32_t t = 0; t < PERIODS; t++)
		for (uint32_t a = 0; a < agents; a++)
		{
			double		value = 50.0 + normal(&seed);
			double		thin = 0.25 + 4.0 * uniform(&seed);

			if (!there(a, t))
				continue;
			w.outcome[w.team.n] = value;
			w.obs[w.team.n++] = (CdEffectObs) {.period = 7 + t, .slot = a, .thin = thin};
		}
	cd_effect_lanes_shape(w.obs, &w.team);
	return w;
}

static bool
always(uint32_t agent, int32_t period)
{
	return true;
}

/* Late comers, leavers, weeks off, and a stretch in which nobody was there. */
static bool
with_gaps(uint32_t agent, int32_t period)
{
	return period >= 3 * (int32_t) (agent % 3) && (agent != 1 || period < 30)
		&& (agent * 5 + (uint32_t) period * 3) % 7 != 0 && (period < 12 || period > 15);
}

static bool
seldom(uint32_t agent, int32_t period)
{
	return (agent + (uint32_t) period) % 5 < 2;
}

static double
by_filter(const World *w, const CdEffectNoise *noise, double *log_determinant)
{
	CdEffectBelief belief[AGENTS];
	double		level[AGENTS];
	double		shock[AGENTS];
	double		weight[AGENTS];
	double		surprise[OBS];
	CdEffectMemory memory = {w->team.agents, belief, level, shock, weight};
	double		square = 0.0;

	*log_determinant = cd_effect_filter(w->obs, w->team.n, w->outcome, 1, noise, &memory, surprise);
	for (size_t i = 0; i < w->team.n; i++)
		square += surprise[i] * surprise[i];
	return square;
}

static double
by_table(const World *w, const CdEffectNoise *noise, double *log_determinant)
{
	double		value[CD_EFFECT_TABLE * OBS];
	double		thin[CD_EFFECT_TABLE * OBS];
	double		state[1024];

	assert_true(w->team.periods * w->team.blocks * CD_EFFECT_LANES <= CD_EFFECT_TABLE * w->team.n);
	assert_true(cd_effect_lanes_size(w->team.agents) <= sizeof(state));
	cd_effect_lanes_fill(w->obs, &w->team, w->outcome, value, thin);
	return cd_effect_lanes_square(&w->team, value, thin, noise, (CdEffectLanes *) state, log_determinant);
}

static void
compare(const World *w)
{
	const CdEffectNoise noises[] = {
		{0.6, 0.2, 0.7, 0.15}, {1e-9, 3.0, 0.99, 0.0}, {40.0, 1e-6, 1e-3, 0.9}, {2.0, 1.0, 0.5, 1.0}
	};

	assert_true(w->team.blocks > 0);
	for (size_t i = 0; i < sizeof(noises) / sizeof(noises[0]); i++)
	{
		double		expected_log;
		double		log_determinant;
		double		expected = by_filter(w, &noises[i], &expected_log);

		assert_close(by_table(w, &noises[i], &log_determinant), expected, 1e-11);
		assert_close(log_determinant, expected_log, 1e-11);
	}
}

static void
everybody_always(void **state)
{
	for (uint32_t agents = 2; agents <= AGENTS; agents++)
	{
		World		w = make_world(agents, always);

		compare(&w);
	}
}

static void
absences(void **state)
{
	for (uint32_t agents = 7; agents <= 8; agents++)
	{
		World		w = make_world(agents, with_gaps);

		compare(&w);
	}
}

/* Sparse teams are left to the filter. */
static void
sparse(void **state)
{
	assert_int_equal(make_world(AGENTS, seldom).team.blocks, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everybody_always),
		cmocka_unit_test(absences),
		cmocka_unit_test(sparse),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
