/*
 * panel_agg.c
 *		Transition, combine and final functions of the aggregates whose state is a
 *		panel: rows in, panels merged, the canonical panel out.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/date.h"

#include "panel/panel.h"
#include "panel/panel_build.h"

CD_FUNCTION(cd_panel_accum_bigint);
CD_FUNCTION(cd_panel_accum_text);
CD_FUNCTION(cd_gap_accum_bigint);
CD_FUNCTION(cd_gap_accum_text);
CD_FUNCTION(cd_effect_accum_bigint);
CD_FUNCTION(cd_effect_accum_text);
CD_FUNCTION(cd_panel_merge);
CD_FUNCTION(cd_panel_merge_agents);
CD_FUNCTION(cd_panel_final);

/* Arguments of panel(value, target, agent, period, weight, contact_type, sessions, minutes, coach, hired_on). */
enum
{
	ARG_STATE,
	ARG_VALUE,
	ARG_TARGET,
	ARG_AGENT,
	ARG_PERIOD,
	ARG_WEIGHT,
	ARG_CONTACT_TYPE,
	ARG_SESSIONS,
	ARG_MINUTES,
	ARG_COACH,
	ARG_HIRED_ON
};

/* Argument of gap_dispersion(value, target, agent, weight). */
#define ARG_GAP_WEIGHT 4

pg_noreturn static void
bad_number(const char *name, const char *must, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s must be %s", name, must),
			 errhint("%s", hint)));
}

/* A number that may be of either sign. */
static inline double
get_finite(FunctionCallInfo fcinfo, int n, const char *name)
{
	double		x = PG_GETARG_FLOAT8(n);

	if (unlikely(!isfinite(x)))
		bad_number(name, "a finite number, not NaN or infinity",
				   "Leave such rows out with WHERE, or give NULL where the number is unknown.");
	return x;
}

/* A number that can't be negative. */
static inline double
get_amount(FunctionCallInfo fcinfo, int n, const char *name)
{
	double		x = PG_GETARG_FLOAT8(n);

	if (unlikely(!isfinite(x) || x < 0))
		bad_number(name, "a finite number, not negative",
				   "Leave such rows out with WHERE, or give NULL where the number is unknown.");
	return x;
}

static inline PanelString
get_string(FunctionCallInfo fcinfo, int n, const char *name)
{
	PanelString s = {NULL, 0};

	if (!PG_ARGISNULL(n))
	{
		text	   *t = PG_GETARG_TEXT_PP(n);

		s.data = VARDATA_ANY(t);
		s.length = VARSIZE_ANY_EXHDR(t);
		if (unlikely(s.length > PANEL_MAX_TEXT))
			ereport(ERROR,
					(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
					 errmsg("%s is longer than %d bytes", name, PANEL_MAX_TEXT),
					 errhint("Use a shorter key, for example its md5().")));
	}
	return s;
}

static inline int32
get_date(FunctionCallInfo fcinfo, int n, const char *name)
{
	int32		date;

	if (PG_ARGISNULL(n))
		return PANEL_NO_DATE;
	date = PG_GETARG_DATEADT(n);
	if (unlikely(!panel_valid_date(date)))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s must be a date of the years 1 to 9999", name),
				 errhint("Give NULL where the date is unknown.")));
	return date;
}

/* What is needed last, the state, is asked of memory first. */
static inline void
begin_row(FunctionCallInfo fcinfo, const char *function)
{
	cd_require_aggregate(fcinfo, function);
	__builtin_prefetch(DatumGetPointer(PG_GETARG_DATUM(ARG_STATE)));
}

/* The state to change: our own, since nodeAgg hands it back to us alone. In working form it is returned as it is. */
static Panel *
get_state(FunctionCallInfo fcinfo, PanelAgentKind kind)
{
	if (PG_ARGISNULL(ARG_STATE))
		return panel_create(kind);
	return panel_working(PG_GETARG_PANEL_P(ARG_STATE));
}

