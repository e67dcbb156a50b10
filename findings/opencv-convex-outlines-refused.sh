#!/usr/bin/env bash
# OpenCV: isContourConvex of the outline that findContours gives of a square of 10 x 10 pixels.
#
# Guess: True, of all 36 points of it as of the four corners.
# What happens: False for the 36 points, True for the four: a point on a straight side, three points in a line, makes a
#   ring "not convex", here and in a triangle or a quadrilateral, of whole numbers and of floats.
# Matters: a filter that keeps convex objects keeps rectangles written with CHAIN_APPROX_SIMPLE and drops the same ones
#   with all their points, or after a point was put on a side (resampled, snapped to a neighbour); compare the area
#   with that of convexHull in its place.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import cv2
import numpy as np

print(*(f"{name} {version(name)}" for name in ("opencv-python-headless", "numpy")), sep=", ")
mask = np.zeros((40, 40), np.uint8)
mask[10:20, 10:20] = 1
dense, simple = (
    cv2.findContours(mask, cv2.RETR_EXTERNAL, way)[0][0] for way in (cv2.CHAIN_APPROX_NONE, cv2.CHAIN_APPROX_SIMPLE)
)
triangle = np.float32([[0, 0], [20, 0], [10, 20]])
with_a_point = np.insert(triangle, 1, [10, 0], axis=0)
found = [cv2.isContourConvex(ring) for ring in (dense, simple, triangle, with_a_point)]
full = cv2.contourArea(dense) == cv2.contourArea(cv2.convexHull(dense))
print("guess: True for each")
print(f"found: square of {len(dense)} points {found[0]}, of {len(simple)} {found[1]}")
print(f"found: triangle {found[2]}, with a point in the middle of a side {found[3]}")
print(f"the square has the area of its convex hull: {full}")
sys.exit(0 if full and found == [False, True, True, False] else "the behaviour has changed")
PY
