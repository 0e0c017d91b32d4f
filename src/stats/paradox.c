/*
 * paradox.c: see paradox.h. The metric's trend is a line through the team's period effects,
 * so that comers and leavers move nothing; a line, because what coaching did may come at
 * once or bit by bit: a lasting step between a quarter and three quarters of the window
 * changes the line by at least its size.
 */
#include <math.h>
#include <string.h>

#include "stats/ar_line.h"
#include "stats/paradox.h"
#include "stats/period_effects.h"
#include "stats/solve.h"

#define LEAST_SETTLED 3			/* agents */
#define ROUNDING 1e-9			/* targets this close, relatively, are the same */

/* One question at work. */
typedef struct Work
{
	const CdParadoxRow *rows;
	size_t		n;
	const CdParadoxOptions *options;
	CdParadox  *out;
	int32_t		base;			/* first period of the window: arrays count from it */
	size_t		periods;		/* of the window */
	CdPeriodRow *picked;		/* rows of the window that are compared */
	size_t		count;
	CdPeriodEffects effects;
	double	   *time;			/* scratch, periods each */
	double	   *value;
	double	   *variance;
	double	   *contrast;
} Work;

size_t
cd_paradox_size(size_t rows, size_t periods)
{
	size_t		total = cd_arena_bytes(rows, sizeof(CdPeriodRow));

	total = cd_arena_sum(total, 4 * cd_arena_bytes(periods, sizeof(double)));
	return cd_arena_sum(total, 2 * cd_period_effects_size(periods));
}

static bool
in_window(const Work *w, const CdParadoxRow *row)
{
	return row->period >= w->options->first && row->period <= w->options->last;
}

/* ---- changes -------------------------------------------------------------------------------- */

static CdMove
judge(const CdChange *c, double margin_up, double margin_down)
{
	bool		not_up = c->inner_high < margin_up;
	bool		not_down = c->inner_low > -margin_down;

	if (not_up && not_down)
		return CD_MOVE_FLAT;
	if (c->low > 0.0)
		return CD_MOVE_UP;
	if (c->high < 0.0)
		return CD_MOVE_DOWN;
	if (not_up || not_down)
		return not_up ? CD_MOVE_NOT_UP : CD_MOVE_NOT_DOWN;
	return CD_MOVE_UNKNOWN;
}

static const CdChange no_change = {NAN, NAN, NAN, NAN, NAN, CD_MOVE_UNKNOWN};

static CdStatus
make_change(double estimate, double se, double df, double margin_up, double margin_down, CdChange *out)
{
	double		outer;
	double		inner;
	CdStatus	status = cd_t_multiplier(0.95, df, &outer);

	if (status == CD_OK)
		status = cd_t_multiplier(0.90, df, &inner);
	if (status != CD_OK)
		return status;
	*out = (CdChange) {estimate, estimate - outer * se, estimate + outer * se,
		estimate - inner * se, estimate + inner * se, CD_MOVE_UNKNOWN};
	out->move = judge(out, margin_up, margin_down);
	return CD_OK;
}

/* A value rests on its agents' noise and on what the team shares: half and half when all are there. */
static double
relative_variance(double agents, double usual)
{
	return 0.5 + 0.5 * usual / agents;
}

/* ---- who is compared ------------------------------------------------------------------------ */

static bool
is_settled(const CdParadoxRow *row)
{
	return isnan(row->tenure) || row->tenure >= CD_PARADOX_SETTLED;
}

/*
 * Learning the job is no trend of the team: periods before an agent is settled are left out
 * unless too few others would speak for it.
 */
static bool
must_take_learners(const Work *w)
{
	size_t		all = 0;
	size_t		settled = 0;
	int			agents = 0;
	int32_t		agent = -1;

	for (size_t i = 0; i < w->n; i++)
	{
		const CdParadoxRow *row = &w->rows[i];

		if (!in_window(w, row) || row->weight <= 0.0)
			continue;
		all++;
		if (!is_settled(row))
			continue;
		settled++;
		agents += row->agent != agent;
		agent = row->agent;
	}
	return settled < all && (agents < LEAST_SETTLED || 2 * settled < all);
}

