/*
 * panel_dates.h
 *		Dates of a panel, in days since 2000-01-01: their months, and which there are.
 */
#ifndef PANEL_PANEL_DATES_H
#define PANEL_PANEL_DATES_H

#include "panel/panel.h"

/* Months since January of the year 0. */
extern int32 panel_month_number(int32 date);

/* The first day of a month so numbered. */
extern int32 panel_first_of_month(int32 month);

/* For qsort and bsearch. */
extern int	panel_compare_dates(const void *a, const void *b);

/* The different periods, ascending. */
extern int32 *panel_distinct_periods(const Panel *p, uint32 *count);

#endif							/* PANEL_PANEL_DATES_H */
