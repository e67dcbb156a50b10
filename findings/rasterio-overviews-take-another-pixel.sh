#!/usr/bin/env bash
# rasterio: reading a label image at half its size with nearest neighbours, before and after overviews were added, with
#   nearest neighbours too.
#
# Guess: the same pixels; overviews only save time.
# What happens: without overviews the lower right pixel of every 2 x 2 is taken, with them the upper left one.
#   At a quarter: the third of four, then the first.
# Matters: half-size labels of one file differ by a pixel of the original before and after a step that is said to
#   change nothing, and objects of one pixel width are there or not; both lie beside their true place.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check rasterio==1.4.4 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import rasterio
from rasterio.enums import Resampling

print(*(f"{name} {version(name)}" for name in ("rasterio", "numpy")), sep=", ")
labels = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
with rasterio.open("labels.tif", "w", driver="GTiff", height=64, width=64, count=1, dtype="uint16") as file:
    file.write(labels, 1)


def taken(factor):
    """Which pixel of each block of FACTOR x FACTOR a smaller reading has: its row and column there."""
    with rasterio.open("labels.tif") as file:
        small = file.read(1, out_shape=(64 // factor, 64 // factor), resampling=Resampling.nearest)
    row, column = divmod(int(small[0, 0]), 64)
    assert np.array_equal(small, labels[row::factor, column::factor])
    return row, column


before = [taken(2), taken(4)]
with rasterio.open("labels.tif", "r+") as file:
    file.build_overviews([2, 4], Resampling.nearest)
after = [taken(2), taken(4)]
for factor, one, other in zip((2, 4), before, after):
    print(f"row and column in each {factor} x {factor}, before and after: guess {one}, {one}; found {one}, {other}")
sys.exit(0 if (before, after) == ([(1, 1), (2, 2)], [(0, 0), (0, 0)]) else "the behaviour has changed")
PY
