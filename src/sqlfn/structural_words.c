/*
 * structural_words.c
 *		See structural_words.h.
 */
#include "sqlfn/structural_words.h"

#include <math.h>

#include "sqlfn/sqlfn.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#define SHOWN_TYPES 3
#define MATTERS 0.2				/* share of sessions that may be about other metrics, from which to say so in a step */
#define NOT_ASSESSED "not assessed: "

static const char *const test_names[] = {
	[CD_TEST_COACHING] = "coaching_without_effect",
	[CD_TEST_CONSISTENT] = "consistent_gap",
	[CD_TEST_TYPE] = "contact_type_or_step",
	[CD_TEST_DECIDE] = "decide_or_wait",
	[CD_TEST_EXPERIENCED] = "experienced_same_gap"
};

/* Whose answer is yes or no. */
static const char *const questions[] = {
	[CD_TEST_COACHING] = "Does coaching move it?",
	[CD_TEST_CONSISTENT] = "Do the agents share it?",
	[CD_TEST_TYPE] = "Is it some contact types, whoever handles them?",
	[CD_TEST_DECIDE] = "Can the agents only wait?",
	[CD_TEST_EXPERIENCED] = "Do experienced agents show it too?"
};

static const char *const state_names[] = {
	[CD_STATE_UNKNOWN] = "unknown",
	[CD_STATE_STRUCTURAL] = "structural",
	[CD_STATE_BEHAVIOURAL] = "behavioural"
};

static const char *const verdict_names[] = {
	[CD_VERDICT_CANNOT_TELL] = "cannot_tell",
	[CD_VERDICT_NO_GAP] = "no_gap",
	[CD_VERDICT_STRUCTURAL] = "structural",
	[CD_VERDICT_MIXED] = "mixed",
	[CD_VERDICT_BEHAVIOURAL] = "behavioural"
};

static const char *const verdicts_in_words[] = {
	[CD_VERDICT_CANNOT_TELL] = "Cannot tell",
	[CD_VERDICT_NO_GAP] = "No gap",
	[CD_VERDICT_STRUCTURAL] = "Structural",
	[CD_VERDICT_MIXED] = "Mixed",
	[CD_VERDICT_BEHAVIOURAL] = "Behavioural"
};

const char *
cd_test_name(CdTestKind test)
{
	return test_names[test];
}

const char *
cd_state_name(CdTestState state)
{
	return state_names[state];
}

const char *
cd_verdict_name(CdVerdict verdict)
{
	return verdict_names[verdict];
}

/* A figure of the metric, with the decimals that give the largest beside it three digits. */
static char *
figure(const CdStory *story, double x, double largest)
{
	double		times = story->scale == CD_SCALE_PROPORTION ? 100 : 1;
	double		size = fabs(times * largest);
	int			digits = size > 0 ? Max(0, 2 - (int) floor(log10(size))) : 0;
	double		unit = pow(10, -digits);

	return psprintf("%.*f", digits, rint(times * x / unit) * unit + 0.0);	/* never -0 */
}

/* What figures count; the unit of other metrics isn't known here. */
static const char *
points(const CdStory *story)
{
	return story->scale == CD_SCALE_PROPORTION ? " % points" : "";
}

/* A figure with its interval, where that is known. */
static char *
estimate(const CdStory *story, double x, double low, double high)
{
	double		largest = Max(fabs(x), Max(fabs(low), fabs(high)));

	if (!isfinite(low) || !isfinite(high))
		return psprintf("%s%s", figure(story, x, x), points(story));
	return psprintf("%s%s (%s to %s)", figure(story, x, largest), points(story), figure(story, low, largest),
					figure(story, high, largest));
}

/* What new hires, by what they usually lack, add to the gap. */
static double
learning_gap(const CdStory *story)
{
	return story->input->whole->mean_gap - story->input->mix - story->input->settled->mean_gap;
}

