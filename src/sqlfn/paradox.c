/*
 * paradox.c
 *		Does coaching go on and grow while the metric does not move: over one panel,
 *		as a whole or quarter by quarter.
 */
#include "sqlfn/row.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "panel/panel_dates.h"
#include "panel/panel_series.h"
#include "stats/paradox.h"

CD_FUNCTION(cd_coaching_paradox);
CD_FUNCTION(cd_coaching_paradox_by_quarter);

#define MONTH_DAYS 30.4375
#define LEAST_MONTHS 6			/* of a window */
#define MOST_MONTHS 120
#define MOST_PERIODS 530		/* ten years of weeks */

/* How a question is put. */
typedef struct Question
{
	bool		directed;		/* higher_is_better is known */
	bool		higher_is_better;
	CdScale		scale;
	double		smallest_effect;	/* metric units; NaN: none given */
	double		high_dose;
} Question;

/* One panel as the estimator takes it. */
typedef struct Team
{
	CdParadoxRow *rows;
	uint32		count;
	double		level;			/* mean value as stored */
	int32		first_date;		/* of period 0 */
	bool		by_month;
	int32		first;			/* first and last period with a value; last < first: none */
	int32		last;
} Team;

/* ---- units ---------------------------------------------------------------------------------- */

/* An improvement on the estimator's scale, where up is better, in metric units. */
static double
to_units(const Question *q, const Team *team, double change)
{
	double		sign = q->higher_is_better ? 1 : -1;

	return q->scale == CD_SCALE_LOG ? sign * exp(team->level) * expm1(sign * change) : change;
}

/* A loss likewise. */
static double
loss_to_units(const Question *q, const Team *team, double loss)
{
	return -to_units(q, team, -loss);
}

/* An improvement in metric units on the estimator's scale; one beyond 0 on a log scale has no end. */
static double
from_units(const Question *q, const Team *team, double change)
{
	double		sign = q->higher_is_better ? 1 : -1;
	double		share = sign * change / exp(team->level);

	if (q->scale != CD_SCALE_LOG)
		return change;
	return share <= -1 ? sign * -INFINITY : sign * log1p(share);
}

/* ---- the panel as rows ---------------------------------------------------------------------- */

/* The same cells asked for their gaps and minutes instead of values and sessions. */
static Panel *
gaps_and_minutes(const Panel *p)
{
	const CdMoments nothing = {0};
	Panel	   *out = panel_select(p, NULL, NULL);

	for (uint32 i = 0; i < out->cells; i++)
	{
		PanelCell  *cell = &panel_cells(out)[i];

		if (!panel_cell_has_target(cell))
			cell->gap = nothing;
		cell->target = NAN;
		cell->sessions = cell->minutes;
	}
	return out;
}

static CdParadoxRow
make_row(const CdEffectRow *value, const CdEffectRow *gap)
{
	bool		has_target = value->weight > 0 && fabs(gap->weight - value->weight) <= 1e-9 * value->weight;

	return (CdParadoxRow) {
		.agent = value->agent, .period = value->period, .value = value->value, .weight = value->weight,
		.target = has_target ? value->value - gap->value : NAN,
		.sessions = value->sessions, .minutes = gap->sessions, .tenure = value->tenure
	};
}

/* Weeks unless the periods are too few for the days that they span. */
static void
set_calendar(Team *team, const Panel *p, uint32 periods)
{
	int32		last = PG_INT32_MIN;

	team->first_date = PG_INT32_MAX;
	for (uint32 i = 0; i < p->cells; i++)
		if (panel_cells(p)[i].period != PANEL_NO_DATE)
		{
			team->first_date = Min(team->first_date, panel_cells(p)[i].period);
			last = Max(last, panel_cells(p)[i].period);
		}
	team->by_month = periods > 0 && (last - team->first_date) / 7 + 1 != (int32) periods;
}

static Team
make_team(const Panel *p, bool higher_is_better)
{
	Panel	   *values[1] = {unconstify(Panel *, panel_canonical(p))};
	Panel	   *gaps[1] = {gaps_and_minutes(values[0])};
	PanelSeries value = panel_series(values, 1, higher_is_better);
	PanelSeries gap = panel_series(gaps, 1, higher_is_better);
	Team		team = {.count = value.count, .level = value.team[0].coached, .last = -1};

	Assert(gap.count == value.count);
	team.rows = palloc_extended(Max(value.count, 1) * sizeof(CdParadoxRow), MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < value.count; i++)
	{
		team.rows[i] = make_row(&value.rows[i], &gap.rows[i]);
		if (team.rows[i].weight <= 0)
			continue;
		team.first = team.last < 0 ? team.rows[i].period : Min(team.first, team.rows[i].period);
		team.last = Max(team.last, team.rows[i].period);
	}
	set_calendar(&team, values[0], value.periods);
	pfree(gap.rows);
	pfree(value.rows);
	return team;
}

