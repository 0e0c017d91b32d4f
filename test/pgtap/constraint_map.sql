-- constraint_map, observation_plan, failure_demand, decide_or_wait: steps of a path, a planted centre, what is missing.
BEGIN;
SELECT plan(81);

\set QUIET on
CREATE FUNCTION pg_temp.steps(path text, OUT step text, OUT visits int, OUT work float8, OUT rework float8, OUT wait float8, OUT latency float8, OUT transfers int, OUT escalations int)
	RETURNS SETOF record LANGUAGE sql AS 'SELECT s.* FROM coachdiag.path_steps(path::coachdiag.path) s';
CREATE FUNCTION pg_temp.uniform(name text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT (('x' || left(md5(name), 8))::bit(32)::bigint + 0.5) / 4294967296 $$;

-- Steps of a path

SELECT results_eq($$SELECT * FROM pg_temp.steps('[{"step":"talk","start":"2025-01-06 10:00:00Z","end":"2025-01-06 10:01:00Z","kind":"work"},
		{"step":"hold","start":"2025-01-06 10:01:00Z","end":"2025-01-06 10:01:40Z","kind":"hold"},
		{"step":"talk","start":"2025-01-06 10:01:40Z","end":"2025-01-06 10:02:00Z","kind":"work"},
		{"step":"key in","start":"2025-01-06 10:02:10Z","end":"2025-01-06 10:02:40Z","kind":"work"},
		{"step":"talk","start":"2025-01-06 10:02:40Z","end":"2025-01-06 10:02:50Z","kind":"work"},
		{"step":"transfer","start":"2025-01-06 10:02:50Z","kind":"transfer"}]')$$, $$VALUES
	('talk', 3, 80::float8, 10::float8, 0::float8, 0::float8, 1, 0), ('hold', 1, 0, 0, 40, 40, 0, 0), ('key in', 1, 30, 0, 10, 0, 0, 0), ('transfer', 1, 0, 0, 0, 0, 0, 0)$$,
	'work goes on after a wait, comes back as rework after another step; a gap belongs to the step after it; a transfer to the step before it');
SELECT results_eq($$SELECT step, work, rework FROM pg_temp.steps('[{"step":"a","start":"2025-01-06 10:00:00Z","end":"2025-01-06 10:01:00Z"},
		{"step":"a","start":"2025-01-06 10:01:00Z","end":"2025-01-06 10:01:30Z"}]')$$, $$VALUES ('a', 60::float8, 30::float8)$$, 'over again is rework');
SELECT results_eq($$SELECT * FROM pg_temp.steps('[{"step":"a","start":"2025-01-06 10:00:00Z"},{"step":"b","start":"2025-01-06 10:01:00Z"}]')$$,
	$$VALUES ('a', 1, NULL::float8, NULL::float8, NULL::float8, NULL::float8, NULL::int, NULL::int), ('b', 1, NULL, NULL, NULL, NULL, NULL, NULL)$$, 'neither kinds nor ends: nothing known');
SELECT results_eq($$SELECT step, wait, latency FROM pg_temp.steps('[{"step":"known","start":"2025-01-06 10:00:00Z","kind":"resolution_identified"},
		{"step":"ask","start":"2025-01-06 10:00:10Z","end":"2025-01-06 10:01:00Z","kind":"approval"},{"step":"allowed","start":"2025-01-06 10:01:30Z","kind":"resolution_authorised"}]')$$,
	$$VALUES ('known', 0::float8, 0::float8), ('ask', 60, 60), ('allowed', 30, 30)$$, 'decision latency falls on the steps it is spent in');
SELECT results_eq($$SELECT step, transfers, escalations FROM pg_temp.steps('[{"step":"route","start":"2025-01-06 10:00:00Z","kind":"transfer"},
		{"step":"up","start":"2025-01-06 10:00:10Z","kind":"escalation"}]')$$, $$VALUES ('route', 1, 0), ('up', 0, 1)$$, 'no step before: their own');
SELECT results_eq($$SELECT step, work, rework, wait FROM pg_temp.steps('[{"step":"a","start":"2025-01-06 10:00:00Z","end":"2025-01-06 10:02:00Z","kind":"work"},
		{"step":"b","start":"2025-01-06 10:01:00Z","end":"2025-01-06 10:04:00Z","kind":"wait"},{"step":"c","start":"2025-01-06 10:03:00Z","end":"2025-01-06 10:05:00Z","kind":"work"}]')$$,
	$$VALUES ('a', 120::float8, 0::float8, 0::float8), ('b', 0, 0, 180), ('c', 120, 0, 0)$$, 'events that overlap count in full each');
SELECT is_empty('SELECT * FROM coachdiag.path_steps(NULL)', 'no path, no steps');
SELECT is_empty($$SELECT * FROM pg_temp.steps('[]')$$, 'empty path, no steps');

-- A centre: three types of four steps, ten agents of two teams; approval of refunds takes 300 s longer than the target has room for, a second gap sits in 'move', 'talk' has its usual hold everywhere.
SELECT coachdiag.create_workspace('p"x');
INSERT INTO "p""x".metric VALUES ('aht', false, 400, 10, 'seconds', 'identity'), ('fcr', true, 0.9, 0.02, 'share', 'proportion');
INSERT INTO "p""x".agent SELECT a, CASE WHEN a < 8 THEN date '2023-01-01' ELSE date '2025-05-01' END FROM generate_series(1, 10) a;
INSERT INTO "p""x".assignment (agent_id, team, valid_from) SELECT a, 'team ' || a % 2, date '2023-01-01' FROM generate_series(1, 10) a;
CREATE TEMP TABLE c AS
SELECT id, 1 + id % 10 AS agent, t.type, timestamptz '2025-03-03 08:00+00' + (id / 20) * interval '1 day' + (id % 9) * interval '1 hour' + (id % 20) * interval '1 minute' AS at,
	round(60 + 20 * pg_temp.uniform('w' || id)) AS work, CASE WHEN t.approval > 0 THEN 1 + round(t.approval * 2 * pg_temp.uniform('a' || id)) ELSE 0 END AS approval, round(t.again * 2 * pg_temp.uniform('r' || id)) AS again,
	t.type = 'refund' AND pg_temp.uniform('e' || id) < CASE WHEN id % 10 IN (2, 3) THEN 0.7 ELSE 0.15 END AS escalated, pg_temp.uniform('u' || id) > CASE t.type WHEN 'refund' THEN 0.3 ELSE 0.05 END AS resolved
FROM (SELECT id, (ARRAY['refund', 'move', 'bill'])[1 + (id / 10) % 3] AS type FROM generate_series(1, 2400) id) i
JOIN (VALUES ('refund', 300, 0), ('move', 0, 60), ('bill', 0, 0)) t (type, approval, again) USING (type);
CREATE TEMP TABLE e AS
SELECT id, step, kind, at + sum(seconds) OVER w * interval '1 s' - seconds * interval '1 s' AS from_at, at + sum(seconds) OVER w * interval '1 s' AS to_at
FROM c CROSS JOIN LATERAL (VALUES (1, 'identify', 'work', work), (2, 'hold', 'hold', 20), (3, 'approve', 'approval', approval), (4, 'key in', 'work', work), (5, 'talk', 'work', work),
	(6, 'key in', 'work', again), (7, 'escalate', 'escalation', CASE WHEN escalated THEN 0 END), (8, 'close', 'work', work)) s (n, step, kind, seconds)
WHERE s.seconds > 0 OR s.kind = 'escalation' AND s.seconds = 0
WINDOW w AS (PARTITION BY id ORDER BY n);
INSERT INTO "p""x".contact (contact_id, agent_id, started_at, contact_type, customer_id, handle_seconds, resolved)
SELECT c.id, c.agent, c.at, c.type, CASE WHEN c.type = 'refund' AND NOT p.resolved THEN p.id ELSE c.id END::text, (SELECT extract(epoch FROM max(e.to_at) - min(e.from_at)) FROM e WHERE e.id = c.id), c.resolved
FROM c LEFT JOIN c p ON p.id = c.id - 60 AND p.type = c.type;
INSERT INTO "p""x".contact_event SELECT id, step, from_at, to_at, NULL, kind FROM e;
INSERT INTO "p""x".agent_metric (agent_id, metric, period, value, volume, contact_type, target)
SELECT agent_id, 'aht', date_trunc('week', started_at)::date, avg(handle_seconds), count(*), contact_type, 4 * 70 + 20 FROM "p""x".contact GROUP BY 1, 3, 6;
INSERT INTO "p""x".documented_step VALUES ('refund', 'identify', 'approve'), ('refund', 'approve', 'key in'), ('refund', 'key in', 'close'), ('refund', 'close', 'survey');
SET client_min_messages = warning;
CALL coachdiag.refresh('p"x');
SET search_path = "p""x", public;

SELECT results_eq($$SELECT contact_type, metric, target_seconds FROM handle_target ORDER BY 1$$, $$VALUES ('bill', 'aht', 300::float8), ('move', 'aht', 300), ('refund', 'aht', 300)$$, 'the handle time metric is found, with the targets of the types');
SELECT results_eq('SELECT contact_type, step FROM constraint_map WHERE rank <= 2 ORDER BY rank', $$VALUES ('refund', 'approve'), ('move', 'key in')$$, 'the planted steps come first, in their order');
SELECT ok(abs(share - 300.0 / 360) < 0.03, format('share %s of 0.833', share)) FROM constraint_map WHERE rank = 1;
SELECT ok(abs(share - 60.0 / 360) < 0.03, format('share %s of 0.167: rework', share)) FROM constraint_map WHERE rank = 2;
SELECT ok(abs(gap_seconds - 300) < 15, format('%s s a contact of 300', gap_seconds)) FROM constraint_map WHERE rank = 1;
SELECT ok(abs(sum(share) - 1) < 1e-9, 'shares add up to one') FROM constraint_map;
SELECT ok(abs(max(cumulative_share) - sum(share) FILTER (WHERE rank IS NOT NULL)) < 1e-9, 'the last cumulative share is that of all steps') FROM constraint_map;
SELECT is(sum(share) FILTER (WHERE step = 'hold') < 0.01, true, 'what the target has room for is no gap') FROM constraint_map;
SELECT is(waiting_share, 1::float8, 'approval is all waiting') FROM constraint_map WHERE rank = 1;
SELECT ok(abs(m.latency_p50 - x.p[1]) < 0.01 AND abs(m.latency_p90 - x.p[2]) < 0.01, 'latency quantiles are those of the rows')
FROM constraint_map m, (SELECT percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY approval) AS p FROM c WHERE type = 'refund') x WHERE m.rank = 1;
SELECT is(contacts, (SELECT count(*) FROM c WHERE type = 'refund'), 'contacts') FROM constraint_map WHERE rank = 1;
SELECT ok(abs(rework_seconds - (SELECT avg(again) FROM c WHERE type = 'move')) < 0.01, 'rework seconds') FROM constraint_map WHERE rank = 2;
SELECT is(escalation_share, (SELECT avg(escalated::int)::float8 FROM c WHERE type = 'refund'), 'escalations belong to the step they leave') FROM constraint_map WHERE contact_type = 'refund' AND step = 'talk';
SELECT ok(waiting_icc < 0.05 AND waiting_icc_high < 0.15, format('waiting is not the person: %s up to %s', waiting_icc, waiting_icc_high)) FROM constraint_map WHERE rank = 1;
SELECT ok(repeat_share > 0.15, format('refunds are repeated: %s', repeat_share)) FROM constraint_map WHERE rank = 1;
SELECT is(repeat_share, 0::float8, 'bills are not') FROM constraint_map WHERE contact_type = 'bill' AND step = 'close';
SELECT is(metric || ' ' || status, 'aht assessed', 'nothing is missing') FROM constraint_map WHERE contact_type = 'refund' AND step = 'talk';
SELECT ok(escalation_floor BETWEEN 0.08 AND 0.2 AND escalation_floor < escalation_share, format('escalation floor %s of %s', escalation_floor, escalation_share)) FROM constraint_map WHERE contact_type = 'refund' AND step = 'talk';
SELECT is(most_in_share BETWEEN 0.4 AND 0.6, true, 'both teams lose time there') FROM constraint_map WHERE rank = 1;

-- The steps of many contacts: the totals are those of plain SQL over the steps of each
CREATE TEMP TABLE plain AS
SELECT c.contact_type, s.step, c.team, c.agent_id, count(*) AS contacts, sum(s.visits) AS visits, count(s.waiting_seconds) AS timed,
	sum(s.working_seconds) AS working_seconds, sum(s.rework_seconds) AS rework_seconds, sum(s.waiting_seconds) AS waiting_seconds,
	sum(ln(1 + s.waiting_seconds)) AS waiting_s1, sum(ln(1 + s.waiting_seconds) ^ 2) AS waiting_s2, count(s.latency_seconds) AS of_kind,
	sum(ln(1 + s.latency_seconds)) AS latency_s1, sum(ln(1 + s.latency_seconds) ^ 2) AS latency_s2,
	array_agg(s.latency_seconds::real ORDER BY s.latency_seconds) FILTER (WHERE s.latency_seconds > 0) AS latencies,
	count(*) FILTER (WHERE s.transfers > 0) AS transferred, count(*) FILTER (WHERE s.escalations > 0) AS escalated, count(r.followed) AS followed, count(*) FILTER (WHERE r.followed AND r.repeated) AS repeated
FROM recent_contact c CROSS JOIN LATERAL coachdiag.path_steps(c.path) s
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM repeat_contact x WHERE x.earlier_contact = c.contact_id) AS repeated,
	CASE WHEN c.customer_id IS NOT NULL AND c.started_at <= (SELECT max(l.started_at) - interval '7 days' FROM stored_contact l) THEN true END AS followed) r
