#!/usr/bin/env bash
# rasterstats: zonal_stats of an array and a box, y running down with the rows (the identity as its transform) and up.
#
# Guess: the sum of the pixels in the box, both times: the transform says where pixels lie, and rasterio takes both.
# What happens: downwards a ValueError, "negative dimensions are not allowed", of NumPy, for any box, with no word about
#   rows; upwards, with the box mirrored, the right sum.
# Matters: outlines in pixels of an image have y running down; measuring intensities by them this way ends with an error
#   that points nowhere. Mirror the array's rows and the outlines, and give a transform with a negative height.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    rasterstats==0.21.0 rasterio==1.4.4 shapely==2.2.0 numpy==2.3.5
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import rasterio.features
from rasterio.transform import Affine
from rasterstats import zonal_stats
from shapely.geometry import box

print(*(f"{name} {version(name)}" for name in ("rasterstats", "rasterio", "numpy")), sep=", ")
values = np.arange(100.0).reshape(10, 10)
zone = box(2, 2, 6, 5)
inside = rasterio.features.rasterize([zone], (10, 10)) == 1
guess = float(values[inside].sum())
try:
    down = zonal_stats([zone], values, affine=Affine.identity(), nodata=-1, stats="sum")
except ValueError as error:
    down = str(error)
up = zonal_stats([box(2, 5, 6, 8)], values, affine=Affine(1, 0, 0, 0, -1, 10), nodata=-1, stats="sum")
print(f"guess: {guess} both ways\nfound: down {down}, up {up}")
as_seen = down == "negative dimensions are not allowed" and up == [{"sum": guess}]
sys.exit(0 if as_seen else "the behaviour has changed")
PY
