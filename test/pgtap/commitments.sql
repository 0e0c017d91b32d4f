-- agent_change, commitments, tasks, coaching_history: people who move, leave, are coached by two, in groups, on nothing, or not at all.
\set QUIET on
SET client_min_messages = error;
SET timezone = 'UTC';
SELECT plan(55);

\ir noise.psql

DO $$ BEGIN
	PERFORM coachdiag.create_workspace('ops', 'text'), coachdiag.create_workspace('bare'), coachdiag.create_workspace('none'), coachdiag.create_workspace('empty');
END $$;

-- 30 weeks from Monday 2025-01-06; the last starts on 2025-07-28. Two teams of eight.
INSERT INTO ops.metric (metric, higher_is_better, target, smallest_effect, scale) VALUES ('qa', true, 60, 2, 'identity'), ('aht', false, 310, 60, 'log');
CREATE TABLE person AS SELECT t || lpad(i::text, 2, '0') AS agent, t, i, i + CASE t WHEN 'A' THEN 0 ELSE 20 END AS no FROM unnest('{A,B}'::text[]) t, generate_series(1, 8) i;
INSERT INTO ops.agent SELECT agent, date '2023-01-02', CASE agent WHEN 'A05' THEN date '2025-06-30' END FROM person;
INSERT INTO ops.assignment (agent_id, team, valid_from, valid_to, program, site)
SELECT agent, CASE t WHEN 'A' THEN 'Alpha' ELSE 'Beta' END, date '2023-01-02', CASE agent WHEN 'A03' THEN date '2025-05-05' WHEN 'A05' THEN date '2025-07-01' END, 'retail', 'north' FROM person
UNION ALL VALUES ('A03', 'Beta', date '2025-05-05', NULL::date, 'retail', 'north'), ('B03', 'Alpha', '2025-03-03', NULL, 'retail', 'north');
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume)
SELECT agent, 'qa', date '2025-01-06' + 7 * w, 80 + no % 4 + 2 * noise(no, w, 5) + noise(ascii(t), w, 2)
	+ CASE WHEN agent IN ('A01', 'A02') AND w > 24 THEN 12 WHEN agent = 'B02' AND w > 22 THEN -12 ELSE 0 END, 5
FROM person, generate_series(0, 29) w WHERE agent <> 'A05' OR w < 25
UNION ALL
SELECT agent, 'aht', date '2025-01-06' + 7 * w, CASE agent WHEN 'B06' THEN 400 WHEN 'B05' THEN 400 ELSE 300 END + 8 * noise(no, w, 6), 40
FROM person, generate_series(0, 29) w WHERE agent <> 'A05' OR w < 25;

INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, scheduled_at, status, metric, kind, behaviour, action, follow_up_due, followed_up_at, recognition) VALUES
	('1', 'A01', 'C1', '2025-06-24 10:00Z', NULL, 'held', 'qa', 'scheduled', 'probing', 'ask twice', '2025-07-01', '2025-06-30 09:00Z', NULL),
	('2', 'A02', 'C1', '2025-06-24 11:00Z', NULL, 'held', 'qa', 'scheduled', 'probing', 'ask twice', '2025-07-01', '2025-07-08 09:00Z', NULL),
	('3', 'A02', 'C1', '2025-07-15 11:00Z', NULL, 'held', 'qa', 'scheduled', NULL, NULL, NULL, NULL, true),
	('4', 'A03', 'C1', '2025-05-02 10:00Z', NULL, 'held', 'qa', 'scheduled', 'probing', 'ask twice', '2025-05-20', NULL, NULL),
	('5', 'A04', 'C1', '2025-06-10 10:00Z', NULL, 'held', 'qa', 'scheduled', 'probing', NULL, '2025-08-02', NULL, NULL),
	('6', 'A04', 'C2', '2025-06-11 10:00Z', NULL, 'held', 'qa', 'real_time', 'probing', 'mirror', NULL, NULL, NULL),
	('7', 'A05', 'C1', '2025-06-20 10:00Z', NULL, 'held', 'qa', 'scheduled', 'probing', 'ask twice', '2025-07-10', NULL, NULL),
	('8', 'A05', 'C1', '2025-07-07 10:00Z', NULL, 'held', 'qa', 'scheduled', 'probing', NULL, NULL, NULL, NULL),
	('9', 'A06', 'C1', '2025-06-03 10:00Z', NULL, 'held', NULL, 'group', 'openings', NULL, NULL, NULL, NULL),
	('9', 'B01', 'C1', '2025-06-03 10:00Z', NULL, 'held', NULL, 'group', 'openings', NULL, NULL, NULL, NULL),
	('10', 'B02', 'C2', '2025-06-10 10:00Z', NULL, 'held', 'qa', 'scheduled', 'probing', NULL, NULL, NULL, NULL),
	('11', 'B05', 'C2', '2025-04-01 10:00Z', NULL, 'held', 'aht', 'scheduled', 'wrap-up', NULL, NULL, NULL, NULL),
	('12', 'B05', 'C2', '2025-05-06 10:00Z', NULL, 'held', 'aht', 'scheduled', 'wrap-up', NULL, NULL, NULL, NULL),
	('13', 'B05', 'C2', '2025-06-10 10:00Z', NULL, 'held', 'aht', 'scheduled', 'wrap-up', NULL, NULL, NULL, NULL),
	('14', 'B06', 'C2', '2025-06-10 10:00Z', NULL, 'held', 'aht', 'scheduled', 'wrap-up', NULL, NULL, NULL, NULL),
	('15', 'B06', 'C2', NULL, '2025-07-29 10:00Z', 'cancelled', 'aht', 'scheduled', 'wrap-up', 'not a promise', '2025-07-30', NULL, NULL),
	('16', 'B07', 'C2', '2025-06-12 10:00Z', NULL, 'held', 'qa', 'scheduled', 'probing', 'old one', NULL, NULL, NULL);
