-- Paths, processes and the document they are held against: by hand, by plain SQL, in any order, in parallel, with bad input; and in a workspace.
\set QUIET on
SET client_min_messages = error;
SET TimeZone = 'UTC';
SELECT no_plan();

CREATE FUNCTION at(minute float8) RETURNS timestamptz IMMUTABLE LANGUAGE sql AS $$SELECT timestamptz '2026-01-05 08:00+00' + minute * interval '1 minute'$$;

-- One contact by hand: 1 identified at minute 3, approval 3 to 7 by another agent, nothing until 8, authorised at 8, transferred at 10
CREATE TABLE hand (contact int, step text, starts timestamptz, ends timestamptz, kind text, agent text);
INSERT INTO hand VALUES
	(1, 'identify', at(0), at(1), 'work', 'A1'), (1, 'diagnose', at(1), at(3), 'work', 'A1'), (1, 'known', at(3), at(3), 'resolution_identified', 'A1'),
	(1, 'approval', at(3), at(7), 'approval', 'S1'), (1, 'allowed', at(8), NULL, 'resolution_authorised', NULL), (1, 'apply', at(8), at(10), 'work', 'A1'),
	(1, 'pass on', at(10), NULL, 'transfer', 'A1'),
	-- 2: overlaps: work 0 to 4 beside a wait 2 to 6, then work 5 to 7
	(2, 'look up', at(0), at(4), 'work', 'A1'), (2, 'system', at(2), at(6), 'wait', 'A1'), (2, 'look up', at(5), at(7), 'work', 'A1'),
	-- 3: a log of states, without ends; identified, never authorised
	(3, 'open', at(0), NULL, 'work', 'A1'), (3, 'known', at(4), NULL, 'resolution_identified', 'A1'), (3, 'pending', at(5), NULL, 'hold', 'A1'),
	(3, 'up', at(9), NULL, 'escalation', 'A2'),
	-- 4: neither kinds nor ends
	(4, 'a', at(0), NULL, NULL, NULL), (4, 'b', at(2), NULL, NULL, NULL), (4, 'a', at(3), NULL, NULL, NULL),
	-- 5: ends, no kinds: work, and nothing in between
	(5, 'a', at(0), at(1), NULL, 'A1'), (5, 'b', at(3), at(4), NULL, 'A2'), (5, 'a', at(4), at(5), NULL, 'A1'), (5, 'c', at(5), at(6), NULL, 'A2');
CREATE TABLE hand_path AS SELECT contact, coachdiag.contact_path(step, starts, ends, kind, agent) AS path FROM hand GROUP BY contact;

SELECT is(coachdiag.variant(path), '{identify,diagnose,known,approval,allowed,apply,"pass on"}', 'steps in order') FROM hand_path WHERE contact = 1;
SELECT results_eq('SELECT contact, m.events, m.steps, m.rework, m.agents, m.handoffs, m.ping_pongs, m.transfers, m.escalations FROM hand_path, coachdiag.path_measures(path) m ORDER BY 1',
	$$VALUES (1, 7, 7, 0, 2, 2, 1, 1, 0), (2, 3, 2, 1, 1, 0, 0, 0, 0), (3, 4, 4, 0, 2, 1, 0, 0, 1), (4, 3, 2, 1, 0, NULL, NULL, NULL, NULL), (5, 4, 3, 1, 2, 3, 2, NULL, NULL)$$,
	'events, steps, rework, handoffs, ping-pong; null where no event has what it takes');
SELECT results_eq('SELECT contact, m.duration_seconds / 60, m.working_seconds / 60, m.waiting_seconds / 60, m.latency_seconds / 60, m.latency_basis FROM hand_path, coachdiag.path_measures(path) m ORDER BY 1',
	$$VALUES (1, 10::float8, 5::float8, 5::float8, 5::float8, 'authorised'), (2, 7, 6, 1, 4, 'proxy'), (3, 9, 4, 5, 5, 'open'), (4, 3, NULL, NULL, NULL, NULL), (5, 6, 4, 2, NULL, NULL)$$,
	'working, waiting and decision latency: work beside a wait is work, a state without an end lasts until the next event, latency open, observed or by proxy');
