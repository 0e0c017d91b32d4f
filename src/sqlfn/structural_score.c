/*
 * structural_score.c
 *		Structural or behavioural: the five tests, the verdict and its probability, over
 *		a panel and over rows.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

#include "panel/panel_series.h"
#include "sqlfn/answers.h"
#include "sqlfn/effect_question.h"
#include "sqlfn/learning.h"
#include "sqlfn/structural_words.h"

/* panel_agg.c */
extern Datum cd_panel_accum_bigint(PG_FUNCTION_ARGS);
extern Datum cd_panel_accum_text(PG_FUNCTION_ARGS);

CD_FUNCTION(cd_structural_score_panel);
CD_FUNCTION(cd_structural_score_effect);
CD_FUNCTION(cd_structural_score_final);
CD_FUNCTION(cd_structural_score_units_final);
CD_FUNCTION(cd_structural_accum_bigint);
CD_FUNCTION(cd_structural_accum_text);
CD_FUNCTION(cd_contact_type_gaps);
CD_FUNCTION(cd_p_structural);

#define RESULT_COLUMNS 17
#define TEST_COLUMNS 10
#define YEAR 365
#define STILL_HERE 28			/* days without a value after which an agent counts as gone */

/* How a question is put. */
typedef struct Question
{
	bool		higher_is_better;
	CdScale		scale;
	double		smallest_effect;	/* metric units; NaN: none given */
	Jsonb	   *usual;			/* contact type -> usual gap; NULL: not known */
	ArrayType  *learning;		/* what tenure adds; NULL: as the panel itself shows it */
	bool		ask_effect;		/* of the panel itself */
	CdCoachingEvidence coaching;
	CdWaitingEvidence waiting;
	const char *waiting_missing;	/* why waiting isn't known; NULL: not said */
} Question;

/* Cells that say something about the gap. */
static bool
has_gap(const PanelCell *cell)
{
	return cell->gap.n > 0 && panel_cell_has_target(cell);
}

/* Contact types of a panel: a number from 0 for each label that is one, -1 for the others. */
typedef struct Types
{
	int		   *number;
	int32	   *label;
	uint32		count;
} Types;

static Types
number_types(const Panel *p)
{
	Types		types;

	types.number = palloc0(Max(p->labels, 1) * sizeof(int));
	types.label = palloc(Max(p->labels, 1) * sizeof(int32));
	types.count = 0;
	for (uint32 i = 0; i < p->cells; i++)
		if (panel_cells(p)[i].contact_type != PANEL_NO_LABEL)
			types.number[panel_cells(p)[i].contact_type] = 1;
	for (uint32 i = 0; i < p->labels; i++)
	{
		if (types.number[i])
			types.label[types.count] = i;
		types.number[i] = types.number[i] ? (int) types.count++ : -1;
	}
	return types;
}

/* What is usual for a contact type in the teams of a metric. */
typedef struct Usual
{
	double		gap;			/* beyond that of the usual team's mean contact, or of the mean type */
	double		se;
	double		share;			/* of contacts */
	bool		tells_mix;		/* all three are known */
} Usual;

static double
usual_number(const JsonbValue *found)
{
	if (found == NULL || found->type != jbvNumeric)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("usual must hold a number for each contact type"),
				 errhint("For example {\"refund\": 12.5}, or with standard error and share {\"refund\": [12.5, 2, 0.3]}; "
						 "leave types out that are not known.")));
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(found->val.numeric)));
}

/* Zeros where it is not known. */
static Usual
usual_of(const Jsonb *usual, PanelString type)
{
	JsonbContainer *types = unconstify(JsonbContainer *, &usual->root);
	JsonbValue	found;
	Usual		u = {0, 0, 0, false};

	if (getKeyJsonValueFromContainer(types, type.data, type.length, &found) == NULL)
		return u;
	if (found.type != jbvBinary || !JsonContainerIsArray(found.val.binary.data))
		u.gap = usual_number(&found);
	else
	{
		u.gap = usual_number(getIthJsonbValueFromContainer(found.val.binary.data, 0));
		u.se = usual_number(getIthJsonbValueFromContainer(found.val.binary.data, 1));
		u.share = usual_number(getIthJsonbValueFromContainer(found.val.binary.data, 2));
		u.tells_mix = true;
	}
	return u;
}

