/*
 * effect_path.h: the effect period by period after a session, and what was seen before it.
 */
#ifndef CD_EFFECT_PATH_H
#define CD_EFFECT_PATH_H

#include "stats/effect_fit.h"

/* Bytes of arena beyond those of the effect itself. */
size_t		cd_effect_path_size(size_t rows);

/*
 * Paths of all teams, then the one of all together, from a work whose noise is fitted.
 * After cd_effect_fit_all. Changes work's design.
 */
CdStatus	cd_effect_path(CdEffectWork *work, double level,
						   CdArena *arena, CdEffectPath *out);

#endif
