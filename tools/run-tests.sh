#!/bin/bash
# Runs the test suites and ends with one line: "N passed, N failed", and ", N skipped" if any were.
#
#   tools/run-tests.sh [unit] [regress] [pgtap] [tap] [shell]
#
# Everything must be built and staged before; make test sees to that.  A suite that cannot run has failed.
set -eu
cd "$(dirname "$0")/.."

COACHDIAG_TALLY=$(mktemp)
export COACHDIAG_TALLY
trap 'rm -f "$COACHDIAG_TALLY"' EXIT
shopt -s nullglob

suite_unit() {
	local sources=(test/unit/test_*.c)
	sources=("${sources[@]%.c}")
	CMOCKA_MESSAGE_OUTPUT=TAP tools/run-tap.pl unit -- "${sources[@]/#test/build}"
}
suite_regress() { tools/with-server.sh -- tools/run-tap.pl regress tools/test-regress.sh -- test/sql; }
suite_pgtap() { tools/with-server.sh -- tools/run-tap.pl pgtap tools/test-pgtap.sh -- test/pgtap/*.sql; }
suite_tap() { tools/run-tap.pl tap tools/test-perl.sh -- test/tap/*.pl; }
suite_shell() { tools/run-tap.pl shell bash -- test/shell/*.sh; }

suites=("$@")
if [ $# = 0 ]; then
	suites=(unit regress pgtap tap)
	shell_tests=(test/shell/*.sh)
	[ ${#shell_tests[@]} = 0 ] || suites+=(shell)
fi

for suite in "${suites[@]}"; do
	echo "== $suite"
	"suite_$suite" || :
	grep -q "^$suite " "$COACHDIAG_TALLY" 2>/dev/null || echo "$suite 0 1 0" >>"$COACHDIAG_TALLY"
done

echo "== total"
awk '{
	printf "%-8s %5d passed, %d failed, %d skipped\n", $1, $2, $3, $4
	passed += $2; failed += $3; skipped += $4
} END {
	printf "%d passed, %d failed", passed, failed
	if (skipped) printf ", %d skipped", skipped
	print ""
	exit failed > 0 || passed == 0
}' "$COACHDIAG_TALLY"
