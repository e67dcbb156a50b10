#!/usr/bin/env bash
# tifffile with imagecodecs: a label image of 32 bits, a square on a background of 0, written with
#   compression="jpeg2000".
#
# Guess: the same labels; the codec is lossless by default, and is so for 8 and 16 bits.
# What happens: of uint32 the background of 0 comes back as 1, the square of 1 as 2, and of other values most pixels
#   near its edges as numbers to 2 ** 26. Nothing is raised. Of int32, and of uint32 noise below 2 ** 24, all pixels
#   are right.
# Matters: uint32 is what label images are stored in; a mask with one object comes back full, and the test with random
#   numbers that was to show it passes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    tifffile==2026.3.3 numpy==2.4.6 imagecodecs==2026.3.6
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import tifffile

print(*(f"{name} {version(name)}" for name in ("tifffile", "imagecodecs", "numpy")), sep=", ")
def kept(labels):
    tifffile.imwrite("labels.tif", labels, compression="jpeg2000")
    read = tifffile.imread("labels.tif")
    return round(float((read == labels).mean()), 2), int(read[40, 40]), int(read.max())


def square(kind, label):
    labels = np.zeros((64, 64), kind)
    labels[10:20, 10:20] = label
    return labels


others = [kept(square(kind, label)) for kind, label in (("uint8", 100), ("uint16", 1000), ("int32", 1000))]
one, thousand = kept(square("uint32", 1)), kept(square("uint32", 1000))
noise = kept(np.random.default_rng(0).integers(0, 2**24, (64, 64), dtype=np.uint32))
print("guess: share kept 1, background 0")
print(f"found: (share kept, background, largest) of uint32 {one} and {thousand}, of noise {noise[0]}")
print(f"found: of uint8, uint16 and int32 {others}")
seen = (
    one[0] < 0.1
    and one[1:] == (1, 2)
    and thousand[0] < 0.3
    and thousand[1:] == (1, 2**26 - 1)
    and noise[0] == 1
    and others == [(1, 0, 100), (1, 0, 1000), (1, 0, 1000)]
)
sys.exit(0 if seen else "the behaviour has changed")
PY
