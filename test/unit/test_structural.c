/*
 * test_structural.c: the five tests, the verdict and its probability.
 */
#include "close.h"

#include "stats/structural.h"

#define TYPES_MAX 4
#define GAPS_MAX 64

static char memory[65536];

/* A team of ten that is short alike by 4, smallest effect 1, nothing else known. */
static CdGapDispersion
alike(void)
{
	CdGapDispersion d = {
		.agents = 10, .observations = 520, .mean_gap = 4, .mean_low = 3.5, .mean_high = 4.5, .within_sd = 2,
		.between_sd = 0.8, .between_low = 0.5, .between_high = 1.4, .between_variance = 0.64,
		.i_squared = 0.9, .share_short = 1, .share_low = 0.9, .share_high = 1, .f = 10, .method = "REML"
	};

	return d;
}

static CdStructuralInput
nothing_known(const CdGapDispersion *whole)
{
	return (CdStructuralInput) {
		.whole = whole, .settled = whole, .weeks_to_experience = NAN,
		.coaching = {NAN, NAN, NAN, 0, NAN, 0}, .waiting = {NAN, NAN, NAN},
		.smallest_effect = 1, .usual_spread = NAN, .weeks = 52, .period_weight = 1, .shift = {0, NAN, NAN, NAN, false}
	};
}

static CdStructural
ask(const CdStructuralInput *in)
{
	CdArena		arena = {memory, sizeof(memory), 0};
	CdStructural s;

	assert_true(cd_structural_size(in->n_gaps, in->types) <= sizeof(memory));
	assert_ok(cd_structural(in, &arena, &s));
	return s;
}

static CdTest
coached_by(double idle_coach, double effect, double low, double high, double sessions, double agents)
{
	CdGapDispersion whole = alike();
	CdStructuralInput in = nothing_known(&whole);

	in.coaching = (CdCoachingEvidence) {.effect = effect, .low = low, .high = high, .sessions = sessions, .coached = agents, .idle_coach = idle_coach};
	return ask(&in).test[CD_TEST_COACHING];
}

static CdTest
coached(double effect, double low, double high, double sessions)
{
	return coached_by(0, effect, low, high, sessions, 5);
}

/* Each side of each threshold. */
static void
coaching(void **state)
{
	(void) state;
	assert_int_equal(coached(0.1, -0.19, 0.39, 15).state, CD_STATE_STRUCTURAL);
	assert_int_equal(coached(0.14, -0.46, 0.74, 15).state, CD_STATE_STRUCTURAL);
	assert_int_equal(coached(0.14, -0.48, 0.76, 15).state, CD_STATE_UNKNOWN);
	assert_int_equal(coached(0.16, -0.42, 0.74, 15).state, CD_STATE_UNKNOWN);
	assert_int_equal(coached(0.26, 0.01, 0.51, 15).state, CD_STATE_BEHAVIOURAL);
	assert_int_equal(coached(0.41, -0.09, 0.91, 15).state, CD_STATE_BEHAVIOURAL);
	assert_int_equal(coached(0.41, -0.11, 0.93, 15).state, CD_STATE_UNKNOWN);
	assert_int_equal(coached(0.0, -0.1, 0.1, 14).reason, CD_REASON_FEW_CYCLES);
	assert_close(coached(0.0, -0.1, 0.1, 12).more_sessions, 3.0, 0.0);
	assert_int_equal(coached(0.6, 0.2, 1.0, 10).state, CD_STATE_BEHAVIOURAL);	/* what surely works needs no more cycles */
	assert_int_equal(coached(0.6, 0.2, 1.0, 9).reason, CD_REASON_FEW_CYCLES);	/* as it does elsewhere */
	assert_close(coached(0.14, -0.66, 0.94, 14).more_sessions, ceil(14.0 * (0.64 / (0.61 * 0.61) - 1.0)), 0.0);	/* not 1: as below */
	assert_true(isnan(coached(0.14, -4.0, 4.3, 14).more_sessions));
	assert_int_equal(coached(0.0, NAN, NAN, 15).reason, CD_REASON_NO_COMPARISON);
}

/* An effect that may be too low says idle only where that much more were idle, too. */
static void
weak_chosen(void **state)
{
	CdGapDispersion whole = alike();
	CdStructuralInput in = nothing_known(&whole);

	(void) state;
	in.coaching = (CdCoachingEvidence) {.effect = 0.1, .low = -0.4, .high = 0.6, .sessions = 15, .coached = 5, .shortfall = 0.14};
	assert_int_equal(ask(&in).test[CD_TEST_COACHING].state, CD_STATE_STRUCTURAL);
	in.coaching.shortfall = 0.16;
	assert_int_equal(ask(&in).test[CD_TEST_COACHING].reason, CD_REASON_EFFECT_SMALL);
	in.coaching.shortfall = 0.5;
	assert_int_equal(ask(&in).test[CD_TEST_COACHING].reason, CD_REASON_WEAK_CHOSEN);
	in.coaching.high = 1.4;
	assert_int_equal(ask(&in).test[CD_TEST_COACHING].reason, CD_REASON_EFFECT_VAGUE);
}

/* Three sessions each for two agents are six, which p_structural doesn't look at: nor does the test. */
static void
few_of_few(void **state)
{
	(void) state;
	assert_int_equal(coached_by(0, 1.2, 0.8, 1.6, 6, 2).reason, CD_REASON_FEW_CYCLES);
	assert_close(coached_by(0, 1.2, 0.8, 1.6, 6, 2).more_sessions, 4.0, 0.0);
	assert_int_equal(coached_by(0, 0.0, -0.1, 0.1, 9, 3).reason, CD_REASON_FEW_CYCLES);
	assert_int_equal(coached_by(0, 0.0, -0.1, 0.1, 10, 3).state, CD_STATE_STRUCTURAL);
}

/* 90 % of the interval below the smallest effect: what coaching_effect calls no effect isn't called unknown. */
static void
less_than_worth_having(void **state)
{
	(void) state;
	assert_int_equal(coached(0.3, -0.5, 1.1, 15).reason, CD_REASON_EFFECT_SMALL);
	assert_int_equal(coached(0.3, -0.5, 1.1, 15).state, CD_STATE_UNKNOWN);
	assert_int_equal(coached(0.3, -0.6, 1.2, 15).reason, CD_REASON_EFFECT_VAGUE);
	assert_int_equal(coached_by(0.6, 0.3, -0.5, 1.1, 15, 5).reason, CD_REASON_IDLE_COACH);
	assert_int_equal(coached_by(0.6, 0.3, -0.6, 1.2, 15, 5).reason, CD_REASON_EFFECT_VAGUE);
	assert_int_equal(coached(0.5, 0.01, 0.99, 15).reason, CD_REASON_MOVES_LITTLE);
	assert_int_equal(coached(0.7, 0.2, 1.2, 15).reason, CD_REASON_MOVES);
}

