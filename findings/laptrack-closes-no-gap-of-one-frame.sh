#!/usr/bin/env bash
# laptrack: a point seen in frames 0 to 3 and 5 to 7, tracked with gap_closing_max_frame_count (maximum frame gap) 1 and 2.
#
# Guess: 1 bridges one missing frame: one track of 7 points, with both.
# What happens: with 1 there are two tracks, as with 0. It counts the steps from the last frame before the gap to the
#   first behind it, of which there are two, so that only 2, the default, bridges one missing frame.
# Matters: who asks for gaps of one frame gets none closed: every blink cuts a track in two, numbers of tracks double and
#   lifetimes are halved, while it seems to be switched on. Give one more than frames may be missing.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check laptrack==0.17.1 pandas==3.1.1 numpy==2.2.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import pandas as pd
from laptrack import LapTrack

print(*(f"{name} {version(name)}" for name in ("laptrack", "pandas", "numpy")), sep=", ")


def track_lengths(missing, most):
    rows = [(frame, 10.0 + frame, 5.0) for frame in range(8) if frame not in missing]
    points = pd.DataFrame(rows, columns=["frame", "x", "y"])
    tracker = LapTrack(cutoff=25, gap_closing_cutoff=225, gap_closing_max_frame_count=most)
    tracks, _, _ = tracker.predict_dataframe(points, coordinate_cols=["x", "y"], frame_col="frame")
    return sorted(tracks.groupby("track_id").size().tolist())


found = {most: (track_lengths([4], most), track_lengths([3, 4], most)) for most in (0, 1, 2, 3)}
for most, (one, two) in found.items():
    print(f"at most {most}: lengths {one} with a frame missing, {two} with two")
print("guess: one track of 7 from 1 on, one of 6 from 2 on")
seen = {0: ([3, 4], [3, 3]), 1: ([3, 4], [3, 3]), 2: ([7], [3, 3]), 3: ([7], [6])}
sys.exit(0 if found == seen else "the behaviour has changed")
PY
