-- staggered_effect and its trend test: worked by hand, dates, mixed contacts, what is no adoption, bad input, regression to the mean.
BEGIN;
SELECT plan(39);

\set QUIET on
CREATE FUNCTION pg_temp.close(actual float8, expected float8, what text) RETURNS text LANGUAGE sql AS
$$ SELECT ok(abs(actual - expected) <= 1e-13 * greatest(abs(expected), 1), what || ': ' || coalesce(actual::text, 'NULL') || ' against ' || expected) $$;

-- agents 1 and 2 start in period 2, 3 in period 3, 4 to 6 never
CREATE TEMP TABLE weekly (agent bigint, week int, value float8);
INSERT INTO weekly SELECT agent, week, (ARRAY[[1, 4, 6], [2, 6, 7], [3, 3, 9], [1, 2, 2], [4, 4, 5], [2, 4, 5]])[agent][week]
FROM generate_series(1, 6) agent, generate_series(1, 3) week;
CREATE TEMP VIEW dosed AS
SELECT *, date '2025-01-06' + 7 * (week - 1) AS period, (agent <= 2 AND week = 2 OR agent = 3 AND week = 3)::int AS sessions FROM weekly;
CREATE TEMP TABLE team AS SELECT coachdiag.panel(value, NULL, agent, period, 1, NULL, sessions, NULL, NULL, NULL) AS p FROM dosed;

CREATE TEMP TABLE never AS SELECT e.* FROM team, coachdiag.staggered_effect(p, 'never', aggregation => 'group_time') e;
SELECT is((SELECT count(*) FROM never), 4::bigint, 'two groups, two periods with one before each');
-- (3 + 4) / 2 - (1 + 0 + 2) / 3
SELECT pg_temp.close(estimate, 2.5, 'first group, its own week') FROM never WHERE adoption = '2025-01-13' AND event_time = 0;
SELECT pg_temp.close(estimate, 5 - 5 / 3.0, 'first group, a week later') FROM never WHERE adoption = '2025-01-13' AND event_time = 1;
SELECT pg_temp.close(estimate, 0 - 1, 'second group, the week before: against the first week') FROM never WHERE adoption = '2025-01-20' AND event_time = -1;
SELECT pg_temp.close(estimate, 6 - 2 / 3.0, 'second group, its own week') FROM never WHERE adoption = '2025-01-20' AND event_time = 0;
-- squared deviations 1/2 over 2^2, 2 over 3^2
SELECT pg_temp.close(se, sqrt(0.5 / 4 + 2 / 9.0), 'standard error') FROM never WHERE adoption = '2025-01-13' AND event_time = 0;
SELECT pg_temp.close(ci_high - ci_low, 2 * 1.959963984540054 * se, 'interval') FROM never WHERE adoption = '2025-01-13' AND event_time = 0;
SELECT is((kind, period, treated, control)::text, '(group_time,2025-01-13,2,3)', 'what is compared') FROM never WHERE adoption = '2025-01-13' AND event_time = 0;
SELECT pg_temp.close(estimate, 3.5 - (1 + 0 + 2 + 0) / 4.0, 'those that start later serve until they start')
FROM team, coachdiag.staggered_effect(p, aggregation => 'group_time') WHERE adoption = '2025-01-13' AND event_time = 0;
SELECT is((estimate, se, ci_low)::text, '(0,,)', 'universal base: 0 by definition, without error')
FROM team, coachdiag.staggered_effect(p, 'never', 'universal', 'group_time') WHERE adoption = '2025-01-20' AND event_time = -1;
SELECT pg_temp.close(estimate, 1, 'universal base: the first week against the last before')
FROM team, coachdiag.staggered_effect(p, 'never', 'universal', 'group_time') WHERE adoption = '2025-01-20' AND event_time = -2;

