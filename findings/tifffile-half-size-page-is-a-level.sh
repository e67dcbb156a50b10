#!/usr/bin/env bash
# tifffile and a plain TIFF of two unrelated pages, the second half as large as the first.
#
# Guess: two series; levels of a pyramid are what the file marks as such (SubIFDs, or reduced-resolution pages).
# What happens: one series of two levels, though no page is marked and neither is tiled; imread gives the first
#   page and nothing speaks of the second.
# Matters: a field and a smaller crop of another place, saved into one file, lose the crop in silence.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check tifffile==2026.3.3 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import tifffile

print(*(f"{name} {version(name)}" for name in ("tifffile", "numpy")), sep=", ")
with tifffile.TiffWriter("two.tif") as writer:
    writer.write(np.full((64, 64), 1, np.uint8), metadata=None)
    writer.write(np.full((32, 32), 7, np.uint8), metadata=None)
with tifffile.TiffFile("two.tif") as tif:
    marked = [bool(page.is_reduced) or bool(page.subifds) for page in tif.pages]
    levels = [len(series.levels) for series in tif.series]
whole = tifffile.imread("two.tif").shape
print("guess: two series of one level each")
print(f"found: series with {levels} levels, pages marked as reduced {marked}; imread gives {whole}")
sys.exit(
    0 if levels == [2] and marked == [False, False] and whole == (64, 64) else "the behaviour has changed"
)
PY
