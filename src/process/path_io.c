/*
 * path_io.c
 *		See path_io.h.  What is read goes through path_append, numbered as it stands.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "process/path_io.h"

/* Fewest bytes that an event takes on the wire: two times, kind, two lengths. */
#define MIN_EVENT_BYTES (8 + 8 + 1 + 4 + 4)

static void
path_invalid(int errcode_, const char *detail)
{
	ereport(ERROR,
			(errcode(errcode_),
			 errmsg("invalid coachdiag.path value"),
			 errdetail("%s", detail),
			 errhint("Paths are made by the aggregate coachdiag.contact_path(), and read back from what they print.")));
}

/* ---- text ---- */

static void
print_label(StringInfo out, const char *key, PathLabel label)
{
	appendStringInfo(out, ", \"%s\": ", key);
	escape_json(out, pnstrdup(label.data, label.length));
}

static void
print_time(StringInfo out, const char *key, int64 t)
{
	const int	utc = 0;
	char		buffer[MAXDATELEN + 1];

	JsonEncodeDateTime(buffer, TimestampTzGetDatum(t), TIMESTAMPTZOID, &utc);
	appendStringInfo(out, "\"%s\": \"%s\"", key, buffer);
}

static void
print_event(StringInfo out, const PathLabel *labels, const PathEvent *e)
{
	appendStringInfoChar(out, '{');
	print_time(out, "start", e->start);
	if (e->end != PATH_NO_TIME)
	{
		appendStringInfoString(out, ", ");
		print_time(out, "end", e->end);
	}
	print_label(out, "step", labels[e->step]);
	if (e->kind != PATH_NO_KIND)
		appendStringInfo(out, ", \"kind\": \"%s\"", path_kind_name(e->kind));
	if (e->agent != PATH_NO_LABEL)
		print_label(out, "agent", labels[e->agent]);
	appendStringInfoChar(out, '}');
}

char *
path_to_text(const Path *p)
{
	StringInfoData out;
	PathLabel  *labels;

	p = path_finished(p);
	labels = path_labels(p);
	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	for (uint32 i = 0; i < p->events; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i > 0)
			appendStringInfoString(&out, ", ");
		print_event(&out, labels, &path_events(p)[i]);
	}
	appendStringInfoChar(&out, ']');
	return out.data;
}

/* The text behind a key of an event; data is NULL where there is none.  Counts the keys found. */
static PathLabel
read_key(JsonbContainer *event, const char *key, int *found)
{
	JsonbValue *v = getKeyJsonValueFromContainer(event, key, strlen(key), NULL);
	PathLabel	text = {NULL, 0};

	if (v == NULL)
		return text;
	if (v->type != jbvString)
		path_invalid(ERRCODE_INVALID_TEXT_REPRESENTATION, "What an event says of itself must be text.");
	(*found)++;
	text.data = v->val.string.val;
	text.length = v->val.string.len;
	return text;
}

