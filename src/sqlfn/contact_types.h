/*
 * contact_types.h
 *		Gaps by agent and contact type, from a panel.
 */
#ifndef SQLFN_CONTACT_TYPES_H
#define SQLFN_CONTACT_TYPES_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "panel/panel.h"
#include "stats/structural.h"

/* Contact types of a panel: a number from 0 for each label that is one, -1 for the others. */
typedef struct ContactTypes
{
	int		   *number;
	int32	   *label;
	uint32		count;
} ContactTypes;

/* Gaps by agent and contact type, and what their targets are; mix: what is usual for these types, on average. */
typedef struct TypeGaps
{
	CdTypeGap  *gaps;
	uint32		count;
	double		lowest;			/* of the targets; NaN: none */
	double		highest;
	double		volume;			/* behind all gaps, those of no type too */
	double		mix;
	double		mix_se;
} TypeGaps;

extern bool cell_has_gap(const PanelCell *cell);
extern ContactTypes contact_types_of(const Panel *p);

/*
 * Of a canonical panel. Metric units, positive is worse; of a log scale all at the mean target of the panel, for who is a
 * tenth too slow is not worse at the long ones.
 */
extern TypeGaps type_gaps_of(const Panel *p, const ContactTypes *types, bool higher_is_better, CdScale scale);

/* Less what is usual for the type, which is the team's by its mix; contacts of no type count as usual ones. */
extern void type_gaps_less_usual(TypeGaps *gaps, const Panel *p, const ContactTypes *types, const Jsonb *usual);

#endif							/* SQLFN_CONTACT_TYPES_H */