/* Settled: without new hires' usual learning, as it is held against the team. */
static char *
mean_gap(const CdStory *story, bool settled)
{
	const CdGapDispersion *d = settled ? story->input->settled : story->input->whole;
	double		away = settled ? 0 : story->input->mix;
	const char *mix = story->input->types < 2 ? NULL : "contact mix";
	const char *learning = !settled || learning_gap(story) == 0 ? NULL : "new hires' usual learning";

	return psprintf("a mean gap%s%s%s%s of %s", mix || learning ? " without " : "", mix ? mix : "",
					mix && learning ? " and " : "", learning ? learning : "",
					estimate(story, d->mean_gap - away, d->mean_low - away, d->mean_high - away));
}

/* The worst contact types, a few of them. */
static char *
worst_types(const CdStory *story)
{
	StringInfoData s;

	initStringInfo(&s);
	for (int i = 0; i < Min(story->n_worst, SHOWN_TYPES); i++)
		appendStringInfo(&s, "%s%s", i == 0 ? "" : ", ", story->worst[i]);
	if (story->n_worst > SHOWN_TYPES)
		appendStringInfo(&s, " and %d more", story->n_worst - SHOWN_TYPES);
	return s.data;
}

static const char *
of_worst_types(const CdStory *story)
{
	return story->n_worst > 0 ? psprintf(" of %s", worst_types(story)) : "";
}

/* Reasons that hold a number or a name; NULL: the reason has none. */
static char *
reason_with_figures(const CdStory *story, const CdTest *t)
{
	switch (t->reason)
	{
		case CD_REASON_FEW_CYCLES:
			return psprintf("%.0f sessions for %.0f agents are too few cycles to judge by", t->n,
							story->input->coaching.coached);
		case CD_REASON_MOVES:
			return psprintf("a session improves the metric by %s", estimate(story, t->estimate, t->low, t->high));
		case CD_REASON_MOVES_LITTLE:
			return psprintf("a session improves the metric by %s, less than is worth having",
							estimate(story, t->estimate, t->low, t->high));
		case CD_REASON_NO_SPREAD:
			return psprintf("spread between agents not available: %s", story->input->whole->method);
		case CD_REASON_FEW_AGENTS:
			return psprintf("only %.0f agents", t->n);
		case CD_REASON_ALIKE:
			return psprintf("agents differ by %.0f %% of the gap: nearly everybody is short", 100 * t->estimate);
		case CD_REASON_IN_TYPES:
			return psprintf("%.0f %% of the gap would go if %s were like the other contact types", 100 * t->estimate,
							worst_types(story));
		case CD_REASON_TYPES_DIFFER:
			return psprintf("%.0f %% of the gap would go if %s were like the other contact types, but agents differ there: some can",
							100 * t->estimate, worst_types(story));
		case CD_REASON_WAITS:
			return psprintf("%.0f %% of the gap lies where the agent can only wait", 100 * t->estimate);
		case CD_REASON_DECIDES:
			return psprintf("%.0f %% of the gap lies where the agent can only wait: the rest is the agent's to decide",
							100 * t->estimate);
		case CD_REASON_NO_EVENTS:
			return story->waiting_missing == NULL ? NULL : pstrdup(story->waiting_missing);
		case CD_REASON_FEW_EXPERIENCED:
			return psprintf("only %.0f agents with a year of tenure", t->n);
		default:
			return NULL;
	}
}

