#!/usr/bin/env bash
# PlantCV: analyze.size of squares and disks.
#
# Guess: solidity, the share that an object has of its convex hull, is at most 1, and 1 for a square.
# What happens: 1.23 for a square of 10 pixels a side, 2.25 for one of 3, 1.02 for a disk of radius 20, 2.07 for a line
#   of 2 x 30, and 1.04 for the square with a hole of 4 x 4. The area counts pixels, the hull runs through their
#   centres and so is half a pixel smaller all around.
# Matters: small and thin objects look the more solid the smaller they are, so a threshold on it sorts by size as much
#   as by shape, and plants photographed at two magnifications do not compare; nothing warns of the impossible value.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check plantcv==4.11.3 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from plantcv import plantcv

print(*(f"{name} {version(name)}" for name in ("plantcv", "numpy")), sep=", ")


def measured(mask):
    plantcv.outputs.clear()
    picture = np.zeros((*mask.shape, 3), np.uint8)
    plantcv.analyze.size(img=picture, labeled_mask=mask.astype(np.uint8), n_labels=1)
    (values,) = plantcv.outputs.observations.values()
    return [round(float(values[name]["value"]), 2) for name in ("area", "convex_hull_area", "solidity")]


def box(height, width):
    mask = np.zeros((80, 80), bool)
    mask[10 : 10 + height, 10 : 10 + width] = True
    return mask


holed = box(10, 10)
holed[13:17, 13:17] = False
masks = {
    "square of 10": box(10, 10),
    "square of 3": box(3, 3),
    "line of 2 x 30": box(30, 2),
    "square with a hole": holed,
    "disk of radius 20": np.hypot(*(np.mgrid[:80, :80] - 40)) <= 20,
}
found = {name: measured(mask) for name, mask in masks.items()}
print("guess: solidity of at most 1")
for name, (area, hull, solidity) in found.items():
    print(f"found: {name}: area {area}, hull {hull}, solidity {solidity}")
seen = [1.23, 2.25, 2.07, 1.04, 1.02]
sys.exit(0 if [values[2] for values in found.values()] == seen else "the behaviour has changed")
PY
