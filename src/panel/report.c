/*
 * report.c
 *		See report.h.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "panel/report.h"

void
cd_ereport_status(CdStatus status, const char *what)
{
	if (status == CD_OK)
		return;
	if (status == CD_STOPPED)
		CHECK_FOR_INTERRUPTS();
	ereport(ERROR,
			(errcode(status == CD_NOMEM ? ERRCODE_OUT_OF_MEMORY :
					 status == CD_BAD_INPUT ? ERRCODE_INVALID_PARAMETER_VALUE :
					 ERRCODE_DATA_EXCEPTION),
			 errmsg("could not compute %s: %s", what, cd_status_text(status))));
}
