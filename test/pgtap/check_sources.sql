-- check_sources: notes only for a clean workspace; for every kind of problem its severity, its count and an example.
\set QUIET on
SET client_min_messages = warning;
\ir workspace_fill.psql
SELECT no_plan();

SELECT coachdiag.create_workspace('ops');

SELECT set_eq($$SELECT relation, problem FROM coachdiag.check_sources('ops') WHERE severity = 'error'$$,
	$$VALUES ('metric', 'empty'), ('agent_metric', 'empty'), ('assignment', 'empty')$$, 'an empty workspace says what it needs');
SELECT ok((SELECT severity = 'note' AND what_to_do LIKE 'Not assessed: waits%' FROM coachdiag.check_sources('ops') WHERE relation = 'contact_event'),
	'and what an empty optional relation turns off');

SELECT fill('ops');
SELECT is_empty($$SELECT * FROM coachdiag.check_sources('ops') WHERE severity <> 'note'$$, 'a clean workspace gives notes only');
SELECT is((SELECT string_agg(problem || ': ' || rows, '; ') FROM coachdiag.check_sources('ops') WHERE problem LIKE '%covers%'),
	'metric aht covers 2024-01 to 2024-06: 416; metric fcr covers 2024-01 to 2024-06: 208; metric qa covers 2024-01 to 2024-06: 208',
	'and the months that each metric covers');
SELECT throws_ok($$SELECT * FROM coachdiag.check_sources('nowhere')$$, '3F000', NULL, 'no such workspace is an error');

-- What a change adds to the findings; the change is taken back.
CREATE TABLE clean AS SELECT * FROM coachdiag.check_sources('ops');
CREATE FUNCTION found_after(change text) RETURNS SETOF clean LANGUAGE plpgsql AS $$
DECLARE
	found clean[];
BEGIN
	BEGIN
		EXECUTE change;
		SELECT array_agg(c::text::clean) INTO found FROM coachdiag.check_sources('ops') c
		WHERE (c.relation, c.problem, c.rows) NOT IN (SELECT relation, problem, rows FROM clean WHERE rows IS NOT NULL);
		RAISE EXCEPTION 'take it back' USING ERRCODE = 'CD000';
	EXCEPTION WHEN SQLSTATE 'CD000' THEN
		NULL;
	END;
	RETURN QUERY SELECT * FROM unnest(found);
END
$$;

CREATE FUNCTION by_chance() RETURNS void LANGUAGE sql AS $$
	UPDATE ops.agent_metric SET value = 80 + 10 * ('x' || substr(md5(agent_id || ' ' || period), 1, 8))::bit(32)::bigint / 2 ^ 32 WHERE metric = 'qa'
