-- refresh: the stored panels hold what the sources say, row by row, dose by dose; full and since; beside readers and another refresh.
\set QUIET on
SET client_min_messages = error;
\ir workspace_fill.psql
SELECT no_plan();
CREATE EXTENSION dblink;

-- The cells of a workspace, a row each
CREATE FUNCTION cells(ws text) RETURNS TABLE (team text, metric text, month date, agent text, period date, contact_type text,
	weight float8, mean float8, target float8, sessions float8, minutes float8, coach text, hired_on date)
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT p.team, p.metric, p.month, c.agent, c.period, c.contact_type, c.weight, c.mean, c.target, c.sessions, c.minutes,
		c.coach, c.hired_on FROM %I.stored_panel p, coachdiag.cells(p.panel) c', ws);
END
$$;
CREATE FUNCTION left_out(ws text) RETURNS TABLE (message text, rows bigint) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT message, rows FROM %1$I.refresh_log WHERE step = ''left_out'' AND run = (SELECT max(run) FROM %1$I.refresh_log)', ws);
END
$$;

-- Nothing to read

SELECT coachdiag.create_workspace('ops');
SELECT lives_ok($$CALL coachdiag.refresh('ops')$$, 'an empty workspace can be refreshed');
SELECT is((SELECT count(*) FROM ops.stored_panel), 0::bigint, 'and has no panels');
SELECT throws_ok($$CALL coachdiag.refresh('nowhere')$$, '3F000', NULL, 'no such workspace is an error');
SELECT throws_ok($$CALL coachdiag.refresh('ops', 'infinity')$$, '22008', NULL, 'since must be a day');

-- Values, against plain SQL over the sources

SELECT fill('ops');
CALL coachdiag.refresh('ops');
SELECT results_eq(
	$$SELECT team, metric, month, agent, period, contact_type, weight, round(mean::numeric, 10), round(target::numeric, 10), hired_on
		FROM cells('ops') WHERE weight > 0 ORDER BY 1, 2, 4, 5, 6$$,
	$$SELECT s.team, metric, date_trunc('month', period)::date, agent_id::text, period, contact_type, volume,
			round((CASE scale WHEN 'log' THEN ln(value) ELSE value END)::numeric, 10),
			round((CASE scale WHEN 'log' THEN ln(m.target) ELSE m.target END)::numeric, 10), hired_on
		FROM ops.agent_metric r JOIN ops.metric m USING (metric) JOIN ops.assignment s USING (agent_id) JOIN ops.agent USING (agent_id)
		ORDER BY 1, 2, agent_id::text, 5, 6$$,
	'each row is a cell of its team, metric and month, value and target on the scale of the metric');
SELECT is((SELECT sum(rows) FROM ops.stored_panel), 832::numeric, 'rows counts the source rows');
SELECT is_empty($$SELECT * FROM left_out('ops')$$, 'a clean workspace has nothing left out');
SELECT results_eq('SELECT metric, higher_is_better, target, smallest_effect, unit, scale, period_step, week_start FROM ops.stored_metric ORDER BY metric',
	$$VALUES ('aht', false, 300::float8, 10::float8, 's', 'log', 'week', 1), ('fcr', true, 0.7, 0.02, '%', 'proportion', 'week', 1),
		('qa', true, 85, 2, 'points', 'identity', 'week', 1)$$, 'metrics are stored, with their period grid');
SELECT results_eq('SELECT * FROM ops.stored_team ORDER BY team',
	$$VALUES ('team 0', 'retail', 'north', 'SUP1'), ('team 1', 'retail', 'north', 'SUP1')$$, 'and so are teams');
SELECT results_eq($$SELECT step FROM ops.refresh_log WHERE run = 2 ORDER BY started$$,
	$$SELECT step FROM (VALUES (0, 'compare'), (89.1, 'periods'), (89.2, 'metrics'), (89.3, 'teams'), (89.4, 'panels')
		UNION ALL SELECT position, name FROM coachdiag.workspace_part WHERE kind <> 'view') s (position, step) ORDER BY position$$,
	'each step is logged, a part of the workspace a step');
SELECT is((SELECT count(*) FROM ops.diagnosis), 6::bigint, 'the result views are refreshed');

