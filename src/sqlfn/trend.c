/*
 * trend.c
 *		The monotone trend of a series that comes as two arrays.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"

#include "stats/trend.h"

#define RESULT_COLUMNS 11
#define MOST_VALUES 3000

CD_FUNCTION(cd_trend_number);
CD_FUNCTION(cd_trend_date);

/* One value of the series. */
typedef struct Point
{
	double		at;
	double		value;
	int			season;
} Point;

/* An array's elements. */
typedef struct Elements
{
	Datum	   *datum;
	bool	   *missing;
	int			count;
} Elements;

/* Turns an element of the array of times into a number. */
typedef double (*ToNumber) (Datum at);

static Elements
get_elements(FunctionCallInfo fcinfo, int n)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(n);
	Elements	e;
	int16		length;
	bool		by_value;
	char		align;

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align, &e.datum, &e.missing, &e.count);
	return e;
}

static void
check_same_length(const Elements *a, const Elements *b)
{
	if (a->count != b->count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("value, at and season must be arrays of the same length"),
				 errhint("Build them with array_agg over the same rows.")));
}

static void
check_point(const Point *point)
{
	if (!isfinite(point->at) || !isfinite(point->value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value and at must be finite, not NaN or infinity"),
				 errhint("Leave such rows out with WHERE, or give NULL where the value is unknown.")));
}

static int
compare_points(const void *a, const void *b)
{
	const Point *x = a;
	const Point *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->season > y->season) - (x->season < y->season);
}

/* In order of time; a time may come once in each season. */
static void
sort_points(Point *points, size_t n)
{
	qsort(points, n, sizeof(Point), compare_points);
	for (size_t i = 1; i < n; i++)
		if (compare_points(&points[i - 1], &points[i]) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("two values at the same time"),
					 errhint("Average the values of a period first, and give each period once (once in each season).")));
}

/* Arguments value, at and season (n); pairs with a NULL are left out. */
static Point *
get_points(FunctionCallInfo fcinfo, ToNumber to_number, int n, size_t *count)
{
	Elements	value = get_elements(fcinfo, 0);
	Elements	at = get_elements(fcinfo, 1);
	Elements	season = PG_ARGISNULL(n) ? value : get_elements(fcinfo, n);
	Point	   *points = palloc(Max(value.count, 1) * sizeof(Point));

	check_same_length(&value, &at);
	check_same_length(&value, &season);
	*count = 0;
	for (int i = 0; i < value.count; i++)
	{
		Point	   *point = &points[*count];

		if (value.missing[i] || at.missing[i] || season.missing[i])
			continue;
		point->value = DatumGetFloat8(value.datum[i]);
		point->at = to_number(at.datum[i]);
		point->season = PG_ARGISNULL(n) ? 0 : DatumGetInt32(season.datum[i]);
		check_point(point);
		(*count)++;
	}
	if (*count > MOST_VALUES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("trend cannot take more than %d values", MOST_VALUES),
				 errhint("Average over longer periods first: days, weeks or months.")));
	sort_points(points, *count);
	return points;
}

/* ---- what is asked ------------------------------------------------------------------------------ */

/* Method (argument n) and lags (n + 1). */
static CdTrendOptions
get_options(FunctionCallInfo fcinfo, int n, bool seasonal)
{
	CdTrendOptions options = {.variance = CD_TREND_INDEPENDENT, .level = 0.95};
	char	   *name = PG_ARGISNULL(n) ? "independent" : text_to_cstring(PG_GETARG_TEXT_PP(n));

	if (strcmp(name, "hamed_rao") == 0)
		options.variance = CD_TREND_HAMED_RAO;
	else if (strcmp(name, "yue_wang") == 0)
		options.variance = CD_TREND_YUE_WANG;
	else if (strcmp(name, "independent") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown method \"%s\"", name),
				 errhint("A method is independent, hamed_rao or yue_wang.")));
	if (seasonal && options.variance != CD_TREND_INDEPENDENT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("seasons cannot be combined with method \"%s\"", name),
				 errhint("Leave out season, or use the method independent.")));
	options.lags = options.variance == CD_TREND_YUE_WANG ? 1 : 0;
	if (PG_ARGISNULL(n + 1))
		return options;
	if (PG_GETARG_INT32(n + 1) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lags must be at least 1"),
				 errhint("NULL takes all lags for hamed_rao and the first for yue_wang.")));
	options.lags = PG_GETARG_INT32(n + 1);
	return options;
}

