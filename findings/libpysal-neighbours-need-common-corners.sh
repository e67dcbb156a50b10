#!/usr/bin/env bash
# libpysal: Queen and Rook weights of a cell beside two others whose corners do not lie on its own, and a cell far
#   off.
#
# Guess: cells that share a stretch of boundary are neighbours, as Shapely's touches says: three pairs.
# What happens: one pair, the two that have a corner in common; the first cell has no neighbour, for only equal
#   vertices, or equal edges, count. Graph.build_contiguity does the same by default and finds three with strict=True.
#   The lag of a cell without neighbours is then 0, not NaN, as if its neighbours had been measured.
# Matters: outlines that were simplified, or drawn by hand, seldom share corners where three cells meet; in a tissue
#   many neighbours are missing, and the mean of the surroundings falls towards 0.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    libpysal==4.14.1 geopandas==1.2.0 shapely==2.2.0 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import geopandas
import numpy as np
from libpysal.graph import Graph
from libpysal.weights import Queen, Rook, lag_spatial
from shapely import box

print(*(f"{name} {version(name)}" for name in ("libpysal", "geopandas", "shapely")), sep=", ")
cells = geopandas.GeoDataFrame(geometry=[box(0, 0, 10, 10), box(10, -3, 20, 4), box(10, 4, 20, 13), box(30, 0, 40, 10)])
touching = {(i, j) for i in range(4) for j in range(i + 1, 4) if cells.geometry[i].touches(cells.geometry[j])}


def pairs(weights):
    return {(i, j) for i, others in weights.neighbors.items() for j in others if i < j}


queen = Queen.from_dataframe(cells, use_index=False, silence_warnings=True)
rook = Rook.from_dataframe(cells, use_index=False, silence_warnings=True)
strict = Graph.build_contiguity(cells, rook=False, strict=True).adjacency.drop(3, level="focal").index
loose = Graph.build_contiguity(cells, rook=False).adjacency.drop([0, 3], level="focal").index
queen.transform = "r"
lag = lag_spatial(queen, np.array([10.0, 20, 30, 40]))
found = {"Queen": pairs(queen), "Rook": pairs(rook), "Graph": {pair for pair in loose if pair[0] < pair[1]}}
print(f"guess: {sorted(touching)}")
for name, seen in found.items():
    print(f"found: {name} {sorted(seen)}")
print(f"found: Graph, strict {sorted(pair for pair in strict if pair[0] < pair[1])}")
print(f"found: lag {lag.tolist()} of the values 10, 20, 30 and 40")
seen = (
    touching == {(0, 1), (0, 2), (1, 2)} == {pair for pair in strict if pair[0] < pair[1]}
    and all(seen == {(1, 2)} for seen in found.values())
    and lag.tolist() == [0, 30, 20, 0]
)
sys.exit(0 if seen else "the behaviour has changed")
PY
