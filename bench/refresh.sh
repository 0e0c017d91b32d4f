#!/bin/bash
# A refresh after one new day in a year, after one corrected value and after nothing, against a rebuild: seconds, ratios, goals.
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
refresh() {
	local seconds
	seconds=$(psql -Xqt -v ON_ERROR_STOP=1 -c 'SET log_statement_stats = on' -c 'SET client_min_messages = log' -c "CALL coachdiag.refresh('ops'${1:-})" 2>&1 |
		awk '/s elapsed/ { cpu = $2 + $5 } END { print cpu }')
	run -c "INSERT INTO cpu SELECT max(run), $seconds FROM ops.refresh_log"
}

run <<SQL
CREATE EXTENSION coachdiag;
CREATE TABLE cpu (run bigint, seconds double precision);
SELECT coachdiag.create_workspace('ops');
INSERT INTO ops.metric VALUES ('handle_time', false, 300, 5, 's', 'log');
INSERT INTO ops.assignment SELECT a, 'team ' || a / 12, '2024-01-01' FROM generate_series(0, $agents - 1) a;
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume, contact_type)
SELECT a, 'handle_time', date '2025-01-01' + d, 300 * exp(0.1 * sin(a) + 0.2 * sin(17.0 * a + 3.7 * d + t)), 10, 'type ' || t
FROM generate_series(0, 363) d, generate_series(0, $agents - 1) a, generate_series(1, 5) t;
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, metric, duration_minutes)
SELECT 100 * a + w, a, a / 12, timestamptz '2025-01-08 10:00Z' + interval '1 week' * w + interval '1 day' * (a % 7), 'handle_time', 20
FROM generate_series(0, $agents - 1) a, generate_series(0, 49) w WHERE (a + w) % 4 = 0;
SELECT coachdiag.track_changes('ops');
VACUUM ANALYZE;
SQL
new_day="INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume, contact_type)
	SELECT agent_id, metric, period + 1, value, volume, contact_type FROM ops.agent_metric WHERE period = (SELECT max(period) FROM ops.agent_metric)"
# Runs 3 to 5: a new day; 6 to 8: one value; 9 to 11: nothing. The median of three counts.
refresh
refresh ', rebuild => true'
for _ in 1 2 3; do run -c "$new_day"; refresh; done
for i in 1 2 3; do run -c "UPDATE ops.agent_metric SET value = value + 1 WHERE agent_id = $i AND period = '2025-06-0$i' AND contact_type = 'type 1'"; refresh; done
for _ in 1 2 3; do refresh; done

psql -X <<'SQL'
\pset footer off
\o /dev/null
CREATE TEMP TABLE took AS
SELECT (ARRAY['rebuild', 'new day', 'one value', 'nothing'])[1 + run / 3] AS what,
	percentile_cont(0.5) WITHIN GROUP (ORDER BY r.panels) AS panels, percentile_cont(0.5) WITHIN GROUP (ORDER BY r.total) AS total, percentile_cont(0.5) WITHIN GROUP (ORDER BY c.seconds) AS cpu
FROM (
	SELECT run, sum(seconds) FILTER (WHERE step IN ('compare', 'periods', 'metrics', 'teams', 'panels')) AS panels, extract(epoch FROM max(finished) - min(started)) AS total
	FROM ops.refresh_log WHERE run > 1 GROUP BY run
) r JOIN cpu c USING (run)
GROUP BY 1;
\o
SELECT t.what AS "refresh after", round(t.panels::numeric, 3) AS "panels, s", round((r.panels / t.panels)::numeric, 1) AS "times cheaper",
	round(t.total::numeric, 3) AS "all, s", round((r.total / t.total)::numeric, 1) AS "times cheaper",
	round(t.cpu::numeric, 3) AS "all, CPU s", round((r.cpu / t.cpu)::numeric, 1) AS "times cheaper"
FROM took t, took r WHERE r.what = 'rebuild' ORDER BY t.cpu DESC;
SELECT CASE WHEN l.run = 2 THEN 'rebuild' ELSE 'new day' END AS run, string_agg(format('%s %s', l.step, round(l.seconds::numeric, 2)), ', ' ORDER BY l.seconds DESC) AS "steps that took longest, s"
FROM (SELECT *, row_number() OVER (PARTITION BY run ORDER BY seconds DESC) AS no FROM ops.refresh_log WHERE run IN (2, 3)) l WHERE l.no <= 12 GROUP BY l.run ORDER BY l.run;
\pset tuples_only on
\pset format unaligned
SELECT format('new day: %s ms of CPU for each of %s teams', round((1000 * t.cpu / n.teams)::numeric), n.teams)
FROM took t CROSS JOIN (SELECT count(*) AS teams FROM ops.stored_team) n WHERE t.what = 'new day';
SELECT format('%s: %s times cheaper than a rebuild (goal: 100): %s', g.goal, round(g.ratio::numeric, 1), CASE WHEN g.ratio >= 100 THEN 'met' ELSE 'MISSED' END)
FROM took t CROSS JOIN took r
	CROSS JOIN LATERAL (VALUES (1, 'panels of a new day', r.panels / t.panels, t.what = 'new day'), (2, 'refresh after a new day', r.cpu / t.cpu, t.what = 'new day'),
		(3, 'refresh after one value', r.cpu / t.cpu, t.what = 'one value'), (4, 'refresh after nothing', r.cpu / t.cpu, t.what = 'nothing')) g (no, goal, ratio, counts)
WHERE r.what = 'rebuild' AND g.counts ORDER BY g.no;
SQL
