#!/usr/bin/env bash
# nibabel: another voxel size by image.header.set_zooms, on an image with the affine of 1 mm, saved.
#
# Guess: the file has the new size: 2 in the header and in the affine.
# What happens: pixdim says 2 and the affine is stored beside it as it was, with 1; nothing warns. nibabel's affine (and
#   all that is built on it) goes on with 1, SimpleITK reads 2 and only warns of "unexpected scales".
# Matters: one file has two voxel sizes, and areas differ by 4, volumes by 8, by the program that reads it; give a new
#   affine to the image, and after loading compare voxel_sizes(image.affine) with header.get_zooms().
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check nibabel==5.4.2 SimpleITK==2.5.7 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import nibabel
import numpy as np
import SimpleITK as sitk
from nibabel.affines import voxel_sizes

print(*(f"{name} {version(name)}" for name in ("nibabel", "SimpleITK", "numpy")), sep=", ")
sitk.ProcessObject.SetGlobalWarningDisplay(False)


def sizes(name):
    image = nibabel.load(name)
    of_header = [float(side) for side in image.header.get_zooms()]
    return of_header, voxel_sizes(image.affine).tolist(), list(sitk.ReadImage(name).GetSpacing())


image = nibabel.Nifti1Image(np.zeros((4, 5, 6), np.uint8), np.eye(4))
image.header.set_zooms((2, 2, 2))
nibabel.save(image, "zooms.nii")
nibabel.save(nibabel.Nifti1Image(np.zeros((4, 5, 6), np.uint8), np.diag([2, 2, 2, 1])), "affine.nii")
header, affine, other = sizes("zooms.nii")
print("guess: 2 mm in the header, in the affine and in SimpleITK")
print(f"found: header {header}, affine {affine}, SimpleITK {other}; by the affine {sizes('affine.nii')}")
two, one = [2.0] * 3, [1.0] * 3
as_seen = (header, affine, other) == (two, one, two) and sizes("affine.nii") == (two, two, two)
sys.exit(0 if as_seen else "the behaviour has changed")
PY
