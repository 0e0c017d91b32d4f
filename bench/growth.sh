#!/bin/bash
# Growth: what rows, cells, refreshes and answers cost, from 10^5 rows up; and what the bounds do.
#
#   bench/growth.sh [rows ...]      default 100000 1000000 10000000; 100000000 takes up to 26 GB of disk
#   BENCH_REFRESH=rows              up to so many (1000000) a workspace is refreshed too, which takes a minute or more per million
#   BENCH_BOUNDS=no                 leaves the bounds out
#
# A row is an agent's week of a metric and contact type: teams of 12, 52 weeks, 3 metrics, 2 types, so agents grow with the rows.
set -eu
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || set -- 100000 1000000 10000000
runs=${BENCH_RUNS:-3}

if [ -z "${PGHOST:-}" ]; then
	exec tools/with-server.sh -o "-c shared_buffers=2GB -c work_mem=256MB -c maintenance_work_mem=512MB -c max_wal_size=8GB -c jit=off -c autovacuum=off" -- "$0" "$@"
fi

export PGOPTIONS='-c client_min_messages=error'
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

# Median time in ms of a query on one core.
timed() {
	for _ in $(seq "$runs"); do
		printf '%s\n' 'SET max_parallel_workers_per_gather = 0;' '\timing on' "$1;" | sql 2>&1 | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | tail -n 1
	done | sort -n | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] }'
}
calculate() { awk "BEGIN { printf \"%.$2f\", $1 }"; }

# ---- rows to panels, to answers, to a workspace ------------------------------------------------------

create_rows() {
	sql >/dev/null <<SQL
DROP EXTENSION IF EXISTS coachdiag CASCADE;
DROP SCHEMA IF EXISTS ops CASCADE;
DROP TABLE IF EXISTS fact, stored;
CREATE EXTENSION coachdiag;
CREATE UNLOGGED TABLE fact AS
SELECT i / 312 AS agent, (i / 312 / 12)::integer AS team, (i / 2 % 3)::integer AS metric, date '2025-01-06' + 7 * (i / 6 % 52)::integer AS week, 'type ' || i % 2 AS type,
	20::float8 AS volume, 80::float8 AS target, 78 + 2 * sin(i / 312) + 3 * sin(17.0 * i) AS value
FROM generate_series(0::bigint, $1 - 1) i;
VACUUM ANALYZE fact;
SQL
}

store_panels() {
	sql >/dev/null <<'SQL'
SELECT set_config('default_toast_compression', 'lz4', false) FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals);
CREATE TABLE stored AS
SELECT team, metric, date_trunc('month', week)::date AS month, coachdiag.panel(value, target, agent, week, volume, type, NULL, NULL, NULL, NULL) AS panel
FROM fact GROUP BY 1, 2, 3;
VACUUM ANALYZE stored;
SQL
}

# A workspace over the same rows: refreshed, then a week's rows change and it is refreshed again.
refresh_workspace() {
	sql >/dev/null <<'SQL'
SELECT coachdiag.create_workspace('ops');
INSERT INTO ops.metric SELECT 'metric ' || m, true, 80, 1, 'points', 'identity' FROM generate_series(0, 2) m;
INSERT INTO ops.assignment SELECT DISTINCT agent, 'team ' || team, date '2024-01-01' FROM fact;
DROP TABLE ops.agent_metric;
CREATE VIEW ops.agent_metric AS SELECT agent AS agent_id, 'metric ' || metric AS metric, week AS period, value, volume, type AS contact_type FROM fact;
CALL coachdiag.refresh('ops');
UPDATE fact SET value = value + 1 WHERE week = '2025-12-29';
CALL coachdiag.refresh('ops', since => '2025-12-29');
SQL
}

# Seconds that some steps of a run took, by the workspace's own log.
seconds() { sql -c "SELECT coalesce(sum(seconds), 0) FROM ops.refresh_log WHERE run = $1 AND step <> 'left_out' AND step $2"; }

