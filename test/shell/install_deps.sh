#!/bin/bash
# What counts as missing: Debian's client packages bring pgxs.mk, but the server's headers only come with postgresql-server-dev.
set -u
cd "$(dirname "$0")/../.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
real=$(command -v "${PG_CONFIG:-pg_config}")

# A pg_config that says where the real one has its files, but for one folder that isn't there.
without() {
	printf '#!/bin/sh\n[ "$1" != %s ] || set -- --none\n[ "$1" != --none ] && exec %s "$@"\necho %s/none\n' "$1" "$real" "$folder" >"$folder/pg_config"
	chmod +x "$folder/pg_config"
}

n=0
expect() {
	local status=$1 what=$2
	PG_CONFIG=$folder/pg_config tools/install-deps.sh --check build >/dev/null 2>&1
	if [ $? = "$status" ]; then echo "ok $((++n)) - $what"; else echo "not ok $((++n)) - $what"; fi
}

without --nothing
expect 0 "a machine on which this was built lacks nothing"
without --includedir-server
expect 1 "the server's headers are missed where only pgxs.mk is there"
without --pgxs
expect 1 "pgxs.mk is missed"
without --bindir
expect 1 "the server is missed"
echo "1..$n"
