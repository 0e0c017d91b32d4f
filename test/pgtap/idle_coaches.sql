-- Idle coaching that is the coach's: a whole team coached by somebody whose sessions do nothing elsewhere either.
\set QUIET on
SET client_min_messages = warning;
SELECT no_plan();

\ir noise.psql

-- Teams of 10 over 52 weeks; a point is the smallest effect. short: of all; low_short: of every second agent; gain: points that a good coach's
-- session gives for four weeks, 0 where the process is why. coach gives the sessions, but helper every third of them; those of P and Q give 0 everywhere.
CREATE TABLE team (no int, team text, short float8, low_short float8, gain float8, coach text, helper text);
INSERT INTO team VALUES
	(1, 'skill, poor coach', 4, 0, 1.5, 'P', 'P'),
	(2, 'some, poor coach', -0.3, 5, 1.5, 'P', 'P'),
	(3, 'skill', 4, 0, 1.5, 'G3', 'P'),
	(4, 'some', -0.3, 5, 1.5, 'G4', 'P'),
	(5, 'process', 4, 0, 0, 'G5', 'G5'),
	(6, 'skill, helped', 4, 0, 1.5, 'G6', 'G5'),
	(7, 'process, also poor coach', 4, 0, 0, 'G3', 'P'),
	(8, 'skill, own poor coach', 4, 0, 1.5, 'Q', 'Q'),
	(9, 'skill, helped once', 4, 0, 1.5, 'P', 'G6');
CREATE TABLE person AS SELECT 100 * no + a AS agent, a, t.* FROM team t, generate_series(1, 10) a;
CREATE TABLE session AS
SELECT agent, w, c.coach, CASE WHEN c.coach NOT IN ('P', 'Q') THEN p.gain ELSE 0 END AS gain
FROM person p, generate_series(0, 51) w, LATERAL (SELECT CASE WHEN noise(agent, w, 11) < CASE no WHEN 9 THEN -1.1 ELSE -0.5 END THEN p.helper ELSE p.coach END AS coach) c
WHERE noise(agent, w, 5) < -0.65;
CREATE TABLE fact AS
SELECT p.agent, date '2024-01-01' + 7 * w AS period,
	80 - p.short - p.low_short * (a % 2) + least(l.gain, 3) + 0.4 * noise(agent, 0, 1) + 0.7 * noise(agent, w, 2) + 0.5 * noise(p.no, w, 3) + noise(agent, w, 7) AS value
FROM person p CROSS JOIN generate_series(0, 51) g (w)
CROSS JOIN LATERAL (SELECT coalesce(sum(s.gain), 0) AS gain FROM session s WHERE s.agent = p.agent AND s.w BETWEEN g.w - 4 AND g.w - 1) l;

-- shared: as above; own: the same sessions, each team with a coach who is nobody else's.
DO $$
DECLARE
	ws text;
BEGIN
	FOREACH ws IN ARRAY '{shared,own}'::text[] LOOP
		PERFORM coachdiag.create_workspace(ws, 'text');
		EXECUTE replace($sql$
			INSERT INTO @.metric (metric, higher_is_better, target, smallest_effect) VALUES ('qa', true, 80, 1);
			INSERT INTO @.agent (agent_id, hired_on) SELECT agent, '2019-01-01' FROM person;
			INSERT INTO @.assignment (agent_id, team, program, valid_from) SELECT agent, team, 'north', '2019-01-01' FROM person;
			INSERT INTO @.agent_metric (agent_id, metric, period, value, volume) SELECT agent, 'qa', period, value, 12 FROM fact;
			INSERT INTO @.coaching_session (session_id, agent_id, coach_id, held_at, status, metric)
			SELECT 100 * agent + w, agent, CASE '@' WHEN 'own' THEN (agent / 100)::text ELSE coach END,
				timestamptz '2024-01-03 10:00+00' + w * interval '7 days', 'held', 'qa' FROM session;
		$sql$, '@', ws);
		EXECUTE format('CALL coachdiag.refresh(%L)', ws);
	END LOOP;
END
$$;

