#!/usr/bin/env bash
# scikit-image 0.26: remove_small_objects with the old word min_size.
#
# Guess: an object of exactly min_size pixels stays, as always; the new word max_size is the one that
#   removes it.
# What happens: it goes: the old word is taken for the new one, so its meaning moved by a pixel, while the
#   documentation says that min_size removes what is strictly smaller.
# Matters: objects of exactly the threshold differ between releases; the warning speaks of the name only.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check scikit-image==0.26.0 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from skimage.morphology import remove_small_objects

print(*(f"{name} {version(name)}" for name in ("scikit-image", "numpy")), sep=", ")
labels = np.zeros((20, 20), int)
labels[:8, :8] = 1  # 64 pixels
labels[12:, 10:] = 2
left = [sorted(set(remove_small_objects(labels, min_size=n).flat) - {0}) for n in (63, 64, 65)]
left = [[int(label) for label in labels] for labels in left]
print("guess: [1, 2], [1, 2], [2] for min_size of 63, 64, 65")
print(f"found: {left}")
sys.exit(0 if left == [[1, 2], [2], [2]] else "the behaviour has changed")
PY
