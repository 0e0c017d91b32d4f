-- A long history read in portions: each commits, an interrupted run goes on where it was, and what results is what one refresh makes.
\set QUIET on
SET client_min_messages = error;
SELECT plan(34);
\ir workspace_fill.psql
\ir workspace_content.psql
SELECT coachdiag.create_workspace('ops');
CREATE FUNCTION runs() RETURNS bigint LANGUAGE sql AS $$ SELECT count(DISTINCT run) FROM ops.refresh_log WHERE step <> 'failed' $$;
CREATE FUNCTION waits_from() RETURNS date LANGUAGE sql AS $$ SELECT max(waits_from) FROM ops.stored_metric $$;
CREATE PROCEDURE forget() LANGUAGE sql AS $$ TRUNCATE ops.stored_panel, ops.stored_period, ops.stored_metric, ops.refresh_log; INSERT INTO ops.changed_period VALUES ('agent_metric', NULL) $$;
CREATE PROCEDURE by_name(portion bigint) LANGUAGE plpgsql AS $$ BEGIN CALL coachdiag.refresh('ops', portion => portion); END $$;
SELECT fill('ops');
INSERT INTO ops.metric VALUES ('monthly', true, 5, 1, 'points', 'identity');
INSERT INTO ops.agent_metric SELECT a, 'monthly', date '2024-01-01' + m * interval '1 month', 4 + (a + m) % 3, 9, NULL FROM generate_series(1, 8) a, generate_series(0, 5) m;
INSERT INTO ops.agent_metric SELECT a, 'not listed', date '2024-01-01' + 7 * w, 4 FROM generate_series(1, 8) a, generate_series(0, 20) w;
UPDATE ops.settings SET as_of = '2024-07-03';

-- Not tracked: nobody knows what earlier portions have read.

SELECT throws_ok($$ CALL coachdiag.refresh('ops', portion => 0) $$, '22023', 'portion must be above 0, not 0', 'a portion has rows');
SELECT throws_ok($$ CALL coachdiag.refresh('ops', rebuild => true, portion => -1) $$, '22023', NULL, 'whether it is asked for or not');
SELECT throws_ok($$ CALL coachdiag.refresh('nowhere', portion => 100) $$, '3F000', NULL, 'no such workspace');
SELECT is(runs(), 0::bigint, 'all of that before anything is read');
\set told `psql -XqAt -d :DBNAME -c "CALL coachdiag.refresh('ops', portion => 100)" 2>&1`
SELECT is(runs(), 1::bigint, 'not tracked it is one transaction');
SELECT matches(:'told'::text, 'NOTICE: .*\d rows of agent_metric are read in one transaction[^\n]*\nHINT: .*track_changes\(''ops''\)', 'which a notice says, and how it would commit');
\set told `psql -XqAt -d :DBNAME -c "CALL coachdiag.refresh('ops')" -c "CALL coachdiag.refresh('ops', portion => NULL)" -c "CALL coachdiag.refresh('ops', '2024-01-01', portion => 100)" -c "CALL coachdiag.refresh('ops', rebuild => true, portion => 100)" 2>&1`
SELECT unalike(:'told'::text, '%in one transaction%', 'but not where it is shorter, or asked for');
SELECT is(runs(), 5::bigint, 'each in one');

-- 884 rows, of which 168 are of no metric; each portion ends with a period.

SELECT coachdiag.track_changes('ops');
CALL forget();
\set told `psql -XqAt -d :DBNAME -c "BEGIN" -c "CALL coachdiag.refresh('ops', portion => 100)" -c "ROLLBACK" 2>&1`
SELECT matches(:'told'::text, 'rows of agent_metric are read in one transaction[^\n]*\nHINT: .*refresh\(''ops''\) by itself', 'inside a transaction it is one, which a notice says');
SELECT unalike(:'told'::text, '%portions left%', 'and no portion');
\set told `psql -XqAt -d :DBNAME -c "BEGIN" -c "CALL coachdiag.refresh('ops', portion => 1000)" -c "ROLLBACK" 2>&1`
SELECT unalike(:'told'::text, '%in one transaction%', 'unless it is short');
SELECT lives_ok($$ CALL coachdiag.refresh('ops', portion => 100) $$, 'nor inside a function does it commit');
SELECT is(runs(), 1::bigint, 'but refreshes');
CALL forget();
CALL coachdiag.refresh('ops', portion => NULL);
SELECT is(runs(), 1::bigint, 'without portion never in portions');

