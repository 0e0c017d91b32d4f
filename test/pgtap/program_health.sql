-- program_health: a healthy programme, and ten in which one reason, and only it, is wrong.
\set QUIET on
SET client_min_messages = error;
SET jit = off;
SELECT plan(48);

-- Uniform on 0 to 1, the same on every machine.
CREATE FUNCTION u(a int, b int, c int) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
	SELECT (hashint8(((a * 1000003::bigint + b) * 1000003 + c)) / 4294967296.0 + 0.5)::double precision
$$;

-- Programme no 0 is healthy, in no N reason N is wrong: three teams with a coach and five agents each, in 2024.
CREATE TABLE centre AS
SELECT no, team, CASE no WHEN 0 THEN 'healthy' ELSE 'reason ' || no END AS program, format('team %s-%s', no, team) AS team_name,
	100 * no + team AS coach, 10000 * (no + 1) + 100 * team + a AS agent, a
FROM generate_series(0, 10) no, generate_series(1, 3) team, generate_series(1, 5) a;

SELECT coachdiag.create_workspace('ops'), coachdiag.create_workspace('bare'), coachdiag.create_workspace('tiny'), coachdiag.create_workspace('edge');
INSERT INTO ops.metric (metric, higher_is_better, target, smallest_effect) VALUES ('qa', true, 85, 2);
INSERT INTO ops.assignment (agent_id, team, valid_from, program) SELECT agent, team_name, '2022-01-03', program FROM centre;
-- One agent of each team leaves; in programme 7 all five under one coach.
INSERT INTO ops.agent SELECT agent, '2022-01-03', CASE WHEN no <> 7 AND a = 5 OR no = 7 AND team = 3 THEN date '2024-08-11' + 7 * a END FROM centre;
-- Agents 1 and 2 of each team are better in the second half of the year.
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume)
SELECT agent, 'qa', date '2024-01-01' + 7 * w, 78 + 6 * u(agent, 1, 0) + 6 * u(agent, 2, w) + CASE WHEN a <= 2 AND w >= 26 THEN 8 ELSE 0 END, 10
FROM centre JOIN ops.agent ON agent_id = agent, generate_series(0, 51) w WHERE left_on IS NULL OR date '2024-01-01' + 7 * w <= left_on;
INSERT INTO ops.coach SELECT DISTINCT coach, date '2020-03-02', CASE WHEN no = 5 AND team < 3 THEN NULL ELSE date '2020-05-04' END FROM centre;
INSERT INTO ops.coach_week
SELECT DISTINCT coach, date '2024-01-01' + 7 * w, CASE WHEN no = 2 THEN 24 ELSE 10 END, 2250, CASE WHEN no = 2 THEN 30 ELSE 200 END + 40 * u(coach, 3, w) FROM centre, generate_series(0, 51) w;
INSERT INTO ops.agent_week
SELECT agent, date '2024-01-01' + 7 * w, 2250, CASE WHEN no = 1 THEN 0.90 ELSE 0.75 END + 0.06 * u(agent, 4, w), CASE WHEN no = 1 THEN 4 ELSE 30 END FROM centre, generate_series(0, 51) w;
INSERT INTO ops.contact_event (contact_id, step, started_at, ended_at, agent_id, kind)
SELECT 1000 * coach + w, 'take over', at, at + CASE WHEN no = 2 THEN interval '4 hours' ELSE interval '20 minutes' END, coach, 'escalation'
FROM (SELECT DISTINCT no, coach FROM centre) c, generate_series(0, 51) w, LATERAL (SELECT timestamptz '2024-01-02 09:00+00' + w * interval '7 days') t (at);
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, scheduled_at, status, metric, duration_minutes, kind, behaviour, approach, action, follow_up_due,
	followed_up_at, recognition, agent_rating)
