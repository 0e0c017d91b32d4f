#!/bin/bash
# What running panels take in memory against 72 bytes a cell, by cells a panel: four million cells at once, one GROUP BY.
#
#   bench/memory.sh [cells ...]     default 26 52 104 200 260 300 400 624 2600
set -eu
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || set -- 26 52 104 200 260 300 400 624 2600
if [ -z "${PGHOST:-}" ]; then
	exec tools/with-server.sh -o "-c jit=off" -- "$0" "$@"
fi
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
sql -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION IF NOT EXISTS coachdiag'

for cells in "$@"; do
	panels=$((4000000 / cells))
	memory=$(sql -c "SET max_parallel_workers_per_gather = 0; SET enable_sort = off; SET work_mem = '4GB'" \
		-c "EXPLAIN (ANALYZE, TIMING OFF) SELECT g, coachdiag.panel(80, 80, (c % 13)::bigint, date '2024-01-01' + 7 * (c / 13))
			FROM generate_series(1, $panels) g, generate_series(0, $cells - 1) c GROUP BY g" | sed -n 's/.*Memory Usage: \([0-9]*\)kB.*/\1/p')
	awk -v memory="$memory" -v cells="$cells" -v panels="$panels" 'BEGIN {
		ratio = memory * 1024 / (72 * cells * panels)
		printf "%-58s %12.2f   goal <= 1.5: %s\n", "memory of running panels of " cells " cells / 72 bytes a cell", ratio, ratio <= 1.5 ? "met" : "MISSED" }'
done
