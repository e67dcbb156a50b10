#!/usr/bin/env bash
# ITK: ContourExtractor2DImageFilter of the square of rows and columns 10 to 19, pixels of .5, origin at 100 and 200.
#
# Guess: vertices in millimetres, as points are everywhere in ITK: from 104.75 to 109.75 and from 204.75 to 209.75, so a
#   square of 5 mm a side.
# What happens: from 9.5 to 19.5 on both axes, whatever spacing and origin the image has: places of pixels. Nothing
#   in the path says so; the image's own TransformContinuousIndexToPhysicalPoint makes points of them.
# Matters: lengths are too large by 2 and areas by 4 here, and with other pixels by other factors; laid over a mesh or a
#   point set of the same image the outline lies elsewhere.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check itk==5.4.7 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import itk
import numpy as np

print(*(f"{name} {version(name)}" for name in ("itk", "numpy")), sep=", ")
pixels = np.zeros((40, 40), np.float32)
pixels[10:20, 10:20] = 1


def contour(spacing, origin):
    image = itk.image_from_array(pixels)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    outlines = itk.ContourExtractor2DImageFilter[type(image)].New(Input=image, ContourValue=0.5)
    outlines.Update()
    vertices = outlines.GetOutput(0).GetVertexList()
    found = [vertices.GetElement(i) for i in range(vertices.Size())]
    points = [image.TransformContinuousIndexToPhysicalPoint(vertex) for vertex in found]
    return *box(found), *box(points)


def box(points):
    points = np.array([[point[0], point[1]] for point in points])
    return points.min(axis=0).tolist(), points.max(axis=0).tolist()


low, high, point_low, point_high = contour([0.5, 0.5], [100.0, 200.0])
print(f"guess: from {point_low} to {point_high}")
print(f"found: from {low} to {high}")
plain = contour([1.0, 1.0], [0.0, 0.0])
as_seen = [low, high] == [list(edge) for edge in plain[:2]] == [[9.5, 9.5], [19.5, 19.5]]
right = [point_low, point_high] == [[104.75, 204.75], [109.75, 209.75]]
sys.exit(0 if as_seen and right else "the behaviour has changed")
PY
