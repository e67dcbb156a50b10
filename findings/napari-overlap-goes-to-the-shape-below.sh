#!/usr/bin/env bash
# napari: Shapes.to_labels of two polygons that overlap, the second drawn after the first.
#
# Guess: the overlap is of the second, which lies on top: it is drawn over the first, and get_value finds it there.
# What happens: the overlap is of the first. move_to_front of the second raises its z_index and changes nothing in the
#   labels; the values of the labels are the places in the list plus one.
# Matters: a cell drawn over another to correct it loses its pixels to the one it corrects, so that labels differ from
#   what is on the screen; take masks of single shapes (to_masks) and paint them in order.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check napari==0.9.2 numpy==2.4.6
cd "$place"
NAPARI_CONFIG="$place/settings.yaml" NAPARI_ASYNC=0 venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from napari.layers import Shapes

print(*(f"{name} {version(name)}" for name in ("napari", "numpy")), sep=", ")


def square(low, high):
    return np.array([[low, low], [low, high], [high, high], [high, low]], float)


shapes = Shapes([square(5, 15), square(10, 25)], shape_type="polygon")


def at_overlap():
    """The number of the shape that is found there, from 1, and of the one that the labels say."""
    return int(shapes.get_value((12, 12))[0]) + 1, int(shapes.to_labels((40, 40))[12, 12])


drawn = at_overlap()
shapes.selected_data = {1}
shapes.move_to_front()
in_front = at_overlap()
print("guess: (2, 2) and (2, 2)")
print(f"found: {drawn}, and with the second moved to the front {in_front}")
sys.exit(0 if drawn == in_front == (2, 1) else "the behaviour has changed")
PY
