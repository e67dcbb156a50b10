#!/usr/bin/env bash
# SimpleITK's median intensity of an object, when one pixel elsewhere in the image is hot.
#
# Guess: the median of the object's pixels, 105 of values from 100 to 110, whatever lies outside of the object.
# What happens: the median is read off a histogram over the range of the whole image. In an image of 16 bits with one
#   pixel of 60000 in a corner it is 334, three times the largest value of the object (LabelIntensityStatistics, 128
#   bins), or 217 (LabelStatistics); the maximum beside it is right, and an image of 8 bits has no such error.
# Matters: a hot pixel or a piece of dust moves the medians of all objects of that image, and only of that one; ask for
#   more bins than grey values (SetNumberOfBins), or take the median of the array.
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
labels = np.zeros((40, 40), np.uint8)
labels[10:30, 10:30] = 1
image = np.full(labels.shape, 100, np.uint16)
image[10:30, 10:30] += (np.arange(400) % 11).astype(np.uint16).reshape(20, 20)


def medians(corner, bins=None):
    image[0, 0] = corner
    shape = sitk.LabelIntensityStatisticsImageFilter()
    if bins:
        shape.SetNumberOfBins(bins)
    shape.Execute(sitk.GetImageFromArray(labels), sitk.GetImageFromArray(image))
    plain = sitk.LabelStatisticsImageFilter()
    plain.Execute(sitk.GetImageFromArray(image), sitk.GetImageFromArray(labels))
    return round(shape.GetMedian(1)), round(plain.GetMedian(1)), shape.GetMaximum(1)


true = float(np.median(image[labels == 1]))
even, hot, many = medians(100), medians(60000), medians(60000, 65536)[0]
print(f"guess: {true:.0f} of both, with the hot pixel and without; the largest value is 110")
print(f"found: {even[:2]} without it, {hot[:2]} with it, largest value {hot[2]:.0f}; with 65536 bins {many}")
expected = even == (105, 105, 110) and hot == (334, 217, 110) and abs(many - true) <= 1
sys.exit(0 if expected else "the behaviour has changed")
PY
