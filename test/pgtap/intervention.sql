-- intervention_effect: fixes found and told from what only looks like one, controls, rows against panels, too little data, bad input;
-- other changes at the time, in a workspace; segmented_regression.
\set QUIET on
SET client_min_messages = warning;
SELECT plan(114);

-- Noise of mean 0 and sd 1, the same on every machine.
CREATE FUNCTION noise(VARIADIC keys int[]) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
	SELECT sqrt(3) * (sum(('x' || substr(md5(keys::text), 4 * i + 1, 4))::bit(16)::int) / 65535.0 - 2) FROM generate_series(0, 3) i
$$;

CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	line text;
	lines text = '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		lines = lines || line;
	END LOOP;
	RETURN lines;
END
$$;

-- 8 teams of 10 agents over 60 weeks, a season in all of them. In week 30, on 2024-07-29, team 1 is lifted by 6 and its spread is halved.
CREATE TABLE weekly AS
SELECT 'team ' || t AS team, 10 * t + a AS agent, date '2024-01-01' + 7 * w AS week, t, a, w, w >= 30 AS after, 10.0 + (a * w) % 20 AS volume,
	70 + 4 * sin(w / 8.0) + 2 * noise(t) + 0.7 * noise(t, w) + 2.5 * noise(t, w, a) AS value, 4 * noise(t, -1, a) AS own
FROM generate_series(1, 8) t, generate_series(0, 9) a, generate_series(0, 59) w;

-- What team 1 would show, case by case; the others are the same in all of them.
CREATE TABLE kind (kind text, lift text);
INSERT INTO kind VALUES
	('fix', 'value + own * CASE WHEN after THEN 0.4 ELSE 1 END + 6 * after::int'),
	('nothing', 'value + own'),
	('worse', 'value + own - 6 * after::int'),
	('slow', 'value + own * CASE WHEN after THEN 0.4 ELSE 1 END + 6 * least(greatest(w - 29, 0) / 10.0, 1)'),
	('some', 'value + own + 8 * (after AND a < 5)::int'),
	('fades', 'value + own * CASE WHEN after THEN 0.4 ELSE 1 END + 6 * (w BETWEEN 30 AND 45)::int');
CREATE TABLE unit (kind text, team text, p coachdiag.panel);
DO $$
DECLARE
	k kind;
BEGIN
	FOR k IN TABLE kind LOOP
		EXECUTE format('INSERT INTO unit SELECT %L, team, coachdiag.panel(CASE WHEN t = 1 THEN %s ELSE value + own END, 75, agent, week, volume) FROM weekly GROUP BY team', k.kind, k.lift);
	END LOOP;
END
$$;
CREATE VIEW study AS SELECT kind, array_agg(team ORDER BY team) AS teams, array_agg(p ORDER BY team) AS panels, array_agg(team = 'team 1' ORDER BY team) AS touched FROM unit GROUP BY kind;
CREATE TABLE found AS SELECT s.kind, e.* FROM study s, coachdiag.intervention_effect(teams, panels, touched, '2024-07-29', smallest_effect => 2) e;
CREATE VIEW one AS SELECT * FROM found WHERE unit IS NOT NULL;

SELECT ok(ci_low BETWEEN 4.5 AND 6 AND ci_high BETWEEN 6 AND 7.5, 'a lift of 6 is found: ' || ci_low || ' to ' || ci_high) FROM one WHERE kind = 'fix';
SELECT is((signature, recurrence, comparison, n_controls, n_agents, n_before, n_after)::text, '(structural_fix,held,teams,7,10,26,26)', 'its signature and what it was compared with') FROM one WHERE kind = 'fix';
SELECT is(reason, 'quick, consistent over agents, and variation between them fell', 'and why') FROM one WHERE kind = 'fix';
SELECT ok(periods_to_80 <= 2 AND share_improved > 0.8 AND share_low < share_improved AND share_high > share_improved, 'quick and consistent') FROM one WHERE kind = 'fix';
SELECT ok(variation_ratio BETWEEN 0.25 AND 0.6 AND variation_p < 0.01, 'variation falls to 0.4: ' || variation_ratio) FROM one WHERE kind = 'fix';
SELECT ok(placebo_p < 0.1 AND placebo_dates >= 9, 'no earlier date shows as much') FROM one WHERE kind = 'fix';
SELECT ok(mean_before BETWEEN 60 AND 80 AND level_change BETWEEN 4 AND 8 AND level_low < level_change AND level_high > level_change AND slope_low < 0.02 AND slope_high > -0.02,
	'level before, and the segmented regression''s level and slope') FROM one WHERE kind = 'fix';
SELECT results_eq($$SELECT improvement, ci_low, share_improved, signature FROM found WHERE kind = 'fix' AND unit IS NULL$$,
	$$SELECT improvement, ci_low, share_improved, signature FROM one WHERE kind = 'fix'$$, 'all that were touched, where that is one team: the same');
