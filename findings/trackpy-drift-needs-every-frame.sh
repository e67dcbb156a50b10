#!/usr/bin/env bash
# trackpy: compute_drift and subtract_drift of tracks in which a frame is missing for all particles.
#
# Guess: where frame 3 is missing the drift from 2 to 4 is that of two frames: drifting by 1 a frame, 5 in frame 5.
# What happens: only frames that follow one another count: the step over the gap is 0, so frame 5 is short by two, and
#   frame 4 is not in the table at all: subtract_drift takes nothing off it. Of every second frame (0, 2, 4 ...) the
#   drift is an empty table, and subtract_drift gives the tracks back as they were.
# Matters: recordings with a dropped or blurred frame, or thinned ones, are "corrected" and still drift; no warning.
#   Number the frames 0, 1, 2 ... before, or fill the gap.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check trackpy==0.7 pandas==2.3.3 scipy==1.17.1 numpy==2.3.5
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import pandas as pd
import trackpy

print(*(f"{name} {version(name)}" for name in ("trackpy", "pandas", "scipy", "numpy")), sep=", ")
trackpy.quiet()


def tracks(frames):
    rows = [(frame, particle, 50.0 * particle + frame, 5.0) for frame in frames for particle in (0, 1)]
    return pd.DataFrame(rows, columns=["frame", "particle", "x", "y"])


found = {}
for name, frames in {"all of six": range(6), "frame 3 missing": [0, 1, 2, 4, 5], "every second": range(0, 10, 2)}.items():
    table = tracks(frames)
    drift = trackpy.compute_drift(table)
    still = trackpy.subtract_drift(table.copy(), drift)
    left = still[still["particle"].to_numpy() == 0]["x"].to_numpy()
    found[name] = (dict(zip(drift.index.tolist(), drift["x"].tolist())), float(left.max() - left.min()))
    guess = {frame: float(frame) for frame in frames if frame}
    print(f"{name}: guess drift {guess} and 0 left")
    print(f"  found {found[name][0]} and {found[name][1]:g} left")
seen = {
    "all of six": ({1: 1.0, 2: 2.0, 3: 3.0, 4: 4.0, 5: 5.0}, 0.0),
    "frame 3 missing": ({1: 1.0, 2: 2.0, 5: 3.0}, 4.0),
    "every second": ({}, 8.0),
}
sys.exit(0 if found == seen else "the behaviour has changed")
PY
