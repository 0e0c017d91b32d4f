#!/bin/bash
# How far apart agents are, per team and metric: coachdiag and its peers in one run over the same rows; medians, ratios, goals.
#
#   bench/peers.sh [rows]     default 20000000, rounded down so that every agent has the same number
#   BENCH_INSTALL=no          skip the peers that are not installed; otherwise, as root, apt and npm bring them
#
# The peers compute the ANOVA components (F, between, within) and nothing more, gap_dispersion also its intervals. With as many
# rows an agent REML is ANOVA (and 0 where ANOVA is below), so all answers must agree to 1e-9. Clients read a CSV file written by COPY; starting them
# is free, and so are a session's first look at the catalogs and its plan. DuckDB's time is that of a second run.
set -eu
cd "$(dirname "$0")/.."

rows=$((${1:-${BENCH_ROWS:-20000000}} / 10800 * 10800))
runs=${BENCH_RUNS:-5}
modules=$PWD/build/peers
pg_config=${PG_CONFIG:-pg_config}
major=$("$pg_config" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
[ "$rows" -gt 0 ] || { echo "peers: give at least 10800 rows" >&2; exit 2; }

# ---- peers -------------------------------------------------------------------------------------------

has_extension() { [ -f "$("$pg_config" --sharedir)/extension/$1.control" ]; }
has_plr() { has_extension plr; }
has_plpython() { has_extension plpython3u && has_pandas; }
has_datatable() { command -v Rscript >/dev/null && Rscript -e 'library(data.table)' >/dev/null 2>&1; }
has_pandas() { /usr/bin/python3 -c 'import pandas' 2>/dev/null; }
has_duckdb() { [ -d "$modules/node_modules/@duckdb/node-api" ]; }

by_apt() { apt-get install -y -qq --no-install-recommends "$@"; }
get_plr() { by_apt "postgresql-$major-plr"; }
get_plpython() { by_apt "postgresql-plpython3-$major" python3-pandas; }
get_datatable() { by_apt r-cran-data.table; }
get_pandas() { by_apt python3-pandas; }
get_duckdb() { mkdir -p "$modules" && npm install --silent --no-audit --no-fund --prefix "$modules" @duckdb/node-api; }

# Brings a peer; without, says so in the output and goes on.
bring() {
	"has_$1" && return
	if [ "${BENCH_INSTALL:-yes}" = no ]; then echo "skipped: $1 is not installed, and BENCH_INSTALL=no"
	elif [ "$1" != duckdb ] && [ "$(id -u)" != 0 ]; then echo "skipped: $1 is not installed, and installing it takes root"
	elif ! "get_$1" >/dev/null 2>&1 || ! "has_$1"; then echo "skipped: $1 could not be installed here"; fi
}

if [ -z "${PGHOST:-}" ]; then
	for peer in plr plpython datatable pandas duckdb; do bring $peer; done
	has_plr && { R_HOME=$(R RHOME); export R_HOME; }
	exec tools/with-server.sh -o "-c shared_buffers=2GB -c work_mem=256MB -c max_wal_size=8GB -c jit=off -c autovacuum=off -c shared_preload_libraries=coachdiag" -- "$0" "$rows"
fi

# ---- rows and questions ------------------------------------------------------------------------------

sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

echo "Components of variance of $rows rows, 300 teams x 3 metrics x 12 agents x 52 weeks, median of $runs runs"
echo "PostgreSQL $(sql -c 'SHOW server_version' | cut -d' ' -f1), $(nproc) cores, $(date +%F)"

sql -v rows="$rows" -f bench/fact.sql >/dev/null
sql >/dev/null <<SQL
-- From the moments of the agents: F, between and within.
CREATE VIEW by_hand AS
WITH agents AS (
	SELECT team, metric, agent, count(*) AS n, avg(value - target) AS mean, var_samp(value - target) AS v FROM fact GROUP BY 1, 2, 3
), teams AS (
	SELECT team, metric, count(*) AS k, sum(n * mean) / sum(n) AS mean, sum((n - 1) * v) / (sum(n) - count(*)) AS within,
		(sum(n) - sum(n * n) / sum(n)) / (count(*) - 1) AS n0 FROM agents GROUP BY 1, 2
)
SELECT team, metric, (ms - within) / n0 AS between_variance, within, ms / within AS f
FROM (SELECT t.team, t.metric, t.within, t.n0, sum(a.n * (a.mean - t.mean) ^ 2) / (t.k - 1) AS ms
	FROM teams t JOIN agents a USING (team, metric) GROUP BY t.team, t.metric, t.k, t.within, t.n0) s;

CREATE VIEW one_step AS
SELECT team, metric, (d).between_variance, (d).within_sd ^ 2 AS within, (d).f
FROM (SELECT team, metric, coachdiag.gap_dispersion(value, target, agent) AS d FROM fact GROUP BY 1, 2 OFFSET 0) s;
CREATE VIEW from_panels AS
SELECT team, metric, (d).between_variance, (d).within_sd ^ 2 AS within, (d).f
FROM (SELECT team, metric, coachdiag.gap_dispersion(coachdiag.rollup_agents(panel)) AS d FROM stored GROUP BY 1, 2 OFFSET 0) s;
-- A partition's teams are whole, so that the workers have the answers too and not only the sums.
CREATE TABLE part (LIKE stored) PARTITION BY HASH (team);
SELECT format('CREATE TABLE part_%s PARTITION OF part FOR VALUES WITH (MODULUS 8, REMAINDER %s)', i, i) FROM generate_series(0, 7) i \gexec
INSERT INTO part SELECT * FROM stored;
VACUUM ANALYZE part;
CREATE VIEW from_partitions AS
SELECT team, metric, (d).between_variance, (d).within_sd ^ 2 AS within, (d).f
FROM (SELECT team, metric, coachdiag.gap_dispersion(coachdiag.rollup_agents(panel)) AS d FROM part GROUP BY 1, 2 OFFSET 0) s;

-- A row at a time, moments by Welford.
CREATE FUNCTION by_plpgsql() RETURNS TABLE (team integer, metric integer, between_variance float8, within float8, f float8) LANGUAGE plpgsql AS \$\$
DECLARE
	r record;
	last_team integer; last_metric integer; last_agent bigint;
	n float8 := 0; mean float8; m2 float8;
	k float8 := 0; total float8 := 0; squares float8 := 0; weighted float8 := 0; weighted2 float8 := 0; inner2 float8 := 0;
	ms float8; n0 float8; delta float8;
BEGIN
	FOR r IN SELECT x.team, x.metric, x.agent, x.value - x.target AS gap FROM fact x UNION ALL SELECT NULL, NULL, NULL, NULL ORDER BY 1, 2, 3 LOOP
		IF n > 0 AND (r.team, r.metric, r.agent) IS DISTINCT FROM (last_team, last_metric, last_agent) THEN
			k := k + 1; total := total + n; squares := squares + n * n; inner2 := inner2 + m2;
			weighted := weighted + n * mean; weighted2 := weighted2 + n * mean * mean; n := 0;
		END IF;
		IF k > 0 AND (r.team, r.metric) IS DISTINCT FROM (last_team, last_metric) THEN
			team := last_team; metric := last_metric; ms := (weighted2 - weighted * weighted / total) / (k - 1);
			within := inner2 / (total - k); n0 := (total - squares / total) / (k - 1);
			between_variance := (ms - within) / n0; f := ms / within;
			RETURN NEXT;
			k := 0; total := 0; squares := 0; weighted := 0; weighted2 := 0; inner2 := 0;
		END IF;
		IF n = 0 THEN mean := 0; m2 := 0; END IF;
		n := n + 1; delta := r.gap - mean; mean := mean + delta / n; m2 := m2 + delta * (r.gap - mean);
		last_team := r.team; last_metric := r.metric; last_agent := r.agent;
	END LOOP;
END \$\$;
SQL

# A language in which a team's values arrive as arrays; without it in this server, says why and goes on.
language() {
	local reason
	if ! reason=$(sql -c "CREATE EXTENSION $2" -c "CREATE FUNCTION of_$1(gap float8[], agent bigint[]) RETURNS float8[] LANGUAGE $2 AS \$\$$3\$\$" \
		-c "SELECT of_$1(ARRAY[1, 2, 4, 3], ARRAY[1, 1, 2, 2])" \
		-c "CREATE VIEW by_$1 AS SELECT team, metric, c[1] AS between_variance, c[2] AS within, c[3] AS f
			FROM (SELECT team, metric, of_$1(array_agg(value - target), array_agg(agent)) AS c FROM fact GROUP BY 1, 2 OFFSET 0) s" 2>&1); then
		echo "skipped: $1: $(echo "$reason" | grep -m 1 ERROR)"
		return 1
	fi
}
measures=(avg one_step from_panels from_partitions by_hand by_plpgsql)
has_plr && language plr plr '
	g <- match(agent, unique(agent)); n <- tabulate(g); mean <- as.vector(rowsum(gap, g)) / n; k <- length(n); total <- sum(n)
	within <- sum((gap - mean[g])^2) / (total - k); ms <- sum(n * (mean - sum(n * mean) / total)^2) / (k - 1)
	return(c((ms - within) / ((total - sum(n^2) / total) / (k - 1)), within, ms / within))' && measures+=(by_plr)
has_plpython && language plpython plpython3u '
import pandas
a = pandas.DataFrame({"gap": gap, "agent": agent}).groupby("agent").gap.agg(["size", "mean", "var"])
n, mean, k, total = a["size"], a["mean"], len(a), a["size"].sum()
within = ((n - 1) * a["var"]).sum() / (total - k)
ms = (n * (mean - (n * mean).sum() / total) ** 2).sum() / (k - 1)
return [(ms - within) / ((total - (n ** 2).sum() / total) / (k - 1)), within, ms / within]' && measures+=(by_plpython)
clients=()
for peer in datatable pandas duckdb; do if "has_$peer"; then clients+=("$peer"); fi; done

# ---- time --------------------------------------------------------------------------------------------

serial='SET max_parallel_workers_per_gather = 0'
parallel='SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET parallel_leader_participation = off; SET enable_partitionwise_aggregate = on'

# Time of one run of a query in ms, after its settings.
timed() {
	printf '%s;\n' "$1" '\timing on' "$2" | sed 's/^\(\\timing on\);$/\1/' | sql 2>&1 | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | tail -n 1
}
question() {
	case $1 in
		avg) echo 'SELECT count(a) FROM (SELECT team, metric, avg(value) AS a FROM fact GROUP BY 1, 2) s' ;;
		by_plpgsql) echo 'SELECT count(f) FROM by_plpgsql()' ;;
		*) echo "SELECT count(f) FROM $1" ;;
	esac
}
# Reads the rows and answers: "read MS", "compute MS" and so on; leaves the answers in a file.
client() {
	case $1 in
		datatable) Rscript bench/peers/datatable.R "$2" "$3" ;;
		pandas) /usr/bin/python3 bench/peers/pandas_peer.py "$2" "$3" ;;
		duckdb) node bench/peers/duckdb.mjs "$modules" "$2" "$3" ;;
	esac
}
keep() { [ "$run" = 0 ] || echo "$2" >>"$dir/$1.ms"; }

