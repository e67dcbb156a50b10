#!/usr/bin/env bash
# potracer (potrace in Python): the outline of a mask, given as an array.
#
# Guess: the object (true, or not 0) is traced, as pypotrace does it, whose place it means to take: one curve around
#   the square.
# What happens: a bool mask is turned over: the curves are the image's frame and the square as a hole in it. Whole numbers
#   are compared with 127.5 and turned over as well: of a mask of 0 and 1, or of labels up to 127, only the frame of the
#   image comes back, whatever is in it; 0 and 255 give the frame with a hole.
# Matters: every label image has the same outline, a rectangle; a bool mask that touches the frame has its outline
#   joined with it. Give the inverted mask as bool.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check potracer==0.0.4 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import potrace

print(*(f"{name} {version(name)}" for name in ("potracer", "numpy")), sep=", ")
square = np.zeros((40, 40), bool)
square[10:20, 10:20] = True


def boxes(array):
    """For each curve: x from and to, y from and to."""
    found = []
    for curve in potrace.Bitmap(array).trace():
        points = [curve.start_point]
        for segment in curve.segments:
            points += [segment.c, segment.end_point] if segment.is_corner else [segment.c1, segment.c2, segment.end_point]
        x, y = [point.x for point in points], [point.y for point in points]
        found.append((min(x), max(x), min(y), max(y)))
    return found


masks = {"bool": square, "0 and 1": square.astype(np.uint8), "0 and 255": square * np.uint8(255), "inverted bool": ~square}
found = {}
for name, mask in masks.items():
    found[name] = boxes(mask)
    guess = "the frame and the square" if name == "inverted bool" else "the square [(10, 20, 10, 20)]"
    print(f"{name}: guess {guess}, found {found[name]}")
frame, inner = (0, 40, 0, 40), (10, 20, 10, 20)
seen = {"bool": [frame, inner], "0 and 1": [frame], "0 and 255": [frame, inner], "inverted bool": [inner]}
sys.exit(0 if found == seen else "the behaviour has changed")
PY
