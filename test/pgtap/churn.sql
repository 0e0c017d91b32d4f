-- kitagawa, turnover, shapley, kaplan_meier, log_rank, cox; churn and attrition in a workspace.
\set QUIET on
SET client_min_messages = error;
SET timezone = 'UTC';
SELECT plan(74);

-- Uniform between 0 and 1, the same on every machine.
CREATE FUNCTION draw(a int, b int, c int) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
	SELECT (('x' || substr(md5(a || ' ' || b || ' ' || c), 1, 8))::bit(32)::bigint) / 2 ^ 32
$$;

-- Parts that add up
SELECT results_eq($$SELECT change, within, mix, joined, "left", n_stayed, n_joined, n_left FROM coachdiag.turnover('{10,10,20,NULL,0}', '{80,70,90,50,1}', '{10,30,0,10,NULL}', '{84,72,1,60,NULL}')$$,
	$$VALUES (-10.5::float8, 2.75::float8, -2.75::float8, -3::float8, -7.5::float8, 2, 1, 1)$$, 'turnover by hand');
SELECT results_eq($$SELECT change, within, joined, n_stayed, n_left FROM coachdiag.turnover('{1,0}', '{5,NULL}', '{0,1}', '{NULL,7}')$$, $$VALUES (2::float8, NULL::float8, NULL::float8, 0, 1)$$, 'nobody stayed: no parts');
SELECT is(coachdiag.turnover('{1}', '{5}', '{0}', '{5}')::text, NULL, 'nobody after: NULL');
SELECT is(coachdiag.turnover('{}', '{}', '{}', '{}')::text, NULL, 'nobody: NULL');
SELECT results_eq($$SELECT within, within_low IS NULL FROM coachdiag.turnover('{1}', '{5}', '{1}', '{6}')$$, $$VALUES (1::float8, true)$$, 'one agent: no interval');
SELECT throws_ok($$SELECT coachdiag.turnover('{1}', '{5}', '{1,2}', '{6,7}')$$, '2202E', 'weights and means must be arrays of the same length');
SELECT throws_ok($$SELECT coachdiag.turnover('{-1}', '{5}', '{1}', '{6}')$$, '22003', 'weights must not be negative');
SELECT throws_ok($$SELECT coachdiag.turnover('{1}', '{NaN}', '{1}', '{6}')$$, '22003', NULL, 'NaN is refused');
SELECT results_eq($$SELECT gap, mix, rate, unmatched FROM coachdiag.kitagawa('{1,3,4}', '{10,20,5}', '{2,2,0}', '{8,10,NULL}')$$, $$VALUES (2.25::float8, 1.5::float8, 7::float8, -6.25::float8)$$, 'kitagawa by hand');
SELECT results_eq($$SELECT gap, mix, unmatched FROM coachdiag.kitagawa('{1,0}', '{10,0}', '{0,1}', '{0,10}')$$, $$VALUES (0::float8, NULL::float8, 0::float8)$$, 'nothing in common');
SELECT is(coachdiag.kitagawa('{1}', '{1}', '{0}', '{1}')::text, NULL, 'one side: NULL');
SELECT is(coachdiag.shapley('{0,4,6,16}'), '{7,9}', 'shapley of two');
SELECT is(coachdiag.shapley('{0,4,NULL,16}'), NULL, 'a value unknown: NULL');
SELECT throws_ok($$SELECT coachdiag.shapley('{0,4,6}')$$, '2202E', NULL, 'three values are not all sets');

