/*
 * idle_coach.c: one step of Bayes' rule over coaches, who may be idle, and teams, where coaching may be able to work.
 * Likelihood ratios and odds are logarithms, above 0 where sessions work.
 */
#include <math.h>
#include <stdlib.h>

#include "stats/idle_coach.h"

/*
 * What a session moves, in smallest effects. Wider than in structural_probability.c, whose figures are fitted to
 * estimates of whole teams that have been drawn towards each other.
 */
#define IDLE_VARIANCE (0.15 * 0.15)
#define WORKS 0.8
#define WORKS_VARIANCE (0.4 * 0.4)

#define USUAL 0.1				/* of coaches are idle; the figures of structural_probability.c contain so many */
#define LEAST_CERTAIN 0.02
#define TAKEN_FOR_USUAL 10.0	/* coaches, beside those with several teams */

/* What a part tells. */
typedef struct Evidence
{
	size_t		team;
	int32_t		coach;
	double		sessions;
	double		can;			/* odds that coaching can work in the team, but for its coaches' estimates */
	double		estimate;		/* likelihood ratio of the estimate: from sessions that work, against idle ones */
	double		nothing;		/* of an estimate of 0 */
	double		here;			/* of the estimate: from a coach who is not idle, in this team */
} Evidence;

/* A coach in all teams. */
typedef struct Coach
{
	size_t		parts;
	double		everywhere;		/* sum of here */
} Coach;

/* Parts in an order of their own, so that the order of the input makes no difference to a sum. */
typedef struct Study
{
	Evidence   *part;
	size_t		parts;
	Coach	   *coach;
	size_t		coaches;
	double		usual;			/* share of coaches who are idle */
} Study;

/* ---- Bayes' rule ---------------------------------------------------------------------------- */

static double
likelihood_ratio(double effect, double se)
{
	double		idle = IDLE_VARIANCE + se * se;
	double		works = WORKS_VARIANCE + se * se;
	double		off = effect - WORKS;

	return 0.5 * (effect * effect / idle - off * off / works + log1p((IDLE_VARIANCE - WORKS_VARIANCE) / works));
}

/* The likelihood ratio where what it speaks for holds with a probability only. */
static double
if_probable(double probability, double ratio)
{
	return log1p(probability * expm1(ratio));
}

static double
probability_of(double odds)
{
	return 1.0 / (1.0 + exp(-odds));
}

/* Of a probability; not known: even. Nothing is certain. */
static double
odds_of(double probability)
{
	double		p = fmax(LEAST_CERTAIN, fmin(probability, 1.0 - LEAST_CERTAIN));

	return isnan(probability) ? 0.0 : log(p / (1.0 - p));
}

/* A coach of whom so much is known is idle. */
static double
probability_idle(double ratio)
{
	return 1.0 / (1.0 + (1.0 - USUAL) / USUAL * exp(ratio));
}

static double
beyond_usual(double idle)
{
	return fmax((idle - USUAL) / (1.0 - USUAL), 0.0);
}

/* ---- parts ---------------------------------------------------------------------------------- */

static int
compare_numbers(double a, double b)
{
	return isnan(a) || isnan(b) ? !isnan(b) - !isnan(a) : (a > b) - (a < b);
}

static int
compare_evidence(const void *a, const void *b)
{
	const Evidence *x = a;
	const Evidence *y = b;
	int			order = (x->team > y->team) - (x->team < y->team);

	if (order == 0)
		order = (x->coach > y->coach) - (x->coach < y->coach);
	if (order == 0)
		order = compare_numbers(x->estimate, y->estimate);
	if (order == 0)
		order = compare_numbers(x->nothing, y->nothing);
	return order != 0 ? order : compare_numbers(x->sessions, y->sessions);
}

static bool
is_known(const CdCoachPart *p)
{
	return isfinite(p->effect) && isfinite(p->se) && p->se > 0.0;
}

/* What each part tells by itself; an effect below 0, or above that of sessions that work, no more than one there. */
static void
gather(Study *s, const CdCoachPart *part, size_t n, const double *can_work, double smallest_effect)
{
	s->parts = 0;
	for (size_t i = 0; i < n; i++)
	{
		double		effect = fmin(fmax(part[i].effect / smallest_effect, 0.0), WORKS);
		double		se = part[i].se / smallest_effect;

		if (is_known(&part[i]))
			s->part[s->parts++] = (Evidence) {
				.team = part[i].team, .coach = part[i].coach, .sessions = part[i].sessions,
				.can = can_work == NULL ? 0.0 : odds_of(can_work[part[i].team]),
				.estimate = likelihood_ratio(effect, se), .nothing = likelihood_ratio(0.0, se)
			};
	}
	qsort(s->part, s->parts, sizeof(Evidence), compare_evidence);
}

