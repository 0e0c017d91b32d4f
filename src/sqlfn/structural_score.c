/*
 * structural_score.c
 *		Structural or behavioural: the five tests, the verdict and its probability, over
 *		a panel and over rows.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "sqlfn/answers.h"
#include "sqlfn/panel_agg.h"
#include "sqlfn/row.h"
#include "sqlfn/structural_input.h"
#include "sqlfn/structural_words.h"

CD_FUNCTION(cd_structural_score_panel);
CD_FUNCTION(cd_structural_score_effect);
CD_FUNCTION(cd_structural_score_final);
CD_FUNCTION(cd_structural_score_units_final);
CD_FUNCTION(cd_structural_accum_bigint);
CD_FUNCTION(cd_structural_accum_text);
CD_FUNCTION(cd_p_structural);

#define PARTED_BY 2.0			/* smallest effects that a gap must change by for the past to be left out */

/* The types to blame, worst first. */
static void
name_worst(const Panel *p, const ContactTypes *types, CdStory *story)
{
	const CdTypeSum *type = story->result->type;
	CdReason	reason = story->result->test[CD_TEST_TYPE].reason;
	bool		carried = reason == CD_REASON_IN_TYPES || reason == CD_REASON_TYPES_DIFFER;
	int		   *order = palloc(Max(types->count, 1) * sizeof(int));

	story->n_worst = 0;
	for (uint32 t = 0; t < types->count; t++)
	{
		int			i = story->n_worst;

		if (!type[t].to_blame || !carried)
			continue;
		for (; i > 0 && type[order[i - 1]].gap < type[t].gap; i--)
			order[i] = order[i - 1];
		order[i] = t;
		story->n_worst++;
	}
	story->worst = palloc(Max(story->n_worst, 1) * sizeof(char *));
	for (int i = 0; i < story->n_worst; i++)
	{
		PanelString s = panel_label(p, types->label[order[i]]);

		story->worst[i] = pnstrdup(s.data, s.length);
	}
}

/* One test as coachdiag.structural_test. */
static Datum
test_row(const CdStory *story, CdTestKind which, TupleDesc desc)
{
	const CdTest *t = &story->result->test[which];
	bool		settled = t->state != CD_STATE_UNKNOWN;
	CdRow		row = {0};

	cd_put_text(&row, cd_test_name(which));
	cd_put_number(&row, t->estimate);
	cd_put_number(&row, t->low);
	cd_put_number(&row, t->high);
	cd_put_text(&row, cd_state_name(t->state));
	cd_put_count(&row, t->n);
	cd_put_text(&row, cd_test_reason(story, which));
	cd_put_count(&row, settled ? NAN : t->more_weeks);
	cd_put_count(&row, settled ? NAN : t->more_agents);
	cd_put_count(&row, settled ? NAN : t->more_sessions);
	Assert(row.column == desc->natts);
	return HeapTupleGetDatum(heap_form_tuple(desc, row.values, row.nulls));
}

static Datum
tests_array(const CdStory *story, Oid array_type)
{
	Oid			row_type = get_element_type(array_type);
	TupleDesc	desc = lookup_rowtype_tupdesc(row_type, -1);
	Datum		rows[CD_TESTS];

	for (int i = 0; i < CD_TESTS; i++)
		rows[i] = test_row(story, i, desc);
	ReleaseTupleDesc(desc);
	return PointerGetDatum(construct_array(rows, CD_TESTS, row_type, -1, false, TYPALIGN_DOUBLE));
}

static Datum
text_array(char **text, int count)
{
	Datum	   *items = palloc(Max(count, 1) * sizeof(Datum));

	for (int i = 0; i < count; i++)
		items[i] = CStringGetTextDatum(text[i]);
	return PointerGetDatum(construct_array(items, count, TEXTOID, -1, false, TYPALIGN_INT));
}

static Datum
unknown_tests(const CdStructural *s)
{
	char	   *names[CD_TESTS];
	int			count = 0;

	for (int i = 0; i < CD_TESTS; i++)
		if (s->test[i].state == CD_STATE_UNKNOWN)
			names[count++] = unconstify(char *, cd_test_name(i));
	return text_array(names, count);
}

