#!/usr/bin/env bash
# mean-average-precision: matching boxes at an IoU of one half, given as x1, y1, x2, y2.
#
# Guess: a box of 10 x 10 and one of 10 x 4.6 within it have an IoU of .46, so that there is no match.
# What happens: they match. Every side is counted one larger, as if the corners were the numbers of pixels, also for
#   fractions: 11 x 5.6 over 11 x 11 is .51.
# Matters: boxes of contours, of COCO files (x, y plus width, height) and of networks end at the far edge of their last
#   pixel; for small objects the average precision is too good, and pycocotools gives another one.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check mean-average-precision==2024.1.5.0 \
  numpy==2.4.6 pandas==2.3.3
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from mean_average_precision import MetricBuilder

print(*(f"{name} {version(name)}" for name in ("mean-average-precision", "numpy")), sep=", ")


def precision(side, height):
    metric = MetricBuilder.build_evaluation_metric("map_2d", async_mode=False, num_classes=1)
    truth = np.array([[0, 0, side, side, 0, 0, 0]], float)
    metric.add(np.array([[0, 0, side, height, 0, 0.9]], float), truth)
    recalls = np.arange(0, 1.01, 0.01)
    return float(metric.value(iou_thresholds=0.5, recall_thresholds=recalls, mpolicy="soft")["mAP"])


found = {}
for side, height in ((10, 4.4), (10, 4.6), (10, 5.1), (4, 1.6), (100, 49.6)):
    found[side, height] = precision(side, height)
    print(f"{side} x {height} in {side} x {side}, IoU {height / side:.3f}: precision {found[side, height]}")
print("guess: 0 below one half")
expected = list(found.values()) == [0.0, 1.0, 1.0, 1.0, 1.0]
sys.exit(0 if expected else "the behaviour has changed")
PY
