#!/bin/bash
# Runs one server-level Perl test with PostgreSQL's own test modules, never as root: those start servers themselves.
# The test and the staged extension are copied to a folder that an unprivileged user owns.
set -eu

pg_config=${PG_CONFIG:-pg_config}
pgxs=$("$pg_config" --pgxs)
pgsrc=${pgxs%/makefiles/pgxs.mk}

dir=$(mktemp -d "${TMPDIR:-/tmp}/coachdiag-tap.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cp -r test/tap build/stage sql "$dir"
tools/stage-conf.sh "$dir/stage" "$pg_config" >"$dir/stage.conf"
echo "fsync = off" >>"$dir/stage.conf"
mkdir "$dir/tmp_check" "$dir/log"

user=()
if [ "$(id -u)" = 0 ]; then
	owner=${PG_OS_USER:-$(id -un postgres 2>/dev/null || echo nobody)}
	user=(setpriv --reuid="$owner" --regid="$(id -g "$owner")" --init-groups --inh-caps=-all)
	chown -R "$owner" "$dir"
fi
chmod -R u+rwX,a+rX "$dir"

# Published values that 100_reference.pl compares with, where there are any.
COACHDIAG_REFERENCE=$(tools/reference-dir.sh)
export COACHDIAG_REFERENCE

cd "$dir"
"${user[@]}" env HOME="$dir" PATH="$("$pg_config" --bindir):$PATH" LC_ALL=C.UTF-8 PG_CONFIG="$pg_config" \
	TEMP_CONFIG="$dir/stage.conf" TESTDIR="$dir" TESTDATADIR="$dir/tmp_check" TESTLOGDIR="$dir/log" \
	PGPORT=65432 PG_REGRESS="$pgsrc/test/regress/pg_regress" PERL5LIB="$pgsrc/test/perl${PERL5LIB:+:$PERL5LIB}" \
	perl -I "$dir/tap" "tap/${1##*/}" && exit
status=$?
tail -qn 15 log/regress_log_* tmp_check/log/regress_log_* >&2 2>/dev/null || :
cat log/*.log tmp_check/log/*.log 2>/dev/null | grep -E 'ERROR:|FATAL:|PANIC:|TRAP:|terminated by signal' | tail -n 10 >&2 || :
exit $status
