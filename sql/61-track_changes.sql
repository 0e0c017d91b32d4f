-- Noting what changes in the sources, so that a refresh need not read the rest.

CREATE FUNCTION coachdiag.note_changes() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	rows CONSTANT text := CASE TG_OP WHEN 'INSERT' THEN 'SELECT * FROM new_row' WHEN 'DELETE' THEN 'SELECT * FROM old_row'
		WHEN 'UPDATE' THEN 'SELECT * FROM old_row UNION ALL SELECT * FROM new_row' END;
	readable CONSTANT boolean := NOT EXISTS (SELECT FROM unnest(TG_ARGV[3:]) u (name)
		WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = TG_RELID AND a.attname = u.name AND NOT a.attisdropped));
BEGIN
	-- A workspace renamed or dropped by other means: nothing to note, and no reason to stop who writes.
	IF to_regclass(format('%I.changed_period', TG_ARGV[0])) IS NULL THEN
		RETURN NULL;
	ELSIF TG_OP = 'TRUNCATE' OR NOT readable THEN
		EXECUTE format('INSERT INTO %I.changed_period VALUES (%L, NULL)', TG_ARGV[0], TG_ARGV[1]);
	ELSE
		EXECUTE format('INSERT INTO %1$I.changed_period SELECT DISTINCT %2$L, d.day FROM (%4$s) c CROSS JOIN LATERAL unnest(%3$s) d (day) WHERE %5$L OR d.day BETWEEN ''0001-01-01'' AND ''9999-12-31''',
			TG_ARGV[0], TG_ARGV[1], TG_ARGV[2], rows, TG_ARGV[1] <> 'agent_metric' OR TG_NARGS = 3);
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION coachdiag.note_changes() IS
'Trigger function of coachdiag.track_changes: notes inserted, updated and deleted rows in changed_period of a workspace. Arguments: workspace, source relation, expression for the days that a row may count on, the columns that it reads; where one of these is gone, any row may have changed.';

