#!/usr/bin/env bash
# SimpleITK's average Hausdorff distance of a square and the same square two pixels further.
#
# Guess: the mean distance between the two borders, as surface distances are averaged, so hardly less for a large
#   square than for a small one.
# What happens: the mean over all pixels of the object, of which those that both share count 0: .75 for a square of
#   4 pixels, .15 for one of 20; its outline alone, a pixel wide, gives 1.00.
# Matters: the larger the object the better the number for the same error of the border; it does not compare with the
#   average surface distance of other programs.
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

def distances(pixels):
    measure = sitk.HausdorffDistanceImageFilter()
    images = [sitk.GetImageFromArray(mask) for mask in (pixels, np.roll(pixels, 2, axis=1))]
    measure.Execute(*images)
    return round(measure.GetAverageHausdorffDistance(), 2), measure.GetHausdorffDistance()


def square(side):
    pixels = np.zeros((40, 40), np.uint8)
    pixels[5 : 5 + side, 5 : 5 + side] = 1
    return pixels


outline = square(20)
outline[6:24, 6:24] = 0
found = distances(square(4)), distances(square(20)), distances(outline)
print("guess (average, largest): about (1, 2) each time")
print(f"found: {found}")
sys.exit(0 if found == ((0.75, 2), (0.15, 2), (1, 2)) else "the behaviour has changed")
PY
