-- coaching_effect: simulated centres with known truth, what must not matter, what must be refused, by period, contact mix, the views.
\set QUIET on
SET client_min_messages = error;
SELECT no_plan();

\ir normal.psql

-- A centre whose worst fifth of each team is coached every week. Of a session's effect, fade is left from week to week.
CREATE FUNCTION simulate(into_table text, teams int, agents int, weeks int, effect float8, fade float8 DEFAULT 0.9) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE %I (team int, agent bigint, week date, value float8, sessions float8, stock float8)', into_table);
	FOR w IN 0 .. weeks - 1 LOOP
		EXECUTE format($q$
			INSERT INTO %1$I
			SELECT s.team, s.agent, date '2024-01-01' + 7 * $2, s.value, (rank() OVER (PARTITION BY s.team ORDER BY s.value) <= $1 / 5)::int, s.stock
			FROM (
				SELECT t AS team, a AS agent, k.stock,
					80 + 3 * normal(format('level %%s', a)) + 2 * normal(format('week %%s %%s', t, $2)) + 4 * normal(format('noise %%s %%s', a, $2)) + $3 * k.stock AS value
				FROM generate_series(1, $5) t, generate_series(100 * t + 1, 100 * t + $1) a
				LEFT JOIN %1$I p ON p.agent = a AND p.week = date '2024-01-01' + 7 * ($2 - 1)
				CROSS JOIN LATERAL (SELECT coalesce(p.stock * $4 + p.sessions, 0) AS stock) k
			) s
		$q$, into_table) USING agents, w, effect, fade, teams;
	END LOOP;
END
$$;

CREATE FUNCTION close(actual float8, expected float8, tolerance float8, what text) RETURNS text LANGUAGE sql AS
$$ SELECT ok(abs(actual - expected) <= tolerance, what || ': ' || coalesce(actual::text, 'NULL') || ' against ' || expected) $$;
CREATE FUNCTION team_panel(of_table regclass, of_team int, value text DEFAULT 'value', day text DEFAULT 'week') RETURNS coachdiag.panel LANGUAGE plpgsql AS $$
DECLARE
	p coachdiag.panel;
BEGIN
	EXECUTE format('SELECT coachdiag.panel(%s, 85, agent, %s, 1, NULL, sessions, NULL, NULL::text, NULL::date) FROM %s WHERE team = %s', value, day, of_table, of_team) INTO p;
	RETURN p;
END
$$;

SELECT simulate('works', 12, 10, 52, 2);
SELECT simulate('nothing', 12, 10, 52, 0);
CREATE TABLE teams AS SELECT array_agg(t::text ORDER BY t) AS units, array_agg(team_panel('works', t) ORDER BY t) AS works, array_agg(team_panel('nothing', t) ORDER BY t) AS nothing
FROM generate_series(1, 12) t;
CREATE TABLE works_effect AS SELECT e.* FROM teams, coachdiag.coaching_effect(units, works, true, smallest_effect => 1) e;
CREATE TABLE nothing_effect AS SELECT e.* FROM teams, coachdiag.coaching_effect(units, nothing, true, smallest_effect => 1) e;
CREATE TABLE one AS SELECT * FROM works WHERE team = 1;
CREATE TABLE alone AS SELECT e.* FROM coachdiag.coaching_effect(team_panel('one', 1)) e;

-- The planted effect: a session adds 2, of which 0.9 is left from week to week; over four weeks 1.72 on average.

SELECT ok(1.72 BETWEEN ci_low AND ci_high, 'one team: the interval holds the truth') FROM alone;
SELECT ok(ci_high - ci_low < 3, 'and is no wider than 3, where a week''s value varies by 4') FROM alone;
SELECT is(conclusion, 'effective', 'coaching that works is found') FROM alone;
SELECT ok(naive_improvement > 3 * 1.72, 'after the bad week that led to it, before and after shows three times the truth') FROM alone;
SELECT close(naive_improvement - null_improvement, 1.72, 0.5, 'the rest is what the same sessions would have shown without effect') FROM alone;
SELECT is((n_agents, n_coached, n_control, sessions, horizon, pooled, unit, reason),
	(10, 10, 10, 104::float8, 4, false, NULL::text, 'from this team alone'::text), 'counts') FROM alone;
SELECT ok(placebo_p > 0.05 AND overlap = 1, 'placebo and overlap are given') FROM alone;
SELECT ok(p_value < 0.05 AND probability_improved > 0.95, 'p and probability fit together') FROM alone;
SELECT close(a.p_value, t.p_value, 1e-12, 'p is that of the interval, doubt included') FROM alone a, coachdiag.t_interval(a.raw_improvement, sqrt(a.raw_se ^ 2 + a.doubt ^ 2), a.raw_df) t;
-- 80 % and 97.5 % of t with 9 degrees of freedom
SELECT close(a.smallest_detectable, (0.883404 + 2.262157) * sqrt(a.raw_se ^ 2 + a.doubt ^ 2), 1e-4, 'smallest detectable, doubt included') FROM alone a WHERE a.raw_df = 9;

SELECT is((SELECT count(*) FROM works_effect WHERE 1.72 BETWEEN ci_low AND ci_high AND conclusion = 'effective' AND pooled), 12::bigint, 'twelve teams: every interval holds the truth, every conclusion is right');
SELECT close(avg(improvement), 1.72, 0.15, 'mean over teams') FROM works_effect;
SELECT ok((SELECT avg(ci_high - ci_low) FROM works_effect) < (SELECT ci_high - ci_low FROM alone), 'strength is borrowed: narrower than one team alone');
SELECT ok(max(improvement) - min(improvement) < max(raw_improvement) - min(raw_improvement), 'and drawn together') FROM works_effect;
SELECT results_eq('SELECT unit FROM works_effect', 'SELECT unnest(units) FROM teams', 'a row for each unit, in order');

-- No effect

SELECT is((SELECT count(*) FROM nothing_effect WHERE conclusion = 'effective'), 0::bigint, 'sessions that do nothing are not called effective');
SELECT is((SELECT count(*) FROM nothing_effect WHERE 0 BETWEEN ci_low AND ci_high), 12::bigint, 'every interval holds zero');
SELECT close(avg(improvement), 0, 0.2, 'mean within 5 % of a week''s sd') FROM nothing_effect;
SELECT ok(min(naive_improvement) > 3 AND avg(naive_share_improved) > 0.7, 'though after most sessions things improved') FROM nothing_effect;
SELECT close(avg(naive_share_improved), avg(null_share_improved), 0.02, 'naive and null share, over teams') FROM nothing_effect;
SELECT ok(max(abs(naive_share_improved - null_share_improved)) < 0.05, 'and in each team') FROM nothing_effect;
SELECT ok(bool_and((conclusion = 'no_effect') = (ci_low > -2 AND ci_high < 2)), 'no effect is said where effects worth having are ruled out') FROM
	(SELECT (coachdiag.coaching_effect(units, nothing, true, smallest_effect => 2)).* FROM teams) e;
SELECT is((e.conclusion, e.reason), ('cannot_tell'::text, 'the interval covers zero, and no smallest effect says what would be too little'::text), 'without smallest effect it can''t be said')
FROM coachdiag.coaching_effect(team_panel('nothing', 1)) e;
SELECT is((e.conclusion, e.reason), ('cannot_tell'::text, 'the interval covers zero and effects worth having'::text), 'nor for a small one')
FROM coachdiag.coaching_effect(team_panel('nothing', 1), smallest_effect => 0.1) e;

-- Direction, scale, units

SELECT simulate('harms', 1, 10, 52, -3);
SELECT is((coachdiag.coaching_effect(team_panel('harms', 1))).conclusion, 'harmful', 'coaching that harms is found');
SELECT ok(abs(e.improvement / a.improvement - 1) < 1e-9 AND abs(e.naive_improvement / a.naive_improvement - 1) < 1e-9 AND abs(e.ci_low / a.ci_low - 1) < 1e-9
	AND e.conclusion = 'effective', 'turned round, with lower better: the same, positive is better')
FROM alone a, coachdiag.coaching_effect(team_panel('one', 1, '170 - value'), false) e;
SELECT is((coachdiag.coaching_effect(team_panel('one', 1, '170 - value'))).conclusion, 'harmful', 'and harmful where higher is better');

