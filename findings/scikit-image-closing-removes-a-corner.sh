#!/usr/bin/env bash
# scikit-image: isotropic_closing of a mask that covers (almost) the whole image.
#
# Guess: closing only adds pixels: a full mask stays full, as with skimage.morphology.closing.
# What happens: pixels of the upper left corner are removed, 1, 3 and 7 of them for radii of 1, 2 and 3. What is grown
#   fills the image, and of an image without background scipy's distance transform, which is asked next, counts from a
#   place just above that corner. A mask that needs more than the radius to fill the image loses nothing.
# Matters: crops of confluent tissue and close-ups of one cell get a notch in one corner, always the same one, which a
#   closing cannot make; isotropic_erosion and isotropic_opening do it as well.
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
from skimage import morphology

print(*(f"{name} {version(name)}" for name in ("scikit-image", "scipy", "numpy")), sep=", ")
full = np.ones((20, 20), bool)
almost = np.zeros((20, 20), bool)
almost[1:19, :19] = True
almost[:2, :2] = True


def lost(mask, closed):
    return int((mask & ~closed).sum())


of_disks = [lost(full, morphology.closing(full, morphology.disk(radius))) for radius in (1, 2, 3)]
of_full = [lost(full, morphology.isotropic_closing(full, radius)) for radius in (1, 2, 3)]
of_almost = [lost(almost, morphology.isotropic_closing(almost, radius)) for radius in (1, 2, 3)]
narrow = np.zeros((20, 20), bool)
narrow[:, :15] = True
of_narrow = [lost(narrow, morphology.isotropic_closing(narrow, radius)) for radius in (1, 2, 3)]
nearest = ndimage.distance_transform_edt(full)[0, :3].round(2).tolist()
print("guess: 0 pixels lost each time, for radii of 1, 2 and 3")
print(f"found: full {of_full}, almost full {of_almost}, narrow {of_narrow}; with disks {of_disks}")
print(f"       scipy's distances in the first row of no background: {nearest}")
expected = (of_disks, of_full, of_narrow) == ([0, 0, 0], [1, 3, 7], [0, 0, 0])
expected = expected and of_almost == [0, 3, 6] and nearest == [1, 1.41, 2.24]
sys.exit(0 if expected else "the behaviour has changed")
PY
