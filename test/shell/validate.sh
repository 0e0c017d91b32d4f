#!/bin/bash
# The small run of the validity study: the effect of coaching keeps its limits on worlds of known truth.
set -u
cd "$(dirname "$0")/../.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
bench/validate.sh --small >"$log" 2>&1
status=$?

# Each line of the study that says "kept" or "MISSED" is a limit; what was skipped is named.
awk '
	/ kept$/ { print "ok " ++n " - " $0 }
	/ MISSED$/ { print "not ok " ++n " - " $0 }
	/^== skipped/ { print "ok " ++n " # SKIP " $0 }
	END { print (n > 10 ? "ok " : "not ok ") ++n " - the study looked at its limits" }
' "$log"
limits=$(grep -cE ' (kept|MISSED)$|^== skipped' "$log")
if [ "$status" = 0 ]; then echo "ok $((limits + 2)) - the study ended well"
else echo "not ok $((limits + 2)) - the study ended well"; sed 's/^/# /' "$log"; fi
echo "1..$((limits + 2))"
