#!/usr/bin/env bash
# SpatialData: a square of 10 x 10 labelled pixels (rows and columns 10 to 19) made a polygon, and its centroid.
#
# Guess: pixel edges lie on whole numbers, as in all its coordinates: a polygon of area 100 from 10 to 20, centroid 15.
# What happens: get_centroids and to_circles of the labels give 15, but to_polygons runs from 9.5 to 19.5 with its
#   corners cut, area 99.5, around 14.5: the outlines lie half a pixel up and to the left of their own labels. Rasterised
#   again a pixel is missing.
# Matters: outlines and centroids or circles of one label image do not lie on one another, and points at a border go
#   to the wrong cell; move the polygons by half a pixel.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    spatialdata==0.7.3 numpy==2.4.6 shapely==2.2.0 scikit-image==0.26.0
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import spatialdata
from spatialdata.models import Labels2DModel

names = ("spatialdata", "numpy", "shapely", "scikit-image")
print(*(f"{name} {version(name)}" for name in names), sep=", ")
pixels = np.zeros((40, 40), np.int32)
pixels[10:20, 10:20] = 1
labels = Labels2DModel.parse(pixels, dims=("y", "x"))
polygons = spatialdata.to_polygons(labels)
bounds, area = polygons.total_bounds.tolist(), float(polygons.area.iloc[0])
of_polygon = spatialdata.get_centroids(polygons).compute().to_numpy().round(6).tolist()
of_labels = spatialdata.get_centroids(labels).compute().to_numpy().round(6).tolist()
circle = spatialdata.to_circles(labels).geometry.iloc[0]
print("guess: area 100, bounds 10 to 20, centroids of labels, circle and polygon 15, 15")
print(f"found: area {area}, bounds {bounds}, centroids {of_labels}, {circle}, {of_polygon}")
as_seen = (area, bounds, of_polygon) == (99.5, [9.5, 9.5, 19.5, 19.5], [[14.5, 14.5]])
whole = of_labels == [[15, 15]] and (circle.x, circle.y) == (15, 15)
sys.exit(0 if as_seen and whole else "the behaviour has changed")
PY
