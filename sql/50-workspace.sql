-- The workspace: which there are, how its sources are read, its stored tables.

-- Which workspaces there are

CREATE VIEW coachdiag.workspace WITH (security_barrier) AS
SELECT n.nspname::text COLLATE pg_catalog."default" AS name, pg_catalog.pg_get_userbyid(n.nspowner)::text COLLATE pg_catalog."default" AS owner
FROM pg_catalog.pg_attribute a
	JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
	JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relname OPERATOR(pg_catalog.=) 'stored_panel' AND c.relkind OPERATOR(pg_catalog.=) 'r'
	AND a.attname OPERATOR(pg_catalog.=) 'panel'
	AND a.atttypid OPERATOR(pg_catalog.=) 'coachdiag.panel'::pg_catalog.regtype::pg_catalog.oid
	AND pg_catalog.has_schema_privilege(n.oid, 'USAGE');

COMMENT ON VIEW coachdiag.workspace IS
'The workspaces of this database that you may use: the schemas that hold a table stored_panel of panels.';
COMMENT ON COLUMN coachdiag.workspace.name IS 'Name of the workspace, and of its schema.';
COMMENT ON COLUMN coachdiag.workspace.owner IS 'Who owns it, and may refresh and drop it.';

GRANT USAGE ON SCHEMA coachdiag TO PUBLIC;
GRANT SELECT ON coachdiag.workspace TO PUBLIC;

CREATE FUNCTION coachdiag.workspace_oid(ws text) RETURNS oid
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found oid;
BEGIN
	SELECT n.oid INTO found FROM pg_namespace n JOIN coachdiag.workspace w ON w.name = n.nspname WHERE w.name = ws;
	IF found IS NULL THEN
		RAISE EXCEPTION 'there is no workspace "%"', ws
			USING ERRCODE = 'invalid_schema_name',
				HINT = 'The names are in coachdiag.workspace, case matters; coachdiag.create_workspace() makes a workspace.';
	END IF;
	RETURN found;
END
$$;

COMMENT ON FUNCTION coachdiag.workspace_oid(text) IS
'Internal: the schema of a workspace. An error says when there is none of that name that you may use.';

-- How sources are read

