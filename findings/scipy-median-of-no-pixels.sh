#!/usr/bin/env bash
# scipy.ndimage's statistics of a label that has no pixel, here 2 of the labels 1 to 3.
#
# Guess: NaN, as the mean gives it, from all of them.
# What happens: the mean and the standard deviation are NaN, the maximum and the minimum are 0, and the median is a
#   value of the image that lies under no such label: its smallest one.
# Matters: a table with a row for each label up to the largest (objects that were deleted, or left the frame) holds
#   medians that nobody measured, and they look like dark objects.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from scipy import ndimage

print(*(f"{name} {version(name)}" for name in ("scipy", "numpy")), sep=", ")
image = np.array([[100.0, 107.0, 112.0, 115.0, 131.0, 140.0]])
labels = np.array([[0, 1, 1, 0, 3, 3]])
statistics = ndimage.mean, ndimage.standard_deviation, ndimage.maximum, ndimage.minimum, ndimage.median
found = {measure.__name__: float(measure(image, labels, [1, 2, 3])[1]) for measure in statistics}
print("guess: NaN five times")
print(f"found: {found}")
missing = bool(np.isnan([found["mean"], found["standard_deviation"]]).all())
others = found["maximum"], found["minimum"], found["median"]
sys.exit(0 if missing and others == (0, 0, 100) else "the behaviour has changed")
PY
