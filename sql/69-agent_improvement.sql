-- Who improved.

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES
(1090, 'agent_improvement', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.agent_improvement AS
	WITH month AS (
		SELECT m.*, m.month > l.last - s.diagnosis_months / 2 * interval '1 month' AS late,
			CASE WHEN k.higher_is_better IS false THEN -1 ELSE 1 END AS direction, k.scale, k.smallest_effect
		FROM @.agent_month_mean m
		JOIN @.stored_metric k USING (metric)
		CROSS JOIN (SELECT max(x.month) AS last FROM @.agent_month_mean x) l
		CROSS JOIN @.settings s
	), seen AS (
		SELECT m.*, count(*) FILTER (WHERE m.late) OVER agent AS late_months, count(*) FILTER (WHERE NOT m.late) OVER agent AS early_months
		FROM month m WINDOW agent AS (PARTITION BY m.team, m.metric, m.agent_id)
	), own AS (
		-- What the month did to the whole team is taken out over the same agents throughout.
		SELECT s.*, s.gap - coachdiag.exact_avg(s.gap) OVER (PARTITION BY s.team, s.metric, s.month) AS apart
		FROM seen s WHERE s.late_months >= 2 AND s.early_months >= 2
	), agent AS (
		SELECT o.team, o.metric, o.agent_id, o.late_months, o.early_months, o.direction, o.smallest_effect,
			CASE WHEN o.scale = 'log' THEN max(o.level) ELSE 1 END AS unit,
			coachdiag.exact_avg(o.apart) FILTER (WHERE o.late) - coachdiag.exact_avg(o.apart) FILTER (WHERE NOT o.late) AS change,
			var_pop(o.apart ORDER BY o.apart) FILTER (WHERE o.late) * o.late_months + var_pop(o.apart ORDER BY o.apart) FILTER (WHERE NOT o.late) * o.early_months AS squares
		FROM own o
		GROUP BY o.team, o.metric, o.agent_id, o.late_months, o.early_months, o.direction, o.scale, o.smallest_effect
	), estimate AS (
		SELECT a.*, a.direction * a.unit * a.change AS raw,
			a.unit * sqrt(t.variance * (1.0 / a.late_months + 1.0 / a.early_months)) AS se
		FROM agent a
		JOIN (
			SELECT x.team, x.metric, coachdiag.exact_sum(x.squares) / (sum(x.late_months + x.early_months - 2) * (1 - 1.0 / count(*))) AS variance
			FROM agent x GROUP BY x.team, x.metric HAVING count(*) >= 3 AND coachdiag.exact_sum(x.squares) > 0
		) t USING (team, metric)
	)
	SELECT e.team, e.metric, e.agent_id, e.raw AS change, e.se, (e.s).estimate AS shrunken, (e.s).se AS shrunken_se,
		(e.s).estimate > 1.96 * (e.s).se AND (e.s).estimate >= coalesce(e.smallest_effect, 0) AS improved
	FROM (SELECT x.*, coachdiag.shrink(x.raw, x.se) OVER (PARTITION BY x.metric) AS s FROM estimate x) e;
	CREATE UNIQUE INDEX ON @.agent_improvement (team, metric, agent_id);
	COMMENT ON MATERIALIZED VIEW @.agent_improvement IS 'Who truly improved: how an agent''s later half of the months that the diagnosis looks at differs from the earlier, against how the team changed; metric units, positive is better. Agents with two months in each half, teams with three such agents.';
	COMMENT ON COLUMN @.agent_improvement.team IS 'Team.';
	COMMENT ON COLUMN @.agent_improvement.metric IS 'Metric.';
	COMMENT ON COLUMN @.agent_improvement.agent_id IS 'Agent.';
	COMMENT ON COLUMN @.agent_improvement.change IS 'Change against that of the team.';
	COMMENT ON COLUMN @.agent_improvement.se IS 'Its standard error, from how months vary within halves, over the team.';
	COMMENT ON COLUMN @.agent_improvement.shrunken IS 'The same drawn towards the mean of all agents of the metric as far as noise calls for (coachdiag.shrink).';
	COMMENT ON COLUMN @.agent_improvement.shrunken_se IS 'Its standard error.';
	COMMENT ON COLUMN @.agent_improvement.improved IS 'Improved beyond noise (95 % interval of the shrunken change) and by the smallest effect worth having.';
$part$);