/* Gaps by agent and contact type, and what their targets are; mix: what is usual for these types, on average. */
typedef struct TypeGaps
{
	CdTypeGap  *gaps;
	uint32		count;
	double		weight;
	double		target;			/* weighted mean */
	double		lowest;			/* NaN: none */
	double		highest;
	double		volume;			/* behind all gaps, those of no type too */
	double		mix;
	double		mix_se;
} TypeGaps;

/* The gap of an agent in a type so far, a new one where there is none. */
static uint32
find_gap(TypeGaps *out, int *at, int agent, int type)
{
	if (at[type] < 0 || out->gaps[at[type]].agent != agent)
	{
		at[type] = out->count++;
		out->gaps[at[type]] = (CdTypeGap) {.agent = agent, .type = type};
	}
	return at[type];
}

static void
add_to_gap(TypeGaps *out, CdTypeGap *gap, const PanelCell *cell)
{
	gap->weight += cell->gap.weight;
	gap->gap += (cell->gap.mean - gap->gap) * (cell->gap.weight / gap->weight);
	out->weight += cell->gap.weight;
	out->target += (cell->target - out->target) * (cell->gap.weight / out->weight);
	out->lowest = fmin(out->lowest, cell->target);
	out->highest = fmax(out->highest, cell->target);
}

/*
 * Cells of a canonical panel come agent by agent. Metric units, positive is worse; of a log scale at the mean target of
 * all types, for who is a tenth too slow is not worse at the long ones.
 */
static TypeGaps
gather_type_gaps(const Panel *p, const Types *types, bool higher_is_better, CdScale scale)
{
	TypeGaps	out = {.lowest = NAN, .highest = NAN};
	int		   *at = palloc(Max(types->count, 1) * sizeof(int));

	out.gaps = palloc_extended(Max(p->cells, 1) * sizeof(CdTypeGap), MCXT_ALLOC_HUGE);
	memset(at, -1, Max(types->count, 1) * sizeof(int));
	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];

		CHECK_FOR_INTERRUPTS();
		if (!has_gap(cell))
			continue;
		out.volume += cell->gap.weight;
		if (cell->contact_type == PANEL_NO_LABEL)
			continue;
		add_to_gap(&out, &out.gaps[find_gap(&out, at, cell->agent, types->number[cell->contact_type])], cell);
	}
	for (uint32 k = 0; k < out.count; k++)
		out.gaps[k].gap *= (higher_is_better ? -1 : 1) * (scale == CD_SCALE_LOG ? exp(out.target) : 1);
	pfree(at);
	return out;
}

/* Less what is usual for the type, which is the team's by its mix; contacts of no type count as usual ones. */
static void
take_usual_away(TypeGaps *gaps, const Panel *p, const Types *types, const Jsonb *usual)
{
	double	   *share = palloc0(Max(types->count, 1) * sizeof(double));
	Usual	   *of = palloc(Max(types->count, 1) * sizeof(Usual));

	for (uint32 t = 0; t < types->count; t++)
		of[t] = usual_of(usual, panel_label(p, types->label[t]));
	for (uint32 k = 0; k < gaps->count; k++)
	{
		CdTypeGap  *g = &gaps->gaps[k];

		g->gap -= of[g->type].gap;
		share[g->type] += g->weight / gaps->volume;
	}
	for (uint32 t = 0; t < types->count; t++)
	{
		if (!of[t].tells_mix)
			continue;
		gaps->mix += share[t] * of[t].gap;
		gaps->mix_se = hypot(gaps->mix_se, (share[t] - of[t].share) * of[t].se);
	}
	pfree(share);
	pfree(of);
}

/* A gap that is by so much smaller; on a log scale by that part of the target, as gaps of types are. */
static double
less(double gap, double mix, double target, const Question *q)
{
	double		sign = q->higher_is_better ? -1 : 1;

	if (q->scale != CD_SCALE_LOG)
		return gap - mix;
	return gap + (sign * target + gap) * expm1(-sign * mix / target);
}