/* The columns of coachdiag.structural_score_result. */
static Datum
result_row(FunctionCallInfo fcinfo, const CdStory *story)
{
	const CdStructural *s = story->result;
	const CdGapDispersion *gap = story->input->whole;
	const CdGapDispersion *settled = story->input->settled;
	bool		parted = story->parted != NULL && !s->changed;
	const CdShift *shift = parted ? story->parted : &story->input->shift;
	CdRow		row = {0};

	cd_put_text(&row, cd_verdict_name(s->verdict));
	cd_put_number(&row, s->p);
	cd_put_count(&row, s->present);
	cd_put(&row, unknown_tests(s), true);
	cd_put_count(&row, gap->agents);
	cd_put_number(&row, gap->mean_gap);
	cd_put_number(&row, gap->mean_low);
	cd_put_number(&row, gap->mean_high);
	cd_put_number(&row, settled->mean_gap);
	cd_put_number(&row, settled->mean_low);
	cd_put_number(&row, settled->mean_high);
	cd_put_date(&row, parted ? story->parted_on : story->changed_on, s->changed || parted);
	cd_put_number(&row, s->changed || parted ? shift->before : NAN);
	cd_put_number(&row, s->changed || parted ? shift->after : NAN);
	cd_put(&row, tests_array(story, TupleDescAttr(cd_result_type(fcinfo), row.column)->atttypid), true);
	cd_put_text(&row, cd_next_step(story));
	cd_put_text(&row, cd_all_reasons(story));
	return cd_row_datum(fcinfo, &row);
}

/* A panel as judged. */
typedef struct Judged
{
	const Panel *panel;
	ContactTypes types;
	CdStructuralInput input;
	CdStructural result;
	int32		changed_on;
} Judged;

/* False: no value has a target. */
static bool
judge(const Panel *panel, const StructuralQuestion *q, Judged *out)
{
	CdArena		arena = {0};

	*out = (Judged) {.panel = panel_canonical(panel)};
	out->types = contact_types_of(out->panel);
	if (!structural_input(out->panel, &out->types, q, &out->input, &out->changed_on))
		return false;
	arena.size = cd_structural_size(out->input.n_gaps, out->input.types);
	arena.base = palloc_extended(Max(arena.size, 1), MCXT_ALLOC_HUGE);
	cd_ereport_status(cd_structural(&out->input, &arena, &out->result), "structural_score");
	return true;
}

/* Did a gap open where there was none, or close for good? Smaller changes are not worth the loss of half of the data. */
static bool
parts(const Judged *j)
{
	const CdShift *shift = &j->input.shift;

	return j->result.changed && Min(shift->before, shift->after) <= j->input.smallest_effect
		&& fabs(shift->after - shift->before) > PARTED_BY * j->input.smallest_effect;
}

static bool
is_since(const Panel *p, const PanelCell *cell, const void *date)
{
	return cell->period != PANEL_NO_DATE && cell->period >= *(const int32 *) date;
}

static Datum
answer(FunctionCallInfo fcinfo, const Panel *panel, const StructuralQuestion *q)
{
	StructuralQuestion of_itself = *q;
	Judged	   *now = palloc(sizeof(Judged));
	CdStory		story = {.scale = q->scale, .waiting_missing = q->waiting_missing};

	of_itself.ask_effect = true;	/* what is known of sessions is of the whole time */
	if (!judge(panel, q, now))
		PG_RETURN_NULL();
	while (parts(now))
	{
		Judged	   *since = palloc(sizeof(Judged));

		if (!judge(panel_select(now->panel, is_since, &now->changed_on), &of_itself, since))
			break;
		story.parted = &now->input.shift;
		story.parted_on = now->changed_on;
		now = since;
	}
	story.input = &now->input;
	story.result = &now->result;
	story.changed_on = now->changed_on;
	name_worst(now->panel, &now->types, &story);
	return result_row(fcinfo, &story);
}

static double
known_or_0(double x)
{
	return isnan(x) ? 0 : x;
}

/* A probability or a share; NaN where it is not known. */
static double
get_probability(FunctionCallInfo fcinfo, int n, const char *name)
{
	double		p = cd_get_number(fcinfo, n, name, false);

	if (p > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must lie between 0 and 1", name),
				 errhint("Give NULL where it is not known.")));
	return p;
}

static void
check_ends(const char *name, double low, double high)
{
	if (low > high)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s_low must not be above %s_high", name, name),
				 errhint("They are the ends of a 95 %% interval; give NULL where it is not known.")));
}

/* Of sessions all of which are about something else nothing can be said. */
static double
get_other_metric(FunctionCallInfo fcinfo, int n)
{
	double		p = known_or_0(get_probability(fcinfo, n, "other_metric"));

	if (p == 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("other_metric must be below 1"),
				 errhint("Leave sessions that are about other metrics out.")));
	return p;
}

