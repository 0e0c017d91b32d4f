#!/bin/bash
# Every function that a source file shows to others is called by one of them, and every SQL entry point is declared in SQL.
# What only its own file needs is static; what nobody needs is not there. Unit tests are no callers.
set -u
shopt -s nullglob
cd "$(dirname "$0")/../.." || exit

objects=(src/*.c src/*/*.c)
objects=("${objects[@]/#src\//build/obj/}")
entries=$(nm "${objects[@]/%.c/.o}" 2>/dev/null | sed -n 's/.* T pg_finfo_//p' | sort)

# report NAME: ok when standard input is empty, else its lines as comments.
n=0
report() {
	local found
	found=$(cat)
	n=$((n + 1))
	if [ -z "$found" ]; then echo "ok $n - $1"
	else echo "not ok $n - $1"; sed 's/^/# /' <<<"$found"; fi
}

report 'there are entry points to look at' < <([ "$(wc -l <<<"$entries")" -gt 100 ] || echo "${entries:-none}")
report 'every function that a file shows has a caller in another' < <(
	nm "${objects[@]/%.c/.o}" | awk '
		$1 == "U" { called[$2] = 1 }
		$2 == "T" && $3 !~ /^(pg_finfo_.*|_PG_init|Pg_magic_func)$/ { shown[$3] = 1 }
		END { for (name in shown) if (!(name in called)) print name }' | sort | comm -23 - <(echo "$entries"))
report 'every entry point is declared in SQL' < <(
	comm -23 <(echo "$entries") <(grep -oh "'MODULE_PATHNAME', '[a-z0-9_]*'" sql/[0-9]*.sql | sed "s/.*, '//; s/'//" | sort -u))
echo "1..$n"
