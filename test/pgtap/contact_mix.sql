-- What the mix of contacts adds to a team's gap, where all contact types share one target.
\set QUIET on
SET client_min_messages = error;
SELECT plan(17);

\ir noise.psql
-- A workspace of teams of 8 over 26 weeks, with one metric. type: contact types of each team, their mean and volume there.
CREATE TABLE type (team int, contact_type text, mean float8, volume float8);
CREATE FUNCTION centre(ws text, higher_is_better boolean, target float8, smallest_effect float8, scale text, sd float8) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM coachdiag.create_workspace(ws);
	EXECUTE format('INSERT INTO %I.metric (metric, higher_is_better, target, smallest_effect, scale) VALUES ($1, $2, $3, $4, $5)', ws) USING 'm', higher_is_better, target, smallest_effect, scale;
	EXECUTE format('INSERT INTO %I.assignment (agent_id, team, valid_from) SELECT 100 * t + a, $1 || t, $2 FROM (SELECT DISTINCT team FROM type) x (t), generate_series(1, 8) a', ws) USING 'team ', date '2023-01-01';
	EXECUTE format('INSERT INTO %I.agent_metric (agent_id, metric, period, value, volume, contact_type)
		SELECT 100 * team + a, $1, date %L + 7 * w, CASE WHEN $2 THEN mean * exp(n) ELSE mean + n END, volume, contact_type
		FROM type, generate_series(1, 8) a, generate_series(0, 25) w, LATERAL (SELECT $3 * (noise(team, a, 1) + 2 * noise(100 * team + a, w, mean)) AS n) n', ws, '2024-01-01')
	USING 'm', scale = 'log', sd;
	EXECUTE format('UPDATE %I.settings SET as_of = $1', ws) USING date 'infinity';
	EXECUTE format('CALL coachdiag.refresh(%L)', ws);
	DELETE FROM type;
END
$$;

-- Three teams in ten get twice the long contacts, and nobody is slower at any. Team 9 is slow by itself, and 10 hides it by its mix.

INSERT INTO type SELECT t, 'of ' || length, length + CASE WHEN t >= 9 THEN 15 ELSE 0 END, CASE length WHEN 140 THEN CASE WHEN t <= 3 THEN 80 WHEN t = 10 THEN 8 ELSE 40 END ELSE 60 END
FROM generate_series(1, 10) t, unnest('{73,140}'::int[]) length;
SELECT centre('mix', false, 100, 5, 'identity', 2);
SELECT results_eq($$SELECT verdict, count(*), bool_and(mean_gap > 5) FROM mix.structural_score WHERE team NOT IN ('team 9', 'team 10') GROUP BY verdict ORDER BY verdict$$,
	$$VALUES ('no_gap', 5::bigint, false), ('structural', 3, true)$$, 'a gap that all teams have with these contacts is the contacts''');
SELECT ok(bool_and(next_step LIKE 'Don''t start coaching this. The same contacts come out alike in most teams: give each contact type a target of its own%'
	AND reason ~ '^Structural: most of the gap comes of the contact types that the team gets; a mean gap without contact mix of -?\d\.\d+ .* is not worth acting on\. The contact types that the team gets more of than others add 1\d\.\d, in most teams, which isn''t held against the team\.'
	AND abs(mean_gap - settled_gap - 11.5) < 1 AND p_structural > 0.9), 'which is said') FROM mix.structural_score WHERE team IN ('team 1', 'team 2', 'team 3');
SELECT results_eq($$SELECT team, verdict IN ('no_gap', 'behavioural'), round(mean_gap / 5), round(settled_gap / 5) FROM mix.structural_score WHERE team IN ('team 9', 'team 10') ORDER BY team$$,
	$$VALUES ('team 10', false, -1::float8, 3::float8), ('team 9', false, 3, 3)$$, 'and one that the contacts hide is seen');
SELECT matches(reason, 'The contact types that the team gets more of than others take away 1\d\.\d, in most teams, which isn''t credited to the team\.', 'and said') FROM mix.structural_score WHERE team = 'team 10';

-- Rates, and times of which one type takes six times as long

INSERT INTO type SELECT t, 'of ' || q, q / 100.0, CASE q WHEN 60 THEN CASE WHEN t <= 3 THEN 80 ELSE 40 END ELSE 60 END FROM generate_series(1, 10) t, unnest('{60,95}'::int[]) q;
SELECT centre('rate', true, 0.8, 0.03, 'proportion', 0.005);
SELECT ok(bool_and(CASE WHEN team IN ('team 1', 'team 2', 'team 3') THEN mean_gap - settled_gap BETWEEN 0.045 AND 0.075 ELSE abs(mean_gap - settled_gap) < 0.005 END),
	'higher is better: types that are hard for all take away') FROM rate.structural_score;
INSERT INTO type SELECT t, 'of ' || length, length, CASE WHEN (length = 300) = (t <= 3) THEN 80 ELSE 20 END FROM generate_series(1, 10) t, unnest('{50,300}'::int[]) length;
SELECT centre('slow', false, 100, 10, 'log', 0.02);
SELECT ok(max(settled_gap) - min(settled_gap) < 6 AND max(mean_gap) - min(mean_gap) > 80, 'logarithms: nobody is slower at any') FROM slow.structural_score;

-- A target that is tightened for all types, or easier for new hires, is still one target; beside a type with one of its own the others share theirs.

CREATE FUNCTION retarget(ws text, target text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('UPDATE %I.agent_metric SET target = %s', ws, target);
	EXECUTE format('CALL coachdiag.refresh(%L)', ws);
END
$$;
CREATE TABLE before AS SELECT team, verdict, settled_gap FROM mix.structural_score;
SELECT retarget('mix', 'CASE WHEN period < ''2024-04-01'' THEN 100 ELSE 99 END');
SELECT is_empty('SELECT team FROM mix.structural_score a JOIN before b USING (team) WHERE a.verdict <> b.verdict OR NOT a.settled_gap - b.settled_gap BETWEEN 0.3 AND 0.7', 'a target tightened midway: what is usual stays so');
SELECT retarget('mix', 'CASE WHEN agent_id % 2 = 0 AND period < ''2024-04-01'' THEN 101 ELSE 100 END');
SELECT is_empty('SELECT team FROM mix.structural_score a JOIN before b USING (team) WHERE a.verdict <> b.verdict OR NOT b.settled_gap - a.settled_gap BETWEEN 0.1 AND 0.4', 'an easier one for some agents, for a time');
INSERT INTO type SELECT t, 'of ' || length, length + CASE WHEN t = 9 THEN 15 WHEN t = 10 AND length = 140 THEN 30 ELSE 0 END, CASE WHEN t <= 3 AND length = 140 THEN 80 ELSE 40 END FROM generate_series(1, 10) t, unnest('{60,73,140}'::int[]) length;
SELECT centre('partly', false, 106, 5, 'identity', 2);
SELECT retarget('partly', 'CASE contact_type WHEN ''of 60'' THEN 60 END');
SELECT results_eq($$SELECT verdict, array_agg(team ORDER BY team) FROM partly.structural_score GROUP BY verdict ORDER BY verdict$$,
	$$VALUES ('cannot_tell', '{team 9}'::text[]), ('no_gap', '{team 4,team 5,team 6,team 7,team 8}'), ('structural', '{team 1,team 10,team 2,team 3}')$$, 'a type with a target of its own beside two that share one');
SELECT ok(bool_and(mean_gap - settled_gap BETWEEN 5 AND 12) AND bool_and(next_step LIKE '%give each contact type a target of its own%'), 'and of those the mix is told') FROM partly.structural_score WHERE team IN ('team 1', 'team 2', 'team 3');

-- What is not known of the mix

INSERT INTO type SELECT t, contact_type, mean + CASE t WHEN 1 THEN 15 ELSE 0 END, volume FROM generate_series(1, 10) t,
	LATERAL (VALUES (NULL, 100, 900), ('short', 80, CASE t WHEN 1 THEN 5 ELSE 50 END), ('long', 120, CASE t WHEN 1 THEN 95 ELSE 50 END)) c (contact_type, mean, volume);
SELECT centre('untyped', false, 100, 5, 'identity', 2);
SELECT ok(settled_gap BETWEEN 12 AND 18 AND verdict <> 'no_gap', 'contacts without a type count as usual ones') FROM untyped.structural_score WHERE team = 'team 1';
INSERT INTO type SELECT t, contact_type, mean, volume FROM generate_series(1, 11) t, (VALUES (true, 'A', 50, 50), (true, 'B', 90, 50), (false, 'B', 90, 10), (false, 'D', 70, 90)) v (first, contact_type, mean, volume)
WHERE first = (t <= 6);
SELECT centre('apart', false, 75, 2, 'identity', 0.5);
SELECT ok(bool_and(settled_gap = mean_gap), 'where teams have types of their own, no mix is told') FROM apart.structural_score;
INSERT INTO type SELECT t, 'of ' || length, length, CASE length WHEN 140 THEN CASE WHEN t = 1 THEN 80 ELSE 40 END ELSE 60 END FROM generate_series(1, 4) t, unnest('{73,140}'::int[]) length;
SELECT centre('few', false, 100, 5, 'identity', 2);
SELECT ok(bool_and(settled_gap = mean_gap), 'nor from four teams') FROM few.structural_score;

-- The argument

CREATE TABLE one AS SELECT coachdiag.panel(100 + CASE type WHEN 'long' THEN 40 ELSE 0 END + noise(a, w, 3), 110, a, date '2024-01-01' + 7 * w, CASE type WHEN 'long' THEN 30 ELSE 10 END,
	type, NULL, NULL, NULL, CASE WHEN a <= 4 THEN date '2019-01-01' ELSE date '2024-01-01' END) AS panel FROM generate_series(1, 8) a, generate_series(0, 25) w, unnest('{short,long}'::text[]) type;
SELECT results_eq($$SELECT round(a.mean_gap - a.settled_gap), round(b.mean_gap - b.settled_gap), round(b.settled_high - b.settled_low) - round(a.settled_high - a.settled_low)
	FROM one, coachdiag.structural_score(panel, false, 'identity', 5, usual => '{"long": 20, "short": -20}', learning => '{0,0}') a,
		coachdiag.structural_score(panel, false, 'identity', 5, usual => '{"long": [20, 8, 0.5], "short": [-20, 8, 0.5]}', learning => '{0,0}') b$$,
	$$VALUES (0::float8, 10::float8, 11::float8)$$, 'a number compares types; with error and share the mix is told, and how surely');
SELECT is((SELECT t.state FROM one, coachdiag.structural_tests(panel, false, 'identity', 5, usual => '{"long": [40, 1, 0], "short": [0, 1, 1]}') t WHERE t.test = 'experienced_same_gap'), 'unknown',
	'experienced agents have no gap by the mix of contacts either');
SELECT throws_ok($$SELECT coachdiag.structural_score(panel, false, 'identity', 5, usual => '{"long": [20, 1]}') FROM one$$, '22023', 'usual must hold a number for each contact type', 'usual: an array without share');
SELECT throws_ok($$SELECT coachdiag.structural_score(panel, false, 'identity', 5, usual => '{"long": [20, "much", 0.5]}') FROM one$$, '22023', 'usual must hold a number for each contact type', 'usual: an error in words');
SELECT * FROM finish();