/* The same gaps, all by so much smaller, and the mean as much less sure. */
static CdGapDispersion *
without(const CdGapDispersion *d, double mix, double mix_se, double target, const Question *q)
{
	CdGapDispersion *rest = palloc(sizeof(CdGapDispersion));
	double		part = q->scale == CD_SCALE_LOG ? exp((q->higher_is_better ? 1 : -1) * mix / target) : 1;

	*rest = *d;
	rest->mean_gap = less(d->mean_gap, mix, target, q);
	rest->mean_low = less(d->mean_low, mix, target, q);
	rest->mean_high = less(d->mean_high, mix, target, q);
	rest->mean_low = rest->mean_gap - hypot(rest->mean_gap - rest->mean_low, 1.96 * mix_se);
	rest->mean_high = rest->mean_gap + hypot(rest->mean_high - rest->mean_gap, 1.96 * mix_se);
	rest->within_sd *= part;
	rest->between_sd *= part;
	rest->between_low *= part;
	rest->between_high *= part;
	return rest;
}

static bool
share_one_target(double lowest, double highest)
{
	return highest - lowest <= 1e-9 * fabs(highest);
}

/* How long agents have been there. */
typedef struct Tenure
{
	bool		known;			/* of anybody */
	double		new_share;		/* of the volume */
	bool		all;			/* every cell is of an experienced agent */
	bool		any;
} Tenure;

static bool
is_experienced(const Panel *p, const PanelCell *cell, const void *arg)
{
	int32		hired_on = panel_agents(p)[cell->agent].hired_on;

	return cell->period != PANEL_NO_DATE && hired_on != PANEL_NO_DATE && (int64) cell->period - hired_on >= YEAR;
}

static Tenure
look_at_tenure(const Panel *p)
{
	Tenure		t = {.all = true};
	double		weight = 0;
	double		fresh = 0;

	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];
		bool		known = cell->period != PANEL_NO_DATE && panel_agents(p)[cell->agent].hired_on != PANEL_NO_DATE;
		bool		experienced = is_experienced(p, cell, NULL);

		CHECK_FOR_INTERRUPTS();
		if (!has_gap(cell))
			continue;
		weight += cell->gap.weight;
		fresh += known && !experienced ? cell->gap.weight : 0;
		t.known |= known;
		t.any |= experienced;
		t.all &= experienced;
	}
	t.new_share = weight > 0 ? fresh / weight : 0;
	return t;
}

static int
compare_dates(const void *a, const void *b)
{
	int32		x = *(const int32 *) a;
	int32		y = *(const int32 *) b;

	return (x > y) - (x < y);
}

/* First and last period with a value; PANEL_NO_DATE: none. */
typedef struct Span
{
	int32		first;
	int32		last;
	uint32		agent_periods;
	double		weight;
} Span;

static Span
look_at_span(const Panel *p)
{
	Span		s = {PANEL_NO_DATE, PANEL_NO_DATE, 0, 0};
	const PanelCell *before = NULL;

	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];

		if (!has_gap(cell))
			continue;
		s.weight += cell->gap.weight;
		if (before == NULL || before->agent != cell->agent || before->period != cell->period)
			s.agent_periods++;
		before = cell;
		if (cell->period == PANEL_NO_DATE)
			continue;
		s.first = s.first == PANEL_NO_DATE ? cell->period : Min(s.first, cell->period);
		s.last = Max(s.last, cell->period);
	}
	return s;
}

/* Mean gap week by week, weeks without a value left out; metric units (log: linear), positive is worse. */
typedef struct Weeks
{
	double	   *gap;
	double	   *weight;
	int32	   *date;
	uint32		count;
} Weeks;

static Weeks
gather_weeks(const Panel *p, const Question *q, const Span *span)
{
	uint32		room = span->last == PANEL_NO_DATE ? 0 : (span->last - span->first) / 7 + 1;
	Weeks		w;

	w.gap = palloc0(Max(room, 1) * sizeof(double));
	w.weight = palloc0(Max(room, 1) * sizeof(double));
	w.date = palloc(Max(room, 1) * sizeof(int32));
	w.count = 0;
	for (uint32 i = 0; i < p->cells && room > 0; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];
		double		unit = q->higher_is_better ? -1 : 1;
		uint32		week;

		CHECK_FOR_INTERRUPTS();
		if (!has_gap(cell) || cell->period == PANEL_NO_DATE)
			continue;
		if (q->scale == CD_SCALE_LOG)
			unit *= exp(cell->target);
		week = (cell->period - span->first) / 7;
		w.weight[week] += cell->gap.weight;
		w.gap[week] += (unit * cell->gap.mean - w.gap[week]) * (cell->gap.weight / w.weight[week]);
	}
	for (uint32 week = 0; week < room; week++)
	{
		if (w.weight[week] <= 0)
			continue;
		w.gap[w.count] = w.gap[week];
		w.weight[w.count] = w.weight[week];
		w.date[w.count++] = span->first + 7 * week;
	}
	return w;
}

