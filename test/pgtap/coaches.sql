-- Coaches: what each one's sessions did, places that chance leaves open, whom to coach, the views.
\set QUIET on
SET client_min_messages = error;
SELECT no_plan();

\ir normal.psql

-- Twelve teams of ten, the worst two of each week coached. Two teams share two coaches, who take turns; a session of one with an odd number adds 3, of the other nothing, and 0.9 of it is left from week to week.
CREATE TABLE work (team int, agent bigint, week int, value float8, coach int, stock float8);
DO $$
BEGIN
	FOR w IN 0 .. 51 LOOP
		INSERT INTO work
		SELECT s.team, s.agent, w, s.value, CASE WHEN rank() OVER (PARTITION BY s.team ORDER BY s.value) <= 2 THEN (s.team - 1) / 2 * 2 + 1 + w % 2 END, s.stock
		FROM (
			SELECT t AS team, a AS agent, k.stock,
				80 + 3 * normal(format('level %s', a)) + 2 * normal(format('week %s %s', t, w)) + 4 * normal(format('noise %s %s', a, w)) + k.stock AS value
			FROM generate_series(1, 12) t, generate_series(100 * t + 1, 100 * t + 10) a
			LEFT JOIN work p ON p.agent = a AND p.week = w - 1
			CROSS JOIN LATERAL (SELECT coalesce(p.stock * 0.9 + CASE WHEN p.coach % 2 = 1 THEN 3 ELSE 0 END, 0) AS stock) k
		) s;
	END LOOP;
END
$$;

-- Panels of a query's rows: team, agent, week, value, coach (text), sessions.
CREATE FUNCTION team_panels(query text, OUT teams int[], OUT programs text[], OUT panels coachdiag.panel[]) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format($q$
		SELECT array_agg(team ORDER BY team), array_agg(CASE WHEN team <= 6 THEN 'north' ELSE 'south' END ORDER BY team), array_agg(panel ORDER BY team)
		FROM (SELECT team, coachdiag.panel(value, 85, agent, date '2024-01-01' + 7 * week, 1, NULL, sessions, NULL, coach, NULL::date) AS panel
			FROM (%s) q (team, agent, week, value, coach, sessions) GROUP BY team) p
	$q$, query) INTO teams, programs, panels;
END
$$;
CREATE FUNCTION coaches_of(query text) RETURNS SETOF coachdiag.coach_effect_result LANGUAGE sql AS
$$ SELECT e.* FROM team_panels(query) p, coachdiag.coach_effect(p.programs, p.panels, true, smallest_effect => 1) e $$;

\set as_is 'SELECT team, agent, week, value, format(\'C%s\', coach), (coach IS NOT NULL)::int FROM work'
CREATE TABLE result AS SELECT e.*, substr(coach_id, 2)::int % 2 = 1 AS good FROM coaches_of(:'as_is') e;

-- 2.58 is what a session of 3 leaves on average over four weeks.

SELECT results_eq('SELECT program, count(*), min(peers), max(peers) FROM result GROUP BY 1 ORDER BY 1', $$VALUES ('north', 6::bigint, 6, 6), ('south', 6, 6, 6)$$, 'coaches are compared within their program');
SELECT ok(count(*) FILTER (WHERE (CASE WHEN good THEN 2.58 ELSE 0 END) BETWEEN ci_low AND ci_high) >= 11, 'the intervals hold the truth') FROM result;
SELECT ok(bool_and(good = (rank <= 3)), 'who adds something ranks above who does not') FROM result;
SELECT ok(bool_and(CASE WHEN good THEN rank_high <= 4 AND outlier = 'above' ELSE rank_low >= 3 AND outlier = 'below' END), 'and the data settle it') FROM result;
SELECT ok(bool_and(rank BETWEEN rank_low AND rank_high AND status = 'ranked' AND teams = 2 AND teams_shared = 2), 'ranks lie in their intervals') FROM result;
SELECT ok(bool_and(naive_share_improved > 0.65), 'two sessions in three are followed by improvement, whoever coached') FROM result;
SELECT ok(bool_and(abs(naive_share_improved - null_share_improved) < 0.06), 'and would be without any effect, for those who have none') FROM result WHERE NOT good;
SELECT ok(bool_and(conclusion = CASE WHEN good THEN 'effective' ELSE conclusion END) AND bool_or(conclusion = 'no_effect') OR bool_or(conclusion = 'cannot_tell'), 'conclusions as for teams') FROM result;
SELECT ok(bool_and(program_improvement BETWEEN 0.6 AND 2.2 AND program_spread BETWEEN 0.6 AND 3), 'mean and spread of the program') FROM result;

