/*
 * exact_sum.c
 *		The aggregates exact_sum and exact_avg. Their state is a float8 array: how many numbers, the sum of those that
 *		are NaN or infinite, then the parts of the exact sum (stats/exact_sum.h).
 */
#include "sqlfn/sqlfn.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/float.h"

#include "stats/exact_sum.h"

#define STATE_COUNT 0
#define STATE_NOT_FINITE 1
#define STATE_PARTS 2

#define FIRST_ROOM 4

CD_FUNCTION(cd_exact_sum_accum);
CD_FUNCTION(cd_exact_sum_combine);
CD_FUNCTION(cd_exact_sum_final);
CD_FUNCTION(cd_exact_avg_final);

static inline double *
numbers(ArrayType *state)
{
	return (double *) ARR_DATA_PTR(state);
}

static inline int
room_of(ArrayType *state)
{
	return ARR_DIMS(state)[0] - STATE_PARTS;
}

/* The state in an argument, which anybody can have be any array. */
static inline ArrayType *
get_state(FunctionCallInfo fcinfo, int n)
{
	ArrayType  *state = PG_GETARG_ARRAYTYPE_P(n);

	if (unlikely(ARR_NDIM(state) != 1 || ARR_HASNULL(state) || ARR_ELEMTYPE(state) != FLOAT8OID || room_of(state) < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid state of a sum"),
				 errhint("Call the aggregate itself: coachdiag.exact_sum or coachdiag.exact_avg.")));
	return state;
}

/* The state with x added; a larger one in the current context where it is full. */
static inline ArrayType *
add(ArrayType *state, double x)
{
	double		rest;

	if (unlikely(!isfinite(x)))
	{
		numbers(state)[STATE_NOT_FINITE] += x;
		return state;
	}
	rest = cd_exact_add(numbers(state) + STATE_PARTS, room_of(state), x);
	if (unlikely(!isfinite(rest)))
		float_overflow_error();
	if (unlikely(rest != 0))
	{
		ArrayType  *larger = cd_create_numbers(STATE_PARTS + 2 * room_of(state));

		memcpy(numbers(larger), numbers(state), ARR_DIMS(state)[0] * sizeof(double));
		numbers(larger)[ARR_DIMS(state)[0]] = rest;
		return larger;
	}
	return state;
}

Datum
cd_exact_sum_accum(PG_FUNCTION_ARGS)
{
	ArrayType  *state;

	cd_require_aggregate(fcinfo, "exact_sum_accum");
	if (PG_ARGISNULL(1))
		return cd_unchanged_state(fcinfo);
	state = PG_ARGISNULL(0) ? cd_create_numbers(STATE_PARTS + FIRST_ROOM) : get_state(fcinfo, 0);
	numbers(state)[STATE_COUNT]++;
	PG_RETURN_ARRAYTYPE_P(add(state, PG_GETARG_FLOAT8(1)));
}

Datum
cd_exact_sum_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	ArrayType  *other;

	cd_require_aggregate(fcinfo, "exact_sum_combine");
	state = get_state(fcinfo, 0);
	other = get_state(fcinfo, 1);
	numbers(state)[STATE_COUNT] += numbers(other)[STATE_COUNT];
	for (int i = STATE_NOT_FINITE; i < ARR_DIMS(other)[0]; i++)
		state = add(state, numbers(other)[i]);
	PG_RETURN_ARRAYTYPE_P(state);
}

static double
rounded_sum(ArrayType *state)
{
	double		not_finite = numbers(state)[STATE_NOT_FINITE];

	return not_finite != 0 ? not_finite : cd_exact_round(numbers(state) + STATE_PARTS, room_of(state));
}

Datum
cd_exact_sum_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(rounded_sum(get_state(fcinfo, 0)));
}

Datum
cd_exact_avg_final(PG_FUNCTION_ARGS)
{
	ArrayType  *state = get_state(fcinfo, 0);

	PG_RETURN_FLOAT8(rounded_sum(state) / numbers(state)[STATE_COUNT]);
}
