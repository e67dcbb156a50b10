#!/usr/bin/env bash
# SimpleITK: ErodeObjectMorphology of a square of 14 x 14 pixels with radius 1, 2 and 3, beside BinaryErode.
#
# Guess: the same pixels, since DilateObjectMorphology and BinaryDilate agree: 12, 10 and 8 pixels a side.
# What happens: one pixel more on every side, 10, 8 and 6. The kernel is laid on the object's own outermost pixels and
#   clears what it covers, so it reaches its radius further in from there. In three dimensions too, with any kernel.
# Matters: an opening made of the pair that bears this name shrinks every object by a pixel all around, and objects of
#   three and four pixels, which a radius of 1 should leave, are gone. Use BinaryErode.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check SimpleITK==2.5.7 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import SimpleITK as sitk

print(*(f"{name} {version(name)}" for name in ("SimpleITK", "numpy")), sep=", ")
pixels = np.zeros((40, 40), np.uint8)
pixels[10:24, 10:24] = 1
square = sitk.GetImageFromArray(pixels)


def side(of, radius):
    eroded_or_dilated = of(square, (radius, radius), sitk.sitkBox)
    return int(sitk.GetArrayFromImage(eroded_or_dilated).sum()) ** 0.5


changed = False
for radius in (1, 2, 3):
    guess, found = side(sitk.BinaryErode, radius), side(sitk.ErodeObjectMorphology, radius)
    dilated = side(sitk.BinaryDilate, radius), side(sitk.DilateObjectMorphology, radius)
    print(f"radius {radius}: guess {guess:g}, found {found:g}; dilated {dilated[0]:g} and {dilated[1]:g}")
    changed |= (guess, found, *dilated) != (14 - 2 * radius, 12 - 2 * radius, 14 + 2 * radius, 14 + 2 * radius)
sys.exit("the behaviour has changed" if changed else 0)
PY