SELECT results_eq('SELECT contact, m.breakdown, m.breakdown_step FROM hand_path, coachdiag.path_measures(path) m ORDER BY 1',
	$$VALUES (1, 'deciding', 'apply'), (2, NULL, NULL), (3, 'waiting', 'pending'), (4, NULL, NULL), (5, NULL, NULL)$$, 'deciding or waiting where the contact left the agent''s hands');
SELECT results_eq('SELECT contact, m.breakdown, m.breakdown_step FROM hand_path, coachdiag.path_measures(path, false) m WHERE contact IN (2, 4) ORDER BY 1',
	$$VALUES (2, 'deciding', 'look up'), (4, NULL, NULL)$$, 'or where an unresolved contact ended');
SELECT is((m.breakdown, m.breakdown_step)::text, '(,)', 'but not where its events say that it was resolved')
FROM coachdiag.path_measures('[{"step": "a", "start": "2026-01-05", "kind": "work"}, {"step": "b", "start": "2026-01-06", "kind": "resolved"}]', false) m;
SELECT ok((SELECT bool_and(abs(m.latency_seconds - e.latency) < 1e-6 AND abs(m.duration_seconds - e.whole) < 1e-6)
	FROM hand_path, coachdiag.path_measures(path) m, LATERAL (SELECT sum(latency_seconds) AS latency, sum(seconds + gap_seconds) AS whole FROM coachdiag.path_events(path)) e
	WHERE contact IN (1, 3)), 'events take the contact''s time and latency apart');
SELECT results_eq('SELECT n, step, kind, agent, seconds, gap_seconds, waiting, latency_seconds, repeated, handoff FROM hand_path, coachdiag.path_events(path) WHERE contact = 1 AND n IN (4, 5)',
	$$VALUES (4, 'approval', 'approval', 'S1', 240::float8, 0::float8, true, 240::float8, false, true), (5, 'allowed', 'resolution_authorised', NULL, 0, 60, false, 60, false, false)$$,
	'an event as a row');

-- Any order of rows, any number of workers, the same bytes
SELECT is((SELECT count(DISTINCT coachdiag.path_send(p)) FROM (
	SELECT coachdiag.contact_path(step, starts, ends, kind, agent ORDER BY md5(step || coalesce(kind, '') || starts || seed)) AS p FROM hand, generate_series(1, 50) seed WHERE contact IN (1, 3) GROUP BY contact, seed) x),
	2::bigint, 'whatever order events come in, the path is the same bytes');
CREATE TABLE tied AS SELECT g AS n, at(0) AS starts, CASE WHEN g % 3 > 0 THEN at(g % 2) END AS ends, (ARRAY['b', 'a'])[1 + g % 2] AS step,
	(ARRAY[NULL, 'work', 'hold', 'transfer'])[1 + g % 4] AS kind, (ARRAY[NULL, 'A2', 'A1'])[1 + g % 5 % 3] AS agent FROM generate_series(1, 60) g;
SELECT is((SELECT count(DISTINCT p::text) FROM (SELECT coachdiag.contact_path(step, starts, ends, kind, agent ORDER BY md5(n::text || seed)) AS p FROM tied, generate_series(1, 50) seed GROUP BY seed) x),
	1::bigint, 'also where all start together');
SELECT is((SELECT coachdiag.variant(coachdiag.contact_path(step, starts, ends, kind, agent, -n ORDER BY md5(n::text))) FROM tied),
	(SELECT array_agg(step ORDER BY n DESC) FROM tied), 'a number orders those that start together');
SELECT is(coachdiag.variant(coachdiag.contact_path(s, at(0), at(m), k, NULL::text)), '{marker,known,allowed,up,long}', 'at one instant: what is over at once first, by kind, then what lasts')
FROM (VALUES ('long', 1, 'work'), ('up', 0, 'resolved'), ('allowed', 0, 'resolution_authorised'), ('known', 0, 'resolution_identified'), ('marker', 0, 'transfer')) v(s, m, k);
CREATE TABLE many AS
SELECT g % 2003 AS contact, 's' || hashint8(g) % 7 AS step, at(g / 2003 + hashint8(g + 1) % 5) AS starts,
	CASE WHEN g % 4 > 0 THEN at(g / 2003 + hashint8(g + 1) % 5 + abs(hashint8(g + 2)) % 7) END AS ends,
	(ARRAY['work', 'wait', NULL, 'hold', 'transfer'])[1 + abs(hashint8(g + 3)) % 5] AS kind, abs(hashint8(g + 4)) % 3 AS agent