-- What must not matter

CREATE FUNCTION is_same(what text, actual text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	differ bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM result r FULL JOIN (%s) a USING (program, coach_id) WHERE (abs(a.improvement - r.improvement) < 1e-6 AND abs(a.ci_low - r.ci_low) < 1e-6 AND a.rank = r.rank AND a.rank_low = r.rank_low AND a.outlier IS NOT DISTINCT FROM r.outlier) IS NOT TRUE', actual) INTO differ;
	RETURN ok(differ = 0, what);
END
$$;
SELECT is_same('the order of teams does not matter', $q$SELECT e.* FROM team_panels('SELECT 13 - team, agent, week, value, format(''C%s'', coach), (coach IS NOT NULL)::int FROM work') p,
	coachdiag.coach_effect((SELECT array_agg(CASE WHEN 13 - t <= 6 THEN 'north' ELSE 'south' END ORDER BY t) FROM unnest(p.teams) t), p.panels, true) e$q$);
SELECT is_same('a hard team does not count against its coach', $q$SELECT * FROM coaches_of('SELECT team, agent, week, value - CASE WHEN team <= 2 THEN 20 ELSE 0 END, format(''C%s'', coach), (coach IS NOT NULL)::int FROM work')$q$);
SELECT ok(bool_and(abs(l.improvement - r.improvement) < 0.4 AND l.rank_low <= r.rank AND r.rank <= l.rank_high), 'on the log scale it is the same in metric units')
FROM result r JOIN (SELECT e.* FROM team_panels('SELECT team, agent, week, ln(value), format(''C%s'', coach), (coach IS NOT NULL)::int FROM work') p, coachdiag.coach_effect(p.programs, p.panels, true, 'log') e) l USING (program, coach_id);
SELECT ok(bool_and(abs(l.improvement - r.improvement) < 1e-6), 'nor does the direction of the metric')
FROM result r JOIN (SELECT e.* FROM team_panels('SELECT team, agent, week, -value, format(''C%s'', coach), (coach IS NOT NULL)::int FROM work') p, coachdiag.coach_effect(p.programs, p.panels, false) e) l USING (program, coach_id);

-- Easy contacts are worth 20 points more. In the four weeks after a session agents get nine in ten of them, and otherwise every second one.
CREATE TABLE routed AS SELECT p.known, e.* FROM (
	SELECT known, array_agg(CASE WHEN team <= 6 THEN 'north' ELSE 'south' END ORDER BY team) AS programs, array_agg(panel ORDER BY team) AS panels
	FROM (SELECT k.known, w.team, coachdiag.panel(w.value + c.harder, 85, w.agent, date '2024-01-01' + 7 * w.week, c.share, CASE WHEN k.known THEN c.type END,
			CASE WHEN c.type = 'easy' THEN (w.coach IS NOT NULL)::int ELSE 0 END, NULL, format('C%s', w.coach), NULL::date) AS panel
		FROM (VALUES (true), (false)) k (known)
		CROSS JOIN work w
		CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM work p WHERE p.agent = w.agent AND p.week BETWEEN w.week - 4 AND w.week - 1 AND p.coach IS NOT NULL) AS after) s
		CROSS JOIN LATERAL (VALUES ('easy', 0, CASE WHEN s.after THEN 9.0 ELSE 5.0 END), ('hard', -20, CASE WHEN s.after THEN 1.0 ELSE 5.0 END)) c (type, harder, share)
		GROUP BY k.known, w.team) p
	GROUP BY known
) p, coachdiag.coach_effect(p.programs, p.panels, true) e;
SELECT ok(bool_and(abs(l.improvement - r.improvement) < 0.3 AND l.rank = r.rank), 'nor do easier contacts after a session: the mix is held equal') FROM result r JOIN routed l USING (program, coach_id) WHERE l.known;
SELECT ok(bool_and(l.improvement > r.improvement + 3), 'as it can be where contact types are given') FROM result r JOIN routed l USING (program, coach_id) WHERE NOT l.known;

SELECT ok(bool_and(abs(l.improvement - r.improvement) < 1e-5 AND l.outlier = r.outlier), 'what a whole team goes through does not matter')
FROM result r JOIN coaches_of('SELECT team, agent, week, value + 9 * sin(5 * team + week), format(''C%s'', coach), (coach IS NOT NULL)::int FROM work') l USING (program, coach_id);