$$;
SELECT is_empty($$SELECT * FROM found_after('SELECT by_chance()') WHERE severity <> 'note'$$, 'weeks that differ by chance are nothing to warn of');
SELECT is_empty($$SELECT * FROM found_after('SELECT by_chance(); UPDATE ops.agent_metric SET value = value - 1000
	WHERE metric = ''qa'' AND agent_id = 1 AND period BETWEEN ''2024-03-04'' AND ''2024-03-25''') WHERE severity <> 'note'$$, 'nor is one agent''s month far off');
CREATE TABLE expected (no serial, severity text, relation text, problem text, rows bigint, change text);
INSERT INTO expected (severity, relation, problem, rows, change) VALUES
	-- shape
	('error', 'assignment', 'relation missing', NULL, 'DROP TABLE ops.assignment'),
	('note', 'coach', 'relation missing', NULL, 'DROP TABLE ops.coach'),
	('error', 'metric', 'column target missing', NULL, 'ALTER TABLE ops.metric DROP target'),
	('note', 'agent_metric', 'optional columns missing', NULL, 'ALTER TABLE ops.agent_metric DROP volume, DROP contact_type'),
	('error', 'agent_metric', 'column value is of a wrong type', NULL, 'ALTER TABLE ops.agent_metric ALTER value TYPE text'),
	('error', 'coaching_session', 'column duration_minutes is of a wrong type', NULL,
		'ALTER TABLE ops.coaching_session ALTER duration_minutes TYPE interval USING duration_minutes * interval ''1 minute'''),
	('error', 'contact', 'column resolved is of a wrong type', NULL, 'ALTER TABLE ops.contact ALTER resolved TYPE bigint USING 0'),
	('note', 'agent_metric', 'column period has a time of day', NULL, 'ALTER TABLE ops.agent_metric ALTER period TYPE timestamptz'),
	('warning', 'agent', 'agent_id is of different types in different relations', NULL, 'ALTER TABLE ops.agent ALTER agent_id TYPE text'),
	-- metric
	('error', 'metric', 'duplicates', 1, 'INSERT INTO ops.metric SELECT * FROM ops.metric WHERE metric = ''qa'''),
	('error', 'metric', 'higher_is_better missing', 1,
		'ALTER TABLE ops.metric ALTER higher_is_better DROP NOT NULL; UPDATE ops.metric SET higher_is_better = NULL WHERE metric = ''qa'''),
	('error', 'metric', 'scale unknown', 1, 'UPDATE ops.metric SET scale = ''percent'' WHERE metric = ''qa'''),
	('note', 'metric', 'smallest_effect missing', 1, 'UPDATE ops.metric SET smallest_effect = NULL WHERE metric = ''qa'''),
	('warning', 'metric', 'smallest_effect not above 0', 1, 'UPDATE ops.metric SET smallest_effect = -2 WHERE metric = ''qa'''),
	('warning', 'metric', 'smallest_effect not a finite number, or beyond 1e30', 1, 'UPDATE ops.metric SET smallest_effect = ''NaN'' WHERE metric = ''qa'''),
	('warning', 'metric', 'target impossible on the scale of the metric', 1, 'UPDATE ops.metric SET target = 70 WHERE metric = ''fcr'''),
	('warning', 'metric', 'target missing', 1, 'ALTER TABLE ops.metric ALTER target DROP NOT NULL; UPDATE ops.metric SET target = NULL WHERE metric = ''qa'''),
	('warning', 'agent_metric', 'no target, or one that is impossible on the scale of the metric', 208,
		'ALTER TABLE ops.metric ALTER target DROP NOT NULL; UPDATE ops.metric SET target = NULL WHERE metric = ''qa'''),
	-- agent_metric
	('warning', 'agent_metric', 'duplicates', 3, 'INSERT INTO ops.agent_metric SELECT * FROM ops.agent_metric WHERE agent_id = 1 AND metric = ''qa'' AND period < ''2024-01-20'''),
	('warning', 'agent_metric', 'agent_id not in assignment', 1, 'INSERT INTO ops.agent_metric VALUES (77, ''qa'', ''2024-01-01'', 80, 1)'),
	('warning', 'agent_metric', 'left out: agent in no team at that time', 104, 'UPDATE ops.assignment SET valid_to = ''2024-01-01'' WHERE agent_id = 8'),
	('warning', 'agent_metric', 'left out: metric unknown', 208, 'UPDATE ops.agent_metric SET metric = ''QA'' WHERE metric = ''qa'''),
	('warning', 'agent_metric', 'left out: agent, metric or period missing', 1,
		'ALTER TABLE ops.agent_metric ALTER agent_id DROP NOT NULL; INSERT INTO ops.agent_metric VALUES (NULL, ''qa'', ''2024-01-01'', 80, 1)'),
	('note', 'agent_metric', 'left out: nothing measured', 26, 'UPDATE ops.agent_metric SET volume = 0 WHERE agent_id = 1 AND metric = ''qa'''),
	('warning', 'agent_metric', 'left out: value not a finite number, or beyond 1e30', 26, 'UPDATE ops.agent_metric SET value = ''NaN'' WHERE agent_id = 1 AND metric = ''qa'''),
	('warning', 'agent_metric', 'left out: value not a finite number, or beyond 1e30', 26, 'UPDATE ops.agent_metric SET value = ''-Infinity'' WHERE agent_id = 1 AND metric = ''qa'''),
	('warning', 'agent_metric', 'left out: volume negative, not a finite number, or beyond 1e15', 26, 'UPDATE ops.agent_metric SET volume = -1 WHERE agent_id = 1 AND metric = ''qa'''),
	('warning', 'agent_metric', 'left out: value not above 0 on a log scale', 52, 'UPDATE ops.agent_metric SET value = 0 WHERE agent_id = 1 AND metric = ''aht'''),
	('warning', 'agent_metric', 'left out: proportion outside 0 to 1', 208, 'UPDATE ops.agent_metric SET value = value * 100 WHERE metric = ''fcr'''),
	('warning', 'agent_metric', 'left out: scale of the metric unknown', 208, 'UPDATE ops.metric SET scale = ''percent'' WHERE metric = ''qa'''),
	('warning', 'agent_metric', 'left out: period outside the years 1 to 9999', 1, 'INSERT INTO ops.agent_metric VALUES (1, ''qa'', ''infinity'', 80, 1)'),
	('note', 'agent_metric', 'left out: period not over yet', 8, 'INSERT INTO ops.stored_metric (metric, scale, waits_from) VALUES (''qa'', ''identity'', ''2024-06-24'')'),
	('warning', 'agent_metric', 'left out: contact type longer than 1024 bytes', 1, 'INSERT INTO ops.agent_metric VALUES (1, ''aht'', ''2024-01-01'', 80, 1, repeat(''x'', 1025))'),
	('warning', 'agent_metric', 'period in the future', 1, 'INSERT INTO ops.agent_metric VALUES (1, ''qa'', ''2999-01-07'', 80, 1)'),
	('warning', 'agent_metric', 'before the agent was hired', 104, 'UPDATE ops.agent SET hired_on = ''2025-01-01'' WHERE agent_id = 1'),
	('warning', 'agent_metric', 'after the agent left', 100, 'UPDATE ops.agent SET left_on = ''2024-01-07'' WHERE agent_id = 1'),
	('warning', 'agent_metric', 'periods off the grid of the metric', 8, 'UPDATE ops.agent_metric SET period = period + 1 WHERE metric = ''qa'' AND period = ''2024-01-08'''),
	('warning', 'agent_metric', 'a total beside its contact types', 1, 'INSERT INTO ops.agent_metric VALUES (1, ''aht'', ''2024-01-01'', 300, 40, NULL)'),
	('warning', 'agent_metric', 'volume given for some rows of a metric, missing for others', 26, 'UPDATE ops.agent_metric SET volume = NULL WHERE agent_id = 1 AND metric = ''qa'''),
	('note', 'agent_metric', 'metric qa covers 2024-01 to 2024-06, 1 months without rows', 176, 'DELETE FROM ops.agent_metric WHERE metric = ''qa'' AND period BETWEEN ''2024-03-01'' AND ''2024-03-31'''),
	('warning', 'agent_metric', 'values carry over from week to week', 208, 'SELECT by_chance(); UPDATE ops.agent_metric m SET value = (SELECT avg(b.value) FROM ops.agent_metric b
		WHERE b.agent_id = m.agent_id AND b.metric = m.metric AND b.period BETWEEN m.period - 21 AND m.period) WHERE metric = ''qa'''),
	('warning', 'agent_metric', 'values carry over from week to week', 208, 'SELECT by_chance(); UPDATE ops.agent_metric m SET value = (SELECT avg(b.value) FROM ops.agent_metric b
		WHERE b.agent_id = m.agent_id AND b.metric = m.metric AND date_trunc(''month'', b.period) = date_trunc(''month'', m.period)) WHERE metric = ''qa'''),
	('note', 'agent_metric', 'metric qa covers 2024-01 to 2024-06', 209, 'INSERT INTO ops.agent_metric VALUES (1, ''qa'', ''2024-01-01'', 1e-200, 1e-200)'),
	('note', 'agent_metric', 'metric qa covers 2024-01 to 2024-06', 210, 'INSERT INTO ops.agent_metric VALUES (1, ''qa'', ''2024-01-01'', 0.05, 1e-323), (1, ''qa'', ''2024-01-01'', 1e30, 1e-323)'),
	('warning', 'agent_metric', 'period in the future', 1, 'UPDATE ops.agent_metric SET period = ''9999-12-31'' WHERE ctid = (SELECT min(ctid) FROM ops.agent_metric)'),
	('warning', 'agent_metric', 'left out: agent in no team at that time', 1, 'UPDATE ops.agent_metric SET period = ''0001-01-01'' WHERE ctid = (SELECT min(ctid) FROM ops.agent_metric)'),
	('note', 'agent_metric', 'periods are months', 1, 'UPDATE ops.agent_metric SET period = date_trunc(''month'', period) WHERE metric = ''qa'''),
	-- assignment, agent
	('warning', 'assignment', 'overlapping assignments', 1, 'INSERT INTO ops.assignment VALUES (1, ''team 1'', ''2024-03-01'', ''2024-04-01'')'),
	('note', 'assignment', 'gaps between assignments', 1, 'UPDATE ops.assignment SET valid_to = ''2024-07-01'' WHERE agent_id = 1; INSERT INTO ops.assignment VALUES (1, ''team 1'', ''2024-08-01'')'),
	('warning', 'assignment', 'valid_to not after valid_from', 1, 'INSERT INTO ops.assignment VALUES (1, ''team 1'', ''2021-03-01'', ''2021-03-01'')'),
	('warning', 'assignment', 'team missing', 1, 'ALTER TABLE ops.assignment ALTER team DROP NOT NULL; INSERT INTO ops.assignment VALUES (1, NULL, ''2021-03-01'', ''2021-03-02'')'),
	('warning', 'assignment', 'team without a name', 1, 'UPDATE ops.assignment SET team = '''' WHERE agent_id = 1'),
	('warning', 'assignment', 'team longer than 1024 bytes', 1, 'INSERT INTO ops.assignment VALUES (1, repeat(''x'', 1025), ''2021-03-01'', ''2021-03-02'')'),
	('warning', 'assignment', 'agent_id not in agent', 1, 'DELETE FROM ops.agent WHERE agent_id = 1'),
	('warning', 'agent', 'duplicates', 1, 'INSERT INTO ops.agent SELECT * FROM ops.agent WHERE agent_id = 1'),
	('warning', 'agent', 'left before hired', 1, 'UPDATE ops.agent SET left_on = ''2020-01-01'' WHERE agent_id = 1'),
	('note', 'agent', 'hired_on missing', 2, 'UPDATE ops.agent SET hired_on = NULL WHERE agent_id <= 2'),
	-- coaching_session
	('warning', 'coaching_session', 'duplicates', 7, 'INSERT INTO ops.coaching_session SELECT * FROM ops.coaching_session WHERE agent_id = 1'),
	('warning', 'coaching_session', 'coach_id not in coach', 28, 'DELETE FROM ops.coach WHERE coach_id = 901'),
	('warning', 'coaching_session', 'status unknown', 7, 'UPDATE ops.coaching_session SET status = ''Completed'' WHERE agent_id = 1'),
	('warning', 'coaching_session', 'kind unknown', 7, 'UPDATE ops.coaching_session SET kind = ''1:1'' WHERE agent_id = 1'),
	('warning', 'coaching_session', 'held_at given, but not status held', 7, 'UPDATE ops.coaching_session SET status = ''cancelled'' WHERE agent_id = 1'),
	('warning', 'coaching_session', 'status held without held_at', 7, 'UPDATE ops.coaching_session SET held_at = NULL WHERE agent_id = 1'),
	('warning', 'coaching_session', 'duration_minutes negative', 7, 'UPDATE ops.coaching_session SET duration_minutes = -5 WHERE agent_id = 1'),
	('warning', 'coaching_session', 'duration_minutes over 8 hours', 7, 'UPDATE ops.coaching_session SET duration_minutes = 1800 WHERE agent_id = 1'),
	('warning', 'coaching_session', 'followed up before it was held', 7, 'UPDATE ops.coaching_session SET followed_up_at = held_at - interval ''1 day'' WHERE agent_id = 1'),
	('warning', 'coaching_session', 'left out: session: held in the future', 1, 'UPDATE ops.coaching_session SET held_at = ''2999-01-01'' WHERE session_id = 100'),
	('warning', 'coaching_session', 'held long after the last period with values', 1, 'UPDATE ops.coaching_session SET held_at = ''2024-08-01'' WHERE session_id = 100'),
	('warning', 'coaching_session', 'mostly dated the first or last day of a month', 56, 'UPDATE ops.coaching_session SET held_at = date_trunc(''month'', held_at) + interval ''1 month -1 day'''),
	('warning', 'coaching_session', 'none in the last nine weeks with values', 1, 'UPDATE ops.coaching_session SET held_at = ''2024-02-01''::date + session_id::int % 50'),
	('warning', 'coaching_session', 'left out: session: status unknown', 7, 'UPDATE ops.coaching_session SET status = ''DONE'' WHERE agent_id = 1'),
	('warning', 'coaching_session', 'left out: session: metric unknown', 7, 'UPDATE ops.coaching_session SET metric = ''Attendance'' WHERE agent_id = 1'),
	('warning', 'coaching_session', 'left out: session: agent in no team at that time', 7, 'UPDATE ops.assignment SET valid_from = ''2025-01-01'' WHERE agent_id = 1'),
	('warning', 'coaching_session', 'agent_id not in assignment', 7, 'DELETE FROM ops.assignment WHERE agent_id = 1'),
	('warning', 'coaching_session', 'held before the agent was hired or after they left', 7, 'UPDATE ops.agent SET left_on = ''2023-12-31'' WHERE agent_id = 1'),
	('warning', 'coaching_session', 'one session of several agents that is not of kind group', 2, 'UPDATE ops.coaching_session SET session_id = 100 WHERE session_id = 200'),
	-- the rest
	('warning', 'coach_week', 'minutes negative or more than a week has', 1, 'INSERT INTO ops.coach_week VALUES (901, ''2024-01-01'', 10, 144000, 300)'),
	('warning', 'coach_week', 'coach_id not in coach', 1, 'INSERT INTO ops.coach_week VALUES (999, ''2024-01-01'', 10, 2400, 300)'),
	('warning', 'agent_week', 'occupancy outside 0 to 1', 1, 'INSERT INTO ops.agent_week VALUES (1, ''2024-01-01'', 2400, 85, 30)'),
	('warning', 'agent_week', 'duplicates', 1, 'INSERT INTO ops.agent_week SELECT 1, ''2024-01-01'', 2400, 0.85, 30 FROM generate_series(1, 2)'),
	('warning', 'contact', 'handle_seconds negative or over a day', 1, 'INSERT INTO ops.contact VALUES (1, 1, ''2024-01-01'', ''bill'', ''c1'', 300000)'),
	('warning', 'contact', 'csat not a finite number, or beyond 1e30', 1, 'INSERT INTO ops.contact VALUES (1, 1, ''2024-01-01'', ''bill'', ''c1'', 300, true, false, false, ''NaN'')'),
	('warning', 'contact_event', 'step ended before it started', 1, 'INSERT INTO ops.contact_event VALUES (1, ''greet'', ''2024-01-02'', ''2024-01-01'')'),
	('warning', 'contact_event', 'contact_id not in contact', 1, 'INSERT INTO ops.contact VALUES (1, 1, ''2024-01-01''); INSERT INTO ops.contact_event VALUES (2, ''greet'', ''2024-01-02'')'),
	('warning', 'contact_event', 'kind unknown', 1, 'INSERT INTO ops.contact_event VALUES (1, ''greet'', ''2024-01-02'', NULL, 1, ''ivr'')'),
	('warning', 'documented_step', 'duplicates', 1, 'INSERT INTO ops.documented_step SELECT ''bill'', ''greet'', NULL FROM generate_series(1, 2)'),
	('warning', 'intervention', 'metric not in metric', 1, 'INSERT INTO ops.intervention VALUES (''i1'', ''2024-01-01'', ''other'', ''AHT'')');

