#!/bin/bash
# The nights of a week after a year, one corrected value and nothing at all: what a refresh costs against a rebuild, and what a million rows cost that are read; seconds, ratios, goals.
# Without parallel workers, so that the CPU seconds of the session are all there are: they stay what they are on a busy machine.
# Usage: bench/refresh.sh [rows a day, default 20000]
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -z "${IN_SERVER:-}" ]; then
	IN_SERVER=1 exec tools/with-server.sh -- bash "$0" "$@"
fi

agents=$((${1:-20000} / 5))
export PGOPTIONS='-c client_min_messages=error -c max_parallel_workers_per_gather=0'
run() { psql -Xqt -v ON_ERROR_STOP=1 "$@" >/dev/null; }
# CPU seconds of a statement.
cpu() {
	psql -Xqt -v ON_ERROR_STOP=1 -c 'SET log_statement_stats = on' -c 'SET client_min_messages = log' -c "$1" 2>&1 | awk '/s elapsed/ { cpu = $2 + $5 } END { print cpu }'
}
# Refreshes and notes what it cost, as what.
refresh() {
	local seconds
	seconds=$(cpu "CALL coachdiag.refresh('ops'${2:-})")
	run -c "INSERT INTO cost SELECT max(run), '$1', $seconds FROM ops.refresh_log"
}
# Notes what one pass of a refresh over all rows costs, as what.
pass() {
	run -c "INSERT INTO cost VALUES (NULL, '$1', $(cpu "$2"))"
}

run <<SQL
CREATE EXTENSION coachdiag;
CREATE TABLE cost (run bigint, what text, seconds double precision);
CREATE SEQUENCE session;
SELECT coachdiag.create_workspace('ops');
-- A day of every agent; every twentieth is coached.
CREATE PROCEDURE load(first date, last date) LANGUAGE sql AS \$\$
	INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume, contact_type)
	SELECT a, 'handle_time', first + d, 300 * exp(0.1 * sin(a) + 0.2 * sin(17.0 * a + 3.7 * d + t)), 10, 'type ' || t
	FROM generate_series(0, last - first) d, generate_series(0, $agents - 1) a, generate_series(1, 5) t;
	INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, metric, duration_minutes)
	SELECT nextval('session'), a, a / 12, first + d + interval '10 hours', 'handle_time', 20
	FROM generate_series(0, last - first) d, generate_series(0, $agents - 1) a WHERE (a + 7 * d) % 20 = 0;
\$\$;
INSERT INTO ops.metric VALUES ('handle_time', false, 300, 5, 's', 'log');
INSERT INTO ops.assignment SELECT a, 'team ' || a / 12, '2024-01-01' FROM generate_series(0, $agents - 1) a;
CALL load('2025-01-06', '2026-01-04');
SELECT coachdiag.track_changes('ops');
UPDATE ops.settings SET as_of = '2026-01-05';
VACUUM ANALYZE;
SQL
refresh 'first'
refresh 'rebuild' ', rebuild => true'
for day in 05 06 07 08 09 10 11; do
	run -c "CALL load('2026-01-$day', '2026-01-$day')" -c "UPDATE ops.settings SET as_of = '2026-01-$day'::date + 1"
	if [ $day = 11 ]; then refresh 'the day that ends a week'; else refresh 'a new day'; fi
done
for i in 1 2 3; do run -c "UPDATE ops.agent_metric SET value = value + 1 WHERE agent_id = $i AND period = '2025-06-0$i' AND contact_type = 'type 1'"; refresh 'one corrected value'; done
for _ in 1 2 3; do refresh 'nothing'; done
for _ in 1 2 3; do
	pass 'panels built, rows left out counted' "SELECT count(*) FROM coachdiag.build_panels('ops')"
	pass 'periods counted' "SELECT coachdiag.refresh_periods('ops', NULL)"
done

psql -X <<'SQL'
\pset footer off
\o /dev/null
CREATE TEMP TABLE took AS
SELECT c.what, percentile_cont(0.5) WITHIN GROUP (ORDER BY r.total) AS total, percentile_cont(0.5) WITHIN GROUP (ORDER BY c.seconds) AS cpu
FROM (SELECT run, extract(epoch FROM max(finished) - min(started)) AS total FROM ops.refresh_log GROUP BY run) r JOIN cost c USING (run)
WHERE c.what <> 'first' GROUP BY 1;
INSERT INTO took SELECT 'a night, mean of the week', (6 * d.total + e.total) / 7, (6 * d.cpu + e.cpu) / 7
FROM took d, took e WHERE d.what = 'a new day' AND e.what = 'the day that ends a week';
\o
SELECT count(*) AS teams, (SELECT sum(rows) FROM ops.stored_panel) AS rows, (SELECT count(*) FROM ops.stored_coaching_session) AS sessions FROM ops.stored_team;
SELECT t.what AS "refresh after", round(t.total::numeric, 3) AS "s", round(t.cpu::numeric, 3) AS "CPU s", round((r.cpu / t.cpu)::numeric, 1) AS "times cheaper, CPU"
FROM took t, took r WHERE r.what = 'rebuild' ORDER BY t.cpu DESC;
SELECT what AS run, string_agg(format('%s %s', step, round(seconds::numeric, 2)), ', ' ORDER BY seconds DESC) AS "steps that took longest, s"
FROM (SELECT c.what, l.step, l.seconds, row_number() OVER (PARTITION BY run ORDER BY l.seconds DESC) AS no
	FROM ops.refresh_log l JOIN cost c USING (run) WHERE c.what IN ('rebuild', 'the day that ends a week')) l WHERE no <= 12 GROUP BY what ORDER BY what;
SELECT c.what AS "of a million rows read", round((1e6 * c.seconds / n.rows)::numeric, 2) AS "CPU s"
FROM (SELECT what, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds FROM cost WHERE run IS NULL GROUP BY what) c CROSS JOIN (SELECT count(*) AS rows FROM ops.agent_metric) n
ORDER BY c.seconds DESC;
\pset tuples_only on
\pset format unaligned
SELECT format('the day that ends a week: %s ms of CPU for each of %s teams', round((1000 * t.cpu / n.teams)::numeric), n.teams)
FROM took t CROSS JOIN (SELECT count(*) AS teams FROM ops.stored_team) n WHERE t.what = 'the day that ends a week';
SELECT format('refresh after %s: %s times cheaper than a rebuild (goal: 100): %s', t.what, round((r.cpu / t.cpu)::numeric, 1), CASE WHEN r.cpu >= 100 * t.cpu THEN 'met' ELSE 'MISSED' END)
FROM took t CROSS JOIN took r WHERE r.what = 'rebuild' AND t.what <> 'rebuild' ORDER BY t.cpu;
SQL
