#!/usr/bin/env bash
# torchmetrics: the value for a class that is neither in the truth nor in the result, both else equal, by class.
#
# Guess: NaN, or one value, in all metrics of segmentation; nobody can be wrong about what is not there.
# What happens: MeanIoU says -1, DiceScore NaN, GeneralizedDiceScore 0, JaccardIndex 0 and PanopticQuality 0, though the
#   means that they compute themselves leave the class out and are 1. HausdorffDistance ends in a RuntimeError.
#   PanopticQuality lists things before stuff, here the classes 1, 2 and 0.
# Matters: a table of classes averaged by hand, or by image, has .33 for MeanIoU, 1 or NaN for Dice and .67 for the
#   others, of one and the same perfect result; 0 cannot be told from a class that was missed. Count pixels beside it,
#   and leave out classes that have none in the truth and in the result.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check torch==2.13.0 torchmetrics==1.9.0 scipy==1.17.1 \
  numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import torch
from torchmetrics import JaccardIndex
from torchmetrics.detection import PanopticQuality
from torchmetrics.segmentation import DiceScore, GeneralizedDiceScore, HausdorffDistance, MeanIoU

print(*(f"{name} {version(name)}" for name in ("torchmetrics", "torch")), sep=", ")
classes = torch.tensor([[[0, 0, 1, 1], [0, 0, 1, 1]]])  # class 2 is nowhere
objects = torch.stack([classes, classes], dim=-1)
index = {"num_classes": 3, "input_format": "index"}
metrics = {
    "MeanIoU": (MeanIoU(**index, per_class=True), MeanIoU(**index), classes),
    "DiceScore": (DiceScore(**index, average="none"), DiceScore(**index, average="macro"), classes),
    "GeneralizedDiceScore": (GeneralizedDiceScore(**index, per_class=True), GeneralizedDiceScore(**index), classes),
    "JaccardIndex": (
        JaccardIndex(task="multiclass", num_classes=3, average="none"),
        JaccardIndex(task="multiclass", num_classes=3, average="macro"),
        classes,
    ),
    "PanopticQuality": (
        PanopticQuality(things={1, 2}, stuffs={0}, return_per_class=True),
        PanopticQuality(things={1, 2}, stuffs={0}),
        objects,
    ),
}
found = {}
for name, (by_class, mean, image) in metrics.items():
    values = by_class(image, image).flatten()
    found[name] = [str(round(float(value), 2)) for value in (*values, mean(image, image))]
    print(f"guess: {name}: 1, 1, NaN, mean 1; found: {found[name]}")
try:
    HausdorffDistance(**index)(classes, classes)
    said = None
except RuntimeError as error:
    said = type(error).__name__
print(f"  HausdorffDistance: {said}")
absent = {"MeanIoU": "-1.0", "DiceScore": "nan", "GeneralizedDiceScore": "0.0", "JaccardIndex": "0.0"}
seen = {name: ["1.0", "1.0", value, "1.0"] for name, value in absent.items()}
seen["PanopticQuality"] = ["1.0", "0.0", "1.0", "1.0"]  # classes 1, 2 and 0
sys.exit(0 if found == seen and said else "the behaviour has changed")
PY