/* One past the last part of the team that starts at a part. */
static size_t
end_of_team(const Study *s, size_t from)
{
	size_t		to = from;

	while (to < s->parts && s->part[to].team == s->part[from].team)
		to++;
	return to;
}

/* ---- coaches -------------------------------------------------------------------------------- */

/* Whether coaching can work in a team is known beforehand, and by what the others' sessions did there. */
static void
judge_in_team(Study *s, size_t from, size_t to)
{
	double		everybody = 0.0;

	for (size_t i = from; i < to; i++)
		everybody += if_probable(1.0 - USUAL, s->part[i].estimate);
	for (size_t i = from; i < to; i++)
	{
		Evidence   *e = &s->part[i];
		double		others = everybody - if_probable(1.0 - USUAL, e->estimate);

		e->here = if_probable(probability_of(e->can + others), e->estimate);
		s->coach[e->coach].everywhere += e->here;
		s->coach[e->coach].parts++;
	}
}

static void
judge_coaches(Study *s)
{
	for (size_t c = 0; c < s->coaches; c++)
		s->coach[c] = (Coach) {0, 0.0};
	for (size_t from = 0, to; from < s->parts; from = to)
	{
		to = end_of_team(s, from);
		judge_in_team(s, from, to);
	}
}

/* What coaches with several teams turn out to be. */
static double
usual_idle(const Study *s)
{
	double		idle = USUAL * TAKEN_FOR_USUAL;
	double		count = TAKEN_FOR_USUAL;

	for (size_t c = 0; c < s->coaches; c++)
	{
		if (s->coach[c].parts < 2)
			continue;
		idle += probability_idle(s->coach[c].everywhere);
		count++;
	}
	return idle / count;
}

/* By the coach's other teams alone. */
static double
idle_elsewhere(const Study *s, const Evidence *e)
{
	const Coach *c = &s->coach[e->coach];

	return c->parts < 2 ? s->usual : probability_idle(c->everywhere - e->here);
}

/* ---- teams ---------------------------------------------------------------------------------- */

/* What a team's sessions tell of coaching that can work: likelihood ratios where no coach is idle, or each may be. */
typedef struct Sessions
{
	double		none_idle;
	double		may_be_idle;
} Sessions;

static void
add_sessions(Sessions *sum, double ratio, double idle)
{
	sum->none_idle += ratio;
	sum->may_be_idle += idle > 0.0 ? if_probable(1.0 - idle, ratio) : ratio;
}

/* By how much likelier these coaches make them, as part of how much sessions that move nothing would tell. */
static double
explained(const Sessions *sum, const Sessions *nothing)
{
	if (!(sum->may_be_idle > sum->none_idle) || !(nothing->none_idle < 0.0))
		return 0.0;
	return fmin(exp(sum->may_be_idle) * expm1(sum->none_idle - sum->may_be_idle) / expm1(nothing->none_idle), 1.0);
}

/* Of sessions that all move nothing; more where another's move something, so that coaching can work here. */
static CdIdleCoach
judge_team(const Study *s, size_t from, size_t to)
{
	CdIdleCoach out = {NAN, 0.0};
	Sessions	seen = {0.0, 0.0};
	Sessions	nothing = {0.0, 0.0};

	for (size_t i = from; i < to; i++)
	{
		const Evidence *e = &s->part[i];
		double		idle = beyond_usual(idle_elsewhere(s, e));

		if (isfinite(e->sessions))
			out.told = isnan(out.told) ? e->sessions : out.told + e->sessions;
		add_sessions(&seen, e->estimate, idle);
		add_sessions(&nothing, e->nothing, idle);
	}
	out.probability = fmax(explained(&seen, &nothing), explained(&nothing, &nothing));
	return out;
}

size_t
cd_idle_coach_size(size_t parts, size_t coaches)
{
	return cd_arena_sum(cd_arena_bytes(parts, sizeof(Evidence)), cd_arena_bytes(coaches, sizeof(Coach)));
}

CdStatus
cd_idle_coach(const CdCoachPart *part, size_t n, size_t teams, size_t coaches, const double *can_work,
			  double smallest_effect, CdArena *arena, CdIdleCoach *out)
{
	Study		s = {.coaches = coaches};

	if (!(smallest_effect > 0.0))
		return CD_BAD_INPUT;
	s.part = cd_arena_take(arena, n, sizeof(Evidence));
	s.coach = cd_arena_take(arena, coaches, sizeof(Coach));
	if (s.part == NULL || s.coach == NULL)
		return CD_NOMEM;
	gather(&s, part, n, can_work, smallest_effect);
	judge_coaches(&s);
	s.usual = usual_idle(&s);
	for (size_t t = 0; t < teams; t++)
		out[t] = (CdIdleCoach) {NAN, NAN};
	for (size_t from = 0, to; from < s.parts; from = to)
	{
		to = end_of_team(&s, from);
		out[s.part[from].team] = judge_team(&s, from, to);
	}
	return CD_OK;
}
