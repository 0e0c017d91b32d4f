-- What changed from one refresh to the next, kept and told to whoever listens.

CREATE FUNCTION coachdiag.refresh_change_log(ws text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	written bigint;
BEGIN
	EXECUTE format($query$
		INSERT INTO %1$I.change_log (run, changed_at, what, team, metric, intervention, before, after)
		SELECT (SELECT coalesce(max(l.run), 1) FROM %1$I.refresh_log l), clock_timestamp(), what, team, metric, intervention,
			max(state) FILTER (WHERE NOT now), max(state) FILTER (WHERE now)
		FROM (
			SELECT 'verdict' AS what, d.team, d.metric, NULL AS intervention, d.verdict AS state, true AS now FROM %1$I.diagnosis d
			UNION ALL
			SELECT 'paradox', d.team, d.metric, NULL, CASE WHEN d.paradox THEN 'yes' WHEN NOT d.paradox THEN 'no' ELSE 'cannot_tell' END, true FROM %1$I.diagnosis d
			UNION ALL
			SELECT 'intervention', NULL, i.metric, i.intervention_id, coalesce(i.recurrence, 'no_improvement'), true FROM %1$I.intervention_effect i WHERE i.team IS NULL
			UNION ALL
			SELECT * FROM (SELECT DISTINCT ON (c.what, c.team, c.metric, c.intervention) c.what, c.team, c.metric, c.intervention, c.after AS state, false
				FROM %1$I.change_log c ORDER BY c.what, c.team, c.metric, c.intervention, c.run DESC) latest
		) s
		GROUP BY what, team, metric, intervention
		HAVING max(state) FILTER (WHERE NOT now) IS DISTINCT FROM max(state) FILTER (WHERE now)
			-- A look back is no change.
			AND NOT EXISTS (SELECT FROM %1$I.settings WHERE isfinite(as_of))
	$query$, ws);
	GET DIAGNOSTICS written = ROW_COUNT;
	RETURN written;
END
$$;

COMMENT ON FUNCTION coachdiag.refresh_change_log(text) IS
'Internal: adds to change_log what differs from its latest state, but in a look back (settings.as_of). Returns the rows written.';

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl, refresh_with, reads) VALUES (1990, 'change_log', 'table', $part$
	CREATE TABLE @.change_log (
		run bigint NOT NULL,
		changed_at timestamptz NOT NULL,
		what text NOT NULL CHECK (what IN ('verdict', 'paradox', 'intervention')),
		team text,
		metric text NOT NULL,
		intervention text,
		before text,
		after text
	);
	CREATE UNIQUE INDEX ON @.change_log (what, team, metric, intervention, run) NULLS NOT DISTINCT;
	COMMENT ON TABLE @.change_log IS 'Every verdict, paradox and intervention that changed, and since when: a row where a refresh found another state than the one before. Kept over rebuilds. See coachdiag.changes.';
	COMMENT ON COLUMN @.change_log.run IS 'Refresh that found it.';
	COMMENT ON COLUMN @.change_log.changed_at IS 'When.';
	COMMENT ON COLUMN @.change_log.what IS 'verdict; paradox (yes, no, cannot_tell); intervention (whether what it improved lasts: held, recurred, cannot_tell; no_improvement: none is shown).';
	COMMENT ON COLUMN @.change_log.team IS 'Team; null: all that an intervention touched, together.';
	COMMENT ON COLUMN @.change_log.metric IS 'Metric.';
	COMMENT ON COLUMN @.change_log.intervention IS 'Intervention; null: of a verdict or paradox.';
	COMMENT ON COLUMN @.change_log.before IS 'State until then; null: not diagnosed before.';
	COMMENT ON COLUMN @.change_log.after IS 'State since then; null: no longer diagnosed.';
$part$, 'SELECT coachdiag.refresh_change_log($1)', '{diagnosis,intervention_effect,settings}');

