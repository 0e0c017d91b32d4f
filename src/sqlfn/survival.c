/*
 * survival.c
 *		The aggregates kaplan_meier, log_rank and cox. They share a state, a flat
 *		float8 array: numbers in a spell, spells, rule for ties, then the numbers of
 *		each spell (see SPELL_TIME and on), then room to grow.
 */
#include "sqlfn/row.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "stats/survival.h"

#define STATE_WIDTH 0
#define STATE_COUNT 1
#define STATE_TIES 2
#define STATE_HEAD 3

#define SPELL_TIME 0
#define SPELL_EVENT 1
#define SPELL_ENTRY 2
#define SPELL_GROUP 3
#define SPELL_CLUSTER 4
#define SPELL_X 5				/* covariates */

#define NO_CLUSTER PG_INT32_MIN
#define FIRST_CAPACITY 16
#define MOST_NUMBERS 100000000

CD_FUNCTION(cd_kaplan_meier_accum);
CD_FUNCTION(cd_log_rank_accum);
CD_FUNCTION(cd_cox_accum);
CD_FUNCTION(cd_survival_combine);
CD_FUNCTION(cd_kaplan_meier_final);
CD_FUNCTION(cd_log_rank_final);
CD_FUNCTION(cd_cox_final);

static double *
state_data(ArrayType *state)
{
	return (double *) ARR_DATA_PTR(state);
}

static int
state_head(ArrayType *state, int n)
{
	return (int) state_data(state)[n];
}

static double *
state_spell(ArrayType *state, int i)
{
	return state_data(state) + STATE_HEAD + (Size) i * state_head(state, STATE_WIDTH);
}

static void
bad_state(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid state of a survival aggregate"),
			 errhint("Call the aggregate itself: coachdiag.kaplan_meier, coachdiag.log_rank or coachdiag.cox.")));
}

static bool
is_whole(double x, double low, double high)
{
	return x >= low && x <= high && x == floor(x);
}

/* Shape and head: anybody can pass any array. */
static void
check_state(ArrayType *state)
{
	const double *head;
	double		room;

	if (ARR_NDIM(state) != 1 || ARR_HASNULL(state) || ARR_ELEMTYPE(state) != FLOAT8OID
		|| ARR_DIMS(state)[0] < STATE_HEAD)
		bad_state();
	head = state_data(state);
	if (!is_whole(head[STATE_WIDTH], SPELL_X, SPELL_X + CD_COX_MAX)
		|| !is_whole(head[STATE_TIES], CD_TIES_EFRON, CD_TIES_BRESLOW))
		bad_state();
	room = (ARR_DIMS(state)[0] - STATE_HEAD) / head[STATE_WIDTH];
	if (!is_whole(head[STATE_COUNT], 0, room))
		bad_state();
}

/* Errors a user can make. */
static void
check_spell(const double *spell, int width)
{
	for (int k = 0; k < width; k++)
		if (!isfinite(spell[k]) && !(k == SPELL_ENTRY && spell[k] == -INFINITY))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("time, entry and covariates must be finite, not NaN or infinity"),
					 errhint("Leave such rows out with WHERE, or give NULL where the number is unknown.")));
	if (spell[SPELL_ENTRY] >= spell[SPELL_TIME])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("entry must be before time"),
				 errhint("A spell at risk begins at entry and ends at time; leave out spells of no length.")));
}

