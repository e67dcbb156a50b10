#!/usr/bin/env bash
# SimpleITK: a grey TIFF of 16 bits in tiles, and the same in strips.
#
# Guess: the same image of 16 bits twice, or an error for tiles.
# What happens: of tiles an image of four channels of 8 bits, red, green, blue and an alpha of 255, in which the three
#   are the upper byte of the grey: 300 and 511 are both 1, 255 is 0. The same comes of 8 bits (four channels), of
#   colours of 16 bits with a plane each, and of bool. Tiles of 32 bits are an error.
# Matters: a label image or a scan of 12 bits in tiles, as pyramids have them, comes as a picture, nearly black, and
#   all labels below 256 are gone; a script that takes the first channel never notices.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    SimpleITK==2.5.7 tifffile==2026.3.3 numpy==2.4.6 imagecodecs==2026.3.6
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import SimpleITK as sitk
import tifffile

print(*(f"{name} {version(name)}" for name in ("SimpleITK", "tifffile", "numpy")), sep=", ")
values = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)


def read(array, **how):
    tifffile.imwrite("values.tif", array, **how)
    return sitk.GetArrayFromImage(sitk.ReadImage("values.tif"))


strips, tiles = read(values), read(values, tile=(32, 32))
bytes_, bits = read(values.astype(np.uint8), tile=(32, 32)), read(values % 2 == 1)
try:
    wide = read(values.astype(np.uint32), tile=(32, 32)).shape
except RuntimeError:
    wide = "an error"
print("guess: (64, 64) uint16 twice")
print(f"found: {strips.shape} {strips.dtype}, of tiles {tiles.shape} {tiles.dtype}, largest {tiles[..., :3].max()}")
print(f"found: of bytes {bytes_.shape}, of bool {bits.shape}, of 32 bits {wide}")
seen = (
    np.array_equal(strips, values)
    and tiles.dtype == np.uint8
    and all(np.array_equal(tiles[..., channel], values >> 8) for channel in range(3))
    and (tiles[..., 3] == 255).all()
    and bytes_.shape == bits.shape == (64, 64, 4)
    and wide == "an error"
)
sys.exit(0 if seen else "the behaviour has changed")
PY