-- With one coach in each team the coach's own estimate is the team's

SELECT ok(bool_and(abs(c.raw_improvement - t.raw_improvement) < 1e-5 AND abs(c.raw_se - t.raw_se) < 1e-5 AND abs(c.naive_improvement - t.naive_improvement) < 1e-9)
	AND bool_and(c.reason LIKE '%can''t be told apart'), 'one coach, one team: the team''s figures, and the reason says so')
FROM team_panels('SELECT team, agent, week, value, format(''T%s'', team), (coach IS NOT NULL)::int FROM work') p,
	coachdiag.coach_effect(p.programs, p.panels, true) c,
	coachdiag.coaching_effect((SELECT array_agg('T' || t ORDER BY t) FROM unnest(p.teams) t), p.panels, true) t
WHERE t.unit = c.coach_id;

-- Edge cases: who is unknown, who coaches together, everybody at once, hardly ever, alone, after somebody left, across a move

CREATE TABLE unknown_coach AS SELECT * FROM coaches_of($q$SELECT team, agent, week, value, CASE WHEN coach <> 2 THEN format('C%s', coach) END, (coach IS NOT NULL)::int FROM work$q$);
SELECT ok(abs(u.improvement - r.improvement) < 0.3 AND NOT EXISTS (SELECT FROM unknown_coach WHERE coach_id = 'C2' OR coach_id IS NULL), 'sessions without a coach are coaching, but nobody''s')
FROM unknown_coach u JOIN result r USING (coach_id) WHERE coach_id = 'C1';
CREATE TABLE together AS SELECT * FROM coaches_of($q$
	SELECT team, agent, week, value, format('C%s', coach), (coach IS NOT NULL)::int FROM work
	UNION ALL SELECT team, agent, week, NULL, 'second', 1 FROM work WHERE coach = 1$q$);
SELECT ok(count(*) = 2 AND bool_and(raw_improvement IS NULL) AND max(improvement) - min(improvement) < 0.01 AND min(sessions) = max(sessions), 'two coaches with the same agents in the same weeks: drawn alike, neither has an estimate of its own')
FROM together WHERE coach_id IN ('C1', 'second');
CREATE TABLE all_at_once AS SELECT * FROM coaches_of($q$
	SELECT team, agent, week, value, CASE WHEN team <= 2 THEN 'C1' ELSE format('C%s', coach) END, CASE WHEN team <= 2 THEN (week % 8 = 0)::int ELSE (coach IS NOT NULL)::int END FROM work$q$);
SELECT is(array[status, conclusion, reason], array['not assessed', 'cannot_tell', 'nobody to compare the coached agents with, or too few periods'], 'whole teams in a group session: nobody to compare with') FROM all_at_once WHERE coach_id = 'C1';
SELECT ok(naive_share_improved IS NOT NULL AND null_share_improved IS NULL AND improvement IS NULL AND rank IS NULL AND sessions = 140, 'only what before and after claims is known') FROM all_at_once WHERE coach_id = 'C1';
CREATE TABLE seldom AS SELECT * FROM coaches_of($q$
	SELECT team, agent, week, value, CASE WHEN coach = 2 AND week = 21 AND team = 1 AND agent % 2 = (SELECT min(agent) % 2 FROM work WHERE coach = 2 AND week = 21 AND team = 1) THEN 'guest' ELSE format('C%s', coach) END, (coach IS NOT NULL)::int FROM work$q$);
SELECT ok(status = 'too few to rank' AND rank IS NULL AND reason = 'sessions: 1, agents: 1; ranking needs 10 and 3' AND abs(improvement - program_improvement) < abs(raw_improvement - program_improvement) / 2 AND ci_high - ci_low > 2, 'a single session: drawn to the program''s mean, not ranked') FROM seldom WHERE coach_id = 'guest';
SELECT ok(bool_and(peers = 6), 'nor counted among the peers') FROM seldom WHERE program = 'north' AND coach_id <> 'guest';
CREATE TABLE only_one AS SELECT * FROM coaches_of($q$SELECT team, agent, week, value, 'C1', (coach IS NOT NULL)::int FROM work WHERE team = 1$q$);
SELECT ok(status = 'too few to rank' AND reason = 'no other coach of the program has enough sessions' AND abs(improvement - raw_improvement) < 1e-6, 'a coach without peers keeps the own estimate and no rank') FROM only_one;
SELECT ok(abs(l.improvement - r.improvement) < 1e-6 AND l.sessions = r.sessions + 3, 'sessions after somebody left count as sessions, and change nothing')
FROM result r JOIN coaches_of($q$SELECT team, agent, week, value, format('C%s', coach), (coach IS NOT NULL)::int FROM work
	UNION ALL SELECT 1, 9999, week, NULL, 'C1', 1 FROM generate_series(40, 42) week$q$) l USING (program, coach_id) WHERE coach_id = 'C1';
