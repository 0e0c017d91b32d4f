-- session_effect and effect_by_length: what sessions of one kind do against those of another, and what program_health makes of it.
\set QUIET on
SET client_min_messages = error;
SET jit = off;
SELECT plan(34);

\ir normal.psql

-- Three programmes of six teams of ten agents. The worst two of each week are coached, for 10 or 45 minutes, by a trained or an untrained coach, by lot.
-- A session adds 2, of which 0.9 is left from week to week; only in programme "length" it adds nothing when short and 4 when long, in "training" nothing by the untrained and 4 by the trained.
CREATE TABLE work (team int, agent bigint, week int, value float8, coached boolean, long boolean, trained boolean, stock float8);
DO $$
BEGIN
	FOR w IN 0 .. 51 LOOP
		INSERT INTO work
		SELECT s.team, s.agent, w, s.value, rank() OVER (PARTITION BY s.team ORDER BY s.value) <= 2, uniform(format('long %s %s', s.agent, w)) < 0.5, uniform(format('trained %s %s', s.agent, w)) < 0.5, s.stock
		FROM (
			SELECT t AS team, a AS agent, k.stock, 80 + 3 * normal(format('level %s', a)) + 2 * normal(format('week %s %s', t, w)) + 4 * normal(format('noise %s %s', a, w)) + k.stock AS value
			FROM generate_series(1, 18) t, generate_series(100 * t + 1, 100 * t + 10) a
			LEFT JOIN work p ON p.agent = a AND p.week = w - 1
			CROSS JOIN LATERAL (SELECT coalesce(p.stock * 0.9 + CASE WHEN NOT p.coached THEN 0 WHEN t <= 6 THEN 4 * p.long::int WHEN t <= 12 THEN 4 * p.trained::int ELSE 2 END, 0) AS stock) k
		) s;
	END LOOP;
END
$$;

SELECT coachdiag.create_workspace('ops'), coachdiag.create_workspace('bare');
INSERT INTO ops.metric (metric, higher_is_better, target, smallest_effect) VALUES ('qa', true, 85, 2), ('other', true, 5, NULL);
INSERT INTO ops.assignment (agent_id, team, valid_from, program)
SELECT DISTINCT agent, 'team ' || team, date '2023-01-02', CASE WHEN team <= 6 THEN 'length' WHEN team <= 12 THEN 'training' ELSE 'alike' END FROM work;
INSERT INTO ops.agent_metric (agent_id, metric, period, value) SELECT agent, 'qa', date '2024-01-01' + 7 * week, value FROM work;
INSERT INTO ops.coach SELECT 10 * t + k, date '2020-01-06', CASE WHEN k = 1 THEN date '2020-03-02' END FROM generate_series(1, 18) t, generate_series(0, 1) k;
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, status, metric, duration_minutes, kind, behaviour)
SELECT 100 * agent + week, agent, 10 * team + trained::int, date '2024-01-04' + 7 * week, 'held', 'qa', CASE WHEN long THEN 45 ELSE 10 END,
	CASE WHEN NOT CASE WHEN team <= 6 THEN long ELSE uniform(format('setting %s %s', agent, week)) < 0.5 END THEN 'real_time' END, 'empathy'
FROM work WHERE coached;
-- Short sessions of programme "length" are on the spot, elsewhere it is by lot; what is not on the spot has no kind: it was scheduled.
-- Lengths that are none, and one session of middling length
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, status, metric, duration_minutes, behaviour)
VALUES (1, 101, 10, '2024-02-07', 'held', 'qa', 'NaN', 'empathy'), (2, 102, 10, '2024-02-07', 'held', 'qa', 0, 'empathy'), (3, 103, 11, '2024-02-07', 'held', 'qa', 30, 'empathy');
UPDATE ops.coaching_session SET kind = repeat('x', 3000) WHERE session_id = 3;
CALL coachdiag.refresh('ops');

-- By length. 3.44 is what a session of 4 leaves on average over four weeks, 1.72 one of 2.

