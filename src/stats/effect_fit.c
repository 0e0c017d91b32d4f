/*
 * effect_fit.c: generalised least squares per team; empirical Bayes for nuisance terms.
 */
#include <math.h>

#include "stats/effect_fit.h"
#include "stats/linear.h"

#define RIDGE 1e-8
#define SOLVE_ROUNDS 3
#define USUAL_TEAMS 8.0			/* how effects usually fade counts like so many teams that show none */
#define ROUNDING 1e-12
#define LEAST_CONTRAST 1e-6	/* sessions squared; below it nobody differed from team mates */

CdStatus
cd_effect_take_fit(CdArena *arena, size_t columns, CdEffectWork *work)
{
	size_t		rows = work->panel.n_rows;
	size_t		teams = work->panel.teams;
	size_t		agents = work->panel.agents;

	work->z = cd_arena_take(arena, rows * CD_EFFECT_TERMS, sizeof(double));
	work->surprise = cd_arena_take(arena, rows * CD_EFFECT_TERMS, sizeof(double));
	work->residual = cd_arena_take(arena, rows, sizeof(double));
	work->noise = cd_arena_take(arena, teams, sizeof(CdEffectNoise));
	work->likely = cd_arena_take(arena, teams * CD_EFFECT_GRID, sizeof(double));
	work->moves = cd_arena_take(arena, teams, sizeof(bool));
	work->fit = cd_arena_take(arena, teams, sizeof(CdEffectFit));
	work->memory.slots = agents;
	work->memory.belief = cd_arena_take(arena, agents, sizeof(CdEffectBelief));
	work->memory.level = cd_arena_take(arena, agents * columns, sizeof(double));
	work->memory.shock = cd_arena_take(arena, agents * columns, sizeof(double));
	work->memory.weight = cd_arena_take(arena, agents, sizeof(double));
	return work->z && work->surprise && work->residual && work->noise && work->likely && work->moves && work->fit
		&& work->memory.belief && work->memory.level && work->memory.shock && work->memory.weight ? CD_OK : CD_NOMEM;
}

bool
cd_effect_has_table(const CdEffectWork *work, const CdEffectTeam *team)
{
	return work->lanes != NULL && team->blocks > 0;
}

/* Designs of all teams. */
void
cd_effect_work_design(CdEffectWork *work, const CdEffectDesign *design)
{
	work->design = *design;
	for (size_t g = 0; g < work->panel.teams; g++)
		cd_effect_design(&work->panel, g, design,
						 work->z + work->panel.team[g].first * (size_t) design->columns);
}

/* Coefficients and covariance from normal equations, noise variance and nuisance terms. */
static void
coefficients(CdEffectWork *work, size_t g)
{
	CdEffectFit *fit = &work->fit[g];
	const CdEffectNuisance *nuisance = &work->nuisance;
	int			c = work->design.columns;
	int			p = c - 1;
	double		a[CD_EFFECT_TERMS * CD_EFFECT_TERMS];
	double		largest = 0.0;

	for (int j = 1; j < c; j++)
		largest = fmax(largest, fit->m[j * c + j]);
	fit->usable = fit->m[c + 1] > fmax(1e-6 * largest, LEAST_CONTRAST) && fit->s2 > 0.0;
	if (!fit->usable)
		return;
	for (int j = 0; j < p; j++)
	{
		for (int k = 0; k < p; k++)
			a[j * p + k] = fit->m[(j + 1) * c + k + 1] / fit->s2;
		a[j * p + j] += RIDGE * largest / fit->s2;
		fit->b[j + 1] = fit->m[(j + 1) * c] / fit->s2;
	}
	for (int k = 2; k < c; k++)
	{
		double		w = 1.0 / nuisance->variance[k];
		double		slope = nuisance->slope[k];

		a[(k - 1) * p + k - 1] += w;
		a[k - 1] -= w * slope;
		a[(k - 1) * p] -= w * slope;
		a[0] += w * slope * slope;
		fit->b[k] += w * nuisance->offset[k];
		fit->b[1] -= w * slope * nuisance->offset[k];
	}
	if (cd_cholesky(a, p) != CD_OK)
	{
		fit->usable = false;
		return;
	}
	cd_cholesky_solve(a, p, fit->b + 1);
	cd_cholesky_invert(a, p);
	for (int j = 0; j < p; j++)
		for (int k = 0; k < p; k++)
			fit->v[(j + 1) * c + k + 1] = a[j * p + k];
}

/* Residual sum of squares at the coefficients. */
static double
residual_square(const CdEffectFit *fit, int c)
{
	double		sum = fit->m[0];

	for (int j = 1; j < c; j++)
	{
		sum -= 2.0 * fit->b[j] * fit->m[j * c];
		for (int k = 1; k < c; k++)
			sum += fit->b[j] * fit->b[k] * fit->m[j * c + k];
	}
	return sum;
}

