#!/usr/bin/env bash
# kornia: contrib.distance_transform, documented as an approximation of the Euclidean distance to the nearest seed.
#
# Guess: within five per cent of the Euclidean distance.
# What happens: along rows and columns it is right to a fifth of a pixel, along diagonals short by almost 30 %: the lines
#   of equal distance are squares, with a larger kernel as well.
# Matters: as a distance map for training or as a measure of thickness it depends on direction: an object turned by 45
#   degrees is almost a third thinner.
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
from kornia.contrib import distance_transform

print(*(f"{name} {version(name)}" for name in ("torch", "kornia", "numpy")), sep=", ")
seed = torch.zeros(1, 1, 81, 81)
seed[0, 0, 40, 40] = 1
found = {}
for size in (3, 7):
    distance = distance_transform(seed, kernel_size=size)[0, 0]
    found[size] = (float(distance[40, 80]), float(distance[80, 80]))
    print(f"kernel {size}: 40 along the row: guess 40.0, found {found[size][0]:.2f}")
    print(f"kernel {size}: 40 along the diagonal: guess 56.6 (+- 2.8), found {found[size][1]:.2f}")
sys.exit(0 if abs(found[3][0] - 40) < 0.5 and found[3][1] < 42 else "the behaviour has changed")
PY