SELECT ok((f.severity, f.rows) IS NOT DISTINCT FROM (e.severity, e.rows) AND f.what_to_do <> '' AND (f.rows IS NULL OR f.problem LIKE '%covers%' OR f.example <> ''),
	format('%s: %s: %s', e.severity, e.relation, e.problem))
FROM expected e LEFT JOIN LATERAL found_after(e.change) f ON (f.relation, f.problem) = (e.relation, e.problem)
ORDER BY e.no;

SELECT ok(f.example LIKE '%agent_id 1, metric qa%', 'the example names the row') FROM found_after('UPDATE ops.agent_metric SET value = ''NaN'' WHERE agent_id = 1 AND metric = ''qa''') f
WHERE f.problem LIKE '%finite%';
SELECT ok(f.what_to_do LIKE '%resolved <> 0%', 'what to do fits the type found') FROM found_after('ALTER TABLE ops.contact ALTER resolved TYPE bigint USING 0') f
WHERE f.severity = 'error';
SELECT is_empty($$SELECT l.reason FROM coachdiag.left_out() l
	WHERE l.reason NOT LIKE 'session:%' AND NOT EXISTS (SELECT FROM expected e WHERE e.problem = 'left out: ' || l.reason)$$,
	'every reason for which rows are left out was tried');

