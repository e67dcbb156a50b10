#!/usr/bin/env bash
# pyclesperanto-prototype: mean_of_touching_neighbors of three squares in a row, each of which touches the next.
#
# Guess: the mean of the neighbours: the middle one (value 10, beside 1 and 100) has 50.5, its neighbours 10.
# What happens: with the matrix of generate_touch_matrix, the object itself and the background (value 0) are neighbours
#   too: 27.75 for the middle one, 3.67 and 36.67 for the others, and a minimum of 0 for all. The function of the same
#   name for maps leaves the background out and the object in: 37, 5.5 and 55. The count of neighbours leaves out both.
# Matters: what surrounds a cell is diluted by the cell itself, most where neighbours are few, so a cell that differs from
#   all around it looks like them; and mean times count is no sum.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    pyclesperanto-prototype==0.24.6 pyopencl==2026.1.4 pocl-binary-distribution==3.0 numpy==1.26.4
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import pyclesperanto_prototype as cle

print(*(f"{name} {version(name)}" for name in ("pyclesperanto_prototype", "pyopencl", "numpy")), sep=", ")


labels = np.zeros((30, 30), np.uint32)
labels[10:20, 0:10], labels[10:20, 10:20], labels[10:20, 20:30] = 1, 2, 3
values = np.array([0, 1, 10, 100], np.float32)[labels]


touch = cle.generate_touch_matrix(labels)


def of_map(image):
    return [round(float(np.asarray(cle.pull(image))[15, column]), 2) for column in (5, 15, 25)]


def of_vector(vector):
    return [round(float(value), 2) for value in np.asarray(cle.pull(vector)).ravel()[1:]]


mean = of_vector(cle.mean_of_touching_neighbors(np.array([[0, 1, 10, 100]], np.float32), touch))
least = of_vector(cle.minimum_of_touching_neighbors(np.array([[0, 1, 10, 100]], np.float32), touch))
mapped = of_map(cle.mean_of_touching_neighbors_map(values, labels))
count = of_vector(cle.count_touching_neighbors(touch))
print("guess: means [10, 50.5, 10]")
print(f"found: means {mean}, minima {least}, means of maps {mapped}, counts {count}")
seen = mean == [3.67, 27.75, 36.67] and least == [0, 0, 0] and mapped == [5.5, 37, 55] and count == [1, 2, 1]
sys.exit(0 if seen else "the behaviour has changed")
PY