-- The same again gives the same; a transaction can be taken back

CREATE TABLE before AS SELECT * FROM ops.stored_panel;
CALL coachdiag.refresh('ops');
SELECT is((SELECT count(*) FROM ops.stored_panel s JOIN before b USING (team, metric, month) WHERE s.panel OPERATOR(coachdiag.=) b.panel AND s.rows = b.rows),
	(SELECT count(*) FROM before), 'a second refresh gives the same panels');
BEGIN;
DELETE FROM ops.agent_metric WHERE period >= '2024-06-01';
DELETE FROM ops.coaching_session WHERE held_at >= '2024-06-01';
CALL coachdiag.refresh('ops');
SELECT is((SELECT max(month) FROM ops.stored_panel), '2024-05-01'::date, 'works inside a transaction; months without rows are gone');

-- ... beside which readers see the old results, and another refresh waits

CREATE FUNCTION other_session() RETURNS text LANGUAGE sql AS $$
	SELECT format('host=%s port=%s dbname=%s user=%s', split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'),
		current_database(), current_user)
$$;
SELECT dblink_connect('reader', other_session()) \g /dev/null
SELECT is((SELECT max FROM dblink('reader', 'SELECT max(month) FROM ops.stored_panel') AS r(max date)), '2024-06-01'::date,
	'until it commits, readers see the old panels');
SELECT dblink_send_query('reader', $$CALL coachdiag.refresh('ops')$$) \g /dev/null
SELECT pg_sleep(1) \g /dev/null
SELECT is((SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted), 1::bigint, 'and another refresh waits for its turn');
ROLLBACK;
SELECT lives_ok($$SELECT * FROM dblink_get_result('reader') AS r(status text)$$, 'until it is done');
SELECT is((SELECT max(month) FROM ops.stored_panel), '2024-06-01'::date, 'a refresh that was taken back leaves no trace');
SELECT dblink_get_result('reader') \g /dev/null
SELECT dblink_exec('reader', 'BEGIN; LOCK TABLE ops.agent_metric IN ACCESS EXCLUSIVE MODE') \g /dev/null
SET lock_timeout = '300ms';
SELECT throws_ok($$CALL coachdiag.refresh('ops')$$, '55P03', NULL, 'who waits for a locked source waits no longer than lock_timeout');
RESET lock_timeout;
SELECT dblink_disconnect('reader') \g /dev/null

-- Teams in force

SELECT coachdiag.create_workspace('teams', 'text');
INSERT INTO teams.metric VALUES ('qa', true, 85);
INSERT INTO teams.assignment (agent_id, team, valid_from, valid_to, supervisor) VALUES
	('moves', 'a', '2024-01-01', '2024-01-15', 'old'), ('moves', 'b', '2024-01-15', NULL, 'new'),
	('overlaps', 'a', '2024-01-01', NULL, NULL), ('overlaps', 'b', '2024-01-08', '2024-01-15', NULL),
	('ties', 'b', '2024-01-01', NULL, 'older'), ('ties', 'a', '2024-01-01', NULL, NULL),
	('daily', 'a', '2024-01-01', '2024-01-02', NULL), ('daily', 'a', '2024-01-02', '2024-01-09', NULL), ('daily', 'b', '2024-01-09', '2024-01-16', NULL),
	('back', 'b', '2024-01-08', '2024-01-01', NULL);
INSERT INTO teams.agent_metric SELECT a, 'qa', date '2024-01-01' + 7 * w, 80
	FROM unnest('{moves,overlaps,ties,daily,back}'::text[]) a, generate_series(0, 3) w;
CALL coachdiag.refresh('teams');
SELECT results_eq($$SELECT agent, string_agg(team, ' ' ORDER BY period) FROM cells('teams') GROUP BY agent ORDER BY agent$$,
	$$VALUES ('daily', 'a a b'), ('moves', 'a a b b'), ('overlaps', 'a b a a'), ('ties', 'a a a a')$$,
	'a row goes to the team in force on its period: valid_to exclusive; the assignment that began last, then the first team by name');