static const char *
plain_reason(CdReason reason)
{
	switch (reason)
	{
		case CD_REASON_NO_SESSION:
			return NOT_ASSESSED "no coaching session for this metric";
		case CD_REASON_NO_COMPARISON:
			return NOT_ASSESSED "nobody to compare the coached agents with, or too few periods";
		case CD_REASON_NO_SMALLEST_EFFECT:
			return NOT_ASSESSED "agents' periods don't vary, so that nothing says what would be too little";
		case CD_REASON_IDLE:
			return "several cycles of coaching, and a session moves the metric by less than is worth having";
		case CD_REASON_IDLE_COACH:
			return "a session moves the metric by less than is worth having, but so do those of the same coaches "
				"elsewhere: it may be the coaching";
		case CD_REASON_EFFECT_SMALL:
			return "a session improves the metric by less than is worth having; how much less isn't known";
		case CD_REASON_WEAK_CHOSEN:
			return "a session moves the metric by less than is worth having, unless the coaches know who is weak for good: "
				"then it may be more; ask them how they choose, or coach in turns";
		case CD_REASON_EFFECT_VAGUE:
			return "the effect of coaching is not known precisely enough";
		case CD_REASON_NOTHING_TO_EXPLAIN:
			return "no gap to explain";
		case CD_REASON_DIFFER:
			return "agents differ about as much as their gap is large: some reach the target under the same process";
		case CD_REASON_SPREAD_BORDER:
			return "agents are neither alike nor clearly different, measured by the gap";
		case CD_REASON_SPREAD_VAGUE:
			return "the spread between agents against the gap is not known precisely enough";
		case CD_REASON_ONE_TYPE:
			return NOT_ASSESSED "needs agent_metric.contact_type with at least two types";
		case CD_REASON_NO_GAP:
			return "no gap";
		case CD_REASON_ONE_TARGET:
			return NOT_ASSESSED "most contacts are of types that share one target, so a longer type is no evidence; "
				"needs agent_metric.target by contact type, or five teams to compare with";
		case CD_REASON_NOT_IN_TYPES:
			return "every contact type shows the gap alike: it does not follow the type";
		case CD_REASON_TYPES_VAGUE:
			return "the gaps of the contact types are not known precisely enough";
		case CD_REASON_NO_EVENTS:
			return NOT_ASSESSED "needs contact_event";
		case CD_REASON_WAITING_VAGUE:
			return "how much of the gap is waiting is not known precisely enough";
		case CD_REASON_NO_TENURE:
			return NOT_ASSESSED "needs agent.hired_on of most agents";
		case CD_REASON_ALL_NEW:
			return "nobody with a year of tenure: the gap of new agents could as well be learning";
		case CD_REASON_GAP_VAGUE:
			return "no gap that could be told from zero";
		case CD_REASON_EXPERIENCED_TOO:
			return "agents with a year of tenure show the gap too";
		case CD_REASON_EXPERIENCED_FINE:
			return "agents with a year of tenure don't show the gap";
		case CD_REASON_EXPERIENCED_VAGUE:
			return "the gap of agents with a year of tenure is not known precisely enough";
		default:
			elog(ERROR, "no words for reason %d", reason);
	}
}

/* As many of something. */
static char *
count_of(double n, const char *what)
{
	return psprintf("%.0f %s%s", n, what, n == 1 ? "" : "s");
}

/* How much more it would take at least to settle a test; NULL: not that way. */
static char *
what_settles(const CdTest *t)
{
	if (t->reason == CD_REASON_NO_SESSION)
		return NULL;			/* the next step says it, and reports group what is not assessed */
	if (!isnan(t->more_sessions))
		return t->reason == CD_REASON_IDLE_COACH
			? psprintf("it would take at least %s of another coach to tell", count_of(t->more_sessions, "session"))
			: psprintf("it would take at least %s to tell", count_of(t->more_sessions, "more session"));
	if (t->reason == CD_REASON_ALL_NEW || t->reason == CD_REASON_FEW_EXPERIENCED)
		return isnan(t->more_weeks) ? NULL : psprintf("three will have one in %s", count_of(t->more_weeks, "week"));
	if (!isnan(t->more_weeks))
		return psprintf("it would take at least %s to tell", count_of(t->more_weeks, "more week"));
	if (!isnan(t->more_agents))
		return psprintf("it would take at least %s to tell", count_of(t->more_agents, "more agent"));
	return NULL;
}

char *
cd_test_reason(const CdStory *story, CdTestKind test)
{
	const CdTest *t = &story->result->test[test];
	char	   *reason = reason_with_figures(story, t);
	char	   *settles = what_settles(t);

	if (reason == NULL)
		reason = pstrdup(plain_reason(t->reason));
	return settles == NULL ? reason : psprintf("%s; %s", reason, settles);
}

static char *
change_date(const CdStory *story)
{
	return cd_iso_date(story->changed_on);
}

static const char *
fell_or_grew(const CdShift *shift)
{
	return shift->after < shift->before ? "fell" : "grew";
}

