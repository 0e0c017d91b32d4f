-- What a refresh may leave as it is: the sources that have not changed, and the parts of a workspace of which nothing that they read has.

CREATE FUNCTION coachdiag.part_reads(ws text) RETURNS TABLE (part text, reads text[])
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
	-- No JIT: before tables are analysed, compiling took seconds.
	WITH RECURSIVE relation AS (
		SELECT c.oid, c.relname::text AS name, c.relkind FROM pg_class c
		WHERE c.relnamespace = coachdiag.workspace_oid(ws) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
	), edge AS (
		SELECT o.name AS reader, i.name, i.relkind
		FROM relation o
			JOIN pg_rewrite r ON r.ev_class = o.oid
			JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> o.oid
			JOIN relation i ON i.oid = d.refobjid
		UNION
		SELECT p.name, i.name, i.relkind FROM coachdiag.workspace_part p CROSS JOIN unnest(p.reads) n (name) JOIN relation i ON i.name = n.name
	), reach AS (
		SELECT e.* FROM edge e
		UNION
		SELECT r.reader, e.name, e.relkind FROM reach r JOIN edge e ON e.reader = r.name WHERE r.relkind = 'v'
	)
	SELECT p.name, CASE WHEN p.kind <> 'table' OR p.reads IS NOT NULL THEN ARRAY(
		SELECT r.name FROM reach r WHERE r.reader = p.name AND r.relkind <> 'v'
		UNION SELECT c.relation FROM coachdiag.contract() c WHERE c.column_no = 0 AND c.relation = ANY (p.reads)) END
	FROM coachdiag.workspace_part p
	WHERE p.kind <> 'view'
	ORDER BY p.position
$$;

COMMENT ON FUNCTION coachdiag.part_reads(text) IS
'Internal: what each stored copy and result view of a workspace reads, in the order of refreshing, plain views followed to what they read; of views as PostgreSQL knows it, of tables as workspace_part.reads has it, which may name sources. reads null: nothing that is known.';

CREATE FUNCTION coachdiag.refreshed_part() RETURNS TABLE (part text, is_copy boolean, done integer, total integer)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT s.name, s.is_copy, row_number() OVER (ORDER BY s.position, s.no)::integer - 1, count(*) OVER ()::integer
	FROM (
		SELECT p.name, p.position < 90 AS is_copy, p.position, 0 AS no FROM coachdiag.workspace_part p WHERE p.kind <> 'view'
		UNION ALL
		VALUES ('compare', NULL::boolean, 0, 0), ('periods', NULL, 89, 1), ('metrics', NULL, 89, 2), ('teams', NULL, 89, 3), ('panels', NULL, 89, 4)
	) s
$$;

COMMENT ON FUNCTION coachdiag.refreshed_part() IS
'Internal: the steps that a refresh goes through: comparing, parts that are copies of the sources, then periods, metrics, teams and panels (is_copy null), and the other parts; and how many steps of all are done before each.';

