/*
 * interrupted.c
 *		Regression on a series in time that comes as arrays, and what its residuals say.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include <gsl/gsl_cdf.h>

#include "utils/builtins.h"

#include "stats/interrupted.h"
#include "stats/solve.h"

#define RESULT_COLUMNS 9
#define MOST_VALUES 10000
#define MOST_COLUMNS 50

CD_FUNCTION(cd_segmented_regression);
CD_FUNCTION(cd_segmented_diagnostics);

typedef enum Method
{
	METHOD_AR1,
	METHOD_OLS,
	METHOD_NEWEY_WEST,
	METHOD_REML,
	METHOD_ML
} Method;

static const char *const methods[] = {"ar1", "ols", "newey_west", "reml", "ml"};

/* The series, and room for what is done to it. */
typedef struct Request
{
	CdSeries	series;
	Method		method;
	size_t		lags;
	bool		adjusted;
	CdArena		arena;
} Request;

static double
get_finite(double x)
{
	if (!isfinite(x))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value, x and weight must be finite, not NaN or infinity"),
				 errhint("Give NULL where a number is unknown: that period is left out.")));
	return x;
}

static void
check_sizes(int values, int rows, int columns, int weights)
{
	if (rows != values || weights != values)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("value, x and weight must have an element for each period"),
				 errhint("Build them over the same rows, for example x by array_agg(ARRAY[1, t, step] ORDER BY t).")));
	if (values > MOST_VALUES || columns > MOST_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a segmented regression takes at most %d periods and %d columns", MOST_VALUES, MOST_COLUMNS),
				 errhint("Average over longer periods first.")));
}

static bool
row_is_whole(const CdNumbers *value, const CdNumbers *x, const CdNumbers *weight, int row, int columns)
{
	bool		whole = !value->missing[row] && (weight == NULL || !weight->missing[row]);

	for (int j = 0; j < columns; j++)
		whole = whole && !x->missing[row * columns + j];
	return whole;
}

/* Arguments 0 and 1, and weight at place n (-1: none); periods with a NULL leave a gap. */
static void
get_series(FunctionCallInfo fcinfo, int n, Request *r)
{
	ArrayType  *design = PG_GETARG_ARRAYTYPE_P(1);
	bool		weighted = n >= 0 && !PG_ARGISNULL(n);
	CdNumbers	value = cd_get_numbers(PG_GETARG_ARRAYTYPE_P(0));
	CdNumbers	x = cd_get_numbers(design);
	CdNumbers	weight = weighted ? cd_get_numbers(PG_GETARG_ARRAYTYPE_P(n)) : value;
	int			columns = ARR_NDIM(design) == 2 ? ARR_DIMS(design)[1] : 1;
	double	   *y;
	double	   *rows;
	double	   *w;
	double	   *at;
	size_t		used = 0;

	check_sizes(value.count, x.count / columns, columns, weight.count);
	y = palloc(Max(value.count, 1) * sizeof(double));
	w = palloc(Max(value.count, 1) * sizeof(double));
	at = palloc(Max(value.count, 1) * sizeof(double));
	rows = palloc(Max(x.count, 1) * sizeof(double));
	for (int i = 0; i < value.count; i++)
	{
		if (!row_is_whole(&value, &x, weighted ? &weight : NULL, i, columns))
			continue;
		y[used] = get_finite(value.value[i]);
		at[used] = i;
		w[used] = weighted ? get_finite(weight.value[i]) : 1;
		if (!(w[used] > 0))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("weight must be above 0"),
					 errhint("Give NULL where a period is to be left out.")));
		for (int j = 0; j < columns; j++)
			rows[used * columns + j] = get_finite(x.value[i * columns + j]);
		used++;
	}
	r->series = (CdSeries) {.n = used, .columns = columns, .y = y, .x = rows, .weight = weighted ? w : NULL, .at = at};
	r->arena.size = cd_arena_sum(cd_series_size(used, columns), cd_series_size(used, columns));
	r->arena.base = palloc_extended(r->arena.size, MCXT_ALLOC_HUGE);
	r->arena.used = 0;
}

static Method
get_method(FunctionCallInfo fcinfo, int n)
{
	char	   *name = PG_ARGISNULL(n) ? "ar1" : text_to_cstring(PG_GETARG_TEXT_PP(n));

	for (int i = 0; i < (int) lengthof(methods); i++)
		if (strcmp(name, methods[i]) == 0)
			return i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown method \"%s\"", name),
			 errhint("A method is ar1, ols, newey_west, reml or ml.")));
}

/* Lags at place n; NULL: 0.75 n^(1/3). */
static size_t
get_lags(FunctionCallInfo fcinfo, int n, size_t periods, size_t by_default)
{
	int32		lags = PG_ARGISNULL(n) ? (int32) by_default : PG_GETARG_INT32(n);

	if (lags < 0 || (periods > 0 && (size_t) lags >= periods))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lags must be at least 0 and below the number of periods"),
				 errhint("NULL takes the usual number for the length of the series.")));
	return lags;
}

