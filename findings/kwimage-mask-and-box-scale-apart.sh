#!/usr/bin/env bash
# kwimage: enlarging an object to twice its size, once as a mask, once as its box or polygon.
#
# Guess: they stay together: the mask of rows and columns 10 to 19, whose box is 10, 10, 10, 10, becomes 20 to 39, and the
#   box 20, 20, 20, 20.
# What happens: the mask becomes 19 to 38, the box 20 to 40: Mask.scale holds the centre of the first pixel in place,
#   Boxes.scale and Polygon.scale its corner. At eight times the mask is off by more than three pixels.
#   imresize, made for images, agrees with the boxes.
# Matters: Detections.scale does both at once, so that masks and boxes of one detection part; masks carried to the full
#   size of an image lie up and left of what they outline.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check kwimage==0.12.0 torch==2.13.0 \
  opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import kwimage
import numpy as np

print(*(f"{name} {version(name)}" for name in ("kwimage", "numpy")), sep=", ")
pixels = np.zeros((40, 40), np.uint8)
pixels[10:20, 10:20] = 1
polygon = kwimage.Polygon(exterior=np.array([(10, 10), (20, 10), (20, 20), (10, 20)], float))


def span(array):
    inside = np.flatnonzero(array.any(axis=0))
    return int(inside[0]), int(inside[-1]) + 1


found = {}
for factor in (2, 8):
    mask = kwimage.Mask(pixels, "c_mask").scale(factor, output_dims=(40 * factor, 40 * factor))
    box = kwimage.Boxes([[10, 10, 10, 10]], "xywh").scale(factor).to_ltrb().data[0]
    xs = polygon.scale(factor).exterior.data[:, 0]
    image = kwimage.imresize(pixels, scale=factor, interpolation="nearest")
    found[factor] = [span(mask.to_c_mask().data), (int(box[0]), int(box[2])), (int(xs.min()), int(xs.max())), span(image)]
    print(f"times {factor}: guess {(10 * factor, 20 * factor)} for all, found mask, box, polygon, image: {found[factor]}")
expected = found == {2: [(19, 39), *[(20, 40)] * 3], 8: [(76, 156), *[(80, 160)] * 3]}
sys.exit(0 if expected else "the behaviour has changed")
PY
