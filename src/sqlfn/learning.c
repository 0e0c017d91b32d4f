/*
 * learning.c
 *		What tenure adds to a metric, over the panels of all its teams.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "sqlfn/effect_question.h"
#include "sqlfn/learning.h"

CD_FUNCTION(cd_learning_curve);

CdLearning
learning_of_series(const PanelSeries *series, const char *function)
{
	CdLearning	out;
	int32_t    *place = palloc_extended(Max(series->periods, 1) * sizeof(int32_t), MCXT_ALLOC_HUGE);
	size_t		places = cd_learning_places(series->rows, series->count, series->periods, place);
	CdArena		arena = {.size = cd_learning_size(series->count, places)};

	arena.base = palloc_extended(Max(arena.size, 1), MCXT_ALLOC_HUGE);
	cd_ereport_status(cd_learning(series->rows, series->count, place, places, &arena, &out), function);
	pfree(arena.base);
	pfree(place);
	return out;
}

CdLearning
learning_of(Panel **panels, uint32 count, bool higher_is_better)
{
	PanelSeries series = panel_series(panels, count, higher_is_better);

	return learning_of_series(&series, "learning_curve");
}

CdLearning
learning_argument(ArrayType *array)
{
	const double *part = (const double *) ARR_DATA_PTR(array);

	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != 2 || ARR_HASNULL(array) || !isfinite(part[0]) || !isfinite(part[1]))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("learning must be two finite numbers"),
				 errhint("Give what coachdiag.learning_curve returned; NULL: learn it from the panel alone.")));
	return (CdLearning) {part[0], part[1]};
}

/* panels, higher_is_better */
Datum
cd_learning_curve(PG_FUNCTION_ARGS)
{
	uint32		count;
	int		   *places;
	Panel	  **panels = effect_panels(PG_GETARG_ARRAYTYPE_P(0), &count, &places);
	CdLearning	curve = learning_of(panels, count, PG_GETARG_BOOL(1));
	Datum		parts[2] = {Float8GetDatum(curve.quick), Float8GetDatum(curve.slow)};

	if (count == 0)
		PG_RETURN_NULL();
	PG_RETURN_ARRAYTYPE_P(construct_array(parts, 2, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
