/*
 * structural_tests.c: the tests of a structural gap but that of contact types, and what would settle an unknown one.
 */
#include <math.h>

#include "stats/solve.h"
#include "stats/structural_model.h"

#define MAX_SESSIONS 12.0		/* for one agent */
#define MAX_GROWTH 2.0			/* of a team */
#define ALIKE 0.6				/* spread over gap: below, everybody is short */
#define SURELY_LESS 1.0			/* upper end of it, for everybody to be short */
#define DIFFERENT 0.75			/* above, some reach the target */
#define COACH_MAY_BE_WHY 0.5	/* probability of idle coaches from which idle sessions are no sign */
#define ROUNDING 1e-9			/* of a share such as two thirds */
#define HALF_OF_90 (1.645 / 1.96)	/* of the half of a 95 % interval: that of 90 %, by which coaching_effect says no_effect */

CdTest
cd_test_unknown(CdReason reason, double n)
{
	return (CdTest) {CD_STATE_UNKNOWN, reason, NAN, NAN, NAN, n, NAN, NAN, NAN};
}

void
cd_test_settle(CdTest *t, CdTestState state, CdReason reason)
{
	t->state = state;
	t->reason = reason;
}

double
cd_more(double n, double growth, double limit)
{
	double		missing = ceil(n * (growth - 1.0));

	return growth > 1.0 && missing <= limit ? fmax(missing, 1.0) : NAN;
}

double
cd_growth(double half, double enough)
{
	return enough > 0.0 ? half * half / (enough * enough) : NAN;
}

double
cd_growth_of_weeks(double half, double enough, double i_squared)
{
	double		left = enough * enough / (half * half) - i_squared;

	return enough > 0.0 && left > 0.0 ? (1.0 - i_squared) / left : NAN;
}

/* Weeks, or else agents, until the half of a mean's interval is `enough`. */
static void
narrow_mean(CdTest *t, const CdGapDispersion *d, double enough, double weeks)
{
	double		half = d->mean_gap - d->mean_low;

	t->more_weeks = cd_more(weeks, cd_growth_of_weeks(half, enough, d->i_squared), CD_TEST_MAX_WEEKS);
	if (isnan(t->more_weeks))
		t->more_agents = cd_more(d->agents, cd_growth(half, enough), (MAX_GROWTH - 1.0) * d->agents);
}

/* Growth of the weeks at which a spread as estimated would show (F of agents, upper 2.5 %). */
static CdStatus
growth_to_show_spread(const CdGapDispersion *d, double *factor)
{
	double		limit;
	CdStatus	status;

	*factor = NAN;
	if (!(d->f > 1.0) || d->observations <= d->agents)
		return CD_OK;
	status = cd_f_quantile(0.5 * (1.0 + CD_TEST_LEVEL), d->agents - 1.0, d->observations - d->agents, &limit);
	if (status == CD_OK)
		*factor = (limit - 1.0) / (d->f - 1.0);
	return status;
}

/* Until the upper end of a small spread is less than the gap: weeks where it is mostly noise, else agents. */
static void
narrow_spread(CdTest *t, const CdGapDispersion *d, double weeks)
{
	double		growth = cd_growth(t->high - t->estimate, SURELY_LESS - t->estimate);

	if (d->between_low > 0.0)
		t->more_agents = cd_more(d->agents, growth, (MAX_GROWTH - 1.0) * d->agents);
	else
		t->more_weeks = cd_more(weeks, growth, CD_TEST_MAX_WEEKS);
}

/* Why the spread is not known well enough, and what would help. */
static CdStatus
spread_not_known(CdTest *t, const CdGapDispersion *d, double enough_spread, double weeks)
{
	double		factor = NAN;
	CdStatus	status = CD_OK;

	t->reason = CD_REASON_SPREAD_VAGUE;
	if (t->estimate < ALIKE && d->mean_low > 0.0)
		narrow_spread(t, d, weeks);
	else if (t->estimate < ALIKE)
		narrow_mean(t, d, d->mean_gap, weeks);
	else if (d->between_low > 0.0 || !(d->between_sd > enough_spread))
		t->reason = CD_REASON_SPREAD_BORDER;
	else
	{
		status = growth_to_show_spread(d, &factor);
		t->more_weeks = cd_more(weeks, factor, CD_TEST_MAX_WEEKS);
	}
	return status;
}

