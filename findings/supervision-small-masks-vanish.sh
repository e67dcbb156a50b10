#!/usr/bin/env bash
# supervision's polygons of objects of one and two pixels.
#
# Guess: a polygon with few points, or an error.
# What happens: an empty list: contours of fewer than three points are left out in silence, so the number of
#   polygons and of objects differ.
# Matters: a file of polygons written through it has fewer objects than the masks.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check supervision==0.31.2 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import supervision as sv

print(*(f"{name} {version(name)}" for name in ("supervision", "numpy")), sep=", ")
def polygons(columns):
    mask = np.zeros((10, 10), bool)
    mask[2, 2 : 2 + columns] = True
    return len(sv.mask_to_polygons(mask))


square = np.zeros((10, 10), bool)
square[2:4, 2:4] = True
found = polygons(1), polygons(2), polygons(5), len(sv.mask_to_polygons(square))
print("guess: (1, 1, 1, 1) for one pixel, two and five in a row, and a square")
print(f"found: {found}")
sys.exit(0 if found == (0, 0, 0, 1) else "the behaviour has changed")
PY