SELECT 100 * agent + w, agent, coach, at, at, 'held', CASE WHEN no = 10 AND u(agent, 5, w) < 0.8 THEN 'attendance' ELSE 'qa' END,
	CASE WHEN no = 3 THEN (ARRAY[10, 30, 60])[team] ELSE 25 END + 10 * u(agent, 6, w), 'scheduled',
	CASE WHEN u(agent, 7, w) < bare THEN NULL ELSE 'empathy' END,
	CASE WHEN no = 3 THEN (ARRAY['GROW', 'OSCAR', 'CLEAR'])[team] WHEN u(agent, 8, w) < 0.9 THEN 'GROW' ELSE 'OSCAR' END,
	CASE WHEN u(agent, 7, w) < bare OR no = 4 THEN NULL ELSE 'practise' END,
	CASE WHEN no <> 4 AND u(agent, 9, w) < 0.7 THEN at::date + 14 END,
	CASE WHEN no = 4 OR u(agent, 9, w) >= 0.7 THEN NULL WHEN u(agent, 10, w) < CASE no WHEN 9 THEN 0.3 ELSE 0.95 END THEN at + interval '15 days' WHEN no = 9 AND u(agent, 10, w) < 0.6 THEN at + interval '60 days' END,
	u(agent, 11, w) < CASE no WHEN 8 THEN 0.02 ELSE 0.25 END AND NOT (no = 8 AND a <= 2),
	3 + 2 * u(agent, 12, w) - CASE WHEN no = 7 AND team = 3 THEN 2 ELSE 0 END
FROM centre JOIN ops.agent ON agent_id = agent, generate_series(0, 51) w, LATERAL (SELECT timestamptz '2024-01-03 10:00+00' + w * interval '7 days', CASE no WHEN 6 THEN 0.7 ELSE 0.1 END) t (at, bare)
WHERE u(agent, 13, w) < CASE WHEN no = 3 THEN (ARRAY[0.9, 0.5, 0.25])[team] ELSE 0.5 END AND (left_on IS NULL OR at::date <= left_on);
CALL coachdiag.refresh('ops');

-- Exactly the one that is wrong

SELECT is((SELECT count(*) FROM ops.program_health), 110::bigint, 'a row per programme and reason');
SELECT is_empty($$SELECT reason, measure, evidence FROM ops.program_health WHERE program = 'healthy' AND state <> 'ok'$$, 'a healthy programme raises none, and all ten are assessed');
SELECT is((SELECT array_agg(reason_no ORDER BY reason_no) FROM ops.program_health WHERE program = 'reason ' || n AND state = 'problem'), ARRAY[n],
	format('where reason %s is wrong it is found, and nothing else', n)) FROM generate_series(1, 10) n;
SELECT is_empty($$SELECT program, reason_no, evidence FROM ops.program_health WHERE state = 'watch'$$, 'nothing is to be watched besides');
SELECT results_eq($$SELECT program, reason_no FROM ops.program_health WHERE state = 'not_assessed'$$, $$VALUES ('reason 4', 9)$$, 'only follow-ups that nobody promised can''t be assessed');

-- Each measure of the reason

CREATE FUNCTION problems(n int) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(measure, ' ' ORDER BY measure) FROM ops.program_measure WHERE program = 'reason ' || n AND state = 'problem'
$$;
SELECT is(problems(1), 'occupancy time_planned', 'no time planned, and too busy');
SELECT is(problems(2), 'escalations span time_coaching', 'too many reports, too little coaching, too many escalations');
SELECT is(problems(3), 'approach frequency length', 'coaches differ in frequency, length and approach');
SELECT is(problems(4), 'action follow_up_date', 'no action, no date');
SELECT is(problems(7), 'attrition rating_spread', 'poor ratings and leavers under one coach');
SELECT is(problems(8), 'never_told recognition', 'no recognition, improvement not acknowledged');

SELECT is((SELECT worst_offenders FROM ops.program_health WHERE program = 'reason 7' AND reason_no = 7), ARRAY['coach 703'], 'the coach is named');
SELECT is((SELECT worst_offenders FROM ops.program_measure WHERE program = 'reason 7' AND measure = 'rating_spread'), ARRAY['coach 703'], 'by ratings too');
SELECT is((SELECT worst_offenders FROM ops.program_health WHERE program = 'reason 5' AND reason_no = 5), ARRAY['coach 501', 'coach 502'], 'the coaches who were never trained, not the third');
SELECT is((SELECT cardinality(worst_offenders) FROM ops.program_health WHERE program = 'reason 1' AND reason_no = 1), 3, 'teams, where teams are at fault');
SELECT is_empty($$SELECT 1 FROM ops.program_health WHERE state <> 'problem' AND worst_offenders <> '{}'$$, 'nobody is named where nothing is wrong');
SELECT matches((SELECT evidence FROM ops.program_health WHERE program = 'reason 9' AND reason_no = 9),
	'^follow-ups a month late or never: [67][0-9] % \(95 % interval [0-9]+ % to [0-9]+ %\), benchmark at most 20 %; [0-9]+ promises, 15 agents; 0 % on time, what was late by 1.0 days on average$', 'evidence has the numbers');