CREATE FUNCTION length(of_program text, of_length text) RETURNS text LANGUAGE sql AS $$ SELECT status FROM ops.effect_by_length WHERE program = of_program AND length = of_length AND metric = 'qa' $$;
SELECT is(length('length', 'over 30 minutes'), 'more', 'long sessions do more where they do');
SELECT is(length('length', 'up to 15 minutes'), 'less', 'and short ones less');
SELECT is(length('length', '15 to 30 minutes'), 'too few', 'one session is too few to compare');
SELECT is_empty($$SELECT program, length, apart FROM ops.effect_by_length WHERE program <> 'length' AND metric = 'qa' AND status NOT IN ('alike', 'cannot_tell')$$, 'where all are worth the same nothing is told apart');
SELECT is((SELECT count(*) FROM ops.effect_by_length WHERE metric = 'qa'), 7::bigint, 'a row for each length that there is');
SELECT ok(bool_and(CASE WHEN program <> 'length' THEN 1.72 WHEN length = 'over 30 minutes' THEN 3.44 ELSE 0 END BETWEEN ci_low AND ci_high), 'the intervals hold the truth')
FROM ops.effect_by_length WHERE metric = 'qa' AND program <> 'training' AND status <> 'too few';
SELECT ok(bool_and(CASE WHEN program <> 'length' THEN 0 WHEN length = 'over 30 minutes' THEN 3.44 ELSE -3.44 END BETWEEN apart_low AND apart_high), 'so do those of the differences')
FROM ops.effect_by_length WHERE metric = 'qa' AND apart IS NOT NULL;
SELECT is((SELECT minutes FROM ops.effect_by_length WHERE program = 'alike' AND length = 'up to 15 minutes'), 10::float8, 'mean length');
SELECT ok(bool_and(abs(hour_improvement - improvement * 60 / minutes) < 1e-9 AND hour_low < hour_improvement AND hour_improvement < hour_high), 'the gain of an hour') FROM ops.effect_by_length WHERE minutes > 0;
SELECT ok((SELECT s.hour_improvement > l.hour_improvement FROM ops.effect_by_length s, ops.effect_by_length l
	WHERE s.program = 'alike' AND s.length LIKE 'up%' AND l.program = 'alike' AND l.length LIKE 'over%'), 'where ten minutes are worth forty-five, an hour of short sessions brings more');
SELECT is((SELECT sum(sessions) FROM ops.session_effect WHERE by_what = 'length'), (SELECT count(*)::float8 + 1 FROM work WHERE coached), 'sessions without a length count for none');
SELECT ok(bool_and(naive_share_improved > 0.7 AND null_share_improved > 0.6), 'before against after claims as much for short as for long') FROM ops.session_effect WHERE program = 'length' AND by_what = 'length' AND status <> 'too few';
SELECT results_eq($$SELECT program, status, reason FROM ops.effect_by_length WHERE metric = 'other' ORDER BY program$$,
	$$SELECT p, 'not assessed', 'sessions of this metric are all of about the same length' FROM unnest('{alike,length,training}'::text[]) p$$, 'a metric nobody was coached on');

-- By setting

SELECT is((SELECT string_agg(kind || ': ' || status, ', ' ORDER BY kind) FROM ops.session_effect WHERE by_what = 'setting' AND program = 'length'), 'real_time: less, scheduled: more', 'sessions on the spot do less where they do');
SELECT results_eq($$SELECT program, count(*), bool_and(status IN ('alike', 'cannot_tell')) FROM ops.session_effect WHERE by_what = 'setting' AND program <> 'length' GROUP BY 1 ORDER BY 1$$,
	$$VALUES ('alike', 2::bigint, true), ('training', 2, true)$$, 'and nowhere else');
SELECT is((SELECT sum(sessions) FROM ops.session_effect WHERE by_what = 'setting'), (SELECT count(*)::float8 + 2 FROM work WHERE coached), 'each session has its setting, given or not, but for one of no known kind');

-- By training, and what program_health makes of it

SELECT is((SELECT string_agg(kind || ': ' || status, ', ' ORDER BY kind) FROM ops.session_effect WHERE by_what = 'training' AND program = 'training'), 'not trained: less, trained: more', 'the trained do more where they do');
SELECT is_empty($$SELECT program FROM ops.session_effect WHERE by_what = 'training' AND program <> 'training' AND status NOT IN ('alike', 'cannot_tell')$$, 'and nowhere else');
SELECT is_empty($$SELECT FROM ops.session_effect WHERE by_what = 'tenure'$$, 'coaches all of one tenure: nothing to compare');
SELECT is((SELECT state FROM ops.program_measure WHERE program = 'training' AND measure = 'training_effect'), 'problem', 'onboarding is a problem where the untrained do less');
SELECT matches((SELECT evidence FROM ops.program_measure WHERE program = 'training' AND measure = 'training_effect'),
	'^what a session of an untrained coach does less than one of a trained coach on qa: 3\.[0-9] \(95 % interval [0-9.]+ to [0-9.]+\), benchmark at most 0.0; [0-9]+ sessions, [0-9]+ agents$', 'with its numbers');
