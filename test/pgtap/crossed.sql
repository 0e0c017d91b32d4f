-- crossed_variance and crossed_effects: agents and contact types apart.
BEGIN;
SELECT plan(14);

-- Balanced: six agents, four types, three weeks; the answer is that of the table of mean squares.
CREATE TEMP TABLE work AS
SELECT a AS agent, 'T' || t AS contact_type, date '2025-01-06' + 7 * w AS week, 100.0 + 10 * t AS target,
	100.0 + 10 * t + 6 * (a * a % 5) + 4 * t + 3 * sin(7 * a + 3 * t) + 2 * sin(5 * a + 11 * t + 13 * w) AS value
FROM generate_series(1, 6) a, generate_series(1, 4) t, generate_series(1, 3) w;
CREATE TEMP TABLE squares AS
WITH gap AS (
	SELECT agent, contact_type, value - target AS y, avg(value - target) OVER (PARTITION BY agent, contact_type) AS cell, avg(value - target) OVER (PARTITION BY agent) AS of_agent,
		avg(value - target) OVER (PARTITION BY contact_type) AS of_type, avg(value - target) OVER () AS mean FROM work
)
SELECT avg(mean) AS mean, sum((of_agent - mean) ^ 2) / 5 AS ms_agent, sum((of_type - mean) ^ 2) / 3 AS ms_type,
	sum((cell - of_agent - of_type + mean) ^ 2) / 15 AS ms_both, sum((y - cell) ^ 2) / 48 AS ms_rest, sum((y - of_agent - of_type + mean) ^ 2) / 63 AS ms_additive FROM gap;
CREATE TEMP TABLE unit AS SELECT coachdiag.panel(value, target, agent, week, 1, contact_type, NULL, NULL, NULL, NULL) AS p FROM work;

SELECT results_eq($$SELECT source, levels FROM unit, coachdiag.crossed_variance(p)$$,
	$$VALUES ('agent', 6), ('contact type', 4), ('agent on contact type', 24), ('rest', NULL)$$, 'a row for each source, with its levels');
SELECT ok(abs(v.variance / e.variance - 1) < 1e-7, v.source || ': as by the table of mean squares')
FROM unit, squares, coachdiag.crossed_variance(p) v, LATERAL (VALUES ('agent', (ms_agent - ms_both) / 12), ('contact type', (ms_type - ms_both) / 18),
	('agent on contact type', (ms_both - ms_rest) / 3), ('rest', ms_rest)) e (source, variance)
WHERE v.source = e.source;
SELECT ok(abs(sum(share) - 1) < 1e-12, 'the shares add up') FROM unit, coachdiag.crossed_variance(p);
SELECT ok(bool_and(CASE source WHEN 'rest' THEN variance_low IS NULL AND variance_high IS NULL ELSE variance_low < variance AND variance < variance_high END),
	'an interval around each but the rest') FROM unit, coachdiag.crossed_variance(p);
SELECT ok(abs(max(variance) FILTER (WHERE source = 'rest') / min(ms_additive) - 1) < 1e-7 AND count(*) = 3, 'without interaction it is part of the rest')
FROM unit, squares, coachdiag.crossed_variance(p, false);
SELECT ok(abs(max(effect) FILTER (WHERE kind = 'all') - min(mean)) < 1e-9 AND abs(sum(effect) FILTER (WHERE kind = 'agent')) < 1e-9 AND count(*) = 11,
	'effects: the mean, and agents and types around it') FROM unit, squares, coachdiag.crossed_effects(p);

-- A1 is fed the hard type, on which everybody is 20 over; B9 is 8 slower than the others on everything.
CREATE TEMP TABLE routed AS
SELECT coachdiag.panel(200 + CASE WHEN hard THEN 20 ELSE 0 END + CASE a WHEN 9 THEN 8 ELSE 0 END + 3 * sin(a * 5 + w * 7 + hard::int * 11), 200, 'A' || a, date '2025-01-06' + 7 * w,
	CASE WHEN hard = (a = 1) THEN 9.0 ELSE 1.0 END, CASE WHEN hard THEN 'hard' END, NULL, NULL, NULL, NULL) AS p
FROM generate_series(1, 9) a, generate_series(0, 9) w, unnest(ARRAY[true, false]) hard;
SELECT ok(e1.effect < 1 AND e9.effect > 5 AND d.gap > 15, 'who is fed the hard contacts is not slow, who is slow on all is')
FROM routed, coachdiag.crossed_effects(p) e1, coachdiag.crossed_effects(p) e9, coachdiag.gap_sources(p) d WHERE e1.item = 'A1' AND e9.item = 'A9' AND d.item = 'A1';
SELECT ok(h.effect - e.effect BETWEEN 17 AND 21, 'contacts of no type are a type of their own')
FROM routed, coachdiag.crossed_effects(p) h, coachdiag.crossed_effects(p) e WHERE h.item = 'hard' AND e.kind = 'contact type' AND e.item IS NULL;

-- Agents and types changed round, so that there are more types than agents.
SELECT ok(bool_and(abs(a.variance / b.variance - 1) < 1e-9) AND count(*) = 4, 'more types than agents: the same model')
FROM unit, coachdiag.crossed_variance(p) a, (SELECT coachdiag.panel(value, target, right(contact_type, 1)::bigint, week, 1, agent::text, NULL, NULL, NULL, NULL) AS p FROM work) turned,
	coachdiag.crossed_variance(turned.p) b
WHERE b.source = CASE a.source WHEN 'agent' THEN 'contact type' WHEN 'contact type' THEN 'agent' ELSE a.source END;

SELECT is_empty($$SELECT v FROM unit, coachdiag.crossed_variance(coachdiag.contact_type(p, 'T1')) v UNION ALL SELECT coachdiag.crossed_variance(NULL)
	UNION ALL SELECT coachdiag.crossed_variance(coachdiag.panel(value, NULL, agent, week, 1, contact_type, NULL, NULL, NULL, NULL)) FROM work$$,
	'one contact type, no panel or no target: no rows');
SELECT ok(count(*) = 3, 'one value a pair: what agents do on one type only is part of the rest')
FROM (SELECT coachdiag.panel(value, target, agent, week, 1, contact_type, NULL, NULL, NULL, NULL) AS p FROM work WHERE week = date '2025-01-13') one, coachdiag.crossed_variance(p);

SELECT * FROM finish();
ROLLBACK;