static void
append_shift(StringInfo s, const CdStory *story, const CdShift *shift, int32 day)
{
	double		worse = Max(shift->before, shift->after);

	appendStringInfo(s, " The gap %s from %s to %s%s around %s", fell_or_grew(shift), figure(story, shift->before, worse),
					 figure(story, shift->after, worse), points(story), cd_iso_date(day));
}

/* Do new hires, by what they usually lack, make a gap of their own, of half a smallest effect at least? */
static bool
new_hires_count(const CdStory *story)
{
	double		gap = learning_gap(story);

	return gap > 0 && gap > 0.5 * story->input->smallest_effect;
}

static const char *
beyond_learning(const CdStory *story)
{
	return new_hires_count(story) ? " beyond what new hires usually lack" : "";
}

/* Did the gap fall slowly while sessions were given? */
static bool
closes_under_coaching(const CdStory *story)
{
	return story->result->fell && !story->result->changed && story->result->test[CD_TEST_COACHING].n > 0;
}

/* From the first quarter to the last. */
static char *
slow_fall(const CdStory *story)
{
	const CdLately *l = &story->input->lately;
	const CdLevel *q = &l->quarter;

	return psprintf("the gap%s fell%s, from %s%s in the first 13 weeks to %s in the last 13", beyond_learning(story),
					story->result->changed ? "" : " slowly", figure(story, l->first.mean, l->first.mean), points(story), estimate(story, q->mean, q->low, q->high));
}

/* What changed midway: the tests are of the time since, or figures over the whole time are of a mixture. */
static void
append_changes(StringInfo s, const CdStory *story)
{
	if (story->parted != NULL)
	{
		append_shift(s, story, story->parted, story->parted_on);
		appendStringInfo(s, ": the verdict and the tests are of the time since%s.",
						 story->result->test[CD_TEST_COACHING].n > 0 ? ", with what sessions did then in this team alone" : "");
	}
	if (story->result->changed)
	{
		append_shift(s, story, &story->input->shift, story->changed_on);
		appendStringInfoString(s, ", and the tests are of both times together: look at the time since.");
	}
	else if (story->result->fell && story->result->rule != CD_RULE_CLOSED)
		appendStringInfo(s, " Meanwhile %s.", slow_fall(story));
}

/* Does the team's mix of contacts add or hide half a smallest effect at least? */
static bool
mix_counts(const CdStory *story)
{
	return story->input->mix != 0 && fabs(story->input->mix) > 0.5 * story->input->smallest_effect;
}

static void
append_mix(StringInfo s, const CdStory *story)
{
	double		mix = story->input->mix;

	appendStringInfo(s, " The contact types that the team gets more of than others %s %s%s, in most teams, "
					 "which isn't %s the team.",
					 mix > 0 ? "add" : "take away", figure(story, fabs(mix), mix), points(story),
					 mix > 0 ? "held against" : "credited to");
}

static void
append_learning(StringInfo s, const CdStory *story)
{
	double		with = story->input->whole->mean_gap;
	double		without = with - learning_gap(story);
	double		largest = Max(fabs(with), fabs(without));

	appendStringInfo(s, " The mean gap is %s%s with what new hires usually lack, which isn't held against the team, "
					 "and %s without.",
					 figure(story, with, largest), points(story), figure(story, without, largest));
}

static void
append_other_metric(StringInfo s, const CdStory *story)
{
	appendStringInfo(s, " Sessions that name no metric may have been about others (%.0f %% of all), which is allowed for.",
					 100 * story->input->coaching.other_metric);
}

/* How the agents' true levels differ; in smallest effects, too: who share a large gap may still differ by many. */
static char *
levels_differ(const CdStory *story, bool alike)
{
	const CdGapDispersion *d = story->input->settled;
	char	   *by = estimate(story, d->between_sd, d->between_low, d->between_high);
	double		smallest = story->input->smallest_effect;
	double		usual = story->input->usual_spread;
	double		effects = d->between_sd / smallest;

	if (alike)
		return psprintf("agents' true levels differ by only %s, which speaks for one common cause", by);
	if (isfinite(effects))
		by = psprintf("%s, %.1f smallest effects", by, effects);
	if (cd_beyond_usual(d->between_sd, usual, smallest) < d->between_sd)
		by = psprintf("%s (%s in teams on target)", by, figure(story, usual, usual));
	return psprintf("agents' true levels differ by %s, which counts against one common cause", by);
}

