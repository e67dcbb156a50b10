#!/usr/bin/env bash
# VTK: vtkImageConnectivityFilter of three objects in an image of bytes, of 16-bit and of floating numbers.
#
# Guess: objects numbered 1 to 3 and background 0, whatever the type: the filter counts what lies above .5 if it is told
#   nothing else.
# What happens: right for floats. Of whole numbers every pixel is 1, objects and background alike: the bound of .5
#   becomes 0 in the type of the image, and 0 is then inside the range. SetScalarRange(1, 255) helps.
# Matters: masks are whole numbers; one region as large as the image, without a word, is what a default gives, and a
#   filter after it that keeps the largest region keeps everything.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check vtk==9.7.2 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkImagingMorphological import vtkImageConnectivityFilter

print(*(f"{name} {version(name)}" for name in ("vtk", "numpy")), sep=", ")
objects = np.zeros((40, 40))
objects[2:5, 2:5] = objects[20:30, 20:30] = objects[35, 5] = 100


def regions(dtype, bounds=None):
    image = vtkImageData()
    image.SetDimensions(40, 40, 1)
    image.GetPointData().SetScalars(numpy_to_vtk(objects.astype(dtype).ravel(), deep=True))
    connect = vtkImageConnectivityFilter()
    connect.SetInputData(image)
    connect.SetExtractionModeToAllRegions()
    if bounds is not None:
        connect.SetScalarRange(*bounds)
    connect.Update()
    numbers, pixels = np.unique(vtk_to_numpy(connect.GetOutput().GetPointData().GetScalars()), return_counts=True)
    return dict(zip(numbers.tolist(), pixels.tolist()))


right = {0: 1490, 1: 9, 2: 100, 3: 1}
found = {dtype.__name__: regions(dtype) for dtype in (np.uint8, np.int16, np.int32, np.float32)}
ranged = regions(np.uint8, (1, 255))
print(f"guess: {right} (pixels of each number) for every type")
print(f"the range that counts by default: {vtkImageConnectivityFilter().GetScalarRange()}")
print(f"found: {found}")
print(f"bytes with SetScalarRange(1, 255): {ranged}")
whole = all(found[name] == {1: 1600} for name in ("uint8", "int16", "int32"))
sys.exit(0 if whole and found["float32"] == right == ranged else "the behaviour has changed")
PY
