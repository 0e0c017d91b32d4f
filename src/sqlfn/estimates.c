/*
 * estimates.c
 *		See estimates.h.
 */
#include "sqlfn/estimates.h"

#include <float.h>
#include <math.h>

#include "utils/memutils.h"

typedef struct CdEstimate
{
	double		y;
	double		v;
} CdEstimate;

void
cd_check_estimate(double estimate, double se)
{
	double		v = se * se;

	if (!isfinite(estimate) || isnan(se) || isinf(se))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("estimate and se must be finite numbers, not NaN or infinity"),
				 errhint("Leave such rows out with WHERE, or give NULL where the number is unknown.")));
	if (se <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("se must be above 0"),
				 errhint("A unit without sampling error needs no pooling. Leave it out, or use coachdiag.gap_dispersion over the rows.")));
	if (v < DBL_MIN || isinf(v))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("se is out of range"),
				 errhint("Its square must be a number; use a more fitting unit of measurement.")));
}

/* Large enough inputs must fit in memory of more than 1 GB. */
static void *
allocate(size_t count, size_t size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, Max(count, 1) * size);
}

CdEstimates
cd_make_estimates(size_t capacity)
{
	CdEstimates e = {
		.y = allocate(capacity, sizeof(double)),
		.v = allocate(capacity, sizeof(double)),
		.unit = allocate(capacity, sizeof(CdEstimate))
	};

	return e;
}

void
cd_add_estimate(CdEstimates *e, double estimate, double se)
{
	e->unit[e->k++] = (CdEstimate) {estimate, se * se};
}

static int
compare_doubles(double a, double b)
{
	return (a > b) - (a < b);
}

static int
compare_estimates(const void *a, const void *b)
{
	const CdEstimate *x = a;
	const CdEstimate *y = b;
	int			order = compare_doubles(x->y, y->y);

	return order != 0 ? order : compare_doubles(x->v, y->v);
}

void
cd_sort_estimates(CdEstimates *e)
{
	qsort(e->unit, e->k, sizeof(CdEstimate), compare_estimates);
	for (size_t i = 0; i < e->k; i++)
	{
		e->y[i] = e->unit[i].y;
		e->v[i] = e->unit[i].v;
	}
}

void
cd_free_estimates(CdEstimates *e)
{
	pfree(e->y);
	pfree(e->v);
	pfree(e->unit);
}
