#!/usr/bin/env bash
# tifffile with imagecodecs: 32-bit floats with NaN, compressed with LERC by GDAL, and by tifffile itself.
#
# Guess: NaN where NaN was; LERC without an error is lossless.
# What happens: 0 where NaN was, also where GDAL has written NaN as the value of no data. LERC keeps such pixels in a
#   mask, which GDAL reads (of tifffile's file too) and tifffile leaves out.
# Matters: "not measured" becomes a measured 0: means fall, a threshold takes them for background, and np.nanmean has
#   nothing to leave out.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    rasterio==1.4.4 tifffile==2026.3.3 numpy==2.4.6 imagecodecs==2026.3.6
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import rasterio
import tifffile

print(*(f"{name} {version(name)}" for name in ("tifffile", "imagecodecs", "rasterio", "numpy")), sep=", ")
values = np.arange(1, 1201, dtype=np.float32).reshape(30, 40)
values[10:15, 10:20] = np.nan


def by_gdal(name, **how):
    with rasterio.open(name, "w", "GTiff", 40, 30, 1, dtype="float32", compress="LERC", **how) as file:
        file.write(values, 1)


def gaps(name):
    """How many NaN GDAL and tifffile read, and what tifffile has in their place."""
    read = tifffile.imread(name)
    with rasterio.open(name) as file:
        return int(np.isnan(file.read(1)).sum()), int(np.isnan(read).sum()), np.unique(read[10:15, 10:20]).tolist()


by_gdal("gdal.tif")
by_gdal("gdal-nodata.tif", nodata=float("nan"))
tifffile.imwrite("own.tif", values, compression="lerc")
found = [gaps(name) for name in ("gdal.tif", "gdal-nodata.tif", "own.tif")]
print("guess: 50 NaN in GDAL and in tifffile")
print(f"found: (GDAL, tifffile, in their place) {found}")
sys.exit(0 if found == [(50, 0, [0])] * 3 else "the behaviour has changed")
PY
