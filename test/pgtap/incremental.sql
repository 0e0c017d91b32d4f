-- A refresh of what changed equals a rebuild, whatever was changed before it.
\set QUIET on
SET client_min_messages = error;
SELECT plan(42);
\ir workspace_fill.psql

SELECT coachdiag.create_workspace('ops');
SELECT fill('ops');
SELECT is(coachdiag.changes_are_tracked('ops'), false, 'changes are not noted unless asked for');
CALL coachdiag.refresh('ops');
CALL coachdiag.refresh('ops');
CREATE FUNCTION panels_line() RETURNS text LANGUAGE sql AS $$
	SELECT message FROM ops.refresh_log WHERE step = 'panels' ORDER BY run DESC LIMIT 1
$$;
SELECT is(panels_line(), 'all periods', 'then a refresh reads everything');
SELECT coachdiag.track_changes('ops');
SELECT is(coachdiag.changes_are_tracked('ops'), true, 'track_changes has them noted');
CALL coachdiag.refresh('ops');
SELECT is(panels_line(), 'all periods', 'the first refresh after it reads everything once more');
CALL coachdiag.refresh('ops');
SELECT is(panels_line(), 'no period', 'with nothing changed nothing is built');
UPDATE ops.agent_metric SET value = value + 1 WHERE agent_id = 3 AND period = '2024-03-04';
CALL coachdiag.refresh('ops');
SELECT is(panels_line(), '2024-03-04', 'a corrected value: its period');
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, status, metric) VALUES (5000, 2, 901, '2024-05-15 10:00+00', 'held', 'qa');
CALL coachdiag.refresh('ops');
SELECT is(panels_line(), '2024-05-13 to 2024-05-15', 'a session logged late: its day, and the week that it is in');
INSERT INTO ops.assignment (agent_id, team, valid_from, valid_to, site, program) VALUES (4, 'team 1', '2024-04-15', '2024-04-29', 'north', 'retail');
CALL coachdiag.refresh('ops');
SELECT matches(panels_line(), '^2022-01-03 to 20..-..-..$', 'a back-dated move: from where the agent''s assignments differ');

-- Random histories: after each batch of edits the panels are those that a rebuild would give.

CREATE TABLE wrong (step int, what text);

CREATE TABLE made_edit (kind int, rows bigint);

