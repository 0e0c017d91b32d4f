/*
 * panel_dates.c
 *		See panel_dates.h.
 */
#include "postgres.h"

#include "lib/qunique.h"
#include "utils/date.h"
#include "utils/datetime.h"

#include "panel/panel_dates.h"

int32
panel_month_number(int32 date)
{
	int			year,
				month,
				day;

	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return year * 12 + month - 1;
}

int32
panel_first_of_month(int32 month)
{
	return date2j(month / 12, month % 12 + 1, 1) - POSTGRES_EPOCH_JDATE;
}

int
panel_compare_dates(const void *a, const void *b)
{
	int32		x = *(const int32 *) a;
	int32		y = *(const int32 *) b;

	return (x > y) - (x < y);
}

int32 *
panel_distinct_periods(const Panel *p, uint32 *count)
{
	int32	   *dates = palloc(Max(p->cells, 1) * sizeof(int32));
	uint32		n = 0;

	for (uint32 i = 0; i < p->cells; i++)
		if (panel_cells(p)[i].period != PANEL_NO_DATE)
			dates[n++] = panel_cells(p)[i].period;
	qsort(dates, n, sizeof(int32), panel_compare_dates);
	*count = (uint32) qunique(dates, n, sizeof(int32), panel_compare_dates);
	return dates;
}