# After its plan.
planned() { timed "$1; EXPLAIN $2" "$2"; }

# In turn, so that a noisy minute falls on all of them alike; the first round only warms up.
for run in $(seq 0 "$runs"); do
	for measure in "${measures[@]}"; do keep "$measure" "$(planned "$serial" "$(question "$measure")")"; done
	for measure in one_step from_panels from_partitions; do keep "parallel_$measure" "$(planned "$parallel" "$(question $measure)")"; done
	if [ ${#clients[@]} -gt 0 ]; then
		keep copy "$(timed "$serial" "\\copy (SELECT team, metric, agent, value, target FROM fact) TO '$dir/fact.csv' (FORMAT csv)")"
		for peer in "${clients[@]}"; do
			client "$peer" "$dir/fact.csv" "$dir/$peer.csv" >"$dir/client"
			while read -r what ms; do keep "${peer}_$what" "$ms"; done <"$dir/client"
		done
		rm "$dir/fact.csv"
	fi
done

# ---- answers -----------------------------------------------------------------------------------------

sql -c 'CREATE TABLE answer (peer text, team integer, metric integer, between_variance float8, within float8, f float8)'
for measure in "${measures[@]:1}"; do
	sql -c "INSERT INTO answer SELECT '$measure', s.* FROM $measure$([ "$measure" != by_plpgsql ] || echo '()') s"
done
for peer in "${clients[@]}"; do
	sql -c 'CREATE TEMP TABLE t (LIKE answer)' -c 'ALTER TABLE t DROP peer' -c "\\copy t FROM '$dir/$peer.csv' (FORMAT csv)" -c "INSERT INTO answer SELECT '$peer', * FROM t"
done
wrong=$(sql <<'SQL'
SELECT peer || ' differs in ' || count(*) FILTER (WHERE NOT same) || ' of 900 answers' FROM (
	SELECT a.peer, bool_and(abs(x - y) <= 1e-9 * abs(y) OR (b.between_variance < 0 AND a.between_variance = 0 AND part < 3)) IS TRUE AS same
	FROM answer a JOIN answer b USING (team, metric), unnest(ARRAY[a.between_variance, a.within, a.f], ARRAY[b.between_variance, b.within, b.f])
		WITH ORDINALITY u (x, y, part)
	WHERE b.peer = 'by_hand' GROUP BY a.peer, team, metric) s
GROUP BY peer HAVING count(*) FILTER (WHERE same) <> 900
SQL
)
[ -z "$wrong" ] || { echo "$wrong" >&2; exit 1; }
echo "All $((${#measures[@]} - 1 + ${#clients[@]})) ways give the same between, within and F, to 1e-9"
echo

# ---- the table ---------------------------------------------------------------------------------------

median() { sort -n "$dir/$1.ms" | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] }'; }
calculate() { awk "BEGIN { printf \"%.2f\", $1 }"; }
line() { printf '%-58s %9.0f ms %9s\n' "$1" "$2" "x $(calculate "$2 / $avg")"; }
goal() { printf '%-58s %12s   goal %s %s: %s\n' "$1" "$2" "$3" "$4" "$(awk "BEGIN { print ($2 $3 $4) ? \"met\" : \"MISSED\" }")"; }

avg=$(median avg)
line 'avg(), GROUP BY team, metric' "$avg"
line 'gap_dispersion, one step' "$(median one_step)"
line 'gap_dispersion, one step, 2 workers' "$(median parallel_one_step)"
line 'gap_dispersion, from stored monthly panels' "$(median from_panels)"
line 'gap_dispersion, from stored monthly panels, 2 workers' "$(median parallel_from_panels)"
line 'gap_dispersion, the same in 8 partitions, 2 workers' "$(median parallel_from_partitions)"
line 'SQL by hand' "$(median by_hand)"
line 'PL/pgSQL, a row at a time' "$(median by_plpgsql)"
for measure in "${measures[@]:6}"; do line "${measure#by_} on arrays" "$(median "$measure")"; done
for peer in "${clients[@]}"; do
	[ "$peer" != duckdb ] || line 'duckdb over its own columnar rows, 1 thread' "$(median duckdb_one_thread)"
	line "$peer over its own columnar rows" "$(median "${peer}_compute")"
	line "$peer, the copy counted" "$(calculate "$(median copy) + $(median "${peer}_read") + $(median "${peer}_compute")")"
done

echo
goal 'one step / avg()' "$(calculate "$(median one_step) / $avg")" '<=' 1.25
goal 'SQL by hand / stored panels' "$(calculate "$(median by_hand) / $(median from_panels)")" '>=' 50
if has_duckdb; then
	goal 'DuckDB, its own rows, 1 thread / stored panels' "$(calculate "$(median duckdb_one_thread) / $(median from_panels)")" '>=' 10
	goal 'DuckDB, its own rows, all cores / partitions, 2 workers' "$(calculate "$(median duckdb_compute) / $(median parallel_from_partitions)")" '>=' 10
fi
goal 'parallel efficiency of one step, 2 cores' "$(calculate "$(median one_step) / 2 / $(median parallel_one_step)")" '>=' 0.85
bench/memory.sh
