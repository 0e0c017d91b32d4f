/*
 * panel_wire.c
 *		The wire form: format version, agent kind, then agents, labels and cells,
 *		each preceded by their number, in network byte order and fixed widths.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "panel/panel_build.h"
#include "panel/panel_io.h"

/* Fewest bytes that an agent, a label and a cell take. */
#define MIN_AGENT_BYTES 8
#define MIN_LABEL_BYTES 4
#define CELL_BYTES (4 * 4 + 7 * 8)

/* A text, in the client's encoding. */
static void
send_text(StringInfo out, PanelString s)
{
	char	   *converted = pg_server_to_client(s.data, s.length);
	uint32		length = converted == s.data ? s.length : strlen(converted);

	pq_sendint32(out, length);
	pq_sendbytes(out, converted, length);
}

static void
send_agent(StringInfo out, const Panel *p, const PanelAgent *agent)
{
	if (p->agent_kind == PANEL_AGENT_TEXT)
		send_text(out, panel_string(p, agent->key.name));
	else
		pq_sendint64(out, agent->key.id);
	pq_sendint32(out, agent->hired_on);
}

static void
send_cell(StringInfo out, const PanelCell *cell)
{
	pq_sendint32(out, cell->agent);
	pq_sendint32(out, cell->period);
	pq_sendint32(out, cell->contact_type);
	pq_sendint32(out, cell->coach);
	pq_sendfloat8(out, cell->gap.n);
	pq_sendfloat8(out, cell->gap.weight);
	pq_sendfloat8(out, cell->gap.mean);
	pq_sendfloat8(out, cell->gap.m2);
	pq_sendfloat8(out, cell->target);
	pq_sendfloat8(out, cell->sessions);
	pq_sendfloat8(out, cell->minutes);
}

void
panel_to_wire(StringInfo out, const Panel *p)
{
	p = panel_canonical(p);
	pq_sendint16(out, PANEL_VERSION);
	pq_sendint8(out, p->agent_kind);
	pq_sendint32(out, p->agents);
	for (uint32 i = 0; i < p->agents; i++)
		send_agent(out, p, &panel_agents(p)[i]);
	pq_sendint32(out, p->labels);
	for (uint32 i = 0; i < p->labels; i++)
		send_text(out, panel_label(p, i));
	pq_sendint32(out, p->cells);
	for (uint32 i = 0; i < p->cells; i++)
		send_cell(out, &panel_cells(p)[i]);
}

/* A number of things of which each takes at least that many bytes. */
static uint32
read_count(StringInfo in, int bytes_each)
{
	uint32		count = pq_getmsgint(in, 4);

	if (count > (uint32) (in->len - in->cursor) / bytes_each)
		panel_invalid("It announces more than it holds.");
	return count;
}

/* A text in the client's encoding, in the database's. */
static PanelString
read_text(StringInfo in)
{
	uint32		length = read_count(in, 1);
	int			converted;
	PanelString s;

	s.data = pq_getmsgtext(in, length, &converted);
	s.length = converted;
	if (memchr(s.data, '\0', s.length) != NULL)
		panel_invalid("An agent id or label contains a zero byte.");
	return s;
}

static void
read_agent(StringInfo in, Panel **p)
{
	PanelRow	row = {0};

	if ((*p)->agent_kind == PANEL_AGENT_TEXT)
		row.agent_name = read_text(in);
	else
		row.agent_id = pq_getmsgint64(in);
	row.hired_on = pq_getmsgint(in, 4);
	panel_build_agent(p, &row);
}

static void
read_cell(StringInfo in, Panel **p)
{
	PanelCell	cell;

	cell.agent = pq_getmsgint(in, 4);
	cell.period = pq_getmsgint(in, 4);
	cell.contact_type = pq_getmsgint(in, 4);
	cell.coach = pq_getmsgint(in, 4);
	cell.gap.n = pq_getmsgfloat8(in);
	cell.gap.weight = pq_getmsgfloat8(in);
	cell.gap.mean = pq_getmsgfloat8(in);
	cell.gap.m2 = pq_getmsgfloat8(in);
	cell.target = pq_getmsgfloat8(in);
	cell.sessions = pq_getmsgfloat8(in);
	cell.minutes = pq_getmsgfloat8(in);
	panel_build_cell(p, &cell);
}

static Panel *
read_header(StringInfo in)
{
	int			kind;

	if (pq_getmsgint(in, 2) != PANEL_VERSION)
		panel_invalid("It is of a format version that this release does not know.");
	kind = pq_getmsgbyte(in);
	if (kind != PANEL_AGENT_BIGINT && kind != PANEL_AGENT_TEXT)
		panel_invalid("Its agents are neither bigint nor text.");
	return panel_create(kind);
}

Panel *
panel_from_wire(StringInfo in)
{
	Panel	   *p = read_header(in);

	for (uint32 n = read_count(in, MIN_AGENT_BYTES); n > 0; n--)
		read_agent(in, &p);
	for (uint32 n = read_count(in, MIN_LABEL_BYTES); n > 0; n--)
		panel_build_label(&p, read_text(in));
	for (uint32 n = read_count(in, CELL_BYTES); n > 0; n--)
	{
		if ((n & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		read_cell(in, &p);
	}
	pq_getmsgend(in);
	return panel_select(p, NULL, NULL);
}
