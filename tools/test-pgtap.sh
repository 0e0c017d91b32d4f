#!/bin/bash
# Runs one pgTAP script in a database of its own, with pgtap and coachdiag created in it.
set -eu

if [ $# -ne 1 ]; then
	echo "usage: tools/test-pgtap.sh SCRIPT" >&2
	exit 2
fi

# Several scripts may run beside each other; the first makes the template.
exec 9<"$0"
flock 9
if [ -z "$(psql -XqAt -c "SELECT 1 FROM pg_database WHERE datname = 'pgtap_template'")" ]; then
	createdb pgtap_template
	psql -Xq -d pgtap_template -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION pgtap' -c 'CREATE EXTENSION coachdiag'
fi
exec 9<&-

database=pgtap_$(basename "$1" .sql)
createdb -T pgtap_template "$database"
trap 'dropdb --force "$database"' EXIT
psql -XqAt -P pager=off -v ON_ERROR_STOP=1 -v VERBOSITY=terse -d "$database" -f "$1"
