/*
 * structural_words.h
 *		The tests and the verdict in plain words.
 */
#ifndef SQLFN_STRUCTURAL_WORDS_H
#define SQLFN_STRUCTURAL_WORDS_H

#include "postgres.h"

#include "stats/structural.h"

/* What the words are about. */
typedef struct CdStory
{
	const CdStructuralInput *input;
	const CdStructural *result;
	CdScale		scale;
	char	  **worst;			/* contact types to blame, worst first */
	int			n_worst;
	int32		changed_on;		/* date, where the gap changed midway */
	const CdShift *parted;		/* the change since which the tests are; NULL: they are of all */
	int32		parted_on;		/* its date */
	const char *waiting_missing;	/* why waiting isn't known; NULL: not said */
} CdStory;

extern const char *cd_test_name(CdTestKind test);
extern const char *cd_state_name(CdTestState state);
extern const char *cd_verdict_name(CdVerdict verdict);

/* Why a test has its state, and about how much more would settle it. */
extern char *cd_test_reason(const CdStory *story, CdTestKind test);

/* What decided, whether the gap changed midway, and every test as question and answer, on one line. */
extern char *cd_all_reasons(const CdStory *story);

extern char *cd_next_step(const CdStory *story);

#endif							/* SQLFN_STRUCTURAL_WORDS_H */
