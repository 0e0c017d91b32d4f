#!/bin/bash
# A refresh after one new day in a year, against a rebuild: seconds of each step and the ratio.
# Usage: bench/refresh.sh [rows a day, default 20000]
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -z "${IN_SERVER:-}" ]; then
	IN_SERVER=1 exec tools/with-server.sh -- bash "$0" "$@"
fi

agents=$((${1:-20000} / 5))
export PGOPTIONS='-c client_min_messages=error'
run() { psql -Xqt -v ON_ERROR_STOP=1 "$@"; }

run <<SQL
CREATE EXTENSION coachdiag;
SELECT coachdiag.create_workspace('ops');
INSERT INTO ops.metric VALUES ('handle_time', false, 300, 5, 's', 'log');
INSERT INTO ops.assignment SELECT a, 'team ' || a / 12, '2024-01-01' FROM generate_series(0, $agents - 1) a;
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume, contact_type)
SELECT a, 'handle_time', date '2025-01-01' + d, 300 * exp(0.1 * sin(a) + 0.2 * sin(17.0 * a + 3.7 * d + t)), 10, 'type ' || t
FROM generate_series(0, 363) d, generate_series(0, $agents - 1) a, generate_series(1, 5) t;
SELECT coachdiag.track_changes('ops');
VACUUM ANALYZE;
SQL
run -c "CALL coachdiag.refresh('ops')" -c "CALL coachdiag.refresh('ops', rebuild => true)"
run -c "INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume, contact_type)
	SELECT agent_id, metric, period + 1, value, volume, contact_type FROM ops.agent_metric WHERE period = '2025-12-30'" -c "CALL coachdiag.refresh('ops')"
psql -X -c "
SELECT step, round(max(seconds) FILTER (WHERE run = 2)::numeric, 2) AS rebuild, round(max(seconds) FILTER (WHERE run = 3)::numeric, 2) AS one_day,
	round((max(seconds) FILTER (WHERE run = 2) / max(seconds) FILTER (WHERE run = 3))::numeric, 1) AS ratio
FROM (SELECT run, CASE WHEN step IN ('periods', 'panels') THEN step ELSE 'metrics, teams, copies, views' END AS step, sum(seconds) AS seconds
	FROM ops.refresh_log WHERE step <> 'left_out' GROUP BY 1, 2 UNION ALL SELECT run, 'total', sum(seconds) FROM ops.refresh_log GROUP BY run) s
GROUP BY step ORDER BY step = 'total', step"
psql -XAt -c "SELECT 'panels of one new day: ' || message || ', ' || rows || ' panels' FROM ops.refresh_log WHERE run = 3 AND step = 'panels'"
