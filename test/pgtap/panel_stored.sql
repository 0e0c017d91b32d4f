-- A panel comes back from its stored form whole, whichever of its columns are constant, vary, or repeat the one before.
SELECT plan(7);

-- A mask's bits say which columns vary; a cell has as many rows as it has values.
CREATE TABLE entry AS
SELECT mask, CASE WHEN bit[1] THEN cell % 2 ELSE cell END AS agent,
	CASE WHEN bit[1] THEN date '2025-01-06' + 7 * cell END AS period,
	CASE WHEN bit[2] THEN 'name ' || cell ELSE 'name' END AS contact_type,
	CASE WHEN bit[3] THEN 'name ' || cell END AS coach,
	CASE WHEN bit[4] THEN cell ELSE 1 END AS weight,
	CASE WHEN bit[5] THEN cell * 4 ELSE 4 END + 2 * i AS value,
	CASE WHEN bit[6] THEN nullif(cell, 3) ELSE 2 END AS target,
	CASE WHEN bit[7] THEN cell ELSE 0 END AS sessions,
	CASE WHEN bit[8] THEN 10 * cell WHEN bit[7] THEN cell ELSE 0 END AS minutes,
	CASE WHEN bit[9] THEN date '2020-01-01' + CASE WHEN bit[1] THEN cell % 2 ELSE cell END END AS hired_on
FROM generate_series(0, 1023) mask,
	LATERAL (SELECT array_agg(mask >> b & 1 = 1 ORDER BY b) AS bit FROM generate_series(0, 9) b) bits,
	generate_series(1, 5) cell, generate_series(1, CASE WHEN bit[10] THEN cell ELSE 2 END) i;
CREATE TABLE made AS
SELECT mask, coachdiag.panel(value, target, agent, period, weight, contact_type, sessions, minutes, coach, hired_on) AS panel
FROM entry GROUP BY mask;

CREATE VIEW expected AS
SELECT mask, agent::text, period, contact_type, coach, count(*) AS observations, sum(weight)::float8 AS weight,
	round(avg(value), 9) AS mean, round(sum(weight * (value - m) ^ 2)::numeric, 9) AS m2, target::float8,
	sum(sessions)::float8 AS sessions, sum(minutes)::float8 AS minutes, hired_on
FROM (SELECT e.*, avg(value) OVER (PARTITION BY mask, agent, period, contact_type, coach) AS m FROM entry e) e
GROUP BY mask, agent, period, contact_type, coach, target, hired_on;
CREATE VIEW found AS
SELECT mask, agent, period, contact_type, coach, observations, weight, round(mean::numeric, 9) AS mean, round(m2::numeric, 9) AS m2,
	target, sessions, minutes, hired_on
FROM made, coachdiag.cells(panel);
SELECT is_empty('(TABLE expected EXCEPT TABLE found) UNION ALL (TABLE found EXCEPT TABLE expected)', 'every cell comes back');
SELECT is((SELECT count(*) FROM found), 5120::bigint, 'of every panel');
SELECT is_empty('SELECT mask FROM made WHERE panel::text::coachdiag.panel OPERATOR(coachdiag.<>) panel', 'as it does from its text');
SELECT is(
	(SELECT count(DISTINCT coachdiag.panel_send(panel)) FROM (SELECT panel FROM made UNION ALL SELECT coachdiag.rollup(panel) FROM made GROUP BY mask) s),
	(SELECT count(DISTINCT coachdiag.panel_send(panel)) FROM made), 'and merged with nothing else');

-- Agents over four panels each, straight from their stored form.
CREATE VIEW expected_agent AS
SELECT mask / 4 AS four, agent::text, count(*) AS observations, sum(weight)::float8 AS weight,
	round(sum(weight * value)::numeric / sum(weight), 9) AS mean, round(sum(weight * target)::numeric / sum(weight), 9) AS target,
	sum(sessions)::float8 AS sessions, sum(minutes)::float8 AS minutes, min(hired_on) AS hired_on
FROM entry GROUP BY mask / 4, agent, target IS NULL;
CREATE VIEW found_agent AS
SELECT four, agent, observations, weight, round(mean::numeric, 9) AS mean, round(target::numeric, 9) AS target, sessions, minutes, hired_on
FROM (SELECT mask / 4 AS four, coachdiag.rollup_agents(panel) AS panel FROM made GROUP BY 1) s, coachdiag.cells(panel);
SELECT is_empty('(TABLE expected_agent EXCEPT TABLE found_agent) UNION ALL (TABLE found_agent EXCEPT TABLE expected_agent)',
	'agents come back without periods and types');

SELECT is(coachdiag.period_range(panel, '1999-01-01', '1999-01-02')::text, 'panel 1 bigint 0 0 0', 'a panel without cells has a stored form')
FROM made WHERE mask = 1;
SELECT ok(bool_and(pg_column_size(panel) < coachdiag.memory_size(panel) / 2), 'what is constant takes no room')
FROM (SELECT coachdiag.panel(w % 7, 3, a::bigint, date '2025-01-06' + 7 * w) AS panel FROM generate_series(1, 12) a, generate_series(1, 52) w) s;

SELECT * FROM finish();