SELECT ok(bool_and(abs(l.improvement - r.improvement) < 1.2) AND max(l.teams) = 3, 'an agent who changes team goes on in the new one')
FROM result r JOIN coaches_of($q$SELECT CASE WHEN agent IN (101, 102) AND week >= 26 THEN 3 ELSE team END, agent, week, value, format('C%s', coach), (coach IS NOT NULL)::int FROM work$q$) l USING (program, coach_id) WHERE coach_id IN ('C1', 'C2');
SELECT ok(count(*) = 12 AND bool_and(program IS NULL AND peers = 12), 'no program is a program of its own') FROM team_panels(:'as_is') p, coachdiag.coach_effect(array_fill(NULL::text, ARRAY[12]), p.panels, true) e;
SELECT ok(count(*) = 12, 'hostile names are names') FROM coaches_of($q$SELECT team, agent, week, value, format('"; DROP TABLE work; -- %s', coach), (coach IS NOT NULL)::int FROM work$q$);

SELECT is_empty($$SELECT coachdiag.coach_effect(NULL, NULL, true)$$, 'NULL: no rows');
SELECT is_empty($$SELECT coachdiag.coach_effect('{}', '{}', true)$$, 'no panels: no rows');
SELECT is_empty($$SELECT coachdiag.coach_effect('{a}', ARRAY[NULL::coachdiag.panel], true)$$, 'NULL panels are skipped');
SELECT is_empty($$SELECT coachdiag.coach_effect('{a}', ARRAY[coachdiag.panel(1, 2, 3::bigint, date '2024-01-01')], true)$$, 'no coach: no rows');
SELECT throws_ok($$SELECT coachdiag.coach_effect('{a,b}', ARRAY[NULL::coachdiag.panel], true)$$, '2202E', NULL, 'arrays of different length');
SELECT throws_ok($$SELECT coachdiag.coach_effect('{a}', ARRAY[NULL::coachdiag.panel], true, 'cubic')$$, '22023', NULL, 'unknown scale');
SELECT throws_ok($$SELECT coachdiag.coach_effect('{a}', ARRAY[NULL::coachdiag.panel], true, horizon => 0)$$, '22023', NULL, 'horizon out of range');

-- rank_interval

CREATE TABLE league AS SELECT i, sin(2 * i) AS estimate, 0.2 + 0.1 * (i % 4) AS se FROM generate_series(1, 12) i;
CREATE TABLE place AS SELECT i, estimate, (coachdiag.rank_interval(estimate, se) OVER ()).* FROM league;
SELECT ok(abs(sum(expected_rank) - 78) < 1e-9 AND min(rank) = 1 AND max(rank) = 12 AND bool_and(rank BETWEEN rank_low AND rank_high), 'expected ranks add up, places lie in their intervals') FROM place;
SELECT ok(bool_and(abs(a.expected_rank - b.expected_rank) < 1e-12 AND a.rank_low = b.rank_low AND a.rank_high = b.rank_high), 'the order of rows does not matter')
FROM place a JOIN (SELECT i, (coachdiag.rank_interval(estimate, se) OVER (ORDER BY se)).* FROM league) b USING (i);
SELECT ok(abs(expected_rank - 1.0227501319481792) < 1e-12, 'two values two standard errors of their difference apart') FROM (SELECT (coachdiag.rank_interval(x, se) OVER ()).*, x FROM (VALUES (2.0, 0.6), (0.0, 0.8)) v (x, se)) s WHERE x = 2;
SELECT results_eq($$SELECT (r).rank, (r).rank_low, (r).rank_high FROM (SELECT x, coachdiag.rank_interval(x, 0.01) OVER () AS r FROM (VALUES (1.0::float8), (2), (2), (NULL)) v (x)) s ORDER BY x$$,
	$$VALUES (3, 3, 3), (1, 1, 2), (1, 1, 2), (NULL, NULL, NULL)$$, 'equals share a place; NULL is not ranked');
