#!/usr/bin/env bash
# ANTsPy: label_image_centroids of a box in a volume with voxels of 1 x 2 x 3 mm, whose origin is at 100 mm.
#
# Guess: the middle in the order of the array's axes, as get_centroids gives it: 14.5, 16.5, 8.5 in voxels, and in mm
#   with physical=True.
# What happens: the order is turned round: 8.5, 16.5, 14.5; and physical=True gives the same numbers, in voxels.
#   get_centroids and label_geometry_measures give 114.5, 33, 25.5, in mm, in the order of the axes.
# Matters: the two functions' tables do not meet, and a point taken from this one lies elsewhere in the volume; take the
#   centroids of label_geometry_measures.
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
labels = np.zeros((30, 30, 30), np.float32)
labels[10:20, 12:22, 4:14] = 1
image = ants.from_numpy(labels, spacing=(1, 2, 3), origin=(100, 0, 0))
voxels = ants.label_image_centroids(image, physical=False)["vertices"].round(3).tolist()
lengths = ants.label_image_centroids(image, physical=True)["vertices"].round(3).tolist()
other = ants.get_centroids(image).round(3).tolist()
print("guess: [[14.5, 16.5, 8.5]], physical [[114.5, 33.0, 25.5]]")
print(f"found: {voxels}, physical {lengths}; get_centroids {other}")
as_seen = voxels == lengths == [[8.5, 16.5, 14.5]] and other == [[114.5, 33.0, 25.5, 0.0]]
sys.exit(0 if as_seen else "the behaviour has changed")
PY
