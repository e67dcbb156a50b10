#!/usr/bin/env bash
# DIPlib: SeededWatershed from two seeds, 5 and 9, of a map of distances, and of the same map divided by its maximum.
#
# Guess: two regions, 5 and 9, both times: every seed keeps its region, and a factor moves no ridge.
# What happens: of the map as it is, yes. Scaled to 0 to 1 all pixels are 5, and the seed 9 is gone: by default regions
#   less than 1 grey level deep are merged (maxDepth=1), those of seeds as well. With maxDepth=0 there are two.
# Matters: probabilities, normalised images and distances in millimetres span less than 1, so that every cell of a cluster
#   joins one of them, in silence, seeds or not; the examples, in images of bytes, do not show it.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check diplib==3.6.1 numpy==2.3.5
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import diplib
import numpy as np

print(*(f"{name} {version(name)}" for name in ("diplib", "numpy")), sep=", ")
rows, columns = np.mgrid[:40, :60].astype(np.float32)
distance = np.minimum(np.hypot(rows - 20, columns - 20), np.hypot(rows - 20, columns - 40))
seeds = np.zeros(distance.shape, np.uint32)
seeds[20, 20], seeds[20, 40] = 5, 9


def labels(image, **options):
    found = diplib.SeededWatershed(diplib.Image(image), diplib.Image(seeds), flags={"labels"}, **options)
    return sorted(set(np.asarray(found).ravel().tolist()) - {0})  # 0 is the line between regions


scaled = distance / distance.max()
found = labels(distance), labels(scaled), labels(scaled, maxDepth=0)
print("guess: [5, 9] each time")
print(f"found: {found[0]} as it is, {found[1]} scaled to 1, {found[2]} scaled with maxDepth=0")
sys.exit(0 if found == ([5, 9], [5], [5, 9]) else "the behaviour has changed")
PY