grow() {
	local rows=$1 t_avg t_panel t_answer cells bytes disk units panels='-' refresh='-' week_panels='-' week='-'
	create_rows "$rows"
	t_avg=$(timed "SELECT count(a) FROM (SELECT team, metric, date_trunc('month', week), avg(value) AS a FROM fact GROUP BY 1, 2, 3) s")
	t_panel=$(timed "SELECT count(p) FROM (SELECT team, metric, date_trunc('month', week), coachdiag.panel(value, target, agent, week, volume, type, NULL, NULL, NULL, NULL) AS p
		FROM fact GROUP BY 1, 2, 3) s")
	store_panels
	t_answer=$(timed 'SELECT count((d).f) FROM (SELECT team, metric, coachdiag.gap_dispersion(coachdiag.rollup_agents(panel)) AS d FROM stored GROUP BY 1, 2 OFFSET 0) s')
	IFS='|' read -r cells bytes disk units < <(sql -c "SELECT sum(coachdiag.observations(panel)), sum(coachdiag.memory_size(panel)), sum(pg_column_size(panel)), count(DISTINCT (team, metric)) FROM stored")
	if [ "$rows" -le "${BENCH_REFRESH:-1000000}" ]; then
		refresh_workspace
		panels=$(calculate "1e6 * $(seconds 1 "IN ('periods', 'panels')") / $rows" 1)
		refresh=$(calculate "1e6 * $(seconds 1 'IS NOT NULL') / $rows" 1)
		week_panels=$(calculate "1e6 * $(seconds 2 "IN ('periods', 'panels')") / $rows" 1)
		week=$(calculate "1e6 * $(seconds 2 'IS NOT NULL') / $rows" 1)
	fi
	# shellcheck disable=SC2059
	printf "$format" "$rows" "$(calculate "1e6 * $t_avg / $rows" 0)" "$(calculate "1e6 * $t_panel / $rows" 0)" \
		"$(calculate "$bytes / $cells" 1)" "$(calculate "$disk / $cells" 1)" "$(calculate "$t_answer" 0)" "$(calculate "1e3 * $t_answer / $units" 0)" \
		"$panels" "$refresh" "$week_panels" "$week"
}

echo "PostgreSQL $(sql -c 'SHOW server_version' | cut -d' ' -f1), $(nproc) cores, $(date +%F); queries: medians of $runs on one core"
echo
format='%10s %9s %9s %9s %9s %9s %11s %9s %9s %9s %9s\n'
# shellcheck disable=SC2059 # a format it is
printf "$format" '' 'avg()' 'panel()' panel 'on disk' answers 'one answer' panels all panels all rows 'ns a row' 'ns a row' 'B a cell' 'B a cell' 'all, ms' 'us' \
	first first 'a week' 'a week'
for rows in "$@"; do grow "$rows"; done
echo
echo 'The last four: seconds of a refresh per million rows of the year, the first one and one after a week has changed; its panels, and all of it.'
[ "${BENCH_BOUNDS:-yes}" = yes ] || exit 0

# ---- bounds ------------------------------------------------------------------------------------------

# One panel of so many agents, periods and contact types: time, size, size on disk; or the error.
bound() {
	local out
	out=$(printf '%s\n' "SET max_parallel_workers_per_gather = 0;" '\timing on' "CREATE TEMP TABLE one AS SELECT coachdiag.panel(300 + sin(a + p), 300, a::bigint, date '2016-01-01' + p, 1, 'type ' || t, NULL, NULL, NULL, NULL) AS panel
		FROM generate_series(1, $2) a, generate_series(1, $3) p, generate_series(1, $4) t;" '\timing off' \
		"SELECT pg_size_pretty(coachdiag.memory_size(panel)), pg_size_pretty(pg_column_size(panel)::bigint) FROM one;" \
		'\timing on' "SELECT (coachdiag.gap_dispersion(panel)).agents FROM one;" | psql -XqAt 2>&1 || :)
	printf '%-44s %11s cells  ' "$1" "$(($2 * $3 * $4))"
	case $out in
		*ERROR*) echo "$out" | grep -E '^(ERROR|HINT)' | head -n 2 | tr '\n' ' '; echo ;;
		*) echo "$out" | tr '\n' '|' | sed 's/Time: \([0-9]*\)[^|]*|\([^|]*\)|\([^|]*\)|[^|]*|Time: \([0-9.]*\).*/made in \1 ms, \2, on disk \3, gap_dispersion in \4 ms\n/' ;;
	esac
}
echo
bound '200000 agents, one period' 200000 1 1
bound '12 agents, 10 years of days' 12 3652 1
bound '12 agents, 10 years of days, 20 types' 12 3652 20
bound '12 agents, 52 weeks, 500 contact types' 12 52 500
bound '200000 agents, 50 periods' 200000 50 1
bound '12 agents, 10 years of days, 500 types' 12 3652 500
