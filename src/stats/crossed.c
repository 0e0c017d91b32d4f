/*
 * crossed.c: see crossed.h. Cell means are sufficient beside the sum of squares within
 * cells. In units of the residual variance their covariance is
 * V = diag(1 / weight + ab) + a Z_a Z_a' + b Z_b Z_b'. The first two terms are inverted level
 * of a by level of a, which leaves equations in the mean and the levels of b.
 */
#include <math.h>
#include <string.h>

#include <gsl/gsl_math.h>

#include "stats/crossed.h"
#include "stats/linear.h"
#include "stats/solve.h"

#define START 0.1				/* of each ratio to the residual variance */
#define MM_STEPS 40
#define NEWTON_STEPS 100
#define GRADIENT_TOLERANCE 1e-8 /* in the logarithm of a ratio */
#define DIFFERENCE 1e-4			/* step of the Hessian, likewise */
#define MAX_MOVE 2.0			/* likewise */
#define FIRST_STEP 1e-3			/* off the boundary, over the trace */

typedef struct Problem
{
	const CdCell *cell;
	size_t		cells;
	size_t		equations;		/* the mean, then each level of b */
	double		n;
	double		within;			/* sum of squares within cells */
	double		origin;			/* subtracted from the means */
	double		log_weight;		/* sum over cells */
	bool		active[CD_COMPONENTS];
	double		ratio[CD_COMPONENTS];
	double	   *w;				/* cells: 1 / (1 / weight + ab) */
	double	   *e;				/* cells: V^-1 (mean - mu) */
	double	   *m;				/* equations^2: X' V1^-1 X, X = [1 Z_b], V1 without b */
	double	   *s;				/* equations^2: factor of the scaled equations, then H */
	double	   *r;				/* equations: X' V1^-1 y */
	double	   *u;				/* equations: mu and the predictions of b */
	double	   *h;				/* equations, free use */
	double	   *scale;			/* equations: 1, then sqrt(b) */
	/* what an evaluation gives */
	double		residual;
	double		deviance;
	double		trace[CD_COMPONENTS];	/* tr(P V_k) */
	double		square[CD_COMPONENTS];	/* e' V_k e */
} Problem;

/* Bytes for the problem. */
size_t
cd_crossed_size(size_t cells, size_t size_b)
{
	size_t		k = size_b + 1;
	size_t		total = 2 * cd_arena_bytes(cells, sizeof(double));

	total = cd_arena_sum(total, 2 * cd_arena_bytes(k, k * sizeof(double)));
	return cd_arena_sum(total, 4 * cd_arena_bytes(k, sizeof(double)));
}

static bool
take(Problem *p, CdArena *arena)
{
	size_t		k = p->equations;

	p->w = cd_arena_take(arena, p->cells, sizeof(double));
	p->e = cd_arena_take(arena, p->cells, sizeof(double));
	p->m = cd_arena_take(arena, k, k * sizeof(double));
	p->s = cd_arena_take(arena, k, k * sizeof(double));
	p->r = cd_arena_take(arena, k, sizeof(double));
	p->u = cd_arena_take(arena, k, sizeof(double));
	p->h = cd_arena_take(arena, k, sizeof(double));
	p->scale = cd_arena_take(arena, k, sizeof(double));
	return p->w != NULL && p->e != NULL && p->m != NULL && p->s != NULL && p->r != NULL && p->u != NULL
		&& p->h != NULL && p->scale != NULL;
}

/* ---- one evaluation ------------------------------------------------------------------------- */

/* The cells of one level of a, from first to before end. */
typedef struct Level
{
	size_t		first;
	size_t		end;
	double		w;				/* sum of the weights */
	double		pull;			/* a / (1 + a w): V1^-1 = diag(w) - pull w w' */
} Level;

/* Move on to the next level of a. */
static bool
next_level(const Problem *p, Level *level)
{
	level->first = level->end;
	level->w = 0.0;
	if (level->first == p->cells)
		return false;
	while (level->end < p->cells && p->cell[level->end].a == p->cell[level->first].a)
		level->w += p->w[level->end++];
	level->pull = p->ratio[CD_COMPONENT_A] / (1.0 + p->ratio[CD_COMPONENT_A] * level->w);
	return true;
}

