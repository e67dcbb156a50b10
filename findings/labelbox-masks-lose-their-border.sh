#!/usr/bin/env bash
# labelbox: the outline of a mask, by Mask.shapely.
#
# Guess: a square of 10 by 10 pixels has an area of 100; a hole of 25 is taken away from 196.
# What happens: the outline goes through the middles of the outer pixels: 81; around a hole it takes those of the object: 135 in place of
#   171. An object of one pixel is empty.
# Matters: overlap and areas of small cells: a disc of ten pixels across loses a fifth.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check "labelbox[data]==7.17.0" numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from labelbox.data.annotation_types import Mask, MaskData

print(*(f"{name} {version(name)}" for name in ("labelbox", "shapely", "numpy")), sep=", ")


def area(*boxes):
    mask = np.zeros((20, 20), np.uint8)
    for value, low, high in boxes:
        mask[low:high, low:high] = value
    return int(mask.sum()), Mask(mask=MaskData.from_2D_arr(mask), color=(1, 1, 1)).shapely.area


found = [area((1, 5, 15)), area((1, 3, 17), (0, 7, 12)), area((1, 4, 5))]
print("guess: areas of 100, 171, 1")
print("found (pixels, area):", *found)
sys.exit(0 if found == [(100, 81.0), (171, 135.0), (1, 0.0)] else "the behaviour has changed")
PY
