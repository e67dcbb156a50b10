#!/usr/bin/env bash
# PyVista: contour_labels of a ball of labelled voxels, and the volume within the surface.
#
# Guess: that of the voxels within 5 % for a ball of radius 6: the surface is smoothed, corners go, bulk stays.
# What happens: 80 %; of radius 3 41 %, of 10 92 %, of 15 96 %. The smoothing that is on by default pulls the whole
#   surface inwards. With smoothing=False the volume is that of the voxels, exactly.
# Matters: volumes of nuclei a few voxels across, measured on these meshes, are too small by half, and those of small
#   objects more than of large ones, so that sizes cannot even be compared; measure without smoothing.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check pyvista==0.49.1 vtk==9.7.2 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import pyvista

print(*(f"{name} {version(name)}" for name in ("pyvista", "vtk", "numpy")), sep=", ")
z, y, x = np.mgrid[:40, :40, :40] - 20


def shares(radius):
    """Volume of the surface in parts of the voxels' volume: as it comes, and without smoothing."""
    ball = (x * x + y * y + z * z <= radius * radius).astype(np.uint8)
    image = pyvista.ImageData(dimensions=ball.shape)
    image.point_data["labels"] = ball.ravel(order="F")
    surfaces = image.contour_labels().triangulate(), image.contour_labels(smoothing=False).triangulate()
    return [round(float(surface.volume / ball.sum()), 2) for surface in surfaces]


found = {radius: shares(radius) for radius in (3, 6, 10, 15)}
print("guess: .95 to 1.05 of the voxels' volume from radius 6 on")
for radius, (smoothed, plain) in found.items():
    print(f"found: {smoothed} of it at radius {radius}, {plain} without smoothing")
as_seen = {radius: pair[0] for radius, pair in found.items()} == {3: 0.41, 6: 0.8, 10: 0.92, 15: 0.96}
sys.exit(0 if as_seen and all(pair[1] == 1 for pair in found.values()) else "the behaviour has changed")
PY
