#!/usr/bin/env bash
# scale-nucleus: the overlap of an annotated box with a predicted outline of the same four corners.
#
# Guess: x and y of a BoxAnnotation are its left and upper border, as documented, so the overlap is 1.
# What happens: the metrics take them for the middle of the box. The overlap is 1/7; with an outline moved by half a box it is 1.
#   Boxes against boxes agree, for both are moved.
# Matters: a model that answers with outlines is judged wrong on data of boxes, and the other way round.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check scale-nucleus==0.22.3 shapely==2.1.2 numpy==2.4.6 scikit-image==0.26.0
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

from nucleus.annotation import AnnotationList, BoxAnnotation, Point
from nucleus.metrics.polygon_metrics import PolygonIOU
from nucleus.prediction import BoxPrediction, PolygonPrediction, PredictionList

print(*(f"{name} {version(name)}" for name in ("scale-nucleus", "shapely")), sep=", ")
truth = AnnotationList(box_annotations=[BoxAnnotation("cell", x=10, y=10, width=4, height=6, reference_id="a")])
corners = [(10, 10), (14, 10), (14, 16), (10, 16)]
iou = PolygonIOU(iou_threshold=0.1)


def outline(dx, dy):
    points = [Point(x + dx, y + dy) for x, y in corners]
    predicted = PolygonPrediction("cell", vertices=points, reference_id="a", confidence=0.9)
    return float(iou(truth, PredictionList(polygon_predictions=[predicted])).value)


box = BoxPrediction("cell", x=10, y=10, width=4, height=6, reference_id="a", confidence=0.9)
boxes = float(iou(truth, PredictionList(box_predictions=[box])).value)
same, moved = outline(0, 0), outline(-2, -3)
print("guess: 1.0 of the same corners")
print(f"found: {same:.3f}, of corners moved by half a box {moved:.3f}, of two boxes {boxes:.3f}")
sys.exit(0 if abs(same - 1 / 7) < 1e-9 and moved == boxes == 1 else "the behaviour has changed")
PY
