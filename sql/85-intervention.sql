-- intervention_effect: what a change of process did; segmented_regression: any interrupted series.

CREATE FUNCTION coachdiag.segmented_regression(value double precision[], x double precision[], method text DEFAULT 'ar1', lags integer DEFAULT NULL,
		weight double precision[] DEFAULT NULL, adjusted boolean DEFAULT true,
		OUT term integer, OUT estimate double precision, OUT se double precision, OUT ci_low double precision, OUT ci_high double precision,
		OUT p_value double precision, OUT df double precision, OUT autocorrelation double precision, OUT rss double precision)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_segmented_regression' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5000 ROWS 4;
COMMENT ON FUNCTION coachdiag.segmented_regression(double precision[], double precision[], text, integer, double precision[], boolean) IS
'Regression of a series in time on columns of your own, such as level and slope before and after a change (interrupted time series). value: one element per period, in order of time; x: the columns, as array_agg(ARRAY[1, t, step, ...] ORDER BY t); weight: inverse variances, NULL: equal. A period with a NULL is left out and leaves a gap. '
'method: ar1 (the default): errors of first order whose autocorrelation is averaged over by its restricted likelihood; holds its level in series of 16 periods and more; se NULL, estimate the mean. reml, ml: the same at the best autocorrelation alone (too narrow in short series). ols: independent errors. newey_west: any autocorrelation up to lags (NULL: 0.75 n^(1/3)), Bartlett weights, adjusted: times n / (n - columns); too narrow in short series, no weights. '
'term: number of the column; ci_low, ci_high: 95 %, t with df = periods less columns; autocorrelation: of errors one period apart; rss: of least squares, or of what is left once autocorrelation is taken out. NULL value or x: no row; fewer periods than columns + 1, columns that are combinations of others, or (but for ols) a perfect fit: no row. '
'Errors: NaN, infinity, weight not positive (22003), arrays that do not match (2202E), unknown method, lags out of range (22023), more than 10000 periods or 50 columns (54000).';

CREATE FUNCTION coachdiag.segmented_diagnostics(value double precision[], x double precision[], lags integer DEFAULT NULL,
		OUT durbin_watson double precision, OUT ljung_box double precision, OUT ljung_box_p double precision,
		OUT breusch_godfrey double precision, OUT breusch_godfrey_p double precision, OUT bandwidth double precision)
	RETURNS record AS 'MODULE_PATHNAME', 'cd_segmented_diagnostics' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION coachdiag.segmented_diagnostics(double precision[], double precision[], integer) IS
'What least squares leaves over in a series: durbin_watson (2: no autocorrelation of first order), ljung_box over lags (NULL: 6), breusch_godfrey (LM, order 1) and their p values; bandwidth: the lag that Newey & West (1994) would use, not rounded. Arguments and errors as for coachdiag.segmented_regression; periods with a NULL are closed up. NULL columns: too few periods, or nothing left over. NULL value or x: NULL.';

CREATE TYPE coachdiag.intervention_effect_result AS (
	unit text,
	improvement double precision,
	ci_low double precision,
	ci_high double precision,
	p_value double precision,
	periods_to_80 integer,
	share_improved double precision,
	share_low double precision,
	share_high double precision,
	variation_ratio double precision,
	variation_p double precision,
	signature text,
	recurrence text,
	reason text,
	placebo_p double precision,
	n_agents integer,
	n_before integer,
	n_after integer,
	n_controls integer,
	comparison text,
	mean_before double precision,
	level_change double precision,
	level_low double precision,
	level_high double precision,
	slope_change double precision,
	slope_low double precision,
	slope_high double precision,
	autocorrelation double precision,
	sessions_before double precision,
	sessions_after double precision,
	placebo_dates double precision
);
COMMENT ON TYPE coachdiag.intervention_effect_result IS
'Result of coachdiag.intervention_effect; metric units, positive is better. How each is found: doc/interventions.md. unit: the team; NULL: all that were touched together. '
'improvement (ci_low, ci_high: 95 %; p_value: two-sided): mean of the periods after the change against what was to be expected without it; comparison: what that is taken from, teams (4 or more others), difference (1 to 3) or past (none). '
'periods_to_80: periods until 80 % of the change was there; NULL unless ci_low is above 0. share_improved (share_low, share_high): of agents whose true change is at least half of improvement; about one half where nothing happened. variation_ratio: true spread between the same agents, after over before; variation_p: two-sided. '
'signature: structural_fix, partial, none or cannot_tell; recurrence: held, recurred or cannot_tell, NULL where no improvement is shown; reason: why. placebo_p: how often one of the placebo_dates before shows as large a change. n_agents, n_before, n_after, n_controls: agents, periods and other teams compared. mean_before: level. '
'level_change, slope_change (per period) with their 95 % intervals, autocorrelation: of a segmented regression; NULL with fewer than 8 periods after. sessions_before, sessions_after: coaching sessions per agent and period. NULL: not available.';

