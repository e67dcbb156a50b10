#!/usr/bin/env bash
# SimpleITK: resampling a label image onto its own grid with the interpolator for labels, sitkLabelGaussian.
#
# Guess: nothing changes: every sample lies on the centre of a pixel, and that pixel's label is the answer.
# What happens: the label with most weight around the sample wins, also there: a speck of one pixel, a line a pixel
#   wide, straight or slanted, and a hole of one pixel are gone, whatever the spacing; two pixels wide they stay.
#   sitkLabelLinear and sitkNearestNeighbor change nothing.
# Matters: a registration that finds no shift at all deletes thin objects (neurites, membranes, specks) from the labels
#   it carries along.
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
labels = np.zeros((30, 30), np.uint8)
labels[3, 3] = 1  # a speck
labels[6, 3:20] = 2  # a line
labels[np.arange(9, 20), np.arange(3, 14)] = 3  # a slanted one
labels[9:11, 18:28] = 4  # a line of two pixels
labels[15:25, 18:28] = 5
labels[20, 23] = 0  # a hole
kinds = sitk.sitkLabelGaussian, sitk.sitkLabelLinear, sitk.sitkNearestNeighbor


def itself(kind, spacing):
    image = sitk.GetImageFromArray(labels)
    image.SetSpacing([spacing, spacing])
    return sitk.GetArrayFromImage(sitk.Resample(image, image, sitk.Transform(), kind))


before = np.bincount(labels.ravel())[1:].tolist()
after = [np.bincount(itself(kind, 1.0).ravel(), minlength=6)[1:].tolist() for kind in kinds]
other = [np.bincount(itself(kinds[0], spacing).ravel(), minlength=6)[1:].tolist() for spacing in (0.1, 5.0)]
print(f"guess: {before} pixels each time")
print(f"found: Gaussian {after[0]}, at other spacings {other}, linear {after[1]}, nearest {after[2]}")
gone = [0, 0, 0, 20, 100]
expected = after == [gone, before, before] and other == [gone, gone]
sys.exit(0 if expected else "the behaviour has changed")
PY
