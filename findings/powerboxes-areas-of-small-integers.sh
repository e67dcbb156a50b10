#!/usr/bin/env bash
# powerboxes: iou_distance, 1 less the IoU, of boxes of bytes and of 16-bit numbers.
#
# Guess: the same numbers whatever the type of the coordinates.
# What happens: areas are multiplied in the type of the boxes and wrap: bytes from 16 x 16 pixels on, int16 from
#   182 x 182. Two boxes of IoU .6 are at distance 0 as int16, two of IoU .57 at distance .91 as bytes; a giou_distance
#   is negative, and remove_small_boxes drops the largest box.
# Matters: a distance of 0 says that two objects are one, and 16 bits are a usual type for places of pixels; nothing
#   is raised. uint16 is right to 255 x 255. Give floats.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check powerboxes==0.3.1 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import powerboxes

print(*(f"{name} {version(name)}" for name in ("powerboxes", "numpy")), sep=", ")


def distance(first, second, dtype, measure=powerboxes.iou_distance):
    return round(float(measure(np.array([first], dtype), np.array([second], dtype))[0, 0]), 3)


large = [0, 0, 200, 200], [50, 0, 250, 200]
small = [0, 0, 100, 100], [10, 20, 120, 110]
guess = distance(*large, np.float64), distance(*small, np.float64)
found = distance(*large, np.int16), distance(*small, np.uint8)
negative = distance(*large, np.int16, powerboxes.giou_distance)
kept = powerboxes.remove_small_boxes(np.array([[0, 0, 200, 200], [0, 0, 40, 40]], np.int16), 1000).tolist()
print(f"guess: {guess[0]} of the boxes of 200 x 200 as int16, {guess[1]} of the smaller ones as bytes")
print(f"found: {found[0]} and {found[1]}; giou_distance as int16: {negative}")
print(f"of boxes of 200 x 200 and 40 x 40 as int16, those larger than 1000: {kept}")
as_seen = guess == (0.4, 0.433) and found == (0.0, 0.907) and negative < 0 and kept == [[0, 0, 40, 40]]
sys.exit(0 if as_seen else "the behaviour has changed")
PY