SELECT is_empty($$SELECT program, state FROM ops.program_measure WHERE program <> 'training' AND measure = 'training_effect' AND state NOT IN ('ok', 'not_assessed')$$, 'and none where it is not');
SELECT matches((SELECT evidence FROM ops.program_measure WHERE program = 'alike' AND measure = 'tenure_effect'), 'not assessed, needs coach.promoted_on', 'what is missing is named');
SELECT is((SELECT state FROM ops.program_health WHERE program = 'training' AND reason_no = 5), 'problem', 'it decides reason 5');

-- By time as coach: the untrained of "training" and "alike" were promoted a month before the first session, all others years ago.

UPDATE ops.coach SET promoted_on = '2023-12-04' WHERE coach_id % 10 = 0 AND coach_id >= 70;
CALL coachdiag.refresh('ops');
SELECT is((SELECT string_agg(kind || ': ' || status, ', ' ORDER BY kind) FROM ops.session_effect WHERE by_what = 'tenure' AND program = 'training'), 'first year: less, later years: more', 'coaches in their first year do less where they do');
SELECT results_eq($$SELECT state, value BETWEEN ci_low AND ci_high AND ci_low > 0, 3.44 BETWEEN ci_low AND ci_high, worst_offenders FROM ops.program_measure WHERE program = 'training' AND measure = 'tenure_effect'$$,
	$$VALUES ('problem', true, true, '{}'::text[])$$, 'onboarding is a problem: so much less a session of a new coach does');
SELECT matches((SELECT evidence FROM ops.program_measure WHERE program = 'training' AND measure = 'tenure_effect'),
	'^what a session of a coach in the first year does less than one of others on qa: 3\.[0-9] \(95 % interval [0-9.]+ to [0-9.]+\), benchmark at most 0.0; [0-9]+ sessions, [0-9]+ agents$', 'in words');
SELECT ok(state IN ('ok', 'not_assessed'), 'new coaches who do as much are no problem') FROM ops.program_measure WHERE program = 'alike' AND measure = 'tenure_effect';
SELECT is((SELECT state || ': ' || evidence FROM ops.program_measure WHERE program = 'length' AND measure = 'tenure_effect'),
	'not_assessed: what a session of a coach in the first year does less than one of others: not assessed, too few (0 sessions, 0 agents)', 'nor where there are none');

-- No lengths, no coaches

INSERT INTO bare.metric SELECT * FROM ops.metric;
INSERT INTO bare.assignment SELECT * FROM ops.assignment;
INSERT INTO bare.agent_metric SELECT * FROM ops.agent_metric WHERE period < '2024-03-01';
DROP TABLE bare.coach, bare.coaching_session;
CALL coachdiag.refresh('bare');
SELECT is_empty('SELECT FROM bare.session_effect', 'no session: nothing to compare');
SELECT results_eq($$SELECT DISTINCT status, reason FROM bare.effect_by_length$$, $$VALUES ('not assessed', 'needs coaching_session.duration_minutes')$$, 'and what is needed is named');

-- without_sessions

SELECT is((SELECT array[sum(observations), sum(sessions), sum(coalesce(minutes, 0))]::float8[] FROM (SELECT coachdiag.without_sessions(panel) AS p FROM ops.stored_panel WHERE team = 'team 1') x, coachdiag.cells(p)),
	(SELECT array[sum(observations), 0, 0]::float8[] FROM ops.stored_panel, coachdiag.cells(panel) WHERE team = 'team 1'), 'a panel without sessions has all its measurements');
SELECT is((SELECT coachdiag.agents(coachdiag.without_sessions(coachdiag.rollup(panel))) FROM ops.stored_panel WHERE team = 'team 1'), 10, 'and its agents');
SELECT ok(coachdiag.without_sessions(NULL) IS NULL, 'NULL: NULL');
SELECT * FROM finish();
