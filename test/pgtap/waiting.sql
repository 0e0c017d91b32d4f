-- What a week that is not over brings waits: results are as of the last whole week (or month).
\set QUIET on
SET client_min_messages = error;
SELECT plan(28);
\ir workspace_fill.psql
SELECT coachdiag.create_workspace('ops');
SELECT coachdiag.create_workspace('cut');

-- A source of everything, by week from Monday on, by day and by month, to the end of June 2024
CREATE FUNCTION fill_all(ws text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM fill(ws);
	EXECUTE replace($sql$
		INSERT INTO @.metric VALUES ('daily', false, 10, 1, 's', 'identity'), ('monthly', true, 5, 1, 'points', 'identity'), ('sunday', true, 5, 1, 'points', 'identity');
		INSERT INTO @.agent_metric SELECT a, 'daily', date '2024-01-01' + d, 9 + (a + 3 * d) % 5, 4, NULL FROM generate_series(1, 8) a, generate_series(0, 181) d;
		INSERT INTO @.agent_metric SELECT a, 'monthly', date '2024-01-01' + m * interval '1 month', 4 + (a + m) % 3, 9, NULL FROM generate_series(1, 8) a, generate_series(0, 5) m;
		INSERT INTO @.agent_metric SELECT a, 'sunday', date '2024-01-07' + 7 * w, 4 + (a + w) % 3, 9, NULL FROM generate_series(1, 8) a, generate_series(0, 24) w;
		INSERT INTO @.coaching_session (session_id, agent_id, coach_id, held_at, metric, duration_minutes)
		SELECT 1000 * a + d, a, 901, timestamptz '2024-01-02 15:00+00' + d * interval '1 day', m, 20 FROM generate_series(1, 8) a, generate_series(0, 175, 25) d, unnest('{daily,monthly,sunday}'::text[]) m;
		INSERT INTO @.contact (contact_id, agent_id, started_at, contact_type, customer_id, handle_seconds, resolved)
		SELECT 10 * d + a, a, timestamptz '2024-01-01 20:00+00' + d * interval '1 day', 'bill', 'c' || (a + d) % 30, 300 + d % 60, (a + d) % 4 > 0 FROM generate_series(1, 4) a, generate_series(0, 181, 2) d;
		INSERT INTO @.contact_event (contact_id, step, started_at, ended_at, agent_id, kind)
		SELECT c.contact_id, s.step, c.started_at + s.n * interval '5 hours', c.started_at + s.n * interval '5 hours' + interval '3 minutes', c.agent_id, s.kind
		FROM @.contact c, (VALUES (0, 'open', 'work'), (1, 'approve', 'approval'), (2, 'close', 'work')) s (n, step, kind);
		UPDATE @.settings SET time_zone = 'UTC';
	$sql$, '@', quote_ident(ws));
END
$$;
CREATE FUNCTION content(ws text) RETURNS TABLE (relation text, content text) LANGUAGE plpgsql AS $$
BEGIN
	FOR relation IN SELECT name FROM coachdiag.workspace_part WHERE name <> 'change_log' UNION ALL VALUES ('stored_team'), ('stored_panel') LOOP
		RETURN QUERY EXECUTE format('SELECT %L::text, (to_jsonb(t) - ''refreshed_at'')::text FROM %I.%I t', relation, ws, relation);
	END LOOP;
END
$$;
CREATE FUNCTION made() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT l.step FROM ops.refresh_log l WHERE l.run = (SELECT max(run) FROM ops.refresh_log) AND l.rows > 0
$$;
CREATE FUNCTION panels_line() RETURNS text LANGUAGE sql AS $$
	SELECT message FROM ops.refresh_log WHERE step = 'panels' ORDER BY run DESC LIMIT 1
$$;

-- As of a Wednesday in May: what the sources would have given had they ended on the Sunday before.

SELECT fill_all('ops');
SELECT fill_all('cut');
UPDATE ops.settings SET as_of = '2024-05-15';
CALL coachdiag.refresh('ops');
SELECT is((SELECT jsonb_object_agg(metric, waits_from) FROM ops.stored_metric),
	'{"aht": "2024-05-13", "fcr": "2024-05-13", "qa": "2024-05-13", "daily": "2024-05-13", "monthly": "2024-05-01", "sunday": "2024-05-12"}'::jsonb, 'each metric waits for its own period');
DELETE FROM cut.agent_metric a USING ops.stored_metric m WHERE m.metric = a.metric AND a.period >= m.waits_from;
DELETE FROM cut.coaching_session s WHERE held_at >= '2024-05-13 00:00+00';
DELETE FROM cut.contact WHERE started_at >= '2024-05-13 00:00+00';
DELETE FROM cut.contact_event WHERE started_at >= '2024-05-13 00:00+00';
UPDATE cut.settings SET as_of = 'infinity';
CALL coachdiag.refresh('cut');
-- Doses are of whole periods, as rows are: sessions of a month that waits are stored, and no dose of it yet.
UPDATE cut.settings SET as_of = '2024-05-15';
CALL coachdiag.refresh('cut', rebuild => true);
SELECT is((SELECT count(*) FROM (SELECT * FROM content('ops') EXCEPT ALL SELECT * FROM content('cut')) d), 0::bigint, 'nothing of the sources beyond it is in any stored table or result');
SELECT is((SELECT count(*) FROM (SELECT * FROM content('cut') EXCEPT ALL SELECT * FROM content('ops')) d), 0::bigint, 'and all before it is');
SELECT cmp_ok((SELECT count(*) FROM ops.diagnosis), '=', 12::bigint, 'two teams, six metrics');
SELECT matches(panels_line(), '^all periods; [0-9]+ rows wait, from 2024-05-01 on$', 'the log says what waits');
SELECT bag_eq($$SELECT severity, problem, rows FROM coachdiag.check_sources('ops') WHERE problem LIKE 'left out:%'$$,
	$$SELECT 'note' AS severity, 'left out: period not over yet' AS problem, count(*) AS rows FROM ops.agent_metric a JOIN ops.stored_metric m USING (metric) WHERE a.period >= m.waits_from
	UNION ALL SELECT 'note', 'left out: session: week not over yet', count(*) FROM ops.coaching_session WHERE held_at >= '2024-05-13 00:00+00'$$, 'and check_sources how much');

-- The same week, tracked: whatever comes in for it changes nothing.

SELECT coachdiag.track_changes('ops');
CALL coachdiag.refresh('ops');
CALL coachdiag.refresh('ops');
SELECT is_empty('SELECT made()', 'nothing changed, nothing is written');
INSERT INTO ops.agent_metric VALUES (1, 'daily', '2024-05-14', 11, 4, 'late'), (1, 'aht', '2024-05-13', 300, 4, 'late');
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, metric) VALUES (1, 1, 901, '2024-05-14 10:00+00', 'aht');
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, scheduled_at, status, metric) VALUES (2, 1, 901, '2024-05-17 10:00+00', 'planned', 'aht');
INSERT INTO ops.contact (contact_id, agent_id, started_at) VALUES (1, 1, '2024-05-14 10:00+00');
INSERT INTO ops.contact_event (contact_id, step, started_at) VALUES (1, 'open', '2024-05-14 10:00+00');
CALL coachdiag.refresh('ops');
SELECT results_eq('SELECT made()', $$VALUES ('periods')$$, 'rows, sessions and contacts of the week that is running: they are counted, and wait');
SELECT is((SELECT array_agg(DISTINCT message) FROM ops.refresh_log WHERE run = (SELECT max(run) FROM ops.refresh_log) AND step IN ('stored_coaching_session', 'stored_contact', 'diagnosis')),
	'{"nothing new to read"}', 'their sources are not even read');
