#!/usr/bin/env bash
# Supervisely's SDK: a mask of 10 x 10 pixels with a hole of 4 x 4 made polygons (Bitmap.to_contours) and painted again.
#
# Guess: the same 84 pixels: the hole's ring and the way polygons are painted belong together.
# What happens: 68. The hole's ring runs through the object's own pixels around the hole, and painting clears the ring
#   too, so every hole grows by a pixel all around, each time again: 84, 68, 48, 24. Of a ring one pixel wide with 36
#   pixels 4 are left. Objects without holes come back exactly.
# Matters: membranes, vessels and glands with lumens lose a layer inside each time annotations are turned from bitmaps
#   to polygons; keep bitmaps where there are holes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check supervisely==6.74.51 numpy==2.4.6 \
    opencv-python==4.14.0.94
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import supervisely

print(*(f"{name} {version(name)}" for name in ("supervisely", "numpy")), sep=", ")


def painted_again(mask):
    again = np.zeros(mask.shape, np.uint8)
    for polygon in supervisely.Bitmap(mask).to_contours():
        polygon.draw(again, 1)
    return again.astype(bool)


solid = np.zeros((40, 40), bool)
solid[10:20, 10:20] = True
holed = solid.copy()
holed[13:17, 13:17] = False
ring = solid.copy()
ring[11:19, 11:19] = False
sizes = [int(holed.sum())]
again = holed
for _ in range(3):
    again = painted_again(again)
    sizes.append(int(again.sum()))
thin = int(ring.sum()), int(painted_again(ring).sum())
print("guess: 84 pixels each time, and 36 of the thin ring")
print(f"found: {sizes} one time after another, and {thin[0]} to {thin[1]} of the thin ring")
expected = sizes == [84, 68, 48, 24] and thin == (36, 4) and np.array_equal(painted_again(solid), solid)
sys.exit(0 if expected else "the behaviour has changed")
PY
