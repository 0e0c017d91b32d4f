-- A refresh of what changed equals a rebuild, whatever was changed before it.
\set QUIET on
SET client_min_messages = error;
SELECT plan(23);
\ir workspace_fill.psql

SELECT coachdiag.create_workspace('ops');
SELECT fill('ops');
SELECT is(coachdiag.changes_are_tracked('ops'), false, 'changes are not noted unless asked for');
CALL coachdiag.refresh('ops');
CALL coachdiag.refresh('ops');
CREATE FUNCTION panels_line() RETURNS text LANGUAGE sql AS $$
	SELECT message FROM ops.refresh_log WHERE step = 'panels' ORDER BY run DESC LIMIT 1
$$;
SELECT is(panels_line(), 'all months', 'then a refresh reads everything');
SELECT coachdiag.track_changes('ops');
SELECT is(coachdiag.changes_are_tracked('ops'), true, 'track_changes has them noted');
CALL coachdiag.refresh('ops');
SELECT is(panels_line(), 'all months', 'the first refresh after it reads everything once more');
CALL coachdiag.refresh('ops');
SELECT is(panels_line(), 'no month', 'with nothing changed nothing is built');
UPDATE ops.agent_metric SET value = value + 1 WHERE agent_id = 3 AND period = '2024-03-04';
CALL coachdiag.refresh('ops');
SELECT is(panels_line(), '2024-02 to 2024-03', 'a corrected value: its month, and the one in which a period may have begun');
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, status, metric) VALUES (5000, 2, 901, '2024-05-15 10:00+00', 'held', 'qa');
CALL coachdiag.refresh('ops');
SELECT is(panels_line(), '2024-05', 'a session logged late: its month');
INSERT INTO ops.assignment (agent_id, team, valid_from, valid_to, site, program) VALUES (4, 'team 1', '2024-04-15', '2024-04-29', 'north', 'retail');
CALL coachdiag.refresh('ops');
SELECT is(panels_line(), '2021-12 and later', 'a back-dated move: from where the agent''s assignments differ');

-- Random histories: after each batch of edits the panels are those that a rebuild would give.

CREATE TABLE wrong (step int, what text);

CREATE FUNCTION edit(kind int, seed int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	a int := 1 + seed % 8;
	w date := date '2024-01-01' + 7 * (seed % 26);
BEGIN
	CASE kind
		WHEN 0 THEN UPDATE ops.agent_metric SET value = value * (1 + (seed % 5) / 100.0) WHERE agent_id = a AND period = w;
		WHEN 1 THEN DELETE FROM ops.agent_metric WHERE agent_id = a AND period = w AND metric = 'qa';
		WHEN 2 THEN INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume) VALUES (a, 'qa', w, 80 + seed % 9, 1 + seed % 3);
		WHEN 3 THEN UPDATE ops.agent_metric SET period = period + 7 WHERE agent_id = a AND period = w AND metric = 'fcr';
		WHEN 4 THEN DELETE FROM ops.coaching_session WHERE session_id = (SELECT session_id FROM ops.coaching_session ORDER BY md5(session_id::text || seed) LIMIT 1);
		WHEN 5 THEN INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, status, metric, duration_minutes)
			VALUES (10000 + seed, a, 901, w + interval '3 days 10 hours', 'held', CASE WHEN seed % 3 > 0 THEN 'aht' END, 20);
		WHEN 6 THEN UPDATE ops.coaching_session SET held_at = held_at + interval '9 days' WHERE agent_id = a AND session_id % 3 = seed % 3;
		WHEN 7 THEN UPDATE ops.assignment SET valid_to = w WHERE agent_id = a AND valid_to IS NULL AND valid_from < w;
		WHEN 8 THEN INSERT INTO ops.assignment (agent_id, team, valid_from, site, program) VALUES (a, 'team ' || seed % 3, w, 'north', 'retail');
		WHEN 9 THEN UPDATE ops.agent SET hired_on = hired_on - 400 + seed % 700 WHERE agent_id = a;
		WHEN 10 THEN UPDATE ops.metric SET target = target * 1.01 WHERE metric = (ARRAY['aht', 'fcr', 'qa'])[1 + seed % 3];
		WHEN 11 THEN UPDATE ops.agent_metric SET target = value WHERE agent_id = a AND period = w AND metric = 'aht';
		WHEN 12 THEN UPDATE ops.coaching_session SET recognition = true, behaviour = NULL, action = NULL WHERE agent_id = a AND session_id % 2 = seed % 2;
		WHEN 13 THEN UPDATE ops.metric SET higher_is_better = NOT higher_is_better WHERE metric = 'qa';
		WHEN 14 THEN INSERT INTO ops.agent_metric SELECT 9 + seed % 3, 'qa', w + 7 * i, 84, 2, NULL FROM generate_series(0, 3) i;
		ELSE DELETE FROM ops.agent WHERE agent_id = a;
	END CASE;
END
$$;

