/*
 * equivalence.c
 *		What an estimate allows to conclude: an effect, too little of one, or neither; and what it could have shown.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "utils/builtins.h"

#include "stats/equivalence.h"

#define RESULT_COLUMNS 7

CD_FUNCTION(cd_tost_sql);
CD_FUNCTION(cd_smallest_detectable_sql);

static const char *
conclusion_name(CdConclusion conclusion)
{
	switch (conclusion)
	{
		case CD_CONCLUDE_EFFECT:
			return "effect";
		case CD_CONCLUDE_NEGLIGIBLE:
			return "negligible";
		case CD_CONCLUDE_NO_EFFECT:
			return "no_effect";
		case CD_CONCLUDE_CANNOT_TELL:
			break;
	}
	return "cannot_tell";
}

/* Arguments: estimate, se, df, margin, alpha; none is NULL. */
Datum
cd_tost_sql(PG_FUNCTION_ARGS)
{
	double		estimate = PG_GETARG_FLOAT8(0);
	double		se = PG_GETARG_FLOAT8(1);
	double		df = PG_GETARG_FLOAT8(2);
	double		margin = PG_GETARG_FLOAT8(3);
	double		alpha = PG_GETARG_FLOAT8(4);
	CdTost		tost;
	CdConclusion conclusion;
	Datum		values[RESULT_COLUMNS];
	bool		nulls[RESULT_COLUMNS] = {0};

	if (!isfinite(estimate) || !isfinite(se) || se <= 0 || !(df > 0) || !isfinite(margin) || margin <= 0 ||
		!(alpha > 0 && alpha < 0.5))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("tost needs a finite estimate, a positive standard error, degrees of freedom and margin, and an alpha between 0 and 0.5"),
				 errhint("The margin is the smallest effect worth having, in the unit of the estimate; df = 'Infinity' means a normal estimate.")));
	cd_ereport_status(cd_tost(estimate, se, df, -margin, margin, alpha, &tost), "tost");
	cd_ereport_status(cd_conclude(estimate, se, df, margin, alpha, &conclusion), "tost");
	cd_set_float8(values, nulls, 0, tost.p);
	values[1] = BoolGetDatum(tost.equivalent);
	values[2] = CStringGetTextDatum(conclusion_name(conclusion));
	cd_set_float8(values, nulls, 3, tost.low);
	cd_set_float8(values, nulls, 4, tost.high);
	cd_set_float8(values, nulls, 5, tost.p_low);
	cd_set_float8(values, nulls, 6, tost.p_high);
	return HeapTupleGetDatum(heap_form_tuple(cd_result_type(fcinfo), values, nulls));
}

/* Arguments: se, df, alpha, power; none is NULL. */
Datum
cd_smallest_detectable_sql(PG_FUNCTION_ARGS)
{
	double		se = PG_GETARG_FLOAT8(0);
	double		df = PG_GETARG_FLOAT8(1);
	double		alpha = PG_GETARG_FLOAT8(2);
	double		power = PG_GETARG_FLOAT8(3);
	double		effect;

	if (!isfinite(se) || se <= 0 || !(df > 0) || !(alpha > 0 && alpha < 0.5) || !(power > alpha / 2 && power < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("smallest_detectable needs a positive standard error and degrees of freedom, an alpha between 0 and 0.5, and a power between alpha / 2 and 1"),
				 errhint("df = 'Infinity' means a normal estimate; a power of 0.8 is usual.")));
	cd_ereport_status(cd_smallest_detectable(se, df, alpha, power, &effect), "smallest_detectable");
	PG_RETURN_FLOAT8(effect);
}
