/*
 * agent_gaps.c: see agent_gaps.h.
 *
 * Agents and blocks are two crossed fixed effects, blocks by their weighted means. The noise is
 * that of an agent's blocks around the agent's own mean, pooled over the team, so that spells
 * of bad luck of a few weeks count as noise and not as evidence.
 */
#include <math.h>

#include "stats/agent_gaps.h"

/* About half of what moves an agent's block is not a matter of volume. */
static void
damp_weights(CdAgentBlock *block, size_t n)
{
	double		mean = 0.0;

	for (size_t i = 0; i < n; i++)
		mean += (block[i].weight - mean) / (double) (i + 1);
	for (size_t i = 0; i < n; i++)
		block[i].weight = 2.0 / (1.0 + mean / block[i].weight);
}

/* Takes away what the team had in common; returns in how many blocks anybody was. */
static size_t
centre(CdAgentBlock *block, size_t n, size_t blocks, double *mean)
{
	double	   *weight = mean + blocks;
	size_t		seen = 0;

	for (size_t b = 0; b < 2 * blocks; b++)
		mean[b] = 0.0;
	for (size_t i = 0; i < n; i++)
	{
		seen += weight[block[i].block] == 0.0;
		weight[block[i].block] += block[i].weight;
		mean[block[i].block] += block[i].weight * block[i].gap;
	}
	for (size_t i = 0; i < n; i++)
		block[i].gap -= mean[block[i].block] / weight[block[i].block];
	return seen;
}

/* Means of agents; returns of how many. */
static size_t
own_means(const CdAgentBlock *block, size_t n, size_t agents, CdAgentOwn *out)
{
	size_t		seen = 0;

	for (size_t a = 0; a < agents; a++)
		out[a] = (CdAgentOwn) {.own = NAN, .se = NAN};
	for (size_t i = 0; i < n; i++)
	{
		CdAgentOwn *own = &out[block[i].agent];

		seen += own->blocks == 0;
		own->own = own->blocks++ == 0 ? 0.0 : own->own;
		own->weight += block[i].weight;
		own->own += block[i].weight * block[i].gap;
	}
	for (size_t a = 0; a < agents; a++)
		out[a].own /= out[a].weight;
	return seen;
}

void
cd_agent_own_gaps(CdAgentBlock *block, size_t n, size_t agents, size_t blocks, double *mean, CdAgentOwn *out)
{
	double		square = 0.0;
	double		df = (double) n + 1.0;

	damp_weights(block, n);
	df -= (double) centre(block, n, blocks, mean);
	df -= (double) own_means(block, n, agents, out);
	for (size_t i = 0; i < n; i++)
	{
		double		e = block[i].gap - out[block[i].agent].own;

		square += block[i].weight * e * e;
	}
	if (df < CD_AGENT_OWN_DF || !(square > 0.0))
		return;
	for (size_t a = 0; a < agents; a++)
		if (out[a].blocks > 0)
			out[a].se = sqrt(square / (df - 2.0) / out[a].weight);
}
