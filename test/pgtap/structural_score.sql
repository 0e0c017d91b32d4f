-- structural_score over panels and rows: one estimator, its arguments, degenerate input.
\set QUIET on
SET client_min_messages = warning;
SELECT plan(149);

\ir noise.psql

-- Three teams of ten over 40 weeks: 1 short alike by 4 and coached in vain, 2 half of the agents short, 3 short by 12 in one type.
CREATE TABLE fact AS
SELECT t AS team, (100 * t + a)::bigint AS agent, date '2024-01-01' + 7 * w AS week, k.type,
	80 - k.natural_loss - CASE t WHEN 1 THEN 4 WHEN 2 THEN 6 * (a % 2) ELSE 12 * (k.natural_loss > 0)::int END
		+ 0.4 * noise(100 * t + a, 0, 1) + 0.8 * noise(100 * t + a, w, k.natural_loss) AS value,
	(80 - k.natural_loss)::double precision AS target, (10 + a)::double precision AS weight,
	CASE WHEN t = 1 AND k.natural_loss = 0 AND noise(a, w, 5) < -0.9 THEN 1.0 END::double precision AS sessions,
	date '2019-01-01' + a AS hired_on
FROM generate_series(1, 3) t, generate_series(1, 10) a, generate_series(0, 39) w, (VALUES ('easy', 0), ($$re"fu'nd, \$$, 6)) k (type, natural_loss);
CREATE TABLE team AS
SELECT team, coachdiag.panel(value, target, agent, week, weight, type, sessions, NULL, NULL, hired_on) AS panel FROM fact GROUP BY team;
CREATE FUNCTION panel_of(no int) RETURNS coachdiag.panel LANGUAGE sql STABLE AS $$ SELECT panel FROM team WHERE team = no $$;
CREATE FUNCTION test_of(s coachdiag.structural_score_result, name text) RETURNS coachdiag.structural_test LANGUAGE sql IMMUTABLE AS $$
	SELECT t FROM unnest(s.tests) t WHERE t.test = name
$$;
CREATE TABLE score AS SELECT team, s.* FROM team, coachdiag.structural_score(panel, true, 'identity', 1) s;

-- The answers

SELECT is((SELECT array_agg(verdict ORDER BY team) FROM score), '{structural,behavioural,structural}'::text[], 'idle coaching of a short team, unlike agents, a bad contact type');
SELECT ok((SELECT p_structural FROM score WHERE team = 1) > 0.9 AND (SELECT p_structural FROM score WHERE team = 2) < 0.25, 'p_structural agrees');
SELECT is((SELECT array_agg(t.test) FROM score, unnest(tests) t WHERE team = 1), '{coaching_without_effect,consistent_gap,contact_type_or_step,decide_or_wait,experienced_same_gap}'::text[], 'five tests');
SELECT is((SELECT indicators_present FROM score WHERE team = 1), (SELECT count(*)::int FROM score, unnest(tests) t WHERE team = 1 AND state = 'structural'), 'indicators present are counted');
SELECT is((SELECT unknown FROM score WHERE team = 1), (SELECT array_agg(t.test) FROM score, unnest(tests) t WHERE team = 1 AND t.state = 'unknown'), 'unknown tests are named');
SELECT is((SELECT agents FROM score WHERE team = 1), 10, 'agents');
SELECT cmp_ok((SELECT abs(mean_gap - 4) FROM score WHERE team = 1), '<', 0.5::float8, 'positive is worse than target');
SELECT is((SELECT (g).mean_gap FROM (SELECT coachdiag.gap_dispersion(coachdiag.without_mix(panel_of(2)), true) AS g) s), (SELECT mean_gap FROM score WHERE team = 2), 'the gap is that of gap_dispersion with mix taken out');
SELECT results_eq($$SELECT t.estimate, t.ci_low, t.ci_high, t.n::float8 FROM score, unnest(tests) t WHERE team = 1 AND t.test = 'coaching_without_effect'$$,
	$$SELECT e.improvement, e.ci_low, e.ci_high, e.sessions FROM coachdiag.coaching_effect(panel_of(1), true, 'identity', 1) e$$, 'without an effect given, the panel''s own is estimated');
SELECT results_eq($$SELECT t.estimate, t.ci_low, t.ci_high, t.n FROM score, unnest(tests) t WHERE team = 1 AND t.test = 'experienced_same_gap'$$,
	$$SELECT mean_gap, mean_low, mean_high, agents FROM score WHERE team = 1$$, 'where everybody has a year of tenure, theirs is the gap');
SELECT results_eq($$SELECT (test_of(s, 'experienced_same_gap')).estimate, (test_of(s, 'experienced_same_gap')).n FROM coachdiag.structural_score(panel_of(2), true, 'identity', 1) s$$,
	$$SELECT d.mean_gap, d.agents FROM coachdiag.gap_dispersion(coachdiag.tenure_range(coachdiag.without_mix(panel_of(2)), 365, NULL), true) d$$, 'of tenure_range, in any case');
SELECT matches((SELECT reason FROM score WHERE team = 3), 'if re"fu''nd, \\ were like', 'the type to blame is named as it is');
SELECT matches((SELECT next_step FROM score WHERE team = 3), '^Don''t start coaching this. Observe five to ten contacts of re"fu''nd, \\ and map', 'in the next step too');
SELECT matches((SELECT next_step FROM score WHERE team = 1), '^Stop coaching this', 'coaching that runs in vain is to stop');
SELECT is((SELECT changed_on FROM score WHERE team = 1), NULL, 'nothing changed midway');

-- Forms

SELECT results_eq('SELECT * FROM coachdiag.structural_tests(panel_of(1), true, ''identity'', 1)', 'SELECT t.* FROM score, unnest(tests) t WHERE team = 1', 'structural_tests: a row each');
SELECT results_eq('SELECT * FROM coachdiag.structural_tests(panel_of(1), true, ''identity'', 1, 0.1, -0.1, 0.3, 80, 10)',
	'SELECT t.* FROM coachdiag.structural_score(panel_of(1), true, ''identity'', 1, 0.1, -0.1, 0.3, 80, 10) s, unnest(s.tests) t', 'the same with an effect given');
SELECT is((SELECT verdict FROM coachdiag.structural_score(panel_of(1), true, 'identity', 1, 1.2, 0.9, 1.5, 80, 10)), 'behavioural', 'an effect that is given counts');
SELECT is((SELECT verdict FROM coachdiag.structural_score(panel_of(1), true, 'identity', 1, NULL, NULL, NULL, NULL, NULL)), 'cannot_tell', 'without one nobody can tell');
SELECT matches((SELECT next_step FROM coachdiag.structural_score(panel_of(1), true, 'identity', 1, NULL, NULL, NULL, NULL, NULL)), '^Coach a few, 4 agents with 3 sessions each, leave the others as they are, and look again after 8 weeks\.', 'and a few sessions would');
SELECT is((SELECT s FROM (SELECT coachdiag.structural_score(value, target, agent, week, weight, type, sessions, NULL, NULL, hired_on) AS s FROM fact WHERE team = 2) r),
	coachdiag.structural_score(panel_of(2)), 'rows in one step are the panel');
SELECT is((SELECT s.tests FROM (SELECT (coachdiag.structural_score(value, target, agent::text, week, weight, type, sessions, NULL, NULL, hired_on)).* FROM fact WHERE team = 2) s),
	(coachdiag.structural_score(panel_of(2))).tests, 'agents by text as by number');
CREATE TABLE unit AS SELECT team, (coachdiag.structural_score(50 - 5 * value, 50 - 5 * target, agent, week, weight, type, sessions, NULL, NULL, hired_on, false, 5)).* FROM fact GROUP BY team;
SELECT results_eq('SELECT team, verdict, indicators_present, round(p_structural::numeric, 9), round(mean_gap::numeric, 9) FROM unit ORDER BY team',
	'SELECT team, verdict, indicators_present, round(p_structural::numeric, 9), round(mean_gap::numeric, 9) FROM score ORDER BY team', 'with options: in units of the smallest effect, whatever the direction');
SELECT is((SELECT (coachdiag.structural_score(50 - 5 * value, 50 - 5 * target, agent::text, week, weight, type, sessions, NULL, NULL, hired_on, false, 5)).p_structural FROM fact WHERE team = 1),
	(SELECT p_structural FROM unit WHERE team = 1), 'the same for agents by text');

-- Workers and order of rows

CREATE TABLE serial AS SELECT team, coachdiag.structural_score(value, target, agent, week, weight, type, sessions, NULL, NULL, hired_on, true, 1) AS s FROM fact GROUP BY team;
ALTER TABLE fact SET (parallel_workers = 4);
ANALYZE fact;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 4; SET enable_sort = off;
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END $$;
SELECT isnt_empty($$SELECT * FROM plan_of('SELECT team, coachdiag.structural_score(value, target, agent, week, weight, type, sessions, NULL, NULL, hired_on, true, 1) FROM fact GROUP BY team') l WHERE l LIKE '%Partial%'$$, 'it runs in parallel');
SELECT results_eq($$SELECT team, round((s).p_structural::numeric, 12), (s).verdict, round((s).mean_low::numeric, 10) FROM (SELECT team, coachdiag.structural_score(value, target, agent, week, weight, type, sessions, NULL, NULL, hired_on, true, 1) AS s FROM fact GROUP BY team OFFSET 0) x ORDER BY team$$,
	$$SELECT team, round((s).p_structural::numeric, 12), (s).verdict, round((s).mean_low::numeric, 10) FROM serial ORDER BY team$$, 'with the same answer');
RESET max_parallel_workers_per_gather; RESET enable_sort;
SELECT is((SELECT round((s).p_structural::numeric, 12) FROM (SELECT coachdiag.structural_score(value, target, agent, week, weight, type, sessions, NULL, NULL, hired_on, true, 1 ORDER BY value) AS s FROM fact WHERE team = 3) x),
	(SELECT round((s).p_structural::numeric, 12) FROM serial WHERE team = 3), 'in any order of rows');

-- Missing evidence

SELECT is((SELECT array_agg(DISTINCT t.state) FROM coachdiag.structural_tests((SELECT coachdiag.panel(value, target, agent, week) FROM fact WHERE team = 1), true, 'identity', 1) t WHERE t.test <> 'consistent_gap'),
	'{unknown}'::text[], 'tests without their data are unknown');
SELECT is((SELECT array_agg(t.reason ORDER BY t.test) FROM coachdiag.structural_tests((SELECT coachdiag.panel(value, target, agent, week) FROM fact WHERE team = 1), true, 'identity', 1) t WHERE t.reason LIKE '%needs%'),
	'{not assessed: needs agent_metric.contact_type with at least two types,not assessed: needs contact_event,not assessed: needs agent.hired_on of most agents}'::text[], 'and say what they need');
SELECT is(round((n).p_structural::numeric, 9), round((g).p_structural::numeric, 9), 'without a smallest effect: a fifth of the standard deviation of agents'' periods')
FROM coachdiag.without_mix(panel_of(2)) fair, coachdiag.gap_dispersion(fair, true) d,
	LATERAL (SELECT sum(weight) / count(DISTINCT (agent, period)) AS weight FROM coachdiag.cells(fair)) w,
	LATERAL (SELECT coachdiag.structural_score(panel_of(2)) AS n, coachdiag.structural_score(panel_of(2), smallest_effect => 0.2 * sqrt(d.within_sd ^ 2 / w.weight + d.between_sd ^ 2)) AS g) s;
SELECT is(coachdiag.structural_score(NULL::coachdiag.panel), NULL, 'NULL panel');
SELECT is_empty('SELECT * FROM coachdiag.structural_tests(NULL::coachdiag.panel)', 'and its tests');
SELECT is(coachdiag.structural_score((SELECT coachdiag.panel(value, NULL, agent, week) FROM fact)), NULL, 'values without a target have no gap');
SELECT is((SELECT coachdiag.structural_score(value, target, agent, week, weight, type, sessions, NULL, NULL, hired_on) FROM fact WHERE false), NULL, 'no row');
SELECT is((SELECT (coachdiag.structural_score(value, target, agent, week, weight, type, sessions, NULL, NULL, hired_on)).verdict FROM fact WHERE agent = 101), 'cannot_tell', 'one agent');
SELECT is((SELECT (coachdiag.structural_score(value, target, agent, week, weight, type, sessions, NULL, NULL, hired_on)).verdict FROM fact WHERE week = '2024-01-01' AND team = 1 AND type = 'easy'), 'cannot_tell', 'one value each');
SELECT is((SELECT (test_of(coachdiag.structural_score(value, target, agent, week, weight, type, sessions, NULL, NULL, hired_on), 'consistent_gap')).reason FROM fact WHERE week = '2024-01-01' AND team = 1 AND type = 'easy'),
	'spread between agents not available: not separable', 'whose spread is not known');
SELECT is((SELECT (coachdiag.structural_score(3.0::float8, 3.0, agent, week, weight, type, sessions, NULL, NULL, hired_on)).verdict FROM fact WHERE team = 1), 'no_gap', 'all on target');
SELECT is((SELECT (coachdiag.structural_score(3.0::float8, 4.0, agent, week, weight, type, NULL, NULL, NULL, NULL)).verdict FROM fact WHERE team = 1), 'cannot_tell', 'all values equal, and short');
SELECT lives_ok($$SELECT coachdiag.structural_score(value, target, agent, NULL, weight, type, sessions, NULL, NULL, hired_on) FROM fact WHERE team = 1$$, 'no periods');
SELECT is((SELECT (coachdiag.structural_score(value, target, agent, week, weight, type, sessions, NULL, NULL, hired_on)).agents FROM fact WHERE team = 1 AND (agent, type) <> (101, 'easy')), 10, 'an agent with one type');
SELECT is((SELECT (coachdiag.structural_score(coachdiag.panel(x, 0.5, a, date '2024-01-01' + 7 * w, 20), true, 'proportion', 0.05)).verdict
	FROM generate_series(1, 8) a, generate_series(0, 19) w, LATERAL (SELECT (noise(a, w, 9) > 0.84)::int::float8 AS x) r), 'cannot_tell', 'rates');

-- New agents

CREATE TABLE new_team AS SELECT coachdiag.panel(value, target, agent, week, weight, 'easy', sessions, NULL, NULL, date '2023-12-01') AS panel FROM fact WHERE team = 1 AND type = 'easy';
SELECT is((SELECT verdict FROM new_team, coachdiag.structural_score(panel, true, 'identity', 1, 0, -0.2, 0.2, 80, 10)), 'cannot_tell', 'all new and alike: nobody can tell');
SELECT ok((SELECT p_structural BETWEEN 0.2 AND 0.8 FROM new_team, coachdiag.structural_score(panel, true, 'identity', 1, 0, -0.2, 0.2, 80, 10)), 'which p_structural shows');
SELECT is((SELECT t.reason FROM new_team, coachdiag.structural_tests(panel, true, 'identity', 1, 0, -0.2, 0.2, 80, 10) t WHERE t.test = 'experienced_same_gap'),
	'nobody with a year of tenure: the gap of new agents could as well be learning; three will have one in 9 weeks', 'and when it could be told');
SELECT is((SELECT t.more_weeks FROM new_team, coachdiag.structural_tests(panel, true, 'identity', 1, 0, -0.2, 0.2, 80, 10) t WHERE t.test = 'experienced_same_gap'), 9, 'as a number too');

-- New hires who learn: 4 short of the target when hired, e-fold 9 weeks, beside ten on target; none of it the team's

CREATE TABLE learner_fact AS SELECT team, a AS agent, date '2024-01-01' + 7 * w AS period, date '2024-01-01' + 7 * CASE WHEN a > 10 THEN h ELSE -300 END AS hired_on,
	80.5 + 0.6 * sin(1.7 * a + team) - CASE WHEN a > 10 THEN 8 * exp(-(w - h) / 9.0) ELSE 0 END + 1.5 * (noise(a, w, team) - 0.5) AS value
FROM generate_series(1, 6) team, generate_series(1, 16) a, LATERAL (SELECT CASE WHEN a > 10 THEN (a - 11) * 6 + team % 3 ELSE 0 END AS h) x, generate_series(h, 39) w;
CREATE TABLE learner AS SELECT team, coachdiag.panel(value, 80, agent, period, 10, NULL, NULL, NULL, NULL, hired_on) AS panel FROM learner_fact GROUP BY team;
CREATE TABLE curve AS SELECT coachdiag.learning_curve(array_agg(panel ORDER BY team), true) AS learning FROM learner;
SELECT ok(bool_and(abs(learning[1] * exp(-w / 6.0) + learning[2] * exp(-w / 20.0) + 8 * exp(-w / 9.0)) < 0.9), 'the learning curve is found, to an eighth of what new hires lack at first') FROM curve, generate_series(0, 30) w;
SELECT is((SELECT array_agg(DISTINCT s.verdict) FROM learner, curve, coachdiag.structural_score(panel, true, 'identity', 1, learning => learning) s), '{no_gap}', 'new hires'' learning is no gap of the team');
SELECT is((SELECT array_agg(DISTINCT s.next_step) FROM learner, curve, coachdiag.structural_score(panel, true, 'identity', 1, learning => learning) s WHERE s.mean_gap - s.settled_gap > 0.5),
	'{Leave it: no gap worth acting on beyond what new hires usually lack. Keep measuring.}', 'and it is said');
SELECT ok((SELECT bool_and(s.mean_gap > s.settled_gap + 0.3 AND s.settled_low <= s.settled_gap AND s.settled_gap <= s.settled_high) FROM learner, curve, coachdiag.structural_score(panel, true, 'identity', 1, learning => learning) s), 'mean_gap with it, settled_gap without');
SELECT is((SELECT array_agg(round(l::numeric, 9)) FROM unnest(coachdiag.learning_curve((SELECT array_agg(panel) FROM learner), false)) l),
	(SELECT ARRAY[-round(learning[1]::numeric, 9), -round(learning[2]::numeric, 9)] FROM curve), 'turned with the metric');
-- One date that was mistyped is a period of its own, and the centuries before it are none.
CREATE FUNCTION with_stray(stray date) RETURNS coachdiag.panel LANGUAGE sql AS $$
	SELECT coachdiag.panel(value, 80, agent, period, 10, NULL, NULL, NULL, NULL, hired_on)
	FROM (SELECT agent, period, hired_on, value FROM learner_fact WHERE team = 1 UNION ALL SELECT 1, stray, NULL, 80 WHERE stray IS NOT NULL) f
$$;
SELECT is((SELECT array_agg(round(l::numeric, 9)) FROM unnest(coachdiag.learning_curve(ARRAY[with_stray(stray)])) l), (SELECT array_agg(round(l::numeric, 9)) FROM unnest(coachdiag.learning_curve(ARRAY[with_stray(NULL)])) l), 'a stray date, ' || stray)
FROM unnest('{0001-01-01,1970-01-05}'::date[]) stray;
SELECT is((SELECT s.verdict FROM coachdiag.structural_score(with_stray('0001-01-01'), true, 'identity', 1) s), 'no_gap', 'nor is the verdict another');
SELECT is(coachdiag.learning_curve(NULL::coachdiag.panel[]), NULL, 'learning_curve of NULL');
SELECT is(coachdiag.learning_curve('{NULL}'::coachdiag.panel[]), NULL, 'of no panel');
SELECT is(coachdiag.learning_curve(ARRAY[coachdiag.panel(1, 1, 1::bigint, date '2024-01-01')]), '{0,0}', 'nothing to learn from');
SELECT throws_ok($$SELECT coachdiag.structural_score(panel_of(1), learning => '{1}')$$, '22023', 'learning must be two finite numbers', 'learning of one number');
SELECT throws_ok($$SELECT coachdiag.structural_score(panel_of(1), learning => '{1,NaN}')$$, '22023', 'learning must be two finite numbers', 'or NaN');
SELECT throws_ok($$SELECT coachdiag.structural_score(panel_of(1), learning => '{1,NULL}')$$, '22023', 'learning must be two finite numbers', 'or NULL');

-- A gap that closed midway

CREATE TABLE closed AS SELECT coachdiag.panel(value + CASE WHEN week >= '2024-05-20' THEN 4.5 ELSE 0 END, target, agent, week, weight, type, NULL, NULL, NULL, hired_on) AS panel FROM fact WHERE team = 1;
SELECT is((SELECT changed_on FROM closed, coachdiag.structural_score(panel, true, 'identity', 1)), '2024-05-20'::date, 'the week from which it was gone');
SELECT ok((SELECT gap_before > 3.5 AND gap_after < 0 FROM closed, coachdiag.structural_score(panel, true, 'identity', 1)), 'before and after');
SELECT matches((SELECT reason FROM closed, coachdiag.structural_score(panel, true, 'identity', 1)), '^No gap: [^.]*\.[^.]*\.[^.]*\.[^.]*\. The gap fell from 4\.\d\d to -0\.\d\d around 2024-05-20: the verdict and the tests are of the time since\. Does coaching', 'is said before the tests');
SELECT matches((SELECT next_step FROM closed, coachdiag.structural_score(panel, true, 'identity', 1)), '^The gap fell around 2024-05-20; this is of the time since then\. Leave it: no gap worth acting on\. ', 'and before any advice');
SELECT results_eq('SELECT s.verdict, s.mean_gap, s.mean_low, s.mean_high, s.settled_gap, s.tests::text FROM closed, coachdiag.structural_score(panel, true, ''identity'', 1) s',
	'SELECT s.verdict, s.mean_gap, s.mean_low, s.mean_high, s.settled_gap, s.tests::text FROM closed, coachdiag.structural_score(coachdiag.period_range(panel, ''2024-05-20'', NULL), true, ''identity'', 1) s', 'it is judged as if the time since were all there is');
CREATE TABLE halved AS SELECT coachdiag.panel(value - CASE WHEN week < '2024-05-20' THEN 4.5 ELSE 0 END, target, agent, week, weight, type, NULL, NULL, NULL, hired_on) AS panel FROM fact WHERE team = 1;
SELECT matches((SELECT reason FROM halved, coachdiag.structural_score(panel, true, 'identity', 1)), ' The gap fell from 8\.\d\d to 4\.\d\d around 2024-05-20, and the tests are of both times together: look at the time since\. Does coaching', 'a gap at both times is one of both');
CREATE TABLE slight AS SELECT coachdiag.panel(80 + 0.7 * (noise(a, 0, 7) - 0.5) + (noise(a, w, 5) - 0.5) - CASE WHEN w >= 26 THEN 1.6 ELSE 0 END, 80, a, date '2024-01-01' + 7 * w, 10, NULL, 0, NULL, NULL, NULL) AS panel
	FROM generate_series(1, 10) a, generate_series(0, 51) w;
SELECT matches((SELECT reason FROM slight, coachdiag.structural_score(panel, true, 'identity', 1)), ' The gap grew from 0\.\d\d to 2\.\d\d around 2024-07-01, and the tests are of both times together', 'a gap that is small is not worth the loss of the time before');
SELECT matches((SELECT reason FROM slight, coachdiag.structural_score(panel, true, 'identity', 0.75)), ' The gap grew from 0\.\d\d to 2\.\d\d around 2024-07-01: the verdict and the tests are of the time since\. ', 'one of more than two smallest effects is');

-- What sessions did before a fault tells nothing of it: 1.5 for four weeks each, until from week 35 on all have lost 4, which no session gives back.
CREATE TABLE broke AS SELECT coachdiag.panel(80 + 0.7 * (noise(a, 0, 7) - 0.5) + 2 * (noise(a, w, 5) - 0.5) + CASE WHEN w >= 35 THEN -4 ELSE 1.5 * ((w - 1 + 3 * a) % 9 < 4)::int END, 80, a, date '2024-01-01' + 7 * w, 10, NULL, ((w + 3 * a) % 9 = 0)::int, NULL, NULL, NULL) AS panel
FROM generate_series(1, 12) a, generate_series(0, 51) w;
CREATE TABLE broke_score AS SELECT s.* FROM broke, coachdiag.structural_score(panel, true, 'identity', 1) s;
SELECT is((verdict, changed_on), ('structural'::text, date '2024-01-01' + 7 * 35), 'a fault that began midway is judged by the time since') FROM broke_score;
SELECT is(((test_of(s, 'coaching_without_effect')).state, (test_of(s, 'coaching_without_effect')).n < 30), ('unknown'::text, true), 'by the sessions since, which are few') FROM broke, coachdiag.structural_score(panel, true, 'identity', 1) s;
SELECT matches(reason, ': the verdict and the tests are of the time since, with what sessions did then in this team alone\. ', 'which is said') FROM broke_score;
SELECT matches(next_step, '^The gap grew around 2024-09-02; this is of the time since then\. Hold back on coaching this: it looks like the process', 'with what to do') FROM broke_score;
SELECT is((SELECT verdict FROM broke, coachdiag.structural_score(panel, true, 'identity', 1, 1.2, 0.9, 1.5, 60, 12)), 'structural', 'whatever is known of sessions over the whole time');

-- In plain words

SELECT is_empty($$SELECT t.test FROM score s, unnest(s.tests) t WHERE s.reason || s.next_step LIKE '%' || t.test || '%'$$, 'no test by its name');
SELECT matches((SELECT reason FROM score WHERE team = 1), '^Structural: [34] of the four signs of a structural gap are present\. Does coaching move it\? No: several cycles .*\. Do the agents share it\? Yes: .* Can the agents only wait\? Not assessed: needs contact_event\. Do experienced agents show it too\? Yes: agents [^.]*\.$', 'the rule, and the tests as questions');
SELECT matches((SELECT reason FROM score WHERE team = 2), '^Behavioural: agents'' true levels differ by 3\.\d\d \(2\.\d\d to \d\.\d\d\), 3\.\d smallest effects, which counts against one common cause\. ', 'what moved p_structural most, with its figures');
SELECT matches((SELECT reason FROM score WHERE team = 3), '^Structural: 100 % of the gap would go if re"fu''nd, \\ were like the other contact types\. ', 'a contact type');
SELECT matches((SELECT reason FROM coachdiag.structural_score(panel_of(1), true, 'identity', 1, 1.2, 0.9, 1.5, 80, 10)), '^Behavioural: a session improves the metric by 1\.20 \(0\.90 to 1\.50\), which it hardly would if the process held all back\. Does coaching move it\? Yes: a session improves the metric by 1\.20 \(0\.90 to 1\.50\)\. ', 'what coaching does');

-- Coaching that moves the metric by less than is worth having is said to, also where by how much less isn't known
CREATE TABLE little AS SELECT team, low, coach, s.verdict, s.next_step, test_of(s, 'coaching_without_effect') AS t
FROM team, (VALUES (-0.5, 0.3, 1.1, 0), (-0.6, 0.3, 1.2, 0), (0.01, 0.5, 0.99, 0), (-0.5, 0.3, 1.1, 0.8)) v (low, effect, high, coach), coachdiag.structural_score(panel, true, 'identity', 1, effect, low, high, 80, 10, idle_coach => coach) s;
SELECT results_eq($$SELECT (t).state, (t).reason ~ '^a session improves the metric by less than is worth having; how much less isn''t known' FROM little WHERE team = 2 AND coach = 0 AND low < 0 ORDER BY low$$,
	$$VALUES ('unknown', false), ('unknown', true)$$, 'so surely as coaching_effect says no_effect');
SELECT matches((SELECT next_step FROM little WHERE team = 2 AND low = -0.5 AND coach = 0), '^Sessions do nothing worth having here so far\. See what those who are short share \(a shift, a queue, a tool\); if nothing, change how they are coached, or who does it\. Coach the agents who are truly short', 'who differ are to be coached, but not so');
SELECT matches((SELECT next_step FROM little WHERE team = 2 AND low = -0.5 AND coach = 0.8), '^Let another coach try, or coach the coach: ', 'nor by a coach whose sessions do nothing elsewhere');
SELECT matches((SELECT (t).reason || next_step FROM little WHERE team = 2 AND low = 0.01), '^a session improves the metric by 0\.50\d? \(0\.01\d? to 0\.99\d?\), less than is worth havingCoaching works here, though one session alone moves less than is worth having\. ', 'what works a little');
SELECT matches((SELECT next_step FROM little WHERE team = 3 AND low = -0.5 AND coach = 0), '^Stop coaching this, which does nothing worth having\. Observe', 'nor where it is the process');
SELECT matches((SELECT next_step FROM coachdiag.structural_score((SELECT coachdiag.panel(70 + 30 * noise(a, w, 1), 80, a, date '2024-01-01' + 7 * w, 1) FROM generate_series(1, 4) a, generate_series(0, 39) w), true, 'identity', 1)),
	'^A few sessions would hardly tell: observe five to ten contacts, and note', 'where half of the team can''t have as many sessions as would tell, none are advised');

-- Agents who share a large gap and still differ by several smallest effects: only the experienced are known, and they say structural
CREATE TABLE apart AS SELECT coachdiag.panel(65 + 0.952 * (a - 6.5) + noise(a, w, 1), 60, a, date '2024-01-01' + 7 * w, 10, NULL, NULL, NULL, NULL, date '2019-01-01') AS panel
FROM generate_series(1, 12) a, generate_series(0, 39) w;
SELECT results_eq($$SELECT s.verdict, t.test FROM apart, coachdiag.structural_score(panel, false, 'identity', 1, NULL, NULL, NULL, NULL, NULL) s, unnest(s.tests) t WHERE t.state <> 'unknown'$$,
	$$VALUES ('behavioural', 'experienced_same_gap')$$, 'a verdict against the only test that is known');
SELECT matches((SELECT reason FROM apart, coachdiag.structural_score(panel, false, 'identity', 1, NULL, NULL, NULL, NULL, NULL)),
	'^Behavioural: agents'' true levels differ by 3\.\d\d \(2\.\d\d to 5\.\d\d\), 3\.\d smallest effects, which counts against one common cause\. ', 'says why');

-- Neither a gap nor that there is none
CREATE TABLE unclear AS SELECT weeks, coachdiag.panel(80.2 + between * (a - 4.5) + within * noise(a, w, 1), 80, a, date '2024-01-01' + 7 * w, 1) AS panel
FROM (VALUES (40, 1, 60), (12, 0, 7), (39, 1, 1)) v (weeks, between, within), generate_series(1, 8) a, generate_series(0, weeks - 1) w GROUP BY weeks;
CREATE TABLE unclear_score AS SELECT weeks, s.* FROM unclear, coachdiag.structural_score(panel, true, 'identity', 1, NULL, NULL, NULL, NULL, NULL) s;
SELECT results_eq('SELECT weeks, verdict, mean_gap < 0 AND mean_high > 1, p_structural IS NULL FROM unclear_score ORDER BY weeks', $$VALUES (12, 'cannot_tell', true, false), (39, 'no_gap', true, true), (40, 'cannot_tell', true, false)$$,
	'above target on average, and the interval wide: of agents such as these, or of these very agents');
SELECT matches((SELECT next_step FROM unclear_score WHERE weeks = 40),
	'^No gap worth acting on is shown: a mean gap of -\d\.\d+ \(-\d+\.\d+ to \d+\.\d+\), and below zero is better than target\. Keep measuring, and look again in a quarter\.$', 'nobody is to be coached');
SELECT matches((SELECT next_step FROM unclear_score WHERE weeks = 12), 'Keep measuring, and look again after at least \d+ more weeks\.$', 'and when to look again is said');
SELECT matches((SELECT reason FROM unclear_score WHERE weeks = 12), '^Cannot tell: a mean gap of .* shows nothing worth acting on, and doesn''t rule it out\. Does', 'with the reason');
SELECT is((SELECT verdict FROM coachdiag.structural_score((SELECT coachdiag.panel(80.2 + 7 * noise(a, w, 1), 80, a, date '2024-01-01' + 7 * w, 1) FROM generate_series(1, 8) a, generate_series(0, 11 + look.weeks) w), true, 'identity', 1)), 'no_gap', 'about then there is surely none')
FROM (SELECT substring(next_step FROM 'after at least (\d+)')::int AS weeks FROM unclear_score WHERE weeks = 12) look;
SELECT matches((SELECT next_step FROM coachdiag.structural_score((SELECT coachdiag.panel(x, 80, 1::bigint, NULL) FROM (VALUES (81.0)) v (x)), true, 'identity', 1)),
	'^No gap worth acting on is shown: a mean gap of -1\.00, and below', 'one value: without an interval');
SELECT matches((SELECT next_step FROM coachdiag.structural_score((SELECT coachdiag.panel(80.5 + 4 * (a - 3.5) - CASE WHEN w < 20 THEN -4 ELSE 4 END + noise(a, w, 1), 80, a, date '2024-01-01' + 7 * w, 1) FROM generate_series(1, 6) a, generate_series(0, 39) w), true, 'identity', 1)),
	'^The gap grew around 2024-05-20; this is of the time since then\. Coach the agents who are truly short', 'a gap that opened midway is not passed over');
CREATE TABLE late AS SELECT how, coachdiag.panel(value + CASE how WHEN 'at once' THEN 4.5 - CASE WHEN week >= '2024-08-05' THEN 3 ELSE 0 END WHEN 'slowly' THEN 6 - (week - date '2024-01-01') / 63.0 WHEN 'a little' THEN 4.5 - (week - date '2024-01-01') / 300.0 WHEN 'lately' THEN 4.5 - CASE WHEN week >= '2024-09-02' THEN 3 ELSE 0 END END,
	target, agent, week, weight, type, NULL, NULL, NULL, hired_on) AS panel
FROM fact, unnest('{at once,slowly,a little,lately}'::text[]) how WHERE team = 1 GROUP BY how;
CREATE TABLE late_score AS SELECT how, s.* FROM late, coachdiag.structural_score(panel, true, 'identity', 1) s;
SELECT results_eq('SELECT how, verdict, mean_high < 1, p_structural IS NULL FROM late_score ORDER BY how', $$VALUES ('a little', 'no_gap', true, true), ('at once', 'cannot_tell', false, false), ('lately', 'cannot_tell', true, false), ('slowly', 'cannot_tell', true, false)$$,
	'no gap over the whole time is none only where there is none now');
SELECT matches(next_step, CASE how WHEN 'at once' THEN '^The gap grew around 2024-08-05; this is of the time since then\. Coach a few, '
	WHEN 'lately' THEN '^The gap grew lately: over the whole time none is shown that is worth acting on, but the 2\.\d\d of the last 5 weeks is\. Before acting, look at these weeks, and at what changed\.$'
	WHEN 'slowly' THEN '^The gap grew slowly: over the whole time none is shown that is worth acting on, but the [12]\.\d\d of the last 13 weeks is\.' ELSE '^Leave it: ' END, 'which is said: ' || how) FROM late_score ORDER BY how;
SELECT matches(reason, '^Cannot tell: a mean gap without contact mix of .* is not worth acting on, but the [12]\.\d\d of the last 13 weeks is\. ', 'with its figures') FROM late_score WHERE how = 'slowly';
-- A gap that falls by little and little, while useless sessions are given: to nothing, by half, by none
CREATE TABLE falling AS SELECT days, coachdiag.panel(value + coalesce((week - date '2024-01-01') / days, 0), target, agent, week, weight, type, sessions, NULL, NULL, hired_on) AS panel
FROM fact, unnest('{60,120,NULL}'::float8[]) days WHERE team = 1 GROUP BY days;
CREATE TABLE falling_score AS SELECT days, s.* FROM falling, coachdiag.structural_score(panel, true, 'identity', 1) s;
SELECT results_eq('SELECT days, verdict FROM falling_score ORDER BY 1', $$VALUES (60::float8, 'no_gap'), (120, 'structural'), (NULL, 'structural')$$, 'a gap that closed slowly is none any more');
SELECT matches(next_step || reason, '^Leave it: no gap worth acting on any more\. Keep measuring\.No gap: the gap fell slowly, from 3\.\d\d in the first 13 weeks to 0\.\d+ \(-?0\.\d+ to 0\.\d+\) in the last 13: not worth acting on any more\. Does ', 'which is said')
FROM falling_score WHERE days = 60;
SELECT matches(next_step, '^Don''t stop coaching this before you know what closes it: the gap fell slowly, from 3\.\d\d in the first 13 weeks to 2\.\d\d \(.*\) in the last 13\. Observe five to ten contacts', 'one that is closing is not to lose what may close it')
FROM falling_score WHERE days = 120;
SELECT matches(reason, ' are present\. Meanwhile the gap fell slowly, from 3\.\d\d in the first 13 weeks', 'and the reason knows') FROM falling_score WHERE days = 120;
SELECT matches(next_step, '^Stop coaching this\. Observe', 'one that stays is') FROM falling_score WHERE days IS NULL;
SELECT matches(next_step, '^Don''t start coaching this\. Observe', 'and never coached, there is nothing to stop') FROM (SELECT coachdiag.panel(value + (week - date '2024-01-01') / 120.0, target, agent, week, weight, type, NULL, NULL, NULL, hired_on) AS panel FROM fact WHERE team = 1) p,
	coachdiag.structural_score(panel, true, 'identity', 1, 0, 0, 0, 0, 0, waiting_share => 0.9, waiting_low => 0.8, waiting_high => 1);
-- Half of the agents short, and all a point and a half less so by the end: with sessions, without, and at once
CREATE TABLE unlike AS SELECT how, coachdiag.panel(value - 1 + CASE how WHEN 'at once' THEN CASE WHEN week >= '2024-05-20' THEN 2 ELSE 0 END ELSE (week - date '2024-01-01') / 120.0 END,
	target, agent, week, weight, type, CASE WHEN how <> 'uncoached' AND type = 'easy' AND noise((agent % 100)::int, (week - date '2024-01-01') / 7, 5) < -0.9 THEN 1 END, NULL, NULL, hired_on) AS panel
FROM fact, unnest('{coached,uncoached,at once}'::text[]) how WHERE team = 2 GROUP BY how;
CREATE TABLE unlike_score AS SELECT how, s.* FROM unlike, coachdiag.structural_score(panel, true, 'identity', 1) s;
SELECT is((SELECT array_agg(DISTINCT verdict) FROM unlike_score), '{behavioural}'::text[], 'agents who differ are, whatever the fall');
SELECT matches(next_step, CASE how WHEN 'coached' THEN '^Coach on until the gap has closed: the gap fell slowly, from \d\.\d\d in the first 13 weeks to \d\.\d\d \(.*\) in the last 13\. '
	WHEN 'uncoached' THEN '^Coach the agents who are truly short' ELSE '^The gap fell around 2024-05-20: before acting, look at the time since then\. (Sessions|Coach the|Coaching)' END, 'what to do: ' || how) FROM unlike_score ORDER BY how;
SELECT matches(reason, CASE how WHEN 'at once' THEN ' around 2024-05-20, and the tests are of both times together' ELSE 'Meanwhile the gap fell slowly, from ' END, 'and why: ' || how) FROM unlike_score ORDER BY how;
-- New hires from August on: half of what they lack is usual
CREATE TABLE joined AS SELECT coachdiag.panel(80 + CASE WHEN a > 5 THEN -2.5 ELSE 0.6 END + 0.6 * noise(a, w, 3), 80, a, date '2024-01-01' + 7 * w, 10, NULL, NULL, NULL, NULL, CASE WHEN a > 5 THEN date '2024-08-05' ELSE date '2019-01-01' END) AS panel
FROM generate_series(1, 16) a, generate_series(0, 39) w WHERE a <= 5 OR w >= 31;
SELECT results_eq($$SELECT l, verdict = 'no_gap', next_step LIKE 'The gap grew around 2024-08-05; %It grew, though: watch it. Keep measuring.' FROM joined, unnest('{0,-3}'::float8[]) l, coachdiag.structural_score(panel, true, 'identity', 1, learning => ARRAY[0, l]) ORDER BY l$$,
	$$VALUES (-3::float8, true, true), (0, false, false)$$, 'what is usual is taken out of what grew, too');

-- Rates are told in points of a per cent
SELECT matches(reason, '^No gap: a mean gap without new hires'' usual learning of -?0\.\d+ % points \(.*\) is surely not worth acting on\. The mean gap is [1-3]\.\d\d % points with what new hires usually lack, which isn''t held against the team, and -?0\.\d\d without\. ', 'what new hires lack is told beside the mean gap')
FROM (SELECT coachdiag.panel(value / 100, 0.8, agent, period, 400, NULL, NULL, NULL, NULL, hired_on) AS panel FROM learner_fact WHERE team = 1) p, curve, coachdiag.structural_score(panel, true, 'proportion', 0.01, learning => ARRAY[learning[1] / 100, learning[2] / 100]);

-- Types that share one target, and waiting

CREATE TABLE single AS SELECT coachdiag.panel(value, 77, agent, week, weight, type, NULL, NULL, NULL, hired_on) AS panel FROM fact WHERE team = 1;
SELECT matches((SELECT t.reason FROM single, coachdiag.structural_tests(panel, true, 'identity', 1) t WHERE t.test = 'contact_type_or_step'), '^not assessed: most contacts are of types that share one target', 'one target for all types is no evidence');
SELECT is((SELECT t.state FROM single, coachdiag.structural_tests(panel, true, 'identity', 1, usual => jsonb_build_object('easy', -3, $$re"fu'nd, \$$, 3)) t WHERE t.test = 'contact_type_or_step'), 'behavioural', 'beside what is usual there is no difference');
SELECT is((SELECT t.state FROM single, coachdiag.structural_tests(panel, true, 'identity', 1, usual => '{}') t WHERE t.test = 'contact_type_or_step'), 'structural', 'beside nothing usual there is');
SELECT is((SELECT t.state FROM coachdiag.structural_tests(panel_of(1), true, 'identity', 1, NULL, NULL, NULL, NULL, NULL, NULL, 0.8, 0.6, 0.9) t WHERE t.test = 'decide_or_wait'), 'structural', 'agents who wait');
SELECT is((SELECT t.reason FROM coachdiag.structural_tests(panel_of(1), true, 'identity', 1, NULL, NULL, NULL, NULL, NULL, waiting_missing => 'only 3 contacts tell') t WHERE t.test = 'decide_or_wait'), 'only 3 contacts tell', 'why waiting is not known is said as it is told');
SELECT isnt((SELECT t.reason FROM coachdiag.structural_tests(panel_of(1), true, 'identity', 1, NULL, NULL, NULL, NULL, NULL, NULL, 0.8, 0.6, 0.9, waiting_missing => 'x') t WHERE t.test = 'decide_or_wait'), 'x', 'where it is known nothing is missing');
SELECT is((SELECT indicators_present FROM coachdiag.structural_score(panel_of(1), true, 'identity', 1, NULL, NULL, NULL, NULL, NULL, NULL, 0.8, 0.6, 0.9)),
	(SELECT indicators_present FROM coachdiag.structural_score(panel_of(1), true, 'identity', 1, NULL, NULL, NULL, NULL, NULL)), 'are not counted among the four');
SELECT results_eq($$SELECT contact_type, weight, round(gap::numeric, 9), target_low, target_high FROM coachdiag.contact_type_gaps(panel_of(3), true)$$,
	$$SELECT type, sum(weight), round((sum(weight * (target - value)) / sum(weight))::numeric, 9), 74::float8, 80::float8 FROM fact WHERE team = 3 GROUP BY type ORDER BY type COLLATE "C"$$, 'gaps by contact type');
SELECT is_empty('SELECT * FROM coachdiag.contact_type_gaps(NULL)', 'of no panel: none');

-- A target that changes with time, midweek too, or with tenure, and is the same for all types; and a type with one of its own
CREATE TABLE target AS
SELECT how, coachdiag.panel(value, CASE how WHEN 'time' THEN CASE WHEN week < '2024-05-20' THEN 77 ELSE 76.5 END WHEN 'tenure' THEN 77 - (agent % 2) * (week < '2024-04-01')::int
	WHEN 'moves' THEN 77 + CASE type WHEN 'easy' THEN -0.1 * (week - date '2024-01-01') ELSE -300 END ELSE 77 END, agent, week, weight, type, NULL, NULL, NULL, hired_on) AS panel
FROM fact, unnest('{time,tenure,moves}'::text[]) how WHERE team = 1 GROUP BY how
UNION ALL
SELECT 'midweek', coachdiag.weeks(coachdiag.panel(value, CASE WHEN week + day < '2024-05-23' THEN 77 ELSE 76.5 END, agent, week + day, weight * CASE type WHEN 'easy' THEN 1 + day ELSE 5 - day END, type, NULL, NULL, NULL, hired_on))
FROM fact, generate_series(0, 4) day WHERE team = 1
UNION ALL
SELECT 'own', coachdiag.panel(value, CASE type WHEN 'third' THEN 70 ELSE 77 END, agent, week, weight, type, NULL, NULL, NULL, hired_on)
FROM (SELECT * FROM fact WHERE team = 1 UNION ALL SELECT team, agent, week, 'third', value, target, weight / 4, sessions, hired_on FROM fact WHERE team = 1 AND type <> 'easy') f;
SELECT results_eq('SELECT how, array_agg(g.target_of ORDER BY g.contact_type), count(DISTINCT g.target_low) FROM target, coachdiag.contact_type_gaps(panel) g GROUP BY how ORDER BY how',
	$$VALUES ('midweek', '{easy,easy}'::text[], 1::bigint), ('moves', '{NULL,NULL}', 1), ('own', '{easy,easy,NULL}', 1), ('tenure', '{easy,easy}', 1), ('time', '{easy,easy}', 1)$$,
	'types share a target that changes for all of them');
SELECT results_eq($$SELECT how, t.reason LIKE 'not assessed: most contacts are of types that share one target%' FROM target, coachdiag.structural_tests(panel, true, 'identity', 1) t WHERE t.test = 'contact_type_or_step' ORDER BY how$$,
	$$VALUES ('midweek', true), ('moves', false), ('own', true), ('tenure', true), ('time', true)$$, 'and without anything usual say nothing');
SELECT is((SELECT array_agg(g.target_of) FROM (SELECT coachdiag.panel(value, target, agent, week, weight, type, NULL, NULL, NULL, hired_on) AS panel FROM fact WHERE team = 1 AND type = 'easy') p, coachdiag.contact_type_gaps(panel) g), '{easy}', 'one type has the target that there is');

-- A team a fifth too slow at everything is not worse at the long types; one that takes two fifths more at the long type is.
CREATE TABLE slow AS
SELECT more, coachdiag.panel(ln(length * 1.2) + CASE WHEN length = 1200 THEN ln(1 + more) ELSE 0 END + 0.02 * noise(a, w, length / 100), ln(length), a, date '2024-01-01' + 7 * w, 10,
	'type ' || length, NULL, NULL, NULL, date '2019-01-01') AS panel
FROM unnest('{0,0.4}'::float8[]) more, generate_series(1, 10) a, generate_series(1, 30) w, unnest('{150,400,1200}'::int[]) length GROUP BY more;
SELECT results_eq($$SELECT more, t.state FROM slow, coachdiag.structural_tests(panel, false, 'log', 40) t WHERE t.test = 'contact_type_or_step' ORDER BY more$$,
	$$VALUES (0::float8, 'behavioural'), (0.4, 'structural')$$, 'logarithms: shares are compared, not seconds of types of different length');
SELECT ok(bool_and(abs(gap / ((150 + 400 + 1200) / 3 * ln(1.2)) - 1) < 0.1), 'at one target for all types')
FROM slow, coachdiag.contact_type_gaps(panel, false, 'log') WHERE more = 0;

SELECT is(next_step, 'Go on coaching, which moves the metric, and observe five to ten contacts of type 1200: note where the agent decides and where the agent waits.',
	'three signs, and coaching that moves the metric: neither is passed over') FROM slow, coachdiag.structural_score(panel, false, 'log', 40, 22, 1, 43, 51, 10) WHERE more = 0.4;

SELECT is_empty($$
	WITH sets AS (SELECT agent % 2 AS half, agent % 3 AS third, coachdiag.structural_score(value, target, agent, week, weight, type, sessions, NULL, NULL, hired_on, true, 2) AS s FROM fact GROUP BY GROUPING SETS ((agent % 2), (agent % 3)))
	SELECT third FROM sets WHERE half IS NULL EXCEPT ALL (SELECT third FROM sets JOIN (
		SELECT agent % 3 AS third, coachdiag.structural_score(value, target, agent, week, weight, type, sessions, NULL, NULL, hired_on, true, 2) AS s FROM fact GROUP BY 1) alone USING (third) WHERE sets.s = alone.s)$$,
	'each of several grouping sets is judged as if it were alone');
SET datestyle = 'German';
SELECT matches((s).reason, ' around 20\d\d-\d\d-\d\d: ', 'dates in a reason are the same in all sessions') FROM (
	SELECT coachdiag.structural_score(coachdiag.panel(CASE WHEN w < 26 THEN 60 ELSE 84 END + sin(7.0 * a + 1.3 * w), 85::float8, a::bigint, date '2025-01-06' + 7 * w), true, 'identity', 2) AS s
	FROM generate_series(1, 10) a, generate_series(0, 51) w) x;
RESET datestyle;

-- Errors

SELECT throws_ok($$SELECT coachdiag.structural_score(panel_of(1), true, 'odd')$$, '22023', 'unknown scale "odd"', 'unknown scale');
SELECT throws_ok($$SELECT coachdiag.structural_score(panel_of(1), true, 'identity', -1)$$, '22023', 'smallest_effect must be a finite number, not negative', 'negative smallest effect');
SELECT throws_ok($$SELECT coachdiag.structural_score(panel_of(1), true, 'identity', 1, 'NaN', NULL, NULL, NULL, NULL)$$, '22023', 'effect must be a finite number', 'NaN');
SELECT throws_ok($$SELECT coachdiag.structural_score(panel_of(1), true, 'identity', 1, usual => '[1]')$$, '22023', 'usual must be a JSON object: contact type -> usual gap', 'usual: an array');
SELECT throws_ok($$SELECT coachdiag.structural_score(panel_of(1), true, 'identity', 1, usual => '{"easy": "much"}')$$, '22023', 'usual must hold a number for each contact type', 'usual: no number');
SELECT throws_ok($$SELECT coachdiag.structural_score(panel_of(1), true, 'identity', 1, usual => '{"nobody''s": "much"}')$$, '22023', 'usual must hold a number for each contact type', 'nor of a type that is not there');
SELECT throws_ok($$SELECT coachdiag.structural_score(panel_of(1), true, 'identity', 1, usual => '{"nobody''s": [1, 2]}')$$, '22023', 'usual must hold a number for each contact type', 'two of three');
SELECT lives_ok($$SELECT coachdiag.structural_score(panel_of(1), true, 'identity', 1, usual => '{"nobody''s": [1, 2, 0.5], "easy": 1}')$$, 'which may be given otherwise');
SELECT throws_ok($$SELECT coachdiag.structural_score(panel_of(1), true, 'identity', 1, 0.5, 0.9, 0.1, 40, 8)$$, '22023', 'effect_low must not be above effect_high', 'ends that changed places');
SELECT throws_ok($$SELECT coachdiag.structural_score(panel_of(1), true, 'identity', 1, 0.5, 0.1, 0.9, 40, 8, waiting_share => 0.5, waiting_low => 0.6, waiting_high => 0.4)$$, '22023', 'waiting_low must not be above waiting_high', 'of waiting, too');
SELECT throws_ok($$SELECT coachdiag.p_structural(0.5, NULL, 0, 0.5, -0.5, 1)$$, '22023', 'effect_low must not be above effect_high', 'and in p_structural');
SELECT throws_ok($$SELECT coachdiag.p_structural(0.5, NULL, 0, NULL, NULL, 1, waiting_share => 0.5, waiting_low => 0.6, waiting_high => 0.4)$$, '22023', 'waiting_low must not be above waiting_high', 'both');
SELECT throws_ok($$SELECT coachdiag.structural_score(value, target, agent, week, weight, type, sessions, NULL, NULL, hired_on, true, 0) FROM fact$$, '22023', 'smallest_effect must be above 0', 'smallest effect 0 in one step');
SELECT throws_ok($$SELECT coachdiag.structural_accum(NULL, 1, 1, 1::bigint, NULL, 1, NULL, NULL, NULL, NULL, NULL, true, 1)$$, '0A000', NULL, 'not to be called on its own');
SELECT is(round(coachdiag.p_structural(NULL, NULL, NULL, NULL, NULL, NULL)::numeric, 12), round((0.01 + 0.98 / (1 + sqrt(0.73 / 0.27)))::numeric, 12), 'p_structural without any evidence');
SELECT ok(p_waiting > p AND p > p_deciding, 'waiting speaks for structural, deciding against')
FROM coachdiag.p_structural(0.5, NULL, 0, -0.3, 0.3, 1) p, coachdiag.p_structural(0.5, NULL, 0, -0.3, 0.3, 1, waiting_share => 0.9, waiting_low => 0.7, waiting_high => 1) p_waiting,
	coachdiag.p_structural(0.5, NULL, 0, -0.3, 0.3, 1, waiting_share => 0, waiting_low => 0, waiting_high => 0.1) p_deciding;
SELECT cmp_ok(coachdiag.p_structural(0.5, NULL, 0, -0.3, 0.3, 1, gap => 6), '<', coachdiag.p_structural(0.5, NULL, 0, -0.3, 0.3, 1, gap => 2), 'agents who differ by half of a large gap differ by much');
SELECT throws_ok($$SELECT coachdiag.p_structural('NaN', NULL, NULL, NULL, NULL, NULL)$$, '22023', NULL, 'p_structural of NaN');

SELECT * FROM finish();
