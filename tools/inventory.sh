#!/bin/bash
# Prints the member objects of the extension, one a line, with the labels of its functions.
set -eu
cd "$(dirname "$0")/.."

psql -XqAt -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION coachdiag' -f test/pgtap/members.psql -c 'SELECT object FROM members ORDER BY object COLLATE "C"'
