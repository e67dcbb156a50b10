#!/usr/bin/env bash
# tifffile: a boolean mask written with its defaults, read by Pillow, OpenCV and libvips.
#
# Guess: True is white (255, or True) for all of them.
# What happens: True is black and False is white. tifffile says in the file that 0 is white, as faxes have it, and
#   stores True as 1; those three turn it round as the file says, while tifffile, imageio and GDAL give what is
#   stored. With photometric="minisblack" all agree.
# Matters: masks come out as their complement in one part of a pipeline and not in another: the background is the
#   object, and a "lossless" way through Pillow turns every mask round.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    pillow==13.0.0 opencv-python-headless==5.0.0.93 pyvips==3.2.0 pyvips-binary==8.18.7 \
    rasterio==1.4.4 tifffile==2026.3.3 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import cv2
import numpy as np
import pyvips
import rasterio
import tifffile
from PIL import Image

PACKAGES = ("tifffile", "pillow", "opencv-python-headless", "pyvips-binary", "rasterio")
print(*(f"{name} {version(name)}" for name in PACKAGES), sep=", ")
mask = np.zeros((30, 40), bool)
mask[5:15, 5:15] = True


def object_is_bright(name, **how):
    tifffile.imwrite(name, mask, **how)
    with rasterio.open(name) as file:
        images = {
            "tifffile": tifffile.imread(name),
            "GDAL": file.read(1),
            "Pillow": np.asarray(Image.open(name)),
            "OpenCV": cv2.imread(name, cv2.IMREAD_UNCHANGED),
            "libvips": pyvips.Image.new_from_file(name).numpy(),
        }
    return {reader: bool(image[10, 10] > image[0, 0]) for reader, image in images.items()}


default, asked = object_is_bright("default.tif"), object_is_bright("asked.tif", photometric="minisblack")
print("guess: True for all")
print(f"found: {default}")
print(f"found: with photometric='minisblack' {asked}")
seen = [reader for reader, bright in default.items() if not bright] == ["Pillow", "OpenCV", "libvips"]
sys.exit(0 if seen and all(asked.values()) else "the behaviour has changed")
PY