SELECT matches(panels_line(), '^no period; ', 'no panel is built');

-- A week later they are in, and so after each move, as if everything were built again.

CREATE TABLE wrong (as_of date, what text);
DO $$
DECLARE
	day date;
BEGIN
	FOREACH day IN ARRAY '{2024-05-20,2024-05-05,infinity,-infinity,2024-06-30}'::date[] LOOP
		UPDATE ops.settings SET as_of = day;
		CALL coachdiag.refresh('ops');
		CREATE TABLE kept AS SELECT * FROM content('ops');
		IF day = '2024-05-20' THEN
			INSERT INTO wrong SELECT day, 'session missing' WHERE (SELECT count(*) FROM ops.stored_coaching_session WHERE session_id IN ('1', '2')) <> 2;
		END IF;
		CALL coachdiag.refresh('ops', rebuild => true);
		INSERT INTO wrong SELECT day, 'kept in ' || k.relation || ': ' || k.content FROM (SELECT * FROM kept EXCEPT ALL SELECT * FROM content('ops')) k;
		INSERT INTO wrong SELECT day, 'missing in ' || c.relation || ': ' || c.content FROM (SELECT * FROM content('ops') EXCEPT ALL SELECT * FROM kept) c;
		INSERT INTO wrong SELECT day, 'result' WHERE (day = '-infinity') <> NOT EXISTS (SELECT FROM ops.diagnosis);
		DROP TABLE kept;
	END LOOP;
