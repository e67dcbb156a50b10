#!/usr/bin/env bash
# OpenCV's minAreaRect of a rectangle of 20 x 10, in 4.12, 4.13 and 5.0.
#
# Guess: turned by 30 degrees it has the size (20, 10) and the angle 30, in all three: angles lie between 0 and 90 since
#   4.5.1.
# What happens: in 4.12 yes; in 4.13 and 5.0 it has the size (10, 20) and the angle -60, and lying flat -90 in place of
#   90: the same rectangle, but width and height have changed places and the angle has the other sign, as before 4.5.1.
# Matters: columns of width, height and angle from two minor releases do not compare, and code that straightens crops by
#   the angle turns them the other way; sort the sides, and take the angle of the longer one modulo 180.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
for release in 4.12.0.88 4.13.0.92 5.0.0.93; do
    "$place/venv/bin/pip" install -q --disable-pip-version-check --target "$place/$release" \
        "opencv-python-headless==$release" numpy==2.2.6
done
cd "$place"
cat > rectangle.py <<'PY'
import cv2
import numpy as np


def rectangle(degrees):
    turn = np.deg2rad(degrees)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    corners = np.array([[0, 0], [20, 0], [20, 10], [0, 10]]) @ axes + 50
    _, size, angle = cv2.minAreaRect(corners.astype(np.float32))
    return round(size[0]), round(size[1]), round(angle)


print(rectangle(0), rectangle(30))
PY
echo "guess: (10, 20, 90) (20, 10, 30) in each"
changed=0
for release in 4.12.0.88 4.13.0.92 5.0.0.93; do
    found=$(PYTHONPATH="$place/$release" venv/bin/python rectangle.py)
    echo "found: opencv-python-headless $release: $found"
    expected="(10, 20, -90) (10, 20, -60)"
    if [ "$release" = 4.12.0.88 ]; then expected="(10, 20, 90) (20, 10, 30)"; fi
    if [ "$found" != "$expected" ]; then changed=1; fi
done
if [ "$changed" = 1 ]; then echo "the behaviour has changed" >&2; exit 1; fi