CREATE FUNCTION edit(kind int, seed int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	written bigint;
	a int := 1 + seed % 8;
	w date := date '2024-01-01' + 7 * (seed % 26);
BEGIN
	CASE kind
		WHEN 0 THEN UPDATE ops.agent_metric SET value = value * (1 + (seed % 5) / 100.0) WHERE agent_id = a AND period = w;
		WHEN 1 THEN DELETE FROM ops.agent_metric WHERE agent_id = a AND period = w AND metric = 'qa';
		WHEN 2 THEN
			DELETE FROM ops.agent_metric WHERE agent_id = a AND period = w AND metric = 'qa';
			INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume) VALUES (a, 'qa', w, 80 + seed % 9, 1 + seed % 3);
		WHEN 3 THEN
			DELETE FROM ops.agent_metric WHERE agent_id = a AND period = w + 7 AND metric = 'fcr';
			UPDATE ops.agent_metric SET period = period + 7 WHERE agent_id = a AND period = w AND metric = 'fcr';
		WHEN 4 THEN DELETE FROM ops.coaching_session WHERE session_id = (SELECT session_id FROM ops.coaching_session ORDER BY md5(session_id::text || seed) LIMIT 1);
		WHEN 5 THEN INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, status, metric, duration_minutes)
			VALUES (10000 + seed, a, 901, w + interval '3 days 10 hours', 'held', CASE WHEN seed % 3 > 0 THEN 'aht' END, 20);
		WHEN 6 THEN UPDATE ops.coaching_session SET held_at = held_at + interval '9 days' WHERE agent_id = a AND session_id % 3 = seed % 3;
		WHEN 7 THEN UPDATE ops.assignment SET valid_to = w WHERE agent_id = a AND valid_to IS NULL AND valid_from < w;
		WHEN 8 THEN INSERT INTO ops.assignment (agent_id, team, valid_from, site, program) VALUES (a, 'team ' || seed % 3, w, 'north', 'retail');
		WHEN 9 THEN UPDATE ops.agent SET hired_on = hired_on - 400 + seed % 700 WHERE agent_id = a;
		WHEN 10 THEN UPDATE ops.metric SET target = target * 1.01 WHERE metric = (ARRAY['aht', 'fcr', 'qa'])[1 + seed % 3];
		WHEN 11 THEN UPDATE ops.agent_metric SET target = value WHERE agent_id = a AND period = w AND metric = 'aht';
		WHEN 12 THEN UPDATE ops.coaching_session SET recognition = true, behaviour = NULL, action = NULL WHERE agent_id = a AND session_id / 4 % 2 = seed % 2;
		WHEN 13 THEN UPDATE ops.metric SET higher_is_better = NOT higher_is_better WHERE metric = 'qa';
		WHEN 14 THEN INSERT INTO ops.agent_metric SELECT 10000 + seed, 'qa', w + 7 * i, 84, 2, NULL FROM generate_series(0, 3) i;
		WHEN 15 THEN DELETE FROM ops.agent WHERE agent_id = a;
		WHEN 16 THEN UPDATE ops.settings SET diagnosis_months = 3 + seed % 9;
		WHEN 17 THEN INSERT INTO ops.health_benchmark VALUES ('action', 0.1 * (seed % 9)) ON CONFLICT (measure) DO UPDATE SET benchmark = excluded.benchmark;
		WHEN 18 THEN INSERT INTO ops.intervention (intervention_id, started_on, kind, metric) VALUES ('I' || seed, w, 'other', 'aht');
		WHEN 19 THEN INSERT INTO ops.contact (contact_id, agent_id, started_at, contact_type, customer_id, handle_seconds) VALUES (seed, a, w + interval '9 hours', 'bill', 'c' || a, 300 + seed % 50);
		WHEN 21 THEN UPDATE ops.settings SET as_of = CASE seed % 4 WHEN 0 THEN NULL WHEN 1 THEN 'infinity' ELSE date '2024-04-03' + seed % 60 END;
		WHEN 23 THEN INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, status, metric, duration_minutes)
			SELECT session_id, agent_id, coach_id, held_at + seed % 12 * interval '9 days', status, metric, 45 FROM ops.coaching_session ORDER BY md5(session_id::text || seed) LIMIT 5;
		WHEN 24 THEN
			IF EXISTS (SELECT FROM ops.metric WHERE metric = 'fcr') THEN
				DELETE FROM ops.metric WHERE metric = 'fcr';
			ELSE
				INSERT INTO ops.metric VALUES ('fcr', true, 0.7, 0.02, '%', 'proportion');
			END IF;
		WHEN 25 THEN UPDATE ops.metric SET scale = CASE scale WHEN 'log' THEN 'identity' ELSE 'log' END WHERE metric = 'aht';
		WHEN 26 THEN INSERT INTO ops.metric VALUES ('new ' || seed, true, 5, 1);
		WHEN 22 THEN
			DELETE FROM ops.contact_event WHERE contact_id % 3 = seed % 3;
			INSERT INTO ops.contact_event (contact_id, step, started_at, ended_at, agent_id, kind)
			SELECT c.contact_id, s.step, c.started_at + s.n * interval '31 hours', c.started_at + s.n * interval '31 hours' + (7 * c.contact_id + s.n * seed) % 900 * interval '0.37 seconds', c.agent_id, s.kind
			FROM ops.contact c, (VALUES (0, 'open', 'work'), (1, 'approve', 'approval'), (2, 'close', 'work')) s (n, step, kind) WHERE c.contact_id % 3 = seed % 3;
		WHEN 20 THEN UPDATE ops.coaching_session SET behaviour = 'b' || seed % 3, follow_up_due = w WHERE agent_id = a AND session_id / 4 % 2 = seed % 2;
		ELSE INSERT INTO ops.agent_metric SELECT x, 'fcr', date '2024-01-01' + 7 * (26 + seed % 3), 0.6 + 0.01 * (x % 5), 30, NULL FROM generate_series(1, 8) x
			WHERE NOT EXISTS (SELECT FROM ops.agent_metric m WHERE m.agent_id = x AND m.metric = 'fcr' AND m.period = date '2024-01-01' + 7 * (26 + seed % 3));
	END CASE;
	GET DIAGNOSTICS written = ROW_COUNT;
	INSERT INTO made_edit VALUES (edit.kind, written);
