#!/usr/bin/env bash
# xtiff: an image of 30 x 40 pixels written with its defaults (an OME-TIFF) by today's tifffile.
#
# Guess: one page of 30 x 40, its OME-XML beside it.
# What happens: 30 pages of 40 rows and one column. xtiff hands over an array with a last axis of length one, of
#   samples, and tifffile takes each row for a page; the OME-XML says 40 x 30. tifffile warns when it reads the file, Pillow
#   and whatever shows the first page see one column. With the profile for ImageJ it is one page.
# Matters: masks and images of imaging mass cytometry, which pass through xtiff, come out as stacks of lines, and no
#   error is raised when they are written; their values survive a reshape to (rows, columns).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check xtiff==0.7.9 tifffile==2026.3.3 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import tifffile
import xtiff

print(*(f"{name} {version(name)}" for name in ("xtiff", "tifffile", "numpy")), sep=", ")
image = np.arange(1200, dtype=np.uint16).reshape(30, 40)


def pages(**how):
    xtiff.to_tiff(image, "image.tiff", **how)
    with tifffile.TiffFile("image.tiff") as file:
        kept = np.array_equal(file.asarray().reshape(30, 40), image)
        return len(file.pages), file.pages[0].shape, kept


default, for_imagej = pages(), pages(profile=xtiff.TiffProfile.IMAGEJ)
print("guess: 1 page of (30, 40)")
print(f"found: {default}, with the profile for ImageJ {for_imagej}")
seen = default == (30, (40, 1), True) and for_imagej == (1, (30, 40), True)
sys.exit(0 if seen else "the behaviour has changed")
PY