static char *
evidence_in_words(const CdStory *story, CdEvidence which, bool structural)
{
	const CdStructuralInput *in = story->input;
	const CdCoachingEvidence *c = &in->coaching;

	switch (which)
	{
		case CD_EVIDENCE_SPREAD:
			return levels_differ(story, structural);
		case CD_EVIDENCE_TYPES:
			return cd_test_reason(story, CD_TEST_TYPE);
		case CD_EVIDENCE_COACHING:
			return psprintf(structural
							? "a session improves the metric by only %s, too little for a gap that coaching could close"
							: c->low > 0
							? "a session improves the metric by %s, which it hardly would if the process held all back"
							: "a session seems to improve the metric, by %s: not surely, but likelier where coaching can work",
							estimate(story, c->effect, c->low, c->high));
		default:
			return psprintf("%s%.0f %% of the gap lies where the agent can only wait", structural ? "" : "only ",
							100 * in->waiting.share);
	}
}

/* What p_structural rests on. */
static char *
deciding_evidence(const CdStory *story, bool structural)
{
	StringInfoData s;

	initStringInfo(&s);
	for (int e = 0; e < CD_EVIDENCES; e++)
		if (story->result->decided[e])
			appendStringInfo(&s, "%s%s", s.len == 0 ? "" : ", and ", evidence_in_words(story, e, structural));
	return s.len > 0 ? s.data : pstrdup("what is known says little, and most gaps are the agents'");
}

/* The gap since it grew, or of the last quarter or weeks: the largest. */
static char *
late_gap(const CdStory *story)
{
	const CdLately *l = &story->input->lately;
	bool		grew = story->result->changed && story->input->shift.after > story->input->shift.before;
	double		since = grew ? l->since : NAN;
	double		largest = fmax(fmax(since, l->quarter.mean), l->rise);
	char	   *gap = psprintf("the %s%s", figure(story, largest, largest), points(story));

	if (largest == since)
		return psprintf("%s since %s", gap, change_date(story));
	return psprintf("%s of the last %.0f weeks", gap, largest == l->rise ? l->rise_weeks : 13);
}

static const char *
structural_or_not(double p)
{
	return p > 0.5 ? "structural" : "behavioural";
}

/* The rule that decided, with its figures. */
static char *
what_decided(const CdStory *story)
{
	const CdStructural *r = story->result;
	const CdGapDispersion *d = story->input->settled;

	switch (r->rule)
	{
		case CD_RULE_NO_GAP:
			return psprintf("%s is surely not worth acting on", mean_gap(story, true));
		case CD_RULE_MIX:
			return psprintf("most of the gap comes of the contact types that the team gets; %s is not worth acting on",
							mean_gap(story, true));
		case CD_RULE_TYPES_AND_AGENTS:
			return psprintf("%s, and agents' true levels differ by %s beside it", cd_test_reason(story, CD_TEST_TYPE),
							estimate(story, d->between_sd, d->between_low, d->between_high));
		case CD_RULE_TYPES:
			return cd_test_reason(story, CD_TEST_TYPE);
		case CD_RULE_SIGNS:
			return psprintf("%.0f of the four signs of a structural gap are present", r->present);
		case CD_RULE_GREW:
			return psprintf("%s is not worth acting on, but %s is", mean_gap(story, true), late_gap(story));
		case CD_RULE_CLOSED:
			return psprintf("%s: not worth acting on any more", slow_fall(story));
		case CD_RULE_NONE_SHOWN:
			return psprintf("%s shows nothing worth acting on, and doesn't rule it out", mean_gap(story, false));
		case CD_RULE_STRUCTURAL:
		case CD_RULE_BEHAVIOURAL:
			return deciding_evidence(story, r->rule == CD_RULE_STRUCTURAL);
		case CD_RULE_GAP_VAGUE:
			return psprintf("it looks %s, but %s can't be told from zero", structural_or_not(r->p), mean_gap(story, false));
		case CD_RULE_UNTRIED:
			return psprintf("it looks %s, but what coaching would do here is not known",
							structural_or_not(r->p));
		default:
			return pstrdup(r->untold ? "most of the agents are new, so that it could be learning"
						   : "what is known speaks clearly neither for the process nor for the agents");
	}
}