SELECT results_eq($$SELECT (coachdiag.rank_interval(5, 1) OVER ()).*$$, $$VALUES (1, 1, 1, 1.0::float8, 0.0::float8, NULL::text)$$, 'a unit alone is first');
SELECT ok(w.rank_high - w.rank_low >= n.rank_high - n.rank_low, 'a higher level is a wider interval') FROM place w JOIN (SELECT i, (coachdiag.rank_interval(estimate, se, 0.5) OVER ()).* FROM league) n USING (i) WHERE i = 3;
SELECT throws_ok('SELECT coachdiag.rank_interval(1, 0) OVER ()', '22023', NULL, 'se must be above 0');
SELECT throws_ok($$SELECT coachdiag.rank_interval('NaN', 1) OVER ()$$, '22003', NULL, 'NaN is refused');
SELECT throws_ok('SELECT coachdiag.rank_interval(1, 1, 1) OVER ()', '22023', NULL, 'level must be below 1');
SELECT throws_ok('SELECT coachdiag.rank_interval(x, 1, x / 10) OVER () FROM generate_series(1.0, 5) x', '22023', 'level of rank_interval must be the same for all rows', 'and the same for all');
SELECT throws_ok('SELECT coachdiag.rank_interval(i, 1) OVER () FROM generate_series(1, 10001) i', '54000', NULL, 'more than 10,000 units are refused');

-- agent_gaps and own_gap: all agents alike, with spells of bad luck that last for weeks

CREATE TABLE alike (team int, agent bigint, week int, spell float8, value float8);
DO $$
BEGIN
	FOR w IN 0 .. 25 LOOP
		INSERT INTO alike
		SELECT t, a, w, k.spell, 80 + 2 * normal(format('w%s %s', t, w)) + k.spell + 4 * normal(format('n%s %s', a, w))
		FROM generate_series(1, 120) t, generate_series(100 * t + 1, 100 * t + 10) a
		LEFT JOIN alike p ON p.agent = a AND p.week = w - 1
		CROSS JOIN LATERAL (SELECT coalesce(0.6 * p.spell, 0) + 0.8 * 2 * normal(format('s%s %s', a, w)) AS spell) k;
	END LOOP;
END
$$;
CREATE VIEW judged AS
SELECT s.team, s.agent, o.* FROM (
	SELECT g.*, coachdiag.shrink(g.own, g.own_se) OVER (PARTITION BY g.team) AS shrunken
	FROM (SELECT t.team, g.* FROM (SELECT team, coachdiag.panel(value, 90, agent, date '2024-01-01' + 7 * week) AS panel FROM alike GROUP BY team) t, coachdiag.agent_gaps(t.panel) g) g
) s, coachdiag.own_gap(s.gap, (s.shrunken).estimate, (s.shrunken).se, 0, 3) o;
CREATE TABLE verdict AS SELECT * FROM judged;
SELECT ok(count(DISTINCT team) FILTER (WHERE finding LIKE 'own gap%') <= 6, format('all alike: %s of 120 teams have somebody named, at most 5 %%', count(DISTINCT team) FILTER (WHERE finding LIKE 'own gap%'))) FROM verdict;
UPDATE alike SET value = value - 6 WHERE agent % 100 = 1;
CREATE TABLE planted AS SELECT * FROM judged;
SELECT ok(count(*) FILTER (WHERE finding = 'own gap, coached' AND agent::int % 100 = 1) >= 114, 'an agent who is 6 points short of the others is named') FROM planted;
SELECT ok(count(*) FILTER (WHERE finding LIKE 'own gap%' AND agent::int % 100 <> 1) <= 12, 'and hardly anybody else') FROM planted;
SELECT ok(abs(sum(g.own) / max(abs(g.own))) < 1e-9 AND max(g.blocks) = 7 AND bool_and(abs(g.gap - 10) < 10), 'own parts are what sets agents apart from the team')
FROM (SELECT coachdiag.panel(value, 90, agent, date '2024-01-01' + 7 * week) AS panel FROM alike WHERE team = 7) t, coachdiag.agent_gaps(t.panel) g;
SELECT ok(bool_and(g.own_se IS NULL) AND count(*) = 2, 'two agents are too few: no standard error')
FROM (SELECT coachdiag.panel(value, 90, agent, date '2024-01-01' + 7 * week) AS panel FROM alike WHERE agent IN (101, 102) AND week < 12) t, coachdiag.agent_gaps(t.panel) g;
SELECT is_empty($$SELECT coachdiag.agent_gaps(coachdiag.panel(1, NULL, 1::bigint, date '2025-01-06'))$$, 'no target: no rows');
SELECT is_empty($$SELECT coachdiag.agent_gaps(NULL)$$, 'no panel: no rows');

