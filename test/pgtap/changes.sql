-- What changed and who is told, how far a refresh is, how the last one ended: over results written by hand, so that each case is there.
\set QUIET on
SET client_min_messages = error;
SELECT plan(32);
SELECT coachdiag.create_workspace('ops');
DROP MATERIALIZED VIEW ops.diagnosis, ops.intervention_effect CASCADE;
CREATE TABLE ops.diagnosis (team text, metric text, verdict text, paradox boolean);
CREATE TABLE ops.intervention_effect (team text, metric text, intervention_id text, recurrence text);
CREATE TABLE ops.night (team text, metric text, verdict text, paradox boolean);

-- A night: what is diagnosed now is compared with before.
CREATE FUNCTION night(run bigint) RETURNS bigint LANGUAGE sql AS $$
	INSERT INTO ops.refresh_log VALUES (run, now(), clock_timestamp(), 'compare', NULL, 0.1);
	SELECT coachdiag.refresh_change_log('ops') $$;
CREATE VIEW told AS SELECT what, team, before, after, alert FROM coachdiag.changes('ops');

INSERT INTO ops.diagnosis VALUES ('a', 'qa', 'structural', true), ('b', 'qa', 'no_gap', false), ('c', 'qa', 'behavioural', NULL);
SELECT is(night(1), 6::bigint, 'the first night: a state for each verdict and paradox');
SELECT results_eq('TABLE told', $$VALUES ('paradox', 'a', NULL, 'yes', true)$$, 'of which the paradox is told');
SELECT is(night(2), 0::bigint, 'the same again is no change');
UPDATE ops.diagnosis SET verdict = CASE team WHEN 'a' THEN 'behavioural' WHEN 'b' THEN 'structural' ELSE 'mixed' END, paradox = CASE team WHEN 'a' THEN false WHEN 'b' THEN true END;
SELECT night(3);
SELECT set_eq('TABLE told', $$VALUES ('verdict', 'a', 'structural', 'behavioural', false), ('verdict', 'b', 'no_gap', 'structural', true), ('verdict', 'c', 'behavioural', 'mixed', true),
	('paradox', 'a', 'yes', 'no', false), ('paradox', 'b', 'no', 'yes', true)$$, 'alerts: a verdict that is now structural or mixed, a new paradox');

INSERT INTO ops.night SELECT * FROM ops.diagnosis;
DELETE FROM ops.diagnosis;
SELECT night(4);
SELECT set_eq('TABLE told', $$VALUES ('verdict', 'a', 'behavioural', NULL, false), ('verdict', 'b', 'structural', NULL, false), ('verdict', 'c', 'mixed', NULL, false),
	('paradox', 'a', 'no', NULL, false), ('paradox', 'b', 'yes', NULL, false), ('paradox', 'c', 'cannot_tell', NULL, false)$$, 'no team in the sources for a night');
SELECT is(night(5), 0::bigint, 'which is told once');
INSERT INTO ops.diagnosis SELECT team, metric, CASE team WHEN 'a' THEN 'mixed' ELSE verdict END, CASE team WHEN 'a' THEN true ELSE paradox END FROM ops.night;
INSERT INTO ops.diagnosis VALUES ('d', 'qa', 'structural', true);
SELECT is(night(6), 8::bigint, 'all are back, one of them changed, and one more');
SELECT set_eq('TABLE told', $$VALUES ('verdict', 'a', 'behavioural', 'mixed', true), ('paradox', 'a', 'no', 'yes', true), ('paradox', 'd', NULL, 'yes', true)$$,
	'they are compared with what they were before they were away; a paradox of a new team is told');
SELECT is(night(7), 0::bigint, 'and then it is quiet');
INSERT INTO ops.refresh_log VALUES (8, now(), clock_timestamp(), 'failed', NULL, 0.1, 'no');
DELETE FROM ops.refresh_log WHERE run = 7;
SELECT is((SELECT count(*) FROM told), 3::bigint, 'a refresh that failed has no changes: those of the one before are listed');
UPDATE ops.settings SET as_of = '2024-01-01';
UPDATE ops.diagnosis SET verdict = 'no_gap';
SELECT is(night(9), 0::bigint, 'a look back is no change');

