-- Workspaces: what create_workspace makes, which names it takes, views in place of tables, who may do what, dropping.
\set QUIET on
SET client_min_messages = warning;
\ir workspace_fill.psql
SELECT plan(72);

-- What it makes

SELECT coachdiag.create_workspace('ops');

SELECT set_eq(
	$$SELECT c.relname::text COLLATE "default", a.attname::text COLLATE "default", CASE WHEN format_type(a.atttypid, a.atttypmod) = 'timestamp with time zone' THEN 'timestamptz'
			ELSE format_type(a.atttypid, a.atttypmod) END, a.attnotnull
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
		WHERE c.relnamespace = 'ops'::regnamespace AND c.relname IN (SELECT relation FROM coachdiag.contract())$$,
	$$SELECT relation, column_name, CASE type WHEN 'id' THEN 'bigint' ELSE type END, not_null FROM coachdiag.contract() WHERE column_no > 0$$,
	'the source tables are the contract: columns, types, not null');
SELECT set_eq('SELECT DISTINCT relation FROM coachdiag.contract()',
	ARRAY['metric', 'agent_metric', 'assignment', 'agent', 'coaching_session', 'coach', 'coach_week', 'agent_week', 'contact',
		'contact_event', 'documented_step', 'intervention'], 'the contract has its twelve relations');
SELECT set_eq($$SELECT relation, column_name FROM coachdiag.contract() WHERE required AND column_no > 0 AND relation IN ('metric', 'agent_metric', 'assignment', 'coaching_session')$$,
	$$VALUES ('metric', 'metric'), ('metric', 'higher_is_better'), ('metric', 'target'),
		('agent_metric', 'agent_id'), ('agent_metric', 'metric'), ('agent_metric', 'period'), ('agent_metric', 'value'),
		('assignment', 'agent_id'), ('assignment', 'team'), ('assignment', 'valid_from'),
		('coaching_session', 'session_id'), ('coaching_session', 'agent_id'), ('coaching_session', 'coach_id'), ('coaching_session', 'held_at')$$,
	'and asks for these columns');
SELECT is_empty($$
	SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
	WHERE c.relnamespace = 'ops'::regnamespace AND c.relkind IN ('r', 'v', 'm') AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)
$$, 'every relation and column has a comment');
SELECT set_eq($$SELECT relname::text COLLATE "default" FROM pg_class WHERE relnamespace = 'ops'::regnamespace AND relkind IN ('r', 'v', 'm')$$,
	'SELECT coachdiag.workspace_relation()', 'every relation of a workspace is on the list that drop_workspace goes by');
SELECT is((SELECT count(*) FROM ops.settings), 1::bigint, 'settings has its row');
SELECT throws_ok('INSERT INTO ops.settings DEFAULT VALUES', '23505', NULL, 'and keeps to one');
SELECT throws_ok($$UPDATE ops.settings SET time_zone = 'Mars/Olympus'$$, '22023', NULL, 'settings refuses an unknown time zone');
SELECT results_eq('SELECT name, owner FROM coachdiag.workspace', $$VALUES ('ops', current_user::text COLLATE "default")$$, 'the workspace is listed with its owner');

SELECT coachdiag.create_workspace('by_uuid', 'uuid');
SELECT col_type_is('by_uuid', 'contact_event', 'contact_id', 'uuid', 'ids have the type asked for');

\set doc `cat doc/workspace.md`
SELECT is_empty(format($$
	SELECT line FROM (
		SELECT CASE WHEN column_no = 0 THEN format('### %%s%%s', relation, CASE WHEN required THEN '' ELSE ' (optional)' END)
			ELSE format('| %%s | %%s | %%s%%s |', CASE WHEN required THEN '**' || column_name || '**' ELSE column_name END, type, comment,
				' One of: ' || array_to_string(allowed, ', ') || '.') END AS line
		FROM coachdiag.contract()
	) c
	WHERE strpos(%L, line) = 0
$$, :'doc'), 'doc/workspace.md has every relation and column of the contract');

-- Names

