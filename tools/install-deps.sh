#!/bin/bash
# Installs, with apt, the packages that building (build) or testing (test) coachdiag needs and the machine lacks.
#
#   tools/install-deps.sh [--check] build|test
#
# --check installs nothing and says by its exit status whether everything is there.
set -eu

check=''
[ "${1:-}" != --check ] || { check=1; shift; }
goal=${1:-build}
oldest=15
export DEBIAN_FRONTEND=noninteractive

say() { echo "install-deps: $*"; }
fail() { say "$@" >&2; exit 1; }

server_config() { "${PG_CONFIG:-pg_config}" "$@" 2>/dev/null; }
has_command() { command -v "$1" >/dev/null; }
has_library() { has_command pkg-config && pkg-config --exists "$1"; }
has_server() { [ -x "$(server_config --bindir)/postgres" ]; }
has_server_headers() { [ -f "$(server_config --includedir-server)/postgres.h" ] && [ -f "$(server_config --pgxs)" ]; }
has_pgtap() { [ -f "$(server_config --sharedir)/extension/pgtap.control" ]; }
has_perl_module() { has_command perl && perl -M"$1" -e 1 2>/dev/null; }
has_cron() { [ -f "$(server_config --sharedir)/extension/pg_cron.control" ]; }
has_numpy() { /usr/bin/python3 -c 'import numpy' 2>/dev/null; }
has_libc_headers() { echo '#include <math.h>' | cc -E - >/dev/null 2>&1; }

# The server to build for: the one pg_config speaks of, else the newest installed, else the distribution's.
server_major() {
	local major
	major=$(server_config --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
	[ -n "$major" ] || major=$(find /usr/lib/postgresql -maxdepth 3 -path '*/bin/postgres' 2>/dev/null | cut -d/ -f5 | sort -n | tail -n 1)
	[ -n "$major" ] || major=$(apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1)
	echo "$major"
}

# Prints one missing package a line; @ stands for the server's major version.
missing() {
	has_command cc || echo gcc
	has_libc_headers || echo libc6-dev
	has_command make || echo make
	has_command pkg-config || echo pkg-config
	has_library gsl || echo libgsl-dev
	has_server || echo postgresql-@
	has_server_headers || echo postgresql-server-dev-@
	[ "$goal" = test ] || return 0
	has_library cmocka || echo libcmocka-dev
	has_pgtap || echo postgresql-@-pgtap
	has_cron || echo postgresql-@-cron
	has_perl_module TAP::Harness || echo perl
	has_perl_module IPC::Run || echo libipc-run-perl
	has_numpy || echo python3-numpy
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"
	else sudo env DEBIAN_FRONTEND=noninteractive "$@"; fi
}

update_lists() {
	say "fetching the package lists (apt-get update)"
	as_root apt-get update -qq
}

# Installing a server package would also create and start a cluster, which nobody asked for here.
# The setting is put back afterwards.  A machine that already has postgresql-common has made its own choice.
cluster_conf=/etc/postgresql-common/createcluster.conf
keep_clusters_away() {
	[ ! -e /usr/bin/pg_createcluster ] && [ ! -e $cluster_conf ] || return 0
	say "no database cluster will be created: $cluster_conf says so during the installation"
	as_root mkdir -p "${cluster_conf%/*}"
	echo "create_main_cluster = false" | as_root tee $cluster_conf >/dev/null
	trap restore_cluster_conf EXIT
}
restore_cluster_conf() {
	local shipped=/usr/share/postgresql-common/createcluster.conf
	if [ -e $shipped ]; then as_root cp $shipped $cluster_conf
	else as_root rm -f $cluster_conf; fi
}

[ -n "$(missing)" ] || exit 0
[ -z "$check" ] || exit 1

has_command apt-get || fail "this is not a Debian or Ubuntu system; please install yourself what these packages hold: $(missing | xargs)"
if [ "$(id -u)" != 0 ] && ! has_command sudo; then
	fail "packages are missing and there is no sudo; as root, run: tools/install-deps.sh $goal"
fi

updated=''
major=$(server_major)
[ -n "$major" ] || { update_lists; updated=1; major=$(server_major); }
[ -n "$major" ] || fail "apt knows no package called postgresql"
[ "$major" -ge $oldest ] || fail "PostgreSQL $oldest or newer is needed and this system has $major; see https://www.postgresql.org/download/linux/ for newer packages"

mapfile -t packages < <(missing | sed "s/@/$major/")
say "installing ${packages[*]}"
keep_clusters_away
[ -n "$updated" ] || apt-get install -s "${packages[@]}" >/dev/null 2>&1 || { update_lists; updated=1; }
log=$(mktemp)
install_packages() { as_root apt-get install -y -qq --no-install-recommends "${packages[@]}" >"$log" 2>&1; }
install_packages || { [ -z "$updated" ] && update_lists && install_packages; } || { cat "$log" >&2; fail "apt-get could not install them"; }
rm "$log"

[ -z "$(missing)" ] || fail "still missing after the installation: $(missing | xargs)"
