#!/bin/bash
# The examples load, refresh and end in a diagnosis: the demo warehouse everywhere, the bank's log where its file is.
set -u
cd "$(dirname "$0")/../.."

if [ -z "${IN_SERVER:-}" ]; then
	IN_SERVER=1 exec tools/with-server.sh -- bash "$0"
fi

reference=$(tools/reference-dir.sh)
bpic=${BPIC2012:-${reference:+$reference/data/cc_bpic2012_work_items.csv.gz}}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
number=0

# ok DESCRIPTION COMMAND...
ok() {
	local name=$1
	shift
	number=$((number + 1))
	if "$@" >"$log" 2>&1; then echo "ok $number - $name"
	else echo "not ok $number - $name"; sed 's/^/# /' "$log"; fi
}
skip() { number=$((number + 1)); echo "ok $number # SKIP $1"; }
value() { psql -XqAt -v ON_ERROR_STOP=1 -c "$1"; }
is_true() { [ "$(value "$1")" = t ] || { value "$1" 2>&1; return 1; }; }

export PGDATABASE=demo
createdb demo
value 'CREATE EXTENSION coachdiag'
ok 'the demo warehouse loads' psql -Xq -v ON_ERROR_STOP=1 -f examples/warehouse/load.sql
ok 'the sources have no errors' is_true "SELECT count(*) = 0 FROM coachdiag.check_sources('ops') WHERE severity = 'error'"
ok 'it refreshes' psql -Xq -v ON_ERROR_STOP=1 -c "CALL coachdiag.refresh('ops')"
ok 'the report prints' psql -Xq -v ON_ERROR_STOP=1 -f examples/warehouse/report.sql
ok 'every team and metric has one diagnosis' is_true 'SELECT count(*) = count(DISTINCT (team, metric)) AND count(*) = (SELECT count(*) FROM dw.story) FROM ops.diagnosis'
ok 'no structural gap is called behavioural, no behavioural one structural' is_true "
	SELECT count(*) = 0 FROM ops.diagnosis d JOIN dw.story s USING (team, metric)
	WHERE (s.truth, d.verdict) IN (('structural', 'behavioural'), ('behavioural', 'structural'))"
ok 'no gap is raised where there is none in most teams' is_true "
	SELECT avg((d.verdict IN ('no_gap', 'cannot_tell'))::int) >= 0.9 FROM ops.diagnosis d JOIN dw.story s USING (team, metric) WHERE s.truth = 'no_gap'"

diagnosis="SELECT md5(string_agg(d::text, '|' ORDER BY team, metric)) FROM ops.diagnosis d"
before=$(value "$diagnosis")
value "CALL coachdiag.refresh('ops')" 2>/dev/null
ok 'a second refresh changes nothing' test "$before" = "$(value "$diagnosis")"

if [ -f "$bpic" ]; then
	export PGDATABASE=bank BPIC2012=$bpic
	createdb bank
	value 'CREATE EXTENSION coachdiag'
	ok 'the bank''s log loads and ends in a diagnosis' psql -Xq -v ON_ERROR_STOP=1 -f examples/bpic2012/load.sql
	ok 'all 63372 work items of 58 agents in 25 weeks and 6 activities are there' is_true "
		SELECT (count(*), count(DISTINCT resource), count(DISTINCT week), count(DISTINCT activity)) = (63372, 58, 25, 6) FROM bpic2012.work_item"
	ok 'every team and metric of the bank has one diagnosis' is_true "SELECT count(*) > 0 AND bool_and(verdict IS NOT NULL) FROM bank.diagnosis"
	ok 'the variance components match the reference values' psql -Xq -v ON_ERROR_STOP=1 -f examples/bpic2012/components.sql -c "
		SELECT 1 / (count(*) FILTER (WHERE abs(c.value / r.value - 1) > 1e-7 OR c.value IS NULL) = 0 AND count(*) = 9)::int FROM reference r LEFT JOIN component c USING (model, quantity)"
else
	for _ in 1 2 3 4; do skip 'the bank log of BPI Challenge 2012 is not here (BPIC2012 names its file)'; done
fi
echo "1..$number"