static int64
read_time(PathLabel text)
{
	if (text.data == NULL)
		return PATH_NO_TIME;
	return DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in, CStringGetDatum(pnstrdup(text.data, text.length)),
												   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

static PathKind
read_kind(PathLabel name)
{
	int			kind = name.data == NULL ? PATH_NO_KIND : path_kind(name);

	if (kind < 0)
		path_invalid(ERRCODE_INVALID_TEXT_REPRESENTATION, "An event is of a kind that does not exist.");
	return kind;
}

static Path *
read_event(Path *p, JsonbContainer *event)
{
	PathRow		row = {.numbered = true, .number = p->events};
	PathLabel	start,
				end;
	int			found = 0;

	start = read_key(event, "start", &found);
	end = read_key(event, "end", &found);
	row.step = read_key(event, "step", &found);
	row.kind = read_kind(read_key(event, "kind", &found));
	row.agent = read_key(event, "agent", &found);
	if (start.data == NULL || row.step.data == NULL || JsonContainerSize(event) != (uint32) found)
		path_invalid(ERRCODE_INVALID_TEXT_REPRESENTATION,
					 "An event has a step and a start, may have end, kind and agent, and has nothing else.");
	row.start = read_time(start);
	row.end = read_time(end);
	if (end.data != NULL && row.end == PATH_NO_TIME)
		path_invalid(ERRCODE_INVALID_TEXT_REPRESENTATION, "An end must be finite.");
	return path_append(p, &row);
}

const Path *
path_from_text(char *text)
{
	Jsonb	   *json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	Path	   *p = path_create();

	if (!JB_ROOT_IS_ARRAY(json) || JB_ROOT_IS_SCALAR(json))
		path_invalid(ERRCODE_INVALID_TEXT_REPRESENTATION, "A path is an array of events.");
	for (uint32 i = 0; i < JB_ROOT_COUNT(json); i++)
	{
		JsonbValue *v = getIthJsonbValueFromContainer(&json->root, i);

		CHECK_FOR_INTERRUPTS();
		if (v->type != jbvBinary || !JsonContainerIsObject(v->val.binary.data))
			path_invalid(ERRCODE_INVALID_TEXT_REPRESENTATION, "An event is an object.");
		p = read_event(p, v->val.binary.data);
	}
	return path_finished(p);
}

/* ---- wire ---- */

/* A text in the client's encoding, length first; -1 for none. */
static void
send_label(StringInfo out, PathLabel label)
{
	char	   *converted;
	uint32		length;

	if (label.data == NULL)
	{
		pq_sendint32(out, -1);
		return;
	}
	converted = pg_server_to_client(label.data, label.length);
	length = converted == label.data ? label.length : strlen(converted);
	pq_sendint32(out, length);
	pq_sendbytes(out, converted, length);
}

void
path_to_wire(StringInfo out, const Path *p)
{
	PathLabel	none = {NULL, 0};
	PathLabel  *labels;

	p = path_finished(p);
	labels = path_labels(p);
	pq_sendint16(out, PATH_VERSION);
	pq_sendint32(out, p->events);
	for (uint32 i = 0; i < p->events; i++)
	{
		const PathEvent *e = &path_events(p)[i];

		pq_sendint64(out, e->start);
		pq_sendint64(out, e->end);
		pq_sendint8(out, e->kind);
		send_label(out, labels[e->step]);
		send_label(out, e->agent == PATH_NO_LABEL ? none : labels[e->agent]);
	}
}

static PathLabel
receive_label(StringInfo in)
{
	int32		length = pq_getmsgint(in, 4);
	PathLabel	label = {NULL, 0};
	int			converted;

	if (length == -1)
		return label;
	if (length < 0 || length > in->len - in->cursor)
		path_invalid(ERRCODE_INVALID_BINARY_REPRESENTATION, "A text is longer than what was sent.");
	label.data = pq_getmsgtext(in, length, &converted);
	label.length = converted;
	return label;
}

static Path *
receive_event(Path *p, StringInfo in)
{
	PathRow		row = {.numbered = true, .number = p->events};

	row.start = pq_getmsgint64(in);
	row.end = pq_getmsgint64(in);
	row.kind = pq_getmsgbyte(in);
	if (row.kind > PATH_RESOLVED)
		path_invalid(ERRCODE_INVALID_BINARY_REPRESENTATION, "An event is of a kind that does not exist.");
	row.step = receive_label(in);
	row.agent = receive_label(in);
	if (row.step.data == NULL)
		path_invalid(ERRCODE_INVALID_BINARY_REPRESENTATION, "An event has no step.");
	return path_append(p, &row);
}

const Path *
path_from_wire(StringInfo in)
{
	Path	   *p = path_create();
	uint32		events;

	if (pq_getmsgint(in, 2) != PATH_VERSION)
		path_invalid(ERRCODE_INVALID_BINARY_REPRESENTATION, "It has a format version that is not known here.");
	events = pq_getmsgint(in, 4);
	if (events > (uint32) (in->len - in->cursor) / MIN_EVENT_BYTES)
		path_invalid(ERRCODE_INVALID_BINARY_REPRESENTATION, "It announces more events than it has.");
	for (uint32 i = 0; i < events; i++)
	{
		CHECK_FOR_INTERRUPTS();
		p = receive_event(p, in);
	}
	return path_finished(p);
}