static bool
is_compared(const Work *w, const CdParadoxRow *row)
{
	return in_window(w, row) && (w->out->learners || is_settled(row));
}

/* What a row is asked for; weight 0 where it has none. */
static CdPeriodRow
metric_of(const CdParadoxRow *row)
{
	return (CdPeriodRow) {row->agent, row->period, row->value, row->weight};
}

static CdPeriodRow
target_of(const CdParadoxRow *row)
{
	return (CdPeriodRow) {row->agent, row->period, row->target, isnan(row->target) ? 0.0 : row->weight};
}

static void
pick(Work *w, CdPeriodRow (*of) (const CdParadoxRow *row))
{
	w->count = 0;
	for (size_t i = 0; i < w->n; i++)
		if (is_compared(w, &w->rows[i]))
			{
			w->picked[w->count] = of(&w->rows[i]);
			w->picked[w->count++].period -= w->base;
		}
}

static void
count_agents(Work *w)
{
	int32_t		agent = -1;

	for (size_t i = 0; i < w->count; i++)
		if (w->picked[i].weight > 0.0 && w->picked[i].period >= w->out->first - w->base && w->picked[i].agent != agent)
		{
			agent = w->picked[i].agent;
			w->out->agents++;
		}
}

/* ---- the metric ----------------------------------------------------------------------------- */

/* The linked periods up to one of them as a series; its length. */
static size_t
effect_series(Work *w, int32_t until)
{
	double		usual = 0.0;
	size_t		n = 0;

	for (int32_t t = w->out->first; t <= until; t++)
	{
		double		effect = w->effects.effect[t - w->base];
		double		agents = w->effects.agents[t - w->base];

		if (isnan(effect))
			continue;
		w->time[n] = t;
		w->value[n] = effect;
		w->variance[n++] = agents;
		usual += agents;
	}
	for (size_t i = 0; i < n; i++)
		w->variance[i] = relative_variance(w->variance[i], usual / (double) n);
	return n;
}

/* Variance of the slope by the agents' noise alone; large where few agents link early with late. */
static double
linking_variance(Work *w, size_t n)
{
	double		middle = 0.0;
	double		square = 0.0;
	double		variance;

	for (size_t i = 0; i < n; i++)
		middle += w->time[i] / (double) n;
	for (size_t i = 0; i < n; i++)
		square += (w->time[i] - middle) * (w->time[i] - middle);
	memset(w->contrast, 0, w->periods * sizeof(double));
	for (size_t i = 0; i < n; i++)
		w->contrast[(int32_t) w->time[i] - w->base] = (w->time[i] - middle) / square;
	variance = cd_period_effects_variance(&w->effects, w->contrast);
	return isnan(variance) ? 0.0 : variance;
}

/* Change of the metric from the first period to one of the later; the line beneath when asked for. */
static CdStatus
metric_change(Work *w, int32_t until, CdChange *out, CdArLine *line_out)
{
	const CdParadoxOptions *o = w->options;
	size_t		n = effect_series(w, until);
	double		span = until - w->out->first;
	CdArLine	line;
	CdStatus	status = cd_ar_line(w->time, w->value, w->variance, n, false, &line);
	double		se;

	if (status != CD_OK)
		return status;
	if (line_out != NULL)
		*line_out = line;
	se = fmax(line.slope_se, sqrt(linking_variance(w, n)));
	return make_change(span * line.slope, span * se, line.df, o->margin_up, o->margin_down, out);
}

/* The plain mean's change, whoever was there. */
static void
mean_change(Work *w)
{
	double	   *sum = w->variance;
	double	   *weight = w->contrast;
	size_t		n = 0;
	CdArLine	line;

	memset(sum, 0, w->periods * sizeof(double));
	memset(weight, 0, w->periods * sizeof(double));
	for (size_t i = 0; i < w->n; i++)
		if (in_window(w, &w->rows[i]) && w->rows[i].weight > 0.0)
		{
			sum[w->rows[i].period - w->base] += w->rows[i].weight * w->rows[i].value;
			weight[w->rows[i].period - w->base] += w->rows[i].weight;
		}
	for (int32_t t = w->out->first; t <= w->out->last; t++)
		if (weight[t - w->base] > 0.0)
		{
			w->time[n] = t;
			w->value[n++] = sum[t - w->base] / weight[t - w->base];
		}
	if (cd_ar_line(w->time, w->value, NULL, n, false, &line) == CD_OK)
		w->out->mean_change = (w->out->last - w->out->first) * line.slope;
}

