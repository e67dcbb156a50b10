#!/usr/bin/env bash
# antspyx: morphology with shape="ball", "box" or "cross".
#
# Guess: a square of 10 x 10, dilated by 2: 14 x 14 = 196 pixels with a box, 180 with a cross (four bars of 10 x 2),
#   something between with a ball.
# What happens: 192 for all three, with radius 3 244, where a box has 256 and a cross 220; erosion, opening and closing
#   do not look at the shape either. The word is checked (another one is an error), and then a ball is used.
# Matters: an opening with a box keeps corners, one with a ball rounds them: a square of 100 pixels is 96 or 88 after an
#   "opening with a box" of 2 or 3.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check antspyx==0.6.3 numpy==2.3.5
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import ants
import numpy as np

print(*(f"{name} {version(name)}" for name in ("antspyx", "numpy")), sep=", ")
square = np.zeros((30, 30), np.float32)
square[10:20, 10:20] = 1
image = ants.from_numpy(square)


def pixels(operation, radius, shape):
    return int(ants.morphology(image, operation, radius, mtype="binary", shape=shape).numpy().sum())


def dilated(radius):
    return {"ball": "between", "box": (10 + 2 * radius) ** 2, "cross": 100 + 40 * radius}


found = {}
for operation in ("dilate", "open"):
    for radius in (2, 3):
        guess = dilated(radius) if operation == "dilate" else {"ball": "fewer", "box": 100, "cross": "fewer"}
        found[operation, radius] = {shape: pixels(operation, radius, shape) for shape in ("ball", "box", "cross")}
        print(f"{operation} by {radius}: guess {guess}, found {found[operation, radius]}")
seen = {("dilate", 2): 192, ("dilate", 3): 244, ("open", 2): 96, ("open", 3): 88}
as_seen = all(set(found[key].values()) == {value} for key, value in seen.items())
sys.exit(0 if as_seen else "the behaviour has changed")
PY