SELECT results_eq($$SELECT * FROM left_out('teams')$$, $$VALUES ('agent in no team at that time', 5::bigint)$$, 'a row in no team is left out and counted');
SELECT is((SELECT supervisor FROM teams.stored_team WHERE team = 'b'), 'new', 'a team has the supervisor of its latest assignment');

-- Rows that cannot be used, weights, targets

SELECT coachdiag.create_workspace('odd', 'uuid');
INSERT INTO odd.metric VALUES ('qa', true, 85, NULL, NULL, NULL), ('aht', false, 300, NULL, NULL, 'log'), ('fcr', true, 0.7, NULL, NULL, 'proportion'), ('new', true, 1, NULL, NULL, 'percent');
INSERT INTO odd.assignment SELECT md5(a::text)::uuid, 'a', '2024-01-01' FROM generate_series(1, 4) a;
ALTER TABLE odd.agent_metric ALTER value DROP NOT NULL, ALTER period DROP NOT NULL;
INSERT INTO odd.agent_metric SELECT md5(v.agent::text)::uuid, v.metric, v.period, v.value, v.volume, v.contact_type, v.target FROM (VALUES
	(1, 'qa', date '2024-01-01', 80::float8, NULL::float8, NULL::text, NULL::float8), (1, 'qa', '2024-01-08', 80, 3, NULL, 90),
	(2, 'qa', '2024-01-01', 70, 1, 'x', NULL), (2, 'qa', '2024-01-01', 90, 3, 'x', NULL),
	(3, 'qa', '2024-01-01', 'NaN', 1, NULL, NULL), (3, 'qa', '2024-01-01', 'Infinity', 1, NULL, NULL), (3, 'qa', '2024-01-01', 1e101, 1, NULL, NULL),
	(3, 'qa', '2024-01-01', 80, -1, NULL, NULL), (3, 'qa', '2024-01-01', 80, 'NaN', NULL, NULL), (3, 'qa', '2024-01-01', 80, 0, NULL, NULL),
	(3, 'qa', '2024-01-01', NULL, 1, NULL, NULL), (3, 'qa', NULL, 80, 1, NULL, NULL), (3, 'qa', '-infinity', 80, 1, NULL, NULL),
	(3, 'aht', '2024-01-01', 0, 1, NULL, NULL), (3, 'aht', '2024-01-01', -5, 1, NULL, NULL), (3, 'fcr', '2024-01-01', 1.01, 1, NULL, NULL),
	(3, 'fcr', '2024-01-01', -0.01, 1, NULL, NULL), (3, 'other', '2024-01-01', 1, 1, NULL, NULL), (3, 'new', '2024-01-01', 1, 1, NULL, NULL),
	(5, 'qa', '2024-01-01', 80, 1, NULL, NULL), (4, 'qa', '2023-12-25', 80, 1, NULL, NULL),
	(4, 'aht', '2024-01-01', 300, 1, NULL, -1), (4, 'fcr', '2024-01-01', 0, 1, NULL, 'NaN'), (4, 'fcr', '2024-01-08', 1, 1, NULL, 7)
	) AS v(agent, metric, period, value, volume, contact_type, target);
CALL coachdiag.refresh('odd');
SELECT set_eq($$SELECT * FROM left_out('odd')$$, $$VALUES
	('value not a finite number, or beyond 1e30', 3::bigint), ('volume negative, not a finite number, or beyond 1e15', 2), ('nothing measured', 2),
	('agent, metric or period missing', 1), ('period outside the years 1 to 9999', 1), ('value not above 0 on a log scale', 2),
	('proportion outside 0 to 1', 2), ('metric unknown', 1), ('scale of the metric unknown', 1), ('agent in no team at that time', 2)$$,
	'rows that cannot be used are counted by reason');
SELECT set_eq($$SELECT agent, metric, period, contact_type, weight, mean, target FROM cells('odd')$$,
	$$SELECT md5(v.agent::text)::uuid::text, v.metric, v.period, v.contact_type, v.weight, v.mean, v.target FROM (VALUES
		(1, 'qa', date '2024-01-01', NULL, 1::float8, 80::float8, 85::float8), (1, 'qa', '2024-01-08', NULL, 3, 80, 90),
		(2, 'qa', '2024-01-01', 'x', 4, 85, 85), (4, 'aht', '2024-01-01', NULL, 1, ln(300::float8), NULL), (4, 'fcr', '2024-01-01', NULL, 1, 0, NULL),
		(4, 'fcr', '2024-01-08', NULL, 1, 1, NULL)) AS v(agent, metric, period, contact_type, weight, mean, target)$$,
	'no volume weighs 1, the target of a row goes first, duplicates merge by volume, an impossible target is none');
