/*
 * panel_text.c
 *		The text form: words separated by blanks, doubles with shortest digits.
 *
 *	panel 1 bigint|text
 *	<agents>	{ id hired_on|- }
 *	<labels>	{ "label" }
 *	<cells>		{ agent period|- contact_type|- coach|- n weight mean_gap m2 target|- sessions minutes }
 *
 * Agents, labels and cells are preceded by their number; text agents and labels
 * stand in double quotes, with \ before " and \.  It round-trips exactly.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/float.h"

#include "panel/panel_build.h"
#include "panel/panel_io.h"

/* Longest unquoted word: a double, an integer or a date. */
#define MAX_WORD 40

static void
append_quoted(StringInfo out, PanelString s)
{
	appendStringInfoChar(out, '"');
	for (uint32 i = 0; i < s.length; i++)
	{
		if (s.data[i] == '"' || s.data[i] == '\\')
			appendStringInfoChar(out, '\\');
		appendStringInfoChar(out, s.data[i]);
	}
	appendStringInfoChar(out, '"');
}

static void
append_double(StringInfo out, double x)
{
	char	   *text = float8out_internal(x);

	appendStringInfoChar(out, ' ');
	appendStringInfoString(out, text);
	pfree(text);
}

static void
append_date(StringInfo out, int32 date)
{
	int			year,
				month,
				day;

	if (date == PANEL_NO_DATE)
	{
		appendStringInfoString(out, " -");
		return;
	}
	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	appendStringInfo(out, " %04d-%02d-%02d", year, month, day);
}

static void
append_label_number(StringInfo out, int32 label)
{
	if (label == PANEL_NO_LABEL)
		appendStringInfoString(out, " -");
	else
		appendStringInfo(out, " %d", label);
}

static void
append_agent(StringInfo out, const Panel *p, const PanelAgent *agent)
{
	appendStringInfoChar(out, ' ');
	if (p->agent_kind == PANEL_AGENT_TEXT)
		append_quoted(out, panel_string(p, agent->key.name));
	else
		appendStringInfo(out, INT64_FORMAT, agent->key.id);
	append_date(out, agent->hired_on);
}

static void
append_cell(StringInfo out, const PanelCell *cell)
{
	appendStringInfo(out, " %d", cell->agent);
	append_date(out, cell->period);
	append_label_number(out, cell->contact_type);
	append_label_number(out, cell->coach);
	append_double(out, cell->gap.n);
	append_double(out, cell->gap.weight);
	append_double(out, cell->gap.mean);
	append_double(out, cell->gap.m2);
	if (panel_cell_has_target(cell))
		append_double(out, cell->target);
	else
		appendStringInfoString(out, " -");
	append_double(out, cell->sessions);
	append_double(out, cell->minutes);
}

char *
panel_to_text(const Panel *p)
{
	StringInfoData out;

	p = panel_canonical(p);
	initStringInfo(&out);
	appendStringInfo(&out, "panel %d %s", PANEL_VERSION, p->agent_kind == PANEL_AGENT_TEXT ? "text" : "bigint");
	appendStringInfo(&out, " %u", p->agents);
	for (uint32 i = 0; i < p->agents; i++)
		append_agent(&out, p, &panel_agents(p)[i]);
	appendStringInfo(&out, " %u", p->labels);
	for (uint32 i = 0; i < p->labels; i++)
	{
		appendStringInfoChar(&out, ' ');
		append_quoted(&out, panel_label(p, i));
	}
	appendStringInfo(&out, " %u", p->cells);
	for (uint32 i = 0; i < p->cells; i++)
	{
		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		append_cell(&out, &panel_cells(p)[i]);
	}
	return out.data;
}

/* What is left to read. */
typedef struct Reader
{
	const char *at;
} Reader;

