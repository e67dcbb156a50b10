#!/usr/bin/env bash
# zmesh: Mesher.mesh(labels, close=True), which closes meshes where objects touch the image's border.
#
# Guess: the same vertices, and faces more at the border.
# What happens: every vertex lies one voxel further along all three axes, also of objects that touch nothing: a cube over
#   voxels 10 to 19 runs from 10.5 to 20.5, and from 9.5 to 19.5 without closing.
# Matters: meshes of one image, closed for one purpose and open for another, do not lie on each other, nor do closed ones
#   on the voxels; volumes are the same, so nothing shows it. Take off one voxel (times the spacing).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check zmesh==1.15.0 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import zmesh

print(*(f"{name} {version(name)}" for name in ("zmesh", "numpy")), sep=", ")
labels = np.zeros((30, 30, 30), np.uint32)
labels[10:20, 10:20, 10:20] = 1
spacings = ((1, 1, 1), (2, 2, 2))
found = {}
for spacing in spacings:
    for close in (False, True):
        mesher = zmesh.Mesher(spacing)
        mesher.mesh(labels, close=close)
        vertices = mesher.get(1).vertices
        found[spacing[0], close] = (float(vertices.min()), float(vertices.max()))
        print(f"spacing {spacing[0]}, close={close}: guess {(9.5 * spacing[0], 19.5 * spacing[0])}, found {found[spacing[0], close]}")
seen = {(1, False): (9.5, 19.5), (1, True): (10.5, 20.5), (2, False): (19.0, 39.0), (2, True): (21.0, 41.0)}
sys.exit(0 if found == seen else "the behaviour has changed")
PY
