/*
 * agent_change.c
 *		Whether agents really changed after their sessions, over panels of many teams.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include <gsl/gsl_cdf.h>

#include "sqlfn/agent_rows.h"
#include "sqlfn/effect_question.h"
#include "stats/agent_change.h"
#include "stats/solve.h"

CD_FUNCTION(cd_agent_change_panels);

/* Many teams' panels, and their sessions. */
typedef struct Changes
{
	EffectRequest request;
	CdAgentChange *change;
	size_t		count;
} Changes;

/* A value of the estimator, which is of some team, in metric units: of logarithms what they are the mean of, as usual within agents. */
static double
metric_value(const EffectQuestion *q, const PanelLevel *team, double value)
{
	double		turned = q->higher_is_better ? value : -value;

	return q->scale == CD_SCALE_LOG ? exp(turned + team->within) : turned;
}

/* In metric units, positive is better: by how much what was observed beats what was expected. */
static double
improvement(const EffectQuestion *q, const PanelLevel *team, double observed, double change)
{
	double		gain = metric_value(q, team, observed) - metric_value(q, team, observed - change);

	if (q->scale != CD_SCALE_LOG)
		return change;
	return q->higher_is_better ? gain : -gain;
}

/* Half the width of an interval around a change. */
static double
half_width(double se, double df, double level)
{
	double		t;

	if (isnan(se))
		return NAN;
	cd_ereport_status(cd_t_multiplier(level, df, &t), "agent_change");
	return t * se;
}

/* As of coaching_effect: same is two one-sided tests at 5 %. */
static const char *
conclusion(const EffectQuestion *q, const PanelLevel *team, const CdAgentChange *c)
{
	double		wide = half_width(c->se, c->df, 0.95);
	double		narrow = half_width(c->se, c->df, 0.90);

	if (isnan(c->change))
		return "cannot_tell";
	if (c->change - wide > 0)
		return "improved";
	if (c->change + wide < 0)
		return "worse";
	if (improvement(q, team, c->observed, c->change - narrow) > -q->smallest_effect
		&& improvement(q, team, c->observed, c->change + narrow) < q->smallest_effect)
		return "same";
	return "cannot_tell";
}

/* Why, in words. */
static const char *
reason(const Changes *all, const CdAgentChange *c, const char *verdict)
{
	if (c->before < CD_AGENT_LEAST_BEFORE)
		return "too little is known of the agent in this team before the session";
	if (c->after < CD_AGENT_LEAST_AFTER)
		return all->request.series.rows[c->row].period + CD_AGENT_LEAST_AFTER >= (int32) all->request.series.periods
			? "too early: two periods after the session are needed"
			: "the agent was not seen in this team after the session";
	if (isnan(c->change))
		return "nothing varies in this team, or too few periods";
	if (strcmp(verdict, "cannot_tell") != 0)
		return "against the agent's own past and the team's same periods";
	if (isnan(all->request.question.smallest_effect))
		return "the interval covers zero, and no smallest effect says what would be too little";
	return "the interval covers zero and changes worth having";
}

static void
put_change(const Changes *all, const CdAgentChange *c, ReturnSetInfo *result)
{
	const EffectQuestion *q = &all->request.question;
	const CdEffectRow *row = &all->request.series.rows[c->row];
	double		half = half_width(c->se, c->df, 0.95);
	double		cycles_half = half_width(c->cycles_se, c->df, 0.95);
	const PanelLevel *team = &all->request.series.team[row->team];
	const char *verdict = conclusion(q, team, c);
	CdRow		out = {0};

	cd_put(&out, all->request.unit[row->team], !all->request.unnamed[row->team]);
	cd_put_agent(&out, all->request.panels[row->team], row->agent);
	cd_put_date(&out, panel_series_date(&all->request.series, row->period), true);
	cd_put_number(&out, row->sessions);
	cd_put_count(&out, c->before);
	cd_put_count(&out, c->after);
	cd_put_number(&out, metric_value(q, team, c->observed));
	cd_put_number(&out, metric_value(q, team, c->observed - c->change));
	cd_put_number(&out, improvement(q, team, c->observed, c->change));
	cd_put_number(&out, improvement(q, team, c->observed, c->change - half));
	cd_put_number(&out, improvement(q, team, c->observed, c->change + half));
	cd_put_number(&out, 2 * gsl_cdf_tdist_Q(fabs(c->change) / c->se, c->df));
	cd_put_text(&out, verdict);
	cd_put_count(&out, c->cycles);
	cd_put_number(&out, improvement(q, team, c->observed, c->cycles_change));
	cd_put_number(&out, improvement(q, team, c->observed, c->cycles_change - cycles_half));
	cd_put_number(&out, improvement(q, team, c->observed, c->cycles_change + cycles_half));
	cd_put_text(&out, reason(all, c, verdict));
	cd_store_row(result, &out);
}

static void
find_changes(Changes *all)
{
	const EffectRequest *r = &all->request;
	CdArena		arena = {0};
	CdStatus	status;

	arena.size = cd_agent_change_size(r->series.count, r->count, r->series.periods);
	arena.base = palloc_extended(arena.size, MCXT_ALLOC_HUGE);
	all->change = palloc_extended(Max(r->series.count, 1) * sizeof(CdAgentChange), MCXT_ALLOC_HUGE);
	status = cd_agent_change(r->series.rows, r->series.count, r->count, r->question.options.horizon, &arena,
							 all->change, &all->count);
	if (status != CD_TOO_FEW)	/* no row at all: no session */
		cd_ereport_status(status, "agent_change");
	pfree(arena.base);
}

/* units, panels, higher_is_better, scale, smallest_effect, horizon */
Datum
cd_agent_change_panels(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Changes		all = {0};

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	all.request = effect_request(fcinfo);
	find_changes(&all);
	for (size_t i = 0; i < all.count; i++)
		put_change(&all, &all.change[i], result);
	return (Datum) 0;
}
