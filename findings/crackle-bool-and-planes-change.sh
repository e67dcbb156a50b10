#!/usr/bin/env bash
# crackle (crackle-codec): a mask of booleans, one plane of labels and labels with a sign, compressed and read again.
#
# Guess: what was given, in type, shape and values.
# What happens: booleans come back as bytes of 0 and 1, and one plane of 3 x 4 as 3 x 4 x 1. Values are right. int32 and
#   int64 are refused with a TypeError, with labels of 0 and up too.
# Matters: ~mask is true everywhere afterwards (255 and 254), and as an index it takes pixels 0 and 1 in place of the
#   object's; labels of scipy and scikit-image are int32 or int64 and have to be made unsigned first.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check crackle-codec==0.55.0 numpy==2.3.5
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import crackle
import numpy as np

print(*(f"{name} {version(name)}" for name in ("crackle-codec", "numpy")), sep=", ")
mask = np.zeros((3, 4, 5), bool)
mask[1, 1:3, 2:4] = True
plane = np.arange(12, dtype=np.uint16).reshape(3, 4)


def there_and_back(labels):
    try:
        again = crackle.decompress(crackle.compress(labels))
    except TypeError:
        return "TypeError"
    return str(again.dtype), again.shape, bool((again.reshape(labels.shape) == labels).all())


given = {"bool": mask, "uint16": plane, "int32": plane.astype(np.int32), "int64": plane.astype(np.int64)}
found = {name: there_and_back(labels) for name, labels in given.items()}
for name, labels in given.items():
    print(f"{name} of {labels.shape}: guess the same, found {found[name]}")
print(f"inverted: {int((~mask).sum())} pixels before, {np.count_nonzero(~crackle.decompress(crackle.compress(mask)))} after")
seen = {"bool": ("uint8", (3, 4, 5), True), "uint16": ("uint16", (3, 4, 1), True), "int32": "TypeError", "int64": "TypeError"}
sys.exit(0 if found == seen else "the behaviour has changed")
PY
