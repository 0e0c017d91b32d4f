#!/bin/bash
# Cost of the process functions against a plain GROUP BY contact_id over the same rows; prints ratios of medians.
#
#   bench/process.sh [contacts]     default 1000000, ten events each; a tenth of that is the small run
#
# BENCH_RUNS: runs of each query (default 5).  The server must run on this machine: its CPU time is read from /proc.
set -eu
cd "$(dirname "$0")/.."

contacts=${1:-${BENCH_CONTACTS:-1000000}}
runs=${BENCH_RUNS:-5}
limit=2.5

if [ -z "${PGHOST:-}" ]; then
	exec tools/with-server.sh -o "-c shared_buffers=2GB -c work_mem=2GB -c max_wal_size=8GB -c jit=off -c autovacuum=off -c max_parallel_workers_per_gather=0" -- "$0" "$contacts"
fi

sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

# CPU time of one run of a query in its backend, in ms: on a busy machine it says more than time on the wall.
cost() {
	sql <<SQL | tail -n 2 | paste -s | awk '{ print 10 * ($2 - $1) }'
SELECT pg_backend_pid() AS backend \gset
\setenv BACKEND :backend
\! awk '{ print \$14 + \$15 }' /proc/\$BACKEND/stat
\o /dev/null
$1
\o
\! awk '{ print \$14 + \$15 }' /proc/\$BACKEND/stat
SQL
}

median() { sort -n | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] }'; }

times=$(mktemp -d)
trap 'rm -rf "$times"' EXIT

sql >/dev/null <<SQL
CREATE EXTENSION IF NOT EXISTS coachdiag;
CREATE UNLOGGED TABLE contact_event AS
SELECT c AS contact_id, (ARRAY['identify', 'diagnose', 'resolution known', 'supervisor_approval', 'resolution allowed', 'retention_offer', 'apply', 'confirm',
		'wrap_up', 'transfer', 'ask_colleague', 'back_office_check'])[1 + CASE WHEN hashint8(c * 10 + n) % 7 = 0 THEN (n + 3) % 12 ELSE n END] AS step,
	timestamptz '2025-01-06 08:00+00' + c * interval '1.7 s' + n * interval '40 s' AS started_at,
	timestamptz '2025-01-06 08:00+00' + c * interval '1.7 s' + n * interval '40 s' + abs(hashint8(c + n)) % 40 * interval '1 s' AS ended_at,
	(ARRAY['work', 'work', 'resolution_identified', 'approval', 'resolution_authorised', 'work', 'work', 'work', 'work', 'resolved'])[1 + n] AS kind,
	c % 400 + CASE WHEN n = 3 THEN 1000 ELSE 0 END AS agent_id
FROM generate_series(1, $contacts::bigint) c, generate_series(0, 9) n;
VACUUM ANALYZE contact_event;
CREATE TABLE document AS
SELECT array_agg(step ORDER BY n) AS step, array_agg(next_step ORDER BY n) AS next_step
FROM (SELECT n, step, lead(step) OVER (ORDER BY n) AS next_step
	FROM unnest(ARRAY['identify', 'diagnose', 'resolution known', 'resolution allowed', 'apply', 'confirm', 'wrap_up', 'transfer']) WITH ORDINALITY d(step, n)) s;
SQL

paths='SELECT contact_id, coachdiag.contact_path(step, started_at, ended_at, kind, agent_id) AS path FROM contact_event GROUP BY contact_id'
process="SELECT coachdiag.process(path) AS process FROM ($paths) p"
declare -A query=(
	[plain]='SELECT count(last), sum(n) FROM (SELECT contact_id, max(started_at) AS last, count(*) AS n FROM contact_event GROUP BY contact_id) s;'
	[path]="SELECT count(m.latency_seconds), sum(m.waiting_seconds) FROM ($paths) p, coachdiag.path_measures(p.path) m;"
	[map]="SELECT count(*), sum(m.times) FROM ($process) p, coachdiag.process_map(p.process) m;"
	[constraints]="SELECT count(*), sum(waiting), sum(p[2]) FROM (
		SELECT contact_type, step, sum(waiting_seconds) AS waiting, coachdiag.quantiles(coachdiag.concatenated(latencies), '{0.5,0.9}') AS p
		FROM (SELECT contact_id % 12 AS contact_type, contact_id % 400 AS agent_id, coachdiag.step_totals(path, false) AS totals FROM ($paths) p GROUP BY 1, 2) t,
			coachdiag.step_rows(t.totals) s
		GROUP BY contact_type, step) x;"
	[conformance]="SELECT count(*), sum(c.skipped) FROM ($process) p, document d, coachdiag.process_conformance(p.process, d.step, d.next_step) c;"
)

# In turn, so that a noisy minute falls on all of them alike; the first round only warms the cache.
for run in $(seq 0 "$runs"); do
	for name in plain path map conformance constraints; do
		c=$(cost "${query[$name]}")
		[ "$run" = 0 ] || echo "$c" >>"$times/$name"
	done
done

echo "process functions, $contacts contacts of 10 events, median of $runs runs"
plain=$(median <"$times/plain")
[ "${plain%.*}" -gt 0 ] || { echo 'no CPU time was read from /proc' >&2; exit 1; }
printf '%-44s %10.0f %s\n' 'GROUP BY contact_id with max() and count()' "$plain" ms
for name in path map conformance constraints; do
	awk -v name="$name" -v c="$(median <"$times/$name")" -v plain="$plain" -v limit=$limit 'BEGIN {
		printf "%-44s %10.0f ms %6.2f times   goal <= %s: %s\n", name, c, c / plain, limit, (c / plain <= limit) ? "met" : "MISSED" }'
done
