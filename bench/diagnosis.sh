#!/bin/bash
# Speed of structural_score: 900 diagnoses from stored panels and in one step over rows, against avg().
#
#   bench/diagnosis.sh [rows]     default 20000000; prints ratios of medians over one run
#
# 300 teams x 3 metrics (a measure, a log, a rate) x 12 agents x 60 weeks, two contact types, agents of all
# tenures, an agent's week coached one time in eight. From panels: rolled up from monthly ones, then asked.
# The goals are for 20 million rows, 15 in a cell; of fewer rows the 900 answers take a larger part.
set -eu
cd "$(dirname "$0")/.."

rows=${1:-${BENCH_ROWS:-20000000}}
runs=${BENCH_RUNS:-5}

if [ -z "${PGHOST:-}" ]; then
	exec tools/with-server.sh -o "-c shared_buffers=2GB -c work_mem=256MB -c max_wal_size=8GB -c jit=off -c autovacuum=off" -- "$0" "$rows"
fi

sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

# Time of one run of a query in ms, on one core.
timed() {
	printf '%s\n' 'SET max_parallel_workers_per_gather = 0;' '\timing on' "$1" | sql 2>&1 | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | tail -n 1
}

# Median of the numbers on standard input.
median() { sort -n | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] }'; }

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
line() { printf '%-52s %10.0f ms %9s\n' "$1" "$2" "x $(ratio "$2" "$t_avg")"; }
goal() { printf '%-52s %13s   goal <= %s: %s\n' "$1" "$2" "$3" "$(awk -v x="$2" -v g="$3" 'BEGIN { print x <= g ? "met" : "MISSED" }')"; }

echo "structural_score, $rows rows, 300 teams x 3 metrics x 12 agents x 60 weeks, median of $runs runs"
echo "$(sql -c 'select version()' | cut -d' ' -f1-2), $(nproc) cores, $(date +%F)"

sql >/dev/null <<SQL
CREATE EXTENSION IF NOT EXISTS coachdiag;
CREATE UNLOGGED TABLE fact AS
SELECT (i / 12 % 300)::integer AS team, (i / 3600 % 3)::integer AS metric, a AS agent, week, s.value, s.target,
	CASE (i / 10800 % 2) WHEN 0 THEN 'address' ELSE 'refund' END AS type,
	CASE WHEN i / 10800 % 2 = 0 AND hashint8(a * 1000 + (week - date '2025-01-06') / 7) % 8 = 0 AND hashint8(i) % 16 = 0 THEN 1.0::float8 END AS sessions,
	date '2023-06-01' + (hashint8(a) % 900)::integer AS hired_on
FROM generate_series(0, $rows::bigint - 1) i
CROSS JOIN LATERAL (SELECT (i / 12 % 300 * 100 + i % 12)::bigint AS a, date '2025-01-06' + 7 * (i * 60 / $rows)::integer AS week,
	(hashint8(i) % 1000) / 1000.0::float8 AS noise) x
CROSS JOIN LATERAL (SELECT CASE i / 3600 % 3 WHEN 0 THEN 80 + sin(a) + 10 * noise WHEN 1 THEN 5.7 + 0.03 * sin(a) + 0.3 * noise ELSE (noise > 0.4 + 0.05 * sin(a))::integer END AS value,
	CASE i / 3600 % 3 WHEN 0 THEN 82.0 WHEN 1 THEN 5.65 ELSE 0.65 END::float8 AS target) s;
VACUUM ANALYZE fact;
CREATE TABLE stored AS
SELECT team, metric, date_trunc('month', week)::date AS month,
	coachdiag.panel(value, target, agent, week, 1, type, sessions, NULL, NULL, hired_on) AS panel FROM fact GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
VACUUM ANALYZE stored;
SQL

average='SELECT count(a) FROM (SELECT team, metric, avg(value) AS a FROM fact GROUP BY 1, 2) s;'
panel='SELECT count(p) FROM (SELECT team, metric, coachdiag.panel(value, target, agent, week, 1, type, sessions, NULL, NULL, hired_on) AS p FROM fact GROUP BY 1, 2) s;'
one_step='SELECT count(s) FROM (SELECT team, metric, coachdiag.structural_score(value, target, agent, week, 1, type, sessions, NULL, NULL, hired_on) AS s FROM fact GROUP BY 1, 2) s;'
rolled="(SELECT team, metric, coachdiag.rollup(panel) AS panel, (ARRAY['identity', 'log', 'proportion'])[metric + 1] AS scale,
	(ARRAY[1, 15, 0.02])[metric + 1] AS smallest FROM stored GROUP BY 1, 2 OFFSET 0) s"
given="SELECT count(coachdiag.structural_score(panel, metric <> 1, scale, smallest, 0.1 * smallest, -0.1 * smallest, 0.3 * smallest, 60, 12)) FROM $rolled;"
alone="SELECT count(coachdiag.structural_score(panel, metric <> 1, scale, smallest)) FROM $rolled;"

# In turn, so that a noisy minute falls on all of them alike; the first round only warms the cache.
times=$(mktemp -d)
trap 'rm -rf "$times"' EXIT
for run in $(seq 0 "$runs"); do
	for query in average panel one_step given alone; do
		ms=$(timed "${!query}")
		[ "$run" = 0 ] || echo "$ms" >>"$times/$query"
	done
done
t_avg=$(median <"$times/average")
t_one=$(median <"$times/one_step")
t_given=$(median <"$times/given")

line 'avg(), GROUP BY team, metric' "$t_avg"
line 'panel() of the same arguments' "$(median <"$times/panel")"
line 'structural_score, one step, effect and all' "$t_one"
line '900 diagnoses from stored panels, effect given' "$t_given"
line '900 diagnoses from stored panels, effect and all' "$(median <"$times/alone")"
echo
goal 'one step / avg()' "$(ratio "$t_one" "$t_avg")" 2
goal '900 diagnoses from stored panels, seconds' "$(ratio "$t_given" 1000)" 3
