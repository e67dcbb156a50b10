#!/usr/bin/env bash
# GeoPandas: polygons and one multipolygon written to GeoParquet with geometry_encoding="geoarrow", and read again.
#
# Guess: each row as it was: a polygon a polygon, a multipolygon a multipolygon.
# What happens: all are multipolygons, most of one part. The column has one type, and one object of two parts decides it
#   for all; without it polygons come back as polygons. With the encoding that is the default, WKB, each keeps its own.
# Matters: a table of cells reads as polygons on one slide and as multipolygons on the next, where an object happened to
#   have two parts: .exterior then fails on every row, filters by geom_type find nothing, "objects in parts" are all.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    geopandas==1.2.0 shapely==2.2.0 pyarrow==26.0.1 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import geopandas
import shapely

print(*(f"{name} {version(name)}" for name in ("geopandas", "shapely", "pyarrow")), sep=", ")
cells = [shapely.box(0, 0, 10, 10), shapely.box(0, 20, 10, 30)]
in_parts = shapely.MultiPolygon([shapely.box(20, 0, 30, 10), shapely.box(40, 0, 50, 10)])


def kinds(outlines, encoding):
    frame = geopandas.GeoDataFrame({"cell": range(len(outlines))}, geometry=outlines)
    frame.to_parquet("cells.parquet", geometry_encoding=encoding)
    return geopandas.read_parquet("cells.parquet").geom_type.tolist()


found = kinds([*cells, in_parts], "geoarrow")
alone = kinds(cells, "geoarrow")
default = kinds([*cells, in_parts], "WKB")
print("guess: ['Polygon', 'Polygon', 'MultiPolygon']")
print(f"found: {found}; without the multipolygon {alone}; as WKB {default}")
as_seen = found == ["MultiPolygon"] * 3 and alone == ["Polygon"] * 2
sys.exit(0 if as_seen and default == ["Polygon", "Polygon", "MultiPolygon"] else "the behaviour has changed")
PY