-- Told: alerts first, all of a change, at most a hundred.

INSERT INTO ops.refresh_log VALUES (10, now(), clock_timestamp(), 'compare', NULL, 0.1);
INSERT INTO ops.change_log VALUES (10, now(), 'verdict', 'a "team"', 'qa', NULL, 'structural', 'no_gap'), (10, now(), 'verdict', 'z', 'qa', NULL, 'no_gap', 'mixed'), (10, now(), 'intervention', NULL, 'qa', 'I1', 'held', 'recurred');
\set heard `psql -XqAt -d :DBNAME -c "LISTEN coachdiag" -c "SELECT coachdiag.tell_changes('ops', 10)" | sed -n 's/.*with payload "\(.*\)" received.*/\1/p' | paste -s -d '|' -`
SELECT string_to_array(:'heard', '|')::jsonb[] AS heard \gset
SELECT is((:'heard'::jsonb[])[1], '{"run": 10, "what": "intervention", "team": null, "after": "recurred", "alert": true, "before": "held", "metric": "qa", "workspace": "ops", "intervention": "I1"}'::jsonb, 'who listens hears all of a change');
SELECT is(ARRAY(SELECT concat_ws(' ', h ->> 'team', h ->> 'before', h ->> 'after', h ->> 'alert') FROM unnest(:'heard'::jsonb[]) WITH ORDINALITY u (h, no) WHERE no > 1 ORDER BY no),
	'{z no_gap mixed true,"a \"team\" structural no_gap false"}', 'alerts come first');
INSERT INTO ops.change_log SELECT 10, now(), 'verdict', 'team ' || i, 'qa', NULL, 'structural', 'no_gap' FROM generate_series(1, 98) i;
\set heard `psql -XqAt -d :DBNAME -c "LISTEN coachdiag" -c "SELECT coachdiag.tell_changes('ops', 10)" | sed -n 's/.*with payload "\(.*\)" received.*/\1/p' | paste -s -d '|' -`
SELECT string_to_array(:'heard', '|')::jsonb[] AS heard \gset
SELECT is(cardinality(:'heard'::jsonb[]), 101, 'beyond a hundred');
SELECT is((:'heard'::jsonb[])[101], '{"run": 10, "what": "more", "changes": 101, "workspace": "ops"}'::jsonb, 'the last says how many there are');
SELECT is((SELECT count(*) FROM unnest((:'heard'::jsonb[])[:100]) h WHERE h ->> 'what' <> 'more'), 100::bigint, 'and a hundred are told');

-- Progress

CREATE FUNCTION watch(step text, seconds int, portions text DEFAULT '') RETURNS void LANGUAGE sql AS $$
	SELECT set_config('application_name', format('coachdiag %s %s/%s%s %s %s', 'ops'::regnamespace::oid, done, total, portions, floor(extract(epoch FROM clock_timestamp())) - seconds, step), false)
	FROM coachdiag.refreshed_part() WHERE part = step $$;
CREATE VIEW rest AS SELECT extract(epoch FROM estimated_end - clock_timestamp()) AS seconds FROM coachdiag.progress;
SELECT results_eq('SELECT part FROM coachdiag.refreshed_part() WHERE is_copy IS NULL ORDER BY done', '{compare,periods,metrics,teams,panels}'::text[], 'what is no part has a name, too');
SELECT is((SELECT array_agg(done ORDER BY done) FROM coachdiag.refreshed_part()), (SELECT array_agg(i) FROM generate_series(0, (SELECT max(total) FROM coachdiag.refreshed_part()) - 1) i), 'steps are counted one by one');
SELECT ok((SELECT bool_and(p.done < b.done) FROM coachdiag.refreshed_part() p, coachdiag.refreshed_part() b WHERE (p.part = 'compare' AND b.is_copy) OR (p.is_copy AND b.part = 'periods') OR (p.part = 'panels' AND NOT b.is_copy)),
	'comparing, copies, panels, the rest');
