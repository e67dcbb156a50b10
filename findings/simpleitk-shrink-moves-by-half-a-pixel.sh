#!/usr/bin/env bash
# SimpleITK: Shrink, which keeps every second (third, ...) pixel of an image, here of a ramp where a pixel's value is its x.
#
# Guess: whichever pixels are kept, the origin and the spacing of the result say where they lay: value equals place.
# What happens: so it is for 3. For 2 and 4 the pixel after the middle is kept and the place of the middle is written:
#   the values 1, 3, 5 ... are said to lie at .5, 2.5, 4.5 ... BinShrink, which averages, is right for every number.
# Matters: a label image halved this way lies half a pixel up and to the left of its own image in millimetres, and of what
#   BinShrink makes of that image; outlines taken from the two do not meet.
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
ramp = sitk.GetImageFromArray(np.tile(np.arange(24, dtype=np.float32), (24, 1)))


def off(shrink, factor):
    """How far the places that are written lie from those of the values."""
    small = shrink(ramp, (factor, factor))
    places = [small.TransformIndexToPhysicalPoint((x, 0))[0] for x in range(small.GetWidth())]
    return set((np.array(places) - sitk.GetArrayFromImage(small)[0]).tolist())


found = {factor: (off(sitk.Shrink, factor), off(sitk.BinShrink, factor)) for factor in (2, 3, 4)}
for factor, (kept, averaged) in found.items():
    print(f"by {factor}: guess off by 0, found {kept} with Shrink and {averaged} with BinShrink")
seen = {2: ({-0.5}, {0.0}), 3: ({0.0}, {0.0}), 4: ({-0.5}, {0.0})}
sys.exit(0 if found == seen else "the behaviour has changed")
PY
