#!/usr/bin/env bash
# scipy.ndimage.gaussian_gradient_magnitude of an edge in an image of bytes.
#
# Guess: 73 at a step of 200 grey levels, as of floats, rounded down since the result has the dtype of the image.
# What happens: 8: the dtype also holds the squares on the way, and they wrap around at 256 before the root is taken. No
#   value above 15 is possible, and a step of 20 has the same height as one of 200. With 16 bits nothing above 255
#   comes out, and strong edges of int16 become 0.
# Matters: the gradient is what watersheds and snakes run on; the strongest outlines are the ones that vanish, and faint
#   ones look right, so a dim test image passes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from scipy import ndimage

print(*(f"{name} {version(name)}" for name in ("scipy", "numpy")), sep=", ")


def height(step, dtype):
    image = np.zeros((9, 16), dtype)
    image[:, 8:] = step
    return int(ndimage.gaussian_gradient_magnitude(image, 1)[4, 7])


kinds = [(20, np.uint8), (200, np.uint8), (20000, np.uint16), (20000, np.int16)]
right = [height(step, float) for step, _ in kinds]
found = [height(step, dtype) for step, dtype in kinds]
print(f"guess: {right} for steps of 20 and 200 in bytes, 20000 in uint16 and int16")
print(f"found: {found}")
expected = right == [7, 72, 7275, 7275] and found == [7, 8, 195, 0]
sys.exit(0 if expected else "the behaviour has changed")
PY