SELECT results_eq($$SELECT o.finding, round(o.coachable::numeric, 3) FROM (VALUES (10.0, 6.0, 1.0, 2.0, 3.0), (10, 6, 1, 2, 0), (3, 6, 1, 2, 3), (10, 0.1, 1, 2, 3), (10, 0.1, 1, 2, 1), (1, 0.1, 1, 2, 3), (10, 3, 1, 2, 3), (10, 6, NULL, 2, 3)) v (gap, own, se, margin, sessions), coachdiag.own_gap(gap, own, se, margin, sessions) o$$,
	$$VALUES ('own gap, coached', 6.000), ('own gap, nobody coaches it', 6.000), (NULL, 3.000), ('coached for a gap that is not theirs', 0.100), (NULL, 0.100), (NULL, 0.100), (NULL, 3.000), (NULL, 6.000)$$, 'what to make of a gap');

-- The views: a workspace of the same twelve teams. Coach 907 follows up on every fourth session only; 905 is rated low; 909 works where the gap is the process's.

SELECT coachdiag.create_workspace('ops');
INSERT INTO ops.metric VALUES ('qa', true, 90, 1, 'points', 'identity');
INSERT INTO ops.agent SELECT DISTINCT agent, CASE WHEN agent = 1203 THEN date '2024-11-01' ELSE date '2020-01-01' END, NULL::date FROM work;
INSERT INTO ops.assignment SELECT DISTINCT agent, 'T' || team, date '2020-01-01', NULL::date, NULL, CASE WHEN team <= 4 THEN 'S1' WHEN team <= 10 THEN 'S2' END, CASE WHEN team <= 6 THEN 'north' ELSE 'south' END FROM work;
INSERT INTO ops.agent_metric (agent_id, metric, period, value)
SELECT agent, 'qa', date '2024-01-01' + 7 * week, value - CASE WHEN agent IN (1101, 1102) THEN 15 ELSE 0 END FROM work;
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, metric, follow_up_due, followed_up_at, agent_rating)
SELECT 1000 * agent + week, agent, 900 + coach, timestamptz '2024-01-03 10:00+00' + week * interval '7 days', 'qa', date '2024-01-17' + 7 * week,
	CASE WHEN coach <> 7 OR week % 8 = 0 THEN timestamptz '2024-01-16 10:00+00' + week * interval '7 days' END, CASE WHEN coach = 5 THEN 2 ELSE 4 END + uniform('rating' || agent || week)
FROM work WHERE coach IS NOT NULL AND agent NOT IN (1101, 1102);
-- About no metric in particular; recognition alone; nothing to coach; not held.
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, metric, recognition, not_coachable_reason, status) VALUES
	(1, 101, 901, '2024-03-05 10:00+00', NULL, NULL, NULL, NULL), (2, 101, 901, '2024-03-12 10:00+00', 'qa', true, NULL, NULL),
	(3, 101, 901, '2024-03-19 10:00+00', 'qa', NULL, 'system', NULL), (4, 101, 901, NULL, 'qa', NULL, NULL, 'cancelled'), (5, 101, 950, '2024-03-12 10:00+00', 'qa', true, NULL, NULL);
CALL coachdiag.refresh('ops');

SELECT results_eq('SELECT coach_id, program FROM ops.coach_scorecard WHERE status = $$ranked$$ ORDER BY coach_id', $$SELECT '9' || lpad(c::text, 2, '0'), CASE WHEN c <= 6 THEN 'north' ELSE 'south' END FROM generate_series(1, 12) c$$, 'every coach has a card in the program');
SELECT ok(bool_and((coach_id::int % 2 = 1) = (rank <= 3)), 'who adds something ranks above who does not') FROM ops.coach_scorecard WHERE status = 'ranked';
SELECT results_eq($$SELECT site, string_agg(coach_id, ' ' ORDER BY coach_id), bool_and(program_spread > 0.5) FROM ops.coach_scorecard WHERE status = 'ranked' GROUP BY site ORDER BY site$$,
	$$VALUES ('S1', '901 902 903 904', true), ('S2', '905 906 907 908 909 910', true), (NULL, '911 912', true)$$, 'where they coach, and how far the true effects of a program''s coaches lie apart');
