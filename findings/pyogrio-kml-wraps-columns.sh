#!/usr/bin/env bash
# pyogrio: squares at columns 100 and 1000 of an image, without a reference system, written as KML and read again.
#
# Guess: the coordinates come back, for none of them is said to be an angle; or an error that they are none.
# What happens: the square at column 1000 comes back at column -80: whatever lies beyond 180 is brought back by
#   multiples of 360, with a word only in GDAL's log. Rows stay, beyond 90 too.
# Matters: objects of any image wider than 180 pixels lie on top of one another; GeoJSON, GeoPackage, FlatGeobuf, GML and
#   GMT keep the numbers.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check pyogrio==0.13.0 geopandas==1.2.0 shapely==2.2.0 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import geopandas
import pyogrio
import shapely

print(*(f"{name} {version(name)}" for name in ("pyogrio", "geopandas", "shapely")), sep=", ")
print("GDAL", ".".join(map(str, pyogrio.__gdal_version__)))
given = geopandas.GeoDataFrame(geometry=[shapely.box(100, 70, 110, 80), shapely.box(1000, 700, 1010, 710)])
found = {}
for driver, ending in (("KML", "kml"), ("GML", "gml"), ("GeoJSON", "geojson")):
    given.to_file(f"squares.{ending}", driver=driver)
    found[driver] = [shape.bounds[:2] for shape in geopandas.read_file(f"squares.{ending}").geometry]
print("guess: [(100, 70), (1000, 700)] from each")
print(f"found: {found}")
kept = [(100, 70), (1000, 700)]
seen = found["KML"] == [(100, 70), (-80, 700)] and found["GML"] == found["GeoJSON"] == kept
sys.exit(0 if seen else "the behaviour has changed")
PY
