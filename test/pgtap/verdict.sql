-- The verdict and p_structural on teams made to confuse them, through a workspace.
\set QUIET on
SET client_min_messages = warning;
SELECT plan(42);

\ir noise.psql

-- Teams of 10 over 52 weeks; a point is the smallest effect. short: of all; low_short: of every second agent; hard_short: in the hard
-- contacts; routed: every fourth agent gets most of them; rate: sessions per agent and week; effect: points a session gives for four weeks.
CREATE TABLE team (no int, team text, size int, weeks int, short float8, low_short float8, hard_short float8, routed boolean, rate float8, effect float8);
INSERT INTO team VALUES
	(1, 'skill', 10, 52, 4, 0, 0, false, 0.25, 1.5),
	(2, 'structural', 10, 52, 4, 0, 0, false, 0.25, 0),
	(3, 'poor coach', 10, 52, -0.3, 5, 0, false, 0.25, 0),
	(4, 'good coach', 10, 52, -0.3, 5, 0, false, 0.25, 1.5),
	(5, 'routing', 10, 52, -0.5, 0, 8, true, 0.25, 0),
	(6, 'never coached', 10, 52, -0.5, 0, 8, false, 0, 0),
	(7, 'open', 10, 52, 4, 0, 0, false, 0, 0),
	(8, 'no gap', 10, 52, -1.5, 0, 0, false, 0.25, 0),
	(9, 'both', 10, 52, -0.3, 5, 10, false, 0.25, 1),
	(10, 'few agents', 3, 3, 3, 1, 0, false, 0, 0),
	(11, 'experienced fine', 10, 52, -0.3, 5, 0, false, 0, 0),
	(12, 'closed', 10, 52, 4, 0, 0, false, 0, 0);

SELECT coachdiag.create_workspace('ops'), coachdiag.create_workspace('single'), coachdiag.create_workspace('bare');
CREATE TABLE person AS SELECT 100 * no + a AS agent, a, t.* FROM team t, generate_series(1, size) a;
CREATE TABLE session AS SELECT agent, w FROM person, generate_series(0, 51) w WHERE w < weeks AND noise(agent, w, 5) < -1.35 + 2.8 * rate AND rate > 0;
CREATE TABLE fact AS
SELECT p.agent, date '2024-01-01' + 7 * w AS period, k.type,
	80 - k.natural_loss - p.short * CASE WHEN p.team = 'closed' AND w >= 30 THEN -0.2 ELSE 1 END - p.low_short * (a % 2) - p.hard_short * (k.type = 'hard')::int
		+ p.effect * least((SELECT count(*) FROM session s WHERE s.agent = p.agent AND s.w BETWEEN g.w - 4 AND g.w - 1), 2)
		+ 0.4 * noise(agent, 0, 1) + 0.7 * noise(agent, w, 2) + 0.5 * noise(p.no, w, 3) + 1.2 * noise(agent, w, k.natural_loss + 7) AS value,
	CASE WHEN (k.type = 'hard') = (p.routed AND a % 4 = 0) THEN 14 ELSE 6 END AS volume,
	80 - k.natural_loss AS target
FROM person p, generate_series(0, 51) g (w), (VALUES ('easy', 0), ('hard', 6)) k (type, natural_loss)
WHERE g.w < p.weeks;

-- ops: targets by type; single: one target for both; bare: neither types, hiring dates nor coaching.
DO $$
DECLARE
	ws text;
BEGIN
	FOREACH ws IN ARRAY '{ops,single,bare}'::text[] LOOP
		EXECUTE replace($sql$
			INSERT INTO @.metric (metric, higher_is_better, target, smallest_effect) VALUES ('qa', true, 77, 1);
			INSERT INTO @.assignment (agent_id, team, valid_from) SELECT agent, team, '2019-01-01' FROM person;
		$sql$, '@', ws);
	END LOOP;
	FOREACH ws IN ARRAY '{ops,single}'::text[] LOOP
		EXECUTE replace($sql$
			INSERT INTO @.agent (agent_id, hired_on) SELECT agent, CASE WHEN team = 'experienced fine' AND a % 2 = 1 THEN date '2024-01-01' ELSE date '2019-01-01' END FROM person;
			INSERT INTO @.coaching_session (session_id, agent_id, coach_id, held_at, status, metric)
			SELECT 100 * agent + w, agent, 900 + agent / 100, timestamptz '2024-01-03 10:00+00' + w * interval '7 days', 'held', 'qa' FROM session;
		$sql$, '@', ws);
	END LOOP;