SELECT lives_ok($$SELECT coachdiag.create_workspace('Ops "x"; DROP SCHEMA ops')$$, 'a hostile name is only a name');
SELECT has_schema('Ops "x"; DROP SCHEMA ops', 'taken as it is');
SELECT lives_ok($$SELECT fill('Ops "x"; DROP SCHEMA ops')$$, 'can be filled');
SELECT lives_ok($$CALL coachdiag.refresh('Ops "x"; DROP SCHEMA ops')$$, 'refreshed');
SELECT lives_ok($$SELECT count(*) FROM coachdiag.check_sources('Ops "x"; DROP SCHEMA ops')$$, 'checked');
SELECT lives_ok($$SELECT coachdiag.drop_workspace('Ops "x"; DROP SCHEMA ops')$$, 'and dropped');
SELECT hasnt_schema('Ops "x"; DROP SCHEMA ops', 'and is gone');
SELECT lives_ok($$SELECT coachdiag.create_workspace('Köln ☎ %s $1')$$, 'so is one with unicode, percent and dollar');
SELECT lives_ok($$SELECT count(*) FROM coachdiag.check_sources('Köln ☎ %s $1')$$, 'checked too');
SELECT lives_ok($$SELECT coachdiag.create_workspace(repeat('é', 31) || 'x')$$, '63 bytes fit');
SELECT throws_ok($$SELECT coachdiag.create_workspace(repeat('é', 32))$$, '42622', NULL, '64 bytes are refused, not cut off');
SELECT throws_ok($$SELECT coachdiag.create_workspace('pg_ops')$$, '42939', NULL, 'pg_ is refused');
SELECT throws_ok($$SELECT coachdiag.create_workspace('')$$, '3F000', NULL, 'no name is refused');
SELECT throws_ok($$SELECT coachdiag.create_workspace(NULL)$$, '3F000', NULL, 'NULL is refused');
SELECT throws_ok($$SELECT coachdiag.create_workspace('ops')$$, '42P06', NULL, 'an existing schema is refused');
SELECT throws_ok($$SELECT coachdiag.create_workspace('money_ids', 'money')$$, '42804', NULL, 'and an id type that ids don''t have');
SELECT hasnt_schema('money_ids', 'which makes nothing');

-- Views in place of tables