/* The spells as well. */
static void
check_spells(ArrayType *state)
{
	check_state(state);
	for (int i = 0; i < state_head(state, STATE_COUNT); i++)
	{
		const double *spell = state_spell(state, i);

		if (i % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
		check_spell(spell, state_head(state, STATE_WIDTH));
		if (!is_whole(spell[SPELL_EVENT], 0, 1)
			|| !is_whole(spell[SPELL_GROUP], PG_INT32_MIN, PG_INT32_MAX)
			|| !is_whole(spell[SPELL_CLUSTER], PG_INT32_MIN, PG_INT32_MAX))
			bad_state();
	}
}

/* An empty state, or a copy of one with room for more spells, in the current context. */
static ArrayType *
make_state(int width, CdTies ties, ArrayType *old, int capacity)
{
	ArrayType  *state = cd_create_numbers(STATE_HEAD + width * capacity);

	state_data(state)[STATE_WIDTH] = width;
	state_data(state)[STATE_TIES] = ties;
	if (old != NULL)
		memcpy(state_data(state), state_data(old),
			   (STATE_HEAD + (Size) width * state_head(old, STATE_COUNT)) * sizeof(double));
	return state;
}

/* Room for one more spell: the state itself, or a larger copy that the executor takes over. */
static ArrayType *
with_room(ArrayType *state)
{
	int			width = state_head(state, STATE_WIDTH);
	int			count = state_head(state, STATE_COUNT);
	int			most = MOST_NUMBERS / width;

	if (STATE_HEAD + width * (count + 1) <= ARR_DIMS(state)[0])
		return state;
	if (count >= most)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a survival aggregate cannot take more than %d spells of %d numbers", most, width),
				 errhint("Make spells longer, for example months instead of days.")));
	return make_state(width, state_head(state, STATE_TIES), state, Min(Max(2 * count, FIRST_CAPACITY), most));
}

static ArrayType *
add_spell(ArrayType *state, const double *spell)
{
	state = with_room(state);
	memcpy(state_spell(state, state_head(state, STATE_COUNT)), spell, state_head(state, STATE_WIDTH) * sizeof(double));
	state_data(state)[STATE_COUNT] += 1;
	return state;
}

static void
check_same(ArrayType *state, int width, CdTies ties)
{
	if (state_head(state, STATE_WIDTH) != width)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("the number of covariates must be the same for all rows, found %d and %d",
						state_head(state, STATE_WIDTH) - SPELL_X, width - SPELL_X)));
	if (state_head(state, STATE_TIES) != (int) ties)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the rule for ties must be the same for all rows"),
				 errhint("Give it as a constant: 'efron' or 'breslow'.")));
}

/* The state argument, ours to change only when the executor says so; NULL: none yet. */
static ArrayType *
get_state(FunctionCallInfo fcinfo)
{
	ArrayType  *state;

	if (PG_ARGISNULL(0))
		return NULL;
	state = AggCheckCallContext(fcinfo, NULL) ? PG_GETARG_ARRAYTYPE_P(0) : PG_GETARG_ARRAYTYPE_P_COPY(0);
	check_state(state);
	return state;
}

/* Take in a spell, or the row as it is when something in it is unknown. */
static Datum
accumulate(FunctionCallInfo fcinfo, const double *spell, int width, CdTies ties, bool known)
{
	ArrayType  *state = get_state(fcinfo);

	if (state != NULL)
		check_same(state, width, ties);
	if (known)
	{
		check_spell(spell, width);
		state = add_spell(state == NULL ? make_state(width, ties, NULL, FIRST_CAPACITY) : state, spell);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/* Arguments 1 and 2: time and event; argument n, where there is one: entry. False: unknown. */
static bool
get_spell(FunctionCallInfo fcinfo, int n, double *spell)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return false;
	spell[SPELL_TIME] = PG_GETARG_FLOAT8(1);
	spell[SPELL_EVENT] = PG_GETARG_BOOL(2);
	spell[SPELL_ENTRY] = PG_NARGS() <= n || PG_ARGISNULL(n) ? -INFINITY : PG_GETARG_FLOAT8(n);
	spell[SPELL_GROUP] = 0;
	spell[SPELL_CLUSTER] = NO_CLUSTER;
	return true;
}

Datum
cd_kaplan_meier_accum(PG_FUNCTION_ARGS)
{
	double		spell[SPELL_X];
	bool		known = get_spell(fcinfo, 3, spell);

	return accumulate(fcinfo, spell, SPELL_X, CD_TIES_EFRON, known);
}

Datum
cd_log_rank_accum(PG_FUNCTION_ARGS)
{
	double		spell[SPELL_X];
	bool		known = get_spell(fcinfo, 4, spell) && !PG_ARGISNULL(3);

	if (known)
		spell[SPELL_GROUP] = PG_GETARG_INT32(3);
	return accumulate(fcinfo, spell, SPELL_X, CD_TIES_EFRON, known);
}

/* Argument 3; false when one is NULL. */
static bool
get_covariates(FunctionCallInfo fcinfo, double *x, int *count)
{
	ArrayType  *array;
	Datum	   *elements;
	bool	   *missing;
	bool		known = true;

	if (PG_ARGISNULL(3))
		return false;
	array = PG_GETARG_ARRAYTYPE_P(3);
	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements, &missing, count);
	if (*count < 1 || *count > CD_COX_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("coachdiag.cox needs 1 to %d covariates, found %d", CD_COX_MAX, *count)));
	for (int i = 0; i < *count; i++)
	{
		known = known && !missing[i];
		x[i] = missing[i] ? NAN : DatumGetFloat8(elements[i]);
	}
	pfree(elements);
	pfree(missing);
	return known;
}

