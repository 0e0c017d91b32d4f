-- exact_sum and exact_avg: rounded once, whatever the order of rows.
BEGIN;
SELECT plan(15);

CREATE TEMP TABLE number AS SELECT i, exp(sin(i) * 40) * sign(sin(3.7 * i)) AS x FROM generate_series(1, 20000) i;
SELECT is(coachdiag.exact_sum(x ORDER BY i), coachdiag.exact_sum(x ORDER BY md5(i::text)), 'numbers of all sizes: one sum in any order') FROM number;
SELECT isnt(sum(x ORDER BY i), sum(x ORDER BY abs(x) DESC), 'where sum() has several') FROM number;
SELECT is(coachdiag.exact_sum(x), 1::float8, 'ten tenths are one') FROM (SELECT 0.1::float8 AS x FROM generate_series(1, 10)) t;
SELECT is(coachdiag.exact_sum(x), 2e-300::float8, 'what is small is not lost beside what is large') FROM unnest('{1e300,2e-300,-1e300}'::float8[]) x;
SELECT is(coachdiag.exact_sum(x), 31::float8, 'parts of five sizes: the state grows')
FROM (SELECT x FROM unnest('{1e-300,1e-150,1,1e150,1e300}'::float8[]) x UNION ALL SELECT -x FROM unnest('{1e-300,1e-150,1e150,1e300}'::float8[]) x UNION ALL SELECT 30) t;
SELECT is(coachdiag.exact_avg(x), 0.5::float8, 'the mean is of what is not null') FROM unnest('{1,null,0}'::float8[]) x;
SELECT is(coachdiag.exact_sum(x), NULL, 'no number: null') FROM unnest('{null}'::float8[]) x;
SELECT is(coachdiag.exact_sum(x), 'Infinity'::float8, 'infinity as in sum()') FROM unnest('{1,Infinity,1e300}'::float8[]) x;
SELECT is(coachdiag.exact_avg(x), 'NaN'::float8, 'and NaN') FROM unnest('{1,Infinity,-Infinity}'::float8[]) x;
SELECT throws_ok($$SELECT coachdiag.exact_sum(x) FROM unnest('{1.7e308,1.7e308}'::float8[]) x$$, '22003', NULL, 'overflow');
SELECT is(coachdiag.exact_sum(x) OVER (ORDER BY x ROWS UNBOUNDED PRECEDING), 0.6::float8, 'over a window') FROM unnest('{0.1,0.2,0.3}'::float8[]) x ORDER BY x DESC LIMIT 1;

CREATE AGGREGATE pg_temp.hostile(double precision) (SFUNC = coachdiag.exact_sum_accum, STYPE = double precision[], INITCOND = '{1}');
SELECT throws_ok('SELECT pg_temp.hostile(1)', '22023', NULL, 'an array that is no state');
SELECT throws_ok($$SELECT coachdiag.exact_sum_accum('{1,0,0}', 1)$$, NULL, NULL, 'not to be called on its own');

SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
CREATE TABLE public.many AS SELECT * FROM number;
CREATE FUNCTION pg_temp.plan() RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXPLAIN SELECT coachdiag.exact_sum(x) FROM public.many; END $$;
SELECT ok(EXISTS (SELECT FROM pg_temp.plan() p WHERE p LIKE '%Partial Aggregate%'), 'workers share it');
SELECT is((SELECT coachdiag.exact_sum(x) FROM public.many), (SELECT coachdiag.exact_sum(x ORDER BY i) FROM number), 'and agree to the last digit');
SELECT * FROM finish();
ROLLBACK;