GROUP BY 1, 2, 3, 4;
SELECT ok((SELECT count(*) > 100 FROM plain) AND (SELECT sum(repeated) > 0 AND sum(escalated) > 0 AND sum(cardinality(latencies)) > 0 AND sum(rework_seconds) > 0 FROM plain), 'there is something to compare');
SELECT results_eq('SELECT contact_type, step, team, agent_id, contacts, visits::numeric, timed, of_kind, transferred, escalated, followed, repeated, (SELECT array_agg(l ORDER BY l) FROM unnest(latencies) l) FROM step_by_agent ORDER BY 1, 2, 3, 4',
	'SELECT contact_type, step, team, agent_id, contacts, visits::numeric, timed, of_kind, transferred, escalated, followed, repeated, latencies FROM plain ORDER BY 1, 2, 3, 4', 'counts and latencies');
SELECT is_empty($$SELECT p.contact_type, p.step, p.team, p.agent_id, x.name FROM plain p JOIN step_by_agent s USING (contact_type, step, team, agent_id)
	CROSS JOIN LATERAL (SELECT a.key AS name, a.value::text::float8 AS a, b.value::text::float8 AS b FROM jsonb_each(to_jsonb(p)) a JOIN jsonb_each(to_jsonb(s)) b USING (key) WHERE a.key LIKE '%seconds' OR a.key LIKE '%\_s_') x
	WHERE abs(x.a - x.b) > 1e-9 * greatest(abs(x.b), 1)$$, 'sums');