/* Half of the interval 0.8 at 0.14, where 0.61 would tell: (0.8 / 0.61)^2 = 1.72 times the 20 sessions. */
static void
sessions_that_settle(void **state)
{
	CdTest		t = coached(0.14, -0.66, 0.94, 20);

	(void) state;
	assert_int_equal(t.state, CD_STATE_UNKNOWN);
	assert_close(t.more_sessions, 15.0, 0.0);
	assert_nan(coached(0.39, -3.0, 3.78, 20).more_sessions);	/* far more than 12 for each of 5 agents */
}

/* Noise 2 in a period: (1.5 * 2 / 2 * 1.96 / 0.6)^2 = 24.01 sessions, 5 each for half of the team. */
static void
never_coached(void **state)
{
	CdGapDispersion whole = alike();
	CdStructuralInput in = nothing_known(&whole);
	CdStructural s = ask(&in);

	(void) state;
	assert_int_equal(s.verdict, CD_VERDICT_CANNOT_TELL);
	assert_between(s.p, 0.2, 0.8);
	assert_close(s.test[CD_TEST_COACHING].more_agents, 5.0, 0.0);
	assert_close(s.test[CD_TEST_COACHING].more_sessions, 25.0, 0.0);
	whole.within_sd = 0.1;
	s = ask(&in);
	assert_close(s.test[CD_TEST_COACHING].more_agents, 4.0, 0.0);	/* ten sessions, below which nothing is told */
	assert_close(s.test[CD_TEST_COACHING].more_sessions, 12.0, 0.0);
	whole.within_sd = 100;
	assert_nan(ask(&in).test[CD_TEST_COACHING].more_sessions);
}

static CdTest
consistent(CdGapDispersion whole)
{
	CdStructuralInput in = nothing_known(&whole);

	in.coaching.sessions = 1;
	return ask(&in).test[CD_TEST_CONSISTENT];
}

static void
consistent_gap(void **state)
{
	CdGapDispersion d = alike();
	CdTest		t = consistent(d);

	(void) state;
	assert_int_equal(t.state, CD_STATE_STRUCTURAL);
	assert_close(t.estimate, 0.2, 1e-15);
	assert_close(t.low, 0.125, 1e-15);
	/* 0.5 of a gap of 4, up to more than the gap: (2.2 / 2)^2 times the agents would tell, or, where the spread is noise, the weeks */
	d.between_sd = 2.0;
	d.between_high = 4.2;
	assert_int_equal(consistent(d).reason, CD_REASON_SPREAD_VAGUE);
	assert_close(consistent(d).more_agents, 3.0, 0.0);
	d.between_low = 0;
	assert_close(consistent(d).more_weeks, 11.0, 0.0);
	d.between_high = 3.9;
	assert_int_equal(consistent(d).state, CD_STATE_STRUCTURAL);
	d.between_sd = 3.1;
	d.between_low = 1.2;
	assert_int_equal(consistent(d).state, CD_STATE_BEHAVIOURAL);
	d.between_low = 0;
	assert_int_equal(consistent(d).reason, CD_REASON_SPREAD_VAGUE);
	d.between_sd = 2.6;
	assert_int_equal(consistent(d).reason, CD_REASON_SPREAD_BORDER);
	d.agents = 4;
	assert_int_equal(consistent(d).reason, CD_REASON_FEW_AGENTS);
	assert_close(consistent(d).more_agents, 1.0, 0.0);
	d.mean_high = 0.9;
	d.share_high = 0.4;
	assert_int_equal(consistent(d).reason, CD_REASON_NOTHING_TO_EXPLAIN);
	d.between_sd = NAN;
	assert_int_equal(consistent(d).reason, CD_REASON_NO_SPREAD);
}

/* The gap's interval must be 0.8 as wide; 0.36 of its variance stays: 0.64 / (0.64 - 0.36) = 2.29 times the weeks. */
static void
weeks_that_settle(void **state)
{
	CdGapDispersion d = alike();
	CdStructuralInput in = nothing_known(&d);
	CdTest		t;

	(void) state;
	d.mean_low = -1.0;
	d.mean_high = 9.0;
	d.i_squared = 0.36;
	in.weeks = 10;
	t = ask(&in).test[CD_TEST_CONSISTENT];
	assert_int_equal(t.reason, CD_REASON_SPREAD_VAGUE);
	assert_close(t.more_weeks, 13.0, 0.0);
	d.i_squared = 0.7;			/* weeks alone won't: 1.5625 times the agents */
	t = ask(&in).test[CD_TEST_CONSISTENT];
	assert_nan(t.more_weeks);
	assert_close(t.more_agents, 6.0, 0.0);
}

static CdTest
experienced(double gap, double low, double high, double agents)
{
	CdGapDispersion whole = alike();
	CdGapDispersion part = {.agents = agents, .mean_gap = gap, .mean_low = low, .mean_high = high};
	CdStructuralInput in = nothing_known(&whole);

	in.experienced = &part;
	in.tenure_known = true;
	return ask(&in).test[CD_TEST_EXPERIENCED];
}

static void
experienced_same_gap(void **state)
{
	CdGapDispersion whole = alike();
	CdStructuralInput in = nothing_known(&whole);

	(void) state;
	assert_int_equal(experienced(2.1, 0.1, 4.1, 3).state, CD_STATE_STRUCTURAL);
	assert_int_equal(experienced(2.1, -0.1, 4.3, 3).state, CD_STATE_UNKNOWN);
	assert_int_equal(experienced(0.9, -0.1, 1.9, 3).state, CD_STATE_BEHAVIOURAL);
	assert_int_equal(experienced(0.9, -0.3, 2.1, 3).state, CD_STATE_UNKNOWN);
	assert_int_equal(experienced(4, 3, 5, 2).reason, CD_REASON_FEW_EXPERIENCED);
	assert_int_equal(ask(&in).test[CD_TEST_EXPERIENCED].reason, CD_REASON_NO_TENURE);
	in.tenure_known = true;
	in.weeks_to_experience = 7;
	assert_int_equal(ask(&in).test[CD_TEST_EXPERIENCED].reason, CD_REASON_ALL_NEW);
	assert_close(ask(&in).test[CD_TEST_EXPERIENCED].more_weeks, 7.0, 0.0);
}

/* Agents alike and coaching idle: structural, unless all of them are new. */
static void
all_new(void **state)
{
	CdGapDispersion whole = alike();
	CdStructuralInput in = nothing_known(&whole);
	CdStructural s;

	(void) state;
	in.coaching = (CdCoachingEvidence) {.effect = 0.0, .low = -0.3, .high = 0.3, .sessions = 30, .coached = 5};
	assert_int_equal(ask(&in).verdict, CD_VERDICT_STRUCTURAL);
	in.tenure_known = true;
	in.new_share = 0.9;
	s = ask(&in);
	assert_true(s.untold);
	assert_int_equal(s.verdict, CD_VERDICT_CANNOT_TELL);
	assert_between(s.p, 0.2, 0.8);
}

