-- What changed from one refresh to the next, kept and told to whoever listens.

CREATE FUNCTION coachdiag.refresh_change_log(ws text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	written bigint;
BEGIN
	EXECUTE format($query$
		INSERT INTO %1$I.change_log (run, changed_at, what, team, metric, before, after)
		SELECT (SELECT coalesce(max(l.run), 1) FROM %1$I.refresh_log l), clock_timestamp(), what, team, metric, o.state, n.state
		FROM (
			SELECT 'verdict' AS what, d.team, d.metric, d.verdict AS state FROM %1$I.diagnosis d
			UNION ALL
			SELECT 'paradox', d.team, d.metric, CASE WHEN d.paradox THEN 'yes' WHEN NOT d.paradox THEN 'no' ELSE 'cannot_tell' END FROM %1$I.diagnosis d
		) n
		FULL JOIN (
			SELECT * FROM (SELECT DISTINCT ON (c.what, c.team, c.metric) c.what, c.team, c.metric, c.after AS state
				FROM %1$I.change_log c ORDER BY c.what, c.team, c.metric, c.run DESC) latest
			WHERE state IS NOT NULL
		) o USING (what, team, metric)
		WHERE n.state IS DISTINCT FROM o.state
	$query$, ws);
	GET DIAGNOSTICS written = ROW_COUNT;
	RETURN written;
END
$$;

COMMENT ON FUNCTION coachdiag.refresh_change_log(text) IS
'Internal: adds to change_log what differs from its latest state. Returns the rows written.';

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl, refresh_with) VALUES (1990, 'change_log', 'table', $part$
	CREATE TABLE @.change_log (
		run bigint NOT NULL,
		changed_at timestamptz NOT NULL,
		what text NOT NULL CHECK (what IN ('verdict', 'paradox')),
		team text NOT NULL,
		metric text NOT NULL,
		before text,
		after text,
		PRIMARY KEY (what, team, metric, run)
	);
	COMMENT ON TABLE @.change_log IS 'Every verdict and paradox that changed, and since when: a row where a refresh found another state than the one before. Kept over rebuilds. See coachdiag.changes.';
	COMMENT ON COLUMN @.change_log.run IS 'Refresh that found it.';
	COMMENT ON COLUMN @.change_log.changed_at IS 'When.';
	COMMENT ON COLUMN @.change_log.what IS 'verdict, or paradox (yes, no, cannot_tell).';
	COMMENT ON COLUMN @.change_log.team IS 'Team.';
	COMMENT ON COLUMN @.change_log.metric IS 'Metric.';
	COMMENT ON COLUMN @.change_log.before IS 'State until then; null: not diagnosed before.';
	COMMENT ON COLUMN @.change_log.after IS 'State since then; null: no longer diagnosed.';
$part$, 'SELECT coachdiag.refresh_change_log($1)');

CREATE FUNCTION coachdiag.changes(ws text, since timestamptz DEFAULT NULL)
RETURNS TABLE (changed_at timestamptz, what text, program text, site text, team text, metric text, before text, after text, alert boolean)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM coachdiag.workspace_oid(ws);
	RETURN QUERY EXECUTE format($query$
		SELECT c.changed_at, c.what, t.program, t.site, c.team, c.metric, c.before, c.after,
			coalesce(c.what = 'paradox' AND c.after = 'yes' OR c.what = 'verdict' AND c.after IN ('structural', 'mixed'), false)
		FROM %1$I.change_log c LEFT JOIN %1$I.stored_team t ON t.team = c.team
		WHERE c.before IS NOT NULL
			AND CASE WHEN $1 IS NULL THEN c.run = (SELECT max(l.run) FROM %1$I.refresh_log l) ELSE c.changed_at >= $1 END
		ORDER BY c.changed_at, c.what, c.team, c.metric
	$query$, ws) USING since;
END
$$;

COMMENT ON FUNCTION coachdiag.changes(text, timestamptz) IS
'Verdicts that changed and paradoxes that appeared or went, at the last refresh of a workspace, or since a time. before, after: state of the verdict (structural, behavioural, mixed, no_gap, cannot_tell), or of the paradox (yes, no, cannot_tell); after null: no longer diagnosed. '
'alert: a new paradox, or a verdict that is now structural or mixed. What is diagnosed for the first time is no change. No change: no row. Error: no such workspace (3F000).';

