#!/usr/bin/env bash
# nibabel: whole labels in an array of floats, saved as bytes with set_data_dtype(np.uint8).
#
# Guess: they are stored as they are: 0, 1, 2, … fit, and come back as 0.0, 1.0, 2.0, …
# What happens: the values are stretched over all 256 levels and a slope is stored; they come back beside themselves, 1
#   of two labels as 0.996. astype(int), as one makes labels of get_fdata(), moves half of the labels to the one
#   below, the first into the background. An array of uint8 is stored as it is.
# Matters: objects merge with their neighbours in number, and the first is gone, before any other program sees the
#   file; convert the array, not the header, and round what was read.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check nibabel==5.4.2 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import nibabel
import numpy as np

print(*(f"{name} {version(name)}" for name in ("nibabel", "numpy")), sep=", ")

def through(labels, name):
    image = nibabel.Nifti1Image(labels, np.eye(4))
    image.set_data_dtype(np.uint8)
    nibabel.save(image, name)
    return nibabel.load(name).get_fdata()


labels = np.repeat(np.arange(11.0), 2).reshape(1, 2, 11)  # 0 and ten objects of two pixels
read = through(labels, "floats.nii")
exact = bool((through(labels.astype(np.uint8), "bytes.nii") == labels).all())
wrong = int((read.astype(int) != labels).sum())
two = np.unique(through(np.arange(3.0).reshape(1, 1, 3), "two.nii")).round(3).tolist()
print("guess: 0 of 22 pixels are another label, two labels come back as [0, 1, 2]")
print(f"found: {wrong} of {labels.size} pixels, {two}; the same as bytes exact: {exact}")
sys.exit(0 if wrong == 10 and two == [0, 0.996, 2] and exact else "the behaviour has changed")
PY