/* Eight agents, types as deep as given; type 0 is where everybody is on target. */
static CdStructuralInput
type_input(double deep, double depth_noise, size_t k, CdTypeGap *gaps, CdGapDispersion *whole)
{
	CdStructuralInput in = nothing_known(whole);

	*whole = alike();
	whole->mean_gap = deep / (double) k;
	in.gaps = gaps;
	in.types = k;
	in.types_comparable = true;
	for (int a = 0; a < 8; a++)
		for (size_t t = 0; t < k; t++)
			gaps[in.n_gaps++] = (CdTypeGap) {a, (int) t, 10, 0.1 * a + (t + 1 == k ? deep + depth_noise * (a % 2 ? 1 : -1) : 0.0)};
	return in;
}

static CdStructural
types(double deep, double depth_noise, size_t k, CdTypeGap *gaps)
{
	CdGapDispersion whole;
	CdStructuralInput in = type_input(deep, depth_noise, k, gaps, &whole);

	return ask(&in);
}

/*
 * The last of two types stands 12 above the first in each agent: interval 12 -+ t(7) * sqrt(8 / 7 / 8),
 * and without it half of the volume would be 12 better, which is all of the mean gap of 6.
 */
static void
contact_type(void **state)
{
	CdTypeGap	gaps[GAPS_MAX];
	CdStructural s = types(12, 1, 2, gaps);
	CdTest	   *t = &s.test[CD_TEST_TYPE];

	(void) state;
	assert_int_equal(t->state, CD_STATE_STRUCTURAL);
	assert_close(t->estimate, 1.0, 1e-12);
	assert_true(s.type[1].to_blame);
	assert_false(s.type[0].to_blame);
	assert_close(s.type[1].apart, 12.0, 1e-12);
	assert_close(s.type[1].high - s.type[1].low, 2.0 * 2.364624251592785 * sqrt(1.0 / 7.0), 1e-9);
	assert_int_equal(s.verdict, CD_VERDICT_STRUCTURAL);

	s = types(0.1, 0.02, 3, gaps);
	assert_int_equal(s.test[CD_TEST_TYPE].state, CD_STATE_BEHAVIOURAL);
	s = types(12, 14, 2, gaps);
	assert_int_equal(s.test[CD_TEST_TYPE].reason, CD_REASON_TYPES_VAGUE);
	/* 12 -+ 12.5 is to stay above a third of the gap, 2: (12.5 / 10)^2 times the 52 weeks */
	assert_close(s.test[CD_TEST_TYPE].more_weeks, ceil(52 * (pow(14 * 2.364624251592785 / sqrt(7.0) / 10, 2) - 1)), 0.0);
	s = types(12, 30, 2, gaps);	/* 12 -+ 26.8: seven times */
	assert_nan(s.test[CD_TEST_TYPE].more_weeks);
}

/* What the type adds differs by 4.28 or 7.48, less noise, between agents, of 12: in the second case some can do it. */
static void
contact_type_for_some(void **state)
{
	CdTypeGap	gaps[GAPS_MAX];
	CdStructural s = types(12, 4, 2, gaps);
	CdGapDispersion whole;
	CdStructuralInput in;

	(void) state;
	assert_int_equal(s.test[CD_TEST_TYPE].reason, CD_REASON_IN_TYPES);
	s = types(12, 7, 2, gaps);
	assert_int_equal(s.test[CD_TEST_TYPE].reason, CD_REASON_TYPES_DIFFER);
	assert_int_equal(s.test[CD_TEST_TYPE].state, CD_STATE_BEHAVIOURAL);
	assert_close(s.test[CD_TEST_TYPE].estimate, 1.0, 1e-12);
	/* unless it changed midway: then they differ by when they were there */
	in = type_input(12, 7, 2, gaps, &whole);
	in.shift = (CdShift) {20, 8, 1, 30, true};
	assert_int_equal(ask(&in).test[CD_TEST_TYPE].reason, CD_REASON_IN_TYPES);
}

/* Share of teams of twelve agents whose types are all alike, but for noise, of which one is named. */
static double
named_by_chance(size_t k, uint64_t *seed)
{
	enum
	{
		RUNS = 400, AGENTS = 12, MOST = 20
	};
	CdTypeGap	gaps[AGENTS * MOST];
	int			named = 0;

	for (int r = 0; r < RUNS; r++)
	{
		CdGapDispersion whole = alike();
		CdStructuralInput in = nothing_known(&whole);
		CdStructural s;
		bool		any = false;

		in.gaps = gaps;
		in.types = k;
		in.types_comparable = true;
		in.smallest_effect = 0.05;
		for (int a = 0; a < AGENTS; a++)
			for (size_t t = 0; t < k; t++)
				gaps[in.n_gaps++] = (CdTypeGap) {a, (int) t, 10, 1 + 4 * normal(seed)};
		whole.mean_gap = 0;
		for (size_t i = 0; i < in.n_gaps; i++)
			whole.mean_gap += gaps[i].gap / (double) in.n_gaps;
		s = ask(&in);
		for (size_t t = 0; t < k; t++)
			any |= s.type[t].to_blame;
		named += any;
	}
	return named / (double) RUNS;
}

/* However many types there are: one in twenty, and 2.5 standard errors. */
static void
types_alike(void **state)
{
	const size_t number[] = {2, 5, 20};
	uint64_t	seed = 11;

	(void) state;
	for (int i = 0; i < 3; i++)
		assert_true(named_by_chance(number[i], &seed) < 0.05 + 2.5 * sqrt(0.05 * 0.95 / 400));
}

/* Three signs don't outvote coaching that is seen to move the metric, where p_structural leaves it open. */
static void
signs_against_coaching(void **state)
{
	CdTypeGap	gaps[GAPS_MAX];
	CdGapDispersion whole;
	CdStructuralInput in = type_input(12, 1, 2, gaps, &whole);
	int			open = 0;

	(void) state;
	in.experienced = &whole;
	for (double effect = 0.42; effect < 1; effect += 0.02)
	{
		CdStructural s;

		in.coaching = (CdCoachingEvidence) {.effect = effect, .low = effect - 0.5, .high = effect + 0.5, .sessions = 30, .coached = 5};
		s = ask(&in);
		if (s.p < 0.5 || s.p >= 0.75)
			continue;
		open++;
		assert_int_equal(s.test[CD_TEST_COACHING].state, CD_STATE_BEHAVIOURAL);
		assert_true(s.present == 3);
		assert_int_not_equal(s.rule, CD_RULE_SIGNS);
	}
	assert_true(open > 0);
}

