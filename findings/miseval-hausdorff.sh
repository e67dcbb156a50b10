#!/usr/bin/env bash
# miseval's two Hausdorff distances, HD and AHD, of two squares.
#
# Guess: HD is the largest distance between the two masks, AHD the average of the distances: a square moved by
#   eight pixels has an HD of 8, whichever way it went, and a speck far away hardly changes AHD.
# What happens: HD takes the rows of the array for points, so a square moved down has an HD of 0, and one moved
#   sideways by 8 has 2.24 (the rows are vectors of 0 and 1). AHD is the largest distance, not an average.
# Matters: HD of this package is no distance of masks, however small it looks; what others call the Hausdorff
#   distance stands in the column of the average one.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check miseval==1.3.0 scipy==1.17.1 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from miseval import evaluate

print(*(f"{name} {version(name)}" for name in ("miseval", "scipy", "numpy")), sep=", ")
truth = np.zeros((20, 20), int)
truth[5:10, 5:10] = 1
speck = truth.copy()
speck[19, 9] = 1  # ten rows below


def distance(metric, found):
    return round(float(evaluate(truth, found, metric=metric, multi_class=False)), 2)


down, sideways = np.roll(truth, 8, axis=0), np.roll(truth, 8, axis=1)
hd = distance("HD", down), distance("HD", sideways)
ahd = distance("AHD", speck)
print("guess: HD 8 and 8; AHD of the speck below 1")
print(f"found: HD {hd[0]} down and {hd[1]} sideways; AHD of the speck {ahd}")
sys.exit(0 if hd == (0, 2.24) and ahd == 10 else "the behaviour has changed")
PY