/* ---- dates ---------------------------------------------------------------------------------- */

static int32
date_of(const Team *team, int32 period)
{
	return team->by_month ? panel_first_of_month(panel_month_number(team->first_date) + period)
		: team->first_date + 7 * period;
}

/* The last period that starts before a date; -1 where all start later. */
static int32
period_before(const Team *team, int32 date)
{
	int32		days = date - 1 - team->first_date;

	if (days < 0)
		return -1;
	return team->by_month ? panel_month_number(date - 1) - panel_month_number(team->first_date) : days / 7;
}

/* ---- words ---------------------------------------------------------------------------------- */

static const char *
dose_word(const CdChange *c)
{
	static const char *const words[] = {
		"cannot_tell", "rising", "falling", "steady", "steady_or_falling", "steady_or_rising"
	};

	return isnan(c->estimate) ? NULL : words[c->move];
}

static const char *
metric_word(const CdChange *c)
{
	static const char *const words[] = {
		"cannot_tell", "improving", "worsening", "flat", "flat_or_worsening", "flat_or_improving"
	};

	return isnan(c->estimate) ? NULL : words[c->move];
}

static const char *
gap_word(const CdChange *c)
{
	static const char *const words[] = {
		"cannot_tell", "widening", "closing", "stable", "stable_or_closing", "stable_or_widening"
	};

	return isnan(c->estimate) ? NULL : words[c->move];
}

static const char *
stage_word(CdStage stage)
{
	static const char *const words[] = {NULL, "none", "early", "continuing", "escalating", "entrenched"};

	return words[stage];
}

static const char *
dose_clause(const CdParadox *p)
{
	if (p->invested == CD_ANSWER_UNKNOWN)
		return "whether coaching rises cannot be told";
	if (p->invested == CD_ANSWER_YES)
		return p->dose_change.move == CD_MOVE_UP ? "coaching rises" : "coaching goes on at a high level";
	if (p->dose <= 0)
		return "no coaching in the last three months";
	return p->dose_change.move == CD_MOVE_DOWN ? "coaching falls" : "coaching neither rises nor is at a high level";
}

static const char *
metric_clause(const CdParadox *p)
{
	if (p->unmoved == CD_ANSWER_UNKNOWN)
		return "whether the metric moves cannot be told";
	if (p->unmoved == CD_ANSWER_NO)
		return "the metric improves";
	if (p->metric_change.move == CD_MOVE_FLAT)
		return "the metric is flat";
	return p->metric_change.move == CD_MOVE_DOWN ? "the metric gets worse" : "the metric is flat or gets worse";
}

static const char *
level_clause(const CdParadox *p)
{
	if (isnan(p->gap))
		return "whether there is a gap cannot be told: needs a target";
	return p->short_of == CD_ANSWER_NO ? "the mean gap is below smallest_effect" : "whether the mean gap is worth closing cannot be told";
}

static const char *
gap_clause(const CdParadox *p)
{
	if (p->open == CD_ANSWER_UNKNOWN)
		return "whether the gap closes cannot be told";
	if (p->open == CD_ANSWER_NO)
		return p->unmoved == CD_ANSWER_NO ? "the gap closes" : "the gap closes because the target came down";
	if (p->gap_change.move == CD_MOVE_UP)
		return p->target_change > 0 ? "the gap widens, the target having been raised" : "the gap widens";
	return p->gap_change.move == CD_MOVE_FLAT ? "the gap is stable" : "the gap is stable or widens";
}

static void
add_clause(StringInfo text, const char *clause)
{
	appendStringInfo(text, "%s%s", text->len > 0 ? "; " : "", clause);
}

/* The clauses that decided: all where the paradox holds, else those that say no, else those unknown. */
static void
add_clauses(StringInfo text, const CdParadox *p)
{
	if (p->invested == p->paradox)
		add_clause(text, dose_clause(p));
	if (p->unmoved == p->paradox)
		add_clause(text, metric_clause(p));
	if (p->short_of == p->paradox && p->paradox != CD_ANSWER_YES)
		add_clause(text, level_clause(p));
	if (p->open == p->paradox && !isnan(p->gap))
		add_clause(text, gap_clause(p));
}

