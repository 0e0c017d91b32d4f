/*
 * alignment.c
 *		alignment(variant, step, next_step): a variant against the documented process.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "process/path.h"
#include "stats/alignment.h"

CD_FUNCTION(cd_alignment);

/* Beyond this many events times steps an alignment is not computed. */
#define MAX_CELLS 50000000

/* The elements of a text array; data is NULL for NULL. */
typedef struct Texts
{
	PathLabel  *text;
	int			count;
} Texts;

static Texts
get_texts(FunctionCallInfo fcinfo, int n)
{
	Texts		texts;
	Datum	   *elements;
	bool	   *nulls;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(n), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &texts.count);
	texts.text = palloc0(Max(texts.count, 1) * sizeof(PathLabel));
	for (int i = 0; i < texts.count; i++)
	{
		text	   *t;

		if (nulls[i])
			continue;
		t = DatumGetTextPP(elements[i]);
		texts.text[i].data = VARDATA_ANY(t);
		texts.text[i].length = VARSIZE_ANY_EXHDR(t);
	}
	return texts;
}

static Texts
without_nulls(Texts all)
{
	Texts		known = {all.text, 0};

	for (int i = 0; i < all.count; i++)
		if (all.text[i].data != NULL)
			known.text[known.count++] = all.text[i];
	return known;
}

static int
compare_texts(const void *a, const void *b)
{
	return path_compare_labels(*(const PathLabel *) a, *(const PathLabel *) b);
}

/* The different texts of two lists, in order. */
static Texts
distinct_texts(Texts a, Texts b)
{
	Texts		all = {palloc(Max(a.count + b.count, 1) * sizeof(PathLabel)), 0};
	int			n = 0;

	for (int i = 0; i < a.count + b.count; i++)
	{
		PathLabel	label = i < a.count ? a.text[i] : b.text[i - a.count];

		if (label.data != NULL)
			all.text[n++] = label;
	}
	qsort(all.text, n, sizeof(PathLabel), compare_texts);
	for (int i = 0; i < n; i++)
		if (i == 0 || compare_texts(&all.text[i], &all.text[i - 1]) != 0)
			all.text[all.count++] = all.text[i];
	return all;
}

static uint32
step_number(Texts steps, PathLabel label)
{
	PathLabel  *found = label.data == NULL ? NULL :
		bsearch(&label, steps.text, steps.count, sizeof(PathLabel), compare_texts);

	return found == NULL ? CD_NO_STEP : found - steps.text;
}

/* A documented process being put together. */
typedef struct Document
{
	Texts		steps;			/* different ones, in order */
	uint64	   *edges;			/* from << 32 | to, in order */
	size_t		n_edges;
	bool	   *first;
	bool	   *last;
} Document;

static int
compare_edges(const void *a, const void *b)
{
	uint64		x = *(const uint64 *) a;
	uint64		y = *(const uint64 *) b;

	return (x > y) - (x < y);
}

/* Where no step qualifies, all do. */
static void
any_if_none(bool *flags, int n)
{
	for (int i = 0; i < n; i++)
		if (flags[i])
			return;
	memset(flags, true, n * sizeof(bool));
}

/* A step that follows no other is a first one; one that has none after it, or says so, is a last one. */
static void
read_document(Document *d, Texts step, Texts next)
{
	int			n;

	d->steps = distinct_texts(step, next);
	n = d->steps.count;
	d->edges = palloc((step.count + n + 1) * sizeof(uint64));
	d->n_edges = 0;
	d->first = palloc(n + 1);
	d->last = palloc(n + 1);
	memset(d->first, true, n + 1);
	memset(d->last, true, n + 1);
	for (int i = 0; i < step.count; i++)
	{
		uint32		from = step_number(d->steps, step.text[i]);
		uint32		to = step_number(d->steps, next.text[i]);

		if (from == CD_NO_STEP || to == CD_NO_STEP)
			continue;
		d->edges[d->n_edges++] = (uint64) from << 32 | to;
		if (from == to)
			continue;
		d->last[from] = false;
		d->first[to] = false;
	}
	for (int i = 0; i < step.count; i++)
		if (step.text[i].data != NULL && next.text[i].data == NULL)
			d->last[step_number(d->steps, step.text[i])] = true;
	any_if_none(d->first, n);
	any_if_none(d->last, n);
	for (int i = 0; i < n; i++)
		if (d->first[i])
			d->edges[d->n_edges++] = (uint64) n << 32 | i;
	d->last[n] = n == 0;
	qsort(d->edges, d->n_edges, sizeof(uint64), compare_edges);
}

