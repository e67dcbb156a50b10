#!/usr/bin/env bash
# SimpleITK: the median of an object with the values 0, 1, ... 899, beside one pixel of 60000 in the background.
#
# Guess: 449.5, to one grey level: no other pixel has a part in it.
# What happens: LabelIntensityStatistics gives 234 and LabelStatistics (histograms on) 352; without the bright pixel 449.5
#   and 451. The median is read off a histogram of a few bins that span the values of the whole image, not the object's.
# Matters: one hot pixel or a bright neighbour anywhere moves the median of every object, and all dim objects get the same
#   one; tables of two images do not compare. Take the median of the object's own pixels.
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
labels[5:35, 5:35] = 1
values = np.zeros((40, 40), np.uint16)
values[labels == 1] = np.arange(900)


def medians(values):
    labels_image, image = sitk.GetImageFromArray(labels), sitk.GetImageFromArray(values)
    intensity = sitk.LabelIntensityStatisticsImageFilter()
    intensity.Execute(labels_image, image)
    statistics = sitk.LabelStatisticsImageFilter()
    statistics.SetUseHistograms(True)
    statistics.Execute(image, labels_image)
    return [round(by.GetMedian(1), 1) for by in (intensity, statistics)]


without = medians(values)
values[0, 0] = 60000
beside = medians(values)
print(f"guess: {np.median(values[labels == 1])} with the bright pixel as without it")
print(f"found: {without} without the bright pixel, {beside} with it")
sys.exit(0 if (without, beside) == ([449.5, 451.3], [234.4, 351.6]) else "the behaviour has changed")
PY
