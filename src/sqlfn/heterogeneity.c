/*
 * heterogeneity.c
 *		The aggregate heterogeneity(estimate, se [, method]). Its state is a flat
 *		float8 array: method, number of units, then estimate and se of each, then
 *		room to grow.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "sqlfn/estimates.h"
#include "stats/heterogeneity.h"

#define STATE_METHOD 0
#define STATE_COUNT 1
#define STATE_HEAD 2
#define FIRST_CAPACITY 8
#define MOST_UNITS 10000000
#define RESULT_COLUMNS 14

CD_FUNCTION(cd_heterogeneity_accum);
CD_FUNCTION(cd_heterogeneity_combine);
CD_FUNCTION(cd_heterogeneity_final);

static double *
state_data(ArrayType *state)
{
	return (double *) ARR_DATA_PTR(state);
}

static int
state_length(ArrayType *state)
{
	return ARR_DIMS(state)[0];
}

static int
state_units(ArrayType *state)
{
	return (int) state_data(state)[STATE_COUNT];
}

static CdTau2Method
state_method(ArrayType *state)
{
	return (CdTau2Method) state_data(state)[STATE_METHOD];
}

static void
bad_state(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid state of coachdiag.heterogeneity"),
			 errhint("Call the aggregate itself: coachdiag.heterogeneity(estimate, se).")));
}

/* Shape and head: anybody can pass any array. */
static void
check_state(ArrayType *state)
{
	double		method;
	double		count;

	if (ARR_NDIM(state) != 1 || ARR_HASNULL(state) || ARR_ELEMTYPE(state) != FLOAT8OID
		|| state_length(state) < STATE_HEAD)
		bad_state();
	method = state_data(state)[STATE_METHOD];
	count = state_data(state)[STATE_COUNT];
	if (!(method >= 0 && method < CD_TAU2_METHODS && method == floor(method)))
		bad_state();
	if (!(count >= 0 && count <= (state_length(state) - STATE_HEAD) / 2 && count == floor(count)))
		bad_state();
}

/* The units as well. */
static void
check_units(ArrayType *state)
{
	const double *unit = state_data(state) + STATE_HEAD;

	check_state(state);
	for (int i = 0; i < state_units(state); i++)
	{
		if (i % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
		cd_check_estimate(unit[2 * i], unit[2 * i + 1]);
	}
}

/* An empty state, or a copy of one with room for more units, in the current context. */
static ArrayType *
make_state(CdTau2Method method, ArrayType *old, int capacity)
{
	ArrayType  *state = cd_create_numbers(STATE_HEAD + 2 * capacity);

	state_data(state)[STATE_METHOD] = method;
	if (old != NULL)
		memcpy(state_data(state), state_data(old),
			   (STATE_HEAD + 2 * state_units(old)) * sizeof(double));
	return state;
}

/* Room for one more unit: the state itself, or a larger copy that the executor takes over. */
static ArrayType *
with_room(ArrayType *state)
{
	int			units = state_units(state);

	if (STATE_HEAD + 2 * (units + 1) <= state_length(state))
		return state;
	if (units >= MOST_UNITS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("coachdiag.heterogeneity cannot take more than %d units", MOST_UNITS),
				 errhint("Summarise the rows first: one estimate per agent, team or site.")));
	return make_state(state_method(state), state, Max(2 * units, FIRST_CAPACITY));
}

/* Append one unit. */
static ArrayType *
add_unit(ArrayType *state, double estimate, double se)
{
	double	   *unit;

	state = with_room(state);
	unit = state_data(state) + STATE_HEAD + 2 * state_units(state);
	unit[0] = estimate;
	unit[1] = se;
	state_data(state)[STATE_COUNT] += 1;
	return state;
}

/* The state argument, ours to change only when the executor says so. */
static ArrayType *
get_state(FunctionCallInfo fcinfo, int n)
{
	ArrayType  *state = AggCheckCallContext(fcinfo, NULL) ? PG_GETARG_ARRAYTYPE_P(n) : PG_GETARG_ARRAYTYPE_P_COPY(n);

	check_state(state);
	return state;
}

