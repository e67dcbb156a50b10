#!/usr/bin/env bash
# trimesh: VoxelGrid(array, transform).marching_cubes, the surface of a volume whose voxels have a size and a place.
#
# Guess: a mesh in the units of the grid, as its volume, bounds, points and as_boxes are.
# What happens: a mesh in array indices; the transform is left out. With voxels of 2 the volume is an eighth of the
#   grid's own, and the two do not lie in the same place.
# Matters: areas and volumes measured on the surface are wrong by the voxel's size, in silence, while the same grid's
#   boxes are right. Apply grid.transform to a copy of the mesh (the grid keeps the one it gave).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check trimesh==5.2.0 scikit-image==0.26.0 scipy==1.17.1 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import trimesh

print(*(f"{name} {version(name)}" for name in ("trimesh", "scikit-image", "scipy", "numpy")), sep=", ")
cube = np.zeros((30, 30, 30), bool)
cube[10:20, 10:20, 10:20] = True
transform = np.diag([2.0, 2.0, 2.0, 1.0])
transform[:3, 3] = 100
grid = trimesh.voxel.VoxelGrid(cube, transform=transform)
found, boxes = grid.marching_cubes, grid.as_boxes()
print(f"the grid: volume {grid.volume:.0f}, x from {grid.bounds[0, 0]} to {grid.bounds[1, 0]}")
print(f"its boxes: x from {boxes.bounds[0, 0]} to {boxes.bounds[1, 0]}")
print("guess: a surface of volume about 7885 (corners are cut), x from 119.0 to 139.0")
print(f"found: volume {found.volume:.0f}, x from {found.bounds[0, 0]} to {found.bounds[1, 0]}")
surface = found.copy().apply_transform(grid.transform)
print(f"after apply_transform: volume {surface.volume:.0f}, x from {surface.bounds[0, 0]} to {surface.bounds[1, 0]}")
as_seen = round(found.volume) == 986 and found.bounds[:, 0].tolist() == [9.5, 19.5] and round(surface.volume) == 7885
sys.exit(0 if as_seen and np.allclose(boxes.bounds, grid.bounds) else "the behaviour has changed")
PY