-- Curves and hazards: remission under 6-MP and placebo (Freireich et al. 1963), + as not seen further
CREATE TABLE remission AS
SELECT 0 AS g, abs(t) AS weeks, t > 0 AS ended FROM unnest('{6,6,6,7,10,13,16,22,23,-6,-9,-10,-11,-17,-19,-20,-25,-32,-32,-34,-35}'::float8[]) t
UNION ALL SELECT 1, t, true FROM unnest('{1,1,2,2,3,4,4,5,5,8,8,8,8,11,11,12,12,15,17,22,23}'::float8[]) t;
SELECT results_eq($$SELECT s.time, s.at_risk, s.events, s.censored, round(s.survival::numeric, 3), round(s.se::numeric, 4) FROM (SELECT coachdiag.kaplan_meier(weeks, ended) AS k FROM remission WHERE g = 0) a, unnest(a.k) s WHERE s.events > 0$$,
	$$VALUES (6::float8, 21::float8, 3::float8, 1::float8, 0.857, 0.0764), (7, 17, 1, 0, 0.807, 0.0869), (10, 15, 1, 1, 0.753, 0.0963), (13, 12, 1, 0, 0.690, 0.1068), (16, 11, 1, 0, 0.627, 0.1141), (22, 7, 1, 0, 0.538, 0.1282), (23, 6, 1, 0, 0.448, 0.1346)$$,
	'the published curve');
SELECT ok(abs(chi2 - 16.7929409892165) < 1e-9 AND df = 1 AND group_no = '{0,1}' AND observed = '{9,21}', 'log-rank') FROM (SELECT (coachdiag.log_rank(weeks, ended, g)).* FROM remission) r;
SELECT ok(abs(coefficient[1] - 1.57212514882907) < 1e-9 AND abs(se[1] - 0.412396717709455) < 1e-9 AND robust_se IS NULL AND spells = 42 AND events = 30 AND status = 'ok', 'cox, ties by Efron')
FROM (SELECT (coachdiag.cox(weeks, ended, ARRAY[g])).* FROM (SELECT weeks, ended, g::float8 AS g FROM remission) r) c;
SELECT ok(abs(coefficient[1] - 1.50919141258588) < 1e-9, 'cox, ties by Breslow')
FROM (SELECT (coachdiag.cox(weeks, ended, ARRAY[g]::float8[], NULL, NULL, NULL, 'breslow')).* FROM remission) c;
SELECT results_eq($$SELECT coachdiag.cox(weeks, ended, ARRAY[g]::float8[], NULL, NULL, 1, NULL)::text FROM (SELECT * FROM remission ORDER BY weeks) r$$,
	$$SELECT coachdiag.cox(weeks, ended, ARRAY[g]::float8[], NULL, NULL, 1, NULL)::text FROM (SELECT * FROM remission ORDER BY weeks DESC, g) r$$, 'the order of rows does not matter');
SELECT results_eq($$SELECT coachdiag.cox(weeks, ended, ARRAY[g]::float8[])::text FROM remission$$,
	$$SELECT coachdiag.cox(weeks, ended, x)::text FROM (SELECT weeks, ended, ARRAY[g]::float8[] AS x FROM remission UNION ALL VALUES (NULL, true, '{1}'::float8[]), (3, NULL, '{1}'), (3, true, NULL), (3, true, '{NULL}')) r$$, 'rows with a NULL are not used');
