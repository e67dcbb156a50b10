#!/usr/bin/env bash
# pybboxes: convert_bbox between COCO, YOLO and VOC of boxes that do not lie on whole pixels.
#
# Guess: fractions are kept, as all three formats hold them.
# What happens: every box becomes whole pixels first, its two corners rounded each (half to even). A COCO box of 10.9,
#   20.9 and 30.9 by 40.9 is 0.31 by 0.41 in YOLO, for 0.309 by 0.409; a square of 25 pixels in YOLO comes as 25 by
#   24; a thin box whose corners round to one pixel is an error.
# Matters: truth loses up to a pixel a side, and more each time it is converted; small objects, the ones that count in
#   pixels, change their size by a tenth, and squares stop being squares.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    pybboxes==0.2.0 2> "$place/log.txt"
cd "$place"
venv/bin/python -W ignore - 2>> log.txt <<'PY'
import sys
from importlib.metadata import version

import pybboxes

print(*(f"{name} {version(name)}" for name in ("pybboxes",)), sep=", ")
to_yolo = pybboxes.convert_bbox((10.9, 20.9, 30.9, 40.9), from_type="coco", to_type="yolo", image_size=(100, 100))
to_voc = pybboxes.convert_bbox((10.5, 20, 30.5, 40), from_type="coco", to_type="voc")
square = pybboxes.convert_bbox((0.503, 0.5, 0.25, 0.25), from_type="yolo", to_type="coco", image_size=(100, 100))
try:
    thin = pybboxes.convert_bbox((10.1, 20, 0.3, 40), from_type="coco", to_type="voc")
except ValueError:
    thin = "an error"
print("guess: (0.2635, 0.4135, 0.309, 0.409), (10.5, 20, 41, 60), (37.8, 37.5, 25, 25), (10.1, 20, 10.4, 60)")
print(f"found: {to_yolo}, {to_voc}, {square}, {thin}")
seen = (
    [round(value, 6) for value in to_yolo] == [0.265, 0.415, 0.31, 0.41]
    and to_voc == (10, 20, 40, 60)
    and square == (38, 38, 25, 24)
    and thin == "an error"
)
sys.exit(0 if seen else "the behaviour has changed")
PY
