#!/bin/bash
# Proves that make demo and make test work on a bare Debian where nothing but make (and sudo, for a user) is installed.
#
#   tools/check-minimal.sh [SUITE]
#
# Needs root and mmdebstrap.  Either user starts from a fresh copy of the root.
set -eu
cd "$(dirname "$0")"

suite=${1:-bookworm}
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT

echo "== a bare $suite"
# shellcheck disable=SC2016 # mmdebstrap expands these
./make-root.sh "$suite" "$work/bare" make sudo ca-certificates -- \
	--customize-hook='chroot "$1" useradd -m -s /bin/bash analyst' \
	--customize-hook='echo "analyst ALL=(ALL) NOPASSWD: ALL" >"$1/etc/sudoers.d/analyst"'

status=0
check() {
	local user=$1
	shift
	rm -rf --one-file-system "$work/root"
	cp -a "$work/bare" "$work/root"
	for target in "$@"; do
		echo "== make $target as $user"
		./in-root.sh "$work/root" "$user" make --no-print-directory "$target" || { status=1; echo "make $target as $user failed"; }
	done
	if compgen -G "$work/root/var/lib/postgresql/*/main" >/dev/null; then
		status=1
		echo "a database cluster was created"
	fi
}

check root demo test
check analyst test demo
exit $status
