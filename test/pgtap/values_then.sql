-- What diagnosis says of values that ended, and of a change that most teams of a metric share.
\set QUIET on
SET client_min_messages = warning;
SELECT plan(14);

\ir noise.psql

-- Seven teams of eight over 40 weeks. Week 20: the target of csat goes up by three for all but Q and R; in qa only A and B get worse. T has no values
-- for the last `weeks`, metric old has none after March.
CREATE TABLE fact AS
SELECT t.t AS team, 1000 * t.n + a AS agent, m.metric, date '2024-01-01' + 7 * w AS period,
	80 + 0.4 * noise((1000 * t.n + a)::int, 0, 1) + noise((1000 * t.n + a)::int, w, m.n::int) + CASE WHEN m.metric = 'qa' AND t.t IN ('A', 'B') AND w >= 20 THEN -3 ELSE 0 END AS value,
	79.5 + CASE WHEN m.metric = 'csat' AND w >= 20 + t.n % 2 AND t.t NOT IN ('Q', 'R') THEN 3 ELSE 0 END AS target
FROM unnest('{A,B,C,D,E,Q,R}'::text[]) WITH ORDINALITY t (t, n), generate_series(1, 8) a, generate_series(0, 39) w, (VALUES ('qa', 1), ('csat', 2), ('old', 3)) m (metric, n)
WHERE m.metric <> 'old' OR w < 30;
CREATE FUNCTION make(ws text, without text) RETURNS void LANGUAGE plpgsql AS $f$
BEGIN
	PERFORM coachdiag.create_workspace(ws, 'text');
	EXECUTE replace($q$
		INSERT INTO @.metric (metric, higher_is_better, smallest_effect, target) SELECT DISTINCT metric, true, 1, 79.5 FROM fact;
		INSERT INTO @.agent (agent_id, hired_on) SELECT DISTINCT agent, date '2019-01-01' FROM fact;
		INSERT INTO @.assignment (agent_id, team, valid_from) SELECT DISTINCT agent, team, date '2019-01-01' FROM fact;
		INSERT INTO @.agent_metric (agent_id, metric, period, value, target, volume) SELECT agent, metric, period, value, target, 10 FROM fact WHERE $q$ || without, '@', ws);
	EXECUTE format('CALL coachdiag.refresh(%L)', ws);
END
$f$;
SELECT make('ops', $$NOT (team = 'R' AND metric = 'qa' AND period >= '2024-08-26') AND NOT (team = 'Q' AND metric = 'qa' AND period >= '2024-09-02')$$);

-- Values that ended

SELECT is((SELECT last_period FROM ops.diagnosis WHERE team = 'A' AND metric = 'qa'), '2024-09-30', 'the last period is shown');
SELECT matches((SELECT next_step FROM ops.diagnosis WHERE team = 'R' AND metric = 'qa'), '^There are no values since 2024-08-19, while others go on to 2024-09-30: this is of the time before\. [A-Z]', 'a team that ended six weeks ago');
SELECT matches((SELECT next_step FROM ops.diagnosis WHERE team = 'Q' AND metric = 'qa'), '^There are no values since 2024-08-26, ', 'five');
SELECT is((SELECT array_agg(DISTINCT left(next_step, 36)) FROM ops.diagnosis WHERE metric = 'old'), '{"There are no values since 2024-07-22"}', 'a metric that nobody delivers any more');
SELECT is((SELECT count(*) FROM ops.diagnosis WHERE next_step LIKE 'There are no values%'), 9::bigint, 'and nobody else');
SELECT make('later', $$metric <> 'old' AND NOT (team = 'Q' AND metric = 'qa' AND period >= '2024-09-09')$$);
SELECT unalike((SELECT next_step FROM later.diagnosis WHERE team = 'Q' AND metric = 'qa'), 'There are no values%', 'four weeks may be a holiday, or a delivery that is late');
SELECT is((SELECT last_period FROM later.diagnosis WHERE team = 'Q' AND metric = 'qa'), '2024-09-02', 'which is shown all the same');

INSERT INTO later.agent_metric (agent_id, metric, period, value, target, volume) SELECT agent, metric, date '2035-01-01', value, target, 10 FROM fact WHERE team = 'A' AND metric = 'qa' LIMIT 1;
CALL coachdiag.refresh('later');
SELECT is((SELECT count(*) FROM later.diagnosis WHERE next_step LIKE 'There are no values%'), 0::bigint, 'a date far ahead makes nobody''s values old');

-- Changes that teams share

SELECT set_eq($$SELECT team FROM ops.diagnosis WHERE next_step LIKE '%at once: see first%'$$, '{A,B,C,D,E}'::text[], 'a target that went up in most teams is said in these');
SELECT is((SELECT array_agg(DISTINCT metric) FROM ops.diagnosis WHERE next_step LIKE '%at once: see first%'), '{csat}', 'not what two teams share');
SELECT matches((SELECT next_step FROM ops.diagnosis WHERE team = 'A' AND metric = 'csat'),
	'^Around 2024-05-2[07] the gaps of 5 of 7 teams grew at once: see first whether the metric, its target or how it is measured changed then\. The gap grew around 2024-05-2[07]; this is of the time since then\. ', 'with when and how many');
SELECT make('few', $$metric = 'csat' AND team IN ('A', 'B', 'C', 'D')$$), make('half', $$metric = 'csat'$$);
SELECT is_empty($$SELECT FROM few.diagnosis WHERE next_step LIKE '%at once%'$$, 'four teams alone may have changed each for its own reasons');
SELECT is((SELECT count(*) FROM few.structural_score WHERE changed_on IS NOT NULL), 4::bigint, 'though all did');

-- Months: three

SELECT coachdiag.create_workspace('monthly', 'text');
INSERT INTO monthly.metric (metric, higher_is_better, smallest_effect, target) VALUES ('qa', true, 1, 80);
INSERT INTO monthly.agent (agent_id, hired_on) SELECT DISTINCT agent, date '2019-01-01' FROM fact WHERE team < 'D';
INSERT INTO monthly.assignment (agent_id, team, valid_from) SELECT DISTINCT agent, team, date '2019-01-01' FROM fact WHERE team < 'D';
INSERT INTO monthly.agent_metric (agent_id, metric, period, value, volume)
SELECT agent, 'qa', date '2024-01-01' + k * interval '1 month', 79 + noise(agent::int, k, 4), 40 FROM (SELECT DISTINCT agent, team FROM fact WHERE team < 'D') f, generate_series(0, 11) k
WHERE k < CASE team WHEN 'A' THEN 12 WHEN 'B' THEN 10 ELSE 9 END;
CALL coachdiag.refresh('monthly');
SELECT results_eq($$SELECT team, last_period, next_step LIKE 'There are no values since 2024-09-01, while others go on to 2024-12-01: %' FROM monthly.diagnosis ORDER BY 1$$,
	$$VALUES ('A', date '2024-12-01', false), ('B', '2024-10-01', false), ('C', '2024-09-01', true)$$, 'of months three');

SELECT * FROM finish();