/* Sum of w x over a level. */
static double
level_sum(const Problem *p, const Level *level, double (*x) (const Problem *p, size_t c))
{
	double		sum = 0.0;

	for (size_t c = level->first; c < level->end; c++)
		sum += p->w[c] * x(p, c);
	return sum;
}

static double
centred(const Problem *p, size_t c)
{
	return p->cell[c].moments.mean - p->origin;
}

static double
unexplained(const Problem *p, size_t c)
{
	return centred(p, c) - p->u[0] - p->u[1 + p->cell[c].b];
}

/* Add one level of a to the equations. */
static void
add_level(Problem *p, const Level *level)
{
	size_t		k = p->equations;
	double		wy = level_sum(p, level, centred);
	double		rest = 1.0 - level->pull * level->w;

	p->m[0] += level->w * rest;
	p->r[0] += wy * rest;
	for (size_t c = level->first; c < level->end; c++)
	{
		size_t		j = 1 + p->cell[c].b;

		p->m[j * k] += p->w[c] * rest;
		p->m[j * k + j] += p->w[c];
		p->r[j] += p->w[c] * (centred(p, c) - level->pull * wy);
		for (size_t d = level->first; d < level->end; d++)
			p->m[j * k + 1 + p->cell[d].b] -= level->pull * p->w[c] * p->w[d];
	}
	p->deviance += log1p(p->ratio[CD_COMPONENT_A] * level->w);
}

/* Equations before b's own variance; the deviance collects the logarithms. */
static void
assemble(Problem *p)
{
	size_t		k = p->equations;
	Level		level = {0};

	memset(p->m, 0, k * k * sizeof(double));
	memset(p->r, 0, k * sizeof(double));
	p->deviance = p->log_weight;
	for (size_t c = 0; c < p->cells; c++)
	{
		p->w[c] = 1.0 / (p->ratio[CD_COMPONENT_AB] + 1.0 / p->cell[c].moments.weight);
		p->deviance -= log(p->w[c]);
	}
	while (next_level(p, &level))
		add_level(p, &level);
	for (size_t j = 1; j < k; j++)
		p->m[j] = p->m[j * k];
}

/* Solve for mu and b; s becomes H = scale S^-1 scale. */
static CdStatus
solve(Problem *p)
{
	size_t		k = p->equations;
	CdStatus	status;

	for (size_t j = 0; j < k; j++)
		p->scale[j] = j == 0 ? 1.0 : sqrt(p->ratio[CD_COMPONENT_B]);
	for (size_t i = 0; i < k; i++)
	{
		p->u[i] = p->scale[i] * p->r[i];
		for (size_t j = 0; j < k; j++)
			p->s[i * k + j] = p->scale[i] * p->m[i * k + j] * p->scale[j] + (i == j && i > 0 ? 1.0 : 0.0);
	}
	status = cd_cholesky_definite(p->s, k);
	if (status != CD_OK)
		return CD_NO_CONVERGENCE;
	p->deviance += cd_cholesky_log_determinant(p->s, k);
	cd_cholesky_solve(p->s, k, p->u);
	cd_cholesky_invert(p->s, k);
	for (size_t i = 0; i < k; i++)
	{
		p->u[i] *= p->scale[i];
		for (size_t j = 0; j < k; j++)
			p->s[i * k + j] *= p->scale[i] * p->scale[j];
	}
	return CD_OK;
}