/* The observation of a row; none where value or weight is missing, or weight is 0. */
static inline void
get_observation(FunctionCallInfo fcinfo, int weight_arg, PanelRow *row)
{
	row->has_value = !PG_ARGISNULL(ARG_VALUE);
	row->has_target = false;
	row->weight = 1.0;
	if (!row->has_value)
		return;
	row->value = get_finite(fcinfo, ARG_VALUE, "value");
	row->has_target = !PG_ARGISNULL(ARG_TARGET);
	if (row->has_target)
		row->target = get_finite(fcinfo, ARG_TARGET, "target");
	if (PG_NARGS() <= weight_arg)
		return;
	row->has_value = !PG_ARGISNULL(weight_arg);
	if (row->has_value)
		row->weight = get_amount(fcinfo, weight_arg, "weight");
	if (row->weight == 0)
		row->has_value = false;
}

static void
get_dose(FunctionCallInfo fcinfo, PanelRow *row)
{
	row->sessions = row->minutes = 0;
	if (PG_NARGS() <= ARG_MINUTES)
		return;
	if (!PG_ARGISNULL(ARG_SESSIONS))
		row->sessions = get_amount(fcinfo, ARG_SESSIONS, "sessions");
	if (!PG_ARGISNULL(ARG_MINUTES))
		row->minutes = get_amount(fcinfo, ARG_MINUTES, "minutes");
}

/* What only the longest form of panel() is told. */
static inline void
get_rest(FunctionCallInfo fcinfo, PanelRow *row)
{
	row->contact_type = row->coach = (PanelString) {NULL, 0};
	row->hired_on = PANEL_NO_DATE;
	if (PG_NARGS() <= ARG_HIRED_ON)
		return;
	row->contact_type = get_string(fcinfo, ARG_CONTACT_TYPE, "contact_type");
	row->coach = get_string(fcinfo, ARG_COACH, "coach");
	row->hired_on = get_date(fcinfo, ARG_HIRED_ON, "hired_on");
}

static inline void
get_agent(FunctionCallInfo fcinfo, PanelAgentKind kind, PanelRow *row)
{
	if (kind == PANEL_AGENT_BIGINT)
		row->agent_id = PG_GETARG_INT64(ARG_AGENT);
	else
		row->agent_name = get_string(fcinfo, ARG_AGENT, "agent");
}

/* One row of panel(): whoever it is about, whatever it brings. */
static inline Datum
panel_accum(FunctionCallInfo fcinfo, PanelAgentKind kind)
{
	PanelRow	row;

	begin_row(fcinfo, "panel_accum");
	if (PG_ARGISNULL(ARG_AGENT))
		return cd_unchanged_state(fcinfo);

	get_observation(fcinfo, ARG_WEIGHT, &row);
	get_dose(fcinfo, &row);
	if (!row.has_value && row.sessions == 0 && row.minutes == 0)
		return cd_unchanged_state(fcinfo);

	get_agent(fcinfo, kind, &row);
	row.period = get_date(fcinfo, ARG_PERIOD, "period");
	get_rest(fcinfo, &row);
	PG_RETURN_POINTER(panel_add(get_state(fcinfo, kind), &row));
}

/* One row of gap_dispersion(): used only when it has all of value, target, agent and weight. */
static inline Datum
gap_accum(FunctionCallInfo fcinfo, PanelAgentKind kind)
{
	PanelRow	row;

	begin_row(fcinfo, "gap_accum");
	if (unlikely(PG_ARGISNULL(ARG_VALUE) || PG_ARGISNULL(ARG_TARGET) || PG_ARGISNULL(ARG_AGENT)))
		return cd_unchanged_state(fcinfo);
	get_observation(fcinfo, ARG_GAP_WEIGHT, &row);
	if (!row.has_value)
		return cd_unchanged_state(fcinfo);

	get_agent(fcinfo, kind, &row);
	row.period = row.hired_on = PANEL_NO_DATE;
	row.contact_type = row.coach = (PanelString) {NULL, 0};
	row.sessions = row.minutes = 0;
	PG_RETURN_POINTER(panel_add(get_state(fcinfo, kind), &row));
}

