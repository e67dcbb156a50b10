#!/usr/bin/env bash
# rasterio.features.sieve on a label image.
#
# Guess: objects smaller than size become background, 0.
# What happens: they take the value of their largest neighbour: a speck inside an object, or between two,
#   becomes a part of that object; only a speck in the background goes.
# Matters: it cleans maps of classes, not of objects.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check rasterio==1.4.4 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import rasterio
from rasterio.features import sieve

print(*(f"{name} {version(name)}" for name in ("rasterio", "numpy")), sep=", ")
labels = np.zeros((6, 6), np.uint8)
labels[1:5, 1:5] = 3
labels[2, 2] = 7  # another object, inside
labels[0, 5] = 9  # and one alone
found = sieve(labels, size=2)
print("guess: both specks become 0")
print(f"found: inside {found[2, 2]}, alone {found[0, 5]}")
sys.exit(0 if (found[2, 2], found[0, 5]) == (3, 0) else "the behaviour has changed")
PY
