/*
 * process.c
 *		The type coachdiag.process, the aggregate process() that makes it of paths,
 *		and its links and variants as rows.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "process/process.h"
#include "process/quantile.h"

CD_FUNCTION(cd_process_in);
CD_FUNCTION(cd_process_out);
CD_FUNCTION(cd_process_accum);
CD_FUNCTION(cd_process_merge);
CD_FUNCTION(cd_process_links);
CD_FUNCTION(cd_process_variants);

#define TAIL 0.9

/* Nothing can be read in, so that every process was made by the aggregate. */
Datum
cd_process_in(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("a coachdiag.process cannot be read in"),
			 errhint("Keep the paths, and make the process of them: coachdiag.process(path).")));
	PG_RETURN_NULL();
}

Datum
cd_process_out(PG_FUNCTION_ARGS)
{
	const Process *p = PG_GETARG_PROCESS_P(0);

	PG_RETURN_CSTRING(psprintf(INT64_FORMAT " contacts, " INT64_FORMAT " events, %u variants",
							   p->paths, p->events, p->used[PROCESS_VARIANTS]));
}

/* The state to change: our own, since nodeAgg hands it back to us alone. */
static Process *
get_state(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(0) ? process_create() : PG_GETARG_PROCESS_P(0);
}

static double
get_value(FunctionCallInfo fcinfo)
{
	double		value;

	if (PG_NARGS() < 3 || PG_ARGISNULL(2))
		return NAN;
	value = PG_GETARG_FLOAT8(2);
	if (!isfinite(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value must be a finite number, not NaN or infinity"),
				 errhint("Leave such rows out with WHERE, or give NULL where the number is unknown.")));
	return value;
}

Datum
cd_process_accum(PG_FUNCTION_ARGS)
{
	double		value = get_value(fcinfo);

	cd_require_aggregate(fcinfo, "process_accum");
	if (PG_ARGISNULL(1))
		return cd_unchanged_state(fcinfo);
	PG_RETURN_POINTER(process_add(get_state(fcinfo), path_finished(PG_GETARG_PATH_P(1)), value));
}

Datum
cd_process_merge(PG_FUNCTION_ARGS)
{
	cd_require_aggregate(fcinfo, "process_merge");
	if (PG_ARGISNULL(1))
		return cd_unchanged_state(fcinfo);
	PG_RETURN_POINTER(process_merge(get_state(fcinfo), PG_GETARG_PROCESS_P(1)));
}

/* ---- rows ---- */

static Datum
label_datum(PathLabel label)
{
	return PointerGetDatum(cstring_to_text_with_len(label.data, label.length));
}

/* Labels in order; the missing one, of the start and the end, first. */
static int
compare_numbers(const Process *p, uint32 a, uint32 b)
{
	if (a == b)
		return 0;
	if (a == PROCESS_NO_LABEL || b == PROCESS_NO_LABEL)
		return a == PROCESS_NO_LABEL ? -1 : 1;
	return path_compare_labels(process_label(p, a), process_label(p, b));
}

static int
compare_links(const void *a, const void *b, void *arg)
{
	const ProcessLink *links = process_part(arg, PROCESS_LINKS);
	const ProcessLink *x = &links[*(const uint32 *) a];
	const ProcessLink *y = &links[*(const uint32 *) b];
	int			order = compare_numbers(arg, x->from, y->from);

	return order != 0 ? order : compare_numbers(arg, x->to, y->to);
}

/* The links of a kind, in order. */
static uint32 *
sorted_links(const Process *p, ProcessLinkKind kind, uint32 *count)
{
	const ProcessLink *links = process_part(p, PROCESS_LINKS);
	uint32	   *sorted = palloc(Max(p->used[PROCESS_LINKS], 1) * sizeof(uint32));

	*count = 0;
	for (uint32 i = 0; i < p->used[PROCESS_LINKS]; i++)
		if (links[i].kind == kind)
			sorted[(*count)++] = i;
	qsort_arg(sorted, *count, sizeof(uint32), compare_links, (void *) p);
	return sorted;
}

/* The gaps of each link together. */
typedef struct Gaps
{
	double	   *gap;
	uint64	   *first;			/* by link; one more at the end */
} Gaps;

static Gaps
gaps_by_link(const Process *p)
{
	const double *gap = process_part(p, PROCESS_GAPS);
	const uint32 *link = process_part(p, PROCESS_GAP_LINKS);
	uint32		links = p->used[PROCESS_LINKS];
	uint32		n = p->used[PROCESS_GAPS];
	Gaps		gaps = {palloc(Max(n, 1) * sizeof(double)), palloc0((links + 2) * sizeof(uint64))};
	uint64	   *next = gaps.first + 1;

	for (uint32 i = 0; i < n; i++)
		next[link[i] + 1]++;
	for (uint32 i = 1; i <= links; i++)
		next[i] += next[i - 1];
	for (uint32 i = 0; i < n; i++)
		gaps.gap[next[link[i]]++] = gap[i];
	return gaps;
}

