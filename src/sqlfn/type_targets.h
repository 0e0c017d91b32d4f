/*
 * type_targets.h
 *		Which contact types of a panel share a target.
 */
#ifndef SQLFN_TYPE_TARGETS_H
#define SQLFN_TYPE_TARGETS_H

#include "sqlfn/contact_types.h"

#define NO_SHARED_TARGET (-1)

/*
 * Of a canonical panel, by number of the type: the first of the types that share its target, which may be itself;
 * NO_SHARED_TARGET: it has one of its own. Targets are compared for one agent in one period, for they may change with
 * time and with tenure and still be the same for all types. A type that is alone has the target that there is.
 */
extern int *types_by_target(const Panel *p, const ContactTypes *types);

/* Are most contacts of types that share one target? */
extern bool most_share_target(const TypeGaps *gaps, const int *first, uint32 types);

#endif							/* SQLFN_TYPE_TARGETS_H */
