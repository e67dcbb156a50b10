#!/usr/bin/env bash
# InstanSeg: labels_to_features, GeoJSON for QuPath of an image with the labels 7, 8 (two parts) and 9 (with a hole).
#
# Guess: one feature a label; include_labels=True gives its number; downsample=2 doubles coordinates, offset=(100, 200)
#   moves them, and the hole stays.
# What happens: Label is the number of the feature, from 0, in the order in which parts are met: 0, 1, 2, 3. Parts are
#   features of their own and shift the numbers behind them. downsample alone changes nothing; with offset,
#   documented as an int but taken as a pair, it works, coordinates are rounded to whole pixels and holes are filled.
# Matters: measurements joined by Label go to other cells, of labels 1 to n each to its neighbour; outlines of a
#   half-size image lie in the slide's upper left quarter. Number features by looking into the label image.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check instanseg-torch==0.1.2 torch==2.13.0 \
  rasterio==1.4.4 geojson==3.3.0 shapely==2.2.0 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from instanseg.utils.utils import labels_to_features
from shapely.geometry import shape

print(*(f"{name} {version(name)}" for name in ("instanseg-torch", "rasterio", "geojson", "numpy")), sep=", ")
labels = np.zeros((60, 60), np.int32)
labels[2:6, 10:14] = 7
labels[4:8, 40:44] = 8
labels[20:24, 40:44] = 8
labels[30:45, 30:45] = 9
labels[35:40, 35:40] = 0


def features(**options):
    found = labels_to_features(labels, include_labels=True, **options)["features"]
    return [(feature["properties"]["measurements"][0]["value"], shape(feature["geometry"])) for feature in found]


def label_of(outline):
    inside = outline.representative_point()
    return int(labels[int(inside.y), int(inside.x)])


plain = [(number, label_of(outline), outline.area) for number, outline in features()]
halved = features(downsample=2.0)[0][1].bounds
moved = features(downsample=2.0, offset=(100, 200))
print("guess: labels 7, 8, 9 with areas 16, 32, 200; bounds twice 10, 2, 14, 6, or 120, 204, 128, 212 when moved")
print(f"found: given as Label, label in the image and area: {plain}")
print(f"  bounds with downsample {halved}, with offset too {moved[0][1].bounds}; the holed one then {moved[3][1].area}")
seen = plain == [(0, 7, 16), (1, 8, 16), (2, 8, 16), (3, 9, 200)] and halved == (10, 2, 14, 6)
filled = moved[0][1].bounds == (120, 204, 128, 212) and moved[3][1].area == 900
sys.exit(0 if seen and filled else "the behaviour has changed")
PY
