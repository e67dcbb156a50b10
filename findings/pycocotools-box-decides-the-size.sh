#!/usr/bin/env bash
# pycocotools: AP of small objects, with results that have a box beside their mask.
#
# Guess: with iouType "segm" the mask alone counts, its area too; a box beside it changes nothing.
# What happens: loadRes takes the area of every result from its box as soon as the first one has a box. A slanted line
#   of 180 pixels, found in error, has a box of 62 x 60 and so counts as medium: AP of small objects is 1.0 with boxes
#   and .5 without, from the same masks, while AP over all sizes is .5 both times. Areas given in the results are lost.
# Matters: results that carry boxes, as most programs write them, look better on small objects where thin or curved
#   things are found in error; compare AP by size only between files that both have boxes or both have none.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check pycocotools==2.0.11 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import contextlib
import io
import sys
from importlib.metadata import version

import numpy as np
from pycocotools import mask as codes
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

print(*(f"{name} {version(name)}" for name in ("pycocotools", "numpy")), sep=", ")
cell, line = np.zeros((2, 100, 100), np.uint8)
cell[2:12, 80:90] = 1
for step in range(60):
    line[30 + step, 5 + step : 8 + step] = 1
common = {"image_id": 1, "category_id": 1}


def row(mask, **others):
    return {**common, "segmentation": codes.encode(np.asfortranarray(mask)), **others}


def precisions(results):
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": 1, "height": 100, "width": 100}],
            "categories": [{"id": 1, "name": "cell"}],
            "annotations": [row(cell, id=1, area=100, bbox=[80, 2, 10, 10], iscrowd=0)],
        }
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results), "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [round(float(evaluation.stats[place]), 2) for place in (0, 3)]


results = [row(line, score=0.9, area=180.0), row(cell, score=0.8, area=100.0)]
with_boxes = [{**found, "bbox": codes.toBbox(found["segmentation"]).tolist()} for found in results]
plain, boxed = precisions(results), precisions(with_boxes)
print("guess: the same AP of all and of small objects, with boxes and without")
print(f"found: [all, small] {plain} without boxes, {boxed} with them")
sys.exit(0 if plain == [0.5, 0.5] and boxed == [0.5, 1.0] else "the behaviour has changed")
PY