/* Whether two types are bad or one that is both of them: neither hides the other, though they are most of the contacts. */
static void
several_contact_types(void **state)
{
	CdTypeGap	gaps[GAPS_MAX];
	CdGapDispersion whole;
	CdStructuralInput in = type_input(1.8, 0.01, 3, gaps, &whole);
	CdStructural s;

	(void) state;
	whole.mean_gap = 1.2;
	for (size_t i = 0; i < in.n_gaps; i++)
		gaps[i].gap = 0.1 * gaps[i].agent + (gaps[i].type > 0 ? 1.8 : 0.0);
	s = ask(&in);
	assert_int_equal(s.test[CD_TEST_TYPE].state, CD_STATE_STRUCTURAL);
	assert_true(s.type[1].to_blame && s.type[2].to_blame);
	assert_close(s.type[1].apart, 1.8, 1e-12);
	assert_close(s.test[CD_TEST_TYPE].estimate, 1.0, 1e-12);

	in = type_input(1.8, 0.0, 2, gaps, &whole);
	whole.mean_gap = 1.2;
	for (size_t i = 0; i < in.n_gaps; i++)
		gaps[i].weight = gaps[i].type > 0 ? 20 : 10;
	s = ask(&in);
	assert_int_equal(s.test[CD_TEST_TYPE].state, CD_STATE_STRUCTURAL);
	assert_close(s.type[1].apart, 1.8, 1e-12);
	assert_close(s.test[CD_TEST_TYPE].estimate, 1.0, 1e-12);
}

/* Everybody is short in one type: the process, unless coaching moves it; with agents who differ besides, both. */
static void
contact_type_and_coaching(void **state)
{
	CdTypeGap	gaps[GAPS_MAX];
	CdGapDispersion whole;
	CdStructuralInput in = type_input(8, 0.5, 2, gaps, &whole);
	double		untried = ask(&in).p;

	(void) state;
	in.coaching = (CdCoachingEvidence) {.effect = 0, .low = -0.3, .high = 0.3, .sessions = 30, .coached = 5};
	assert_int_equal(ask(&in).verdict, CD_VERDICT_STRUCTURAL);
	assert_true(ask(&in).p >= untried);
	in.coaching = (CdCoachingEvidence) {.effect = 0.9, .low = 0.6, .high = 1.2, .sessions = 30, .coached = 5};
	assert_int_equal(ask(&in).test[CD_TEST_TYPE].state, CD_STATE_STRUCTURAL);
	assert_int_equal(ask(&in).verdict, CD_VERDICT_BEHAVIOURAL);
	assert_true(ask(&in).p < 0.2);
	whole.between_sd = 3.0;
	whole.between_low = 1.5;
	whole.between_high = 6.0;
	in.coaching = (CdCoachingEvidence) {.effect = 0, .low = -0.3, .high = 0.3, .sessions = 30, .coached = 5};
	assert_close(ask(&in).beside, 0.0, 0.0);	/* 0.2 is less than the noise of an agent, 2 / sqrt(10) */
	assert_int_equal(ask(&in).verdict, CD_VERDICT_STRUCTURAL);	/* they differ in the type to blame alone */
	for (size_t i = 0; i < in.n_gaps; i++)
		gaps[i].gap += 1.1 * gaps[i].agent;
	assert_close(ask(&in).beside, sqrt(1.44 * 6.0 - 0.4), 1e-6);	/* variance of 1.2 times 0 to 7, less noise */
	assert_int_equal(ask(&in).verdict, CD_VERDICT_MIXED);
	in.coaching = (CdCoachingEvidence) {.effect = 0.9, .low = 0.6, .high = 1.2, .sessions = 30, .coached = 5};
	assert_int_equal(ask(&in).verdict, CD_VERDICT_MIXED);
	in.coaching = (CdCoachingEvidence) {.effect = 0.5, .low = -0.1, .high = 1.1, .sessions = 30, .coached = 5};
	assert_int_equal(ask(&in).verdict, CD_VERDICT_MIXED);
	in.new_share = 0.9;			/* all new: that agents differ is no evidence yet */
	assert_true(ask(&in).untold);
	assert_between(ask(&in).p, 0.5, 0.9);
	assert_int_not_equal(ask(&in).verdict, CD_VERDICT_MIXED);
}

/* An effect that coaching without effect could not show rules it out, however the agents differ. */
static void
large_effects_are_no_luck(void **state)
{
	CdSpread	shared = {0.1, 0.2, 3.0, NAN};
	CdWaitingEvidence unknown = {NAN, NAN, NAN};
	CdCoachingEvidence usual = {.effect = 0.8, .low = 0.3, .high = 1.3, .sessions = 30, .coached = 5};
	CdCoachingEvidence large = {.effect = 3.0, .low = 2.5, .high = 3.5, .sessions = 30, .coached = 5};
	CdCoachingEvidence vague = {.effect = 3.0, .low = -1.0, .high = 7.0, .sessions = 30, .coached = 5};
	double		p_usual = cd_structural_probability(&shared, 0.9, &usual, 1.0, &unknown, false);

	(void) state;
	assert_true(cd_structural_probability(&shared, 0.9, &large, 1.0, &unknown, false) < 0.5 * p_usual);
	assert_true(cd_structural_probability(&shared, 0.9, &vague, 1.0, &unknown, false) > p_usual);
}

/* A handful of sessions: what they seem to do is mostly what they do in other teams. */
static void
few_sessions_tell_nothing(void **state)
{
	CdGapDispersion whole = alike();
	CdStructuralInput in = nothing_known(&whole);
	double		untried = ask(&in).p;

	(void) state;
	in.coaching = (CdCoachingEvidence) {.effect = 0.6, .low = 0.2, .high = 1.0, .sessions = 9, .coached = 4};
	assert_close(ask(&in).p, untried, 0.0);
	assert_int_equal(ask(&in).verdict, CD_VERDICT_CANNOT_TELL);
	in.coaching.sessions = 10;
	assert_true(ask(&in).p < 0.1);
	assert_int_equal(ask(&in).verdict, CD_VERDICT_BEHAVIOURAL);
}

static void
contact_type_not_assessed(void **state)
{
	CdGapDispersion whole = alike();
	CdStructuralInput in = nothing_known(&whole);

	(void) state;
	in.types = 1;
	assert_int_equal(ask(&in).test[CD_TEST_TYPE].reason, CD_REASON_ONE_TYPE);
	in.types = 2;
	assert_int_equal(ask(&in).test[CD_TEST_TYPE].reason, CD_REASON_ONE_TARGET);
	in.types_comparable = true;	/* but nobody has a value in a type */
	assert_int_equal(ask(&in).test[CD_TEST_TYPE].reason, CD_REASON_TYPES_VAGUE);
	whole.mean_gap = 0;
	assert_int_equal(ask(&in).test[CD_TEST_TYPE].reason, CD_REASON_NO_GAP);
}

static void
decide_or_wait(void **state)
{
	CdGapDispersion whole = alike();
	CdStructuralInput in = nothing_known(&whole);

	(void) state;
	in.waiting = (CdWaitingEvidence) {0.7, 0.51, 0.9};
	assert_int_equal(ask(&in).test[CD_TEST_DECIDE].state, CD_STATE_STRUCTURAL);
	assert_close(ask(&in).present, 1.0, 0.0);	/* consistent_gap alone: this one isn't counted */
	in.waiting = (CdWaitingEvidence) {0.3, 0.1, 0.49};
	assert_int_equal(ask(&in).test[CD_TEST_DECIDE].state, CD_STATE_BEHAVIOURAL);
	in.waiting = (CdWaitingEvidence) {0.5, 0.3, 0.7};
	assert_int_equal(ask(&in).test[CD_TEST_DECIDE].state, CD_STATE_UNKNOWN);
}