/* ---- the gap -------------------------------------------------------------------------------- */

/* Mean shortfall of the rows compared that have a target; NaN: none has. */
static double
mean_gap(const Work *w, bool *targets_differ)
{
	double		target = NAN;
	double		weight = 0.0;
	double		mean = 0.0;

	*targets_differ = false;
	for (size_t i = 0; i < w->n; i++)
	{
		const CdParadoxRow *row = &w->rows[i];

		if (!is_compared(w, row) || row->period < w->out->first || row->weight <= 0.0 || isnan(row->target))
			continue;
		*targets_differ = *targets_differ || (weight > 0.0 && fabs(row->target - target) > ROUNDING * fabs(target));
		target = row->target;
		weight += row->weight;
		mean += (row->target - row->value - mean) * row->weight / weight;
	}
	return weight > 0.0 ? mean : NAN;
}

/* From the first to the last period with a target, free of whose targets they are. */
static CdStatus
change_of_targets(Work *w, CdArena *arena, double *change)
{
	CdPeriodEffects targets;
	double		first = NAN;
	double		last = NAN;
	CdStatus	status;

	pick(w, target_of);
	status = cd_period_effects(w->picked, w->count, w->periods, arena, &targets);
	if (status != CD_OK)
		return status;
	for (int32_t t = w->out->first; t <= w->out->last; t++)
	{
		double		effect = targets.effect[t - w->base];

		first = isnan(first) ? effect : first;
		last = isnan(effect) ? last : effect;
	}
	*change = last - first;
	return CD_OK;
}

/* Targets are known, so the gap's trend is theirs less the metric's. */
static CdStatus
assess_gap(Work *w, const CdArLine *line, CdArena *arena)
{
	CdParadox  *out = w->out;
	const CdChange *metric = &out->metric_change;
	bool		differ;
	double		half;
	CdStatus	status = cd_t_multiplier(0.95, line->df, &half);

	out->gap = mean_gap(w, &differ);
	if (status != CD_OK || isnan(out->gap))
		return status;
	out->target_change = 0.0;
	if (differ)
		status = change_of_targets(w, arena, &out->target_change);
	out->gap_low = out->gap - half * line->level_se;
	out->gap_high = out->gap + half * line->level_se;
	out->gap_change = (CdChange) {
		out->target_change - metric->estimate, out->target_change - metric->high, out->target_change - metric->low,
		out->target_change - metric->inner_high, out->target_change - metric->inner_low, CD_MOVE_UNKNOWN
	};
	out->gap_change.move = judge(&out->gap_change, w->options->margin_down, w->options->margin_up);
	return status;
}

/* ---- the dose ------------------------------------------------------------------------------- */

/* Sessions per agent and month of the rows compared, from one period to another; NaN: nobody there. */
static double
dose_between(const Work *w, int32_t first, int32_t last, double *present)
{
	double		sessions = 0.0;

	*present = 0.0;
	for (size_t i = 0; i < w->n; i++)
	{
		const CdParadoxRow *row = &w->rows[i];

		if (!is_compared(w, row) || row->period < first || row->period > last)
			continue;
		sessions += row->sessions;
		*present += row->weight > 0.0 || row->sessions > 0.0;
	}
	return *present > 0.0 ? sessions / (*present * w->options->months) : NAN;
}

/*
 * In blocks of a month, counted back from the last period, so that a monthly rhythm is no
 * noise. What was given is known: the interval tells a trend from months that merely differ.
 */