SELECT results_eq('SELECT r.* FROM (SELECT coachdiag.step_totals(path, contact_id::bigint % 3 = 0 ORDER BY contact_id) AS t FROM stored_contact) t, coachdiag.step_rows(t.t) r ORDER BY step',
	'SELECT r.* FROM (SELECT coachdiag.step_totals(path, contact_id::bigint % 3 = 0 ORDER BY md5(contact_id)) AS t FROM stored_contact) t, coachdiag.step_rows(t.t) r ORDER BY step', 'the order of contacts is no matter, to the last digit');
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT results_eq('SELECT r.step, r.contacts, r.visits, r.waiting_seconds, r.escalated, (SELECT array_agg(l ORDER BY l) FROM unnest(r.latencies) l) FROM (SELECT coachdiag.step_totals(path, NULL) AS t FROM stored_contact) t, coachdiag.step_rows(t.t) r ORDER BY 1',
	'SELECT s.step, count(*), sum(s.visits), sum(s.waiting_seconds), count(*) FILTER (WHERE s.escalations > 0), array_agg(s.latency_seconds::real ORDER BY s.latency_seconds) FILTER (WHERE s.latency_seconds > 0) FROM stored_contact c, coachdiag.path_steps(c.path) s GROUP BY 1 ORDER BY 1', 'by several workers');
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
SELECT ok((SELECT count(*) = 40000 AND sum(r.contacts) = 200000 AND min(r.contacts) = 5 AND max(r.visits) = 5 FROM (
	SELECT coachdiag.step_totals(p, g % 2 = 0) AS t FROM (SELECT g, coachdiag.contact_path('step ' || n, timestamptz '2025-01-06 10:00Z' + n * interval '1 s', NULL, NULL, NULL::text) AS p
		FROM generate_series(0, 4) g, generate_series(1, 40000) n GROUP BY g) p) t, coachdiag.step_rows(t.t) r), 'many steps');
