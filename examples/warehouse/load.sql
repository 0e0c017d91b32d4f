-- Demo warehouse: builds schema dw (a year of two contact-centre programmes) and the workspace ops over it.
-- psql -f load.sql [-v seed=N] in a database where coachdiag is installed and neither schema exists.
\set ON_ERROR_STOP on
\set QUIET on
\if :{?seed}
\else
\set seed 2025
\endif

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL timezone = 'UTC';
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL jit = off;

CREATE SCHEMA dw;
COMMENT ON SCHEMA dw IS 'coachdiag demo: an invented contact centre of fourteen teams, 2025';

\ir random.sql
\ir plan.sql
\ir people.sql
\ir work.sql
\ir coaching.sql
\ir contacts.sql
\ir workspace.sql
COMMIT;

ANALYZE dw.hr_roster, dw.team_history, dw.agent_week_fact, dw.reason_target, dw.workforce_week, dw.coach_roster,
	dw.coach_week_fact, dw.coaching_log, dw.contact_fact, dw.contact_event_log, dw.process_document, dw.change_log, dw.story;
\echo 'Demo warehouse loaded. Next: CALL coachdiag.refresh(''ops''); then report.sql'