SELECT is((signature, reason, recurrence)::text, '(none,"no improvement worth having",)', 'nothing is told from a fix') FROM one WHERE kind = 'nothing';
SELECT ok(ci_low < 0 AND ci_high > 0 AND periods_to_80 IS NULL AND variation_p > 0.1, 'nothing: interval about zero, no time to a change that is none') FROM one WHERE kind = 'nothing';
SELECT is(signature, 'cannot_tell', 'without a smallest effect nobody can say that it did nothing')
FROM study, coachdiag.intervention_effect(teams, panels, touched, '2024-07-29') e WHERE kind = 'nothing' AND unit IS NOT NULL;
SELECT is((signature, reason)::text, '(none,"no improvement: it is worse than before")', 'worse is none') FROM one WHERE kind = 'worse';
SELECT ok(ci_high < -4, 'and negative') FROM one WHERE kind = 'worse';
SELECT is(signature, 'partial', 'a change that takes ten weeks has not the signature') FROM one WHERE kind = 'slow';
SELECT ok(periods_to_80 BETWEEN 5 AND 10 AND reason LIKE '%not quick%', 'periods to 80 %: ' || periods_to_80) FROM one WHERE kind = 'slow';
SELECT ok(share_improved < 0.8 AND signature = 'partial' AND reason LIKE '%not shown for four agents in five%', 'half of the agents: ' || share_improved) FROM one WHERE kind = 'some';
SELECT ok(variation_ratio > 1, 'half of the agents: variation rises') FROM one WHERE kind = 'some';
SELECT is((signature, recurrence)::text, '(partial,recurred)', 'a fix that fades: recurred') FROM one WHERE kind = 'fades';

-- direction, scale, window
SELECT results_eq($$SELECT improvement, ci_high, signature, mean_before FROM (SELECT array_agg(team ORDER BY team) AS teams, array_agg(p ORDER BY team) AS panels, array_agg(team = 'team 1' ORDER BY team) AS touched
		FROM (SELECT team, coachdiag.panel(-(CASE WHEN t = 1 THEN value + own * CASE WHEN after THEN 0.4 ELSE 1 END + 6 * after::int ELSE value + own END), -75, agent, week, volume) AS p FROM weekly GROUP BY team) u) s,
	coachdiag.intervention_effect(teams, panels, touched, '2024-07-29', false, smallest_effect => 2) e WHERE unit IS NOT NULL$$,
	$$SELECT improvement, ci_high, signature, -mean_before FROM one WHERE kind = 'fix'$$, 'lower is better: the sign of an improvement stays positive');
CREATE TABLE timed AS
SELECT e.* FROM (SELECT array_agg(team ORDER BY team) AS teams, array_agg(p ORDER BY team) AS panels, array_agg(team = 'team 1' ORDER BY team) AS touched
	FROM (SELECT team, coachdiag.panel(ln(300) - 0.01 * (CASE WHEN t = 1 THEN own + 10 * after::int ELSE own END + value - 70), ln(280), agent, week, volume) AS p FROM weekly GROUP BY team) u) s,
	coachdiag.intervention_effect(teams, panels, touched, '2024-07-29', false, 'log') e WHERE unit IS NOT NULL;
SELECT ok(abs(improvement / mean_before - (1 - exp(-0.1))) < 0.02 AND mean_before BETWEEN 250 AND 350, 'log scale: a tenth less in seconds: ' || improvement || ' of ' || mean_before) FROM timed;
SELECT is((n_before, n_after)::text, '(12,9)', 'before and after bound what is compared')
FROM study, coachdiag.intervention_effect(teams, panels, touched, '2024-07-29', before => 12, after => 9) e WHERE kind = 'fix' AND unit IS NOT NULL;

-- other contacts after the change than before: easier ones for team 1, which does nothing else
CREATE TABLE mixed AS
SELECT c.types, e.* FROM (VALUES (true), (false)) c (types) CROSS JOIN LATERAL (
	SELECT array_agg(team ORDER BY team) AS teams, array_agg(p ORDER BY team) AS panels, array_agg(team = 'team 1' ORDER BY team) AS touched
	FROM (SELECT team, coachdiag.panel(value + own - 12 * (type = 'hard')::int, 75, agent, week, CASE WHEN (type = 'hard') = (t = 1 AND after) THEN 2.0 ELSE 8 END * volume,
			CASE WHEN types THEN type END, 0, 0, NULL, NULL) AS p
		FROM weekly, (VALUES ('easy'), ('hard')) k (type) GROUP BY team) u) s,
	coachdiag.intervention_effect(teams, panels, touched, '2024-07-29', smallest_effect => 2) e WHERE unit IS NOT NULL;
SELECT ok(ci_low > 5, 'other contacts look like an improvement where their types are not known: ' || improvement) FROM mixed WHERE NOT types;
SELECT ok(ci_low < 0 AND ci_high BETWEEN 0 AND 2, 'and are none where they are: ' || improvement) FROM mixed WHERE types;
SELECT ok(a.share_improved > 0.9 AND b.share_improved < 0.7 AND b.signature = 'none', 'nor have agents moved: ' || b.share_improved) FROM mixed a, mixed b WHERE NOT a.types AND b.types;

