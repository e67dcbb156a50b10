#!/usr/bin/env bash
# platipy: compute_metric_masd (mean distance of surfaces) and compute_metric_specificity with auto_crop, their default.
#
# Guess: auto_crop only saves time: the numbers are those of auto_crop=False.
# What happens: both labels are cut to the box around them without a margin. The surface is then sought inside that box,
#   where a label that touches the box has no surface on that side, and hardly any pixel is outside both: two cubes one,
#   two and three pixels apart get 6, 5 and 4 in place of .36, .75 and 1.18, and specificity 0 in place of .99.
# Matters: the closer two outlines agree, the more of their surface lies on the box, so that the best segmentations get
#   the worst distance, and the order of segmentations by distance is turned around.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check platipy==0.7.2 SimpleITK==2.5.7 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import SimpleITK as sitk
from platipy.imaging.label import comparison

print(*(f"{name} {version(name)}" for name in ("platipy", "SimpleITK")), sep=", ")


def cube(moved):
    array = np.zeros((30, 30, 30), np.uint8)
    array[5:15, 10:18, 10 + moved : 18 + moved] = 1
    return sitk.GetImageFromArray(array)


found = {}
for moved in (1, 2, 3):
    pair = cube(0), cube(moved)
    distances = [comparison.compute_metric_masd(*pair, auto_crop=crop) for crop in (False, True)]
    shares = [comparison.compute_metric_specificity(*pair, auto_crop=crop) for crop in (False, True)]
    found[moved] = [round(number, 2) for number in (*distances, *shares)]
    print(f"moved by {moved}: guess distance {found[moved][0]} and specificity {found[moved][2]}", end=", ")
    print(f"found with auto_crop {found[moved][1]} and {found[moved][3]}")
expected = [numbers[1] for numbers in found.values()] == [6, 5, 4]
expected = expected and all(numbers[0] < 1.2 and numbers[2] > 0.98 and numbers[3] == 0 for numbers in found.values())
sys.exit(0 if expected else "the behaviour has changed")
PY
