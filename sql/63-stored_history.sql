-- The stored panels of all months as one per team and metric: what the results are estimated from.

CREATE FUNCTION coachdiag.largest_history(ws text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	largest text;
BEGIN
	-- Seven days become a week.
	EXECUTE format($query$
		SELECT format('team "%%s" and metric "%%s": about %%s cells', team, metric, round(cells))
		FROM (SELECT team, metric, sum(coachdiag.memory_size(p.panel)) / 72 / CASE max(m.period_step) WHEN 'day' THEN 7 ELSE 1 END AS cells
			FROM %1$I.stored_panel p JOIN %1$I.stored_metric m USING (metric) GROUP BY team, metric) s
		ORDER BY cells DESC, team, metric LIMIT 1
	$query$, ws) INTO largest;
	RETURN largest;
END
$$;

COMMENT ON FUNCTION coachdiag.largest_history(text) IS
'Internal: the team and metric whose stored panels have the most cells, and about how many that makes of their history, in words.';

CREATE FUNCTION coachdiag.refresh_stored_history(ws text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	written bigint;
BEGIN
	EXECUTE format('DELETE FROM %1$I.stored_history h WHERE NOT EXISTS (SELECT FROM %1$I.stored_panel p JOIN %1$I.stored_metric m USING (metric)
		WHERE p.team = h.team AND p.metric = h.metric AND m.period_step IS NOT DISTINCT FROM h.period_step)', ws);
	EXECUTE format($query$
		INSERT INTO %1$I.stored_history AS x (team, metric, period_step, first_period, last_period, panel, as_logs, refreshed_at)
		SELECT s.team, s.metric, s.period_step, coachdiag.first_period(w.panel), coachdiag.last_period(w.panel), w.panel, CASE s.scale WHEN 'log' THEN w.panel END, s.refreshed_at
		FROM (
			SELECT p.team, p.metric, m.period_step, m.scale, array_agg(p.month ORDER BY p.month) AS months, array_agg(p.refreshed_at ORDER BY p.month) AS refreshed_at
			FROM %1$I.stored_panel p JOIN %1$I.stored_metric m USING (metric) GROUP BY p.team, p.metric, m.period_step, m.scale
		) s
			LEFT JOIN %1$I.stored_history h USING (team, metric)
			-- The last of the first months that have not changed, and the first week that is not all in these.
			CROSS JOIN LATERAL (SELECT s.months[min(u.n)::int - 1] AS month FROM unnest(s.refreshed_at, h.refreshed_at) WITH ORDINALITY u (now, before, n)
				WHERE u.now IS DISTINCT FROM u.before) k
			CROSS JOIN LATERAL (SELECT date_trunc('week', k.month + interval '1 month')::date AS week) f
			CROSS JOIN LATERAL (
				-- A week in two months adds up in one order, so that the sum is the same to the last digit.
				SELECT coachdiag.rollup(CASE s.period_step WHEN 'day' THEN coachdiag.weeks(p.panel) ELSE p.panel END ORDER BY p.month) AS panel
				FROM %1$I.stored_panel p WHERE p.team = s.team AND p.metric = s.metric AND (p.month >= k.month OR k.month IS NULL)
			) n
			CROSS JOIN LATERAL (
				SELECT coachdiag.rollup(v.part) AS panel
				FROM (VALUES (coachdiag.period_range(coalesce(h.as_logs, h.panel), NULL, f.week)), (coachdiag.period_range(n.panel, f.week, NULL))) v (part)
				WHERE k.month IS NOT NULL
			) o
			CROSS JOIN LATERAL (SELECT coalesce(o.panel, n.panel) AS panel) w
		WHERE h.refreshed_at IS DISTINCT FROM s.refreshed_at
		ON CONFLICT (team, metric) DO UPDATE
		SET first_period = excluded.first_period, last_period = excluded.last_period, panel = excluded.panel, as_logs = excluded.as_logs, refreshed_at = excluded.refreshed_at
	$query$, ws);
	GET DIAGNOSTICS written = ROW_COUNT;
	-- What all teams of a metric show goes into each of them.
	EXECUTE format($query$
		UPDATE %1$I.stored_history h SET panel = n.panel
		FROM (
			SELECT x.team, x.metric, coachdiag.without_log_bias(x.as_logs, coalesce(b.bias, 0)) AS panel
			FROM %1$I.stored_history x
			JOIN (SELECT metric, coachdiag.log_bias(array_agg(as_logs ORDER BY team)) AS bias FROM %1$I.stored_history WHERE as_logs IS NOT NULL GROUP BY metric) b USING (metric)
			WHERE x.as_logs IS NOT NULL
		) n
		WHERE h.team = n.team AND h.metric = n.metric AND NOT h.panel OPERATOR(coachdiag.=) n.panel
	$query$, ws);
	RETURN written;
EXCEPTION WHEN program_limit_exceeded THEN
	RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM, DETAIL = 'The largest history is that of ' || coachdiag.largest_history(ws),
		HINT = 'Make smaller teams (a team is any name in assignment), fewer contact types, or leave years out of agent_metric.';
END
$$;
COMMENT ON FUNCTION coachdiag.refresh_stored_history(text) IS
'Internal: brings stored_history up to date with the stored panels: only the teams and metrics of which one was built again since, and of these the weeks from the first such month on; on scale log then all teams of a metric, without its coachdiag.log_bias. Returns the rows that changed before that. Error: the history of a team and metric is too large for a panel (54000).';

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl, refresh_with, reads) VALUES (90, 'stored_history', 'table', $part$
	CREATE TABLE @.stored_history (team text, metric text, period_step text, first_period date NOT NULL, last_period date NOT NULL,
		panel coachdiag.panel NOT NULL, as_logs coachdiag.panel, refreshed_at timestamptz[] NOT NULL, PRIMARY KEY (team, metric));
	COMMENT ON TABLE @.stored_history IS 'The stored panels of a team and metric as one, days gathered into weeks (coachdiag.weeks): what results are estimated from.';
	COMMENT ON COLUMN @.stored_history.team IS 'Team.';
	COMMENT ON COLUMN @.stored_history.metric IS 'Metric.';
	COMMENT ON COLUMN @.stored_history.period_step IS 'Grid of the metric (stored_metric.period_step); of day the panel has weeks, from Monday on.';
	COMMENT ON COLUMN @.stored_history.first_period IS 'First period of the panel.';
	COMMENT ON COLUMN @.stored_history.last_period IS 'Last period of the panel.';
	COMMENT ON COLUMN @.stored_history.panel IS 'All months, with the coaching dose; on scale log without coachdiag.log_bias of all its teams.';
	COMMENT ON COLUMN @.stored_history.as_logs IS 'On scale log: the same before it, which the next refresh goes on from.';
	COMMENT ON COLUMN @.stored_history.refreshed_at IS 'When each of the stored panels that it is made of had last changed, in the order of their months.';
$part$, 'SELECT coachdiag.refresh_stored_history($1)', '{stored_metric,stored_panel}');
