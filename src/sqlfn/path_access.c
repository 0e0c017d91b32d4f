/*
 * path_access.c
 *		Looking into a path: what it says of its contact, its variant, its events.
 */
#include "sqlfn/row.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "process/path_measure.h"

CD_FUNCTION(cd_path_measures);
CD_FUNCTION(cd_path_variant);
CD_FUNCTION(cd_path_variant_hash);
CD_FUNCTION(cd_path_events);

static const char *const latency_names[] = {
	[PATH_LATENCY_AUTHORISED] = "authorised",
	[PATH_LATENCY_OPEN] = "open",
	[PATH_LATENCY_PROXY] = "proxy",
};

static const char *const breakdown_names[] = {
	[PATH_DECIDING] = "deciding",
	[PATH_WAITING] = "waiting",
};

static void
put_count(CdRow *row, uint32 count, bool known)
{
	cd_put(row, Int32GetDatum(count), known);
}

static void
put_seconds(CdRow *row, int64 microseconds, bool known)
{
	cd_put(row, Float8GetDatum(microseconds / 1e6), known);
}

static Datum
label_datum(PathLabel label)
{
	return PointerGetDatum(cstring_to_text_with_len(label.data, label.length));
}

static void
put_label(CdRow *row, const PathLabel *labels, uint16 label, bool known)
{
	cd_put(row, known ? label_datum(labels[label]) : (Datum) 0, known);
}

static PathResolved
get_resolved(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		return PATH_RESOLVED_UNKNOWN;
	return PG_GETARG_BOOL(n) ? PATH_RESOLVED_YES : PATH_RESOLVED_NO;
}

Datum
cd_path_measures(PG_FUNCTION_ARGS)
{
	CdRow		row = {0};
	const Path *p;
	PathMeasures m;
	bool		any;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	p = path_finished(PG_GETARG_PATH_P(0));
	path_measure(p, get_resolved(fcinfo, 1), &m);
	any = p->events > 0;
	cd_put(&row, TimestampTzGetDatum(m.start), any);
	cd_put(&row, TimestampTzGetDatum(m.end), any);
	put_seconds(&row, m.end - m.start, any);
	put_count(&row, p->events, true);
	put_count(&row, m.steps, true);
	put_count(&row, p->events - m.steps, true);
	put_count(&row, m.agents, true);
	put_count(&row, m.handoffs, m.agents > 0);
	put_count(&row, m.ping_pongs, m.agents > 0);
	put_count(&row, m.transfers, m.kinds);
	put_count(&row, m.escalations, m.kinds);
	put_seconds(&row, m.working, m.timed);
	put_seconds(&row, m.waiting, m.timed);
	put_seconds(&row, m.latency, m.basis != PATH_LATENCY_UNKNOWN);
	cd_put_text(&row, latency_names[m.basis]);
	cd_put_text(&row, breakdown_names[m.breakdown]);
	put_label(&row, path_labels(p), m.breakdown_step, m.breakdown != PATH_NO_BREAKDOWN);
	return cd_row_datum(fcinfo, &row);
}

Datum
cd_path_variant(PG_FUNCTION_ARGS)
{
	const Path *p = path_finished(PG_GETARG_PATH_P(0));
	PathLabel  *labels = path_labels(p);
	Datum	   *steps = palloc(Max(p->events, 1) * sizeof(Datum));

	for (uint32 i = 0; i < p->events; i++)
		steps[i] = label_datum(labels[path_events(p)[i].step]);
	PG_RETURN_ARRAYTYPE_P(construct_array(steps, p->events, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Chained over the steps, so that their borders count. */
Datum
cd_path_variant_hash(PG_FUNCTION_ARGS)
{
	const Path *p = path_finished(PG_GETARG_PATH_P(0));
	PathLabel  *labels = path_labels(p);
	uint64		hash = p->events;

	for (uint32 i = 0; i < p->events; i++)
	{
		PathLabel	step = labels[path_events(p)[i].step];

		hash = hash_bytes_extended((const unsigned char *) step.data, step.length, hash);
	}
	PG_RETURN_INT64((int64) hash);
}

/* What is kept between the rows of events(). */
typedef struct EventsCall
{
	const Path *path;
	PathLabel  *labels;
	PathSpan   *spans;
	bool		latency_known;
} EventsCall;

static EventsCall *
start_events(FunctionCallInfo fcinfo, FuncCallContext *call)
{
	MemoryContext old = MemoryContextSwitchTo(call->multi_call_memory_ctx);
	EventsCall *events = palloc(sizeof(EventsCall));
	PathMeasures m;

	if (get_call_result_type(fcinfo, NULL, &call->tuple_desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	call->tuple_desc = BlessTupleDesc(call->tuple_desc);
	events->path = path_finished((Path *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0)));
	path_measure(events->path, PATH_RESOLVED_UNKNOWN, &m);
	events->labels = path_labels(events->path);
	events->spans = path_spans(events->path, &m);
	events->latency_known = m.basis != PATH_LATENCY_UNKNOWN;
	call->max_calls = events->path->events;
	MemoryContextSwitchTo(old);
	return events;
}

static Datum
event_row(TupleDesc desc, const EventsCall *call, uint32 i)
{
	CdRow		row = {0};
	const PathEvent *e = &path_events(call->path)[i];
	const PathSpan *span = &call->spans[i];

	put_count(&row, i + 1, true);
	put_label(&row, call->labels, e->step, true);
	cd_put_text(&row, path_kind_name(e->kind));
	put_label(&row, call->labels, e->agent, e->agent != PATH_NO_LABEL);
	cd_put(&row, TimestampTzGetDatum(e->start), true);
	cd_put(&row, TimestampTzGetDatum(e->end), e->end != PATH_NO_TIME);
	put_seconds(&row, span->end - e->start, true);
	put_seconds(&row, span->gap, true);
	cd_put(&row, BoolGetDatum(span->waiting), e->kind != PATH_NO_KIND);
	put_seconds(&row, span->latency, call->latency_known);
	cd_put(&row, BoolGetDatum(span->repeated), true);
	cd_put(&row, BoolGetDatum(span->handoff), true);
	return HeapTupleGetDatum(heap_form_tuple(desc, row.values, row.nulls));
}

Datum
cd_path_events(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	Datum		row;

	if (SRF_IS_FIRSTCALL())
	{
		call = SRF_FIRSTCALL_INIT();
		call->user_fctx = start_events(fcinfo, call);
	}
	call = SRF_PERCALL_SETUP();
	if (call->call_cntr >= call->max_calls)
		SRF_RETURN_DONE(call);
	row = event_row(call->tuple_desc, call->user_fctx, call->call_cntr);
	SRF_RETURN_NEXT(call, row);
}