SELECT results_eq($$SELECT r.step, r.contacts, r.timed, r.waiting_seconds, r.waiting_s1, r.of_kind, r.latency_s1, r.latencies, r.followed FROM (
	SELECT coachdiag.step_totals(p, NULL) AS t FROM (VALUES ('[{"step":"a","start":"2025-01-06 10:00Z"}]'::coachdiag.path), (NULL), ('[]')) v (p)) t, coachdiag.step_rows(t.t) r$$,
	$$VALUES ('a', 1::bigint, 0::bigint, NULL::float8, NULL::float8, 0::bigint, NULL::float8, NULL::real[], 0::bigint)$$, 'neither kinds nor ends, no path, no event');
SELECT ok((SELECT coachdiag.step_totals(NULL, true)) IS NULL, 'no path');
SELECT throws_ok($$SELECT '1 steps'::coachdiag.step_totals$$, '0A000', NULL, 'totals cannot be read in');
SELECT throws_ok('SELECT coachdiag.step_totals_accum(NULL, NULL, NULL)', NULL, NULL, 'nor made by hand');

-- Quantiles of arrays
SELECT results_eq($$SELECT coachdiag.quantiles(coachdiag.concatenated(v), '{0,0.25,0.5,0.9,1}') FROM (SELECT array_agg(x) AS v FROM (SELECT ((g * 37 % 1009) / 4.0)::real AS x, g % 17 AS k FROM generate_series(1, 5000) g) g GROUP BY k) v$$,
	$$SELECT percentile_cont('{0,0.25,0.5,0.9,1}'::float8[]) WITHIN GROUP (ORDER BY (g * 37 % 1009) / 4.0::float8) FROM generate_series(1, 5000) g$$, 'quantiles are those of percentile_cont');