END
$$;

CREATE PROCEDURE compare(step int) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO wrong SELECT step, 'panel ' || coalesce(s.team, b.team) || ' ' || coalesce(s.metric, b.metric) || ' ' || coalesce(s.month, b.month)
	FROM ops.stored_panel s FULL JOIN (SELECT * FROM coachdiag.build_panels('ops') WHERE reason IS NULL) b USING (team, metric, month)
	WHERE s.panel::text IS DISTINCT FROM b.panel::text OR s.rows <> coachdiag.observations(b.panel);
	INSERT INTO wrong SELECT step, 'grid ' || metric
	FROM ops.stored_metric s FULL JOIN (SELECT * FROM ops.metric) m USING (metric)
	WHERE s.target IS DISTINCT FROM m.target OR s.higher_is_better IS DISTINCT FROM m.higher_is_better;
END
$$;

\ir workspace_content.psql

-- The rebuild is taken back, so that what a refresh leaves wrong stays wrong.
CREATE PROCEDURE compare_content(step int) LANGUAGE plpgsql AS $$
DECLARE
	refreshed CONSTANT text[] := ARRAY(SELECT relation || ': ' || content FROM content());
	rebuilt text[];
BEGIN
	BEGIN
		CALL coachdiag.refresh('ops', rebuild => true);
		rebuilt := ARRAY(SELECT relation || ': ' || content FROM content());
		RAISE EXCEPTION 'taken back' USING ERRCODE = 'ZZ999';
	EXCEPTION WHEN SQLSTATE 'ZZ999' THEN
		NULL;
	END;
	INSERT INTO wrong SELECT step, 'kept in ' || k FROM (SELECT unnest(refreshed) EXCEPT ALL SELECT unnest(rebuilt)) x (k);
	INSERT INTO wrong SELECT step, 'missing in ' || m FROM (SELECT unnest(rebuilt) EXCEPT ALL SELECT unnest(refreshed)) x (m);
END
$$;

CREATE PROCEDURE compare_sessions(step int) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO wrong SELECT step, 'session ' || session_id || ' lost' FROM (
		SELECT session_id::text, agent_id::text, metric FROM ops.coaching_session
		WHERE (coalesce(held_at, scheduled_at) AT TIME ZONE coachdiag.time_zone('ops'))::date < coachdiag.waits_from('ops')
		EXCEPT SELECT session_id, agent_id, metric FROM ops.stored_coaching_session WHERE held OR status <> 'held') s;
END
$$;

-- Every kind of edit once a seed, three to a batch; a transaction each, as in one they would slow each other down.
CREATE TABLE batch AS
SELECT row_number() OVER (ORDER BY seed, no / 3) AS step, array_agg(kind ORDER BY no) AS kinds, array_agg(number ORDER BY no) AS numbers
FROM (SELECT seed, kind, ('x' || left(md5(kind || ' of ' || seed), 5))::bit(20)::int AS number, row_number() OVER (PARTITION BY seed ORDER BY md5(seed || ' ' || kind)) - 1 AS no
	FROM unnest('{1,2}'::int[]) seed, generate_series(0, 27) kind) e
GROUP BY seed, no / 3;

CREATE PROCEDURE run_batch(step bigint) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM edit(u.kind, u.number) FROM batch b, unnest(b.kinds, b.numbers) WITH ORDINALITY u (kind, number, no) WHERE b.step = run_batch.step ORDER BY u.no;
	CALL coachdiag.refresh('ops');
	CALL compare_sessions(step::int);
	CALL compare_content(step::int);