/* A test as question and answer. */
static void
append_answer(StringInfo s, const CdStory *story, CdTestKind test)
{
	CdTestState state = story->result->test[test].state;
	const char *reason = cd_test_reason(story, test);

	if (state != CD_STATE_UNKNOWN)
		appendStringInfo(s, " %s %s: %s.", questions[test],
						 (state == CD_STATE_STRUCTURAL) == (test != CD_TEST_COACHING) ? "Yes" : "No", reason);
	else if (strncmp(reason, NOT_ASSESSED, strlen(NOT_ASSESSED)) == 0)
		appendStringInfo(s, " %s Not assessed: %s.", questions[test], reason + strlen(NOT_ASSESSED));
	else
		appendStringInfo(s, " %s Not known: %s.", questions[test], reason);
}

char *
cd_all_reasons(const CdStory *story)
{
	StringInfoData s;

	initStringInfo(&s);
	appendStringInfo(&s, "%s: %s.", verdicts_in_words[story->result->verdict], what_decided(story));
	append_changes(&s, story);
	if (mix_counts(story))
		append_mix(&s, story);
	if (new_hires_count(story))
		append_learning(&s, story);
	for (int i = 0; i < CD_TESTS; i++)
		append_answer(&s, story, i);
	if (story->input->coaching.other_metric > 0)
		append_other_metric(&s, story);
	return s.data;
}

/* The least of the weeks, or of the sessions, after which one of the unknown tests could tell; NaN: none. */
static double
least(const CdStory *story, bool sessions)
{
	double		result = NAN;

	for (int i = 0; i < CD_TESTS; i++)
	{
		const CdTest *t = &story->result->test[i];

		if (t->state == CD_STATE_UNKNOWN)
			result = fmin(result, sessions ? t->more_sessions : t->more_weeks);
	}
	return result;
}

/* Never coached, or by nobody who could: a few sessions tell more than waiting does, where they can tell. */
static void
append_trial(StringInfo s, const CdTest *coaching)
{
	double		each = coaching->more_sessions / coaching->more_agents;

	if (isnan(each))
		appendStringInfoString(s, "A few sessions would hardly tell: observe five to ten contacts, "
							   "and note where the agent decides and where the agent waits.");
	else
		appendStringInfo(s, "Coach a few, %s with %s each, leave the others as they are, and look again after %.0f weeks.",
						 count_of(coaching->more_agents, "agent"), count_of(each, "session"), Max(8, each + 4));
}

/* Coaching that does nothing, though the gap may be one that it could close. */
static void
append_idle(StringInfo s, const CdTest *coaching)
{
	if (coaching->reason == CD_REASON_IDLE_COACH)
		appendStringInfoString(s, "Let another coach try, or coach the coach: sessions do nothing here, "
							   "but those of the same coaches do nothing elsewhere either. ");
	else if (coaching->reason == CD_REASON_IDLE || coaching->reason == CD_REASON_EFFECT_SMALL)
		appendStringInfo(s, "Sessions %s here so far. See what those who are short share (a shift, a queue, a tool); if nothing, change how they are coached, or who does it. ",
						 coaching->high < 0 ? "make it worse" : "do nothing worth having");
}

