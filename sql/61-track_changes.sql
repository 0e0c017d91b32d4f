-- Noting which periods of agent_metric change, so that a refresh need not read the others.

CREATE FUNCTION coachdiag.note_changes() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	rows CONSTANT text := CASE TG_OP WHEN 'INSERT' THEN 'SELECT %1$I FROM new_row' WHEN 'DELETE' THEN 'SELECT %1$I FROM old_row'
		WHEN 'UPDATE' THEN 'SELECT %1$I FROM old_row UNION SELECT %1$I FROM new_row' END;
BEGIN
	IF TG_OP = 'TRUNCATE' THEN
		EXECUTE format('INSERT INTO %I.changed_period VALUES (NULL)', TG_ARGV[0]);
	ELSE
		EXECUTE format('INSERT INTO %I.changed_period SELECT DISTINCT c.period::date FROM (%s) c (period) WHERE isfinite(c.period::date)',
			TG_ARGV[0], format(rows, TG_ARGV[1]));
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION coachdiag.note_changes() IS
'Trigger function of coachdiag.track_changes: notes the periods of inserted, updated and deleted rows in changed_period of a workspace. Arguments: workspace, column of the period.';

CREATE FUNCTION coachdiag.track_changes(ws text, source regclass DEFAULT NULL, period_column name DEFAULT 'period') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	target CONSTANT regclass := coalesce(source, (SELECT c.oid FROM pg_class c WHERE c.relnamespace = coachdiag.workspace_oid(ws) AND c.relname = 'agent_metric'));
	kind "char";
	trigger CONSTANT text := 'coachdiag_' || md5(ws);
	stem CONSTANT text := format('EXECUTE FUNCTION coachdiag.note_changes(%L, %L)', ws, period_column);
BEGIN
	SELECT c.relkind INTO kind FROM pg_class c WHERE c.oid = target;
	IF kind IS NULL THEN
		RAISE EXCEPTION 'workspace "%" has no relation "agent_metric"', ws USING ERRCODE = 'undefined_table';
	ELSIF kind NOT IN ('r', 'p') THEN
		RAISE EXCEPTION 'changes of % cannot be noted: it is not a table', target
			USING ERRCODE = 'wrong_object_type', HINT = format('Name each table behind it, and its column of the period: SELECT coachdiag.track_changes(%L, ''schema.table'', ''column'').', ws);
	ELSIF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = target AND a.attname = period_column AND a.attnum > 0 AND NOT a.attisdropped
			AND a.atttypid IN ('date'::regtype, 'timestamp'::regtype)) THEN
		RAISE EXCEPTION 'table % has no column "%" of type date or timestamp', target, period_column
			USING ERRCODE = 'undefined_column', HINT = 'The third argument names the column that the period is read from.';
	END IF;
	EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER INSERT ON %s REFERENCING NEW TABLE AS new_row FOR EACH STATEMENT %s', trigger || '_i', target, stem);
	EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_row NEW TABLE AS new_row FOR EACH STATEMENT %s', trigger || '_u', target, stem);
	EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER DELETE ON %s REFERENCING OLD TABLE AS old_row FOR EACH STATEMENT %s', trigger || '_d', target, stem);
	EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER TRUNCATE ON %s FOR EACH STATEMENT %s', trigger || '_t', target, stem);
	EXECUTE format('INSERT INTO %I.changed_period VALUES (NULL)', ws);
END
$$;

COMMENT ON FUNCTION coachdiag.track_changes(text, regclass, name) IS
'From now on notes which periods of a table change (triggers by statement), so that coachdiag.refresh(ws) builds only those again. ws: workspace. source: the table; NULL: agent_metric of the workspace; where that is a view, each table that it reads. '
'period_column: its column of the period, date or timestamp. Whoever writes to the table needs USAGE on the workspace''s schema and INSERT on its changed_period. Rows written straight into a partition are not noted: write to the table. The next refresh builds everything. '
'Errors: no such workspace (3F000), not a table (42809), no such column (42703).';

CREATE FUNCTION coachdiag.untrack_changes(ws text) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	t record;
	dropped integer := 0;
BEGIN
	PERFORM coachdiag.workspace_oid(ws);
	FOR t IN SELECT g.tgname, g.tgrelid::regclass AS source FROM pg_trigger g
		WHERE g.tgfoid = 'coachdiag.note_changes'::regproc AND g.tgname LIKE 'coachdiag\_' || md5(ws) || '\__' AND g.tgparentid = 0
	LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, t.source);
		dropped := dropped + (t.tgname LIKE '%\_i')::int;
	END LOOP;
	RETURN dropped;
END
$$;

COMMENT ON FUNCTION coachdiag.untrack_changes(text) IS
'No longer notes changes for a workspace (coachdiag.track_changes): drops the triggers. Returns from how many tables. coachdiag.refresh(ws) then builds everything again each time.';

CREATE FUNCTION coachdiag.changes_are_tracked(ws text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	-- Where agent_metric is a table it must be that one: replaced by a view later, nothing is known.
	SELECT coalesce(bool_or(c.relkind NOT IN ('r', 'p') OR g.tgrelid = c.oid), false)
	FROM pg_trigger g
		LEFT JOIN pg_class c ON c.relnamespace = coachdiag.workspace_oid(ws) AND c.relname = 'agent_metric'
	WHERE g.tgfoid = 'coachdiag.note_changes'::regproc AND g.tgname = 'coachdiag_' || md5(ws) || '_i' AND g.tgenabled IN ('O', 'A')
$$;

COMMENT ON FUNCTION coachdiag.changes_are_tracked(text) IS
'Whether changes of agent_metric are noted for a workspace (coachdiag.track_changes), so that coachdiag.refresh(ws) need not read all of it.';
