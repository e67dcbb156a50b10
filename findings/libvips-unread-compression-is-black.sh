#!/usr/bin/env bash
# libvips (pyvips-binary): TIFFs compressed with Zstandard, LERC and JPEG XL, which tifffile writes.
#
# Guess: the image, or an error for a compression that this build does not have.
# What happens: an image of the right size and type in which every pixel is 0; the missing codec is a line of the log.
#   With fail_on="error" it is an error. zlib and LZW are read.
# Matters: masks in Zstandard, which GDAL and tifffile like for label images, are read as images without objects, and
#   go into a pyramid or a training set like that.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    pyvips==3.2.0 pyvips-binary==8.18.7 tifffile==2026.3.3 numpy==2.4.6 imagecodecs==2026.3.6
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import pyvips
import tifffile

print(*(f"{name} {version(name)}" for name in ("pyvips", "pyvips-binary", "tifffile", "numpy")), sep=", ")
values = np.arange(1, 1201, dtype=np.uint16).reshape(30, 40)


def read(compression):
    name = f"{compression}.tif"  # libvips remembers files by name
    tifffile.imwrite(name, values, compression=compression)
    image = pyvips.Image.new_from_file(name).numpy()
    try:
        pyvips.Image.new_from_file(name, fail_on="error").avg()
        strict = "read"
    except pyvips.Error:
        strict = "an error"
    kind = "right" if np.array_equal(image, values) else "black" if not image.any() else "else"
    return image.shape, image.dtype.name, kind, strict


found = {compression: read(compression) for compression in ("zlib", "lzw", "zstd", "lerc", "jpegxl")}
print("guess: each right, or an error")
for compression, seen in found.items():
    print(f"found: {compression} {seen}")
right, black = ((30, 40), "uint16", "right", "read"), ((30, 40), "uint16", "black", "an error")
seen = list(found.values()) == [right, right, black, black, black]
sys.exit(0 if seen else "the behaviour has changed")
PY
