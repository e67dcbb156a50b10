#!/usr/bin/env bash
# tifffile and a plain TIFF whose pages have two sizes: large, small, large.
#
# Guess: three series in the order of the pages, or one image and an error; imread gives the first page.
# What happens: pages of one size are joined wherever they stand: the first series is a stack of pages 0 and 2,
#   and imread gives that stack.
# Matters: "page 1" of a series is not page 1 of the file; a scan with a thumbnail in the middle becomes a stack.
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
pages = [np.full((20, 30), 1, np.uint8), np.full((12, 14), 2, np.uint8), np.full((20, 30), 3, np.uint8)]
with tifffile.TiffWriter("pages.tif") as writer:
    for page in pages:
        writer.write(page, metadata=None)
with tifffile.TiffFile("pages.tif") as tif:
    shapes = [series.shape for series in tif.series]
    values = [int(page.asarray().max()) for page in tif.series[0].pages]
whole = tifffile.imread("pages.tif").shape
print("guess: three series, imread gives (20, 30)")
print(f"found: series {shapes}, the first of pages with the values {values}; imread gives {whole}")
sys.exit(
    0
    if shapes == [(2, 20, 30), (12, 14)] and values == [1, 3] and whole == (2, 20, 30)
    else "the behaviour has changed"
)
PY