END
$$;
SELECT format('CALL run_batch(%s)', step) FROM batch ORDER BY step \gexec
SELECT is_empty($$SELECT k FROM generate_series(0, 27) k WHERE NOT EXISTS (SELECT FROM made_edit e WHERE e.kind = k AND e.rows > 0)$$, 'edits of every kind, each of which wrote rows');
SELECT is_empty($$SELECT step, left(what, 300) FROM wrong WHERE what NOT LIKE 'session %' ORDER BY step$$, 'after each batch every row of every stored table and result is that of a rebuild');
SELECT is_empty($$SELECT * FROM wrong WHERE what LIKE 'session %' ORDER BY step$$, 'and no session is lost of which a row counts, whatever is logged of it later');
SELECT cmp_ok((SELECT count(*) FROM ops.refresh_log WHERE step = 'panels' AND message <> 'all periods'), '>', 8::bigint, 'though most were not rebuilt');
SELECT cmp_ok((SELECT count(*) FROM ops.refresh_log WHERE message = 'nothing new to read'), '>', 150::bigint, 'and much was left alone');

-- What is left alone

CREATE FUNCTION made() RETURNS TABLE (part text) LANGUAGE sql AS $$
	SELECT l.step FROM ops.refresh_log l JOIN coachdiag.workspace_part p ON p.name = l.step
	WHERE l.run = (SELECT max(run) FROM ops.refresh_log) AND l.message IS DISTINCT FROM 'nothing new to read'
$$;
TRUNCATE wrong;
UPDATE ops.settings SET as_of = NULL;
DELETE FROM ops.contact;
CALL coachdiag.refresh('ops');
CALL coachdiag.refresh('ops');
SELECT is_empty($$SELECT part FROM made() JOIN coachdiag.workspace_part ON name = part WHERE kind <> 'table' OR reads IS NOT NULL$$, 'with nothing changed no result is made again');
SELECT is((SELECT sum(rows) FROM ops.refresh_log WHERE run = (SELECT max(run) FROM ops.refresh_log)), 0::numeric, 'and no row is written');
UPDATE ops.agent_metric SET value = value + 1 WHERE agent_id = 3 AND period = '2024-06-10' AND metric = 'qa';
CALL coachdiag.refresh('ops');
SELECT results_eq($$SELECT rows, message FROM ops.refresh_log WHERE step = 'panels' ORDER BY run DESC LIMIT 1$$, $$VALUES (1::bigint, '2024-06-10')$$, 'one value: one panel is written');
SELECT set_has('SELECT * FROM made()', $$VALUES ('gap_dispersion'), ('coaching_effect'), ('diagnosis')$$, 'and what is made of panels');
SELECT set_hasnt('SELECT * FROM made()', $$VALUES ('coaching_log'), ('session_topics'), ('process_map')$$, 'but not what is made of sessions or contacts');
UPDATE ops.metric SET target = target + 1 WHERE metric = 'qa';
CALL coachdiag.refresh('ops');
SELECT is(panels_line(), 'all periods of qa', 'the target of one metric: all periods, of that metric alone');
SELECT is_empty($$SELECT FROM ops.stored_panel WHERE metric <> 'qa' AND refreshed_at >= (SELECT min(started) FROM ops.refresh_log WHERE run = (SELECT max(run) FROM ops.refresh_log))$$, 'and no panel of another is written');
INSERT INTO ops.metric VALUES ('without rows', true, 5, 1);
CALL coachdiag.refresh('ops');
SELECT results_eq($$SELECT rows, message FROM ops.refresh_log WHERE step = 'panels' ORDER BY run DESC LIMIT 1$$, $$VALUES (0::bigint, 'all periods of without rows')$$, 'a metric without rows: nothing is built');
INSERT INTO ops.health_benchmark VALUES ('subject', 0.99) ON CONFLICT (measure) DO UPDATE SET benchmark = 0.98;
CALL coachdiag.refresh('ops');
SELECT set_has('SELECT * FROM made()', $$VALUES ('program_measure')$$, 'a benchmark of your own is seen');
SELECT set_hasnt('SELECT * FROM made()', $$VALUES ('gap_dispersion'), ('coaching_log')$$, 'by what reads it alone');
SET track_counts = off;
CALL coachdiag.refresh('ops');
RESET track_counts;
SELECT set_has('SELECT * FROM made()', $$VALUES ('gap_dispersion'), ('coaching_log')$$, 'where the server does not count rows, everything is made again');
UPDATE ops.settings SET time_zone = 'Asia/Tokyo';
CALL coachdiag.refresh('ops');
SELECT is(panels_line(), 'all periods', 'another time zone: everything is read again');