FROM generate_series(1, 40000) g;
ANALYZE many;
CREATE TABLE serial AS SELECT contact, coachdiag.contact_path(step, starts, ends, kind, agent::bigint) AS path FROM many GROUP BY contact;
CREATE TABLE serial_process AS SELECT coachdiag.process(path, contact) AS process FROM serial;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 3;
CREATE TABLE parallel AS SELECT contact, coachdiag.contact_path(step, starts, ends, kind, agent::bigint) AS path FROM many GROUP BY contact;
SELECT is_empty('SELECT contact FROM serial FULL JOIN parallel USING (contact) WHERE (serial.path OPERATOR(coachdiag.=) parallel.path) IS NOT TRUE', 'in parallel, the same paths');
CREATE TABLE parallel_process AS SELECT coachdiag.process(path, contact) AS process FROM serial;
SELECT results_eq('SELECT m.* FROM parallel_process, coachdiag.process_map(process) m', 'SELECT m.* FROM serial_process, coachdiag.process_map(process) m', 'in parallel, the same map');
SELECT results_eq('SELECT steps, contacts, n, round(mean::numeric, 8), round(m2::numeric, 5) FROM parallel_process, coachdiag.process_variants(process)',
	'SELECT steps, contacts, n, round(mean::numeric, 8), round(m2::numeric, 5) FROM serial_process, coachdiag.process_variants(process)', 'and variants');
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;
SELECT ok(bool_and(path::text::coachdiag.path OPERATOR(coachdiag.=) path AND NOT path OPERATOR(coachdiag.<>) path), 'the text of a path reads back to the same path') FROM serial;
SELECT is((SELECT count(*) FROM (SELECT path FROM serial GROUP BY path) g), 2003::bigint, 'paths can be grouped');

-- The map, the handoffs and the variants, against plain SQL over the events
CREATE TABLE follows AS
SELECT contact, n, step, agent, lag(step) OVER w AS last_step, lag(step, 2) OVER w AS step_before, lead(step) OVER w AS next_step, last_value(n) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS last_n,
	extract(epoch FROM started_at - coalesce(lag(ended_at) OVER w, lag(started_at) OVER w))::float8 AS gap, lag(agent) OVER w AS last_agent
