-- trend, tost and smallest_detectable: worked by hand, published values, order, missing values, seasons, bad input.
BEGIN;
SELECT plan(53);

\set QUIET on
CREATE FUNCTION pg_temp.close(actual float8, expected float8, digits int, what text) RETURNS text LANGUAGE sql AS
$$ SELECT ok(abs(actual - expected) <= 10.0 ^ -digits * abs(expected), what || ': ' || coalesce(actual::text, 'NULL') || ' against ' || expected) $$;

-- five values by hand: pairs rise 8, fall 2
CREATE TEMP TABLE five AS SELECT coachdiag.trend('{1,3,2,5,4}', '{1,2,3,4,5}'::float8[]) AS t;
SELECT is(((t).n, (t).s, (t).method)::text, '(5,6,exact)', 'values, statistic, method') FROM five;
SELECT pg_temp.close((t).tau, 0.6, 14, 'tau') FROM five;
SELECT pg_temp.close((t).z, 5 / sqrt(5 * 4 * 15 / 18.0), 14, 'z with continuity correction') FROM five;
-- inversions of 5: 1, 4, 9 of 120 permutations have 0, 1, 2
SELECT pg_temp.close((t).p_value, 2 * 14 / 120.0, 14, 'p by permutations') FROM five;
-- slopes 2, 1/2, 4/3, 3/4, -1, 1, 1/3, 3, 1, -1
SELECT pg_temp.close((t).slope, 0.875, 14, 'Sen slope') FROM five;
SELECT pg_temp.close((t).intercept, 3 - 0.875 * 3, 14, 'intercept') FROM five;
SELECT is((t).inflation, 1::float8, 'no inflation') FROM five;
SELECT ok((t).slope_low <= (t).slope AND (t).slope <= (t).slope_high, 'interval around the slope') FROM five;
SELECT is((coachdiag.trend('{1,3,3,5,4}', '{1,2,3,4,5}'::float8[])).method, 'normal', 'ties: normal');

-- shampoo sales (Makridakis et al. 1998), values of pymannkendall 1.4.3
CREATE TEMP TABLE sales AS SELECT month::float8, value FROM unnest('{266,145.9,183.1,119.3,180.3,168.5,231.8,224.5,192.8,122.9,336.5,185.9,194.3,149.5,210.1,273.3,191.4,287,226,303.6,289.9,421.6,264.5,342.3,339.7,440.4,315.9,439.3,401.3,437.4,575.5,407.6,682,475.3,581.3,646.9}'::float8[])
	WITH ORDINALITY v (value, month);
CREATE TEMP TABLE fit AS SELECT (coachdiag.trend(array_agg(value), array_agg(month - 1))).* FROM sales;
SELECT pg_temp.close(tau, 0.698412698412698, 12, 'tau') FROM fit;
SELECT pg_temp.close(intercept, 78.7359375, 12, 'intercept') FROM fit;
SELECT pg_temp.close(((s - 1) / z) ^ 2, 5390, 12, 'variance of s') FROM fit;
SELECT ok((coachdiag.trend(array_agg(value), array_agg(month), 'hamed_rao')).inflation <> 1, 'autocorrelation counts') FROM sales;
SELECT is((coachdiag.trend(array_agg(value), array_agg(month), 'hamed_rao')).method, 'hamed_rao', 'and is told') FROM sales;
SELECT is(coachdiag.trend(array_agg(value), array_agg(month), 'yue_wang'), coachdiag.trend(array_agg(value), array_agg(month), 'yue_wang', 1), 'Yue-Wang: one lag') FROM sales;

-- autocorrelation widens the interval of the slope as it does p
SELECT results_eq($$SELECT m, t.p_value < 0.05, t.slope_low > 0 OR t.slope_high < 0 FROM (SELECT array_agg(i::float8) i, array_agg(3 * sin(i / 6.0) + 0.05 * i + sin(17.0 * i)) v FROM generate_series(1, 40) i) s, unnest('{independent,hamed_rao,yue_wang}'::text[]) m, coachdiag.trend(v, i, m) t$$,
	$$VALUES ('independent', true, true), ('hamed_rao', false, false), ('yue_wang', false, false)$$, 'interval and p say the same');
SELECT is((t.inflation < 0, t.p_value, t.slope, t.slope_low, t.slope_high)::text, '(t,,0,,)', 'what turns back each time leaves no variance') FROM coachdiag.trend('{0,9,1,9,0,9,0,10,0,9}', '{1,2,3,4,5,6,7,8,9,10}'::float8[], 'yue_wang') t;

