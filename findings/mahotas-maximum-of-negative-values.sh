#!/usr/bin/env bash
# mahotas: labeled_max of an image of floats, a label that has no pixel among the labels.
#
# Guess: the largest value of each label, and 0 where a label has no pixel.
# What happens: 2.2e-308, the smallest positive float, for the label without pixels, and the same for every label whose
#   values are all negative or 0: a region from -5 to -2 has the maximum 0 to the eye. Whole numbers are right, and
#   labeled_min is right for both.
# Matters: distances, levels and images less their background or mean are negative in whole objects; their brightest
#   pixel comes out as background. Negate the image and take labeled_min.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check mahotas==1.4.19 numpy==2.4.6 scipy==1.17.1
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import mahotas as mh
import numpy as np
from scipy import ndimage

print(*(f"{name} {version(name)}" for name in ("mahotas", "numpy", "scipy")), sep=", ")
labels = np.array([[1, 1, 1, 1], [2, 2, 2, 2], [4, 4, 4, 4]])
image = np.array([[-5, -4, -3, -2], [-3, -2, -1, 0], [3, 4, 5, 6]])
present = [1, 2, 4]
right = ndimage.maximum(image, labels, present).tolist()
floats = mh.labeled.labeled_max(image.astype(float), labels).tolist()
whole = mh.labeled.labeled_max(image.astype(np.int32), labels).tolist()
least = mh.labeled.labeled_min(image.astype(float), labels).tolist()
print(f"guess: the maxima of labels 1, 2, 4 are {right}, as scipy gives them, and 0 for label 3")
print(f"found: {[floats[label] for label in present]} of floats and {floats[3]} for label 3")
print(f"of whole numbers: {[whole[label] for label in present]}")
print(f"minima of floats: {[least[label] for label in present]}")
tiny = np.finfo(float).tiny
as_seen = floats[1:] == [tiny, tiny, tiny, 6.0] and [whole[label] for label in present] == right
sys.exit(0 if as_seen and [least[label] for label in present] == [-5, -3, 3] else "the behaviour has changed")
PY
