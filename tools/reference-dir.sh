#!/bin/bash
# Prints the folder with the published reference values (expected.csv and data/), or nothing when there is none:
# $COACHDIAG_REFERENCE, else a folder named reference in a neighbour of this checkout.
set -eu
cd "$(dirname "$0")/.."
for dir in ${COACHDIAG_REFERENCE:+"$COACHDIAG_REFERENCE"} ../*/reference; do
	if [ -f "$dir/expected.csv" ]; then
		(cd "$dir" && pwd)
		exit
	fi
done