static const CdWaitingEvidence no_events = {NAN, NAN, NAN};

static double
p(double spread, double type, double effect, double half, bool new_agents)
{
	const CdCoachingEvidence c = {.effect = effect, .low = effect - half, .high = effect + half, .sessions = 30, .coached = 5};
	const CdSpread s = {spread, 1.5 * spread, NAN, NAN};

	return cd_structural_probability(&s, type, &c, 1, &no_events, new_agents);
}

/* Of a team half as spread as its gap, where coaching does nothing. */
static double
p_waiting(double gap, double share, double low, double high)
{
	const CdCoachingEvidence c = {.effect = 0, .low = -0.3, .high = 0.3, .sessions = 30, .coached = 5};
	const CdSpread s = {0.5, 0.75, gap, NAN};
	const CdWaitingEvidence w = {share, low, high};

	return cd_structural_probability(&s, NAN, &c, 1, &w, false);
}

static double
in_doubt(double q)
{
	return 0.01 + 0.98 * q;
}

/* Bayes' rule worked out elsewhere with the same figures; missing evidence moves nothing; it is monotone. */
static void
probability(void **state)
{
	const CdSpread unknown = {NAN, NAN, NAN, NAN};

	(void) state;
	assert_close(p(NAN, NAN, NAN, NAN, false), in_doubt(0.378172733931), 1e-10);
	assert_close(cd_structural_probability(&unknown, NAN, &(CdCoachingEvidence) {.effect = 1, .low = 0, .high = 2, .sessions = 30, .coached = 5}, 0, &no_events, false),
				 in_doubt(0.378172733931), 1e-10);
	assert_close(p(0.1, NAN, NAN, NAN, false), in_doubt(0.607031984350), 1e-10);
	assert_close(p(0.5, NAN, 0, 0.3, false), in_doubt(0.992605768236), 1e-10);
	assert_close(p(1, NAN, 0.6, 0.3, false), in_doubt(0.000001757260), 1e-10);
	assert_close(p(0.5, 0.25, 0, 0.3, false), in_doubt(0.992605768236), 1e-10);
	assert_close(p(0.5, 0.25, 0.6, 0.3, false), in_doubt(0.002778000357), 1e-10);
	assert_close(p(0.5, 0.8, 0.6, 0.3, false), in_doubt(0.014635803000), 1e-10);
	assert_close(p(0.1, NAN, 0, 0.3, true), in_doubt(0.503988059566), 1e-10);
	assert_close(p_waiting(NAN, 0.7, 0.5, 0.9), in_doubt(0.999071183274), 1e-10);
	assert_close(p_waiting(NAN, 0.1, 0, 0.2), in_doubt(0.982874444926), 1e-10);
	assert_close(p_waiting(4, NAN, NAN, NAN), in_doubt(0.554357591654), 1e-10);
	assert_close(p_waiting(0.5, NAN, NAN, NAN), in_doubt(0.997803182337), 1e-10);
	for (double share = 0; share < 1; share += 0.05)
		assert_true(p_waiting(2, share + 0.05, share - 0.1, share + 0.2) >= p_waiting(2, share, share - 0.15, share + 0.15));
	for (double spread = 0; spread < 2; spread += 0.1)
		for (double type = 0; type < 1; type += 0.1)
			for (double effect = -1; effect < 2; effect += 0.1)
			{
				assert_true(p(spread + 0.1, type, effect, 0.3, false) <= p(spread, type, effect, 0.3, false) + 1e-12);
				assert_true(p(spread, type, effect + 0.1, 0.3, false) <= p(spread, type, effect, 0.3, false) + 1e-12);
				assert_true(p(spread, type + 0.1, effect, 0.3, false) >= p(spread, type, effect, 0.3, false) - 1e-12);
			}
}

static double
odds_of(double spread, double high, double gap)
{
	const CdSpread s = {spread, high, gap, NAN};

	return cd_works_odds(&s, 1);
}

/* Figures worked out elsewhere; the more they differ, and the larger the gap, the likelier coaching works. */
static void
works_odds(void **state)
{
	(void) state;
	assert_close(odds_of(0.1, 0.2, 4), 0.333467719061, 1e-10);
	assert_close(odds_of(0.5, 0.75, 4), 0.926840012792, 1e-10);
	assert_close(odds_of(1, 1.3, 4), 1.999943216857, 1e-10);
	assert_close(odds_of(1, 1.3, 0.5), 0.523734803281, 1e-10);
	assert_close(odds_of(1, 1.3, -3), 0.241723755361, 1e-10);
	assert_true(isnan(odds_of(1, 1.3, NAN)));
	assert_close(odds_of(NAN, NAN, 4), 1, 1e-15);
	assert_close(odds_of(NAN, NAN, 0), 0.3, 1e-15);
	for (double spread = 0.1; spread < 3; spread += 0.1)
		assert_true(odds_of(spread + 0.1, 1.3 * (spread + 0.1), 4) >= odds_of(spread, 1.3 * spread, 4) - 1e-12);
	for (double gap = -1; gap < 1; gap += 0.1)
		assert_true(odds_of(1, 1.3, gap + 0.1) >= odds_of(1, 1.3, gap));
}

/* A type to blame makes a gap that is small for the team: none below half a smallest effect, nor one that is all of its mix. */
static void
small_gap_of_a_type(void **state)
{
	CdTypeGap	gaps[GAPS_MAX];
	CdGapDispersion whole;
	CdStructuralInput in = type_input(2.4, 0.01, 4, gaps, &whole);

	(void) state;
	whole.mean_low = 0.3;
	whole.mean_high = 0.9;
	whole.between_sd = whole.between_low = 0;
	whole.between_high = 0.1;
	assert_close(whole.mean_gap, 0.6, 1e-15);
	assert_int_equal(ask(&in).rule, CD_RULE_TYPES);
	in.mix = 0.35;
	assert_int_equal(ask(&in).rule, CD_RULE_NO_GAP);
	in.mix = 0;
	whole.mean_gap = 0.45;
	assert_int_equal(ask(&in).test[CD_TEST_TYPE].state, CD_STATE_STRUCTURAL);
	assert_int_equal(ask(&in).rule, CD_RULE_NO_GAP);
	whole.mean_gap = 0.6;
	whole.mean_low = -0.1;
	assert_int_equal(ask(&in).rule, CD_RULE_NO_GAP);
}