-- averages, weighted by group size
CREATE TEMP TABLE dynamic AS SELECT e.* FROM team, coachdiag.staggered_effect(p, 'never') e;
SELECT is((SELECT array_agg(kind || coalesce(event_time, 9) ORDER BY event_time) FROM dynamic), '{dynamic-1,dynamic0,dynamic1,overall9}', 'rows by event time, then the overall one');
SELECT pg_temp.close(estimate, (2 * 2.5 + (6 - 2 / 3.0)) / 3, 'event time 0') FROM dynamic WHERE event_time = 0;
SELECT pg_temp.close(estimate, ((2 * 2.5 + (6 - 2 / 3.0)) / 3 + 5 - 5 / 3.0) / 2, 'overall: plain mean from 0 on') FROM dynamic WHERE kind = 'overall';
SELECT pg_temp.close(estimate, (2 * 2.5 + 2 * (5 - 5 / 3.0) + 6 - 2 / 3.0) / 5, 'simple') FROM team, coachdiag.staggered_effect(p, 'never', aggregation => 'simple');
SELECT is((SELECT array_agg(kind || coalesce(adoption::text, '') ORDER BY adoption) FROM team, coachdiag.staggered_effect(p, aggregation => 'group')),
	'{group2025-01-13,group2025-01-20,overall}', 'rows by adoption');
SELECT is((SELECT array_agg(kind || coalesce(period::text, '') ORDER BY period) FROM team, coachdiag.staggered_effect(p, aggregation => 'calendar')),
	'{calendar2025-01-13,calendar2025-01-20,overall}', 'rows by period');
SELECT is((SELECT array_agg(event_time) FROM team, coachdiag.staggered_effect(p, balance => 1) WHERE kind = 'dynamic'), '{0,1}', 'balance: only the group seen a week on');
SELECT is((SELECT array_agg(e) FROM team, coachdiag.staggered_effect(p, NULL, NULL, NULL, NULL) e), (SELECT array_agg(e) FROM team, coachdiag.staggered_effect(p) e), 'NULL options are the defaults');

-- how rows become outcomes and adoptions
CREATE TEMP TABLE expected AS SELECT array_agg(e) AS e FROM team, coachdiag.staggered_effect(p) e;
SELECT is((SELECT array_agg(e) FROM (SELECT coachdiag.panel(value, NULL, agent, period, 1, NULL, sessions, NULL, NULL, NULL ORDER BY md5(agent::text || week)) AS p FROM dosed) t,
	coachdiag.staggered_effect(p) e), (SELECT e FROM expected), 'order of rows: the same to the last bit');
SELECT is((SELECT array_agg(e) FROM (SELECT coachdiag.panel(value + CASE side WHEN 1 THEN 3 ELSE -1 END * agent * week, NULL, agent, period, side, side::text, CASE WHEN side = 1 THEN sessions END, NULL, 'COACH' || side, NULL)
	AS p FROM dosed, unnest(ARRAY[1, 3]) side) t, coachdiag.staggered_effect(p) e), (SELECT e FROM expected), 'contact types and coaches together, by weight');
SELECT is((SELECT array_agg(e) FROM (SELECT coachdiag.panel(value, agent * week, agent, period, 1, NULL, sessions, NULL, NULL, NULL) AS p FROM dosed) t,
	coachdiag.staggered_effect(p) e), (SELECT e FROM expected), 'the value counts, not the gap');
SELECT is((SELECT array_agg(e) FROM (SELECT coachdiag.panel(value, NULL, agent, period, 1, NULL, sessions, NULL, NULL, NULL) AS p
		FROM (TABLE dosed UNION ALL SELECT 7, 1, NULL, '2025-01-06', 1 UNION ALL SELECT 8, 2, 5, NULL, 1) d) t,
	coachdiag.staggered_effect(p) e), (SELECT e FROM expected), 'agents without a value in a period do not count');
