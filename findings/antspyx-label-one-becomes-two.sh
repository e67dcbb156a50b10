#!/usr/bin/env bash
# antspyx: multi_label_morphology, dilating ("MD") and closing ("MC") a label image.
#
# Guess: what its documentation promises: labels grow into the background and are as they were inside.
# What happens: label 1 is 2 wherever it was, and 1 only in the rim that was added. Other labels stay. With a mask for the
#   dilation label 1 is 2 and label 2 is 4. Closing moves nothing here and still gives 2 for 1.
# Matters: objects 1 and 2 are one afterwards, and a thin object 1 lies around it; most label images have a 1. Shift the
#   labels up by one or two before, and down after.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check antspyx==0.6.3 numpy==2.3.5
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import ants
import numpy as np

print(*(f"{name} {version(name)}" for name in ("antspyx", "numpy")), sep=", ")
labels = np.zeros((12, 30), np.float32)
for column, label in ((3, 1), (12, 2), (21, 5)):
    labels[4:8, column : column + 4] = label
image, everywhere = ants.from_numpy(labels), ants.from_numpy(np.ones_like(labels))
runs = {
    "dilated": ants.multi_label_morphology(image, "MD", 1),
    "closed": ants.multi_label_morphology(image, "MC", 1),
    "dilated within a mask": ants.multi_label_morphology(image, "MD", 1, dilation_mask=everywhere),
}
found = {}
print("values inside the objects 1, 2 and 5:")
for name, result in runs.items():
    values = result.numpy()
    found[name] = [np.unique(values[labels == label]).tolist() for label in (1, 2, 5)]
    print(f"{name}: guess [[1.0], [2.0], [5.0]], found {found[name]}")
rim = np.unique(runs["dilated"].numpy()[3, 3:7]).tolist()
print(f"in the rim of label 1: {rim}")
seen = {
    "dilated": [[2.0], [2.0], [5.0]],
    "closed": [[2.0], [2.0], [5.0]],
    "dilated within a mask": [[2.0], [4.0], [5.0]],
}
sys.exit(0 if found == seen and rim == [1.0] else "the behaviour has changed")
PY
