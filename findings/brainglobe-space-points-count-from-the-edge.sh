#!/usr/bin/env bash
# brainglobe_space.AnatomicalSpace: a stack and the indices of its voxels, turned to another orientation.
#
# Guess: map_points_to follows map_stack_to: on an axis of n voxels that is turned round, voxel i becomes n - 1 - i.
# What happens: the stack's voxel becomes n - 1 - i, the point n - i. Points are counted from the stack's outer edge,
#   where the middle of the first voxel is .5, so indices of voxels go one voxel too far, and the first one leaves the stack.
# Matters: cells that were found as indices of voxels lie one voxel off in the atlas, on turned axes only.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check brainglobe-space==1.0.3 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from brainglobe_space import AnatomicalSpace

print(*(f"{name} {version(name)}" for name in ("brainglobe-space", "numpy")), sep=", ")
space = AnatomicalSpace("asr", shape=(4, 5, 6), resolution=(1, 1, 1))
cell = np.array([[0, 2, 3]])
stack = np.zeros((4, 5, 6))
stack[tuple(cell[0])] = 1
voxel = np.argwhere(space.map_stack_to("psr", stack))[0].tolist()
point = space.map_points_to("psr", cell)[0].tolist()
middle = space.map_points_to("psr", cell + 0.5)[0].tolist()
print("guess: the point is [3, 2, 3], as the voxel")
print(f"found: the voxel is {voxel}, the point {point} in 4 voxels; the voxel's middle {middle}")
as_seen = voxel == [3, 2, 3] and point == [4, 2, 3] and middle == [3.5, 2.5, 3.5]
sys.exit(0 if as_seen else "the behaviour has changed")
PY