-- a week in which it began is left out
SELECT results_eq($$SELECT improvement, n_after FROM (SELECT array_agg(team ORDER BY team) AS teams, array_agg(p ORDER BY team) AS panels, array_agg(team = 'team 1' ORDER BY team) AS touched
		FROM (SELECT team, coachdiag.panel(CASE WHEN w = 29 AND t = 1 THEN 1000 WHEN t = 1 THEN value + own + 6 * after::int ELSE value + own END, 75, agent, week, volume) AS p FROM weekly GROUP BY team) u) s,
	coachdiag.intervention_effect(teams, panels, touched, '2024-07-24') e WHERE unit IS NOT NULL$$,
	$$SELECT improvement, n_after FROM (SELECT array_agg(team ORDER BY team) AS teams, array_agg(p ORDER BY team) AS panels, array_agg(team = 'team 1' ORDER BY team) AS touched
		FROM (SELECT team, coachdiag.panel(CASE WHEN t = 1 THEN value + own + 6 * after::int ELSE value + own END, 75, agent, week, volume) AS p FROM weekly WHERE w <> 29 OR t > 1 GROUP BY team) u) s,
	coachdiag.intervention_effect(teams, panels, touched, '2024-07-24') e WHERE unit IS NOT NULL$$, 'begun on a Wednesday: that week counts on neither side');

-- several teams touched, few controls, none
CREATE TABLE pair AS
SELECT e.* FROM (SELECT array_agg(team ORDER BY team) AS teams, array_agg(CASE WHEN team = 'team 2' THEN lifted ELSE p END ORDER BY team) AS panels, array_agg(team IN ('team 1', 'team 2') ORDER BY team) AS touched
	FROM unit JOIN (SELECT team, coachdiag.panel(value + own + 2 * after::int, 75, agent, week, volume) AS lifted FROM weekly GROUP BY team) l USING (team) WHERE kind = 'fix') s,
	coachdiag.intervention_effect(teams, panels, touched, '2024-07-29') e;
SELECT ok(abs(a.improvement - (b.improvement + c.improvement) / 2) < 1e-9 AND a.n_agents = 20 AND a.n_controls = 6, 'two teams together: their mean')
FROM pair a, pair b, pair c WHERE a.unit IS NULL AND b.unit = 'team 1' AND c.unit = 'team 2';
SELECT ok(a.ci_high - a.ci_low < c.ci_high - c.ci_low, 'and known more precisely') FROM pair a, pair c WHERE a.unit IS NULL AND c.unit = 'team 2';
CREATE TABLE few AS
SELECT e.* FROM (SELECT (array_agg(p) FILTER (WHERE team = 'team 1'))[1] AS p, array_agg(p) FILTER (WHERE team IN ('team 3', 'team 4')) AS others FROM unit WHERE kind = 'fix') s,
	coachdiag.intervention_effect(p, '2024-07-29', others) e;
SELECT ok(comparison = 'difference' AND n_controls = 2 AND ci_low BETWEEN 2 AND 6 AND ci_high BETWEEN 6 AND 10, 'two controls: period by period: ' || ci_low || ' to ' || ci_high) FROM few;
CREATE TABLE alone AS SELECT e.* FROM unit, coachdiag.intervention_effect(p, '2024-07-29') e WHERE kind = 'fix' AND team = 'team 1';
SELECT ok(comparison = 'past' AND n_controls = 0 AND n_before = 16 AND n_after = 16 AND ci_low BETWEEN 0 AND 6 AND ci_high BETWEEN 6 AND 11, 'no control: its own past, wider: ' || ci_low || ' to ' || ci_high) FROM alone;
SELECT ok(reason LIKE '%; no team to compare with: held against its own level and trend', 'and the reason says so') FROM alone;
SELECT results_eq($$SELECT improvement, signature FROM alone$$,
	$$SELECT improvement, signature FROM unit, coachdiag.intervention_effect(p, '2024-07-29', ARRAY[NULL]::coachdiag.panel[], NULL, NULL, NULL, NULL, NULL) e WHERE kind = 'fix' AND team = 'team 1'$$, 'NULL options are the defaults, a NULL control is none');

-- over rows
CREATE VIEW fixed AS SELECT *, value + own * CASE WHEN after THEN 0.4 ELSE 1 END + 6 * after::int AS y, agent::text AS name FROM weekly WHERE t = 1;
CREATE TABLE by_rows AS SELECT (coachdiag.intervention_effect(y, 75, agent, week, volume, date '2024-07-29')).* FROM fixed;
SELECT results_eq('TABLE by_rows', 'TABLE alone', 'rows give what the panel gives');
SELECT results_eq($$SELECT (coachdiag.intervention_effect(y, 75, name, week, volume, date '2024-07-29')).* FROM fixed$$, 'TABLE alone', 'agents as text');
SELECT results_eq($$SELECT (coachdiag.intervention_effect(y, 75, agent, week, volume, NULL, 0, 0, 'COACH01', NULL, date '2024-07-29')).* FROM fixed$$, 'TABLE alone', 'full form; the coach is not looked at');
SELECT results_eq($$SELECT (coachdiag.intervention_effect(y, 75, name, week, volume, NULL, NULL, NULL, NULL, NULL, date '2024-07-29' ORDER BY md5(agent::text || w))).* FROM fixed$$, 'TABLE alone', 'full form, text, any order');
SELECT results_eq($$SELECT (coachdiag.intervention_effect(y, 75, agent, week, date '2024-07-29')).* FROM fixed$$,
	$$SELECT e.* FROM (SELECT coachdiag.panel(y, 75, agent, week) AS p FROM fixed) u, coachdiag.intervention_effect(p, '2024-07-29') e$$, 'without weight');
