-- constraint_outcome: where unresolved contacts broke off or went wrong, other metrics by contact type, what is missing.
BEGIN;
SELECT plan(25);
\set QUIET on
CREATE FUNCTION pg_temp.uniform(name text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT (('x' || left(md5(name), 8))::bit(32)::bigint + 0.5) / 4294967296 $$;

-- A centre that resolves nine in ten but for two things. Of refunds a fifth breaks off at an approval, half of these by an escalation, and is not resolved. Moves that are keyed in twice
-- (two in five) come to their end, a quarter less of them resolved. Bills break off at the approval as often, and somebody else resolves them. Quality is short in bills, on time nobody says where.
SELECT coachdiag.create_workspace('p"x');
INSERT INTO "p""x".metric (metric, higher_is_better, target, smallest_effect, unit, scale) VALUES ('fcr', true, 0.9, 0.02, 'share', 'proportion'), ('quality', true, 80, 1, 'points', 'identity'), ('on time', true, 0.9, 0.01, 'share', 'proportion'), ('costs', false, 100, 1, 'euro', 'log'),
	('first contact survey', true, 0.9, 0.01, 'share', 'proportion'), ('resolved at once', true, 0.9, 0.01, 'share', 'proportion'), ('mood', true, 5, 1, 'points', 'identity');
INSERT INTO "p""x".assignment (agent_id, team, valid_from) SELECT a, 'team ' || a % 2, date '2023-01-01' FROM generate_series(1, 10) a;
CREATE TEMP TABLE c AS
SELECT id, 1 + id % 10 AS agent, t.type, timestamptz '2025-03-03 08:00+00' + (id / 30) * interval '1 day' + (id % 30) * interval '10 minutes' AS at, b.broken, b.broken AND pg_temp.uniform('e' || id) < 0.5 AS handed_on, k.keyed,
	pg_temp.uniform('r' || id) < CASE WHEN b.broken AND t.type = 'refund' THEN 0 WHEN k.keyed THEN 0.65 ELSE 0.9 END AS resolved
FROM (SELECT id, (ARRAY['refund', 'move', 'bill'])[1 + (id / 10) % 3] AS type FROM generate_series(0, 3599) id) t
CROSS JOIN LATERAL (SELECT type <> 'move' AND pg_temp.uniform('b' || id) < 0.2 AS broken) b
CROSS JOIN LATERAL (SELECT type = 'move' AND pg_temp.uniform('k' || id) < 0.4 AS keyed) k;
INSERT INTO "p""x".contact (contact_id, agent_id, started_at, contact_type, resolved) SELECT id, agent, at, type, resolved FROM c;
INSERT INTO "p""x".contact_event (contact_id, step, started_at, kind)
SELECT id, step, at + n * interval '1 minute', kind
FROM c CROSS JOIN LATERAL (VALUES (1, 'identify', 'work', true), (2, 'approve', 'approval', type <> 'move' AND (broken OR id % 2 = 0)), (3, 'escalate', 'escalation', handed_on), (4, 'lead', 'work', handed_on),
	(5, 'key in', 'work', NOT broken), (6, 'key in again', 'work', keyed), (7, 'close', 'work', NOT broken), (8, 'done', 'resolved', resolved)) s (n, step, kind, taken)
WHERE s.taken;
INSERT INTO "p""x".agent_metric (agent_id, metric, period, value, volume, contact_type, target)
SELECT agent_id, 'fcr', date_trunc('week', started_at)::date, avg(resolved::int), count(*), contact_type, NULL::float8 FROM "p""x".contact GROUP BY 1, 3, 6
UNION ALL SELECT a, 'quality', date '2025-05-05', CASE t WHEN 'bill' THEN 74 WHEN 'move' THEN 78 ELSE 90 END, 10, t, NULL FROM generate_series(1, 10) a, unnest(ARRAY['bill', 'move', 'refund']) t
UNION ALL SELECT a, 'on time', date '2025-05-05', 0.8, 10, NULL, NULL FROM generate_series(1, 10) a
UNION ALL SELECT a, 'costs', date '2025-05-05', 100 * exp(0.1), 10, 'bill', NULL FROM generate_series(1, 10) a
UNION ALL SELECT a, 'first contact survey', date '2025-05-05', 0.5, 10, 'bill', NULL FROM generate_series(1, 10) a
UNION ALL SELECT a, 'resolved at once', date '2025-05-05', 0.84, 10, 'bill', NULL FROM generate_series(1, 10) a;
SET client_min_messages = warning;
CALL coachdiag.refresh('p"x');
SET search_path = "p""x", public;

SELECT results_eq($$SELECT contact_type, step FROM constraint_outcome WHERE metric = 'fcr' AND share > 0.1 ORDER BY rank$$, $$VALUES ('refund', 'approve'), ('move', 'key in again')$$, 'where contacts break off, and where they go wrong and come to their end all the same');
SELECT ok(abs(gap - least(0.9 * f.broken, 0.9 * f.n - f.resolved) / 3600) < 1e-9 AND abs(gap - 0.18 / 3) < 0.01, format('gap %s of 0.06', gap))
FROM constraint_outcome, (SELECT count(*) AS n, count(*) FILTER (WHERE broken) AS broken, sum(resolved::int) AS resolved FROM c WHERE type = 'refund') f WHERE metric = 'fcr' AND rank = 1;
SELECT ok(abs(gap - f.n * (f.others - f.resolved) / 3600) < 1e-9 AND abs(gap - 0.10 / 3) < 0.01, format('gap %s of 0.033', gap))
FROM constraint_outcome, (SELECT count(*) FILTER (WHERE keyed) AS n, avg(resolved::int) FILTER (WHERE keyed) AS resolved, avg(resolved::int) FILTER (WHERE NOT keyed) AS others FROM c WHERE type = 'move') f WHERE metric = 'fcr' AND rank = 2;
SELECT ok(abs(sum(share) - 1) < 1e-9, 'shares add up to one') FROM constraint_outcome WHERE metric = 'fcr';
SELECT ok(abs(sum(gap) - (SELECT sum(greatest(0.9 * n - r, 0)) / 3600 FROM (SELECT count(*) AS n, sum(resolved::int) AS r FROM c GROUP BY type) t)) < 1e-9, 'gaps to that of the types that are short') FROM constraint_outcome WHERE metric = 'fcr';
SELECT ok(abs(max(cumulative_share) - sum(share) FILTER (WHERE rank IS NOT NULL)) < 1e-9, 'the last cumulative share is that of all steps') FROM constraint_outcome WHERE metric = 'fcr';
SELECT results_eq($$SELECT volume, round(mean::numeric, 9), round(target::numeric, 9), broken_off, status FROM constraint_outcome WHERE metric = 'fcr' AND rank = 1$$,
	$$SELECT count(*)::float8, round(avg(resolved::int), 9), 0.9, count(*) FILTER (WHERE broken)::float8, 'assessed' FROM c WHERE type = 'refund' AND (broken OR id % 2 = 0)$$, 'contacts with the step, and those that broke off there');
SELECT ok(abs(waiting_share - 0.85) < 0.15, format('most of them waiting: %s', waiting_share)) FROM constraint_outcome WHERE metric = 'fcr' AND rank = 1;
SELECT ok(gap < 0.002 AND broken_off > 200, 'broken off, and resolved by somebody else: no gap') FROM constraint_outcome WHERE metric = 'fcr' AND contact_type = 'bill' AND step = 'approve';
SELECT is_empty($$SELECT * FROM constraint_outcome WHERE step IN ('done', 'escalate')$$, 'what marks the outcome, and the handoff itself, are no places');
SELECT results_eq($$SELECT count(*), bool_and(rank IS NULL) FROM constraint_outcome WHERE metric = 'fcr' AND status = 'assessed: what no step explains'$$, $$VALUES (3::bigint, true)$$, 'a row per type for what no step explains');

-- Other metrics: by contact type
SELECT results_eq($$SELECT rank, contact_type, step, mean, gap, round(share::numeric, 9), round(cumulative_share::numeric, 9) FROM constraint_outcome WHERE metric = 'quality' ORDER BY rank$$,
	$$VALUES (1::bigint, 'bill', NULL, 74::float8, 2::float8, 0.75, 0.75), (2, 'move', NULL, 78, 2 / 3.0::float8, 0.25, 1), (3, 'refund', NULL, 90, 0, 0, 1)$$, 'types that are short, in the metric''s units');
SELECT is(status, 'assessed by contact type; not assessed by step: only handle time (constraint_map) and resolution can be followed to steps', 'where to look for steps') FROM constraint_outcome WHERE metric = 'quality' AND rank = 1;
SELECT is((share, status)::text, '(1,"not assessed by contact type: needs agent_metric.contact_type; not assessed by step: only handle time (constraint_map) and resolution can be followed to steps")', 'no types') FROM constraint_outcome WHERE metric = 'on time';
SELECT ok(abs(mean - 100 * exp(0.1)) < 1e-6 AND abs(target - 100) < 1e-6 AND abs(gap - (100 * exp(0.1) - 100)) < 1e-6, format('a log scale in metric units: %s', gap)) FROM constraint_outcome WHERE metric = 'costs';
SELECT is(status, format('assessed by contact type; not assessed by step: contact.resolved says %s %%, the metric 50 %%', (SELECT round(100 * avg(resolved::int)) FROM c)), 'another resolution than that of the contacts') FROM constraint_outcome WHERE metric = 'first contact survey';
SELECT is(status, 'assessed by contact type; not assessed by step: metric fcr is nearer to contact.resolved', 'two of them: one is followed') FROM constraint_outcome WHERE metric = 'resolved at once';
SELECT is((rank, share, status)::text, '(,,"not assessed: needs agent_metric and a target")', 'no values') FROM constraint_outcome WHERE metric = 'mood';

-- A type without events; one without a name; no gap at all
DELETE FROM contact_event WHERE contact_id IN (SELECT id FROM c WHERE type = 'move');
UPDATE contact SET contact_type = NULL WHERE contact_type = 'refund';
UPDATE agent_metric SET contact_type = NULL WHERE contact_type = 'refund' AND metric = 'fcr';
UPDATE metric SET target = 0.5 WHERE metric = 'quality';
CALL coachdiag.refresh('p"x');
SELECT is(status, 'assessed by contact type; not assessed by step: needs contact_event for this contact type', 'contacts without events') FROM constraint_outcome WHERE metric = 'fcr' AND contact_type = 'move';
SELECT ok(abs(share - 0.10 / 0.28) < 0.06, format('have their gap all the same: %s', share)) FROM constraint_outcome WHERE metric = 'fcr' AND contact_type = 'move';
SELECT results_eq($$SELECT contact_type, step FROM constraint_outcome WHERE metric = 'fcr' AND rank = 1$$, $$VALUES (NULL::text, 'approve')$$, 'a type that is not given');
SELECT results_eq($$SELECT DISTINCT gap, share FROM constraint_outcome WHERE metric = 'quality'$$, $$VALUES (0::float8, NULL::float8)$$, 'no gap, no shares');

-- No outcome, no contacts, no metrics
UPDATE contact SET resolved = NULL;
CALL coachdiag.refresh('p"x');
SELECT is(min(status), 'assessed by contact type; not assessed by step: needs contact.resolved', 'nobody says which contacts were resolved') FROM constraint_outcome WHERE metric = 'fcr' HAVING count(DISTINCT status) = 1;
DROP TABLE contact, contact_event;
CALL coachdiag.refresh('p"x');
SELECT is(min(status), 'assessed by contact type; not assessed by step: needs contact.resolved', 'no contacts') FROM constraint_outcome WHERE metric = 'fcr' HAVING count(DISTINCT status) = 1;
RESET search_path;
SELECT coachdiag.create_workspace('bare');
SET client_min_messages = warning;
CALL coachdiag.refresh('bare');
SELECT is_empty('SELECT * FROM bare.constraint_outcome', 'no metrics, no rows');

SELECT * FROM finish();
ROLLBACK;