\set output `psql -XqAt -d :DBNAME -c "CALL coachdiag.refresh('odd')" 2>&1`
SELECT is(regexp_count(:'output', 'WARNING'), 1, 'one warning tells of them');
SELECT ok(:'output' LIKE '%15 source rows could not be used%beside 7 that were%HINT:%check_sources%', 'with the total of rows that carried something, and the hint');
SELECT ok(:'output' LIKE '%panels%rows, all periods,%ms%', 'a notice a step says what was done and how long it took');
INSERT INTO odd.metric VALUES ('qa', false, 1);
SELECT throws_ok($$CALL coachdiag.refresh('odd')$$, '21000', NULL, 'a metric with two definitions is an error');

-- Coaching dose

SELECT coachdiag.create_workspace('dose');
UPDATE dose.settings SET time_zone = 'UTC';
INSERT INTO dose.metric VALUES ('week', true, 1), ('day', true, 1), ('month', true, 1), ('unused', true, 1);
INSERT INTO dose.assignment VALUES (1, 'a', '2024-01-01', '2024-02-14'), (1, 'b', '2024-02-14', NULL), (2, 'a', '2024-01-01', NULL);
INSERT INTO dose.agent VALUES (2, '2023-05-01');
INSERT INTO dose.agent_metric
	SELECT 1, 'week', date '2024-01-03' + 7 * w, 1, 1 FROM generate_series(0, 20) w UNION ALL
	SELECT 1, 'day', date '2024-01-01' + d, 1, 1 FROM generate_series(0, 100) d UNION ALL
	SELECT 1, 'month', date '2024-01-01' + m * interval '1 month', 1, 1 FROM generate_series(0, 5) m;
INSERT INTO dose.coaching_session (session_id, agent_id, coach_id, held_at, status, metric, duration_minutes, recognition, action, not_coachable_reason) VALUES
	(1, 1, 9, '2024-01-09 10:00+00', 'held', 'week', 30, NULL, NULL, NULL),		-- Tuesday: the week from Wednesday the 3rd
	(2, 1, 9, '2024-02-13 10:00+00', NULL, 'week', NULL, true, 'try it', NULL),	-- the last day in team a
	(3, 1, 8, '2024-02-14 10:00+00', 'held', 'week', 10, NULL, NULL, NULL),		-- the first in team b
	(3, 1, 8, '2024-02-14 10:00+00', 'held', 'week', 10, NULL, NULL, NULL),		-- delivered twice
	(4, 2, 9, '2024-03-31 23:30+00', 'held', NULL, 45, false, NULL, NULL),			-- about everything, of an agent without rows
	(5, 2, 9, '2024-03-01 10:00+00', 'cancelled', 'week', 30, NULL, NULL, NULL),
	(6, 2, 9, NULL, 'planned', 'week', 30, NULL, NULL, NULL),
	(7, 2, 9, '2024-03-01 10:00+00', 'held', 'week', 30, true, NULL, NULL),
	(8, 2, 9, '2024-03-01 10:00+00', 'held', 'week', 30, NULL, NULL, 'system issue'),
	(9, 2, 9, '2024-03-01 10:00+00', 'held', 'attendance', 30, NULL, NULL, NULL),
	(10, 3, 9, '2024-03-01 10:00+00', 'held', 'week', 30, NULL, NULL, NULL),
	(11, 2, 9, '2999-03-01 10:00+00', 'held', 'week', 30, NULL, NULL, NULL);
CALL coachdiag.refresh('dose');
SELECT results_eq('SELECT metric, period_step, week_start FROM dose.stored_metric ORDER BY metric',
	$$VALUES ('day', 'day', NULL::int), ('month', 'month', NULL), ('unused', NULL, NULL), ('week', 'week', 3)$$, 'the grid of each metric is found');
