/*
 * share_interval.c
 *		Intervals of shares and ratios.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "stats/share_interval.h"

CD_FUNCTION(cd_binomial_interval_sql);
CD_FUNCTION(cd_ratio_interval_sql);

/* Arguments: hits, trials, level; none is NULL. */
Datum
cd_binomial_interval_sql(PG_FUNCTION_ARGS)
{
	double		hits = PG_GETARG_FLOAT8(0);
	double		trials = PG_GETARG_FLOAT8(1);
	double		level = PG_GETARG_FLOAT8(2);
	double		low;
	double		high;
	Datum		values[2];
	bool		nulls[2];

	if (!isfinite(trials) || !(trials > 0) || !(hits >= 0 && hits <= trials) || !(level > 0 && level < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("binomial_interval needs a number of trials above 0, of which 0 to all are hits, and a level between 0 and 1"),
				 errhint("Leave units without trials out with WHERE.")));
	cd_ereport_status(cd_binomial_interval(hits, trials, level, &low, &high), "binomial_interval");
	cd_set_float8(values, nulls, 0, low);
	cd_set_float8(values, nulls, 1, high);
	return HeapTupleGetDatum(heap_form_tuple(cd_result_type(fcinfo), values, nulls));
}

/* Arguments: hits, trials, hits_squared, cross_product, trials_squared, units, is_share; none is NULL. */
Datum
cd_ratio_interval_sql(PG_FUNCTION_ARGS)
{
	CdClustered sums = {
		.hits = PG_GETARG_FLOAT8(0), .trials = PG_GETARG_FLOAT8(1),
		.hits_squared = PG_GETARG_FLOAT8(2), .cross_product = PG_GETARG_FLOAT8(3), .trials_squared = PG_GETARG_FLOAT8(4),
		.units = (double) PG_GETARG_INT64(5)
	};
	bool		is_share = PG_GETARG_BOOL(6);
	double		low = NAN;
	double		high = NAN;
	CdStatus	status = cd_ratio_interval(&sums, is_share, 0.95, &low, &high);
	Datum		values[2];
	bool		nulls[2];

	if (status == CD_BAD_INPUT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("ratio_interval needs finite sums and trials above 0, and for a share hits between 0 and trials"),
				 errhint("Leave units without trials out with WHERE.")));
	if (status != CD_TOO_FEW)
		cd_ereport_status(status, "ratio_interval");
	cd_set_float8(values, nulls, 0, low);
	cd_set_float8(values, nulls, 1, high);
	return HeapTupleGetDatum(heap_form_tuple(cd_result_type(fcinfo), values, nulls));
}
