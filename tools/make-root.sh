#!/bin/bash
# Makes a small Debian root in a folder, from the mirror this machine's apt uses.  Needs root and mmdebstrap.
#
#   tools/make-root.sh SUITE FOLDER package ... [-- mmdebstrap option ...]
set -eu

suite=$1 root=$2
shift 2
packages=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do packages+=("$1"); shift; done
[ $# = 0 ] || shift

if [ "$(id -u)" != 0 ] || ! command -v mmdebstrap >/dev/null; then
	echo "make-root: this needs root and the package mmdebstrap" >&2
	exit 1
fi
# shellcheck disable=SC2016 # apt's own variable
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v security | grep '/debian/*$' | head -n 1)
[ -n "$mirror" ] || { echo "make-root: apt on this machine names no Debian mirror" >&2; exit 1; }

# A suite that has not been published for some days is still good enough here.
mmdebstrap --variant=apt --mode=root \
	--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
	--aptopt='Acquire::Check-Valid-Until "false"' \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' \
	"${packages[@]/#/--include=}" "$@" "$suite" "$root" "$mirror" >"$root.log" 2>&1 ||
	{ cat "$root.log" >&2; exit 1; }
rm "$root.log"
