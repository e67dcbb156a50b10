#!/usr/bin/env bash
# ngio: get_roi of regions side by side, 3.3 micrometres wide each, in an image of 0.5 micrometres a pixel.
#
# Guess: both ends are rounded, so that a column that ends one region does not begin the next.
# What happens: every region grows to whole pixels, its start down and its end up: columns 0 to 6, 6 to 13, 13 to 19
#   and 19 to 26, seven or eight wide. Three columns are in two regions. A region of 5 micrometres is 10 pixels wide
#   where it begins on a pixel's edge, and 11 elsewhere.
# Matters: fields of view stand at places of a stage, not on pixels. Sums over fields count columns twice, results
#   that are written back by region overwrite the edge of the one before, and stacks of equal regions do not stack.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    ngio==1.1.3 numpy==2.4.6 2> "$place/log.txt"
cd "$place"
venv/bin/python -W ignore - 2>> log.txt <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from ngio import Roi, create_ome_zarr_from_array

print(*(f"{name} {version(name)}" for name in ("ngio", "numpy")), sep=", ")
columns = np.tile(np.arange(60, dtype=np.uint16), (40, 1))
image = create_ome_zarr_from_array("image.zarr", columns, pixelsize=0.5, axes_names=["y", "x"], levels=1).get_image()


def shown(start, length):
    """The first and the last column that a region has."""
    region = Roi.from_values(slices={"x": (start, length), "y": (0, 5)}, name="region")
    return tuple(np.asarray(image.get_roi(region))[0, [0, -1]].tolist())


tiles = [shown(3.3 * number, 3.3) for number in range(4)]
widths = [last - first + 1 for first, last in (shown(start, 5) for start in (0, 0.2, 0.25, 0.4, 0.5))]
print("guess: (0, 6), (7, 12), (13, 19), (20, 25), and 10 columns wherever a region of 5 begins")
print(f"found: {tiles}, and {widths} columns")
seen = tiles == [(0, 6), (6, 13), (13, 19), (19, 26)] and widths == [10, 11, 11, 11, 10]
sys.exit(0 if seen else "the behaviour has changed")
PY
