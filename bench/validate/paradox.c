/*
 * paradox.c: how often flat, or a paradox, is claimed where the metric improves by just what
 * is worth having, and how often a paradox is found where it does not move.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "stats/paradox.h"
#include "stats/random.h"

#define AGENTS 10
#define WEEKS_MOST 52
#define PROMISED 5.0			/* per cent, of false flat and of false paradox */

static uint64_t drawn;

static double
uniform(void)
{
	return cd_random_uniform(11, drawn++, 0);
}

static double
normal(void)
{
	double		r = sqrt(-2.0 * log(uniform()));

	return r * cos(6.283185307179586 * uniform());
}

static double
carry_on(double *state, double rho)
{
	return *state = rho * *state + sqrt(1.0 - rho * rho) * normal();
}

typedef struct World
{
	int			weeks;
	double		rho;			/* autocorrelation of the shocks that the team shares */
	double		shock;			/* their standard deviation; an agent's own noise has 1 */
	double		change;			/* of the metric over the window */
} World;

/* A team's rows; coaching rises threefold. */
static size_t
simulate(const World *w, CdParadoxRow *rows)
{
	double		shared[WEEKS_MOST];
	double		state = normal();
	size_t		n = 0;

	for (int t = 0; t < w->weeks; t++)
		shared[t] = w->shock * carry_on(&state, w->rho);
	for (int a = 0; a < AGENTS; a++)
	{
		double		level = 2.0 * normal();
		double		own = normal();

		for (int t = 0; t < w->weeks; t++)
		{
			double		part = t / (w->weeks - 1.0);

			rows[n++] = (CdParadoxRow) {
				.agent = a, .period = t, .value = level + shared[t] + carry_on(&own, 0.7 * w->rho) + w->change * part,
				.target = 6.0, .weight = 1.0, .sessions = uniform() < 0.2 + 0.4 * part, .minutes = 20.0, .tenure = NAN
			};
		}
	}
	return n;
}

typedef struct Tally
{
	int			covered;
	int			flat;
	int			paradox;
} Tally;

static Tally
study(const World *w, int teams, void *memory, size_t size)
{
	static CdParadoxRow rows[AGENTS * WEEKS_MOST];
	CdParadoxOptions options = {
		.last = w->weeks - 1, .block = 4, .quarter = 13, .least = 16, .months = 7.0 / 30.4375,
		.margin_up = 1.0, .margin_down = 1.0, .high_dose = 1.0
	};
	Tally		sum = {0};

	for (int i = 0; i < teams; i++)
	{
		CdArena		arena = {memory, size, 0};
		CdParadox	p;

		if (cd_paradox(rows, simulate(w, rows), &options, &arena, &p) != CD_OK)
			abort();
		sum.covered += p.metric_change.low <= w->change && w->change <= p.metric_change.high;
		sum.flat += p.metric_change.move == CD_MOVE_FLAT;
		sum.paradox += p.paradox == CD_ANSWER_YES;
	}
	return sum;
}

int
main(int argc, char **argv)
{
	static const int weeks[] = {26, 52};
	static const double rhos[] = {0.0, 0.3, 0.6, 0.8, 0.95};
	static const double shocks[] = {0.3, 0.8};
	int			teams = argc > 1 ? atoi(argv[1]) : 2000;
	size_t		size = cd_paradox_size(AGENTS * WEEKS_MOST, WEEKS_MOST);
	void	   *memory = malloc(size);
	double		error = 100.0 * sqrt(0.05 * 0.95 / teams);
	int			good = 1;

	printf("%d teams a row; kept: false flat and false paradox at most %g %% and two Monte Carlo errors of %.1f\n",
		   teams, PROMISED, error);
	printf("| weeks | rho | sd of shocks | covers (95 %%) | false flat | false paradox | paradox found at 0 |\n");
	for (int i = 0; i < 20; i++)
	{
		World		w = {weeks[i / 10], rhos[i / 2 % 5], shocks[i % 2], 0.0};
		Tally		still = study(&w, teams, memory, size);
		Tally		moving;
		int			kept;
		double		percent = 100.0 / teams;

		w.change = 1.0;
		moving = study(&w, teams, memory, size);
		kept = percent * moving.flat <= PROMISED + 2.0 * error && percent * moving.paradox <= PROMISED + 2.0 * error;
		good &= kept;
		printf("| %d | %g | %g | %.1f %% | %.1f %% | %.1f %% | %.0f %% |%s\n", w.weeks, w.rho, w.shock,
			   percent * (still.covered + moving.covered) / 2.0, percent * moving.flat, percent * moving.paradox,
			   percent * still.paradox, kept ? "" : " MISSED");
		fflush(stdout);
	}
	free(memory);
	printf(good ? "\nall limits kept\n" : "\nsome limits MISSED\n");
	return good ? 0 : 1;
}
