/*
 * intervention_lines.c: means of periods, freed of who was there.
 */
#include <math.h>
#include <string.h>

#include "stats/intervention_model.h"

#define PASSES 500
#define SETTLED 1e-11

/* Effects of units given the periods', weighted means. */
static void
unit_means(const CdLineCell *cell, size_t n, size_t units, const CdLine *line, double *effect, double *weight)
{
	memset(effect, 0, units * sizeof(double));
	memset(weight, 0, units * sizeof(double));
	for (size_t i = 0; i < n; i++)
	{
		effect[cell[i].unit] += cell[i].weight * (cell[i].value - line->mean[cell[i].k]);
		weight[cell[i].unit] += cell[i].weight;
	}
	for (size_t u = 0; u < units; u++)
		effect[u] = weight[u] > 0.0 ? effect[u] / weight[u] : 0.0;
}

/* Periods' effects given the units'; returns the largest move. */
static double
period_means(const CdLineCell *cell, size_t n, const double *effect, size_t width, double *sum, CdLine *line)
{
	double		move = 0.0;

	memset(sum, 0, width * sizeof(double));
	for (size_t i = 0; i < n; i++)
		sum[cell[i].k] += cell[i].weight * (cell[i].value - effect[cell[i].unit]);
	for (size_t k = 0; k < width; k++)
	{
		double		mean = line->weight[k] > 0.0 ? sum[k] / line->weight[k] : 0.0;

		move = fmax(move, fabs(mean - line->mean[k]));
		line->mean[k] = mean;
	}
	return move;
}

/* By turns. */
CdStatus
cd_two_way_line(CdStudy *s, size_t n, size_t units, CdLine *line)
{
	size_t		keep = s->arena->used;
	double	   *weight = cd_arena_take(s->arena, units > 0 ? units : 1, sizeof(double));
	double		total = 0.0;
	double		level = 0.0;
	double		size = 0.0;

	if (weight == NULL)
		return CD_NOMEM;
	s->arena->used = keep;
	memset(line->mean, 0, s->width * sizeof(double));
	memset(line->weight, 0, s->width * sizeof(double));
	for (size_t i = 0; i < n; i++)
	{
		line->weight[s->cell[i].k] += s->cell[i].weight;
		total += s->cell[i].weight;
		size = fmax(size, fabs(s->cell[i].value));
	}
	for (int pass = 0; pass < PASSES; pass++)
	{
		if (cd_stop_requested())
			return CD_STOPPED;
		unit_means(s->cell, n, units, line, s->effect, weight);
		if (!(period_means(s->cell, n, s->effect, s->width, s->y, line) > SETTLED * size))
			break;
	}
	for (size_t u = 0; u < units && total > 0.0; u++)
		level += weight[u] * s->effect[u] / total;
	for (size_t k = 0; k < s->width; k++)
		line->mean[k] += line->weight[k] > 0.0 ? level : 0.0;
	return CD_OK;
}

bool
cd_in_window(const CdStudy *s, const CdEffectRow *row, size_t *k)
{
	if (!(row->weight > 0.0) || row->period < s->origin || (size_t) (row->period - s->origin) >= s->width)
		return false;
	*k = (size_t) (row->period - s->origin);
	return *k < s->before_to || *k >= s->after_from;
}

double
cd_tempered(double volume, double mean)
{
	return 2.0 * volume / (volume + mean);
}

double
cd_mean_volume(const CdStudy *s, const CdEffectRow *rows, size_t n)
{
	double		sum = 0.0;
	double		used = 0.0;

	for (size_t i = 0; i < n; i++)
	{
		size_t		k;

		if (!cd_in_window(s, &rows[i], &k))
			continue;
		sum += rows[i].weight;
		used += 1.0;
	}
	return sum / used;
}

bool
cd_new_agent(const CdEffectRow *rows, size_t i)
{
	return i == 0 || rows[i].agent != rows[i - 1].agent;
}

CdStatus
cd_team_line(CdStudy *s, const CdEffectRow *rows, size_t n, CdLine *line)
{
	double		volume = cd_mean_volume(s, rows, n);
	size_t		cells = 0;
	size_t		agents = 0;

	for (size_t i = 0; i < n; i++)
	{
		size_t		k;

		agents += cd_new_agent(rows, i);
		if (cd_in_window(s, &rows[i], &k))
			s->cell[cells++] = (CdLineCell) {.unit = agents - 1, .k = k, .value = rows[i].value,
				.weight = cd_tempered(rows[i].weight, volume)};
	}
	return cd_two_way_line(s, cells, agents, line);
}

double
cd_line_mean(const CdLine *line, size_t from, size_t to, double *periods)
{
	double		typical = 0.0;
	double		sum = 0.0;
	double		total = 0.0;

	*periods = 0.0;
	for (size_t k = from; k < to; k++)
	{
		typical += line->weight[k];
		*periods += line->weight[k] > 0.0;
	}
	typical /= *periods;
	for (size_t k = from; k < to; k++)
		if (line->weight[k] > 0.0)
		{
			double		w = cd_tempered(line->weight[k], typical);

			sum += w * line->mean[k];
			total += w;
		}
	return sum / total;
}
