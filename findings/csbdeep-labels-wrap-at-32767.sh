#!/usr/bin/env bash
# CSBDeep: save_tiff_imagej_compatible, which StarDist's examples save labels with, of labels 1 to 40000.
#
# Guess: an ImageJ file holds no 32-bit whole numbers, so they are refused or become floats, and all come back.
# What happens: int32, which StarDist's own label images have, becomes int16: labels above 32767 come back negative;
#   uint32 becomes uint16, 70000 is 4464. The type is said in a warning, that values are lost is not; int64 too.
# Matters: a large slide has more objects than that; those behind are background for whoever asks for labels above 0, or
#   join one of the first. Convert to float32 before, which ImageJ takes and which holds 16 million labels.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check csbdeep==0.8.2 tifffile==2026.3.3 numpy==2.3.5
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import tifffile
from csbdeep.io import save_tiff_imagej_compatible

print(*(f"{name} {version(name)}" for name in ("csbdeep", "tifffile", "numpy")), sep=", ")
labels = np.arange(200 * 200).reshape(200, 200) + 1
found = {}
for dtype, highest in (("int32", 40000), ("int64", 40000), ("uint32", 70000), ("float32", 70000)):
    given = labels.astype(dtype)
    given[-1, -1] = highest
    save_tiff_imagej_compatible("labels.tif", given, axes="YX")
    read = tifffile.imread("labels.tif")
    found[dtype] = str(read.dtype), float(read[-1, -1])
    print(f"{dtype}: guess {highest} or an error, found {found[dtype]}")
wrapped = ("int16", -25536.0)
seen = {"int32": wrapped, "int64": wrapped, "uint32": ("uint16", 4464.0), "float32": ("float32", 70000.0)}
sys.exit(0 if found == seen else "the behaviour has changed")
PY
