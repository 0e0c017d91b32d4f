-- Real work items of a bank (BPI Challenge 2012) as a warehouse table, mapped onto the workspace bank.
-- psql -f load.sql -v file=/path/cc_bpic2012_work_items.csv.gz     (default: the environment's BPIC2012)
\set ON_ERROR_STOP on
\set QUIET on
\pset pager off
\pset footer off
\if :{?file}
\else
\getenv file BPIC2012
\endif
\if :{?file}
\else
DO $$ BEGIN RAISE 'no file given' USING HINT = 'psql -v file=/path/to/file, or BPIC2012=/path/to/file in the environment; README.md says what it is.'; END $$;
\endif

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE SCHEMA bpic2012;
CREATE TABLE bpic2012.work_item (case_id bigint, activity text, resource text, resource_end text,
	start_ts timestamp, end_ts timestamp, dur_s float8, week int);
-- The client reads the file, so the server needs no right to; gzip -cdf passes plain text through.
\setenv BPIC2012_FILE :file
\copy bpic2012.work_item FROM PROGRAM 'gzip -cdf "$BPIC2012_FILE"' WITH (FORMAT csv, HEADER)

-- Work between 10 seconds and 4 hours: shorter is a click, longer an item left open.
CREATE VIEW bpic2012.item AS
SELECT resource, activity, (date '2011-10-01' + 7 * week)::date AS week_start, week, dur_s, ln(dur_s) AS log_seconds
FROM bpic2012.work_item WHERE dur_s >= 10 AND dur_s < 14400;
COMMENT ON VIEW bpic2012.item IS 'Work items used here; weeks start on Saturday 2011-10-01, the first day of the log';

-- The log has no targets. Chosen here, in the open: the typical duration (geometric mean) of all agents by activity in the
-- first eight weeks. A gap is then "slower than the bank itself was at the start", not a failure to meet anything it promised.
CREATE TABLE bpic2012.target AS
SELECT activity, exp(avg(log_seconds)) AS seconds FROM bpic2012.item WHERE week < 8 GROUP BY activity;

SELECT coachdiag.create_workspace('bank') \gset
INSERT INTO bank.metric (metric, higher_is_better, target, smallest_effect, unit, scale)
SELECT 'handle_time', false, t.seconds, .1 * t.seconds, 'seconds', 'log'
FROM (SELECT avg(a.seconds) AS seconds FROM bpic2012.item i JOIN bpic2012.target a USING (activity) WHERE i.week < 8) t;

DROP TABLE bank.agent_metric, bank.assignment;
CREATE VIEW bank.agent_metric AS
SELECT i.resource AS agent_id, 'handle_time' AS metric, i.week_start AS period, exp(avg(i.log_seconds)) AS value,
	count(*)::float8 AS volume, i.activity AS contact_type, t.seconds AS target
FROM bpic2012.item i JOIN bpic2012.target t USING (activity)
GROUP BY i.resource, i.activity, i.week_start, t.seconds;

-- The log has no teams either: agents are grouped by the activity they did most, so that peers do the same work.
CREATE VIEW bank.assignment AS
SELECT DISTINCT ON (resource) resource AS agent_id, activity AS team, date '2011-10-01' AS valid_from,
	NULL::date AS valid_to, NULL::text AS supervisor, NULL::text AS site, 'loan applications' AS program
FROM (SELECT resource, activity, count(*) AS items FROM bpic2012.item GROUP BY resource, activity) n
ORDER BY resource, items DESC, activity;
COMMIT;
ANALYZE bpic2012.work_item, bpic2012.target;

\echo
\echo 'Targets chosen: typical seconds by activity, first eight weeks'
SELECT activity, round(seconds) AS target_seconds FROM bpic2012.target ORDER BY activity;

CALL coachdiag.refresh('bank');
\echo
\echo 'Diagnosis (no coaching log and no hiring dates: those tests must say unknown)'
SELECT team, agents, round(mean_gap::numeric, 1) AS gap_seconds, verdict, indicators_present AS signs
FROM bank.diagnosis ORDER BY agents DESC, team;
\echo
\echo 'Its tests'
SELECT team, test, state, reason FROM bank.indicators ORDER BY team, test;
\echo 'Next: components.sql; the page for the leader: ../warehouse/report.sql -v ws=bank'