CREATE FUNCTION coachdiag.time_zone(ws text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	zone text;
BEGIN
	EXECUTE format('SELECT time_zone FROM %I.settings', ws) INTO zone;
	RETURN coalesce(zone, 'UTC');
END
$$;

COMMENT ON FUNCTION coachdiag.time_zone(text) IS
'Internal: the time zone of a workspace, from its settings; UTC where the row is gone.';

CREATE FUNCTION coachdiag.fill_settings(ws text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	filled int;
BEGIN
	EXECUTE format('INSERT INTO %I.settings (time_zone) VALUES (''UTC'') ON CONFLICT DO NOTHING', ws);
	GET DIAGNOSTICS filled = ROW_COUNT;
	IF filled > 0 THEN
		RAISE WARNING 'workspace "%" had no settings: now the defaults, in time zone UTC', ws;
	END IF;
END
$$;

COMMENT ON FUNCTION coachdiag.fill_settings(text) IS
'Internal: gives a workspace whose row of settings is gone (as in a copy without data) that of the defaults, and warns.';

CREATE FUNCTION coachdiag.today(ws text) RETURNS date
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$ SELECT (now() AT TIME ZONE coachdiag.time_zone(ws))::date $$;

COMMENT ON FUNCTION coachdiag.today(text) IS
'Internal: today in the time zone of a workspace.';

CREATE FUNCTION coachdiag.as_of(ws text) RETURNS date
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	day date;
BEGIN
	EXECUTE format('SELECT as_of FROM %I.settings', ws) INTO day;
	RETURN coalesce(day, coachdiag.today(ws));
END
$$;

COMMENT ON FUNCTION coachdiag.as_of(text) IS
'Internal: the day that results of a workspace are as of: settings.as_of, else today in its time zone.';

CREATE FUNCTION coachdiag.waits_from(ws text) RETURNS date
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN isfinite(d) THEN date_trunc('week', d::timestamp)::date ELSE d END FROM coachdiag.as_of(ws) d $$;

COMMENT ON FUNCTION coachdiag.waits_from(text) IS
'Internal: the Monday from which on everything that is dated waits in a workspace, since its week is not over; infinity: nothing does.';

CREATE FUNCTION coachdiag.source_cast(column_name text, source_type regtype, type text, zone text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	next oid := source_type;
	base text;
	category "char";
BEGIN
	-- plpgsql keeps its plans: this is asked hundreds of times a refresh.
	WHILE next <> 0 LOOP
		SELECT format_type(t.oid, NULL), t.typcategory, t.typbasetype INTO base, category, next FROM pg_type t WHERE t.oid = next;
	END LOOP;
	RETURN CASE
		WHEN type = 'bigint' AND base IN ('smallint', 'integer', 'bigint')
			OR type = 'double precision' AND base IN ('smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision')
			OR type = 'boolean' AND base = 'boolean'
			OR type = 'date' AND base IN ('date', 'timestamp without time zone')
			OR type = 'timestamptz' AND base = 'timestamp with time zone'
		THEN format('%I::%s', column_name, type)
		WHEN type = 'text' AND (category IN ('S', 'E') OR base IN ('smallint', 'integer', 'bigint', 'numeric', 'uuid'))
		THEN format('%I::text COLLATE "C"', column_name)
		WHEN type = 'date' AND base = 'timestamp with time zone'
		THEN format('(%I AT TIME ZONE %L)::date', column_name, zone)
		WHEN type = 'timestamptz' AND base IN ('date', 'timestamp without time zone')
		THEN format('%I::timestamp AT TIME ZONE %L', column_name, zone)
	END;
END
$$;

COMMENT ON FUNCTION coachdiag.source_cast(text, regtype, text, text) IS
'Internal: the expression that reads a source column of some type as the type of the contract: times in the zone given, text by its bytes '
'(so that sources of different collations compare); '
'null where that type is wrong for it.';

CREATE TYPE coachdiag.source_column AS (
	relation text,
	column_no int,
	column_name text,
	type text,
	required boolean,
	source_relation oid,
	source_type regtype,
	expression text
);

COMMENT ON TYPE coachdiag.source_column IS
'Internal: a column of the contract and where it comes from; see function coachdiag.source_column.';

CREATE FUNCTION coachdiag.source_column(ws text, of_relation text DEFAULT NULL) RETURNS SETOF coachdiag.source_column
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- Materialized, or the workspace would be looked up for each column; LIMIT 1, or the catalogs would be read in full.
	RETURN QUERY WITH workspace AS MATERIALIZED (
		SELECT coachdiag.workspace_oid(ws) AS oid, coachdiag.time_zone(ws) AS zone
	), present AS (
		SELECT c.*, r.oid AS source_relation, a.atttypid::regtype AS source_type,
			bool_and(c.type <> 'id' OR a.atttypid IS NULL OR coachdiag.source_cast('', a.atttypid, 'bigint', '') IS NOT NULL)
				OVER (PARTITION BY c.column_name) AS all_integer
		FROM coachdiag.contract() c
			CROSS JOIN workspace w
			LEFT JOIN LATERAL (SELECT k.oid FROM pg_class k WHERE k.relnamespace = w.oid AND k.relname = c.relation
				AND k.relkind IN ('r', 'p', 'v', 'm', 'f') LIMIT 1) r ON true
			LEFT JOIN LATERAL (SELECT k.atttypid FROM pg_attribute k WHERE k.attrelid = r.oid AND k.attname = c.column_name
				AND k.attnum > 0 AND NOT k.attisdropped LIMIT 1) a ON true
		WHERE c.column_no > 0 AND (of_relation IS NULL OR c.relation = of_relation OR c.type = 'id')
	), typed AS (
		SELECT p.*, CASE WHEN p.type <> 'id' THEN p.type WHEN p.all_integer THEN 'bigint' ELSE 'text' END AS read_as
		FROM present p
	)
	SELECT t.relation, t.column_no, t.column_name, t.read_as, t.required, t.source_relation, t.source_type,
		CASE WHEN t.source_type IS NULL THEN format('NULL::%s', t.read_as)
			ELSE coachdiag.source_cast(t.column_name, t.source_type, t.read_as, w.zone) END
	FROM typed t CROSS JOIN workspace w
	WHERE of_relation IS NULL OR t.relation = of_relation;
END
$$;

COMMENT ON FUNCTION coachdiag.source_column(text, text) IS
'Internal: for each column of the contract, or of one relation of it, where it comes from in a workspace and how it is read. '
'source_relation and source_type are null where missing, expression is null where the type is wrong. '
'Ids are read as bigint where every column of that name in the workspace is of an integer type, else as text.';

CREATE FUNCTION coachdiag.usable_sql(relation text, column_name text, type text, expression text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN relation = 'agent_metric' OR column_name = 'started_at' THEN expression
		WHEN type = 'double precision' THEN format('CASE WHEN %1$s BETWEEN -1e30 AND 1e30 THEN %1$s END', expression)
		WHEN type = 'timestamptz' THEN format('CASE WHEN %1$s >= ''0001-01-02 00:00+00'' AND %1$s < ''9999-12-31 00:00+00'' THEN %1$s END', expression)
		WHEN type = 'date' AND relation = 'assignment' THEN format('CASE WHEN %1$s < ''0001-01-01'' THEN ''-infinity'' WHEN %1$s > ''9999-12-31'' THEN ''infinity'' ELSE %1$s END', expression)
		WHEN type = 'date' THEN format('CASE WHEN %1$s BETWEEN ''0001-01-01'' AND ''9999-12-31'' THEN %1$s END', expression)
		ELSE expression
	END
$$;

COMMENT ON FUNCTION coachdiag.usable_sql(text, text, text, text) IS
'Internal: an expression over a source column that gives null for what cannot be meant: a number that is not finite or beyond 1e30, a date outside the years 1 to 9999 (of an assignment: without end on that side). '
'As it is: agent_metric, whose rows are judged one by one (coachdiag.metric_row_sql), and the start of contacts and their events, by which their readers leave out rows, with the help of an index.';

CREATE FUNCTION coachdiag.source(ws text, relation text, as_given boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	hint CONSTANT text := format('SELECT * FROM coachdiag.check_sources(%L) lists all problems.', ws);
	needed boolean;
	sources coachdiag.source_column[];
	bad coachdiag.source_column;
	columns text;
	source_oid oid;
BEGIN
	SELECT c.required INTO needed FROM coachdiag.contract() c WHERE c.relation = source.relation AND c.column_no = 0;
	IF needed IS NULL THEN
		RAISE EXCEPTION 'the contract has no relation "%"', relation
			USING ERRCODE = 'undefined_table', HINT = 'SELECT * FROM coachdiag.contract() lists them.';
	END IF;

	SELECT array_agg(s ORDER BY s.column_no) INTO sources FROM coachdiag.source_column(ws, source.relation) s;
	SELECT s.* INTO bad FROM unnest(sources) s
	WHERE s.expression IS NULL OR s.source_type IS NULL AND s.required AND (needed OR s.source_relation IS NOT NULL)
	LIMIT 1;
	IF bad.column_name IS NOT NULL AND bad.source_relation IS NULL THEN
		RAISE EXCEPTION 'workspace "%" has no relation "%"', ws, relation
			USING ERRCODE = 'undefined_table', HINT = hint;
	ELSIF bad.source_type IS NULL AND bad.column_name IS NOT NULL THEN
		RAISE EXCEPTION 'relation "%" of workspace "%" has no column "%"', relation, ws, bad.column_name
			USING ERRCODE = 'undefined_column', HINT = hint;
	ELSIF bad.column_name IS NOT NULL THEN
		RAISE EXCEPTION 'column "%" of relation "%" of workspace "%" is of type %, which cannot be read as %',
				bad.column_name, relation, ws, bad.source_type, bad.type
			USING ERRCODE = 'datatype_mismatch', HINT = hint;
	END IF;

	SELECT string_agg(format('%s AS %I', CASE WHEN as_given THEN s.expression ELSE coachdiag.usable_sql(s.relation, s.column_name, s.type, s.expression) END, s.column_name), ', ' ORDER BY s.column_no),
		max(s.source_relation)
	INTO columns, source_oid
	FROM unnest(sources) s;
	IF source_oid IS NULL THEN
		RETURN format('SELECT %s WHERE false', columns);
	END IF;
	RETURN format('SELECT %s FROM %I.%I', columns, ws, relation);
END
$$;

COMMENT ON FUNCTION coachdiag.source(text, text, boolean) IS
'Internal: a query for a relation of a workspace with all columns of the contract, in order and in its types; missing optional '
'columns are null, a missing optional relation is empty, and so are numbers and dates that cannot be meant (coachdiag.usable_sql) unless as_given. Errors: a required relation or column is missing, or a type is wrong.';

-- Making and dropping

CREATE FUNCTION coachdiag.create_source(ws text, source text, id_type regtype) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	c record;
	columns text;
BEGIN
	SELECT string_agg(format('%I %s%s', k.column_name, CASE k.type WHEN 'id' THEN id_type::text ELSE k.type END,
			CASE WHEN k.not_null THEN ' NOT NULL' ELSE '' END), ', ' ORDER BY k.column_no)
	INTO columns
	FROM coachdiag.contract() k WHERE k.relation = source AND k.column_no > 0;
	EXECUTE format('CREATE TABLE %I.%I (%s)', ws, source, columns);

	FOR c IN
		SELECT k.column_name, k.comment || CASE WHEN k.required THEN ' Required.' ELSE ' Optional.' END AS comment
		FROM coachdiag.contract() k WHERE k.relation = source
	LOOP
		IF c.column_name IS NULL THEN
			EXECUTE format('COMMENT ON TABLE %I.%I IS %L', ws, source, c.comment);
		ELSE
			EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', ws, source, c.column_name, c.comment);
		END IF;
	END LOOP;
END
$$;

COMMENT ON FUNCTION coachdiag.create_source(text, text, regtype) IS
'Internal: makes one contract relation of a workspace as an empty table, with its comments.';

CREATE FUNCTION coachdiag.create_store(ws text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE replace($store$
	CREATE TABLE IF NOT EXISTS @.settings (
		diagnosis_months int NOT NULL DEFAULT 12 CHECK (diagnosis_months BETWEEN 1 AND 1200),
		repeat_days int NOT NULL DEFAULT 7 CHECK (repeat_days BETWEEN 1 AND 365),
		as_of date CHECK (NOT isfinite(as_of) OR as_of BETWEEN '0001-01-01' AND '9999-12-31'),
		time_zone text NOT NULL DEFAULT pg_catalog.current_setting('TimeZone')
			CHECK ((timestamptz 'epoch' AT TIME ZONE time_zone) IS NOT NULL)
	);
	CREATE UNIQUE INDEX IF NOT EXISTS settings_one_row ON @.settings ((true));
	INSERT INTO @.settings DEFAULT VALUES ON CONFLICT DO NOTHING;
	COMMENT ON TABLE @.settings IS 'Choices of this workspace, one row; UPDATE it.';
	COMMENT ON COLUMN @.settings.diagnosis_months IS 'Months that a diagnosis looks back on, up to the last month with data.';
	COMMENT ON COLUMN @.settings.repeat_days IS 'Days within which a contact of the same customer and contact type is a repeat.';
	COMMENT ON COLUMN @.settings.as_of IS 'The day on which you look: results are as of the Sunday before its week, what that week and later ones bring waits; null: today; infinity: nothing waits. While it is a day (a look back), changes are not noted.';
	COMMENT ON COLUMN @.settings.time_zone IS 'Zone in which a time stamp falls on a day.';

	CREATE TABLE IF NOT EXISTS @.stored_metric (
		metric text PRIMARY KEY,
		higher_is_better boolean,
		target double precision,
		smallest_effect double precision,
		unit text,
		scale text NOT NULL,
		period_step text CHECK (period_step IN ('day', 'week', 'month')),
		week_start int CHECK (week_start BETWEEN 1 AND 7),
		waits_from date
	);
	COMMENT ON TABLE @.stored_metric IS 'Metrics as of the last refresh.';
	COMMENT ON COLUMN @.stored_metric.metric IS 'Metric.';
	COMMENT ON COLUMN @.stored_metric.higher_is_better IS 'Direction; null: not given.';
	COMMENT ON COLUMN @.stored_metric.target IS 'Target in the unit of the metric (not on its scale).';
	COMMENT ON COLUMN @.stored_metric.smallest_effect IS 'Smallest change worth having in the unit of the metric; null: not given, or not above 0.';
	COMMENT ON COLUMN @.stored_metric.unit IS 'Unit.';
	COMMENT ON COLUMN @.stored_metric.scale IS 'identity, log (panels hold ln of value and target) or proportion.';
	COMMENT ON COLUMN @.stored_metric.period_step IS 'Grid of its periods: day, week or month; null: no rows yet.';
	COMMENT ON COLUMN @.stored_metric.week_start IS 'Weekday on which its weeks start, 1 Monday to 7 Sunday; null unless the grid is week.';
	COMMENT ON COLUMN @.stored_metric.waits_from IS 'First day of the period (of metrics by day: of the week) that was not over on the last Sunday: rows from it on wait; infinity: none do; null: no rows yet.';

	CREATE TABLE IF NOT EXISTS @.stored_period (
		metric text,
		period date,
		rows bigint NOT NULL,
		PRIMARY KEY (metric, period)
	);
	COMMENT ON TABLE @.stored_period IS 'How many rows of agent_metric each metric had in each period at the last refresh: what its grid is read from.';
	COMMENT ON COLUMN @.stored_period.metric IS 'Metric.';
	COMMENT ON COLUMN @.stored_period.period IS 'Period.';
	COMMENT ON COLUMN @.stored_period.rows IS 'Rows, used or not.';

	CREATE TABLE IF NOT EXISTS @.changed_period (
		relation text NOT NULL,
		period date,
		until date
	);
	COMMENT ON TABLE @.changed_period IS 'What changed in the sources since the last refresh, as coachdiag.track_changes notes it; and, while a refresh runs, of agent_metric the days whose rows belong to another team or tenure, or whose sessions changed.';
	COMMENT ON COLUMN @.changed_period.relation IS 'Source relation.';
	COMMENT ON COLUMN @.changed_period.period IS 'Period of its rows that changed, or day, possibly more than once; null: any rows.';
	COMMENT ON COLUMN @.changed_period.until IS 'First day after those that changed; null: only period did.';

	CREATE TABLE IF NOT EXISTS @.stored_team (
		team text PRIMARY KEY,
		program text,
		site text,
		supervisor text
	);
	COMMENT ON TABLE @.stored_team IS 'Teams as of the last refresh: what their latest assignment says of them.';
	COMMENT ON COLUMN @.stored_team.team IS 'Team.';
	COMMENT ON COLUMN @.stored_team.program IS 'Program; null: not given.';
	COMMENT ON COLUMN @.stored_team.site IS 'Site; null: not given.';
	COMMENT ON COLUMN @.stored_team.supervisor IS 'Supervisor; null: not given.';

	CREATE TABLE IF NOT EXISTS @.stored_panel (
		team text,
		metric text,
		month date CHECK (extract(day FROM month) = 1),
		panel coachdiag.panel NOT NULL,
		rows bigint NOT NULL,
		refreshed_at timestamptz NOT NULL,
		PRIMARY KEY (team, metric, month)
	);
	COMMENT ON TABLE @.stored_panel IS 'The panels: one per team, metric and month.';
	COMMENT ON COLUMN @.stored_panel.team IS 'Team in force at the period of a row.';
	COMMENT ON COLUMN @.stored_panel.metric IS 'Metric.';
	COMMENT ON COLUMN @.stored_panel.month IS 'First day of the month in which the periods start.';
	COMMENT ON COLUMN @.stored_panel.panel IS 'Values and targets on the scale of the metric, weighted by volume, and the coaching dose.';
	COMMENT ON COLUMN @.stored_panel.rows IS 'Rows of agent_metric in it; 0: coaching dose only.';
	COMMENT ON COLUMN @.stored_panel.refreshed_at IS 'When it last changed.';

	CREATE TABLE IF NOT EXISTS @.stored_state (
		relation text PRIMARY KEY,
		state text NOT NULL
	);
	COMMENT ON TABLE @.stored_state IS 'What refresh cannot tell from stored tables to have changed: how the sources and the result views are defined, and what you filled in yourself.';
	COMMENT ON COLUMN @.stored_state.relation IS 'Relation of the workspace, after agent_metric also the oid of each partition behind it; week: from which day on sessions and contacts wait.';
	COMMENT ON COLUMN @.stored_state.state IS 'Its definition or content at the last refresh, see coachdiag.relation_state.';

	CREATE TABLE IF NOT EXISTS @.refresh_log (
		run bigint NOT NULL,
		started timestamptz NOT NULL,
		finished timestamptz NOT NULL,
		step text NOT NULL,
		rows bigint,
		seconds double precision NOT NULL,
		message text
	);
	CREATE INDEX IF NOT EXISTS refresh_log_run_idx ON @.refresh_log (run);
	COMMENT ON TABLE @.refresh_log IS 'What each refresh did, a row a step; and the rows it left out, a row a reason (step left_out).';
	COMMENT ON COLUMN @.refresh_log.run IS 'Number of the refresh, from 1.';
	COMMENT ON COLUMN @.refresh_log.started IS 'Start of the step.';
	COMMENT ON COLUMN @.refresh_log.finished IS 'End of the step.';
	COMMENT ON COLUMN @.refresh_log.step IS 'compare (what changed since the last refresh), periods, metrics, teams, panels, left_out, a part of the workspace; or failed, the one row of a refresh that did and changed nothing.';
	COMMENT ON COLUMN @.refresh_log.rows IS 'Rows written; source rows left out; null where nothing is counted.';
	COMMENT ON COLUMN @.refresh_log.seconds IS 'Time that the step took, in seconds.';
	COMMENT ON COLUMN @.refresh_log.message IS 'What the step covered; why rows were left out; why the refresh failed.';
	$store$, '@', quote_ident(ws));
END
$$;

COMMENT ON FUNCTION coachdiag.create_store(text) IS
'Internal: makes the settings, the stored tables and the log of a workspace, as far as they are not there.';

CREATE FUNCTION coachdiag.compress_panels(ws text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	t record;
BEGIN
	-- Large panels are unpacked by every question: lz4, where the server has it, halves that time.
	IF EXISTS (SELECT FROM pg_settings s WHERE s.name = 'default_toast_compression' AND 'lz4' = ANY (s.enumvals)) THEN
		FOR t IN SELECT a.attrelid::regclass AS name, a.attname AS column_name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
			WHERE c.relnamespace = coachdiag.workspace_oid(ws) AND c.relkind = 'r' AND a.atttypid = 'coachdiag.panel'::regtype
		LOOP
			EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET COMPRESSION lz4', t.name, t.column_name);
		END LOOP;
	END IF;
END
$$;

COMMENT ON FUNCTION coachdiag.compress_panels(text) IS
'Internal: has the panels of a new workspace compressed in the way that unpacks fastest.';

CREATE FUNCTION coachdiag.create_workspace(name text, id_type regtype DEFAULT 'bigint') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF coalesce(name, '') = '' THEN
		RAISE EXCEPTION 'a workspace needs a name' USING ERRCODE = 'invalid_schema_name';
	ELSIF octet_length(name) > 63 THEN
		RAISE EXCEPTION 'the name of a workspace can have up to 63 bytes, this has %', octet_length(name)
			USING ERRCODE = 'name_too_long', HINT = 'It becomes the name of a schema.';
	ELSIF starts_with(name, 'pg_') THEN
		RAISE EXCEPTION 'a workspace cannot be called "%": names that start with pg_ belong to PostgreSQL', name
			USING ERRCODE = 'reserved_name';
	ELSIF EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = name) THEN
		RAISE EXCEPTION 'there is a schema "%" already', name
			USING ERRCODE = 'duplicate_schema', HINT = 'A workspace makes a schema of its own: choose another name.';
	ELSIF id_type IS NULL OR id_type NOT IN ('smallint'::regtype, 'integer', 'bigint', 'text', 'varchar', 'uuid') THEN
		RAISE EXCEPTION 'ids cannot be of type %', coalesce(id_type::text, 'null')
			USING ERRCODE = 'datatype_mismatch', HINT = 'Choose smallint, integer, bigint, text, varchar or uuid.';
	END IF;

	EXECUTE format('CREATE SCHEMA %I', name);
	EXECUTE format('COMMENT ON SCHEMA %I IS %L', name, 'coachdiag workspace: source relations, stored panels, diagnostic views.');
	PERFORM coachdiag.create_source(name, c.relation, id_type) FROM coachdiag.contract() c WHERE c.column_no = 0;
	EXECUTE format('CREATE INDEX ON %I.agent_metric (period)', name);
	PERFORM coachdiag.create_store(name);
	PERFORM coachdiag.create_parts(name);
	PERFORM coachdiag.compress_panels(name);
END
$$;

COMMENT ON FUNCTION coachdiag.create_workspace(text, regtype) IS
'Makes a workspace: a schema of that name with the relations of the contract as empty tables, the stored tables and the result views. '
'name: any schema name, taken as it is (case matters, up to 63 bytes, not pg_...). id_type: type of the ids in the empty tables '
'(smallint, integer, bigint, text, varchar, uuid). Needs CREATE on the database; you own what it makes. '
'Fill the tables, or replace each by a view: DROP TABLE ops.agent_metric; CREATE VIEW ops.agent_metric AS SELECT ...';

CREATE FUNCTION coachdiag.drop_workspace(name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	schema_oid CONSTANT oid := coachdiag.workspace_oid(name);
	foreign_object text;
	r record;
	dropped boolean;
	blocker text;
	last_blocker text;
BEGIN
	PERFORM coachdiag.lock_workspace(name);
	SELECT string_agg(format('%I', c.relname), ', ' ORDER BY c.relname) INTO foreign_object
	FROM pg_class c
	WHERE c.relnamespace = schema_oid AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
		AND c.relname NOT IN (SELECT w.relation FROM coachdiag.workspace_relation() AS w(relation))
		AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
			AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i'));
	IF foreign_object IS NOT NULL THEN
		RAISE EXCEPTION 'workspace "%" also holds what coachdiag did not make: %', name, foreign_object
			USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Move it to another schema, or drop it, first.';
	END IF;

	PERFORM coachdiag.untrack_changes(name);

	-- Whatever depends on something goes first: pass over the rest until nothing more can go.
	LOOP
		dropped := false;
		blocker := NULL;
		FOR r IN
			SELECT c.oid::regclass AS relation, CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
				WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS kind
			FROM pg_class c
			WHERE c.relnamespace = schema_oid AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND NOT c.relispartition
			ORDER BY c.oid DESC
		LOOP
			BEGIN
				EXECUTE format('DROP %s %s', r.kind, r.relation);
				dropped := true;
			EXCEPTION WHEN dependent_objects_still_exist THEN
				GET STACKED DIAGNOSTICS blocker = PG_EXCEPTION_DETAIL;
			END;
		END LOOP;
		EXIT WHEN NOT dropped;
	END LOOP;

	BEGIN
		EXECUTE format('DROP SCHEMA %I', name);
	EXCEPTION WHEN dependent_objects_still_exist THEN
		GET STACKED DIAGNOSTICS last_blocker = PG_EXCEPTION_DETAIL;
		RAISE EXCEPTION 'workspace "%" is still in use', name
			USING ERRCODE = 'dependent_objects_still_exist', DETAIL = coalesce(blocker, last_blocker),
				HINT = 'Drop what depends on it first; nothing has been dropped.';
	END;
END
$$;

COMMENT ON FUNCTION coachdiag.drop_workspace(text) IS
'Drops a workspace with everything coachdiag made in it, tables you filled included; views you put in place of source tables go, what '
'they read stays. A refresh that runs is waited for. Errors, and then drops nothing, where anything else lives in the schema or depends on it. Needs its owner.';
