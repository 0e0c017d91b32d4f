#!/bin/bash
# What tracking costs who writes: rows into contact_event one by one and in one statement, without and with the triggers of track_changes.
#
#   bench/tracking.sh [rows]     default 20000
set -eu
cd "$(dirname "$0")/.."

rows=${1:-20000}
if [ -z "${PGHOST:-}" ]; then
	exec tools/with-server.sh -o "-c jit=off" -- "$0" "$rows"
fi
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
sql -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION IF NOT EXISTS coachdiag' -c "SELECT coachdiag.create_workspace('ops')" >/dev/null

# Seconds that a statement takes.
timed() {
	printf '%-50s %8.2f s\n' "$1" "$(sql -c '\timing on' -c "$2" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | awk '{ print $1 / 1000 }')"
}
one_by_one="DO \$\$ BEGIN FOR i IN 1..$rows LOOP INSERT INTO ops.contact_event (contact_id, step, started_at) VALUES (i, 'look', now()); END LOOP; END \$\$"
at_once="INSERT INTO ops.contact_event (contact_id, step, started_at) SELECT i, 'look', now() FROM generate_series(1, $rows) i"

echo "$rows rows, PostgreSQL $(sql -c 'SHOW server_version' | cut -d' ' -f1), $(nproc) cores, $(date +%F)"
timed 'one by one, not tracked' "$one_by_one"
timed 'one statement, not tracked' "$at_once"
sql -c "SELECT coachdiag.track_changes('ops', 'ops.contact_event', NULL, 'contact_event')" >/dev/null
timed 'one by one, tracked' "$one_by_one"
timed 'one statement, tracked' "$at_once"