CALL coachdiag.refresh('ops');

-- agent_change
SELECT is((SELECT day FROM ops.data_until), date '2025-07-28', 'the last day with data');
SELECT is((SELECT conclusion FROM ops.agent_change WHERE agent_id = 'A01' AND metric = 'qa'), 'improved', 'twelve points up is an improvement');
SELECT is((SELECT conclusion FROM ops.agent_change WHERE agent_id = 'B02' AND metric = 'qa'), 'worse', 'twelve points down is not');
SELECT ok(improvement BETWEEN 7 AND 15 AND ci_low < improvement AND improvement < ci_high AND abs(observed - expected - improvement) < 1e-9, 'improvement is observed less expected, within its interval')
FROM ops.agent_change WHERE agent_id = 'A01' AND metric = 'qa';
SELECT ok(improvement < -7 AND abs(observed - expected - improvement) < 1e-9, 'worse is negative') FROM ops.agent_change WHERE agent_id = 'B02' AND metric = 'qa';
SELECT ok(abs(expected - observed - improvement) < 1e-9 AND observed BETWEEN 380 AND 420, 'where lower is better, less than expected is positive; seconds, not logarithms')
FROM ops.agent_change WHERE agent_id = 'B06' AND metric = 'aht';
SELECT results_eq($$SELECT period, sessions, periods_after FROM ops.agent_change WHERE agent_id = 'A04' AND metric = 'qa'$$, $$VALUES (date '2025-06-09', 2::float8, 4)$$,
	'two coaches in one week: one row, two sessions');
SELECT results_eq($$SELECT metric, agent_id FROM ops.agent_change WHERE period = '2025-06-02' ORDER BY 1, 2$$, $$VALUES ('aht', 'A06'), ('aht', 'B01'), ('qa', 'A06'), ('qa', 'B01')$$,
	'a group session on no metric is one of each participant on each metric');
SELECT results_eq($$SELECT team, periods_after, conclusion, reason FROM ops.agent_change WHERE agent_id = 'A03'$$,
	$$VALUES ('Alpha', 0, 'cannot_tell', 'the agent was not seen in this team after the session')$$, 'who moves right after a session is not judged against new team mates');
SELECT is((SELECT count(*)::int FROM ops.agent_change WHERE agent_id = 'A05' AND period > '2025-06-30'), 0, 'a session after leaving is not in any panel');
SELECT is((SELECT count(*)::int FROM ops.agent_change WHERE agent_id = 'B04'), 0, 'never coached: no row');
SELECT results_eq($$SELECT period, cycles FROM ops.agent_change WHERE agent_id = 'B05' ORDER BY 1$$, $$VALUES (date '2025-03-31', 1), ('2025-05-05', 2), ('2025-06-09', 3)$$, 'cycles are counted');
SELECT ok(cycles_low < cycles_improvement AND cycles_improvement < cycles_high AND cycles_high - cycles_low < ci_high - ci_low, 'three cycles are surer than one')
FROM ops.agent_change WHERE agent_id = 'B05' AND period = '2025-06-09';