SELECT ok(bool_and(k IS NOT NULL), 'a window') FROM (SELECT coachdiag.kaplan_meier(weeks, ended) OVER (PARTITION BY g ORDER BY weeks) AS k FROM remission) w;
SELECT is((SELECT coachdiag.cox(weeks, ended, ARRAY[g]::float8[])::text FROM remission WHERE g > 1), NULL, 'no row: NULL');
SELECT is((SELECT coachdiag.kaplan_meier(NULL, true)::text), NULL, 'nothing but NULL: NULL');
SELECT is((SELECT (coachdiag.cox(weeks, g = 1, ARRAY[g]::float8[])).status FROM remission), 'no finite answer', 'only one group leaves: no finite answer');
SELECT is((SELECT (coachdiag.cox(weeks, false, ARRAY[g]::float8[])).status FROM remission), 'no event', 'nobody leaves');
SELECT is((SELECT (coachdiag.cox(weeks, ended, ARRAY[1, g])).status FROM (SELECT weeks, ended, g::float8 AS g FROM remission) r), 'a covariate does not vary, or follows from the others', 'a constant');
SELECT ok((coachdiag.log_rank(weeks, ended, 1)).chi2 IS NULL, 'one group: nothing to compare') FROM remission;
SELECT throws_ok($$SELECT coachdiag.kaplan_meier('NaN', true)$$, '22003', NULL, 'NaN is refused');
SELECT throws_ok($$SELECT coachdiag.kaplan_meier(3, true, 3)$$, '22023', 'entry must be before time');
SELECT throws_ok($$SELECT coachdiag.cox(weeks, ended, CASE g WHEN 0 THEN '{1}'::float8[] ELSE '{1,2}' END) FROM remission$$, '2202E', NULL, 'as many covariates on each row');
SELECT throws_ok($$SELECT coachdiag.cox(weeks, ended, '{}') FROM remission$$, '2202E', 'coachdiag.cox needs 1 to 16 covariates, found 0');
SELECT throws_ok($$SELECT coachdiag.cox(weeks, ended, '{1}', NULL, NULL, NULL, 'exact') FROM remission$$, '22023', 'unknown rule for ties "exact"');
SELECT throws_ok(format($$SELECT coachdiag.%s_final(%L)$$, f, s), '22023', NULL, f || '_final refuses ' || s)
FROM unnest('{kaplan_meier,log_rank,cox}'::text[]) f, unnest(ARRAY['{}', '{5,1,0}', '{5,1,0,1,2,0,0,0}', '{99,0,0}', '{5,0.5,0,1,1,0,0,0}']) s;
SELECT is(coachdiag.survival_combine(NULL, NULL)::text, NULL, 'two empty states');
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT ok((coachdiag.cox(weeks, ended, ARRAY[g]::float8[])).coefficient[1] BETWEEN 1.5721251488 AND 1.5721251489, 'the same in parallel') FROM remission;
RESET max_parallel_workers_per_gather; RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;

-- churn: 52 weeks of 2024. Program P: T1 and T2, whose stayers improve by 5, whose two best leave in June, for two novices in July; P9 moves from
-- T1 to T2 in July. Program Q: T3, where nothing changes. Coaching in T1 and T2 from July on.
DO $$ BEGIN
	PERFORM coachdiag.create_workspace('ops', 'text'), coachdiag.create_workspace('att', 'int'), coachdiag.create_workspace('null_att', 'int'), coachdiag.create_workspace('bare', 'int'), coachdiag.create_workspace('empty');
END $$;
CREATE TABLE member AS
SELECT 'P' || i AS agent, CASE WHEN i <= 9 THEN 'T1' ELSE 'T2' END AS team, 70 + i % 3 AS level, 5 AS gain, date '2023-01-01' AS since, CASE i WHEN 9 THEN date '2024-07-01' END AS until FROM generate_series(1, 18) i
UNION ALL SELECT 'P9', 'T2', 70, 5, '2024-07-01', NULL
UNION ALL SELECT 'L' || i, 'T' || i, 90, 0, '2023-01-01', '2024-06-24' FROM generate_series(1, 2) i
UNION ALL SELECT 'N' || i, 'T' || i, 50, 0, '2024-07-01', NULL FROM generate_series(1, 2) i
UNION ALL SELECT 'Q' || i, 'T3', 75 + i % 3, 0, '2023-01-01', NULL FROM generate_series(1, 8) i;
INSERT INTO ops.metric (metric, higher_is_better, target, smallest_effect, scale) VALUES ('qa', true, 85, 2, 'identity'), ('aht', false, 300, 20, 'log');
INSERT INTO ops.assignment (agent_id, team, valid_from, valid_to, program, site) SELECT agent, team, since, until, CASE team WHEN 'T3' THEN 'Q' ELSE 'P' END, CASE team WHEN 'T2' THEN 'south' ELSE 'north' END FROM member;
CREATE TABLE fact AS
SELECT m.agent, m.team, w.week, m.level + CASE WHEN w.week >= '2024-07-01' THEN m.gain ELSE 0 END + 2 * draw(ascii(m.agent) * 100 + length(m.agent), w.week - date '2024-01-01', m.level) - 1 AS value,
	5 + (w.week - date '2024-01-01') / 7 % 3 + m.level % 4 AS volume
