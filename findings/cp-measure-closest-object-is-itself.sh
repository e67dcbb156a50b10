#!/usr/bin/env bash
# cp_measure (CellProfiler's measurements): neighbours of three equal squares in a row, with gaps of 10 and 30 pixels.
#
# Guess: the first closest object is the nearest other one, as its distance is; with "Expand until adjacent" each has
#   those neighbours that it meets, and distances are between the centres of the objects, 20 and 40.
# What happens: FirstClosestObjectNumber is the object itself, and the nearest other one stands as the second closest;
#   the distances beside them are right, those of the first and second other object, so that number and distance do not
#   belong together. With "Expand until adjacent" NumberOfNeighbors is 0 for all, where PercentTouching is 35 to 78, and
#   distances are between the centres of the expanded objects, which depend on the size of the image.
# Matters: pairs of cells, cell-cell contact and crowding from such a table are those of a cell with itself. Take the
#   number of the second closest for the first distance, and "Within a specified distance" in place of expansion.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check cp-measure==0.3.0 centrosome==1.3.4 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from cp_measure.bulk import get_multimask_measurements

print(*(f"{name} {version(name)}" for name in ("cp-measure", "centrosome", "numpy")), sep=", ")
labels = np.zeros((100, 100), int)
for label, column in ((1, 10), (2, 30), (3, 70)):
    labels[50:60, column : column + 10] = label


def neighbours(way, distance):
    measured = get_multimask_measurements()["neighbors"](labels, labels, way, distance)
    values = {name.split("_")[1]: [round(float(value)) for value in row] for name, row in measured.items()}
    wanted = "FirstClosestObjectNumber", "FirstClosestDistance", "SecondClosestObjectNumber", "SecondClosestDistance"
    return [values[name] for name in (*wanted, "NumberOfNeighbors", "PercentTouching")]


within = neighbours("Within a specified distance", 15)
expanded = neighbours("Expand until adjacent", 0)
print("guess: first closest 2, 1, 2 at 20, 20, 40 and second 3, 3, 1 at 60, 40, 60; expanded 1, 2, 1 neighbours")
print(f"found: within 15 pixels {within[:4]}\n  expanded: {expanded[4]} neighbours, percent touching {expanded[5]}")
print(f"  distances when expanded {expanded[1]} and {expanded[3]}")
seen = within == [[1, 2, 3], [20, 20, 40], [2, 1, 2], [60, 40, 60], [1, 1, 0], [50, 50, 0]]
expansion = expanded[1] == [23, 25, 43] and expanded[4:] == [[0, 0, 0], [41, 78, 35]]
sys.exit(0 if seen and expansion else "the behaviour has changed")
PY
