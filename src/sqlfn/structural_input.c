/*
 * structural_input.c
 *		What the structural tests need of one panel: gaps, tenure, coaching, a change midway.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/array.h"

#include "panel/panel_log.h"
#include "panel/panel_series.h"
#include "sqlfn/answers.h"
#include "sqlfn/effect_question.h"
#include "sqlfn/learning.h"
#include "sqlfn/structural_input.h"
#include "sqlfn/type_targets.h"

#define YEAR 365
#define QUARTER 13				/* weeks */
#define STILL_HERE 28			/* days without a value after which an agent counts as gone */

/* A gap that is by so much smaller; on a log scale by that part of the target, as gaps of types are. */
static double
less(double gap, double mix, double target, const StructuralQuestion *q)
{
	double		sign = q->higher_is_better ? -1 : 1;

	if (q->scale != CD_SCALE_LOG)
		return gap - mix;
	return gap + (sign * target + gap) * expm1(-sign * mix / target);
}

/* The same gaps, all by so much smaller, and the mean as much less sure. */
static CdGapDispersion *
without(const CdGapDispersion *d, double mix, double mix_se, double target, const StructuralQuestion *q)
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

/* How long agents have been there. */
typedef struct Tenure
{
	bool		known;			/* of half of the volume at least */
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
	double		dated = 0;

	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];
		bool		known = cell->period != PANEL_NO_DATE && panel_agents(p)[cell->agent].hired_on != PANEL_NO_DATE;
		bool		experienced = is_experienced(p, cell, NULL);

		CHECK_FOR_INTERRUPTS();
		if (!cell_has_gap(cell))
			continue;
		weight += cell->gap.weight;
		fresh += known && !experienced ? cell->gap.weight : 0;
		dated += known ? cell->gap.weight : 0;
		t.any |= experienced;
		t.all &= experienced;
	}
	t.known = weight > 0 && dated >= weight / 2;
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

		if (!cell_has_gap(cell))
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

/* Mean gap week by week, weeks without a value left out; metric units (log: linear, all weeks alike, whatever contacts they had), positive is worse. */
typedef struct Weeks
{
	double	   *gap;
	double	   *weight;
	int32	   *date;
	uint32		count;
} Weeks;

static Weeks
gather_weeks(const Panel *p, double unit, const Span *span)
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
		uint32		week;

		CHECK_FOR_INTERRUPTS();
		if (!cell_has_gap(cell) || cell->period == PANEL_NO_DATE)
			continue;
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
find_shift(const Panel *p, double unit, const Span *span, int32 *changed_on)
{
	Weeks		w = gather_weeks(p, unit, span);
	double	   *scratch = palloc(Max(CD_SHIFT_SCRATCH(w.count), 1) * sizeof(double));
	CdShift		shift;

	*changed_on = PANEL_NO_DATE;
	if (cd_level_shift(w.gap, w.weight, w.count, scratch, &shift) == CD_OK)
		*changed_on = w.date[shift.at];
	return shift;
}

/* Place of the first week from a date on. */
static uint32
week_of(const Weeks *w, int32 date)
{
	uint32		from = 0;

	while (from < w->count && w->date[from] < date)
		from++;
	return from;
}

/* The level of some weeks, NaN where they are too few, without what the contact mix adds. */
static CdLevel
level_of(const Weeks *w, uint32 from, uint32 to, double mix)
{
	uint32		count = to - from;
	CdLevel		l;

	cd_level_of(w->gap + from, w->weight + from, count, palloc(Max(CD_SHIFT_SCRATCH(count), 1) * sizeof(double)), &l);
	return (CdLevel) {l.mean - mix, l.low - mix, l.high - mix};
}