/* Weighted residuals, and their squares by component. */
static void
residuals(Problem *p)
{
	size_t		k = p->equations;
	double		square = 0.0;
	Level		level = {0};

	memset(p->h, 0, k * sizeof(double));
	memset(p->square, 0, sizeof(p->square));
	while (next_level(p, &level))
	{
		double		pulled = level.pull * level_sum(p, &level, unexplained);
		double		sum = 0.0;

		for (size_t c = level.first; c < level.end; c++)
		{
			p->e[c] = p->w[c] * (unexplained(p, c) - pulled);
			sum += p->e[c];
			square += centred(p, c) * p->e[c];
			p->h[1 + p->cell[c].b] += p->e[c];
			p->square[CD_COMPONENT_AB] += p->e[c] * p->e[c];
		}
		p->square[CD_COMPONENT_A] += sum * sum;
	}
	p->square[CD_COMPONENT_B] = cd_dot(p->h + 1, p->h + 1, k - 1);
	p->residual = (p->within + square) / (p->n - 1.0);
	p->deviance += (p->n - 1.0) * (log(2.0 * M_PI * p->residual) + 1.0);
}

/* h = H X'w and w'X H X'w of a level of a, w its weights. */
static double
project(Problem *p, const Level *level)
{
	size_t		k = p->equations;
	double		norm;

	for (size_t i = 0; i < k; i++)
	{
		p->h[i] = level->w * p->s[i * k];
		for (size_t c = level->first; c < level->end; c++)
			p->h[i] += p->w[c] * p->s[i * k + 1 + p->cell[c].b];
	}
	norm = level->w * p->h[0];
	for (size_t c = level->first; c < level->end; c++)
		norm += p->w[c] * p->h[1 + p->cell[c].b];
	return norm;
}

/* Traces of P V_k for a and ab, level by level: P = V1^-1 - V1^-1 X H X' V1^-1. */
static void
level_traces(Problem *p, const Level *level)
{
	size_t		k = p->equations;
	double		rest = 1.0 - level->pull * level->w;
	double		norm = project(p, level);

	p->trace[CD_COMPONENT_A] += level->w * rest - rest * rest * norm;
	for (size_t c = level->first; c < level->end; c++)
	{
		size_t		j = 1 + p->cell[c].b;
		double		own = p->s[0] + 2.0 * p->s[j] + p->s[j * k + j];
		double		shared = p->h[0] + p->h[j];

		p->trace[CD_COMPONENT_AB] += p->w[c] * (1.0 - level->pull * p->w[c])
			- p->w[c] * p->w[c] * (own - 2.0 * level->pull * shared + level->pull * level->pull * norm);
	}
}

/* All traces. */
static void
traces(Problem *p)
{
	size_t		k = p->equations;
	Level		level = {0};

	memset(p->trace, 0, sizeof(p->trace));
	while (next_level(p, &level))
		level_traces(p, &level);
	for (size_t j = 1; j < k; j++)
		p->trace[CD_COMPONENT_B] += p->m[j * k + j] - cd_quadratic(p->s, &p->m[j * k], k);
}

/* Deviance, profiled over mu and the residual variance, and what its slopes need. */
static CdStatus
evaluate(Problem *p)
{
	CdStatus	status;

	if (cd_stop_requested())
		return CD_STOPPED;
	assemble(p);
	status = solve(p);
	if (status != CD_OK)
		return status;
	residuals(p);
	if (!(p->residual > 0.0) || !isfinite(p->deviance))
		return CD_NO_CONVERGENCE;
	traces(p);
	return CD_OK;
}

/* Slope of the deviance in a ratio. */
static double
slope(const Problem *p, int k)
{
	return p->trace[k] - p->square[k] / p->residual;
}

/* ---- search --------------------------------------------------------------------------------- */

/* Steps that never worsen the fit and stay positive (Zhou, Hu, Qiao & Lange 2019). */
static CdStatus
minorise(Problem *p)
{
	for (int i = 0; i < MM_STEPS; i++)
	{
		CdStatus	status = evaluate(p);

		if (status != CD_OK)
			return status;
		for (int k = 0; k < CD_COMPONENTS; k++)
			if (p->active[k])
				p->ratio[k] *= sqrt(p->square[k] / (p->residual * p->trace[k]));
	}
	return evaluate(p);
}

/* Whether a component at the boundary would fit better off it. */
static bool
leaves_boundary(const Problem *p, int k)
{
	return slope(p, k) < -GRADIENT_TOLERANCE * p->trace[k];
}