SELECT set_eq($$SELECT team, metric, month, agent, period, sessions, minutes, coach, hired_on FROM cells('dose') WHERE sessions > 0$$,
	$$VALUES ('a', 'week', date '2024-01-01', '1', date '2024-01-03', 1::float8, 30::float8, '9', NULL::date),
		('a', 'week', '2024-02-01', '1', '2024-02-07', 1, 0, '9', NULL), ('b', 'week', '2024-02-01', '1', '2024-02-14', 1, 10, '8', NULL),
		('a', 'week', '2024-03-01', '2', '2024-03-27', 1, 45, '9', '2023-05-01'), ('a', 'day', '2024-03-01', '2', '2024-03-31', 1, 45, '9', '2023-05-01'),
		('a', 'month', '2024-03-01', '2', '2024-03-01', 1, 45, '9', '2023-05-01')$$,
	'sessions held count once, at the period of each metric they were about, in the team of that day; recognition alone, nothing coachable, not held: no dose');
SELECT is((SELECT sum(weight) FROM cells('dose') WHERE agent = '2'), 0::float8, 'they are no observations');
SELECT set_eq($$SELECT * FROM left_out('dose')$$, $$VALUES ('session: metric unknown', 1::bigint), ('session: agent in no team at that time', 1), ('session: held in the future', 1)$$,
	'sessions that cannot be placed are counted');
UPDATE dose.settings SET time_zone = 'Asia/Tokyo';
CALL coachdiag.refresh('dose');
SELECT set_eq($$SELECT metric, period FROM cells('dose') WHERE agent = '2'$$, $$VALUES ('week', date '2024-03-27'), ('day', '2024-04-01'), ('month', '2024-04-01')$$,
	'the day of a session is that of the time zone of the workspace');

-- Odd rows stop nothing, in whatever order they come
SELECT coachdiag.create_workspace('strange');
SELECT fill('strange');
UPDATE strange.agent_metric SET value = 1e80 WHERE agent_id = 1 AND period = '2024-02-05';
UPDATE strange.agent_metric SET target = 1e160 WHERE agent_id = 2 AND period = '2024-02-05';
UPDATE strange.agent_metric SET volume = 1e40 WHERE agent_id = 3 AND period = '2024-02-05';
UPDATE strange.agent_metric SET value = 1e29, target = -1e29 WHERE agent_id = 4 AND period = '2024-02-05' AND metric = 'qa';
INSERT INTO strange.metric (metric, higher_is_better, target, smallest_effect) VALUES ('far', true, 1e120, 1);
SELECT lives_ok($$CALL coachdiag.refresh('strange')$$, 'numbers of any size stop no refresh');
SELECT is((SELECT target FROM strange.stored_metric WHERE metric = 'far'), NULL, 'one that cannot be meant is not used');
INSERT INTO strange.coaching_session (session_id, agent_id, coach_id, held_at, metric, duration_minutes, behaviour) VALUES
	(8888, 1, 901, '2024-03-05 10:00+00', 'qa', 30, 'Listening'), (8888, 1, 901, '2024-03-05 10:00+00', 'qa', 30, 'Access rights');
CALL coachdiag.refresh('strange');
SELECT is((SELECT behaviour FROM strange.stored_coaching_session WHERE session_id = '8888'), 'Access rights', 'of two rows of a session that differ in nothing that orders them');
DELETE FROM strange.coaching_session WHERE session_id = 8888;
INSERT INTO strange.coaching_session (session_id, agent_id, coach_id, held_at, metric, duration_minutes, behaviour) VALUES
	(8888, 1, 901, '2024-03-05 10:00+00', 'qa', 30, 'Access rights'), (8888, 1, 901, '2024-03-05 10:00+00', 'qa', 30, 'Listening');
CALL coachdiag.refresh('strange');
SELECT is((SELECT behaviour FROM strange.stored_coaching_session WHERE session_id = '8888'), 'Access rights', 'the same one is taken, whichever came first');
SET datestyle = 'SQL, YMD';
SELECT lives_ok($$CALL coachdiag.refresh('strange', rebuild => true)$$, 'whatever way the session writes dates');
SELECT lives_ok($$SELECT count(*) FROM coachdiag.check_sources('strange')$$, 'check_sources, too');
RESET datestyle;

