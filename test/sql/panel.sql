-- The panel: building, looking in, cutting, merging, text and binary form, hostile input.
\set VERBOSITY default
SET search_path = public, coachdiag;

CREATE TEMP TABLE calls AS
SELECT a AS agent, date '2025-01-06' + 7 * w AS week, t AS contact_type,
	300 + 10 * a + 5 * w + 20 * (t = 'billing')::int + s AS value, 300.0 AS target, (1 + a % 3)::float8 AS contacts,
	date '2024-01-01' + 30 * a AS hired_on
FROM generate_series(1, 4) a, generate_series(0, 2) w, unnest(ARRAY['billing', 'moves']) t, generate_series(0, 1) s;

-- cells, one by one
SELECT * FROM coachdiag.cells((SELECT coachdiag.panel(value, target, agent, week, contacts, contact_type, NULL, NULL, NULL, hired_on)
	FROM calls WHERE agent = 1 AND week = date '2025-01-06'));

-- accessors
SELECT coachdiag.agents(p), coachdiag.periods(p), coachdiag.observations(p), coachdiag.first_period(p), coachdiag.last_period(p),
	coachdiag.contact_types(p), coachdiag.memory_size(p)
FROM (SELECT coachdiag.panel(value, target, agent, week, contacts, contact_type, NULL, NULL, NULL, hired_on) AS p FROM calls) s;

-- a session brings dose without an observation, to the coach it belongs to; a zero or missing weight brings nothing
SELECT * FROM coachdiag.cells((SELECT coachdiag.panel(value, target, agent, period, weight, contact_type, sessions, minutes, coach, hired_on) FROM (VALUES
	(310::float8, 300::float8, 'A1', date '2025-01-06', 2::float8, 'moves', NULL::float8, NULL::float8, NULL, NULL::date),
	(NULL, NULL, 'A1', '2025-01-06', NULL, NULL, 1, 30, 'C1', NULL),
	(NULL, NULL, 'A1', '2025-01-06', NULL, NULL, 1, 20, 'C2', '2024-05-01'),
	(NULL, NULL, 'A1', '2025-01-06', NULL, NULL, 1, 10, 'C1', '2024-03-01'),
	(999, 300, 'A1', '2025-01-06', 0, 'moves', NULL, NULL, NULL, NULL),
	(999, 300, 'A1', '2025-01-06', NULL, 'moves', NULL, NULL, NULL, NULL),
	(320, NULL, 'A1', '2025-01-06', 1, 'moves', NULL, NULL, NULL, NULL),
	(999, 300, NULL, '2025-01-06', 1, 'moves', 1, 30, 'C1', NULL),
	(NULL, 300, 'A2', '2025-01-06', 1, NULL, NULL, NULL, NULL, NULL)
) v(value, target, agent, period, weight, contact_type, sessions, minutes, coach, hired_on)));

-- a target that differs between the rows of one cell: the moments are those of the gap
SELECT mean, m2, target FROM coachdiag.cells((SELECT coachdiag.panel(v, t, 1::bigint, date '2025-01-06')
	FROM (VALUES (10::float8, 8::float8), (12, 9), (20, 16)) r(v, t)));

-- nothing in, nothing out
SELECT coachdiag.panel(value, target, agent, week) IS NULL AS no_row FROM calls WHERE false;
SELECT coachdiag.panel(NULL::float8, target, agent, week) IS NULL AS only_null FROM calls;
SELECT coachdiag.rollup(NULL::coachdiag.panel) IS NULL AS rollup_null;
SELECT count(*) FROM coachdiag.cells(NULL);

-- filters
WITH p AS (SELECT coachdiag.panel(value, target, agent, week, contacts, contact_type, NULL, NULL, NULL, hired_on) AS p FROM calls)
SELECT coachdiag.observations(coachdiag.period_range(p, '2025-01-13', '2025-01-20')) AS one_week,
	coachdiag.observations(coachdiag.period_range(p, NULL, '2025-01-13')) AS up_to,
	coachdiag.observations(coachdiag.period_range(p, '2025-01-13', NULL)) AS since,
	coachdiag.observations(coachdiag.contact_type(p, 'moves')) AS moves,
	coachdiag.contact_types(coachdiag.contact_type(p, 'moves')) AS types,
	coachdiag.observations(coachdiag.contact_type(p, 'no such')) AS no_such,
	coachdiag.agents(coachdiag.contact_type(p, 'no such')) AS nobody,
	coachdiag.observations(coachdiag.contact_type(p, NULL)) AS without_type,
	coachdiag.agents(coachdiag.tenure_range(p, 330, NULL)) AS tenured,
	coachdiag.agents(coachdiag.tenure_range(p, NULL, 270)) AS new,
	coachdiag.period_range(p, NULL, NULL) = p AS whole,
	coachdiag.contact_type(NULL, 'moves') IS NULL AS of_null
