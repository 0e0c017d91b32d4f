-- staggered_effect: the effect of the first session by staggered adoption, for reviewers who ask for it.

CREATE TYPE coachdiag.staggered_effect_result AS (
	kind text,
	adoption date,
	period date,
	event_time integer,
	estimate double precision,
	se double precision,
	ci_low double precision,
	ci_high double precision,
	treated integer,
	control integer
);
COMMENT ON TYPE coachdiag.staggered_effect_result IS
'A row of coachdiag.staggered_effect. kind: group_time, dynamic, calendar, group, or overall (the average of the others). adoption: period of the group''s first session; period: the one looked at; event_time: periods since adoption, negative before it; each NULL where the row averages over it. '
'estimate: change of the metric against the base period beyond the controls'', in the metric''s units and direction as stored; se: by influence functions, agents independent; ci_low, ci_high: 95 %, normal, for this row alone (not simultaneous over rows). treated, control: agents compared, for group_time. '
'estimate NULL: not identified; 0 with se NULL: the base period itself.';

CREATE FUNCTION coachdiag.staggered_effect(panel coachdiag.panel, control text DEFAULT 'not_yet', base text DEFAULT 'varying',
		aggregation text DEFAULT 'dynamic', anticipation integer DEFAULT 0, balance integer DEFAULT NULL)
	RETURNS SETOF coachdiag.staggered_effect_result AS 'MODULE_PATHNAME', 'cd_staggered_effect' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000 ROWS 50;
COMMENT ON FUNCTION coachdiag.staggered_effect(coachdiag.panel, text, text, text, integer, integer) IS
'Effect of an agent''s first session by staggered adoption (Callaway & Sant''Anna 2021), the analysis that reviewers know and ask for. It is not what to decide by: sessions follow bad weeks, the base period is then that bad week, and the recovery that comes anyway (regression to the mean) is counted as effect. Decide by coachdiag.coaching_effect, which is built for that. '
'Unit: an agent that has a value; outcome: its weighted mean value in a period, contact types and coaches together, not turned (whether higher is better is the reader''s) and not freed of contact mix (coachdiag.without_mix does that); every agent counts once. Periods: the distinct ones of the panel, numbered in order. Adoption: the first period with sessions above 0; agents that have it in the very first period are left out. '
'control: not_yet (agents that start later, or never) or never. base: before adoption, varying compares with the period before the one looked at, universal always with the last before adoption. aggregation: dynamic (by event_time), group (by adoption), calendar (by period), simple (overall alone) or group_time (each, no overall). '
'anticipation: periods before adoption in which an effect may begin. balance: dynamic only; use only groups seen that many periods after adoption, NULL: all. NULL options: the default. NULL panel, no adoption after the first period, or nobody to compare with: no row. Errors: unknown option, negative anticipation or balance (22023), too many agents and periods (54000).';

CREATE FUNCTION coachdiag.staggered_trend_test(panel coachdiag.panel, control text DEFAULT 'not_yet', base text DEFAULT 'varying', anticipation integer DEFAULT 0,
		OUT chi_square double precision, OUT df double precision, OUT p_value double precision)
	RETURNS record AS 'MODULE_PATHNAME', 'cd_staggered_trend_test' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION coachdiag.staggered_trend_test(coachdiag.panel, text, text, integer) IS
'Wald test that all effects of coachdiag.staggered_effect before adoption are zero (Callaway & Sant''Anna 2021); arguments and errors as there. A small p_value says that coached agents were moving differently before their first session, as they do when a bad spell brings the session about; a large one does not prove the opposite. With few agents in a group it rejects far too often. NULL columns: no such effect, or their covariance is singular. NULL panel: NULL.';
