#!/usr/bin/env bash
# pyclesperanto-prototype: draw_box of a width and height of 10, at (5, 5).
#
# Guess: 10 x 10 pixels, rows and columns 5 to 14.
# What happens: 11 x 11, rows and columns 5 to 15; a size of 0 paints one pixel. A second box that begins where the first
#   one ends takes its last column.
# Matters: truth and masks painted from boxes (x, y, width, height) are larger than the boxes, small ones by much, and
#   boxes side by side overlap.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    pyclesperanto-prototype==0.24.6 pyopencl==2026.1.4 pocl-binary-distribution==3.0 numpy==1.26.4
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import pyclesperanto_prototype as cle

print(*(f"{name} {version(name)}" for name in ("pyclesperanto_prototype", "pyopencl", "numpy")), sep=", ")

canvas = cle.create((40, 40))


def painted(*boxes):
    """Pixels of every value after boxes of (x, y, width, height) are drawn, the first with 1, the second with 2."""
    cle.set(canvas, 0)
    for value, (x, y, width, height) in enumerate(boxes, 1):
        cle.draw_box(canvas, x, y, 0, width, height, 1, value)
    pixels = np.asarray(cle.pull(canvas))
    return [int((pixels == value).sum()) for value in range(1, len(boxes) + 1)], int(np.argwhere(pixels).max())


one, none, beside = painted((5, 5, 10, 10)), painted((5, 5, 0, 0)), painted((5, 5, 10, 10), (15, 5, 10, 10))
print("guess: 100 pixels to row 14, and 100 and 100 side by side")
print(f"found: {one}, of size 0 {none}, side by side {beside}")
seen = one == ([121], 15) and none == ([1], 5) and beside == ([110, 121], 25)
sys.exit(0 if seen else "the behaviour has changed")
PY
