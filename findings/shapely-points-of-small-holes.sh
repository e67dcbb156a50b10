#!/usr/bin/env bash
# Shapely: remove_repeated_points(tolerance=1) of a square of 100 x 100 with a hole of .1 x .1, and of both in an array.
#
# Guess: the square without the hole, or with the hole as it was.
# What happens: a GEOSException, for the hole is left with two points, and none of the array's outlines comes back;
#   simplify keeps such a hole, and with preserve_topology=False leaves it out.
# Matters: one speck of a hole stops the cleaning of a whole image; a tolerance below the size of the smallest hole, or
#   simplify, in its place.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check shapely==2.2.0 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import shapely

print(*(f"{name} {version(name)}" for name in ("shapely", "numpy")), sep=", ")
square, hole = shapely.box(0, 0, 100, 100), shapely.box(50, 50, 50.1, 50.1)
holed = square.difference(hole)


def holes(clean, *given):
    try:
        return [len(shape.interiors) for shape in clean(list(given))]
    except shapely.errors.GEOSException as error:
        return str(error).split(":")[0]


found = {
    "repeated points": holes(lambda shapes: shapely.remove_repeated_points(shapes, 1), square, holed),
    "the square alone": holes(lambda shapes: shapely.remove_repeated_points(shapes, 1), square),
    "simplify": holes(lambda shapes: shapely.simplify(shapes, 1), square, holed),
    "simplify freely": holes(lambda shapes: shapely.simplify(shapes, 1, preserve_topology=False), square, holed),
}
print("guess: [0, 0] or [0, 1] from each of two")
print(f"found: {found}")
seen = list(found.values()) == ["IllegalArgumentException", [0], [0, 1], [0, 0]]
sys.exit(0 if seen else "the behaviour has changed")
PY