FROM p;

-- merging parts gives the panel of the whole: the same cells, the same numbers up to rounding
WITH whole AS (SELECT coachdiag.panel(value, target, agent, week, contacts, contact_type, NULL, NULL, NULL, hired_on) AS p FROM calls),
parts AS (SELECT coachdiag.rollup(p) AS p FROM (
	SELECT coachdiag.panel(value, target, agent, week, contacts, contact_type, NULL, NULL, NULL, hired_on) AS p FROM calls GROUP BY agent % 3, week, value::int % 2) s)
SELECT count(*) AS cells,
	max(abs(w.mean - q.mean) / abs(w.mean)) < 1e-12 AS mean,
	max(abs(w.m2 - q.m2) / greatest(w.m2, 1)) < 1e-12 AS m2,
	bool_and((w.weight, w.observations, w.target, w.hired_on) = (q.weight, q.observations, q.target, q.hired_on)) AS rest
FROM whole, parts, LATERAL coachdiag.cells(whole.p) w
FULL JOIN LATERAL coachdiag.cells(parts.p) q USING (agent, period, contact_type);

-- without periods and contact types the agents are the same, and so is their dispersion
WITH parts AS (SELECT coachdiag.panel(value, target, agent, week, contacts, contact_type, 1, 30, NULL, hired_on) AS p FROM calls GROUP BY week, agent % 2),
rolled AS (SELECT coachdiag.rollup(p) AS whole, coachdiag.rollup_agents(p) AS pooled FROM parts)
SELECT coachdiag.agents(pooled) = coachdiag.agents(whole) AS agents, coachdiag.observations(pooled) = coachdiag.observations(whole) AS observations,
	coachdiag.periods(pooled) AS periods, coachdiag.contact_types(pooled) AS contact_types,
	(SELECT count(*) = coachdiag.agents(whole) FROM coachdiag.cells(pooled)) AS one_cell_each,
	(SELECT sum(minutes) FROM coachdiag.cells(pooled)) = (SELECT sum(minutes) FROM coachdiag.cells(whole)) AS minutes,
	abs((coachdiag.gap_dispersion(pooled)).between_high / (coachdiag.gap_dispersion(whole)).between_high - 1) < 1e-12 AS between_high,
	abs((coachdiag.gap_dispersion(pooled)).share_short - (coachdiag.gap_dispersion(whole)).share_short) < 1e-12 AS share_short
FROM rolled;

-- canonical: the build order doesn't show (one value a cell, so that no sum is rounded)
WITH exact AS (SELECT i, 'agent ' || (i % 7) AS agent, date '2025-01-06' + 7 * (i % 5) AS week, 'type ' || (i % 3) AS contact_type, 2.0 ^ (i % 35 % 4) AS value FROM generate_series(1, 200) i),
built AS (SELECT coachdiag.panel(value, 0, agent, week, 1, contact_type, NULL, NULL, NULL, NULL ORDER BY i) AS forward,
	coachdiag.panel(value, 0, agent, week, 1, contact_type, NULL, NULL, NULL, NULL ORDER BY i DESC) AS backward FROM exact)
SELECT forward = backward AS equal, forward::text = backward::text AS text, coachdiag.panel_send(forward) = coachdiag.panel_send(backward) AS wire,
	coachdiag.panel_hash(forward) = coachdiag.panel_hash(backward) AS hash FROM built;

-- text and binary round trip
CREATE TEMP TABLE kept AS
SELECT 1 AS id, coachdiag.panel(value / 3, target, agent, week, contacts, contact_type, 1, 30 / 7.0, 'C "1" \ ' || agent, hired_on) AS p FROM calls
UNION ALL SELECT 2, coachdiag.panel(value * 1e-300, NULL, 'ä€ 漢字 ' || agent, NULL, contacts) FROM calls
UNION ALL SELECT 3, coachdiag.contact_type(coachdiag.panel(value, target, agent, week), 'none') FROM calls
UNION ALL SELECT 4, coachdiag.panel(1, 1, CASE i WHEN 1 THEN '' WHEN 2 THEN E'a\nb\tc' ELSE '"}\{' END, date '0001-01-01') FROM generate_series(1, 3) i;
SELECT id, p = p::text::coachdiag.panel AS text_round_trip, p::text = p::text::coachdiag.panel::text AS same_text,
	p <> p AS differs, p IS DISTINCT FROM p AS distinct FROM kept ORDER BY id;
