#!/usr/bin/env bash
# The sign and the unit of SimpleITK's signed distance map.
#
# Guess: positive inside the object, in pixels, as a watershed wants it.
# What happens: negative inside, and squared unless squaredDistance=False is given; the border pixels of the
#   object are 0, the background beside them 1.
# Matters: seeds are minima, not maxima, and a threshold in pixels means its square.
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
square = np.zeros((20, 20), np.uint8)
square[5:15, 5:15] = 1
image = sitk.GetImageFromArray(square)
row = [int(v) for v in sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(image))[10, :11]]
print("guess: -5 outside … 1 at the border … 5 in the middle")
print(f"found: {row}")
sys.exit(0 if row == [25, 16, 9, 4, 1, 0, -1, -4, -9, -16, -16] else "the behaviour has changed")
PY