static void
put_link_row(ReturnSetInfo *result, const Process *p, uint32 number, const Gaps *gaps)
{
	Datum		values[8] = {0};
	bool		nulls[8] = {0};
	const ProcessLink *link = (ProcessLink *) process_part(p, PROCESS_LINKS) + number;
	double	   *gap = gaps->gap + gaps->first[number];
	uint64		n = gaps->first[number + 1] - gaps->first[number];

	nulls[0] = link->from == PROCESS_NO_LABEL;
	if (!nulls[0])
		values[0] = label_datum(process_label(p, link->from));
	nulls[1] = link->to == PROCESS_NO_LABEL;
	if (!nulls[1])
		values[1] = label_datum(process_label(p, link->to));
	values[2] = Int64GetDatum(link->times);
	values[3] = Int64GetDatum(link->contacts);
	values[4] = Int64GetDatum(link->returns);
	cd_set_float8(values, nulls, 5, link->gaps == 0 ? NAN : link->gap_sum / link->gaps / 1e6);
	cd_set_float8(values, nulls, 6, process_quantile(gap, n, 0.5) / 1e6);
	cd_set_float8(values, nulls, 7, process_quantile(gap, n, TAIL) / 1e6);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
cd_process_links(PG_FUNCTION_ARGS)
{
	const Process *p = PG_GETARG_PROCESS_P(0);
	ProcessLinkKind kind = PG_GETARG_BOOL(1) ? PROCESS_AGENTS : PROCESS_STEPS;
	uint32		count;
	uint32	   *sorted = sorted_links(p, kind, &count);
	Gaps		gaps = gaps_by_link(p);

	InitMaterializedSRF(fcinfo, 0);
	for (uint32 i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		put_link_row((ReturnSetInfo *) fcinfo->resultinfo, p, sorted[i], &gaps);
	}
	return (Datum) 0;
}

/* Variants: the most frequent first, then by their steps. */
static int
compare_variants(const void *a, const void *b, void *arg)
{
	const ProcessVariant *variants = process_part(arg, PROCESS_VARIANTS);
	const uint32 *codes = process_part(arg, PROCESS_CODES);
	const ProcessVariant *x = &variants[*(const uint32 *) a];
	const ProcessVariant *y = &variants[*(const uint32 *) b];

	if (x->contacts != y->contacts)
		return x->contacts > y->contacts ? -1 : 1;
	for (uint32 i = 0; i < Min(x->codes, y->codes); i++)
	{
		int			order = compare_numbers(arg, codes[x->first_code + i], codes[y->first_code + i]);

		if (order != 0)
			return order;
	}
	return (x->codes > y->codes) - (x->codes < y->codes);
}

static Datum
steps_datum(const Process *p, const ProcessVariant *v)
{
	const uint32 *codes = (uint32 *) process_part(p, PROCESS_CODES) + v->first_code;
	Datum	   *steps = palloc(v->codes * sizeof(Datum));

	for (uint32 i = 0; i < v->codes; i++)
		steps[i] = label_datum(process_label(p, codes[i]));
	return PointerGetDatum(construct_array(steps, v->codes, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
put_variant_row(ReturnSetInfo *result, const Process *p, const ProcessVariant *v)
{
	Datum		values[5] = {0};
	bool		nulls[5] = {0};

	values[0] = steps_datum(p, v);
	values[1] = Int64GetDatum(v->contacts);
	values[2] = Int64GetDatum((int64) v->value.n);
	cd_set_float8(values, nulls, 3, v->value.n > 0 ? v->value.mean : NAN);
	cd_set_float8(values, nulls, 4, v->value.n > 0 ? v->value.m2 : NAN);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
cd_process_variants(PG_FUNCTION_ARGS)
{
	const Process *p = PG_GETARG_PROCESS_P(0);
	const ProcessVariant *variants = process_part(p, PROCESS_VARIANTS);
	uint32		n = p->used[PROCESS_VARIANTS];
	uint32	   *sorted = palloc(Max(n, 1) * sizeof(uint32));
	MemoryContext row = AllocSetContextCreate(CurrentMemoryContext, "process variant", ALLOCSET_SMALL_SIZES);
	MemoryContext old;

	InitMaterializedSRF(fcinfo, 0);
	for (uint32 i = 0; i < n; i++)
		sorted[i] = i;
	qsort_arg(sorted, n, sizeof(uint32), compare_variants, (void *) p);
	old = MemoryContextSwitchTo(row);
	for (uint32 i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		put_variant_row((ReturnSetInfo *) fcinfo->resultinfo, p, &variants[sorted[i]]);
		MemoryContextReset(row);
	}
	MemoryContextSwitchTo(old);
	return (Datum) 0;
}
