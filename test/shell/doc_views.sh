#!/bin/bash
# Every view of a workspace stands in doc/workspace.md, under "What is read", and none that there isn't.
set -u
cd "$(dirname "$0")/../.." || exit

views=$(grep -oh 'CREATE \(MATERIALIZED \)\?VIEW @\.[a-z_]*' sql/[0-9]*.sql | sed 's/.*@\.//' | sort -u)
read=$(sed -n '/^## What is read/,/^## /p' doc/workspace.md | grep '^|' | cut -d'|' -f3 | grep -o '`[a-z_]*`' | tr -d '`' | sort -u)

echo 1..2
if [ "$(wc -l <<<"$views")" -gt 40 ]; then echo "ok 1 - there are views to look at"; else echo "not ok 1 - there are views to look at"; fi
if [ "$views" = "$read" ]; then echo "ok 2 - they are those that doc/workspace.md names"
else
	echo "not ok 2 - they are those that doc/workspace.md names"
	diff <(echo "$views") <(echo "$read") | sed 's/^/# /'
fi