END
$$;
-- Not tracked, told since when rows may have changed: what waited comes in all the same.
SELECT coachdiag.untrack_changes('ops');
DO $$
DECLARE
	day date;
BEGIN
	FOREACH day IN ARRAY '{2024-04-04,2024-05-02,2024-04-11}'::date[] LOOP
		UPDATE ops.settings SET as_of = day;
		CALL coachdiag.refresh('ops', day);
		CREATE TABLE kept AS SELECT * FROM content('ops');
		CALL coachdiag.refresh('ops', rebuild => true);
		INSERT INTO wrong SELECT day, 'since: ' || k.relation || ': ' || k.content FROM (SELECT * FROM kept EXCEPT ALL SELECT * FROM content('ops')) k;
		INSERT INTO wrong SELECT day, 'since: missing in ' || c.relation || ': ' || c.content FROM (SELECT * FROM content('ops') EXCEPT ALL SELECT * FROM kept) c;
		DROP TABLE kept;
	END LOOP;
END
$$;
SELECT coachdiag.track_changes('ops');
SELECT is_empty('SELECT as_of, left(what, 200) FROM wrong', 'forward, back, to the end and to nothing: a refresh is a rebuild');
UPDATE ops.settings SET as_of = '2024-06-30';
CALL coachdiag.refresh('ops');
SELECT is((SELECT sum(rows) FROM ops.stored_panel WHERE metric = 'monthly'), 40::numeric, 'on the last day of June its month waits');
UPDATE ops.settings SET as_of = '2024-07-01';
CALL coachdiag.refresh('ops');
SELECT is((SELECT sum(rows) FROM ops.stored_panel), (SELECT count(*) FROM ops.agent_metric)::numeric, 'a day later all rows are in');

-- By the calendar

