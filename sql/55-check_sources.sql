-- check_sources: what is wrong with the sources of a workspace, and what to do.

CREATE TYPE coachdiag.source_problem AS (
	severity text,
	relation text,
	problem text,
	rows bigint,
	example text,
	what_to_do text
);

COMMENT ON TYPE coachdiag.source_problem IS
'One finding of check_sources. severity: error (refresh fails, or its results mean nothing), warning (rows left out or doubtful) or note. '
'rows: how many rows it concerns, null where it is not about rows. example: one of them. what_to_do: how to solve it, or what follows.';

-- The shape: relations, columns, types

CREATE FUNCTION coachdiag.type_advice(column_name text, source_type regtype, type text) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT 'Put a view in place of the relation that gives ' || CASE
		WHEN type = 'boolean' AND t.typcategory = 'N' THEN format('%I <> 0', column_name)
		WHEN type = 'boolean' THEN format('%I IN (''Y'', ''true'')', column_name)
		WHEN type = 'double precision' AND t.oid = 'interval'::regtype THEN format('extract(epoch FROM %I), divided to the unit asked for', column_name)
		WHEN type = 'date' AND t.typcategory = 'N' THEN format('to_date(%I::text, ''YYYYMMDD'')', column_name)
		WHEN type = 'timestamptz' AND t.typcategory = 'N' THEN format('to_timestamp(%I), divided by 1000 where it is in ms', column_name)
		ELSE format('%I::%s', column_name, type)
	END || '.'
	FROM pg_type t WHERE t.oid = source_type
$$;

COMMENT ON FUNCTION coachdiag.type_advice(text, regtype, text) IS
'Internal: how to turn a column of a wrong type into what the contract asks for, in words.';

CREATE FUNCTION coachdiag.check_shape(ws text) RETURNS SETOF coachdiag.source_problem
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	WITH source AS MATERIALIZED (
		SELECT s.*, n.required AS needed
		FROM coachdiag.source_column(ws) s
			JOIN coachdiag.contract() n ON n.relation = s.relation AND n.column_no = 0
	), present AS (
		SELECT * FROM source WHERE source_type IS NOT NULL
	)
	SELECT DISTINCT CASE WHEN needed THEN 'error' ELSE 'note' END, relation, 'relation missing', NULL::bigint, NULL,
		CASE WHEN needed THEN 'Make a view of that name in the workspace.' ELSE 'Not assessed: ' || coachdiag.needed_by(relation) || '.' END
	FROM source WHERE source_relation IS NULL
	UNION ALL
	SELECT DISTINCT 'error', relation, 'you may not read it', NULL::bigint, NULL, 'Ask its owner for: GRANT SELECT.'
	FROM source WHERE source_relation IS NOT NULL AND NOT has_table_privilege(source_relation, 'SELECT')
	UNION ALL
	SELECT 'error', relation, format('column %s missing', column_name), NULL, NULL, 'Add it to the view.'
	FROM source WHERE source_relation IS NOT NULL AND source_type IS NULL AND required
	UNION ALL
	SELECT 'note', relation, 'optional columns missing', NULL, string_agg(column_name, ', ' ORDER BY column_no), 'They read as null.'
	FROM source WHERE source_relation IS NOT NULL AND source_type IS NULL AND NOT required
	GROUP BY relation
	UNION ALL
	SELECT 'error', relation, format('column %s is of a wrong type', column_name), NULL, source_type::text,
		coachdiag.type_advice(column_name, source_type, type)
	FROM present WHERE expression IS NULL
	UNION ALL
	SELECT 'note', relation, format('column %s has a time of day', column_name), NULL, source_type::text,
		'It counts as the day on which it falls in settings.time_zone.'
	FROM present WHERE type = 'date' AND source_type IN ('timestamptz'::regtype, 'timestamp')
	UNION ALL
	SELECT 'warning', min(relation), format('%s is of different types in different relations', column_name), NULL,
		string_agg(format('%s %s', relation, source_type), ', ' ORDER BY relation),
		'They are compared as text: 0012 and 12 are then different. Use one type, or cast: agent_id::text.'
	FROM present p JOIN pg_class k ON k.oid = p.source_relation
	WHERE p.column_name IN (SELECT c.column_name FROM coachdiag.contract() c WHERE c.type = 'id') AND NOT (k.relkind = 'r' AND pg_relation_size(k.oid) = 0)
	GROUP BY column_name
	HAVING count(DISTINCT CASE WHEN source_type IN ('smallint'::regtype, 'integer', 'bigint') THEN 'integer'
		WHEN source_type = 'uuid'::regtype THEN 'uuid' ELSE 'text' END) > 1