/* A gap of the team's contact types is no gap of its agents; one that is surely there all the same is a matter of targets or routing. */
static void
contact_mix(void **state)
{
	CdGapDispersion whole = alike();
	CdGapDispersion settled = whole;
	CdStructuralInput in = nothing_known(&whole);
	CdStructural s;

	(void) state;
	in.settled = &settled;
	in.mix = whole.mean_gap - 0.1;
	settled.mean_gap = 0.1;
	settled.mean_low = 0;
	settled.mean_high = 0.2;
	s = ask(&in);
	assert_int_equal(s.rule, CD_RULE_MIX);
	assert_int_equal(s.verdict, CD_VERDICT_STRUCTURAL);
	assert_close(s.p, 0.99, 1e-15);
	whole.mean_low = 0.9;
	assert_int_equal(ask(&in).rule, CD_RULE_NO_GAP);	/* nor is it surely there */
	whole.mean_low = 1.1;
	in.mix = 0.4;										/* mostly learning */
	assert_int_not_equal(ask(&in).rule, CD_RULE_MIX);
	settled.mean_high = 1.1;							/* not all of it */
	in.mix = whole.mean_gap - 0.1;
	assert_int_equal(ask(&in).rule, CD_RULE_MIX);		/* but all of these agents' */
	settled.i_squared = 0;
	s = ask(&in);
	assert_int_equal(s.rule, CD_RULE_NONE_SHOWN);
	assert_int_equal(s.verdict, CD_VERDICT_CANNOT_TELL);
}

/* Of a team that differs by so much of a gap of 3, where coaching does nothing, and teams on target by so much. */
static double
p_usual(double spread, double usual)
{
	const CdCoachingEvidence c = {.effect = 0, .low = -0.3, .high = 0.3, .sessions = 30, .coached = 5};
	const CdSpread s = {spread, 1.3 * spread, 3.0, usual};

	return cd_structural_probability(&s, NAN, &c, 1, &no_events, false);
}

/* Agents who differ no more than those of teams on target are alike, however much that is; what is ordinary moves nothing. */
static void
usual_spread(void **state)
{
	CdGapDispersion d = alike();
	CdStructuralInput in = nothing_known(&d);

	(void) state;
	assert_close(p_usual(0.5, 1.5), p_usual(0.5, NAN), 0.0);
	assert_close(p_usual(0.5, 0.0), p_usual(0.5, NAN), 0.0);
	assert_close(p_usual(0.5, INFINITY), p_usual(0.5, NAN), 0.0);
	assert_nan(cd_beyond_usual(NAN, 3.0, 1.0));
	assert_close(cd_beyond_usual(5.0, hypot(3.0, 1.5), 1.0), 4.0, 1e-12);
	assert_close(cd_beyond_usual(5.0, hypot(3.0, 3.0), 2.0), 4.0, 1e-12);
	assert_close(cd_beyond_usual(1.0, 3.0, 1.0), 0.0, 0.0);
	assert_true(p_usual(0.9, NAN) < 0.1);
	assert_true(p_usual(0.9, 2.6) > 0.7);
	assert_true(p_usual(1.5, 2.5) < 0.2);
	for (double usual = 0.5; usual < 2.5; usual += 0.1)
		assert_true(p_usual(0.9, usual + 0.1) >= p_usual(0.9, usual));

	/* The verdict asks with it. */
	d.between_sd = 2.7;
	d.between_low = 2.0;
	d.between_high = 3.8;
	in.coaching = (CdCoachingEvidence) {.effect = 0, .low = -0.3, .high = 0.3, .sessions = 30, .coached = 5};
	assert_int_equal(ask(&in).verdict, CD_VERDICT_BEHAVIOURAL);
	in.usual_spread = 2.6;
	assert_int_equal(ask(&in).verdict, CD_VERDICT_STRUCTURAL);
}

/* The same, with coaches who move nothing anywhere with so much probability. */
static double
p_coach(double effect, double idle_coach)
{
	const CdCoachingEvidence c = {.effect = effect, .low = effect - 0.3, .high = effect + 0.3, .sessions = 30, .coached = 5, .idle_coach = idle_coach};
	const CdSpread s = {0.5, 0.75, NAN, NAN};

	return cd_structural_probability(&s, NAN, &c, 1, &no_events, false);
}

/* Idle sessions say the less for the process the likelier it is the coach; sessions that work say as much as ever. */
static void
idle_coach(void **state)
{
	CdGapDispersion whole = alike();
	CdStructuralInput in = nothing_known(&whole);
	CdStructural s;

	(void) state;
	assert_close(p_coach(0, 0.4), in_doubt(0.849555443012), 1e-10);
	assert_close(p_coach(0.6, 0.4), p_coach(0.6, 0), 0);
	assert_close(p_coach(0, 1), in_doubt(0.698547652997), 1e-10);
	for (double q = 0; q < 0.95; q += 0.05)
		assert_true(p_coach(0, q + 0.05) < p_coach(0, q));
	in.experienced = &whole;
	in.coaching = (CdCoachingEvidence) {.effect = 0, .low = -0.2, .high = 0.2, .sessions = 30, .coached = 5, .idle_coach = 0.49};
	s = ask(&in);
	assert_int_equal(s.test[CD_TEST_COACHING].state, CD_STATE_STRUCTURAL);
	assert_int_equal(s.verdict, CD_VERDICT_STRUCTURAL);
	in.coaching.idle_coach = 0.5;
	s = ask(&in);
	assert_int_equal(s.test[CD_TEST_COACHING].reason, CD_REASON_IDLE_COACH);
	assert_close(s.test[CD_TEST_COACHING].more_sessions, 25.0, 0.0);	/* as if never coached */
	assert_close(s.present, 2.0, 0.0);
	assert_int_equal(s.verdict, CD_VERDICT_CANNOT_TELL);
	in.coaching = (CdCoachingEvidence) {.effect = 1, .low = 0.7, .high = 1.3, .sessions = 30, .coached = 5, .idle_coach = 0.5};
	s = ask(&in);
	assert_int_equal(s.test[CD_TEST_COACHING].state, CD_STATE_BEHAVIOURAL);
	assert_true(s.p < 0.05);
	in.coaching = (CdCoachingEvidence) {.effect = 0, .low = -0.2, .high = 0.2, .sessions = 30, .coached = 5, .idle_coach = 0.95};
	whole.between_sd = 6;
	whole.between_low = 4;
	whole.between_high = 9;
	assert_int_equal(ask(&in).verdict, CD_VERDICT_BEHAVIOURAL);
}

static void
verdicts(void **state)
{
	CdTypeGap	gaps[GAPS_MAX];
	CdGapDispersion whole = alike();
	CdStructuralInput in = nothing_known(&whole);

	(void) state;
	in.coaching = (CdCoachingEvidence) {.effect = 1, .low = 0.7, .high = 1.3, .sessions = 30, .coached = 5};
	assert_int_equal(ask(&in).verdict, CD_VERDICT_BEHAVIOURAL);
	in.experienced = &whole;	/* two of four, and coaching moves it */
	assert_int_equal(ask(&in).verdict, CD_VERDICT_BEHAVIOURAL);
	in.coaching = (CdCoachingEvidence) {.effect = 0, .low = -0.2, .high = 0.2, .sessions = 30, .coached = 5};	/* three of four */
	assert_int_equal(ask(&in).verdict, CD_VERDICT_STRUCTURAL);
	assert_close(ask(&in).present, 3.0, 0.0);
	whole.mean_low = -0.5;
	whole.mean_high = 0.9;
	assert_int_equal(ask(&in).verdict, CD_VERDICT_NO_GAP);
	assert_nan(ask(&in).p);
	assert_int_equal(types(12, 1, 2, gaps).verdict, CD_VERDICT_STRUCTURAL);
}

