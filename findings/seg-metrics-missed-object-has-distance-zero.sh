#!/usr/bin/env bash
# seg-metrics: distances of surfaces of a label that the result lacks, and of one that lies at the wrong place.
#
# Guess: infinite or NaN, as nothing can be measured, or an error.
# What happens: Hausdorff distance, its 95th percentile and the mean distance of surfaces are 0, as of a perfect object;
#   Dice is 0 beside them. The label at the wrong place, ten voxels further, has 10. A label that only the result has
#   is 0 too.
# Matters: the mean distance over images or labels gets better with every object that is missed; a network that finds
#   nothing is the best of all. Take distances only of rows whose Dice is above 0.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check seg-metrics==1.2.8 SimpleITK==2.5.7 numpy==2.2.6
cd "$place"
venv/bin/python -W ignore - 2> /dev/null <<'PY'
import contextlib
import io
import sys
from importlib.metadata import version

import numpy as np
import seg_metrics.seg_metrics as seg_metrics

print(*(f"{name} {version(name)}" for name in ("seg-metrics", "SimpleITK", "numpy")), sep=", ")
truth = np.zeros((20, 40, 40), np.uint8)
truth[5:10, 5:10, 5:10] = 1
truth[5:10, 20:25, 20:25] = 2
missed = np.where(truth == 2, 0, truth)
elsewhere = missed + 2 * (np.roll(truth, 10, axis=1) == 2).astype(np.uint8)


def second_label(truth, result):
    with contextlib.redirect_stdout(io.StringIO()):
        values = seg_metrics.write_metrics(labels=[1, 2], gdth_img=truth, pred_img=result, csv_file=None)
    return {name: float(values[0][name][1]) for name in ("dice", "hd", "hd95", "msd")}


found = {
    "missed": second_label(truth, missed),
    "elsewhere": second_label(truth, elsewhere),
    "only in the result": second_label(missed, truth),
}
print("guess: infinite, NaN or an error where it is missed")
for case, values in found.items():
    print(f"found: {case}: {values}")
zero = {"dice": 0, "hd": 0, "hd95": 0, "msd": 0}
far = found["elsewhere"]
seen = found["missed"] == zero and found["only in the result"] == zero and (far["hd"], far["hd95"]) == (10, 10)
sys.exit(0 if seen else "the behaviour has changed")
PY