SELECT is((SELECT array_agg(e) FROM (SELECT coachdiag.panel(value, NULL, agent, period, 1, NULL, sessions, NULL, NULL, NULL) AS p
		FROM (TABLE dosed UNION ALL SELECT 7, week, week * week, period, 1 FROM dosed WHERE agent = 1) d) t,
	coachdiag.staggered_effect(p) e), (SELECT e FROM expected), 'nor does one coached from the very first period');
SELECT is((SELECT array_agg(e) FROM (SELECT coachdiag.panel(value, NULL, agent, period, 1, NULL, sessions, NULL, NULL, NULL) AS p
		FROM (TABLE dosed UNION ALL SELECT agent, 3, NULL, date '2025-01-20', 2 FROM dosed WHERE agent = 1) d) t,
	coachdiag.staggered_effect(p) e), (SELECT e FROM expected), 'later sessions do not matter');

-- nothing to estimate
SELECT is_empty('SELECT * FROM coachdiag.staggered_effect(NULL)', 'NULL panel');
SELECT is_empty('SELECT coachdiag.staggered_effect(coachdiag.panel(value, NULL, agent, period)) FROM dosed', 'nobody coached');
SELECT is_empty('SELECT coachdiag.staggered_effect(coachdiag.panel(value, NULL, agent, period, 1, NULL, 1, NULL, NULL, NULL)) FROM dosed', 'everybody from the start');
SELECT is_empty($$SELECT coachdiag.staggered_effect(coachdiag.panel(value, NULL, agent, period, 1, NULL, sessions, NULL, NULL, NULL), 'never') FROM dosed WHERE agent <= 3$$, 'nobody never coached');
SELECT is_empty('SELECT coachdiag.staggered_effect(coachdiag.panel(value, NULL, agent, period, 1, NULL, sessions, NULL, NULL, NULL)) FROM dosed WHERE week = 2', 'one period');
SELECT is((SELECT coachdiag.staggered_trend_test(coachdiag.panel(value, NULL, agent, period))::text FROM dosed), '(,,)', 'trend test: nothing to test');
SELECT ok(coachdiag.staggered_trend_test(NULL) IS NULL, 'trend test of NULL');
SELECT pg_temp.close(t.chi_square, 1 / (SELECT se ^ 2 FROM never WHERE event_time = -1), 'trend test of one effect: its squared ratio')
FROM team, coachdiag.staggered_trend_test(p, 'never') t;

-- bad input
SELECT throws_ok($$SELECT coachdiag.staggered_effect(p, 'nobody') FROM team$$, '22023', 'unknown control "nobody"');
SELECT throws_ok($$SELECT coachdiag.staggered_effect(p, base => '') FROM team$$, '22023', 'unknown base ""');
SELECT throws_ok($$SELECT coachdiag.staggered_effect(p, aggregation => 'Dynamic') FROM team$$, '22023', 'unknown aggregation "Dynamic"');
SELECT throws_ok($$SELECT coachdiag.staggered_effect(p, anticipation => -1) FROM team$$, '22023', 'anticipation must not be negative');
SELECT throws_ok($$SELECT coachdiag.staggered_effect(p, balance => -1) FROM team$$, '22023', 'balance must not be negative');

-- why it is not the default: coaching that does nothing, given after a bad week, seems to work
SELECT ok(e.ci_low > 0.5, 'sessions that do nothing look effective: regression to the mean')
FROM (SELECT coachdiag.panel(value, NULL, agent, date '2025-01-06' + 7 * week, 1, NULL, (before < -1.5)::int, NULL, NULL, NULL) AS p
	FROM (SELECT agent, week, value, lag(value) OVER (PARTITION BY agent ORDER BY week) AS before
		FROM (SELECT agent, week, (hashint8(agent * 1000 + week) % 1000003) / 1000003.0 * 3::float8 AS value
			FROM generate_series(1, 400) agent, generate_series(1, 8) week) v) w) t,
	coachdiag.staggered_effect(p) e
WHERE kind = 'overall';

SELECT * FROM finish();
ROLLBACK;