static void
assert_decided(const CdStructural *s, bool spread, bool coaching, bool waiting)
{
	assert_int_equal(s->decided[CD_EVIDENCE_SPREAD], spread);
	assert_int_equal(s->decided[CD_EVIDENCE_TYPES], false);
	assert_int_equal(s->decided[CD_EVIDENCE_COACHING], coaching);
	assert_int_equal(s->decided[CD_EVIDENCE_WAITING], waiting);
}

/* A verdict names the rule that held and, where p decided, the evidence that moved it furthest. */
static void
what_decided(void **state)
{
	CdGapDispersion whole = alike();
	CdStructuralInput in = nothing_known(&whole);
	CdStructural s;

	(void) state;
	in.experienced = &whole;
	in.coaching = (CdCoachingEvidence) {.effect = 0, .low = -0.2, .high = 0.2, .sessions = 30, .coached = 5};
	assert_int_equal(ask(&in).rule, CD_RULE_SIGNS);
	in.experienced = NULL;
	s = ask(&in);
	assert_int_equal(s.rule, CD_RULE_STRUCTURAL);
	assert_decided(&s, true, true, false);	/* alike alone, or idle alone, would not have been enough */
	in.coaching = (CdCoachingEvidence) {.effect = 1, .low = 0.7, .high = 1.3, .sessions = 30, .coached = 5};
	s = ask(&in);
	assert_int_equal(s.rule, CD_RULE_BEHAVIOURAL);
	assert_decided(&s, false, true, false);
	in.coaching = nothing_known(&whole).coaching;
	in.waiting = (CdWaitingEvidence) {0.9, 0.7, 1};
	s = ask(&in);
	assert_int_equal(s.rule, CD_RULE_STRUCTURAL);
	assert_decided(&s, false, false, true);
	in.coaching = (CdCoachingEvidence) {.effect = 0.2, .low = -9, .high = 9, .sessions = 30, .coached = 5};	/* tried, and nothing learnt */
	in.waiting = no_events;
	whole.between_sd = whole.between_low = whole.between_high = NAN;
	s = ask(&in);
	assert_int_equal(s.rule, CD_RULE_OPEN);
	assert_decided(&s, false, false, false);
	whole = alike();
	in = nothing_known(&whole);
	assert_int_equal(ask(&in).rule, CD_RULE_OPEN);
	whole.mean_low = -0.5;
	whole.mean_high = 8.5;
	in.coaching = (CdCoachingEvidence) {.effect = 0, .low = -0.2, .high = 0.2, .sessions = 30, .coached = 5};
	assert_int_equal(ask(&in).rule, CD_RULE_GAP_VAGUE);
}

/* Agents who share a large gap, and yet differ by several smallest effects: the only test that is known is wrong. */
static void
decided_against_the_tests(void **state)
{
	CdGapDispersion whole = alike();
	CdStructuralInput in = nothing_known(&whole);
	CdStructural s;

	(void) state;
	whole.mean_gap = 5;
	whole.between_sd = 3.4;
	whole.between_low = 2.4;
	whole.between_high = 6;
	in.experienced = &whole;
	s = ask(&in);
	assert_int_equal(s.test[CD_TEST_CONSISTENT].state, CD_STATE_UNKNOWN);
	assert_int_equal(s.test[CD_TEST_EXPERIENCED].state, CD_STATE_STRUCTURAL);
	assert_int_equal(s.rule, CD_RULE_BEHAVIOURAL);
	assert_decided(&s, true, false, false);
}

/* Neither a gap nor that there is none, and the weeks until the interval ends below the margin. */
static void
none_shown(void **state)
{
	CdGapDispersion whole = alike();
	CdGapDispersion settled = alike();
	CdStructuralInput in = nothing_known(&whole);

	(void) state;
	whole.mean_gap = -1;
	whole.mean_low = -5.0;
	whole.mean_high = 2.9;
	whole.i_squared = 0.5;
	assert_int_equal(ask(&in).rule, CD_RULE_NONE_SHOWN);
	assert_int_equal(ask(&in).verdict, CD_VERDICT_CANNOT_TELL);
	assert_between(ask(&in).p, 0.01, 0.99);
	assert_close(ask(&in).more_weeks, 47.0, 0.0);	/* 52 (0.5 * 15.21 / 4 - 1) */
	in.weeks = 60;
	assert_nan(ask(&in).more_weeks);
	in.weeks = 10;
	assert_close(ask(&in).more_weeks, 10.0, 0.0);
	whole.mean_gap = -0.5;		/* with new hires' usual learning */
	settled.mean_gap = 0.6;
	settled.mean_high = 1.1;
	settled.i_squared = 0.2;
	in.settled = &settled;
	assert_close(ask(&in).more_weeks, 9.0, 0.0);	/* of agents such as these: 10 ((1 - 0.2) / (0.16 / 0.25 - 0.2) - 1) */
	in.settled = &whole;
	whole.mean_high = NAN;
	assert_nan(ask(&in).more_weeks);
	whole.mean_high = 0.9;
	assert_int_equal(ask(&in).rule, CD_RULE_NO_GAP);
}

/* Eight agents who truly differ are these eight: three quarters of the variance are no doubt about their own mean. */
static void
these_agents(void **state)
{
	CdGapDispersion whole = alike();
	CdStructuralInput in = nothing_known(&whole);

	(void) state;
	whole.mean_gap = 0.4;
	whole.mean_low = -0.7;
	whole.mean_high = 1.5;
	whole.i_squared = 0.75;
	whole.between_sd = 3;
	whole.between_low = 2;
	whole.between_high = 6;
	assert_int_equal(ask(&in).rule, CD_RULE_NO_GAP);
	in.mix_se = 0.5;			/* that is no doubt about the agents: sqrt((1.21 - 0.96) / 4 + 0.96) */
	assert_int_equal(ask(&in).rule, CD_RULE_NONE_SHOWN);
	in.mix_se = 0;
	whole.mean_high = 1.7;
	assert_int_equal(ask(&in).rule, CD_RULE_NONE_SHOWN);
	whole.mean_gap = 0.55;		/* some may lack a skill: agents such as these are asked */
	whole.mean_low = -0.55;
	whole.mean_high = 1.35;
	assert_int_equal(ask(&in).rule, CD_RULE_GAP_VAGUE);
	whole.mean_low = -0.5;		/* half of 1.05 is below 0.55 */
	assert_int_equal(ask(&in).rule, CD_RULE_BEHAVIOURAL);
	in.mix = 0.04;
	assert_int_equal(ask(&in).rule, CD_RULE_GAP_VAGUE);
}

static const CdLevel unknown = {NAN, NAN, NAN};