SELECT is((SELECT coachdiag.concatenated(v ORDER BY v) FROM (VALUES ('{1}'::real[]), (NULL), ('{}'), ('{{2,3},{4,5}}')) v (v)), '{1,2,3,4,5}', 'arrays of any shape');
SELECT is((SELECT coachdiag.concatenated(v) FROM (VALUES (NULL::real[])) v (v)), NULL, 'no array');
SELECT is(coachdiag.quantiles('{}', '{0.5}'), NULL, 'no element');
SELECT throws_ok($$SELECT coachdiag.concatenated('{1,NULL}'::real[])$$, '22004', NULL, 'NULL among the elements');
SELECT throws_ok($$SELECT coachdiag.quantiles('{1,NaN}', '{0.5}')$$, '22003', NULL, 'NaN among the elements');
SELECT throws_ok($$SELECT coachdiag.quantiles('{1}', '{1.5}')$$, '22003', 'a probability must lie between 0 and 1', 'no probability');
SELECT throws_ok($$SELECT coachdiag.quantiles('{1}', '{NULL}')$$, '22003', 'a probability must lie between 0 and 1', 'nor this');
SELECT throws_ok($$SELECT coachdiag.concatenated_final('{{1,2}}')$$, '22023', NULL, 'a state of another shape');
CREATE AGGREGATE pg_temp.strange(real[]) (SFUNC = coachdiag.concatenated_accum, STYPE = real[], INITCOND = '{}');
SELECT throws_ok($$SELECT pg_temp.strange('{1}'::real[])$$, '22023', 'this array is no state of coachdiag.concatenated', 'nor by an aggregate of somebody else');

-- Between agents: one in each team escalates most of it
SELECT ok(icc_low > 0.05 AND icc BETWEEN 0.15 AND 0.6, format('a person problem shows: %s', icc)) FROM (
	SELECT m.icc, m.icc_low FROM constraint_measure m WHERE m.contact_type = 'refund' AND m.step = 'talk' AND m.measure = 'escalation') m;
SELECT is(agents, 10::bigint, 'over all agents') FROM constraint_measure WHERE contact_type = 'refund' AND step = 'approve' AND measure = 'waiting';