/*
 * Off the boundary: as far as doubling gains, for close to it the surface is not convex in
 * logarithms and Newton's method creeps.
 */
static CdStatus
enter(Problem *p, int k)
{
	CdStatus	status;
	double		before = INFINITY;

	p->active[k] = true;
	p->ratio[k] = FIRST_STEP / p->trace[k];
	status = evaluate(p);
	while (status == CD_OK && p->deviance < before)
	{
		before = p->deviance;
		p->ratio[k] *= 2.0;
		status = evaluate(p);
	}
	if (status != CD_OK)
		return status;
	p->ratio[k] *= 0.5;
	return evaluate(p);
}

/* Take components to the boundary where that fits better, and back where it does not. */
static CdStatus
revise_boundary(Problem *p, const bool wanted[CD_COMPONENTS], bool *changed)
{
	*changed = false;
	for (int k = 0; k < CD_COMPONENTS; k++)
	{
		double		ratio = p->ratio[k];
		double		before = p->deviance;
		CdStatus	status;

		if (p->active[k] && slope(p, k) > 0.0)
		{
			p->ratio[k] = 0.0;
			status = evaluate(p);
			if (status != CD_OK)
				return status;
			/* Better than here, and best: an optimum that lies between would be gone round forever. */
			if (p->deviance <= before && !leaves_boundary(p, k))
			{
				p->active[k] = false;
				*changed = true;
				continue;
			}
			p->ratio[k] = ratio;
			status = evaluate(p);
		}
		else if (wanted[k] && !p->active[k] && leaves_boundary(p, k))
		{
			*changed = true;
			status = enter(p, k);
		}
		else
			continue;
		if (status != CD_OK)
			return status;
	}
	return CD_OK;
}

/* The components not at the boundary. */
static size_t
active_components(const Problem *p, int index[CD_COMPONENTS])
{
	size_t		count = 0;

	for (int k = 0; k < CD_COMPONENTS; k++)
		if (p->active[k])
			index[count++] = k;
	return count;
}

/* Hessian in the logarithms of the ratios, by differences of the gradient. */
static CdStatus
hessian(Problem *p, const int *index, size_t count, double *out)
{
	for (size_t i = 0; i < count; i++)
	{
		double		ratio = p->ratio[index[i]];

		for (int side = -1; side <= 1; side += 2)
		{
			CdStatus	status;

			p->ratio[index[i]] = ratio * exp(side * DIFFERENCE);
			status = evaluate(p);
			if (status != CD_OK)
				return status;
			for (size_t j = 0; j < count; j++)
			{
				double		g = p->ratio[index[j]] * slope(p, index[j]);

				out[i * count + j] = side < 0 ? -g : (out[i * count + j] + g) / (2.0 * DIFFERENCE);
			}
		}
		p->ratio[index[i]] = ratio;
	}
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			out[i * count + j] = out[j * count + i] = 0.5 * (out[i * count + j] + out[j * count + i]);
	return evaluate(p);
}

/* Newton direction; the gradient scaled by its own size where the surface is not convex. */
static CdStatus
direction(Problem *p, const int *index, size_t count, double *move)
{
	double		h[CD_COMPONENTS * CD_COMPONENTS];
	double		largest = 0.0;
	CdStatus	status = hessian(p, index, count, h);

	if (status != CD_OK)
		return status;
	for (size_t i = 0; i < count; i++)
		move[i] = -p->ratio[index[i]] * slope(p, index[i]);
	if (cd_cholesky(h, count) == CD_OK)
		cd_cholesky_solve(h, count, move);
	else
		for (size_t i = 0; i < count; i++)
			move[i] = copysign(fmin(fabs(move[i]), 0.5), move[i]);
	for (size_t i = 0; i < count; i++)
		largest = fmax(largest, fabs(move[i]));
	for (size_t i = 0; i < count && largest > MAX_MOVE; i++)
		move[i] *= MAX_MOVE / largest;
	return CD_OK;
}

