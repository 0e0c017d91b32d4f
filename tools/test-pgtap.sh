#!/bin/bash
# Runs one pgTAP script in a database of its own, with pgtap and coachdiag created in it.
set -eu

if [ -z "$(psql -XqAt -c "SELECT 1 FROM pg_database WHERE datname = 'pgtap_template'")" ]; then
	createdb pgtap_template
	psql -Xq -d pgtap_template -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION pgtap' -c 'CREATE EXTENSION coachdiag'
fi
createdb -T pgtap_template pgtap
trap 'dropdb --force pgtap' EXIT
psql -XqAt -P pager=off -v ON_ERROR_STOP=1 -v VERBOSITY=terse -d pgtap -f "$1"