FROM member m, (SELECT date '2024-01-01' + 7 * i AS week FROM generate_series(0, 51) i) w WHERE w.week >= m.since AND w.week < coalesce(m.until, 'infinity');
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume) SELECT agent, 'qa', week, value, volume FROM fact UNION ALL SELECT agent, 'aht', week, 4 * (160 - value), volume FROM fact;
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, metric)
SELECT week - date '2024-01-01' || agent, agent, 'C', week + time '10:00', 'qa' FROM fact WHERE team <> 'T3' AND draw(ascii(substr(agent, 2)), week - date '2024-01-01', length(agent)) < CASE WHEN week < '2024-07-01' THEN 0.05 ELSE 0.25 END;
CALL coachdiag.refresh('ops');

SELECT is((SELECT count(*)::int FROM ops.churn), 2 * (1 + 2 + 2 + 3), 'metric, programs, sites, teams');
SELECT ok(max(abs(improvement - within - mix - joined - "left") / before) < 1e-14, 'the parts add up') FROM ops.churn;
SELECT ok(bool_and(abs(improvement) - abs(after - before) BETWEEN -1e-9 AND 1e-9 AND sign(improvement) = sign(after - before) * CASE metric WHEN 'qa' THEN 1 ELSE -1 END), 'positive is better, metric units') FROM ops.churn;
CREATE TABLE halves AS
SELECT agent, week < '2024-07-01' AS earlier, sum(volume) AS w, sum(volume * value) / sum(volume) AS m FROM fact WHERE team <> 'T3' GROUP BY 1, 2;
SELECT ok(abs(c.before - x.m1) < 1e-9 AND abs(c.after - x.m2) < 1e-9 AND abs(c.within - x.within) < 1e-9 AND abs(c.mix - x.mix) < 1e-9 AND abs(c.joined - x.joined) < 1e-9 AND abs(c.left - x.gone) < 1e-9, 'program P, recomputed from the rows')
FROM ops.churn c CROSS JOIN (
	WITH total AS (
		SELECT sum(w) FILTER (WHERE earlier) AS w1, sum(w) FILTER (WHERE NOT earlier) AS w2, sum(w * m) FILTER (WHERE earlier) / sum(w) FILTER (WHERE earlier) AS m1, sum(w * m) FILTER (WHERE NOT earlier) / sum(w) FILTER (WHERE NOT earlier) AS m2 FROM halves
	), stay AS (SELECT agent, a.w AS w1, a.m AS m1, b.w AS w2, b.m AS m2 FROM halves a JOIN halves b USING (agent) WHERE a.earlier AND NOT b.earlier),
	stays AS (SELECT sum(w1) AS w1, sum(w2) AS w2, sum(w1 * m1) / sum(w1) AS m1, sum(w2 * m2) / sum(w2) AS m2 FROM stay)
	SELECT t.m1, t.m2, s.m1 - t.m1 AS gone, t.m2 - s.m2 AS joined, (SELECT sum((y.w1 / s.w1 + y.w2 / s.w2) / 2 * (y.m2 - y.m1)) FROM stay y) AS within, (SELECT sum((y.w2 / s.w2 - y.w1 / s.w1) * (y.m1 + y.m2) / 2) FROM stay y) AS mix
	FROM total t, stays s
) x WHERE c.level = 'program' AND c.program = 'P' AND c.metric = 'qa';
SELECT results_eq($$SELECT program, conclusion FROM ops.churn WHERE level = 'program' AND metric = 'qa' ORDER BY 1$$, $$VALUES ('P', 'diluted'), ('Q', 'flat')$$, 'churn took the improvement away; where nothing changed it is flat');
SELECT ok(within BETWEEN 4.5 AND 5.5 AND joined < -1 AND "left" < -1 AND abs(improvement) < 2.5, 'stayers up by five, the average about flat') FROM ops.churn WHERE program = 'P' AND level = 'program' AND metric = 'qa';
SELECT is((SELECT conclusion FROM ops.churn WHERE program = 'P' AND level = 'program' AND metric = 'aht'), 'diluted', 'the same where lower is better, on logarithms');
SELECT results_eq($$SELECT level, team, n_stayed, n_joined, n_left FROM ops.churn WHERE metric = 'qa' AND (team IN ('T1', 'T2') OR program = 'P' AND team IS NULL) ORDER BY 1, 2$$,
	$$VALUES ('program', NULL, 18, 2, 2), ('team', 'T1', 8, 1, 2), ('team', 'T2', 9, 2, 1)$$, 'who moves leaves one team and joins the other, and stays in the program');
