#!/usr/bin/env bash
# mahotas: resize_to of a label image with order=0, to twice its size and to the size that it has.
#
# Guess: every pixel twice each way, as numpy.repeat gives it, and the same image again.
# What happens: the first row and the first column are gone, the others lie one pixel further up and to the left, and
#   the last row and column are 0. So it is with all orders (3, the default, blurs besides), with imresize, and with
#   interpolate.zoom; interpolate.shift by 0 moves the image by one pixel as well.
# Matters: labels or masks made larger this way no longer lie on their image: everything is one pixel of the small image
#   off, and objects on two of the four edges are cut.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check mahotas==1.4.19 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import mahotas as mh
import mahotas.interpolate
import mahotas.resize
import numpy as np

print(*(f"{name} {version(name)}" for name in ("mahotas", "numpy")), sep=", ")
labels = np.arange(1, 26, dtype=np.uint8).reshape(5, 5)
same = mh.resize.resize_to(labels, (5, 5), order=0)
twice = mh.resize.resize_to(labels, (10, 10), order=0)
moved = mh.interpolate.shift(labels.astype(float), (0, 0), order=1)
linear = mh.resize.resize_to(labels.astype(float), (5, 5), order=1)
print("guess, at the same size:", labels.tolist())
print("found:                  ", same.tolist())
print("guess, first row at twice the size:", np.repeat(labels[0], 2).tolist())
print("found:                             ", twice[0].tolist(), "and the last row", twice[-1].tolist())
print("interpolate.shift by (0, 0), first row:", moved[0].tolist())
lost = np.pad(labels[1:, 1:], ((0, 1), (0, 1)))
as_seen = np.array_equal(same, lost) and np.allclose(moved, lost) and np.allclose(linear, lost)
row = [7, 7, 7, 8, 8, 9, 9, 10, 10, 0]
sys.exit(0 if as_seen and twice[0].tolist() == row and not twice[-1].any() else "the behaviour has changed")
PY
