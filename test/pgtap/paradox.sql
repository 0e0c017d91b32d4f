-- coaching_paradox: planted teams, what cannot be told, quarters, and the view of a workspace.
BEGIN;
SELECT plan(81);

\set QUIET on
-- Uniform on (0, 1) and standard normal, from a name: the same on every machine.
CREATE FUNCTION pg_temp.uniform(name text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT (('x' || left(md5(name), 8))::bit(32)::bigint + 0.5) / 4294967296 $$;
CREATE FUNCTION pg_temp.normal(name text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT sqrt(-2 * ln(pg_temp.uniform(name))) * cos(2 * pi() * pg_temp.uniform(name || '''')) $$;

-- A year of ten agents, 10 points short of 90; improvement, sessions per week at the start and the end, team noise, step of the target.
CREATE FUNCTION pg_temp.team(improvement float8, first_dose float8, last_dose float8, noise float8 DEFAULT 0.1, raise float8 DEFAULT 0)
	RETURNS TABLE (agent int, week date, value float8, target float8, sessions float8) LANGUAGE sql IMMUTABLE AS
$$
	SELECT a, date '2025-01-06' + 7 * w, 80 + 3 * pg_temp.normal(format('level %s', a)) + pg_temp.normal(format('own %s %s', a, w)) + noise * s.shock + improvement * w / 51.0,
		90 + CASE WHEN w >= 26 THEN raise ELSE 0 END,
		(pg_temp.uniform(format('coach %s %s', a, w)) < first_dose + (last_dose - first_dose) * w / 51.0)::int
	FROM generate_series(1, 10) a
	CROSS JOIN LATERAL (SELECT w, pg_temp.normal(format('storm %s', w)) AS shock FROM generate_series(0, 51) w) s
$$;
CREATE FUNCTION pg_temp.panel_of(improvement float8, first_dose float8, last_dose float8, noise float8 DEFAULT 0.1, raise float8 DEFAULT 0)
	RETURNS coachdiag.panel LANGUAGE sql IMMUTABLE AS
$$
	SELECT coachdiag.panel(value, target, agent::bigint, week, 20.0::float8, NULL, sessions, 30 * sessions, NULL, NULL) FROM pg_temp.team(improvement, first_dose, last_dose, noise, raise)
$$;

CREATE TEMP TABLE planted AS
SELECT t.name, r.* FROM (VALUES
	('trap', pg_temp.panel_of(0, 0.1, 0.7)),
	('works', pg_temp.panel_of(5, 0.1, 0.7)),
	('worse', pg_temp.panel_of(-5, 0.1, 0.7)),
	('noisy', pg_temp.panel_of(0, 0.1, 0.7, 4)),
	('falling', pg_temp.panel_of(0, 0.7, 0.1)),
	('much', pg_temp.panel_of(0, 1, 1)),
	('little', pg_temp.panel_of(0, 0.02, 0.02)),
	('raised', pg_temp.panel_of(0, 0.1, 0.7, 0.1, 3)),
	('lowered', pg_temp.panel_of(0, 0.1, 0.7, 0.1, -3)),
	('reached', pg_temp.panel_of(12, 0.1, 0.7))
) t (name, panel), LATERAL coachdiag.coaching_paradox(t.panel, true, 'identity', 1) r;

SELECT results_eq('SELECT name, paradox, dose_trend, metric_trend, gap_trend FROM planted WHERE name <> ''reached'' ORDER BY name', $$VALUES
	('falling', false, 'falling', 'flat', 'stable'),
	('little', false, 'steady', 'flat', 'stable'),
	('lowered', false, 'rising', 'flat', 'closing'),
	('much', true, 'steady', 'flat', 'stable'),
	('noisy', NULL, 'rising', 'cannot_tell', 'cannot_tell'),
	('raised', true, 'rising', 'flat', 'widening'),
	('trap', true, 'rising', 'flat', 'stable'),
	('works', false, 'rising', 'improving', 'closing'),
	('worse', true, 'rising', 'worsening', 'widening')$$, 'planted teams');
SELECT is(paradox, false, 'no paradox where the metric rose to the target') FROM planted WHERE name = 'reached';
SELECT ok(stage IN ('escalating', 'entrenched'), 'rising and long clear: ' || stage) FROM planted WHERE name = 'trap';
SELECT is(stage, 'none', 'no paradox, no stage') FROM planted WHERE name = 'works';
SELECT is(stage, NULL, 'cannot tell, no stage') FROM planted WHERE name = 'noisy';
SELECT is(clear_since, NULL, 'where it improves non-improvement was never clear') FROM planted WHERE name = 'works';
SELECT ok(metric_change BETWEEN 4.5 AND 5.5 AND metric_low < 5 AND metric_high > 5, format('improvement %s of 5', metric_change)) FROM planted WHERE name = 'works';
SELECT ok(abs(metric_change - mean_change) < 1e-6, 'where all stay the plain mean says the same') FROM planted WHERE name = 'works';
SELECT ok(dose_change BETWEEN 1.8 AND 3.4 AND dose > 1.8, format('dose %s, up by %s of 2.6', dose, dose_change)) FROM planted WHERE name = 'trap';
SELECT ok(abs(target_change - 3) < 1e-9 AND gap_change BETWEEN 2.5 AND 3.5, format('target raised by %s, gap by %s', target_change, gap_change)) FROM planted WHERE name = 'raised';
SELECT ok(gap BETWEEN 7 AND 13, format('mean gap %s of about 10', gap)) FROM planted WHERE name = 'trap';
SELECT matches(reason, 'because the target came down', 'a gap closed by its target is said to be') FROM planted WHERE name = 'lowered';
SELECT matches(reason, 'cannot be told', 'what cannot be told is said') FROM planted WHERE name = 'noisy';
SELECT is((SELECT sessions FROM planted WHERE name = 'trap'), (SELECT sum(sessions) FROM pg_temp.team(0, 0.1, 0.7)), 'sessions add up');
SELECT is((SELECT sessions_since FROM planted WHERE name = 'trap'),
	(SELECT sum(t.sessions) FROM pg_temp.team(0, 0.1, 0.7) t WHERE t.week > (SELECT clear_since FROM planted WHERE name = 'trap')), 'so do those since it was clear');
SELECT is(minutes_since, 30 * sessions_since, 'and their minutes') FROM planted WHERE name = 'trap';

-- The other direction, other scales.
SELECT is((r.paradox, r.metric_trend)::text, '(t,flat)', 'lower is better')
FROM (SELECT coachdiag.panel(-value, -target, agent::bigint, week, 1::float8, NULL, sessions, NULL, NULL, NULL) AS p FROM pg_temp.team(0, 0.1, 0.7)) x,
	LATERAL coachdiag.coaching_paradox(p, false, 'identity', 1) r;
SELECT ok(r.metric_change BETWEEN 4 AND 6 AND r.metric_trend = 'improving' AND r.gap BETWEEN 5 AND 11 AND r.paradox = false AND r.minutes IS NULL, format('log scale, lower is better: %s s better, gap %s, no minutes noted', r.metric_change, r.gap))
FROM (SELECT coachdiag.panel(ln(200 - value), ln(200 - target), agent::bigint, week, 1::float8, NULL, sessions, NULL, NULL, NULL) AS p FROM pg_temp.team(5, 0.1, 0.7)) x,
	LATERAL coachdiag.coaching_paradox(p, false, 'log', 1) r;

-- Agents improve by 5 while beginners join, 15 below them.
CREATE TEMP TABLE diluted AS
SELECT t.*, date '2020-01-01' AS hired_on FROM pg_temp.team(5, 0.1, 0.7) t
UNION ALL
SELECT t.agent + 10, t.week, t.value - 15, t.target, t.sessions, date '2025-01-06' + 28 * t.agent FROM pg_temp.team(5, 0.1, 0.7) t WHERE t.week >= date '2025-01-06' + 28 * t.agent;
CREATE TEMP TABLE dilution AS
SELECT tenure, r.* FROM (
	SELECT tenure, coachdiag.panel(value, target, agent::bigint, week, 1::float8, NULL, sessions, NULL, NULL, CASE WHEN tenure THEN hired_on END) AS p
	FROM diluted, (VALUES (true), (false)) v (tenure) GROUP BY tenure) x, LATERAL coachdiag.coaching_paradox(p, true, 'identity', 1) r;
SELECT ok(metric_trend = 'improving' AND metric_change BETWEEN 4 AND 6 AND mean_change < 1 AND NOT paradox, format('new hires dilute the mean (%s), nobody got worse (%s)', mean_change, metric_change)) FROM dilution;
SELECT matches(reason, 'who came and left moved the plain mean by -', 'and the reason says so') FROM dilution;
SELECT ok((SELECT agents FROM dilution WHERE tenure) < (SELECT agents FROM dilution WHERE NOT tenure), 'known beginners are left out while they learn');

-- Everybody is replaced, one a month, by somebody as far below: flat for each, falling in the mean; and a team that was all replaced at once.
SELECT ok(r.metric_trend = 'flat' AND r.mean_change < -5, format('replaced by weaker ones: mean %s, within agents %s', r.mean_change, r.metric_change))
FROM (SELECT coachdiag.panel(value - CASE WHEN week >= date '2025-01-06' + 28 * agent THEN 10 ELSE 0 END, target, CASE WHEN week >= date '2025-01-06' + 28 * agent THEN agent + 10 ELSE agent END::bigint, week, 1::float8, NULL, sessions, NULL, NULL, NULL) AS p
	FROM pg_temp.team(0, 0.1, 0.7)) x, LATERAL coachdiag.coaching_paradox(p, true, 'identity', 2) r;
SELECT is((r.first_period, r.last_period, r.periods)::text, '(2025-06-30,2025-12-29,27)', 'all replaced at once: only the new team is compared')
FROM (SELECT coachdiag.panel(value, target, CASE WHEN week >= '2025-06-30' THEN agent + 10 ELSE agent END::bigint, week, 1::float8, NULL, sessions, NULL, NULL, NULL) AS p
	FROM pg_temp.team(0, 0.1, 0.7)) x, LATERAL coachdiag.coaching_paradox(p, true, 'identity', 1) r;

-- Routed ever harder contacts: the mix moves the mean, nobody got worse.
SELECT ok(r.metric_trend = 'flat', format('harder contacts: %s', r.metric_change))
FROM (
	SELECT coachdiag.panel(value - hard * 20, target - hard * 20, agent::bigint, week, CASE hard WHEN 1 THEN 5 + (week - '2025-01-06') / 20 ELSE 30 END::float8, CASE hard WHEN 1 THEN 'hard' ELSE 'easy' END, CASE hard WHEN 1 THEN 0 ELSE sessions END, NULL, NULL, NULL) AS p
	FROM pg_temp.team(0, 0.1, 0.7), generate_series(0, 1) hard) x, LATERAL coachdiag.coaching_paradox(p, true, 'identity', 1) r;

-- What cannot be asked.
SELECT is(coachdiag.coaching_paradox(NULL, true, 'identity', 1), NULL, 'NULL panel');
SELECT is((r.paradox, r.stage, r.reason)::text, '(,,"not assessed: no coaching session for this metric")', 'no sessions')
FROM coachdiag.coaching_paradox(pg_temp.panel_of(0, 0, 0), true, 'identity', 1) r;
SELECT is((r.paradox, r.reason)::text, '(,"not assessed: needs metric.smallest_effect, to say what would be too little")', 'no smallest effect')
FROM coachdiag.coaching_paradox(pg_temp.panel_of(0, 0.1, 0.7), true) r;
SELECT is((r.paradox, r.metric_trend, r.metric_change, r.reason)::text, '(,,,"not assessed: needs metric.higher_is_better")', 'no direction')
FROM coachdiag.coaching_paradox(pg_temp.panel_of(0, 0.1, 0.7), NULL, 'identity', 1) r;
SELECT is((r.paradox, r.gap, r.metric_trend, r.reason)::text, '(,,flat,"whether there is a gap cannot be told: needs a target")', 'no target')
FROM (SELECT coachdiag.panel(value, NULL, agent::bigint, week, 1::float8, NULL, sessions, NULL, NULL, NULL) AS p FROM pg_temp.team(0, 0.1, 0.7)) x, LATERAL coachdiag.coaching_paradox(p, true, 'identity', 1) r;
SELECT is((r.paradox, r.reason)::text, '(f,"the mean gap is below smallest_effect")', 'no gap')
FROM (SELECT coachdiag.panel(value + 20, target, agent::bigint, week, 1::float8, NULL, sessions, NULL, NULL, NULL) AS p FROM pg_temp.team(0, 0.1, 0.7)) x, LATERAL coachdiag.coaching_paradox(p, true, 'identity', 1) r;
SELECT is((r.paradox, r.dose, r.reason)::text, '(f,0,"no coaching in the last three months")', 'nobody goes on')
FROM (SELECT coachdiag.panel(value, target, agent::bigint, week, 1::float8, NULL, CASE WHEN week < '2025-09-15' THEN 1 ELSE 0 END, NULL, NULL, NULL) AS p FROM pg_temp.team(0, 0, 0)) x, LATERAL coachdiag.coaching_paradox(p, true, 'identity', 1) r;
SELECT is((r.paradox, r.reason)::text, '(,"cannot tell yet: coaching began less than a quarter ago")', 'coaching has only begun')
FROM (SELECT coachdiag.panel(value, target, agent::bigint, week, 1::float8, NULL, CASE WHEN week > '2025-11-01' THEN 1 ELSE 0 END, NULL, NULL, NULL) AS p FROM pg_temp.team(0, 0, 0)) x, LATERAL coachdiag.coaching_paradox(p, true, 'identity', 1) r;
SELECT is((r.paradox, r.periods, r.reason)::text, format('(,%s,"not assessed: %s periods can be compared, a trend needs 16")', n, n), n || ' weeks')
FROM (SELECT n, coachdiag.panel(value, target, agent::bigint, week, 1::float8, NULL, 1, NULL, NULL, NULL) AS p FROM pg_temp.team(0, 0.1, 0.7), unnest('{1,15}'::int[]) n WHERE week < date '2025-01-06' + 7 * n GROUP BY n) x,
	LATERAL coachdiag.coaching_paradox(p, true, 'identity', 1) r ORDER BY n;
SELECT is((r.agents, r.periods, r.dose_trend)::text, '(1,52,steady)', 'one agent is a team of one')
FROM (SELECT coachdiag.panel(value, target, agent::bigint, week, 1::float8, NULL, 1, NULL, NULL, NULL) AS p FROM pg_temp.team(0, 0.1, 0.7) WHERE agent = 1) x, LATERAL coachdiag.coaching_paradox(p, true, 'identity', 1) r;
SELECT is((r.metric_trend, r.metric_change, r.metric_low, r.paradox)::text, '(flat,0,0,t)', 'all values equal: flat')
FROM (SELECT coachdiag.panel(80, 90, agent::bigint, week, 1::float8, NULL, 1, NULL, NULL, NULL) AS p FROM pg_temp.team(0, 0.1, 0.7)) x, LATERAL coachdiag.coaching_paradox(p, true, 'identity', 1) r;
SELECT is((r.periods, r.sessions, r.reason)::text, '(0,10,"not assessed: 0 periods can be compared, a trend needs 16")', 'sessions without a value')
FROM (SELECT coachdiag.panel(NULL, NULL, agent::bigint, week, 1::float8, NULL, 1, NULL, NULL, NULL) AS p FROM pg_temp.team(0, 0, 0) WHERE week = '2025-01-06') x, LATERAL coachdiag.coaching_paradox(p, true, 'identity', 1) r;
SELECT is((r.periods, r.paradox)::text, '(0,)', 'values without a period')
FROM (SELECT coachdiag.panel(value, target, agent::bigint, NULL::date) AS p FROM pg_temp.team(0, 0, 0)) x, LATERAL coachdiag.coaching_paradox(p, true, 'identity', 1) r;
SELECT is_empty('SELECT coachdiag.coaching_paradox_by_quarter(NULL, true)', 'NULL panel: no quarters');
SELECT throws_ok('SELECT coachdiag.coaching_paradox(pg_temp.panel_of(0, 0, 0), true, ''identity'', 0)', '22023', 'smallest_effect must be above 0 and finite', 'smallest effect 0');
SELECT throws_ok('SELECT coachdiag.coaching_paradox(pg_temp.panel_of(0, 0, 0), true, ''identity'', ''NaN'')', '22023', 'smallest_effect must be above 0 and finite', 'smallest effect NaN');
SELECT throws_ok('SELECT coachdiag.coaching_paradox(pg_temp.panel_of(0, 0, 0), true, ''identity'', 1, -1)', '22023', 'high_dose must be above 0 and finite', 'high dose below 0');
SELECT throws_ok('SELECT coachdiag.coaching_paradox(pg_temp.panel_of(0, 0, 0), true, ''percent'', 1)', '22023', NULL, 'unknown scale');
SELECT throws_ok('SELECT * FROM coachdiag.coaching_paradox_by_quarter(pg_temp.panel_of(0, 0, 0), true, ''identity'', 1, 1, 5)', '22023', 'months must be between 6 and 120', 'too short a window');

-- Quarters: when it began, and months as periods.
CREATE TEMP TABLE quarters AS SELECT r.* FROM coachdiag.coaching_paradox_by_quarter(pg_temp.panel_of(0, 0.1, 0.7), true, 'identity', 1) r;
SELECT results_eq('SELECT quarter, last_period FROM quarters ORDER BY quarter', $$VALUES
	('2025-01-01'::date, '2025-03-31'::date), ('2025-04-01', '2025-06-30'), ('2025-07-01', '2025-09-29'), ('2025-10-01', '2025-12-29')$$, 'a row a quarter, weeks by their first day');
SELECT is((q.paradox, q.stage, q.metric_change, q.sessions_since)::text, (p.paradox, p.stage, p.metric_change, p.sessions_since)::text, 'the last quarter of a year is the year')
FROM quarters q, planted p WHERE q.quarter = '2025-10-01' AND p.name = 'trap';
SELECT is((SELECT array_agg(r.first_period ORDER BY r.quarter) FROM coachdiag.coaching_paradox_by_quarter(pg_temp.panel_of(0, 0.1, 0.7), true, 'identity', 1, 1, 6) r),
	'{2025-01-06,2025-01-06,2025-04-07,2025-07-07}'::date[], 'windows of six months');
SELECT is((r.periods, r.dose_trend, r.metric_trend, r.first_period, r.last_period)::text, '(12,rising,flat,2025-01-01,2025-12-01)', 'monthly periods')
FROM (SELECT coachdiag.panel(value, target, agent, month, 1::float8, NULL, sessions, NULL, NULL, NULL) AS p
	FROM (SELECT agent::bigint, date_trunc('month', week::timestamp)::date AS month, avg(value) AS value, avg(target) AS target, sum(sessions) AS sessions FROM pg_temp.team(0, 0.1, 0.7) GROUP BY 1, 2) m) x,
	LATERAL coachdiag.coaching_paradox(p, true, 'identity', 2) r;

-- The view: topics coached again and again, a record that grows; a team without sessions; another workspace without the columns.
SELECT coachdiag.create_workspace('p');
INSERT INTO p.metric VALUES ('qa', true, 90, 1, 'points', 'identity');
INSERT INTO p.assignment SELECT a + 100 * t, 'team ' || t, '2020-01-01' FROM generate_series(1, 10) a, generate_series(0, 1) t;
INSERT INTO p.agent_metric (agent_id, metric, period, value, volume) SELECT agent + 100 * t, 'qa', week, value, 20 FROM pg_temp.team(0, 0.1, 0.7), generate_series(0, 1) t;
INSERT INTO p.coach VALUES (901);
INSERT INTO p.coaching_session (session_id, agent_id, coach_id, held_at, metric, duration_minutes, behaviour, action)
SELECT row_number() OVER (ORDER BY week, agent), agent, 901, week + interval '36 hours', CASE WHEN agent % 2 = 0 THEN 'qa' END, 30, CASE WHEN agent < 10 THEN 'hold procedure' END, CASE WHEN week >= '2025-06-30' THEN 'listen to two calls' END
FROM pg_temp.team(0, 0.1, 0.7) WHERE sessions > 0;
SET client_min_messages = warning;
CALL coachdiag.refresh('p');
SELECT is((v.paradox, v.dose_trend, v.metric_trend, v.sessions, v.minutes)::text, (f.paradox, f.dose_trend, f.metric_trend, f.sessions, f.minutes)::text, 'the view says what the function says')
FROM p.paradox v, planted f WHERE v.team = 'team 0' AND v.quarter = '2025-10-01' AND f.name = 'trap';
SELECT results_eq($$SELECT topic_sessions, repeat_sessions, round(repeat_depth::numeric, 6) FROM p.paradox WHERE team = 'team 0' ORDER BY quarter$$,
	$$SELECT count(*), count(*) FILTER (WHERE turn > 2), round(avg(turn), 6) FROM (
		SELECT week + 1 AS day, row_number() OVER (PARTITION BY agent ORDER BY week) AS turn FROM pg_temp.team(0, 0.1, 0.7) WHERE sessions > 0 AND agent < 10) s
	GROUP BY date_trunc('quarter', day::timestamp) ORDER BY date_trunc('quarter', day::timestamp)$$, 'topics coached again, by quarter');
SELECT results_eq($$SELECT documented_share, documented_change, documentation_without_result FROM p.paradox WHERE team = 'team 0' AND quarter >= '2025-07-01' ORDER BY quarter$$,
	$$SELECT 1::float8, 1 - s.before, true FROM (VALUES (1, 0::float8), (2, (SELECT count(action)::float8 / count(*) FROM p.coaching_session WHERE held_at < '2025-10-01'))) s (n, before) ORDER BY n$$,
	'the record grows, the result does not');
SELECT ok(bool_and(documented_low > 0 AND documented_low < documented_change AND documented_high >= documented_change), 'surely') FROM p.paradox WHERE team = 'team 0' AND documentation_without_result;
SELECT is((SELECT count(DISTINCT repeats_without_result = repeat_sessions) FROM p.paradox WHERE team = 'team 0' AND metric_trend = 'flat'), 1::bigint, 'repeats without result are the repeats where it is flat');
SELECT is((paradox, sessions, topic_sessions, documented_share, reason)::text, '(,0,0,,"not assessed: no coaching session for this metric")', 'a team without sessions') FROM p.paradox WHERE team = 'team 1' AND quarter = '2025-10-01';
ALTER TABLE p.coaching_session DROP COLUMN behaviour, DROP COLUMN sub_behaviour, DROP COLUMN action, DROP COLUMN duration_minutes;
CALL coachdiag.refresh('p');
SELECT is((paradox, minutes, topic_sessions, repeat_depth, repeat_sessions, repeats_without_result, documented_share, documentation_without_result)::text, '(t,,,,,,,)', 'missing columns are not assessed, the rest is') FROM p.paradox WHERE team = 'team 0' AND quarter = '2025-10-01';
SELECT is((SELECT count(*) FROM (SELECT DISTINCT ON (team) team, paradox FROM p.paradox ORDER BY team, quarter DESC) q WHERE paradox), 1::bigint, 'the latest quarter is the current state');

-- A record that stays as it is: six sessions in ten with an action, half of them with minutes, and nothing moves.
SELECT coachdiag.create_workspace('r');
INSERT INTO r.metric VALUES ('qa', true, 90, 2, 'points', 'identity');
INSERT INTO r.assignment SELECT 100 * t + a, 'team ' || t, '2020-01-01' FROM generate_series(1, 15) t, generate_series(1, 10) a;
INSERT INTO r.agent_metric (agent_id, metric, period, value, volume)
SELECT 100 * t + a, 'qa', date '2025-01-06' + 7 * w, 80 + pg_temp.normal(format('r %s %s %s', t, a, w)), 10 FROM generate_series(1, 15) t, generate_series(1, 10) a, generate_series(0, 50) w;
INSERT INTO r.coaching_session (session_id, agent_id, coach_id, held_at, metric, action, duration_minutes)
SELECT row_number() OVER (), 100 * t + a, 900 + t, date '2025-01-06' + 7 * w + time '10:00', 'qa', CASE WHEN pg_temp.uniform(format('action %s %s %s', t, a, w)) < 0.6 THEN 'listen' END,
	CASE WHEN pg_temp.uniform(format('minutes %s %s %s', t, a, w)) < 0.5 THEN 30 END
FROM generate_series(1, 15) t, generate_series(1, 10) a, generate_series(0, 50) w WHERE pg_temp.uniform(format('session %s %s %s', t, a, w)) < 0.1;
CALL coachdiag.refresh('r');
SELECT ok(count(*) FILTER (WHERE documented_change >= 0.05) >= 10 AND count(*) FILTER (WHERE documentation_without_result) <= 1, format('%s of %s quarters of a constant record are said to grow, though %s differ by 0.05', count(*) FILTER (WHERE documentation_without_result), count(*), count(*) FILTER (WHERE documented_change >= 0.05)))
FROM r.paradox WHERE metric_trend = 'flat' AND documented_change IS NOT NULL;
SELECT ok(count(*) >= 30 AND bool_and(documentation_without_result IS NULL), 'where the interval leaves it open, nobody can tell')
FROM r.paradox WHERE metric_trend = 'flat' AND documented_low <= 0 AND documented_high >= 0.05;
SELECT results_eq($$SELECT team, timed_share FROM r.paradox WHERE quarter = '2025-10-01' ORDER BY team$$,
	$$SELECT 'team ' || agent_id / 100, count(duration_minutes)::float8 / count(*) FROM r.coaching_session GROUP BY 1 ORDER BY 1$$, 'the share of sessions whose minutes are noted');

-- Steady coaching that works and fades: the year is flat, yet without it the metric would fall.
INSERT INTO p.assignment SELECT agent + 200, 'team 2', '2020-01-01' FROM generate_series(1, 10) agent;
CREATE TEMP TABLE steady AS SELECT * FROM pg_temp.team(0, 0.3, 0.3);
INSERT INTO p.agent_metric (agent_id, metric, period, value, volume)
SELECT agent + 200, 'qa', week, value + 1.5 * least(sum(sessions) OVER (PARTITION BY agent ORDER BY week ROWS BETWEEN 4 PRECEDING AND 1 PRECEDING), 2), 20 FROM steady;
INSERT INTO p.coaching_session (session_id, agent_id, coach_id, held_at, metric)
SELECT 100000 + row_number() OVER (ORDER BY week, agent), agent + 200, 901, week + interval '36 hours', 'qa' FROM steady WHERE sessions > 0;
CALL coachdiag.refresh('p');
SELECT is((r.paradox, i.state, v.paradox, v.stage)::text, '(t,behavioural,f,none)', 'where coaching is shown to move the metric, a flat year is no paradox')
FROM p.paradox v JOIN p.indicators i USING (team, metric),
	LATERAL (SELECT (coachdiag.coaching_paradox(coachdiag.rollup(s.panel), true, 'identity', 1)).paradox FROM p.stored_panel s WHERE s.team = v.team) r
WHERE v.team = 'team 2' AND v.quarter = '2025-10-01' AND i.test = 'coaching_without_effect';
SELECT matches(reason, '^coaching moves the metric', 'and the reason says so') FROM p.paradox WHERE team = 'team 2' AND quarter = '2025-10-01';
SELECT ok(paradox IS NULL AND stage IS NULL AND reason ~ '^not assessed: ', 'nor is it said of a quarter of which nothing is known') FROM p.paradox WHERE team = 'team 2' AND quarter = '2025-01-01';
ALTER TABLE p.coaching_session ADD behaviour text DEFAULT 'tone', ADD action text;
UPDATE p.coaching_session SET action = 'listen' WHERE held_at >= '2025-10-01';
CALL coachdiag.refresh('p');
SELECT is((metric_trend, documented_change >= 0.05 AND documented_low > 0, documentation_without_result)::text, '(flat,t,f)', 'nor is the record that grows') FROM p.paradox WHERE team = 'team 2' AND quarter = '2025-10-01';
SELECT is((repeat_sessions > 0, repeats_without_result)::text, '(t,0)', 'nor are its repeats without result') FROM p.paradox WHERE team = 'team 2' AND quarter = '2025-10-01';
SELECT coachdiag.drop_workspace('p');

-- By hand. Teams of ten over a year and a half: A and D stay, B rises by 8, C falls by 8, N goes up and down; handle time, where less is better, gets longer. M moves from A to B in July.
SELECT coachdiag.create_workspace('h', 'text');
UPDATE h.settings SET time_zone = 'UTC';
INSERT INTO h.metric VALUES ('qa', true, 90, 1, 'points', 'identity'), ('handle time', false, 300, 10, 's', 'log');
CREATE TEMP TABLE row AS
SELECT team, team || a AS agent_id, date '2024-07-01' + 7 * w AS period,
	80 + pg_temp.normal(format('h %s %s %s', team, a, w)) + CASE team WHEN 'B' THEN 8 WHEN 'C' THEN -8 ELSE 0 END * w / 78.0 + CASE team WHEN 'N' THEN 4 * pg_temp.normal('h storm ' || w) ELSE 0 END AS value,
	350 * exp(0.3 * w / 78.0 + 0.02 * pg_temp.normal(format('t %s %s %s', team, a, w))) AS seconds
FROM unnest('{A,B,C,D,N}'::text[]) team, generate_series(1, 10) a, generate_series(0, 78) w;
INSERT INTO h.assignment (agent_id, team, valid_from, valid_to) SELECT DISTINCT agent_id, team, date '2024-01-01', NULL::date FROM row UNION ALL VALUES ('M', 'A', date '2024-01-01', date '2025-07-01'), ('M', 'B', '2025-07-01', NULL);
INSERT INTO h.agent_metric (agent_id, metric, period, value, volume) SELECT agent_id, 'qa', period, value, 20 FROM row UNION ALL SELECT agent_id, 'handle time', period, seconds, 20 FROM row WHERE team = 'A';
CREATE TEMP TABLE talk (agent_id text, metric text, day date, behaviour text, sub_behaviour text, duration_minutes float8, action text, status text DEFAULT 'held');
INSERT INTO talk VALUES
	('A2', 'qa', '2024-11-05', NULL, NULL, NULL, 'x'), ('A2', 'qa', '2024-11-12', NULL, NULL, NULL, 'x'),
	('M', 'qa', '2025-05-06', 'tone', 'greeting', NULL, 'x'), ('M', 'qa', '2025-06-03', 'tone', 'greeting', NULL, NULL),
	('A3', 'qa', '2025-08-05', NULL, NULL, 20, NULL), ('A3', 'qa', '2025-08-12', NULL, NULL, 20, 'x'), ('A3', 'qa', '2025-08-19', NULL, NULL, 20, NULL), ('A4', 'qa', '2025-08-05', NULL, NULL, NULL, 'x'),
	('A5', 'handle time', '2025-08-05', NULL, NULL, NULL, 'x'),
	('A1', 'qa', '2025-10-07', 'tone', 'greeting', 20, 'x'), ('A1', 'qa', '2025-10-14', 'tone', 'greeting', 20, 'x'), ('A1', 'qa', '2025-10-21', 'tone', 'closing', 20, NULL),
	('A1', 'qa', '2025-10-28', 'hold', 'greeting', 20, NULL), ('A1', 'qa', '2025-11-04', NULL, 'greeting', 20, NULL), ('A1', 'handle time', '2025-11-11', 'tone', 'greeting', NULL, NULL),
	('A3', 'qa', '2025-11-04', NULL, NULL, NULL, 'x'), ('A3', 'qa', '2025-11-11', NULL, NULL, NULL, 'x'), ('A3', 'qa', '2025-11-18', NULL, NULL, NULL, 'x'), ('A3', 'qa', '2025-11-25', NULL, NULL, NULL, NULL),
	('M', 'qa', '2025-10-07', 'tone', 'greeting', NULL, 'x');
INSERT INTO talk VALUES ('A1', 'qa', '2025-10-08', 'tone', 'greeting', NULL, NULL, 'no_show');
-- The record of B grows and that of D shrinks, from none to all and back; C and N are coached on one topic three times.
INSERT INTO talk SELECT team || a, 'qa', day::date, NULL, NULL, NULL, CASE WHEN (team = 'B') = (day >= '2025-10-01') THEN 'x' END FROM unnest('{B,D}'::text[]) team, generate_series(1, 10) a, generate_series('2025-04-08'::timestamp, '2025-12-09', '28 days') day;
INSERT INTO talk SELECT team || a, 'qa', day::date, 'tone', NULL, NULL, NULL FROM unnest('{C,N}'::text[]) team, generate_series(1, 10) a, unnest('{2025-10-07,2025-10-28,2025-11-18}'::date[]) day;
INSERT INTO h.coaching_session (session_id, agent_id, coach_id, held_at, scheduled_at, metric, behaviour, sub_behaviour, duration_minutes, action, status)
SELECT row_number() OVER (ORDER BY day, agent_id), agent_id, 'K', CASE WHEN status = 'held' THEN day + time '10:00' END, day + time '10:00', metric, behaviour, sub_behaviour, duration_minutes, action, status FROM talk;
CALL coachdiag.refresh('h');
CREATE TEMP VIEW now AS SELECT * FROM h.paradox WHERE quarter = '2025-10-01';
SELECT results_eq($$SELECT team, metric, metric_trend FROM now ORDER BY 1, 2$$, $$VALUES ('A', 'handle time', 'worsening'), ('A', 'qa', 'flat'), ('B', 'qa', 'improving'), ('C', 'qa', 'worsening'), ('D', 'qa', 'flat'), ('N', 'qa', 'cannot_tell')$$,
	'the view asks with the metric''s direction and scale');
SELECT is((topic_sessions, repeat_sessions, repeat_depth)::text, '(5,0,1.2)', 'a topic is a behaviour with its sub-behaviour, either may be missing: of five sessions one is a second, (1 + 2 + 1 + 1 + 1) / 5; who did not come was not coached') FROM now WHERE team = 'A' AND metric = 'qa';
SELECT is((topic_sessions, repeat_depth)::text, '(1,1)', 'of another metric it is another') FROM now WHERE team = 'A' AND metric = 'handle time';
SELECT is((topic_sessions, repeat_sessions, repeat_depth, repeats_without_result)::text, '(1,1,3,0)', 'an agent takes what was coached along to another team, where the metric improves: no repeat without result') FROM now WHERE team = 'B';
SELECT is((repeat_sessions, repeats_without_result)::text, '(10,10)', 'where it gets worse repeats are without result') FROM now WHERE team = 'C';
SELECT is((repeat_sessions, repeats_without_result)::text, '(10,)', 'where that cannot be told, nothing is said of them') FROM now WHERE team = 'N';
SELECT is((metric_trend, topic_sessions, repeat_sessions, repeats_without_result)::text, '(flat,0,0,0)', 'a quarter without sessions has no repeats') FROM h.paradox WHERE team = 'D' AND quarter = '2025-01-01';
-- Of A's 15 sessions of 2025 3 + 5 have minutes, none of the two in 2024.
SELECT is(timed_share, 8 / 15.0::float8, 'minutes are noted of 8 of a year''s 15 sessions') FROM now WHERE team = 'A' AND metric = 'qa';
SELECT is(timed_share, 0::float8, 'and of none for the other metric') FROM now WHERE team = 'A' AND metric = 'handle time';
-- A1 has 2 of 5 on record, A3 3 of 4: 5 of 9, squares 4 + 9, products 10 + 12, squares of sessions 25 + 16. In the three quarters before M 1 of 2, A3 1 of 3, A4 1 of 1: 3 of 6, squares 3, products 6, squares of sessions 14.
CREATE TEMP TABLE record AS SELECT 5 / 9.0::float8 AS n, 3 / 6.0::float8 AS b, i.low AS n_low, i.high AS n_high, j.low AS b_low, j.high AS b_high
FROM coachdiag.ratio_interval(5, 9, 13, 22, 41, 2, true) i, coachdiag.ratio_interval(3, 6, 3, 6, 14, 3, true) j;
SELECT is((documented_share, documented_change), (n, n - b), 'what is on record, against the three quarters before, of this team and metric alone') FROM now, record WHERE team = 'A' AND metric = 'qa';
SELECT ok(abs(documented_low - (n - b - sqrt((n - n_low) ^ 2 + (b_high - b) ^ 2))) < 1e-9, 'the lower end goes by the lower one of the quarter and the upper one before') FROM now, record WHERE team = 'A' AND metric = 'qa';
SELECT ok(abs(documented_high - (n - b + sqrt((n_high - n) ^ 2 + (b - b_low) ^ 2))) < 1e-9, 'the upper end by the other two') FROM now, record WHERE team = 'A' AND metric = 'qa';
SELECT is((documented_change > 0.9, documented_low > 0, documentation_without_result)::text, '(t,t,f)', 'a record that grows where the metric improves is not without result') FROM now WHERE team = 'B';
SELECT is((documented_change, documentation_without_result)::text, '(-1,f)', 'nor is one that shrinks') FROM now WHERE team = 'D';
-- Three months are too few to compare: six are. A has 3 + 5 sessions with minutes of 4 + 9 in them.
ALTER TABLE h.coaching_session DROP COLUMN behaviour;
UPDATE h.settings SET diagnosis_months = 3;
CALL coachdiag.refresh('h');
SELECT is((first_period, timed_share, topic_sessions)::text, format('(2025-07-07,%s,5)', 8 / 13.0::float8), 'the window is of six months at least, and a sub-behaviour alone is a topic') FROM now WHERE team = 'A' AND metric = 'qa';

SELECT * FROM finish();
ROLLBACK;
