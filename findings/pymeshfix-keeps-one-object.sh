#!/usr/bin/env bash
# pymeshfix: repair of a mesh of two closed balls without any fault, with remove_smallest_components=False and True.
#
# Guess: with False both balls stay, as the option says that parts are not removed; with True the larger one.
# What happens: one ball is left with False too, repairing goes on to remove parts whatever is said, and joincomp=True
#   changes nothing. Which one goes by triangles, not by size: of a large and a small ball with as many triangles each
#   False leaves the small one, in this order, and True the large one; in the other order it is the other way round.
# Matters: a mesh of all cells of an image comes out as one cell, and an object in two parts as one part, without a
#   word: counts, volumes and surfaces are those of one, and not of the largest. Repair each part by itself.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check pymeshfix==0.18.1 scikit-image==0.26.0 numpy==2.2.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import pymeshfix
from skimage.measure import marching_cubes

print(*(f"{name} {version(name)}" for name in ("pymeshfix", "scikit-image", "numpy")), sep=", ")
grid = np.stack(np.mgrid[:24, :24, :24], axis=-1)
points, triangles, _, _ = marching_cubes(8 - np.linalg.norm(grid - 12, axis=-1), 0)
triangles = np.asarray(triangles, np.int32)


def balls(*sizes):
    parts = [(points - 12) * size + [40 * number, 0, 0] for number, size in enumerate(sizes)]
    return np.concatenate(parts), np.concatenate([triangles + len(points) * number for number in range(len(sizes))])


def volume(points, triangles):
    a, b, c = points[triangles].transpose(1, 0, 2)
    return abs(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def share_left(*sizes, **options):
    mesh = pymeshfix.MeshFix(*balls(*sizes))
    mesh.repair(**options)
    faces = np.asarray(mesh.faces).reshape(len(mesh.faces), -1)[:, -3:]
    return round(float(volume(np.asarray(mesh.points), faces) / volume(*balls(1))), 2)


found = {}
for sizes in ((1, 1), (1, 0.5), (0.5, 1)):
    kept, joined = (share_left(*sizes, remove_smallest_components=False, joincomp=join) for join in (False, True))
    found[sizes] = kept, joined, share_left(*sizes)
    print(f"balls of size {sizes}: guess {sum(size**3 for size in sizes):.2f} of the volume of one, and 1 with True")
    print(f"  found: {kept}, with joincomp {joined}, with True {found[sizes][2]}")
seen = {(1, 1): (1, 1, 1), (1, 0.5): (0.12, 0.12, 1), (0.5, 1): (1, 1, 0.12)}
sys.exit(0 if found == seen else "the behaviour has changed")
PY
