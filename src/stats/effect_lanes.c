/*
 * effect_lanes.c: the likelihood of one column under the filter's model, for searches over the
 * noise, which ask for it hundreds of times. A team is laid out as a table of its periods by its
 * agents, several agents abreast in loops of fixed length that compilers turn into vector
 * instructions. Whoever was not there in a period has no weight in it.
 */
#include <math.h>

#include "stats/effect_model.h"

#define LANES CD_EFFECT_LANES
#define PRODUCT_MAX 1e150

/* All lanes in one instruction where the processor can; the digits are the same, since nothing is fused. */
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

/* Levels and shocks of agents abreast: their variances, what is known of them, the last gains. */
struct CdEffectLanes
{
	double		level[LANES];
	double		cross[LANES];
	double		shock[LANES];
	double		at_level[LANES];
	double		at_shock[LANES];
	double		gain_level[LANES];
	double		gain_shock[LANES];
	double		weight[LANES];
	double		surprise[LANES];
};

/* Sums over the agents of one period, lane by lane. */
typedef struct Sums
{
	double		weight[LANES];
	double		surprise[LANES];
	double		variance[LANES];	/* of the last agents abreast alone, 1 for who was not there */
} Sums;

/* The logarithm of a product of many, at the cost of few. */
typedef struct Product
{
	double		factor;
	double		log;
} Product;

static inline void
multiply(Product *p, double x)
{
	p->factor *= x;
	if (p->factor > PRODUCT_MAX || p->factor < 1.0 / PRODUCT_MAX)
	{
		p->log += log(p->factor);
		p->factor = 1.0;
	}
}

static inline double
sum_of_lanes(const double *lane)
{
	double		sum = 0.0;

	for (int l = 0; l < LANES; l++)
		sum += lane[l];
	return sum;
}

static inline double
product_of_lanes(const double *lane)
{
	double		product = 1.0;

	for (int l = 0; l < LANES; l++)
		product *= lane[l];
	return product;
}

/* Room for the states of that many agents. */
size_t
cd_effect_lanes_size(size_t agents)
{
	return cd_arena_bytes(agents / LANES + 1, sizeof(CdEffectLanes));
}

/* Whether a table wastes at most as much as it uses; then its rows and columns. */
void
cd_effect_lanes_shape(const CdEffectObs *obs, CdEffectTeam *team)
{
	size_t		blocks = (team->agents + LANES - 1) / LANES;
	size_t		periods = team->n > 0 ? (size_t) (obs[team->n - 1].period - obs[0].period) + 1 : 0;

	team->blocks = periods * blocks * LANES <= CD_EFFECT_TABLE * team->n ? blocks : 0;
	team->periods = periods;
}

/* Where an observation is in its team's table. */
static inline size_t
place(const CdEffectObs *obs, size_t i, size_t blocks)
{
	return (size_t) (obs[i].period - obs[0].period) * blocks * LANES + obs[i].slot;
}

/* Fill a team's table: outcomes, and mean volume over volume, negative where nobody was there. */
void
cd_effect_lanes_fill(const CdEffectObs *obs, const CdEffectTeam *team, const double *outcome,
					 double *value, double *thin)
{
	for (size_t i = 0; i < team->periods * team->blocks * LANES; i++)
	{
		value[i] = 0.0;
		thin[i] = -1.0;
	}
	for (size_t i = 0; i < team->n; i++)
	{
		value[place(obs, i, team->blocks)] = outcome[i];
		thin[place(obs, i, team->blocks)] = obs[i].thin;
	}
}

/* Nothing seen of anybody yet. */
static void
forget(CdEffectLanes *state, const CdEffectNoise *noise, size_t blocks)
{
	for (size_t b = 0; b < blocks; b++)
	{
		state[b] = (CdEffectLanes) {.level = {0.0}};
		for (int l = 0; l < LANES; l++)
		{
			state[b].level[l] = noise->level;
			state[b].shock[l] = noise->shock;
		}
	}
}

/* Move agents on by a period, and take in how precisely each was observed, if at all. */
static inline void
expect(CdEffectLanes *restrict a, const double *restrict value, const double *restrict thin,
	   const CdEffectNoise *noise, Sums *restrict sums)
{
	double		left = noise->persistence;
	double		usual = noise->shock;
	double		fixed = noise->fixed;

	for (int l = 0; l < LANES; l++)
	{
		double		there = thin[l] > 0.0 ? 1.0 : 0.0;
		double		cross = left * a->cross[l];
		double		shock = usual + left * left * (a->shock[l] - usual);
		double		with_level = a->level[l] + cross;
		double		with_shock = cross + shock;
		double		variance = with_level + with_shock + (fixed + (1.0 - fixed) * fabs(thin[l]));
		double		weight = there / variance;

		a->gain_level[l] = with_level * weight;
		a->gain_shock[l] = with_shock * weight;
		a->level[l] -= with_level * weight * with_level;
		a->shock[l] = shock - with_shock * weight * with_shock;
		a->cross[l] = cross - with_level * weight * with_shock;
		a->at_shock[l] *= left;
		a->surprise[l] = value[l] - a->at_level[l] - a->at_shock[l];
		a->weight[l] = weight;
		sums->weight[l] += weight;
		sums->surprise[l] += weight * a->surprise[l];
		sums->variance[l] = there * variance + (1.0 - there);
	}
}

/* Learn from what an observation brought beyond what all had in common. */
static inline void
learn(CdEffectLanes *restrict a, double common, double *restrict square)
{
	for (int l = 0; l < LANES; l++)
	{
		double		e = a->surprise[l] - common;

		a->at_level[l] += a->gain_level[l] * e;
		a->at_shock[l] += a->gain_shock[l] * e;
		square[l] += a->weight[l] * e * e;
	}
}

/* Sum of the squared surprises of a team's table, and the log determinant of their variance. */
WIDE double
cd_effect_lanes_square(const CdEffectTeam *team, const double *value, const double *thin,
					   const CdEffectNoise *noise, CdEffectLanes *state, double *log_determinant)
{
	Product		variances = {1.0, 0.0};
	double		square[LANES] = {0.0};

	forget(state, noise, team->blocks);
	for (size_t t = 0; t < team->periods; t++)
	{
		Sums		sums;
		double		weight;
		double		common;

		for (int l = 0; l < LANES; l++)
			sums.weight[l] = sums.surprise[l] = 0.0;
		for (size_t b = 0; b < team->blocks; b++, value += LANES, thin += LANES)
		{
			expect(&state[b], value, thin, noise, &sums);
			multiply(&variances, product_of_lanes(sums.variance));
		}
		weight = sum_of_lanes(sums.weight);
		if (!(weight > 0.0))
			continue;
		multiply(&variances, weight);
		common = sum_of_lanes(sums.surprise) / weight;
		for (size_t b = 0; b < team->blocks; b++)
			learn(&state[b], common, square);
	}
	*log_determinant = variances.log + log(variances.factor);
	return sum_of_lanes(square);
}
