#!/usr/bin/env bash
# OpenCV: cv2.ximgproc.thinning of a bar of 5 rows that runs through the image, from its left to its right edge.
#
# Guess: a line: one pixel in each of the 60 columns.
# What happens: one in each but the first and the last, which keep all five: pixels on the edge of the image are never
#   taken away, by neither of the two methods. With a border of one pixel of background, added before and cut off
#   after, no column has more than one, and the line stops two or three pixels short, as thinning does everywhere.
# Matters: fibres, vessels and roots that leave the picture, and every tile of a larger one, end in a bar across: too
#   long a skeleton, with branches and end points that are not there.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check opencv-contrib-python-headless==5.0.0.93 numpy==2.4.6 \
    scikit-image==0.26.0
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import cv2
import numpy as np
from skimage.morphology import skeletonize

print(*(f"{name} {version(name)}" for name in ("opencv-contrib-python-headless", "numpy", "scikit-image")), sep=", ")
bar = np.zeros((25, 60), np.uint8)
bar[10:15] = 255
ways = cv2.ximgproc.THINNING_ZHANGSUEN, cv2.ximgproc.THINNING_GUOHALL
found = [np.count_nonzero(cv2.ximgproc.thinning(bar, thinningType=way), axis=0).tolist() for way in ways]
framed = [cv2.ximgproc.thinning(np.pad(bar, 1), thinningType=way)[1:-1, 1:-1] for way in ways]
framed = [np.count_nonzero(thin, axis=0).tolist() for thin in framed]
other = np.count_nonzero(skeletonize(bar > 0), axis=0).tolist()
print("guess: 1 pixel in each of the 60 columns")
for name, columns in zip(("Zhang-Suen", "Guo-Hall"), found):
    print(f"found: {columns[:4]} ... {columns[-4:]} with {name}")
print(f"with a border added: at most {max(map(max, framed))}; scikit-image's skeletonize: at most {max(other)}")
as_seen = all(columns == [5, *[1] * 58, 5] for columns in found)
sys.exit(0 if as_seen and max(map(max, framed)) == 1 and max(other) == 1 else "the behaviour has changed")
PY