CdStatus
cd_consistent_test(const CdStructuralInput *in, double margin, double type_share, CdTest *out)
{
	const CdGapDispersion *d = in->settled;
	double		gap = fmax(d->mean_gap, margin);
	double		left_over = d->mean_gap * (1.0 - (isnan(type_share) ? 0.0 : type_share));
	double		own = left_over > margin ? left_over : gap;
	double		unit = gap == 0.0 ? NAN : gap;
	double		enough_spread = fmax(margin, DIFFERENT * own);
	CdTest		t = cd_test_unknown(CD_REASON_NO_SPREAD, d->agents);

	t.estimate = d->between_sd / unit;
	t.low = d->between_low / unit;
	t.high = d->between_high / unit;
	*out = t;
	if (isnan(d->mean_low) || isnan(d->between_sd))
		return CD_OK;
	if (d->mean_high <= margin && in->whole->share_high < 0.5)
		out->reason = CD_REASON_NOTHING_TO_EXPLAIN;
	else if (d->agents < 5.0)
	{
		out->reason = CD_REASON_FEW_AGENTS;
		out->more_agents = 5.0 - d->agents;
	}
	else if (d->between_low > 0.0 && d->between_sd > enough_spread)
		cd_test_settle(out, CD_STATE_BEHAVIOURAL, CD_REASON_DIFFER);
	else if (d->mean_low > 0.0 && t.estimate < ALIKE && t.high < SURELY_LESS)
		cd_test_settle(out, CD_STATE_STRUCTURAL, CD_REASON_ALIKE);
	else
		return spread_not_known(out, d, enough_spread, in->weeks);
	return CD_OK;
}

/* Half of the interval at which an effect as estimated would count as nothing, whoever was chosen, or as something. */
static double
telling_half(double effect, double shortfall, double unit)
{
	double		idle = (effect < 0.15 * unit ? 0.75 : 0.4) * unit - effect - shortfall;
	double		moves = effect > 0.4 * unit ? effect + 0.1 * unit : effect > 0.25 * unit ? effect : 0.0;

	return fmax(idle, moves);
}

/*
 * Sessions that would show whether one is worth having: the half of the interval of the mean over
 * four periods is to be 0.6 of the smallest effect. On simulated teams its standard error comes to
 * 1.46 to 1.52 times the noise of four periods' mean over the root of the sessions. At least as many
 * as tell anything at all.
 */
static void
sessions_to_begin_with(CdTest *t, const CdStructuralInput *in, double unit)
{
	double		noise = in->whole->within_sd * in->whole->within_sd / in->period_weight;
	double		enough = 0.6 * unit / 1.96 / 1.5;
	double		sessions = fmax(CD_FEWEST_SESSIONS, ceil(noise / 4.0 / (enough * enough)));
	double		half_of_team = floor(in->whole->agents / 2.0);

	if (!(sessions <= MAX_SESSIONS * half_of_team))
		return;
	t->more_agents = fmin(half_of_team, ceil(sessions / 3.0));
	t->more_sessions = t->more_agents * ceil(sessions / t->more_agents);
}

double
cd_fewest_sessions(const CdCoachingEvidence *c)
{
	return (1.0 - ROUNDING) * CD_FEWEST_SESSIONS / (1.0 - c->other_metric);
}

/* Three for each agent, and no fewer than p_structural looks at, lest the two contradict each other. */
static double
cycles_to_judge_by(const CdCoachingEvidence *c)
{
	return fmax(3.0 * c->coached, cd_fewest_sessions(c));
}

bool
cd_coach_may_be_why(const CdCoachingEvidence *c)
{
	return c->idle_coach >= COACH_MAY_BE_WHY;
}

/* Surely less than is worth having: coaching_effect then says the same, or that coaching harms or moves it by less. */
static bool
too_little(const CdCoachingEvidence *c, double shortfall, double unit)
{
	return c->effect + HALF_OF_90 * (c->high - c->effect) + shortfall < unit;
}

/* Hardly anything, also if those who were coached are as weak for good as they look. */
static bool
is_idle(const CdCoachingEvidence *c, double unit)
{
	double		high = c->high + c->shortfall;

	return high < 0.4 * unit || (c->effect < 0.15 * unit && high < 0.75 * unit);
}

/* Sessions that move too little say that of the process, unless those who give them move nothing elsewhere either. */
static void
settle_idle(CdTest *t, const CdStructuralInput *in, double unit, CdTestState state, CdReason reason)
{
	if (!cd_coach_may_be_why(&in->coaching))
	{
		cd_test_settle(t, state, reason);
		return;
	}
	t->reason = CD_REASON_IDLE_COACH;
	sessions_to_begin_with(t, in, unit);
}

