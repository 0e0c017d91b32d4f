-- gap_dispersion: rows against stored panels, degenerate input, orientation, scales.
SET search_path = public;

CREATE TEMP TABLE rail(rail bigint, travel float8);
-- Rail data: Devore (2000), in Pinheiro & Bates (2000), table of travel times of ultrasonic waves in six rails
INSERT INTO rail VALUES (1,55),(1,53),(1,54),(2,26),(2,37),(2,32),(3,78),(3,91),(3,85),(4,92),(4,100),(4,96),(5,49),(5,51),(5,50),(6,80),(6,85),(6,83);

-- published: REML residual sd 4.0208, between sd 24.805, mean 66.5, F 115.2
SELECT agents, observations, mean_gap::numeric(6,2), within_sd::numeric(8,4), between_sd::numeric(8,3), f::numeric(8,2), f_p < 1e-8 AS f_p, method
FROM (SELECT (coachdiag.gap_dispersion(travel, 0, rail)).* FROM rail) s;

-- bigint and text agents, rows and panel, weight 1 and no weight: the same
WITH r AS (
	SELECT 1 AS way, coachdiag.gap_dispersion(travel, 60, rail) AS d FROM rail
	UNION ALL SELECT 2, coachdiag.gap_dispersion(travel, 60, 'rail ' || rail) FROM rail
	UNION ALL SELECT 3, coachdiag.gap_dispersion(travel, 60, rail, 1) FROM rail
	UNION ALL SELECT 4, coachdiag.gap_dispersion(coachdiag.panel(travel, 60, rail, NULL)) FROM rail
	UNION ALL SELECT 5, coachdiag.gap_dispersion(coachdiag.rollup(p)) FROM (SELECT coachdiag.panel(travel, 60, rail, date '2025-01-06' + 7 * (travel::int % 3)) AS p FROM rail GROUP BY travel::int % 2) s
)
SELECT b.way, abs((b.d).mean_gap / (a.d).mean_gap - 1) < 1e-12 AS mean, abs((b.d).between_sd / (a.d).between_sd - 1) < 1e-12 AS between,
	abs((b.d).between_high / (a.d).between_high - 1) < 1e-12 AS high, abs((b.d).share_short / (a.d).share_short - 1) < 1e-12 AS share,
	abs((b.d).within_sd / (a.d).within_sd - 1) < 1e-12 AS within, (b.d).method = (a.d).method AS method
FROM r a, r b WHERE a.way = 1 ORDER BY b.way;

-- orientation: positive is worse, whichever direction is better
WITH p AS (SELECT coachdiag.panel(travel, 60, rail, NULL) AS p FROM rail)
SELECT d.mean_gap::numeric(8,4), h.mean_gap::numeric(8,4) AS higher_better, l.mean_gap::numeric(8,4) AS lower_better,
	abs(d.share_short - h.share_short) < 1e-12 AS same_short, abs(1 - d.share_short - l.share_short) < 1e-12 AS other_short
FROM p, coachdiag.gap_dispersion(p) d, coachdiag.gap_dispersion(p, true) h, coachdiag.gap_dispersion(p, false) l;

-- the log scale comes back in metric units: 10 % on a target of 200 s is 20 s
WITH p AS (SELECT coachdiag.panel(ln(220.0) + 0.01 * (i % 3 - 1), ln(200), i / 3 % 5, NULL) AS p FROM generate_series(0, 44) i)
SELECT round(d.mean_gap::numeric, 1) AS seconds, d.mean_low < d.mean_gap AND d.mean_gap < d.mean_high AS ordered, d.share_short > 0.9 AS all_short
FROM p, coachdiag.gap_dispersion(p, false, 'log') d;

-- margin: nobody is short by more than a lot
WITH p AS (SELECT coachdiag.panel(travel, 200, rail, NULL) AS p FROM rail)
SELECT (coachdiag.gap_dispersion(p, true)).share_short > 0.95 AS short, (coachdiag.gap_dispersion(p, true, 'identity', 1000)).share_short < 0.05 AS by_a_lot FROM p;

-- margin on the log scale: nobody falls short by the whole target, but a time may exceed its target by that much
WITH p AS (
	SELECT level, coachdiag.panel(ln(level) + 0.01 * (i % 3 - 1), ln(200), i / 3 % 5, NULL) AS p FROM generate_series(0, 44) i, unnest(ARRAY[100, 500]) level GROUP BY level
)
SELECT level, m AS margin, (coachdiag.gap_dispersion(p, level < 200, 'log', m)).share_short::numeric(6,4) FROM p, unnest(ARRAY[50, 150, 199.999, 200, 1000]) m ORDER BY level, m;

-- degenerate input
SELECT coachdiag.gap_dispersion(travel, 0, rail) IS NULL AS no_rows FROM rail WHERE false;
SELECT coachdiag.gap_dispersion(v, t, a) IS NULL AS only_nulls FROM (VALUES (NULL::float8, 1::float8, 1::bigint), (1, NULL, 1), (1, 1, NULL)) r(v, t, a);
SELECT coachdiag.gap_dispersion(1, 0, 1::bigint, 0) IS NULL AS zero_weight;
SELECT agents, observations, mean_gap, mean_low, within_sd, between_sd, share_short, method FROM (SELECT (coachdiag.gap_dispersion(5, 3, 1::bigint)).*) s;
SELECT agents, observations, mean_gap, mean_low IS NOT NULL AS low, within_sd, between_sd, method FROM (SELECT (coachdiag.gap_dispersion(v, 3, 1::bigint)).* FROM generate_series(1, 3) v) s;
SELECT agents, observations, mean_gap, between_sd, consistency, share_short, method FROM (SELECT (coachdiag.gap_dispersion(7, 5, (i % 3)::bigint)).* FROM generate_series(1, 9) i) s;
SELECT agents, observations, mean_gap, between_sd, consistency, share_short, method FROM (SELECT (coachdiag.gap_dispersion(5, 5, (i % 3)::bigint)).* FROM generate_series(1, 9) i) s;
SELECT agents, observations, mean_gap, mean_low IS NOT NULL AS low, within_sd, between_sd, share_short, method FROM (SELECT (coachdiag.gap_dispersion(i, 5, i::bigint)).* FROM generate_series(1, 9) i) s;
SELECT agents, observations, mean_gap, within_sd, between_sd::numeric(8,4), method FROM (SELECT (coachdiag.gap_dispersion(i / 2, 5, (i / 2)::bigint)).* FROM generate_series(0, 9) i) s;

-- errors
SELECT coachdiag.gap_dispersion('NaN', 0, 1::bigint);
SELECT coachdiag.gap_dispersion(1, '-Infinity', 1::bigint);
SELECT coachdiag.gap_dispersion(1, 0, 1::bigint, -1);
SELECT coachdiag.gap_dispersion(coachdiag.panel(1, 0, 1::bigint, NULL), true, 'cubic');
SELECT coachdiag.gap_dispersion(coachdiag.panel(1, 0, 1::bigint, NULL), true, 'identity', -1);

-- one of many groups, over a window, and with FILTER
SELECT rail % 2 AS half, (coachdiag.gap_dispersion(travel, 60, rail)).agents, (coachdiag.gap_dispersion(travel, 60, rail) FILTER (WHERE travel > 50)).agents AS filtered
FROM rail GROUP BY 1 ORDER BY 1;
SELECT DISTINCT ON (rail) rail, (coachdiag.gap_dispersion(travel, 60, rail) OVER (ORDER BY rail)).agents FROM rail ORDER BY rail;