INSERT INTO strange.metric (metric, higher_is_better, target, scale) VALUES ('time', false, 300, 'Log');
INSERT INTO strange.agent_metric SELECT agent_id, 'time', period, value, volume, NULL FROM strange.agent_metric WHERE metric = 'qa';
INSERT INTO strange.coaching_session (session_id, agent_id, coach_id, held_at, metric) VALUES (8889, 1, 901, '2024-03-05 10:00+00', 'time'), (8890, 1, 901, '2024-03-12 10:00+00', NULL);
SELECT lives_ok($$CALL coachdiag.refresh('strange')$$, 'a metric of an unknown scale that sessions are about stops no refresh');
SELECT is_empty($$SELECT FROM strange.stored_panel WHERE metric = 'time'$$, 'it is left out');

-- Numbers and dates that cannot be meant, in every column of the contract that can hold one

SELECT coachdiag.create_workspace('extreme');
SELECT fill('extreme');
INSERT INTO extreme.coach SELECT c FROM generate_series(903, 920) c;
INSERT INTO extreme.coach_week SELECT c, date '2024-01-01' + 7 * w, 8, 2400, 300 FROM generate_series(901, 902) c, generate_series(0, 25) w;
INSERT INTO extreme.agent_week SELECT a, date '2024-01-01' + 7 * w, 2400, 0.8, 30 FROM generate_series(1, 8) a, generate_series(0, 25) w;
INSERT INTO extreme.contact (contact_id, agent_id, started_at, contact_type, handle_seconds, csat) SELECT i, 1 + i % 8, timestamptz '2024-01-02' + i * interval '5 hours', 'bill', 300 + i % 60, i % 5 FROM generate_series(1, 400) i;
INSERT INTO extreme.contact_event (contact_id, step, started_at, ended_at, agent_id, kind) SELECT contact_id, 'ask', started_at, started_at + interval '2 min', 901, 'escalation' FROM extreme.contact;
INSERT INTO extreme.intervention (intervention_id, started_on, kind) SELECT 'i' || i, '2024-04-01', 'other' FROM generate_series(1, 9) i;
UPDATE extreme.coaching_session SET agent_rating = 3 + agent_id % 3, scheduled_at = held_at, follow_up_due = held_at::date + 7, followed_up_at = held_at + interval '6 days';
CREATE FUNCTION spoil(relation text, column_name text, value text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('UPDATE extreme.%1$I SET %2$I = %3$L WHERE ctid = (SELECT ctid FROM extreme.%1$I r ORDER BY md5(r::text || %3$L), ctid LIMIT 1)', relation, column_name, value);
END
$$;
SELECT spoil(c.relation, c.column_name, v.value)
FROM coachdiag.contract() c JOIN (VALUES ('double precision', '{1e308,1e200,-1e31,Infinity,NaN,1e30}'::text[]), ('date', '{5874897-12-31,4713-01-01 BC,infinity,-infinity}'),
	('timestamptz', '{294276-12-31 23:59+00,4713-01-01 00:00+00 BC,infinity,-infinity}')) k (type, values) ON k.type = c.type
	CROSS JOIN LATERAL unnest(k.values) v (value)
WHERE c.relation NOT IN ('metric', 'assignment', 'agent_metric') \g /dev/null
INSERT INTO extreme.assignment SELECT agent_id, 'team 2', v, w FROM extreme.agent CROSS JOIN (VALUES (date '4713-01-01 BC', date '2020-01-01'), ('5874897-01-01', '5874897-12-31'), ('2030-01-01', '5874897-12-31')) d (v, w) WHERE agent_id <= 3;
INSERT INTO extreme.agent_metric SELECT agent_id, 'qa', v, 80 FROM extreme.agent CROSS JOIN unnest('{5874897-12-31,4713-01-01 BC,infinity,-infinity}'::date[]) v;
SELECT lives_ok($$CALL coachdiag.refresh('extreme')$$, 'whatever a column can hold, it stops no refresh');
SELECT lives_ok($$CALL coachdiag.refresh('extreme')$$, 'nor the next');
SELECT set_eq($$SELECT relation || '.' || regexp_replace(problem, ' .*', '') FROM coachdiag.check_sources('extreme') WHERE problem LIKE '%outside the years%' AND severity = 'warning' AND problem NOT LIKE 'left out%'$$,
	$$SELECT relation || '.' || column_name FROM coachdiag.contract() WHERE type IN ('date', 'timestamptz') AND relation <> 'agent_metric'$$, 'check_sources names each column with a date that is not used');
SELECT set_eq($$SELECT relation || '.' || regexp_replace(problem, ' .*', '') FROM coachdiag.check_sources('extreme') WHERE problem LIKE '%beyond 1e30' AND severity = 'warning'$$,
	$$SELECT relation || '.' || column_name FROM coachdiag.contract() WHERE type = 'double precision' AND relation NOT IN ('metric', 'agent_metric')$$, 'and each with a number that is not');
SELECT is((SELECT max(direct_reports) FROM extreme.stored_coach_week), 1e30::float8, 'numbers up to 1e30 are used');
UPDATE extreme.agent_metric SET volume = CASE WHEN agent_id = 1 THEN 1e15 ELSE 1e-9 END WHERE metric = 'aht' AND contact_type = 'bill' AND period < '2024-02-05';
SELECT lives_ok($$CALL coachdiag.refresh('extreme')$$, 'volumes of 1e15 and 1e-9 side by side');
SELECT throws_ok($$UPDATE extreme.settings SET as_of = '5874897-12-31'$$, '23514', NULL, 'settings take no such day');
SELECT throws_ok($$UPDATE extreme.settings SET diagnosis_months = 2147483647$$, '23514', NULL, 'and no such span');

-- since

SELECT coachdiag.create_workspace('inc');
SELECT fill('inc');
CALL coachdiag.refresh('inc');
CREATE TABLE old AS SELECT * FROM inc.stored_panel;
UPDATE inc.agent_metric SET value = value * 0.9;
DELETE FROM inc.agent_metric WHERE metric = 'qa' AND period >= '2024-05-01';
CALL coachdiag.refresh('inc', '2024-05-06');
SELECT is((SELECT count(*) FROM inc.stored_panel s JOIN old o USING (team, metric, month, refreshed_at)), 4 * 6::bigint, 'since leaves earlier months alone');
SELECT is_empty($$SELECT FROM inc.stored_panel s JOIN old o USING (team, metric, month, refreshed_at) WHERE s.month >= '2024-05-01'$$, 'changes those from its period on');
SELECT is((SELECT max(month) FROM inc.stored_panel WHERE metric = 'qa'), '2024-04-01'::date, 'and drops those that have no more rows');
CREATE TABLE partly AS SELECT * FROM inc.stored_panel;
CALL coachdiag.refresh('inc', '2024-01-01');
CREATE TABLE from_start AS SELECT * FROM inc.stored_panel;
CALL coachdiag.refresh('inc');
SELECT is((SELECT count(*) FROM inc.stored_panel s JOIN from_start f USING (team, metric, month) WHERE s.panel OPERATOR(coachdiag.=) f.panel),
	(SELECT count(*) FROM inc.stored_panel), 'since the first day equals a rebuild');
SELECT is((SELECT count(*) FROM inc.stored_panel s JOIN partly p USING (team, metric, month) WHERE month >= '2024-05-01' AND s.panel OPERATOR(coachdiag.=) p.panel),
	(SELECT count(*) FROM partly WHERE month >= '2024-05-01'), 'and what since has changed equals a rebuild');
INSERT INTO inc.coaching_session (session_id, agent_id, coach_id, held_at, metric) VALUES (9999, 1, 901, '2024-05-02 10:00+00', 'aht');
CALL coachdiag.refresh('inc', '2024-05-02');
SELECT is((SELECT sum(sessions) FROM cells('inc') WHERE agent = '1' AND period = '2024-04-29'), 1::float8,
	'the week around since is read from its beginning');
UPDATE inc.metric SET target = 310 WHERE metric = 'aht';
CALL coachdiag.refresh('inc', '2024-06-01');
SELECT is((SELECT array_agg(DISTINCT round(exp(target))) FROM cells('inc') WHERE metric = 'aht' AND weight > 0), '{310}', 'a changed target rebuilds every panel');

-- Sources as views of other types, optional ones missing

CREATE TABLE public.facts AS SELECT 'A' || agent_id AS agent_id, metric, period::timestamp AS period, value::numeric AS value FROM inc.agent_metric;
DROP TABLE inc.agent_metric, inc.agent, inc.coaching_session;
CREATE VIEW inc.agent_metric AS SELECT value, metric::varchar(9) COLLATE "POSIX" AS metric, period, agent_id FROM public.facts;
ALTER TABLE inc.assignment ALTER agent_id TYPE text USING 'A' || agent_id;
CALL coachdiag.refresh('inc');
SELECT is((SELECT sum(rows) FROM inc.stored_panel), (SELECT count(*) FROM facts)::numeric, 'views with other types, fewer columns and no optional relations are read');
SELECT results_eq($$SELECT DISTINCT agent FROM cells('inc') ORDER BY 1$$, $$SELECT DISTINCT agent_id FROM facts ORDER BY 1$$, 'with their own ids');
SELECT lives_ok('DROP VIEW inc.agent_metric', 'nothing depends on a source');

-- Each row is read for its period and for its panel, and not once more for what is left out

CREATE SEQUENCE public.scans;
CREATE VIEW inc.agent_metric AS WITH n AS MATERIALIZED (SELECT nextval('public.scans')) SELECT f.* FROM public.facts f CROSS JOIN n;
INSERT INTO facts SELECT 'A0', 'aht', period, value FROM facts WHERE agent_id = 'A1' AND metric = 'aht';
CALL coachdiag.refresh('inc', rebuild => true);
SELECT is((SELECT last_value FROM public.scans), 2::bigint, 'a refresh scans agent_metric twice');
SELECT results_eq($$SELECT * FROM left_out('inc')$$, $$SELECT 'agent in no team at that time', count(*) FROM facts WHERE agent_id = 'A0'$$, 'and has counted what is left out');
DROP VIEW inc.agent_metric;

SET track_functions = 'all';
BEGIN;
SELECT coachdiag.refresh_metrics('inc') \g /dev/null
SELECT cmp_ok(pg_stat_get_xact_function_calls('coachdiag.as_of'::regproc), '<', 5::bigint, 'what the day is, is asked once and not for each period');
COMMIT;
RESET track_functions;

-- A view that fails when read

CREATE VIEW inc.agent_metric AS SELECT agent_id, metric, period, (CASE agent_id WHEN 'A3' THEN 'n/a' ELSE '80' END)::float8 AS value FROM public.facts;
\set output `psql -XqAt -v VERBOSITY=verbose -d :DBNAME -c "CALL coachdiag.refresh('inc')" 2>&1`
SELECT matches(:'output'::text, 'ERROR: +22P02: invalid input syntax for type double precision: "n/a"\nDETAIL: [^\n]*\nHINT: [^\n]*check_sources\(''inc''\) names the source', 'the error is that of the view, with where to see which');
SELECT ok(length(:'output') < 3000, 'and not lost in pages of SQL');

-- A history that is larger than a panel may be

CREATE FUNCTION too_large() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'panel is too large' USING ERRCODE = 'program_limit_exceeded', HINT = 'Make smaller panels'; END $$;
CREATE TRIGGER too_large BEFORE INSERT ON ops.stored_history FOR EACH ROW WHEN (NEW.team = 'team 1' AND NEW.metric = 'aht') EXECUTE FUNCTION too_large();
DELETE FROM ops.agent_metric WHERE metric = 'aht' AND agent_id = '1';
TRUNCATE ops.stored_history;
\set output `psql -XqAt -v VERBOSITY=verbose -d :DBNAME -c "CALL coachdiag.refresh('ops', rebuild => true)" 2>&1`
SELECT matches(:'output'::text, 'ERROR: +54000: panel is too large\nDETAIL: +The largest history is that of team "team 1" and metric "aht": about \d+ cells\nHINT: +Make smaller teams', 'the error names team and metric');

SELECT * FROM finish();
