#!/usr/bin/env bash
# pyogrio (GDAL 3.12): outlines in pixels, without a reference system, as a MapInfo table (.tab), and its twin .mif.
#
# Guess: the coordinates that were written, to the last digits of a float, in both.
# What happens: .mif gives them back; .tab holds whole numbers on a grid made for the whole earth in metres, one or two
#   hundredths wide, and what comes back is odd besides: 10.3 becomes 10.29 as an x and 10.31 as a y, .2 becomes .21. A
#   square of .003 is a ring of one point.
# Matters: outlines in pixels move by a hundredth; in millimetres or between 0 and 1 they become steps, and small ones
#   lose their area in silence. Nothing in the call is different but the file's ending.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check pyogrio==0.13.0 geopandas==1.0.1 shapely==2.2.0 pandas==2.3.3 numpy==2.3.5
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import geopandas as gpd
import pyogrio
from shapely.geometry import box

print(*(f"{name} {version(name)}" for name in ("pyogrio", "geopandas", "shapely", "pandas", "numpy")), sep=", ")
shapes = [box(10.3, 10.3, 19.7, 19.7), box(0.2, 0.3, 0.4, 0.5), box(0.201, 0.3, 0.204, 0.303)]
frame = gpd.GeoDataFrame({"object": [1, 2, 3]}, geometry=shapes)


def written(ending):
    pyogrio.write_dataframe(frame, f"shapes.{ending}", driver="MapInfo File")
    return list(pyogrio.read_dataframe(f"shapes.{ending}").geometry)


mif, tab = written("mif"), written("tab")
for name, shape, other, found in zip(("a square of 9.4", "of .2", "of .003"), shapes, mif, tab):
    print(f"{name}: guess bounds {shape.bounds}, area {shape.area:.6f}")
    print(f"  found .mif {other.bounds}, .tab {found.bounds}, area {found.area:.6f}")
exact = all(one.equals_exact(other, 1e-12) or one.equals(other) for one, other in zip(shapes, mif))
moved = max(abs(a - b) for a, b in zip(shapes[0].bounds, tab[0].bounds))
print(f"largest shift of the first: {moved:.4f}")
sys.exit(0 if exact and 0.005 < moved < 0.02 and tab[2].area == 0 else "the behaviour has changed")
PY