CREATE PROCEDURE compare(step int) LANGUAGE plpgsql AS $$
BEGIN
	-- Rows of the same agent, period and type are merged in the order they are read, so the last digits may differ.
	INSERT INTO wrong SELECT step, 'panel ' || coalesce(s.team, b.team) || ' ' || coalesce(s.metric, b.metric) || ' ' || coalesce(s.month, b.month)
	FROM ops.stored_panel s FULL JOIN coachdiag.build_panels('ops') b USING (team, metric, month)
	WHERE (s.panel OPERATOR(coachdiag.=) b.panel) IS NOT TRUE AND (s.panel IS NULL OR b.panel IS NULL OR EXISTS (
		SELECT FROM coachdiag.cells(s.panel) x FULL JOIN coachdiag.cells(b.panel) y
			ON (x.agent, x.period, x.contact_type, x.coach, x.target IS NULL)::text = (y.agent, y.period, y.contact_type, y.coach, y.target IS NULL)::text
		WHERE (x.observations, x.sessions, x.minutes, x.hired_on) IS DISTINCT FROM (y.observations, y.sessions, y.minutes, y.hired_on)
			OR abs(x.mean - y.mean) > 1e-12 * abs(y.mean) OR abs(x.weight - y.weight) > 1e-12 * y.weight OR abs(x.target - y.target) > 1e-12 * abs(y.target)
			OR abs(x.m2 - y.m2) > 1e-9 * (y.m2 + y.weight)));
	INSERT INTO wrong SELECT step, 'grid ' || metric
	FROM ops.stored_metric s FULL JOIN (SELECT * FROM ops.metric) m USING (metric)
	WHERE s.target IS DISTINCT FROM m.target OR s.higher_is_better IS DISTINCT FROM m.higher_is_better;
END
$$;

DO $$
DECLARE
	random int := 7;
BEGIN
	FOR step IN 1..16 LOOP
		FOR i IN 1..1 + step % 3 LOOP
			random := (random::bigint * 48271 % 2147483647)::int;
			PERFORM edit(random / 16 % 16, random / 256);
		END LOOP;
		CALL coachdiag.refresh('ops');
		CALL compare(step);
	END LOOP;
END
$$;
SELECT is_empty('SELECT * FROM wrong ORDER BY step', '16 batches of edits: the panels of a rebuild each time');
SELECT cmp_ok((SELECT count(*) FROM ops.refresh_log WHERE step = 'panels' AND message <> 'all months'), '>', 8::bigint, 'though most were not rebuilt');

CREATE VIEW result AS
SELECT 'diagnosis' AS of, team || metric AS key, to_jsonb(d) AS row FROM ops.diagnosis d UNION ALL SELECT 'indicators', team || metric || test, to_jsonb(i) FROM ops.indicators i
UNION ALL SELECT 'effect', concat(level, program, site, team, metric), to_jsonb(e) FROM ops.coaching_effect e UNION ALL SELECT 'period', metric || period, to_jsonb(p) FROM ops.stored_period p
UNION ALL SELECT 'team', team, to_jsonb(t) FROM ops.stored_team t UNION ALL SELECT 'metric', metric, to_jsonb(m) FROM ops.stored_metric m;
CREATE TABLE incremental AS SELECT * FROM result;
CALL coachdiag.refresh('ops', rebuild => true);
SELECT is(panels_line(), 'all months', 'rebuild reads everything');
SELECT is_empty($$
	SELECT of, key, x.field, x.value, y.value
	FROM incremental i FULL JOIN result r USING (of, key)
		LEFT JOIN LATERAL jsonb_each_text(i.row) x (field, value) ON true LEFT JOIN LATERAL jsonb_each_text(r.row) y (field, value) ON y.field = x.field
	WHERE i.row IS NULL OR r.row IS NULL OR x.value IS DISTINCT FROM y.value
		AND NOT (x.value ~ '^-?[0-9.]+(e-?[0-9]+)?$' AND abs(x.value::float8 - y.value::float8) <= 1e-6 * abs(y.value::float8) + 1e-9)$$,
	'and every result is what it was');

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
SELECT throws_ok($$SELECT coachdiag.track_changes('ops')$$, '42809', NULL, 'and cannot be, itself');
SELECT throws_ok($$SELECT coachdiag.track_changes('ops', 'dw.daily')$$, '42703', NULL, 'the column of the period is needed');
SELECT coachdiag.track_changes('ops', 'dw.daily', 'at');
INSERT INTO dw.daily SELECT 1, 'qa', timestamp '2024-01-01' + 7 * i * interval '1 day', 80 FROM generate_series(0, 11) i;
CALL coachdiag.refresh('ops');
INSERT INTO dw.daily SELECT 1, 'qa', timestamp '2024-05-06' + 7 * i * interval '1 day', 80 FROM generate_series(0, 3) i;
CALL coachdiag.refresh('ops');
SELECT is(panels_line(), '2024-04 to 2024-05', 'changes of the table behind it are noted, by whatever column holds the period');
CALL compare(100);
SELECT is_empty('SELECT * FROM wrong', 'and the panels are right');
CALL coachdiag.refresh('ops', '2024-05-20');
SELECT is(panels_line(), '2024-05 and later', 'since: as told');
SELECT is(coachdiag.untrack_changes('ops'), 1, 'untrack_changes says from how many tables');
SELECT coachdiag.track_changes('ops', 'dw.daily', 'at');
DROP VIEW result;
SELECT coachdiag.drop_workspace('ops');
SELECT lives_ok($$INSERT INTO dw.daily VALUES (1, 'qa', '2024-06-03', 80)$$, 'a dropped workspace leaves no trigger behind');
SELECT throws_ok($$SELECT coachdiag.track_changes('ops')$$, '3F000', NULL, 'no such workspace');
SELECT * FROM finish();