CREATE FUNCTION monday() RETURNS date LANGUAGE sql AS $$ SELECT date_trunc('week', now() AT TIME ZONE 'UTC')::date $$;
UPDATE ops.settings SET as_of = NULL;
INSERT INTO ops.agent_metric SELECT a, 'daily', monday() - 7 + d, 10, 4, NULL FROM generate_series(1, 8) a, generate_series(0, 9) d;
CALL coachdiag.refresh('ops');
SELECT is((SELECT waits_from FROM ops.stored_metric WHERE metric = 'daily'), monday(), 'without as_of it is today that tells which week is running');
SELECT is((SELECT max(coachdiag.last_period(panel)) FROM ops.stored_panel WHERE metric = 'daily'), monday() - 1, 'and its days wait');
INSERT INTO ops.agent_metric SELECT a, 'daily', monday() + 7 + d, 10, 4, NULL FROM generate_series(1, 8) a, generate_series(0, 13) d;
CALL coachdiag.refresh('ops');
SELECT is((SELECT waits_from FROM ops.stored_metric WHERE metric = 'daily'), monday(), 'two weeks of a mistyped date wait, however full');
INSERT INTO ops.agent_metric SELECT a, 'daily', monday() + 21 + d, 10, 4, NULL FROM generate_series(1, 8) a, generate_series(0, 6) d;
\set output `psql -XqAt -d :DBNAME -c "CALL coachdiag.refresh('ops')" 2>&1`
SELECT matches(:'output'::text, 'WARNING: +workspace "ops": results look at periods to come[^\n]*: daily up to 20', 'who looks at weeks to come is told');
SELECT is((SELECT waits_from FROM ops.stored_metric WHERE metric = 'daily'), 'infinity', 'rows of weeks to come: the calendar is not theirs');
SELECT is((SELECT sum(rows) FROM ops.stored_panel WHERE metric = 'daily'), (SELECT count(*) FROM ops.agent_metric WHERE metric = 'daily')::numeric, 'so that nothing waits');
DELETE FROM ops.agent_metric WHERE period > monday() + 6;
INSERT INTO ops.agent_metric VALUES (1, 'daily', '2062-01-01', 10, 4, NULL);
CALL coachdiag.refresh('ops');
SELECT is((SELECT waits_from FROM ops.stored_metric WHERE metric = 'daily'), monday(), 'a stray date is not a calendar: it waits with the rest');
DELETE FROM ops.settings;
SELECT lives_ok($$CALL coachdiag.refresh('ops')$$, 'settings without a row');
SELECT results_eq('SELECT as_of, time_zone, diagnosis_months FROM ops.settings', $$VALUES (NULL::date, 'UTC', 12)$$, 'get the defaults');

-- A look back

UPDATE ops.settings SET as_of = '2024-04-01';
CREATE TABLE told AS SELECT count(*) AS n FROM ops.change_log;
CALL coachdiag.refresh('ops');
SELECT isnt((SELECT max(coachdiag.last_period(panel)) FROM ops.stored_panel), monday() - 1, 'results are those of that day');
SELECT is((SELECT count(*) FROM ops.change_log), (SELECT n FROM told), 'and are no changes');
UPDATE ops.settings SET as_of = NULL;
CALL coachdiag.refresh('ops');
SELECT is((SELECT count(*) FROM ops.change_log), (SELECT n FROM told), 'nor is the way back');

-- Tracking of other relations

SELECT throws_ok($$SELECT coachdiag.track_changes('ops', 'ops.agent', relation => 'agents')$$, '42P01', NULL, 'a relation that the contract does not have');
DROP TABLE ops.coaching_session;
CREATE TABLE public.session (id bigint, agent bigint, at timestamp);
CREATE VIEW ops.coaching_session AS SELECT id AS session_id, agent AS agent_id, NULL::bigint AS coach_id, at AT TIME ZONE 'UTC' AS held_at FROM public.session;
SELECT coachdiag.track_changes('ops', 'public.session', 'at', 'coaching_session');
CALL coachdiag.refresh('ops');
CALL coachdiag.refresh('ops');
INSERT INTO public.session VALUES (1, 1, '2024-03-05 10:00');
CALL coachdiag.refresh('ops');
SELECT is((SELECT count(*) FROM ops.stored_coaching_session), 1::bigint, 'a table behind a view of sessions is tracked by its own column');
DROP TABLE ops.intervention;
CREATE TABLE public.fix (intervention_id text, started_on date, kind text, metric text);
CREATE VIEW ops.intervention AS TABLE public.fix;
SELECT coachdiag.track_changes('ops', 'public.fix', 'started_on', 'intervention');
SELECT coachdiag.track_changes('ops', 'ops.agent_metric');
CALL coachdiag.refresh('ops');
INSERT INTO public.fix VALUES ('F1', monday(), 'other', 'aht');
CALL coachdiag.refresh('ops');
SELECT is((SELECT count(*) FROM ops.stored_intervention), 1::bigint, 'what has no day of its own counts at once');
SELECT * FROM finish();