/* A row of the result with all that the method knows of a term; NaN: not available. */
static void
put_term(ReturnSetInfo *result, int term, const double *numbers)
{
	Datum		values[RESULT_COLUMNS];
	bool		nulls[RESULT_COLUMNS] = {0};

	values[0] = Int32GetDatum(term);
	for (int i = 1; i < RESULT_COLUMNS; i++)
		cd_set_float8(values, nulls, i, numbers[i - 1]);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
put_averaged(Request *r, ReturnSetInfo *result)
{
	double	   *l = palloc0(r->series.columns * sizeof(double));

	for (size_t j = 0; j < r->series.columns; j++)
	{
		CdSeriesContrast c;
		CdStatus	status;

		memset(l, 0, r->series.columns * sizeof(double));
		l[j] = 1;
		status = cd_series_contrast(&r->series, l, 0.95, &r->arena, &c);
		if (status == CD_TOO_FEW)
			return;
		cd_ereport_status(status, "segmented_regression");
		put_term(result, (int) j + 1, (double[]) {c.estimate, NAN, c.low, c.high, c.p,
				 (double) (r->series.n - r->series.columns), c.autocorrelation, NAN});
	}
}

static void
put_fit(Request *r, const CdSeriesFit *fit, const double *covariance, ReturnSetInfo *result)
{
	double		t;

	cd_ereport_status(cd_t_multiplier(0.95, fit->df, &t), "segmented_regression");
	for (size_t j = 0; j < r->series.columns; j++)
	{
		double		b = fit->coefficient[j];
		double		se = sqrt(covariance[j * r->series.columns + j]);

		put_term(result, (int) j + 1, (double[]) {b, se, b - t * se, b + t * se,
				 2 * gsl_cdf_tdist_Q(fabs(b) / se, fit->df), fit->df, fit->autocorrelation, fit->rss});
	}
}

/* Arguments: value, x, method, lags, weight, adjusted. */
Datum
cd_segmented_regression(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Request		r = {0};
	CdSeriesFit fit;
	CdStatus	status;

	r.method = get_method(fcinfo, 2);
	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	get_series(fcinfo, 4, &r);
	r.lags = get_lags(fcinfo, 3, r.series.n, (size_t) floor(0.75 * cbrt((double) r.series.n)));
	r.adjusted = PG_ARGISNULL(5) || PG_GETARG_BOOL(5);
	if (r.method == METHOD_NEWEY_WEST && r.series.weight != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("method \"newey_west\" takes no weights"),
				 errhint("Use ar1, or multiply value and x by the square root of the weight.")));
	if (r.method == METHOD_AR1)
	{
		put_averaged(&r, result);
		return (Datum) 0;
	}
	status = r.method == METHOD_REML || r.method == METHOD_ML
		? cd_series_ar1(&r.series, r.method == METHOD_ML ? CD_LIKELIHOOD_ML : CD_LIKELIHOOD_REML, &r.arena, &fit)
		: cd_series_ols(&r.series, &r.arena, &fit);
	if (status == CD_OK && r.method == METHOD_NEWEY_WEST)
	{
		double	   *covariance = palloc(r.series.columns * r.series.columns * sizeof(double));

		status = cd_series_newey_west(&r.series, &fit, r.lags, r.adjusted, &r.arena, covariance);
		fit.covariance = covariance;
	}
	if (status == CD_TOO_FEW)
		return (Datum) 0;
	cd_ereport_status(status, "segmented_regression");
	put_fit(&r, &fit, fit.covariance, result);
	return (Datum) 0;
}

/* Arguments: value, x, lags. */
Datum
cd_segmented_diagnostics(PG_FUNCTION_ARGS)
{
	double		numbers[] = {NAN, NAN, NAN, NAN, NAN, NAN};
	Datum		values[lengthof(numbers)];
	bool		nulls[lengthof(numbers)] = {0};
	Request		r = {0};
	CdSeriesFit fit;
	CdStatus	status;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	get_series(fcinfo, -1, &r);
	r.lags = get_lags(fcinfo, 2, r.series.n, Min(6, Max(r.series.n, 1) - 1));
	status = cd_series_ols(&r.series, &r.arena, &fit);
	if (status != CD_TOO_FEW)
		cd_ereport_status(status, "segmented_diagnostics");
	if (status == CD_OK && fit.rss > 0)
	{
		numbers[0] = cd_durbin_watson(&fit, r.series.n);
		numbers[1] = cd_ljung_box(&fit, r.series.n, r.lags);
		numbers[2] = gsl_cdf_chisq_Q(numbers[1], (double) r.lags);
		/* a test that these columns do not allow stays NULL */
		if (cd_breusch_godfrey(&r.series, &fit, &r.arena, &numbers[3]) == CD_OK)
			numbers[4] = gsl_cdf_chisq_Q(numbers[3], 1);
		cd_ereport_status(cd_series_bandwidth(&r.series, &fit, &r.arena, &numbers[5]), "segmented_diagnostics");
	}
	for (int i = 0; i < (int) lengthof(numbers); i++)
		cd_set_float8(values, nulls, i, numbers[i]);
	return HeapTupleGetDatum(heap_form_tuple(cd_result_type(fcinfo), values, nulls));
}
