#!/usr/bin/env bash
# pyvips: similarity (and rotate) by 90, 180 and 270 degrees of labels, with nearest neighbours.
#
# Guess: what rot gives: the same pixels, turned.
# What happens: the size is right, but the pixels lie one further right or down, the last row or column falls off the
#   picture and one of zeros stands on the other side: at 180 degrees both. Rounding takes a second one at 90 degrees:
#   a square of 10 x 10 has 90 pixels, and also after a full turn of 360. With other interpolators they lie as far off.
# Matters: outlines turned by the same angle around the picture's middle, as rot does it, lie a pixel beside the turned
#   image; objects at one edge are gone. Use rot for quarter turns.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check pyvips==3.2.0 pyvips-binary==8.18.7 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import pyvips

print(*(f"{name} {version(name)}" for name in ("pyvips", "pyvips-binary", "numpy")), sep=", ")
labels = np.zeros((40, 60), np.uint8)
labels[10:20, 30:40] = 1
full = np.ones((40, 60), np.uint8)


def box(turned):
    rows, columns = np.nonzero(turned)
    return int(rows.min()), int(columns.min()), int(rows.max()), int(columns.max()), len(rows)


def turned(pixels, angle, kind):
    image = pyvips.Image.new_from_array(pixels)
    return image.similarity(angle=angle, interpolate=pyvips.Interpolate.new(kind)).numpy()


found = []
for angle, quarters in ((90, 3), (180, 2), (270, 1), (360, 0)):
    exact = pyvips.Image.new_from_array(labels).rot(f"d{angle % 360}").numpy()
    assert np.array_equal(exact, np.rot90(labels, quarters))
    got, whole = turned(labels, angle, "nearest"), turned(full, angle, "nearest")
    found.append((*box(got), int((whole == 0).sum())))
    print(f"guess: {angle} degrees: rows and columns from and to, pixels: {box(exact)}, 0 of a full picture lost")
    bilinear = box(turned(labels * 200, angle, "bilinear") > 100)
    print(f"found: {angle} degrees: {found[-1][:5]}, {found[-1][5]} lost; bilinear {bilinear}")
seen = [(31, 21, 39, 30, 90, 81), (21, 21, 30, 30, 100, 89), (21, 10, 30, 19, 100, 40)]
sys.exit(0 if found[:3] == seen and found[3][:5] == (10, 31, 19, 39, 90) else "the behaviour has changed")
PY