SELECT results_eq($$SELECT DISTINCT first_month, second_month FROM ops.churn$$, $$VALUES (date '2024-01-01', date '2024-07-01')$$, 'two halves of the window');
SELECT ok(abs(c.coaching - (c.sessions_after - c.sessions_before) * e.improvement * e.horizon) < 1e-9 AND c.coaching_low <= c.coaching AND c.coaching <= c.coaching_high
	AND c.sessions_after > c.sessions_before AND abs(c.coaching_lift - c.sessions_after * e.improvement * e.horizon) < 1e-9, 'coaching''s part')
FROM ops.churn c JOIN ops.coaching_effect e USING (level, program, metric) WHERE c.level = 'program' AND c.program = 'P' AND c.metric = 'qa';
SELECT is((SELECT coaching IS NULL AND reason ~ 'coaching' FROM ops.churn WHERE team = 'T3' AND metric = 'qa'), true, 'no coaching: its part is not assessed');
UPDATE ops.settings SET diagnosis_months = 5;
CALL coachdiag.refresh('ops');
SELECT results_eq($$SELECT DISTINCT first_month, second_month FROM ops.churn$$, $$VALUES (date '2024-08-01', date '2024-11-01')$$, 'of five months the one in the middle is left out');

-- attrition: 8 teams of 20 over 2024; who is much coached in a quarter leaves five times as often in att, as often as others in null_att
CREATE TABLE risk AS
SELECT k.ws, a AS agent, a / 20 AS team, g.month::date AS month, draw(a, extract(quarter FROM g.month)::int, 1) < 0.4 AS much
FROM unnest('{att,null_att}'::text[]) k (ws), generate_series(0, 159) a, generate_series(timestamp '2024-01-01', '2024-12-01', '1 month') g (month);
CREATE TABLE leaver AS
SELECT ws, agent, min(month + 14) AS left_on FROM (
	SELECT r.*, draw(agent, extract(month FROM month)::int, 2) < 0.02 * CASE WHEN ws = 'att' AND p.much THEN 5 ELSE 1 END AS leaves
	FROM risk r JOIN LATERAL (SELECT bool_or(q.much) AS much FROM risk q WHERE q.ws = r.ws AND q.agent = r.agent AND q.month = r.month - interval '2 months') p ON true
	WHERE r.month >= '2024-03-01') x WHERE leaves GROUP BY 1, 2;
DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY '{att,null_att,bare}'::text[] LOOP
		EXECUTE replace(replace($sql$
			INSERT INTO @.metric (metric, higher_is_better, target) VALUES ('qa', true, 80);
			INSERT INTO @.assignment (agent_id, team, valid_from, program) SELECT agent, 'T' || team, '2022-01-01', CASE WHEN team < 4 THEN 'P' ELSE 'Q' END FROM risk WHERE risk.ws = '#' GROUP BY 1, 2, 4;
			INSERT INTO @.agent_metric (agent_id, metric, period, value) SELECT r.agent, 'qa', r.month, 78 + 3 * draw(r.agent, r.month - date '2020-01-01', 3) + r.agent % 3
			FROM risk r LEFT JOIN leaver l USING (ws, agent) WHERE r.ws = '#' AND r.month <= coalesce(l.left_on, 'infinity');
			INSERT INTO @.coaching_session (session_id, agent_id, coach_id, held_at)
			SELECT 1000 * r.agent + d + 40 * extract(month FROM r.month)::int, r.agent, r.team, r.month + d + time '10:00' FROM risk r LEFT JOIN leaver l USING (ws, agent), unnest('{3,11,19}'::int[]) d
			WHERE r.ws = '#' AND (r.much OR d = 3) AND (r.month + d <= coalesce(l.left_on, 'infinity') OR r.agent = (SELECT min(x.agent) FROM leaver x WHERE x.ws = '#'));
		$sql$, '@', name), '#', CASE name WHEN 'bare' THEN 'att' ELSE name END);
	END LOOP;
	INSERT INTO att.agent SELECT agent, '2021-06-01', (SELECT left_on FROM leaver l WHERE l.ws = 'att' AND l.agent = r.agent) FROM risk r WHERE ws = 'att' GROUP BY agent;
	INSERT INTO null_att.agent SELECT agent, '2021-06-01', (SELECT left_on FROM leaver l WHERE l.ws = 'null_att' AND l.agent = r.agent) FROM risk r WHERE ws = 'null_att' GROUP BY agent;