/* A change of level, and the date of its first week; PANEL_NO_DATE: none to be seen. */
static CdShift
find_shift(const Panel *p, const Question *q, const Span *span, int32 *changed_on)
{
	Weeks		w = gather_weeks(p, q, span);
	double	   *scratch = palloc(Max(CD_SHIFT_SCRATCH(w.count), 1) * sizeof(double));
	CdShift		shift;

	*changed_on = PANEL_NO_DATE;
	if (cd_level_shift(w.gap, w.weight, w.count, scratch, &shift) == CD_OK)
		*changed_on = w.date[shift.at];
	return shift;
}

/* Weeks until three of the agents who are still there have a year of tenure; NaN: there are no three. */
static double
weeks_to_experience(const Panel *p, const Span *span)
{
	int32	   *hired = palloc(Max(p->agents, 1) * sizeof(int32));
	uint32		count = 0;
	int32		agent = -1;
	double		days;

	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];
		int32		hired_on = panel_agents(p)[cell->agent].hired_on;

		if (cell->agent == agent || hired_on == PANEL_NO_DATE || !has_gap(cell) ||
			cell->period == PANEL_NO_DATE || (int64) cell->period + STILL_HERE <= span->last)
			continue;
		agent = cell->agent;
		hired[count++] = hired_on;
	}
	qsort(hired, count, sizeof(int32), compare_dates);
	days = count < 3 ? NAN : (double) hired[2] + YEAR - span->last;
	pfree(hired);
	return Max(1, ceil(days / 7));
}

static bool
has_sessions(const Panel *p)
{
	for (uint32 i = 0; i < p->cells; i++)
		if (panel_cells(p)[i].sessions > 0)
			return true;
	return false;
}

/* What coaching did, from this panel alone. */
static CdCoachingEvidence
effect_alone(const Panel *p, const Question *question)
{
	EffectQuestion q = {
		question->higher_is_better, question->scale, question->smallest_effect, cd_effect_default_options()
	};
	Panel	   *panels[1] = {unconstify(Panel *, p)};
	PanelSeries series;
	CdEffectCommon common;
	CdEffect	effect;

	if (!has_sessions(p))
		return (CdCoachingEvidence) {NAN, NAN, NAN, 0, 0, 0};
	q.options.pool = false;
	q.options.placebo = false;
	series = panel_series(panels, 1, q.higher_is_better);
	effect = *effect_estimate(&q, &series, 1, NULL, &common);
	return (CdCoachingEvidence) {
		.effect = effect_to_units(&q, effect.effect, series.level[0]),
		.low = effect_to_units(&q, effect.low, series.level[0]),
		.high = effect_to_units(&q, effect.high, series.level[0]),
		.sessions = effect.sessions,
		.coached = effect.coached
	};
}

/* What tenure adds: as given, or as the panel itself shows it. */
static CdLearning
learning(const Panel *p, const Question *q)
{
	Panel	   *panels[1] = {unconstify(Panel *, p)};

	return q->learning != NULL ? learning_argument(q->learning) : learning_of(panels, 1, q->higher_is_better);
}

