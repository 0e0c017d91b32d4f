/*
 * idle_coaches.c
 *		Whether sessions move nothing because of who gives them, teams and coaches by name.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"

#include "panel/panel.h"
#include "stats/idle_coach.h"

CD_FUNCTION(cd_idle_coaches);

#define RESULT_COLUMNS 3

/* An element of an array of names. */
typedef struct Label
{
	const text *name;			/* NULL: none */
	int			place;
} Label;

/* The different names of an array, NULL one of them, numbered in an order that is not the array's. */
typedef struct Names
{
	Datum	   *element;
	bool	   *missing;
	int			length;
	int32	   *number;			/* of each element */
	int		   *place;			/* of each name, in the array */
	int32		count;
} Names;

static int
compare_names(const void *a, const void *b)
{
	const text *x = ((const Label *) a)->name;
	const text *y = ((const Label *) b)->name;

	if (x == NULL || y == NULL)
		return (x == NULL) - (y == NULL);
	return panel_compare_text((PanelString) {VARDATA_ANY(x), VARSIZE_ANY_EXHDR(x)},
							  (PanelString) {VARDATA_ANY(y), VARSIZE_ANY_EXHDR(y)});
}

/* Of equal names the first in the array comes first. */
static int
compare_labels(const void *a, const void *b)
{
	int			order = compare_names(a, b);

	return order != 0 ? order : ((const Label *) a)->place - ((const Label *) b)->place;
}

static void
number_names(Names *names)
{
	Label	   *sorted = palloc(Max(names->length, 1) * sizeof(Label));

	names->number = palloc(Max(names->length, 1) * sizeof(int32));
	names->place = palloc(Max(names->length, 1) * sizeof(int));
	names->count = 0;
	for (int i = 0; i < names->length; i++)
		sorted[i] = (Label) {names->missing[i] ? NULL : DatumGetTextPP(names->element[i]), i};
	qsort(sorted, names->length, sizeof(Label), compare_labels);
	for (int i = 0; i < names->length; i++)
	{
		if (i == 0 || compare_names(&sorted[i], &sorted[i - 1]) != 0)
			names->place[names->count++] = sorted[i].place;
		names->number[sorted[i].place] = names->count - 1;
	}
	pfree(sorted);
}

static Names
get_names(FunctionCallInfo fcinfo, int n)
{
	Names		names;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(n), TEXTOID, -1, false, TYPALIGN_INT,
					  &names.element, &names.missing, &names.length);
	number_names(&names);
	return names;
}

static void
check_length(int length, const Names *teams)
{
	if (length != teams->length)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("teams, coaches, sessions, improvement and se must be arrays of the same length, "
						"and can_work too, unless empty"),
				 errhint("Build them with array_agg over the same rows.")));
}

/* As many numbers as teams, NULL ones as NaN. */
static double *
get_numbers(FunctionCallInfo fcinfo, int n, const Names *teams)
{
	double	   *number = palloc(Max(teams->length, 1) * sizeof(double));
	Datum	   *element;
	bool	   *missing;
	int			length;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(n), FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &element, &missing, &length);
	check_length(length, teams);
	for (int i = 0; i < length; i++)
		number[i] = missing[i] ? NAN : DatumGetFloat8(element[i]);
	pfree(element);
	pfree(missing);
	return number;
}

/* Arguments 2 to 4: sessions, improvement, se. */
static CdCoachPart *
get_parts(FunctionCallInfo fcinfo, const Names *teams, const Names *coaches)
{
	const double *sessions = get_numbers(fcinfo, 2, teams);
	const double *improvement = get_numbers(fcinfo, 3, teams);
	const double *se = get_numbers(fcinfo, 4, teams);
	CdCoachPart *part = palloc_extended(Max(teams->length, 1) * sizeof(CdCoachPart), MCXT_ALLOC_HUGE);

	check_length(coaches->length, teams);
	for (int i = 0; i < teams->length; i++)
		part[i] = (CdCoachPart) {teams->number[i], coaches->number[i], sessions[i], improvement[i], se[i]};
	return part;
}

/* Of each team by its number, that of its first element; NULL where the array is empty. */
static double *
get_of_teams(FunctionCallInfo fcinfo, int n, const Names *teams)
{
	double	   *of_element;
	double	   *of_team;

	if (ArrayGetNItems(ARR_NDIM(PG_GETARG_ARRAYTYPE_P(n)), ARR_DIMS(PG_GETARG_ARRAYTYPE_P(n))) == 0)
		return NULL;
	of_element = get_numbers(fcinfo, n, teams);
	of_team = palloc(teams->count * sizeof(double));
	for (int32 t = 0; t < teams->count; t++)
		of_team[t] = of_element[teams->place[t]];
	return of_team;
}

static CdIdleCoach *
estimate(const CdCoachPart *part, const Names *teams, const Names *coaches, const double *can_work,
		 double smallest_effect)
{
	CdIdleCoach *of_team = palloc(Max(teams->count, 1) * sizeof(CdIdleCoach));
	CdArena		arena = {.size = cd_idle_coach_size(teams->length, coaches->count)};
	CdStatus	status;

	arena.base = palloc_extended(Max(arena.size, 1), MCXT_ALLOC_HUGE);
	status = cd_idle_coach(part, teams->length, teams->count, coaches->count, can_work, smallest_effect, &arena,
						   of_team);
	cd_ereport_status(status, "idle_coaches");
	pfree(arena.base);
	return of_team;
}

/* teams, coaches, sessions, improvement, se, smallest_effect, can_work */
Datum
cd_idle_coaches(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Names		teams = get_names(fcinfo, 0);
	Names		coaches = get_names(fcinfo, 1);
	CdCoachPart *part = get_parts(fcinfo, &teams, &coaches);
	double		smallest_effect = PG_GETARG_FLOAT8(5);
	CdIdleCoach *of_team;

	InitMaterializedSRF(fcinfo, 0);
	if (!(smallest_effect > 0))
		return (Datum) 0;
	of_team = estimate(part, &teams, &coaches, get_of_teams(fcinfo, 6, &teams), smallest_effect);
	for (int32 t = 0; t < teams.count; t++)
	{
		int			place = teams.place[t];
		Datum		values[RESULT_COLUMNS] = {teams.element[place]};
		bool		nulls[RESULT_COLUMNS] = {teams.missing[place]};

		CHECK_FOR_INTERRUPTS();
		if (isnan(of_team[t].probability))
			continue;
		cd_set_float8(values, nulls, 1, of_team[t].told);
		cd_set_float8(values, nulls, 2, of_team[t].probability);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
