#!/bin/bash
# Runs a command beside a throwaway PostgreSQL server that has the staged extension.
#
#   tools/with-server.sh [-v MAJOR] [-o "postgres options"] [-k] -- command [argument ...]
#
# The server has its own data folder and a unix socket, no port.  When the caller is root only the
# server changes user; the command always runs as the caller, with PGHOST and the rest set.
# -k keeps the server after the command and says how to stop it.
# COACHDIAG_STAGE= (empty) uses the extension installed on the system instead of build/stage.
set -eu

major='' options='' keep=''
while getopts v:o:k flag; do
	case $flag in
		v) major=$OPTARG ;;
		o) options=$OPTARG ;;
		k) keep=1 ;;
		*) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }

repo=$(cd "$(dirname "$0")/.." && pwd)
stage=${COACHDIAG_STAGE-$repo/build/stage}
pg_config=${PG_CONFIG:-pg_config}
[ -z "$major" ] || pg_config=/usr/lib/postgresql/$major/bin/pg_config
bin=$("$pg_config" --bindir)

# The server's user: the caller, or an unprivileged one when the caller is root.
server_user=()
owner=$(id -un)
if [ "$(id -u)" = 0 ]; then
	owner=${PG_OS_USER:-$(id -un postgres 2>/dev/null || echo nobody)}
	server_user=(setpriv --reuid="$owner" --regid="$(id -g "$owner")" --init-groups --inh-caps=-all --no-new-privs)
fi
as_server() { "${server_user[@]}" env -C "$dir" HOME="$dir" LC_ALL=C.UTF-8 "$@"; }

# A folder the server's user can reach, short enough for a socket path (107 bytes).
new_dir() {
	dir=$(mktemp -d "$1/coachdiag.XXXXXX")
	chmod 755 "$dir"
	chown "$owner" "$dir"
	[ ${#dir} -le 90 ] && as_server test -w "$dir" 2>/dev/null && return
	rmdir "$dir"
	return 1
}
new_dir "${TMPDIR:-/tmp}" || new_dir /tmp || { echo "with-server: $owner can write neither in ${TMPDIR:-/tmp} nor in /tmp" >&2; exit 1; }

# From here on the folder goes when the script does.
keeper=''
# shellcheck disable=SC2317 # called by the trap
finish() {
	if [ -n "$keeper" ]; then
		kill -TERM "$keeper" 2>/dev/null || :
		wait "$keeper" 2>/dev/null || :
	fi
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

as_server "$bin/initdb" -D "$dir/data" -A trust -U postgres -E UTF8 --no-sync >"$dir/initdb.log" 2>&1 ||
	{ cat "$dir/initdb.log" >&2; exit 1; }

{
	echo "listen_addresses = ''"
	echo "unix_socket_directories = '$dir'"
	echo "fsync = off"
	echo "synchronous_commit = off"
	echo "full_page_writes = off"
	if [ -n "$stage" ]; then
		[ -d "$stage" ] || { echo "with-server: $stage is missing; run make stage" >&2; exit 1; }
		cp -r "$stage" "$dir/stage"
		chmod -R a+rX "$dir/stage"
		"$repo/tools/stage-conf.sh" "$dir/stage" "$pg_config"
	fi
} >"$dir/server.conf"
chmod a+r "$dir/server.conf"
echo "include '$dir/server.conf'" >>"$dir/data/postgresql.conf"

# The keeper runs the server, stops it when this script is gone (even by kill -9), and removes the folder.
# shellcheck disable=SC2016 # expanded by the keeper
keeper_script='
	trap : TERM
	dir=$1; shift
	"$@" >>"$dir/log" 2>&1 &
	server=$!
	wait $server || { kill -INT $server 2>/dev/null; wait $server; }
	rm -rf "$dir"'
die_with_parent=(setpriv --pdeathsig TERM)
[ -z "$keep" ] || die_with_parent=(setsid)
# shellcheck disable=SC2086 # the options are a list of words
"${die_with_parent[@]}" bash -c "$keeper_script" keeper "$dir" \
	"${server_user[@]}" setpriv --pdeathsig INT \
	env -C / HOME="$dir" LC_ALL=C.UTF-8 "$bin/postgres" -D "$dir/data" $options </dev/null >/dev/null 2>&1 &
keeper=$!

export PGHOST=$dir PGPORT=5432 PGUSER=postgres PGDATABASE=postgres PATH=$bin:$PATH
unset PGPASSWORD PGSERVICE PGDATA PGOPTIONS PGHOSTADDR PGSSLMODE
for _ in $(seq 600); do
	pg_isready -q && break
	kill -0 "$keeper" 2>/dev/null || break
	sleep 0.1
done
pg_isready -q || { echo "with-server: the server did not start" >&2; cat "$dir/log" >&2 || :; exit 1; }

status=0
"$@" || status=$?

if [ $status -ne 0 ] && [ -f "$dir/log" ]; then
	mkdir -p "$repo/build" && cp "$dir/log" "$repo/build/server.log"
	echo "with-server: '$1' failed ($status); the server's log is in build/server.log" >&2
	grep -E 'PANIC|TRAP|FATAL|terminated by signal' "$dir/log" >&2 || :
fi
if [ -n "$keep" ] && [ $status -eq 0 ]; then
	trap - EXIT
	echo "The server keeps running: psql -h $dir -U postgres postgres; stop it with:  kill $keeper"
fi
exit $status
