/*
 * learning.h: how far new hires usually are from what they will settle at, over weeks of
 * tenure, so that a team is not taken for divided because some of it are new.
 */
#ifndef CD_LEARNING_H
#define CD_LEARNING_H

#include <stddef.h>
#include <stdint.h>

#include "stats/arena.h"
#include "stats/effect.h"

/* What tenure adds: quick exp(-weeks / 6) + slow exp(-weeks / 20). Both 0: no learning to be seen. */
typedef struct CdLearning
{
	double		quick;			/* in the values' unit; below 0 where new hires are worse */
	double		slow;
} CdLearning;

/*
 * Places of the periods in which anything was observed, from 0 on in their order; place: an entry for each period, -1 where
 * nothing was. Returns how many: one stray date lies centuries from the others, and its periods between cost nothing.
 */
size_t		cd_learning_places(const CdEffectRow *rows, size_t n, size_t periods, int32_t *place);

size_t		cd_learning_size(size_t n, size_t places);

/*
 * Rows as cd_effect takes them, values up to be better. Agents and the team's periods are
 * taken away (two-way fixed effects, weighted by volume), so that neither who stays nor a
 * season is learning; so are the sessions, one effect for all, for new hires are coached more. The curve is pulled towards none by its F over agents as clusters
 * (positive-part James-Stein): many teams show it as it is, one may show nothing.
 */
CdStatus	cd_learning(const CdEffectRow *rows, size_t n, const int32_t *place, size_t places, CdArena *arena, CdLearning *out);

/* 0 where tenure is not known (NaN). */
double		cd_learning_at(const CdLearning *learning, double tenure_weeks);

#endif
