/*
 * log_bias.c
 *		Logarithms of means of few contacts: how far they are too low, and panels without that.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "panel/panel_log.h"
#include "sqlfn/effect_question.h"

CD_FUNCTION(cd_log_bias_panels);
CD_FUNCTION(cd_panel_without_log_bias);

/* panels */
Datum
cd_log_bias_panels(PG_FUNCTION_ARGS)
{
	uint32		count;
	int		   *places;
	Panel	  **panels = effect_panels(PG_GETARG_ARRAYTYPE_P(0), &count, &places);
	CdLogBias	sums = {0};
	double		bias;

	for (uint32 i = 0; i < count; i++)
		panel_add_log_bias(&sums, panels[i]);
	bias = cd_log_bias(&sums);
	if (isnan(bias))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(bias);
}

/* panel, bias */
Datum
cd_panel_without_log_bias(PG_FUNCTION_ARGS)
{
	double		bias = PG_GETARG_FLOAT8(1);

	if (!(bias >= 0 && isfinite(bias)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bias must be 0 or more, and finite"),
				 errhint("Give what coachdiag.log_bias returned.")));
	PG_RETURN_PANEL_P(panel_without_log_bias(PG_GETARG_PANEL_P(0), bias));
}
