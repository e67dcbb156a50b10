#!/usr/bin/env bash
# visvalingamwyatt: how many points a line or a ring keeps.
#
# Guess: the first and the last point stay, as in the method of Visvalingam and Whyatt; a closed ring stays closed.
# What happens: with `threshold` yes; with `number` or `ratio` the last point always goes, since one point too many is
#   chosen and the list is then cut. A ring opens, and simplify_geometry of a GeoJSON polygon closes it with a
#   straight line: with number=4 a square becomes a triangle of half the area.
# Matters: outlines thinned to a number of points have a corner cut off where they begin.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check visvalingamwyatt==0.3.0 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import visvalingamwyatt

print(*(f"{name} {version(name)}" for name in ("visvalingamwyatt", "numpy")), sep=", ")
line = [[0, 0], [1, 1], [2, 0], [3, 1], [4, 0], [5, 3], [6, 0]]
ring = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
ends = [visvalingamwyatt.simplify(line, **how)[-1] for how in ({"threshold": 1}, {"number": 4}, {"ratio": 0.5})]
ends = [[int(value) for value in end] for end in ends]
opened = [[int(value) for value in point] for point in visvalingamwyatt.simplify(ring, number=4)]
polygon = visvalingamwyatt.simplify_geometry({"type": "Polygon", "coordinates": [ring]}, number=4)
corners = [[int(value) for value in point] for point in polygon["coordinates"][0]]
print("guess: the line ends at [6, 0] each time; of the ring a closed one is left")
print(f"found: it ends at {ends}; the ring {opened}; the polygon {corners}")
expected = ends == [[6, 0], [5, 3], [5, 3]] and opened[-1] == [0, 10]
sys.exit(0 if expected and corners == [[0, 0], [10, 0], [10, 10], [0, 0]] else "the behaviour has changed")
PY
