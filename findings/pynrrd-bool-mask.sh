#!/usr/bin/env bash
# pynrrd writing a mask of booleans.
#
# Guess: it is stored as bytes of 0 and 1, as image writers do.
# What happens: a KeyError with the dtype's code, b1, and nothing about what to do; astype(uint8) works.
# Matters: a mask of NumPy has to be converted before it is given to pynrrd.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check pynrrd==1.1.3 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import nrrd
import numpy as np

print(*(f"{name} {version(name)}" for name in ("pynrrd", "numpy")), sep=", ")
mask = np.eye(3, dtype=bool)
try:
    nrrd.write("mask.nrrd", mask)
    found = "written"
except KeyError as error:
    found = f"KeyError {error}"
nrrd.write("bytes.nrrd", mask.astype(np.uint8))
whole = bool((nrrd.read("bytes.nrrd")[0] == mask).all())
print("guess: written")
print(f"found: {found}; as bytes it comes back {whole}")
sys.exit(0 if found == "KeyError 'b1'" and whole else "the behaviour has changed")
PY
