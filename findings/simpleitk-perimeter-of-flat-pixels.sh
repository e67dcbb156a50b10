#!/usr/bin/env bash
# SimpleITK: the perimeter of one rectangle, 20 x 40 in size, drawn with square pixels and with pixels of 1 x 2 and 1 x 4.
#
# Guess: the same within some per cent, since it is measured in the units of the spacing, and a roundness below 1.
# What happens: 112.7, 6 % short, with pixels of 1 x 1; 101.9 with 1 x 2 and 91.3 with 1 x 4, a quarter short. The
#   roundness is .89, .98 and 1.10: drawn with flat pixels the rectangle is rounder than a circle.
# Matters: slices through a stack have flat pixels; perimeters and roundness of the same cells seen from above and from
#   the side do not compare. Resample to square pixels before.
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


def measured(pixel_height):
    pixels = np.zeros((80, 80), np.uint8)
    pixels[10 : 10 + 40 // pixel_height, 10:30] = 1
    image = sitk.GetImageFromArray(pixels)
    image.SetSpacing((1, pixel_height))
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(image)
    return round(shape.GetPerimeter(1), 1), round(shape.GetRoundness(1), 2)


found = {height: measured(height) for height in (1, 2, 4)}
print("guess: perimeters within some per cent of 120 and of each other, roundness below 1")
print(f"found: perimeter and roundness by the height of a pixel: {found}")
seen = {1: (112.7, 0.89), 2: (101.9, 0.98), 4: (91.3, 1.1)}
sys.exit(0 if found == seen else "the behaviour has changed")
PY
