-- The parts of a workspace: every stored copy and result view, one row each, in the order they are made and refreshed.
--
-- Positions, by subject; a part stands in the band of its own, or where that comes too early, right after the last that it reads:
--     10 to   89  copies of the sources, which panels are made of
--     90 to   99  the panels of all months
--    100 to  499  the gap and what coaching did to it: dispersion, sources, effects
--    500 to  999  contacts, who can only wait; then the verdict: score, indicators, paradox, diagnosis
--   1000 to 1049  coaches
--   1050 to 1189  the programme: the log, agents' months, the ten reasons, time and topics of coaching
--   1190 to 1499  people: commitments, tasks, history, who came and left
--   1500 to 1689  the process and its constraints: map, conformance, failure demand
--   1690 to 1999  look-alikes, interventions; last of all the log of changes

CREATE TABLE coachdiag.workspace_part (
	position int PRIMARY KEY,
	name text NOT NULL UNIQUE,
	kind text NOT NULL CHECK (kind IN ('table', 'view', 'materialized view')),
	ddl text NOT NULL,
	refresh_with text,
	reads text[],
	owner_fills boolean NOT NULL DEFAULT false,
	CHECK ((kind = 'table' AND NOT owner_fills) = (refresh_with IS NOT NULL)),
	CHECK (refresh_with IS NOT NULL OR reads IS NULL),
	CHECK (kind = 'table' OR NOT owner_fills)
);

COMMENT ON TABLE coachdiag.workspace_part IS
'What coachdiag makes in each workspace over the stored panels and the sources: a row per table, view or materialized view. '
'A new diagnostic is a row here, in the fragment of its subject.';
COMMENT ON COLUMN coachdiag.workspace_part.position IS 'Order in which parts are made and refreshed: a part reads only earlier ones.';
COMMENT ON COLUMN coachdiag.workspace_part.name IS 'Name in the schema of the workspace.';
COMMENT ON COLUMN coachdiag.workspace_part.kind IS 'table, view or materialized view.';
COMMENT ON COLUMN coachdiag.workspace_part.ddl IS 'Statements that make it, with its comments; "@." stands for the schema. A materialized view needs a unique index.';
COMMENT ON COLUMN coachdiag.workspace_part.refresh_with IS
'For a table: the query that fills it and returns the rows written. $1: name of the workspace, $2: month before which contacts and measurements have not changed (null: all may have). Null where its owner fills it.';
COMMENT ON COLUMN coachdiag.workspace_part.reads IS
'For a table: all that refresh_with reads, sources too, so that it is run only when one of them has changed; null: run each time. What views read is known to PostgreSQL.';
COMMENT ON COLUMN coachdiag.workspace_part.owner_fills IS 'Whether the table is left to the owner of the workspace to fill: refresh only looks whether its content has changed.';

GRANT SELECT ON coachdiag.workspace_part TO PUBLIC;