-- The function alone
CREATE FUNCTION changes(p coachdiag.panel[], h int DEFAULT 4) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', unit, agent, period, sessions, periods_before, periods_after, conclusion) FROM coachdiag.agent_change(ARRAY['x', 'y'], p, true, horizon => h)
$$;
CREATE TABLE months AS SELECT coachdiag.panel(80 + noise(a, m, 1), NULL, a::bigint, (date '2024-01-01' + make_interval(months => m))::date, 1, NULL, (a = 3 AND m IN (8, 14))::int, NULL, NULL::text, NULL::date) AS p
FROM generate_series(1, 5) a, generate_series(0, 19) m;
SELECT results_eq($$SELECT changes(ARRAY[NULL, p]) FROM months$$, $$VALUES ('y 3 2024-09-01 1 9 4 cannot_tell'), ('y 3 2025-03-01 1 15 4 cannot_tell')$$, 'months are periods; a NULL panel is skipped');
SELECT results_eq($$SELECT changes(ARRAY[p, NULL], 2) FROM months$$, $$VALUES ('x 3 2024-09-01 1 9 2 cannot_tell'), ('x 3 2025-03-01 1 15 2 cannot_tell')$$, 'the horizon is chosen');
SELECT throws_ok($$SELECT changes(ARRAY[p], 4) FROM months$$, '2202E', 'units and panels must be arrays of the same length');
SELECT throws_ok($$SELECT changes(ARRAY[p, p], 27) FROM months$$, '22023', 'horizon must be between 1 and 26 periods');
SELECT is_empty($$SELECT coachdiag.agent_change(NULL, NULL, true)$$, 'NULL: no rows');
SELECT is_empty($$SELECT coachdiag.agent_change(ARRAY['x'], ARRAY[coachdiag.panel(1, NULL, 1::bigint, date '2025-01-06')], true)$$, 'no session: no rows');
SELECT results_eq($$SELECT conclusion, improvement FROM months, coachdiag.agent_change(ARRAY['x'], ARRAY[p], true, smallest_effect => 50) LIMIT 1$$,
	$$SELECT 'same', improvement FROM months, coachdiag.agent_change(ARRAY['x'], ARRAY[p], NULL) LIMIT 1$$, 'same needs a smallest effect; direction NULL: higher is better');

-- commitments
SELECT results_eq($$SELECT session_id::int, agent_id, status, days_overdue FROM ops.commitments ORDER BY 1$$, $$VALUES
	(1, 'A01', 'kept', NULL::int), (2, 'A02', 'kept_late', 7), (4, 'A03', 'overdue', 69), (5, 'A04', 'open', NULL), (6, 'A04', 'no_due_date', NULL), (7, 'A05', 'agent_left', NULL), (16, 'B07', 'no_due_date', NULL)$$,
	'what became of each promise; a session that was not held promises nothing');
SELECT is((SELECT team || ' ' || agreed_in_team FROM ops.commitments WHERE agent_id = 'A03'), 'Beta Alpha', 'a promise follows the agent to the new team');
SELECT is((SELECT DISTINCT as_of FROM ops.commitments), date '2025-07-28', 'as of the last day with data');

-- tasks
SELECT results_eq($$SELECT agent_id, metric, task, session_id, coach_id FROM ops.tasks ORDER BY 1, 2, 3, 4$$, $$VALUES
	('A01', 'qa', 'recognition', '1', 'C1'), ('A03', 'qa', 'follow_up', '4', 'C1'), ('A04', 'qa', 'follow_up', '5', 'C1'), ('A04', 'qa', 'follow_up', '6', 'C2'),
	('B05', 'aht', 'stop_coaching', '13', 'C2'), ('B06', 'aht', 're_coach', '14', 'C2'), ('B07', 'qa', 'follow_up', '16', 'C2')$$,
	'who needs what: not who was recognised already, who left, who is on target or whose change is open');
