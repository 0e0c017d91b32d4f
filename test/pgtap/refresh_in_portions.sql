-- A long history read in portions: each commits, an interrupted run goes on where it was, and what results is what one refresh makes.
\set QUIET on
SET client_min_messages = error;
SELECT plan(16);
\ir workspace_fill.psql
\ir workspace_content.psql
SELECT coachdiag.create_workspace('ops');
CREATE FUNCTION runs() RETURNS bigint LANGUAGE sql AS $$ SELECT count(DISTINCT run) FROM ops.refresh_log $$;
CREATE FUNCTION waits_from() RETURNS date LANGUAGE sql AS $$ SELECT max(waits_from) FROM ops.stored_metric $$;
SELECT fill('ops');
INSERT INTO ops.metric VALUES ('monthly', true, 5, 1, 'points', 'identity');
INSERT INTO ops.agent_metric SELECT a, 'monthly', date '2024-01-01' + m * interval '1 month', 4 + (a + m) % 3, 9, NULL FROM generate_series(1, 8) a, generate_series(0, 5) m;
INSERT INTO ops.agent_metric SELECT a, 'not listed', date '2024-01-01' + 7 * w, 4 FROM generate_series(1, 8) a, generate_series(0, 20) w;
UPDATE ops.settings SET as_of = '2024-07-03';

SELECT throws_ok($$ CALL coachdiag.refresh_in_portions('ops', 100) $$, '2D000', NULL, 'not inside a function, since it commits');
\set commits `psql -XqAt -d :DBNAME -c "BEGIN" -c "CALL coachdiag.refresh_in_portions('ops')" 2>&1`
SELECT matches(:'commits'::text, 'cannot be called inside a transaction[^\n]*\nHINT: .*BEGIN and COMMIT.*coachdiag.refresh\(''ops''\)', 'nor between BEGIN and COMMIT, which the error says');
\set ON_ERROR_STOP off
\set VERBOSITY sqlstate
CALL coachdiag.refresh_in_portions('nowhere');
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '3F000'::text, 'no such workspace');
CALL coachdiag.refresh_in_portions('ops', 0);
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '22023'::text, 'at least a row');
CALL coachdiag.refresh_in_portions('ops', NULL);
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '22023'::text, 'a number of rows');
CALL coachdiag.refresh_in_portions('ops', 100);
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '55000'::text, 'not where nobody knows what earlier portions have read');
SELECT is(runs(), 0::bigint, 'all of that before anything is read');

-- 884 rows; each portion ends with a period.

SELECT coachdiag.track_changes('ops');
ALTER TABLE ops.refresh_log ADD CONSTRAINT stop CHECK (run <= 2);
CALL coachdiag.refresh_in_portions('ops', 100);
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '23514'::text, 'stopped in the third portion');
\set ON_ERROR_STOP on
SELECT is(runs(), 2::bigint, 'two have been committed');
SELECT cmp_ok(waits_from(), '<', '2024-06-01'::date, 'they are of the earlier months');
SELECT is((SELECT sum(rows) FROM ops.stored_panel)::bigint, (SELECT count(*) FROM ops.agent_metric JOIN ops.stored_metric USING (metric) WHERE period < waits_from), 'all rows of these');
SELECT is((SELECT count(*) FROM ops.diagnosis), 8::bigint, 'with a diagnosis');
SELECT is((SELECT as_of FROM ops.settings), '2024-07-03'::date, 'settings are as they were');
ALTER TABLE ops.refresh_log DROP CONSTRAINT stop;
UPDATE ops.agent_metric SET value = value + 1 WHERE agent_id = '3' AND period = '2024-01-08';
CALL coachdiag.refresh_in_portions('ops', 100);
SELECT cmp_ok((SELECT min(l.started) FROM ops.refresh_log l WHERE l.run = 3), '<', (SELECT min(l.started) FROM ops.refresh_log l WHERE l.run = 4), 'the next call goes on in portions');
CREATE TABLE made AS SELECT * FROM content();
CALL coachdiag.refresh('ops', rebuild => true);
SELECT is((SELECT count(*) FROM (SELECT * FROM made EXCEPT ALL SELECT * FROM content()) d) + (SELECT count(*) FROM (SELECT * FROM content() EXCEPT ALL SELECT * FROM made) d), 0::bigint,
	'what results is what a rebuild makes, a row corrected meanwhile included');
CALL coachdiag.refresh_in_portions('ops', 100);
SELECT is((SELECT max(rows) FROM ops.refresh_log WHERE run = (SELECT max(run) FROM ops.refresh_log)), 0::bigint, 'then there is nothing to do');
SELECT * FROM finish();