$$;

COMMENT ON FUNCTION coachdiag.check_shape(text) IS
'Internal: the problems of a workspace''s sources that can be seen without reading rows: relations, columns, types, privileges.';

-- Checks as data: tests of a row, and queries over whole relations

CREATE FUNCTION coachdiag.row_check()
RETURNS TABLE (severity text, relation text, column_name text, problem text, test text, what_to_do text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	-- From the contract; rows of agent_metric are judged by what refresh makes of them.
	SELECT CASE c.column_name WHEN 'higher_is_better' THEN 'error' ELSE 'warning' END, c.relation, c.column_name,
		format('%s missing', c.column_name), format('r.%I IS NULL', c.column_name), 'Fill it, or leave such rows out of the source.'
	FROM coachdiag.contract() c WHERE c.not_null AND c.column_no > 0 AND c.relation <> 'agent_metric'
	UNION ALL
	SELECT 'warning', c.relation, c.column_name, format('%s not a finite number, or beyond 1e30', c.column_name),
		format('r.%I NOT BETWEEN -1e30 AND 1e30', c.column_name), 'Give null where it is unknown.'
	FROM coachdiag.contract() c WHERE c.type = 'double precision' AND c.relation <> 'agent_metric'
	UNION ALL
	SELECT 'warning', c.relation, c.column_name, format('%s outside the years 1 to 9999', c.column_name),
		CASE c.type WHEN 'date' THEN format('r.%I NOT BETWEEN ''0001-01-01'' AND ''9999-12-31''', c.column_name)
				|| CASE WHEN c.column_name IN ('valid_to', 'left_on') THEN format(' AND r.%I <> ''infinity''', c.column_name) WHEN c.column_name = 'valid_from' THEN ' AND r.valid_from <> ''-infinity''' ELSE '' END
			ELSE format('(r.%1$I < ''0001-01-02 00:00+00'' OR r.%1$I >= ''9999-12-31 00:00+00'')', c.column_name) END,
		'Correct it, or give null where it is unknown: it is not used.'
	FROM coachdiag.contract() c WHERE c.type IN ('date', 'timestamptz') AND c.relation <> 'agent_metric'
	UNION ALL
	SELECT CASE c.column_name WHEN 'scale' THEN 'error' ELSE 'warning' END, c.relation, c.column_name,
		format('%s unknown', c.column_name), format('r.%I <> ALL (%L)', c.column_name, c.allowed),
		'Map it to one of: ' || array_to_string(c.allowed, ', ') || '.'
	FROM coachdiag.contract() c WHERE c.allowed IS NOT NULL
	UNION ALL
	SELECT 'warning', c.relation, c.column_name, format('%s longer than 1024 bytes', c.column_name),
		format('octet_length(r.%I::text) > 1024', c.column_name), 'Such rows are left out: use a shorter key, for example its md5().'
	FROM coachdiag.contract() c WHERE (c.relation, c.column_name) IN (('metric', 'metric'), ('assignment', 'agent_id'), ('assignment', 'team'))
	UNION ALL
	VALUES
		('note', 'metric', 'smallest_effect', 'smallest_effect missing', 'r.smallest_effect IS NULL',
			'Give the smallest change worth having; without it "no effect" cannot be told from "not seen".'),
		('warning', 'metric', 'smallest_effect', 'smallest_effect not above 0', 'r.smallest_effect <= 0', 'Give it without sign, above 0.'),
		('warning', 'metric', 'target', 'target impossible on the scale of the metric',
			'r.scale = ''log'' AND r.target <= 0 OR r.scale = ''proportion'' AND r.target NOT BETWEEN 0 AND 1',
			'A proportion is a fraction, not percent; a log scale needs a target above 0.'),
		('warning', 'assignment', 'valid_to', 'valid_to not after valid_from', 'r.valid_to <= r.valid_from',
			'valid_to is the first day no longer in the team; such rows are not used.'),
		('warning', 'assignment', 'team', 'team without a name', 'btrim(r.team) = ''''', 'It is diagnosed like any other team: name it, or leave such rows out of the source.'),
		('warning', 'agent', 'left_on', 'left before hired', 'r.left_on < r.hired_on', 'Correct the dates.'),
		('note', 'agent', 'hired_on', 'hired_on missing', 'r.hired_on IS NULL', 'Their tenure starts with their first assignment if that began later than the others''; the rest are in no tenure band.'),
		('warning', 'coaching_session', 'status', 'held_at given, but not status held', 'r.held_at IS NOT NULL AND r.status <> ''held''',
			'They are not counted as held; give held_at only where the session took place.'),
		('warning', 'coaching_session', 'held_at', 'status held without held_at', 'r.held_at IS NULL AND r.status = ''held''',
			'They are not counted; give held_at.'),
		('warning', 'coaching_session', 'duration_minutes', 'duration_minutes negative', 'r.duration_minutes < 0',
			'Correct it; the session counts, its minutes don''t.'),
		('warning', 'coaching_session', 'duration_minutes', 'duration_minutes over 8 hours',
			'r.duration_minutes > 480 AND r.duration_minutes < ''Infinity''', 'Is it in seconds or milliseconds? Divide in a view.'),
		('warning', 'coaching_session', 'followed_up_at', 'followed up before it was held', 'r.followed_up_at < r.held_at', 'Correct the dates.'),
		('warning', 'coach_week', 'available_minutes', 'minutes negative or more than a week has',
			'r.available_minutes NOT BETWEEN 0 AND 10080 OR r.coaching_minutes NOT BETWEEN 0 AND 10080', 'Is it in seconds or milliseconds?'),
		('warning', 'agent_week', 'available_minutes', 'minutes negative or more than a week has',
			'r.available_minutes NOT BETWEEN 0 AND 10080 OR r.coaching_minutes_planned NOT BETWEEN 0 AND 10080', 'Is it in seconds or milliseconds?'),
		('warning', 'agent_week', 'occupancy', 'occupancy outside 0 to 1', 'r.occupancy NOT BETWEEN 0 AND 1', 'Give a fraction, not percent.'),
		('warning', 'contact', 'handle_seconds', 'handle_seconds negative or over a day', 'r.handle_seconds NOT BETWEEN 0 AND 86400',
			'Is it in milliseconds? Divide in a view.'),
		('warning', 'contact_event', 'ended_at', 'step ended before it started', 'r.ended_at < r.started_at', 'Correct the times.')
$$;

COMMENT ON FUNCTION coachdiag.row_check() IS
'Internal: the checks that look at one row: a condition on the row r that means the problem, the column to show with the example.';

CREATE FUNCTION coachdiag.example_sql(relation text, column_name text DEFAULT NULL) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('left(concat_ws('', '', %s), 200)',
		string_agg(format('%L || r.%I', c.column_name || ' ', c.column_name), ', ' ORDER BY c.key DESC, c.column_no))
	FROM coachdiag.contract() c
	WHERE c.relation = example_sql.relation AND (c.key OR c.column_name = example_sql.column_name)
$$;

COMMENT ON FUNCTION coachdiag.example_sql(text, text) IS
'Internal: an expression that names the row r of a source relation: its key columns, and one more.';

CREATE FUNCTION coachdiag.relation_check()
RETURNS TABLE (severity text, relation text, problem text, query text, what_to_do text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	-- Each query gives rows (how many) and example for each bad thing; {name} stands for a source or a derived query.
	-- For Citus: a column in EXISTS, and OFFSET 0, since only what is read whole can be joined on any column.
	SELECT CASE k.relation WHEN 'metric' THEN 'error' ELSE 'warning' END, k.relation, 'duplicates',
		format('SELECT count(*) - 1 AS rows, %s AS example FROM {%s} r GROUP BY %s HAVING count(*) > 1 AND %s',
			coachdiag.example_sql(k.relation), k.relation, string_agg(format('r.%I', k.column_name), ', ' ORDER BY k.column_no),
			string_agg(format('r.%I IS NOT NULL', k.column_name), ' AND ' ORDER BY k.column_no) FILTER (WHERE k.not_null)),
		CASE k.relation
			WHEN 'metric' THEN 'Keep one row per metric; targets that differ go into agent_metric.target.'
			WHEN 'agent_metric' THEN 'They are merged, weighted by volume. Rows delivered twice count twice: keep the latest.'
			WHEN 'coaching_session' THEN 'Each session counts once per agent and metric, the latest held_at wins. Keep the latest row.'
			ELSE 'Keep one row per key.' END
	FROM coachdiag.contract() k WHERE k.key GROUP BY k.relation
	UNION ALL
	SELECT 'warning', c.relation, format('%s not in %s', c.column_name, c.refers_to),
		format('SELECT count(*) AS rows, min(%s COLLATE "C") AS example FROM {%s} r WHERE r.%I IS NOT NULL AND EXISTS (SELECT 1 FROM {%s} k) '
			'AND NOT EXISTS (SELECT FROM (SELECT %3$I FROM {%4$s} a OFFSET 0) k WHERE k.%3$I = r.%3$I) GROUP BY r.%3$I',
			coachdiag.example_sql(c.relation, c.column_name), c.relation, c.column_name, c.refers_to),
		format('Complete relation %s, or correct the id (case and leading zeros matter).', c.refers_to)
	FROM coachdiag.contract() c
	-- Metrics that rows and sessions don't find are among what refresh leaves out.
	WHERE c.refers_to IS NOT NULL AND (c.relation, c.column_name) NOT IN (('agent_metric', 'metric'), ('coaching_session', 'metric'))
	UNION ALL
	VALUES
		('warning', 'assignment', 'overlapping assignments',
			'SELECT 1 AS rows, format(''agent_id %s, %s from %s, %s from %s'', agent_id, before, before_from, team, valid_from) AS example
			FROM (SELECT agent_id, team, valid_from, lag(team) OVER w AS before, lag(valid_from) OVER w AS before_from,
					max(coalesce(valid_to, ''infinity'')) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS taken_until
				FROM {assignment} r WHERE agent_id IS NOT NULL AND team IS NOT NULL AND valid_from < coalesce(valid_to, ''infinity'')
				WINDOW w AS (PARTITION BY agent_id ORDER BY valid_from, team DESC)) a
			WHERE valid_from < taken_until',
			'The one that began last is in force. End the earlier one on the day the next begins.'),
		('note', 'assignment', 'gaps between assignments',
			'SELECT 1 AS rows, format(''agent_id %s, none from %s to %s'', agent_id, taken_until, valid_from - 1) AS example
			FROM (SELECT agent_id, valid_from,
					max(coalesce(valid_to, ''infinity'')) OVER (PARTITION BY agent_id ORDER BY valid_from, team DESC
						ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS taken_until
				FROM {assignment} r WHERE agent_id IS NOT NULL AND team IS NOT NULL AND valid_from < coalesce(valid_to, ''infinity'')) a
			WHERE valid_from > taken_until',
			'Right for a leave. Rows that fall into a gap are left out.'),
		('warning', 'agent_metric', 'a total beside its contact types',
			'SELECT count(*) FILTER (WHERE contact_type IS NULL) AS rows,
				format(''agent_id %s, metric %s, period %s'', agent_id, metric, period) AS example
			FROM {agent_metric} r
			WHERE metric IN (SELECT metric FROM {agent_metric} m GROUP BY metric
				HAVING bool_or(contact_type IS NULL) AND bool_or(contact_type IS NOT NULL))
			GROUP BY agent_id, metric, period
			HAVING bool_or(contact_type IS NULL) AND bool_or(contact_type IS NOT NULL)',
			'Everything counts twice: leave out the rows without contact type.'),
		('warning', 'agent_metric', 'volume given for some rows of a metric, missing for others',
			'SELECT count(*) FILTER (WHERE volume IS NULL) AS rows, format(''metric %s'', metric) AS example
			FROM {agent_metric} r GROUP BY metric HAVING bool_or(volume IS NULL) AND bool_or(volume IS NOT NULL)',
			'Missing counts as 1, far less than a row with contacts. Fill volume, or leave it out altogether.'),
		('warning', 'agent_metric', 'periods off the grid of the metric',
			'SELECT r.rows, format(''metric %s, period %s, a %s of %s'', r.metric, r.period, to_char(r.period, ''FMDay''),
				CASE g.period_step WHEN ''week'' THEN ''weeks from '' || to_char(date ''2001-01-01'' + g.week_start - 1, ''FMDay'') ELSE ''months'' END) AS example
			FROM (SELECT metric, period, count(*) AS rows FROM {agent_metric} m WHERE period BETWEEN ''0001-01-01'' AND ''9999-12-31'' GROUP BY metric, period) r
				JOIN {grid} g ON g.metric = r.metric
			WHERE g.period_step = ''week'' AND extract(isodow FROM r.period) <> g.week_start
				OR g.period_step = ''month'' AND extract(day FROM r.period) <> 1',
			'One metric, one grid: use the first day of the week for weekly rows.'),
		('warning', 'agent_metric', 'values carry over from week to week',
			'SELECT rows, format(''metric %s'', metric) AS example
			FROM (SELECT metric, count(*) AS rows,
					coachdiag.panel(value, NULL, md5(agent_id::text), date_trunc(''week'', period::timestamp)::date, coalesce(volume, 1)) AS panel
				-- In order of metric, so that one panel is built at a time.
				FROM (SELECT * FROM {agent_metric} a
					WHERE (value = 0 OR abs(value) BETWEEN 1e-100 AND 1e30) AND coalesce(volume, 1) BETWEEN 1e-100 AND 1e30 AND period BETWEEN ''1900-01-01'' AND ''2999-12-31''
						AND agent_id IN (SELECT agent_id FROM {assignment} b GROUP BY agent_id ORDER BY md5(agent_id::text) LIMIT 300)
					ORDER BY metric OFFSET 0) r
				GROUP BY metric) p
			WHERE coachdiag.values_carry_over(panel)',
			'A rolling mean, or a month''s value beside each of its weeks? A bad week that leaves it looks as if coaching had worked. Give the value of each period alone.'),
		('note', 'agent_metric', 'periods are months',
			'SELECT 1 AS rows, format(''metric %s'', metric) AS example FROM {grid} g WHERE period_step = ''month''',
			'Weeks or days tell more: what coaching did can hardly be seen in months.'),
		('warning', 'coaching_session', 'one session of several agents that is not of kind group',
			'SELECT count(*) AS rows, format(''session_id %s'', session_id) AS example FROM {coaching_session} r WHERE session_id IS NOT NULL
			GROUP BY session_id HAVING count(DISTINCT agent_id) > 1 AND bool_and(kind IS DISTINCT FROM ''group'')',
			'Set kind to group, or make session_id unique.'),
		('warning', 'coaching_session', 'held before the agent was hired or after they left',
			'SELECT 1 AS rows, format(''session_id %s, agent_id %s, held on %s, hired %s, left %s'', session_id, agent_id, day, hired_on, left_on) AS example
			FROM {session_row} s WHERE day < hired_on OR day > left_on',
			'Correct the dates, or the agent of the session.'),
		('warning', 'coaching_session', 'held long after the last period with values',
			'SELECT 1 AS rows, format(''session_id %s, held on %s'', session_id, day) AS example
			FROM {session_row} s WHERE reason IS NULL AND day > 35 + (SELECT max(period) FROM {agent_metric} r WHERE period BETWEEN ''0001-01-01'' AND ''9999-12-31'')',
			'Is agent_metric up to date?'),
		('warning', 'coaching_session', 'none in the last nine weeks with values',
			'SELECT 1 AS rows, format(''last held on %s, values to %s'', last, value_day) AS example
			FROM (SELECT day, max(day) OVER () AS last FROM {session_row} s WHERE reason IS NULL) d,
				(SELECT max(period) AS value_day FROM {agent_metric} r WHERE period <= CURRENT_DATE) v
			WHERE day > last - 91 AND last < value_day - 63
			GROUP BY last, value_day HAVING count(*) >= 50',
			'Has coaching ended, or are sessions missing? Results take it that nobody has been coached since.'),
		('warning', 'coaching_session', 'mostly dated the first or last day of a month',
			'SELECT dated AS rows, format(''%s of %s sessions'', dated, sessions) AS example
			FROM (SELECT count(*) AS sessions, count(DISTINCT date_trunc(''month'', day::timestamp)) AS months,
					count(*) FILTER (WHERE extract(day FROM day) = 1 OR extract(day FROM day + 1) = 1) AS dated
				FROM {session_row} s WHERE reason IS NULL) d
			WHERE sessions >= 50 AND months >= 3 AND dated > 0.5 * sessions AND EXISTS (SELECT FROM {grid} g WHERE period_step <> ''month'')',
			'Is that when they were held, or when they were entered? What coaching did is looked for from that day on.')
$$;

COMMENT ON FUNCTION coachdiag.relation_check() IS
'Internal: the checks that look at whole relations: a query with columns rows and example per bad thing, {name} for a source relation, '
'or session_row, metric_row or grid for the queries of refresh.';

-- Running them

CREATE FUNCTION coachdiag.source_queries(ws text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	queries jsonb;
BEGIN
	SELECT jsonb_object_agg(c.relation, coachdiag.source(ws, c.relation, as_given => true)) INTO queries
	FROM coachdiag.contract() c
	WHERE c.column_no = 0 AND c.relation NOT IN (SELECT s.relation FROM coachdiag.check_shape(ws) s WHERE s.severity = 'error');
	IF queries ? 'agent_metric' THEN
		queries := queries || jsonb_build_object('grid', coachdiag.grid_sql(coachdiag.period_sql(ws)));
	END IF;
	IF queries ?& '{metric,assignment,agent,agent_metric}' THEN
		queries := queries || jsonb_build_object('metric_row', coachdiag.metric_row_sql(ws, as_stored => false));
	END IF;
	IF queries ?& '{metric,assignment,agent,coaching_session}' THEN
		queries := queries || jsonb_build_object('session_row', coachdiag.session_row_sql(ws, as_stored => false));
	END IF;
	RETURN coalesce(queries, '{}');
END
$$;

COMMENT ON FUNCTION coachdiag.source_queries(text) IS
'Internal: what checks can read of a workspace, by name: the sources whose shape is right, and the queries of refresh over them.';

CREATE FUNCTION coachdiag.fill_in(query text, queries jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	filled text := query;
	name text;
BEGIN
	FOR name IN SELECT m[1] FROM regexp_matches(query, '\{(\w+)\}', 'g') m LOOP
		filled := replace(filled, '{' || name || '}', '(' || (queries ->> name) || ')');
	END LOOP;
	RETURN filled;
END
$$;

COMMENT ON FUNCTION coachdiag.fill_in(text, jsonb) IS
'Internal: a check''s query with its {names} filled in; null where it needs a source that cannot be read.';

CREATE FUNCTION coachdiag.check_rows(queries jsonb) RETURNS SETOF coachdiag.source_problem
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	query text;
BEGIN
	-- One pass over each relation: a count and an example for each of its checks.
	FOR query IN
		SELECT format('SELECT p.severity, %L, p.problem, p.rows, p.example, p.what_to_do FROM (SELECT %s FROM {%s} r) s
				CROSS JOIN LATERAL (VALUES %s) p(severity, problem, rows, example, what_to_do) WHERE p.rows > 0',
			c.relation,
			string_agg(format('count(*) FILTER (WHERE %1$s) AS rows_%2$s, min((%3$s) COLLATE "C") FILTER (WHERE %1$s) AS example_%2$s',
				c.test, c.no, coachdiag.example_sql(c.relation, c.column_name)), ', ' ORDER BY c.no),
			c.relation,
			string_agg(format('(%L, %L, rows_%3$s, example_%3$s, %4$L)', c.severity, c.problem, c.no, c.what_to_do), ', ' ORDER BY c.no))
		FROM (SELECT r.*, row_number() OVER () AS no FROM coachdiag.row_check() r) c
		GROUP BY c.relation
	LOOP
		query := coachdiag.fill_in(query, queries);
		IF query IS NOT NULL THEN
			RETURN QUERY EXECUTE query;
		END IF;
	END LOOP;
END
$$;

COMMENT ON FUNCTION coachdiag.check_rows(jsonb) IS
'Internal: runs the checks of row_check over the sources that can be read.';

CREATE FUNCTION coachdiag.check_relations(queries jsonb) RETURNS SETOF coachdiag.source_problem
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	c record;
	query text;
BEGIN
	FOR c IN SELECT * FROM coachdiag.relation_check() LOOP
		query := coachdiag.fill_in(c.query, queries);
		IF query IS NOT NULL THEN
			RETURN QUERY EXECUTE format('SELECT $1, $2, $3, sum(q.rows)::bigint, min(left(q.example, 200) COLLATE "C"), $4
				FROM (%s) q HAVING count(*) > 0', query) USING c.severity, c.relation, c.problem, c.what_to_do;
		END IF;
	END LOOP;
END
$$;

COMMENT ON FUNCTION coachdiag.check_relations(jsonb) IS
'Internal: runs the checks of relation_check over the sources that can be read.';

CREATE FUNCTION coachdiag.check_left_out(queries jsonb) RETURNS SETOF coachdiag.source_problem
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	advice CONSTANT text := $query$
		SELECT CASE WHEN coalesce(l.harmless, false) THEN 'note' ELSE 'warning' END, %L,
			CASE WHEN l.reason IS NULL THEN f.problem ELSE 'left out: ' || f.problem END, f.rows, f.example, coalesce(l.what_to_do, f.what_to_do)
		FROM (%s) f LEFT JOIN coachdiag.left_out() l ON l.reason = f.problem
	$query$;
	query text;
BEGIN
	query := coachdiag.fill_in($query$
		SELECT r.problem, r.rows, r.example, d.what_to_do
		FROM (
			SELECT coalesce(CASE WHEN reason <> 'period not over yet' OR period <= current_date THEN reason END, CASE
					WHEN target IS NULL THEN 'no target, or one that is impossible on the scale of the metric'
					WHEN period > current_date THEN 'period in the future'
					WHEN period < hired_on - 6 THEN 'before the agent was hired'
					WHEN period > left_on THEN 'after the agent left' END) AS problem,
				count(*) AS rows,
				min(left(format('agent_id %s, metric %s, period %s', agent_id, metric, period), 200) COLLATE "C")
					FILTER (WHERE reason IS NOT NULL OR target IS NULL OR period > least(current_date, left_on) OR period < hired_on - 6) AS example
			FROM {metric_row} m
			GROUP BY 1
		) r
			LEFT JOIN (VALUES
				('no target, or one that is impossible on the scale of the metric',
					'Fill metric.target or agent_metric.target; without it there is no gap to diagnose.'),
				('period in the future', 'Correct the period; forecasts are not measurements.'),
				('before the agent was hired', 'Correct agent.hired_on, or the agent of the row.'),
				('after the agent left', 'Correct agent.left_on, or the agent of the row.')
			) AS d(problem, what_to_do) ON d.problem = r.problem
		WHERE r.problem IS NOT NULL
	$query$, queries);
	IF query IS NOT NULL THEN
		RETURN QUERY EXECUTE format(advice, 'agent_metric', query);
	END IF;

	query := coachdiag.fill_in($query$
		SELECT reason AS problem, count(*) AS rows, NULL AS what_to_do,
			min(left(format('session_id %s, agent_id %s, held on %s, metric %s', session_id, agent_id, day, metric), 200) COLLATE "C") AS example
		FROM {session_row} s WHERE reason IS NOT NULL
		GROUP BY reason
	$query$, queries);
	IF query IS NOT NULL THEN
		RETURN QUERY EXECUTE format(advice, 'coaching_session', query);
	END IF;
END
$$;

COMMENT ON FUNCTION coachdiag.check_left_out(jsonb) IS
'Internal: the rows and sessions that refresh leaves out, by reason, and rows that it uses but that are doubtful.';

CREATE FUNCTION coachdiag.check_coverage(ws text, queries jsonb) RETURNS SETOF coachdiag.source_problem
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	name text;
	filled boolean;
	query text;
BEGIN
	FOR name IN SELECT c.relation FROM coachdiag.contract() c JOIN pg_class r ON r.relname = c.relation
		WHERE c.column_no = 0 AND r.relnamespace = coachdiag.workspace_oid(ws) AND queries ? c.relation
	LOOP
		-- 1: Citus takes no source without a column.
		EXECUTE format('SELECT EXISTS (SELECT 1 FROM (%s) r)', queries ->> name) INTO filled;
		IF NOT filled THEN
			RETURN QUERY SELECT CASE WHEN coachdiag.needed_by(name) IS NULL THEN 'error' ELSE 'note' END, name, 'empty', 0::bigint, NULL,
				coalesce('Not assessed: ' || coachdiag.needed_by(name) || '.', 'Fill it: nothing can be diagnosed without it.');
		END IF;
	END LOOP;

	query := coachdiag.fill_in($query$
		SELECT 'note', 'agent_metric', format('metric %s covers %s to %s', metric, to_char(first, 'YYYY-MM'), to_char(last, 'YYYY-MM'))
				|| CASE WHEN months < span THEN format(', %s months without rows', span - months) ELSE '' END,
			rows, CASE WHEN months < span THEN to_char(hole, 'YYYY-MM') END,
			CASE WHEN months < span THEN 'Are these months still to be loaded?' ELSE 'Nothing.' END
		FROM (
			SELECT metric, min(month) AS first, max(month) AS last, sum(rows)::bigint AS rows, count(*) AS months,
				1 + extract(year FROM age(max(month), min(month))) * 12 + extract(month FROM age(max(month), min(month))) AS span,
				min((month + interval '1 month')::date) FILTER (WHERE next_month > month + interval '1 month') AS hole
			FROM (
				SELECT metric, month, rows, lead(month) OVER (PARTITION BY metric ORDER BY month) AS next_month
				FROM (SELECT metric, date_trunc('month', period::timestamp) AS month, count(*) AS rows
					FROM {agent_metric} r WHERE period BETWEEN '0001-01-01' AND '9999-12-31' GROUP BY 1, 2) c
			) m
			GROUP BY metric
		) covered
		ORDER BY metric
	$query$, queries);
	IF query IS NOT NULL THEN
		RETURN QUERY EXECUTE query;
	END IF;
END
$$;

COMMENT ON FUNCTION coachdiag.check_coverage(text, jsonb) IS
'Internal: relations without rows, and what cannot be assessed for that; the months that each metric covers.';

CREATE FUNCTION coachdiag.check_all(ws text, queries jsonb) RETURNS SETOF coachdiag.source_problem
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT * FROM coachdiag.check_shape(ws)
	UNION ALL SELECT * FROM coachdiag.check_coverage(ws, queries)
	UNION ALL SELECT * FROM coachdiag.check_rows(queries)
	UNION ALL SELECT * FROM coachdiag.check_relations(queries)
	UNION ALL SELECT * FROM coachdiag.check_left_out(queries)
$$;

COMMENT ON FUNCTION coachdiag.check_all(text, jsonb) IS
'Internal: all findings of check_sources over the sources that queries has.';

CREATE FUNCTION coachdiag.check_reading(queries jsonb) RETURNS SETOF coachdiag.source_problem
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	source text;
BEGIN
	FOR source IN SELECT c.relation FROM coachdiag.contract() c WHERE c.column_no = 0 AND queries ? c.relation LOOP
		BEGIN
			-- All columns of all rows
			EXECUTE format('SELECT max(octet_length(r::text)) FROM (%s) r', queries ->> source);
		EXCEPTION WHEN OTHERS THEN
			RETURN NEXT ROW('error', source, 'cannot be read', NULL, left(SQLERRM, 200), 'Correct the view: SELECT all of its columns, and see where it fails.')::coachdiag.source_problem;
		END;
	END LOOP;
END
$$;

COMMENT ON FUNCTION coachdiag.check_reading(jsonb) IS
'Internal: the sources that fail when their rows are read (a text that is no number, a division by zero), with the error.';

CREATE FUNCTION coachdiag.check_sources(ws text) RETURNS SETOF coachdiag.source_problem
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET datestyle = ISO
SET jit = off
SET work_mem = '64MB'
AS $$
DECLARE
	queries CONSTANT jsonb := coachdiag.source_queries(ws);
	failing coachdiag.source_problem[];
	found coachdiag.source_problem[];
BEGIN
	PERFORM set_config('work_mem', current_setting('maintenance_work_mem'), true);
	BEGIN
		found := ARRAY(SELECT p FROM coachdiag.check_all(ws, queries) p);
	EXCEPTION WHEN OTHERS THEN
		failing := ARRAY(SELECT p FROM coachdiag.check_reading(queries) p);
		IF failing = '{}' THEN
			RAISE;
		END IF;
		found := failing || ARRAY(SELECT p FROM coachdiag.check_all(ws, queries - ARRAY(SELECT f.relation FROM unnest(failing) f) - '{grid,metric_row,session_row}'::text[]) p);
	END;
	RETURN QUERY SELECT p.* FROM unnest(found) p
	ORDER BY array_position('{error,warning,note}', p.severity),
		(SELECT min(o.no) FROM (SELECT relation, row_number() OVER () AS no FROM coachdiag.contract()) o WHERE o.relation = p.relation),
		p.problem;
END
$$;

COMMENT ON FUNCTION coachdiag.check_sources(text) IS
'Every problem of a workspace''s sources, errors first: how many rows, one of them as an example, what to do. A clean workspace gives '
'notes only: what is not assessed for want of a source, the months that each metric covers. Reads each source a few times, changes nothing, '
'works within maintenance_work_mem. '
'Error: no such workspace.';