SELECT is_empty($$
	SELECT p.name, n.found
	FROM coachdiag.workspace_part p
		CROSS JOIN LATERAL (SELECT p.refresh_with || ' ' || coalesce(string_agg(f.prosrc, ' '), '') AS source FROM pg_proc f
			WHERE f.pronamespace = 'coachdiag'::regnamespace AND f.proname <> ALL ('{fill_part,fill_copy}') AND p.refresh_with ~ ('coachdiag\.' || f.proname || '\(')) s
		CROSS JOIN LATERAL (SELECT m[1] AS found FROM regexp_matches(s.source, '(?:@|I)\.(\w+)', 'g') m
			UNION SELECT m[1] FROM regexp_matches(s.source, $re$(?:source\(\w+, |stored_source\(\$1, )'(\w+)'$re$, 'g') m) n
	WHERE p.reads IS NOT NULL AND n.found <> ALL (p.reads || p.name || 'refresh_log'::text)$$, 'what tables are said to read is all that they read');
SELECT is_empty($$
	SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'ops'::regnamespace AND c.relkind IN ('v', 'm')
		AND pg_get_viewdef(c.oid) ~* '\m(current_(date|time|timestamp)|localtime|localtimestamp|now\(|clock_timestamp|random\()'$$, 'no result depends on the clock');
SELECT is_empty($$
	SELECT r.ev_class::regclass, d.refobjid::regprocedure FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
		JOIN pg_class c ON c.oid = r.ev_class JOIN pg_proc f ON d.refclassid = 'pg_proc'::regclass AND f.oid = d.refobjid
	WHERE c.relnamespace = 'ops'::regnamespace AND f.provolatile <> 'i'$$, 'nor on a function that reads something else');
SELECT is((SELECT count(*) FROM ops.stored_panel, datemultirange('{[2024-01-09,2024-01-16),[2024-03-01,2024-03-05),[2024-06-01,)}') days
	WHERE (SELECT coachdiag.rollup(x)::text FROM (VALUES (coachdiag.period_range(panel, days)), (coachdiag.period_range(panel, '{(,)}' - days))) v (x)) = panel::text
		AND coachdiag.observations(coachdiag.period_range(panel, days)) = (SELECT coalesce(sum(observations), 0) FROM coachdiag.cells(panel) WHERE period <@ days)),
	(SELECT count(*) FROM ops.stored_panel), 'a panel in two parts by days is the panel');

-- Other ways in

TRUNCATE ops.agent_metric;
CALL coachdiag.refresh('ops');
SELECT is((SELECT count(*) FROM ops.stored_panel), 0::bigint, 'a truncated table is noted');
INSERT INTO ops.agent_metric SELECT a, 'qa', date '2024-01-01' + 7 * w, 80 FROM generate_series(1, 8) a, generate_series(0, 25) w;
BEGIN;
CALL coachdiag.refresh('ops');
ROLLBACK;
CALL coachdiag.refresh('ops');
SELECT is((SELECT sum(rows) FROM ops.stored_panel), (SELECT count(*) FROM ops.agent_metric m
	WHERE EXISTS (SELECT FROM ops.stored_membership s WHERE s.agent_id = m.agent_id::text AND s.valid_from <= m.period AND m.period < s.valid_to))::numeric,
	'a refresh that was taken back gives back what was noted');

-- agent_metric as a view: the table behind it is named.
CREATE SCHEMA dw;
CREATE TABLE dw.daily (agent bigint, kpi text, at timestamp, v float8) PARTITION BY RANGE (at);
CREATE TABLE dw.daily_2024 PARTITION OF dw.daily FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
DROP TABLE ops.agent_metric;
CREATE VIEW ops.agent_metric AS SELECT agent AS agent_id, kpi AS metric, at::date AS period, v AS value FROM dw.daily;
SELECT is(coachdiag.changes_are_tracked('ops'), false, 'a view in the place of the table is not tracked');
SELECT throws_ok($$SELECT coachdiag.track_changes('ops', 'ops.agent_metric')$$, '42809', NULL, 'and cannot be, itself');
SELECT throws_ok($$SELECT coachdiag.track_changes('ops', 'dw.daily', 'kpi')$$, '42703', NULL, 'the column of the period is no text');
SELECT coachdiag.track_changes('ops', 'dw.daily', 'at');
INSERT INTO dw.daily SELECT 1, 'qa', timestamp '2024-01-01' + 7 * i * interval '1 day', 80 FROM generate_series(0, 11) i;
CALL coachdiag.refresh('ops');
INSERT INTO dw.daily SELECT 1, 'qa', timestamp '2024-05-06' + 7 * i * interval '1 day', 80 FROM generate_series(0, 3) i;
CALL coachdiag.refresh('ops');
SELECT is(panels_line(), '2024-04-29 to 2024-06-04',
	'changes of the table behind it are noted, by whatever column holds the period; a view may make days of times in another zone, and weeks of days');
CALL compare(100);
SELECT is_empty('SELECT * FROM wrong', 'and the panels are right');
CALL coachdiag.refresh('ops', '2024-05-20');
SELECT matches(panels_line(), '^2024-05-20 to 20..-..-..$', 'since: as told');
SELECT is(coachdiag.untrack_changes('ops'), 12, 'untrack_changes says from how many tables');
SELECT coachdiag.track_changes('ops', 'dw.daily', 'at');
SELECT coachdiag.drop_workspace('ops');
SELECT lives_ok($$INSERT INTO dw.daily VALUES (1, 'qa', '2024-06-03', 80)$$, 'a dropped workspace leaves no trigger behind');
SELECT throws_ok($$SELECT coachdiag.track_changes('ops')$$, '3F000', NULL, 'no such workspace');

-- Whatever the order of rows and the plan: more teams, in numbers that round when they are added.

SELECT coachdiag.create_workspace('ops');
SELECT fill('ops');
INSERT INTO ops.assignment SELECT a, 'team ' || a % 4, '2022-01-03', NULL, 'SUP' || a % 4, CASE WHEN a % 2 = 0 THEN 'north' ELSE 'south' END, CASE WHEN a % 4 < 2 THEN 'retail' ELSE 'bank' END
FROM generate_series(21, 44) a;
INSERT INTO ops.agent SELECT a, date '2021-02-03' + 25 * a, CASE WHEN a % 3 = 0 THEN date '2024-03-05' + 3 * (a - 20) END FROM generate_series(21, 44) a;
INSERT INTO ops.agent_metric
SELECT a, m, date '2024-01-01' + 7 * w, CASE m WHEN 'aht' THEN 310 * exp(0.2 * sin(a * 1.7 + w * 2.3)) WHEN 'fcr' THEN 0.6 + 0.1 * sin(a + w * 3.1) ELSE 80 + 5 * sin(a * 0.3 + w * 1.9) END,
	20.3 + (w * a) % 30, CASE WHEN m = 'aht' THEN t END
FROM generate_series(21, 44) a, unnest('{aht,fcr,qa}'::text[]) m, generate_series(0, 25) w, unnest('{bill,move}'::text[]) t
WHERE (m = 'aht' OR t = 'bill') AND (a % 3 > 0 OR 7 * w < 64 + 3 * (a - 20));
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, scheduled_at, status, metric, duration_minutes, kind, behaviour, action, follow_up_due, followed_up_at, agent_rating)
SELECT 100 * a + w, a, 901 + a % 2, timestamptz '2024-01-03 10:00+00' + w * interval '7 days', timestamptz '2024-01-02 10:00+00' + w * interval '7 days', 'held',
	(ARRAY['aht', 'fcr', 'qa', NULL])[1 + (a + w) % 4], 20 + 10 * sin(a * w), (ARRAY['scheduled', 'real_time', 'group'])[1 + w % 3],
	'b' || (a + w) % 3, 'do ' || w % 3, date '2024-01-10' + 7 * w, timestamptz '2024-01-11 10:00+00' + w * interval '7 days', 3 + sin(a + w)
FROM generate_series(21, 44) a, generate_series(0, 25) w WHERE (a + w) % 2 = 0;
INSERT INTO ops.agent_week SELECT a, date '2024-01-01' + 7 * w, 2000 + 100 * sin(a * w), 0.8 + 0.1 * sin(a + w), 20 + sin(a * w) FROM generate_series(1, 44) a, generate_series(0, 25) w;
INSERT INTO ops.coach_week SELECT c, date '2024-01-01' + 7 * w, 8, 2000 + 100 * sin(c * w), 300 + 30 * sin(c + w) FROM generate_series(901, 902) c, generate_series(0, 25) w;
INSERT INTO ops.contact (contact_id, agent_id, started_at, contact_type, customer_id, handle_seconds, resolved, csat)
SELECT i, 1 + i % 44, timestamptz '2024-01-01 08:00+00' + i * interval '2 hours 3 minutes 7 seconds', 'type ' || i % 3, 'c' || i % 300, 300 + 50 * sin(i), sin(i * 3) > -0.5, 3 + sin(i * 2)
FROM generate_series(1, 1500) i;
-- Several rows of a cell, and minutes that are no whole numbers.
INSERT INTO ops.agent_metric
SELECT agent_id, metric, period, value * (1 + 0.01 * sin(i * 7 + agent_id)), 3.7 * i, contact_type, target FROM ops.agent_metric, generate_series(1, 3) i WHERE agent_id > 20;
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, metric, duration_minutes)
SELECT 100000 + 100 * i + a, a, 901, timestamptz '2024-03-05 09:00+00', 'aht', 20 + 0.1 * i FROM generate_series(21, 44) a, generate_series(1, 5) i;
CALL coachdiag.refresh('ops');
CREATE TABLE kept AS SELECT * FROM content();

