-- heterogeneity and shrink: published values, order, parallel plans, windows, bad input, hostile states.
BEGIN;
SELECT plan(68);

\set QUIET on
CREATE TEMP TABLE bcg (trial int, y float8, v float8);
INSERT INTO bcg VALUES
	(1, -0.88931133392, 0.325584765004), (2, -1.5853886572, 0.194581121398), (3, -1.3480731483, 0.415367965368),
	(4, -1.44155119002, 0.0200100319022), (5, -0.217547322211, 0.0512101721696), (6, -0.786115585819, 0.00690561845591),
	(7, -1.6208982236, 0.223017247572), (8, 0.0119523335238, 0.00396157929782), (9, -0.469417648738, 0.0564342104632),
	(10, -1.37134480347, 0.073024793613), (11, -0.339358828338, 0.0124122139716), (12, 0.445913400571, 0.5325058452),
	(13, -0.0173139482169, 0.071404659684);

CREATE FUNCTION pg_temp.close(actual float8, expected float8, digits int, what text) RETURNS text LANGUAGE sql AS
$$ SELECT ok(abs(actual - expected) <= 10.0 ^ -digits * abs(expected), what || ': ' || coalesce(actual::text, 'NULL') || ' against ' || expected) $$;

CREATE TEMP TABLE fit AS SELECT (r).* FROM (SELECT coachdiag.heterogeneity(y, sqrt(v)) AS r FROM bcg) s;

-- BCG vaccine trials (Colditz et al. 1994), values of metafor 3.8-1
SELECT is(k, 13, 'units') FROM fit;
SELECT is(method, 'REML', 'REML is the default') FROM fit;
SELECT pg_temp.close(between_variance, 0.313243258136797, 7, 'REML variance') FROM fit;
SELECT pg_temp.close(se, 0.18079174409276, 7, 'Knapp-Hartung se') FROM fit;
SELECT pg_temp.close(mean_high - mean_low, 2 * 2.17881282966723 * 0.18079174409276, 7, 'Knapp-Hartung interval') FROM fit;
SELECT pg_temp.close(between_low, 0.119718361140946, 6, 'Q-profile, lower') FROM fit;
SELECT pg_temp.close(between_high, 1.11147908405981, 6, 'Q-profile, upper') FROM fit;
SELECT pg_temp.close(q_p, 1.99676459092487e-26, 8, 'p of Q') FROM fit;
SELECT pg_temp.close(1 / (1 - i_squared), 12.8557582353169, 7, 'I squared, as H squared') FROM fit;
SELECT pg_temp.close(predict_low, -2.0083759069229, 7, 'prediction, lower') FROM fit;
SELECT pg_temp.close(predict_high, 0.579311222607248, 7, 'prediction, upper') FROM fit;
SELECT pg_temp.close((coachdiag.heterogeneity(y, sqrt(v), 'ml')).between_variance, 0.280028137269249, 7, 'ML') FROM bcg;
SELECT pg_temp.close((coachdiag.heterogeneity(y, sqrt(v), 'SJ')).between_variance, 0.345515701598207, 10, 'Sidik-Jonkman') FROM bcg;
SELECT pg_temp.close((coachdiag.heterogeneity(y, sqrt(v), 'FE')).mean, -0.430285163654258, 10, 'fixed effect') FROM bcg;
SELECT is((coachdiag.heterogeneity(y, sqrt(v), NULL)).method, 'REML', 'NULL method means REML') FROM bcg;

-- the result does not depend on order or on the plan
SELECT is((SELECT coachdiag.heterogeneity(y, sqrt(v) ORDER BY trial DESC) FROM bcg),
	(SELECT coachdiag.heterogeneity(y, sqrt(v) ORDER BY trial) FROM bcg), 'order of rows: the same to the last bit');
SELECT is((SELECT coachdiag.heterogeneity(y, sqrt(v)) FROM
		(SELECT y, v FROM bcg UNION ALL SELECT NULL, 1 UNION ALL SELECT 1, NULL) s),
	(SELECT coachdiag.heterogeneity(y, sqrt(v)) FROM bcg), 'rows with NULL are not used');