/* All that the tests need of one panel; false when it has no value with a target. */
static bool
gather(const Panel *p, const Types *types, const Question *q, CdStructuralInput *in, int32 *changed_on)
{
	const Panel *fair = types->count < 2 ? p : panel_without_mix(p);
	CdGapOptions options = cd_gap_default_options();
	CdGapDispersion *whole = palloc(sizeof(CdGapDispersion));
	CdGapDispersion *settled = palloc(sizeof(CdGapDispersion));
	CdGapDispersion *part = palloc(sizeof(CdGapDispersion));
	Tenure		tenure = look_at_tenure(p);
	Span		span = look_at_span(p);
	CdLearning	curve = learning(p, q);
	TypeGaps	gaps;

	options.scale = q->scale;
	options.orientation = q->higher_is_better ? -1.0 : 1.0;
	options.short_is_positive = true;
	options.margin = isnan(q->smallest_effect) ? 0 : q->smallest_effect;
	if (!cd_dispersion_of_panel(fair, options, whole))
		return false;
	options.wanted = CD_GAP_SPREAD;
	if (curve.quick == 0 && curve.slow == 0)
		settled = whole;
	else if (!cd_dispersion_of_panel(panel_without_learning(fair, q->higher_is_better, &curve), options, settled))
		return false;
	options.wanted = CD_GAP_MEAN;
	if (tenure.any && !tenure.all && cd_dispersion_of_panel(panel_select(fair, is_experienced, NULL), options, part))
		in->experienced = part;
	else
		in->experienced = tenure.any ? whole : NULL;

	gaps = gather_type_gaps(p, types, q->higher_is_better, q->scale);
	if (q->usual != NULL)
		take_usual_away(&gaps, p, types, q->usual);
	in->whole = whole;
	in->settled = without(settled, gaps.mix, gaps.mix_se, exp(gaps.target), q);
	in->mix = whole->mean_gap - less(whole->mean_gap, gaps.mix, exp(gaps.target), q);
	if (in->experienced != NULL)
		in->experienced = without(in->experienced, gaps.mix, gaps.mix_se, exp(gaps.target), q);
	in->tenure_known = tenure.known;
	in->new_share = tenure.new_share;
	in->weeks_to_experience = weeks_to_experience(p, &span);
	in->gaps = gaps.gaps;
	in->n_gaps = gaps.count;
	in->types = types->count;
	in->types_comparable = q->usual != NULL || !share_one_target(gaps.lowest, gaps.highest);
	in->coaching = q->ask_effect ? effect_alone(p, q) : q->coaching;
	in->waiting = q->waiting;
	in->smallest_effect = q->smallest_effect;
	in->weeks = span.last == PANEL_NO_DATE ? NAN : floor((span.last - span.first) / 7.0) + 1;
	in->period_weight = span.weight / span.agent_periods;
	in->shift = find_shift(fair, q, &span, changed_on);
	return true;
}

/* The types to blame, worst first. */
static void
name_worst(const Panel *p, const Types *types, CdStory *story)
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

static void
set_count(Datum *values, bool *nulls, int column, double x)
{
	nulls[column] = isnan(x);
	values[column] = Int32GetDatum(isnan(x) ? 0 : (int32) rint(Min(x, PG_INT32_MAX)));
}

/* One test as coachdiag.structural_test. */
static Datum
test_row(const CdStory *story, CdTestKind which, TupleDesc desc)
{
	const CdTest *t = &story->result->test[which];
	bool		settled = t->state != CD_STATE_UNKNOWN;
	Datum		values[TEST_COLUMNS];
	bool		nulls[TEST_COLUMNS] = {0};

	values[0] = CStringGetTextDatum(cd_test_name(which));
	cd_set_float8(values, nulls, 1, t->estimate);
	cd_set_float8(values, nulls, 2, t->low);
	cd_set_float8(values, nulls, 3, t->high);
	values[4] = CStringGetTextDatum(cd_state_name(t->state));
	set_count(values, nulls, 5, t->n);
	values[6] = CStringGetTextDatum(cd_test_reason(story, which));
	set_count(values, nulls, 7, settled ? NAN : t->more_weeks);
	set_count(values, nulls, 8, settled ? NAN : t->more_agents);
	set_count(values, nulls, 9, settled ? NAN : t->more_sessions);
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
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
	TupleDesc	desc = cd_result_type(fcinfo);
	const CdStructural *s = story->result;
	const CdGapDispersion *gap = story->input->whole;
	const CdGapDispersion *settled = story->input->settled;
	Datum		values[RESULT_COLUMNS];
	bool		nulls[RESULT_COLUMNS] = {0};

	values[0] = CStringGetTextDatum(cd_verdict_name(s->verdict));
	cd_set_float8(values, nulls, 1, s->p);
	set_count(values, nulls, 2, s->present);
	values[3] = unknown_tests(s);
	set_count(values, nulls, 4, gap->agents);
	cd_set_float8(values, nulls, 5, gap->mean_gap);
	cd_set_float8(values, nulls, 6, gap->mean_low);
	cd_set_float8(values, nulls, 7, gap->mean_high);
	cd_set_float8(values, nulls, 8, settled->mean_gap);
	cd_set_float8(values, nulls, 9, settled->mean_low);
	cd_set_float8(values, nulls, 10, settled->mean_high);
	nulls[11] = !s->changed;
	values[11] = DateADTGetDatum(story->changed_on);
	cd_set_float8(values, nulls, 12, s->changed ? story->input->shift.before : NAN);
	cd_set_float8(values, nulls, 13, s->changed ? story->input->shift.after : NAN);
	values[14] = tests_array(story, TupleDescAttr(desc, 14)->atttypid);
	values[15] = CStringGetTextDatum(cd_next_step(story));
	values[16] = CStringGetTextDatum(cd_all_reasons(story));
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

static Datum
answer(FunctionCallInfo fcinfo, const Panel *panel, const Question *q)
{
	const Panel *p = panel_canonical(panel);
	Types		types = number_types(p);
	CdStructuralInput in = {0};
	CdStructural result;
	CdStory		story = {.input = &in, .result = &result, .scale = q->scale, .waiting_missing = q->waiting_missing};
	CdArena		arena = {0};

	if (!gather(p, &types, q, &in, &story.changed_on))
		PG_RETURN_NULL();
	arena.size = cd_structural_size(in.n_gaps, in.types);
	arena.base = palloc_extended(Max(arena.size, 1), MCXT_ALLOC_HUGE);
	cd_ereport_status(cd_structural(&in, &arena, &result), "structural_score");
	name_worst(p, &types, &story);
	return result_row(fcinfo, &story);
}

/* A number that may be missing. */
static double
get_number(FunctionCallInfo fcinfo, int n, const char *name, bool negative_allowed)
{
	double		x;

	if (PG_NARGS() <= n || PG_ARGISNULL(n))
		return NAN;
	x = PG_GETARG_FLOAT8(n);
	if (!isfinite(x) || (x < 0 && !negative_allowed))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a finite number%s", name, negative_allowed ? "" : ", not negative"),
				 errhint("Give NULL where it is not known.")));
	return x;
}

