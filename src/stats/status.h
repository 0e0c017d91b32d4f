/*
 * status.h: what a numerical routine can answer besides its numbers, and how a
 * caller interrupts one that runs long.
 */
#ifndef CD_STATUS_H
#define CD_STATUS_H

#include <stdbool.h>

typedef enum CdStatus
{
	CD_OK = 0,
	CD_TOO_FEW,					/* fewer units than the quantity needs */
	CD_NO_CONVERGENCE,			/* an iteration did not settle */
	CD_BAD_INPUT,				/* not finite, negative weight, variance not positive, ... */
	CD_STOPPED,					/* the stop hook said so */
	CD_NOMEM					/* a small solver workspace could not be had */
} CdStatus;

typedef bool (*CdStopFn) (void);

/* Short lower-case text, fit for the middle of an error message. */
const char *cd_status_text(CdStatus status);

/* Install the hook that long loops poll; NULL removes it. */
void		cd_set_stop(CdStopFn stop);

/* True when the hook asks for an early return. */
bool		cd_stop_requested(void);

#endif