SELECT coachdiag.tell_progress('ops', 'teams');
SELECT results_eq('SELECT workspace, step, portions_left FROM coachdiag.progress', $$VALUES ('ops', 'teams', NULL::int)$$, 'a refresh tells its step');
SELECT cmp_ok((SELECT abs(extract(epoch FROM clock_timestamp()) - split_part(current_setting('application_name'), ' ', 4)::int)), '<', 5::numeric, 'and since when');
TRUNCATE ops.refresh_log;
SELECT watch('panels', 10);
SELECT is((SELECT seconds FROM rest), NULL, 'the first time there is nothing to go by');
INSERT INTO ops.refresh_log SELECT 1, now(), now(), s, n, t FROM (VALUES ('compare', NULL, 3), ('stored_membership', 20, 5), ('panels', 9, 60), ('stored_history', 9, 10), ('gap_dispersion', NULL, 30)) v (s, n, t);
INSERT INTO ops.refresh_log SELECT 2, now(), now(), s, 0, t FROM (VALUES ('panels', 0.0004), ('stored_history', 0), ('gap_dispersion', 0)) v (s, t);
SELECT ok((SELECT seconds BETWEEN 80 AND 91 FROM rest), 'then: what each step took when it had something to do, less what has gone of this one');
SELECT watch('panels', 100);
SELECT ok((SELECT seconds BETWEEN 35 AND 41 FROM rest), 'a step that takes longer than ever leaves the rest');
SELECT watch('stored_history', 0, '+7');
SELECT ok((SELECT seconds BETWEEN 35 AND 41 FROM rest), 'what is done is not counted');
SELECT is((SELECT portions_left FROM coachdiag.progress), 7, 'portions that are left are told');
BEGIN;
SELECT set_config('coachdiag.portions_left', '12', true);
SELECT coachdiag.tell_progress('ops', 'panels');
SELECT is((SELECT portions_left FROM coachdiag.progress), 12, 'by the refresh of a portion');
COMMIT;
RESET application_name;

-- A refresh that failed

DROP TABLE ops.assignment CASCADE;
TRUNCATE ops.refresh_log;
CREATE PROCEDURE nightly() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO ops.metric VALUES ('half', true, 1, 1); CALL coachdiag.refresh('ops'); END $$;
\set failed `psql -XqAt -d :DBNAME -c "CALL nightly()" 2>&1`
SELECT ok(:'failed' ~ 'ERROR' AND NOT EXISTS (SELECT FROM ops.metric) AND NOT EXISTS (SELECT FROM ops.refresh_log), 'one that fails commits nothing of its caller''s');
\set failed `psql -XqAt -d :DBNAME -c "BEGIN" -c "CALL coachdiag.refresh('ops')" 2>&1`
SELECT ok(:'failed' ~ 'lacks|has no|assignment' AND NOT EXISTS (SELECT FROM ops.refresh_log), 'inside a transaction the error is the same');
\set failed `psql -XqAt -d :DBNAME -c "CALL coachdiag.refresh('ops')" 2>&1`
SELECT results_eq('SELECT run, step, message, seconds >= 0 FROM ops.refresh_log', format('VALUES (11::bigint, ''failed'', %L, true)', substring(:'failed' from 'ERROR:\s+([^\n]*)')), 'by itself it leaves a row with the error');
SELECT results_eq('SELECT workspace, last_status, last_message, last_success IS NULL FROM coachdiag.last_refresh', format('VALUES (''ops'', ''failed'', %L, true)', substring(:'failed' from 'ERROR:\s+([^\n]*)')), 'that a view shows');
INSERT INTO ops.refresh_log VALUES (12, now(), clock_timestamp() + interval '1 s', 'compare', NULL, 0.1);
SELECT results_eq('SELECT last_status, last_message, last_success = last_end FROM coachdiag.last_refresh', $$VALUES ('succeeded', NULL::text, true)$$, 'until one succeeds');
SELECT * FROM finish();
