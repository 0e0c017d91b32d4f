/*
 * path.c
 *		The type coachdiag.path and the aggregate contact_path() that makes it.
 */
#include "sqlfn/sqlfn.h"

#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "process/path.h"
#include "process/path_io.h"

CD_FUNCTION(cd_path_in);
CD_FUNCTION(cd_path_out);
CD_FUNCTION(cd_path_recv);
CD_FUNCTION(cd_path_send);
CD_FUNCTION(cd_path_eq);
CD_FUNCTION(cd_path_ne);
CD_FUNCTION(cd_path_hash);
CD_FUNCTION(cd_path_accum_bigint);
CD_FUNCTION(cd_path_accum_text);
CD_FUNCTION(cd_path_merge);
CD_FUNCTION(cd_path_final);

/* Arguments of contact_path(step, started_at, ended_at, kind, agent, number). */
enum
{
	ARG_STATE,
	ARG_STEP,
	ARG_STARTED_AT,
	ARG_ENDED_AT,
	ARG_KIND,
	ARG_AGENT,
	ARG_NUMBER
};

Datum
cd_path_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(path_from_text(PG_GETARG_CSTRING(0)));
}

Datum
cd_path_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(path_to_text(PG_GETARG_PATH_P(0)));
}

Datum
cd_path_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(path_from_wire((StringInfo) PG_GETARG_POINTER(0)));
}

Datum
cd_path_send(PG_FUNCTION_ARGS)
{
	StringInfoData out;

	pq_begintypsend(&out);
	path_to_wire(&out, PG_GETARG_PATH_P(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

/* Finished paths of the same events are the same bytes. */
static bool
same_path(const Path *a, const Path *b)
{
	a = path_finished(a);
	b = path_finished(b);
	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}

Datum
cd_path_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(same_path(PG_GETARG_PATH_P(0), PG_GETARG_PATH_P(1)));
}

Datum
cd_path_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!same_path(PG_GETARG_PATH_P(0), PG_GETARG_PATH_P(1)));
}

Datum
cd_path_hash(PG_FUNCTION_ARGS)
{
	const Path *p = path_finished(PG_GETARG_PATH_P(0));

	PG_RETURN_INT32(hash_bytes((const unsigned char *) p, VARSIZE(p)));
}

static inline PathLabel
get_label(FunctionCallInfo fcinfo, int n)
{
	text	   *t = PG_GETARG_TEXT_PP(n);
	PathLabel	label = {VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t)};

	return label;
}

static PathKind
get_kind(FunctionCallInfo fcinfo)
{
	PathLabel	name;
	int			kind;

	if (PG_ARGISNULL(ARG_KIND))
		return PATH_NO_KIND;
	name = get_label(fcinfo, ARG_KIND);
	kind = path_kind(name);
	if (kind < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown kind of event \"%s\"", pnstrdup(name.data, name.length)),
				 errhint("A kind is work, wait, hold, approval, transfer, escalation, resolution_identified, "
						 "resolution_authorised, resolved, or NULL.")));
	return kind;
}

static int64
get_end(FunctionCallInfo fcinfo)
{
	int64		end;

	if (PG_ARGISNULL(ARG_ENDED_AT))
		return PATH_NO_TIME;
	end = PG_GETARG_TIMESTAMPTZ(ARG_ENDED_AT);
	return end == PATH_NO_TIME ? PATH_NO_TIME + 1 : end;	/* -infinity: path_append refuses it */
}

/* What a row says but for its agent; false where step or start is missing. */
static bool
get_row(FunctionCallInfo fcinfo, PathRow *row)
{
	cd_require_aggregate(fcinfo, "path_accum");
	if (PG_ARGISNULL(ARG_STEP) || PG_ARGISNULL(ARG_STARTED_AT))
		return false;
	row->step = get_label(fcinfo, ARG_STEP);
	row->start = PG_GETARG_TIMESTAMPTZ(ARG_STARTED_AT);
	row->end = get_end(fcinfo);
	row->kind = get_kind(fcinfo);
	row->numbered = PG_NARGS() > ARG_NUMBER && !PG_ARGISNULL(ARG_NUMBER);
	if (row->numbered)
		row->number = PG_GETARG_INT64(ARG_NUMBER);
	return true;
}

/* The state to change: our own, since nodeAgg hands it back to us alone. */
static Path *
get_state(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(ARG_STATE) ? path_create() : PG_GETARG_PATH_P(ARG_STATE);
}

Datum
cd_path_accum_bigint(PG_FUNCTION_ARGS)
{
	PathRow		row = {0};
	char		digits[MAXINT8LEN + 1];

	if (!get_row(fcinfo, &row))
		return cd_unchanged_state(fcinfo);
	if (!PG_ARGISNULL(ARG_AGENT))
	{
		row.agent.data = digits;
		row.agent.length = pg_lltoa(PG_GETARG_INT64(ARG_AGENT), digits);
	}
	PG_RETURN_POINTER(path_append(get_state(fcinfo), &row));
}

Datum
cd_path_accum_text(PG_FUNCTION_ARGS)
{
	PathRow		row = {0};

	if (!get_row(fcinfo, &row))
		return cd_unchanged_state(fcinfo);
	if (!PG_ARGISNULL(ARG_AGENT))
		row.agent = get_label(fcinfo, ARG_AGENT);
	PG_RETURN_POINTER(path_append(get_state(fcinfo), &row));
}

Datum
cd_path_merge(PG_FUNCTION_ARGS)
{
	cd_require_aggregate(fcinfo, "path_merge");
	if (PG_ARGISNULL(1))
		return cd_unchanged_state(fcinfo);
	PG_RETURN_POINTER(path_merge(get_state(fcinfo), PG_GETARG_PATH_P(1)));
}

Datum
cd_path_final(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(path_finished(PG_GETARG_PATH_P(0)));
}
