/*
 * report.h
 *		How the answer of an estimator becomes an error that a user can read.
 */
#ifndef PANEL_REPORT_H
#define PANEL_REPORT_H

#include "stats/status.h"

/*
 * Raise an error for a status other than CD_OK; `what` is what was being
 * computed, in the user's words ("the between-agent variance").  A status that
 * merely says that a query is being cancelled lets the cancellation through.
 */
extern void cd_ereport_status(CdStatus status, const char *what);

#endif							/* PANEL_REPORT_H */
