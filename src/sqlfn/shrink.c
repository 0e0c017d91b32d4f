/*
 * shrink.c
 *		The window function shrink(estimate, se): empirical Bayes estimates of the
 *		units of a partition.
 */
#include "sqlfn/sqlfn.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "windowapi.h"

#include "sqlfn/estimates.h"
#include "stats/heterogeneity.h"

#define RESULT_COLUMNS 3

CD_FUNCTION(cd_shrink);

/* The fit of one partition, made at its first row. */
typedef struct Shrinkage
{
	bool		fitted;
	CdHeterogeneity fit;
} Shrinkage;

/* One argument of one row; false when it is NULL. */
static bool
get_argument(WindowObject winobj, int argument, int64 row, double *value)
{
	bool		isnull;
	bool		isout;
	Datum		datum = WinGetFuncArgInPartition(winobj, argument, (int) row, WINDOW_SEEK_HEAD,
												 false, &isnull, &isout);

	if (isnull || isout)
		return false;
	*value = DatumGetFloat8(datum);
	return true;
}

/* Fit the whole partition, rows with NULL left out. */
static void
fit_partition(WindowObject winobj, Shrinkage *s)
{
	int64		rows = WinGetPartitionRowCount(winobj);
	CdEstimates e = cd_make_estimates(rows);

	for (int64 i = 0; i < rows; i++)
	{
		double		estimate;
		double		se;

		CHECK_FOR_INTERRUPTS();
		if (!get_argument(winobj, 0, i, &estimate) || !get_argument(winobj, 1, i, &se))
			continue;
		cd_check_estimate(estimate, se);
		cd_add_estimate(&e, estimate, se);
	}
	cd_sort_estimates(&e);
	if (e.k > 0)
		cd_ereport_status(cd_heterogeneity(e.y, e.v, e.k, CD_TAU2_REML, 0.95, &s->fit), "shrink");
	cd_free_estimates(&e);
	s->fitted = true;
}

Datum
cd_shrink(PG_FUNCTION_ARGS)
{
	WindowObject winobj = PG_WINDOW_OBJECT();
	Shrinkage  *s = WinGetPartitionLocalMemory(winobj, sizeof(Shrinkage));
	bool		estimate_null;
	bool		se_null;
	Datum		estimate = WinGetFuncArgCurrent(winobj, 0, &estimate_null);
	Datum		se = WinGetFuncArgCurrent(winobj, 1, &se_null);
	double		shrunken;
	double		shrunken_se;
	double		weight;
	Datum		values[RESULT_COLUMNS];
	bool		nulls[RESULT_COLUMNS] = {0};

	if (!s->fitted)
		fit_partition(winobj, s);
	if (estimate_null || se_null)
		PG_RETURN_NULL();
	cd_heterogeneity_morris(&s->fit, DatumGetFloat8(estimate),
							DatumGetFloat8(se) * DatumGetFloat8(se),
							&shrunken, &shrunken_se, &weight);
	values[0] = Float8GetDatum(shrunken);
	values[1] = Float8GetDatum(shrunken_se);
	values[2] = Float8GetDatum(weight);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(cd_result_type(fcinfo), values, nulls)));
}