CREATE SCHEMA dw;
CREATE TABLE dw.facts (extra int, agent int, kpi varchar(20), week timestamp, value numeric);
INSERT INTO dw.facts VALUES (1, 7, 'aht', '2024-01-01 00:00', 310.5);
DROP TABLE ops.agent_metric;
CREATE VIEW ops.agent_metric AS SELECT value, extra, week AS period, kpi AS metric, agent AS agent_id FROM dw.facts;
CREATE FUNCTION first_row(ws text, relation text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT r::text FROM (%s) r LIMIT 1', coachdiag.source(ws, relation)) INTO result;
	RETURN result;
END
$$;
SELECT is(first_row('ops', 'agent_metric'), '(7,aht,2024-01-01,310.5,,,)',
	'a view is read in the order and types of the contract, extra columns ignored, missing ones null');
DROP VIEW ops.agent_metric;
SELECT throws_ok($$SELECT coachdiag.source('ops', 'agent_metric')$$, '42P01', NULL, 'a missing required relation is an error');
DROP TABLE ops.coach_week;
SELECT is(first_row('ops', 'coach_week'), NULL, 'a missing optional relation is empty');
CREATE VIEW ops.agent_metric AS SELECT agent AS agent_id, kpi AS metric, week AS period FROM dw.facts;
SELECT throws_like($$SELECT coachdiag.source('ops', 'agent_metric')$$, '%no column "value"%', 'a missing required column is named');
DROP VIEW ops.agent_metric;
CREATE VIEW ops.agent_metric AS SELECT agent AS agent_id, kpi AS metric, week AS period, value::text FROM dw.facts;
SELECT throws_like($$SELECT coachdiag.source('ops', 'agent_metric')$$, '%"value"%of type text%', 'and so is a wrong type');
DROP VIEW ops.agent_metric;
CREATE VIEW ops.agent_metric AS SELECT 'A' || agent AS agent_id, kpi AS metric, week AT TIME ZONE 'Asia/Tokyo' AS period, value FROM dw.facts;
UPDATE ops.settings SET time_zone = 'Asia/Tokyo';
SET TimeZone = 'America/New_York';
SELECT is(first_row('ops', 'agent_metric'), '(A7,aht,2024-01-01,310.5,,,)', 'text ids are text; a day is a day in the zone of the workspace, whatever that of the session');
RESET TimeZone;

-- Privileges

CREATE ROLE coachdiag_test_owner;
CREATE ROLE coachdiag_test_reader;
CREATE ROLE coachdiag_test_other;
SELECT format('GRANT CREATE ON DATABASE %I TO coachdiag_test_owner, coachdiag_test_other', current_database()) \gexec
SET ROLE coachdiag_test_other;
SELECT coachdiag.create_workspace('theirs');
SET ROLE coachdiag_test_owner;
SELECT coachdiag.create_workspace('mine');
RESET ROLE;
SELECT fill('mine');
GRANT USAGE ON SCHEMA mine TO coachdiag_test_reader;
GRANT SELECT ON mine.diagnosis, mine.gap_dispersion, mine.indicators TO coachdiag_test_reader;
GRANT SELECT ON mine.change_log, mine.refresh_log, mine.stored_team, mine.stored_intervention TO coachdiag_test_reader;
SET ROLE coachdiag_test_owner;
CALL coachdiag.refresh('mine');
CREATE TEMP TABLE seen AS SELECT
	(SELECT count(*) FROM mine.diagnosis) AS verdicts,
	(SELECT array_agg(name) FROM coachdiag.workspace) AS workspaces;
CREATE TEMP TABLE refused AS SELECT NULL::text AS sqlstate WHERE false;
GRANT INSERT ON refused TO PUBLIC;
DO $$ BEGIN PERFORM 1 FROM theirs.stored_panel; EXCEPTION WHEN insufficient_privilege THEN INSERT INTO refused VALUES ('read'); END $$;
DO $$ BEGIN CALL coachdiag.refresh('theirs'); EXCEPTION WHEN invalid_schema_name THEN INSERT INTO refused VALUES ('refresh'); END $$;
DO $$ BEGIN PERFORM coachdiag.drop_workspace('theirs'); EXCEPTION WHEN invalid_schema_name THEN INSERT INTO refused VALUES ('drop'); END $$;
SET ROLE coachdiag_test_reader;
DO $$ BEGIN PERFORM 1 FROM mine.stored_panel; EXCEPTION WHEN insufficient_privilege THEN INSERT INTO refused VALUES ('reader'); END $$;
DO $$ BEGIN PERFORM count(*) FROM mine.diagnosis; INSERT INTO refused VALUES ('granted'); END $$;
DO $$ BEGIN PERFORM count(*) FROM coachdiag.changes('mine'); INSERT INTO refused VALUES ('changes'); END $$;
DO $$ BEGIN PERFORM coachdiag.drop_workspace('mine'); EXCEPTION WHEN insufficient_privilege THEN INSERT INTO refused VALUES ('reader drop'); END $$;
RESET ROLE;
SELECT is((SELECT verdicts FROM seen), 6::bigint, 'an ordinary user makes, refreshes and reads a workspace');
SELECT is((SELECT workspaces FROM seen), '{mine}', 'sees no other workspace');
SELECT set_eq('TABLE refused', ARRAY['read', 'refresh', 'drop', 'reader', 'granted', 'changes', 'reader drop'],
	'can neither read, refresh nor drop that of another; a reader reads what was granted and no more');
SELECT is((SELECT count(*) FROM theirs.stored_panel), 0::bigint, 'nothing of one workspace gets into another');

INSERT INTO mine.change_log SELECT max(run), now(), 'verdict', 'team 9', 'qa', NULL, 'no_gap', 'structural' FROM mine.refresh_log;
TRUNCATE mine.refresh_log;
SELECT results_eq($$SELECT team, before, after FROM coachdiag.changes('mine') WHERE what = 'verdict'$$, $$VALUES ('team 9', 'no_gap', 'structural')$$, 'changes are known with the log emptied, too');

-- Parts that somebody dropped

CREATE TABLE verdicts AS SELECT team, metric, verdict, mean_gap FROM mine.diagnosis;
SET ROLE coachdiag_test_owner;
DROP MATERIALIZED VIEW mine.churn, mine.coaching_targets CASCADE;
DROP TABLE mine.change_log, mine.stored_period, mine.settings CASCADE;
RESET ROLE;
SELECT throws_like($$SET ROLE coachdiag_test_owner; CALL coachdiag.refresh('mine')$$, 'workspace "mine" lacks what coachdiag made in it: %churn%change_log%', 'parts that are gone are named');
SET ROLE coachdiag_test_owner;
SELECT coachdiag.repair_workspace('mine');
CALL coachdiag.refresh('mine', rebuild => true);
SELECT coachdiag.repair_workspace('mine');
RESET ROLE;
SELECT is_empty($$SELECT coachdiag.missing_parts('mine')$$, 'and made again');
SELECT set_eq('SELECT team, metric, verdict, mean_gap FROM mine.diagnosis', 'TABLE verdicts', 'with what they held');

-- By the clock, without pg_cron

SELECT throws_ok($$SELECT coachdiag.schedule('mine')$$, '42501', 'workspace "mine" belongs to coachdiag_test_owner: a superuser refreshes it as that role', 'what must fail each night is not scheduled');
SELECT throws_ok(format('SET ROLE coachdiag_test_owner; SELECT coachdiag.schedule(''mine'', %L)', s), '22023', NULL, format('no schedule: %s', s))
FROM unnest('{*/0 * * * *,0 5 1-5/0 * *,0 seconds,99 99 * * *,not a cron,"",NULL,* * * *,5 4 * * 8,5 4 0 * *,10-5 * * * *,* * * * * *}'::text[]) s;
SELECT throws_ok(format('SET ROLE coachdiag_test_owner; SELECT coachdiag.schedule(''mine'', %L)', s), '55000', NULL, format('a schedule: %s', s))
FROM unnest('{15 5 * * *,*/30 8-18 * * 1-5,"0,30 4 1,15 * mon-fri",@daily,0 0 $ jan 7,*/10 * * * *}'::text[]) s;
SELECT coachdiag.create_workspace('clock');
CREATE FUNCTION hint(schedule text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE hint text;
BEGIN
	PERFORM coachdiag.schedule('clock', schedule);
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN hint;
END $$;
SELECT matches(hint('0 4 * * 1'), 'crontab: 0 4 \* \* 1 PGOPTIONS', 'the line for a crontab holds the schedule');
SELECT matches(hint(s), 'each day: 15 5 \* \* \* PGOPTIONS', format('but what no crontab knows: %s', s)) FROM unnest('{30 seconds,0 5 $ * *}'::text[]) s;
SELECT coachdiag.drop_workspace('clock');
SELECT is(coachdiag.crontab_line(E'new\nline''s', '15 5 * * *'), format($$15 5 * * * PGOPTIONS='-c client_min_messages=warning' psql -X -q -d %s -c "CALL coachdiag.refresh(E'new\\nline''s')"$$, quote_ident(current_database())),
	'a line break in the name does not break the line');

-- Dropping

SELECT throws_ok($$SELECT coachdiag.drop_workspace('nowhere')$$, '3F000', NULL, 'a workspace that is none is not dropped');
CREATE VIEW public.outside AS SELECT * FROM mine.diagnosis;
SELECT throws_ok($$SELECT coachdiag.drop_workspace('mine')$$, '2BP01', 'workspace "mine" is still in use', 'nor one that something depends on');
SELECT is((SELECT count(*) FROM public.outside), 6::bigint, 'of which nothing is lost');
DROP VIEW public.outside;
CREATE TABLE mine.notes (note text);
SELECT throws_like($$SELECT coachdiag.drop_workspace('mine')$$, '%did not make: notes', 'nor one with tables of others');
DROP TABLE mine.notes;
SELECT lives_ok($$SELECT coachdiag.drop_workspace('ops')$$, 'views in place of tables go with the workspace');
SELECT is((SELECT count(*) FROM dw.facts), 1::bigint, 'what they read stays');
DROP SCHEMA mine CASCADE;
SELECT lives_ok('SELECT * FROM coachdiag.workspace', 'a schema dropped by hand leaves no trace');

SELECT coachdiag.drop_workspace('theirs');
SELECT format('REVOKE ALL ON DATABASE %I FROM coachdiag_test_owner, coachdiag_test_other', current_database()) \gexec
DROP OWNED BY coachdiag_test_owner, coachdiag_test_other, coachdiag_test_reader;
DROP ROLE coachdiag_test_owner, coachdiag_test_other, coachdiag_test_reader;
SELECT * FROM finish();