CREATE PROCEDURE shuffle_stored() LANGUAGE plpgsql AS $$
DECLARE
	stored regclass;
BEGIN
	FOR stored IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'ops'::regnamespace AND c.relkind = 'r' AND c.relname ~ '^(stored_.*|agent_metric)$' LOOP
		EXECUTE format('CREATE TABLE shuffled AS SELECT * FROM %s ORDER BY md5(ctid::text)', stored);
		EXECUTE format('DELETE FROM %s', stored);
		EXECUTE format('INSERT INTO %s SELECT * FROM shuffled', stored);
		DROP TABLE shuffled;
	END LOOP;
END
$$;
CREATE VIEW otherwise AS
SELECT relation, left(content, 300) AS content FROM (SELECT * FROM content() EXCEPT ALL SELECT * FROM kept) c;
CALL shuffle_stored();
SET enable_hashagg = off;
SET enable_hashjoin = off;
CALL coachdiag.refresh('ops', rebuild => true);
SELECT is_empty('SELECT * FROM otherwise', 'source and stored rows in another order, several to a cell, and sorted where they were hashed: every row of every result is the same');
RESET enable_hashagg;
RESET enable_hashjoin;
SET enable_sort = off;
SET enable_mergejoin = off;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
CALL shuffle_stored();
CALL coachdiag.refresh('ops', rebuild => true);
SELECT is_empty('SELECT * FROM otherwise', 'and so it is hashed where they were sorted, by several workers');
SELECT * FROM finish();
