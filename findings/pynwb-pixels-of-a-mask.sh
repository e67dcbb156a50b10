#!/usr/bin/env bash
# PyNWB: PlaneSegmentation.image_to_pixel of the mask of an object, and pixel_to_image back.
#
# Guess: the mask that was given, or at least its pixels in an image just large enough.
# What happens: an IndexError, unless the object has more pixels than its coordinates are large: the image is made as
#   many rows high as the list has pixels, and 3 wide. What is put into it is also turned over the diagonal: the first
#   number of a pixel is the row on the way there and the column on the way back.
# Matters: lists of pixels made by one function are not read by its twin, and a file written with them, whose format calls
#   the first number x, holds rows there: objects of calcium imaging lie mirrored. Write image masks.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check pynwb==4.2.0 numpy==2.3.5
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from pynwb.ophys import PlaneSegmentation

print(*(f"{name} {version(name)}" for name in ("pynwb", "numpy")), sep=", ")


def there_and_back(rows, columns):
    mask = np.zeros((30, 30))
    mask[rows, columns] = 1
    pixels = PlaneSegmentation.image_to_pixel(mask)
    try:
        again = np.asarray(PlaneSegmentation.pixel_to_image(pixels))
    except IndexError:
        return pixels[0][:2], "IndexError"
    return pixels[0][:2], again.shape, [tuple(place) for place in np.argwhere(again).tolist()]


away = there_and_back(slice(4, 6), slice(10, 13))
corner = there_and_back(slice(0, 3), slice(0, 2))
upright = there_and_back(slice(0, 2), slice(0, 3))
print("guess: the first pixel as (10, 4), and all pixels back in their places")
print(f"found: {away}\n  in the corner, 3 x 2: {corner}\n  2 x 3: {upright}")
turned = [(row, column) for row in range(2) for column in range(3)]
seen = away == ([4, 10], "IndexError") and corner == ([0, 0], (6, 3), turned)
sys.exit(0 if seen else "the behaviour has changed")
PY