/* Whom to coach on what, where coaching can close the gap. */
static void
append_whom(StringInfo s, const CdStory *story)
{
	const CdTest *coaching = &story->result->test[CD_TEST_COACHING];
	const char *on = story->n_worst > 0 ? psprintf(" on %s", worst_types(story)) : "";

	if (coaching->state == CD_STATE_BEHAVIOURAL)
		appendStringInfo(s, "Coaching %s here%s. ", coaching->low > 0 ? "works" : "seems to work",
						 coaching->reason == CD_REASON_MOVES_LITTLE ? ", though one session alone moves less than is worth having" : "");
	if (story->result->test[CD_TEST_CONSISTENT].state == CD_STATE_STRUCTURAL)
		appendStringInfo(s, "Coach the whole team%s: nearly everybody is short.", on);
	else
		appendStringInfo(s, "Coach the agents who are truly short%s%s; let those on target show how.",
						 *on ? "," : "", on);
}

/* Coached, and still nobody can tell. */
static void
append_waiting(StringInfo s, const CdStory *story)
{
	double		weeks = least(story, false);
	double		sessions = least(story, true);

	appendStringInfoString(s, "Don't act on this yet");
	if (isnan(weeks) && isnan(sessions))
	{
		appendStringInfoString(s, ". More of the same data would hardly tell: observe five to ten contacts, "
							   "and note where the agent decides and where the agent waits.");
		return;
	}
	appendStringInfoString(s, ": it would take at least ");
	if (!isnan(weeks))
		appendStringInfoString(s, count_of(weeks, "more week"));
	if (!isnan(sessions))
		appendStringInfo(s, "%s%s", isnan(weeks) ? "" : " or ", count_of(sessions, "more session"));
	appendStringInfoString(s, " to tell.");
}

/* The tests that more would settle; what can't be assessed stands in the reason, another coach is said already. */
static void
append_missing(StringInfo s, const CdStory *story)
{
	for (int i = 0; i < CD_TESTS; i++)
	{
		const CdTest *t = &story->result->test[i];

		if (t->state == CD_STATE_UNKNOWN && t->reason != CD_REASON_IDLE_COACH && what_settles(t) != NULL)
			append_answer(s, story, i);
	}
}

/* A gap that opened lately, which what is known of the whole time doesn't explain. */
static void
append_grew(StringInfo s, const CdStory *story)
{
	appendStringInfo(s, "The gap grew%s: over %s none is shown that is worth acting on, but %s is. "
					 "Before acting, look at these weeks, and at what changed.",
					 story->result->changed ? psprintf(" around %s", change_date(story))
					 : story->input->lately.quarter.mean >= story->input->lately.rise || isnan(story->input->lately.rise) ? " slowly" : " lately",
					 story->parted != NULL ? "that time" : "the whole time", late_gap(story));
}

/* What has grown, and is still no gap. */
static void
append_leave(StringInfo s, const CdStory *story)
{
	const CdShift *shift = &story->input->shift;

	appendStringInfo(s, "Leave it: no gap worth acting on%s%s. ",
					 story->result->rule == CD_RULE_CLOSED ? " any more" : "", beyond_learning(story));
	if (story->result->changed && shift->after > shift->before)
		appendStringInfo(s, "It grew around %s, though: watch it. ", change_date(story));
	else if (story->parted != NULL && story->parted->after > story->parted->before)
		appendStringInfoString(s, "It grew, though: watch it. ");
	appendStringInfoString(s, "Keep measuring.");
}

/* Neither a gap nor that there is none: nobody to coach. */
static void
append_none_shown(StringInfo s, const CdStory *story)
{
	appendStringInfo(s, "No gap worth acting on is shown: %s, and below zero is better than target. "
					 "Keep measuring, and look again ", mean_gap(story, false));
	if (isnan(story->result->more_weeks))
		appendStringInfoString(s, "in a quarter.");
	else
		appendStringInfo(s, "after at least %s.", count_of(story->result->more_weeks, "more week"));
}

/* What could tell, coaching untried or tried. */
static void
append_what_tells(StringInfo s, const CdStory *story)
{
	const CdTest *coaching = &story->result->test[CD_TEST_COACHING];

	if (coaching->reason == CD_REASON_IDLE_COACH)
		append_idle(s, coaching);
	if (coaching->reason == CD_REASON_NO_SESSION || coaching->reason == CD_REASON_IDLE_COACH)
		append_trial(s, coaching);
	else if (coaching->state == CD_STATE_BEHAVIOURAL)
		appendStringInfo(s, "Go on coaching, which moves the metric, and observe five to ten contacts%s: "
						 "note where the agent decides and where the agent waits.", of_worst_types(story));
	else
		append_waiting(s, story);
	append_missing(s, story);
}