void
cd_effect_team_surprise(CdEffectWork *work, size_t g)
{
	const CdEffectTeam *team = &work->panel.team[g];
	int			c = work->design.columns;

	cd_effect_filter(work->panel.obs + team->first, team->n, work->z + team->first * (size_t) c, c,
					 &work->noise[g], &work->memory, work->surprise);
}

/* Coefficients given the noise variance, and back. */
void
cd_effect_team_solve(CdEffectWork *work, size_t g)
{
	CdEffectFit *fit = &work->fit[g];
	int			c = work->design.columns;

	for (int round = 0; round < SOLVE_ROUNDS; round++)
	{
		coefficients(work, g);
		if (!fit->usable)
			return;
		fit->s2 = residual_square(fit, c) / (work->panel.team[g].free - (c - 1));
	}
}

/* What rounding alone can leave of an outcome that does not vary. */
static double
rounding_variance(const CdEffectWork *work, size_t g)
{
	const CdEffectTeam *team = &work->panel.team[g];
	size_t		c = (size_t) work->design.columns;
	double		largest = 0.0;

	for (size_t i = team->first; i < team->first + team->n; i++)
		largest = fmax(largest, fabs(work->z[i * c]));
	return ROUNDING * ROUNDING * largest * largest;
}

/* Filter, normal equations, coefficients. */
void
cd_effect_team_fit(CdEffectWork *work, size_t g)
{
	const CdEffectTeam *team = &work->panel.team[g];
	CdEffectFit *fit = &work->fit[g];
	int			c = work->design.columns;

	*fit = (CdEffectFit) {0};
	if (team->free - (c - 1) < 1.0)
		return;
	cd_effect_team_surprise(work, g);
	cd_effect_normal(work->surprise, team->n, c, fit->m);
	fit->s2 = fit->m[0] / team->free;
	if (fit->s2 > rounding_variance(work, g))
		cd_effect_team_solve(work, g);
}

/* Outcome less what the columns explain. */
void
cd_effect_team_residual(CdEffectWork *work, size_t g)
{
	const CdEffectTeam *team = &work->panel.team[g];
	const CdEffectFit *fit = &work->fit[g];
	int			c = work->design.columns;
	const double *z = work->z + team->first * (size_t) c;

	for (size_t i = 0; i < team->n; i++, z += c)
	{
		double		e = z[0];

		for (int k = 1; fit->usable && k < c; k++)
			e -= fit->b[k] * z[k];
		work->residual[team->first + i] = e;
	}
	if (cd_effect_has_table(work, team))
		cd_effect_lanes_fill(work->panel.obs + team->first, team, work->residual + team->first,
							 work->table_value + CD_EFFECT_TABLE * team->first,
							 work->table_thin + CD_EFFECT_TABLE * team->first);
}

void
cd_effect_forget_nuisance(CdEffectWork *work)
{
	for (int k = 0; k < CD_EFFECT_TERMS; k++)
	{
		work->nuisance.slope[k] = 0.0;
		work->nuisance.offset[k] = 0.0;
		work->nuisance.variance[k] = INFINITY;
	}
}

/* True when coefficient k of a team says something. */
static bool
informative(const CdEffectFit *fit, int c, int k)
{
	return fit->usable && fit->v[k * c + k] < 1e6 * fit->v[c + 1];
}

/*
 * Part of a coefficient that goes with the dose's: errors-in-variables slope through 0. Where no effect is seen it would be
 * chosen by noise, and the mean over the teams with it: it stays near what is usual, 0.
 */
static double
shape_slope(const CdEffectWork *work, int k)
{
	int			c = work->design.columns;
	double		product = 0.0;
	double		square = 0.0;
	double		noise = 0.0;

	for (size_t g = 0; g < work->panel.teams; g++)
	{
		const CdEffectFit *fit = &work->fit[g];
		double		w;

		if (!informative(fit, c, k))
			continue;
		w = 1.0 / fit->v[c + 1];
		product += w * (fit->b[1] * fit->b[k] - fit->v[c + k]);
		square += w * (fit->b[1] * fit->b[1] - fit->v[c + 1]);
		noise += w * fit->v[c + 1];
	}
	return noise > 0.0 ? product / (fmax(square, 0.0) + noise + USUAL_TEAMS) : 0.0;
}

/* Weight of a team's coefficient in the mean. */
static double
weight_in_mean(const CdEffectFit *fit, int c, int k)
{
	return informative(fit, c, k) ? 1.0 / fit->v[k * c + k] : 0.0;
}

/* Weighted mean of a coefficient over the teams. */
static double
mean_offset(const CdEffectWork *work, int k)
{
	int			c = work->design.columns;
	double		sum = 0.0;
	double		weight = 0.0;

	for (size_t g = 0; g < work->panel.teams; g++)
	{
		double		w = weight_in_mean(&work->fit[g], c, k);

		sum += w * work->fit[g].b[k];
		weight += w;
	}
	return weight > 0.0 ? sum / weight : 0.0;
}

