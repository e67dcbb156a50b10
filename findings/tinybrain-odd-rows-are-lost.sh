#!/usr/bin/env bash
# tinybrain, which igneous halves volumes with: downsample_with_averaging of 5 rows by (2, 2, 1), once.
#
# Guess: three rows: means of 2 x 2, and of the one row that is left over at the end.
# What happens: the last row stands in the place of the second, whose means are lost, and the third row is 0, also where
#   the image is the same everywhere. With num_mips=2 the same first level is right, so it is with (2, 2, 2), and
#   downsample_segmentation is right for labels.
# Matters: a slide with an odd number of rows loses two rows of every such level and gets a black edge, and what lies
#   there no longer lies under its labels; averages and thresholds of that level count zeros. Pad to even sizes first.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check tinybrain==1.7.0 numpy==2.2.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import tinybrain

print(*(f"{name} {version(name)}" for name in ("tinybrain", "numpy")), sep=", ")
image = (np.arange(30).reshape(5, 6, 1) * 2).astype(np.uint8)
even = image[:4]
flat = np.full((5, 6, 1), 100, np.uint8)


def halved(pixels, levels=1):
    return tinybrain.downsample_with_averaging(pixels, (2, 2, 1), num_mips=levels)[0][..., 0].tolist()


labels = tinybrain.downsample_segmentation((flat // 50).astype(np.uint32), (2, 2, 1))[0][..., 0]
right = [[7, 11, 15], [31, 35, 39], [49, 53, 57]]
found = halved(image), halved(flat), halved(image, levels=2), halved(even), labels.tolist()
print(f"guess: {right}, and 100 everywhere of the flat one")
print(f"found: {found[0]}\n  flat: {found[1]}\n  first of two levels: {found[2]}\n  of four rows: {found[3]}")
seen = [[7, 11, 15], [49, 53, 57], [0, 0, 0]], [[100] * 3, [100] * 3, [0] * 3], right, right[:2], [[2] * 3] * 3
sys.exit(0 if found == seen else "the behaviour has changed")
PY
