#!/usr/bin/env bash
# SimpleITK: LabelOverlapMeasures, the false positive error of a result of which half is wrong, in a small and a large image.
#
# Guess: the share of the result that lies outside the truth, as the false negative error is the share of the truth that
#   was missed: .5, whatever lies around.
# What happens: .147 in an image of 20 x 20, .014 with a margin of 20 pixels, .001 with one of 100. It is divided by all
#   the background, so the margin decides; the false negative error stays at .167.
# Matters: two errors that stand side by side in a table are of different kinds; a crop of the same image has another
#   one, and small objects in large volumes have none at all, however wrong. Take GetFalseDiscoveryRate, which is .5.
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
result, truth = np.zeros((2, 20, 20), np.uint8)
result[2:12, 2:12] = 1
truth[2:12, 2:7] = truth[15:17, 15:20] = 1
found = {}
for margin in (0, 20, 100):
    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(*(sitk.GetImageFromArray(np.pad(pixels, margin)) for pixels in (result, truth)))
    errors = overlap.GetFalsePositiveError(), overlap.GetFalseNegativeError(), overlap.GetFalseDiscoveryRate()
    found[margin] = tuple(round(error, 3) for error in errors)
    print(f"margin {margin}: guess false positive .5, false negative .167; found {found[margin]}")
seen = {0: (0.147, 0.167, 0.5), 20: (0.014, 0.167, 0.5), 100: (0.001, 0.167, 0.5)}
sys.exit(0 if found == seen else "the behaviour has changed")
PY
