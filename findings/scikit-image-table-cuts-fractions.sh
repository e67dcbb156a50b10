#!/usr/bin/env bash
# scikit-image: a property of one's own in regionprops and in regionprops_table, the share of holes in an object.
#
# Guess: the same numbers from both, .1 and .33.
# What happens: the table has 0 and 0. The dtype of the column is taken from what the function returns for a made-up
#   object of one pixel, not from the objects: that has no hole, the function says 0, a whole number, and all fractions
#   are cut down to whole numbers without a warning. With "0.0" in place of "0" the column is right.
# Matters: `0 if … else …` is how such functions begin, for objects too small to measure; a share becomes zero, and a
#   length loses its fraction.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check scikit-image==0.26.0 scipy==1.17.1 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from scipy import ndimage
from skimage.measure import regionprops, regionprops_table

print(*(f"{name} {version(name)}" for name in ("scikit-image", "scipy", "numpy")), sep=", ")


def share_of_holes(mask):
    filled = ndimage.binary_fill_holes(mask)
    return 0 if filled.sum() == mask.sum() else 1 - mask.sum() / filled.sum()


def share_as_float(mask):
    return float(share_of_holes(mask))


labels = np.zeros((30, 30), int)
labels[2:12, 2:12] = 1
labels[5:7, 5:10] = 0  # 10 of 100 pixels
labels[15:27, 15:27] = 2
labels[18:24, 16:24] = 0  # 48 of 144
single = [round(float(region.share_of_holes), 2) for region in regionprops(labels, extra_properties=[share_of_holes])]
own = [share_of_holes, share_as_float]
table = regionprops_table(labels, properties=["label"], extra_properties=own)
found, as_float = (table[function.__name__].round(2).tolist() for function in own)
print(f"guess: {single} from both")
print(f"found: regionprops {single}, regionprops_table {found}, {as_float} where 0 is a float")
expected = single == as_float == [0.1, 0.33] and found == [0, 0]
sys.exit(0 if expected else "the behaviour has changed")
PY
