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
		SELECT (SELECT coalesce(max(l.run), 1) FROM %1$I.refresh_log l), clock_timestamp(), what, team, metric, intervention, max(known), max(state)
		FROM (
			SELECT 'verdict' AS what, d.team, d.metric, NULL AS intervention, d.verdict AS state, NULL AS latest, NULL AS known FROM %1$I.diagnosis d
			UNION ALL
			SELECT 'paradox', d.team, d.metric, NULL, CASE WHEN d.paradox THEN 'yes' WHEN NOT d.paradox THEN 'no' ELSE 'cannot_tell' END, NULL, NULL FROM %1$I.diagnosis d
			UNION ALL
			SELECT 'intervention', NULL, i.metric, i.intervention_id, coalesce(i.recurrence, 'no_improvement'), NULL, NULL FROM %1$I.intervention_effect i WHERE i.team IS NULL
			UNION ALL
			-- Who was away is compared with the state before.
			SELECT c.what, c.team, c.metric, c.intervention, NULL, (array_agg(c.after ORDER BY c.run DESC))[1], (array_agg(c.after ORDER BY c.run DESC) FILTER (WHERE c.after IS NOT NULL))[1]
			FROM %1$I.change_log c GROUP BY 1, 2, 3, 4
		) s
		GROUP BY what, team, metric, intervention
		HAVING max(latest) IS DISTINCT FROM max(state)
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
	COMMENT ON COLUMN @.change_log.before IS 'State until then, the last that was diagnosed: the same as after where a team was away and is back as it was; null: not diagnosed before.';
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
		WHERE (c.before IS NOT NULL OR c.what = 'paradox' AND c.after = 'yes') AND c.before IS DISTINCT FROM c.after
			AND CASE WHEN $1 IS NULL THEN c.run = coalesce((SELECT max(l.run) FROM %1$I.refresh_log l WHERE l.step <> 'failed'), (SELECT max(l.run) FROM %1$I.change_log l)) ELSE c.changed_at >= $1 END
		ORDER BY c.changed_at, c.what, c.team, c.metric, c.intervention
	$query$, ws) USING since;
END
$$;

COMMENT ON FUNCTION coachdiag.changes(text, timestamptz) IS
'Verdicts that changed, paradoxes that appeared or went, and interventions whose improvement came undone or is now seen to last, at the last refresh of a workspace that did not fail (where refresh_log has been emptied: the last that changed something), or since a time. before, after: state of the verdict (structural, behavioural, mixed, no_gap, cannot_tell), '
'of the paradox (yes, no, cannot_tell), or of the intervention over all teams that it touched (held, recurred, cannot_tell; no_improvement: none is shown); after null: no longer diagnosed. '
'alert: a new paradox, a verdict that is now structural or mixed, an intervention that came undone (recurred, no_improvement). What is diagnosed for the first time is no change, but a paradox is one (before null); who was away for a while is compared with the last state before. No change: no row. Needs SELECT on change_log, refresh_log, stored_team and stored_intervention of the workspace. Error: no such workspace (3F000).';

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
				WHERE a.attrelid = c.oid AND a.attname IN ('finished', 'message', 'rows', 'run', 'seconds', 'step')) = '{timestamp with time zone,text,bigint,bigint,double precision,text}')
$$;
COMMENT ON FUNCTION coachdiag.log_is_plain(text) IS
'Internal: whether refresh_log of a workspace is a table as coachdiag makes it, so that reading it runs nobody''s code: no view, no row security, built-in types.';

CREATE FUNCTION coachdiag.readable_logs() RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT w.name FROM coachdiag.workspace w
	WHERE CASE WHEN coachdiag.log_is_plain(w.name) THEN has_table_privilege(format('%I.refresh_log', w.name), 'SELECT') END
$$;
COMMENT ON FUNCTION coachdiag.readable_logs() IS
'Internal: the workspaces whose refresh_log you may read without running anybody''s code.';

CREATE FUNCTION coachdiag.seconds_left(ws text, steps_done int, in_step double precision) RETURNS double precision
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	seconds double precision;
BEGIN
	-- The last run that had to do a step tells how long it takes, one that found nothing to do doesn't.
	EXECUTE format($query$
		SELECT CASE WHEN count(*) > 0 THEN greatest(coalesce(sum(l.seconds) FILTER (WHERE s.done = $1), 0) - $2, 0) + coalesce(sum(l.seconds) FILTER (WHERE s.done > $1), 0) END
		FROM (SELECT DISTINCT ON (step) step, seconds FROM ONLY %I.refresh_log WHERE rows > 0 OR seconds > 0.01 ORDER BY step, run DESC) l
			JOIN coachdiag.refreshed_part() s ON s.part = l.step
	$query$, ws) INTO seconds USING steps_done, in_step;
	RETURN seconds;
