#!/usr/bin/env bash
# OpenCV's faster findContoursLinkRuns of a square of 10 x 10 pixels with a hole of 4 x 4.
#
# Guess: the rings that findContours gives: the same outer one and the hole's, as its child.
# What happens: the hole is no child in the hierarchy but a further outer contour beside the first, and its ring runs
#   through other pixels, in part within the hole. Painted with drawContours the object has 92 pixels for 84, where
#   findContours gives it back exactly; a disk with a round hole gains as well.
# Matters: filled or counted by the hierarchy, holes become objects, and areas of objects with holes are too large; use
#   findContours with RETR_CCOMP where holes count.
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


def outlined(find, mask):
    rings, hierarchy = find(mask)
    painted = np.zeros_like(mask)
    cv2.drawContours(painted, rings, -1, 1, thickness=cv2.FILLED)
    parents = hierarchy.reshape(-1, 4)[:, 3].tolist()
    return parents, int(painted.sum()), [cv2.contourArea(ring) for ring in rings]


def all_rings(mask):
    return cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)


square = np.zeros((40, 40), np.uint8)
square[10:20, 10:20] = 1
square[13:17, 13:17] = 0
far = np.hypot(*(np.mgrid[:60, :60] - 30))
disk = ((far <= 20) & (far > 10)).astype(np.uint8)
changed = False
for mask, seen in ((square, ([-1, -1], 92)), (disk, ([-1, -1], 966))):
    expected, found = outlined(all_rings, mask), outlined(cv2.findContoursLinkRuns, mask)
    print(f"guess: (parents, pixels, areas) {expected} for {mask.sum()} pixels")
    print(f"found: {found}")
    changed |= found[:2] != seen or expected[:2] != ([-1, 0], mask.sum())
sys.exit("the behaviour has changed" if changed else 0)
PY
