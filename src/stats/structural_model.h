/*
 * structural_model.h: the parts of cd_structural: its tests, and the probability with what moved it. Thresholds
 * and coefficients were set on simulated centres, see doc/verdict.md and doc/validity.md.
 */
#ifndef CD_STRUCTURAL_MODEL_H
#define CD_STRUCTURAL_MODEL_H

#include "stats/structural.h"

#define CD_TEST_LEVEL 0.95
#define CD_FEWEST_SESSIONS 10.0	/* fewer tell nothing, whatever their interval says: most of it is other teams' */
#define CD_TEST_MAX_WEEKS 52.0	/* waiting longer is no advice */

/* A test before it is known. */
CdTest		cd_test_unknown(CdReason reason, double n);
void		cd_test_settle(CdTest *t, CdTestState state, CdReason reason);

/* About as many more of what there are n of now, were they to grow by a factor; NaN: none, or more than the limit. */
double		cd_more(double n, double growth, double limit);

/* Growth of the data that would narrow an interval's half from `half` to `enough`. */
double		cd_growth(double half, double enough);

/*
 * The same for the mean over agents, more weeks of the same agents: only noise shrinks, and
 * i_squared is the part of the variance that is not noise.
 */
double		cd_growth_of_weeks(double half, double enough, double i_squared);

/* The tests; margin: the smallest effect. type_share: part of the gap in types to blame, NaN: none are. */
CdTest		cd_coaching_test(const CdStructuralInput *in, double margin);
CdStatus	cd_consistent_test(const CdStructuralInput *in, double margin, double type_share, CdTest *out);
CdTest		cd_experienced_test(const CdStructuralInput *in);
CdTest		cd_decide_test(const CdWaitingEvidence *w);

/* Types are written to; beside: spread between agents on those that are not to blame, NaN: none are. */
CdStatus	cd_type_test(const CdStructuralInput *in, double margin, CdTypeSum *type, CdArena *arena, CdTest *out,
						 double *beside);
size_t		cd_type_test_size(size_t n_gaps, size_t types);

/* More likely than not these coaches' sessions would have moved nothing, whatever the gap. */
bool		cd_coach_may_be_why(const CdCoachingEvidence *c);

/* Sessions, those about other metrics included, of which CD_FEWEST_SESSIONS were about this one. */
double		cd_fewest_sessions(const CdCoachingEvidence *c);

/* Whether the gap opened or closed midway, by at least half of its larger level. */
bool		cd_changed_midway(const CdShift *shift, double margin);

/*
 * How likely an effect as estimated would be if coaching could do nothing, and if it could; both 1: nothing
 * is known. Where it could, an idle coach brings nothing all the same; sessions that work are nobody's idle ones.
 */
typedef struct CdEffectEvidence
{
	bool		known;
	double		idle;
	double		works;
} CdEffectEvidence;

/* What waiting says, as a logit: structural gaps mostly wait, where events are known, the others hardly ever. */
double		cd_waiting_score(const CdWaitingEvidence *w);

/* What is known of a gap, for the probability. */
typedef struct CdKnown
{
	CdSpread	spread;
	double		type_share;
	CdEffectEvidence effect;
	CdWaitingEvidence waiting;
	double		smallest_effect;
	bool		untold;			/* nobody has been there for long */
} CdKnown;

CdKnown		cd_what_is_known(const CdSpread *spread, double type_share, const CdCoachingEvidence *coaching,
							 double smallest_effect, const CdWaitingEvidence *waiting, bool untold);
double		cd_known_probability(const CdKnown *known);

/* The evidence that moved the score furthest in a direction, 1 or -1, and what moved it half as far at least. */
void		cd_what_decided(const CdKnown *known, double direction, bool *decided);

#define CD_STRUCTURAL_DOUBT 0.01	/* no probability is nearer to 0 or 1: none of the stories may be true */

#endif