/* No gap over the whole time, and one by now: opened at once, or slowly. */
static void
grew_lately(void **state)
{
	CdGapDispersion whole = alike();
	CdStructuralInput in = nothing_known(&whole);
	CdStructural s;

	(void) state;
	whole.mean_gap = 0.2;
	whole.mean_low = -0.2;
	whole.mean_high = 0.6;
	in.shift = (CdShift) {40, -0.6, 2, 30, true};
	in.lately = (CdLately) {.since = 2, .quarter = unknown, .first = unknown, .rise = NAN};
	s = ask(&in);
	assert_int_equal(s.rule, CD_RULE_GREW);
	assert_int_equal(s.verdict, CD_VERDICT_CANNOT_TELL);
	assert_between(s.p, 0.01, 0.99);
	in.lately.since = 0.9;		/* less what is usual */
	assert_int_equal(ask(&in).rule, CD_RULE_NO_GAP);
	in.lately.since = 2;
	in.shift.clear = false;
	assert_int_equal(ask(&in).rule, CD_RULE_NO_GAP);
	in.shift = (CdShift) {10, 2, -0.6, 30, true};
	assert_int_equal(ask(&in).rule, CD_RULE_NO_GAP);
	in.lately = (CdLately) {.since = NAN, .quarter = {1.1, 0.6, 1.6}, .first = unknown, .rise = NAN};
	assert_int_equal(ask(&in).rule, CD_RULE_GREW);
	whole.i_squared = 0;
	whole.mean_high = 1.2;		/* nor is that none is shown the answer */
	assert_int_equal(ask(&in).rule, CD_RULE_GREW);
	in.lately.quarter.low = 0.4;
	assert_int_equal(ask(&in).rule, CD_RULE_NONE_SHOWN);
	in.lately = (CdLately) {.since = NAN, .quarter = {0.9, 0.8, 1.0}, .first = unknown, .rise = NAN};
	whole.mean_high = 0.6;
	assert_int_equal(ask(&in).rule, CD_RULE_NO_GAP);
	in.lately.rise = 1.1;		/* of a few weeks only */
	assert_int_equal(ask(&in).rule, CD_RULE_GREW);
	in.lately.rise = 0.9;
	assert_int_equal(ask(&in).rule, CD_RULE_NO_GAP);
}

/* A gap over the whole time that fell slowly: gone by now, or going while sessions are given. */
static void
fell_slowly(void **state)
{
	CdGapDispersion whole = alike();
	CdStructuralInput in = nothing_known(&whole);

	(void) state;
	in.lately = (CdLately) {.since = NAN, .first = {3, 2, 4}, .quarter = {0.5, 0.1, 0.9}, .rise = NAN};
	assert_int_equal(ask(&in).rule, CD_RULE_CLOSED);
	assert_int_equal(ask(&in).verdict, CD_VERDICT_NO_GAP);
	in.lately.quarter.high = 1.1;	/* perhaps not gone */
	assert_int_not_equal(ask(&in).rule, CD_RULE_CLOSED);
	in.lately = (CdLately) {.since = NAN, .first = {1.4, 1, 1.8}, .quarter = {0.5, 0.1, 0.9}, .rise = NAN};	/* hardly fell */
	assert_int_not_equal(ask(&in).rule, CD_RULE_CLOSED);

	in.lately = (CdLately) {.since = NAN, .first = {3, 2, 4}, .quarter = {0.5, 0.1, 0.9}, .rise = NAN};
	whole.between_sd = 6;		/* some are still short */
	whole.between_low = 5;
	whole.between_high = 7;
	assert_int_equal(ask(&in).test[CD_TEST_CONSISTENT].state, CD_STATE_BEHAVIOURAL);
	assert_true(ask(&in).fell);
	assert_int_not_equal(ask(&in).rule, CD_RULE_CLOSED);
	whole = alike();
	assert_int_equal(ask(&in).rule, CD_RULE_CLOSED);
	in.coaching = (CdCoachingEvidence) {.effect = 2, .low = 1.8, .high = 2.2, .own = 2, .own_se = 0.1, .sessions = 100, .coached = 10};
	assert_int_equal(ask(&in).rule, CD_RULE_BEHAVIOURAL);	/* coaching keeps it small */

	in.lately = (CdLately) {.since = NAN, .first = {6, 5.2, 6.8}, .quarter = {4.9, 4.3, 5.5}, .rise = NAN};
	assert_true(ask(&in).fell);	/* by 1.1 +- 1 */
	in.lately.first.low = 5.0;	/* not surely */
	assert_false(ask(&in).fell);
	in.lately.first = (CdLevel) {5.8, 5.7, 5.9};	/* hardly */
	assert_false(ask(&in).fell);
}

/* Half of the gap gone midway is a change; a third isn't, nor one that isn't clear. */
static void
changed(void **state)
{
	CdGapDispersion whole = alike();
	CdStructuralInput in = nothing_known(&whole);

	(void) state;
	in.shift = (CdShift) {20, 8, 1, 30, true};
	assert_true(ask(&in).changed);
	in.shift = (CdShift) {20, 1, 8, 30, true};
	assert_true(ask(&in).changed);
	in.shift = (CdShift) {20, 8, 5, 30, true};
	assert_false(ask(&in).changed);
	in.shift = (CdShift) {20, 8, 1, 10, false};
	assert_false(ask(&in).changed);
	in.shift = (CdShift) {20, -5, 0.5, 30, true};
	assert_false(ask(&in).changed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(coaching),
		cmocka_unit_test(weak_chosen),
		cmocka_unit_test(few_of_few),
		cmocka_unit_test(less_than_worth_having),
		cmocka_unit_test(sessions_that_settle),
		cmocka_unit_test(never_coached),
		cmocka_unit_test(consistent_gap),
		cmocka_unit_test(weeks_that_settle),
		cmocka_unit_test(experienced_same_gap),
		cmocka_unit_test(all_new),
		cmocka_unit_test(contact_type),
		cmocka_unit_test(contact_type_for_some),
		cmocka_unit_test(types_alike),
		cmocka_unit_test(several_contact_types),
		cmocka_unit_test(contact_type_and_coaching),
		cmocka_unit_test(large_effects_are_no_luck),
		cmocka_unit_test(few_sessions_tell_nothing),
		cmocka_unit_test(contact_type_not_assessed),
		cmocka_unit_test(decide_or_wait),
		cmocka_unit_test(probability),
		cmocka_unit_test(works_odds),
		cmocka_unit_test(small_gap_of_a_type),
		cmocka_unit_test(contact_mix),
		cmocka_unit_test(signs_against_coaching),
		cmocka_unit_test(usual_spread),
		cmocka_unit_test(idle_coach),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(what_decided),
		cmocka_unit_test(decided_against_the_tests),
		cmocka_unit_test(none_shown),
		cmocka_unit_test(these_agents),
		cmocka_unit_test(grew_lately),
		cmocka_unit_test(fell_slowly),
		cmocka_unit_test(changed),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
