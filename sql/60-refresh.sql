-- The refresh: source rows to stored panels.

-- Steps

CREATE FUNCTION coachdiag.refresh_periods(ws text, days datemultirange, whole text[] DEFAULT '{}') RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN coachdiag.fill_part(ws, 'stored_period', coachdiag.period_sql(ws, days, whole), coachdiag.in_days('period', days, 'metric', whole));
END
$$;

COMMENT ON FUNCTION coachdiag.refresh_periods(text, datemultirange, text[]) IS
'Internal: brings stored_period up to date for the days given (null: all), and for all days of the metrics in whole. Returns the rows written.';

CREATE FUNCTION coachdiag.metric_state(ws text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	state jsonb;
BEGIN
	EXECUTE format('SELECT jsonb_object_agg(metric, jsonb_build_array(target, scale, period_step, week_start)) FROM %I.stored_metric', ws)
	INTO state;
	RETURN coalesce(state, '{}');
END
$$;

COMMENT ON FUNCTION coachdiag.metric_state(text) IS
'Internal: what of each stored metric the content of its panels depends on.';

CREATE FUNCTION coachdiag.stale_metrics(before jsonb, now jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(array_agg(key ORDER BY key), '{}') FROM jsonb_each(before) b FULL JOIN jsonb_each(now) a USING (key) WHERE b.value IS DISTINCT FROM a.value
$$;

COMMENT ON FUNCTION coachdiag.stale_metrics(jsonb, jsonb) IS
'Internal: the metrics whose stored panels are stale. before, now: coachdiag.metric_state at the last refresh and at this one.';

CREATE FUNCTION coachdiag.refresh_metrics(ws text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	twice text;
BEGIN
	EXECUTE format('SELECT metric FROM (%s) m WHERE metric IS NOT NULL GROUP BY metric HAVING count(*) > 1 ORDER BY metric LIMIT 1',
		coachdiag.source(ws, 'metric')) INTO twice;
	IF twice IS NOT NULL THEN
		RAISE EXCEPTION 'relation "metric" of workspace "%" lists metric "%" more than once', ws, twice
			USING ERRCODE = 'cardinality_violation',
				HINT = 'A metric has one direction, scale and target; targets that differ go into agent_metric.target.';
	END IF;

	RETURN coachdiag.fill_part(ws, 'stored_metric', format($query$
		SELECT m.metric, m.higher_is_better, m.target, m.smallest_effect, m.unit, m.scale, g.period_step, g.week_start,
			CASE WHEN g.period_step IS NULL THEN NULL WHEN w.told OR NOT w.ahead THEN w.first ELSE 'infinity' END
		FROM (%1$s) m
			LEFT JOIN (%2$s) g ON g.metric = m.metric
			-- Rows of three weeks (months) to come or more, together as many as a period has, say that the calendar is not the measurements': then nothing waits.
			LEFT JOIN LATERAL (
				SELECT d.told, CASE WHEN isfinite(d.monday) THEN coachdiag.period_start(d.monday, g.period_step, g.week_start) ELSE d.monday END AS first, coalesce((
					SELECT sum(p.rows) FILTER (WHERE p.to_come) >= avg(p.rows)
						AND count(DISTINCT date_trunc(CASE g.period_step WHEN 'month' THEN 'month' ELSE 'week' END, p.period::timestamp)) FILTER (WHERE p.to_come) >= 3
					FROM (SELECT s.*, s.period >= d.monday + CASE g.period_step WHEN 'month' THEN 31 ELSE 7 END AS to_come FROM %3$I.stored_period s WHERE s.metric = m.metric) p), false) AS ahead
				FROM (SELECT %4$L::date AS monday, EXISTS (SELECT FROM %3$I.settings s WHERE s.as_of IS NOT NULL) AS told) d
			) w ON true
	$query$, coachdiag.metric_sql(ws), coachdiag.grid_sql(format('SELECT metric, period, rows FROM %I.stored_period', ws)), ws, coachdiag.waits_from(ws)));
END
$$;

COMMENT ON FUNCTION coachdiag.refresh_metrics(text) IS
'Internal: brings stored_metric up to date; needs stored_period. Returns the metrics written. Error: a metric is listed more than once.';

CREATE FUNCTION coachdiag.refresh_teams(ws text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN coachdiag.fill_part(ws, 'stored_team', format($query$
		SELECT DISTINCT ON (team) team, program, site, supervisor
		FROM (%s) a
		WHERE octet_length(team) <= 1024 AND valid_from < coalesce(valid_to, 'infinity')
		ORDER BY team, valid_from DESC, coalesce(valid_to, 'infinity') DESC, program, site, supervisor
	$query$, coachdiag.source(ws, 'assignment')));
END
$$;

COMMENT ON FUNCTION coachdiag.refresh_teams(text) IS
'Internal: brings stored_team up to date: program, site and supervisor as the latest assignment to the team has them. Returns the teams.';

-- What has changed

CREATE FUNCTION coachdiag.whole_months(days datemultirange) RETURNS datemultirange
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN days IS NULL THEN NULL ELSE coalesce(range_agg(daterange(
		CASE WHEN isfinite(lower(d)) THEN date_trunc('month', lower(d)::timestamp)::date END,
		CASE WHEN isfinite(upper(d)) THEN (date_trunc('month', (upper(d) - 1)::timestamp) + interval '1 month')::date END)), '{}') END
	FROM unnest(days) d
$$;

COMMENT ON FUNCTION coachdiag.whole_months(datemultirange) IS
'Internal: the whole months that hold one of the days. NULL: NULL.';

CREATE FUNCTION coachdiag.period_days(ws text, days datemultirange) RETURNS datemultirange
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	periods datemultirange;
BEGIN
	EXECUTE format($query$
		SELECT range_agg(daterange(coalesce(least(lower(d), f.first), lower(d)), upper(d)))
		FROM unnest($1) d
		LEFT JOIN LATERAL (
			SELECT min(CASE m.period_step WHEN 'month' THEN date_trunc('month', lower(d)::timestamp)::date
				WHEN 'week' THEN lower(d) - (extract(isodow FROM lower(d))::int - m.week_start + 7) %% 7 END) AS first
			FROM %I.stored_metric m
		) f ON isfinite(lower(d))
	$query$, ws) INTO periods USING days;
	RETURN coalesce(periods, '{}');
END
$$;

COMMENT ON FUNCTION coachdiag.period_days(text, datemultirange) IS
'Internal: days, and those before them on which a period of a metric begins that holds one of them.';

CREATE FUNCTION coachdiag.days_to_refresh(ws text, since date, rebuild boolean) RETURNS datemultirange
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	tracked CONSTANT boolean := coachdiag.changes_are_tracked(ws);
	is_view CONSTANT boolean := EXISTS (SELECT FROM coachdiag.behind(ws, 'agent_metric') b WHERE b.depth = 0 AND b.kind = 'v');
	noted datemultirange;
	moved datemultirange;
	unknown boolean;
	empty boolean;
BEGIN
	EXECUTE format($query$
		WITH taken AS (DELETE FROM %I.changed_period WHERE relation = 'agent_metric' RETURNING period, until)
		SELECT range_agg(daterange(period, period + 1)) FILTER (WHERE until IS NULL AND isfinite(period)), range_agg(daterange(period, until)) FILTER (WHERE until IS NOT NULL), bool_or(period IS NULL)
		FROM taken
	$query$, ws) INTO noted, moved, unknown;
	EXECUTE format('SELECT NOT EXISTS (SELECT FROM %I.stored_period)', ws) INTO empty;
	-- A view may gather days into periods, named by their first day or by their last.
	IF is_view THEN
		EXECUTE format($query$
			SELECT range_agg(daterange(lower(d), upper(d) + coalesce((SELECT max(CASE m.period_step WHEN 'month' THEN 31 WHEN 'week' THEN 7 ELSE 0 END) FROM %I.stored_metric m), 0)))
			FROM unnest($1) d
		$query$, ws) INTO noted USING noted;
		noted := coachdiag.period_days(ws, coalesce(noted, '{}'));
	END IF;
	IF rebuild OR empty OR unknown OR (since IS NULL AND NOT tracked) THEN
		RETURN NULL;
	END IF;
	-- Assignments, hiring dates and sessions are known by day, rows by the period that they stand in.
	RETURN coalesce(noted, '{}') + coachdiag.period_days(ws, coalesce(moved, '{}') + CASE WHEN since IS NULL THEN '{}'::datemultirange ELSE datemultirange(daterange(since, NULL)) END);
END
$$;

COMMENT ON FUNCTION coachdiag.days_to_refresh(text, date, boolean) IS
'Internal: the days whose periods a refresh has to read again; null: all. Takes what coachdiag.track_changes and the copies of the other sources noted of agent_metric.';

CREATE FUNCTION coachdiag.build_panels(ws text, days datemultirange DEFAULT NULL, whole text[] DEFAULT '{}')
RETURNS TABLE (team text, metric text, month date, panel coachdiag.panel, reason text, rows bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET enable_nestloop = off
SET work_mem = '64MB'
AS $$
BEGIN
	-- A refresh is maintenance, and has its memory; the SET above takes it back. No JIT: compiling took longer than running.
	-- RETURN QUERY, since the same SELECT below an INSERT would not be planned parallel.
	-- Rows of one cell add up in one order, so that the sum is the same to the last digit; but with Citus, whose workers add up their own rows.
	PERFORM set_config('work_mem', current_setting('maintenance_work_mem'), true);
	RETURN QUERY EXECUTE format($query$
		SELECT team, metric, month, coachdiag.rollup(panel), reason, sum(rows)::bigint
		FROM (
			SELECT team, metric, month, coachdiag.panel(value, target, agent_id, period, weight, contact_type, NULL, NULL, NULL, hired_on%s)
				FILTER (WHERE reason IS NULL) AS panel, reason, count(*) AS rows
			FROM (%s) r CROSS JOIN LATERAL (SELECT CASE WHEN period BETWEEN '0001-01-01' AND '9999-12-31' THEN date_trunc('month', period::timestamp)::date END AS month) m
			GROUP BY team, metric, month, reason
			UNION ALL
			SELECT team, metric, date_trunc('month', period::timestamp)::date,
				coachdiag.panel(NULL, NULL, agent_id, period, NULL, NULL, 1, minutes, coach, hired_on ORDER BY agent_id, period, minutes), NULL, 0
			FROM (%s) d
			GROUP BY 1, 2, 3
		) part
		GROUP BY team, metric, month, reason
	$query$, CASE WHEN NOT coachdiag.has_citus() THEN ' ORDER BY agent_id, period, value, weight, target' END,
		coachdiag.metric_row_sql(ws, true, days, whole), coachdiag.dose_row_sql(ws, days, whole));
END
$$;

COMMENT ON FUNCTION coachdiag.build_panels(text, datemultirange, text[]) IS
'Internal: the panels of a workspace from its sources, one row per team, metric and month, in one grouped scan of agent_metric and one of '
'coaching_session; rows: how many of agent_metric are in it. Beside them rows without panel: how many of agent_metric are left out for what reason. '
'days: only periods that begin in them, others are not read; whole: of these metrics all periods. Needs stored_metric up to date. Works within maintenance_work_mem.';

CREATE FUNCTION coachdiag.log_left_out(ws text, days datemultirange, whole text[], run bigint, left_out jsonb, OUT harmful bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET enable_nestloop = off
AS $$
BEGIN
	EXECUTE format($query$
		WITH counted AS MATERIALIZED (
			SELECT key AS reason, value::bigint AS rows FROM jsonb_each_text($2)
			UNION ALL
			SELECT reason, count(*) FROM (%2$s) s WHERE reason IS NOT NULL GROUP BY reason
		), logged AS (
			INSERT INTO %1$I.refresh_log (run, started, finished, step, rows, seconds, message)
			SELECT $1, clock_timestamp(), clock_timestamp(), 'left_out', rows, 0, reason FROM counted
		)
		SELECT coalesce(sum(c.rows) FILTER (WHERE l.harmless IS NOT TRUE), 0) FROM counted c LEFT JOIN coachdiag.left_out() l ON l.reason = c.reason
	$query$, ws, coachdiag.session_row_sql(ws, true, days, whole)) INTO harmful USING run, left_out;
END
$$;

COMMENT ON FUNCTION coachdiag.log_left_out(text, datemultirange, text[], bigint, jsonb) IS
'Internal: logs how many source rows are left out for what reason: those of agent_metric that left_out counts by reason, and sessions. harmful: how many of them carried something.';

CREATE FUNCTION coachdiag.merge_panels(ws text, days datemultirange, whole text[], OUT written bigint, OUT used bigint, OUT left_out jsonb)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	months CONSTANT text := coachdiag.in_days('month', coachdiag.whole_months(days), 'metric', whole);
BEGIN
	-- Cells of other days are copied as they are, so the panel is that of a rebuild to the last digit.
	EXECUTE format($query$
		WITH built AS MATERIALIZED (
			SELECT * FROM coachdiag.build_panels($1, $2, $3)
		), written AS (
			INSERT INTO %1$I.stored_panel AS s (team, metric, month, panel, rows, refreshed_at)
			SELECT team, metric, month, panel, coachdiag.observations(panel), clock_timestamp()
			FROM (
				SELECT team, metric, month, CASE WHEN o.panel IS NULL OR n.panel IS NOT NULL AND d.days = '{(,)}' THEN n.panel ELSE
					(SELECT coachdiag.rollup(p) FROM (VALUES (n.panel), (coachdiag.period_range(o.panel, '{(,)}' - d.days))) v (p)) END AS panel
				FROM (SELECT team, metric, month, panel FROM built WHERE reason IS NULL) n
					FULL JOIN (SELECT team, metric, month, panel FROM %1$I.stored_panel WHERE %2$s) o USING (team, metric, month)
					CROSS JOIN LATERAL (SELECT CASE WHEN $2 IS NULL OR metric = ANY ($3) THEN '{(,)}' ELSE $2 END AS days) d
				WHERE NOT coalesce(n.panel, coachdiag.period_range(o.panel, '{}')) OPERATOR(coachdiag.=) coalesce(coachdiag.period_range(o.panel, d.days), coachdiag.period_range(n.panel, '{}'))
			) c
			ON CONFLICT (team, metric, month) DO UPDATE SET panel = excluded.panel, rows = excluded.rows, refreshed_at = excluded.refreshed_at
			RETURNING true
		)
		SELECT (SELECT count(*) FROM written), coalesce(sum(rows) FILTER (WHERE reason IS NULL), 0), coalesce(jsonb_object_agg(reason, rows) FILTER (WHERE reason IS NOT NULL), '{}')
		FROM (SELECT reason, sum(rows) AS rows FROM built GROUP BY reason) c
	$query$, ws, months) INTO written, used, left_out USING ws, days, whole;
	EXECUTE format('DELETE FROM %I.stored_panel WHERE %s AND rows = 0 AND coachdiag.agents(panel) = 0', ws, months);
END
$$;

COMMENT ON FUNCTION coachdiag.merge_panels(text, datemultirange, text[]) IS
'Internal: puts the panels of the days given (null: all), and of all days of the metrics in whole, in the place of those days in the stored panels, where they differ. written: the panels written or gone; used: rows of agent_metric in those of the days; left_out: how many are left out, by reason.';

CREATE FUNCTION coachdiag.refresh_panels(ws text, days datemultirange, run bigint, whole text[] DEFAULT '{}') RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	merged record;
	harmful bigint;
BEGIN
	IF days = '{}' AND whole = '{}' THEN
		RETURN 0;
	END IF;
	SELECT * INTO merged FROM coachdiag.merge_panels(ws, days, whole);
	IF days IS NULL THEN
		EXECUTE format('ANALYZE %I.stored_panel', ws);
	END IF;
	harmful := coachdiag.log_left_out(ws, days, whole, run, merged.left_out);
	IF harmful > 0 THEN
		RAISE WARNING 'workspace "%": % source rows could not be used and were left out, beside % that were used', ws, harmful, merged.used
			USING HINT = format('SELECT * FROM coachdiag.check_sources(%L) says which and what to do.', ws);
	END IF;
	RETURN merged.written;
END
$$;

COMMENT ON FUNCTION coachdiag.refresh_panels(text, datemultirange, bigint, text[]) IS
'Internal: brings the stored panels up to date for the periods that begin on the days given (null: all), and for all of the metrics in whole, and logs what was left out. Returns the panels written or gone. '
'Warns where rows could not be used.';

CREATE FUNCTION coachdiag.days_text(days datemultirange) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN days IS NULL THEN 'all periods' WHEN days = '{}' THEN 'no period' ELSE (
		SELECT string_agg(concat(lower(d), CASE WHEN upper_inf(d) OR upper(d) = 'infinity' THEN ' and later' WHEN upper(d) > lower(d) + 1 THEN ' to ' || upper(d) - 1 END), ', ' ORDER BY d)
			FILTER (WHERE no <= 5) || CASE WHEN count(*) > 5 THEN format(' and %s more', count(*) - 5) ELSE '' END
		FROM unnest(days) WITH ORDINALITY u (d, no)) END
$$;

COMMENT ON FUNCTION coachdiag.days_text(datemultirange) IS
'Internal: days on which periods begin, in words; at most five ranges of them.';

-- The refresh itself

CREATE FUNCTION coachdiag.tell_progress(ws text, step text) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
	-- What a session is called is the one thing of an open transaction that others see at once; an error takes it back.
	SELECT set_config('application_name', format('coachdiag %s %s/%s%s %s %s', coachdiag.workspace_oid(ws), s.done, s.total,
		'+' || nullif(current_setting('coachdiag.portions_left', true), ''), floor(extract(epoch FROM clock_timestamp())), step), false)
	FROM coachdiag.refreshed_part() s
	WHERE s.part = step
$$;

COMMENT ON FUNCTION coachdiag.tell_progress(text, text) IS
'Internal: has application_name say which step a refresh is at and since when, where the view coachdiag.progress reads it: workspace, steps done/of all, +portions left, second of the epoch, step.';

CREATE FUNCTION coachdiag.lock_workspace(ws text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	space CONSTANT int := hashtext('coachdiag.refresh');
	workspace CONSTANT int := coachdiag.workspace_oid(ws)::int;
BEGIN
	IF NOT pg_try_advisory_xact_lock(space, workspace) THEN
		RAISE NOTICE 'workspace "%" is being refreshed or dropped by another session: waiting for it', ws;
		PERFORM pg_advisory_xact_lock(space, workspace);
		PERFORM coachdiag.workspace_oid(ws);
	END IF;
END
$$;

COMMENT ON FUNCTION coachdiag.lock_workspace(text) IS
'Internal: makes sure that one refresh or drop of a workspace runs at a time, until the end of the transaction; says so where it has to wait. Error: dropped meanwhile.';

CREATE FUNCTION coachdiag.require_owner(ws text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	owner CONSTANT oid := (SELECT c.relowner FROM pg_class c WHERE c.relnamespace = coachdiag.workspace_oid(ws) AND c.relname = 'stored_panel');
BEGIN
	IF NOT pg_has_role(owner, 'USAGE') THEN
		RAISE EXCEPTION 'only the owner of workspace "%" can refresh it', ws
			USING ERRCODE = 'insufficient_privilege', HINT = format('That is %s.', pg_get_userbyid(owner));
	ELSIF pg_get_userbyid(owner) <> current_user AND (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user) THEN
		RAISE EXCEPTION 'workspace "%" belongs to %: a superuser refreshes it as that role', ws, pg_get_userbyid(owner)
			USING ERRCODE = 'insufficient_privilege', HINT = format('SET ROLE %I; first: what its views call runs with the rights of who refreshes it.', pg_get_userbyid(owner));
	END IF;
END
$$;

COMMENT ON FUNCTION coachdiag.require_owner(text) IS
'Internal: raises insufficient_privilege (42501) for who does not own the tables of a workspace, and for a superuser who is not their owner.';

CREATE FUNCTION coachdiag.lock_sources(ws text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	sources CONSTANT text := (SELECT string_agg(format('%I.%I', ws, k.relname), ', ' ORDER BY k.relname) FROM coachdiag.contract() c
		JOIN pg_class k ON k.relnamespace = coachdiag.workspace_oid(ws) AND k.relname = c.relation AND k.relkind IN ('r', 'p', 'v') WHERE c.column_no = 0);
	patience CONSTANT interval := (SELECT nullif(s.setting, '0')::int * interval '1 ms' FROM pg_settings s WHERE s.name = 'lock_timeout');
	started CONSTANT timestamptz := clock_timestamp();
	told boolean := false;
BEGIN
	IF sources IS NULL THEN
		RETURN;
	END IF;
	-- All or none: who holds one source and waits for another (TRUNCATE by TRUNCATE) would be in a deadlock with a refresh that did the same.
	LOOP
		BEGIN
			EXECUTE format('LOCK TABLE %s IN ACCESS SHARE MODE NOWAIT', sources);
			RETURN;
		EXCEPTION WHEN lock_not_available THEN
			NULL;
		END;
		IF NOT told THEN
			RAISE NOTICE 'a source of workspace "%" is being emptied or altered by another session: waiting for it', ws;
			told := true;
		ELSIF clock_timestamp() > started + patience THEN
			RAISE EXCEPTION 'a source of workspace "%" was locked by another session for longer than lock_timeout', ws
				USING ERRCODE = 'lock_not_available', HINT = 'Try again when it is loaded, or raise lock_timeout.';
		END IF;
		PERFORM pg_sleep(least(0.2, extract(epoch FROM patience)));
	END LOOP;
END
$$;

COMMENT ON FUNCTION coachdiag.lock_sources(text) IS
'Internal: makes sure that no source is emptied, replaced or altered until the end of the transaction; waits, holding none, while one is, as long as lock_timeout says. Rows can be written meanwhile.';

CREATE PROCEDURE coachdiag.refresh_step(ws text, run bigint, step text, query text, message text DEFAULT NULL)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	started CONSTANT timestamptz := clock_timestamp();
	seconds double precision := 0;
	rows bigint := 0;
BEGIN
	IF query IS NOT NULL THEN
		EXECUTE query INTO rows;
		seconds := extract(epoch FROM clock_timestamp() - started);
		RAISE NOTICE '%', format('%s: %s%s%s ms', rpad(step, 26), rows || ' rows, ', message || ', ', round(seconds * 1000));
	END IF;
	EXECUTE format('INSERT INTO %I.refresh_log (run, started, finished, step, rows, seconds, message) VALUES ($1, $2, clock_timestamp(), $3, $4, $5, $6)', ws)
	USING run, started, step, rows, seconds, message;
END
$$;

COMMENT ON PROCEDURE coachdiag.refresh_step(text, bigint, text, text, text) IS
'Internal: runs one step of a refresh (a query that returns how many rows it wrote), logs it, and says how long it took. query null: nothing to do, which is logged only.';

CREATE FUNCTION coachdiag.waiting(ws text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	waiting jsonb;
BEGIN
	EXECUTE format('SELECT jsonb_object_agg(metric, waits_from) FROM %I.stored_metric WHERE waits_from IS NOT NULL', ws) INTO waiting;
	RETURN coalesce(waiting, '{}');
END
$$;

COMMENT ON FUNCTION coachdiag.waiting(text) IS
'Internal: from which day on the rows of each metric of a workspace wait, as of stored_metric.';

CREATE FUNCTION coachdiag.settled_days(days datemultirange, before jsonb, now jsonb) RETURNS datemultirange
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	-- Where the line has moved, what lies between has to come in or to go out.
	SELECT (days + coalesce(range_agg(daterange(least(o, n), greatest(o, n))) FILTER (WHERE o IS DISTINCT FROM n), '{}'))
		* coalesce(datemultirange(daterange(NULL, greatest(max(o), max(n)))), '{(,)}')
	FROM (SELECT (b.value #>> '{}')::date AS o, (a.value #>> '{}')::date AS n FROM jsonb_each(before) b FULL JOIN jsonb_each(now) a USING (key)) m
$$;

COMMENT ON FUNCTION coachdiag.settled_days(datemultirange, jsonb, jsonb) IS
'Internal: of the days whose periods have to be read again those whose panels may change: periods that waited and no longer do, or the reverse, come to them, those that wait are left out. '
'before, now: coachdiag.waiting at the last refresh and at this one. NULL days: NULL.';

CREATE PROCEDURE coachdiag.refresh_stores(ws text, run bigint, changed text[], portion bigint, alone boolean, INOUT days datemultirange)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	before CONSTANT jsonb := coachdiag.metric_state(ws);
	waited CONSTANT jsonb := coachdiag.waiting(ws);
	stale text[];
	whole text[] := '{}';
	settled datemultirange;
	waiting text;
	to_come text;
	empty boolean;
BEGIN
	LOOP
		PERFORM coachdiag.tell_progress(ws, 'periods');
		CALL coachdiag.refresh_step(ws, run, 'periods', format('SELECT coachdiag.refresh_periods(%L, %L, %L)', ws, days, whole));
		PERFORM coachdiag.tell_progress(ws, 'metrics');
		CALL coachdiag.refresh_step(ws, run, 'metrics', format('SELECT coachdiag.refresh_metrics(%L)', ws));
		stale := coachdiag.stale_metrics(before, coachdiag.metric_state(ws));
		EXIT WHEN days IS NULL OR stale <@ whole;
		RAISE NOTICE 'target, scale or periods have changed of %: all panels of that are built again', array_to_string(stale, ', ');
		whole := stale;
	END LOOP;
	IF changed && '{assignment}' THEN
		PERFORM coachdiag.tell_progress(ws, 'teams');
		CALL coachdiag.refresh_step(ws, run, 'teams', format('SELECT coachdiag.refresh_teams(%L)', ws));
	ELSE
		CALL coachdiag.refresh_step(ws, run, 'teams', NULL, 'nothing new to read');
	END IF;
	IF portion IS NOT NULL AND (days IS NULL OR NOT alone) THEN
		PERFORM coachdiag.tell_long_read(ws, portion, waited, alone);
	END IF;
	settled := coachdiag.settled_days(days, waited, coachdiag.waiting(ws));
	EXECUTE format('SELECT sum(p.rows) || '' rows wait, from '' || min(p.period) || '' on'' FROM %1$I.stored_period p JOIN %1$I.stored_metric m USING (metric) WHERE p.period >= m.waits_from', ws)
	INTO waiting;
	PERFORM coachdiag.tell_progress(ws, 'panels');
	CALL coachdiag.refresh_step(ws, run, 'panels', format('SELECT coachdiag.refresh_panels(%L, %L, %s, %L)', ws, settled, run, whole),
		concat_ws('; ', CASE WHEN settled <> '{}' OR whole = '{}' THEN coachdiag.days_text(settled) END, 'all periods of ' || nullif(array_to_string(whole, ', '), ''), waiting));
	IF whole <> '{}' THEN
		days := NULL;
	END IF;
	EXECUTE format('SELECT NOT EXISTS (SELECT FROM %I.stored_panel)', ws) INTO empty;
	IF empty AND waiting IS NOT NULL THEN
		RAISE WARNING 'workspace "%": no period is over yet, so there is no result: %', ws, waiting
			USING HINT = format('Load earlier weeks, or take in all there is: UPDATE %I.settings SET as_of = ''infinity''.', ws);
	END IF;
	EXECUTE format($query$
		SELECT string_agg(format('%%s up to %%s', metric, last), ', ' ORDER BY metric)
		FROM (SELECT metric, max(p.period) AS last FROM %1$I.stored_period p JOIN %1$I.stored_metric m USING (metric) WHERE m.waits_from = 'infinity' AND p.period > %2$L GROUP BY metric) x
		WHERE NOT EXISTS (SELECT FROM %1$I.settings WHERE as_of IS NOT NULL)
	$query$, ws, coachdiag.today(ws)) INTO to_come;
	IF to_come IS NOT NULL THEN
		RAISE WARNING 'workspace "%": results look at periods to come, since there are rows of three or more of them: %', ws, to_come
			USING HINT = format('Correct the dates; or, if they are meant: UPDATE %I.settings SET as_of = ''infinity''.', ws);
	END IF;
END
$$;

COMMENT ON PROCEDURE coachdiag.refresh_stores(text, bigint, text[], bigint, boolean, datemultirange) IS
'Internal: brings periods, metrics, teams and panels up to date. changed: the sources that may have changed. days: whose periods have to be read again; null: all. Returned as null where metrics have changed, of which all periods are read. portion, alone: as for coachdiag.tell_long_read; portion null: no notice.';

CREATE PROCEDURE coachdiag.refresh_parts(ws text, run bigint, copies boolean, everything boolean, from_month date, INOUT changed text[])
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	p record;
	writes bigint;
BEGIN
	FOR p IN
		SELECT r.*
		FROM coachdiag.part_reads(ws) r
			JOIN coachdiag.refreshed_part() w USING (part)
		WHERE w.is_copy = copies ORDER BY w.done
	LOOP
		IF everything OR p.reads IS NULL OR p.reads && changed OR p.part = ANY (changed) THEN
			PERFORM coachdiag.tell_progress(ws, p.part);
			writes := coachdiag.writes(ws, p.part);
			CALL coachdiag.refresh_step(ws, run, p.part, format('SELECT coachdiag.refresh_part(%L, %L, %L)', ws, p.part, from_month));
			IF (writes = coachdiag.writes(ws, p.part)) IS NOT TRUE THEN
				changed := changed || p.part;
			END IF;
		ELSE
			CALL coachdiag.refresh_step(ws, run, p.part, NULL, 'nothing new to read');
		END IF;
	END LOOP;
END
$$;

COMMENT ON PROCEDURE coachdiag.refresh_parts(text, bigint, boolean, boolean, date, text[]) IS
'Internal: brings parts of a workspace up to date that read something that has changed, and adds those written to changed. copies: those of the sources, which come before the panels, or else those after. everything: whatever has changed. from_month: as for coachdiag.refresh_part.';

CREATE PROCEDURE coachdiag.refresh_steps(ws text, since date, everything boolean, portion bigint, alone boolean, started timestamptz)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	stores CONSTANT text[] := '{stored_metric,stored_period,stored_team,stored_panel}';
	run bigint;
	days datemultirange;
	changed text[];
	written bigint[];
	-- Where contacts are tracked it is noted what changed, and since says nothing of them.
	noted CONSTANT boolean := coachdiag.changes_are_tracked(ws, 'contact') OR coachdiag.changes_are_tracked(ws, 'contact_event');
BEGIN
	-- refresh_log may have been emptied; change_log is kept by the same number.
	EXECUTE format('SELECT coalesce(max(run), 0) + 1 FROM (SELECT run FROM %1$I.refresh_log UNION ALL SELECT run FROM %1$I.change_log) r', ws) INTO run;
	PERFORM coachdiag.tell_progress(ws, 'compare');
	changed := coachdiag.take_changed_relations(ws) || coachdiag.take_changed_sources(ws);
	EXECUTE format('INSERT INTO %I.refresh_log (run, started, finished, step, seconds) VALUES ($1, $2, $3, ''compare'', extract(epoch FROM $3 - $2))', ws)
	USING run, started, clock_timestamp();

	CALL coachdiag.refresh_parts(ws, run, true, everything, NULL, changed);
	days := coachdiag.days_to_refresh(ws, since, everything OR 'agent_metric' = ANY (changed));

	written := ARRAY(SELECT coachdiag.writes(ws, s) FROM unnest(stores) s);
	CALL coachdiag.refresh_stores(ws, run, CASE WHEN everything THEN '{assignment}' ELSE changed END, portion, alone, days);
	changed := changed || ARRAY(SELECT s.name FROM unnest(stores, written) s (name, before) WHERE (s.before = coachdiag.writes(ws, s.name)) IS NOT TRUE);

	CALL coachdiag.refresh_parts(ws, run, false, everything,
		CASE WHEN days IS NOT NULL AND NOT noted AND NOT changed && '{week,stored_coach,stored_coach_week}' THEN date_trunc('month', since::timestamp)::date END, changed);
	PERFORM coachdiag.tell_changes(ws, run);
END
$$;

COMMENT ON PROCEDURE coachdiag.refresh_steps(text, date, boolean, bigint, boolean, timestamptz) IS
'Internal: the steps of one refresh, logged; started: when it began. everything: whatever has changed. portion, alone: as for coachdiag.refresh_stores.';

CREATE PROCEDURE coachdiag.run_refresh(ws text, since date, rebuild boolean, portion bigint, alone boolean, INOUT day date)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET extra_float_digits = 1
SET datestyle = ISO
AS $$
DECLARE
	started CONSTANT timestamptz := clock_timestamp();
	called CONSTANT text := current_setting('application_name');
	everything CONSTANT boolean := rebuild IS TRUE;
	-- Who says what to read has it read at once.
	most CONSTANT bigint := CASE WHEN since IS NULL AND NOT everything THEN portion END;
	before CONSTANT date := day;
	chosen date;
	portions_left bigint;
BEGIN
	IF NOT isfinite(since) THEN
		RAISE EXCEPTION 'since must be a date, not %', since
			USING ERRCODE = 'datetime_field_overflow', HINT = 'Leave it out, or say rebuild => true to rebuild everything.';
	ELSIF portion <= 0 THEN
		RAISE EXCEPTION 'portion must be above 0, not %', portion
			USING ERRCODE = 'invalid_parameter_value', HINT = 'It is about how many rows of agent_metric are read between two commits; null: all in one transaction.';
	END IF;
	PERFORM coachdiag.require_owner(ws);
	PERFORM coachdiag.lock_workspace(ws);
	PERFORM coachdiag.require_parts(ws);
	PERFORM coachdiag.lock_sources(ws);
	PERFORM coachdiag.fill_settings(ws);
	SELECT n.day, n.portions_left INTO day, portions_left FROM coachdiag.next_portion(ws, CASE WHEN alone THEN most END) n
	WHERE (n.day > before) IS NOT FALSE;
	PERFORM set_config('coachdiag.portions_left', CASE WHEN day IS NOT NULL THEN portions_left::text WHEN before IS NOT NULL THEN '0' ELSE '' END, true);
	IF day IS NULL THEN
		CALL coachdiag.refresh_steps(ws, since, everything, most, alone, started);
	ELSE
		RAISE NOTICE 'as of %, portions left after this one: %', day, portions_left;
		chosen := coachdiag.look_as_of(ws, day);
		CALL coachdiag.refresh_steps(ws, NULL, false, most, alone, started);
		PERFORM coachdiag.look_as_of(ws, chosen);
	END IF;
	PERFORM set_config('application_name', called, false);
END
$$;

COMMENT ON PROCEDURE coachdiag.run_refresh(text, date, boolean, bigint, boolean, date) IS
'Internal: what coachdiag.refresh does between two commits. alone: it may commit. day: as of which the portion before was refreshed, and then this one; null: there was none; this was no portion, and nothing is left.';

CREATE FUNCTION coachdiag.explain_failure(ws text, goes_on boolean, code text, message text, context text, INOUT detail text, INOUT hint text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF hint = '' AND left(code, 2) IN ('21', '22', '38', '39', '42', 'HV', 'P0') THEN
		-- Pages of our SQL would hide what a view of theirs said.
		RAISE LOG 'coachdiag.refresh of "%": %', ws, message USING DETAIL = context;
		detail := coalesce(nullif(detail, ''), 'The log of the server has the statement.');
		hint := format('SELECT * FROM coachdiag.check_sources(%L) names the source, if one cannot be read.', ws);
	END IF;
	detail := coalesce(nullif(detail, ''), CASE WHEN goes_on THEN 'The portions before are committed, and their results stay.' ELSE 'Nothing has changed: the last good results stay.' END);
	hint := coalesce(nullif(hint, ''), CASE WHEN goes_on THEN 'The next refresh goes on from there.' ELSE 'The next refresh does what this one did not.' END);
END
$$;

COMMENT ON FUNCTION coachdiag.explain_failure(text, boolean, text, text, text, text, text) IS
'Internal: detail and hint for who sees a refresh fail with an error; goes_on: portions before it have been committed; where it may be one of a source, the statement goes to the log of the server.';

CREATE FUNCTION coachdiag.log_failure(ws text, started timestamptz, message text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM coachdiag.require_owner(ws);
	EXECUTE format($query$
		INSERT INTO %1$I.refresh_log (run, started, finished, step, seconds, message)
		SELECT coalesce(max(run), 0) + 1, $1, clock_timestamp(), 'failed', extract(epoch FROM clock_timestamp() - $1), $2
		FROM (SELECT run FROM %1$I.refresh_log UNION ALL SELECT run FROM %1$I.change_log) r
	$query$, ws) USING started, message;
EXCEPTION WHEN OTHERS THEN
	-- No workspace, not theirs, no log: the refresh failed for that, and that is what is told.
	RETURN;
END
$$;

COMMENT ON FUNCTION coachdiag.log_failure(text, timestamptz, text) IS
'Internal: writes into refresh_log of a workspace that a refresh failed, where who called it may.';

-- No SET clause: with one it could not commit.
CREATE PROCEDURE coachdiag.refresh(ws text, since date DEFAULT NULL, rebuild boolean DEFAULT false, portion bigint DEFAULT 10000000)
LANGUAGE plpgsql
AS $$
DECLARE
	-- Otherwise to commit would be to commit what the caller has written.
	alone CONSTANT boolean := coachdiag.can_commit() AND pg_catalog.pg_current_xact_id_if_assigned() IS NULL;
	started timestamptz;
	day date;
	code text;
	message text;
	detail text;
	hint text;
	context text;
BEGIN
	LOOP
		started := pg_catalog.clock_timestamp();
		BEGIN
			CALL coachdiag.run_refresh(ws, since, rebuild, portion, alone, day);
		EXCEPTION WHEN OTHERS OR query_canceled THEN
			GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
		END;
		EXIT WHEN code IS NOT NULL OR day IS NULL;
		COMMIT;
	END LOOP;
	IF code IS NULL THEN
		RETURN;
	ELSIF alone THEN
		PERFORM coachdiag.log_failure(ws, started, message);
		COMMIT;
	END IF;
	SELECT f.detail, f.hint INTO detail, hint FROM coachdiag.explain_failure(ws, day IS NOT NULL, code, message, context, detail, hint) f;
	RAISE EXCEPTION USING ERRCODE = code, MESSAGE = message, DETAIL = detail, HINT = hint;
END
$$;

COMMENT ON PROCEDURE coachdiag.refresh(text, date, boolean, bigint) IS
'Brings the stored panels and the result views of a workspace up to date, as of the last week (or month) that is over: what a running one brings waits for its end (settings.as_of). '
'What is read again: the periods whose assignments, hiring dates or sessions '
'differ from those of the last refresh, and of agent_metric, where coachdiag.track_changes notes its changes, the periods noted; where it doesn''t, all. '
'Of the panels and stored tables only what differs is written, and a result view is made again only where something that it reads was. '
'since: rows of agent_metric of earlier periods, and contacts and contact events of earlier months, have not changed (or are noted). rebuild: everything, whatever is known. A changed target, scale or period grid of a metric has all its periods read. '
'Rows that cannot be used are left out, counted by reason in refresh_log, and announced by one warning. All of it commits together: '
'readers see the old results, then the new. '
'It commits in between only where it is called by itself (not inside a function, nor in a transaction that others have written in), without since or rebuild, changes of agent_metric are noted, and more than portion rows of it are left that are later than the stored panels: then it refreshes as of an earlier day, '
'by which about so many more are over, commits, and goes on; readers see results that agree with each other, of a history that grows, and after an interruption the next call goes on from there. What results is the same. portion null: never. '
'A refresh, or portion, that fails changes nothing; called by itself it leaves a row in refresh_log (step failed). Two refreshes of one workspace run one after the other, or portion by portion. '
'Errors: no such workspace; not its owner (42501); portion not above 0 (22023); a required source relation or column is missing or of a wrong type; a metric listed twice.';