static Jsonb *
get_usual(FunctionCallInfo fcinfo, int n)
{
	Jsonb	   *usual;

	if (PG_NARGS() <= n || PG_ARGISNULL(n))
		return NULL;
	usual = PG_GETARG_JSONB_P(n);
	if (!JB_ROOT_IS_OBJECT(usual))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("usual must be a JSON object: contact type -> usual gap"),
				 errhint("For example {\"refund\": 12.5}.")));
	return usual;
}

static ArrayType *
get_learning(FunctionCallInfo fcinfo, int n)
{
	return PG_NARGS() <= n || PG_ARGISNULL(n) ? NULL : PG_GETARG_ARRAYTYPE_P(n);
}

/* Arguments 1 to 3: higher_is_better, scale, smallest_effect. */
static StructuralQuestion
get_question(FunctionCallInfo fcinfo)
{
	return (StructuralQuestion) {
		.higher_is_better = PG_ARGISNULL(1) || PG_GETARG_BOOL(1),
		.scale = cd_get_scale(fcinfo, 2),
		.smallest_effect = cd_get_number(fcinfo, 3, "smallest_effect", false),
		.waiting = {NAN, NAN, NAN},
		.usual_spread = NAN,
		.ask_effect = true
	};
}

/* structural_score(panel, higher_is_better, scale, smallest_effect, usual, learning) */
Datum
cd_structural_score_panel(PG_FUNCTION_ARGS)
{
	StructuralQuestion	q;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	q = get_question(fcinfo);
	q.usual = get_usual(fcinfo, 4);
	q.learning = get_learning(fcinfo, 5);
	return answer(fcinfo, PG_GETARG_PANEL_P(0), &q);
}

/*
 * structural_score(panel, higher_is_better, scale, smallest_effect, effect, effect_low, effect_high,
 * sessions, coached, usual, waiting_share, waiting_low, waiting_high, learning, idle_coach, waiting_missing, own_effect, own_se, own_doubt,
 * usual_spread, shortfall, other_metric)
 */
Datum
cd_structural_score_effect(PG_FUNCTION_ARGS)
{
	StructuralQuestion	q;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	q = get_question(fcinfo);
	q.ask_effect = false;
	q.coaching = (CdCoachingEvidence) {
		.effect = cd_get_number(fcinfo, 4, "effect", true),
		.low = cd_get_number(fcinfo, 5, "effect_low", true),
		.high = cd_get_number(fcinfo, 6, "effect_high", true),
		.sessions = cd_get_number(fcinfo, 7, "sessions", false),
		.coached = PG_ARGISNULL(8) ? NAN : PG_GETARG_INT32(8),
		.idle_coach = known_or_0(get_probability(fcinfo, 14, "idle_coach")),
		.own = cd_get_number(fcinfo, 16, "own_effect", true),
		.own_se = cd_get_number(fcinfo, 17, "own_se", false),
		.own_doubt = PG_ARGISNULL(18) ? 0 : cd_get_number(fcinfo, 18, "own_doubt", false),
		.shortfall = PG_ARGISNULL(20) ? 0 : cd_get_number(fcinfo, 20, "shortfall", false),
		.other_metric = get_other_metric(fcinfo, 21)
	};
	q.usual = get_usual(fcinfo, 9);
	q.waiting = (CdWaitingEvidence) {
		.share = get_probability(fcinfo, 10, "waiting_share"),
		.low = cd_get_number(fcinfo, 11, "waiting_low", true),
		.high = cd_get_number(fcinfo, 12, "waiting_high", true)
	};
	check_ends("effect", q.coaching.low, q.coaching.high);
	check_ends("waiting", q.waiting.low, q.waiting.high);
	q.learning = get_learning(fcinfo, 13);
	q.usual_spread = cd_get_number(fcinfo, 19, "usual_spread", false);
	q.waiting_missing = PG_ARGISNULL(15) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(15));
	return answer(fcinfo, PG_GETARG_PANEL_P(0), &q);
}

static Datum
final_answer(FunctionCallInfo fcinfo, double smallest_effect)
{
	StructuralQuestion	q = {
		.higher_is_better = true, .smallest_effect = smallest_effect, .ask_effect = true, .waiting = {NAN, NAN, NAN},
		.usual_spread = NAN
	};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return answer(fcinfo, PG_GETARG_PANEL_P(0), &q);
}

