/*
 * shrink.c
 *		Window functions over the estimates of a partition's units: shrink(estimate, se),
 *		empirical Bayes estimates; rank_interval(estimate, se), places that chance leaves open.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "windowapi.h"

#include "sqlfn/estimates.h"
#include "stats/heterogeneity.h"
#include "stats/rank.h"

#define RESULT_COLUMNS 3
#define RANK_COLUMNS 6
#define RANK_UNITS_MOST 10000	/* the expected ranks take time by the square */
#define RANK_SEED UINT64_C(20240229)

CD_FUNCTION(cd_shrink);
CD_FUNCTION(cd_rank_interval);

/* The fit of one partition, made at its first row. */
typedef struct Shrinkage
{
	bool		fitted;
	CdHeterogeneity fit;
} Shrinkage;

/* One argument of one row; false when it is NULL. */
static bool
get_argument(WindowObject winobj, int argument, int64 row, double *value)
{
	bool		isnull;
	bool		isout;
	Datum		datum = WinGetFuncArgInPartition(winobj, argument, (int) row, WINDOW_SEEK_HEAD,
												 false, &isnull, &isout);

	if (isnull || isout)
		return false;
	*value = DatumGetFloat8(datum);
	return true;
}

/* The estimates of the whole partition in an order of their own, rows with NULL left out. */
static CdEstimates
get_partition(WindowObject winobj)
{
	int64		rows = WinGetPartitionRowCount(winobj);
	CdEstimates e = cd_make_estimates(rows);

	for (int64 i = 0; i < rows; i++)
	{
		double		estimate;
		double		se;

		CHECK_FOR_INTERRUPTS();
		if (!get_argument(winobj, 0, i, &estimate) || !get_argument(winobj, 1, i, &se))
			continue;
		cd_check_estimate(estimate, se);
		cd_add_estimate(&e, estimate, se);
	}
	cd_sort_estimates(&e);
	return e;
}

static void
fit_partition(WindowObject winobj, Shrinkage *s)
{
	CdEstimates e = get_partition(winobj);

	if (e.k > 0)
		cd_ereport_status(cd_heterogeneity(e.y, e.v, e.k, CD_TAU2_REML, 0.95, &s->fit), "shrink");
	cd_free_estimates(&e);
	s->fitted = true;
}

Datum
cd_shrink(PG_FUNCTION_ARGS)
{
	WindowObject winobj = PG_WINDOW_OBJECT();
	Shrinkage  *s = WinGetPartitionLocalMemory(winobj, sizeof(Shrinkage));
	bool		estimate_null;
	bool		se_null;
	Datum		estimate = WinGetFuncArgCurrent(winobj, 0, &estimate_null);
	Datum		se = WinGetFuncArgCurrent(winobj, 1, &se_null);
	double		shrunken;
	double		shrunken_se;
	double		weight;
	Datum		values[RESULT_COLUMNS];
	bool		nulls[RESULT_COLUMNS] = {0};

	if (!s->fitted)
		fit_partition(winobj, s);
	if (estimate_null || se_null)
		PG_RETURN_NULL();
	cd_heterogeneity_morris(&s->fit, DatumGetFloat8(estimate),
							DatumGetFloat8(se) * DatumGetFloat8(se),
							&shrunken, &shrunken_se, &weight);
	values[0] = Float8GetDatum(shrunken);
	values[1] = Float8GetDatum(shrunken_se);
	values[2] = Float8GetDatum(weight);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(cd_result_type(fcinfo), values, nulls)));
}

/* The units of one partition with their ranks. */
typedef struct Ranking
{
	bool		ranked;
	double		level;
	size_t		units;
	struct RankedUnit
	{
		double		estimate;
		double		variance;
		CdRank		rank;
	}			unit[FLEXIBLE_ARRAY_MEMBER];
} Ranking;

