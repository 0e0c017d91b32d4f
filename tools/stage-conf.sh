#!/bin/bash
# Prints the server settings that make an extension staged below a folder visible.
#
#   tools/stage-conf.sh STAGE PG_CONFIG
set -eu

stage=$1 pg_config=$2
share=$("$pg_config" --sharedir)
echo "dynamic_library_path = '$stage$("$pg_config" --pkglibdir):\$libdir'"

# PostgreSQL 18 has a search path for control files; Debian's older ones have a prefix.
settings=$("$("$pg_config" --bindir)/postgres" --describe-config | cut -f1)
case $settings in
	*extension_control_path*) echo "extension_control_path = '$stage$share:\$system'" ;;
	*extension_destdir*) echo "extension_destdir = '$stage'" ;;
	*)
		echo "stage-conf: this server cannot load an extension that is not installed;" >&2
		echo "run make install first, then this with COACHDIAG_STAGE= in the environment" >&2
		exit 1
		;;
esac
