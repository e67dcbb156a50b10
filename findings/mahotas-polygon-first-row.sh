#!/usr/bin/env bash
# mahotas.polygon.fill_polygon of the square with its corners at 2 and 6.
#
# Guess: 25 pixels, with the border, as Pillow, OpenCV and scikit-image fill it, or 16, half open on both axes.
# What happens: 20: the first row is left out, both columns and the last row are filled; a diamond loses its upper
#   tip. Turning the picture by a quarter gives other pixels.
# Matters: masks painted with it are a row short at the top and half a pixel too low.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check mahotas==1.4.19 scikit-image==0.26.0 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import mahotas
import numpy as np
from skimage.draw import polygon2mask

print(*(f"{name} {version(name)}" for name in ("mahotas", "scikit-image", "numpy")), sep=", ")
square = [(2, 2), (2, 6), (6, 6), (6, 2)]
filled = np.zeros((9, 9), bool)
mahotas.polygon.fill_polygon(square, filled)
rows, columns = (sorted({int(place) for place in axis}) for axis in np.nonzero(filled))
others = int(polygon2mask(filled.shape, square).sum())
print("guess: 25 pixels, rows and columns 2 to 6; or 16")
print(f"found: {int(filled.sum())} pixels, rows {rows}, columns {columns}; polygon2mask {others}")
expected = (rows, columns, others) == ([3, 4, 5, 6], [2, 3, 4, 5, 6], 25)
sys.exit(0 if expected else "the behaviour has changed")
PY