SELECT results_eq($$SELECT (coachdiag.intervention_effect(y, 75, name, week, date '2024-07-29')).* FROM fixed$$,
	$$SELECT e.* FROM (SELECT coachdiag.panel(y, 75, agent, week) AS p FROM fixed) u, coachdiag.intervention_effect(p, '2024-07-29') e$$, 'without weight, agents as text');
SELECT results_eq($$SELECT (coachdiag.intervention_effect(y, 75, agent, week, volume, started_on)).* FROM (SELECT y, agent, week, volume, date '2024-07-29' AS started_on FROM fixed
		UNION ALL VALUES (1e6, NULL, date '2024-07-29', 1, date '2024-07-29'), (1e6, 1, NULL, 1, '2024-07-29'), (1e6, 1, '2024-07-29', 1, NULL), (NULL, 1, '2024-07-29', 1, '2024-07-29')) r$$,
	'TABLE alone', 'rows without agent, period, date or value do not count');
CREATE TABLE copied AS SELECT * FROM fixed;
ALTER TABLE copied SET (parallel_workers = 2);
ANALYZE copied;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT ok(plan_of('SELECT coachdiag.intervention_effect(y, 75, agent, week, volume, date ''2024-07-29'') FROM copied') LIKE '%Gather%', 'a parallel plan');
SELECT ok(abs(c.improvement - a.improvement) < 1e-9 AND c.signature = a.signature, 'in parallel') FROM alone a, (SELECT (coachdiag.intervention_effect(y, 75, agent, week, volume, date '2024-07-29')).* FROM copied) c;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
SELECT is((SELECT coachdiag.intervention_effect(y, 75, agent, week, date '2024-07-29') FROM fixed WHERE false), NULL, 'no row: NULL');

-- months, where all periods are first days of months
CREATE TABLE monthly AS
SELECT 'team ' || t AS team, coachdiag.panel(70 + noise(t) + 0.3 * noise(t, m) + noise(t, 0, a) + noise(t, m, a) + CASE WHEN t = 1 AND m >= 12 THEN 5 ELSE 0 END, NULL, a::bigint,
	(date '2022-01-01' + m * interval '1 month')::date) AS p
FROM generate_series(1, 8) t, generate_series(1, 10) a, generate_series(0, 23) m GROUP BY t;
SELECT ok(n_before = 12 AND n_after = 12 AND ci_low BETWEEN 3 AND 5 AND ci_high BETWEEN 5 AND 7, 'months count as periods')
FROM (SELECT array_agg(team) AS teams, array_agg(p) AS panels, array_agg(team = 'team 1') AS touched FROM monthly) s, coachdiag.intervention_effect(teams, panels, touched, '2023-01-01') e WHERE unit IS NOT NULL;

