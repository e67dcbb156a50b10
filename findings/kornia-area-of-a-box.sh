#!/usr/bin/env bash
# kornia: Boxes.compute_area of a box from (10, 10) to (20, 20).
#
# Guess: 100: the box has width and height 10 by get_boxes_shape, and to_mask paints 100 pixels.
# What happens: 81, since corners are kept as the first and last pixel, and the area is taken between their middles. A
#   box of one pixel has area 0.
# Matters: intersection over union, limits for small objects and weights by area are wrong, most for the smallest.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check torch==2.13.0 kornia==0.9.0 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import torch
from kornia.geometry.boxes import Boxes

print(*(f"{name} {version(name)}" for name in ("torch", "kornia", "numpy")), sep=", ")
found = {}
for size in (10, 2, 1):
    boxes = Boxes.from_tensor(torch.tensor([[[10.0, 10.0, 10.0 + size, 10.0 + size]]]), mode="xyxy")
    height, width = (float(side) for side in boxes.get_boxes_shape())
    found[size] = (float(boxes.to_mask(40, 40).sum()), float(boxes.compute_area()))
    print(f"{height:g} by {width:g}: {found[size][0]:g} pixels in its mask, guess area {size * size}, found {found[size][1]:g}")
seen = {10: (100.0, 81.0), 2: (4.0, 1.0), 1: (1.0, 0.0)}
sys.exit(0 if found == seen else "the behaviour has changed")
PY