SELECT ok((SELECT coachdiag.heterogeneity(y, sqrt(v)) FROM bcg WHERE false) IS NULL, 'no rows: NULL');
SELECT ok((SELECT coachdiag.heterogeneity(NULL, sqrt(v)) FROM bcg) IS NULL, 'no usable rows: NULL');

-- combine, by hand and in parallel
SELECT is(coachdiag.heterogeneity_final(coachdiag.heterogeneity_combine(
		(SELECT ('{0,2,1,' || sqrt(2::float8) || ',4,1,0,0}')::float8[]), '{0,3,2,3,-1,0.5,7,2}')),
	(SELECT coachdiag.heterogeneity(y, s) FROM (VALUES (1::float8, sqrt(2::float8)), (4, 1), (2, 3), (-1, 0.5), (7, 2)) AS t(y, s)),
	'states of different size combine');
SELECT is((coachdiag.heterogeneity_combine(NULL, '{1,1,2,3}'))[1:4], '{1,1,2,3}'::float8[], 'NULL on the left');
SELECT is(coachdiag.heterogeneity_combine('{1,1,2,3}', NULL), '{1,1,2,3}'::float8[], 'NULL on the right');
SELECT ok(coachdiag.heterogeneity_combine(NULL, NULL) IS NULL, 'NULL on both sides');
SELECT ok(coachdiag.heterogeneity_final('{0,0}') IS NULL, 'an empty state: NULL');

CREATE TABLE many AS SELECT i % 7 AS g, sin(i) AS y, 0.1 + (i % 13) / 10.0 AS se FROM generate_series(1, 20000) i;
CREATE TEMP TABLE serial AS SELECT g, coachdiag.heterogeneity(y, se) AS r FROM many GROUP BY g;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
CREATE TEMP TABLE plan_text (line text);
DO $$ DECLARE l text; BEGIN
	FOR l IN EXPLAIN SELECT g, coachdiag.heterogeneity(y, se) FROM many GROUP BY g LOOP INSERT INTO plan_text VALUES (l); END LOOP;
END $$;
SELECT ok(EXISTS (SELECT FROM plan_text WHERE line ~ 'Partial'), 'the plan is parallel');
SELECT is_empty('SELECT g, coachdiag.heterogeneity(y, se)::text FROM many GROUP BY g EXCEPT SELECT g, r::text FROM serial',
	'parallel result: the same to the last bit');
SELECT ok((SELECT coachdiag.heterogeneity(y, se) FROM many WHERE y > 2) IS NULL, 'parallel plan over zero rows');
RESET max_parallel_workers_per_gather;

-- in a window: the state goes on growing after each result
SELECT is((SELECT array_agg((r).k ORDER BY trial) FROM (SELECT trial, coachdiag.heterogeneity(y, sqrt(v)) OVER (ORDER BY trial) AS r FROM bcg) s),
	ARRAY[1,2,3,4,5,6,7,8,9,10,11,12,13], 'running aggregate counts up');
SELECT is((SELECT r FROM (SELECT trial, coachdiag.heterogeneity(y, sqrt(v)) OVER (ORDER BY trial) AS r FROM bcg) s WHERE trial = 13),
	(SELECT coachdiag.heterogeneity(y, sqrt(v)) FROM bcg), 'and ends at the whole');

-- one and two units
CREATE TEMP TABLE single AS SELECT (r).* FROM (SELECT coachdiag.heterogeneity(5, 2) AS r) s;
SELECT is(ROW(k, mean, se, between_variance, q, predict_low)::text, '(1,5,2,,,)', 'one unit: its own estimate') FROM single;
SELECT pg_temp.close(mean_high - mean_low, 4 * 1.959963984540054, 12, 'with the normal interval') FROM single;
SELECT ok((r).mean_low < 5 AND (r).predict_low IS NULL, 'two units: no prediction')
FROM (SELECT coachdiag.heterogeneity(y, 1) AS r FROM (VALUES (4), (6)) AS t(y)) s;
SELECT ok((r).between_variance = 0 AND (r).between_high >= 0, 'equal estimates: no variance between')
FROM (SELECT coachdiag.heterogeneity(3, 1 + i) AS r FROM generate_series(1, 5) i) s;