static void
skip_blanks(Reader *r)
{
	while (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')
		r->at++;
}

/* The next unquoted word, copied to `word` (MAX_WORD bytes). */
static void
read_word(Reader *r, char *word)
{
	size_t		length;

	skip_blanks(r);
	length = strcspn(r->at, " \t\n\r\"");
	if (length == 0)
		panel_invalid("It ends too early, or has a quoted text where a number or word is expected.");
	if (length >= MAX_WORD)
		panel_invalid("It has a number or word that is too long.");
	memcpy(word, r->at, length);
	word[length] = '\0';
	r->at += length;
}

static double
read_double(Reader *r)
{
	char		word[MAX_WORD];

	read_word(r, word);
#if PG_VERSION_NUM >= 160000
	return float8in_internal(word, NULL, "coachdiag.panel", word, NULL);
#else
	return float8in_internal(word, NULL, "coachdiag.panel", word);
#endif
}

static int64
read_int(Reader *r, int64 low, int64 high)
{
	char		word[MAX_WORD];
	int64		n;

	read_word(r, word);
	n = pg_strtoint64(word);
	if (n < low || n > high)
		panel_invalid("It has a number outside its range.");
	return n;
}

static int32
read_date(Reader *r)
{
	char		word[MAX_WORD];
	int			year,
				month,
				day,
				read = 0;

	read_word(r, word);
	if (strcmp(word, "-") == 0)
		return PANEL_NO_DATE;
	if (sscanf(word, "%4d-%2d-%2d%n", &year, &month, &day, &read) != 3 || word[read] != '\0' ||
		year < 1 || month < 1 || month > 12 || day < 1 || day > day_tab[isleap(year)][month - 1])
		panel_invalid("It has a date that is not of the form YYYY-MM-DD.");
	return date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
}

static int32
read_label_number(Reader *r)
{
	skip_blanks(r);
	if (r->at[0] == '-' && strchr(" \t\n\r", r->at[1]) != NULL)
	{
		r->at++;
		return PANEL_NO_LABEL;
	}
	return read_int(r, 0, PG_INT32_MAX);
}

static double
read_target(Reader *r)
{
	double		target;

	skip_blanks(r);
	if (r->at[0] == '-' && strchr(" \t\n\r", r->at[1]) != NULL)
	{
		r->at++;
		return get_float8_nan();
	}
	target = read_double(r);
	if (isnan(target))
		panel_invalid("A cell has an impossible target.");
	return target;
}

/* The next quoted text, unescaped, in memory of its own. */
static PanelString
read_quoted(Reader *r)
{
	StringInfoData text;
	PanelString s;

	skip_blanks(r);
	if (*r->at++ != '"')
		panel_invalid("It lacks a quoted text where one is expected.");
	initStringInfo(&text);
	for (; *r->at != '"'; r->at++)
	{
		if (*r->at == '\\')
			r->at++;
		if (*r->at == '\0')
			panel_invalid("A quoted text is not closed.");
		appendStringInfoChar(&text, *r->at);
	}
	r->at++;
	s.data = text.data;
	s.length = text.len;
	return s;
}

static Panel *
read_header(Reader *r)
{
	char		word[MAX_WORD];

	read_word(r, word);
	if (strcmp(word, "panel") != 0)
		panel_invalid("It does not begin with the word panel.");
	if (read_int(r, 0, PG_INT32_MAX) != PANEL_VERSION)
		panel_invalid("It is of a format version that this release does not know.");
	read_word(r, word);
	if (strcmp(word, "text") == 0)
		return panel_create(PANEL_AGENT_TEXT);
	if (strcmp(word, "bigint") == 0)
		return panel_create(PANEL_AGENT_BIGINT);
	panel_invalid("Its agents are neither bigint nor text.");
}

static void
read_agent(Reader *r, Panel **p)
{
	PanelRow	row = {0};

	if ((*p)->agent_kind == PANEL_AGENT_TEXT)
		row.agent_name = read_quoted(r);
	else
		row.agent_id = read_int(r, PG_INT64_MIN, PG_INT64_MAX);
	row.hired_on = read_date(r);
	panel_build_agent(p, &row);
}

static void
read_cell(Reader *r, Panel **p)
{
	PanelCell	cell;

	cell.agent = read_int(r, 0, PG_INT32_MAX);
	cell.period = read_date(r);
	cell.contact_type = read_label_number(r);
	cell.coach = read_label_number(r);
	cell.gap.n = read_double(r);
	cell.gap.weight = read_double(r);
	cell.gap.mean = read_double(r);
	cell.gap.m2 = read_double(r);
	cell.target = read_target(r);
	cell.sessions = read_double(r);
	cell.minutes = read_double(r);
	panel_build_cell(p, &cell);
}

Panel *
panel_from_text(const char *text)
{
	Reader		r = {text};
	Panel	   *p = read_header(&r);

	for (int64 n = read_int(&r, 0, PG_UINT32_MAX); n > 0; n--)
		read_agent(&r, &p);
	for (int64 n = read_int(&r, 0, PG_UINT32_MAX); n > 0; n--)
		panel_build_label(&p, read_quoted(&r));
	for (int64 n = read_int(&r, 0, PG_UINT32_MAX); n > 0; n--)
	{
		if ((n & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		read_cell(&r, &p);
	}
	skip_blanks(&r);
	if (*r.at != '\0')
		panel_invalid("Something follows after its last cell.");
	return panel_select(p, NULL, NULL);
}
