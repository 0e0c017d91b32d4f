#!/bin/bash
# Runs the test suites on newer PostgreSQL versions, in throwaway Debian roots: trixie has 17, forky 18.
#
#   tools/check-all-versions.sh [SUITE ...]
#
# Needs root and mmdebstrap.  COACHDIAG_ROOTS names a folder to keep the roots in for the next run.
set -eu
cd "$(dirname "$0")"

suites=("$@")
[ $# -gt 0 ] || suites=(trixie forky)
roots=${COACHDIAG_ROOTS:-}
[ -n "$roots" ] || { roots=$(mktemp -d); trap 'rm -rf --one-file-system "$roots"' EXIT; }

# The server's headers are unpacked, not installed: their package would bring a second compiler along.
# shellcheck disable=SC2016 # mmdebstrap expands these
new_root() {
	./make-root.sh "$1" "$2" '?name("^postgresql-[0-9]+-(pgtap|cron|timescaledb)$")' make gcc libc6-dev pkg-config \
		libgsl-dev libcmocka-dev libpq-dev perl libipc-run-perl python3-numpy -- \
		--dpkgopt='path-exclude=/usr/lib/llvm-*' --dpkgopt='path-exclude=/usr/lib/postgresql/*/lib/bitcode/*' \
		--setup-hook='mkdir -p "$1/etc/postgresql-common"; echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"' \
		--customize-hook='chroot "$1" sh -ec "cd /tmp; apt-get -qq update; apt-get -qq download postgresql-server-dev-\$(ls /usr/lib/postgresql)
			dpkg -x postgresql-server-dev-*.deb /; rm postgresql-server-dev-*.deb; useradd -m builder"' \
		--customize-hook='rm -f "$1"/usr/lib/*/libLLVM* "$1"/usr/lib/postgresql/*/lib/llvmjit*'
}

status=0
for suite in "${suites[@]}"; do
	root=$roots/$suite
	if [ ! -d "$root" ]; then
		echo "== $suite: making a root"
		new_root "$suite" "$root.new"
		mv "$root.new" "$root"
	fi
	major=$(ls "$root/usr/lib/postgresql")
	echo "== $suite: PostgreSQL $major"
	./in-root.sh "$root" builder make --no-print-directory test PG_CONFIG="/usr/lib/postgresql/$major/bin/pg_config" || status=1
done
exit $status