-- errors
SELECT throws_ok('SELECT coachdiag.heterogeneity(''NaN'', 1)', '22003', NULL, 'NaN estimate');
SELECT throws_ok('SELECT coachdiag.heterogeneity(1, ''Infinity'')', '22003', NULL, 'infinite se');
SELECT throws_ok('SELECT coachdiag.heterogeneity(1, 0)', '22023', NULL, 'se 0');
SELECT throws_ok('SELECT coachdiag.heterogeneity(1, 1e-200)', '22003', NULL, 'se whose square underflows');
SELECT throws_ok('SELECT coachdiag.heterogeneity(1, 1, ''median'')', '22023', 'unknown method "median"', 'unknown method');
SELECT throws_ok('SELECT coachdiag.heterogeneity(1, 1, m) FROM (VALUES (''DL''), (''PM'')) AS t(m)', '22023', NULL, 'methods that differ');

-- any array can be passed to a support function
CREATE FUNCTION pg_temp.refused(state float8[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM coachdiag.heterogeneity_final(state);
	RETURN false;
EXCEPTION WHEN invalid_parameter_value OR numeric_value_out_of_range THEN
	RETURN true;
END $$;
SELECT ok(pg_temp.refused(state::float8[]), 'refused as a state: ' || state) FROM unnest(ARRAY['{}', '{0}', '{0,NULL}', '{{0,0},{0,0}}', '{0,1}',
	'{7,0}', '{-1,0}', '{0.5,0}', '{NaN,0}', '{0,-1}', '{0,NaN}', '{0,1.5,1,1,1,1}', '{0,1e300,1,1}', '{0,2,1,1}', '{0,1,NaN,1}',
	'{0,1,1,0}', '{0,1,1,-1}', '[0:3]={9,1,1,1}']) AS state;
SELECT throws_ok('SELECT coachdiag.heterogeneity_accum(''{7,0}'', 1, 1)', '22023', NULL, 'also by the transition function');
SELECT throws_ok('SELECT coachdiag.heterogeneity_combine(''{0,0}'', ''{0,1,NaN,1}'')', '22003', NULL, 'also by the combine function');
CREATE TEMP TABLE stored AS SELECT '{0,0,0,0}'::float8[] AS state;
SELECT is(coachdiag.heterogeneity_accum(state, 9, 9), '{0,1,9,9}'::float8[], 'a call from outside an aggregate') FROM stored;
SELECT is(state, '{0,0,0,0}'::float8[], 'leaves its argument alone') FROM stored;

-- shrink
CREATE TEMP TABLE shrunk AS SELECT trial, coachdiag.shrink(y, sqrt(v)) OVER () AS s FROM bcg;
SELECT pg_temp.close((s).estimate, -1.25170598030161, 7, 'BLUP of trial 2 as in metafor') FROM shrunk WHERE trial = 2;
SELECT ok((s).se > 0.353227301599997, 'its se also counts the uncertainty of the variance') FROM shrunk WHERE trial = 2;
SELECT is((SELECT array_agg(s ORDER BY trial) FROM (SELECT trial, coachdiag.shrink(y, sqrt(v)) OVER (ORDER BY v ROWS 1 PRECEDING) AS s FROM bcg) t),
	(SELECT array_agg(s ORDER BY trial) FROM shrunk), 'frame and order do not matter');
SELECT ok((SELECT s FROM (SELECT trial, coachdiag.shrink(CASE WHEN trial <> 2 THEN y END, sqrt(v)) OVER () AS s FROM bcg) t WHERE trial = 2) IS NULL,
	'a row with NULL gets NULL');
SELECT is((SELECT s::text FROM (SELECT coachdiag.shrink(5, 2) OVER () AS s) t), '(5,2,1)', 'a unit alone stays as it is');
SELECT is((SELECT count(DISTINCT (s).weight) FROM (SELECT coachdiag.shrink(y, sqrt(v)) OVER (PARTITION BY trial % 3) AS s FROM bcg) t), 13::bigint,
	'each partition is fitted on its own');
SELECT throws_ok('SELECT coachdiag.shrink(1, -1) OVER ()', '22023', NULL, 'negative se');

SELECT * FROM finish();
ROLLBACK;
