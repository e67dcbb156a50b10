#!/usr/bin/env bash
# The stand-in for a queue that dask-jobqueue describes.
#
# Guess: `from dask_jobqueue import LocalCluster`, as the example in the class's own documentation has it.
# What happens: the package does not export it: the import fails, and that of dask_jobqueue.local works.
# Matters: whoever tries a script for SLURM on a laptop by changing the name of the class alone gets an ImportError.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check dask-jobqueue==0.9.0 distributed==2026.8.0
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import dask_jobqueue
from dask_jobqueue.local import LocalCluster

print(*(f"{name} {version(name)}" for name in ("dask-jobqueue", "distributed")), sep=", ")
example = "from dask_jobqueue import LocalCluster"
described, exported = example in LocalCluster.__doc__, hasattr(dask_jobqueue, "LocalCluster")
print("guess: the import of the example works")
print(f"found: the example is in the documentation: {described}; the name is exported: {exported}")
sys.exit(0 if described and not exported else "the behaviour has changed")
PY
