-- What triggers do not see, and what writers and refreshes must survive: after each, a refresh is a rebuild.
\set QUIET on
SET client_min_messages = error;
SELECT plan(41);
\ir workspace_fill.psql
\ir workspace_content.psql
SELECT coachdiag.create_workspace('ops');
SELECT fill('ops');
UPDATE ops.settings SET time_zone = 'UTC';
SELECT coachdiag.track_changes('ops');
CALL coachdiag.refresh('ops');

-- The relations that a refresh leaves otherwise than a rebuild
CREATE FUNCTION otherwise() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	CALL coachdiag.refresh('ops');
	CREATE TEMP TABLE kept AS SELECT * FROM content();
	CALL coachdiag.refresh('ops', rebuild => true);
	RETURN QUERY SELECT DISTINCT d.relation FROM ((SELECT * FROM kept EXCEPT ALL SELECT * FROM content()) UNION ALL (SELECT * FROM content() EXCEPT ALL SELECT * FROM kept)) d;
	DROP TABLE kept;
END
$$;

INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, status, metric, duration_minutes)
VALUES (7000, 2, 901, '2024-05-08 10:00+00', 'held', 'qa', 30), (7000, 2, 901, '2024-05-22 10:00+00', 'cancelled', 'qa', 30);
SELECT is_empty('SELECT otherwise()', 'a session held, and listed again as cancelled later');
DELETE FROM ops.coaching_session WHERE session_id = 7000 AND status = 'held';
SELECT is_empty('SELECT otherwise()', 'and its held row deleted');
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, status, metric) VALUES (7002, 2, 901, '2024-05-08 10:00+00', 'held', 'qa'), (7002, 2, 901, '2024-06-18 10:00+00', 'held', 'qa'),
	(7003, 2, 901, '2024-05-08 10:00+00', 'held', 'qa'), (7003, 2, 901, now() + interval '9 days', 'held', 'qa');
UPDATE ops.settings SET as_of = '2024-06-19';
CALL coachdiag.refresh('ops');
SELECT results_eq($$SELECT session_id, day, dose FROM ops.stored_coaching_session WHERE session_id IN ('7002', '7003') ORDER BY 1$$, $$VALUES ('7002', date '2024-05-08', true), ('7003', date '2024-05-08', true)$$, 'a session logged again in the running week, or to come: the row that is over counts');
SELECT is((SELECT sum(c.sessions) FROM ops.stored_panel p, coachdiag.cells(p.panel) c WHERE p.metric = 'qa' AND c.agent = '2'), 2::float8, 'as dose too');
UPDATE ops.settings SET as_of = 'infinity';
CALL coachdiag.refresh('ops');
SELECT results_eq($$SELECT session_id, day, dose FROM ops.stored_coaching_session WHERE session_id IN ('7002', '7003') ORDER BY 1$$, $$VALUES ('7002', date '2024-06-18', true), ('7003', date '2024-05-08', true)$$, 'with everything taken in, that to come puts nothing out');
UPDATE ops.settings SET as_of = NULL;

INSERT INTO ops.contact (contact_id, agent_id, started_at, contact_type, handle_seconds)
SELECT i, 1 + i % 8, timestamptz '2024-01-02' + i * interval '17 hours', 'bill', 300 + i % 60 FROM generate_series(1, 200) i;
INSERT INTO ops.contact_event (contact_id, step, started_at, ended_at, agent_id, kind)
SELECT contact_id, 'ask', started_at, started_at + interval '5 min', 901 + contact_id % 3, 'escalation' FROM ops.contact;
CALL coachdiag.refresh('ops');
UPDATE ops.contact SET handle_seconds = 999 WHERE contact_id = 5;
CALL coachdiag.refresh('ops', '2024-06-01');
SELECT is_empty('SELECT otherwise()', 'a contact corrected before since, where contacts are tracked');
SELECT coachdiag.untrack_changes('ops');
INSERT INTO ops.coach VALUES (903);
CALL coachdiag.refresh('ops', '2024-06-01');
SELECT is((SELECT count(*) FROM ops.stored_coach_escalation WHERE coach_id = '903'), (SELECT count(DISTINCT date_trunc('month', started_at)) FROM ops.contact_event WHERE agent_id = 903),
	'a coach who is new has all escalations, those before since too');