FROM serial, coachdiag.path_events(path) WINDOW w AS (PARTITION BY contact ORDER BY n);
SELECT results_eq('SELECT from_step, to_step, times, contacts, round(mean_seconds::numeric, 6), median_seconds, round(p90_seconds::numeric, 6) FROM serial_process, coachdiag.process_map(process) WHERE from_step IS NOT NULL AND to_step IS NOT NULL',
	'SELECT last_step, step, count(*), count(DISTINCT contact), round(avg(gap)::numeric, 6), percentile_cont(0.5) WITHIN GROUP (ORDER BY gap), round((percentile_cont(0.9) WITHIN GROUP (ORDER BY gap))::numeric, 6)
		FROM follows WHERE last_step IS NOT NULL GROUP BY 1, 2 ORDER BY last_step COLLATE "C", step COLLATE "C"', 'directly-follows counts and times');
SELECT results_eq('SELECT from_step, to_step, times FROM serial_process, coachdiag.process_map(process) WHERE from_step IS NULL OR to_step IS NULL',
	'SELECT NULL::text, step, count(*) FROM follows WHERE n = 1 GROUP BY step UNION ALL SELECT step, NULL, count(*) FROM follows WHERE n = last_n GROUP BY step ORDER BY 1 NULLS FIRST, 2', 'where contacts start and end');
SELECT results_eq('SELECT from_step, to_step, returns FROM serial_process, coachdiag.process_map(process) WHERE returns > 0',
	'SELECT step_before, last_step, count(*) FROM follows WHERE step = step_before AND step <> last_step GROUP BY 1, 2 ORDER BY 1, 2', 'loops of two');
SELECT results_eq('SELECT from_agent, to_agent, times FROM serial_process, coachdiag.process_handoffs(process)',
	'SELECT last_agent, agent, count(*) FROM follows WHERE agent <> last_agent GROUP BY 1, 2 ORDER BY 1, 2', 'handoffs');
SELECT is((SELECT sum(ping_pongs) FROM serial_process, coachdiag.process_handoffs(process)), (SELECT sum(ping_pongs)::numeric FROM serial, coachdiag.path_measures(path)), 'ping-pongs are those of the contacts');
SELECT results_eq('SELECT steps, contacts, round(mean::numeric, 8) FROM serial_process, coachdiag.process_variants(process)',
	'SELECT coachdiag.variant(path) AS steps, count(*), round(avg(contact), 8) FROM serial GROUP BY 1 ORDER BY 2 DESC, 1', 'variants, with the mean of a value');
SELECT is((SELECT count(DISTINCT coachdiag.variant_hash(path)) FROM serial), (SELECT count(*) FROM serial_process, coachdiag.process_variants(process)), 'a hash per variant');
SELECT lives_ok('SELECT count(*) FROM (SELECT coachdiag.process(path) OVER (ORDER BY contact) FROM serial LIMIT 50) w', 'a process is also a window function');
CREATE TABLE lasting AS
SELECT coachdiag.contact_path('s' || n % 2, at(n * (1 + (seed * 7919) % 1009 / 1000.0)), NULL, NULL, NULL::text) AS path FROM generate_series(1, 500) seed, generate_series(0, 100) n GROUP BY seed;
CREATE TABLE thinned AS SELECT m.* FROM (SELECT coachdiag.process(path) AS process FROM lasting, generate_series(1, 90)) p, coachdiag.process_map(process) m;
CREATE TABLE whole AS SELECT m.* FROM (SELECT coachdiag.process(path) AS process FROM lasting) p, coachdiag.process_map(process) m;
SELECT results_eq('SELECT from_step, to_step, times, contacts, returns, round(mean_seconds::numeric, 6) FROM thinned', 'SELECT from_step, to_step, 90 * times, 90 * contacts, 90 * returns, round(mean_seconds::numeric, 6) FROM whole',
	'beyond 4 million times between steps: counts and means of all');
SELECT is_empty('SELECT from_step FROM thinned t JOIN whole w USING (from_step, to_step) WHERE abs(t.median_seconds - w.median_seconds) > 0.5 OR abs(t.p90_seconds - w.p90_seconds) > 0.5', 'median and tail of an even part');
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
ALTER TABLE lasting SET (parallel_workers = 2);
SELECT results_eq('SELECT m.from_step, m.to_step, m.times FROM (SELECT coachdiag.process(path) AS process FROM lasting, generate_series(1, 90)) p, coachdiag.process_map(process) m', 'SELECT from_step, to_step, times FROM thinned', 'also merged');
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;
SELECT is((SELECT coachdiag.process(path)::text FROM serial WHERE false), NULL, 'no path: NULL');
SELECT is((SELECT coachdiag.process(path)::text FROM (VALUES (NULL::coachdiag.path), ('[]')) v(path)), '0 contacts, 0 events, 0 variants', 'a path without events is no contact');

-- Missing and bad input
SELECT ok(coachdiag.contact_path(NULL, at(0), NULL, NULL, 1) IS NULL, 'no step: no event');
SELECT ok(coachdiag.contact_path('a', NULL, NULL, NULL, 1) IS NULL, 'no start: no event');
SELECT is((SELECT count(*) FROM coachdiag.path_measures(NULL) m WHERE m IS NULL), 1::bigint, 'measures of NULL are NULL');
SELECT is((SELECT count(*) FROM coachdiag.path_events(NULL)), 0::bigint, 'NULL has no events');
SELECT is((SELECT m.events || coalesce(m.started_at::text, ' never') FROM coachdiag.path_measures('[]') m), '0 never', 'a path without events');
SELECT is(coachdiag.variant(coachdiag.contact_path(E'quote"\\ tab\t{,} é', at(0), NULL, NULL, E'\\"{}')::text::coachdiag.path), ARRAY[E'quote"\\ tab\t{,} é'], 'hostile names are only names');
SELECT throws_ok($$SELECT coachdiag.contact_path('a', at(0), NULL, 'chat', 1)$$, '22023', 'unknown kind of event "chat"');
SELECT throws_ok($$SELECT coachdiag.contact_path('a', at(1), at(0), NULL, 1)$$, '22023', 'an event ends before it starts');
SELECT throws_ok($$SELECT coachdiag.contact_path('a', t, NULL, NULL, 1) FROM unnest('{infinity,-infinity}'::timestamptz[]) t$$, '22023', 'an event must start and end in the years 1 to 9999');
SELECT throws_ok($$SELECT coachdiag.contact_path('a', at(0), '-infinity', NULL, 1)$$, '22023', 'an event must start and end in the years 1 to 9999');
SELECT throws_ok($$SELECT coachdiag.contact_path(repeat('a', 1025), at(0), NULL, NULL, 1)$$, '22023', 'a step or agent is longer than 1024 bytes');
SELECT throws_ok($$SELECT coachdiag.contact_path('s' || g, at(0), NULL, NULL, 1) FROM generate_series(1, 65536) g$$, '22023', 'a contact cannot have more than 65535 steps and agents');
SELECT throws_ok($$SELECT coachdiag.path_accum(NULL, 'a', at(0), NULL, NULL, 1)$$, '0A000', NULL, 'a transition function is not for calling');
SELECT throws_ok($$SELECT coachdiag.process(path, 'NaN') FROM hand_path$$, '22003', NULL, 'a value is finite');
SELECT throws_ok(format('SELECT %L::coachdiag.path', t), '22P02', NULL, t)
FROM unnest('{"{}","1","[1]","[{}]","[{\"step\": \"a\"}]","[{\"step\": 1, \"start\": \"2026-01-05\"}]","[{\"step\": \"a\", \"start\": \"2026-01-05\", \"kind\": \"chat\"}]",
	"[{\"step\": \"a\", \"start\": \"2026-01-05\", \"x\": \"\"}]","[{\"step\": \"a\", \"start\": \"2026-01-05\", \"end\": \"-infinity\"}]"}'::text[]) t;
SELECT throws_ok($$SELECT '1 contacts'::coachdiag.process$$, '0A000', NULL, 'a process cannot be read in');
CREATE AGGREGATE more_events(text, timestamptz, timestamptz, text, text) (SFUNC = coachdiag.path_accum, STYPE = coachdiag.path, FINALFUNC = coachdiag.path_final,
	INITCOND = '[{"step": "first", "start": "2026-01-05T07:00:00Z"}]');
SELECT is((SELECT coachdiag.variant(more_events(step, starts, ends, kind, agent)) FROM hand WHERE contact = 2), '{first,"look up",system,"look up"}', 'a finished path goes on as a state');

-- Alignments
CREATE FUNCTION against(variant text[], step text[], next_step text[]) RETURNS text LANGUAGE sql AS
$$SELECT round(fitness::numeric, 3) || ' ' || skipped::text || worked_around::text || undocumented::text || misplaced::text FROM coachdiag.alignment(variant, step, next_step)$$;
SELECT is(against('{a,b,c}', '{a,b,c}', '{b,c,NULL}'), '1.000 {}{}{}{}', 'to the letter');
SELECT is(against('{a,x,c}', '{a,b,c}', '{b,c,NULL}'), '0.667 {b}{b}{x}{}', 'an undocumented step in the place of a documented one: worked around');
SELECT is(against('{x,a,c}', '{a,b,c}', '{b,c,NULL}'), '0.667 {b}{}{x}{}', 'elsewhere: skipped');
SELECT is(against('{a,b,a,c}', '{a,b,c}', '{b,c,NULL}'), '0.857 {}{}{}{a}', 'a documented step repeated is misplaced');
SELECT is(against('{a,c,a,b}', '{a,a,b,c}', '{b,c,NULL,a}'), '1.000 {}{}{}{}', 'branches and loops that the document has are no deviation');
SELECT is(against('{}', '{a,b}', '{b,NULL}'), '0.000 {a,b}{}{}{}', 'nothing done: all skipped');
SELECT is(against('{a}', '{}', '{}'), '0.000 {}{}{a}{}', 'nothing documented: all undocumented');
SELECT is(against('{a,b}', '{a,b}', '{b,a}'), '1.000 {}{}{}{}', 'a document that only turns in a circle may begin and end anywhere');
SELECT is(against('{a}', '{a,b,c,d}', '{b,NULL,d,c}'), '0.667 {b}{}{}{}', 'parts that cannot be reached do not count');
SELECT is(against(ARRAY['a', NULL], '{a}', '{NULL}'), '1.000 {}{}{}{}', 'an unknown step is no event');
SELECT ok(coachdiag.alignment(NULL, '{a}', '{NULL}') IS NULL, 'NULL: NULL');
SELECT throws_ok($$SELECT coachdiag.alignment('{a}', '{a,b}', '{b}')$$, '2202E', NULL, 'step and next_step go side by side');
SELECT is((SELECT fitness FROM coachdiag.alignment(array_fill('a'::text, ARRAY[10000]), (SELECT array_agg('s' || g) FROM generate_series(1, 6000) g), (SELECT array_agg('s' || g + 1) FROM generate_series(1, 6000) g))), NULL, 'what would take too long is not computed');

SELECT results_eq($$SELECT c.* FROM (SELECT coachdiag.process(p) AS process FROM (VALUES
		('[{"step": "a", "start": "2026-01-05"}, {"step": "x", "start": "2026-01-06"}, {"step": "c", "start": "2026-01-07"}]'::coachdiag.path),
		('[{"step": "a", "start": "2026-01-05"}, {"step": "c", "start": "2026-01-06"}, {"step": "c", "start": "2026-01-07"}]')) v(p)) p,
		coachdiag.process_conformance(process, '{a,b,c}', '{b,c,NULL}') c$$,
	$$VALUES ('a', true, 2::bigint, 2::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint), ('b', true, 0, 0, 2, 2, 1, 0, 0), ('c', true, 2, 3, 0, 0, 0, 0, 1), ('x', false, 1, 1, 0, 0, 0, 1, 0)$$,
	'conformance by step');
SELECT results_eq($$SELECT f.contacts, f.conforming, f.variants, f.conforming_mean, f.deviating_mean, f.difference, round(f.difference_low::numeric, 6), round(f.difference_high::numeric, 6)
		FROM (SELECT coachdiag.process(p, x) AS process FROM (VALUES ('[{"step": "a", "start": "2026-01-05"}]'::coachdiag.path, 1), ('[{"step": "a", "start": "2026-01-05"}]', 2), ('[{"step": "a", "start": "2026-01-05"}]', 4.5),
			('[{"step": "b", "start": "2026-01-05"}]', 8), ('[{"step": "b", "start": "2026-01-05"}]', 9), ('[{"step": "c", "start": "2026-01-05"}]', 11), ('[{"step": "c", "start": "2026-01-05"}]', NULL)) v(p, x)) p,
		coachdiag.process_fitness(process, '{a}', '{NULL}') f$$,
	$$VALUES (7::bigint, 3::bigint, 3::bigint, 2.5::float8, 9.333333333333334::float8, 6.833333333333334::float8, 3.005030, 10.661637)$$, 'fitness, and how a value differs: Welch''s interval');

-- In a workspace: two types of three documented steps and one undocumented type; team from the day; two months
SELECT coachdiag.create_workspace('ops');
INSERT INTO ops.metric VALUES ('aht', false, 300, 10, 's', 'log');
INSERT INTO ops.assignment SELECT a, 'team ' || a % 2, '2025-01-01' FROM generate_series(1, 4) a;
INSERT INTO ops.agent_metric SELECT a, 'aht', date '2026-01-05' + 7 * w, 300 + a FROM generate_series(1, 4) a, generate_series(0, 7) w;
INSERT INTO ops.contact (contact_id, agent_id, started_at, contact_type, customer_id, handle_seconds, resolved)
SELECT c, 1 + c % 4, at(0) + c * interval '1 day', (ARRAY['bill', 'move', 'other', NULL])[1 + c % 4], 'K' || c % 10, 300 + 60 * (c % 3), c % 3 > 0 FROM generate_series(1, 48) c;
INSERT INTO ops.documented_step SELECT t, s, n FROM unnest('{bill,move}'::text[]) t, (VALUES ('identify', 'diagnose'), ('diagnose', 'apply'), ('apply', NULL)) d(s, n);
INSERT INTO ops.contact_event
SELECT c.contact_id, s.step, c.started_at + s.n * interval '1 minute', c.started_at + (s.n + s.length) * interval '1 minute', CASE WHEN s.kind = 'approval' THEN 99 ELSE c.agent_id END, s.kind
FROM ops.contact c, (VALUES (0, 1, 'identify', 'work'), (1, 1, 'diagnose', 'work'), (2, 0, 'known', 'resolution_identified'), (2, 3, 'approval', 'approval'),
	(5, 0, 'allowed', 'resolution_authorised'), (5, 2, 'apply', 'work')) s(n, length, step, kind)
WHERE contact_id < 45 AND (s.kind <> 'approval' OR contact_id % 3 = 0) AND NOT (contact_id % 8 = 1 AND s.step = 'diagnose');
CALL coachdiag.refresh('ops');
SELECT is((SELECT count(*) || ' ' || count(path) || ' ' || count(team) FROM ops.stored_contact), '48 44 48', 'a row per contact, with the path of those that have events');
SELECT results_eq('SELECT contact_id, agent_id, team, contact_type, day, events, agents, handoffs, ping_pongs, duration_seconds, waiting_seconds, latency_seconds, latency_basis, breakdown, breakdown_step FROM ops.stored_contact WHERE contact_id IN ($$3$$, $$4$$)',
	$$VALUES ('3', '4', 'team 0', NULL, date '2026-01-08', 6, 2, 2, 1, 420::float8, 180::float8, 180::float8, 'authorised', 'deciding', 'apply'),
		('4', '1', 'team 1', 'bill', date '2026-01-09', 5, 1, 0, 0, 420, 180, 180, 'authorised', NULL, NULL)$$, 'what a path says stands beside it');
SELECT results_eq('SELECT contact_type, sum(times) FROM ops.process_map WHERE from_step IS NULL GROUP BY 1 ORDER BY 1', $$VALUES ('bill', 11::numeric), ('move', 11), ('other', 11), (NULL, 11)$$, 'the map has every contact with events, of no type as well');
SELECT results_eq('SELECT contact_type, times, ping_pongs FROM ops.process_handoff WHERE to_agent = $$99$$ ORDER BY 1', $$VALUES ('bill', 3::bigint, 3::bigint), ('move', 3, 3), ('other', 4, 4), (NULL, 4, 4)$$, 'who hands over to whom');
SELECT results_eq('SELECT step, documented, contacts, skipped, worked_around, undocumented, undocumented_next, status FROM ops.process_conformance WHERE contact_type = $$move$$ ORDER BY step',
	$$VALUES ('allowed', false, 11::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 'assessed'), ('apply', true, 11, 0, 0, 0, 0, 'assessed'), ('approval', false, 3, 0, 0, 3, 3, 'assessed'),
		('diagnose', true, 5, 6, 2, 0, 1, 'assessed'), ('identify', true, 11, 0, 0, 0, 6, 'assessed'), ('known', false, 11, 0, 0, 0, 0, 'assessed')$$,
	'steps skipped, worked around, undocumented; what only marks a resolution is not held against the document');
SELECT results_eq('SELECT DISTINCT contact_type, documented, skipped, status FROM ops.process_conformance WHERE contact_type IS NULL OR contact_type = $$other$$ ORDER BY 1',
	$$VALUES ('other', NULL::boolean, NULL::bigint, 'not assessed: needs documented_step for this contact type'), (NULL, NULL, NULL, 'not assessed: needs documented_step for this contact type')$$, 'a type without document is not assessed');
SELECT results_eq('SELECT contact_type, measure, contacts, conforming, round(fitness::numeric, 4), conforming_mean IS NOT NULL, status FROM ops.process_fitness WHERE contact_type IN ($$bill$$, $$other$$) ORDER BY 1, 2',
	$$VALUES ('bill', 'handle_seconds', 11::bigint, 8::bigint, 0.9610, true, 'assessed'), ('bill', 'resolved', 11, 8, 0.9610, true, 'assessed'),
		('other', 'handle_seconds', 11, NULL, NULL, false, 'not assessed: needs documented_step for this contact type'), ('other', 'resolved', 11, NULL, NULL, false, 'not assessed: needs documented_step for this contact type')$$,
	'fitness by type');
SELECT results_eq('SELECT conforms, sum(contacts), bool_and(example IN (SELECT contact_id FROM ops.stored_contact c WHERE c.variant = v.variant)) FROM ops.process_variant v WHERE contact_type = $$bill$$ GROUP BY 1 ORDER BY 1',
	$$VALUES (false, 3::numeric, true), (true, 8, true)$$, 'variants, with an example');

-- Incrementally: what began before since stays as it is
UPDATE ops.contact SET handle_seconds = 1 WHERE contact_id IN (2, 40);
DELETE FROM ops.contact WHERE contact_id = 41;
UPDATE ops.assignment SET team = 'new' WHERE agent_id = 3;
CALL coachdiag.refresh('ops', '2026-02-03');
SELECT is((SELECT string_agg(contact_id, ',') FROM ops.stored_contact WHERE handle_seconds = 1), '40', 'refresh since a day reads later months only');
SELECT is((SELECT count(*) FROM ops.stored_contact), 47::bigint, 'and drops what is gone from them');
SELECT is((SELECT count(*) FROM ops.stored_contact WHERE team = 'new'), 12::bigint, 'yet has today''s teams for all');
CALL coachdiag.refresh('ops');
SELECT is((SELECT count(*) FROM ops.stored_contact WHERE handle_seconds = 1), 2::bigint, 'a full one reads everything');

-- Dirty rows are left out or read as unknown, and a missing relation leaves nulls
INSERT INTO ops.contact (contact_id, agent_id, started_at, contact_type, handle_seconds) VALUES (60, 1, at(0), 'bill', 'NaN'), (60, 2, at(1), 'bill', 1), (61, 3, 'infinity', 'bill', 1);
ALTER TABLE ops.contact_event ALTER contact_id DROP NOT NULL, ALTER step DROP NOT NULL;
INSERT INTO ops.contact_event VALUES (60, 'a', at(0), at(-1), 1, 'chat'), (60, NULL, at(0), NULL, NULL, NULL), (60, 'b', 'infinity', NULL, NULL, NULL), (60, 'c', at(1), 'infinity', NULL, NULL),
	(60, repeat('x', 1025), at(1), NULL, NULL, NULL), (NULL, 'a', at(0), NULL, NULL, NULL), (62, 'a', at(0), NULL, NULL, NULL);
SELECT lives_ok($$CALL coachdiag.refresh('ops')$$, 'dirty rows don''t stop a refresh');
SELECT results_eq('SELECT agent_id, handle_seconds, coachdiag.variant(path)::text, working_seconds FROM ops.stored_contact WHERE contact_id IN ($$60$$, $$61$$, $$62$$)', $$VALUES ('1', NULL::float8, '{a,c}', NULL::float8)$$, 'they are left out, or unknown');
DROP TABLE ops.contact_event;
SELECT lives_ok($$CALL coachdiag.refresh('ops')$$, 'no contact_event');
SELECT is((SELECT count(*) || ' ' || count(path) || ' ' || count(waiting_seconds) FROM ops.stored_contact), '48 0 0', 'contacts without paths');
SELECT is_empty('SELECT contact_type FROM ops.process_conformance UNION ALL SELECT contact_type FROM ops.process_map', 'and nothing to show');

SELECT * FROM finish();
