#!/usr/bin/env bash
# vtracer: a red frame of 10 x 10 pixels with a hole of 6 x 6 on blue, drawn as polygons, parts "stacked" and "cutout".
#
# Guess: cutout, made for shapes that do not lie over one another, gives the frame as one red path with a hole.
# What happens: one full square in a purple that is nowhere in the image; of a frame of 6 x 6 around 2 x 2 nothing is left,
#   with filter_speckle=0 too. Stacked, the red square and a blue one upon it are there, in their own colours. A frame
#   of 20 around 12 is right in both ways.
# Matters: colours of a label image are the labels: small objects with holes get a number that does not exist, or go, and
#   with them membranes and rings of one slide but not of another, enlarged one.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check vtracer==0.6.15 numpy==2.3.5
cd "$place"
venv/bin/python -W ignore - <<'PY'
import re
import sys
from importlib.metadata import version

import numpy as np
import vtracer

print(*(f"{name} {version(name)}" for name in ("vtracer", "numpy")), sep=", ")


def colours(size, hole, way):
    """The colour of every path but the background, and of how many rings it is."""
    frame = np.zeros((60, 60), bool)
    frame[10 : 10 + size, 10 : 10 + size] = True
    edge = 10 + (size - hole) // 2
    frame[edge : edge + hole, edge : edge + hole] = False
    pixels = [(255, 0, 0, 255) if inside else (0, 0, 255, 255) for inside in frame.ravel()]
    svg = vtracer.convert_pixels_to_svg(pixels, (60, 60), mode="polygon", hierarchical=way, filter_speckle=0)
    return [(colour, path.count("Z")) for path, colour in re.findall(r'<path d="(.*?)" fill="(.*?)"', svg)][1:]


found = {}
for size, hole in ((6, 2), (10, 6), (20, 12)):
    found[size] = colours(size, hole, "stacked"), colours(size, hole, "cutout")
    print(f"{size} around {hole}: guess one red path of two rings when cut out, found {found[size][1]}; stacked {found[size][0]}")
apart, hole_and_ring = [("#FF0000", 1), ("#0000FF", 1)], [("#FF0000", 2), ("#0000FF", 1)]
seen = {6: (apart, []), 10: (apart, [("#A3005B", 1)]), 20: (apart, hole_and_ring)}
sys.exit(0 if found == seen else "the behaviour has changed")
PY
