#!/usr/bin/env bash
# SciPy: ndimage.maximum_position and extrema where the largest value of a label occurs more than once.
#
# Guess: the first place in the order of the array, however the labels are asked for, as numpy.argmax has it.
# What happens: the first, as long as one label is asked for by its number. As soon as the same label is asked for in a
#   list, any of the places, as a sort happens to leave them: one in the midst or at the end of the plateau.
# Matters: bright objects are saturated, so that their maximum is a plateau: "where is the peak" moves when a script
#   goes from one object to a list of all; seeds and spots differ between the two.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from scipy import ndimage

print(*(f"{name} {version(name)}" for name in ("scipy", "numpy")), sep=", ")


def places(side, index):
    image = np.full((side + 6, side + 6), 40, np.uint8)
    image[3:-3, 3:-3] = 255  # saturated
    labels = np.zeros(image.shape, int)
    labels[2:-2, 2:-2] = 7
    found = ndimage.maximum_position(image, labels, index), ndimage.extrema(image, labels, index)[3]
    return [tuple(int(number) for number in np.ravel(place)) for place in found]


one = {side: places(side, 7) for side in (2, 3, 6, 10)}
listed = {side: places(side, [7]) for side in one}
for side in one:
    print(f"plateau of {side} x {side}: largest by the number 7 {one[side][0]}, in the list [7] {listed[side][0]}")
print("guess: (3, 3) each time")
expected = all(found == [(3, 3)] * 2 for found in one.values())
expected = expected and any(place != (3, 3) for found in listed.values() for place in found)
sys.exit(0 if expected else "the behaviour has changed")
PY