static CdStatus
assess_dose(Work *w)
{
	const CdParadoxOptions *o = w->options;
	CdParadox  *out = w->out;
	int32_t		blocks = (out->last - out->first + 1) / o->block;
	double		usual = 0.0;
	double		present;
	double		span = (double) (out->last - out->first) / o->block;
	size_t		n = 0;
	CdArLine	line;
	CdStatus	status;

	for (int32_t b = blocks; b > 0; b--)
	{
		int32_t		first = out->last - b * o->block + 1;

		w->value[n] = dose_between(w, first, first + o->block - 1, &present);
		if (isnan(w->value[n]))
			continue;
		w->time[n] = -b;
		w->variance[n++] = present;
		usual += present;
	}
	for (size_t i = 0; i < n; i++)
		w->variance[i] = relative_variance(w->variance[i], usual / (double) n);
	out->dose = dose_between(w, out->last - o->quarter + 1, out->last, &present);
	status = cd_ar_line(w->time, w->value, w->variance, n, true, &line);
	if (status != CD_OK)
		return status == CD_TOO_FEW ? CD_OK : status;
	return make_change(span * line.slope, span * line.slope_se, line.df, 0.5 * o->high_dose, 0.5 * o->high_dose,
					   &out->dose_change);
}

/* What the coaching cost from a period on, all agents. */
static void
add_up(const Work *w, int32_t from, double *sessions, double *minutes)
{
	*sessions = *minutes = 0.0;
	for (size_t i = 0; i < w->n; i++)
		if (in_window(w, &w->rows[i]) && w->rows[i].period >= from)
		{
			*sessions += w->rows[i].sessions;
			*minutes += w->rows[i].minutes;
		}
}

static int32_t
first_session(const Work *w)
{
	int32_t		first = -1;

	for (size_t i = 0; i < w->n; i++)
		if (w->rows[i].sessions > 0.0 && w->rows[i].period <= w->options->last
			&& (first < 0 || w->rows[i].period < first))
			first = w->rows[i].period;
	return first;
}

/* ---- what follows --------------------------------------------------------------------------- */

static CdAnswer
answer_if(bool yes, bool no)
{
	return yes ? CD_ANSWER_YES : no ? CD_ANSWER_NO : CD_ANSWER_UNKNOWN;
}

static void
draw_conclusions(CdParadox *out, const CdParadoxOptions *o)
{
	const CdChange *metric = &out->metric_change;
	const CdChange *gap = &out->gap_change;
	CdMove		dose = out->dose_change.move;
	bool		high = out->dose >= o->high_dose;
	bool		low = out->dose < o->high_dose;
	bool		stopped = out->dose <= 0.0;

	out->invested = answer_if(!stopped && (dose == CD_MOVE_UP || (dose != CD_MOVE_DOWN && high)),
							  stopped || dose == CD_MOVE_DOWN || (low && (dose == CD_MOVE_FLAT || dose == CD_MOVE_NOT_UP)));
	out->unmoved = answer_if(metric->inner_high < o->margin_up || metric->move == CD_MOVE_DOWN,
							 metric->move == CD_MOVE_UP);
	out->short_of = answer_if(out->gap_low > 0.0 && !(out->gap_high < o->margin_down),
							  out->gap_high <= 0.0 || out->gap_high < o->margin_down);
	out->open = answer_if(gap->inner_low > -o->margin_up || gap->move == CD_MOVE_UP, gap->move == CD_MOVE_DOWN);
}

/* All four, one of them not, or not known; nothing is known where a question could not be put. */
static CdAnswer
all_of(const CdParadox *out, const CdParadoxOptions *o)
{
	const CdAnswer answers[] = {out->invested, out->unmoved, out->short_of, out->open};
	CdAnswer	all = CD_ANSWER_YES;

	if (isnan(o->margin_up) || out->sessions <= 0.0 || out->last - out->coached_since < o->quarter)
		return CD_ANSWER_UNKNOWN;
	for (int i = 0; i < 4; i++)
	{
		if (answers[i] == CD_ANSWER_NO)
			return CD_ANSWER_NO;
		if (answers[i] == CD_ANSWER_UNKNOWN)
			all = CD_ANSWER_UNKNOWN;
	}
	return all;
}

/* Back from the last period, a month at a time, as long as the data up to then said the same. */
static CdStatus
find_clear_since(Work *w)
{
	CdParadox  *out = w->out;
	CdChange	change = out->metric_change;

	if (out->coached_since < 0)
		return CD_OK;
	for (int32_t until = out->last; until >= out->coached_since + w->options->quarter; until -= w->options->block)
	{
		if (until < out->last)
		{
			CdStatus	status;

			if (until - out->first < w->options->least
				|| effect_series(w, until) < (size_t) w->options->least)
				break;
			status = metric_change(w, until, &change, NULL);
			if (status != CD_OK)
				return status;
		}
		if (!(change.inner_high < w->options->margin_up))
			break;
		out->clear_since = until;
	}
	return CD_OK;
}

