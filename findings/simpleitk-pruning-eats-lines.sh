#!/usr/bin/env bash
# SimpleITK: BinaryPruning, once, of a ring with four spurs of four pixels and of a straight line of 20 pixels.
#
# Guess: one pixel goes at each free end, so 3 are left of every spur and 18 of the line.
# What happens: the spurs to the right and downwards lose one pixel, those to the left and upwards all but the one that
#   touches the ring, and of the line nothing is left, lying or standing; slanted, from corner to corner of its image, it
#   loses nothing. The image is changed while it is walked through: behind every end that goes the next pixel is one.
# Matters: a skeleton pruned "by three pixels" loses whole branches that point one way, keeps those that point the other,
#   and thin straight objects vanish; lengths and branch counts depend on how the picture is turned.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check SimpleITK==2.5.7 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import SimpleITK as sitk

print(*(f"{name} {version(name)}" for name in ("SimpleITK", "numpy")), sep=", ")


def pruned(pixels):
    return sitk.GetArrayFromImage(sitk.BinaryPruning(sitk.GetImageFromArray(pixels), 1))


ring = np.zeros((30, 30), np.uint8)
ring[[8, 21], 8:22] = ring[8:22, [8, 21]] = 1
spurs = {"up": np.s_[4:8, 15], "down": np.s_[22:26, 15], "left": np.s_[15, 4:8], "right": np.s_[15, 22:26]}
for place in spurs.values():
    ring[place] = 1
left = pruned(ring)
found = {name: int(left[place].sum()) for name, place in spurs.items()}
line = np.zeros((30, 30), np.uint8)
line[15, 5:25] = 1
lines = [int(pruned(pixels).sum()) for pixels in (line, line.T.copy(), np.eye(20, dtype=np.uint8))]
print("guess: 3 of each spur, 18 of each line")
print(f"found: {found}; {lines[0]} of the line lying, {lines[1]} standing, {lines[2]} slanted")
seen = {"up": 1, "down": 3, "left": 1, "right": 3}
sys.exit(0 if (found, lines) == (seen, [0, 0, 20]) else "the behaviour has changed")
PY
