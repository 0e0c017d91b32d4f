#!/bin/bash
# The SQL of README.md and doc/*.md runs, and prints what the pages say it prints.
#
# Each page gets a fresh database with the extension; its ```sql blocks run there in order, from the top folder.
# A ```text block right after one is its expected output.  ```sql no-run is left alone.
set -u
shopt -s nullglob
cd "$(dirname "$0")/../.." || exit

if [ -z "${IN_SERVER:-}" ]; then
	IN_SERVER=1 exec tools/with-server.sh -- bash "$0"
fi

blocks=$(mktemp -d)
trap 'rm -rf "$blocks"' EXIT
number=0
export PGTZ=UTC PGOPTIONS='-c client_min_messages=warning'

# Writes the blocks of a page to $blocks/LINE.sql and, where output is shown, $blocks/LINE.out.
extract() {
	awk -v dir="$blocks" '
		/^```/ && file { close(file); file = ""; next }
		/^```sql *$/ { last = sprintf("%s/%04d", dir, NR); file = last ".sql"; next }
		/^```text *$/ && last { file = last ".out"; last = ""; printf "" > file; next }
		/^```/ { file = "/dev/null"; last = ""; next }
		file { print > file; next }
		NF { last = "" }
	' "$1"
}

trimmed() { sed 's/[[:space:]]*$//' "$1" | sed -e '/./,$!d' -e :a -e '/^\n*$/{$d;N;ba' -e '}'; }

run_block() { psql -Xq -v ON_ERROR_STOP=1 -P pager=off -f "$1"; }

# Runs one block and compares what it prints, where that is shown.
check_block() {
	local block=${1%.sql}
	run_block "$1" >"$block.got" || return 1
	[ ! -e "$block.out" ] || diff <(trimmed "$block.out") <(trimmed "$block.got")
}

report() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number - $2"
	else echo "not ok $number - $2"; sed 's/^/# /' "$blocks/log"; fi
}

for page in README.md doc/*.md; do
	rm -f "$blocks"/*
	extract "$page"
	compgen -G "$blocks/*.sql" >/dev/null || continue
	export PGDATABASE=postgres
	createdb page
	export PGDATABASE=page
	psql -Xq -c 'CREATE EXTENSION coachdiag'
	for block in "$blocks"/*.sql; do
		line=${block##*/}
		check_block "$block" >"$blocks/log" 2>&1
		report $? "$page, line $((10#${line%.sql}))"
	done
	PGDATABASE=postgres dropdb --force page
done
echo "1..$number"
