/*
 * step_totals.c
 *		The aggregate step_totals() over paths, and its steps as rows.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "process/step_totals.h"

CD_FUNCTION(cd_step_totals_in);
CD_FUNCTION(cd_step_totals_out);
CD_FUNCTION(cd_step_totals_accum);
CD_FUNCTION(cd_step_totals_merge);
CD_FUNCTION(cd_step_totals_rows);

#define COLUMNS 17

/* Nothing can be read in, so that all totals were made by the aggregate. */
Datum
cd_step_totals_in(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("coachdiag.step_totals cannot be read in"),
			 errhint("Keep the paths, and make the totals of them: coachdiag.step_totals(path, repeated).")));
	PG_RETURN_NULL();
}

Datum
cd_step_totals_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(psprintf("%u steps", PG_GETARG_STEP_TOTALS_P(0)->steps));
}

/* The state to change: our own, since nodeAgg hands it back to us alone. */
static StepTotals *
get_state(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(0) ? step_totals_create() : PG_GETARG_STEP_TOTALS_P(0);
}

Datum
cd_step_totals_accum(PG_FUNCTION_ARGS)
{
	StepRepeated repeated = STEP_REPEATED_UNKNOWN;

	cd_require_aggregate(fcinfo, "step_totals_accum");
	if (PG_ARGISNULL(1))
		return cd_unchanged_state(fcinfo);
	if (!PG_ARGISNULL(2))
		repeated = PG_GETARG_BOOL(2) ? STEP_REPEATED_YES : STEP_REPEATED_NO;
	PG_RETURN_POINTER(step_totals_add(get_state(fcinfo), path_finished(PG_GETARG_PATH_P(1)), repeated));
}

Datum
cd_step_totals_merge(PG_FUNCTION_ARGS)
{
	cd_require_aggregate(fcinfo, "step_totals_merge");
	if (PG_ARGISNULL(1))
		return cd_unchanged_state(fcinfo);
	PG_RETURN_POINTER(step_totals_merge(get_state(fcinfo), PG_GETARG_STEP_TOTALS_P(1)));
}

/* ---- rows ---- */

static int
compare_latencies(const void *a, const void *b)
{
	const StepLatency *x = a;
	const StepLatency *y = b;

	if (x->step != y->step)
		return x->step < y->step ? -1 : 1;
	return (x->seconds > y->seconds) - (x->seconds < y->seconds);
}

/* The latencies of each step together, step after step, ascending. */
static Datum *
latencies_by_step(const StepTotals *t)
{
	Size		size = Max(t->latencies, 1) * sizeof(StepLatency);
	StepLatency *latencies = palloc_extended(size, MCXT_ALLOC_HUGE);
	Datum	   *sorted = palloc_extended(Max(t->latencies, 1) * sizeof(Datum), MCXT_ALLOC_HUGE);

	memcpy(latencies, step_totals_latencies(t), t->latencies * sizeof(StepLatency));
	qsort(latencies, t->latencies, sizeof(StepLatency), compare_latencies);
	for (uint32 i = 0; i < t->latencies; i++)
		sorted[i] = Float4GetDatum(latencies[i].seconds);
	pfree(latencies);
	return sorted;
}

static double
if_any(int64 n, double x)
{
	return n > 0 ? x : NAN;
}

static void
put_row(ReturnSetInfo *result, const StepTotals *t, const StepTotal *step, Datum *latencies)
{
	Datum		values[COLUMNS] = {0};
	bool		nulls[COLUMNS] = {0};
	PathLabel	label = step_totals_label(t, step);

	values[0] = PointerGetDatum(cstring_to_text_with_len(label.data, label.length));
	values[1] = Int64GetDatum(step->contacts);
	values[2] = Int64GetDatum(step->visits);
	values[3] = Int64GetDatum(step->timed);
	cd_set_float8(values, nulls, 4, if_any(step->timed, step->working / 1e6));
	cd_set_float8(values, nulls, 5, if_any(step->timed, step->rework / 1e6));
	cd_set_float8(values, nulls, 6, if_any(step->timed, step->waiting / 1e6));
	cd_set_float8(values, nulls, 7, if_any(step->timed, step->waiting_s1 / STEP_LOG_UNITS));
	cd_set_float8(values, nulls, 8, if_any(step->timed, step->waiting_s2 / STEP_LOG_UNITS));
	values[9] = Int64GetDatum(step->of_kind);
	cd_set_float8(values, nulls, 10, if_any(step->of_kind, step->latency_s1 / STEP_LOG_UNITS));
	cd_set_float8(values, nulls, 11, if_any(step->of_kind, step->latency_s2 / STEP_LOG_UNITS));
	nulls[12] = step->latencies == 0;
	if (!nulls[12])
		values[12] = PointerGetDatum(construct_array(latencies, step->latencies, FLOAT4OID, 4, true, TYPALIGN_INT));
	values[13] = Int64GetDatum(step->transferred);
	values[14] = Int64GetDatum(step->escalated);
	values[15] = Int64GetDatum(step->followed);
	values[16] = Int64GetDatum(step->repeated);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
cd_step_totals_rows(PG_FUNCTION_ARGS)
{
	const StepTotals *t = PG_GETARG_STEP_TOTALS_P(0);
	Datum	   *latencies = latencies_by_step(t);

	InitMaterializedSRF(fcinfo, 0);
	for (uint32 i = 0; i < t->steps; i++)
	{
		const StepTotal *step = &step_totals_steps(t)[i];

		CHECK_FOR_INTERRUPTS();
		put_row((ReturnSetInfo *) fcinfo->resultinfo, t, step, latencies);
		latencies += step->latencies;
	}
	return (Datum) 0;
}
