/*
 * effect_noise.c: how noisy the agents of a metric are, from the residuals of their teams: what all teams share, and
 * each team's own.
 */
#include <math.h>

#include <gsl/gsl_multimin.h>

#include "stats/effect_fit.h"

#define SAMPLE_TEAMS 24
#define SEARCH_STEPS 100
#define SEARCH_SIZE 0.05
#define PARAMETERS 4
#define PENALTY_SD 2.5			/* of the logarithms around the defaults */
#define COMMON_ROUNDS 3			/* noise given coefficients, coefficients given noise */
#define OWN_ROUNDS 40
#define SETTLED 0.1				/* change of a logarithm after which a team is fitted again */
#define LEVEL_SD 2.0			/* of the logarithms of teams' levels around the common one, as is usual */
#define SHOCK_SD 1.0
#define USUAL_TEAMS 4.0			/* what is usual counts like so many teams */
#define GRID_STEPS 10

/* Logarithms of teams' own levels and shocks over the common ones. */
static const double level_offset[] = {-6.0, -4.0, -2.4, -1.2, -0.4, 0.3, 1.0, 2.0};
static const double shock_offset[] = {-2.0, -1.0, 0.0, 0.8};

#define SHOCKS (sizeof(shock_offset) / sizeof(shock_offset[0]))

_Static_assert(sizeof(level_offset) / sizeof(level_offset[0]) * SHOCKS == CD_EFFECT_GRID, "CD_EFFECT_GRID");

static CdEffectNoise
default_noise(void)
{
	return (CdEffectNoise) {.level = 0.6, .shock = 0.2, .persistence = 0.7, .fixed = 0.15};
}

/* Sum of a team's squared surprises, and the log determinant of their variance. */
static double
surprise_square(const CdEffectWork *work, const CdEffectTeam *team, const CdEffectNoise *noise,
				double *log_det)
{
	double		square = 0.0;

	if (cd_effect_has_table(work, team))
		return cd_effect_lanes_square(team, work->table_value + CD_EFFECT_TABLE * team->first,
									  work->table_thin + CD_EFFECT_TABLE * team->first,
									  noise, work->lanes, log_det);
	*log_det = cd_effect_filter(work->panel.obs + team->first, team->n, work->residual + team->first,
								1, noise, &work->memory, work->surprise);
	for (size_t i = 0; i < team->n; i++)
		square += work->surprise[i] * work->surprise[i];
	return square;
}

/* -2 log likelihood of a team's residuals with the noise's scale profiled out. */
static double
deviance(const CdEffectWork *work, size_t g, const CdEffectNoise *noise)
{
	const CdEffectTeam *team = &work->panel.team[g];
	double		square;
	double		log_det;

	if (team->free < 2.0)
		return 0.0;
	square = surprise_square(work, team, noise, &log_det);
	if (!(square > 0.0))
		return 0.0;
	return team->free * log(square / team->free) + log_det;
}

static CdEffectNoise
noise_at(const gsl_vector *x)
{
	return (CdEffectNoise) {
		.level = exp(gsl_vector_get(x, 0)), .shock = exp(gsl_vector_get(x, 1)),
		.persistence = 1.0 / (1.0 + exp(-gsl_vector_get(x, 2))),
		.fixed = 1.0 / (1.0 + exp(-gsl_vector_get(x, 3)))};
}

static void
start_at(const CdEffectNoise *noise, gsl_vector *x)
{
	gsl_vector_set(x, 0, log(noise->level));
	gsl_vector_set(x, 1, log(noise->shock));
	gsl_vector_set(x, 2, log(noise->persistence / (1.0 - noise->persistence)));
	gsl_vector_set(x, 3, log(noise->fixed / (1.0 - noise->fixed)));
}

size_t
cd_effect_sample_step(const CdEffectWork *work)
{
	return (work->panel.teams + SAMPLE_TEAMS - 1) / SAMPLE_TEAMS;
}

