#!/usr/bin/env bash
# PoreSpy's surface area and sphericity of a region in a volume.
#
# Guess: about 600 for a cube of 10 voxels a side, a little less as the mesh is smoothed, and a sphericity of .81,
#   at most 1 for any body.
# What happens: 6.93 for a cube, of 4 voxels a side as of 10, so its sphericity is 70; a ball of radius 3 has twice
#   the surface of a ball and a sphericity of .52. Nothing warns, and the volumes beside them are right.
# Matters: whoever sorts out objects by sphericity in such a table keeps the boxes and drops the balls.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check porespy==3.2.0 scikit-image==0.26.0 scipy==1.17.1 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from porespy.metrics import regionprops_3D

print(*(f"{name} {version(name)}" for name in ("porespy", "scikit-image", "scipy", "numpy")), sep=", ")

def shape(voxels):
    region = regionprops_3D(voxels.astype(int))[0]
    return int(region.volume), round(float(region.surface_area), 2), round(float(region.sphericity), 2)


def cube(side):
    return np.pad(np.ones((side, side, side)), 2)


z, y, x = np.mgrid[-8:9, -8:9, -8:9]
small, large, ball = shape(cube(4)), shape(cube(10)), shape(x**2 + y**2 + z**2 <= 9)
print("guess (volume, surface, sphericity): (64, 96, 0.81), (1000, 600, 0.81), (123, 113, 1)")
print(f"found: {small}, {large}, {ball}")
expected = ((64, 6.93, 11.17), (1000, 6.93, 69.8), (123, 229.95, 0.52))
sys.exit(0 if (small, large, ball) == expected else "the behaviour has changed")
PY