static CdModel
model_of(const Document *d)
{
	uint32	   *from = palloc(Max(d->n_edges, 1) * sizeof(uint32));
	uint32	   *to = palloc(Max(d->n_edges, 1) * sizeof(uint32));
	CdModel		model = {d->steps.count, d->n_edges, from, to, d->last};

	for (size_t i = 0; i < d->n_edges; i++)
	{
		from[i] = d->edges[i] >> 32;
		to[i] = (uint32) d->edges[i];
	}
	return model;
}

/* Lists of steps as columns of the result. */
enum
{
	SKIPPED,
	WORKED_AROUND,
	UNDOCUMENTED,
	MISPLACED,
	LISTS
};

typedef struct Lists
{
	Datum	   *item[LISTS];
	int			count[LISTS];
} Lists;

static void
list_step(Lists *lists, int list, PathLabel label)
{
	lists->item[list][lists->count[list]++] = PointerGetDatum(cstring_to_text_with_len(label.data, label.length));
}

/* Whether an undocumented event stands between the moves that do what the model says around a move. */
static bool
beside_undocumented(const CdAlignment *a, const uint32 *trace, size_t at)
{
	size_t		from = at;

	while (from > 0 && a->moves[from - 1].kind != CD_MOVE_BOTH)
		from--;
	for (size_t i = from; i < a->n_moves && a->moves[i].kind != CD_MOVE_BOTH; i++)
		if (a->moves[i].kind == CD_MOVE_TRACE && trace[a->moves[i].event] == CD_NO_STEP)
			return true;
	return false;
}

static void
fill_lists(Lists *lists, const CdAlignment *a, const Document *d, Texts variant, const uint32 *trace)
{
	for (int i = 0; i < LISTS; i++)
		lists->item[i] = palloc(Max(a->n_moves, 1) * sizeof(Datum));
	for (size_t i = 0; i < a->n_moves; i++)
	{
		const CdMove *move = &a->moves[i];

		if (move->kind == CD_MOVE_TRACE)
			list_step(lists, trace[move->event] == CD_NO_STEP ? UNDOCUMENTED : MISPLACED, variant.text[move->event]);
		if (move->kind != CD_MOVE_MODEL)
			continue;
		list_step(lists, SKIPPED, d->steps.text[move->step]);
		if (beside_undocumented(a, trace, i))
			list_step(lists, WORKED_AROUND, d->steps.text[move->step]);
	}
}

/* Aligned, or false where that cannot be done: no way through the document, or too much of everything. */
static bool
align(const Document *d, const uint32 *trace, size_t events, CdAlignment *a)
{
	CdModel		model = model_of(d);
	CdArena		arena = {0};
	CdStatus	status;

	if ((events + 1) * ((size_t) model.steps + 1) > MAX_CELLS)
		return false;
	arena.size = cd_align_size(&model, events);
	arena.base = palloc_extended(arena.size, MCXT_ALLOC_HUGE);
	status = cd_align(&model, trace, events, &arena, a);
	if (status == CD_BAD_INPUT)
		return false;
	cd_ereport_status(status, "alignment");
	return true;
}

Datum
cd_alignment(PG_FUNCTION_ARGS)
{
	TupleDesc	desc = cd_result_type(fcinfo);
	Texts		variant = without_nulls(get_texts(fcinfo, 0));
	Texts		step = get_texts(fcinfo, 1);
	Texts		next = get_texts(fcinfo, 2);
	uint32	   *trace = palloc(Max(variant.count, 1) * sizeof(uint32));
	Datum		values[2 + LISTS] = {0};
	bool		nulls[2 + LISTS] = {0};
	Lists		lists = {0};
	Document	document;
	CdAlignment a;

	if (step.count != next.count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("step and next_step must have the same number of elements"),
				 errhint("Make both by array_agg over the same rows; next_step is NULL at the last step.")));
	read_document(&document, step, next);
	for (int i = 0; i < variant.count; i++)
		trace[i] = step_number(document.steps, variant.text[i]);
	if (!align(&document, trace, variant.count, &a))
		PG_RETURN_NULL();
	fill_lists(&lists, &a, &document, variant, trace);
	cd_set_float8(values, nulls, 0, a.fitness);
	values[1] = Int32GetDatum(a.cost);
	for (int i = 0; i < LISTS; i++)
		values[2 + i] = PointerGetDatum(construct_array(lists.item[i], lists.count[i],
														TEXTOID, -1, false, TYPALIGN_INT));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
