#!/usr/bin/env bash
# SimpleITK: a TIFF of two channels, pixel by pixel, and one of five.
#
# Guess: an image of two (five) components a pixel, or an error.
# What happens: a grey image of the right size, whose columns are in turns the first and the second channel: the first
#   half of each row, stretched to its whole width. Of five channels it is the first fifth.
# Matters: two stains in one file, as GDAL and libvips write them, come as a picture of the left half of the field
#   with stripes, and in a dim picture nobody sees that; areas are twice too large, and the right half is missing.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    SimpleITK==2.5.7 tifffile==2026.3.3 numpy==2.4.6 imagecodecs==2026.3.6
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import SimpleITK as sitk
import tifffile

print(*(f"{name} {version(name)}" for name in ("SimpleITK", "tifffile", "numpy")), sep=", ")
def read(channels):
    values = np.arange(4 * 6 * channels, dtype=np.uint16).reshape(4, 6, channels)
    tifffile.imwrite("values.tif", values, photometric="minisblack", planarconfig="contig")
    image = sitk.GetArrayFromImage(sitk.ReadImage("values.tif"))
    return image.shape, image[1].tolist(), np.array_equal(image, values.reshape(4, -1)[:, :6])


two, five = read(2), read(5)
print("guess: (4, 6, 2), row 1 of the first channel [12, 14, 16, 18, 20, 22]")
print(f"found: {two[0]}, row 1 {two[1]}; of five channels {five[0]}, row 1 {five[1]}")
seen = two == ((4, 6), [12, 13, 14, 15, 16, 17], True) and five == ((4, 6), [30, 31, 32, 33, 34, 35], True)
sys.exit(0 if seen else "the behaviour has changed")
PY
