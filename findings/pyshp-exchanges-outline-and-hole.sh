#!/usr/bin/env bash
# pyshp: Writer.poly of a square of 10 x 10 with a hole of 4 x 4, its rings in the order in which GeoJSON has them.
#
# Guess: rings are turned as the format wants them; or, if not, both are read as outlines, with an area of 116.
# What happens: they are written as they come, and an outline that runs against the clock is a hole there. GeoPandas reads
#   the small ring as the outline and the large one as its hole: an area of -84, bounds of the small one, and no word;
#   pyshp itself reads the same. Writer.shape, given the whole GeoJSON object, turns the rings, and the area is 84.
# Matters: rows of an image run downwards, so outlines that look clockwise run against the clock for a map; every object
#   with a hole becomes its hole, while those without come through and hide it.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    pyshp==3.1.6 geopandas==1.2.0 pyogrio==0.13.0 shapely==2.2.0 numpy==2.3.5
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import geopandas
import shapefile

print(*(f"{name} {version(name)}" for name in ("pyshp", "geopandas", "pyogrio", "shapely")), sep=", ")
outline = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
hole = [[3, 3], [3, 7], [7, 7], [7, 3], [3, 3]]


def read_again(name, write):
    with shapefile.Writer(name, shapeType=shapefile.POLYGON) as writer:
        writer.field("id", "N")
        write(writer)
        writer.record(1)
    found = geopandas.read_file(f"{name}.shp").geometry[0]
    return found.area, found.bounds, shapefile.Reader(name).shape(0).__geo_interface__["coordinates"][0][1]


as_rings = read_again("rings", lambda writer: writer.poly([outline, hole]))
as_geojson = read_again("geojson", lambda writer: writer.shape({"type": "Polygon", "coordinates": [outline, hole]}))
print("guess: area 84, or 116 as two outlines, bounds 0 to 10")
print(f"found: as rings {as_rings}\n  as GeoJSON {as_geojson}")
seen = as_rings[:2] == (-84, (3, 3, 7, 7)) and as_geojson[:2] == (84, (0, 0, 10, 10))
sys.exit(0 if seen and tuple(as_rings[2]) in ((3, 7), (7, 3)) else "the behaviour has changed")
PY
