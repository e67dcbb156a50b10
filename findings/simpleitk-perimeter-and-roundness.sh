#!/usr/bin/env bash
# SimpleITK's perimeter and roundness of a square and of one pixel.
#
# Guess: 40 for a square of 10 x 10 pixels (its pixels' edges) or 36 (between centres), and a roundness
#   of at most 1.
# What happens: 36.81, by Crofton's counting of crossings, which cuts corners; one pixel has the perimeter 2.68
#   and a roundness of 1.32, above that of a circle.
# Matters: perimeters and roundness of other programs do not compare with ours digit by digit, small
#   objects least.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check SimpleITK==2.5.7 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import SimpleITK as sitk

print(*(f"{name} {version(name)}" for name in ("SimpleITK", "numpy")), sep=", ")
def shape(pixels):
    measure = sitk.LabelShapeStatisticsImageFilter()
    measure.Execute(sitk.GetImageFromArray(pixels))
    return round(measure.GetPerimeter(1), 2), round(measure.GetRoundness(1), 2)


square = np.zeros((20, 20), np.uint8)
square[5:15, 5:15] = 1
pixel = np.zeros((9, 9), np.uint8)
pixel[4, 4] = 1
found = shape(square), shape(pixel)
print("guess: (40, 0.89), (4, 0.89)")
print(f"found: {found}")
sys.exit(0 if found == ((36.81, 0.96), (2.68, 1.32)) else "the behaviour has changed")
PY
