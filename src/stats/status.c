/*
 * status.c: texts of the status codes, and the stop hook.
 */
#include <stddef.h>

#include "stats/status.h"

static CdStopFn stop_hook = NULL;

/* Text for the middle of an error message. */
const char *
cd_status_text(CdStatus status)
{
	switch (status)
	{
		case CD_OK:
			return "no error";
		case CD_TOO_FEW:
			return "too few units";
		case CD_NO_CONVERGENCE:
			return "the iteration did not converge";
		case CD_BAD_INPUT:
			return "the input is out of range";
		case CD_STOPPED:
			return "stopped on request";
		case CD_NOMEM:
			return "out of memory";
	}
	return "unknown status";
}

/* Install or remove the hook. */
void
cd_set_stop(CdStopFn stop)
{
	stop_hook = stop;
}

/* Ask the hook. */
bool
cd_stop_requested(void)
{
	return stop_hook != NULL && stop_hook();
}
