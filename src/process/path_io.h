/*
 * path_io.h
 *		Text and wire form of a path.
 */
#ifndef PROCESS_PATH_IO_H
#define PROCESS_PATH_IO_H

#include "lib/stringinfo.h"

#include "process/path.h"

/* A JSON array of events; everything that is read is checked.  Errors: 22P02, 22P03, and those of path_append. */
extern char *path_to_text(const Path *p);
extern const Path *path_from_text(char *text);

/* Format version, number of events, events; in network byte order. */
extern void path_to_wire(StringInfo out, const Path *p);
extern const Path *path_from_wire(StringInfo in);

#endif							/* PROCESS_PATH_IO_H */