END
$$;
DROP TABLE bare.agent;
CALL coachdiag.refresh('att');
CALL coachdiag.refresh('null_att');
CALL coachdiag.refresh('bare');
CALL coachdiag.refresh('empty');
SELECT ok(hazard_ratio > 2 AND ci_low > 1 AND conclusion = 'leave_sooner' AND adjusted_for = 'performance', format('those who leave because of it are found: %s (%s to %s)', round(hazard_ratio::numeric, 2), round(ci_low::numeric, 2), round(ci_high::numeric, 2)))
FROM att.attrition WHERE level = 'all';
SELECT ok(ci_low < 1 AND ci_high > 1 AND conclusion = 'cannot_tell', format('where it does nothing none is seen: %s (%s to %s)', round(hazard_ratio::numeric, 2), round(ci_low::numeric, 2), round(ci_high::numeric, 2)))
FROM null_att.attrition WHERE level = 'all';
SELECT results_eq('SELECT level, program FROM att.attrition ORDER BY 1, 2', $$VALUES ('all', NULL), ('program', 'P'), ('program', 'Q')$$, 'all, and each program');
SELECT is((SELECT leavers_much + leavers_other FROM att.attrition WHERE level = 'all'), (SELECT count(*)::int FROM leaver WHERE ws = 'att'), 'every leaver once');
SELECT ok(bool_and(abs(m.sessions_a_month * least(91, m.month - date '2024-01-01') / 30.4 - c.n) < 1e-9), 'the dose is of sessions before the month began, never later')
FROM att.stored_agent_month m CROSS JOIN LATERAL (SELECT count(*) AS n FROM att.coaching_session s WHERE s.agent_id = m.agent_id::int AND s.held_at < m.month AND s.held_at >= m.month - 91) c;
SELECT is((SELECT count(*)::int FROM att.stored_agent_month m JOIN leaver l ON l.ws = 'att' AND l.agent = m.agent_id::int WHERE m.first_day > l.left_on), 0, 'nobody is at risk after leaving, sessions or not');
SELECT is((SELECT min(month) FROM att.stored_agent_month), date '2024-02-01', 'at risk from a month after the first data');
SELECT ok(leavers_much + leavers_other > 0 AND reason ~ 'agent.left_on is missing', 'without agent.left_on: who has no rows any more') FROM bare.attrition WHERE level = 'all';
SELECT is((SELECT count(*)::int FROM bare.stored_agent_month b JOIN leaver l ON l.ws = 'att' AND l.agent = b.agent_id::int WHERE b.left_then AND abs(b.last_day - l.left_on) > 15), 0, 'within the month in which they really left');
UPDATE att.agent SET left_on = NULL WHERE agent_id > 40;
CALL coachdiag.refresh('att');
SELECT ok(hazard_ratio IS NULL AND conclusion = 'not_assessed' AND reason ~ '^too few leavers', 'too few leavers: not assessed') FROM att.attrition WHERE program = 'Q';
DELETE FROM att.coaching_session;
CALL coachdiag.refresh('att');
SELECT is((SELECT conclusion || ': ' || reason FROM att.attrition WHERE level = 'all'), 'not_assessed: nobody was coached much more than team mates', 'no coaching: not assessed');
SELECT is_empty('SELECT * FROM empty.churn', 'nothing: no churn');
SELECT is_empty('SELECT * FROM empty.attrition', 'nothing: no attrition');

SELECT * FROM finish();
