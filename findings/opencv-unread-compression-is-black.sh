#!/usr/bin/env bash
# OpenCV: TIFFs of 8 bits compressed with JPEG 2000, JPEG XL and PNG, and one of 16 bits, read with IMREAD_UNCHANGED.
#
# Guess: None, as for every file that cannot be read.
# What happens: of 8 bits, an image of the right size and type in which all is 0. Of 16 bits, None; of Zstandard,
#   None.
# Matters: "if image is None" is what scripts check; scans in JPEG 2000 become black images, and their masks are
#   matched with nothing.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    opencv-python-headless==5.0.0.93 tifffile==2026.3.3 numpy==2.4.6 imagecodecs==2026.3.6
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import cv2
import numpy as np
import tifffile

print(*(f"{name} {version(name)}" for name in ("opencv-python-headless", "tifffile", "numpy")), sep=", ")
def read(kind, compression):
    values = np.arange(1, 1201).reshape(30, 40).astype(kind)
    tifffile.imwrite("values.tif", values, compression=compression)
    image = cv2.imread("values.tif", cv2.IMREAD_UNCHANGED)
    if image is None:
        return "None"
    return "right" if np.array_equal(image, values) else f"black {image.shape}" if not image.any() else "else"


names = ("zlib", "jpeg2000", "jpegxl", "png", "zstd")
small, large = {name: read("uint8", name) for name in names}, {name: read("uint16", name) for name in names}
print("guess: right or None")
print(f"found: 8 bits {small}")
print(f"found: 16 bits {large}")
black = "black (30, 40)"
eight, sixteen = list(small.values()), list(large.values())
seen = eight == ["right", black, black, black, "None"] and sixteen == ["right", *["None"] * 4]
sys.exit(0 if seen else "the behaviour has changed")
PY