-- what does and what does not matter
SELECT is(coachdiag.trend(array_agg(value ORDER BY value), array_agg(month - 1 ORDER BY value))::text, (SELECT fit::text FROM fit), 'order does not matter') FROM sales;
SELECT is(coachdiag.trend(array_agg(value) || '{NULL,7}'::float8[], array_agg(month - 1) || '{50,NULL}'::float8[])::text, (SELECT fit::text FROM fit), 'pairs with NULL are left out') FROM sales;
SELECT is((coachdiag.trend(array_agg(value), array_agg(date '2025-01-06' + 7 * (month::int - 1)))).slope, (SELECT slope / 7 FROM fit), 'dates: per day') FROM sales;
SELECT pg_temp.close((coachdiag.trend(array_agg(value), array_agg(date '1925-01-06' + 7 * (month::int - 1)))).intercept, (SELECT intercept FROM fit), 12, 'dates: intercept at the first') FROM sales;
SELECT is((coachdiag.trend('{1,2,3}', '{0,1,10}'::float8[])).slope_high, 1::float8, 'a gap counts in the slope');
SELECT is((coachdiag.trend('{1,9,2,8,3,7}', '{1,1,2,2,3,3}'::float8[], season => '{1,2,1,2,1,2}')).s, 0::float8, 'seasons are kept apart');
SELECT is((coachdiag.trend('{1,9,2,10,3,11}', '{1,1,2,2,3,3}'::float8[], season => '{1,2,1,2,1,2}')).s, 6::float8, 'and added up');

-- too little
SELECT is(coachdiag.trend('{1,2}', '{1,2}'::float8[])::text, '(2,,,,,,,,,,)', 'two values');
SELECT is((coachdiag.trend('{}', '{}'::date[])).n, 0, 'none');
SELECT ok(coachdiag.trend(NULL, '{}'::date[]) IS NULL, 'NULL values');
SELECT ok(coachdiag.trend('{}', NULL::date[]) IS NULL, 'NULL times');

-- bad input
SELECT throws_ok($$SELECT coachdiag.trend('{1,2,3}', '{1,2}'::float8[])$$, '2202E', NULL, 'arrays of different length');
SELECT throws_ok($$SELECT coachdiag.trend('{1,2,3}', '{1,2,2}'::float8[])$$, '22023', 'two values at the same time');
SELECT throws_ok($$SELECT coachdiag.trend('{1,2,NaN}', '{1,2,3}'::float8[])$$, '22003', NULL, 'NaN');
SELECT throws_ok($$SELECT coachdiag.trend('{1,2,3}', '{2025-01-01,2025-01-02,infinity}'::date[])$$, '22003', NULL, 'infinite date');
SELECT throws_ok($$SELECT coachdiag.trend('{1,2,3}', '{1,2,3}'::float8[], 'kendall')$$, '22023', 'unknown method "kendall"');
SELECT throws_ok($$SELECT coachdiag.trend('{1,2,3}', '{1,2,3}'::float8[], 'hamed_rao', 0)$$, '22023', 'lags must be at least 1');
SELECT throws_ok($$SELECT coachdiag.trend('{1,2,3}', '{1,2,3}'::float8[], 'hamed_rao', season => '{1,1,1}')$$, '22023', NULL, 'seasons and autocorrelation');
SELECT throws_ok($$SELECT coachdiag.trend(array_agg(g), array_agg(g)) FROM (SELECT g::float8 FROM generate_series(1, 3001) g) s$$, '54000', NULL, 'too many values');

-- tost: R's sleep data, paired, margin 2.5
SELECT pg_temp.close(t.p_value, 0.0211168602465007, 8, 'p') FROM coachdiag.tost(-1.58, 0.388958723888395, 9, 2.5) t;
SELECT is((t.equivalent, t.conclusion)::text, '(t,negligible)', 'not zero, yet too small') FROM coachdiag.tost(-1.58, 0.388958721, 9, 2.5) t;
SELECT is(array_agg(t.conclusion), '{effect,negligible,no_effect,cannot_tell}', 'four conclusions')
FROM (VALUES (3, 1), (0.5, 0.1), (0.1, 0.3), (0.5, 2)) v (estimate, se), LATERAL coachdiag.tost(estimate, se, 'Infinity', 1) t;
SELECT pg_temp.close(t.high, 0.5 + 2 * 1.6448536269514722, 12, 'infinite df: normal') FROM coachdiag.tost(0.5, 2, 'Infinity', 1) t;
SELECT ok(t IS NULL, 'NULL in any argument') FROM coachdiag.tost(1, 1, NULL, 1) t;
SELECT throws_ok($$SELECT coachdiag.tost(1, 1, 9, 0)$$, '22023', NULL, 'margin of 0');

-- smallest_detectable: R's power.t.test, 12 a group
SELECT pg_temp.close(coachdiag.smallest_detectable(sqrt(2 / 12.0), 22), 1.19681330684, 10, 'smallest detectable');
SELECT pg_temp.close(coachdiag.smallest_detectable(2, 'Infinity', 0.05, 0.9), 2 * (1.959963984540054 + 1.2815515655446004), 12, 'normal: the sum of two quantiles');
SELECT ok(coachdiag.smallest_detectable(1, NULL) IS NULL, 'NULL in any argument');
SELECT throws_ok(format('SELECT coachdiag.smallest_detectable(%s)', a), '22023', NULL, 'not with ' || a)
FROM unnest(ARRAY['0, 9', '1, 0', '''NaN'', 9', '1, ''NaN''', '1, 9, 0.5', '1, 9, 0.05, 0.025', '1, 9, 0.05, 1', '1, 9, 0.05, ''NaN''']) a;
SELECT * FROM finish();
ROLLBACK;