/* Argument 7: efron when NULL or left out. */
static CdTies
get_ties(FunctionCallInfo fcinfo)
{
	char	   *name;

	if (PG_NARGS() <= 7 || PG_ARGISNULL(7))
		return CD_TIES_EFRON;
	name = text_to_cstring(PG_GETARG_TEXT_PP(7));
	if (pg_strcasecmp(name, "efron") == 0)
		return CD_TIES_EFRON;
	if (pg_strcasecmp(name, "breslow") == 0)
		return CD_TIES_BRESLOW;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown rule for ties \"%s\"", name),
			 errhint("Give 'efron' or 'breslow'.")));
}

/* time, event, covariates [, entry, stratum, cluster, ties] */
Datum
cd_cox_accum(PG_FUNCTION_ARGS)
{
	double		spell[SPELL_X + CD_COX_MAX];
	int			covariates = 0;
	bool		known = get_spell(fcinfo, 4, spell);
	CdTies		ties = get_ties(fcinfo);

	known = get_covariates(fcinfo, spell + SPELL_X, &covariates) && known;
	if (covariates == 0)		/* NULL: nothing to compare with, nothing to add */
		covariates = PG_ARGISNULL(0) ? 0 : state_head(get_state(fcinfo), STATE_WIDTH) - SPELL_X;
	if (known && PG_NARGS() > 4)
	{
		spell[SPELL_GROUP] = PG_ARGISNULL(5) ? 0 : PG_GETARG_INT32(5);
		spell[SPELL_CLUSTER] = PG_ARGISNULL(6) ? NO_CLUSTER : PG_GETARG_INT32(6);
	}
	return accumulate(fcinfo, spell, SPELL_X + covariates, ties, known);
}

Datum
cd_survival_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *into = get_state(fcinfo);
	ArrayType  *from;

	if (PG_ARGISNULL(1))
	{
		if (into == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(into);
	}
	from = PG_GETARG_ARRAYTYPE_P(1);
	check_spells(from);
	if (into == NULL)
		into = make_state(state_head(from, STATE_WIDTH), state_head(from, STATE_TIES), NULL, FIRST_CAPACITY);
	check_same(into, state_head(from, STATE_WIDTH), state_head(from, STATE_TIES));
	for (int i = 0; i < state_head(from, STATE_COUNT); i++)
		into = add_spell(into, state_spell(from, i));
	PG_RETURN_POINTER(into);
}

/* ---- final functions ---- */

/* How spells are put in order. */
typedef struct Order
{
	int			width;
	bool		by_group;		/* before time */
} Order;

static int
compare_spells(const void *a, const void *b, void *order)
{
	const Order *o = order;
	const double *x = a;
	const double *y = b;

	if (o->by_group && x[SPELL_GROUP] != y[SPELL_GROUP])
		return x[SPELL_GROUP] < y[SPELL_GROUP] ? -1 : 1;
	for (int k = 0; k < o->width; k++)
		if (x[k] != y[k])
			return x[k] < y[k] ? -1 : 1;
	return 0;
}

/* The spells of a state, checked, in an order of their own: by time (within groups or not). */
typedef struct Spells
{
	int			count;
	int			p;
	int			events;
	CdSpell    *spell;
	double	   *x;
	int			clusters;
} Spells;

static int
compare_numbers(const void *a, const void *b)
{
	int32		x = *(const int32 *) a;
	int32		y = *(const int32 *) b;

	return (x > y) - (x < y);
}

