/*
 * process_quantiles.c
 *		The aggregate concatenated(real[]), and quantiles of an array.
 *
 * The state is an array with room behind its elements, so that each element is
 * copied a few times only, however many arrays there are.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "process/quantile.h"

CD_FUNCTION(cd_concatenated_accum);
CD_FUNCTION(cd_concatenated_final);
CD_FUNCTION(cd_quantiles);

#define FIRST_ROOM 64

static Size
array_size(uint64 elements)
{
	Size		size = ARR_OVERHEAD_NONULLS(1) + elements * sizeof(float4);

	if (!AllocSizeIsValid(size))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("array is too large: more than 1 GB"),
				 errhint("Take fewer rows at a time.")));
	return size;
}

/* An array of no element, with room. */
static ArrayType *
create_with_room(uint64 elements)
{
	Size		size = array_size(elements);
	ArrayType  *a = palloc0(size);

	SET_VARSIZE(a, size);
	a->ndim = 1;
	a->elemtype = FLOAT4OID;
	ARR_LBOUND(a)[0] = 1;
	return a;
}

static int
count_elements(const ArrayType *a)
{
	return ArrayGetNItems(ARR_NDIM(a), ARR_DIMS(a));
}

/* The state, or a larger copy with room for so many more. */
static ArrayType *
reserve(ArrayType *state, int more)
{
	uint64		needed = (uint64) ARR_DIMS(state)[0] + more;
	ArrayType  *copy;

	if (VARSIZE(state) >= array_size(needed))
		return state;
	CHECK_FOR_INTERRUPTS();
	copy = create_with_room(needed + needed / 2);
	memcpy(ARR_DATA_PTR(copy), ARR_DATA_PTR(state), ARR_DIMS(state)[0] * sizeof(float4));
	ARR_DIMS(copy)[0] = ARR_DIMS(state)[0];
	return copy;
}

static ArrayType *
get_reals(FunctionCallInfo fcinfo, int n)
{
	ArrayType  *a = PG_GETARG_ARRAYTYPE_P(n);

	if (array_contains_nulls(a))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("an array with NULL among its elements has no quantiles"),
				 errhint("Leave them out: array_remove(values, NULL).")));
	return a;
}

/* Anybody may make an aggregate that starts with another array. */
static ArrayType *
get_state(FunctionCallInfo fcinfo)
{
	ArrayType  *state;

	if (PG_ARGISNULL(0))
		return create_with_room(FIRST_ROOM);
	state = PG_GETARG_ARRAYTYPE_P(0);
	if (ARR_NDIM(state) != 1 || ARR_HASNULL(state))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this array is no state of coachdiag.concatenated"),
				 errhint("Call the aggregate: coachdiag.concatenated(values).")));
	return state;
}

/* Transition and combine function. */
Datum
cd_concatenated_accum(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	ArrayType  *more;
	int			n;

	cd_require_aggregate(fcinfo, "concatenated_accum");
	if (PG_ARGISNULL(1))
		return cd_unchanged_state(fcinfo);
	more = get_reals(fcinfo, 1);
	n = count_elements(more);
	state = reserve(get_state(fcinfo), n);
	memcpy((float4 *) ARR_DATA_PTR(state) + ARR_DIMS(state)[0], ARR_DATA_PTR(more), n * sizeof(float4));
	ARR_DIMS(state)[0] += n;
	PG_RETURN_POINTER(state);
}

/* Without the room. */
Datum
cd_concatenated_final(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	int			n;
	Size		size;
	ArrayType  *a;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = get_state(fcinfo);
	n = count_elements(state);
	if (n == 0)
		PG_RETURN_POINTER(construct_empty_array(FLOAT4OID));
	size = array_size(n);
	a = palloc(size);
	memcpy(a, state, size);
	SET_VARSIZE(a, size);
	PG_RETURN_POINTER(a);
}

/* quantiles(values, probabilities) */
Datum
cd_quantiles(PG_FUNCTION_ARGS)
{
	ArrayType  *reals = get_reals(fcinfo, 0);
	int			n = count_elements(reals);
	const float4 *real = (float4 *) ARR_DATA_PTR(reals);
	double	   *x = palloc_extended(Max(n, 1) * sizeof(double), MCXT_ALLOC_HUGE);
	Datum	   *probability;
	bool	   *nulls;
	int			count;

	for (int i = 0; i < n; i++)
	{
		if (!isfinite(real[i]))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("an array with NaN or infinity among its elements has no quantiles"),
					 errhint("Leave them out with WHERE.")));
		x[i] = real[i];
	}
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &probability, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		double		q = nulls[i] ? NAN : DatumGetFloat8(probability[i]);

		if (!(q >= 0 && q <= 1))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("a probability must lie between 0 and 1"),
					 errhint("ARRAY[0.5, 0.9] asks for the median and the 90th percentile.")));
		probability[i] = Float8GetDatum(process_quantile(x, n, q));
	}
	if (n == 0)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(construct_array(probability, count, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
