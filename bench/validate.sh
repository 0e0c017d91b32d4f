#!/bin/bash
# Validity of the effect of coaching against worlds of known truth; needs python3 with numpy.
# Usage: bench/validate.sh [--small] [--seed N]
set -euo pipefail
cd "$(dirname "$0")/.."

for python in ${PYTHON:-python3 /usr/bin/python3}; do
	if "$python" -c 'import numpy' 2>/dev/null; then
		PYTHONDONTWRITEBYTECODE=1 OPENBLAS_NUM_THREADS=1 exec "$python" bench/validate/study.py "$@"
	fi
done
echo "validate: no python3 with numpy found (Debian: python3-numpy)" >&2
exit 1