-- Numbers by hand

SELECT is((SELECT value FROM ops.program_measure WHERE program = 'reason 2' AND measure = 'span'), 24::float8, 'span is the mean of direct reports');
SELECT is((SELECT round(value::numeric, 9) FROM ops.program_measure WHERE program = 'reason 9' AND measure = 'broken_promises'),
	(SELECT round(avg((followed_up_at IS NULL OR followed_up_at::date > follow_up_due + 31)::int), 9)
		FROM ops.coaching_session JOIN centre ON agent = agent_id, (SELECT max(held_at)::date AS until FROM ops.coaching_session) l WHERE no = 9 AND follow_up_due <= until - 31),
	'promises whose month isn''t over don''t count');
SELECT ok((SELECT value BETWEEN 0.20 AND 0.30 FROM ops.program_measure WHERE program = 'healthy' AND measure = 'recognition'), 'shares are plain shares');
SELECT ok((SELECT ci_low < value AND value < ci_high FROM ops.program_measure WHERE program = 'healthy' AND measure = 'action'), 'inside their intervals');

-- Who improved

SELECT ok((SELECT count(*) >= 60 FROM ops.agent_improvement c JOIN centre ON agent = agent_id::int WHERE improved AND a <= 2), 'who improved is found, nearly always');
SELECT ok((SELECT count(*) <= 3 FROM ops.agent_improvement c JOIN centre ON agent = agent_id::int WHERE improved AND a > 2), 'and hardly anybody else');

-- A benchmark of one's own

INSERT INTO ops.health_benchmark VALUES ('span', 8, 'house rule');
REFRESH MATERIALIZED VIEW ops.program_measure;
SELECT is((SELECT (state, benchmark, comparison)::text FROM ops.program_health WHERE program = 'healthy' AND reason_no = 2), '(problem,8,"house rule")', 'a benchmark of the workspace goes before');

-- No optional source at all

INSERT INTO bare.metric SELECT * FROM ops.metric;
INSERT INTO bare.assignment SELECT * FROM ops.assignment;
INSERT INTO bare.agent_metric SELECT * FROM ops.agent_metric;
DROP TABLE bare.agent, bare.coaching_session, bare.coach, bare.coach_week, bare.agent_week, bare.contact, bare.contact_event;
CALL coachdiag.refresh('bare');
SELECT is((SELECT string_agg(DISTINCT state, ' ') || ' ' || count(*) FROM bare.program_health), 'not_assessed 110', 'without optional sources nothing is assessed');
SELECT is_empty($$SELECT * FROM bare.program_health WHERE evidence NOT LIKE '%not assessed, needs %'$$, 'and what is needed is named');
SELECT matches((SELECT evidence FROM bare.program_health WHERE program = 'healthy' AND reason_no = 7), 'needs coaching_session.agent_rating', 'ratings');
SELECT matches((SELECT evidence FROM bare.program_health WHERE program = 'healthy' AND reason_no = 2), 'needs coach_week.direct_reports', 'load of coaches');

-- Too few to tell: everything wrong in five sessions of two agents, in no programme

