#!/usr/bin/env bash
# py-ctcmetrics: MT and ML, the shares of reference tracks that a result follows mostly (80 % of their frames) or loses
#   (less than 20 %).
#
# Guess: of four tracks a result has one, and none of the others: MT .25, ML .75.
# What happens: MT 1, ML 0. The frames in which a track was not found are counted as one more candidate for it, so a
#   track that is missed throughout is "followed" for all of its frames; one that is missed for eight of ten counts as
#   followed, and only one cut into more than five pieces could be lost.
# Matters: a result with no more than one object has the best values there are. The other measures are not hit.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check py-ctcmetrics==1.3.3 numpy==2.4.6 scipy==1.17.1
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from ctc_metrics.metrics.others.mt_ml import mtml

print(*(f"{name} {version(name)}" for name in ("py-ctcmetrics", "numpy", "scipy")), sep=", ")
tracks, frames = [1, 2, 3, 4], 10


def shares(found_until):
    """The measure where track i was found in the first found_until[i] frames, with its own number."""
    present = [[track for track in tracks if frame < found_until[track]] for frame in range(frames)]
    result = mtml([tracks] * frames, present, present, present)
    return round(float(result["MT"]), 2), round(float(result["ML"]), 2)


cases = {
    "all found": ({1: 10, 2: 10, 3: 10, 4: 10}, (1.0, 0.0)),
    "one found, three missed": ({1: 10, 2: 0, 3: 0, 4: 0}, (0.25, 0.75)),
    "one found, three for one frame": ({1: 10, 2: 1, 3: 1, 4: 1}, (0.25, 0.75)),
    "one found, three for half": ({1: 10, 2: 5, 3: 5, 4: 5}, (0.25, 0.0)),
}
found = {}
for name, (found_until, guess) in cases.items():
    found[name] = shares(found_until)
    print(f"{name}: MT and ML: guess {guess}, found {found[name]}")
seen = [(1.0, 0.0), (1.0, 0.0), (1.0, 0.0), (0.25, 0.0)]
sys.exit(0 if list(found.values()) == seen else "the behaviour has changed")
PY