static CdStage
stage_of(const CdParadox *out, const CdParadoxOptions *o)
{
	int32_t		clear_for = out->last - out->clear_since;

	if (out->paradox != CD_ANSWER_YES)
		return out->paradox == CD_ANSWER_NO ? CD_STAGE_NONE : CD_STAGE_UNKNOWN;
	if (out->clear_since < 0 || clear_for < o->quarter)
		return CD_STAGE_EARLY;
	if (clear_for >= 2 * o->quarter)
		return CD_STAGE_ENTRENCHED;
	return out->dose_change.move == CD_MOVE_UP ? CD_STAGE_ESCALATING : CD_STAGE_CONTINUING;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static CdStatus
prepare(Work *w, CdArena *arena)
{
	w->picked = cd_arena_take(arena, w->n, sizeof(CdPeriodRow));
	w->time = cd_arena_take(arena, w->periods, sizeof(double));
	w->value = cd_arena_take(arena, w->periods, sizeof(double));
	w->variance = cd_arena_take(arena, w->periods, sizeof(double));
	w->contrast = cd_arena_take(arena, w->periods, sizeof(double));
	return w->picked != NULL && w->time != NULL && w->value != NULL && w->variance != NULL && w->contrast != NULL
		? CD_OK : CD_NOMEM;
}

/* Period effects of the metric, and between which periods they are linked. */
static CdStatus
link_metric(Work *w, CdArena *arena)
{
	CdStatus	status;

	pick(w, metric_of);
	status = cd_period_effects(w->picked, w->count, w->periods, arena, &w->effects);
	if (status != CD_OK)
		return status;
	for (int32_t t = 0; t < (int32_t) w->periods; t++)
		if (!isnan(w->effects.effect[t]))
		{
			w->out->last = t + w->base;
			w->out->first = w->out->periods++ == 0 ? w->out->last : w->out->first;
		}
	count_agents(w);
	return CD_OK;
}

static CdStatus
assess(Work *w, CdArena *arena)
{
	CdArLine	line;
	CdStatus	status = link_metric(w, arena);

	if (status != CD_OK || w->out->periods < w->options->least)
		return status;
	status = assess_dose(w);
	if (status == CD_OK)
		status = metric_change(w, w->out->last, &w->out->metric_change, &line);
	if (status == CD_OK)
		status = assess_gap(w, &line, arena);
	if (status != CD_OK)
		return status;
	mean_change(w);
	draw_conclusions(w->out, w->options);
	w->out->paradox = all_of(w->out, w->options);
	status = find_clear_since(w);
	if (w->out->clear_since >= 0)
		add_up(w, w->out->clear_since + 1, &w->out->sessions_since, &w->out->minutes_since);
	w->out->stage = stage_of(w->out, w->options);
	return status;
}

CdStatus
cd_paradox(const CdParadoxRow *rows, size_t n, const CdParadoxOptions *options, CdArena *arena, CdParadox *out)
{
	Work		w = {.rows = rows, .n = n, .options = options, .out = out, .base = options->first,
		.periods = (size_t) (options->last - options->first + 1)};
	size_t		keep = arena->used;
	CdStatus	status;

	*out = (CdParadox) {
		.first = options->first, .last = options->first - 1, .dose = NAN, .dose_change = no_change,
		.metric_change = no_change, .mean_change = NAN, .gap = NAN, .gap_low = NAN, .gap_high = NAN,
		.gap_change = no_change, .target_change = NAN, .clear_since = -1, .sessions_since = NAN, .minutes_since = NAN
	};
	out->learners = must_take_learners(&w);
	out->coached_since = first_session(&w);
	add_up(&w, options->first, &out->sessions, &out->minutes);
	status = prepare(&w, arena);
	if (status == CD_OK)
		status = assess(&w, arena);
	arena->used = keep;
	return status == CD_TOO_FEW ? CD_OK : status;
}
