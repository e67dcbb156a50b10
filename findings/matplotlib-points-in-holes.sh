#!/usr/bin/env bash
# matplotlib: Path.contains_points of a path with a hole, drawn as a hole since its ring runs the other way.
#
# Guess: a point in the hole is outside, as the fill of the same path shows it.
# What happens: it is inside. The rings of a path are tested one by one and a point in any of them counts, whichever way
#   they run; contains_point does the same.
# Matters: whoever selects pixels or centres with a lasso, or paints polygons with it (a common recipe), has holes filled.
#   Test every ring by itself and take the exclusive or.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check matplotlib==3.11.2 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import matplotlib
import numpy as np

matplotlib.use("agg")
import matplotlib.pyplot as plt
from matplotlib.patches import PathPatch
from matplotlib.path import Path

print(*(f"{name} {version(name)}" for name in ("matplotlib", "numpy")), sep=", ")
outer = [(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)]
hole = [(3, 3), (3, 7), (7, 7), (7, 3), (3, 3)]
codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
path = Path(outer + hole, codes + codes)
points = {"in the hole": (5, 5), "between the rings": (1, 1), "outside": (11, 5)}
inside = path.contains_points(list(points.values())).tolist()

figure = plt.figure(figsize=(1, 1), dpi=100)
axes = figure.add_axes((0, 0, 1, 1), xlim=(-2, 12), ylim=(-2, 12))
axes.axis("off")
axes.add_patch(PathPatch(path, facecolor="black", linewidth=0))
figure.canvas.draw()
picture = np.asarray(figure.canvas.buffer_rgba())[::-1, :, 0]
painted = [bool(picture[int((y + 2) / 14 * 100), int((x + 2) / 14 * 100)] < 128) for x, y in points.values()]
for name, by_fill, by_test in zip(points, painted, inside):
    print(f"{name}: guess {by_fill}, as painted; found {by_test}")
as_seen = painted == [False, True, False] and inside == [True, True, False] and path.contains_point((5, 5))
sys.exit(0 if as_seen else "the behaviour has changed")
PY
