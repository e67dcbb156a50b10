#!/usr/bin/env bash
# py-lmd (Leica laser microdissection): a collection of shapes saved as XML, loaded with Collection.load, saved again.
#
# Guess: the file holds coordinates times scale, 100, as whole numbers; loading divides by it, so that shapes and the
#   second file are as before.
# What happens: loading does not divide, and the loaded collection has the scale 100 all the same. Shapes are 100 times
#   as large as those that were saved, calibration points too, and the second file 100 times as large as the first. Each
#   shape has PointCount twice in the second file, and names are Shape_1, Shape_2, ... anew.
# Matters: who loads a collection to add, take out or join shapes gets a plan whose old and new shapes have two scales,
#   and a laser that is sent far beyond the slide. Set scale to 1 after loading, and divide what joins other shapes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check py-lmd==1.6.1 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import contextlib
import io
import sys
from importlib.metadata import version
from xml.etree import ElementTree

import numpy as np
from lmd.lib import Collection

print(*(f"{name} {version(name)}" for name in ("py-lmd", "numpy")), sep=", ")
square = np.array([[10.0, 10], [20, 10], [20, 20.5], [10, 20]])
first = Collection(calibration_points=np.array([[0, 0], [0, 100], [100, 0]]))
first.orientation_transform = np.array([[1, 0], [0, 1]])
first.new_shape(square, name="nucleus 7", well="A1")
second = Collection()
third = Collection()
with contextlib.redirect_stdout(io.StringIO()):
    first.save("first.xml")
    second.load("first.xml")
    second.save("second.xml")
    third.load("first.xml")
    third.scale = 1
    third.save("third.xml")


def corner_and_counts(name):
    shape = ElementTree.parse(name).getroot().find("Shape_1")
    return shape.findtext("X_3"), shape.findtext("Y_3"), len(shape.findall("PointCount"))


files = tuple(corner_and_counts(f"{name}.xml") for name in ("first", "second", "third"))
loaded = second.shapes[0].points[2].tolist(), second.calibration_points[1].tolist(), second.scale, second.shapes[0].name
print("guess: third corner (20, 20.5) loaded, and the same file twice")
print(f"found: third corner, second calibration point, scale and name loaded {loaded}")
print(f"  in the files, the third with the scale 1 set: {files}")
seen = ([2000, 2050], [0, 10000], 100, "Shape_1"), (("2000", "2050", 1), ("200000", "205000", 2), ("2000", "2050", 2))
sys.exit(0 if (loaded, files) == seen else "the behaviour has changed")
PY