CREATE FUNCTION coachdiag.tell_changes(ws text, run bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	most CONSTANT int := 100;
	told bigint := 0;
	c record;
BEGIN
	FOR c IN SELECT * FROM coachdiag.changes(ws) ORDER BY alert DESC LOOP
		told := told + 1;
		IF told <= most THEN
			PERFORM pg_notify('coachdiag', jsonb_build_object('workspace', ws, 'run', run, 'what', c.what, 'team', left(c.team, 500), 'metric', left(c.metric, 500),
				'before', c.before, 'after', c.after, 'alert', c.alert)::text);
		END IF;
	END LOOP;
	IF told > most THEN
		PERFORM pg_notify('coachdiag', jsonb_build_object('workspace', ws, 'run', run, 'what', 'more', 'changes', told)::text);
	END IF;
	RETURN told;
END
$$;

COMMENT ON FUNCTION coachdiag.tell_changes(text, bigint) IS
'Internal: NOTIFY coachdiag with a JSON object for each change of the last refresh (workspace, run, what, team, metric, before, after, alert), alerts first, at most 100 and then one with what = more and the number of all.';

CREATE FUNCTION coachdiag.running_refreshes()
RETURNS TABLE (workspace text, pid int, step text, done int, total int, started timestamptz, rate double precision, estimated_end timestamptz)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	r record;
	before double precision;
	rest double precision;
BEGIN
	FOR r IN
		SELECT n.nspname::text AS ws, a.pid, m[4] AS step, m[2]::int AS done, m[3]::int AS total, a.xact_start,
			extract(epoch FROM clock_timestamp() - a.xact_start) AS elapsed
		FROM pg_stat_activity a
			CROSS JOIN LATERAL regexp_match(a.application_name, '^coachdiag (\d+) (\d+)/(\d+) (.*)$') m
			JOIN pg_namespace n ON n.oid = m[1]::oid
		WHERE a.datname = current_database() AND has_schema_privilege(n.oid, 'USAGE')
	LOOP
		workspace := r.ws; pid := r.pid; step := r.step; done := r.done; total := r.total; started := r.xact_start;
		rate := 60 * r.done / nullif(r.elapsed, 0);
		before := NULL; rest := NULL;
		IF has_table_privilege(format('%I.refresh_log', r.ws), 'SELECT') THEN
			EXECUTE format($query$
				SELECT sum(l.seconds) FILTER (WHERE p.position < h.position), sum(l.seconds) FILTER (WHERE p.position >= h.position)
				FROM %1$I.refresh_log l
					LEFT JOIN coachdiag.workspace_part w ON w.name = l.step
					CROSS JOIN LATERAL (SELECT coalesce(w.position, -1) AS position) p
					CROSS JOIN (SELECT coalesce((SELECT x.position FROM coachdiag.workspace_part x WHERE x.name = $1), -1) AS position) h
				WHERE l.run = (SELECT max(run) FROM %1$I.refresh_log) AND l.step <> 'left_out'
			$query$, r.ws) INTO before, rest USING r.step;
		END IF;
		estimated_end := clock_timestamp() + make_interval(secs => coalesce(
			rest * least(greatest(r.elapsed / nullif(before, 0), 0.2), 5), rest, r.elapsed * (r.total - r.done) / nullif(r.done, 0)));
		RETURN NEXT;
	END LOOP;
END
$$;

COMMENT ON FUNCTION coachdiag.running_refreshes() IS
'The refreshes that run now, for view coachdiag.progress.';

CREATE VIEW coachdiag.progress AS SELECT * FROM coachdiag.running_refreshes();
COMMENT ON VIEW coachdiag.progress IS
'Refreshes that run now, one row each, in workspaces of this database that you may use: watch it from another session (\watch in psql).';
COMMENT ON COLUMN coachdiag.progress.workspace IS 'Workspace.';
COMMENT ON COLUMN coachdiag.progress.pid IS 'Server process; pg_cancel_backend(pid) stops it, and the last good results stay.';
COMMENT ON COLUMN coachdiag.progress.step IS 'Step it is at.';
COMMENT ON COLUMN coachdiag.progress.done IS 'Steps done.';
COMMENT ON COLUMN coachdiag.progress.total IS 'Steps in all.';
COMMENT ON COLUMN coachdiag.progress.started IS 'Start; null: you may not see the activity of its user.';
COMMENT ON COLUMN coachdiag.progress.rate IS 'Steps a minute so far.';
COMMENT ON COLUMN coachdiag.progress.estimated_end IS 'By how long each step took the last time and how this one has gone so far; the first time by the rate; null: nothing to go by.';
GRANT SELECT ON coachdiag.progress TO PUBLIC;