CREATE FUNCTION coachdiag.intervention_effect(units text[], panels coachdiag.panel[], touched boolean[], started_on date, higher_is_better boolean DEFAULT true,
		scale text DEFAULT 'identity', smallest_effect double precision DEFAULT NULL, before integer DEFAULT 26, after integer DEFAULT 26)
	RETURNS SETOF coachdiag.intervention_effect_result AS 'MODULE_PATHNAME', 'cd_intervention_effect_panels' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000 ROWS 20;
COMMENT ON FUNCTION coachdiag.intervention_effect(text[], coachdiag.panel[], boolean[], date, boolean, text, double precision, integer, integer) IS
'What a change of process that began on started_on did to the teams that it touched: a row for each of them, and one with NULL as unit for all together. units[i] names panels[i] of one metric; touched[i]: false: a team to compare with, NULL: left out, as a NULL panel is. '
'A period in which the change began on a later day than its first is neither before nor after. scale: identity, log (panels hold ln(value)), proportion; smallest_effect: smallest change worth having, metric units, for the signature none; before, after: periods compared at most (8 to 260); recurrence looks at twice as many after, placebo dates at twice as many before. '
'Panels need periods; at least 8 before and 4 after (8 where fewer than 4 other teams can be compared with), and 2 agents seen on both sides, otherwise the columns are NULL and reason says what is missing. If most targets of a touched team changed within 4 periods of the start, and others'' did not, the signature is cannot_tell. NULL array or date: no row. '
'Errors: arrays of different length (2202E), unknown scale, before or after out of range (22023), infinite date (22008).';

CREATE FUNCTION coachdiag.intervention_effect(panel coachdiag.panel, started_on date, controls coachdiag.panel[] DEFAULT NULL, higher_is_better boolean DEFAULT true,
		scale text DEFAULT 'identity', smallest_effect double precision DEFAULT NULL, before integer DEFAULT 26, after integer DEFAULT 26)
	RETURNS coachdiag.intervention_effect_result AS 'MODULE_PATHNAME', 'cd_intervention_effect_panel' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION coachdiag.intervention_effect(coachdiag.panel, date, coachdiag.panel[], boolean, text, double precision, integer, integer) IS
'What a change of process did to one team; controls: panels of other teams that it did not touch, NULL: none. Further arguments and errors as for several panels. NULL panel or started_on: NULL.';

CREATE FUNCTION coachdiag.intervention_accum(coachdiag.panel, value double precision, target double precision, agent bigint, period date, started_on date)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_intervention_accum_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION coachdiag.intervention_accum(coachdiag.panel, value double precision, target double precision, agent text, period date, started_on date)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_intervention_accum_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION coachdiag.intervention_accum(coachdiag.panel, value double precision, target double precision, agent bigint, period date, weight double precision, started_on date)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_intervention_accum_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION coachdiag.intervention_accum(coachdiag.panel, value double precision, target double precision, agent text, period date, weight double precision, started_on date)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_intervention_accum_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION coachdiag.intervention_accum(coachdiag.panel, value double precision, target double precision, agent bigint, period date, weight double precision,
		contact_type text, sessions double precision, minutes double precision, coach text, hired_on date, started_on date)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_intervention_accum_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION coachdiag.intervention_accum(coachdiag.panel, value double precision, target double precision, agent text, period date, weight double precision,
		contact_type text, sessions double precision, minutes double precision, coach text, hired_on date, started_on date)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_intervention_accum_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;

