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
page=$(psql -Xq -v ON_ERROR_STOP=1 -f examples/warehouse/report.sql)
ok 'where nobody was coached it does not say that coaching will not close the gap' \
	grep -qE '^  Fix the process \(coaching was not tried\): Meters A handle_time\.$' <<<"$page"
ok 'of a mixed gap it shows no p_structural' sh -c '! sed -n "/^  MIXED/,/^$/p" | grep -q "p = "' <<<"$page"
ok 'every team and metric has one diagnosis' is_true 'SELECT count(*) = count(DISTINCT (team, metric)) AND count(*) = (SELECT count(*) FROM dw.story) FROM ops.diagnosis'
ok 'no structural gap is called behavioural, no behavioural one structural' is_true "
	SELECT count(*) = 0 FROM ops.diagnosis d JOIN dw.story s USING (team, metric)
	WHERE (s.truth, d.verdict) IN (('structural', 'behavioural'), ('behavioural', 'structural'))"
ok 'no gap is raised where there is none in most teams' is_true "
	SELECT avg((d.verdict IN ('no_gap', 'cannot_tell'))::int) >= 0.9 FROM ops.diagnosis d JOIN dw.story s USING (team, metric) WHERE s.truth = 'no_gap'"

ok 'no effect worth having is never called one that is not known' is_true "
	SELECT count(*) > 0 AND bool_and(i.reason !~ 'effect of coaching is not known') FROM ops.coaching_effect e JOIN ops.indicators i USING (team, metric)
	WHERE e.conclusion = 'no_effect' AND i.test = 'coaching_without_effect'"

# By month; sessions help in one team, harm in another, and do nothing in a third.
value "
	SELECT coachdiag.create_workspace('monthly');
	INSERT INTO monthly.metric (metric, higher_is_better, target, smallest_effect) VALUES ('quality', true, 90, 2);
	CREATE TABLE month AS
	SELECT *, 4 * (('x' || substr(md5(agent || ' ' || period), 1, 8))::bit(32)::bigint / 2.0 ^ 32 - 0.5) AS noise, md5(period || ' ' || agent) < '3' AS coached
	FROM (SELECT team, 100 * team + a AS agent, (date '2022-01-01' + m * interval '1 month')::date AS period FROM generate_series(1, 3) team, generate_series(1, 12) a, generate_series(0, 35) m) x;
	INSERT INTO monthly.assignment (agent_id, team, valid_from) SELECT DISTINCT agent, (ARRAY['Helped', 'Harmed', 'Idle'])[team], date '2020-01-01' FROM month;
	INSERT INTO monthly.agent_metric (agent_id, metric, period, value)
	SELECT agent, 'quality', period, 80 + noise + (ARRAY[3, -3, 0])[team] * coalesce(sum(coached::int) OVER (PARTITION BY agent ORDER BY period ROWS BETWEEN 4 PRECEDING AND 1 PRECEDING), 0) FROM month;
	INSERT INTO monthly.coaching_session (session_id, agent_id, coach_id, held_at, status, metric)
	SELECT row_number() OVER (), agent, 1, period + 9, 'held', 'quality' FROM month WHERE coached" >/dev/null
value "CALL coachdiag.refresh('monthly')" 2>/dev/null
report=$(psql -Xq -v ON_ERROR_STOP=1 -v ws=monthly -f examples/warehouse/report.sql | tr -s ' \n' ' ')
says() { grep -qF -- "$1" <<<"$report" || { echo "$report"; return 1; }; }
ok 'the report says where coaching works' says 'It works in Helped.'
ok 'and where it does nothing' says 'It does nothing worth having in Idle.'
ok 'and where it harms' says 'It makes it worse in Harmed.'
ok 'it counts the periods that there are' says 'over the 4 months after it'
ok 'and names the comparison' says 'against the same agents not having had it then'

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