SELECT ok(s.sessions = (SELECT count(*) + 1 FROM work WHERE coach = 1) AND s.agents = (SELECT count(DISTINCT agent) FROM (SELECT agent FROM work WHERE coach = 1 UNION SELECT 101) a), 'a session about no metric counts; recognition alone, nothing to coach and cancelled do not') FROM ops.coach_scorecard s WHERE coach_id = '901';
SELECT ok(status = 'not assessed' AND sessions = 0 AND improvement IS NULL, 'a coach without a session that counts is not assessed') FROM ops.coach_scorecard WHERE coach_id = '950';
SELECT ok(follow_through BETWEEN 0.1 AND 0.4 AND follow_ups_due > 90, 'follow-through is what took place of what was due') FROM ops.coach_scorecard WHERE coach_id = '907';
SELECT ok(bool_and(follow_through = 1 AND coverage BETWEEN 0.9 AND 1), 'and coverage the share of their agents coached') FROM ops.coach_scorecard WHERE coach_id IN ('901', '905');
SELECT set_eq($$SELECT program, coach_id, why FROM ops.coach_the_coach WHERE status = 'watch' AND why IN ('follow-through', 'agent ratings')$$, $$VALUES ('south', '907', 'follow-through'), ('north', '905', 'agent ratings')$$, 'who to watch: no follow-through, low ratings');
SELECT set_eq($$SELECT coach_id FROM ops.coach_the_coach WHERE why = 'high outlier'$$, $$SELECT coach_id FROM ops.coach_scorecard WHERE outlier = 'above'$$, 'whom to learn from');
SELECT ok(count(*) = count(DISTINCT (program, priority)) AND min(priority) = 1, 'in an order') FROM ops.coach_the_coach;

SELECT results_eq($$SELECT agent_id, finding, round(expected_gain) <= coalesce(round(own), 0) FROM ops.coaching_targets WHERE finding LIKE '%nobody coaches it' ORDER BY 1$$, $$VALUES ('1101', 'own gap, nobody coaches it', true), ('1102', 'own gap, nobody coaches it', true)$$, 'behavioural gaps that nobody coaches');
SELECT ok(bool_and(gap_low <= gap AND gap <= gap_high AND own_low <= own AND own <= own_high AND gain_low <= expected_gain AND expected_gain <= gain_high AND status = 'assessed') AND count(*) = 120, 'each agent has a row, with intervals') FROM ops.coaching_targets;
SELECT ok(bool_and(probability_own <= 0.05 AND sessions >= 2 AND gap > 1), 'coached for a gap that is not theirs') FROM ops.coaching_targets WHERE finding LIKE 'coached for%';
SELECT results_eq($$SELECT agent_id FROM ops.coaching_targets WHERE tenure = 'new'$$, $$VALUES ('1203')$$, 'new and tenured');

-- Whose gap it was is asked of the weeks before coaching. In each of twelve teams that are all short of the target, agent 1 was 8 shorter than the others, was coached in three weeks and then no longer; agent 2 was coached alike without ever differing.

CREATE TABLE cured AS
SELECT t AS team, 10000 + 100 * t + a AS agent, w AS week, 80 + normal(format('cured %s', 100 * t + a)) + 2 * normal(format('cured %s %s', 100 * t + a, w)) - CASE WHEN a = 1 AND w < 30 THEN 8 ELSE 0 END AS value,
	a <= 2 AND w BETWEEN 27 AND 29 AS coached
FROM generate_series(1, 12) t, generate_series(1, 10) a, generate_series(0, 51) w;
SELECT coachdiag.create_workspace('more');
INSERT INTO more.metric VALUES ('qa', true, 85, 3, 'points', 'identity');
INSERT INTO more.assignment SELECT DISTINCT agent, 'T' || team, date '2020-01-01', NULL::date, NULL, NULL, 'cured' FROM cured;
INSERT INTO more.agent_metric (agent_id, metric, period, value) SELECT agent, 'qa', date '2024-01-01' + 7 * week, value FROM cured;
INSERT INTO more.coaching_session (session_id, agent_id, coach_id, held_at, metric)
SELECT 1000 * agent + week, agent, team, timestamptz '2024-01-03 10:00+00' + week * interval '7 days', 'qa' FROM cured WHERE coached;