INSERT INTO tiny.metric SELECT * FROM ops.metric;
INSERT INTO tiny.assignment (agent_id, team, valid_from) VALUES (1, 'small', '2024-01-01'), (2, 'small', '2024-01-01');
INSERT INTO tiny.agent_metric (agent_id, metric, period, value) VALUES (1, 'qa', '2024-01-01', 80), (2, 'qa', '2024-01-01', 'NaN');
INSERT INTO tiny.coach VALUES (9, '2024-01-01', '2024-06-01');
INSERT INTO tiny.coaching_session (session_id, agent_id, coach_id, held_at, metric, follow_up_due, agent_rating, recognition, behaviour)
SELECT n, 1 + n % 2, 9, timestamptz '2024-01-02 10:00+00' + n * interval '1 day', 'qa', date '2024-01-05', 'NaN', false, CASE n WHEN 1 THEN 'tone' END FROM generate_series(1, 5) n;
INSERT INTO tiny.coaching_session (session_id, agent_id, coach_id, held_at, metric) VALUES (6, 1, 9, '2024-04-02 10:00+00', 'qa');
CALL coachdiag.refresh('tiny');
SELECT is((SELECT count(*) FROM tiny.program_health WHERE program IS NULL), 10::bigint, 'teams without a programme are one, of no name');
SELECT is_empty($$SELECT reason, evidence FROM tiny.program_health WHERE state <> 'not_assessed'$$, 'two agents say nothing about a programme');
SELECT matches((SELECT evidence FROM tiny.program_health WHERE reason_no = 8), 'too few \(6 log rows, 2 agents\)', 'which is said');
SELECT is((SELECT count(*) FROM tiny.program_health WHERE evidence IS NULL), 0::bigint, 'in words, NaN or not');
UPDATE tiny.coaching_session SET agent_rating = CASE WHEN session_id <= 2 THEN 5 END;
SELECT lives_ok($$CALL coachdiag.refresh('tiny')$$, 'all ratings the same: no spread, and no error');
INSERT INTO tiny.coaching_session (session_id, agent_id, coach_id, held_at, scheduled_at, status, metric, duration_minutes) VALUES
	(7, 1, 9, NULL, '2024-04-03 10:00+00', 'cancelled', 'aht', 30), (7, 1, 9, '2024-04-03 10:00+00', '2024-04-03 10:00+00', 'held', 'qa', 30);
SELECT lives_ok($$CALL coachdiag.refresh('tiny')$$, 'a session cancelled for one metric and held for another');
SELECT results_eq($$SELECT metric, held, first_row, coach_minutes FROM tiny.coaching_log WHERE session_id = '7' ORDER BY metric$$, $$VALUES ('aht', false, false, NULL::float8), ('qa', true, true, 15)$$, 'counts as one that was held');

-- On the benchmark itself: 200 programmes in which one promise in five is broken, agents alike among themselves; coaches all the same

INSERT INTO edge.metric SELECT * FROM ops.metric;
CREATE TABLE edge_agent AS SELECT p, a, 100 * p + a AS agent, 10 * p + a % 4 AS coach, 0.4 * u(p, a, 1) AS breaks FROM generate_series(1, 200) p, generate_series(1, 12) a;
INSERT INTO edge.assignment (agent_id, team, valid_from, program) SELECT agent, 'team ' || p, '2023-01-01', 'program ' || p FROM edge_agent;
INSERT INTO edge.agent_metric (agent_id, metric, period, value) VALUES (101, 'qa', '2024-01-01', 80);
INSERT INTO edge.coaching_session (session_id, agent_id, coach_id, held_at, metric, follow_up_due, followed_up_at, duration_minutes, approach, agent_rating, recognition)
SELECT 100 * agent + n, agent, coach, at, 'qa', at::date + 7, CASE WHEN u(agent, n, 2) >= breaks THEN at + interval '7 days' END, 10 + 40 * u(agent, n, 3), CASE WHEN u(agent, n, 4) < 0.6 THEN 'GROW' ELSE 'OSCAR' END,
	1 + 4 * u(agent, n, 5), u(agent, n, 6) < 0.1
FROM edge_agent, generate_series(1, 20) n, LATERAL (SELECT timestamptz '2024-01-01 10:00+00' + (n + u(agent, n, 7)) * interval '14 days') t (at);
CALL coachdiag.refresh('edge');
SELECT cmp_ok((SELECT count(*) FROM edge.program_measure WHERE measure = 'broken_promises' AND state = 'problem'), '<=', 12::bigint, 'on the benchmark: a false alarm in 40, not more');
SELECT cmp_ok((SELECT count(*) FROM edge.program_measure WHERE measure = 'recognition' AND state = 'problem'), '<=', 12::bigint, 'on a floor as on a ceiling');
SELECT cmp_ok((SELECT count(*) FROM edge.program_measure WHERE measure IN ('length', 'approach', 'frequency', 'rating_spread') AND state = 'problem'), '=', 0::bigint, 'coaches who are the same don''t differ');
SELECT is((SELECT count(*) FROM edge.program_measure WHERE measure IN ('length', 'approach', 'frequency', 'rating_spread') AND state <> 'not_assessed'), 800::bigint, 'though it is assessed');

SELECT * FROM finish();
