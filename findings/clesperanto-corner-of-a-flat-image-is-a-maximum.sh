#!/usr/bin/env bash
# pyclesperanto-prototype: detect_maxima_box of an image of one value, and of two bright pixels on black.
#
# Guess: no maximum in the flat image, two in the other, where the bright pixels are, with any radius.
# What happens: the first pixel of a flat image is a maximum (and a minimum), so black with two bright pixels has three.
#   A radius of 1 or 2 finds the pixels one or two rows and columns too early: the image is averaged over the box first,
#   and of the plateau that comes out the first pixel counts.
# Matters: a count of spots is too high by one wherever the background is exactly flat, as it is after a threshold or a
#   background taken off, and fewer than none is never found; places of sharp spots move with the radius.
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


def maxima(image, radius=0):
    found = cle.pull(cle.detect_maxima_box(image, radius_x=radius, radius_y=radius))
    return [tuple(place) for place in np.argwhere(np.asarray(found)).tolist()]


flat = np.full((20, 30), 7, np.float32)
spots = np.zeros((30, 30), np.float32)
spots[10, 10] = spots[20, 20] = 5
of_flat, of_spots = maxima(flat), {radius: maxima(spots, radius) for radius in (0, 1, 2)}
print("guess: none, and (10, 10) and (20, 20) with every radius")
print(f"found: {of_flat}, and by radius {of_spots}")
seen = of_flat == [(0, 0)] and of_spots == {
    radius: [(0, 0), (10 - radius, 10 - radius), (20 - radius, 20 - radius)] for radius in (0, 1, 2)
}
sys.exit(0 if seen else "the behaviour has changed")
PY
