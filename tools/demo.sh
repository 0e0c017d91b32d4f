#!/bin/bash
# Loads the example warehouse into database demo of the server PGHOST names and prints its diagnosis page.
set -eu
cd "$(dirname "$0")/.."

run() { psql -Xq -v ON_ERROR_STOP=1 -d demo "$@"; }

createdb demo
run -c 'CREATE EXTENSION coachdiag'
run -f examples/warehouse/load.sql
echo "Refreshing the diagnosis ..."
run -c "CALL coachdiag.refresh('ops')"
echo
run -f examples/warehouse/report.sql
echo "The tables are in schema dw, the workspace over them in schema ops (examples/warehouse)."
if [ -n "${KEEP:-}" ]; then
	echo "Look further with:  psql -h $PGHOST -U postgres demo"
else
	echo "make demo KEEP=1 keeps the server, so that you can look further."
fi
