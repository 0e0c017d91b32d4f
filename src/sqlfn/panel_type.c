/*
 * panel_type.c
 *		The type coachdiag.panel: text and wire form, equality, hash.
 */
#include "sqlfn/sqlfn.h"

#include "common/hashfn.h"
#include "libpq/pqformat.h"

#include "panel/panel.h"
#include "panel/panel_io.h"

CD_FUNCTION(cd_panel_in);
CD_FUNCTION(cd_panel_out);
CD_FUNCTION(cd_panel_recv);
CD_FUNCTION(cd_panel_send);
CD_FUNCTION(cd_panel_eq);
CD_FUNCTION(cd_panel_ne);
CD_FUNCTION(cd_panel_hash);

Datum
cd_panel_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_PANEL_P(panel_from_text(PG_GETARG_CSTRING(0)));
}

Datum
cd_panel_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(panel_to_text(PG_GETARG_PANEL_P(0)));
}

Datum
cd_panel_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_PANEL_P(panel_from_wire((StringInfo) PG_GETARG_POINTER(0)));
}

Datum
cd_panel_send(PG_FUNCTION_ARGS)
{
	StringInfoData out;

	pq_begintypsend(&out);
	panel_to_wire(&out, PG_GETARG_PANEL_P(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

/* Canonical panels of the same content are the same bytes. */
static bool
same_panel(const Panel *a, const Panel *b)
{
	a = panel_canonical(a);
	b = panel_canonical(b);
	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}

Datum
cd_panel_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(same_panel(PG_GETARG_PANEL_P(0), PG_GETARG_PANEL_P(1)));
}

Datum
cd_panel_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!same_panel(PG_GETARG_PANEL_P(0), PG_GETARG_PANEL_P(1)));
}

Datum
cd_panel_hash(PG_FUNCTION_ARGS)
{
	const Panel *p = panel_canonical(PG_GETARG_PANEL_P(0));

	PG_RETURN_INT32(hash_bytes((const unsigned char *) p, VARSIZE(p)));
}