END
$$;
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume, contact_type, target) SELECT agent, 'qa', period, value, volume, type, target FROM fact;
INSERT INTO single.agent_metric (agent_id, metric, period, value, volume, contact_type) SELECT agent, 'qa', period, value, volume, type FROM fact;
INSERT INTO bare.agent_metric (agent_id, metric, period, value, volume, target)
SELECT agent, 'qa', period, sum(volume * value) / sum(volume), sum(volume), sum(volume * target) / sum(volume) FROM fact GROUP BY agent, period;
CALL coachdiag.refresh('ops');
CALL coachdiag.refresh('single');
CALL coachdiag.refresh('bare');

CREATE FUNCTION verdict_of(ws text, of_team text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT verdict FROM %I.diagnosis WHERE team = $1', ws) INTO result USING of_team;
	RETURN result;
END
$$;
CREATE FUNCTION state_of(of_team text, of_test text) RETURNS text LANGUAGE sql AS $$
	SELECT state FROM ops.indicators WHERE team = of_team AND test = of_test
$$;
CREATE FUNCTION p_of(of_team text) RETURNS float8 LANGUAGE sql AS $$ SELECT p_structural FROM ops.diagnosis WHERE team = of_team $$;

-- Consistent because all lack a skill, and coaching moves it

SELECT is(state_of('skill', 'consistent_gap'), 'structural', 'a whole team without a skill looks consistent');
SELECT is(state_of('skill', 'coaching_without_effect'), 'behavioural', 'but coaching moves it');
SELECT is(verdict_of('ops', 'skill'), 'behavioural', 'so that it is behavioural');
SELECT matches((SELECT reason FROM ops.diagnosis WHERE team = 'skill'), '^Behavioural: a session improves the metric by [01]\.\d\d \(.*\), which it hardly would if the process held all back\. ', 'which the reason says first');
SELECT cmp_ok(p_of('skill'), '<', 0.25::float8, 'and p_structural low');

-- The same gap, and coaching moves nothing

SELECT is(state_of('structural', 'coaching_without_effect'), 'structural', 'coaching without effect is seen');
SELECT is(verdict_of('ops', 'structural'), 'structural', 'everyone short, the experienced too, and coaching idle: structural');
SELECT cmp_ok(p_of('structural'), '>', 0.75::float8, 'with a high p_structural');

-- A poor coach: no effect, yet half the team reaches the target

SELECT is(state_of('poor coach', 'coaching_without_effect'), 'structural', 'a poor coach moves nothing');
SELECT is(state_of('poor coach', 'consistent_gap'), 'behavioural', 'but half the team reaches the target');
SELECT is(verdict_of('ops', 'poor coach'), 'behavioural', 'so that it is behavioural');
SELECT matches((SELECT reason FROM ops.diagnosis WHERE team = 'poor coach'), '^Behavioural: agents'' true levels differ by \d\.\d\d \(.*\), \d\.\d smallest effects, which counts against one common cause\. Does coaching move it\? No: ', 'and why, against what coaching says');
SELECT cmp_ok(p_of('poor coach'), '<', 0.25::float8, 'and p_structural low');
SELECT is(verdict_of('ops', 'good coach'), 'behavioural', 'as it is with a good coach');

-- Routing: agents look different, since some get the hard contacts

SELECT cmp_ok((SELECT between_sd FROM ops.gap_dispersion WHERE team = 'routing'), '>', 1::float8, 'routing makes agents look different');
SELECT is(state_of('routing', 'consistent_gap'), 'structural', 'which they are not with contact mix taken out');
SELECT is(verdict_of('ops', 'routing'), 'structural', 'routing is structural');

-- Structural and never coached; open

SELECT is(verdict_of('ops', 'never coached'), 'structural', 'a contact type is to blame: structural without any coaching');
SELECT is(verdict_of('ops', 'open'), 'cannot_tell', 'everyone short alike, never coached, no type to blame: nobody can tell');
SELECT ok(p_of('open') BETWEEN 0.2 AND 0.8, 'which p_structural shows');
SELECT matches((SELECT next_step FROM ops.diagnosis WHERE team = 'open'), '^Coach a few, \d+ agents with \d+ sessions each, leave the others as they are, and look again after \d+ weeks\.', 'and what would settle it is said');
SELECT ok((SELECT i.more_agents BETWEEN 2 AND 5 AND i.more_sessions >= 3 * i.more_agents FROM ops.indicators i WHERE team = 'open' AND test = 'coaching_without_effect'), 'in figures too');

-- A view for the whole, one for the tests

SELECT results_eq('SELECT team, metric, verdict, p_structural, indicators_present, next_step, reason FROM ops.diagnosis ORDER BY team',
	$$SELECT team, metric, verdict, p_structural, indicators_present, CASE team WHEN 'few agents' THEN 'There are no values since 2024-01-15, while others go on to 2024-12-23: this is of the time before. ' ELSE '' END || next_step, reason
	FROM ops.structural_score ORDER BY team$$, 'diagnosis shows what structural_score says, and what ended');
SELECT results_eq($$SELECT i.team, i.test, i.estimate, i.ci_low, i.ci_high, i.state, i.n, i.reason, i.more_weeks FROM ops.indicators i ORDER BY 1, 2$$,
	$$SELECT p.team, t.test, t.estimate, t.ci_low, t.ci_high, t.state, t.n, t.reason, t.more_weeks FROM ops.team_panel p JOIN ops.coaching_effect e ON e.level = 'team' AND e.team = p.team,
		coachdiag.structural_tests(p.panel, p.higher_is_better, p.scale, p.smallest_effect, e.improvement, e.ci_low, e.ci_high, e.sessions, e.n_coached,
			learning => (SELECT coachdiag.learning_curve(array_agg(q.panel ORDER BY q.team), true) FROM ops.team_panel q),
			waiting_missing => (SELECT w.reason FROM ops.decide_or_wait w WHERE w.team = p.team)) t ORDER BY 1, 2$$, 'indicators shows its tests, exactly');
SELECT isnt((SELECT changed_on FROM ops.structural_score WHERE team = 'closed'), NULL, 'a gap that closed midway is seen');
SELECT matches((SELECT reason FROM ops.diagnosis WHERE team = 'closed'), '^No gap: .* The gap fell from .*: the verdict and the tests are of the time since\. ', 'and said');

-- No gap; both at once; few data; new hires

SELECT is(verdict_of('ops', 'no gap'), 'no_gap', 'no gap is no gap');
SELECT is(p_of('no gap'), NULL, 'of which nothing is to be explained');
SELECT is(verdict_of('ops', 'both'), 'mixed', 'a bad contact type and short agents: mixed');
SELECT matches((SELECT reason FROM ops.diagnosis WHERE team = 'both'), '^Mixed: \d+ % of the gap would go if hard were like the other contact types, and agents'' true levels differ by ', 'for both reasons');
SELECT is_empty($$SELECT d.team, i.test FROM ops.diagnosis d, (SELECT DISTINCT test FROM ops.indicators) i WHERE d.reason || d.next_step LIKE '%' || i.test || '%'$$, 'no test goes by its name there');
SELECT is(verdict_of('ops', 'few agents'), 'cannot_tell', 'three agents in three weeks tell nothing');
SELECT is(state_of('experienced fine', 'experienced_same_gap'), 'behavioural', 'a gap of new hires isn''t one of the experienced');
SELECT is(verdict_of('ops', 'experienced fine'), 'behavioural', 'and is behavioural');

-- One target for all types: judged against the same type in other teams

SELECT is((SELECT state FROM single.indicators WHERE team = 'never coached' AND test = 'contact_type_or_step'), 'structural', 'with one target for all, a type is compared with other teams');
SELECT is((SELECT state FROM single.indicators WHERE team = 'structural' AND test = 'contact_type_or_step'), 'behavioural', 'and one that takes longer everywhere is not to blame');
SELECT is(verdict_of('single', 'never coached'), 'structural', 'verdicts stand');
SELECT is(verdict_of('single', 'open'), 'cannot_tell', 'where they did');

-- Nothing but values

SELECT is(verdict_of('bare', 'open'), 'cannot_tell', 'missing evidence is no evidence');
SELECT is((SELECT count(*) FROM bare.indicators WHERE test <> 'consistent_gap' AND state <> 'unknown'), 0::bigint, 'tests without their data are unknown');

-- p_structural itself

SELECT is_empty($$
	SELECT * FROM generate_series(0.0, 2, 0.1) s, generate_series(0.0, 1, 0.1) t, generate_series(-1.0, 2, 0.1) e
	WHERE coachdiag.p_structural(s + 0.1, t, e, e - 0.3, e + 0.3, 1) > coachdiag.p_structural(s, t, e, e - 0.3, e + 0.3, 1) + 1e-12
		OR coachdiag.p_structural(s, t, e + 0.1, e - 0.2, e + 0.4, 1) > coachdiag.p_structural(s, t, e, e - 0.3, e + 0.3, 1) + 1e-12
$$, 'p_structural falls with spread and with effect');
SELECT ok(coachdiag.p_structural(NULL, NULL, NULL, NULL, NULL, NULL) BETWEEN 0.2 AND 0.8, 'and stays in the middle without evidence');

SELECT * FROM finish();
