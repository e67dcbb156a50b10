#!/usr/bin/env bash
# Nyxus: Euler number and largest Feret diameter of simple objects.
#
# Guess: the Euler number is 1 of a full square and 0 of one with a hole; the largest Feret diameter of 10 x 10 pixels
#   is the diagonal, 12.7 between the pixels' centres to 14.1 between their corners.
# What happens: 0 of the square, -1 of the one with a hole, and -1 of a full disk too, so the number of holes does not
#   follow from it; two squares in one label have 0 as well. The diameter is 12, less than between the centres.
# Matters: filters for objects with holes (Euler number below 1) take all objects or the wrong ones; take the Euler
#   number of scikit-image's regionprops.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check nyxus==0.11.0 numpy==2.3.5 scikit-image==0.26.0
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from nyxus import Nyxus
from skimage.measure import euler_number

print(*(f"{name} {version(name)}" for name in ("nyxus", "numpy", "scikit-image")), sep=", ")
square = np.zeros((80, 80), np.uint32)
square[10:20, 10:20] = 1
holed = square.copy()
holed[13:17, 13:17] = 0
disk = (np.hypot(*(np.mgrid[:80, :80] - 40)) <= 20).astype(np.uint32)
two = square.copy()
two[30:40, 30:40] = 1
measure = Nyxus(["*ALL*"])
grey = np.full(square.shape, 100, np.uint32)
tables = [measure.featurize(grey, mask) for mask in (square, holed, disk, two)]
numbers = [int(table["EULER_NUMBER"].iloc[0]) for table in tables]
longest = float(tables[0]["STAT_FERET_DIAM_MAX"].iloc[0])
expected = [int(euler_number(mask, connectivity=2)) for mask in (square, holed, disk, two)]
print(f"guess: {expected}, longest 12.7 to 14.1")
print(f"found: {numbers}, longest {longest}")
as_seen = expected == [1, 0, 1, 2] and numbers == [0, -1, -1, 0] and longest == 12
sys.exit(0 if as_seen else "the behaviour has changed")
PY