CREATE FUNCTION coachdiag.relation_state(ws text) RETURNS TABLE (relation text, state text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	version CONSTANT text := (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'coachdiag');
	waits_from CONSTANT date := coachdiag.waits_from(ws);
BEGIN
	RETURN QUERY SELECT p.name, concat_ws(' ', version, c.oid)
	FROM coachdiag.workspace_part p JOIN pg_class c ON c.relnamespace = coachdiag.workspace_oid(ws) AND c.relname = p.name
	WHERE p.kind <> 'view' AND NOT p.owner_fills;

	RETURN QUERY SELECT 'week', waits_from::text;
	-- A session of a day to come is held once that day has come. Rows of agent_metric that wait are known by stored_metric.
	-- Of the tables behind it their files and columns: a partition attached or taken away and a table rewritten fire no trigger.
	-- Each partition of agent_metric stands for itself (below), since the rows of a new one say which days it brings.
	RETURN QUERY SELECT s.relation, concat_ws(' ', version, s.columns, coachdiag.time_zone(ws), md5(CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END),
		(SELECT md5(string_agg(concat_ws(' ', t.oid, t.relfilenode, t.relnatts, CASE WHEN b.kind = 'v' THEN pg_get_viewdef(t.oid) END,
				(SELECT string_agg(i.xmin::text, ' ' ORDER BY i.inhparent) FROM pg_inherits i WHERE i.inhrelid = t.oid)), ' ' ORDER BY t.oid))
			FROM coachdiag.behind(ws, s.relation) b JOIN pg_class t ON t.oid = b.source WHERE b.kind IN ('r', 'p', 'v') AND NOT (s.relation = 'agent_metric' AND b.kind = 'r' AND t.relispartition)),
		CASE WHEN s.relation <> 'agent_metric' AND coachdiag.day_columns(s.relation) <> '{}' THEN waits_from END, CASE WHEN s.relation = 'coaching_session' AND waits_from > coachdiag.today(ws) THEN now() END)
	FROM (SELECT s.relation, max(s.source_relation) AS oid, string_agg(s.expression, ' ' ORDER BY s.column_no) AS columns FROM coachdiag.source_column(ws) s GROUP BY s.relation) s
		LEFT JOIN pg_class c ON c.oid = s.oid;
	RETURN QUERY SELECT 'agent_metric ' || t.oid, concat_ws(' ', t.relfilenode, t.relnatts, (SELECT string_agg(i.xmin::text, ' ' ORDER BY i.inhparent) FROM pg_inherits i WHERE i.inhrelid = t.oid))
	FROM coachdiag.behind(ws, 'agent_metric') b JOIN pg_class t ON t.oid = b.source WHERE b.kind = 'r' AND t.relispartition;

	FOR relation IN SELECT 'settings' UNION ALL SELECT p.name FROM coachdiag.workspace_part p WHERE p.owner_fills LOOP
		-- What as_of changes is from which day on rows wait.
		EXECUTE format('SELECT md5(coalesce(string_agg(r::text, chr(10) ORDER BY r::text COLLATE "C"), '''')) FROM (SELECT to_jsonb(t) - ''as_of'' AS r FROM %I.%I t) t', ws, relation) INTO state;
		RETURN NEXT;
	END LOOP;
END
$$;

COMMENT ON FUNCTION coachdiag.relation_state(text) IS
'Internal: what to know a relation of a workspace by from one refresh to the next: content where its owner fills it, else how it is made (version of coachdiag, identity), of sources how they are read (definition, the tables behind it, their files and columns, time zone, from which day on they wait), of agent_metric also each partition behind it, by its oid after the name.';

CREATE FUNCTION coachdiag.note_partition(ws text, part oid) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- Arguments of a trigger end in a zero byte each, which no text can hold.
	noted CONSTANT text[] := (SELECT string_to_array(convert_from(decode(replace(regexp_replace(encode(g.tgargs, 'hex'), '(..)', '\1 ', 'g'), '00 ', '01 '), 'hex'), getdatabaseencoding()), chr(1))
		FROM pg_trigger g WHERE g.tgrelid IN (SELECT pg_partition_ancestors(part)) AND g.tgname = coachdiag.tracking_trigger(ws, 'agent_metric') || '_i' AND g.tgfoid = 'coachdiag.note_changes'::regproc LIMIT 1);
BEGIN
	IF noted[3] IS NULL OR NOT has_table_privilege(part, 'SELECT') OR (SELECT c.relrowsecurity FROM pg_class c WHERE c.oid = part) THEN
		EXECUTE format('INSERT INTO %I.changed_period VALUES (''agent_metric'', NULL)', ws);
	ELSE
		EXECUTE format('INSERT INTO %I.changed_period SELECT DISTINCT ''agent_metric'', d.day FROM %s c CROSS JOIN LATERAL unnest(%s) d (day) WHERE d.day IS NULL OR d.day BETWEEN ''0001-01-01'' AND ''9999-12-31''',
			ws, part::regclass, noted[3]);
	END IF;
END
$$;

COMMENT ON FUNCTION coachdiag.note_partition(text, oid) IS
'Internal: notes the days of the rows that a new partition behind agent_metric brings, as the triggers of coachdiag.track_changes would have, had they been inserted; that any row may have changed, where it is not tracked or cannot be read.';

CREATE FUNCTION coachdiag.take_changed_relations(ws text) RETURNS text[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	changed text[];
	added oid[];
BEGIN
	EXECUTE format($query$
		WITH state AS MATERIALIZED (
			SELECT relation, state FROM coachdiag.relation_state(%1$L)
		), gone AS (
			DELETE FROM %2$I.stored_state o WHERE o.relation LIKE 'agent_metric %%' AND NOT EXISTS (SELECT FROM state s WHERE s.relation = o.relation)
			RETURNING o.relation
		), other AS (
			INSERT INTO %2$I.stored_state AS o (relation, state) SELECT s.relation, s.state FROM state s
			ON CONFLICT (relation) DO UPDATE SET state = excluded.state WHERE o.state <> excluded.state
			RETURNING o.relation
		), found AS (
			SELECT split_part(relation, ' ', 1) AS relation, CASE WHEN relation LIKE 'agent_metric %%' AND NOT EXISTS (SELECT FROM %2$I.stored_state b WHERE b.relation = o.relation)
				THEN split_part(relation, ' ', 2)::oid END AS new_partition
			FROM (SELECT relation FROM other UNION ALL SELECT relation FROM gone) o
		)
		SELECT array_agg(DISTINCT relation) FILTER (WHERE new_partition IS NULL), array_agg(new_partition) FILTER (WHERE new_partition IS NOT NULL) FROM found
	$query$, ws, ws) INTO changed, added;
	IF NOT 'agent_metric' = ANY (coalesce(changed, '{}')) THEN
		PERFORM coachdiag.note_partition(ws, p) FROM unnest(added) p;
	END IF;
	RETURN coalesce(changed, '{}');
END
$$;

COMMENT ON FUNCTION coachdiag.take_changed_relations(text) IS
'Internal: the relations of a workspace whose state (coachdiag.relation_state) is not that of the last refresh; from now on it is. Of partitions that have come to agent_metric their days are noted instead.';

CREATE FUNCTION coachdiag.take_changed_sources(ws text) RETURNS text[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	changed text[];
BEGIN
	-- What is noted of days that wait is not needed: when their week is over, their relations' state changes.
	EXECUTE format($query$
		WITH taken AS (
			DELETE FROM %I.changed_period WHERE relation <> 'agent_metric' RETURNING relation, period
		), noted AS MATERIALIZED (
			SELECT DISTINCT relation FROM taken WHERE period IS NULL OR period < %L OR coachdiag.day_columns(relation) = '{}'
		)
		SELECT array_agg(c.relation) FROM coachdiag.contract() c LEFT JOIN noted n ON n.relation = c.relation
		WHERE c.column_no = 0 AND c.relation <> 'agent_metric' AND (n.relation IS NOT NULL OR NOT coachdiag.changes_are_tracked(%L, c.relation))
	$query$, ws, coachdiag.waits_from(ws), ws) INTO changed;
	RETURN coalesce(changed, '{}');
END
$$;

COMMENT ON FUNCTION coachdiag.take_changed_sources(text) IS
'Internal: the sources but agent_metric that may have changed since the last refresh: those of which coachdiag.track_changes noted it (which is taken), and those not tracked.';

CREATE FUNCTION coachdiag.writes(ws text, relation text) RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN current_setting('track_counts')::boolean
		THEN pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid) + pg_stat_get_xact_tuples_deleted(c.oid) END
	FROM pg_class c WHERE c.relnamespace = coachdiag.workspace_oid(ws) AND c.relname = relation
$$;

COMMENT ON FUNCTION coachdiag.writes(text, text) IS
'Internal: how often this transaction has written a row of a relation of a workspace, as PostgreSQL counts it, by REFRESH too; null where it doesn''t count (track_counts).';
