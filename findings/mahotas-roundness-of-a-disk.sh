#!/usr/bin/env bash
# mahotas: features.roundness of disks, a square and rectangles.
#
# Guess: 1 for a disk and less for all others, 4 pi area / perimeter^2, as circularity or form factor elsewhere.
# What happens: the reciprocal, which grows with length and corners, of a perimeter that is counted in pixels of the
#   border. Since that is too short on slants, disks have 0.8, less than the 1 that no shape can be below, a square 1.21
#   or, turned by 45 degrees, 0.61, and a rod 5.55.
# Matters: "roundness above 0.9" keeps squares and long rods and drops each round cell. features.perimeter beside it
#   measures slants: of that the same disk has 1.10. The documentation says no more than its name.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check mahotas==1.4.19 numpy==2.2.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import mahotas
import numpy as np

print(*(f"{name} {version(name)}" for name in ("mahotas", "numpy")), sep=", ")
rows, columns = np.mgrid[-60:61, -60:61]
shapes = {
    "disk of radius 10": np.hypot(rows, columns) <= 10,
    "disk of radius 20": np.hypot(rows, columns) <= 20,
    "disk of radius 50": np.hypot(rows, columns) <= 50,
    "square of 41": (abs(rows) <= 20) & (abs(columns) <= 20),
    "square turned by 45 degrees": abs(rows) + abs(columns) <= 20,
    "rectangle of 21 x 41": (abs(rows) <= 10) & (abs(columns) <= 20),
    "rod of 5 x 81": (abs(rows) <= 2) & (abs(columns) <= 40),
}
found = {shape: round(float(mahotas.features.roundness(mask)), 2) for shape, mask in shapes.items()}
disk = shapes["disk of radius 20"]
measured = round(float(mahotas.labeled.perimeter(disk) ** 2 / (4 * np.pi * disk.sum())), 2)
print("guess: 1 for disks, .79 for squares, less for the others")
for shape, value in found.items():
    print(f"found: {shape}: {value}")
print(f"  of the perimeter beside it, disk of radius 20: {measured}")
seen = [0.79, 0.79, 0.8, 1.21, 0.61, 1.33, 5.55]
sys.exit(0 if (list(found.values()), measured) == (seen, 1.1) else "the behaviour has changed")
PY
