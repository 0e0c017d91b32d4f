-- agent_parts, agent_mean_gaps and type_means: what agents and contact types did, and how far they are from the target, against the same in SQL over cells.
BEGIN;
SELECT plan(13);

CREATE TEMP TABLE unit AS
SELECT coachdiag.panel(100 + 5 * sin(17.0 * a + 3.7 * w) + a, CASE WHEN w % 9 > 0 THEN 95 + t END, a, day, 1 + (a + w + t) % 4, CASE WHEN t > 0 THEN 'type ' || t END, NULL, NULL, NULL,
	CASE WHEN a > 1 THEN date '2024-12-30' - 30 * a::int END) AS p
FROM generate_series(1::bigint, 8) a, generate_series(0, 40) w, generate_series(0, 2) t, LATERAL (SELECT CASE WHEN a + w < 48 THEN date '2024-12-30' + 7 * w END) d (day);

SELECT is_empty($$
	SELECT FROM (
		SELECT c.agent, c.contact_type, CASE WHEN period - hired_on < 91 THEN 'under 3 months' WHEN period - hired_on < 182 THEN '3 to 6 months'
				WHEN period - hired_on < 365 THEN '6 to 12 months' WHEN period - hired_on >= 365 THEN 'over a year' ELSE 'unknown' END AS tenure,
			sum(c.weight) AS weight, sum(c.weight * c.target) / sum(c.weight) AS target, sum(c.weight * (c.mean - c.target)) / sum(c.weight) AS over_target
		FROM unit, coachdiag.cells(p) c WHERE c.target IS NOT NULL GROUP BY 1, 2, 3
	) c FULL JOIN (SELECT s.* FROM unit, coachdiag.agent_parts(p) s) s ON s.agent = c.agent AND s.contact_type IS NOT DISTINCT FROM c.contact_type AND s.tenure = c.tenure
	WHERE (abs(s.weight - c.weight) < 1e-9 AND abs(s.target - c.target) < 1e-9 AND abs(s.over_target - c.over_target) < 1e-9) IS NOT TRUE
$$, 'parts are sums over cells');
SELECT set_eq($$SELECT tenure FROM unit, coachdiag.agent_parts(p)$$, '{under 3 months,3 to 6 months,6 to 12 months,over a year,unknown}'::text[], 'of every band');
SELECT is_empty('SELECT FROM coachdiag.agent_parts(NULL)', 'NULL panel: no row');
SELECT is_empty($$SELECT FROM (SELECT coachdiag.panel(1, NULL, 'a', date '2025-01-06') AS p) x, coachdiag.agent_parts(p)$$, 'no target: no row');

SELECT results_eq($$SELECT contact_type, weight, round(mean::numeric, 9), targeted_weight, round(targeted_mean::numeric, 9), round(target::numeric, 9) FROM unit, coachdiag.type_means(p) ORDER BY contact_type$$,
	$$SELECT contact_type, sum(weight), round((sum(weight * mean) / sum(weight))::numeric, 9), coalesce(sum(weight) FILTER (WHERE target IS NOT NULL), 0),
		round((sum(weight * mean) FILTER (WHERE target IS NOT NULL) / sum(weight) FILTER (WHERE target IS NOT NULL))::numeric, 9), round((sum(weight * target) / sum(weight) FILTER (WHERE target IS NOT NULL))::numeric, 9)
	FROM unit, coachdiag.cells(p) GROUP BY contact_type ORDER BY contact_type$$, 'means of contact types, and of what has none, are those of their cells');
SELECT results_eq($$SELECT contact_type, weight, mean, targeted_weight, targeted_mean, target
	FROM (SELECT coachdiag.panel(v, NULL, a, NULL, w, t, s, NULL, NULL, NULL) AS p FROM (VALUES ('a', 5.0, 2.0, 'x', 1), ('b', 8.0, 1.0, 'x', 0), ('b', NULL, NULL, 'y', 1)) r (a, v, w, t, s)) u, coachdiag.type_means(p)$$,
	$$VALUES ('x', 3::float8, 6::float8, 0::float8, NULL::float8, NULL::float8)$$, 'without targets these are NULL; a type of sessions alone has no row');
SELECT is_empty('SELECT FROM coachdiag.type_means(NULL)', 'of NULL nothing is said of types');

SELECT is_empty(format($$
	WITH week AS (
		SELECT c.agent, c.period, sum(c.weight) AS w, sum(c.weight * (c.mean - c.target)) / sum(c.weight) AS gap
		FROM unit, coachdiag.cells(coachdiag.without_mix(p)) c WHERE c.target IS NOT NULL AND c.period IS NOT NULL GROUP BY 1, 2
	), agent AS (
		SELECT w.agent, sum(w.w) AS w, sum(w.w * w.gap) / sum(w.w) AS gap FROM week w GROUP BY 1
	), noise AS (
		SELECT sum(w.w * (w.gap - a.gap) ^ 2) / (count(*) - count(DISTINCT w.agent)) AS v FROM week w JOIN agent a USING (agent)
	)
	SELECT FROM (SELECT a.agent, %s * a.gap AS gap, sqrt(n.v / a.w) AS se FROM agent a CROSS JOIN noise n) a
	FULL JOIN (SELECT g.* FROM unit, coachdiag.agent_mean_gaps(p, %L) g) g USING (agent)
	WHERE (abs(a.gap - g.gap) < 1e-9 AND abs(a.se - g.se) < 1e-9) IS NOT TRUE
$$, sign, higher), format('mean gaps, higher is better: %s', higher)) FROM (VALUES (1, false), (-1, true)) v (sign, higher);
SELECT ok(bool_and(abs(l.gap - e * g.gap) < 1e-9 AND abs(l.se - e * g.se) < 1e-9), 'on the log scale in metric units at the mean target')
FROM (SELECT coachdiag.panel(ln(300) + 0.1 * sin(7.0 * a + w), ln(280), a, date '2024-12-30' + 7 * w) AS p, 280 AS e FROM generate_series(1::bigint, 5) a, generate_series(0, 9) w) x,
	coachdiag.agent_mean_gaps(p, false) g JOIN LATERAL coachdiag.agent_mean_gaps(p, false, 'log') l USING (agent);
SELECT results_eq($$SELECT gap, se FROM (SELECT coachdiag.panel(3, 1, 'a', date '2025-01-06') AS p) x, coachdiag.agent_mean_gaps(p, NULL)$$, 'VALUES (2::float8, NULL::float8)', 'one period: no error to be known; no direction: positive is above target');
SELECT is_empty('SELECT FROM coachdiag.agent_mean_gaps(NULL, true)', 'NULL panel: no row');
SELECT throws_ok($$SELECT coachdiag.agent_mean_gaps(p, true, 'cubic') FROM unit$$, '22023', NULL, 'an unknown scale is an error');
SELECT * FROM finish();
ROLLBACK;
