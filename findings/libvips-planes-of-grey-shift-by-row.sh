#!/usr/bin/env bash
# libvips: a TIFF of two grey channels, one plane after the other, of 4 rows of 6 pixels.
#
# Guess: both channels as written, whatever the number of rows in a strip.
# What happens: only the first row of each strip is right. The rows that follow begin three pixels (half a row) on
#   instead of a row on, and so repeat what stood before; in an image of 200 rows in one strip one pixel in 200 is
#   right. With a row a strip all are right, and so are three planes that are called red, green and blue.
# Matters: stains that are stored as planes (GDAL's INTERLEAVE=BAND, tifffile's "separate") become smeared pictures
#   with the right size, type and range, and no error is raised.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    pyvips==3.2.0 pyvips-binary==8.18.7 tifffile==2026.3.3 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import pyvips
import tifffile

print(*(f"{name} {version(name)}" for name in ("pyvips", "pyvips-binary", "tifffile", "numpy")), sep=", ")
def read(planes, rows, columns, photometric, strip):
    values = np.arange(planes * rows * columns, dtype=np.uint16).reshape(planes, rows, columns)
    name = f"{planes}-{rows}-{photometric}-{strip}.tif"  # libvips remembers files by name
    tifffile.imwrite(name, values, photometric=photometric, planarconfig="separate", rowsperstrip=strip)
    image = np.moveaxis(pyvips.Image.new_from_file(name).numpy(), -1, 0)
    return image[0].tolist(), round(float((image == values).mean()), 3)


one_strip, row_a_strip = read(2, 4, 6, "minisblack", None), read(2, 4, 6, "minisblack", 1)
colours, large = read(3, 4, 6, "rgb", None), read(2, 200, 60, "minisblack", None)
print(f"guess: the first channel {row_a_strip[0]}, all pixels right")
print(f"found: {one_strip[0]}, {one_strip[1]:.0%} of pixels right")
print(f"found: a row a strip {row_a_strip[1]:.0%}, red, green and blue {colours[1]:.0%}, of 200 rows {large[1]:.1%}")
seen = (
    one_strip == ([list(range(start, start + 6)) for start in (0, 3, 6, 9)], 0.25)
    and row_a_strip[1] == colours[1] == 1
    and large[1] < 0.02
)
sys.exit(0 if seen else "the behaviour has changed")
PY