/* Of the aggregate without options. */
Datum
cd_structural_score_final(PG_FUNCTION_ARGS)
{
	return final_answer(fcinfo, NAN);
}

/* Of the aggregate whose rows were brought to units of the smallest effect. */
Datum
cd_structural_score_units_final(PG_FUNCTION_ARGS)
{
	return final_answer(fcinfo, 1);
}

/* Arguments of the aggregate with options: those that are scaled, and those that panel() does not have. */
enum
{
	ARG_VALUE = 1,
	ARG_TARGET = 2,
	ARG_HIGHER_IS_BETTER = 11,
	ARG_SMALLEST_EFFECT
};

static NullableDatum
scaled(NullableDatum arg, double factor)
{
	if (!arg.isnull)
		arg.value = Float8GetDatum(DatumGetFloat8(arg.value) * factor);
	return arg;
}

/*
 * A panel has no room for options, so they go into the rows: higher is better, the unit is the
 * smallest effect.  The rest is the transition function of panel().  The arguments are put back, for
 * they serve every grouping set; an error ends the query.
 */
static Datum
structural_accum(FunctionCallInfo fcinfo, PGFunction panel_accum)
{
	double		smallest = cd_get_number(fcinfo, ARG_SMALLEST_EFFECT, "smallest_effect", false);
	bool		higher_is_better = PG_ARGISNULL(ARG_HIGHER_IS_BETTER) || PG_GETARG_BOOL(ARG_HIGHER_IS_BETTER);
	double		factor = (higher_is_better ? 1 : -1) / smallest;
	NullableDatum value = fcinfo->args[ARG_VALUE];
	NullableDatum target = fcinfo->args[ARG_TARGET];
	Datum		state;

	cd_require_aggregate(fcinfo, "structural_accum");
	if (!(smallest > 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("smallest_effect must be above 0"),
				 errhint("Where it is not known, leave higher_is_better and smallest_effect out.")));
	fcinfo->args[ARG_VALUE] = scaled(value, factor);
	fcinfo->args[ARG_TARGET] = scaled(target, factor);
	state = panel_accum(fcinfo);
	fcinfo->args[ARG_VALUE] = value;
	fcinfo->args[ARG_TARGET] = target;
	return state;
}

Datum
cd_structural_accum_bigint(PG_FUNCTION_ARGS)
{
	return structural_accum(fcinfo, cd_panel_accum_bigint);
}

Datum
cd_structural_accum_text(PG_FUNCTION_ARGS)
{
	return structural_accum(fcinfo, cd_panel_accum_text);
}

/*
 * p_structural(spread, type_share, effect, effect_low, effect_high, smallest_effect, new_agents, spread_high, gap,
 * waiting_share, waiting_low, waiting_high, idle_coach, usual_spread)
 */
Datum
cd_p_structural(PG_FUNCTION_ARGS)
{
	double		smallest_effect = cd_get_number(fcinfo, 5, "smallest_effect", false);
	CdSpread	spread = {
		.estimate = cd_get_number(fcinfo, 0, "spread", false),
		.high = cd_get_number(fcinfo, 7, "spread_high", false),
		.gap = cd_get_number(fcinfo, 8, "gap", true),
		.usual = cd_get_number(fcinfo, 13, "usual_spread", false) / smallest_effect
	};
	double		type_share = cd_get_number(fcinfo, 1, "type_share", true);
	CdCoachingEvidence coaching = {
		.effect = cd_get_number(fcinfo, 2, "effect", true),
		.low = cd_get_number(fcinfo, 3, "effect_low", true),
		.high = cd_get_number(fcinfo, 4, "effect_high", true),
		.idle_coach = known_or_0(get_probability(fcinfo, 12, "idle_coach"))
	};
	bool		new_agents = !PG_ARGISNULL(6) && PG_GETARG_BOOL(6);
	CdWaitingEvidence waiting = {
		.share = get_probability(fcinfo, 9, "waiting_share"),
		.low = cd_get_number(fcinfo, 10, "waiting_low", false),
		.high = cd_get_number(fcinfo, 11, "waiting_high", false)
	};

	check_ends("effect", coaching.low, coaching.high);
	check_ends("waiting", waiting.low, waiting.high);
	PG_RETURN_FLOAT8(cd_structural_probability(&spread, type_share, &coaching, smallest_effect, &waiting, new_agents));
}
