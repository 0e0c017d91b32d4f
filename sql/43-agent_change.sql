-- agent_change: whether an agent really changed after a session, beyond noise.

CREATE FUNCTION coachdiag.agent_change(units text[], panels coachdiag.panel[], higher_is_better boolean, scale text DEFAULT 'identity',
		smallest_effect double precision DEFAULT NULL, horizon integer DEFAULT 4,
		OUT unit text, OUT agent text, OUT period date, OUT sessions double precision, OUT periods_before integer, OUT periods_after integer,
		OUT observed double precision, OUT expected double precision,
		OUT improvement double precision, OUT ci_low double precision, OUT ci_high double precision, OUT p_value double precision, OUT conclusion text,
		OUT cycles integer, OUT cycles_improvement double precision, OUT cycles_low double precision, OUT cycles_high double precision, OUT reason text)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_agent_change_panels' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000 ROWS 1000;
COMMENT ON FUNCTION coachdiag.agent_change(text[], coachdiag.panel[], boolean, text, double precision, integer) IS
'Whether each agent really changed after each session: one row per agent and period with sessions, of several teams that share a metric (units[i] names panels[i]; NULL panels are skipped). Arguments as for coachdiag.coaching_effect: panels in the full form of coachdiag.panel; higher_is_better: NULL = true; scale: identity, log, proportion; smallest_effect: metric units, for same; horizon: 1 to 26 periods. '
'observed: mean of the horizon periods after the session''s own, freed of contact mix, metric units; expected: what the agent''s own past (up to and with the session''s period) and the team mates'' same periods led to expect; improvement (ci_low, ci_high: 95 %, p_value): by how much observed beats it, positive is better. '
'As the past decides what is expected, an agent coached at the worst does not seem to improve by getting back to the usual. A change is not an effect: whatever happened to the agent is in it. conclusion: improved (interval above zero), worse (below), same (90 % interval within smallest_effect), otherwise cannot_tell; reason says why. '
'periods_before, periods_after: observed in this team; below 3 and 2 nothing is said. cycles: the latest sessions, three at most, whose horizons do not overlap; cycles_improvement (cycles_low, cycles_high: 95 %): mean improvement over them. NULL: not available. '
'Method: surprises of a Kalman filter with a constant for each period of the team (Harvey 1989), noise variance of the agent drawn towards the team''s. Errors: arrays of different length (2202E), unknown scale, horizon out of range (22023).';