/* Of weeks without what new hires usually lack. */
static CdLately
look_at_late_weeks(const Panel *p, double unit, const Span *span, int32 changed_on, double mix)
{
	Weeks		w = gather_weeks(p, unit, span);
	CdLately	l = {NAN, {NAN, NAN, NAN}, {NAN, NAN, NAN}, NAN, NAN};
	CdShift		rise;

	if (changed_on != PANEL_NO_DATE)
		l.since = level_of(&w, week_of(&w, changed_on), w.count, mix).mean;
	if (w.count >= 2 * QUARTER)
	{
		l.first = level_of(&w, 0, week_of(&w, w.date[0] + 7 * QUARTER), mix);
		l.quarter = level_of(&w, week_of(&w, w.date[w.count - 1] - 7 * (QUARTER - 1)), w.count, mix);
	}
	if (cd_late_rise(w.gap, w.weight, w.count, palloc(Max(CD_SHIFT_SCRATCH(w.count), 1) * sizeof(double)), &rise) == CD_OK && rise.clear)
	{
		l.rise = rise.after - mix;
		l.rise_weeks = (w.date[w.count - 1] - w.date[rise.at]) / 7 + 1;
	}
	return l;
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

		if (cell->agent == agent || hired_on == PANEL_NO_DATE || !cell_has_gap(cell) ||
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
effect_alone(const Panel *p, const StructuralQuestion *question)
{
	EffectQuestion q = {
		question->higher_is_better, question->scale, question->smallest_effect, cd_effect_default_options()
	};
	Panel	   *panels[1] = {unconstify(Panel *, p)};
	PanelSeries series;
	CdEffectCommon common;
	CdEffect	effect;
	double		level;

	if (!has_sessions(p))
		return (CdCoachingEvidence) {.effect = NAN, .low = NAN, .high = NAN};
	q.options.pool = false;
	q.options.placebo = false;
	series = panel_series(panels, 1, q.higher_is_better);
	effect = *effect_estimate("structural_score", &q, &series, 1, NULL, &common);
	if (!effect.own)			/* what nobody can be compared with is no evidence */
		return (CdCoachingEvidence) {.effect = NAN, .low = NAN, .high = NAN, .sessions = effect.sessions, .coached = effect.coached};
	level = series.team[0].coached;
	return (CdCoachingEvidence) {
		.effect = effect_to_units(&q, effect.effect, level),
		.low = effect_to_units(&q, effect.low, level),
		.high = effect_to_units(&q, effect.high, level),
		.sessions = effect.sessions,
		.coached = effect.coached,
		.own = effect_to_units(&q, effect.raw, level),
		.own_se = effect_spread_to_units(&q, effect.raw, effect.raw_se, level),
		.own_doubt = effect_spread_to_units(&q, effect.raw, effect.doubt, level),
		.shortfall = isnan(effect.shortfall) ? 0
			: effect_spread_to_units(&q, effect.effect, effect_shortfall(&q, &effect, level), level)
	};
}

/* What tenure adds: as given, or as the panel itself shows it. */
static CdLearning
learning(const Panel *p, const StructuralQuestion *q)
{
	Panel	   *panels[1] = {unconstify(Panel *, p)};

	return q->learning != NULL ? learning_argument(q->learning) : learning_of(panels, 1, q->higher_is_better);
}

bool
structural_input(const Panel *p, const ContactTypes *types, const StructuralQuestion *q, CdStructuralInput *in,
				 int32 *changed_on)
{
	const Panel *fair = types->count < 2 ? p : panel_without_mix(p);
	const Panel *own = fair;
	CdGapOptions options = cd_gap_default_options();
	CdGapDispersion *whole = palloc(sizeof(CdGapDispersion));
	CdGapDispersion *settled = whole;
	CdGapDispersion *part = palloc(sizeof(CdGapDispersion));
	Tenure		tenure = look_at_tenure(p);
	Span		span = look_at_span(p);
	CdLearning	curve = learning(p, q);
	double		target = panel_gap_unit(p, q->scale);
	TypeGaps	gaps;

	options.scale = q->scale;
	options.orientation = q->higher_is_better ? -1.0 : 1.0;
	options.short_is_positive = true;
	options.margin = isnan(q->smallest_effect) ? 0 : q->smallest_effect;
	if (!cd_dispersion_of_panel(fair, target, options, whole))
		return false;
	options.wanted = CD_GAP_SPREAD;
	if (curve.quick != 0 || curve.slow != 0)
	{
		own = panel_without_learning(fair, q->higher_is_better, &curve);
		settled = palloc(sizeof(CdGapDispersion));
		if (!cd_dispersion_of_panel(own, target, options, settled))
			return false;
	}
	options.wanted = CD_GAP_MEAN;
	if (tenure.any && !tenure.all && cd_dispersion_of_panel(panel_select(fair, is_experienced, NULL), target, options, part))
		in->experienced = part;
	else
		in->experienced = tenure.any ? whole : NULL;

	gaps = type_gaps_of(p, types, q->higher_is_better, q->scale);
	if (q->usual != NULL)
		type_gaps_less_usual(&gaps, p, types, q->usual);
	in->whole = whole;
	in->settled = without(settled, gaps.mix, gaps.mix_se, target, q);
	in->mix = whole->mean_gap - less(whole->mean_gap, gaps.mix, target, q);
	in->mix_se = gaps.mix_se;
	if (in->experienced != NULL)
		in->experienced = without(in->experienced, gaps.mix, gaps.mix_se, target, q);
	in->tenure_known = tenure.known;
	in->new_share = tenure.new_share;
	in->weeks_to_experience = weeks_to_experience(p, &span);
	in->gaps = gaps.gaps;
	in->n_gaps = gaps.count;
	in->types = types->count;
	in->types_comparable = q->usual != NULL || !most_share_target(&gaps, types_by_target(p, types), types->count);
	in->coaching = q->ask_effect ? effect_alone(p, q) : q->coaching;
	in->coaching.idle_coach = q->coaching.idle_coach;
	in->coaching.other_metric = q->coaching.other_metric;
	in->waiting = q->waiting;
	in->smallest_effect = q->smallest_effect;
	in->usual_spread = q->usual_spread;
	in->weeks = span.last == PANEL_NO_DATE ? NAN : floor((span.last - span.first) / 7.0) + 1;
	in->period_weight = span.weight / span.agent_periods;
	in->shift = find_shift(fair, q->higher_is_better ? -target : target, &span, changed_on);
	in->lately = look_at_late_weeks(own, q->higher_is_better ? -target : target, &span, *changed_on, in->mix);
	return true;
}