END
$$;
COMMENT ON FUNCTION coachdiag.seconds_left(text, integer, double precision) IS
'Internal: how long a refresh will take from a step on that it has been at for some seconds, by how long each step took when it last had something to do; null: none ever had.';

CREATE FUNCTION coachdiag.running_refreshes()
RETURNS TABLE (workspace text, pid int, step text, done int, total int, started timestamptz, rate double precision, estimated_end timestamptz, portions_left int)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	FOR workspace, pid, step, done, total, started, rate, estimated_end, portions_left IN
		SELECT n.nspname::text, a.pid, m[6], m[2]::int, m[3]::int, a.xact_start,
			60 * nullif(m[2]::int, 0) / nullif(extract(epoch FROM clock_timestamp() - a.xact_start)::double precision, 0),
			CASE WHEN n.nspname IN (SELECT coachdiag.readable_logs()) THEN
				clock_timestamp() + make_interval(secs => coachdiag.seconds_left(n.nspname, m[2]::int, extract(epoch FROM clock_timestamp())::double precision - m[5]::double precision)) END,
			m[4]::int
		FROM pg_stat_activity a
			CROSS JOIN LATERAL regexp_match(a.application_name, '^coachdiag (\d{1,10}) (\d{1,6})/(\d{1,6})(?:\+(\d{1,6}))? (\d{1,12}) (.*)$') m
			JOIN pg_namespace n ON n.oid::bigint = m[1]::bigint
			JOIN coachdiag.workspace w ON w.name = n.nspname
		WHERE a.datname = current_database() AND a.leader_pid IS NULL
	LOOP
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
COMMENT ON COLUMN coachdiag.progress.rate IS 'Steps a minute so far; null before the first is done.';
COMMENT ON COLUMN coachdiag.progress.estimated_end IS 'By how long each step took when it last had something to do; null: nothing to go by, as in the first refresh, or you may not read the workspace''s refresh_log.';
COMMENT ON COLUMN coachdiag.progress.portions_left IS 'Of a long history that is read in portions which commit: about how many come after this one, each a refresh with an end of its own; null: a refresh in one transaction.';
GRANT SELECT ON coachdiag.progress TO PUBLIC;

CREATE FUNCTION coachdiag.last_refreshes()
RETURNS TABLE (workspace text, last_status text, last_end timestamptz, last_message text, last_success timestamptz)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	FOR workspace IN SELECT coachdiag.readable_logs() ORDER BY 1 LOOP
		RETURN QUERY EXECUTE format($query$
			SELECT $1, CASE l.step WHEN 'failed' THEN 'failed' ELSE 'succeeded' END, l.finished, CASE l.step WHEN 'failed' THEN l.message END,
				(SELECT max(g.finished) FROM ONLY %1$I.refresh_log g WHERE g.step <> 'failed')
			FROM ONLY %1$I.refresh_log l ORDER BY l.finished DESC LIMIT 1
		$query$, workspace) USING workspace;
	END LOOP;
END
$$;
COMMENT ON FUNCTION coachdiag.last_refreshes() IS
'How refreshes ended, for view coachdiag.last_refresh.';

CREATE VIEW coachdiag.last_refresh AS SELECT * FROM coachdiag.last_refreshes();
COMMENT ON VIEW coachdiag.last_refresh IS
'How the last refresh of each workspace ended whose refresh_log you may read. No row: none yet, or the log has been emptied. Not seen: one inside a transaction or function of the caller''s, whose rows are taken back with it, and one that ended with its session. Of one in portions: the last portion.';
COMMENT ON COLUMN coachdiag.last_refresh.workspace IS 'Workspace.';
COMMENT ON COLUMN coachdiag.last_refresh.last_status IS 'succeeded or failed.';
COMMENT ON COLUMN coachdiag.last_refresh.last_end IS 'When it ended.';
COMMENT ON COLUMN coachdiag.last_refresh.last_message IS 'The error of one that failed.';
COMMENT ON COLUMN coachdiag.last_refresh.last_success IS 'When the last ended that succeeded: the results are as of then.';
GRANT SELECT ON coachdiag.last_refresh TO PUBLIC;
