#!/usr/bin/env bash
# picai_eval: two detections that lie on one lesion.
#
# Guess: one is a hit, the other a false positive, as in COCO's evaluation and in the challenges of nodules and microaneurysms.
# What happens: the one of the larger overlap is the hit, whatever the scores, and the other is not counted.
# Matters: a network that breaks every lesion into parts has as many false positives as one that finds them whole; average
#   precision by COCO tools of the same masks is lower.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check picai-eval==1.4.13 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import io
import sys
from contextlib import redirect_stdout
from importlib.metadata import version

import numpy as np

with redirect_stdout(io.StringIO()):  # it prints how to cite it
    from picai_eval.eval import evaluate_case

print(*(f"{name} {version(name)}" for name in ("picai-eval", "numpy")), sep=", ")
lesion = np.zeros((1, 40, 40), int)
lesion[0, 10:20, 10:20] = 1


def found(*parts):
    detection = np.zeros(lesion.shape)
    for score, left, right in parts:
        detection[0, 10:20, left:right] = score
    rows, *_ = evaluate_case(y_det=detection, y_true=lesion)
    return [(hit, round(float(score), 2), round(float(overlap), 2)) for hit, score, overlap in rows]


two = found((0.9, 10, 14), (0.6, 15, 20))
beside = found((0.9, 10, 14), (0.6, 25, 30))
print("guess: one hit and one false positive, (0, 0.6, 0.0) or (0, 0.9, 0.0)")
print("found (hit, score, overlap):", two, "with the second beside the lesion:", beside)
expected = [(1, 0.6, 0.5)]
sys.exit(0 if two == expected and len(beside) == 2 else "the behaviour has changed")
PY