-- too little
CREATE VIEW question AS SELECT teams, panels, touched FROM study WHERE kind = 'fix';
SELECT is((signature, reason, improvement)::text, '(cannot_tell,"not assessed: the values begin after it",)', 'before the data begin')
FROM question, coachdiag.intervention_effect(teams, panels, touched, '2020-01-01') WHERE unit IS NOT NULL;
SELECT is((signature, reason)::text, '(cannot_tell,"not assessed: no value after it yet")', 'after their end')
FROM question, coachdiag.intervention_effect(teams, panels, touched, '2025-03-01') WHERE unit IS NOT NULL;
SELECT is(reason, 'not assessed: needs 8 periods before it, there are 5', 'five weeks before') FROM question, coachdiag.intervention_effect(teams, panels, touched, '2024-02-05') WHERE unit IS NOT NULL;
SELECT is(reason, 'not assessed: needs 4 periods after it, there are 2', 'two weeks after') FROM question, coachdiag.intervention_effect(teams, panels, touched, '2025-02-10') WHERE unit IS NOT NULL;
SELECT is(n_after, 5, 'five weeks after are enough beside control teams') FROM question, coachdiag.intervention_effect(teams, panels, touched, '2025-01-20') WHERE unit IS NOT NULL AND ci_low IS NOT NULL;
SELECT is(reason, 'not assessed: needs 8 periods after it where fewer than 4 other teams can be compared with, there are 5', 'but not alone')
FROM unit, coachdiag.intervention_effect(p, '2025-01-20') WHERE kind = 'fix' AND team = 'team 1';
SELECT is(reason, 'not assessed: no team that it touched has enough values before and after it', 'nobody touched: one row that says so')
FROM question, coachdiag.intervention_effect(teams, panels, array_fill(false, ARRAY[8]), '2024-07-29');
SELECT is((count(*), min(signature))::text, '(1,cannot_tell)', 'no team at all') FROM coachdiag.intervention_effect('{}'::text[], '{}'::coachdiag.panel[], '{}'::boolean[], '2024-07-29');
SELECT ok(signature = 'cannot_tell' AND reason LIKE 'not assessed: fewer than two agents%', 'one agent') FROM (SELECT coachdiag.intervention_effect(y, 75, agent, week, volume, date '2024-07-29') AS e FROM fixed WHERE a = 1) x, LATERAL (SELECT (e).*) y;
SELECT is((signature, improvement)::text, '(cannot_tell,)', 'values that never vary') FROM (SELECT coachdiag.intervention_effect(3, 75, agent, week, volume, date '2024-07-29') AS e FROM fixed) x, LATERAL (SELECT (e).*) y;
SELECT is((signature, improvement)::text, '(cannot_tell,)', 'no period') FROM coachdiag.intervention_effect((SELECT coachdiag.panel(y, 75, agent, NULL) FROM fixed), '2024-07-29');
SELECT is((signature, improvement)::text, '(cannot_tell,)', 'one period') FROM coachdiag.intervention_effect((SELECT coachdiag.panel(y, 75, agent, week) FROM fixed WHERE w = 3), '2024-07-29');
SELECT is(coachdiag.intervention_effect(NULL::coachdiag.panel, '2024-07-29'), NULL, 'NULL panel');
SELECT is(coachdiag.intervention_effect(p, NULL::date), NULL, 'NULL date') FROM unit WHERE kind = 'fix' AND team = 'team 1';
SELECT is_empty($$SELECT coachdiag.intervention_effect(NULL::text[], panels, touched, '2024-07-29') FROM question$$, 'NULL array: no row');
SELECT is((SELECT array_agg(unit) FROM question, coachdiag.intervention_effect(array_replace(teams, 'team 1', NULL), panels, array_replace(touched, false, NULL), '2024-07-29') e),
	ARRAY[NULL, NULL], 'a unit may have no name; touched NULL: left out');

-- the target changed too
CREATE TABLE retargeted AS
SELECT team, coachdiag.panel(CASE WHEN t = 1 THEN value + own * CASE WHEN after THEN 0.4 ELSE 1 END + 6 * after::int ELSE value + own END, CASE WHEN after AND t = 1 THEN 80 ELSE 75 END, agent, week, volume) AS own_target,
	coachdiag.panel(CASE WHEN t = 1 THEN value + own * CASE WHEN after THEN 0.4 ELSE 1 END + 6 * after::int ELSE value + own END, CASE WHEN after THEN 80 ELSE 75 END, agent, week, volume) AS all_targets
FROM weekly GROUP BY team;
SELECT is((e.signature, e.reason, e.improvement = one.improvement)::text, '(cannot_tell,"improved, but the target changed at the same time: the two cannot be told apart",t)', 'a new target on the same day: values are compared, not gaps, but it may have been the target')
FROM one, (SELECT array_agg(team ORDER BY team) AS teams, array_agg(own_target ORDER BY team) AS panels, array_agg(team = 'team 1' ORDER BY team) AS touched FROM retargeted) s,
	coachdiag.intervention_effect(teams, panels, touched, '2024-07-29') e WHERE e.unit IS NOT NULL AND kind = 'fix';
SELECT is(e.signature, 'structural_fix', 'a new target for all teams is no rival')
FROM (SELECT array_agg(team ORDER BY team) AS teams, array_agg(all_targets ORDER BY team) AS panels, array_agg(team = 'team 1' ORDER BY team) AS touched FROM retargeted) s,
	coachdiag.intervention_effect(teams, panels, touched, '2024-07-29') e WHERE e.unit IS NOT NULL;
SELECT ok(e.sessions_before = 0 AND e.sessions_after = 1 AND e.reason LIKE '%coaching rose at the same time, from 0.00 to 1.00 sessions per agent and period%', 'coaching that rose at the same time is named')
FROM (SELECT coachdiag.intervention_effect(y, 75, agent, week, volume, NULL, after::int, NULL, NULL, NULL, date '2024-07-29') AS e FROM fixed) x, LATERAL (SELECT (x.e).*) e;

