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
cat <<'END'

To look further, keep the server: make demo KEEP=1, then for example
  SELECT * FROM ops.diagnosis;                           the verdict of each team and metric, and why
  SELECT * FROM ops.indicators WHERE team = '...';       each test behind a verdict
  SELECT * FROM coachdiag.check_sources('ops');          what the data lack
The tables are in schema dw, the workspace over them in schema ops (examples/warehouse).
END
