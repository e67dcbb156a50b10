#!/usr/bin/env bash
# mahotas: euler, the Euler number (objects less holes), of objects that touch an edge of the image.
#
# Guess: a whole number, 1 for an object without holes, wherever it lies; the documentation says int.
# What happens: fractions: a square in the lower right corner has 0.25, as has an image that is full; one that touches
#   the lower or the right edge has 0.5, and one at the other two edges 1. Four diagonal pixels from corner to corner
#   count 3.25 with n=4. Its windows of 2 x 2 pixels begin above and left of the image but end in it, so that the last corners
#   of an object there are not seen.
# Matters: sums over an image come out wrong by where objects are cut, and what is cut to its own box, as regions mostly
#   are, always does: a solid cell has 0.25 and one with a hole -0.75. Pad by one pixel before.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check mahotas==1.4.19 numpy==2.2.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import mahotas
import numpy as np

print(*(f"{name} {version(name)}" for name in ("mahotas", "numpy")), sep=", ")
inside = np.zeros((20, 20), bool)
inside[6:12, 6:12] = True
holed = np.ones((6, 6), bool)
holed[2:4, 2:4] = False
cases = {
    "inside": inside,
    "upper left corner": np.roll(inside, (-6, -6), (0, 1)),
    "upper edge": np.roll(inside, -6, 0),
    "left edge": np.roll(inside, -6, 1),
    "lower edge": np.roll(inside, 8, 0),
    "right edge": np.roll(inside, 8, 1),
    "lower right corner": np.roll(inside, (8, 8), (0, 1)),
    "full image": np.ones((6, 6), bool),
    "holed, cut to its box": holed,
    "holed, padded": np.pad(holed, 1),
}
found = {case: float(mahotas.euler(mask)) for case, mask in cases.items()}
found["diagonal, n=4"] = float(mahotas.euler(np.eye(4, dtype=bool), n=4))
print("guess: 1 for each, 0 for the holed ones, 4 for the diagonal")
for case, number in found.items():
    print(f"found: {case}: {number}")
seen = [1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25, -0.75, 0, 3.25]
sys.exit(0 if list(found.values()) == seen else "the behaviour has changed")
PY
