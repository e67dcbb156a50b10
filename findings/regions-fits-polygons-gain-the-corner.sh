#!/usr/bin/env bash
# regions (Astropy): polygons of 3, 4 and 5 points written to one FITS file with Regions.write and read again.
#
# Guess: as many points as before; a table of fixed width marks what a shorter polygon lacks, and reading leaves it out.
# What happens: every polygon has as many points as the longest; those that it lacks are at (0, 0) of the image and are
#   points of the outline when read. A square of 100 square pixels has one more corner and an area of 200. The longest
#   polygon comes back as it was, and each one does in a file of its own; DS9 files keep these.
# Matters: outlines of cells and nuclei hardly ever have one number of points: all but one of a file get a spike to the
#   image's corner, over their neighbours, and areas, boxes, centres and masks change without a word.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check regions==0.12 astropy==8.0.2 shapely==2.0.6 numpy==2.2.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from regions import PixCoord, PolygonPixelRegion, Regions
from shapely import Polygon

print(*(f"{name} {version(name)}" for name in ("regions", "astropy", "shapely", "numpy")), sep=", ")
outlines = [
    [(1, 1), (10, 1), (10, 10)],
    [(20, 5), (30, 5), (30, 15), (20, 15)],
    [(20, 20), (30, 18), (35, 25), (30, 33), (20, 30)],
]


def read_again(some, name):
    polygons = [PolygonPixelRegion(PixCoord(*np.array(outline, float).T)) for outline in some]
    Regions(polygons).write(name, overwrite=True)
    return [np.stack([region.vertices.x, region.vertices.y], 1) for region in Regions.read(name)]


fits = read_again(outlines, "together.fits")
alone = [read_again([outline], "alone.fits")[0] for outline in outlines]
ds9 = read_again(outlines, "together.reg")
found = [(len(points), Polygon(points).area) for points in fits]
print("guess: 3, 4 and 5 points; areas 40.5, 100 and 162.5")
print(f"found: points and areas {found}; the last points of the triangle {fits[0][3:].tolist()}")
zeros = not fits[0][3:].any() and not fits[1][4:].any()
kept = all(np.array_equal(points, outline) for points, outline in zip(alone + ds9, outlines * 2, strict=True))
sys.exit(0 if found == [(5, 40.5), (5, 200), (5, 162.5)] and zeros and kept else "the behaviour has changed")
PY
