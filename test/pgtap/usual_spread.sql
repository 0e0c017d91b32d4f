-- p_structural: agents who differ by nature, as they do in teams on target, are no sign of skills that are lacking.
BEGIN;
SELECT plan(10);
\set QUIET on
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.normal(name text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT sum((('x' || substr(md5(name), 1 + 8 * k, 8))::bit(32)::bigint & 2147483647) / 2147483648.0 - 0.5) * sqrt(3) FROM generate_series(0, 3) k $$;

-- Six teams on target and four that are 3 worse as a whole, ten agents each; levels 3 apart in all of them, whoever it is.
SELECT coachdiag.create_workspace('w');
UPDATE w.settings SET time_zone = 'UTC';
INSERT INTO w.metric VALUES ('late', false, 100, 1, 'min', 'identity');
CREATE TEMP TABLE team AS SELECT CASE WHEN t <= 6 THEN 'fine ' ELSE 'short ' END || t AS team, t, CASE WHEN t <= 6 THEN 0 ELSE 3 END AS gap FROM generate_series(1, 10) t;
INSERT INTO w.assignment (agent_id, team, valid_from) SELECT 100 * t + a, team, '2024-01-01' FROM team, generate_series(1, 10) a;
CREATE TEMP TABLE row AS
SELECT 100 * t + a AS agent_id, 'late' AS metric, date '2025-01-06' + 7 * w AS period, 100 + gap + 3 * pg_temp.normal('level ' || t || ' ' || a) + pg_temp.normal(format('%s %s %s', t, a, w)) AS value, 10 AS volume
FROM team, generate_series(1, 10) a, generate_series(1, 30) w;
INSERT INTO w.agent_metric (agent_id, metric, period, value, volume) SELECT * FROM row;
CALL coachdiag.refresh('w');
SELECT is(count(DISTINCT usual_spread), 1::bigint, 'one figure for the metric') FROM w.structural_score;
SELECT is(min(s.usual_spread), (SELECT least((SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY between_sd) FROM w.gap_dispersion WHERE mean_gap < 0.5),
	(SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY between_sd) FROM w.gap_dispersion))), 'as the comment says') FROM w.structural_score s;
SELECT cmp_ok(min(usual_spread), '>', 1.5::float8, 'and more than is ordinary') FROM w.structural_score;
SELECT is(count(*), 4::bigint, 'nobody was coached and all teams differ alike: not known') FROM w.diagnosis
WHERE team ^@ 'short' AND verdict = 'cannot_tell' AND p_structural BETWEEN 0.2 AND 0.8;
SELECT ok(min(p) < 0.2, format('which the spread alone would not have shown: %s', min(p))) FROM (
	SELECT coachdiag.p_structural(between_sd / mean_gap, NULL, NULL, NULL, NULL, 1, spread_high => between_high / mean_gap, gap => mean_gap) AS p FROM w.gap_dispersion WHERE team ^@ 'short') p;

-- Who differ more than that still do
DELETE FROM w.agent_metric WHERE agent_id > 700;
INSERT INTO w.agent_metric (agent_id, metric, period, value, volume) SELECT agent_id, metric, period, value + CASE WHEN agent_id % 2 = 0 THEN 9 ELSE -2 END, volume FROM row WHERE agent_id > 700;
CALL coachdiag.refresh('w');
SELECT is(count(*), 4::bigint, 'half of the agents lack what the others can') FROM w.diagnosis WHERE team ^@ 'short' AND p_structural < 0.2;
SELECT ok(bool_and(reason LIKE '%agents'' true levels differ by%in teams on target)%'), 'and the reason names both') FROM w.diagnosis WHERE team ^@ 'short' AND verdict = 'behavioural';

-- Too few teams on target say nothing of what is usual
DELETE FROM w.assignment WHERE team IN ('fine 1', 'fine 2', 'fine 3', 'fine 4');
CALL coachdiag.refresh('w');
SELECT ok(bool_and(usual_spread IS NULL), 'two teams on target are too few') FROM w.structural_score;
SELECT throws_ok('SELECT coachdiag.p_structural(1, NULL, 0, -1, 1, 1, usual_spread => -1)', '22023', 'usual_spread must be a finite number, not negative', 'no negative spread');
SELECT is(coachdiag.p_structural(0.5, NULL, 0, -1, 1, 1, gap => 3, usual_spread => 1.5), coachdiag.p_structural(0.5, NULL, 0, -1, 1, 1, gap => 3), 'what is ordinary moves nothing');
SELECT * FROM finish();
ROLLBACK;
