#!/usr/bin/env bash
# OpenCV: ellipse() with two equal half axes, filled, against circle() of that radius.
#
# Guess: the same pixels.
# What happens: the ellipse is larger, 89 pixels for 81 at radius 5, 347 for 317 at 10, about the area of a radius that is
#   larger by half a pixel; and it is no mirror image of itself, as the circle is.
# Matters: ellipses of annotation tools and fits (fitEllipse, RotatedRect) painted as masks: small round objects come
#   out a tenth too large, and their centre is moved by the lopsided rim.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import math
import sys
from importlib.metadata import version

import cv2
import numpy as np

names = "opencv-python-headless", "numpy"
print(*(f"{name} {version(name)}" for name in names), sep=", ")
found, lopsided = {}, []
for radius in (5, 10, 20):
    circle, ellipse = np.zeros((2, 61, 61), np.uint8)
    cv2.circle(circle, (30, 30), radius, 1, -1)
    cv2.ellipse(ellipse, (30, 30), (radius, radius), 0, 0, 360, 1, -1)
    found[radius] = int(circle.sum()), int(ellipse.sum())
    lopsided.append((bool((circle != circle[:, ::-1]).any()), bool((ellipse != ellipse[:, ::-1]).any())))
    disks = [f"{round(math.pi * r * r)} is a disk of {r}" for r in (radius, radius + 0.5)]
    print(f"radius {radius}: circle {found[radius][0]} pixels, ellipse {found[radius][1]};", ", ".join(disks))
print(f"another picture in the mirror (circle, ellipse): {lopsided}")
print("guess: as many pixels each time, no other picture in the mirror")
expected = found == {5: (81, 89), 10: (317, 347), 20: (1257, 1307)} and all(pair == (False, True) for pair in lopsided)
sys.exit(0 if expected else "the behaviour has changed")
PY