/* Move, halving while the deviance rises. */
static CdStatus
walk(Problem *p, const int *index, size_t count, const double *move)
{
	double		from[CD_COMPONENTS];
	double		before = p->deviance;
	CdStatus	status = CD_OK;

	memcpy(from, p->ratio, sizeof(from));
	for (double length = 1.0; length > 1e-6; length *= 0.5)
	{
		for (size_t i = 0; i < count; i++)
			p->ratio[index[i]] = from[index[i]] * exp(length * move[i]);
		status = evaluate(p);
		if (status == CD_STOPPED)
			return status;
		if (status == CD_OK && p->deviance <= before + 1e-12 * fabs(before))
			break;
	}
	return status;
}

/* Newton's method over the components that are not at the boundary. */
static CdStatus
maximise(Problem *p, const bool wanted[CD_COMPONENTS])
{
	CdStatus	status = minorise(p);

	for (int i = 0; i < NEWTON_STEPS && status == CD_OK; i++)
	{
		int			index[CD_COMPONENTS];
		size_t		count;
		double		move[CD_COMPONENTS];
		double		gradient = 0.0;
		bool		changed;

		status = revise_boundary(p, wanted, &changed);
		if (status != CD_OK)
			return status;
		count = active_components(p, index);
		for (size_t k = 0; k < count; k++)
			gradient = fmax(gradient, fabs(p->ratio[index[k]] * slope(p, index[k])));
		if (!changed && gradient < GRADIENT_TOLERANCE)
			return CD_OK;
		if (count == 0)
			continue;
		status = direction(p, index, count, move);
		if (status == CD_OK)
			status = walk(p, index, count, move);
	}
	return status == CD_OK ? CD_NO_CONVERGENCE : status;
}

/* ---- in and out ----------------------------------------------------------------------------- */

/* Totals and checks. */
static CdStatus
prepare(Problem *p, size_t size_a, CdCrossed *out)
{
	CdMoments	all = {0};

	out->levels_a = 0;
	for (size_t c = 0; c < p->cells; c++)
	{
		const CdMoments *m = &p->cell[c].moments;

		if (!(m->n >= 1.0) || !(m->weight > 0.0) || !isfinite(m->weight) || !isfinite(m->mean)
			|| !(m->m2 >= 0.0) || !isfinite(m->m2) || p->cell[c].b + 1 >= p->equations || p->cell[c].a >= size_a
			|| (c > 0 && p->cell[c].a < p->cell[c - 1].a))
			return CD_BAD_INPUT;
		cd_moments_merge(&all, m);
		p->within += m->m2;
		p->log_weight += log(m->weight);
		if (c == 0 || p->cell[c].a != p->cell[c - 1].a)
			out->levels_a++;
	}
	p->n = out->n = all.n;
	p->origin = all.mean;
	out->cells = p->cells;
	return all.m2 > 0.0 ? CD_OK : CD_TOO_FEW;
}

/* Levels of b with values. */
static void
count_levels(Problem *p, CdCrossed *out)
{
	memset(p->h, 0, p->equations * sizeof(double));
	for (size_t c = 0; c < p->cells; c++)
		p->h[p->cell[c].b] = 1.0;
	out->levels_b = 0;
	for (size_t j = 0; j + 1 < p->equations; j++)
		out->levels_b += p->h[j] > 0.0;
}

/* Enough levels and values for the components wanted. */
static bool
estimable(const Problem *p, const CdCrossed *out, const bool component[CD_COMPONENTS])
{
	if (component[CD_COMPONENT_A] && out->levels_a < 2)
		return false;
	if (component[CD_COMPONENT_B] && out->levels_b < 2)
		return false;
	if (component[CD_COMPONENT_AB] && (out->cells < 2 || p->n <= (double) out->cells || p->within <= 0.0))
		return false;
	return out->n > 2.0;
}

/* A prediction from its error variance, all in units of the residual variance. */
static CdBlup
blup(const Problem *p, double effect, double variance, double share_of_mean)
{
	CdBlup		out = {
		.effect = effect,
		.conditional_sd = sqrt(p->residual * fmax(variance - share_of_mean * share_of_mean / p->s[0], 0.0)),
		.sd = sqrt(p->residual * variance)
	};

	return out;
}

