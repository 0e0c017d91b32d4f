-- coaching_effect over many teams: strength is borrowed most from teams whose agents differ as much, if there is a smallest effect and a target.
\set QUIET on
SET client_min_messages = error;
SELECT plan(11);

\ir normal.psql

-- Thirty weeks of 48 teams of eight, each agent coached every sixth week. In every other team all are 3 short alike, and sessions do nothing;
-- in the others half are 6 short, and a session lifts whoever has it by 2 for four weeks. A week's noise is 5: one team alone tells little.
CREATE TABLE week AS
	SELECT t AS team, 100 * t + a AS agent, date '2024-01-01' + 7 * w AS week, (w % 6 = a % 6)::int AS sessions,
		85 - CASE WHEN t % 2 = 0 THEN 3 WHEN a % 2 = 0 THEN 6 ELSE 0 END + normal(format('level %s %s', t, a)) / 2
			+ CASE WHEN t % 2 = 1 AND w >= a % 6 AND (w - a % 6) % 6 BETWEEN 1 AND 4 THEN 2 ELSE 0 END + 5 * normal(format('noise %s %s %s', t, a, w)) AS value
	FROM generate_series(1, 48) t, generate_series(1, 8) a, generate_series(0, 29) w;

-- Teams and their panels, of values turned and stretched as asked; a target of NULL: none.
CREATE FUNCTION teams(target float8 DEFAULT 85, factor float8 DEFAULT 1, most int DEFAULT 48) RETURNS TABLE (units text[], panels coachdiag.panel[]) LANGUAGE sql AS $$
	SELECT array_agg(p.team::text ORDER BY p.team), array_agg(p.panel ORDER BY p.team)
	FROM (SELECT w.team, coachdiag.panel(w.value * factor, target * factor, w.agent, w.week, 1, NULL, w.sessions, NULL, NULL::text, NULL::date) AS panel
		FROM week w WHERE w.team <= most GROUP BY w.team) p
$$;
CREATE FUNCTION effects(smallest float8, target float8 DEFAULT 85, factor float8 DEFAULT 1, most int DEFAULT 48)
	RETURNS TABLE (team int, works boolean, improvement float8, ci_low float8, ci_high float8, raw_improvement float8) LANGUAGE sql AS $$
	SELECT e.unit::int, e.unit::int % 2 = 1, e.improvement / abs(factor), e.ci_low / abs(factor), e.ci_high / abs(factor), e.raw_improvement / abs(factor)
	FROM teams(target, factor, most) t, coachdiag.coaching_effect(t.units, t.panels, factor > 0, smallest_effect => smallest * abs(factor)) e
$$;
CREATE TABLE by_estimates AS SELECT * FROM effects(NULL);
CREATE TABLE by_likeness AS SELECT * FROM effects(2);

CREATE FUNCTION rmse(of_table regclass) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	error float8;
BEGIN
	EXECUTE format('SELECT sqrt(avg((improvement - CASE WHEN works THEN 2 ELSE 0 END) ^ 2)) FROM %s', of_table) INTO error;
	RETURN error;
END
$$;

SELECT ok(rmse('by_likeness') < 0.9 * rmse('by_estimates'), format('whose agents differ alike tells where a team alone does not: root mean squared error %s against %s', rmse('by_likeness'), rmse('by_estimates')));
SELECT ok(count(*) FILTER (WHERE CASE WHEN works THEN 2 ELSE 0 END BETWEEN ci_low AND ci_high) / 48.0 > 0.93, 'and its intervals hold the truth') FROM by_likeness;
SELECT ok(avg(improvement) FILTER (WHERE works) > (SELECT avg(improvement) FROM by_estimates WHERE works) AND avg(improvement) FILTER (WHERE NOT works) < (SELECT avg(improvement) FROM by_estimates WHERE NOT works),
	'each kind of team is drawn to its own') FROM by_likeness;
SELECT ok(abs(avg(improvement) - (SELECT avg(improvement) FROM by_estimates)) < 0.1, 'all together stay where they are') FROM by_likeness;
SELECT results_eq('SELECT raw_improvement FROM by_likeness ORDER BY team', 'SELECT raw_improvement FROM by_estimates ORDER BY team', 'what a team shows by itself is untouched');

SELECT is((SELECT array_agg(round(improvement::numeric, 9) ORDER BY team) FROM effects(2, NULL)), (SELECT array_agg(round(improvement::numeric, 9) ORDER BY team) FROM by_estimates), 'without a target nothing is known of gaps');
SELECT ok(max(abs(e.improvement - b.improvement)) < 1e-3, 'lower is better, in other units: the same') FROM effects(2, 85, -60) e JOIN by_likeness b USING (team);
SELECT is((SELECT array_agg(improvement ORDER BY team) FROM effects(2, most => 7)), (SELECT array_agg(raw_improvement ORDER BY team) FROM effects(2, most => 7)), 'fewer than eight teams: each speaks for itself');

-- By period the same is known.
CREATE FUNCTION fading(smallest float8) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(e.half_life) FROM teams() t, coachdiag.coaching_effect_by_period(t.units, t.panels, true, smallest_effect => smallest) e WHERE e.periods_since = 1
$$;
SELECT ok(fading(2) > 0 AND fading(2) = l.shown AND fading(2) > n.shown, format('by period the same is known: half-lives of the %s teams whose effect is above zero, without it %s', l.shown, n.shown))
FROM (SELECT count(*) AS shown FROM by_likeness WHERE ci_low > 0) l, (SELECT count(*) AS shown FROM by_estimates WHERE ci_low > 0) n;

-- What one team's values are costs no other its answer.
CREATE TABLE as_it_was AS SELECT * FROM week;
UPDATE week SET value = 1e155 WHERE agent = 101 AND week = '2024-02-05';
SELECT is(count(raw_improvement)::int, 47, 'a value beyond numbers in one team leaves the others their effect') FROM effects(2) WHERE team <> 1;

-- Of log values the smallest effect is one in metric units at the level of who was coached.
UPDATE week w SET value = ln(400) - o.value / 100 FROM as_it_was o WHERE (o.agent, o.week) = (w.agent, w.week);
CREATE TABLE in_log AS
	SELECT s.smallest, e.unit::int % 2 = 1 AS works, e.improvement
	FROM (VALUES (NULL::float8), (3.4)) s (smallest), teams(ln(400) - 0.85) t, coachdiag.coaching_effect(t.units, t.panels, false, 'log', s.smallest) e;
SELECT ok(avg(error) FILTER (WHERE smallest = 3.4) < 0.95 * avg(error) FILTER (WHERE smallest IS NULL), 'logarithms: the same')
FROM (SELECT smallest, abs(improvement - CASE WHEN works THEN 3.4 ELSE 0 END) AS error FROM in_log) e;
SELECT * FROM finish();
