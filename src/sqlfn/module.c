/*
 * module.c
 *		Loading the library, and what the SQL entry points share.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include <gsl/gsl_errno.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"

#if PG_VERSION_NUM >= 180000
PG_MODULE_MAGIC_EXT(.name = "coachdiag", .version = COACHDIAG_VERSION);
#else
PG_MODULE_MAGIC;
#endif

PGDLLEXPORT void _PG_init(void);

CD_FUNCTION(cd_can_commit);

/* A parallel worker's message also sets InterruptPending, but is no reason to stop. */
static bool
cancel_is_pending(void)
{
	return QueryCancelPending || ProcDiePending;
}

/* GSL's default error handler ends the process; every status is checked instead. */
void
_PG_init(void)
{
	gsl_set_error_handler_off();
	cd_set_stop(cancel_is_pending);
}

/* Whether the procedure that asks may say COMMIT. */
Datum
cd_can_commit(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(SPI_inside_nonatomic_context());
}

void
cd_require_aggregate(FunctionCallInfo fcinfo, const char *function)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("coachdiag.%s can only be called as part of an aggregate", function),
				 errhint("Call the aggregate itself, for example coachdiag.panel(value, target, agent, period).")));
}

Datum
cd_unchanged_state(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

ArrayType *
cd_create_numbers(int length)
{
	Size		size = ARR_OVERHEAD_NONULLS(1) + length * sizeof(double);
	ArrayType  *a = palloc0(size);

	SET_VARSIZE(a, size);
	a->ndim = 1;
	a->elemtype = FLOAT8OID;
	ARR_DIMS(a)[0] = length;
	ARR_LBOUND(a)[0] = 1;
	return a;
}

CdNumbers
cd_get_numbers(ArrayType *array)
{
	CdNumbers	n;
	Datum	   *elements;

	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements, &n.missing, &n.count);
	n.value = palloc(Max(n.count, 1) * sizeof(double));
	for (int i = 0; i < n.count; i++)
		n.value[i] = n.missing[i] ? NAN : DatumGetFloat8(elements[i]);
	return n;
}

TupleDesc
cd_result_type(FunctionCallInfo fcinfo)
{
	TupleDesc	desc = fcinfo->flinfo->fn_extra;
	MemoryContext old;

	if (desc != NULL)
		return desc;
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	desc = BlessTupleDesc(CreateTupleDescCopy(desc));
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = desc;
	return desc;
}

void
cd_set_float8(Datum *values, bool *nulls, int column, double x)
{
	nulls[column] = isnan(x);
	values[column] = Float8GetDatum(x);
}

char *
cd_iso_date(int32 day)
{
	struct pg_tm tm = {0};
	char		date[MAXDATELEN + 1];

	j2date(day + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	EncodeDateOnly(&tm, USE_ISO_DATES, date);
	return pstrdup(date);
}

CdScale
cd_get_scale(FunctionCallInfo fcinfo, int n)
{
	char	   *name;

	if (PG_ARGISNULL(n))
		return CD_SCALE_IDENTITY;
	name = text_to_cstring(PG_GETARG_TEXT_PP(n));
	if (strcmp(name, "identity") == 0)
		return CD_SCALE_IDENTITY;
	if (strcmp(name, "log") == 0)
		return CD_SCALE_LOG;
	if (strcmp(name, "proportion") == 0)
		return CD_SCALE_PROPORTION;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown scale \"%s\"", name),
			 errhint("A scale is identity, log or proportion.")));
}

double
cd_get_number(FunctionCallInfo fcinfo, int n, const char *name, bool negative_allowed)
{
	double		x;

	if (PG_NARGS() <= n || PG_ARGISNULL(n))
		return NAN;
	x = PG_GETARG_FLOAT8(n);
	if (!isfinite(x) || (x < 0 && !negative_allowed))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a finite number%s", name, negative_allowed ? "" : ", not negative"),
				 errhint("Give NULL where it is not known.")));
	return x;
}
