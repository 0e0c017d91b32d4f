-- Who is told to coach a few and does so can tell afterwards, both where sessions work and where they do nothing.
\set QUIET on
SET client_min_messages = warning;
SELECT plan(7);

\ir noise.psql

-- Teams that are short alike by 60 and were never coached, smallest effect 10, a year of weeks and as many as the advice needs.
CREATE TABLE told AS
SELECT size, team, s.verdict, s.next_step, (regexp_match(s.next_step, '^Coach a few, (\d+) agents with (\d+) sessions each, leave the others as they are, and look again after (\d+) weeks\.'))::int[] AS advice
FROM (
	SELECT size, team, coachdiag.panel(60 + 6 * noise(a, team, size) + 8 * noise(a, team + w / 100.0, size) + 3 * noise(w, team, size), 0, a, date '2024-01-01' + 7 * w, 1, NULL, NULL, NULL, NULL::text, date '2019-01-01') AS panel
	FROM unnest('{6,12}'::int[]) size, generate_series(1, 10) team, generate_series(1, 12) a, generate_series(0, 51) w WHERE a <= size GROUP BY 1, 2
) p, coachdiag.structural_score(panel, false, 'identity', 10) s;
SELECT is(array_agg(DISTINCT verdict), '{cannot_tell}', 'short alike and never coached: nobody can tell') FROM told;
SELECT is(count(*) FILTER (WHERE advice IS NULL), 0::bigint, 'and a few are to be coached') FROM told;
SELECT ok(bool_and(advice[1] <= size / 2 AND advice[1] * advice[2] >= 10), 'at most half of the team, and no fewer sessions than tell anything') FROM told;

-- The advice is followed: a session each second week, at most.
CREATE TABLE followed AS
SELECT size, team, works, s.verdict, t.state
FROM (
	SELECT size, team, works, coachdiag.panel(60 + 6 * noise(a, team, size) + 8 * noise(a, team + w / 100.0, size) + 3 * noise(w, team, size) - CASE WHEN works THEN 10 * before ELSE 0 END,
		0, a, date '2024-01-01' + 7 * w, 1, NULL, sessions, NULL, NULL::text, date '2019-01-01') AS panel
	FROM (
		SELECT *, coalesce(sum(sessions) OVER (PARTITION BY size, team, a ORDER BY w ROWS BETWEEN 8 PRECEDING AND 1 PRECEDING), 0) AS before
		FROM (
			SELECT size, team, a, w, CASE WHEN a <= advice[1] AND w >= 52 AND (w - 52) % every = 0 AND (w - 52) / every < advice[2] THEN 1.0::float8 END AS sessions
			FROM told, LATERAL (SELECT greatest(1, least(2, (advice[3] - 2) / advice[2])) AS every) e, generate_series(1, size) a, generate_series(0, 51 + advice[3]) w
		) d
	) d, unnest('{true,false}'::bool[]) works GROUP BY 1, 2, 3
) p, coachdiag.structural_score(panel, false, 'identity', 10) s, unnest(s.tests) t
WHERE t.test = 'coaching_without_effect';
SELECT is(count(*) FILTER (WHERE verdict = 'behavioural'), 20::bigint, 'sessions that move a smallest effect: coach') FROM followed WHERE works;
SELECT is(count(*) FILTER (WHERE state = 'behavioural'), 20::bigint, 'as the test says') FROM followed WHERE works;
SELECT cmp_ok(count(*) FILTER (WHERE verdict = 'structural'), '>=', 18::bigint, 'sessions that do nothing: the process') FROM followed WHERE NOT works;
SELECT cmp_ok(count(*) FILTER (WHERE verdict = 'behavioural'), '<=', 1::bigint, 'and hardly any is told to coach on') FROM followed WHERE NOT works;

SELECT * FROM finish();
