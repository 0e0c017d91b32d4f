-- The stored panels of all months as one per team and metric: what the results are estimated from.

CREATE FUNCTION coachdiag.refresh_stored_history(ws text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	months CONSTANT text := format('SELECT p.team, p.metric, m.period_step, array_agg(p.refreshed_at ORDER BY p.month) AS refreshed_at
		FROM %1$I.stored_panel p JOIN %1$I.stored_metric m USING (metric) GROUP BY p.team, p.metric, m.period_step', ws);
	written bigint;
BEGIN
	EXECUTE format('DELETE FROM %1$I.stored_history h WHERE NOT EXISTS (SELECT FROM (%2$s) s
		WHERE s.team = h.team AND s.metric = h.metric AND s.period_step IS NOT DISTINCT FROM h.period_step AND s.refreshed_at = h.refreshed_at)', ws, months);
	EXECUTE format($query$
		INSERT INTO %1$I.stored_history (team, metric, period_step, first_period, last_period, panel, refreshed_at)
		SELECT h.team, h.metric, h.period_step, coachdiag.first_period(h.panel), coachdiag.last_period(h.panel), h.panel, h.refreshed_at
		FROM (
			-- A week in two months adds up in one order, so that the sum is the same to the last digit.
			SELECT s.team, s.metric, s.period_step, s.refreshed_at,
				coachdiag.rollup(CASE s.period_step WHEN 'day' THEN coachdiag.weeks(p.panel) ELSE p.panel END ORDER BY p.month) AS panel
			FROM (%2$s) s JOIN %1$I.stored_panel p USING (team, metric)
			WHERE NOT EXISTS (SELECT FROM %1$I.stored_history x WHERE x.team = s.team AND x.metric = s.metric)
			GROUP BY s.team, s.metric, s.period_step, s.refreshed_at
		) h
	$query$, ws, months);
	GET DIAGNOSTICS written = ROW_COUNT;
	RETURN written;
END
$$;
COMMENT ON FUNCTION coachdiag.refresh_stored_history(text) IS
'Internal: brings stored_history up to date with the stored panels: only the teams and metrics of which one was built again since. Returns the rows written.';

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl, refresh_with, reads) VALUES (90, 'stored_history', 'table', $part$
	CREATE TABLE @.stored_history (team text, metric text, period_step text, first_period date NOT NULL, last_period date NOT NULL,
		panel coachdiag.panel NOT NULL, refreshed_at timestamptz[] NOT NULL, PRIMARY KEY (team, metric));
	COMMENT ON TABLE @.stored_history IS 'The stored panels of a team and metric as one, days gathered into weeks (coachdiag.weeks): what results are estimated from.';
	COMMENT ON COLUMN @.stored_history.team IS 'Team.';
	COMMENT ON COLUMN @.stored_history.metric IS 'Metric.';
	COMMENT ON COLUMN @.stored_history.period_step IS 'Grid of the metric (stored_metric.period_step); of day the panel has weeks, from Monday on.';
	COMMENT ON COLUMN @.stored_history.first_period IS 'First period of the panel.';
	COMMENT ON COLUMN @.stored_history.last_period IS 'Last period of the panel.';
	COMMENT ON COLUMN @.stored_history.panel IS 'All months, with the coaching dose.';
	COMMENT ON COLUMN @.stored_history.refreshed_at IS 'When each of the stored panels that it is made of had last changed, in the order of their months.';
$part$, 'SELECT coachdiag.refresh_stored_history($1)', '{stored_metric,stored_panel}');
