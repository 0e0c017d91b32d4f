/*
 * row.h
 *		A result row that is filled from left to right.
 */
#ifndef SQLFN_ROW_H
#define SQLFN_ROW_H

#include "sqlfn/sqlfn.h"

#define CD_ROW_COLUMNS 40		/* at most */

/* Begins as {0}. */
typedef struct CdRow
{
	int			column;			/* the next */
	Datum		values[CD_ROW_COLUMNS];
	bool		nulls[CD_ROW_COLUMNS];
} CdRow;

/* NULL unless known. */
extern void cd_put(CdRow *row, Datum value, bool known);
extern void cd_put_date(CdRow *row, int32 date, bool known);

/* float8 and int4; NaN becomes NULL. */
extern void cd_put_number(CdRow *row, double x);
extern void cd_put_count(CdRow *row, double x);

/* NULL becomes NULL. */
extern void cd_put_text(CdRow *row, const char *text);

/* float8[]; NaN becomes a NULL in it. */
extern void cd_put_numbers(CdRow *row, const double *x, int count);

/* The row as the result of the called function, or as one of its rows. */
extern Datum cd_row_datum(FunctionCallInfo fcinfo, CdRow *row);
extern void cd_store_row(ReturnSetInfo *result, CdRow *row);

#endif							/* SQLFN_ROW_H */
