-- Monthly means of agents.

CREATE FUNCTION coachdiag.agent_months(panel coachdiag.panel, scale text DEFAULT 'identity',
		OUT agent text, OUT month date, OUT gap double precision, OUT value double precision, OUT weight double precision, OUT periods bigint,
		OUT first_period date, OUT last_period date, OUT level double precision)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_agent_months' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000 ROWS 100;
COMMENT ON FUNCTION coachdiag.agent_months(coachdiag.panel, text) IS
'Monthly means of the agents of a panel, contact mix taken out (coachdiag.without_mix), on the scale of the panel: one row per agent and month with values. gap: mean of value less target; of the value where the panel has no target; where some have, only these count. value: mean; weight: volume behind it; periods: how many, from first_period to last_period. level: on scale log (the panel holds ln(value)) the agent''s mean over all periods in metric units, long contacts counting by their length; else NULL. '
'Cells without a period are left out. NULL panel: no row. Error 22023: unknown scale.';

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl, refresh_with, reads) VALUES (1085, 'agent_month_mean', 'table', $part$
	CREATE TABLE @.agent_month_mean (team text, metric text, agent_id text, month date, gap double precision, value double precision, weight double precision,
		periods bigint, first_period date, last_period date, level double precision, PRIMARY KEY (team, metric, agent_id, month));
	COMMENT ON TABLE @.agent_month_mean IS 'Monthly means of agents by team and metric, contact mix taken out, on the scale of the panels (log: of ln).';
	COMMENT ON COLUMN @.agent_month_mean.team IS 'Team.';
	COMMENT ON COLUMN @.agent_month_mean.metric IS 'Metric.';
	COMMENT ON COLUMN @.agent_month_mean.agent_id IS 'Agent.';
	COMMENT ON COLUMN @.agent_month_mean.month IS 'First day of the month in which the periods start.';
	COMMENT ON COLUMN @.agent_month_mean.gap IS 'Mean of value - target; of the value where the team has no target.';
	COMMENT ON COLUMN @.agent_month_mean.value IS 'Mean value.';
	COMMENT ON COLUMN @.agent_month_mean.weight IS 'Volume behind it.';
	COMMENT ON COLUMN @.agent_month_mean.periods IS 'Periods with values.';
	COMMENT ON COLUMN @.agent_month_mean.first_period IS 'First period with values.';
	COMMENT ON COLUMN @.agent_month_mean.last_period IS 'Last period with values.';
	COMMENT ON COLUMN @.agent_month_mean.level IS 'Of a metric of scale log the agent''s mean over all periods, metric units; null: another scale.';
$part$, $fill$SELECT coachdiag.fill_part($1, 'agent_month_mean', coachdiag.in_workspace($1, $query$
	SELECT p.team, p.metric, a.agent, a.month, a.gap, a.value, a.weight, a.periods, a.first_period, a.last_period, a.level
	FROM @.team_panel p
	CROSS JOIN LATERAL coachdiag.agent_months(p.panel, p.scale) a
$query$))$fill$, '{team_panel}');