SELECT is((SELECT team FROM ops.tasks WHERE agent_id = 'A03'), 'Beta', 'a task is in the team where the agent is now');
SELECT matches((SELECT reason FROM ops.tasks WHERE agent_id = 'B05'), 'three cycles', 'why stop');
SELECT results_eq($$SELECT conclusion FROM ops.tasks WHERE agent_id IN ('B05', 'B06') ORDER BY agent_id$$, ARRAY['same', 'same'], 'both did not move');
SELECT ok(improvement IS NULL AND due_on = '2025-05-20' AND days_overdue = 69, 'a follow-up has its day') FROM ops.tasks WHERE agent_id = 'A03';

-- coaching_history
CREATE FUNCTION history(agent text, of_metric text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', day, event, team, metric, periods_before, periods_after) FROM ops.coaching_history WHERE agent_id = agent AND metric = of_metric ORDER BY day, event, session_id
$$;
SELECT results_eq($$SELECT history('A03', 'qa')$$, ARRAY['2023-01-02 hired Alpha qa 0 0', '2023-01-02 joined Alpha qa 0 0', '2025-05-02 session Alpha qa 4 4', '2025-05-05 moved Beta qa 4 4'],
	'the history goes on in the new team, before and after in whatever team');
SELECT results_eq($$SELECT history('A05', 'qa')$$, ARRAY['2023-01-02 hired Alpha qa 0 0', '2023-01-02 joined Alpha qa 0 0', '2025-06-20 session Alpha qa 4 1', '2025-06-30 left Alpha qa 3 0', '2025-07-07 session qa 2 0'],
	'to the last day, and a session after it');
SELECT is((SELECT detail FROM ops.coaching_history WHERE session_id = '8'), 'scheduled; agent in no team; probing', 'which says so');
SELECT results_eq($$SELECT day, metric, detail FROM ops.coaching_history WHERE agent_id = 'A06' AND event = 'session' ORDER BY 2$$,
	$$VALUES (date '2025-06-03', 'aht', 'group; openings'), ('2025-06-03', 'qa', 'group; openings')$$, 'a session on no metric: a row per metric');
SELECT results_eq($$SELECT coach_id, detail FROM ops.coaching_history WHERE agent_id = 'A04' AND event = 'session' ORDER BY 1$$,
	$$VALUES ('C1', 'scheduled; probing'), ('C2', 'real_time; probing; agreed: mirror')$$, 'two coaches: two sessions');
SELECT results_eq($$SELECT event, day FROM ops.coaching_history WHERE agent_id = 'A02' AND session_id IS NOT NULL ORDER BY day$$,
	$$VALUES ('session', date '2025-06-24'), ('follow_up', '2025-07-08'), ('recognition', '2025-07-15')$$, 'follow-up and recognition are events');
SELECT is((SELECT event || ' ' || detail FROM ops.coaching_history WHERE session_id = '15'), 'session_not_held cancelled; scheduled; wrap-up; agreed: not a promise', 'what was not held is told too');
SELECT results_eq($$SELECT day, event, team, detail FROM ops.coaching_history WHERE agent_id = 'B03' AND metric = 'qa' AND event IN ('joined', 'moved') ORDER BY 1$$,
	$$VALUES (date '2023-01-02', 'joined', 'Beta', NULL), ('2025-03-03', 'moved', 'Alpha', 'from Beta')$$, 'overlapping assignments: the later one is in force');
SELECT ok(h.after > h.before + 8 AND abs(h.improvement - c.improvement) < 1e-12 AND h.conclusion = 'improved', 'before, after, and what agent_change says')
FROM ops.coaching_history h JOIN ops.agent_change c USING (agent_id, metric) WHERE h.session_id = '1' AND h.event = 'session';
SELECT ok(bool_and(abs(h.before - m.value) < 1e-9), 'before is the mean of four weeks up to and with the session''s')
FROM ops.coaching_history h CROSS JOIN LATERAL (
	SELECT sum(value * volume) / sum(volume) AS value FROM ops.agent_metric a WHERE a.agent_id = h.agent_id AND a.metric = h.metric AND period > h.day - 28 AND period <= h.day
) m WHERE h.event = 'session' AND h.day < '2025-06-30';
SELECT is((SELECT count(*)::int FROM ops.coaching_history WHERE agent_id = 'B04'), 4, 'never coached: hired and joined, on both metrics');

-- An incremental refresh gives the same
CREATE TABLE whole AS SELECT agent_id, metric, period, team, value, sessions FROM ops.agent_period;
CALL coachdiag.refresh('ops', '2025-06-15');
SELECT results_eq('SELECT agent_id, metric, period, team, value, sessions FROM ops.agent_period ORDER BY 1, 2, 3, 4', 'SELECT * FROM whole ORDER BY 1, 2, 3, 4', 'an incremental refresh leaves the same periods');

-- bare: sessions without anything else; integer ids, no agent
DROP TABLE bare.coaching_session, bare.agent;
CREATE TABLE bare.coaching_session (session_id int, agent_id int, coach_id int, held_at timestamptz);
INSERT INTO bare.metric (metric, higher_is_better, target) VALUES ('qa', true, 60);
INSERT INTO bare.assignment (agent_id, team, valid_from) SELECT a, 'T', '2023-01-02' FROM generate_series(1, 6) a;
INSERT INTO bare.agent_metric (agent_id, metric, period, value) SELECT a, 'qa', date '2025-01-06' + 7 * w, 80 + 2 * noise(a, w, 1) + CASE WHEN a = 1 AND w > 20 THEN 12 ELSE 0 END
FROM generate_series(1, 6) a, generate_series(0, 29) w;
INSERT INTO bare.coaching_session VALUES (1, 1, 9, '2025-05-28 10:00Z');
CALL coachdiag.refresh('bare');
SELECT results_eq($$SELECT status, reason FROM bare.commitments$$, $$VALUES ('not_assessed', 'needs coaching_session.action or coaching_session.follow_up_due')$$, 'no promises recorded: not assessed');
SELECT results_eq($$SELECT agent_id, task, reason FROM bare.tasks$$, $$VALUES ('1', 'recognition', 'improved beyond noise since the session; whether anybody said so needs coaching_session.recognition')$$, 'recognition where it isn''t recorded');
SELECT is((SELECT conclusion FROM bare.agent_change), 'improved', 'without a smallest effect an improvement still is one');
SELECT results_eq($$SELECT event, team, detail FROM bare.coaching_history WHERE agent_id = '1' ORDER BY day$$, $$VALUES ('joined', 'T', NULL), ('session', 'T', '')$$, 'a history without details');
ALTER TABLE bare.coaching_session ADD follow_up_due date;
UPDATE bare.coaching_session SET follow_up_due = '2025-06-11';
CALL coachdiag.refresh('bare');
SELECT results_eq($$SELECT status, reason FROM bare.commitments$$, $$VALUES ('not_assessed', 'needs coaching_session.followed_up_at, to know what was kept')$$, 'promises without follow-ups: not assessed');
SELECT is((SELECT count(*)::int FROM bare.tasks WHERE task = 'follow_up'), 0, 'and nobody is asked to follow up');

-- none: no coaching log at all; empty: nothing
DROP TABLE none.coaching_session, none.agent, none.coach;
INSERT INTO none.metric (metric, higher_is_better, target) VALUES ('qa', true, 60);
INSERT INTO none.assignment (agent_id, team, valid_from) SELECT a, 'T', '2023-01-02' FROM generate_series(1, 6) a;
INSERT INTO none.agent_metric (agent_id, metric, period, value) SELECT a, 'qa', date '2025-01-06' + 7 * w, 80 + noise(a, w, 1) FROM generate_series(1, 6) a, generate_series(0, 9) w;
CALL coachdiag.refresh('none');
CALL coachdiag.refresh('empty');
SELECT results_eq('SELECT status FROM none.commitments', ARRAY['not_assessed'], 'no coaching log: not assessed');
SELECT is_empty('SELECT * FROM none.tasks', 'no coaching log: no tasks');
SELECT is_empty('SELECT * FROM none.agent_change', 'no coaching log: no changes');
SELECT is((SELECT count(*)::int FROM none.coaching_history), 6, 'no coaching log: joining is all the history');
SELECT is_empty('SELECT * FROM empty.commitments', 'nothing: no commitments');
SELECT is_empty('SELECT * FROM empty.tasks', 'nothing: no tasks');
SELECT is_empty('SELECT * FROM empty.coaching_history', 'nothing: no history');
SELECT results_eq($$SELECT coachdiag.period_start('2025-07-10', s, 3) FROM unnest('{day,week,month,NULL}'::text[]) s$$, ARRAY[date '2025-07-10', '2025-07-09', '2025-07-01', '2025-07-10'], 'the grid of a metric');
SELECT is((SELECT count(*)::int FROM ops.agent_now), 16, 'everybody is somewhere');

SELECT * FROM finish();