/* What the reader should know about who was compared. */
static void
add_composition(StringInfo text, const Question *q, const Team *team, const CdParadox *p)
{
	double		moved = to_units(q, team, p->mean_change) - to_units(q, team, p->metric_change.estimate);

	if (fabs(moved) > q->smallest_effect)
		appendStringInfo(text, "; who came and left moved the plain mean by %.3g, which is no change of anybody's",
						 moved);
	if (p->learners)
		add_clause(text, "agents in their first half year are among those compared");
}

static char *
reason(const Question *q, const Team *team, const CdParadoxOptions *o, const CdParadox *p)
{
	StringInfoData text;

	if (!q->directed)
		return "not assessed: needs metric.higher_is_better";
	if (p->sessions <= 0)
		return "not assessed: no coaching session for this metric";
	if (p->periods < o->least)
		return psprintf("not assessed: %d periods can be compared, a trend needs %d", p->periods, o->least);
	if (isnan(q->smallest_effect))
		return "not assessed: needs metric.smallest_effect, to say what would be too little";
	if (p->last - p->coached_since < o->quarter)
		return "cannot tell yet: coaching began less than a quarter ago";
	initStringInfo(&text);
	add_clauses(&text, p);
	add_composition(&text, q, team, p);
	return text.data;
}

/* ---- the answer ----------------------------------------------------------------------------- */

static CdParadoxOptions
make_options(const Question *q, const Team *team, int32 first, int32 last)
{
	return (CdParadoxOptions) {
		.first = first,
		.last = last,
		.block = team->by_month ? 1 : 4,
		.quarter = team->by_month ? 3 : 13,
		.least = team->by_month ? LEAST_MONTHS : 16,
		.months = team->by_month ? 1 : 7 / MONTH_DAYS,
		.margin_up = from_units(q, team, q->smallest_effect),
		.margin_down = -from_units(q, team, -q->smallest_effect),
		.high_dose = q->high_dose
	};
}

static CdParadox
estimate(const Team *team, const CdParadoxOptions *options)
{
	CdArena		arena = {0};
	CdParadox	paradox;
	CdStatus	status;

	arena.size = cd_paradox_size(team->count, options->last - options->first + 1);
	arena.base = palloc_extended(arena.size, MCXT_ALLOC_HUGE);
	status = cd_paradox(team->rows, team->count, options, &arena, &paradox);
	pfree(arena.base);
	cd_ereport_status(status, "coaching_paradox");
	return paradox;
}

/* Without a direction, what became of the metric is neither good nor bad. */
static void
forget_metric(CdParadox *p)
{
	p->metric_change = p->gap_change = (CdChange) {NAN, NAN, NAN, NAN, NAN, CD_MOVE_UNKNOWN};
	p->mean_change = p->gap = p->target_change = NAN;
}

static void
put_answer(CdRow *row, CdAnswer answer)
{
	cd_put(row, BoolGetDatum(answer == CD_ANSWER_YES), answer != CD_ANSWER_UNKNOWN);
}

/* Minutes that nobody noted are unknown, not none. */
static double
known_minutes(double minutes, double sessions)
{
	return minutes > 0 || sessions == 0 ? minutes : NAN;
}

static void
put_dose(CdRow *row, const CdParadox *p)
{
	cd_put_number(row, p->dose);
	cd_put_number(row, p->dose_change.estimate);
	cd_put_number(row, p->dose_change.low);
	cd_put_number(row, p->dose_change.high);
	cd_put_text(row, dose_word(&p->dose_change));
}

static void
put_metric(CdRow *row, const Question *q, const Team *team, const CdParadox *p)
{
	cd_put_number(row, to_units(q, team, p->metric_change.estimate));
	cd_put_number(row, to_units(q, team, p->metric_change.low));
	cd_put_number(row, to_units(q, team, p->metric_change.high));
	cd_put_text(row, metric_word(&p->metric_change));
	cd_put_number(row, to_units(q, team, p->mean_change));
}

static void
put_gap(CdRow *row, const Question *q, const Team *team, const CdParadox *p)
{
	cd_put_number(row, to_units(q, team, p->gap));
	cd_put_number(row, loss_to_units(q, team, p->gap_change.estimate));
	cd_put_number(row, loss_to_units(q, team, p->gap_change.low));
	cd_put_number(row, loss_to_units(q, team, p->gap_change.high));
	cd_put_text(row, gap_word(&p->gap_change));
	cd_put_number(row, loss_to_units(q, team, p->target_change));
}

