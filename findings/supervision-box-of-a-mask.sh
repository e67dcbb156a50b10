#!/usr/bin/env bash
# supervision's box of a mask.
#
# Guess: a mask of 4 x 4 pixels at (2, 2) has the box 2, 2, 6, 6 and the area 16, as boxes of detectors
#   and COCO count.
# What happens: the box ends at the last pixel's index: 2, 2, 5, 5, so the area of the detection is 16 with its
#   mask and 9 without; IoU of such a box with a detector's is .56 for a perfect match.
# Matters: boxes made from masks there need one pixel more at the right and the bottom.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check supervision==0.31.2 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import supervision as sv

print(*(f"{name} {version(name)}" for name in ("supervision", "numpy")), sep=", ")
mask = np.zeros((1, 10, 10), bool)
mask[0, 2:6, 2:6] = True
box = sv.mask_to_xyxy(mask).astype(float)
area = sv.Detections(xyxy=box, mask=mask).area.tolist() + sv.Detections(xyxy=box).area.tolist()
iou = float(sv.box_iou_batch(box, np.array([[2.0, 2, 6, 6]]))[0, 0])
print("guess: box 2, 2, 6, 6; area 16 either way")
print(f"found: box {box[0].tolist()}, areas {area}, IoU with 2, 2, 6, 6 {iou:.2f}")
sys.exit(0 if area == [16, 9] and round(iou, 2) == 0.56 else "the behaviour has changed")
PY