/* Ranks of units whose estimates are independent; highest first. */
static void
rank_units(const CdEstimates *e, double level, CdRank *rank)
{
	size_t		draws = cd_rank_draws(e->k);
	double	   *draw = palloc_extended(Max(e->k, 1) * draws * sizeof(double), MCXT_ALLOC_HUGE);
	void	   *scratch = palloc_extended(cd_rank_size(e->k, draws), MCXT_ALLOC_HUGE);
	double	   *se = palloc(Max(e->k, 1) * sizeof(double));
	double	   *expected = palloc(Max(e->k, 1) * sizeof(double));

	for (size_t i = 0; i < e->k; i++)
		se[i] = sqrt(e->v[i]);
	cd_rank_independent(e->y, se, e->k, RANK_SEED, draws, draw);
	cd_ereport_status(cd_rank(draw, e->k, draws, level, scratch, rank), "rank_interval");
	cd_ereport_status(cd_rank_expected(e->y, se, e->k, expected), "rank_interval");
	for (size_t i = 0; i < e->k; i++)
		rank[i].expected = expected[i];
	pfree(draw);
	pfree(scratch);
	pfree(se);
	pfree(expected);
}

static void
rank_partition(WindowObject winobj, double level, Ranking *r)
{
	CdEstimates e = get_partition(winobj);
	CdRank	   *rank = palloc(Max(e.k, 1) * sizeof(CdRank));

	if (e.k > RANK_UNITS_MOST)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("rank_interval ranks at most %d units", RANK_UNITS_MOST),
				 errhint("Rank within groups, with PARTITION BY.")));
	if (e.k > 0)
		rank_units(&e, level, rank);
	for (size_t i = 0; i < e.k; i++)
		r->unit[i] = (struct RankedUnit) {e.y[i], e.v[i], rank[i]};
	r->units = e.k;
	r->level = level;
	r->ranked = true;
	pfree(rank);
	cd_free_estimates(&e);
}

/* The first unit with these numbers, so that equals are treated alike; units are in rising order. */
static const struct RankedUnit *
find_unit(const Ranking *r, double estimate, double variance)
{
	size_t		low = 0;
	size_t		high = r->units;

	while (low < high)
	{
		size_t		middle = low + (high - low) / 2;
		const struct RankedUnit *u = &r->unit[middle];

		if (u->estimate < estimate || (u->estimate == estimate && u->variance < variance))
			low = middle + 1;
		else
			high = middle;
	}
	return &r->unit[low];
}

/* One more than the units with a better expected rank. */
static int32
place_of(const Ranking *r, double expected)
{
	int32		place = 1;

	for (size_t i = 0; i < r->units; i++)
		place += r->unit[i].rank.expected < expected;
	return place;
}

Datum
cd_rank_interval(PG_FUNCTION_ARGS)
{
	WindowObject winobj = PG_WINDOW_OBJECT();
	int64		rows = WinGetPartitionRowCount(winobj);
	Ranking    *r = WinGetPartitionLocalMemory(winobj, offsetof(Ranking, unit) + rows * sizeof(struct RankedUnit));
	bool		isnull[3];
	Datum		estimate = WinGetFuncArgCurrent(winobj, 0, &isnull[0]);
	Datum		se = WinGetFuncArgCurrent(winobj, 1, &isnull[1]);
	double		level = DatumGetFloat8(WinGetFuncArgCurrent(winobj, 2, &isnull[2]));
	const struct RankedUnit *u;
	Datum		values[RANK_COLUMNS];
	bool		nulls[RANK_COLUMNS] = {0};

	if (isnull[2] || !(level > 0 && level < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("level of rank_interval must be between 0 and 1"),
				 errhint("The default is 0.95.")));
	if (!r->ranked)
		rank_partition(winobj, level, r);
	if (level != r->level)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("level of rank_interval must be the same for all rows"),
				 errhint("Ranks are those of all units together; ask once for each level.")));
	if (isnull[0] || isnull[1])
		PG_RETURN_NULL();
	u = find_unit(r, DatumGetFloat8(estimate), DatumGetFloat8(se) * DatumGetFloat8(se));
	values[0] = Int32GetDatum(place_of(r, u->rank.expected));
	values[1] = Int32GetDatum((int32) u->rank.low);
	values[2] = Int32GetDatum((int32) u->rank.high);
	values[3] = Float8GetDatum(u->rank.expected);
	values[4] = Float8GetDatum(u->rank.above);
	nulls[5] = u->rank.outlier == 0;
	values[5] = nulls[5] ? (Datum) 0 : CStringGetTextDatum(u->rank.outlier > 0 ? "above" : "below");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(cd_result_type(fcinfo), values, nulls)));
}
