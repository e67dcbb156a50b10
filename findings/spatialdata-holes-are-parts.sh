#!/usr/bin/env bash
# SpatialData: to_polygons of a label image with a square of 10 x 10 pixels that has a hole of 4 x 4.
#
# Guess: a polygon with a hole, area 84 or, with its corners cut, about 83.5.
# What happens: a MultiPolygon of two parts, the outline and the hole itself as a part inside it. Its area is 115, it is
#   not valid, and no error comes until it is joined or cut; drawn, the hole is filled.
# Matters: areas of rings are too large by twice their holes, and points inside a hole count as of the object; even-odd
#   filling of the parts (or make_valid) gives 84 back.
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
import shapely
import spatialdata
from spatialdata.models import Labels2DModel

print(*(f"{name} {version(name)}" for name in ("spatialdata", "shapely", "scikit-image")), sep=", ")
values = np.zeros((40, 40), np.int32)
values[10:20, 10:20], values[13:17, 13:17] = 1, 0
(outline,) = spatialdata.to_polygons(Labels2DModel.parse(values, dims=("y", "x"))).geometry
parts = [(part.area, len(part.interiors)) for part in outline.geoms]
middle = outline.buffer(0).contains(shapely.Point(14.5, 14.5)), shapely.intersects_xy(outline, 14.5, 14.5)
mended = shapely.make_valid(outline).area
print("guess: one part with one hole, area 83.5 to 84, valid")
print(f"found: parts (area, holes) {parts}, area {outline.area}, valid {outline.is_valid}, mended {mended}")
print(f"the middle of the hole is in the outline: {bool(middle[1])}")
seen = sorted(parts) == [(15.5, 0), (99.5, 0)] and outline.area == 115 and not outline.is_valid and mended == 84
sys.exit(0 if seen else "the behaviour has changed")
PY