/* Predictions of a; levels without values keep the variance of a. */
static void
predict_a(Problem *p, size_t size_a, CdBlup *out)
{
	double		ratio = p->ratio[CD_COMPONENT_A];
	Level		level = {0};

	for (size_t i = 0; i < size_a; i++)
		out[i] = blup(p, 0.0, ratio, 0.0);
	while (next_level(p, &level))
	{
		double		norm = project(p, &level);
		double		sum = 0.0;

		for (size_t c = level.first; c < level.end; c++)
			sum += p->e[c];
		out[p->cell[level.first].a] = blup(p, ratio * sum, level.pull + level.pull * level.pull * norm,
										   level.pull * p->h[0]);
	}
}

/* Predictions of b. */
static void
predict_b(const Problem *p, CdBlup *out)
{
	size_t		k = p->equations;

	for (size_t j = 1; j < k; j++)
		out[j - 1] = blup(p, p->u[j], p->s[j * k + j], p->s[j]);
}

/* Standard errors of the logarithms of the ratios. */
static CdStatus
precision(Problem *p, CdCrossed *out)
{
	double		h[CD_COMPONENTS * CD_COMPONENTS];
	int			index[CD_COMPONENTS];
	size_t		count = active_components(p, index);
	CdStatus	status = hessian(p, index, count, h);

	for (int k = 0; k < CD_COMPONENTS; k++)
		out->log_se[k] = NAN;
	if (status != CD_OK || count == 0 || cd_cholesky(h, count) != CD_OK)
		return status;
	cd_cholesky_invert(h, count);
	for (size_t i = 0; i < count; i++)
		out->log_se[index[i]] = sqrt(2.0 * h[i * count + i]);
	return CD_OK;
}

/* Fit. */
CdStatus
cd_crossed(const CdCell *cell, size_t cells, size_t size_a, size_t size_b,
		   const bool component[CD_COMPONENTS], CdArena *arena, CdCrossed *out,
		   CdBlup *blup_a, CdBlup *blup_b, double *effect_ab)
{
	Problem		p = {.cell = cell, .cells = cells, .equations = size_b + 1};
	size_t		keep = arena->used;
	CdStatus	status = prepare(&p, size_a, out);

	if (status != CD_OK)
		return status;
	if (!take(&p, arena))
		return CD_NOMEM;
	arena->used = keep;
	count_levels(&p, out);
	if (!estimable(&p, out, component))
		return CD_TOO_FEW;
	for (int k = 0; k < CD_COMPONENTS; k++)
	{
		p.active[k] = component[k];
		p.ratio[k] = component[k] ? START : 0.0;
	}
	status = maximise(&p, component);
	if (status == CD_OK)
		status = precision(&p, out);
	if (status != CD_OK)
		return status;
	out->mu = p.origin + p.u[0];
	out->se = sqrt(p.residual * p.s[0]);
	out->residual = p.residual;
	out->criterion = p.deviance;
	for (int k = 0; k < CD_COMPONENTS; k++)
		out->variance[k] = p.ratio[k] * p.residual;
	if (blup_a != NULL)
		predict_a(&p, size_a, blup_a);
	if (blup_b != NULL)
		predict_b(&p, blup_b);
	for (size_t c = 0; c < cells && effect_ab != NULL; c++)
		effect_ab[c] = p.ratio[CD_COMPONENT_AB] * p.e[c];
	return CD_OK;
}

/* Hardly off the boundary there are no degrees of freedom left to speak of. */
void
cd_crossed_interval(double variance, double log_se, double level, double *low, double *high)
{
	double		df = 2.0 / (log_se * log_se);
	double		upper;
	double		lower;

	*low = *high = NAN;
	if (!(variance > 0.0) || isnan(log_se))
		return;
	if (cd_chisq_quantile(0.5 * (1.0 + level), df, &upper) != CD_OK
		|| cd_chisq_quantile(0.5 * (1.0 - level), df, &lower) != CD_OK || !isfinite(variance * df / lower))
		return;
	*low = variance * df / upper;
	*high = variance * df / lower;
}