-- A session is met by its agent's mean in metric units, not by that of the logarithms, nor by the team's.
CREATE FUNCTION met_by_sessions(turn float8) RETURNS float8 LANGUAGE sql AS
$$ SELECT sum(sessions * level) / sum(sessions) FROM (SELECT avg(exp(5 + turn * value / 100)) AS level, sum(sessions) AS sessions FROM one GROUP BY agent) a $$;
CREATE TABLE in_log AS SELECT e.*, met_by_sessions(-1) AS level FROM coachdiag.coaching_effect(team_panel('one', 1, '5 - value / 100'), false, 'log') e;
SELECT close(l.improvement, l.level * -expm1, 1e-9, 'log, lower is better: the change of the logarithm, in units at the mean of who was coached')
FROM in_log l, (SELECT exp(-improvement / 100) - 1 AS expm1 FROM alone) a;
SELECT ok(l.ci_low > 0 AND l.ci_low < l.improvement AND l.improvement < l.ci_high AND l.conclusion = 'effective' AND l.naive_improvement > l.null_improvement, 'and its interval') FROM in_log l;
SELECT close(e.improvement, met_by_sessions(1) * (exp(a.improvement / 100) - 1), 1e-9, 'log, higher is better')
FROM alone a, coachdiag.coaching_effect(team_panel('one', 1, '5 + value / 100'), true, 'log') e;
-- A cell far off the others makes no level: that of the logarithms' change is told apart by asking for it in logarithms.
SELECT ok(bool_and(e.level BETWEEN 0.8 * l.level AND 1.25 * l.level), 'a slip of the pen is no level: ' || string_agg((e.level / l.level)::text, ', '))
FROM in_log l, unnest('{50,-30}'::float8[]) slip
	CROSS JOIN LATERAL (SELECT team_panel('one', 1, format('5 - value / 100 + CASE WHEN agent = 101 AND week = ''2024-02-05'' THEN %s ELSE 0 END', slip)) AS panel) p
	CROSS JOIN LATERAL (SELECT (coachdiag.coaching_effect(panel, false, 'log')).improvement / (1 - exp(-(coachdiag.coaching_effect(panel, false)).improvement)) AS level) e;
SELECT ok(max(abs(e.improvement / 10 - w.improvement)) < 1e-3 AND max(abs(e.raw_improvement / w.raw_improvement / 10 - 1)) < 1e-9, 'ten times the value: ten times the effect')
FROM teams, coachdiag.coaching_effect(units, works, true) w JOIN (SELECT (coachdiag.coaching_effect((SELECT units FROM teams), array_agg(team_panel('works', t, '10 * value') ORDER BY t), true)).* FROM generate_series(1, 12) t) e USING (unit);

-- What must not matter

SELECT ok(abs(e.improvement / a.improvement - 1) < 1e-9 AND abs(e.ci_high / a.ci_high - 1) < 1e-9, 'a week in which everybody gained a constant')
FROM alone a, coachdiag.coaching_effect(team_panel('one', 1, 'value + CASE WHEN week IN (''2024-03-04'', ''2024-06-03'') THEN 50 ELSE 0 END')) e;
SELECT ok(abs(e.improvement / a.improvement - 1) > 1e-3, 'a week in which one agent gained it does matter')
FROM alone a, coachdiag.coaching_effect(team_panel('one', 1, 'value + CASE WHEN week IN (''2024-03-04'', ''2024-06-03'') AND agent = 103 THEN 50 ELSE 0 END')) e;
SELECT is((SELECT coachdiag.coaching_effect(value, agent, week, sessions ORDER BY md5(agent || ' ' || week)) FROM one),
	(SELECT coachdiag.coaching_effect(value, agent, week, sessions ORDER BY week DESC, agent) FROM one), 'order of rows');
SELECT is((SELECT array_agg(round(e.improvement::numeric, 6) ORDER BY e.unit) FROM coachdiag.coaching_effect(
		(SELECT array_agg(t::text ORDER BY t DESC) FROM generate_series(1, 12) t), (SELECT array_agg(team_panel('works', t) ORDER BY t DESC) FROM generate_series(1, 12) t), true, smallest_effect => 1) e),
	(SELECT array_agg(round(improvement::numeric, 6) ORDER BY unit) FROM works_effect), 'order of units');

-- Rows against panel

CREATE FUNCTION same(e coachdiag.coaching_effect_result, what text) RETURNS text LANGUAGE sql AS $$
	SELECT ok(abs(e.improvement / a.improvement - 1) < 1e-9 AND abs(e.ci_low / a.ci_low - 1) < 1e-9 AND abs(e.ci_high / a.ci_high - 1) < 1e-9
		AND abs(e.null_improvement / a.null_improvement - 1) < 1e-9 AND abs(e.placebo / a.placebo - 1) < 1e-6 AND e.sessions = a.sessions AND e.conclusion = a.conclusion, what) FROM alone a
$$;
SELECT same(coachdiag.coaching_effect(value, agent, week, sessions), 'rows: bigint agents') FROM one;
SELECT same(coachdiag.coaching_effect(value, agent::text, week, sessions), 'rows: text agents') FROM one;
SELECT same(coachdiag.coaching_effect(value, agent, week, sessions, 7), 'rows: bigint agents, equal weights') FROM one;
SELECT same(coachdiag.coaching_effect(value, agent::text, week, sessions, 7), 'rows: text agents, equal weights') FROM one;
SELECT same(coachdiag.coaching_effect(value, agent, week, nullif(sessions, 0)), 'rows: NULL sessions are none') FROM one;
SELECT same(coachdiag.coaching_effect(value, agent, week, sessions), 'rows: sessions as rows of their own') FROM
	(SELECT value, agent, week, 0 AS sessions FROM one UNION ALL SELECT NULL, agent, week, sessions FROM one WHERE sessions > 0) r;
SELECT same(coachdiag.coaching_effect(value, agent, week, sessions), 'rows without agent or week are not used') FROM
	(SELECT value, agent, week, sessions FROM one UNION ALL VALUES (1, NULL, date '2024-01-01', 1), (1, 101, NULL, 1)) r;
SELECT same((SELECT e FROM coachdiag.coaching_effect('{x}', ARRAY[team_panel('one', 1)], true) e), 'one unit among arrays is one team alone');
SELECT ok(e.raw_improvement <> a.raw_improvement AND 1.72 BETWEEN e.ci_low AND e.ci_high, 'unequal weights count')
FROM alone a, (SELECT (coachdiag.coaching_effect(value, agent, week, sessions, 1 + agent % 7)).* FROM one) e;

-- Periods: days are gathered to weeks, first days of months are months

SELECT same(coachdiag.coaching_effect(value, agent, day, sessions, weight), 'days are gathered to weeks') FROM (
	SELECT value + 3 AS value, agent, week AS day, 0 AS sessions, 1 AS weight FROM one
	UNION ALL SELECT value - 1, agent, week + 3, 0, 3 FROM one
	UNION ALL SELECT NULL, agent, week + 2, sessions, NULL FROM one) r;
SELECT same(coachdiag.coaching_effect(value, agent, (date '2019-01-01' + (week - date '2024-01-01') / 7 * interval '1 month')::date, sessions), 'months') FROM one;
SELECT ok(e.sessions = a.sessions AND abs(e.improvement / a.improvement - 1) > 1e-6, 'one day off the first makes them weeks') FROM alone a, (
	SELECT (coachdiag.coaching_effect(value, agent, (date '2019-01-02' + (week - date '2024-01-01') / 7 * interval '1 month')::date, sessions)).* FROM one) e;

-- Horizon

