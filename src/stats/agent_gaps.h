/*
 * agent_gaps.h: what sets each agent of a team apart from the team mates, over the same blocks
 * of time, and how sure that is.
 */
#ifndef CD_AGENT_GAPS_H
#define CD_AGENT_GAPS_H

#include <stddef.h>
#include <stdint.h>

/* An agent's mean gap in a block of weeks; blocks count from 0. */
typedef struct CdAgentBlock
{
	int32_t		agent;
	int32_t		block;
	double		weight;			/* volume, above 0 */
	double		gap;
} CdAgentBlock;

/* NaN: not available. */
typedef struct CdAgentOwn
{
	double		own;			/* mean gap against the team's same blocks */
	double		weight;
	double		se;				/* NaN below CD_AGENT_OWN_DF degrees of freedom */
	int			blocks;
} CdAgentOwn;

#define CD_AGENT_OWN_DF 6

/*
 * out: one entry for each agent, 0 to agents - 1; mean: room for blocks numbers, twice.
 * block: at most one for each agent and number; changed in place (weights, and gaps centred).
 */
void		cd_agent_own_gaps(CdAgentBlock *block, size_t n, size_t agents, size_t blocks,
							  double *mean, CdAgentOwn *out);

#endif