static const char *
method_name(const CdTrendOptions *options, const CdTrend *trend)
{
	if (options->variance == CD_TREND_HAMED_RAO)
		return "hamed_rao";
	if (options->variance == CD_TREND_YUE_WANG)
		return "yue_wang";
	return trend->exact ? "exact" : "normal";
}

/* The columns of coachdiag.trend_result; NULL but for n when there are too few values. */
static Datum
result_row(FunctionCallInfo fcinfo, size_t n, const CdTrendOptions *options, const CdTrend *trend)
{
	const double numbers[] = {
		trend->s, trend->tau, trend->z, trend->p, trend->slope, trend->slope_low, trend->slope_high,
		trend->intercept, trend->inflation
	};
	Datum		values[RESULT_COLUMNS];
	bool		nulls[RESULT_COLUMNS] = {0};

	values[0] = Int32GetDatum((int32) n);
	for (int i = 0; i < (int) lengthof(numbers); i++)
		cd_set_float8(values, nulls, i + 1, numbers[i]);
	nulls[RESULT_COLUMNS - 1] = isnan(trend->s);
	values[RESULT_COLUMNS - 1] = CStringGetTextDatum(method_name(options, trend));
	return HeapTupleGetDatum(heap_form_tuple(cd_result_type(fcinfo), values, nulls));
}

/* The numbers in arrays of their own, as the estimator takes them. */
static CdTrend
estimate(const Point *points, size_t n, bool seasonal, const CdTrendOptions *options)
{
	const CdTrend none = {
		.n = n, .s = NAN, .tau = NAN, .z = NAN, .p = NAN, .slope = NAN, .slope_low = NAN, .slope_high = NAN,
		.intercept = NAN, .inflation = NAN
	};
	double	   *time = palloc(Max(n, 1) * sizeof(double));
	double	   *value = palloc(Max(n, 1) * sizeof(double));
	int		   *season = palloc(Max(n, 1) * sizeof(int));
	double	   *scratch = palloc_extended(Max(cd_trend_scratch(n), 1) * sizeof(double), MCXT_ALLOC_HUGE);
	CdTrend		trend;
	CdStatus	status;

	for (size_t i = 0; i < n; i++)
	{
		time[i] = points[i].at;
		value[i] = points[i].value;
		season[i] = points[i].season;
	}
	status = cd_trend(time, value, seasonal ? season : NULL, n, options, scratch, &trend);
	pfree(scratch);
	if (status == CD_TOO_FEW)
		return none;
	cd_ereport_status(status, "trend");
	return trend;
}

/* Arguments: value, at, method, lags, season; from_first: times count from the first. */
static Datum
answer(FunctionCallInfo fcinfo, ToNumber to_number, bool from_first)
{
	bool		seasonal = !PG_ARGISNULL(4);
	CdTrendOptions options = get_options(fcinfo, 2, seasonal);
	CdTrend		trend;
	Point	   *points;
	size_t		n;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	points = get_points(fcinfo, to_number, 4, &n);
	for (size_t i = n; from_first && i-- > 0;)
		points[i].at -= points[0].at;
	trend = estimate(points, n, seasonal, &options);
	return result_row(fcinfo, n, &options, &trend);
}

static double
number_of_float8(Datum at)
{
	return DatumGetFloat8(at);
}

static double
number_of_date(Datum at)
{
	DateADT		date = DatumGetDateADT(at);

	return DATE_NOT_FINITE(date) ? INFINITY : date;
}

Datum
cd_trend_number(PG_FUNCTION_ARGS)
{
	return answer(fcinfo, number_of_float8, false);
}

Datum
cd_trend_date(PG_FUNCTION_ARGS)
{
	return answer(fcinfo, number_of_date, true);
}
