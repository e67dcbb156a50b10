#!/usr/bin/env bash
# connected-components-3d on a label image and on a diagonal.
#
# Guess: as in scipy.ndimage.label: all that is not 0 is foreground, and diagonal pixels of a plane are
#   apart.
# What happens: pixels of different values are never joined, and diagonal pixels are; statistics start with the
#   background.
# Matters: it splits touching labels where scipy joins them: the two are no replacement for one another.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check connected-components-3d==4.1.1 scipy==1.17.1 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import cc3d
import numpy as np
from scipy import ndimage

print(*(f"{name} {version(name)}" for name in ("connected-components-3d", "scipy", "numpy")), sep=", ")
touching = np.array([[1, 2, 0], [1, 2, 0]], np.uint8)
diagonal = np.diag(np.array([4, 4, 4], np.uint8))
counts = [int(cc3d.connected_components(image).max()) for image in (touching, diagonal)]
of_scipy = [ndimage.label(image)[1] for image in (touching, diagonal)]
first = int(cc3d.statistics(touching)["voxel_counts"][0])
print("guess: 1 and 3 components, as scipy")
print(f"found: {counts}, scipy {of_scipy}; the first of the statistics has {first} pixels")
sys.exit(0 if counts == [2, 1] and of_scipy == [1, 3] and first == 2 else "the behaviour has changed")
PY