/* Variance of a coefficient around slope and offset, beyond its own noise. */
static double
spread(const CdEffectWork *work, int k, double slope, double offset)
{
	int			c = work->design.columns;
	double		sum = 0.0;
	double		noise = 0.0;
	double		weight = 0.0;

	for (size_t g = 0; g < work->panel.teams; g++)
	{
		const CdEffectFit *fit = &work->fit[g];
		double		e;
		double		v;

		if (!informative(fit, c, k))
			continue;
		e = fit->b[k] - slope * fit->b[1] - offset;
		v = fit->v[k * c + k] - 2.0 * slope * fit->v[c + k] + slope * slope * fit->v[c + 1];
		sum += (e * e - v) / (v * v);
		noise += 1.0 / v;
		weight += 1.0 / (v * v);
	}
	if (!(weight > 0.0))
		return INFINITY;
	return fmax(sum / weight, 0.1 * noise / weight);
}

/* Sampling covariance of the means of two coefficients. */
static double
covariance_of_means(const CdEffectWork *work, int j, int k)
{
	int			c = work->design.columns;
	double		sum = 0.0;
	double		total[2] = {0.0, 0.0};

	for (size_t g = 0; g < work->panel.teams; g++)
	{
		const CdEffectFit *fit = &work->fit[g];
		double		a = weight_in_mean(fit, c, j);
		double		b = weight_in_mean(fit, c, k);

		total[0] += a;
		total[1] += b;
		if (a > 0.0 && b > 0.0)
			sum += a * b * (fit->v[j * c + k] + (j == k ? work->nuisance.variance[k] : 0.0));
	}
	return sum != 0.0 ? sum / (total[0] * total[1]) : 0.0;
}

/* Nuisance terms from the teams. */
void
cd_effect_learn_nuisance(CdEffectWork *work)
{
	for (int k = 2; k < work->design.columns; k++)
	{
		bool		shape = k <= CD_EFFECT_LASTING || k == CD_EFFECT_SAME;
		double		slope = shape ? shape_slope(work, k) : 0.0;
		double		offset = shape ? 0.0 : mean_offset(work, k);

		work->nuisance.slope[k] = slope;
		work->nuisance.offset[k] = offset;
		work->nuisance.variance[k] = spread(work, k, slope, offset);
	}
	for (int j = 0; j < CD_EFFECT_CURVE; j++)
		for (int k = 0; k < CD_EFFECT_CURVE; k++)
			work->nuisance.error[j][k] = covariance_of_means(work, CD_EFFECT_NEW + j, CD_EFFECT_NEW + k);
}

/* An offset moves the dose's coefficient by their covariance over the offset's own variance. */
double
cd_effect_curve_variance(const CdEffectWork *work, size_t g)
{
	const CdEffectFit *fit = &work->fit[g];
	const double *with_dose = fit->v + work->design.columns + CD_EFFECT_NEW;
	const double *variance = work->nuisance.variance + CD_EFFECT_NEW;
	double		sum = 0.0;

	for (int j = 0; fit->usable && j < CD_EFFECT_CURVE; j++)
		for (int k = 0; k < CD_EFFECT_CURVE; k++)
			sum += with_dose[j] / variance[j] * with_dose[k] / variance[k] * work->nuisance.error[j][k];
	return fmax(sum, 0.0);
}

/* Influence of each agent on the dose's coefficient, squared and added up. */
double
cd_effect_team_inflation(CdEffectWork *work, size_t g)
{
	const CdEffectTeam *team = &work->panel.team[g];
	const CdEffectObs *obs = work->panel.obs + team->first;
	CdEffectFit *fit = &work->fit[g];
	int			c = work->design.columns;
	double		robust = 0.0;

	fit->agents = 0.0;
	if (!fit->usable)
		return NAN;
	cd_effect_team_surprise(work, g);
	for (size_t a = 0; a < team->agents; a++)
		work->influence[a] = 0.0;
	for (size_t i = 0; i < team->n; i++)
	{
		const double *s = work->surprise + i * (size_t) c;
		double		e = s[0];
		double		x = 0.0;

		for (int k = 1; k < c; k++)
		{
			e -= fit->b[k] * s[k];
			x += fit->v[c + k] * s[k];
		}
		work->influence[obs[i].slot] += x * e / fit->s2;
	}
	for (size_t a = 0; a < team->agents; a++)
	{
		robust += work->influence[a] * work->influence[a];
		fit->agents += work->influence[a] != 0.0;
	}
	if (fit->agents < 2.0)
		return NAN;
	return robust * fit->agents / (fit->agents - 1.0) / fit->v[c + 1];
}