INSERT INTO ops.contact_event (contact_id, step, started_at, ended_at, agent_id, kind) VALUES (50, 'back office', '2024-05-20 10:00+00', '2024-05-20 10:05+00', 1, 'wait');
CALL coachdiag.refresh('ops', '2024-05-15');
SELECT results_eq($$SELECT e.step FROM ops.stored_contact c, coachdiag.path_events(c.path) e WHERE c.contact_id = '50'$$, ARRAY['ask', 'back office'], 'an event since then of a contact that started earlier');
SELECT coachdiag.track_changes('ops');
CALL coachdiag.refresh('ops');

SELECT format('ALTER TABLE ops.agent_metric DISABLE TRIGGER %I', tgname) FROM pg_trigger WHERE tgrelid = 'ops.agent_metric'::regclass AND tgname LIKE 'coachdiag%\_u' \gexec
SELECT ok(NOT coachdiag.changes_are_tracked('ops'), 'with one of its triggers off a table is not tracked');
ALTER TABLE ops.agent_metric ENABLE TRIGGER USER;
SELECT ok(coachdiag.changes_are_tracked('ops'), 'with all of them on it is');

ALTER TABLE ops.agent_metric ALTER value TYPE float8 USING value * 1.05;
SELECT is_empty('SELECT otherwise()', 'a table rewritten');
ALTER TABLE ops.agent DROP COLUMN hired_on;
ALTER TABLE ops.agent ADD COLUMN hired_on date DEFAULT '2024-02-02';
SELECT is_empty('SELECT otherwise()', 'a column dropped and added again');
ALTER TABLE ops.coaching_session DROP COLUMN scheduled_at;
SELECT lives_ok($$INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, metric) VALUES (7001, 2, 901, '2024-05-08 10:00+00', 'qa')$$, 'an optional column may go: rows still come in');
SELECT is_empty('SELECT otherwise()', 'and are noted');

-- Behind a view: partitions and materialized views
CREATE SCHEMA dw;
CREATE TABLE dw.fact (LIKE ops.agent_metric) PARTITION BY RANGE (period);
CREATE TABLE dw.fact_1 PARTITION OF dw.fact FOR VALUES FROM ('2024-01-01') TO ('2024-05-01');
CREATE TABLE dw.fact_2 (LIKE ops.agent_metric);
INSERT INTO dw.fact SELECT * FROM ops.agent_metric WHERE period < '2024-05-01';
INSERT INTO dw.fact_2 SELECT * FROM ops.agent_metric WHERE period >= '2024-05-01';
DROP TABLE ops.agent_metric;
CREATE VIEW ops.agent_metric AS SELECT * FROM dw.fact;
SELECT coachdiag.track_changes('ops', 'dw.fact', 'period');
CALL coachdiag.refresh('ops');
ALTER TABLE dw.fact ATTACH PARTITION dw.fact_2 FOR VALUES FROM ('2024-05-01') TO ('2025-01-01');
SELECT is_empty('SELECT otherwise()', 'a partition attached');
ALTER TABLE dw.fact DETACH PARTITION dw.fact_2;
SELECT is_empty('SELECT otherwise()', 'and taken away');
CREATE FUNCTION panels_line() RETURNS text LANGUAGE sql AS $$ SELECT message FROM ops.refresh_log WHERE step = 'panels' ORDER BY run DESC LIMIT 1 $$;
CREATE TABLE dw.fact_3 PARTITION OF dw.fact FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CALL coachdiag.refresh('ops');
SELECT is(panels_line(), 'no period', 'a new partition without rows: nothing is read');
DELETE FROM dw.fact_2 WHERE period <> '2024-05-06';
ALTER TABLE dw.fact ATTACH PARTITION dw.fact_2 FOR VALUES FROM ('2024-05-01') TO ('2025-01-01');
CALL coachdiag.refresh('ops');
SELECT is(panels_line(), '2024-05-06 to 2024-05-13', 'one with rows: their days, and what a view may make of them');
SELECT is_empty('SELECT otherwise()', 'as a rebuild has it');
TRUNCATE dw.fact_2;
CALL coachdiag.refresh('ops');
SELECT is(panels_line(), 'all periods', 'one emptied by itself: everything');
ALTER TABLE dw.fact DETACH PARTITION dw.fact_3;
CALL coachdiag.refresh('ops');
SELECT is(panels_line(), 'all periods', 'one taken away: everything');
ALTER TABLE dw.fact DETACH PARTITION dw.fact_2;
CREATE MATERIALIZED VIEW dw.ready AS SELECT * FROM dw.fact;
CREATE OR REPLACE VIEW ops.agent_metric AS SELECT * FROM dw.ready;
CALL coachdiag.refresh('ops');
UPDATE dw.fact SET value = value + 5 WHERE agent_id = 3 AND period = '2024-03-04';
CALL coachdiag.refresh('ops');
REFRESH MATERIALIZED VIEW dw.ready;
SELECT is_empty('SELECT otherwise()', 'a materialized view made again after what it reads was noted');
CREATE OR REPLACE VIEW ops.agent_metric AS SELECT * FROM dw.fact;
CALL coachdiag.refresh('ops');