/* A probability; 0 where it is not known. */
static double
get_probability(FunctionCallInfo fcinfo, int n, const char *name)
{
	double		p = get_number(fcinfo, n, name, false);

	if (p > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must lie between 0 and 1", name),
				 errhint("Give NULL where it is not known.")));
	return isnan(p) ? 0 : p;
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
static Question
get_question(FunctionCallInfo fcinfo)
{
	return (Question) {
		.higher_is_better = PG_ARGISNULL(1) || PG_GETARG_BOOL(1),
		.scale = cd_get_scale(fcinfo, 2),
		.smallest_effect = get_number(fcinfo, 3, "smallest_effect", false),
		.waiting = {NAN, NAN, NAN},
		.ask_effect = true
	};
}

/* structural_score(panel, higher_is_better, scale, smallest_effect, usual, learning) */
Datum
cd_structural_score_panel(PG_FUNCTION_ARGS)
{
	Question	q;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	q = get_question(fcinfo);
	q.usual = get_usual(fcinfo, 4);
	q.learning = get_learning(fcinfo, 5);
	return answer(fcinfo, PG_GETARG_PANEL_P(0), &q);
}

/*
 * structural_score(panel, higher_is_better, scale, smallest_effect, effect, effect_low, effect_high,
 * sessions, coached, usual, waiting_share, waiting_low, waiting_high, learning, idle_coach, waiting_missing)
 */
Datum
cd_structural_score_effect(PG_FUNCTION_ARGS)
{
	Question	q;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	q = get_question(fcinfo);
	q.ask_effect = false;
	q.coaching = (CdCoachingEvidence) {
		.effect = get_number(fcinfo, 4, "effect", true),
		.low = get_number(fcinfo, 5, "effect_low", true),
		.high = get_number(fcinfo, 6, "effect_high", true),
		.sessions = get_number(fcinfo, 7, "sessions", false),
		.coached = PG_ARGISNULL(8) ? NAN : PG_GETARG_INT32(8),
		.idle_coach = get_probability(fcinfo, 14, "idle_coach")
	};
	q.usual = get_usual(fcinfo, 9);
	q.waiting = (CdWaitingEvidence) {
		.share = get_number(fcinfo, 10, "waiting_share", true),
		.low = get_number(fcinfo, 11, "waiting_low", true),
		.high = get_number(fcinfo, 12, "waiting_high", true)
	};
	q.learning = get_learning(fcinfo, 13);
	q.waiting_missing = PG_ARGISNULL(15) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(15));
	return answer(fcinfo, PG_GETARG_PANEL_P(0), &q);
}