CREATE FUNCTION coachdiag.changes(ws text, since timestamptz DEFAULT NULL)
RETURNS TABLE (changed_at timestamptz, what text, program text, site text, team text, metric text, intervention text, before text, after text, alert boolean)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM coachdiag.workspace_oid(ws);
	RETURN QUERY EXECUTE format($query$
		SELECT c.changed_at, c.what, coalesce(t.program, i.program), coalesce(t.site, i.site), c.team, c.metric, c.intervention, c.before, c.after,
			coalesce(CASE c.what WHEN 'paradox' THEN c.after = 'yes' WHEN 'verdict' THEN c.after IN ('structural', 'mixed')
				ELSE c.after IN ('recurred', 'no_improvement') END, false)
		FROM %1$I.change_log c
			LEFT JOIN %1$I.stored_team t ON t.team = c.team
			LEFT JOIN %1$I.stored_intervention i ON i.intervention_id = c.intervention
		WHERE c.before IS NOT NULL
			AND CASE WHEN $1 IS NULL THEN c.run = coalesce((SELECT max(l.run) FROM %1$I.refresh_log l), (SELECT max(l.run) FROM %1$I.change_log l)) ELSE c.changed_at >= $1 END
		ORDER BY c.changed_at, c.what, c.team, c.metric, c.intervention
	$query$, ws) USING since;
END
$$;

COMMENT ON FUNCTION coachdiag.changes(text, timestamptz) IS
'Verdicts that changed, paradoxes that appeared or went, and interventions whose improvement came undone or is now seen to last, at the last refresh of a workspace (where refresh_log has been emptied: the last that changed something), or since a time. before, after: state of the verdict (structural, behavioural, mixed, no_gap, cannot_tell), '
'of the paradox (yes, no, cannot_tell), or of the intervention over all teams that it touched (held, recurred, cannot_tell; no_improvement: none is shown); after null: no longer diagnosed. '
'alert: a new paradox, a verdict that is now structural or mixed, an intervention that came undone (recurred, no_improvement). What is diagnosed for the first time is no change. No change: no row. Needs SELECT on change_log, refresh_log, stored_team and stored_intervention of the workspace. Error: no such workspace (3F000).';

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
				'intervention', left(c.intervention, 500), 'before', c.before, 'after', c.after, 'alert', c.alert)::text);
		END IF;
	END LOOP;
	IF told > most THEN
		PERFORM pg_notify('coachdiag', jsonb_build_object('workspace', ws, 'run', run, 'what', 'more', 'changes', told)::text);
	END IF;
	RETURN told;
END
$$;

COMMENT ON FUNCTION coachdiag.tell_changes(text, bigint) IS
'Internal: NOTIFY coachdiag with a JSON object for each change of the last refresh (workspace, run, what, team, metric, intervention, before, after, alert), alerts first, at most 100 and then one with what = more and the number of all.';

CREATE FUNCTION coachdiag.log_is_plain(ws text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	-- Who watches reads logs of others, which must not run anything of theirs.
	SELECT EXISTS (
		SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = ws AND c.relname = 'refresh_log' AND c.relkind = 'r' AND NOT c.relrowsecurity
			AND (SELECT array_agg(a.atttypid::regtype::text ORDER BY a.attname) FROM pg_attribute a
				WHERE a.attrelid = c.oid AND a.attname IN ('run', 'step', 'seconds')) = '{bigint,"double precision",text}')
$$;
COMMENT ON FUNCTION coachdiag.log_is_plain(text) IS
'Internal: whether refresh_log of a workspace is a table as coachdiag makes it, so that reading it runs nobody''s code: no view, no row security, built-in types.';

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
			CROSS JOIN LATERAL regexp_match(a.application_name, '^coachdiag (\d{1,10}) (\d{1,6})/(\d{1,6}) (.*)$') m
			JOIN pg_namespace n ON n.oid::bigint = m[1]::bigint
			JOIN coachdiag.workspace w ON w.name = n.nspname
		WHERE a.datname = current_database() AND a.leader_pid IS NULL
	LOOP
		workspace := r.ws; pid := r.pid; step := r.step; done := r.done; total := r.total; started := r.xact_start;
		rate := 60 * r.done / nullif(r.elapsed, 0);
		before := NULL; rest := NULL;
		IF coachdiag.log_is_plain(r.ws) AND has_table_privilege(format('%I.refresh_log', r.ws), 'SELECT') THEN
			EXECUTE format($query$
				SELECT sum(l.seconds) FILTER (WHERE p.position < h.position), sum(l.seconds) FILTER (WHERE p.position >= h.position)
				FROM ONLY %1$I.refresh_log l
					LEFT JOIN coachdiag.workspace_part w ON w.name = l.step
					CROSS JOIN LATERAL (SELECT coalesce(w.position, -1) AS position) p
					CROSS JOIN (SELECT coalesce((SELECT x.position FROM coachdiag.workspace_part x WHERE x.name = $1), -1) AS position) h
				WHERE l.run = (SELECT max(run) FROM ONLY %1$I.refresh_log) AND l.step <> 'left_out'
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
