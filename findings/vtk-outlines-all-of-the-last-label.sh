#!/usr/bin/env bash
# VTK: vtkDiscreteFlyingEdges2D of a label image with two squares of 4 x 4 pixels, labels 1 and 2, far apart.
#
# Guess: the lines of both, and the scalars of their points say of which label each is, as those of vtkMarchingSquares do.
# What happens: the lines of both are there, and every point says 2, the last label asked for. With one label asked for at
#   a time each gets its own.
# Matters: outlines sorted by their scalar become one object of the last label, and all others are empty; ask for one
#   label at a time, or take the label from the image beside the line.
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
from vtkmodules.vtkFiltersCore import vtkMarchingSquares
from vtkmodules.vtkFiltersGeneral import vtkDiscreteFlyingEdges2D

print(*(f"{name} {version(name)}" for name in ("vtk", "numpy")), sep=", ")
labels = np.zeros((20, 20), np.int32)
labels[2:6, 2:6], labels[10:14, 10:14] = 1, 2
image = vtkImageData()
image.SetDimensions(20, 20, 1)
image.GetPointData().SetScalars(numpy_to_vtk(labels.ravel(), deep=True))


def points_in_first_square(kind, *values):
    """How many points of lines around the first square there are, by what they say."""
    lines = kind()
    lines.SetInputData(image)
    for number, value in enumerate(values):
        lines.SetValue(number, value)
    lines.Update()
    output = lines.GetOutput()
    first = vtk_to_numpy(output.GetPoints().GetData())[:, 0] < 8
    said = vtk_to_numpy(output.GetPointData().GetScalars())
    return {value: int((said[first] == value).sum()) for value in (1, 2)}


together = points_in_first_square(vtkDiscreteFlyingEdges2D, 1, 2)
alone = points_in_first_square(vtkDiscreteFlyingEdges2D, 1)
squares = points_in_first_square(vtkMarchingSquares, 1, 2)
print("guess: all 16 points around the first square say 1")
print(f"found: asked for both {together}, for the first alone {alone}; vtkMarchingSquares {squares}")
seen = together == {1: 0, 2: 16} and alone == {1: 16, 2: 0} and squares == {1: 12, 2: 0}
sys.exit(0 if seen else "the behaviour has changed")
PY