/* The method argument; NULL or left out means REML. */
static CdTau2Method
get_method(FunctionCallInfo fcinfo, int n)
{
	CdTau2Method method = CD_TAU2_REML;
	char	   *name;

	if (PG_NARGS() <= n || PG_ARGISNULL(n))
		return method;
	name = text_to_cstring(PG_GETARG_TEXT_PP(n));
	if (!cd_tau2_method(name, &method))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown method \"%s\"", name),
				 errhint("A method is REML, PM, DL, ML, HE, SJ or FE.")));
	pfree(name);
	return method;
}

static void
check_same_method(CdTau2Method a, CdTau2Method b)
{
	if (a != b)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the method must be the same for all rows, found %s and %s",
						cd_tau2_method_name(a), cd_tau2_method_name(b)),
				 errhint("Give the method as a constant.")));
}

Datum
cd_heterogeneity_accum(PG_FUNCTION_ARGS)
{
	CdTau2Method method = get_method(fcinfo, 3);
	ArrayType  *state = PG_ARGISNULL(0) ? NULL : get_state(fcinfo, 0);

	if (state != NULL)
		check_same_method(state_method(state), method);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	cd_check_estimate(PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2));
	if (state == NULL)
		state = make_state(method, NULL, FIRST_CAPACITY);
	PG_RETURN_POINTER(add_unit(state, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2)));
}

Datum
cd_heterogeneity_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *into;
	ArrayType  *from;
	const double *unit;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_POINTER(get_state(fcinfo, 0));
	}
	from = PG_GETARG_ARRAYTYPE_P(1);
	check_units(from);
	if (PG_ARGISNULL(0))
		into = make_state(state_method(from), NULL, FIRST_CAPACITY);
	else
		into = get_state(fcinfo, 0);
	check_same_method(state_method(into), state_method(from));
	unit = state_data(from) + STATE_HEAD;
	for (int i = 0; i < state_units(from); i++)
		into = add_unit(into, unit[2 * i], unit[2 * i + 1]);
	PG_RETURN_POINTER(into);
}

/* Write a result row, in the order of coachdiag.heterogeneity_result. */
static Datum
result_row(FunctionCallInfo fcinfo, const CdHeterogeneity *h, CdTau2Method method)
{
	Datum		values[RESULT_COLUMNS];
	bool		nulls[RESULT_COLUMNS] = {0};
	bool		single = h->k < 2;
	const double numbers[] = {
		h->mu, single ? h->se : h->kh_se,
		single ? h->mu_low : h->kh_low, single ? h->mu_high : h->kh_high,
		h->tau2, h->tau2_low, h->tau2_high, h->q, h->q_p, h->i2,
		h->predict_low, h->predict_high
	};

	values[0] = Int32GetDatum((int32) h->k);
	for (int i = 0; i < (int) lengthof(numbers); i++)
		cd_set_float8(values, nulls, i + 1, numbers[i]);
	values[RESULT_COLUMNS - 1] = CStringGetTextDatum(cd_tau2_method_name(method));
	return HeapTupleGetDatum(heap_form_tuple(cd_result_type(fcinfo), values, nulls));
}

Datum
cd_heterogeneity_final(PG_FUNCTION_ARGS)
{
	ArrayType  *state;
	CdEstimates estimates;
	CdHeterogeneity h;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = PG_GETARG_ARRAYTYPE_P(0);
	check_units(state);
	if (state_units(state) == 0)
		PG_RETURN_NULL();
	estimates = cd_make_estimates(state_units(state));
	for (int i = 0; i < state_units(state); i++)
	{
		const double *unit = state_data(state) + STATE_HEAD + 2 * i;

		cd_add_estimate(&estimates, unit[0], unit[1]);
	}
	cd_sort_estimates(&estimates);
	cd_ereport_status(cd_heterogeneity(estimates.y, estimates.v, estimates.k,
									   state_method(state), 0.95, &h), "heterogeneity");
	cd_free_estimates(&estimates);
	return result_row(fcinfo, &h, state_method(state));
}