-- Repeats and failure demand
SELECT is((SELECT count(*) FROM repeat_contact), (SELECT count(*) FROM contact c WHERE EXISTS (SELECT FROM contact p WHERE p.customer_id = c.customer_id AND p.contact_type = c.contact_type AND p.started_at < c.started_at AND p.started_at >= c.started_at - interval '7 days')), 'repeats within seven days');
SELECT results_eq('SELECT step FROM failure_demand WHERE contact_type = ''refund'' ORDER BY rank', $$VALUES ('close'), ('talk')$$, 'by the last step, or where it was escalated');
SELECT results_eq('SELECT sum(failed), sum(returned), round(sum(hours)::numeric, 6), max(usual_share) FROM failure_demand WHERE contact_type = ''refund''', $$
	SELECT count(*)::numeric, count(n.contact_id)::numeric, round((sum(n.handle_seconds) / 3600)::numeric, 6), 0::float8
	FROM contact c LEFT JOIN contact n ON n.customer_id = c.customer_id AND n.contact_type = 'refund' AND n.started_at > c.started_at AND n.started_at <= c.started_at + interval '7 days'
	WHERE c.contact_type = 'refund' AND NOT c.resolved AND c.started_at <= (SELECT max(started_at) FROM contact) - interval '7 days'$$, 'failure demand sits in refunds');
SELECT is(round(sum(share_of_contacts)::numeric, 9), (SELECT round(sum(returned) / 2400, 9) FROM failure_demand), 'their part of all contacts') FROM failure_demand;
SELECT ok(abs(returned_share - returned::float8 / failed) < 1e-12 AND excess <= returned AND excess_hours <= hours, 'its figures fit') FROM failure_demand WHERE rank = 1;
UPDATE settings SET repeat_days = 1;
SELECT lives_ok($$SELECT coachdiag.refresh_part('p"x', 'repeat_contact')$$, 'another number of days');
SELECT is((SELECT count(*) FROM repeat_contact), 0::bigint, 'nobody is back within one');
UPDATE settings SET repeat_days = 7;

-- What to watch
SELECT is((SELECT DISTINCT contact_type || ': ' || watch_step FROM observation_plan WHERE rank = 1), 'refund: approve', 'watch refunds first, at the approval');
SELECT ok(count(*) BETWEEN 5 AND 10 AND count(DISTINCT agent_id) >= 5 AND count(DISTINCT extract(hour FROM started_at)) >= 3, format('%s contacts of %s agents', count(*), count(DISTINCT agent_id))) FROM observation_plan WHERE rank = 1;
SELECT ok(min(started_at) > (SELECT max(at) FROM c) - interval '30 days' AND bool_and(seconds_at_step BETWEEN typical_seconds / 2 AND typical_seconds * 2), 'recent and typical') FROM observation_plan WHERE rank = 1;
SELECT ok(bool_and('approve: who decides, how long does it take, is it granted as asked, and could the agent have decided?' = ANY (note)), 'what to note') FROM observation_plan WHERE rank = 1;

SELECT results_eq($$SELECT step, observed_contacts, documented, log_contacts > 0, finding FROM coachdiag.compare_observation('p"x', 'refund', '[["identify", "call a friend", {"step": "close"}], ["identify", "close"], ["close"], ["close"]]'::jsonb) ORDER BY step$$, $$VALUES
	('approve', 0::bigint, true, true, 'in the event log but not observed, though it should have been'), ('call a friend', 1, false, false, 'observed, in no document, not known to the event log'),
	('close', 4, true, true, 'observed'), ('escalate', 0, false, true, 'in the event log but not observed: too rare to have to be, in no document'),
	('hold', 0, false, true, 'in the event log but not observed, though it should have been, in no document'), ('identify', 2, true, true, 'observed'),
	('key in', 0, true, true, 'in the event log but not observed, though it should have been'), ('survey', 0, true, false, 'documented but not observed, nor in the event log'),
	('talk', 0, false, true, 'in the event log but not observed, though it should have been, in no document')$$, 'observed against document and log');
SELECT is((SELECT observed_contacts FROM coachdiag.compare_observation('p"x', 'refund', ARRAY['identify', NULL, 'identify']) WHERE step = 'identify'), 1::bigint, 'one contact as an array');
SELECT is((SELECT finding FROM coachdiag.compare_observation('p"x', 'unheard of', ARRAY['x'])), 'observed', 'a type that neither document nor log knows');
SELECT is((SELECT count(*) FROM coachdiag.compare_observation('p"x', 'refund', (SELECT jsonb_agg('["call a friend"]'::jsonb) FROM generate_series(1, 5000))) WHERE finding ^@ 'in the event log but not observed, though'),
	(SELECT count(DISTINCT s.step) FROM "p""x".step_by_agent s WHERE s.contact_type = 'refund'), 'many contacts observed: no probability is too small');