SELECT p FROM kept WHERE id IN (3, 4) ORDER BY id;
SELECT count(*) FROM (SELECT p FROM kept UNION SELECT p::text::coachdiag.panel FROM kept) s;

-- one agent type cannot be mixed with the other
SELECT coachdiag.rollup(p) FROM kept WHERE id IN (1, 2);

-- numbers that can't be
SELECT coachdiag.panel('NaN', 300, 1::bigint, date '2025-01-06');
SELECT coachdiag.panel(300, 'Infinity', 1::bigint, date '2025-01-06');
SELECT coachdiag.panel(300, 300, 1::bigint, date '2025-01-06', -1);
SELECT coachdiag.panel(300, 300, 1::bigint, date '2025-01-06', 'NaN');
SELECT coachdiag.panel(300, 300, 1::bigint, date 'infinity');
SELECT coachdiag.panel(300, 300, 1::bigint, date '2025-01-06', 1, NULL, -1, NULL, NULL, NULL);
SELECT coachdiag.panel(1e308, -1e308, 1::bigint, date '2025-01-06');
SELECT coachdiag.panel(300, 300, repeat('x', 1025), date '2025-01-06');

-- text that isn't a panel
SELECT ''::coachdiag.panel;
SELECT 'panel'::coachdiag.panel;
SELECT 'panel 2 bigint 0 0 0'::coachdiag.panel;
SELECT 'panel 1 uuid 0 0 0'::coachdiag.panel;
SELECT 'panel 1 bigint 0 0 0 x'::coachdiag.panel;
SELECT 'panel 1 bigint 4000000000 1 -'::coachdiag.panel;
SELECT 'panel 1 bigint -1 0 0'::coachdiag.panel;
SELECT 'panel 1 bigint 2 1 - 1 - 0 0'::coachdiag.panel;
SELECT 'panel 1 bigint 1 1 2025-02-30 0 0'::coachdiag.panel;
SELECT 'panel 1 bigint 1 1 99999-01-01 0 0'::coachdiag.panel;
SELECT 'panel 1 text 1 "a'::coachdiag.panel;
SELECT 'panel 1 bigint 1 1 - 0 1 1 - - - 1 1 0 0 0 0 0'::coachdiag.panel;
SELECT 'panel 1 bigint 1 1 - 0 1 0 - 0 - 1 1 0 0 0 0 0'::coachdiag.panel;
SELECT 'panel 1 bigint 1 1 - 0 1 0 - - - 1.5 1 0 0 0 0 0'::coachdiag.panel;
SELECT 'panel 1 bigint 1 1 - 0 1 0 - - - -1 1 0 0 0 0 0'::coachdiag.panel;
SELECT 'panel 1 bigint 1 1 - 0 1 0 - - - 1 0 0 0 0 0 0'::coachdiag.panel;
SELECT 'panel 1 bigint 1 1 - 0 1 0 - - - 1 1 NaN 0 0 0 0'::coachdiag.panel;
SELECT 'panel 1 bigint 1 1 - 0 1 0 - - - 1 1 0 -1 0 0 0'::coachdiag.panel;
SELECT 'panel 1 bigint 1 1 - 0 1 0 - - - 1 1 0 0 Infinity 0 0'::coachdiag.panel;
SELECT 'panel 1 bigint 1 1 - 0 1 0 - - - 0 0 0 0 5 0 0'::coachdiag.panel;
SELECT 'panel 1 bigint 1 1 - 0 2 0 - - - 1 1 0 0 0 0 0 0 - - - 1 1 0 0 0 0 0'::coachdiag.panel;

-- a state can only be changed by an aggregate
SELECT coachdiag.panel_accum(p, 1, 1, 1::bigint, date '2025-01-06') FROM kept WHERE id = 1;
SELECT coachdiag.panel_merge(p, p) FROM kept WHERE id = 1;

-- over a window: the state goes on after each final
SELECT i, coachdiag.observations(coachdiag.panel(i, 0, i % 2::bigint, date '2025-01-06') OVER (ORDER BY i)) FROM generate_series(1, 4) i;
