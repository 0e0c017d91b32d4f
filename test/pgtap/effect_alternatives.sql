-- coaching_effect_alternatives: the other designs beside coaching_effect, over the same panels.
BEGIN;
SELECT plan(18);

-- Twelve teams of eight; who had a bad week is coached; a session adds 4 for four weeks.
CREATE TEMP TABLE score AS
WITH RECURSIVE luck AS (
	SELECT team, agent, week,
		3 * ((('x' || substr(md5(format('%s %s %s', team, agent, week)), 1, 7))::bit(28)::int / 2 ^ 28) +
			(('x' || substr(md5(format('%s %s %s', team, agent, week)), 8, 7))::bit(28)::int / 2 ^ 28) - 1) AS luck,
		('x' || substr(md5(format('%s %s %s', team, agent, week)), 15, 7))::bit(28)::int / 2 ^ 28 AS coin
	FROM generate_series(1, 12) team, generate_series(1, 8) agent, generate_series(0, 51) week
), year AS (
	SELECT team, agent, week, 80 + agent % 4 + 5 * luck AS value, 0::float8 AS sessions, ARRAY[0, 0, 0, 0]::float8[] AS past
	FROM luck WHERE week = 0
	UNION ALL
	SELECT n.team, n.agent, n.week, v.value, (v.value < 78 AND n.coin < 0.4)::int, y.past[2:4] || (v.value < 78 AND n.coin < 0.4)::int::float8
	FROM year y JOIN luck n ON n.team = y.team AND n.agent = y.agent AND n.week = y.week + 1
	CROSS JOIN LATERAL (SELECT 80 + n.agent % 4 + 5 * n.luck + 4 * (y.past[1] + y.past[2] + y.past[3] + y.past[4])) v (value)
)
SELECT team, agent, date '2025-01-06' + 7 * week AS week, value, sessions FROM year;

CREATE TEMP TABLE stored AS
SELECT team, coachdiag.panel(value, 85, agent, week, 1, NULL, sessions, NULL, NULL::text, NULL::date) AS panel FROM score GROUP BY team;

CREATE TEMP TABLE answer AS
SELECT a.* FROM (SELECT array_agg(panel ORDER BY team) AS panels FROM stored) s, coachdiag.coaching_effect_alternatives(panels) a;

SELECT results_eq('SELECT method FROM answer', ARRAY['coaching_effect', 'ancova_trials', 'attrition_low', 'attrition_high', 'gap_difference', 'before_after', 'other_teams', 'spillover'], 'a row a method');
SELECT ok((SELECT improvement BETWEEN 3.2 AND 4.8 AND ci_low < 4 AND 4 < ci_high FROM answer WHERE method = 'coaching_effect'), 'coaching_effect finds what was planted');
SELECT ok((SELECT improvement BETWEEN 3 AND 5 FROM answer WHERE method = 'ancova_trials'), 'so do trials that know the history');
SELECT ok((SELECT a.improvement > 8 AND abs(a.improvement - a.null_improvement - 4) < 1.2 FROM answer a WHERE method = 'before_after'),
	'before and after claims twice as much; its regression to the mean stands beside it');
SELECT ok((SELECT bool_and(ci_low < improvement AND improvement < ci_high AND p_value BETWEEN 0 AND 1) FROM answer), 'each with an interval');
SELECT is((SELECT sessions FROM answer WHERE method = 'coaching_effect'), (SELECT sum(sessions) FROM score), 'coaching_effect counts all sessions');
SELECT ok((SELECT bool_and(a.clusters IN ('agents', 'teams')) AND bool_and(a.compared > 0) FILTER (WHERE a.method LIKE '%\_%' AND a.method NOT IN ('before_after', 'coaching_effect', 'spillover')) FROM answer a),
	'and says what was compared over what clusters');
SELECT ok((SELECT ci_low < 4 AND 4 < ci_high AND ci_low > 1 AND compared = 12 FROM answer WHERE method = 'other_teams'), 'beside other teams a session per agent does the same');
SELECT ok((SELECT ci_low < 0 AND 0 < ci_high FROM answer WHERE method = 'spillover'), 'and team mates gain nothing by it');
SELECT is((SELECT count(*) FROM (SELECT array_agg(panel ORDER BY team) AS panels FROM stored WHERE team < 4) s, coachdiag.coaching_effect_alternatives(panels)), 6::bigint,
	'three teams are no comparison for a team');
SELECT results_eq($$SELECT improvement, ci_low, ci_high FROM answer WHERE method LIKE 'attrition%'$$, $$SELECT improvement, ci_low, ci_high FROM answer, generate_series(1, 2) WHERE method = 'ancova_trials'$$,
	'nobody is lost to sight: no bounds but the estimate');
-- Every third of the coached is away for the four weeks after.
CREATE TEMP TABLE gone AS
SELECT a.* FROM (
	SELECT array_agg(panel ORDER BY team) AS panels FROM (
		SELECT team, coachdiag.panel(value, 85, agent, week, 1, NULL, sessions, NULL, NULL::text, NULL::date) AS panel FROM score s
		WHERE NOT EXISTS (SELECT FROM score c WHERE c.team = s.team AND c.agent = s.agent AND c.sessions > 0 AND (c.week - date '2025-01-06') / 7 % 3 = 0
			AND s.week BETWEEN c.week + 7 AND c.week + 28 AND s.sessions = 0)
		GROUP BY team) p) s, coachdiag.coaching_effect_alternatives(panels) a;
SELECT ok((SELECT measured < compared_measured - 0.1 FROM gone WHERE method = 'ancova_trials'), 'who is lost to sight is counted');
SELECT ok((SELECT l.improvement < a.improvement AND a.improvement < h.improvement FROM gone l, gone a, gone h
	WHERE l.method = 'attrition_low' AND a.method = 'ancova_trials' AND h.method = 'attrition_high'), 'and may have done better or worse');
-- Turned around, as a metric where lower is better.
SELECT results_eq($$SELECT method, round(improvement::numeric, 6) FROM answer$$, $$
	SELECT a.method, round(a.improvement::numeric, 6)
	FROM (SELECT array_agg(panel ORDER BY team) AS panels FROM
			(SELECT team, coachdiag.panel(-value, -85, agent, week, 1, NULL, sessions, NULL, NULL::text, NULL::date) AS panel FROM score GROUP BY team) p) s,
		coachdiag.coaching_effect_alternatives(panels, false) a$$, 'positive is better in either direction');
SELECT is_empty('SELECT * FROM coachdiag.coaching_effect_alternatives(NULL)', 'NULL: no row');
SELECT is_empty('SELECT * FROM coachdiag.coaching_effect_alternatives(ARRAY[NULL]::coachdiag.panel[])', 'NULL panels are left out');
SELECT is((SELECT count(improvement) FROM coachdiag.coaching_effect_alternatives(ARRAY[(SELECT coachdiag.panel(80.0, 85, 1, date '2025-01-06'))])), 0::bigint,
	'without a session nothing is available');
SELECT throws_ok('SELECT * FROM coachdiag.coaching_effect_alternatives(ARRAY[]::coachdiag.panel[], true, NULL, 0)', '22023', NULL, 'a horizon of 0 is an error');

SELECT * FROM finish();
ROLLBACK;