static void *
allocate(Size count, Size size)
{
	return palloc_extended(Max(count, 1) * size, MCXT_ALLOC_HUGE);
}

/* Replace numbers (stride bytes apart) by places from 0 among the distinct ones, which are returned. */
static int32 *
renumber(int32 *first, Size stride, int count, int *places)
{
	int32	   *distinct = allocate(count, sizeof(int32));

	for (int i = 0; i < count; i++)
		distinct[i] = *(int32 *) ((char *) first + i * stride);
	qsort(distinct, count, sizeof(int32), compare_numbers);
	*places = 0;
	for (int i = 0; i < count; i++)
		if (*places == 0 || distinct[i] != distinct[*places - 1])
			distinct[(*places)++] = distinct[i];
	for (int i = 0; i < count; i++)
	{
		int32	   *number = (int32 *) ((char *) first + i * stride);

		*number = (int32 *) bsearch(number, distinct, *places, sizeof(int32), compare_numbers) - distinct;
	}
	return distinct;
}

static Spells
get_spells(FunctionCallInfo fcinfo, bool by_group)
{
	ArrayType  *state = PG_GETARG_ARRAYTYPE_P(0);
	Order		order = {0, by_group};
	Spells		s = {0};
	Size		numbers;
	double	   *sorted;

	check_spells(state);
	order.width = state_head(state, STATE_WIDTH);
	s.count = state_head(state, STATE_COUNT);
	s.p = order.width - SPELL_X;
	s.spell = allocate(s.count, sizeof(CdSpell));
	s.x = allocate((Size) s.count * s.p, sizeof(double));
	numbers = (Size) order.width * s.count;
	sorted = allocate(numbers, sizeof(double));
	memcpy(sorted, state_spell(state, 0), numbers * sizeof(double));
	qsort_arg(sorted, s.count, order.width * sizeof(double), compare_spells, &order);
	for (int i = 0; i < s.count; i++)
	{
		const double *from = sorted + (Size) i * order.width;

		s.spell[i] = (CdSpell) {
			.entry = from[SPELL_ENTRY], .time = from[SPELL_TIME], .event = from[SPELL_EVENT] != 0,
			.group = (int32) from[SPELL_GROUP], .cluster = (int32) from[SPELL_CLUSTER]
		};
		memcpy(s.x + (Size) i * s.p, from + SPELL_X, s.p * sizeof(double));
		s.events += s.spell[i].event;
	}
	pfree(sorted);
	return s;
}

/* Clusters numbered from 0; none unless every spell has one. */
static void
number_clusters(Spells *s)
{
	for (int i = 0; i < s->count; i++)
		if (s->spell[i].cluster == NO_CLUSTER)
			return;
	if (s->count > 0)
		pfree(renumber(&s->spell[0].cluster, sizeof(CdSpell), s->count, &s->clusters));
}

static CdArena
make_arena(size_t size)
{
	return (CdArena) {.base = allocate(size, 1), .size = size};
}

#define STEP_COLUMNS 8

/* The steps of a curve as an array of coachdiag.survival_step. */
static Datum
array_of_steps(FunctionCallInfo fcinfo, const CdSurvivalStep *steps, size_t count)
{
	Oid			type = get_element_type(get_func_rettype(fcinfo->flinfo->fn_oid));
	TupleDesc	desc = lookup_rowtype_tupdesc_copy(type, -1);
	Datum	   *rows = allocate(count, sizeof(Datum));

	BlessTupleDesc(desc);
	for (size_t i = 0; i < count; i++)
	{
		const CdSurvivalStep *s = &steps[i];
		const double numbers[STEP_COLUMNS] = {
			s->time, s->at_risk, s->events, s->censored, s->survival, s->se, s->low, s->high
		};
		Datum		values[STEP_COLUMNS];
		bool		nulls[STEP_COLUMNS] = {0};

		for (int k = 0; k < STEP_COLUMNS; k++)
			cd_set_float8(values, nulls, k, numbers[k]);
		rows[i] = HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
	}
	return PointerGetDatum(construct_array(rows, count, type, -1, false, TYPALIGN_DOUBLE));
}