SELECT throws_ok($$SELECT * FROM coachdiag.compare_observation('p"x', 'refund', '["identify"]'::jsonb)$$, '22023', 'observed is not an array of contacts, each an array of steps', 'not of the shape');
SELECT throws_ok($$SELECT * FROM coachdiag.compare_observation('nowhere', 'refund', ARRAY['x'])$$, '3F000', 'there is no workspace "nowhere"', 'no such workspace');

SELECT is_empty($$SELECT FROM coachdiag.compare_observation('p"x', 'refund', NULL::text[])$$, 'nothing observed, no rows');

-- Deciding or waiting
SELECT results_eq($$SELECT team, state, basis, waiting_share > 0.8, reach_probability < 0.25 FROM decide_or_wait WHERE metric = 'aht' ORDER BY team$$,
	$$VALUES ('team 0', 'structural', 'time beyond target', true, true), ('team 1', 'structural', 'time beyond target', true, true)$$, 'everybody waits, nobody reaches the target');
SELECT results_eq($$SELECT d.state FROM (VALUES (10, 100, 0.9, 0.8, 0.1, 5), (10, 100, 0.9, 0.8, 0.9, 5), (10, 100, 0.1, 0.05, 0.9, 5), (10, 100, 0.1, 0.05, 0.1, 5), (2, 100, 0.9, 0.8, 0.1, 5), (10, 10, 0.9, 0.8, 0.1, 5),
		(10, 100, 0.9, 0.8, 0.1, -1), (10, 0, NULL, NULL, 0.1, 5), (10, 100, 0.5, 0.3, 0.9, 5)) v (a, n, s, l, p, g)
	CROSS JOIN LATERAL coachdiag.decide_or_wait(true, a, n, s, l, 2 * s - l, p, g) d$$, $$VALUES ('structural'), ('unknown'), ('behavioural'), ('unknown'), ('unknown'), ('unknown'), ('unknown'), ('unknown'), ('unknown')$$, 'the rule');
SELECT is(reach_probability, 1::float8, 'a large team of which everybody reaches the target') FROM (
	SELECT coachdiag.panel(60 + 4 * pg_temp.uniform(format('%s %s', a, w)), 100::float8, a::bigint, date '2025-01-06' + 7 * w) AS p FROM generate_series(1, 60) a, generate_series(0, 19) w) x, coachdiag.frontier(x.p, false);
SELECT ok(agents = 6 AND best_agent = '1' AND reach_probability > 0.99, format('a frontier: %s', best_gap)) FROM (
	SELECT coachdiag.panel(CASE a WHEN 1 THEN 90 ELSE 120 END + 4 * pg_temp.uniform(format('%s %s', a, w)), 100::float8, a::bigint, date '2025-01-06' + 7 * w) AS p FROM generate_series(1, 6) a, generate_series(0, 19) w) x, coachdiag.frontier(x.p, false);
SELECT ok(reach_probability < 0.01 AND best_low > 10, 'none') FROM (
	SELECT coachdiag.panel(120 + 4 * pg_temp.uniform(format('%s %s', a, w)), 100::float8, a::bigint, date '2025-01-06' + 7 * w) AS p FROM generate_series(1, 6) a, generate_series(0, 19) w) x, coachdiag.frontier(x.p, false);

