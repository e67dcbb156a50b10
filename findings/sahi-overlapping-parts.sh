#!/usr/bin/env bash
# SAHI: a COCO object of two squares of 10 x 10 that overlap by 5 x 5, read and cut into slices (slice_coco).
#
# Guess: the object that COCO's own tools paint: everything under either square, area 175, in the slice too.
# What happens: where both lie is nothing: area 150, and the polygons that are kept and written run around the overlap.
#   Parts are put into one multipolygon and made valid, which counts by even and odd. A square inside another is a hole
#   for the area, 84, but not in the polygons, which have none and paint 100 pixels.
# Matters: objects drawn in several strokes, or joined from tiles that overlap, lose the seam before training, and areas
#   and polygons of one file disagree; join the parts before SAHI reads them.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    sahi==0.12.8 shapely==2.2.0 pycocotools==2.0.11 numpy==2.4.6 pillow==13.0.0
cd "$place"
venv/bin/python -W ignore - 2> log <<'PY' || { tail -n 3 log; exit 1; }
import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image
from pycocotools import mask
from sahi.slicing import slice_coco

print(*(f"{name} {version(name)}" for name in ("sahi", "shapely", "pycocotools")), sep=", ")


def square(x, y, side=10):
    return [x, y, x + side, y, x + side, y + side, x, y + side]


def pixels(polygons):
    return int(mask.decode(mask.merge(mask.frPyObjects(polygons, 40, 40))).sum())


objects = {
    "overlapping": [square(0, 0), square(5, 5)],
    "one inside": [square(20, 0), square(23, 3, 4)],
    "apart": [square(0, 20), square(20, 20)],
}
Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save("field.png")
annotations = [
    {"id": i, "image_id": 1, "category_id": 1, "iscrowd": 0, "bbox": [0, 0, 40, 40], "area": pixels(parts)}
    | {"segmentation": parts}
    for i, parts in enumerate(objects.values(), start=1)
]
images = [{"id": 1, "file_name": "field.png", "width": 40, "height": 40}]
categories = [{"id": 1, "name": "cell"}]
Path("cells.json").write_text(json.dumps({"images": images, "categories": categories, "annotations": annotations}))
sliced, _ = slice_coco("cells.json", ".", "sliced", output_dir="slices", slice_height=40, slice_width=40)
before = [(pixels(parts), pixels(parts)) for parts in objects.values()]
after = [(found["area"], pixels(found["segmentation"])) for found in sliced["annotations"]]
print(f"guess: (area, pixels painted by COCO's tools) of {list(objects)}: {before}")
print(f"found: {after}")
sys.exit(0 if after == [(150, 150), (84, 100), (200, 200)] else "the behaviour has changed")
PY