-- errors
SELECT throws_ok($$SELECT coachdiag.intervention_effect(teams[1:2], panels, touched, '2024-07-29') FROM question$$, '2202E', NULL, 'arrays of different length');
SELECT throws_ok($$SELECT coachdiag.intervention_effect(teams, panels, touched, 'infinity') FROM question$$, '22008', NULL, 'infinite date');
SELECT throws_ok($$SELECT coachdiag.intervention_effect(teams, panels, touched, '2024-07-29', scale => 'cubic') FROM question$$, '22023', NULL, 'unknown scale');
SELECT throws_ok($$SELECT coachdiag.intervention_effect(teams, panels, touched, '2024-07-29', before => 7) FROM question$$, '22023', NULL, 'too short a window');
SELECT throws_ok($$SELECT coachdiag.intervention_effect(teams, panels, touched, '2024-07-29', after => 261) FROM question$$, '22023', NULL, 'too long a window');
SELECT throws_ok($$SELECT coachdiag.intervention_effect(y, 75, agent, week, date '2024-01-01' + a) FROM fixed$$, '22023', 'started_on differs between the rows of a group', 'two dates in a group');
SELECT throws_ok($$SELECT coachdiag.intervention_effect(y, 75, agent, week, date '-infinity') FROM fixed$$, '22008', NULL, 'infinite date over rows');
SELECT throws_ok($$SELECT coachdiag.intervention_effect('NaN'::float8, 75, agent, week, date '2024-07-29') FROM fixed$$, '22003', NULL, 'NaN');
SELECT throws_ok($$SELECT coachdiag.intervention_final(p) FROM unit$$, '22023', 'this panel is no state of coachdiag.intervention_effect', 'the final function with any panel');
SELECT throws_ok($$SELECT coachdiag.intervention_accum(NULL, 1, 1, 1::bigint, '2024-01-01', '2024-07-29')$$, '0A000', NULL, 'the transition function on its own');

-- segmented_regression: 1, 2, 3 | 6, 8, 9 on a step: means 2 and 23 / 3
SELECT results_eq($$SELECT term, round(estimate::numeric, 12), df, round(rss::numeric, 12) FROM coachdiag.segmented_regression(ARRAY[1, 2, 3, 6, 8, 9], ARRAY[[1, 0], [1, 0], [1, 0], [1, 1], [1, 1], [1, 1]], 'ols')$$,
	$$VALUES (1, 2.000000000000, 4::float8, round(2 + 14 / 3.0, 12)), (2, round(17 / 3.0, 12), 4, round(2 + 14 / 3.0, 12))$$, 'least squares by hand');
SELECT results_eq($$SELECT term, round(estimate::numeric, 9) FROM coachdiag.segmented_regression(ARRAY[1, 2, NULL, 3, 6, 8, 9], ARRAY[[1, 0], [1, 0], [1, 9], [1, 0], [1, 1], [1, 1], [1, 1]], 'ols')$$,
	$$VALUES (1, 2.000000000), (2, round(17 / 3.0, 9))$$, 'a period without a value is left out');
CREATE TABLE series AS SELECT array_agg(v ORDER BY w) AS y, array_agg(ARRAY[1, (w >= 20)::int, w]::float8[] ORDER BY w) AS x
FROM (SELECT w, 10 + 3 * (w >= 20)::int + noise(w, 77) AS v FROM generate_series(0, 39) w) s;
SELECT ok(a.ci_high - a.ci_low > r.ci_high - r.ci_low AND a.ci_low < 3 AND a.ci_high > 3 AND a.se IS NULL AND a.autocorrelation BETWEEN 0 AND 0.98, 'averaged over the autocorrelation: wider than at the best one')
FROM series, coachdiag.segmented_regression(y, x) a, coachdiag.segmented_regression(y, x, 'reml') r WHERE a.term = 2 AND r.term = 2;
SELECT ok(l.se <> g.se, 'weights are used') FROM series, coachdiag.segmented_regression(y, x, 'reml') l,
	coachdiag.segmented_regression(y, x, 'reml', weight => array_fill(1.0::float8, ARRAY[20]) || array_fill(5.0::float8, ARRAY[20])) g WHERE l.term = 2 AND g.term = 2;
SELECT ok(durbin_watson BETWEEN 1 AND 3 AND ljung_box_p BETWEEN 0 AND 1 AND breusch_godfrey_p BETWEEN 0 AND 1 AND bandwidth >= 0, 'what is left over') FROM series, coachdiag.segmented_diagnostics(y, x);
SELECT is_empty($$SELECT * FROM coachdiag.segmented_regression(ARRAY[1, 2], ARRAY[[1, 0], [1, 1]])$$, 'no period to spare: no row');
SELECT is_empty($$SELECT * FROM coachdiag.segmented_regression(ARRAY[1, 2, 3, 5], ARRAY[[1, 2], [1, 2], [1, 2], [1, 2]], 'ols')$$, 'collinear: no row');
SELECT is_empty($$SELECT * FROM coachdiag.segmented_regression(ARRAY[1, 2, 3, 4], ARRAY[[1, 1], [1, 2], [1, 3], [1, 4]])$$, 'a perfect fit leaves nothing to judge by');
SELECT is_empty($$SELECT * FROM coachdiag.segmented_regression(NULL, ARRAY[1])$$, 'NULL value');
SELECT throws_ok($$SELECT coachdiag.segmented_regression(ARRAY[1, 2, 3], ARRAY[[1, 2]])$$, '2202E', NULL, 'x of another length');
SELECT throws_ok($$SELECT coachdiag.segmented_regression(ARRAY[1, 2, float8 'NaN'], ARRAY[1, 1, 1])$$, '22003', NULL, 'NaN in a series');
SELECT throws_ok($$SELECT coachdiag.segmented_regression(ARRAY[1, 2, 3], ARRAY[1, 1, 1], 'arima')$$, '22023', NULL, 'unknown method');
SELECT throws_ok($$SELECT coachdiag.segmented_regression(ARRAY[1, 2, 3], ARRAY[1, 1, 1], 'newey_west', 3)$$, '22023', NULL, 'lags beyond the series');
SELECT throws_ok($$SELECT coachdiag.segmented_regression(ARRAY[1, 2, 3], ARRAY[1, 1, 1], weight => ARRAY[1, 0, 1])$$, '22003', NULL, 'weight of 0');