-- Authority: at one step nobody with a year of tenure escalates less than a quarter, at another some never do; the newcomers, who escalate all, don't count
INSERT INTO step_by_agent (contact_type, step, team, agent_id, contacts, visits, timed, of_kind, transferred, escalated, followed, repeated)
SELECT 'bill', s, 'team 1', a, 100, 100, 0, 100, 0, CASE WHEN a >= 8 THEN 100 WHEN s = 'all' THEN 25 + a WHEN a > 3 THEN 60 ELSE 0 END, 0, 0 FROM unnest(ARRAY['all', 'some']) s, generate_series(1, 10) a;
SELECT lives_ok($$SELECT coachdiag.refresh_part('p"x', part) FROM unnest(ARRAY['escalation_floor', 'constraint_map']) part$$, 'more steps');
SELECT results_eq($$SELECT m.step, f.agents, round(f.rate::numeric, 3), m.escalation_floor BETWEEN 0.2 AND 0.3, f.floor_low > 0.1, m.authority_gap
	FROM constraint_map m JOIN escalation_floor f USING (contact_type, step) WHERE m.contact_type = 'bill' AND m.step IN ('all', 'some') ORDER BY m.step$$,
	$$VALUES ('all', 7, 0.29, true, true, true), ('some', 7, 0.343, false, false, false)$$, 'an authority gap is where even the best tenured agents escalate');

-- What is missing
RESET search_path;
SELECT coachdiag.create_workspace('bare');
SET client_min_messages = warning;
CALL coachdiag.refresh('bare');
SELECT results_eq('SELECT rank, status FROM bare.constraint_map', $$VALUES (NULL::bigint, 'not assessed: needs contact')$$, 'no contacts');
SELECT results_eq('SELECT rank, status FROM bare.failure_demand', $$VALUES (NULL::bigint, 'not assessed: needs contact')$$, 'no contacts, no failure demand');
SELECT is_empty('SELECT * FROM bare.observation_plan', 'nothing to watch');
INSERT INTO bare.contact (contact_id, agent_id, started_at, contact_type, handle_seconds) SELECT i, i % 3, timestamptz '2025-03-03 08:00+00' + i * interval '1 hour', CASE WHEN i % 2 = 0 THEN 'x' END, 100 FROM generate_series(1, 40) i;
INSERT INTO bare.contact_event (contact_id, step, started_at, ended_at) SELECT i, s, timestamptz '2025-03-03 08:00+00' + i * interval '1 hour' + n * interval '30 s', timestamptz '2025-03-03 08:00+00' + i * interval '1 hour' + n * interval '30 s' + interval '20 s'
FROM generate_series(1, 39, 2) i, unnest(ARRAY['a', 'b']) WITH ORDINALITY s (s, n);
SET client_min_messages = warning;
CALL coachdiag.refresh('bare');
SELECT results_eq('SELECT rank, contact_type, step, round(share::numeric, 6), status FROM bare.constraint_map ORDER BY rank, contact_type', $$VALUES
	(1::bigint, NULL, 'b', 1.0, 'assessed; no metric in seconds is the handle time, so all waiting and rework counts as gap; not assessed: latency, transfers and escalations need contact_event.kind; not assessed: repeats need contacts with a customer, and settings.repeat_days after them; not assessed: escalation_floor needs agent.hired_on'),
	(2, NULL, 'a', 0.0, 'assessed; no metric in seconds is the handle time, so all waiting and rework counts as gap; not assessed: latency, transfers and escalations need contact_event.kind; not assessed: repeats need contacts with a customer, and settings.repeat_days after them; not assessed: escalation_floor needs agent.hired_on'),
	(NULL, 'x', NULL, NULL, 'not assessed: needs contact_event for this contact type')$$, 'no kinds, no customer, no target, no type');
SELECT results_eq('SELECT status FROM bare.failure_demand', $$VALUES ('not assessed: needs contact.customer_id')$$, 'no customers');

-- Few contacts to watch: five of them still, of all that lose time there
DELETE FROM bare.contact_event WHERE contact_id::integer > 13;
UPDATE bare.contact_event SET started_at = started_at + contact_id::integer * interval '1 s', ended_at = ended_at + contact_id::integer * interval '1 s' WHERE step = 'b';
CALL coachdiag.refresh('bare');
SELECT results_eq('SELECT n, seconds_at_step BETWEEN 13 AND 21 FROM bare.observation_plan WHERE watch_step = ''b'' ORDER BY n', $$VALUES (1::bigint, true), (2, true), (3, true), (4, true), (5, true)$$, 'the five nearest to the median');
UPDATE bare.contact SET agent_id = 1;
CALL coachdiag.refresh('bare');
SELECT results_eq('SELECT n, status FROM bare.observation_plan', $$VALUES (NULL::bigint, 'not planned: fewer than two agents had a contact that lost the usual time there')$$, 'never all of one agent');

SELECT * FROM finish();
ROLLBACK;