Datum
cd_kaplan_meier_final(PG_FUNCTION_ARGS)
{
	Spells		s;
	CdSurvivalStep *steps;
	double	   *entry;
	size_t		count;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	s = get_spells(fcinfo, false);
	steps = allocate(s.count, sizeof(CdSurvivalStep));
	entry = allocate(s.count, sizeof(double));
	cd_ereport_status(cd_kaplan_meier(s.spell, s.count, 0.95, entry, steps, &count), "kaplan_meier");
	PG_RETURN_DATUM(array_of_steps(fcinfo, steps, count));
}

static Datum
array_of_int4(const int32 *x, int count)
{
	Datum	   *values = allocate(count, sizeof(Datum));

	for (int i = 0; i < count; i++)
		values[i] = Int32GetDatum(x[i]);
	return PointerGetDatum(construct_array(values, count, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

#define MOST_GROUPS 1000

Datum
cd_log_rank_final(PG_FUNCTION_ARGS)
{
	Spells		s;
	CdLogRank	result;
	CdArena		arena;
	int32	   *group;
	int			groups = 0;
	double	   *observed;
	double	   *expected;
	CdStatus	status;
	CdRow		row = {0};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	s = get_spells(fcinfo, false);
	if (s.count == 0)
		PG_RETURN_NULL();
	group = renumber(&s.spell[0].group, sizeof(CdSpell), s.count, &groups);
	if (groups > MOST_GROUPS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("coachdiag.log_rank compares up to %d groups, found %d", MOST_GROUPS, groups)));
	observed = allocate(groups, sizeof(double));
	expected = allocate(groups, sizeof(double));
	arena = make_arena(cd_log_rank_size(s.count, groups));
	status = cd_log_rank(s.spell, s.count, groups, &arena, observed, expected, &result);
	if (status != CD_TOO_FEW)
		cd_ereport_status(status, "log_rank");
	cd_put_number(&row, result.chi2);
	cd_put_number(&row, result.df);
	cd_put_number(&row, result.p);
	cd_put(&row, array_of_int4(group, groups), true);
	cd_put_numbers(&row, observed, groups);
	cd_put_numbers(&row, expected, groups);
	return cd_row_datum(fcinfo, &row);
}

static const char *
cox_status(const CdCox *fit, CdStatus status)
{
	if (status == CD_OK)
		return "ok";
	if (fit->events == 0)
		return "no event";
	return status == CD_TOO_FEW ? "a covariate does not vary, or follows from the others" : "no finite answer";
}

static void
put_numbers_if(CdRow *row, bool known, const double *x, int count)
{
	if (known)
		cd_put_numbers(row, x, count);
	else
		cd_put_text(row, NULL);
}

Datum
cd_cox_final(PG_FUNCTION_ARGS)
{
	Spells		s;
	CdCox		fit;
	CdTies		ties;
	CdArena		arena;
	CdStatus	status;
	CdRow		row = {0};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	s = get_spells(fcinfo, true);
	if (s.count == 0 || s.p == 0)
		PG_RETURN_NULL();
	ties = state_head(PG_GETARG_ARRAYTYPE_P(0), STATE_TIES);
	number_clusters(&s);
	arena = make_arena(cd_cox_size(s.count, s.events, s.p, s.clusters));
	status = cd_cox(s.spell, s.x, s.count, s.p, ties, s.clusters, &arena, &fit);
	if (status != CD_TOO_FEW && status != CD_NO_CONVERGENCE)
		cd_ereport_status(status, "cox");
	cd_put_count(&row, s.count);
	cd_put_count(&row, s.events);
	put_numbers_if(&row, status == CD_OK, fit.beta, s.p);
	put_numbers_if(&row, status == CD_OK, fit.se, s.p);
	put_numbers_if(&row, status == CD_OK && s.clusters > 0, fit.robust_se, s.p);
	cd_put_number(&row, status == CD_OK ? fit.null_loglik : NAN);
	cd_put_number(&row, status == CD_OK ? fit.loglik : NAN);
	cd_put_text(&row, cox_status(&fit, status));
	return cd_row_datum(fcinfo, &row);
}