CALL forget();
ALTER TABLE ops.refresh_log ADD CONSTRAINT stop CHECK (run <= 2 OR step = 'failed');
\set told `psql -XqAt -d :DBNAME -c "CALL coachdiag.refresh('ops', portion => 100)" 2>&1`
SELECT matches(:'told'::text, 'ERROR: .*"stop"[^\n]*\nDETAIL: .*\nHINT: +The next refresh goes on from there', 'stopped in the third portion');
SELECT is(runs(), 2::bigint, 'two have been committed');
SELECT results_eq($$ SELECT run, message LIKE '%"stop"%', seconds < 60 FROM ops.refresh_log WHERE step = 'failed' $$, $$ VALUES (3::bigint, true, true) $$, 'the third has left that it failed');
SELECT is((SELECT last_status FROM coachdiag.last_refresh WHERE workspace = 'ops'), 'failed', 'which is how the last refresh ended');
SELECT cmp_ok(waits_from(), '<', '2024-06-01'::date, 'those committed are of the earlier months');
SELECT is((SELECT sum(rows) FROM ops.stored_panel)::bigint, (SELECT count(*) FROM ops.agent_metric JOIN ops.stored_metric USING (metric) WHERE period < waits_from), 'all rows of these');
SELECT is((SELECT count(*) FROM ops.diagnosis), 8::bigint, 'with a diagnosis');
SELECT is((SELECT as_of FROM ops.settings), '2024-07-03'::date, 'settings are as they were');
\set told `psql -XqAt -d :DBNAME -c "CALL coachdiag.refresh('ops', portion => 100)" 2>&1`
SELECT matches(:'told'::text, 'ERROR: .*"stop"[^\n]*\nDETAIL: .*\nHINT: +The next refresh does what this one did not', 'one that fails in its first portion has done nothing');
ALTER TABLE ops.refresh_log DROP CONSTRAINT stop;
SELECT waits_from() AS line \gset
UPDATE ops.agent_metric SET value = value + 1 WHERE agent_id = '3' AND period = '2024-01-08';
\set told `psql -XqAt -d :DBNAME -c "CALL by_name(100)" 2>&1`
SELECT matches(:'told'::text, 'as of 2024-0[4-6]-\d\d, portions left after this one: \d.*NOTICE:  panels .*NOTICE:  panels ', 'the next call goes on in portions, from a procedure too');
SELECT cmp_ok((regexp_match(:'told', 'as of (\S+),'))[1]::date, '>', :'line'::date, 'where the other stopped');
CREATE TABLE made AS SELECT * FROM content();
CALL coachdiag.refresh('ops', rebuild => true);
SELECT is((SELECT count(*) FROM (SELECT * FROM made EXCEPT ALL SELECT * FROM content()) d) + (SELECT count(*) FROM (SELECT * FROM content() EXCEPT ALL SELECT * FROM made) d), 0::bigint,
	'what results is what a rebuild makes, a row corrected meanwhile included');
SELECT max(run) AS run FROM ops.refresh_log \gset
CALL coachdiag.refresh('ops', portion => 100);
SELECT results_eq($$ SELECT max(run), max(rows) FROM ops.refresh_log WHERE run > $$ || :'run', $$ VALUES ($$ || :'run' || $$ + 1::bigint, 0::bigint) $$, 'then there is nothing to do');

-- What decides: rows later than those that have been read, and long over.

INSERT INTO ops.agent_metric SELECT a, 'monthly', date '2023-01-01' + d, 5 FROM generate_series(1, 8) a, generate_series(0, 200) d;
INSERT INTO ops.agent_metric SELECT a, 'qa', date '2024-07-01' + 7 * w, 85 FROM generate_series(1, 8) a, generate_series(0, 25) w;
SELECT is((SELECT day FROM coachdiag.next_portion('ops', 100)), NULL, 'nothing is left after a night, whatever came of the months before');
UPDATE ops.settings SET as_of = '2025-01-01';
SELECT results_eq($$ SELECT day, portions_left FROM coachdiag.next_portion('ops', 100) $$, $$ VALUES (date '2024-07-01' + 7 * 12 + 37, 2::bigint) $$, 'half a year later it is what came since');
CALL coachdiag.refresh('ops', portion => 100);
SELECT is((SELECT count(DISTINCT run) FROM ops.refresh_log WHERE run > :run), 3::bigint, 'in portions');
SELECT is((SELECT sum(rows) FROM ops.stored_panel WHERE month < '2024-01-01'), 8 * 201::numeric, 'the first of which takes what came of the months before');
SELECT coachdiag.untrack_changes('ops') \g /dev/null
UPDATE ops.settings SET as_of = '2024-03-01';
CALL coachdiag.refresh('ops');
UPDATE ops.settings SET as_of = '2025-01-01';
SELECT is((SELECT day FROM coachdiag.next_portion('ops', 100)), NULL, 'none where changes are not noted');
SELECT coachdiag.track_changes('ops');
SELECT cmp_ok((SELECT day FROM coachdiag.next_portion('ops', 100)), '<', '2024-08-01'::date, 'and after a look back, where they are');
SELECT is((SELECT day FROM coachdiag.next_portion('ops', NULL)), NULL, 'unless portions are not wanted');
SELECT * FROM finish();