CdTest
cd_coaching_test(const CdStructuralInput *in, double unit)
{
	const CdCoachingEvidence *c = &in->coaching;
	CdTest		t = cd_test_unknown(CD_REASON_NO_SESSION, 0.0);
	double		cycles = cycles_to_judge_by(c);
	bool		enough = c->sessions >= cycles;
	bool		told = c->sessions >= cd_fewest_sessions(c);
	double		growth = cd_growth((c->high - c->low) / 2.0, telling_half(c->effect, c->shortfall, unit));
	double		precise = cd_more(c->sessions, growth, MAX_SESSIONS * c->coached);

	t.estimate = c->effect;
	t.low = c->low;
	t.high = c->high;
	if (!(c->sessions > 0.0))
	{
		sessions_to_begin_with(&t, in, unit);
		return t;
	}
	t.n = c->sessions;
	if (isnan(c->low))
		t.reason = CD_REASON_NO_COMPARISON;
	else if (!(unit > 0.0))
		t.reason = CD_REASON_NO_SMALLEST_EFFECT;
	else if ((told && c->low > 0.0 && c->effect > 0.25 * unit) || (enough && c->effect > 0.4 * unit && c->low > -0.1 * unit))
		cd_test_settle(&t, CD_STATE_BEHAVIOURAL, too_little(c, c->shortfall, unit) ? CD_REASON_MOVES_LITTLE : CD_REASON_MOVES);
	else if (!enough)
	{
		t.reason = CD_REASON_FEW_CYCLES;
		t.more_sessions = growth > 1.0 && isnan(precise) ? NAN : fmax(ceil(cycles - c->sessions), precise);
		t.more_agents = isnan(t.more_sessions) ? NAN : c->coached;
	}
	else if (is_idle(c, unit))
		settle_idle(&t, in, unit, CD_STATE_STRUCTURAL, CD_REASON_IDLE);
	else
	{
		t.reason = too_little(c, 0.0, unit) ? CD_REASON_WEAK_CHOSEN : CD_REASON_EFFECT_VAGUE;
		t.more_sessions = precise;
		if (too_little(c, c->shortfall, unit))
			settle_idle(&t, in, unit, CD_STATE_UNKNOWN, CD_REASON_EFFECT_SMALL);
	}
	return t;
}

CdTest
cd_experienced_test(const CdStructuralInput *in)
{
	const CdGapDispersion *d = in->experienced;
	double		bar = (in->whole->mean_gap - in->mix) / 2.0;
	CdTest		t = cd_test_unknown(in->tenure_known ? CD_REASON_ALL_NEW : CD_REASON_NO_TENURE, 0.0);

	if (d != NULL && d->agents > 0.0)
	{
		t.estimate = d->mean_gap;
		t.low = d->mean_low;
		t.high = d->mean_high;
		t.n = d->agents;
		t.reason = CD_REASON_FEW_EXPERIENCED;
	}
	if (t.n < 3.0)
		t.more_weeks = in->tenure_known && in->weeks_to_experience <= CD_TEST_MAX_WEEKS ? in->weeks_to_experience : NAN;
	else if (!(in->whole->mean_low - in->mix > 0.0) || isnan(t.low))
		t.reason = CD_REASON_GAP_VAGUE;
	else if (t.estimate > bar && t.low > 0.0)
		cd_test_settle(&t, CD_STATE_STRUCTURAL, CD_REASON_EXPERIENCED_TOO);
	else if (t.high < bar)
		cd_test_settle(&t, CD_STATE_BEHAVIOURAL, CD_REASON_EXPERIENCED_FINE);
	else
	{
		t.reason = CD_REASON_EXPERIENCED_VAGUE;
		narrow_mean(&t, d, t.estimate > bar ? t.estimate : bar - t.estimate, in->weeks);
	}
	return t;
}

CdTest
cd_decide_test(const CdWaitingEvidence *w)
{
	CdTest		t = cd_test_unknown(CD_REASON_NO_EVENTS, NAN);

	t.estimate = w->share;
	t.low = w->low;
	t.high = w->high;
	if (isnan(w->low) || isnan(w->high))
		return t;
	t.reason = CD_REASON_WAITING_VAGUE;
	if (w->low > 0.5)
		cd_test_settle(&t, CD_STATE_STRUCTURAL, CD_REASON_WAITS);
	else if (w->high < 0.5)
		cd_test_settle(&t, CD_STATE_BEHAVIOURAL, CD_REASON_DECIDES);
	return t;
}

bool
cd_changed_midway(const CdShift *shift, double margin)
{
	double		worse = fmax(shift->before, shift->after);
	double		better = fmin(shift->before, shift->after);

	return shift->clear && worse > margin && worse - better > fmax(margin, worse / 2.0);
}
