#!/bin/bash
# Runs the regression tests (make installcheck) on the server PGHOST names and reports each file as TAP.
set -eu

log=build/regress.log
mkdir -p build
rm -f build/regress/regression.diffs
scripts=(test/sql/*.sql)
echo "1..${#scripts[@]}"

status=0
make -s --no-print-directory installcheck >"$log" 2>&1 || status=$?

# "test NAME ... ok" up to PostgreSQL 15, "ok 1 - NAME" from 16 on.
awk '
	/^test .* \.\.\. (ok|FAILED)/ { print (/\.\.\. ok/ ? "ok " : "not ok ") ++n " - " $2 }
	/^ok +[0-9]+ +[-+] / { print "ok " ++n " - " $4 }
	/^not ok +[0-9]+ +[-+] / { print "not ok " ++n " - " $5 }
' "$log"

if [ -s build/regress/regression.diffs ]; then
	cat build/regress/regression.diffs >&2
elif [ $status -ne 0 ]; then
	tail -n 20 "$log" >&2
fi
exit $status