static Datum
final_answer(FunctionCallInfo fcinfo, double smallest_effect)
{
	Question	q = {
		.higher_is_better = true, .smallest_effect = smallest_effect, .ask_effect = true, .waiting = {NAN, NAN, NAN}
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

static void
scale_argument(FunctionCallInfo fcinfo, int n, double factor)
{
	if (!PG_ARGISNULL(n))
		fcinfo->args[n].value = Float8GetDatum(PG_GETARG_FLOAT8(n) * factor);
}

/*
 * A panel has no room for options, so they go into the rows: higher is better, the unit is the
 * smallest effect.  The rest is the transition function of panel().
 */
static Datum
structural_accum(FunctionCallInfo fcinfo, PGFunction panel_accum)
{
	double		smallest = get_number(fcinfo, ARG_SMALLEST_EFFECT, "smallest_effect", false);
	bool		higher_is_better = PG_ARGISNULL(ARG_HIGHER_IS_BETTER) || PG_GETARG_BOOL(ARG_HIGHER_IS_BETTER);

	cd_require_aggregate(fcinfo, "structural_accum");
	if (!(smallest > 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("smallest_effect must be above 0"),
				 errhint("Where it is not known, leave higher_is_better and smallest_effect out.")));
	scale_argument(fcinfo, ARG_VALUE, (higher_is_better ? 1 : -1) / smallest);
	scale_argument(fcinfo, ARG_TARGET, (higher_is_better ? 1 : -1) / smallest);
	return panel_accum(fcinfo);
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

/* Gap, volume and targets of each contact type of a panel. */
Datum
cd_contact_type_gaps(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const Panel *p;
	Types		types;
	TypeGaps	gaps;
	CdTypeGap  *sum;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	p = panel_canonical(PG_GETARG_PANEL_P(0));
	types = number_types(p);
	gaps = gather_type_gaps(p, &types, PG_ARGISNULL(1) || PG_GETARG_BOOL(1), cd_get_scale(fcinfo, 2));
	sum = palloc0(Max(types.count, 1) * sizeof(CdTypeGap));
	for (uint32 k = 0; k < gaps.count; k++)
	{
		CdTypeGap  *s = &sum[gaps.gaps[k].type];

		s->weight += gaps.gaps[k].weight;
		s->gap += (gaps.gaps[k].gap - s->gap) * (gaps.gaps[k].weight / s->weight);
	}
	for (uint32 t = 0; t < types.count; t++)
	{
		PanelString name = panel_label(p, types.label[t]);
		Datum		values[5] = {PointerGetDatum(cstring_to_text_with_len(name.data, name.length))};
		bool		nulls[5] = {0};

		if (sum[t].weight <= 0)
			continue;
		cd_set_float8(values, nulls, 1, sum[t].weight);
		cd_set_float8(values, nulls, 2, sum[t].gap);
		cd_set_float8(values, nulls, 3, gaps.lowest);
		cd_set_float8(values, nulls, 4, gaps.highest);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * p_structural(spread, type_share, effect, effect_low, effect_high, smallest_effect, new_agents, spread_high, gap,
 * waiting_share, waiting_low, waiting_high, idle_coach)
 */
Datum
cd_p_structural(PG_FUNCTION_ARGS)
{
	CdSpread	spread = {
		get_number(fcinfo, 0, "spread", false), get_number(fcinfo, 7, "spread_high", false), get_number(fcinfo, 8, "gap", true)
	};
	double		type_share = get_number(fcinfo, 1, "type_share", true);
	CdCoachingEvidence coaching = {
		.effect = get_number(fcinfo, 2, "effect", true),
		.low = get_number(fcinfo, 3, "effect_low", true),
		.high = get_number(fcinfo, 4, "effect_high", true),
		.idle_coach = get_probability(fcinfo, 12, "idle_coach")
	};
	double		smallest_effect = get_number(fcinfo, 5, "smallest_effect", false);
	bool		new_agents = !PG_ARGISNULL(6) && PG_GETARG_BOOL(6);
	CdWaitingEvidence waiting = {
		.share = get_number(fcinfo, 9, "waiting_share", false),
		.low = get_number(fcinfo, 10, "waiting_low", false),
		.high = get_number(fcinfo, 11, "waiting_high", false)
	};

	PG_RETURN_FLOAT8(cd_structural_probability(&spread, type_share, &coaching, smallest_effect, &waiting, new_agents));
}
