#!/usr/bin/env bash
# platipy: compute_surface_metrics of two labels: the 95th percentile, median and spread of the distance of surfaces.
#
# Guess: of a label and itself all are 0; the spread (sigma) is never above the largest distance; the 95th percentile of
#   a cube and the same cube with a thin spike is near 0, as nearly all of the surface agrees.
# What happens: the median of equal labels is .16, since it comes from a histogram's bin; sigma is not divided by the
#   number of pixels, so it grows with the size of the object (23 where no distance is above 2); the percentile is taken
#   of two numbers, the largest distance of either direction, so that it is 95 % of the largest distance or more.
# Matters: the 95th percentile is asked for just so that single pixels do not decide; here they do.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check platipy==0.7.2 SimpleITK==2.5.7 numpy==2.4.6 scipy==1.17.1
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import SimpleITK as sitk
from platipy.imaging.label import comparison
from scipy import ndimage

print(*(f"{name} {version(name)}" for name in ("platipy", "SimpleITK", "scipy")), sep=", ")


def cube(moved=0, spike=0):
    array = np.zeros((40, 40, 40), np.uint8)
    array[5:15, 10:18, 10 + moved : 18 + moved] = 1
    array[10, 14, 18 : 18 + spike] = 1
    return array


def distances(first, second):
    """The distances from each surface to the other by hand, both directions in one list."""
    surfaces = [array & ~ndimage.binary_erosion(array) for array in (first.astype(bool), second.astype(bool))]
    away = [ndimage.distance_transform_edt(~surface) for surface in surfaces]
    return np.concatenate([away[1][surfaces[0]], away[0][surfaces[1]]])


found = {}
for name, other in {"equal": cube(), "moved by 2": cube(2), "with a spike of 10": cube(spike=10)}.items():
    right = distances(cube(), other)
    right = np.percentile(right, 95), np.median(right), right.std(), right.max()
    guess = [round(float(number), 2) for number in right]
    numbers = comparison.compute_surface_metrics(sitk.GetImageFromArray(cube()), sitk.GetImageFromArray(other))
    keys = "hausdorffDistance95", "medianSurfaceDistance", "sigmaSurfaceDistance", "maximumSurfaceDistance"
    found[name] = [round(float(numbers[key]), 2) for key in keys]
    print(f"{name}: percentile, median, sigma, largest by hand {guess}, found {found[name]}")
expected = found["equal"][1] > 0.05 and found["moved by 2"][2] > 20 and found["moved by 2"][3] == 2
expected = expected and found["with a spike of 10"][0] > 9 and found["with a spike of 10"][3] == 10
sys.exit(0 if expected else "the behaviour has changed")
PY