/* What the search makes small. */
static double
total_deviance(const gsl_vector *x, void *context)
{
	const CdEffectWork *work = context;
	CdEffectNoise noise = noise_at(x);
	CdEffectNoise usual = default_noise();
	double		origin_value[PARAMETERS];
	gsl_vector_view origin = gsl_vector_view_array(origin_value, PARAMETERS);
	size_t		step = cd_effect_sample_step(work);
	double		sum = 0.0;

	start_at(&usual, &origin.vector);
	for (int k = 0; k < PARAMETERS; k++)
		sum += pow((gsl_vector_get(x, k) - origin_value[k]) / PENALTY_SD, 2.0);
	for (size_t g = 0; g < work->panel.teams; g += step)
		sum += deviance(work, g, &noise);
	return isfinite(sum) ? sum : 1e300;
}

/* Nelder-Mead from the current common noise. */
static CdStatus
common_noise(CdEffectWork *work)
{
	double		at[PARAMETERS];
	double		step_value[PARAMETERS] = {0.7, 0.7, 0.7, 0.7};
	gsl_vector_view x = gsl_vector_view_array(at, PARAMETERS);
	gsl_vector_view step = gsl_vector_view_array(step_value, PARAMETERS);
	gsl_multimin_function f = {total_deviance, PARAMETERS, work};
	gsl_multimin_fminimizer *search = gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2,
																	PARAMETERS);
	CdStatus	status = CD_OK;

	if (search == NULL)
		return CD_NOMEM;
	start_at(&work->common, &x.vector);
	if (gsl_multimin_fminimizer_set(search, &f, &x.vector, &step.vector) != 0)
		status = CD_NO_CONVERGENCE;
	for (int i = 0; status == CD_OK && i < SEARCH_STEPS; i++)
	{
		if (cd_stop_requested())
			status = CD_STOPPED;
		else if (gsl_multimin_fminimizer_iterate(search) != 0
				 || gsl_multimin_fminimizer_size(search) < SEARCH_SIZE)
			break;
	}
	if (status == CD_OK)
		work->common = noise_at(search->x);
	gsl_multimin_fminimizer_free(search);
	return status;
}

/* Every step-th team, with its noise as it is. */
static CdStatus
fit_teams(CdEffectWork *work, size_t step)
{
	for (size_t g = 0; g < work->panel.teams; g += step)
	{
		if (cd_stop_requested())
			return CD_STOPPED;
		cd_effect_team_fit(work, g);
		cd_effect_team_residual(work, g);
	}
	return CD_OK;
}

static void
share_noise(CdEffectWork *work)
{
	for (size_t g = 0; g < work->panel.teams; g++)
		work->noise[g] = work->common;
}

CdStatus
cd_effect_learn_common_noise(CdEffectWork *work)
{
	CdStatus	status = CD_OK;

	work->common = default_noise();
	cd_effect_forget_nuisance(work);
	for (int round = 0; round < COMMON_ROUNDS && status == CD_OK; round++)
	{
		share_noise(work);
		status = fit_teams(work, cd_effect_sample_step(work));
		if (status == CD_OK)
			status = common_noise(work);
	}
	share_noise(work);
	return status;
}

/* How likely a team's residuals are at each point of the grid, up to a factor; all the same where they are beyond numbers. */
static void
grid_likelihood(CdEffectWork *work, size_t g)
{
	double	   *likely = work->likely + g * CD_EFFECT_GRID;
	double		least = INFINITY;

	for (size_t i = 0; i < CD_EFFECT_GRID; i++)
	{
		CdEffectNoise noise = work->common;

		noise.level *= exp(level_offset[i / SHOCKS]);
		noise.shock *= exp(shock_offset[i % SHOCKS]);
		likely[i] = deviance(work, g, &noise);
		least = fmin(least, likely[i]);
	}
	for (size_t i = 0; i < CD_EFFECT_GRID; i++)
		likely[i] = isfinite(least) && !isnan(likely[i]) ? exp(-0.5 * (likely[i] - least)) : 1.0;
}