-- in a workspace: each metric has its own story
SELECT coachdiag.create_workspace('ops'), coachdiag.create_workspace('idle');
INSERT INTO ops.assignment (agent_id, team, valid_from, site, program) SELECT DISTINCT agent, team, date '2022-01-01', 'site ' || (t + 1) / 2, CASE WHEN t <= 2 THEN 'north' ELSE 'south' END FROM weekly;
INSERT INTO ops.metric (metric, higher_is_better, target, smallest_effect)
SELECT m, true, 75, 2 FROM unnest('{alone,coached,close,edge,fixed,same,typed}'::text[]) m;
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume)
SELECT agent, m.metric, week, CASE WHEN t = 1 THEN value + own * CASE WHEN after THEN 0.4 ELSE 1 END + 6 * after::int ELSE value + own END, volume
FROM weekly, ops.metric m WHERE m.metric <> 'typed';
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume, contact_type)
SELECT agent, 'typed', week, CASE WHEN t = 1 AND type = 'bill' THEN value + own * CASE WHEN after THEN 0.4 ELSE 1 END + 6 * after::int ELSE value + own END, volume, type
FROM weekly, unnest('{bill,move}'::text[]) type;
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, status, metric)
SELECT 1000 * w + agent, agent, 901, timestamptz '2024-01-03 10:00+00' + w * interval '7 days', 'held', 'coached' FROM weekly WHERE (w + a) % 5 = 0 AND w < 30;
INSERT INTO ops.intervention (intervention_id, started_on, kind, metric, program, site, team, contact_type) VALUES
	('ALL', '2024-07-29', 'other', 'alone', NULL, NULL, NULL, NULL),
	('COACHED', '2024-07-29', 'other', 'coached', NULL, NULL, 'team 1', NULL),
	('FIRST', '2024-07-01', 'other', 'close', NULL, NULL, 'team 1', NULL), ('SECOND', '2024-07-29', 'other', 'close', NULL, NULL, 'team 1', NULL),
	('THIRD', '2024-09-02', 'other', 'close', NULL, NULL, 'team 5', NULL),
	('EARLY', '2019-07-29', 'other', 'edge', NULL, NULL, 'team 1', NULL), ('LATE', '2026-07-29', 'other', 'edge', NULL, NULL, 'team 1', NULL),
	('NOBODY', '2024-07-29', 'other', 'edge', NULL, NULL, 'team 99', NULL),
	('YOUNG', '2025-02-10', 'other', 'edge', NULL, NULL, 'team 2', NULL),
	('FIX', '2024-07-29', 'process_redesign', 'fixed', NULL, NULL, 'team 1', NULL),
	('SAME 1', '2024-07-29', 'other', 'same', NULL, NULL, 'team 1', NULL), ('SAME 2', '2024-07-29', 'other', 'same', 'north', NULL, NULL, NULL),
	('BILL', '2024-07-29', 'authority_extension', 'typed', NULL, 'site 1', NULL, 'bill'), ('MOVE', '2024-07-29', 'other', 'typed', NULL, NULL, 'team 1', 'move');
CALL coachdiag.refresh('ops');
CALL coachdiag.refresh('idle');
CREATE VIEW seen AS SELECT * FROM ops.intervention_effect;

SELECT ok(v.signature = 'structural_fix' AND v.kind = 'process_redesign' AND v.program = 'north' AND abs(v.improvement - one.improvement) < 1e-9 AND v.reason = one.reason AND v.coaching_before IS NULL, 'the view says what the function says')
FROM seen v, one WHERE v.intervention_id = 'FIX' AND v.team = 'team 1' AND one.kind = 'fix';
SELECT results_eq($$SELECT intervention_id, team FROM seen WHERE metric = 'typed' ORDER BY intervention_id, team$$,
	$$VALUES ('BILL', 'team 1'), ('BILL', 'team 2'), ('BILL', NULL), ('MOVE', 'team 1'), ('MOVE', NULL)$$, 'a row for each team in its scope, and one for all of them');
