/*
 * mix.h: what a contact type adds to a value, so that an agent's values can be freed of the
 * mix of types that came their way.
 */
#ifndef CD_MIX_H
#define CD_MIX_H

#include <stddef.h>
#include <stdint.h>

#include "stats/status.h"

/* One type's share in one unit, where a unit is an agent's period. Cells come sorted by unit. */
typedef struct CdMixCell
{
	int32_t		unit;
	int32_t		type;			/* from 0 */
	double		value;
	double		weight;			/* > 0 */
} CdMixCell;

/* Doubles of scratch that cd_mix_effects needs. */
#define CD_MIX_SCRATCH(types) ((size_t) (types) * (types) + (types))

/*
 * Weighted least squares of value on type within units, so that neither a good agent nor a
 * bad week is taken for a type. effect[types]: to be subtracted; their weighted mean is 0.
 * A type that never stands beside another one in a unit cannot be told from its units and
 * gets what the ridge leaves it, close to 0.
 */
CdStatus	cd_mix_effects(const CdMixCell *cells, size_t n, size_t types, double *scratch, double *effect);

#endif