/* Arguments of coaching_effect(value, agent, period, sessions, weight). */
enum
{
	EFFECT_AGENT = 2,
	EFFECT_PERIOD,
	EFFECT_SESSIONS,
	EFFECT_WEIGHT
};

/* One row of coaching_effect(): a value, sessions, or both, of an agent's period. */
static Datum
effect_accum(FunctionCallInfo fcinfo, PanelAgentKind kind)
{
	PanelRow	row = {.period = PANEL_NO_DATE, .hired_on = PANEL_NO_DATE, .weight = 1.0};

	begin_row(fcinfo, "effect_accum");
	if (PG_ARGISNULL(EFFECT_AGENT) || PG_ARGISNULL(EFFECT_PERIOD))
		return cd_unchanged_state(fcinfo);
	row.has_value = !PG_ARGISNULL(ARG_VALUE);
	if (row.has_value)
		row.value = get_finite(fcinfo, ARG_VALUE, "value");
	if (row.has_value && PG_NARGS() > EFFECT_WEIGHT)
	{
		row.weight = PG_ARGISNULL(EFFECT_WEIGHT) ? 0 : get_amount(fcinfo, EFFECT_WEIGHT, "weight");
		row.has_value = row.weight > 0;
	}
	if (!PG_ARGISNULL(EFFECT_SESSIONS))
		row.sessions = get_amount(fcinfo, EFFECT_SESSIONS, "sessions");
	if (!row.has_value && row.sessions == 0)
		return cd_unchanged_state(fcinfo);

	if (kind == PANEL_AGENT_BIGINT)
		row.agent_id = PG_GETARG_INT64(EFFECT_AGENT);
	else
		row.agent_name = get_string(fcinfo, EFFECT_AGENT, "agent");
	row.period = get_date(fcinfo, EFFECT_PERIOD, "period");
	PG_RETURN_POINTER(panel_add(get_state(fcinfo, kind), &row));
}

Datum
cd_effect_accum_bigint(PG_FUNCTION_ARGS)
{
	return effect_accum(fcinfo, PANEL_AGENT_BIGINT);
}

Datum
cd_effect_accum_text(PG_FUNCTION_ARGS)
{
	return effect_accum(fcinfo, PANEL_AGENT_TEXT);
}

Datum
cd_panel_accum_bigint(PG_FUNCTION_ARGS)
{
	return panel_accum(fcinfo, PANEL_AGENT_BIGINT);
}

Datum
cd_panel_accum_text(PG_FUNCTION_ARGS)
{
	return panel_accum(fcinfo, PANEL_AGENT_TEXT);
}

Datum
cd_gap_accum_bigint(PG_FUNCTION_ARGS)
{
	return gap_accum(fcinfo, PANEL_AGENT_BIGINT);
}

Datum
cd_gap_accum_text(PG_FUNCTION_ARGS)
{
	return gap_accum(fcinfo, PANEL_AGENT_TEXT);
}

/* Transition of rollup() and combine function of every aggregate here. */
Datum
cd_panel_merge(PG_FUNCTION_ARGS)
{
	const Panel *from;

	cd_require_aggregate(fcinfo, "panel_merge");
	if (PG_ARGISNULL(1))
		return cd_unchanged_state(fcinfo);
	from = PG_GETARG_PANEL_P(1);
	PG_RETURN_POINTER(panel_merge(get_state(fcinfo, from->agent_kind), from));
}

/* Transition of rollup_agents(). */
Datum
cd_panel_merge_agents(PG_FUNCTION_ARGS)
{
	PanelColumns from;

	cd_require_aggregate(fcinfo, "panel_merge_agents");
	if (PG_ARGISNULL(1))
		return cd_unchanged_state(fcinfo);
	from = panel_columns(PG_GETARG_DATUM(1));
	PG_RETURN_POINTER(panel_merge_agents(get_state(fcinfo, from.agent_kind), &from));
}

Datum
cd_panel_final(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_PANEL_P(panel_canonical(PG_GETARG_PANEL_P(0)));
}