static void
usual_mass(double *mass)
{
	double		total = 0.0;

	for (size_t i = 0; i < CD_EFFECT_GRID; i++)
	{
		mass[i] = exp(-0.5 * (pow(level_offset[i / SHOCKS] / LEVEL_SD, 2.0) + pow(shock_offset[i % SHOCKS] / SHOCK_SD, 2.0)));
		total += mass[i];
	}
	for (size_t i = 0; i < CD_EFFECT_GRID; i++)
		mass[i] /= total;
}

/* How often teams are at each point, by EM: where some are all alike and others are not, one spread would draw both to a middle where nobody is. */
static void
learn_mass(const CdEffectWork *work, double *mass)
{
	double		usual[CD_EFFECT_GRID];
	double		seen = 0.0;

	for (size_t g = 0; g < work->panel.teams; g++)
		seen += work->panel.team[g].n > 0;
	usual_mass(usual);
	usual_mass(mass);
	for (int step = 0; step < GRID_STEPS; step++)
	{
		double		next[CD_EFFECT_GRID] = {0};

		for (size_t g = 0; g < work->panel.teams; g++)
		{
			const double *likely = work->likely + g * CD_EFFECT_GRID;
			double		sum = 0.0;

			for (size_t i = 0; i < CD_EFFECT_GRID; i++)
				sum += likely[i] * mass[i];
			for (size_t i = 0; i < CD_EFFECT_GRID && work->panel.team[g].n > 0; i++)
				next[i] += likely[i] * mass[i] / sum;
		}
		for (size_t i = 0; i < CD_EFFECT_GRID; i++)
			mass[i] = (next[i] + USUAL_TEAMS * usual[i]) / (seen + USUAL_TEAMS);
	}
}

/* A team's own: the mean over the grid, of logarithms. */
static CdEffectNoise
own_noise(const CdEffectWork *work, size_t g, const double *mass)
{
	const double *likely = work->likely + g * CD_EFFECT_GRID;
	CdEffectNoise noise = work->common;
	double		total = 0.0;
	double		level = 0.0;
	double		shock = 0.0;

	for (size_t i = 0; i < CD_EFFECT_GRID; i++)
	{
		double		w = likely[i] * mass[i];

		total += w;
		level += w * level_offset[i / SHOCKS];
		shock += w * shock_offset[i % SHOCKS];
	}
	noise.level *= exp(level / total);
	noise.shock *= exp(shock / total);
	return noise;
}

static bool
unlike(const CdEffectNoise *a, const CdEffectNoise *b)
{
	return fabs(log(a->level / b->level)) > SETTLED || fabs(log(a->shock / b->shock)) > SETTLED;
}

/*
 * A level that is too high makes sessions look as if they helped those who seem to be low for good, and what they seem to
 * give then makes levels look apart; so both are found in turn until they settle.
 */
CdStatus
cd_effect_learn_own_noise(CdEffectWork *work)
{
	CdStatus	status = fit_teams(work, 1);
	double		mass[CD_EFFECT_GRID];
	size_t		moving = work->panel.teams;

	for (size_t g = 0; g < work->panel.teams; g++)
		work->moves[g] = true;
	for (int round = 0; round < OWN_ROUNDS && moving > 0 && status == CD_OK; round++)
	{
		for (size_t g = 0; g < work->panel.teams; g++)
		{
			if (cd_stop_requested())
				return CD_STOPPED;
			if (work->moves[g])
				grid_likelihood(work, g);
		}
		learn_mass(work, mass);
		moving = 0;
		for (size_t g = 0; g < work->panel.teams; g++)
		{
			CdEffectNoise noise = own_noise(work, g, mass);

			if (cd_stop_requested())
				return CD_STOPPED;
			work->moves[g] = round == 0 || unlike(&noise, &work->noise[g]);
			if (!work->moves[g])
				continue;
			work->noise[g] = noise;
			cd_effect_team_fit(work, g);
			cd_effect_team_residual(work, g);
			moving++;
		}
	}
	return status;
}
