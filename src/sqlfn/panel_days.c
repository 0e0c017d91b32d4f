/*
 * panel_days.c
 *		Cutting the days of a multirange out of a panel.
 */
#include "sqlfn/sqlfn.h"

#include "utils/date.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"

#include "panel/panel.h"

CD_FUNCTION(cd_panel_period_multirange);

/* Half-open ranges of days, ascending. */
typedef struct Days
{
	int			count;
	int64	   *from;
	int64	   *before;
} Days;

/* A bound of a daterange, which is kept as [from, before). */
static int64
bound_day(const RangeBound *bound)
{
	if (bound->infinite)
		return bound->lower ? PG_INT64_MIN : PG_INT64_MAX;
	return DatumGetDateADT(bound->val);
}

static Days
read_days(TypeCacheEntry *type, const MultirangeType *multirange)
{
	Days		days = {multirange->rangeCount, NULL, NULL};

	days.from = palloc(Max(days.count, 1) * sizeof(int64));
	days.before = palloc(Max(days.count, 1) * sizeof(int64));
	for (int i = 0; i < days.count; i++)
	{
		RangeBound	lower;
		RangeBound	upper;

		multirange_get_bounds(type, multirange, i, &lower, &upper);
		days.from[i] = bound_day(&lower);
		days.before[i] = bound_day(&upper);
	}
	return days;
}

/* Whether the last range that begins by then holds the cell's period. */
static bool
period_in_days(const Panel *p, const PanelCell *cell, const void *arg)
{
	const Days *days = arg;
	int			low = 0;
	int			high = days->count;

	if (cell->period == PANEL_NO_DATE)
		return false;
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (days->from[middle] <= cell->period)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && cell->period < days->before[low - 1];
}

Datum
cd_panel_period_multirange(PG_FUNCTION_ARGS)
{
	MultirangeType *multirange = PG_GETARG_MULTIRANGE_P(1);
	TypeCacheEntry *type = multirange_get_typcache(fcinfo, MultirangeTypeGetOid(multirange));
	Days		days = read_days(type->rngtype, multirange);

	PG_RETURN_PANEL_P(panel_select(PG_GETARG_PANEL_P(0), period_in_days, &days));
}
