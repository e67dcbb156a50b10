#!/usr/bin/env bash
# fastremap.renumber of a label image.
#
# Guess: labels keep their order: the smallest becomes 1, as in skimage's relabel_sequential.
# What happens: they are numbered as they are met, row by row, and the array comes back in the smallest dtype
#   that fits.
# Matters: rows of a table that was sorted by the old labels no longer follow the new ones.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check fastremap==1.21.0 scikit-image==0.26.0 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import fastremap
import numpy as np
from skimage.segmentation import relabel_sequential

print(*(f"{name} {version(name)}" for name in ("fastremap", "scikit-image", "numpy")), sep=", ")
labels = np.array([[9, 5, 0, 5]], np.uint16)
renumbered = fastremap.renumber(labels)[0]
sequential = relabel_sequential(labels)[0]
print("guess: 5 becomes 1 and 9 becomes 2")
print(f"found: {renumbered.tolist()} of {renumbered.dtype}, relabel_sequential {sequential.tolist()}")
sys.exit(0 if renumbered.tolist() == [[1, 2, 0, 2]] and sequential.tolist() == [[2, 1, 0, 1]] else "the behaviour has changed")
PY