SELECT ok(improvement BETWEEN 5 AND 7 AND signature = 'structural_fix', 'a change of one contact type is read from that type') FROM seen WHERE intervention_id = 'BILL' AND team = 'team 1';
SELECT is(signature, 'none', 'and the other type''s change is another matter, though on the same day') FROM seen WHERE intervention_id = 'MOVE' AND team = 'team 1';
SELECT ok(comparison = 'past' AND n_controls = 0 AND reason LIKE '%no team to compare with%', 'all teams at once: no team to compare with') FROM seen WHERE intervention_id = 'ALL' AND team IS NULL;
SELECT is((SELECT count(*) FROM seen WHERE intervention_id = 'ALL'), 9::bigint, 'all teams: each, and all together');
SELECT ok(signature = 'cannot_tell' AND reason LIKE 'began on the same day as SAME 2: they cannot be told apart%' AND improvement IS NOT NULL, 'two changes on one day') FROM seen WHERE intervention_id = 'SAME 1' AND team = 'team 1';
SELECT ok(signature = 'none' AND reason NOT LIKE 'began%', 'but not for a team that only one of them touched') FROM seen WHERE intervention_id = 'SAME 2' AND team = 'team 2';
SELECT ok(signature = 'cannot_tell' AND reason LIKE 'began on the same day as SAME 1:%', 'nor can all of them together be told') FROM seen WHERE intervention_id = 'SAME 2' AND team IS NULL;
SELECT is(reason, 'not assessed: needs 8 periods before it, there are 4; values before 2024-07-01 are left out: another change touched the same work then', 'four weeks after another change')
FROM seen WHERE intervention_id = 'SECOND' AND team = 'team 1';
SELECT ok(n_after = 4 AND n_controls = 6 AND improvement IS NOT NULL AND reason LIKE '%values from 2024-07-29 on are left out%', 'four weeks until another change; a team that was changed itself is nobody to compare with')
FROM seen WHERE intervention_id = 'FIRST' AND team = 'team 1';
SELECT is(reason, 'not assessed: no team that it touched has enough values before and after it', 'before any data') FROM seen WHERE intervention_id = 'EARLY' AND team IS NULL;
SELECT is((min(reason), count(*))::text, '("not assessed: no team that it touched has enough values before and after it",1)', 'a team that nobody measures') FROM seen WHERE intervention_id = 'NOBODY';
SELECT ok(count(*) > 0 AND bool_and(signature = 'cannot_tell' AND improvement IS NULL), 'after the end of the data') FROM seen WHERE intervention_id = 'LATE';
SELECT ok(coaching_before < improvement AND reason LIKE '%; more than a coaching session had achieved before%', 'it moved what coaching could not: ' || reason) FROM seen WHERE intervention_id = 'COACHED' AND team = 'team 1';
SELECT is((coachdiag.intervention_note('2024-07-29', NULL, NULL, '26 weeks', NULL, 'structural_fix', 2, 3, 'why'))::text, '(partial,"why; a coaching session had achieved as much before")', 'a fix that did no more than a session is not what coaching could not do');
SELECT is((SELECT count(*) FROM idle.intervention_effect), 0::bigint, 'no intervention: no row');

-- What is to be done after a change stands in the diagnosis
CREATE FUNCTION step(of_team text, of_metric text) RETURNS text LANGUAGE sql STABLE AS $$ SELECT next_step FROM ops.diagnosis WHERE team = of_team AND metric = of_metric $$;
SELECT matches(step('team 1', 'fixed'), '^The change of process of 2024-07-29 helped, and holds: reinforce it, and keep measuring\. [A-Z]', 'a fix that holds is to be reinforced, before what else there is to do');
SELECT matches(step('team 2', 'same'), '^The change of process of 2024-07-29 brought nothing worth having: look again at what holds the work up\. ', 'one that brought nothing sends back to look');
SELECT matches(step('team 1', 'same'), '^The change of process of 2024-07-29: what it brought can''t be told \(view intervention_effect says why\); keep measuring\. ', 'two on one day');
SELECT matches(step('team 1', 'typed'), '^The change of process of 2024-07-29 for (bill|move) ', 'of a contact type');
SELECT matches(step('team 5', 'close'), '^The change of process of 2024-09-02', 'the team''s own');
SELECT matches(step('team 2', 'edge'), '^The change of process of 2025-02-10 is too young to be measured, until 2025-04-07 at most: change nothing else there meanwhile\. ', 'too young, and until when');
SELECT is(step('team 5', 'fixed'), (SELECT next_step FROM ops.structural_score WHERE team = 'team 5' AND metric = 'fixed'), 'nothing is said where nothing was changed');
SELECT matches(coachdiag.after_change('2024-07-29', NULL, '2024-09-23', '2025-01-06', 5, 'partial', 'recurred'), '^The change of process of 2024-07-29 helped, and came undone: find out what undid it, and redesign\.$', 'what came back');
SELECT matches(coachdiag.after_change('2024-07-29', 'bill', '2024-09-23', '2025-01-06', 5, 'structural_fix', 'cannot_tell'), '^The change of process of 2024-07-29 for bill helped: reinforce it, and measure whether it holds\.$', 'what may still come back');
SELECT is(coachdiag.after_change('2024-07-29', NULL, '2024-09-23', '2024-09-23', NULL, 'cannot_tell', NULL), NULL, 'what can''t be measured is not waited for');

SELECT lives_ok($$CALL coachdiag.refresh('ops')$$, 'refreshed again');
SELECT is((SELECT count(*) FROM seen), (SELECT count(DISTINCT (intervention_id, metric, team)) FROM seen), 'still one row each');

SELECT * FROM finish();