CREATE FUNCTION coachdiag.tracking_trigger(ws text, relation text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT 'coachdiag_' || md5(concat_ws(chr(10), ws, relation)) $$;

COMMENT ON FUNCTION coachdiag.tracking_trigger(text, text) IS
'Internal: how the names of the triggers start by which coachdiag.track_changes notes changes of a source relation.';

CREATE FUNCTION coachdiag.day_columns(relation text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE relation WHEN 'agent_metric' THEN '{period}' WHEN 'coaching_session' THEN '{held_at,scheduled_at}'
		WHEN 'contact' THEN '{started_at}' WHEN 'contact_event' THEN '{started_at}' ELSE '{}' END::text[]
$$;

COMMENT ON FUNCTION coachdiag.day_columns(text) IS
'Internal: the columns of a source relation that say on which day its rows count, the first that is given; none where all rows count always.';

CREATE FUNCTION coachdiag.days_sql(ws text, source regclass, columns text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	-- A view may read a time in another zone: the day is then the one before or after.
	SELECT CASE WHEN d.exact OR EXISTS (SELECT FROM pg_class c WHERE c.oid = source AND c.relnamespace = coachdiag.workspace_oid(ws))
		THEN format('ARRAY[coalesce(%s)]', d.day) ELSE format('ARRAY[coalesce(%1$s) - 1, coalesce(%1$s), coalesce(%1$s) + 1]', d.day) END
	FROM (
		SELECT bool_and(a.atttypid = 'date'::regtype) AS exact, string_agg(CASE WHEN a.atttypid = 'timestamptz'::regtype
			THEN format('(c.%I AT TIME ZONE (SELECT coachdiag.time_zone(%L)))::date', a.attname, ws) ELSE format('c.%I::date', a.attname) END, ', ' ORDER BY u.no) AS day
		FROM unnest(columns) WITH ORDINALITY u (name, no)
			JOIN pg_attribute a ON a.attrelid = source AND a.attname = u.name AND a.attnum > 0 AND NOT a.attisdropped
				AND a.atttypid IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype)
	) d
	WHERE d.day IS NOT NULL
$$;

COMMENT ON FUNCTION coachdiag.days_sql(text, regclass, text[]) IS
'Internal: the expression, over a row named c of a table, for the days on which it may count: of the first of the columns that it has and that is given; of a time behind a view the days beside it too. Null: there is no such column.';

CREATE FUNCTION coachdiag.track_table(ws text, relation text, source regclass, columns text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	name CONSTANT text := coachdiag.tracking_trigger(ws, relation);
	days CONSTANT text := coalesce(coachdiag.days_sql(ws, source, columns), 'ARRAY[NULL::date]');
	stem CONSTANT text := format('EXECUTE FUNCTION coachdiag.note_changes(%L, %L, %L%s)', ws, relation, days, (SELECT string_agg(format(', %L', a.attname), '' ORDER BY a.attname)
		FROM pg_attribute a WHERE a.attrelid = source AND a.attname = ANY (columns) AND a.attnum > 0 AND NOT a.attisdropped));
BEGIN
	EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER INSERT ON %s REFERENCING NEW TABLE AS new_row FOR EACH STATEMENT %s', name || '_i', source, stem);
	EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_row NEW TABLE AS new_row FOR EACH STATEMENT %s', name || '_u', source, stem);
	EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER DELETE ON %s REFERENCING OLD TABLE AS old_row FOR EACH STATEMENT %s', name || '_d', source, stem);
	EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER TRUNCATE ON %s FOR EACH STATEMENT %s', name || '_t', source, stem);
	EXECUTE format('INSERT INTO %I.changed_period VALUES (%L, NULL)', ws, relation);
END
$$;

COMMENT ON FUNCTION coachdiag.track_table(text, text, regclass, text[]) IS
'Internal: puts the triggers of coachdiag.track_changes on one table, and notes that all of the relation may have changed. columns: those that a row''s day is read from.';

CREATE FUNCTION coachdiag.track_changes(ws text, source regclass DEFAULT NULL, period_column name DEFAULT NULL, relation text DEFAULT 'agent_metric') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	workspace CONSTANT oid := coachdiag.workspace_oid(ws);
	kind CONSTANT "char" := (SELECT c.relkind FROM pg_class c WHERE c.oid = source);
	columns CONSTANT text[] := CASE WHEN period_column IS NULL OR coachdiag.day_columns(relation) = '{}' THEN coachdiag.day_columns(relation) ELSE ARRAY[period_column::text] END;
	views text;
BEGIN
	IF NOT EXISTS (SELECT FROM coachdiag.contract() c WHERE c.relation = track_changes.relation) THEN
		RAISE EXCEPTION 'the contract has no relation "%"', relation USING ERRCODE = 'undefined_table', HINT = 'SELECT * FROM coachdiag.contract() lists them.';
	ELSIF kind NOT IN ('r', 'p') THEN
		RAISE EXCEPTION 'changes of % cannot be noted: it is not a table', source
			USING ERRCODE = 'wrong_object_type', HINT = format('Name each table behind it, and its column of the day: SELECT coachdiag.track_changes(%L, ''schema.table'', ''column'', %L).', ws, relation);
	ELSIF source IS NOT NULL AND period_column IS NOT NULL AND columns <> '{}' AND coachdiag.days_sql(ws, source, columns) IS NULL THEN
		RAISE EXCEPTION 'table % has no column "%" of type date, timestamp or timestamptz', source, columns[1]
			USING ERRCODE = 'undefined_column', HINT = 'The third argument names the column that the period, or the day, is read from.';
	END IF;
	IF source IS NOT NULL THEN
		PERFORM coachdiag.track_table(ws, relation, source, columns);
		IF columns <> '{}' AND coachdiag.days_sql(ws, source, columns) IS NULL THEN
			RAISE NOTICE 'each change of % has all of relation "%" read again: no column of it was named', source, relation
				USING HINT = 'That is right for a table of names. For one of values give the column that the period, or the day, is read from.';
		END IF;
		SELECT string_agg(u.source::text, ', ' ORDER BY u.source::text) INTO views FROM coachdiag.untracked(ws, relation) u WHERE u.why = 'not noted';
		IF views IS NOT NULL THEN
			RAISE NOTICE 'relation "%" is not tracked yet: it also reads %', relation, views
				USING HINT = 'Name each of them in the same way; one without a day needs no column.';
		END IF;
		SELECT string_agg(u.source::text, ', ' ORDER BY u.source::text) INTO views FROM coachdiag.untracked(ws, relation) u WHERE u.why = 'clock';
		IF views IS NOT NULL THEN
			RAISE NOTICE 'relation "%" cannot be tracked: % asks what time it is, so rows come and go without being written', relation, views
				USING HINT = 'Leave the condition out; settings.diagnosis_months says how far back the diagnosis looks.';
		END IF;
	ELSE
		PERFORM coachdiag.track_table(ws, c.relname, c.oid, coachdiag.day_columns(c.relname))
		FROM coachdiag.contract() r JOIN pg_class c ON c.relnamespace = workspace AND c.relname = r.relation AND c.relkind IN ('r', 'p')
		WHERE r.column_no = 0;
		SELECT string_agg(r.relation, ', ' ORDER BY r.relation) INTO views
		FROM coachdiag.contract() r JOIN pg_class c ON c.relnamespace = workspace AND c.relname = r.relation AND c.relkind NOT IN ('r', 'p')
		WHERE r.column_no = 0 AND NOT coachdiag.changes_are_tracked(ws, r.relation);
		IF views IS NOT NULL THEN
			RAISE NOTICE 'not tracked, being views: %', views
				USING HINT = format('Name each table behind them, and its column of the day: SELECT coachdiag.track_changes(%L, ''schema.table'', ''column'', ''relation'').', ws);
		END IF;
	END IF;
END
$$;

COMMENT ON FUNCTION coachdiag.track_changes(text, regclass, name, text) IS
'From now on notes what changes in the sources (triggers by statement), so that coachdiag.refresh(ws) reads only that again. ws: workspace. source: a table; NULL: all source relations of the workspace that are tables; a notice names those that are views, of which you name each table that they read. '
'period_column: the column of that table that the period, or the day, is read from, of type date, timestamp or timestamptz; NULL: that of the contract, and where the table has none each change of it has all of the relation read again (right for names that a view looks up). It has to be what the view makes the period or day from; of a time the days beside it are noted too, as the view may read it in another zone. relation: the source relation that the table is behind. '
'Whoever writes to the table needs USAGE on the workspace''s schema, INSERT on its changed_period and, where the day is that of a time, SELECT on its settings. Rows written straight into a partition or a child table are not noted, nor what is written with triggers off: write to the table, or rebuild. What logical replication brings is read in full each time. The next refresh reads everything. '
'Errors: no such workspace (3F000), no such relation (42P01), not a table (42809), no such column (42703).';

CREATE FUNCTION coachdiag.untrack_changes(ws text) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	t record;
	dropped integer := 0;
BEGIN
	PERFORM coachdiag.workspace_oid(ws);
	FOR t IN SELECT g.tgname, g.tgrelid::regclass AS source
		FROM coachdiag.contract() r JOIN pg_trigger g ON g.tgname ^@ coachdiag.tracking_trigger(ws, r.relation)
		WHERE r.column_no = 0 AND g.tgfoid = 'coachdiag.note_changes'::regproc AND g.tgparentid = 0
	LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, t.source);
		dropped := dropped + (t.tgname LIKE '%\_i')::int;
	END LOOP;
	RETURN dropped;
END
$$;

COMMENT ON FUNCTION coachdiag.untrack_changes(text) IS
'No longer notes changes for a workspace (coachdiag.track_changes): drops the triggers. Returns from how many tables. coachdiag.refresh(ws) then reads everything again each time. Error: no such workspace (3F000).';

CREATE FUNCTION coachdiag.behind(ws text, relation text) RETURNS TABLE (source oid, kind "char", depth int)
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	WITH RECURSIVE found AS (
		SELECT c.oid, c.relkind, 0 AS depth FROM pg_class c WHERE c.relnamespace = coachdiag.workspace_oid(ws) AND c.relname = behind.relation
		UNION
		SELECT c.oid, c.relkind, f.depth + 1
		FROM found f
			CROSS JOIN LATERAL (
				SELECT d.refobjid AS oid FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
				WHERE r.ev_class = f.oid AND f.relkind = 'v' AND d.refobjid <> f.oid
				UNION ALL
				SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = f.oid
			) n
			JOIN pg_class c ON c.oid = n.oid
	)
	SELECT f.oid, f.relkind, min(f.depth) FROM found f GROUP BY f.oid, f.relkind
$$;

COMMENT ON FUNCTION coachdiag.behind(text, text) IS
'Internal: a source relation of a workspace (depth 0) and all that it reads: what views read, as PostgreSQL knows it, partitions and children of tables.';

CREATE FUNCTION coachdiag.untracked(ws text, relation text) RETURNS TABLE (source regclass, why text)
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	-- What is written to a table is noted by its own triggers, in its partitions and children too. What no trigger sees:
	-- a materialized view made again, another server, a subscription (which fires none by statement), the time.
	WITH b AS MATERIALIZED (SELECT * FROM coachdiag.behind(ws, untracked.relation))
	SELECT b.source, CASE
		WHEN b.kind IN ('m', 'f') OR EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = b.source) THEN 'unseen'
		WHEN b.kind = 'v' AND pg_get_viewdef(b.source) ~* '\m(now\(|current_(date|time|timestamp)\M|localtime(stamp)?\M|(clock|statement|transaction)_timestamp\(|timeofday\()' THEN 'clock'
		WHEN b.kind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_inherits i JOIN b parent ON parent.source = i.inhparent WHERE i.inhrelid = b.source)
			AND (SELECT count(*) FROM unnest('{_i,_u,_d,_t}'::text[]) e JOIN pg_trigger g ON g.tgrelid = b.source AND g.tgname = coachdiag.tracking_trigger(ws, untracked.relation) || e
				WHERE g.tgfoid = 'coachdiag.note_changes'::regproc AND g.tgenabled IN ('O', 'A')) < 4 THEN 'not noted' END
	FROM b
	UNION ALL
	SELECT NULL, 'no table' WHERE NOT EXISTS (SELECT FROM b WHERE b.kind IN ('r', 'p'))
$$;

COMMENT ON FUNCTION coachdiag.untracked(text, text) IS
'Internal: what a source relation of a workspace reads, and why changes of it escape coachdiag.track_changes: not noted (a table without the triggers; one stands for its partitions and children), unseen (triggers don''t see them), clock (a view that asks what time it is, whose rows come and go without being written), no table; null: they don''t.';

CREATE FUNCTION coachdiag.changes_are_tracked(ws text, relation text DEFAULT 'agent_metric') RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT NOT EXISTS (SELECT FROM coachdiag.untracked(ws, changes_are_tracked.relation) u WHERE u.why IS NOT NULL)
$$;

COMMENT ON FUNCTION coachdiag.changes_are_tracked(text, text) IS
'Whether changes of a source relation are noted for a workspace (coachdiag.track_changes), so that coachdiag.refresh(ws) need not read all of it.';