CREATE FUNCTION coachdiag.intervention_final(coachdiag.panel)
	RETURNS coachdiag.intervention_effect_result AS 'MODULE_PATHNAME', 'cd_intervention_final' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION coachdiag.intervention_final(coachdiag.panel) IS
'Final function of the aggregates coachdiag.intervention_effect(value, target, agent, period, ..., started_on).';

CREATE AGGREGATE coachdiag.intervention_effect(value double precision, target double precision, agent bigint, period date, started_on date) (
	SFUNC = coachdiag.intervention_accum, STYPE = coachdiag.panel, SSPACE = 32768,
	FINALFUNC = coachdiag.intervention_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.intervention_effect(value double precision, target double precision, agent text, period date, started_on date) (
	SFUNC = coachdiag.intervention_accum, STYPE = coachdiag.panel, SSPACE = 32768,
	FINALFUNC = coachdiag.intervention_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.intervention_effect(value double precision, target double precision, agent bigint, period date, weight double precision, started_on date) (
	SFUNC = coachdiag.intervention_accum, STYPE = coachdiag.panel, SSPACE = 32768,
	FINALFUNC = coachdiag.intervention_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.intervention_effect(value double precision, target double precision, agent text, period date, weight double precision, started_on date) (
	SFUNC = coachdiag.intervention_accum, STYPE = coachdiag.panel, SSPACE = 32768,
	FINALFUNC = coachdiag.intervention_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.intervention_effect(value double precision, target double precision, agent bigint, period date, weight double precision,
		contact_type text, sessions double precision, minutes double precision, coach text, hired_on date, started_on date) (
	SFUNC = coachdiag.intervention_accum, STYPE = coachdiag.panel, SSPACE = 32768,
	FINALFUNC = coachdiag.intervention_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.intervention_effect(value double precision, target double precision, agent text, period date, weight double precision,
		contact_type text, sessions double precision, minutes double precision, coach text, hired_on date, started_on date) (
	SFUNC = coachdiag.intervention_accum, STYPE = coachdiag.panel, SSPACE = 32768,
	FINALFUNC = coachdiag.intervention_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);

DO $comments$
DECLARE
	f record;
BEGIN
	FOR f IN SELECT p.oid::pg_catalog.regprocedure AS name, p.prokind FROM pg_catalog.pg_proc p
		WHERE p.pronamespace = 'coachdiag'::pg_catalog.regnamespace
			AND (p.proname = 'intervention_accum' OR p.proname = 'intervention_effect' AND p.prokind = 'a')
	LOOP
		EXECUTE pg_catalog.format('COMMENT ON %s %s IS %L',
			CASE f.prokind WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END, f.name,
			CASE f.prokind WHEN 'a' THEN
				'What a change of process that began on started_on did to one team, straight over rows; higher values are better (negate value and target otherwise; for times pass -ln(value)). Arguments as for coachdiag.panel, and the date, the same for all rows of a group. There is no team to compare with: its own level and trend before are; for other teams as controls call coachdiag.intervention_effect over panels. '
				'A row with NULL agent, period or started_on is not used; coach is not looked at. No row that counts: NULL. Errors: as for coachdiag.panel; dates that differ within a group (22023); infinite date (22008). Columns: type coachdiag.intervention_effect_result; unit is NULL.'
			ELSE 'Transition function of coachdiag.intervention_effect(value, target, agent, period, ..., started_on). Not to be called on its own.' END);
	END LOOP;
END
$comments$;
