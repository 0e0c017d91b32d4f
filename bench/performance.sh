#!/bin/bash
# Speed of gap_dispersion against its peers, in one run over the same rows; prints ratios of medians.
#
#   bench/performance.sh [rows]     default 20000000; a tenth of that is the small run
#
# Peers: avg() with the same GROUP BY; the same statistic written by hand in SQL; stored monthly panels.
set -eu
cd "$(dirname "$0")/.."

rows=${1:-${BENCH_ROWS:-20000000}}
runs=${BENCH_RUNS:-5}

if [ -z "${PGHOST:-}" ]; then
	exec tools/with-server.sh -o "-c shared_buffers=2GB -c work_mem=256MB -c max_wal_size=8GB -c jit=off -c autovacuum=off" -- "$0" "$rows"
fi

sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

# Time of one run of a query in ms, after its settings.
timed() {
	printf '%s\n' "$1" '\timing on' "$2" | sql 2>&1 | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | tail -n 1
}

# Median of the numbers on standard input.
median() { sort -n | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] }'; }

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
line() { printf '%-52s %10.0f ms %9s\n' "$1" "$2" "${3:-}"; }
goal() { printf '%-52s %13s   goal %s: %s\n' "$1" "$2" "$4 $3" "$(awk -v x="$2" -v g="$3" -v op="$4" 'BEGIN { print ((op == "<=") ? x <= g : x >= g) ? "met" : "MISSED" }')"; }

echo "gap_dispersion, $rows rows, 300 teams x 3 metrics x 12 agents x 52 weeks, median of $runs runs"
echo "$(sql -c 'select version()' | cut -d' ' -f1-2), $(nproc) cores, $(date +%F)"

sql -v rows="$rows" -f bench/fact.sql >/dev/null

serial='SET max_parallel_workers_per_gather = 0;'
parallel='SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET parallel_leader_participation = off;'
average='SELECT count(a) FROM (SELECT team, metric, avg(value) AS a FROM fact GROUP BY 1, 2) s;'
one_step='SELECT count((d).f) FROM (SELECT team, metric, coachdiag.gap_dispersion(value, target, agent) AS d FROM fact GROUP BY 1, 2) s;'
by_hand='WITH agents AS (
	SELECT team, metric, agent, count(*) AS n, avg(value - target) AS mean, var_samp(value - target) AS v FROM fact GROUP BY 1, 2, 3
), teams AS (
	SELECT team, metric, count(*) AS k, sum(n) AS total, sum(n * mean) / sum(n) AS mean, sum((n - 1) * v) / (sum(n) - count(*)) AS within,
		(sum(n) - sum(n * n) / sum(n)) / (count(*) - 1) AS n0 FROM agents GROUP BY 1, 2
)
SELECT count(between_variance) FROM (
	SELECT t.team, t.metric, greatest(0, (sum(a.n * (a.mean - t.mean) ^ 2) / (t.k - 1) - t.within) / t.n0) AS between_variance
	FROM teams t JOIN agents a USING (team, metric) GROUP BY t.team, t.metric, t.k, t.within, t.n0) s;'
from_panels='SELECT count((d).f) FROM (SELECT team, metric, coachdiag.gap_dispersion(coachdiag.rollup_agents(panel)) AS d FROM stored GROUP BY 1, 2 OFFSET 0) s;'

# In turn, so that a noisy minute falls on all of them alike; the first round only warms the cache.
times=$(mktemp -d)
trap 'rm -rf "$times"' EXIT
for run in $(seq 0 "$runs"); do
	for query in avg one hand stored parallel; do
		case $query in
			avg) ms=$(timed "$serial" "$average") ;;
			one) ms=$(timed "$serial" "$one_step") ;;
			hand) ms=$(timed "$serial" "$by_hand") ;;
			stored) ms=$(timed "$serial" "$from_panels") ;;
			parallel) ms=$(timed "$parallel" "$one_step") ;;
		esac
		[ "$run" = 0 ] || echo "$ms" >>"$times/$query"
	done
done
t_avg=$(median <"$times/avg")
t_one=$(median <"$times/one")
t_hand=$(median <"$times/hand")
t_stored=$(median <"$times/stored")
t_parallel=$(median <"$times/parallel")

line 'avg(), GROUP BY team, metric' "$t_avg"
line 'gap_dispersion, one step' "$t_one" "x $(ratio "$t_one" "$t_avg")"
line 'ANOVA components by hand in SQL' "$t_hand" "x $(ratio "$t_hand" "$t_avg")"
line 'gap_dispersion from stored monthly panels' "$t_stored" "x $(ratio "$t_stored" "$t_avg")"
line 'gap_dispersion, one step, 2 workers' "$t_parallel" "x $(ratio "$t_parallel" "$t_avg")"
echo
goal 'one step / avg()' "$(ratio "$t_one" "$t_avg")" 1.25 '<='
goal 'SQL by hand / stored panels' "$(ratio "$t_hand" "$t_stored")" 50 '>='
goal 'one step: serial / 2 workers' "$(ratio "$t_one" "$t_parallel")" 1.7 '>='