/* What is to become of coaching that can't close the gap. */
static const char *
leave_coaching(const CdStory *story)
{
	const CdTest *coaching = &story->result->test[CD_TEST_COACHING];

	if (closes_under_coaching(story))
		return psprintf("Don't stop coaching this before you know what closes it: %s", slow_fall(story));
	if (coaching->n == 0)
		return "Don't start coaching this";
	if (coaching->state == CD_STATE_BEHAVIOURAL)
		return "Don't count on coaching for this, though it moves the metric";
	if (coaching->reason == CD_REASON_FEW_CYCLES)
		return "Hold back on coaching this: it looks like the process, and the sessions so far are too few to say whether they help";
	if (coaching->reason == CD_REASON_EFFECT_SMALL)
		return "Stop coaching this, which does nothing worth having";
	if (coaching->state == CD_STATE_UNKNOWN)
		return "Hold back on coaching this: it looks like the process, and whether sessions help isn't known";
	return coaching->low > 0 ? "Stop coaching this, though it moves the metric a little" : "Stop coaching this";
}

/* Nobody does worse at any type: the target doesn't fit. */
static void
append_mix_step(StringInfo s, const CdStory *story)
{
	appendStringInfo(s, "%s. The same contacts come out alike in most teams: give each contact type a target of "
					 "its own, share the contacts out evenly, or mend these types everywhere.",
					 leave_coaching(story));
}

/* Would it help to know which metric sessions were about? Not where there is nothing to coach, or coaching is seen to work. */
static bool
name_metrics(const CdStory *story)
{
	const CdStructural *r = story->result;

	return story->input->coaching.other_metric >= MATTERS && r->verdict != CD_VERDICT_NO_GAP && r->rule != CD_RULE_NONE_SHOWN
		&& r->test[CD_TEST_COACHING].state != CD_STATE_BEHAVIOURAL;
}

char *
cd_next_step(const CdStory *story)
{
	const CdStructural *r = story->result;
	const CdTest *coaching = &r->test[CD_TEST_COACHING];
	const char *which = of_worst_types(story);
	const CdShift *shift = &story->input->shift;
	StringInfoData s;

	initStringInfo(&s);
	if (story->parted != NULL)
		appendStringInfo(&s, "The gap %s around %s; this is of the time since then. ", fell_or_grew(story->parted),
						 cd_iso_date(story->parted_on));
	if (r->changed && (shift->after < shift->before || r->rule == CD_RULE_NONE_SHOWN))
		appendStringInfo(&s, "The gap %s around %s: before acting, look at the time since then. ", fell_or_grew(shift),
						 change_date(story));
	switch (r->verdict)
	{
		case CD_VERDICT_NO_GAP:
			append_leave(&s, story);
			break;
		case CD_VERDICT_STRUCTURAL:
			if (r->rule == CD_RULE_MIX)
			{
				append_mix_step(&s, story);
				break;
			}
			appendStringInfo(&s, "%s. Observe five to ten contacts%s and map where the agent waits.",
							 leave_coaching(story), which);
			break;
		case CD_VERDICT_MIXED:
			appendStringInfo(&s, "Observe five to ten contacts%s, where everybody is short; "
							 "coach only the agents who are short where others are not.", which);
			break;
		case CD_VERDICT_BEHAVIOURAL:
			if (closes_under_coaching(story))
				appendStringInfo(&s, "Coach on until the gap has closed: %s. ", slow_fall(story));
			append_idle(&s, coaching);
			append_whom(&s, story);
			break;
		default:
			if (r->rule == CD_RULE_GREW)
				append_grew(&s, story);
			else if (r->rule == CD_RULE_NONE_SHOWN)
				append_none_shown(&s, story);
			else
				append_what_tells(&s, story);
	}
	if (name_metrics(story))
		appendStringInfoString(&s, " Log with each session which metric it is about: some of these may have been about others.");
	return s.data;
}