CREATE TABLE dw.plain (LIKE dw.fact);
CREATE OR REPLACE VIEW ops.agent_metric AS SELECT * FROM dw.fact UNION ALL SELECT * FROM dw.plain;
SELECT coachdiag.track_changes('ops', 'dw.plain', 'period');
CALL coachdiag.refresh('ops');
INSERT INTO dw.plain VALUES (1, 'qa', '5874897-12-31', 80);
SELECT lives_ok($$CALL coachdiag.refresh('ops')$$, 'a date at the end of time stops no refresh');
DELETE FROM ops.changed_period WHERE period > '9999-12-31';
DELETE FROM dw.plain;

SET extra_float_digits = 0;
SET datestyle = 'SQL, DMY';
CALL coachdiag.refresh('ops', rebuild => true);
RESET extra_float_digits;
RESET datestyle;
CREATE TEMP TABLE short AS SELECT * FROM content();
CALL coachdiag.refresh('ops', rebuild => true);
SELECT is_empty('SELECT DISTINCT relation FROM (SELECT * FROM content() EXCEPT ALL SELECT * FROM short) d', 'results don''t depend on how the session writes numbers and dates');

TRUNCATE ops.refresh_log;
UPDATE ops.metric SET target = target * 1.5;
SELECT lives_ok($$CALL coachdiag.refresh('ops')$$, 'an emptied log: the next run has a number of its own');
SELECT is((SELECT max(run) FROM ops.refresh_log), (SELECT max(run) FROM ops.change_log), 'after those of change_log');

CREATE ROLE reader_of_ops;
GRANT USAGE ON SCHEMA ops TO reader_of_ops;
SELECT throws_ok($$SET ROLE reader_of_ops; CALL coachdiag.refresh('ops')$$, '42501', 'only the owner of workspace "ops" can refresh it', 'who only reads is told who may refresh');
DROP OWNED BY reader_of_ops;
DROP ROLE reader_of_ops;

CREATE TABLE dw.other AS SELECT * FROM dw.plain;
CREATE VIEW dw.inner AS SELECT * FROM dw.plain;
CREATE OR REPLACE VIEW ops.agent_metric AS SELECT * FROM dw.fact UNION ALL SELECT * FROM dw.inner;
SELECT ok(coachdiag.changes_are_tracked('ops'), 'a view over tracked tables');
CALL coachdiag.refresh('ops');
CREATE OR REPLACE VIEW dw.inner AS SELECT * FROM dw.plain WHERE false UNION ALL SELECT p.* FROM dw.fact p WHERE p.agent_id = 1 AND p.period < '2024-03-01';
SELECT is_empty('SELECT otherwise()', 'a view behind the view that now reads other rows');
CREATE OR REPLACE VIEW ops.agent_metric AS SELECT * FROM dw.fact UNION ALL SELECT * FROM dw.other;
SELECT results_eq($$SELECT source::text FROM coachdiag.untracked('ops', 'agent_metric') WHERE why = 'not noted'$$, '{dw.other}'::text[], 'of two tables behind a view one is not tracked');
CALL coachdiag.refresh('ops');
INSERT INTO dw.other VALUES (2, 'qa', '2024-04-01', 10);
SELECT is_empty('SELECT otherwise()', 'then nothing is taken for known');

