/*
 * survival.h: how long agents stay. Curves, the comparison of groups, and what goes with
 * leaving, from spells at risk (entry, time] that end in an event or in not being seen further.
 */
#ifndef CD_SURVIVAL_H
#define CD_SURVIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/arena.h"
#include "stats/status.h"

#define CD_COX_MAX 16			/* covariates */

/* At risk after entry, up to and at time. */
typedef struct CdSpell
{
	double		entry;			/* -INFINITY: from the start */
	double		time;
	bool		event;
	int32_t		group;			/* of the log-rank test; stratum of the Cox model */
	int32_t		cluster;		/* spells that go together, for robust standard errors; from 0 */
} CdSpell;

/* The curve from one time on, to the next. */
typedef struct CdSurvivalStep
{
	double		time;
	double		at_risk;
	double		events;
	double		censored;
	double		survival;
	double		se;				/* Greenwood (1926) */
	double		low;			/* interval by the logarithm of survival */
	double		high;
} CdSurvivalStep;

/*
 * Kaplan & Meier (1958). spell in order of time; out: a step for each distinct time, n at
 * most; entry: n doubles of scratch.
 */
CdStatus	cd_kaplan_meier(const CdSpell *spell, size_t n, double level, double *entry,
							CdSurvivalStep *out, size_t *steps);

/* Mantel (1966): observed and expected events of each group under equal hazards. */
typedef struct CdLogRank
{
	double		chi2;
	double		df;
	double		p;
} CdLogRank;

/*
 * spell in order of time, groups numbered from 0. observed, expected: groups doubles.
 * CD_TOO_FEW: no event, or fewer than two groups at risk at any.
 */
size_t		cd_log_rank_size(size_t n, size_t groups);
CdStatus	cd_log_rank(const CdSpell *spell, size_t n, size_t groups, CdArena *arena,
						double *observed, double *expected, CdLogRank *out);

typedef enum CdTies
{
	CD_TIES_EFRON,				/* Efron (1977) */
	CD_TIES_BRESLOW				/* Breslow (1974) */
} CdTies;

/* Cox (1972): coefficients are logarithms of hazard ratios. NaN: not available. */
typedef struct CdCox
{
	size_t		n;
	size_t		events;
	double		null_loglik;
	double		loglik;
	double		beta[CD_COX_MAX];
	double		se[CD_COX_MAX];
	double		robust_se[CD_COX_MAX];	/* by cluster (Lin & Wei 1989) */
	int			iterations;
} CdCox;

/*
 * spell in order of stratum, then time; x: p covariates for each. Several spells of one agent,
 * one after the other, make covariates that change over time. clusters: how many are numbered;
 * 0: no robust standard errors. CD_TOO_FEW: no event, or a covariate that does not vary among
 * those at risk (or is a combination of others). CD_NO_CONVERGENCE: no finite answer, as when
 * everyone who left had a covariate that nobody else had.
 */
size_t		cd_cox_size(size_t n, size_t events, size_t p, size_t clusters);
CdStatus	cd_cox(const CdSpell *spell, const double *x, size_t n, size_t p, CdTies ties,
				   size_t clusters, CdArena *arena, CdCox *out);

#endif