CREATE FUNCTION coachdiag.in_workspace(ws text, statement text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT replace(statement, '@.', quote_ident(ws) || '.') $$;

COMMENT ON FUNCTION coachdiag.in_workspace(text, text) IS
'Internal: a statement with the schema of a workspace in place of "@.".';

CREATE FUNCTION coachdiag.has_citus() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL $$;

COMMENT ON FUNCTION coachdiag.has_citus() IS
'Internal: whether sources may be tables that Citus distributes.';

CREATE FUNCTION coachdiag.rows_of(kind anyelement, query text) RETURNS SETOF anyelement
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET max_parallel_workers_per_gather = 0
AS $$
BEGIN
	-- OFFSET 0: workers don't know the type, so it is the coordinator that casts.  No parallel workers: what is below an INSERT has none either.
	RETURN QUERY EXECUTE format('SELECT (n::%s).* FROM (SELECT * FROM (%s) q OFFSET 0) n', pg_typeof(kind), query);
END
$$;

COMMENT ON FUNCTION coachdiag.rows_of(anyelement, text) IS
'Internal: the rows of a query as those of a table (kind: a null of its type), planned by itself: Citus takes no statement that reads distributed tables and writes rows of others by ctid.';

CREATE FUNCTION coachdiag.fill_part(ws text, part text, query text, which text DEFAULT 'true', noted text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET enable_nestloop = off
SET enable_sort = off
SET work_mem = '64MB'
AS $$
DECLARE
	written bigint;
BEGIN
	-- Only what differs is written. Counting the deleted rows has them gone before others with their key come in.
	EXECUTE format($fill$
		WITH difference AS MATERIALIZED (
			SELECT u.content, sum(u.side) AS surplus, array_agg(u.at) FILTER (WHERE u.side < 0) AS at
			FROM (SELECT o AS content, o.ctid AS at, -1 AS side FROM %1$I.%2$I o WHERE %4$s
				UNION ALL SELECT n::%1$I.%2$I, NULL, 1 FROM (%3$s) n) u
			GROUP BY u.content
			HAVING sum(u.side) <> 0
		), gone AS (
			DELETE FROM %1$I.%2$I WHERE ctid = ANY (ARRAY(SELECT unnest(d.at[:(-d.surplus)::int]) FROM difference d WHERE d.surplus < 0)) RETURNING 1
		)%5$s
		INSERT INTO %1$I.%2$I
		SELECT (d.content).* FROM difference d CROSS JOIN generate_series(1, d.surplus)
		WHERE (SELECT count(*) FROM gone) >= 0
	$fill$, ws, part, CASE WHEN coachdiag.has_citus() THEN format('SELECT * FROM coachdiag.rows_of(NULL::%I.%I, %L)', ws, part, query) ELSE query END, which, ', noted AS (' || noted || ')');
	GET DIAGNOSTICS written = ROW_COUNT;
	RETURN written;
END
$$;

COMMENT ON FUNCTION coachdiag.fill_part(text, text, text, text, text) IS
'Internal: has a table of a workspace hold the rows of a query, and writes only where it doesn''t. which: the rows of the table that the query stands for, by a condition. '
'noted: what is to be done with the difference in the same breath, a statement that reads CTE difference (content: a row; surplus: how often it comes in, below 0: goes). Returns the rows that came in.';

CREATE FUNCTION coachdiag.workspace_relation() RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT relation FROM coachdiag.contract() WHERE column_no = 0
	UNION ALL
	VALUES ('settings'), ('stored_metric'), ('stored_period'), ('changed_period'), ('stored_team'), ('stored_panel'), ('stored_state'), ('refresh_log')
	UNION ALL
	SELECT name FROM coachdiag.workspace_part
$$;

COMMENT ON FUNCTION coachdiag.workspace_relation() IS
'Internal: the names of all relations that belong to a workspace: sources, stored tables and result views.';

CREATE FUNCTION coachdiag.missing_parts(ws text) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT r FROM coachdiag.workspace_relation() r
	WHERE r NOT IN (SELECT c.relation FROM coachdiag.contract() c WHERE c.column_no = 0)
		AND NOT EXISTS (SELECT FROM pg_class k WHERE k.relnamespace = coachdiag.workspace_oid(ws) AND k.relname = r)
$$;

COMMENT ON FUNCTION coachdiag.missing_parts(text) IS
'Internal: the stored tables and result views that a workspace lacks, since somebody dropped them.';

CREATE FUNCTION coachdiag.create_parts(ws text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	part_ddl text;
BEGIN
	FOR part_ddl IN SELECT p.ddl FROM coachdiag.workspace_part p WHERE p.name IN (SELECT coachdiag.missing_parts(ws)) ORDER BY p.position LOOP
		EXECUTE coachdiag.in_workspace(ws, part_ddl);
	END LOOP;
END
$$;

COMMENT ON FUNCTION coachdiag.create_parts(text) IS
'Internal: makes the parts of a workspace (coachdiag.workspace_part) that are not there, empty.';

CREATE FUNCTION coachdiag.refresh_part(ws text, part text, from_month date DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	p coachdiag.workspace_part;
	written bigint;
BEGIN
	SELECT w.* INTO p FROM coachdiag.workspace_part w WHERE w.name = part;
	IF p.refresh_with IS NOT NULL THEN
		EXECUTE p.refresh_with INTO written USING ws, from_month;
	ELSIF p.kind = 'materialized view' THEN
		-- One that was never filled (restored without data) cannot be refreshed beside readers, and has none.
		EXECUTE format('REFRESH MATERIALIZED VIEW %s %I.%I', (SELECT CASE WHEN k.relispopulated THEN 'CONCURRENTLY' END FROM pg_class k WHERE k.oid = format('%I.%I', ws, part)::regclass), ws, part);
	END IF;
	-- What is filled for the first time is read in the same transaction, before autovacuum can look at it.
	IF p.kind <> 'view' AND (SELECT k.reltuples < 0 FROM pg_class k WHERE k.oid = format('%I.%I', ws, part)::regclass) THEN
		EXECUTE format('ANALYZE %I.%I', ws, part);
	END IF;
	RETURN written;
END
$$;

COMMENT ON FUNCTION coachdiag.refresh_part(text, text, date) IS
'Internal: brings one part of a workspace up to date; readers are not blocked. Returns the rows written to a table, else null. '
'from_month: contacts and measurements of earlier months have not changed (null: all may have). A plain view always is up to date.';

CREATE FUNCTION coachdiag.require_parts(ws text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	missing CONSTANT text := (SELECT string_agg(quote_ident(m), ', ') FROM coachdiag.missing_parts(ws) m);
BEGIN
	IF missing IS NOT NULL THEN
		RAISE EXCEPTION 'workspace "%" lacks what coachdiag made in it: %', ws, missing
			USING ERRCODE = 'undefined_table', HINT = format('SELECT coachdiag.repair_workspace(%1$L); makes it again, empty; then CALL coachdiag.refresh(%1$L, rebuild => true);', ws);
	END IF;
END
$$;

COMMENT ON FUNCTION coachdiag.require_parts(text) IS
'Internal: an error that names the stored tables and result views that a workspace lacks.';

CREATE FUNCTION coachdiag.repair_workspace(ws text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
BEGIN
	PERFORM coachdiag.lock_workspace(ws);
	PERFORM coachdiag.create_store(ws);
	PERFORM coachdiag.create_parts(ws);
	PERFORM coachdiag.compress_panels(ws);
END
$$;

COMMENT ON FUNCTION coachdiag.repair_workspace(text) IS
'Makes the stored tables and result views again that somebody dropped from a workspace, empty, with their defaults; what is there is left alone. '
'Then CALL coachdiag.refresh(ws, rebuild => true). What only they held is gone: your settings and benchmarks, the history in change_log. Errors: no such workspace (3F000), so it is where stored_panel is gone. Needs its owner.';