SELECT is((coachdiag.coaching_effect(team_panel('one', 1), horizon => h)).horizon, h, 'horizon ' || h) FROM unnest('{1,4,8,26}'::int[]) h;
SELECT ok(e.improvement < a.improvement AND 2 * (1 - 0.9 ^ 12) / 0.1 / 12 BETWEEN e.ci_low AND e.ci_high, 'a fading effect is smaller over twelve weeks') FROM alone a, coachdiag.coaching_effect(team_panel('one', 1), horizon => 12) e;
SELECT throws_ok(format('SELECT coachdiag.coaching_effect(team_panel(''one'', 1), horizon => %s)', h), '22023', 'horizon must be between 1 and 26 periods', 'horizon ' || h || ' is refused') FROM unnest('{0,27,-1}'::int[]) h;
SELECT throws_ok(format($$SELECT coachdiag.coaching_effect(team_panel('one', 1), smallest_effect => %L)$$, s), '22023', 'smallest_effect must be a finite number, not negative', 'smallest effect ' || s) FROM unnest('{NaN,-Infinity,-1}'::text[]) s;
SELECT throws_ok($$SELECT coachdiag.coaching_effect(team_panel('one', 1), true, 'cubic')$$, '22023', NULL, 'unknown scale');
SELECT throws_ok($$SELECT coachdiag.coaching_effect(units, works[1:11], true) FROM teams$$, '2202E', 'units and panels must be arrays of the same length', 'arrays of different length');
SELECT throws_ok($$SELECT coachdiag.coaching_effect_by_period(units[1:3], works, true) FROM teams$$, '2202E', NULL, 'by period too');
SELECT throws_ok($$SELECT coachdiag.coaching_effect_by_period(units, works, true, horizon => 0) FROM teams$$, '22023', NULL, 'horizon by period');
SELECT throws_ok($$SELECT coachdiag.coaching_effect(v, 1, date '2024-01-01', s) FROM (VALUES ($$ || bad || ')) r (v, s)', '22003', NULL, 'rows: ' || bad)
FROM unnest(ARRAY['''NaN''::float8, 1', '''Infinity''::float8, 1', '1::float8, -1', '1::float8, ''NaN''::float8']) bad;

-- Too little to say anything

CREATE FUNCTION silent(e coachdiag.coaching_effect_result, because text, what text) RETURNS text LANGUAGE sql AS $$
	SELECT is((e.conclusion, e.reason, e.improvement, e.ci_low, e.p_value, e.smallest_detectable, e.pooled), ('cannot_tell'::text, because, NULL::float8, NULL::float8, NULL::float8, NULL::float8, false), what)
$$;
\set no_session '''not assessed: no coaching session'''
\set nobody '''not assessed: nobody to compare the coached agents with, or too few periods'''
SELECT ok(coachdiag.coaching_effect(NULL::coachdiag.panel) IS NULL, 'NULL panel: NULL');
SELECT ok((SELECT coachdiag.coaching_effect(value, agent, week, sessions) FROM one WHERE false) IS NULL, 'no row: NULL');
SELECT ok((SELECT coachdiag.coaching_effect(value, NULL::bigint, week, sessions) FROM one) IS NULL, 'no row that counts: NULL');
SELECT silent(coachdiag.coaching_effect(coachdiag.panel(value, 85, agent, NULL::date)), :no_session, 'values without periods') FROM one;
SELECT silent(coachdiag.coaching_effect(value, agent, week, 0), :no_session, 'no session') FROM one;
SELECT silent(coachdiag.coaching_effect(NULL, agent, week, sessions), :nobody, 'sessions without values') FROM one;
SELECT silent(coachdiag.coaching_effect(value, agent, week, sessions), :nobody, 'one agent') FROM (SELECT * FROM one WHERE agent = 101) r;
SELECT silent(coachdiag.coaching_effect(value, agent, week, 1), :nobody, 'everybody, every week') FROM one;
SELECT silent(coachdiag.coaching_effect(value, agent, week, (extract(week FROM week)::int % 5 = 0)::int), :nobody, 'everybody at the same time') FROM one;
SELECT silent(coachdiag.coaching_effect(value, agent, week, sessions), :nobody, 'one period') FROM (SELECT * FROM one WHERE week = '2024-02-05') r;
SELECT silent(coachdiag.coaching_effect(value, agent, week, sessions), :nobody, 'sessions in the last week only') FROM (SELECT value, agent, week, (week = '2024-12-23' AND agent < 104)::int AS sessions FROM one) r;
SELECT is((coachdiag.coaching_effect(value, agent, week, 1)).n_control, 0, 'everybody, every week: nobody to compare with') FROM one;
\set beyond '''not assessed: the values don''''t vary, or they or the sessions are too large or too small to reckon with'''
SELECT silent(coachdiag.coaching_effect(80, agent, week, sessions), :beyond, 'values that never change') FROM one;
SELECT silent(coachdiag.coaching_effect(value * 1e300, agent, week, sessions), :beyond, 'huge values') FROM one;
SELECT silent(coachdiag.coaching_effect(value * 1e-300, agent, week, sessions), :beyond, 'tiny values') FROM one;
SELECT silent(coachdiag.coaching_effect(value, agent, week, sessions * 1e300), :beyond, 'more sessions than anybody can hold') FROM one;
SELECT is((coachdiag.coaching_effect(value * 1e306 * CASE WHEN extract(day FROM week)::int % 2 = 0 THEN 1 ELSE -1 END, agent, week, sessions)).naive_improvement, NULL, 'nor is a difference beyond all numbers one') FROM one;

-- A date that is wrong

CREATE TABLE stray AS SELECT array_agg(unit) AS units, array_agg(panel) AS panels FROM (
	SELECT 'stray' AS unit, coachdiag.panel(value, NULL, agent, CASE WHEN agent = 101 AND week = '2024-01-01' THEN date '0001-01-01' ELSE week END, 1, NULL, sessions, NULL, 'coach', NULL) AS panel FROM one) s;
SELECT throws_ok(format('SELECT coachdiag.%s FROM stray', call), '22023', format('%s needs 100000 periods at most, and these run from 0001-01-01 to 2024-12-23', split_part(call, '(', 1)), call)
FROM unnest('{"coaching_effect(units, panels, true)","coaching_effect(panels[1], true)","coaching_effect_by_period(units, panels, true)","coaching_effect_alternatives(panels, true)","coach_effect(units, panels, true)",values_carry_over(panels[1])}'::text[]) call;
SELECT lives_ok('SELECT coachdiag.coaching_effect(coachdiag.period_range(panels[1], date ''2000-01-01'', NULL), true) FROM stray', 'period_range leaves it out');

-- Many units, some without an answer

CREATE TABLE mixed AS SELECT e.unit, e FROM teams, coachdiag.coaching_effect(units || ARRAY['none', 'null', 'idle', NULL],
	works || ARRAY[(SELECT coachdiag.panel(1, 1, 1::bigint, date '2024-01-01') WHERE false), NULL, (SELECT coachdiag.panel(value, 85, agent, week) FROM one), team_panel('nothing', 5)], true, smallest_effect => 1) e;
SELECT is((SELECT count(*) FROM mixed), 14::bigint, 'NULL panels are skipped');
SELECT is((SELECT array_agg(unit) FROM mixed WHERE unit IS NULL OR unit !~ '\d'), ARRAY['idle', NULL], 'names stay with their panels');
SELECT silent(e, :no_session, 'a unit without sessions has no answer, whatever the others say') FROM mixed WHERE unit = 'idle';
SELECT silent(e, :no_session, 'units that are all empty') FROM coachdiag.coaching_effect('{x,y}', ARRAY[(SELECT coachdiag.panel(value, 85, agent, NULL::date) FROM one), NULL], true) e;
SELECT is_empty($$SELECT * FROM coachdiag.coaching_effect('{}', '{}'::coachdiag.panel[], true)$$, 'no units: no rows');
SELECT is_empty($$SELECT * FROM coachdiag.coaching_effect(NULL, NULL, true)$$, 'NULL arrays: no rows');
SELECT is_empty($$SELECT * FROM coachdiag.coaching_effect_by_period('{}', '{}'::coachdiag.panel[], true)$$, 'by period: no units');
SELECT is_empty($$SELECT * FROM coachdiag.coaching_effect_by_period(NULL, NULL, true)$$, 'by period: NULL arrays');
SELECT is((SELECT bool_or(pooled) FROM teams, coachdiag.coaching_effect(units[1:7], works[1:7], true)), false, 'seven teams are too few to borrow from');
SELECT is((SELECT array_agg(DISTINCT raw_df) FROM teams, coachdiag.coaching_effect(units[1:7], works[1:7], true)), ARRAY[9::float8], 'each of seven is as uncertain as its ten agents leave it');
SELECT is((SELECT bool_and(pooled) FROM teams, coachdiag.coaching_effect(units[1:8], works[1:8], true)), true, 'eight are enough');

-- A team in which everybody is coached alike learns of itself nothing; what is shown is the other teams'

CREATE TABLE all_coached AS
SELECT e.* FROM teams, (SELECT coachdiag.panel(value, 85, agent, week, 1, NULL, extract(week FROM week)::int % 2, NULL, NULL::text, NULL::date) AS every_second,
		coachdiag.panel(value, 85, agent, week, 1, NULL, CASE WHEN agent = 101 AND extract(week FROM week) = 21 THEN 0 ELSE extract(week FROM week)::int % 2 END, NULL, NULL::text, NULL::date) AS but_one
	FROM nothing WHERE team = 1) p,
	coachdiag.coaching_effect(units || '{all,but one}'::text[], works || ARRAY[p.every_second, p.but_one], true, smallest_effect => 1) e;
SELECT is((e.overlap, e.n_control, e.own, e.raw_se, e.pooled), (0::float8, 0, false, NULL::float8, true), 'all coached: nobody to compare with') FROM all_coached e WHERE unit = 'all';
SELECT ok(overlap BETWEEN 0.01 AND 0.09 AND NOT own, 'all but one, once: hardly anybody') FROM all_coached WHERE unit = 'but one';
SELECT is((conclusion, reason), ('cannot_tell'::text, 'nobody in this team to compare the coached agents with: what is shown is what sessions do in other teams'::text), 'nothing is concluded: ' || unit)
FROM all_coached WHERE unit IN ('all', 'but one');
SELECT ok(ci_low > 0 AND improvement IS NOT NULL, 'though there is an answer, the other teams'': ' || unit) FROM all_coached WHERE unit IN ('all', 'but one');
SELECT ok(bool_and(own AND conclusion = 'effective'), 'the others stay what they are') FROM all_coached WHERE unit ~ '\d';

-- Coached for being weak for good, to no effect: the intervals lie below zero, by no more than what nobody knew of the agents' levels

CREATE TABLE weak AS
SELECT t AS team, a::bigint AS agent, date '2024-01-01' + 7 * w AS week, 80 + 2 * l.level + normal(format('week %s %s', t, w)) + 4 * normal(format('noise %s %s', a, w)) AS value,
	(uniform(format('session %s %s', a, w)) < least(0.9, 0.12 * exp(-1.5 * l.level)))::int AS sessions
FROM generate_series(1, 12) t, generate_series(100 * t + 1, 100 * t + 10) a, generate_series(0, 51) w CROSS JOIN LATERAL (SELECT normal(format('level %s', a)) AS level) l;
CREATE TABLE weak_effect AS SELECT e.* FROM (SELECT array_agg(t::text ORDER BY t) AS units, array_agg(team_panel('weak', t) ORDER BY t) AS panels FROM generate_series(1, 12) t) p,
	coachdiag.coaching_effect(units, panels, true, smallest_effect => 0.2) e;
SELECT ok(count(*) FILTER (WHERE ci_high < 0) > 0, 'useless coaching of the weak: some intervals lie below zero') FROM weak_effect;
SELECT is((SELECT array_agg(DISTINCT conclusion) FROM weak_effect WHERE ci_high < 0), ARRAY['cannot_tell'], 'but none is called harmful');
SELECT is((SELECT array_agg(DISTINCT reason) FROM weak_effect WHERE ci_high < 0), ARRAY['the interval lies below zero, but no further than sessions come out that do nothing and go to who is weak for long'], 'and says why');
SELECT ok(bool_and(allowance BETWEEN 0.2 AND 1), 'what is allowed for is a part of the agents'' spread, which is 2') FROM weak_effect;
-- The same with sessions worth 0.5: the estimate is too low, which shortfall allows for. Who was lifted looks less weak, but not
-- where the question is whether sessions give so much.
CREATE TABLE helped AS SELECT array_agg(t::text ORDER BY t) AS units, array_agg(p ORDER BY t) AS panels FROM (SELECT team AS t, coachdiag.panel(value + 0.5 * coalesce(given, 0), 85, agent, week, 1, NULL, sessions, NULL, NULL, NULL::date) AS p
	FROM (SELECT *, sum(sessions) OVER (PARTITION BY agent ORDER BY week ROWS BETWEEN 4 PRECEDING AND 1 PRECEDING) AS given FROM weak) w GROUP BY team) t;
CREATE TABLE shortfalls AS
SELECT (SELECT avg(shortfall) FROM helped, coachdiag.coaching_effect(units, panels, true, smallest_effect => 0.5)) AS as_given,
	(SELECT avg(shortfall) FROM helped, coachdiag.coaching_effect(units, panels, true, smallest_effect => 0)) AS as_nothing,
	(SELECT avg(shortfall) FROM helped, coachdiag.coaching_effect(units, panels, true)) AS as_shown,
	(SELECT avg(improvement) FROM helped, coachdiag.coaching_effect(units, panels, true)) AS shown;
SELECT ok(shown < 0.45 AND as_given BETWEEN 0.5 - shown AND 0.32, 'a session that gives 0.5 comes out too low, which shortfall allows for') FROM shortfalls;
SELECT ok(as_nothing < as_given - 0.05, 'taken for useless, they would hide who is weak') FROM shortfalls;
SELECT ok(as_shown BETWEEN as_nothing AND as_given, 'without a smallest effect it is asked as if they gave what is shown') FROM shortfalls;
-- Times of the same people, in shares: the smallest effect is in seconds.
CREATE TABLE hurried AS SELECT e.*, 1 - exp(-0.05 * w.as_given) AS as_given FROM (SELECT array_agg(t::text ORDER BY t) AS units, array_agg(p ORDER BY t) AS panels FROM (SELECT team AS t,
		coachdiag.panel(ln(300) - 0.05 * (value - 80 + 0.5 * coalesce(given, 0)), ln(250), agent, week, 1, NULL, sessions, NULL, NULL, NULL::date) AS p
	FROM (SELECT *, sum(sessions) OVER (PARTITION BY agent ORDER BY week ROWS BETWEEN 4 PRECEDING AND 1 PRECEDING) AS given FROM weak) w GROUP BY team) t) p,
	shortfalls w, coachdiag.coaching_effect(units, panels, false, 'log', smallest_effect => 300 * (1 - exp(-0.05 * 0.5))) e;
SELECT ok(avg(shortfall) BETWEEN 0.9 * 300 * avg(as_given) AND 1.1 * 300 * avg(as_given), 'in seconds it is the same') FROM hurried;

-- A team alone, all coached in the same weeks; one comes later, which makes an estimate, and nobody to compare with.
CREATE TABLE same_weeks AS SELECT coachdiag.panel(76 + normal(format('late %s %s', a, w)), 80, a::bigint, date '2024-01-01' + 7 * w, 1, NULL, (w % 4 = 0)::int, NULL, NULL, NULL::date) AS p
FROM generate_series(1, 8) a, generate_series(0, 51) w WHERE a < 8 OR w > 25;
SELECT is((e.own, e.overlap, e.raw_se > 0, e.conclusion, e.reason), (false, 0::float8, true, 'cannot_tell'::text, 'nobody in this team to compare the coached agents with'::text), 'alone, and all at once') FROM same_weeks, coachdiag.coaching_effect(p, true, 'identity', 1) e;
SELECT ok(s.p_structural < 0.7 AND s.reason ~ 'nobody to compare' AND s.reason !~ 'a session (seems|improves)', 'which says nothing about the gap: ' || s.verdict) FROM same_weeks, coachdiag.structural_score(p, true, 'identity', 1) s;

-- By period

CREATE TABLE path AS SELECT p.* FROM teams, coachdiag.coaching_effect_by_period(units || 'idle'::text, works || (SELECT coachdiag.panel(value, 85, agent, week) FROM one), true) p;
SELECT results_eq('SELECT unit, array_agg(periods_since ORDER BY periods_since) FROM path GROUP BY unit ORDER BY unit::int',
	'SELECT t::text, (SELECT array_agg(i) FROM generate_series(-8, 12) i) FROM generate_series(1, 12) t', '21 rows for each unit with sessions, from -8 to 12');
SELECT ok(bool_and((improvement IS NULL) = (periods_since <= 0) AND phase = CASE WHEN periods_since < 0 THEN 'before' WHEN periods_since = 0 THEN 'session' ELSE 'after' END), 'no effect is claimed up to the session''s own period') FROM path;
SELECT ok(bool_and(seen < -3) FILTER (WHERE periods_since = 0) AND max(abs(seen)) FILTER (WHERE periods_since < 0) < 1.5, 'the dip that led to the session is seen in its own period') FROM path;
SELECT ok(bool_and(ci_low < improvement AND improvement < ci_high), 'intervals') FROM path WHERE periods_since > 0;
SELECT close(avg(improvement), 2 * 0.9 ^ (periods_since - 1), 0.5, format('%s periods after, over teams', periods_since)) FROM path WHERE periods_since IN (1, 2, 4, 8, 12) GROUP BY periods_since ORDER BY 1;
SELECT ok(avg((2 * 0.9 ^ (periods_since - 1) BETWEEN ci_low AND ci_high)::int) > 0.9, 'and the intervals hold it') FROM path WHERE periods_since > 0;
SELECT ok(bool_and(band_low < ci_low AND ci_high < band_high AND abs((band_high - band_low) / (ci_high - ci_low) - 2.8583 / 1.96) < 1e-3), 'bands for twelve periods at once are wider, each side') FROM path WHERE periods_since > 0;
SELECT ok(bool_and(half_life > 0) AND count(DISTINCT (unit, half_life)) = 12, 'half-life: one for each unit') FROM path;
SELECT ok(bool_and(half_life_low < half_life AND half_life <= half_life_high) AND avg((ln(0.5) / ln(0.9) BETWEEN half_life_low AND half_life_high)::int) > 0.9, 'with an interval that holds the truth') FROM path;
SELECT is((SELECT array_agg(DISTINCT half_life) FROM teams, coachdiag.coaching_effect_by_period(units, nothing, true)), ARRAY[NULL::float8], 'no effect, no half-life');
SELECT ok(avg((0 BETWEEN p.ci_low AND p.ci_high)::int) > 0.9 AND abs(avg(p.improvement)) < 0.3, 'without effect: zero throughout')
FROM teams, coachdiag.coaching_effect_by_period(units, nothing, true) p WHERE p.periods_since > 0;

-- Sessions worth 1.5 at their best, there in full after some weeks, half of it gone after some more: in turns, each agent every tenth week, or by lot.
CREATE FUNCTION fading(weeks_to_full int, gone_by_half float8, in_turns boolean) RETURNS TABLE (unit text, periods_since int, truth float8, improvement float8, ci_low float8, ci_high float8, half_life float8, half_life_low float8, half_life_high float8) LANGUAGE sql AS $$
	WITH held AS MATERIALIZED (
		SELECT t AS team, a::bigint AS agent, w AS week, (CASE WHEN in_turns THEN (a + w) % 10 = 0 ELSE uniform(format('held %s %s', a, w)) < 0.1 END)::int AS sessions
		FROM generate_series(1, 12) t, generate_series(100 * t + 1, 100 * t + 12) a, generate_series(0, 59) w
	), shape AS (
		SELECT k, 1.5 * CASE WHEN k < weeks_to_full THEN k::float8 / weeks_to_full ELSE 0.5 ^ ((k - weeks_to_full) / gone_by_half) END AS left FROM generate_series(1, 59) k
	), score AS (
		SELECT h.*, 2 * normal(format('level %s', h.agent)) + 0.5 * normal(format('week %s %s', h.team, h.week)) + normal(format('noise %s %s', h.agent, h.week))
			+ coalesce((SELECT sum(s.left) FROM held e JOIN shape s ON s.k = h.week - e.week WHERE e.agent = h.agent AND e.sessions > 0), 0) AS value
		FROM held h
	), panels AS (
		SELECT team, coachdiag.panel(value, 0, agent, date '2024-01-01' + 7 * week, 1, NULL, sessions, NULL, NULL, NULL::date) AS panel FROM score GROUP BY team
	)
	SELECT e.unit, e.periods_since, s.left, e.improvement, e.ci_low, e.ci_high, e.half_life, e.half_life_low, e.half_life_high
	FROM (SELECT array_agg(team::text ORDER BY team) AS units, array_agg(panel ORDER BY team) AS panels FROM panels) p, coachdiag.coaching_effect_by_period(p.units, p.panels, true) e
	JOIN shape s ON s.k = e.periods_since
$$;
SELECT cmp_ok(count(*) FILTER (WHERE 2 BETWEEN half_life_low AND half_life_high), '>=', 11::bigint, 'agents in turns: all periods may be too high at once, which is no lasting effect') FROM fading(1, 2, true) WHERE periods_since = 1;
SELECT cmp_ok(count(*) FILTER (WHERE 6 BETWEEN half_life_low AND half_life_high), '>=', 11::bigint, 'an effect that takes four weeks to arrive fades from then on') FROM fading(4, 6, false) WHERE periods_since = 1;
SELECT cmp_ok(percentile_disc(0.5) WITHIN GROUP (ORDER BY half_life), '<', 12::float8, 'and isn''t taken for one that lasts') FROM fading(4, 6, false) WHERE periods_since = 1;

-- Four weeks are known, in which the effect grows: no half-life fits better than another. And one week: nothing to see it by.
CREATE FUNCTION grows(weeks int) RETURNS TABLE (known bigint, low_end float8, half_life float8) LANGUAGE sql AS $$
	SELECT count(e.improvement), min(e.ci_low), min(e.half_life) FROM (
		SELECT coachdiag.panel(normal(format('grows %s %s', a, w)) / 10 + CASE WHEN a <= 5 AND w > 4 THEN w - 4 ELSE 0 END, NULL, a::bigint, date '2025-01-06' + 7 * w, 1, NULL, (a <= 5 AND w = 4)::int, NULL, NULL, NULL::date) AS p
		FROM generate_series(1, 12) a, generate_series(0, weeks - 1) w) x, coachdiag.coaching_effect_by_period('{one}', ARRAY[p], true) e
$$;
SELECT is((count(*), count(e.seen) > 0, count(e.improvement), count(e.half_life), count(e.band_low)), (21::bigint, true, 0::bigint, 0::bigint, 0::bigint), 'three periods: what was seen, and nothing more')
FROM (SELECT coachdiag.panel(value, 85, agent, week, 1, NULL, sessions, NULL, NULL::text, NULL::date) AS p FROM one WHERE week < (SELECT min(week) + 21 FROM one)) x, coachdiag.coaching_effect_by_period('{short}', ARRAY[p], true) e;
SELECT is((known, low_end > 0, half_life)::text, '(4,t,Infinity)', 'where none fits better, no fading is seen') FROM grows(9);
SELECT is((known, half_life)::text, '(1,)', 'a single week tells no half-life') FROM grows(6);

-- Contact mix: for four weeks after a session an agent gets the easy contacts; the sessions do nothing

CREATE TABLE routed AS
WITH week AS (
	SELECT a AS agent, w, (uniform(format('session %s %s', a, w)) < 0.08)::int AS sessions FROM generate_series(1, 12) a, generate_series(0, 51) w
), share AS (
	SELECT *, CASE WHEN sum(sessions) OVER (PARTITION BY agent ORDER BY w ROWS BETWEEN 4 PRECEDING AND 1 PRECEDING) > 0 THEN 0.8 ELSE 0.2 END AS easy FROM week
)
SELECT agent, date '2024-01-01' + 7 * w AS week, type, CASE WHEN type = 'easy' THEN sessions ELSE 0 END AS sessions,
	CASE WHEN type = 'easy' THEN 100 * easy ELSE 100 * (1 - easy) END AS weight,
	70 + CASE WHEN type = 'easy' THEN 10 ELSE 0 END + 2 * normal(format('level %s', agent)) + 2 * normal(format('noise %s %s', agent, w)) + normal(format('cell %s %s %s', agent, w, type)) AS value
FROM share, unnest('{easy,hard}'::text[]) type;
CREATE TABLE mix AS SELECT coachdiag.panel(value, 85, agent, week, weight, type, sessions, NULL, NULL::text, NULL::date) AS typed,
	coachdiag.panel(value, 85, agent, week, weight, NULL, sessions, NULL, NULL::text, NULL::date) AS untyped FROM routed;
SELECT ok(e.improvement > 3 AND e.conclusion = 'effective', 'without contact types easier contacts look like an effect') FROM mix, coachdiag.coaching_effect(untyped) e;
SELECT ok(abs(e.improvement) < 0.75 AND 0 BETWEEN e.ci_low AND e.ci_high, 'with contact types they don''t') FROM mix, coachdiag.coaching_effect(typed) e;

-- without_mix

CREATE TABLE hard AS SELECT coachdiag.panel(v.value + a.agent, 60, a.agent, date '2024-01-01' + 7 * w, CASE WHEN (agent = 1) = (type = 'hard') THEN 9 ELSE 1 END, type, 1, NULL, NULL::text, NULL::date) AS p
FROM (VALUES ('easy', 60), ('hard', 40)) v (type, value), generate_series(1, 3) AS a (agent), generate_series(0, 3) w;
CREATE TABLE fair AS SELECT coachdiag.without_mix(p) AS p FROM hard;
CREATE FUNCTION agent_gap(p coachdiag.panel, a text) RETURNS float8 LANGUAGE sql AS
$$ SELECT sum(weight * (mean - target)) / sum(weight) FROM coachdiag.cells(p) WHERE agent = a $$;
SELECT close((SELECT sum(weight * (mean - target)) / sum(weight) FROM fair, coachdiag.cells(p)), (SELECT sum(weight * (mean - target)) / sum(weight) FROM hard, coachdiag.cells(p)), 1e-9, 'the mean gap stays');
SELECT close(agent_gap(p, '1') - agent_gap(p, '2'), 1 - 2 - 16, 1e-9, 'who gets the hard contacts looks worse by 17') FROM hard;
SELECT close(agent_gap(p, '1') - agent_gap(p, '2'), 1 - 2, 1e-4, 'and is not, by 1, with the mix taken out') FROM fair;
SELECT close(agent_gap(p, '2') - agent_gap(p, '3'), 2 - 3, 1e-9, 'agents with the same mix keep their difference') FROM fair;
SELECT results_eq('SELECT agent, period, contact_type, weight, mean::numeric(20,9), sessions FROM fair, coachdiag.cells(p)', 'SELECT agent, period, contact_type, weight, mean::numeric(20,9), sessions FROM hard, coachdiag.cells(p)', 'what the gap loses the target gains: the values stay');
SELECT ok(coachdiag.without_mix(untyped) OPERATOR(coachdiag.=) untyped, 'a panel without contact types stays') FROM mix;
SELECT ok(coachdiag.without_mix(p) OPERATOR(coachdiag.=) p, 'nor are values without a target touched')
FROM (SELECT coachdiag.panel(value, NULL, agent, week, weight, type, sessions, NULL, NULL::text, NULL::date) AS p FROM routed) s;
SELECT ok(coachdiag.without_mix(NULL) IS NULL, 'NULL: NULL');

-- t_interval, against tables of t

SELECT close(i.high, 2.228138851965, 1e-9, '97.5 % of t with 10 degrees of freedom') FROM coachdiag.t_interval(0, 1, 10) i;
SELECT close(i.low, 3 - 2 * 12.706204736432, 1e-8, 'with 1') FROM coachdiag.t_interval(3, 2, 1) i;
SELECT close(i.high, 5 + 2.015048372669, 1e-9, '95 % with 5') FROM coachdiag.t_interval(5, 1, 5, 0.9) i;
SELECT close(i.p_value, 0.05, 1e-9, 'p') FROM coachdiag.t_interval(-2.228138851965, 1, 10) i;
SELECT close(i.p_value, 1, 0, 'p of nothing') FROM coachdiag.t_interval(0, 1, 3) i;
SELECT ok(coachdiag.t_interval(1, NULL, 3) IS NULL AND coachdiag.t_interval(NULL, 1, 3) IS NULL AND coachdiag.t_interval(1, 1, NULL) IS NULL, 'NULL: NULL');
SELECT throws_ok(format('SELECT coachdiag.t_interval(%s)', bad), '22023', NULL, 't_interval refuses ' || bad)
FROM unnest(ARRAY['1, 0, 3', '1, -1, 3', '1, 1, 0', '1, 1, 3, 1', '1, 1, 3, 0', '''NaN'', 1, 3', '1, ''Infinity'', 3', '1, 1, ''NaN''']) bad;

-- Rolling means of four weeks, by which the worst are coached to no effect: noticed, doubted and said

CREATE TABLE rolling AS
SELECT team, coachdiag.panel(value, 85, agent, week, 1, NULL, sessions, NULL, NULL::text, NULL::date) AS panel FROM (
	SELECT *, (rank() OVER (PARTITION BY team, week ORDER BY value) <= 2)::int AS sessions FROM (
		SELECT t AS team, t * 100 + a AS agent, date '2024-01-01' + 7 * w AS week,
			avg(80 + 4 * normal(format('own %s %s %s', t, a, w))) OVER (PARTITION BY t, a ORDER BY w ROWS 3 PRECEDING) AS value
		FROM generate_series(1, 8) t, generate_series(1, 10) a, generate_series(0, 51) w) v) s
GROUP BY team;
CREATE TABLE rolling_effect AS
SELECT e.* FROM (SELECT array_agg(team::text ORDER BY team) AS units, array_agg(panel ORDER BY team) AS panels FROM rolling) q,
	coachdiag.coaching_effect(units, panels, true, smallest_effect => 1) e;
SELECT ok(bool_and(abs(doubt - 0.4 * abs(null_improvement)) < 1e-9), 'values that carry over: two fifths of what was removed are doubtful') FROM rolling_effect;
SELECT ok(bool_and(abs(doubt - 0.06 * abs(null_improvement)) < 1e-9), 'and a seventeenth of it elsewhere') FROM works_effect;
SELECT ok(count(*) FILTER (WHERE conclusion = 'cannot_tell') > 0 AND bool_and((conclusion = 'cannot_tell') = (reason LIKE 'values are not of their own periods (a rolling mean%')), 'which is said where nothing can be told') FROM rolling_effect;
SELECT is(count(*) FILTER (WHERE conclusion = 'effective'), 0::bigint, 'and useless sessions are not called effective') FROM rolling_effect;

SELECT results_eq('SELECT coachdiag.values_carry_over(panel) FROM rolling ORDER BY team', 'SELECT true FROM generate_series(1, 8)', 'values_carry_over sees it in each team');
SELECT results_eq('SELECT coachdiag.values_carry_over(p) FROM hard', 'SELECT false', 'few changes tell nothing');
SELECT ok(NOT coachdiag.values_carry_over(coachdiag.panel(value, NULL, agent, NULL::date)), 'nor do values without a period') FROM (VALUES (1, 1::bigint), (2, 2)) v (value, agent);
SELECT ok(coachdiag.values_carry_over(NULL) IS NULL, 'NULL: NULL');

-- effect_interval, against limits worked out by the quadratic equation: (1.2 - limit)^2 = (t hypot(0.4, 0.3))^2 + (z 0.1 limit)^2

SELECT ok(abs(i.low - 0.06884094536671943) < 1e-9 AND abs(i.high - 2.4270371852350583) < 1e-9, '95 % of an effect with 9 degrees of freedom') FROM coachdiag.effect_interval(1.2, 0.4, 0.3, 9) i;
SELECT ok(abs(i.low - 0.28226833503174403) < 1e-9 AND abs(i.high - 2.1844703520461306) < 1e-9, '90 %') FROM coachdiag.effect_interval(1.2, 0.4, 0.3, 9, 0.9) i;
SELECT close(i.p_value, t.p_value, 1e-12, 'p is of no effect, of which nothing is doubtful by itself') FROM coachdiag.effect_interval(1.2, 0.4, 0.3, 9) i, coachdiag.t_interval(1.2, 0.5, 9) t;
SELECT close(i.low, 0, 1e-12, 'and where it is 5 %, the interval ends at zero') FROM coachdiag.t_interval(0, 0.5, 9) t, coachdiag.effect_interval(t.high, 0.4, 0.3, 9) i;
SELECT ok(coachdiag.effect_interval(NULL, 1, 0, 9) IS NULL AND coachdiag.effect_interval(1, 1, NULL, 9) IS NULL, 'NULL: NULL');
SELECT throws_ok(format('SELECT coachdiag.effect_interval(%s)', bad), '22023', message, 'effect_interval refuses ' || bad)
FROM (VALUES ('1, 0, 0, 3', 'effect_interval needs a finite estimate, a positive standard error and degrees of freedom, and a level between 0 and 1'),
	('1, 1, -1, 3', 'effect_interval needs a doubt that is finite and not negative'), ('1, 1, ''NaN'', 3', 'effect_interval needs a doubt that is finite and not negative'),
	('1, 1, ''Infinity'', 3', 'effect_interval needs a doubt that is finite and not negative'), ('1, 1, 0, 3, 1', NULL), ('''NaN'', 1, 0, 3', NULL)) v(bad, message);

-- What is concluded above team level: useless sessions of the weak, and some that move the metric by `gain` for four weeks, at one smallest effect or another

SELECT coachdiag.create_workspace('levels');
CREATE TABLE level_metric AS SELECT * FROM (VALUES ('idle', 0.0, 0.3), ('idle, wide', 0.0, 0.34), ('idle, strict', 0.0, 0.45), ('hidden', 0.2, 0.3), ('harms', -1.0, 0.3), ('works', 0.4, 0.3)) m (metric, gain, smallest_effect);
INSERT INTO levels.metric (metric, higher_is_better, target, smallest_effect) SELECT metric, true, 80, smallest_effect FROM level_metric;
INSERT INTO levels.assignment (agent_id, team, valid_from) SELECT DISTINCT agent, 'team ' || team, date '2024-01-01' FROM weak;
INSERT INTO levels.agent_metric (agent_id, metric, period, value, volume) SELECT agent, metric, week, value + gain * coalesce(before, 0), 10
FROM (SELECT *, sum(sessions) OVER (PARTITION BY agent ORDER BY week ROWS BETWEEN 4 PRECEDING AND 1 PRECEDING) AS before FROM weak) w, level_metric;
INSERT INTO levels.coaching_session (session_id, agent_id, coach_id, held_at, status) SELECT row_number() OVER (ORDER BY agent, week), agent, 900 + team, week + time '10:00', 'held' FROM weak WHERE sessions > 0;
CALL coachdiag.refresh('levels');
SELECT results_eq($$SELECT metric, conclusion FROM levels.coaching_effect WHERE level = 'metric' ORDER BY 1$$,
	$$VALUES ('harms', 'harmful'), ('hidden', 'cannot_tell'), ('idle', 'cannot_tell'), ('idle, strict', 'no_effect'), ('idle, wide', 'no_effect'), ('works', 'effective')$$, 'above team level, too, all four are concluded');
SELECT ok(ci_high < 0, 'who is weak for long may come out below zero, which is no harm: ' || metric) FROM levels.coaching_effect WHERE level = 'metric' AND metric LIKE 'idle%' ORDER BY metric;
SELECT ok(ci_low < -0.34 AND ci_low > -0.45, 'the 95 % interval may reach beyond the smallest effect where that of 90 % does not') FROM levels.coaching_effect WHERE level = 'metric' AND metric = 'idle, wide';
SELECT ok(ci_low > -0.3 AND ci_high < 0.3 AND ci_high + shortfall > 0.3, 'an interval within the smallest effect is not enough where more may be hidden by whom coaches choose') FROM levels.coaching_effect WHERE level = 'metric' AND metric = 'hidden';

-- The workspace

SELECT coachdiag.create_workspace('ops');
INSERT INTO ops.metric (metric, higher_is_better, target, smallest_effect) VALUES ('quality', true, 85, 1), ('errors', false, 20, 1);
INSERT INTO ops.assignment (agent_id, team, valid_from, site, program)
SELECT DISTINCT agent, 'team ' || team, date '2024-01-01', CASE WHEN team % 3 = 0 THEN NULL ELSE 'site ' || team % 3 END, 'program ' || team % 2 FROM works;
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume) SELECT agent, 'quality', week, value, 10 FROM works;
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume) SELECT agent, 'errors', week, 100 - value, 10 FROM works WHERE team <= 9;
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, status, metric, duration_minutes, kind)
SELECT row_number() OVER (ORDER BY m, agent, week), agent, 900 + team, week + time '10:00', 'held', m, 30, 'scheduled' FROM works, unnest('{quality,errors}'::text[]) m WHERE sessions > 0 AND (m = 'quality' OR team <= 9);
CALL coachdiag.refresh('ops');
CALL coachdiag.refresh('ops');
SELECT results_eq('SELECT metric, level, count(*) FROM ops.coaching_effect GROUP BY 1, 2 ORDER BY 1, 2', $$VALUES ('errors', 'metric', 1::bigint), ('errors', 'program', 2), ('errors', 'site', 2), ('errors', 'team', 9),
	('quality', 'metric', 1), ('quality', 'program', 2), ('quality', 'site', 2), ('quality', 'team', 12)$$, 'the view has a row for each team, program, site and the metric');
SELECT ok(bool_and((team IS NULL) = (level <> 'team') AND (level <> 'metric' OR program IS NULL AND site IS NULL) AND (level <> 'program' OR program IS NOT NULL AND site IS NULL)
	AND (level <> 'site' OR site IS NOT NULL AND program IS NULL)), 'team is set for teams only') FROM ops.coaching_effect;
SELECT is((SELECT count(*) FROM (SELECT DISTINCT metric, level, program, site, team FROM ops.coaching_effect) k), (SELECT count(*) FROM ops.coaching_effect), 'and each is there once');
SELECT ok(bool_and(1.72 BETWEEN ci_low AND ci_high AND conclusion = 'effective'), 'every level finds the planted effect') FROM ops.coaching_effect;
SELECT ok(m.ci_high - m.ci_low < a.ci_high - a.ci_low, 'of the whole metric it is known better than of one team alone') FROM ops.coaching_effect m, alone a WHERE m.level = 'metric' AND m.metric = 'quality';
SELECT close(m.sessions, (SELECT sum(t.sessions) FROM ops.coaching_effect t WHERE t.level = 'team' AND t.metric = m.metric AND (t.program = m.program OR m.program IS NULL) AND (t.site = m.site OR m.site IS NULL)), 0,
	concat_ws(' ', 'sessions add up,', metric, level, program, site)) FROM ops.coaching_effect m WHERE level <> 'team';
SELECT ok(max(abs(v.own_improvement - w.raw_improvement)) < 1e-6 AND max(abs(v.own_improvement - v.improvement)) > 1e-3, 'own_improvement is the team''s own, not the one that borrows') FROM ops.coaching_effect v JOIN works_effect w ON v.team = 'team ' || w.unit AND v.metric = 'quality' AND v.level = 'team';
SELECT ok(max(abs(v.improvement - w.improvement)) < 1e-6, 'teams are as from panels') FROM ops.coaching_effect v JOIN works_effect w ON v.team = 'team ' || w.unit AND v.metric = 'quality' AND v.level = 'team';
SELECT results_eq('SELECT metric, count(*), count(DISTINCT (team, periods_since)) FROM ops.coaching_effect_by_period GROUP BY 1 ORDER BY 1', $$VALUES ('errors', 9 * 21::bigint, 9 * 21::bigint), ('quality', 12 * 21, 12 * 21)$$, 'by period: 21 rows a team and metric');
CREATE TABLE judged_by_a_part AS SELECT metric, team FROM ops.structural_score WHERE reason LIKE '%are of the time since%';
SELECT results_eq($$SELECT i.metric, i.team, i.estimate, i.n FROM ops.indicators i WHERE i.test = 'coaching_without_effect' AND (metric, team) NOT IN (TABLE judged_by_a_part) ORDER BY 1, 2$$,
	$$SELECT e.metric, e.team, e.improvement, e.sessions::int FROM ops.coaching_effect e WHERE e.level = 'team' AND (metric, team) NOT IN (TABLE judged_by_a_part) ORDER BY 1, 2$$, 'the indicator tells the same');
SELECT ok(count(*) BETWEEN 1 AND 3 AND bool_and(i.n < e.sessions), 'of teams whose gap changed midway it tells of the sessions since')
	FROM judged_by_a_part JOIN ops.indicators i USING (metric, team) JOIN ops.coaching_effect e USING (metric, team) WHERE i.test = 'coaching_without_effect' AND e.level = 'team';

-- The doubt of an interval goes by what each team is shown to gain, of which coaching_effect_alternatives knows no smallest effect: the mean over teams is held to it without, and the view to the same mean with.
CREATE FUNCTION mean_of(smallest float8, OUT improvement float8, OUT ci_low float8, OUT ci_high float8, OUT p_value float8, OUT detectable float8) LANGUAGE sql AS $$
	SELECT m.improvement, i.low, i.high, i.p_value, (coachdiag.t_interval(0, hypot, m.df)).high + (coachdiag.t_interval(0, hypot, m.df, 0.6)).high
	FROM (SELECT sum(sessions * raw_improvement) / sum(sessions) AS improvement, sqrt(sum((sessions * raw_se) ^ 2)) / sum(sessions) AS se, sum(sessions * doubt) / sum(sessions) AS doubt,
			sum((sessions * raw_se) ^ 2) ^ 2 / sum((sessions * raw_se) ^ 4 / raw_df) AS df
		FROM teams, coachdiag.coaching_effect(units, works, true, smallest_effect => smallest)) m, coachdiag.effect_interval(m.improvement, m.se, m.doubt, m.df) i, sqrt(m.se ^ 2 + m.doubt ^ 2) hypot
$$;
CREATE FUNCTION as_mean(smallest float8, improvement float8, ci_low float8, ci_high float8, p_value float8, what text) RETURNS text LANGUAGE sql AS $$
	SELECT ok(greatest(abs(m.improvement - $2), abs(m.ci_low - $3), abs(m.ci_high - $4), abs(m.p_value - $5)) < 1e-9, what) FROM mean_of(smallest) m
$$;
SELECT as_mean(NULL, a.improvement, a.ci_low, a.ci_high, a.p_value, 'coaching_effect_alternatives: the mean over teams of what each shows by itself') FROM teams t, coachdiag.coaching_effect_alternatives(t.works) a WHERE a.method = 'coaching_effect';
SELECT as_mean(1, m.improvement, m.ci_low, m.ci_high, m.p_value, 'the whole metric: the same mean') FROM ops.coaching_effect m WHERE m.level = 'metric' AND m.metric = 'quality';
SELECT close(m.smallest_detectable, w.detectable, 1e-9, 'which would be seen from so much on') FROM ops.coaching_effect m, mean_of(1) w WHERE m.level = 'metric' AND m.metric = 'quality';
SELECT ok(abs(sum(t.sessions * t.raw_improvement) / sum(t.sessions) - m.improvement) < 1e-9 AND (m.ci_high - m.ci_low) / 2 > 1.96 * sqrt(sum((t.sessions * t.raw_se) ^ 2)) / sum(t.sessions),
	'the mean over teams is of what each shows by itself, and as uncertain') FROM works_effect t, ops.coaching_effect m WHERE m.level = 'metric' AND m.metric = 'quality' GROUP BY m.improvement, m.ci_low, m.ci_high;

-- A team that is all coached, to no effect, in a workspace where coaching works elsewhere

INSERT INTO ops.assignment (agent_id, team, valid_from, program) SELECT DISTINCT agent + 5000, 'alike', date '2024-01-01', 'program 1' FROM nothing WHERE team = 1;
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume) SELECT agent + 5000, 'quality', week, 75 + (value - 80) / 2, 10 FROM nothing WHERE team = 1;
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, status, metric, duration_minutes, kind)
SELECT 100000 + row_number() OVER (), agent + 5000, 999, week + time '10:00', 'held', 'quality', 30, 'scheduled' FROM nothing WHERE team = 1 AND extract(week FROM week)::int % 2 = 1;
CALL coachdiag.refresh('ops');
SELECT is((e.own, e.conclusion, e.pooled), (false, 'cannot_tell'::text, true), 'all coached alike: no conclusion') FROM ops.coaching_effect e WHERE e.team = 'alike';
SELECT is((i.state, i.estimate), ('unknown'::text, NULL::float8), 'the other teams'' effect is no sign of what coaching does here') FROM ops.indicators i WHERE i.team = 'alike' AND i.metric = 'quality' AND i.test = 'coaching_without_effect';
SELECT isnt(d.verdict, 'behavioural', 'nor does it make the gap behavioural') FROM ops.diagnosis d WHERE d.team = 'alike' AND d.metric = 'quality';
-- An agent who came later makes an estimate of sorts, with which nobody was compared either.
INSERT INTO ops.assignment (agent_id, team, valid_from, program) SELECT DISTINCT agent + 6000, 'one later', date '2024-01-01', 'program 1' FROM nothing WHERE team = 1;
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume) SELECT agent + 6000, 'quality', week, 75 + (value - 80) / 2, 10 FROM nothing WHERE team = 1 AND (agent % 100 > 1 OR week > '2024-05-01');
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, status, metric, duration_minutes, kind)
SELECT 200000 + row_number() OVER (), agent + 6000, 999, week + time '10:00', 'held', 'quality', 30, 'scheduled' FROM nothing WHERE team = 1 AND extract(week FROM week)::int % 2 = 1 AND (agent % 100 > 1 OR week > '2024-05-01');
CALL coachdiag.refresh('ops');
SELECT ok(NOT e.own AND e.own_se > 0, 'one came later: an estimate, and nobody to compare with') FROM ops.recent_coaching_effect e WHERE e.team = 'one later';
SELECT ok(d.p_structural < 0.7 AND d.reason ~ 'nobody to compare' AND d.reason !~ 'NaN|a session (seems|improves)', 'which decides nothing: ' || d.verdict || ' ' || round(d.p_structural::numeric, 2)) FROM ops.diagnosis d WHERE d.team = 'one later' AND d.metric = 'quality';
SELECT is(p.coaching_lift, NULL::float8, 'nor is it counted as its lift') FROM ops.churn p WHERE p.level = 'team' AND p.team = 'alike' AND p.metric = 'quality';
SELECT is(v.reason, e.reason, 'nor priced as its own') FROM coachdiag.value_of_coaching('ops') v JOIN ops.coaching_effect e ON e.team = 'alike' AND e.metric = 'quality' WHERE v.team = 'alike';
SELECT is(e.reason, 'mean over 12 teams, weighted by their sessions', 'and it stands in no mean') FROM ops.coaching_effect e WHERE e.level = 'metric' AND e.metric = 'quality';

-- Above teams, where some teams have fewer sessions than others

DELETE FROM ops.coaching_session s USING ops.assignment a WHERE a.agent_id = s.agent_id AND a.team IN ('team 1', 'team 4', 'team 5') AND s.session_id % 2 = 0;
CALL coachdiag.refresh('ops');
CREATE VIEW weighted AS
SELECT m.level, m.metric, m.program, m.site, sum(t.sessions * t.own_improvement) / sum(t.sessions) - m.improvement AS improvement, sum(t.sessions * t.naive_improvement) / sum(t.sessions) - m.naive_improvement AS naive,
	sum(t.sessions * t.null_improvement) / sum(t.sessions) - m.null_improvement AS naive_null, sum(t.sessions * t.naive_share_improved) / sum(t.sessions) - m.naive_share_improved AS share,
	sum(t.sessions * t.null_share_improved) / sum(t.sessions) - m.null_share_improved AS share_null, sum(t.n_coached) - m.n_coached AS coached, sum(t.n_control) - m.n_control AS control, avg(t.own_improvement) - m.improvement AS plain
FROM ops.coaching_effect m JOIN ops.coaching_effect t ON t.level = 'team' AND t.own AND t.metric = m.metric AND (t.program = m.program OR m.program IS NULL) AND (t.site = m.site OR m.site IS NULL)
WHERE m.level <> 'team' GROUP BY m.level, m.metric, m.program, m.site, m.improvement, m.naive_improvement, m.null_improvement, m.naive_share_improved, m.null_share_improved, m.n_coached, m.n_control;
SELECT ok(count(*) > 5 AND bool_and(abs(improvement) < 1e-9) AND max(abs(plain)) > 1e-6, 'above teams: the mean of what each shows by itself, weighted by sessions, which a plain mean is not') FROM weighted;
SELECT ok(bool_and(greatest(abs(naive), abs(naive_null), abs(share), abs(share_null)) < 1e-9), 'and so are the naive figures and those of no effect') FROM weighted;
SELECT ok(bool_and(coached = 0 AND control = 0), 'agents who were coached add up, and those who were not') FROM weighted;

SELECT * FROM finish();
