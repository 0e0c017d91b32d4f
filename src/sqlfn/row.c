/*
 * row.c
 *		See row.h.
 */
#include "sqlfn/row.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/date.h"

void
cd_put(CdRow *row, Datum value, bool known)
{
	Assert(row->column < CD_ROW_COLUMNS);
	row->nulls[row->column] = !known;
	row->values[row->column++] = known ? value : (Datum) 0;
}

void
cd_put_date(CdRow *row, int32 date, bool known)
{
	cd_put(row, DateADTGetDatum(date), known);
}

void
cd_put_number(CdRow *row, double x)
{
	cd_put(row, Float8GetDatum(x), !isnan(x));
}

void
cd_put_count(CdRow *row, double x)
{
	cd_put(row, isnan(x) ? (Datum) 0 : Int32GetDatum((int32) x), !isnan(x));
}

void
cd_put_text(CdRow *row, const char *text)
{
	cd_put(row, text == NULL ? (Datum) 0 : CStringGetTextDatum(text), text != NULL);
}

void
cd_put_numbers(CdRow *row, const double *x, int count)
{
	Datum	   *values = palloc(Max(count, 1) * sizeof(Datum));
	bool	   *nulls = palloc(Max(count, 1) * sizeof(bool));
	int			start = 1;

	for (int i = 0; i < count; i++)
		cd_set_float8(values, nulls, i, x[i]);
	cd_put(row, PointerGetDatum(construct_md_array(values, nulls, 1, &count, &start, FLOAT8OID, sizeof(float8),
												   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)), true);
}

Datum
cd_row_datum(FunctionCallInfo fcinfo, CdRow *row)
{
	TupleDesc	desc = cd_result_type(fcinfo);

	Assert(row->column == desc->natts);
	return HeapTupleGetDatum(heap_form_tuple(desc, row->values, row->nulls));
}

void
cd_store_row(ReturnSetInfo *result, CdRow *row)
{
	Assert(row->column == result->setDesc->natts);
	tuplestore_putvalues(result->setResult, result->setDesc, row->values, row->nulls);
}
