/*
 * gap_dispersion.c
 *		gap_dispersion over rows (final function of the aggregate) and over a panel.
 */
#include "sqlfn/sqlfn.h"

#include <float.h>
#include <math.h>

#include "funcapi.h"
#include "utils/builtins.h"

#include "panel/panel_log.h"
#include "sqlfn/answers.h"

#define RESULT_COLUMNS 22

CD_FUNCTION(cd_gap_dispersion_final);
CD_FUNCTION(cd_gap_dispersion_panel);

/* Write a result row, in the order of coachdiag.gap_dispersion_result. */
static Datum
result_row(FunctionCallInfo fcinfo, const CdGapDispersion *d)
{
	Datum		values[RESULT_COLUMNS];
	bool		nulls[RESULT_COLUMNS] = {0};
	const double numbers[] = {
		d->mean_gap, d->mean_low, d->mean_high, d->within_sd,
		d->between_sd, d->between_low, d->between_high, d->between_variance,
		d->icc, d->i_squared, d->reliability, d->consistency,
		d->share_short, d->share_low, d->share_high,
		d->predict_low, d->predict_high, d->f, d->f_p
	};

	values[0] = Int32GetDatum((int32) d->agents);
	values[1] = Int64GetDatum((int64) d->observations);
	for (int i = 0; i < (int) lengthof(numbers); i++)
		cd_set_float8(values, nulls, i + 2, numbers[i]);
	values[RESULT_COLUMNS - 1] = CStringGetTextDatum(d->method);
	return HeapTupleGetDatum(heap_form_tuple(cd_result_type(fcinfo), values, nulls));
}

/*
 * Between the log scale and the metric's own units, at a target.  An oriented
 * gap on the log scale is ln(value / target) or, where higher is better, its
 * negative; `sign` is 1 or -1 accordingly.
 */
static double
log_gap_to_units(double gap, double target, double sign)
{
	return sign * target * expm1(sign * gap);
}

static double
units_to_log_gap(double gap, double target, double sign)
{
	double		ratio = fmin(sign * gap / target, DBL_MAX);

	/* Nobody falls short by the whole target: values on a log scale are above 0. */
	return ratio > -1 ? sign * log1p(ratio) : DBL_MAX;
}

/* Turn a result on the log scale into the metric's own units; spreads are taken at the mean. */
static void
log_result_to_units(CdGapDispersion *d, double target, double sign)
{
	double		level = target * exp(sign * d->mean_gap);

	d->mean_gap = log_gap_to_units(d->mean_gap, target, sign);
	d->mean_low = log_gap_to_units(d->mean_low, target, sign);
	d->mean_high = log_gap_to_units(d->mean_high, target, sign);
	d->predict_low = log_gap_to_units(d->predict_low, target, sign);
	d->predict_high = log_gap_to_units(d->predict_high, target, sign);
	d->within_sd *= level;
	d->between_sd *= level;
	d->between_low *= level;
	d->between_high *= level;
	d->between_variance *= level * level;
}

/* One unit without an answer must not cost all others theirs: only the counts, and why. */
static CdGapDispersion
unassessed(const CdMoments *gaps, uint32 k)
{
	CdGapDispersion d;
	double	   *number = (double *) &d;

	for (size_t i = 0; i < offsetof(CdGapDispersion, method) / sizeof(double); i++)
		number[i] = NAN;
	d.agents = k;
	d.observations = 0;
	for (uint32 i = 0; i < k; i++)
		d.observations += gaps[i].n;
	d.method = "did not converge";
	return d;
}

CdStatus
cd_try_dispersion(const Panel *p, double target, CdGapOptions options, CdGapDispersion *out)
{
	CdMoments  *gaps = palloc(Max(p->agents, 1) * sizeof(CdMoments));
	double	   *targets = palloc(Max(p->agents, 1) * sizeof(double));
	uint32		k = panel_agent_gaps(p, gaps, targets);
	double	   *scratch = palloc(Max(CD_GAP_DISPERSION_SCRATCH(k), 1) * sizeof(double));
	CdStatus	status = CD_TOO_FEW;

	if (options.scale == CD_SCALE_LOG)
		options.margin = units_to_log_gap(options.margin, target, options.orientation);
	if (k > 0)
		status = cd_gap_dispersion(gaps, targets, k, &options, scratch, out);
	if (status == CD_NO_CONVERGENCE)
	{
		*out = unassessed(gaps, k);
		status = CD_OK;
	}
	if (status == CD_OK && options.scale == CD_SCALE_LOG)
		log_result_to_units(out, target, options.orientation);
	pfree(gaps);
	pfree(targets);
	pfree(scratch);
	return status;
}

bool
cd_dispersion_of_panel(const Panel *p, double target, CdGapOptions options, CdGapDispersion *out)
{
	CdStatus	status = cd_try_dispersion(p, target, options, out);

	if (status == CD_TOO_FEW)
		return false;
	cd_ereport_status(status, "gap_dispersion");
	return true;
}

/* The row of a panel; NULL when no cell has both a value and a target. */
static Datum
dispersion_of_panel(FunctionCallInfo fcinfo, const Panel *p, CdGapOptions options)
{
	CdGapDispersion result;

	if (!cd_dispersion_of_panel(p, panel_gap_unit(p, options.scale), options, &result))
		PG_RETURN_NULL();
	return result_row(fcinfo, &result);
}

Datum
cd_gap_dispersion_final(PG_FUNCTION_ARGS)
{
	CdGapOptions options = cd_gap_default_options();

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return dispersion_of_panel(fcinfo, PG_GETARG_PANEL_P(0), options);
}

static double
get_margin(FunctionCallInfo fcinfo, int n)
{
	double		margin = PG_ARGISNULL(n) ? 0 : PG_GETARG_FLOAT8(n);

	if (!isfinite(margin) || margin < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("margin must be a finite number, not negative"),
				 errhint("Give the smallest shortfall that matters, in the units of the panel.")));
	return margin;
}

Datum
cd_gap_dispersion_panel(PG_FUNCTION_ARGS)
{
	CdGapOptions options = cd_gap_default_options();

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	options.scale = cd_get_scale(fcinfo, 2);
	options.margin = get_margin(fcinfo, 3);
	if (!PG_ARGISNULL(1))
	{
		options.orientation = PG_GETARG_BOOL(1) ? -1.0 : 1.0;
		options.short_is_positive = true;
	}
	return dispersion_of_panel(fcinfo, PG_GETARG_PANEL_P(0), options);
}
