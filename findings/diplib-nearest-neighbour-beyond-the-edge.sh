#!/usr/bin/env bash
# DIPlib: Resampling of a label image to twice its size with the method "nearest".
#
# Guess: every label twice each way, as numpy.repeat gives it.
# What happens: 1 2 2 3 3 ... 6 6 5: the first label once, and beyond the last one the label before it comes back, at
#   three times and four times the size too. Pixel 0 stays in place, halves are rounded up, past the end the image is
#   mirrored. "inverse nearest" gives the guess at twice the size, and the same stray label at three times.
# Matters: a strip along the right and the lower edge bears the label of an object that does not reach so far: every
#   object on those edges gets a neighbour behind it, and outlines of it fall in two parts.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check diplib==3.6.1 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import diplib
import numpy as np

print(*(f"{name} {version(name)}" for name in ("diplib", "numpy")), sep=", ")
labels = np.tile(np.arange(1, 7, dtype=np.uint8), (6, 1))


def row(factor, method):
    return np.asarray(diplib.Resampling(diplib.Image(labels), [factor, 1], [0], method))[0].tolist()


found = row(2, "nearest")
print("guess:", np.repeat(labels[0], 2).tolist())
print("found:", found)
print("'inverse nearest' at twice and at three times the size:", row(2, "inverse nearest"), row(3, "inverse nearest"))
print("'nearest' at three and four times the size:", row(3, "nearest"), row(4, "nearest"))
as_seen = found == [1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 5]
as_seen &= row(2, "inverse nearest") == np.repeat(labels[0], 2).tolist()
as_seen &= row(3, "nearest")[-4:] == [6, 6, 6, 5] == row(3, "inverse nearest")[-4:]
sys.exit(0 if as_seen and row(4, "nearest")[-2:] == [5, 5] else "the behaviour has changed")
PY