DROP VIEW ops.agent_metric;
CREATE TABLE dw.daily AS SELECT agent_id, metric, period + d AS day, value + d AS value, 1.0::float8 AS volume FROM dw.fact, generate_series(0, 4) d;
CREATE VIEW ops.agent_metric AS SELECT agent_id, metric, date_trunc('week', day)::date AS period, sum(value * volume) / sum(volume) AS value, sum(volume) AS volume FROM dw.daily GROUP BY 1, 2, 3;
SELECT coachdiag.track_changes('ops', 'dw.daily', 'day');
CALL coachdiag.refresh('ops');
UPDATE dw.daily SET value = value + 9 WHERE day = '2024-03-07' AND agent_id < 4;
SELECT is_empty('SELECT otherwise()', 'a Thursday corrected behind a view that makes weeks of days');
CREATE OR REPLACE VIEW ops.agent_metric AS SELECT agent_id, metric, date_trunc('week', day)::date + 6 AS period, sum(value * volume) / sum(volume) AS value, sum(volume) AS volume FROM dw.daily GROUP BY 1, 2, 3;
CALL coachdiag.refresh('ops');
UPDATE dw.daily SET value = value - 9 WHERE day = '2024-03-07' AND agent_id < 4;
SELECT is_empty('SELECT otherwise()', 'and where weeks are named by their last day');
SELECT ok(coachdiag.changes_are_tracked('ops'), 'both were tracked');
CREATE TABLE dw.name (metric text, shown text);
INSERT INTO dw.name VALUES ('qa', 'qa');
CREATE OR REPLACE VIEW ops.agent_metric AS SELECT agent_id, n.shown AS metric, day AS period, value, volume FROM dw.daily d JOIN dw.name n USING (metric);
SELECT coachdiag.track_changes('ops', 'dw.name');
CALL coachdiag.refresh('ops');
UPDATE dw.name SET shown = 'aht';
SELECT is_empty('SELECT otherwise()', 'a table of names without any day');
CREATE OR REPLACE VIEW ops.agent_metric AS SELECT agent_id, metric, day AS period, value, volume FROM dw.daily WHERE day > current_date - 100000;
SELECT ok(NOT coachdiag.changes_are_tracked('ops'), 'a view that moves with the clock cannot be tracked');
DROP VIEW ops.agent_metric;
CREATE TABLE ops.agent_metric (LIKE dw.fact) PARTITION BY RANGE (period);
CREATE TABLE ops.part PARTITION OF ops.agent_metric FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO ops.agent_metric SELECT * FROM dw.fact;
SELECT coachdiag.track_changes('ops');
CALL coachdiag.refresh('ops');
BEGIN;
ALTER TABLE ops.agent_metric DETACH PARTITION ops.part;
UPDATE ops.part SET value = value + 7 WHERE agent_id = 2;
ALTER TABLE ops.agent_metric ATTACH PARTITION ops.part FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
COMMIT;
SELECT is_empty('SELECT otherwise()', 'a partition taken away, edited and attached again');

CREATE ROLE owner_of_mine;
GRANT CREATE ON DATABASE :DBNAME TO owner_of_mine;
SET ROLE owner_of_mine;
SELECT coachdiag.create_workspace('mine');
RESET ROLE;
SELECT throws_ok($$CALL coachdiag.refresh('mine')$$, '42501', 'workspace "mine" belongs to owner_of_mine: a superuser refreshes it as that role', 'what others'' views call is not run with a superuser''s rights');
SET ROLE owner_of_mine;
CALL coachdiag.refresh('mine');
ALTER TABLE mine.refresh_log RENAME TO real_log;
CREATE FUNCTION mine.trap() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'run as %', current_user; END $$;
CREATE VIEW mine.refresh_log AS SELECT mine.trap() AS run, step, seconds FROM mine.real_log;
RESET ROLE;
SELECT set_config('application_name', format('coachdiag %s 1/9 1800000000 panels', 'mine'::regnamespace::oid), false);
SELECT results_eq($$SELECT workspace, done, total FROM coachdiag.progress$$, $$VALUES ('mine', 1, 9)$$, 'who watches runs nothing of those who are watched');
DROP OWNED BY owner_of_mine;
DROP ROLE owner_of_mine;

SELECT set_config('application_name', 'coachdiag 99999999999 1/1 1 x', false);
SELECT lives_ok('SELECT * FROM coachdiag.progress', 'what others call their sessions does not matter to progress');
RESET application_name;

CREATE TABLE behind_both AS SELECT * FROM dw.plain;
SELECT coachdiag.track_changes('ops', 'behind_both', 'period');
ALTER SCHEMA ops RENAME TO elsewhere;
SELECT lives_ok($$INSERT INTO behind_both VALUES (1, 'qa', '2024-02-06', 80)$$, 'a workspace renamed: who writes to its tables is not stopped');
SELECT * FROM finish();
