#!/usr/bin/env bash
# concave_hull: the hull of the pixels of a U, a square of 21 x 21 pixels with a bay of 7 x 14, in its default settings.
#
# Guess: the bay stays: 288 square pixels between the centres of pixels, where the convex hull has 400.
# What happens: 400, the convex hull, for concavity 2, the default, and for 1, at any scale; at .5 it is 288. Moved by some
#   tenths of a pixel at random the same points keep all or half of the bay at 2: points in rows, as pixels are, stop it.
# Matters: pixels of a mask are what such hulls are drawn around; bays of cells and leaves are filled and area, solidity
#   and outline are those of the convex hull, while points of another kind give the right ones. shapely has 289.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check concave-hull==0.1.3 shapely==2.2.0 numpy==2.2.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import shapely
from concave_hull import concave_hull

print(*(f"{name} {version(name)}" for name in ("concave-hull", "shapely", "numpy")), sep=", ")
mask = np.ones((21, 21), bool)
mask[7:, 7:14] = False
pixels = np.argwhere(mask)[:, ::-1].astype(float)
moved = pixels + np.random.default_rng(0).uniform(-0.2, 0.2, pixels.shape)
by_shapely = shapely.concave_hull(shapely.MultiPoint(pixels), ratio=0.1).area


def area(points, **options):
    return float(shapely.Polygon(concave_hull(points, **options)).area)


found = area(pixels), area(pixels, concavity=1.0), area(10 * pixels) / 100, area(pixels, concavity=0.5)
beside = area(moved)
print(f"guess: 288, the convex hull has {shapely.MultiPoint(pixels).convex_hull.area:g}")
print(f"found: {found[0]:g}, with concavity 1 {found[1]:g}, ten times as large {found[2]:g}, with concavity .5 {found[3]:g}")
print(f"       of points beside the pixels {beside:.0f}; by shapely {by_shapely:g}")
seen = found == (400, 400, 400, 288) and by_shapely == 289 and beside < 360
sys.exit(0 if seen else "the behaviour has changed")
PY