CREATE FUNCTION is_said(ws text, of_team text, verdict text, state text, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	said record;
BEGIN
	EXECUTE format('SELECT d.verdict, i.state FROM %1$I.diagnosis d JOIN %1$I.indicators i USING (team, metric) WHERE d.team = %2$L AND i.test = ''coaching_without_effect''',
		ws, of_team) INTO said;
	RETURN NEXT is(said.verdict, verdict, what);
	RETURN NEXT is(said.state, state, what || ': coaching_without_effect');
END
$$;

-- Sessions do nothing, and the coach is why

SELECT is_said('shared', 'skill, poor coach', 'cannot_tell', 'unknown', 'everybody short alike, and a coach whose sessions do nothing elsewhere');
SELECT cmp_ok((SELECT p_structural FROM shared.diagnosis WHERE team = 'skill, poor coach'), '<', 0.75::float8, 'idle sessions say little then');
SELECT matches((SELECT next_step FROM shared.diagnosis WHERE team = 'skill, poor coach'),
	'^Let another coach try, or coach the coach: .* elsewhere either\. Coach a few, \d+ agents with \d+ sessions each, leave the others as they are, and look again after \d+ weeks\.', 'let another coach try');
SELECT matches((SELECT i.reason FROM shared.indicators i WHERE i.team = 'skill, poor coach' AND i.test = 'coaching_without_effect'),
	'but so do those of the same coaches elsewhere: it may be the coaching; it would take at least \d+ sessions of another coach to tell$', 'the reason says why');
SELECT matches((SELECT reason FROM shared.diagnosis WHERE team = 'skill, poor coach'), '^Cannot tell: [^.]*\. Does coaching move it\? Not known: a session moves the metric by less than is worth having, but so do', 'there, too');
SELECT is_said('shared', 'some, poor coach', 'behavioural', 'unknown', 'the same coach, and agents differ');
SELECT matches((SELECT next_step FROM shared.diagnosis WHERE team = 'some, poor coach'), '^Let another coach try, or coach the coach: .*\. Coach the agents who are truly short', 'with another coach, again');
SELECT is((SELECT outlier FROM shared.coach_scorecard WHERE coach_id = 'P'), 'below', 'the scorecard names the coach');

-- Sessions do nothing, and the coach is good elsewhere, or somebody else's sessions do nothing either

SELECT is_said('shared', 'process', 'structural', 'structural', 'the coach''s sessions work elsewhere');
SELECT is_said('shared', 'process, also poor coach', 'structural', 'structural', 'a good coach''s sessions do nothing, either');
SELECT isnt((SELECT verdict FROM shared.diagnosis WHERE team = 'skill, helped once'), 'structural', 'a tenth of the sessions is by somebody else, and they work');
SELECT cmp_ok((SELECT p_structural FROM shared.diagnosis WHERE team = 'skill, helped once'), '<', 0.75::float8, 'so the others say little');
SELECT is_said('shared', 'skill', 'behavioural', 'behavioural', 'sessions of a poor helper take nothing from a good coach''s');

-- Who coaches nobody else can't be told from the process

SELECT is_said('shared', 'skill, own poor coach', 'structural', 'structural', 'nothing is known of the coach');
SELECT cmp_ok(o.p_structural - s.p_structural, '>', 0.005::float8, 'but that coaches can be poor is, where it shows') FROM own.diagnosis o JOIN shared.diagnosis s USING (team) WHERE team = 'skill, own poor coach';
SELECT is_said('own', 'skill, poor coach', 'structural', 'structural', 'where each coach has one team, sessions count as ever');
SELECT matches((SELECT next_step FROM own.diagnosis WHERE team = 'some, poor coach'), '^Sessions .* so far\. See what those who are short share .*change how they are coached, or who does it\. Coach the agents who are truly short', 'though they need not be repeated');

-- Sessions that name no metric count in each, and say nothing of a coach in the one by what they do in the other

DO $$
BEGIN
	PERFORM coachdiag.create_workspace('unnamed', 'text');
	INSERT INTO unnamed.metric (metric, higher_is_better, target, smallest_effect) VALUES ('alike', true, 80, 1), ('apart', true, 80, 1), ('apart too', true, 80, 1), ('tiny', true, 80, 1e-310);
	INSERT INTO unnamed.agent (agent_id, hired_on) SELECT agent, '2019-01-01' FROM person;
	INSERT INTO unnamed.assignment (agent_id, team, program, valid_from) SELECT agent, team, 'north', '2019-01-01' FROM person;
	INSERT INTO unnamed.agent_metric (agent_id, metric, period, value, volume)
	SELECT agent, metric, date '2024-01-01' + 7 * w, 80 - CASE metric WHEN 'alike' THEN 4 ELSE 5 * (a % 2) - 0.3 END
		+ 0.4 * noise(agent, length(metric), 1) + 0.7 * noise(agent, w, 2 + length(metric)) + noise(agent, w, 7 + length(metric)), 12
	FROM person, generate_series(0, 51) w, unnamed.metric;
	INSERT INTO unnamed.coaching_session (session_id, agent_id, coach_id, held_at, status) SELECT 100 * agent + w, agent, agent / 100, timestamptz '2024-01-03 10:00+00' + w * interval '7 days', 'held' FROM session;
	CALL coachdiag.refresh('unnamed');
END
$$;
SELECT results_eq($$SELECT team, round(p_structural::numeric, 12) FROM unnamed.structural_score WHERE metric = 'alike' ORDER BY 1$$,
	$$SELECT p.team, round(s.p_structural::numeric, 12) FROM unnamed.team_panel p JOIN unnamed.coaching_effect e ON e.level = 'team' AND (e.team, e.metric) = (p.team, p.metric)
		CROSS JOIN LATERAL coachdiag.structural_score(p.panel, p.higher_is_better, p.scale, p.smallest_effect, e.improvement, e.ci_low, e.ci_high, e.sessions, e.n_coached,
			learning => (SELECT coachdiag.learning_curve(array_agg(q.panel ORDER BY q.team), true) FROM unnamed.team_panel q WHERE q.metric = 'alike'),
			own_effect => e.own_improvement, own_se => e.own_se, own_doubt => e.own_doubt, shortfall => e.shortfall, usual_spread => (SELECT DISTINCT usual_spread FROM unnamed.structural_score WHERE metric = 'alike'), other_metric => 0.75) s WHERE p.metric = 'alike' ORDER BY 1$$,
	'idle in one metric whatever the same sessions do in others');

-- The view asks with what coach_effect and idle_coaches say

CREATE TABLE part AS
SELECT u.*, c.coach_id FROM shared.coach_effect c, unnest(c.in_team, c.in_panel_sessions, c.in_panel_improvement, c.in_panel_se) u (team, sessions, improvement, se);
CREATE VIEW able AS
SELECT team, 1 - coachdiag.p_structural(between_sd / greatest(mean_gap, 1), NULL, NULL, NULL, NULL, 1, spread_high => between_high / greatest(mean_gap, 1), gap => mean_gap) AS can FROM shared.gap_dispersion;
SELECT results_eq('SELECT coach_id, sum(sessions) FROM part GROUP BY 1 ORDER BY 1', 'SELECT coach_id, sessions FROM shared.coach_effect ORDER BY 1', 'the parts of a coach have all sessions');
SELECT ok(count(*) = 2 AND bool_and(abs(p.improvement - e.raw_improvement) < 1e-7 AND abs(p.se - e.raw_se) < 1e-7), 'that of a team''s only coach is the team''s')
FROM (SELECT array_agg(team ORDER BY team) AS teams, array_agg(panel ORDER BY team) AS panels FROM shared.stored_history) h, coachdiag.coaching_effect(teams, panels, true, smallest_effect => 1) e
JOIN part p ON p.team = e.unit WHERE e.unit IN ('process', 'skill, own poor coach');
SELECT results_eq('SELECT team, idle_coach, other_metric FROM shared.structural_score ORDER BY 1',
	$$SELECT i.team, i.idle_coach, 0::float8 FROM (SELECT array_agg(team) AS t, array_agg(coach_id) AS c, array_agg(sessions) AS n, array_agg(improvement) AS x, array_agg(se) AS se, array_agg(can) AS can
		FROM part JOIN able USING (team)) a, coachdiag.idle_coaches(t, c, n, x, se, 1, can) i ORDER BY 1$$, 'which the view shows');
SELECT results_eq('SELECT s.team, s.p_structural FROM shared.structural_score s ORDER BY 1',
	$$SELECT p.team, s.p_structural FROM shared.team_panel p JOIN shared.coaching_effect e ON e.level = 'team' AND e.team = p.team
		JOIN (SELECT i.* FROM (SELECT array_agg(team) AS t, array_agg(coach_id) AS c, array_agg(sessions) AS n, array_agg(improvement) AS x, array_agg(se) AS se, array_agg(can) AS can
			FROM part JOIN able USING (team)) a, coachdiag.idle_coaches(t, c, n, x, se, 1, can) i) i ON i.team = p.team
		CROSS JOIN LATERAL coachdiag.structural_score(p.panel, p.higher_is_better, p.scale, p.smallest_effect, e.improvement, e.ci_low, e.ci_high, e.sessions, e.n_coached,
			learning => (SELECT coachdiag.learning_curve(array_agg(q.panel ORDER BY q.team), true) FROM shared.team_panel q), idle_coach => i.idle_coach,
			own_effect => e.own_improvement, own_se => e.own_se, own_doubt => e.own_doubt, shortfall => e.shortfall) s ORDER BY 1$$, 'the view asks with that');

-- idle_coaches alone; 0.6363: P's probability when all states of all coaches and of the other teams are gone through

CREATE TABLE small (team text, coach text, improvement float8, se float8);
INSERT INTO small VALUES ('a', 'P', 0.1, 0.3), ('b', 'P', -0.2, 0.5), ('b', 'G', 1.8, 0.4), ('c', 'G', 2.4, 0.6), ('c', 'P', 0.2, 0.9), ('d', 'Q', 0, 0.3), ('e', 'G', 0.1, 0.4), ('e', 'P', 0, 0.4);
CREATE FUNCTION idle(query text, smallest float8 DEFAULT 2) RETURNS TABLE (team text, told float8, idle_coach float8) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT i.* FROM (SELECT array_agg(team) AS t, array_agg(coach) AS c, array_agg(1.0::float8) AS n, array_agg(improvement) AS x, array_agg(se) AS se FROM (%s) q (team, coach, improvement, se)) a,
		coachdiag.idle_coaches(t, c, n, x, se, $1) i ORDER BY 1', query) USING smallest;
END
$$;
SELECT results_eq($$SELECT team, told, round(idle_coach::numeric, 10) FROM idle('TABLE small')$$,
	$$VALUES ('a', 1::float8, 0.6084346725), ('b', 2, 1), ('c', 2, 1), ('d', 1, 0.0527551868), ('e', 2, 0.0885890590)$$, 'as worked out elsewhere');
SELECT cmp_ok(abs(0.1 + 0.9 * idle_coach - 0.6363), '<', 0.02::float8, 'close to the exact answer') FROM idle('TABLE small') WHERE team = 'a';
SELECT results_eq($$SELECT * FROM idle('SELECT * FROM small ORDER BY improvement')$$, $$SELECT * FROM idle('SELECT * FROM small ORDER BY se, team DESC')$$, 'in any order');
SELECT ok(bool_and(idle_coach = 0), 'nobody coaches two teams: nothing is known') FROM idle($$SELECT * FROM small WHERE coach <> 'G' AND team IN ('a', 'd') OR team = 'c' AND coach = 'G'$$);
SELECT ok(bool_and(idle_coach < 0.1), 'nobody''s sessions do anything anywhere: that is no sign of the coaches') FROM idle($$SELECT t, c, 0.05, 0.3 FROM unnest('{a,b,c,d}'::text[]) t, unnest('{x,y,z}'::text[]) c$$);
SELECT results_eq($$SELECT * FROM idle('TABLE small UNION ALL SELECT ''a'', ''G'', x, se FROM unnest(''{NULL,0,NaN,-Infinity,1,1,1}''::float8[], ''{0.3,NULL,1,1,Infinity,NaN,0}''::float8[]) u (x, se)')$$,
	$$SELECT * FROM idle('TABLE small')$$, 'what is not known is left out');
-- Where nobody else coached, coaching can work at even odds; then nothing is sqrt(0.3125) * exp(-1.6) times as likely as from idle sessions.
SELECT ok(count(*) = 2 AND bool_and(abs(idle_coach - (0.1 / (0.1 + 0.45 * (1 + sqrt(0.3125) * exp(-1.6))) - 0.1) / 0.9) < 1e-14), 'one coach of two teams, by hand')
FROM idle($$VALUES ('a', 'P', 0, 0.2), ('b', 'P', -0.1, 0.2)$$, 1);
SELECT results_eq($$SELECT coalesce(team, 'a'), told, idle_coach FROM idle('SELECT nullif(team, ''a''), nullif(coach, ''P''), improvement, se FROM small') ORDER BY 1$$,
	$$SELECT * FROM idle('TABLE small')$$, 'who has no name is somebody, too');
SELECT results_eq($$SELECT team, told FROM coachdiag.idle_coaches('{b,b,a,a}', '{P,G,P,G}', '{NaN,NULL,3,Infinity}', '{0,1,0,1}', '{1,1,1,1}', 1)$$, $$VALUES ('a', 3::float8), ('b', NULL)$$, 'sessions that are not known');
SELECT results_eq($$SELECT idle_coach FROM coachdiag.idle_coaches('{a,b,a,b}', '{P,P,G,G}', '{1,1,1,1}', '{0,0,2,2}', '{1e300,1e-300,0.3,0.3}', 1e-20)$$, $$VALUES (0::float8), (0)$$, 'errors of any size');
SELECT throws_ok($$SELECT * FROM coachdiag.idle_coaches('{a,b}', '{P}', '{1,1}', '{0,0}', '{1,1}', 1)$$, '2202E', 'teams, coaches, sessions, improvement and se must be arrays of the same length, and can_work too, unless empty', 'a coach is missing');
SELECT throws_ok($$SELECT * FROM coachdiag.idle_coaches('{a}', '{P}', '{1}', '{0}', '{1,1}', 1)$$, '2202E', NULL, 'an error too many');
SELECT throws_ok($$SELECT * FROM coachdiag.idle_coaches('{a}', '{P}', '{1}', '{0}', '{1}', 1, '{0.5,0.5}')$$, '2202E', NULL, 'a probability too many');
SELECT is_empty($$SELECT * FROM coachdiag.idle_coaches('{a,b}', NULL, '{1,1}', '{0,0}', '{1,1}', 1)$$, 'no coaches: no rows');
SELECT is_empty($$SELECT * FROM coachdiag.idle_coaches('{}', '{}', '{}', '{}', '{}', 1)$$, 'no parts: no rows');
SELECT is_empty($$SELECT * FROM idle('TABLE small', 'NaN')$$, 'nor with a smallest effect that is no number');
SELECT is_empty($$SELECT * FROM idle('TABLE small', -2)$$, 'or is negative');
SELECT is_empty($$SELECT * FROM idle('TABLE small', NULL)$$, 'no smallest effect: no rows');
SELECT is_empty($$SELECT * FROM idle('TABLE small', 0)$$, 'nor with one of 0');
SELECT is_empty('SELECT * FROM coachdiag.idle_coaches(NULL, NULL, NULL, NULL, NULL, 1)', 'nothing in, nothing out');
SELECT ok(bool_and(idle_coach BETWEEN 0 AND 1), 'far apart, often and exactly known: still a probability')
FROM idle($$SELECT 't' || t, 'c' || c, 1e6 * (c % 2) - 1e6 * (t % 2), 1e-6 FROM generate_series(1, 400) t, generate_series(1, 30) c$$);
SELECT ok(bool_and(idle_coach BETWEEN 0 AND 1), 'whatever is rounded') FROM idle($$SELECT 't' || t, 'c' || c, 2, 0.1 + t * c / 50.0 FROM generate_series(1, 100) t, generate_series(1, 3) c$$);
SELECT is(max(idle_coach), 0::float8, 'and 0 when nothing is known') FROM idle($$SELECT 't' || t, 'c' || t % 2, 0, 1e30 FROM generate_series(1, 9) t$$);

-- What else is known of the teams, and other metrics

SELECT results_eq($$SELECT * FROM coachdiag.idle_coaches('{a,b}', '{P,P}', '{1,1}', '{0,0}', '{0.2,0.2}', 1, '{NULL,NaN}')$$,
	$$SELECT * FROM coachdiag.idle_coaches('{a,b}', '{P,P}', '{1,1}', '{0,0}', '{0.2,0.2}', 1)$$, 'not known is even odds');
SELECT ok(bool_and(idle_coach > before), 'the surer coaching can work elsewhere, the more idle sessions there count against a coach')
FROM (SELECT i.idle_coach, lag(i.idle_coach, 1, 0) OVER (ORDER BY can) AS before FROM generate_series(0.1, 0.9, 0.2) can,
	coachdiag.idle_coaches('{a,b}', '{P,P}', '{1,1}', '{0,0}', '{0.2,0.2}', 1, ARRAY[0.5, can]::float8[]) i WHERE i.team = 'a') i;

-- The argument

SELECT throws_ok('SELECT coachdiag.p_structural(1, NULL, 0, -1, 1, 1, idle_coach => 1.5)', '22023', 'idle_coach must lie between 0 and 1', 'a probability');
SELECT throws_ok('SELECT coachdiag.p_structural(1, NULL, 0, -1, 1, 1, idle_coach => -0.1)', '22023', NULL, 'not below 0');
SELECT throws_ok('SELECT coachdiag.p_structural(1, NULL, 0, -1, 1, 1, waiting_share => 7, waiting_low => 6, waiting_high => 8)', '22023', 'waiting_share must lie between 0 and 1', 'nor is seven a share');
SELECT throws_ok($$SELECT coachdiag.structural_score(coachdiag.panel(1, 2, 1::bigint, date '2025-01-06'), true, 'identity', 1, 0, -1, 1, 5, 2, waiting_share => 7)$$, '22023', 'waiting_share must lie between 0 and 1', 'not even of a gap');
SELECT is(coachdiag.p_structural(0.3, NULL, 0, -0.3, 0.3, 1, idle_coach => 0), coachdiag.p_structural(0.3, NULL, 0, -0.3, 0.3, 1), '0 is as not known');
SELECT cmp_ok(coachdiag.p_structural(0.3, NULL, 0, -0.3, 0.3, 1, idle_coach => 0.9), '<', 0.75::float8, 'and otherwise idle sessions say less');

SELECT * FROM finish();
