#!/bin/bash
# Validity against worlds of known truth; needs python3 with numpy, the verdict also pandas.
# Usage: bench/validate.sh [--small] [--seeds "N ..."] [--features FOLDER] [study ...]
#        studies: effect grid levels shapes published prior paradox coaches interventions spillover constraints idle_coaches talent likeness changing verdict
#        held_out (second simulator), blind, bound (third; bound: its adversary), pools (fourth), outsourcer (fifth)
#        frontier (only if named; needs sklearn, too): could anybody get more out of the figures of the second simulator?
#        fit (only if named; about an hour; needs scipy, too): p_structural's coefficients, from centres of all simulators; --seeds: some
#        of them, as in "floor_31 pools_2"; --features: keep what is taken of each centre in a folder, and go on from there
#        --small: effect grid levels shapes published coaches, about a minute; --seeds: centres of held_out, blind, bound, pools, outsourcer and frontier
# Exit status 1: an aim was missed; 2: a package is missing, which is named. A study without its data is skipped, by name.
set -euo pipefail
cd "$(dirname "$0")/.."

find_python() {
	for python in ${PYTHON:-python3 /usr/bin/python3}; do
		if "$python" -c "import ${1//,/, }" 2>/dev/null; then
			return
		fi
	done
	echo "validate: no python3 with $1 found (Debian: python3-${1//,/ python3-})" >&2
	exit 2
}

held_out() {
	find_python numpy,pandas
	tools/with-server.sh -- sh -c "psql -Xqc 'CREATE EXTENSION coachdiag' &&
		'$python' bench/validate/held_out.py --simulator $1 ${seeds:+--seeds $seeds}"
}

run() {
	case $1 in
	effect) find_python numpy && "$python" bench/validate/study.py "${small[@]}" ;;
	prior) find_python numpy && "$python" bench/validate/prior.py ;;
	paradox)
		cc -std=c11 -D_XOPEN_SOURCE=700 -O2 -ffp-contract=off -Isrc $(pkg-config --cflags gsl) -o build/validate_paradox \
			bench/validate/paradox.c src/stats/*.c $(pkg-config --libs gsl) -lm && build/validate_paradox
		;;
	grid) find_python numpy && "$python" bench/validate/grid.py "${small[@]}" ;;
	levels) find_python numpy && "$python" bench/validate/levels.py "${small[@]}" ;;
	shapes) find_python numpy && "$python" bench/validate/shapes.py "${small[@]}" ;;
	coaches) find_python numpy && "$python" bench/validate/coaches.py "${small[@]}" ;;
	interventions) find_python numpy && "$python" bench/validate/interventions.py ;;
	published) find_python numpy && "$python" bench/validate/published.py && "$python" bench/validate/covariates.py ;;
	spillover) find_python numpy && "$python" bench/validate/spillover.py ;;
	constraints)
		find_python numpy,pandas
		tools/with-server.sh -- sh -c "psql -Xqc 'CREATE EXTENSION coachdiag' && '$python' bench/validate/constraints.py"
		;;
	idle_coaches | talent | likeness | changing)
		find_python numpy,pandas
		tools/with-server.sh -- sh -c "psql -Xqc 'CREATE EXTENSION coachdiag' && '$python' bench/validate/$1.py"
		;;
	verdict)
		find_python numpy,pandas
		tools/with-server.sh -- sh -c "psql -Xqc 'CREATE EXTENSION coachdiag' && '$python' bench/validate/verdict.py --seeds 71 72 73 --hard 81 82 --teams 60"
		;;
	held_out) held_out floor ;;
	blind | bound | pools | outsourcer) held_out "$1" ;;
	frontier)
		find_python numpy,pandas,sklearn
		tools/with-server.sh -- sh -c "psql -Xqc 'CREATE EXTENSION coachdiag' && '$python' bench/validate/frontier.py ${seeds:+--seeds $seeds}"
		;;
	fit)
		find_python numpy,pandas,scipy
		tools/with-server.sh -- sh -c "psql -Xqc 'CREATE EXTENSION coachdiag' && '$python' bench/validate/fit.py ${seeds:+--centres $seeds} ${features:+--features '$features'}"
		;;
	*) echo "validate: there is no study $1" >&2 && return 1 ;;
	esac
}

export PYTHONDONTWRITEBYTECODE=1 OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
small=()
seeds=
features=
studies=(effect grid levels shapes published prior paradox coaches interventions spillover constraints idle_coaches talent likeness changing verdict held_out blind bound pools outsourcer)
while [ $# -gt 0 ]; do
	case $1 in
	--small) small=(--small) && studies=(effect grid levels shapes published coaches) && shift ;;
	--seeds) seeds=$2 && shift 2 ;;
	--features) features=$2 && shift 2 ;;
	*) break ;;
	esac
done
[ $# = 0 ] || studies=("$@")
# A study without its data ends with 3 and is named.
status=0
skipped=()
for study in "${studies[@]}"; do
	echo "== $study"
	code=0
	run "$study" || code=$?
	case $code in
	0) ;;
	3) skipped+=("$study") ;;
	*) status=1 ;;
	esac
done
[ ${#skipped[@]} = 0 ] || echo "== skipped, their data are not at hand: ${skipped[*]}"
exit $status