-- A hundred coaches who are all alike, ten a program, and agents who rate and let follow-ups happen each in their own way (both: half of the variance). One coach in another program of ten is truly worse at both.
INSERT INTO more.assignment SELECT 100000 + 100 * c + a, 'R' || c, date '2020-01-01', NULL::date, NULL, NULL, 'P' || c / 10 FROM generate_series(0, 109) c, generate_series(1, 6) a;
INSERT INTO more.coaching_session (session_id, agent_id, coach_id, held_at, agent_rating, follow_up_due, followed_up_at)
SELECT 100000000 + 10000 * c + 100 * a + k, 100000 + 100 * c + a, 1000 + c, timestamptz '2024-01-03 10:00+00' + k * interval '14 days',
	3 + 0.7 * normal(format('rater %s %s', c, a)) + 0.7 * normal(format('rated %s %s %s', c, a, k)) - CASE WHEN c = 105 THEN 2 ELSE 0 END, date '2024-01-17' + 14 * k,
	CASE WHEN normal(format('keeper %s %s', c, a)) + normal(format('kept %s %s %s', c, a, k)) > CASE WHEN c = 105 THEN 2 ELSE -0.5 END THEN timestamptz '2024-01-16 10:00+00' + k * interval '14 days' END
FROM generate_series(0, 109) c, generate_series(1, 6) a, generate_series(0, 9) k;
CALL coachdiag.refresh('more');

SELECT is(count(*), 0::bigint, 'a gap that coaching closed was theirs') FROM more.coaching_targets WHERE finding = 'coached for a gap that is not theirs' AND agent_id::int % 100 = 1;
SELECT ok(count(*) FILTER (WHERE probability_own <= 0.05 AND sessions >= 2) >= 8, 'though nothing is left of it now') FROM more.coaching_targets WHERE agent_id::int % 100 = 1 AND program = 'cured';
SELECT ok(count(*) >= 8, format('%s of 12 without any own gap are named', count(*))) FROM more.coaching_targets WHERE finding = 'coached for a gap that is not theirs' AND agent_id::int % 100 = 2;
SELECT ok(count(*) FILTER (WHERE why = 'agent ratings') <= 2 AND count(*) FILTER (WHERE why = 'follow-through') <= 3, format('of 100 coaches who are alike %s are to be watched', count(*)))
FROM more.coach_the_coach WHERE why IN ('follow-through', 'agent ratings') AND coach_id IS NOT NULL AND program <> 'P10';
SELECT set_eq($$SELECT coach_id, why FROM more.coach_the_coach WHERE program = 'P10' AND status = 'watch'$$, $$VALUES ('1105', 'follow-through'), ('1105', 'agent ratings')$$, 'one who is worse is found all the same');

-- Optional columns that are missing

DROP TABLE ops.coaching_session;
CREATE VIEW ops.coaching_session AS SELECT 1000 * agent + week AS session_id, agent AS agent_id, 'COACH' || coach AS coach_id, timestamptz '2024-01-03 10:00+00' + week * interval '7 days' AS held_at, 'qa' AS metric FROM work WHERE coach IS NOT NULL;
CALL coachdiag.refresh('ops');
SELECT ok(bool_and(follow_through IS NULL AND reason LIKE '%needs coaching_session.follow_up_due and followed_up_at'), 'follow-through is not assessed without its columns') FROM ops.coach_scorecard;
SELECT set_eq($$SELECT program, why, evidence FROM ops.coach_the_coach WHERE status = 'not assessed'$$,
	$$SELECT p, w, 'needs coaching_session.' || n FROM unnest('{north,south}'::text[]) p, (VALUES ('follow-through', 'follow_up_due and followed_up_at'), ('agent ratings', 'agent_rating')) v (w, n)$$, 'nor who to watch by it');
DROP VIEW ops.coaching_session;
CALL coachdiag.refresh('ops');
SELECT is_empty('SELECT * FROM ops.coach_scorecard', 'no coaching log: no coaches');
SELECT is_empty('SELECT * FROM ops.coach_the_coach', 'and nobody to watch');
SELECT ok(count(*) = 120 AND bool_and(expected_gain IS NULL AND finding IS DISTINCT FROM 'own gap, coached'), 'gaps are judged all the same, the gain is not known') FROM ops.coaching_targets;

SELECT * FROM finish();
