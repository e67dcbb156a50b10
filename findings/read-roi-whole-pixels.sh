#!/usr/bin/env bash
# read-roi on an ImageJ outline with parts of pixels.
#
# Guess: the coordinates of the sub-pixel block, as ImageJ shows them.
# What happens: whole pixels, each rounded on its own; the block of floats is there, as roifile shows, and is
#   not used for polygons.
# Matters: outlines pass through read-roi with up to half a pixel of error; compare with roifile.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check read-roi==1.6.0 roifile==2026.2.10 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from read_roi import read_roi_file
from roifile import ROI_TYPE, ImagejRoi, roiread

print(*(f"{name} {version(name)}" for name in ("read-roi", "roifile", "numpy")), sep=", ")
points = np.array([[1.5, 2.5], [5.25, 2.5], [5.25, 7.75]])
outline = ImagejRoi.frompoints(points)
outline.roitype = ROI_TYPE.POLYGON
outline.tofile("a.roi")
found = read_roi_file("a.roi")["a"]
stored = roiread("a.roi").coordinates().tolist()
xs, ys = found["x"], found["y"]
print("guess: x 1.5, 5.25, 5.25 and y 2.5, 2.5, 7.75")
print(f"found: x {xs}, y {ys}; stored {stored}")
sys.exit(0 if xs == [2, 5, 5] and ys == [2, 2, 8] and stored == points.tolist() else "the behaviour has changed")
PY
