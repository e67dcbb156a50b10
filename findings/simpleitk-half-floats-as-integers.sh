#!/usr/bin/env bash
# SimpleITK: a TIFF of 16-bit floats, as tifffile writes an array of float16.
#
# Guess: the numbers as 32-bit floats, or an error.
# What happens: unsigned 16-bit integers, the bits of the floats: 0.5 is 14336, 1 is 15360, -1 is 48128. No error
#   comes, with no compression and with zlib.
# Matters: probabilities that were saved at half precision to save space look like an image, for they keep their order
#   as long as none is negative; thresholds, means and sums are of other numbers.
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
values = np.array([[0, 0.25, 0.5], [1, 2, -1]], np.float16)


def read(**how):
    tifffile.imwrite("values.tif", values, **how)
    image = sitk.GetArrayFromImage(sitk.ReadImage("values.tif"))
    return image.dtype.name, image.tolist()


plain, packed = read(), read(compression="zlib")
print(f"guess: {values.tolist()}")
print(f"found: {plain}")
seen = plain == packed == ("uint16", values.view(np.uint16).tolist()) and plain[1][0][2] == 14336
sys.exit(0 if seen else "the behaviour has changed")
PY
