#!/usr/bin/env bash
# edt's distances in a label image without any background.
#
# Guess: the distance to the background, as scipy gives it of the foreground: large at the line between
#   two touching labels.
# What happens: the distance to the nearest pixel of another value, so 1 at that line; a single label that fills
#   the image is infinitely far from all.
# Matters: a network that learns distances sees a ridge there with one and none with the other.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check edt==3.1.2 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import edt
import numpy as np

print(*(f"{name} {version(name)}" for name in ("edt", "numpy")), sep=", ")
touching = edt.edt(np.array([[1, 1, 1, 2, 2, 2]], np.uint8)).ravel().tolist()
alone = edt.edt(np.ones((1, 3), np.uint8)).ravel().tolist()
print("guess: no 1 in the middle: there is no background at all")
print(f"found: touching {touching}, alone {alone}")
sys.exit(0 if touching == [3, 2, 1, 1, 2, 3] and alone == [float('inf')] * 3 else "the behaviour has changed")
PY
