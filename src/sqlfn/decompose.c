/*
 * decompose.c
 *		Where a difference of means comes from: kitagawa, turnover and shapley over arrays.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "stats/decompose.h"
#include "stats/solve.h"
#include "stats/turnover.h"

CD_FUNCTION(cd_kitagawa_arrays);
CD_FUNCTION(cd_turnover_arrays);
CD_FUNCTION(cd_shapley_array);

/* Argument n; none of its numbers is NaN or infinite unless it is missing. */
static CdNumbers
get_numbers(FunctionCallInfo fcinfo, int n)
{
	CdNumbers	numbers = cd_get_numbers(PG_GETARG_ARRAYTYPE_P(n));

	for (int i = 0; i < numbers.count; i++)
		if (!numbers.missing[i] && !isfinite(numbers.value[i]))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("weights, means and values must be finite, not NaN or infinity"),
					 errhint("Give NULL where there is none.")));
	return numbers;
}

/* Arguments n and n + 1, weights and means, as moments; empty where there is no weight. */
static CdMoments *
get_side(FunctionCallInfo fcinfo, int n, int length)
{
	CdNumbers	weight = get_numbers(fcinfo, n);
	CdNumbers	mean = get_numbers(fcinfo, n + 1);
	CdMoments  *side = palloc0(Max(weight.count, 1) * sizeof(CdMoments));

	if (weight.count != mean.count || weight.count != length)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("weights and means must be arrays of the same length"),
				 errhint("Build all four with array_agg over the same rows.")));
	for (int i = 0; i < weight.count; i++)
	{
		if (weight.value[i] < 0)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("weights must not be negative")));
		if (weight.value[i] > 0 && !isnan(mean.value[i]))
			side[i] = (CdMoments) {.n = 1, .weight = weight.value[i], .mean = mean.value[i]};
	}
	return side;
}

static int
array_length(FunctionCallInfo fcinfo, int n)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(n);

	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

static bool
is_empty(const CdMoments *side, int length)
{
	for (int i = 0; i < length; i++)
		if (side[i].weight > 0)
			return false;
	return true;
}

#define KITAGAWA_COLUMNS 4

/* weight_a, mean_a, weight_b, mean_b */
Datum
cd_kitagawa_arrays(PG_FUNCTION_ARGS)
{
	int			length = array_length(fcinfo, 0);
	CdMoments  *a = get_side(fcinfo, 0, length);
	CdMoments  *b = get_side(fcinfo, 2, length);
	CdKitagawa	k;
	bool		common = cd_kitagawa(a, b, length, &k, NULL, NULL) == CD_OK;
	Datum		values[KITAGAWA_COLUMNS];
	bool		nulls[KITAGAWA_COLUMNS] = {0};

	if (is_empty(a, length) || is_empty(b, length))
		PG_RETURN_NULL();
	cd_set_float8(values, nulls, 0, k.gap);
	cd_set_float8(values, nulls, 1, common ? k.mix : NAN);
	cd_set_float8(values, nulls, 2, common ? k.rate : NAN);
	cd_set_float8(values, nulls, 3, k.unmatched);
	return HeapTupleGetDatum(heap_form_tuple(cd_result_type(fcinfo), values, nulls));
}

#define TURNOVER_COLUMNS 13

/* weight_before, mean_before, weight_after, mean_after */
Datum
cd_turnover_arrays(PG_FUNCTION_ARGS)
{
	int			length = array_length(fcinfo, 0);
	CdMoments  *before = get_side(fcinfo, 0, length);
	CdMoments  *after = get_side(fcinfo, 2, length);
	CdTurnover	t;
	double		half = NAN;
	Datum		values[TURNOVER_COLUMNS];
	bool		nulls[TURNOVER_COLUMNS] = {0};
	int			column = 0;

	if (cd_turnover(before, after, length, palloc(Max(length, 1) * sizeof(double)), &t) != CD_OK)
		PG_RETURN_NULL();
	if (!isnan(t.within_se))
	{
		cd_ereport_status(cd_t_multiplier(0.95, (double) t.n_stayed - 1, &half), "turnover");
		half *= t.within_se;
	}
	cd_set_float8(values, nulls, column++, t.before);
	cd_set_float8(values, nulls, column++, t.after);
	cd_set_float8(values, nulls, column++, t.after - t.before);
	cd_set_float8(values, nulls, column++, t.within);
	cd_set_float8(values, nulls, column++, t.within - half);
	cd_set_float8(values, nulls, column++, t.within + half);
	cd_set_float8(values, nulls, column++, t.within_se);
	cd_set_float8(values, nulls, column++, t.mix);
	cd_set_float8(values, nulls, column++, t.joined);
	cd_set_float8(values, nulls, column++, t.left);
	values[column++] = Int32GetDatum((int32) t.n_stayed);
	values[column++] = Int32GetDatum((int32) t.n_joined);
	values[column++] = Int32GetDatum((int32) t.n_left);
	Assert(column == TURNOVER_COLUMNS);
	return HeapTupleGetDatum(heap_form_tuple(cd_result_type(fcinfo), values, nulls));
}

/* The value of every set of players. */
Datum
cd_shapley_array(PG_FUNCTION_ARGS)
{
	CdNumbers	sets = get_numbers(fcinfo, 0);
	double		share[CD_SHAPLEY_MAX];
	Datum		elements[CD_SHAPLEY_MAX];
	int			players = 0;

	while (players < CD_SHAPLEY_MAX && (1 << players) < sets.count)
		players++;
	if (players < 1 || (1 << players) != sets.count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("shapley needs the value of every set of 1 to %d players, found %d values", CD_SHAPLEY_MAX,
						sets.count),
				 errhint("Of 3 players there are 8 sets: none, 1, 2, 1 and 2, 3, 1 and 3, 2 and 3, all.")));
	for (int i = 0; i < sets.count; i++)
		if (sets.missing[i])
			PG_RETURN_NULL();
	cd_ereport_status(cd_shapley(sets.value, players, share), "shapley");
	for (int i = 0; i < players; i++)
		elements[i] = Float8GetDatum(share[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, players, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