/* One window's row; quarter: its first day, where there is one. */
static CdRow
answer(const Question *q, const Team *team, int32 first, int32 last, bool has_quarter, int32 quarter)
{
	CdParadoxOptions options = make_options(q, team, first, last);
	CdParadox	p = estimate(team, &options);
	CdRow		row = {0};

	if (!q->directed)
		forget_metric(&p);
	cd_put_date(&row, quarter, has_quarter);
	cd_put_date(&row, date_of(team, p.first), p.periods > 0);
	cd_put_date(&row, date_of(team, p.last), p.periods > 0);
	cd_put_count(&row, p.periods);
	cd_put_count(&row, p.agents);
	put_dose(&row, &p);
	put_metric(&row, q, team, &p);
	put_gap(&row, q, team, &p);
	put_answer(&row, p.paradox);
	cd_put_text(&row, stage_word(p.stage));
	cd_put_date(&row, date_of(team, p.clear_since), p.clear_since >= 0);
	cd_put_number(&row, p.sessions);
	cd_put_number(&row, known_minutes(p.minutes, p.sessions));
	cd_put_number(&row, p.sessions_since);
	cd_put_number(&row, known_minutes(p.minutes_since, p.sessions_since));
	cd_put_text(&row, reason(q, team, &options, &p));
	return row;
}

/* ---- entry points --------------------------------------------------------------------------- */

static double
get_positive(FunctionCallInfo fcinfo, int n, const char *name, double otherwise)
{
	double		x = PG_ARGISNULL(n) ? otherwise : PG_GETARG_FLOAT8(n);

	if (!PG_ARGISNULL(n) && !(x > 0 && isfinite(x)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be above 0 and finite", name),
				 errhint("Give NULL where it is not known.")));
	return x;
}

/* Arguments 1 to 4: higher_is_better, scale, smallest_effect, high_dose. */
static Question
get_question(FunctionCallInfo fcinfo)
{
	Question	q;

	q.directed = !PG_ARGISNULL(1);
	q.higher_is_better = q.directed && PG_GETARG_BOOL(1);
	q.scale = cd_get_scale(fcinfo, 2);
	q.smallest_effect = get_positive(fcinfo, 3, "smallest_effect", NAN);
	q.high_dose = get_positive(fcinfo, 4, "high_dose", 1);
	if (!q.directed)
		q.smallest_effect = NAN;
	return q;
}

Datum
cd_coaching_paradox(PG_FUNCTION_ARGS)
{
	Question	q = get_question(fcinfo);
	Team		team;
	CdRow		row;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	team = make_team(PG_GETARG_PANEL_P(0), q.higher_is_better);
	row = answer(&q, &team, Max(team.first, team.last - MOST_PERIODS + 1), Max(team.last, team.first), false, 0);
	return cd_row_datum(fcinfo, &row);
}

static int32
get_months(FunctionCallInfo fcinfo, int n)
{
	int32		months = PG_ARGISNULL(n) ? 12 : PG_GETARG_INT32(n);

	if (months < LEAST_MONTHS || months > MOST_MONTHS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("months must be between %d and %d", LEAST_MONTHS, MOST_MONTHS),
				 errhint("The default looks back on 12 months.")));
	return months;
}

static bool
has_values(const Team *team, int32 first, int32 last)
{
	for (uint32 i = 0; i < team->count; i++)
		if (team->rows[i].weight > 0 && team->rows[i].period >= first && team->rows[i].period <= last)
			return true;
	return false;
}

/*
 * The row of a quarter, unless nothing was measured in it: its window ends with it, or with
 * the last month that has data.
 */
static void
put_quarter(const Question *q, const Team *team, int32 quarter, int32 months, ReturnSetInfo *result)
{
	int32		end = Min(3 * quarter + 3, panel_month_number(date_of(team, team->last)) + 1);
	int32		first = period_before(team, panel_first_of_month(Max(end - months, 12))) + 1;
	int32		last = Min(period_before(team, panel_first_of_month(end)), team->last);
	CdRow		row;

	if (!has_values(team, period_before(team, panel_first_of_month(3 * quarter)) + 1, last))
		return;
	row = answer(q, team, Max(first, team->first), last, true, panel_first_of_month(3 * quarter));
	cd_store_row(result, &row);
}

Datum
cd_coaching_paradox_by_quarter(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Question	q = get_question(fcinfo);
	int32		months = get_months(fcinfo, 5);
	int32		last_quarter;
	Team		team;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	team = make_team(PG_GETARG_PANEL_P(0), q.higher_is_better);
	if (team.last < 0)
		return (Datum) 0;
	last_quarter = panel_month_number(date_of(&team, team.last)) / 3;
	for (int32 quarter = panel_month_number(date_of(&team, team.first)) / 3; quarter <= last_quarter; quarter++)
	{
		CHECK_FOR_INTERRUPTS();
		put_quarter(&q, &team, quarter, months, result);
	}
	return (Datum) 0;
}
