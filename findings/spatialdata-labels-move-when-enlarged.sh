#!/usr/bin/env bash
# SpatialData: rasterize of a label image of 40 x 60 at two and at four target pixels for each side of its own.
#
# Guess: each pixel becomes four, or sixteen, in its place.
# What happens: the sizes are right, but enlarged labels lie half an own pixel too far up and left: a square of columns 10
#   to 19 comes to 19 to 38, not 20 to 39, and to 38 to 77, not 40 to 79. At one to one nothing moves.
# Matters: labels brought to the grid of a finer image lie beside the objects in it.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    spatialdata==0.7.3 numpy==2.4.6 shapely==2.2.0 scikit-image==0.26.0
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import spatialdata
from spatialdata.models import Labels2DModel

print(*(f"{name} {version(name)}" for name in ("spatialdata", "numpy")), sep=", ")
values = np.zeros((40, 60), np.int32)
values[10:20, 10:20] = 1
labels = Labels2DModel.parse(values, dims=("y", "x"))


def columns(pixels):
    """The first and last column of the square where a unit is so many pixels."""
    again = spatialdata.rasterize(
        labels,
        ["x", "y"],
        min_coordinate=[0, 0],
        max_coordinate=[60, 40],
        target_coordinate_system="global",
        target_unit_to_pixels=pixels,
    )
    found = np.flatnonzero(np.asarray(again.data).squeeze().any(axis=0))
    return int(found[0]), int(found[-1])


found = columns(1), columns(2), columns(4)
print("guess: (10, 19), (20, 39), (40, 79)")
print(f"found: {found}")
sys.exit(0 if found == ((10, 19), (19, 38), (38, 77)) else "the behaviour has changed")
PY
