#!/usr/bin/env bash
# Pillow: a big-endian TIFF of 32-bit floats, compressed, and the same without compression.
#
# Guess: the same numbers twice; files of either byte order are read.
# What happens: compressed with zlib or LZW, the bytes of each number come in reverse: 1 is 4.6e-41. Without
#   compression and in little-endian files they are right. It is the same with signed integers of 32 and 16 bits, not
#   with unsigned 16.
# Matters: big-endian files come from ImageJ's world and old scanners; compressed on the way, a probability map or an
#   elevation is nonsense in Pillow and whatever reads by it, without an error.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    pillow==13.0.0 tifffile==2026.3.3 numpy==2.4.6 imagecodecs==2026.3.6
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import tifffile
from PIL import Image

print(*(f"{name} {version(name)}" for name in ("pillow", "tifffile", "numpy")), sep=", ")
def read(kind, order, compression):
    values = np.arange(1, 1201).reshape(30, 40).astype(kind)
    tifffile.imwrite("values.tif", values, byteorder=order, compression=compression)
    image = np.asarray(Image.open("values.tif"))
    if np.array_equal(image, values):
        return "right"
    return "reversed" if np.array_equal(image.astype(kind), values.byteswap(), equal_nan=True) else "else"


WAYS = ((">", None), (">", "zlib"), (">", "lzw"), ("<", "zlib"))
found = {kind: [read(kind, *way) for way in WAYS] for kind in ("float32", "int32", "int16", "uint16")}
print("guess: right in all four: big-endian plain, zlib, LZW; little-endian zlib")
for kind, seen in found.items():
    print(f"found: {kind} {seen}")
half = ["right", "reversed", "reversed", "right"]
seen = list(found.values()) == [half, half, half, ["right"] * 4]
sys.exit(0 if seen else "the behaviour has changed")
PY
