/*
 * mix.c: see mix.h.
 */
#include <math.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>

#include "stats/mix.h"

#define RIDGE 1e-8				/* of the mean diagonal: decides only what the data leave open */

/* Add one unit's part of the normal equations, its own mean taken out: by pairs, since weight less
 * weight^2 / total would leave nothing but rounding where one weight is far above the others. */
static void
add_unit(const CdMixCell *cells, size_t from, size_t to, size_t types, double *matrix, double *right)
{
	double		total = 0.0;

	for (size_t i = from; i < to; i++)
		total += cells[i].weight;
	for (size_t i = from; i < to; i++)
		for (size_t j = from; j < to; j++)
		{
			const CdMixCell *a = &cells[i];
			const CdMixCell *b = &cells[j];
			double		both = a->weight * (b->weight / total);

			if (a->type == b->type)
				continue;
			right[a->type] += both * (a->value - b->value);
			matrix[(size_t) a->type * types + a->type] += both;
			matrix[(size_t) a->type * types + b->type] -= both;
		}
}

static CdStatus
solve_ridge(double *matrix, double *right, size_t types)
{
	gsl_matrix_view m = gsl_matrix_view_array(matrix, types, types);
	gsl_vector_view r = gsl_vector_view_array(right, types);
	double		trace = 0.0;

	for (size_t t = 0; t < types; t++)
		trace += matrix[t * types + t];
	if (trace <= 0.0)
	{
		gsl_vector_set_zero(&r.vector);
		return CD_OK;
	}
	for (size_t t = 0; t < types; t++)
		matrix[t * types + t] += RIDGE * trace / (double) types;
	if (gsl_linalg_cholesky_decomp1(&m.matrix) != GSL_SUCCESS
		|| gsl_linalg_cholesky_svx(&m.matrix, &r.vector) != GSL_SUCCESS)
		return CD_NO_CONVERGENCE;
	return CD_OK;
}

/* Shift the effects so that taking them away leaves the overall mean where it was. */
static void
centre(const CdMixCell *cells, size_t n, size_t types, double *effect)
{
	double		weight = 0.0;
	double		mean = 0.0;

	for (size_t i = 0; i < n; i++)
	{
		weight += cells[i].weight;
		mean += (effect[cells[i].type] - mean) * (cells[i].weight / weight);
	}
	for (size_t t = 0; t < types; t++)
		effect[t] -= mean;
}

CdStatus
cd_mix_effects(const CdMixCell *cells, size_t n, size_t types, double *scratch, double *effect)
{
	double	   *matrix = scratch;
	double	   *right = scratch + types * types;
	CdStatus	status;

	for (size_t i = 0; i < CD_MIX_SCRATCH(types); i++)
		scratch[i] = 0.0;
	for (size_t from = 0, to; from < n; from = to)
	{
		for (to = from + 1; to < n && cells[to].unit == cells[from].unit;)
			to++;
		add_unit(cells, from, to, types, matrix, right);
		if (cd_stop_requested())
			return CD_STOPPED;
	}
	status = solve_ridge(matrix, right, types);
	for (size_t t = 0; t < types && status == CD_OK; t++)
		effect[t] = right[t];
	if (status == CD_OK)
		centre(cells, n, types, effect);
	return status;
}