-- A required relation that cannot be read doesn't stop the other checks.
SELECT set_has($$SELECT f.relation, f.problem FROM found_after('DROP TABLE ops.metric; UPDATE ops.coaching_session SET duration_minutes = -5') f$$,
	$$VALUES ('metric', 'relation missing'), ('coaching_session', 'duration_minutes negative')$$, 'an error leaves the other checks running');

-- Nor does a view that fails when its rows are read.
CREATE TABLE public.raw (agent bigint, score text);
INSERT INTO public.raw VALUES (1, '80'), (2, 'n/a');
SELECT bag_has($$SELECT f.severity, f.relation, f.problem, f.example FROM found_after('DROP TABLE ops.agent_metric; UPDATE ops.coaching_session SET duration_minutes = -5;
	CREATE VIEW ops.agent_metric AS SELECT agent AS agent_id, ''qa'' AS metric, date ''2024-01-01'' AS period, score::float8 AS value FROM public.raw') f$$,
	$$VALUES ('error', 'agent_metric', 'cannot be read', 'invalid input syntax for type double precision: "n/a"'),
		('warning', 'coaching_session', 'duration_minutes negative', (SELECT min(example) FROM found_after('UPDATE ops.coaching_session SET duration_minutes = -5') WHERE problem = 'duration_minutes negative'))$$,
	'a failing view is named, with its error, and leaves the other checks running');

-- Nothing hostile in the data gets into a query.
SELECT is_empty($$SELECT * FROM found_after($x$
	INSERT INTO ops.metric VALUES (E'a''b"c{metric}%s$1\\', true, 1, 1);
	INSERT INTO ops.agent_metric SELECT 1, E'a''b"c{metric}%s$1\\', period, 1, 1 FROM ops.agent_metric WHERE agent_id = 1 AND metric = 'qa' $x$) WHERE severity <> 'note'$$,
	'quotes, braces, percent and backslash in names are only bytes');

SELECT * FROM finish();
