/*
 * path_steps.c
 *		The steps of a path as rows.
 */
#include "sqlfn/sqlfn.h"

#include "utils/builtins.h"

#include "process/path_steps.h"

CD_FUNCTION(cd_path_steps);

/* What is kept between the rows. */
typedef struct StepsCall
{
	PathLabel  *labels;
	PathStep   *steps;
	uint32		count;			/* of labels */
	uint32		next;
	bool		kinds;
	bool		timed;
} StepsCall;

static StepsCall *
start_steps(FunctionCallInfo fcinfo, FuncCallContext *call)
{
	MemoryContext old = MemoryContextSwitchTo(call->multi_call_memory_ctx);
	StepsCall  *steps = palloc0(sizeof(StepsCall));
	const Path *path = path_finished((Path *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0)));
	PathMeasures m;

	if (get_call_result_type(fcinfo, NULL, &call->tuple_desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	call->tuple_desc = BlessTupleDesc(call->tuple_desc);
	path_measure(path, PATH_RESOLVED_UNKNOWN, &m);
	steps->labels = path_labels(path);
	steps->steps = path_steps(path, &m);
	steps->count = path->labels;
	steps->kinds = m.kinds;
	steps->timed = m.timed;
	MemoryContextSwitchTo(old);
	return steps;
}

static Datum
step_row(TupleDesc desc, const StepsCall *call, uint32 label)
{
	const PathStep *step = &call->steps[label];
	Datum		values[] = {
		PointerGetDatum(cstring_to_text_with_len(call->labels[label].data, call->labels[label].length)),
		Int32GetDatum(step->visits),
		Float8GetDatum(step->working / 1e6), Float8GetDatum(step->rework / 1e6), Float8GetDatum(step->waiting / 1e6),
		Float8GetDatum(step->latency / 1e6), Int32GetDatum(step->transfers), Int32GetDatum(step->escalations)
	};
	bool		untimed = !call->timed;
	bool		unkind = !call->kinds;
	bool		nulls[] = {false, false, untimed, untimed, untimed, unkind, unkind, unkind};

	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

Datum
cd_path_steps(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	StepsCall  *steps;

	if (SRF_IS_FIRSTCALL())
	{
		call = SRF_FIRSTCALL_INIT();
		call->user_fctx = start_steps(fcinfo, call);
	}
	call = SRF_PERCALL_SETUP();
	steps = call->user_fctx;
	while (steps->next < steps->count && steps->steps[steps->next].visits == 0)
		steps->next++;
	if (steps->next >= steps->count)
		SRF_RETURN_DONE(call);
	SRF_RETURN_NEXT(call, step_row(call->tuple_desc, steps, steps->next++));
}
