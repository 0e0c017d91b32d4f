/*
 * sqlfn.h
 *		What the SQL entry points share.
 */
#ifndef SQLFN_SQLFN_H
#define SQLFN_SQLFN_H

#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"

#include "panel/report.h"
#include "stats/dispersion.h"

/* An SQL entry point: the only symbols that the library shows (PostgreSQL 15 leaves them hidden). */
#define CD_FUNCTION(name) \
	PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
	PG_FUNCTION_INFO_V1(name)

/* Error unless called as part of an aggregate. */
extern void cd_require_aggregate(FunctionCallInfo fcinfo, const char *function);

/* What an aggregate's transition returns for a row that adds nothing: the state in argument 0, NULL or not. */
extern Datum cd_unchanged_state(FunctionCallInfo fcinfo);

/* A float8 array of zeros, one-dimensional: a state that SQL can hold. */
extern ArrayType *cd_create_numbers(int length);

/* A float8 array's elements in order; value is NaN where one is missing, that is NULL. */
typedef struct CdNumbers
{
	double	   *value;
	bool	   *missing;
	int			count;
} CdNumbers;

extern CdNumbers cd_get_numbers(ArrayType *array);

/* The row type that the called function returns, looked up once per query. */
extern TupleDesc cd_result_type(FunctionCallInfo fcinfo);

/* A float8 column of a result row; NaN becomes NULL. */
extern void cd_set_float8(Datum *values, bool *nulls, int column, double x);

/* ISO, whatever the session's DateStyle, so that functions stay immutable. */
extern char *cd_iso_date(int32 day);

/* The scale that argument n names (NULL: identity); error 22023 if there is none of that name. */
extern CdScale cd_get_scale(FunctionCallInfo fcinfo, int n);

/* The number that argument n holds, NaN where it is NULL or left out; error 22023 unless it is finite, and not negative. */
extern double cd_get_number(FunctionCallInfo fcinfo, int n, const char *name, bool negative_allowed);

#endif							/* SQLFN_SQLFN_H */
