#!/usr/bin/env bash
# btrack: update_segmentation, which paints every object of a label image with the number of its track.
#
# Guess: every tracked object has its track's number afterwards, whatever its form; the centroids come from btrack's own
#   segmentation_to_objects.
# What happens: the object that is painted is the one on which the centroid lies. Of a cell bent like a C the centroid
#   lies outside: the cell vanishes from the result, and a cell that lies in its mouth gets both numbers in turn, so that
#   the last in the list of tracks wins. Nothing is said.
# Matters: bent and branched cells (neurites, bacteria, amoebae) are lost from tracked labels, or swap with a neighbour.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check btrack==0.7.0 numpy==2.4.6 scikit-image==0.26.0
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from btrack import btypes, utils

print(*(f"{name} {version(name)}" for name in ("btrack", "numpy")), sep=", ")
labels = np.zeros((2, 60, 80), np.uint16)
labels[:, 5:25, 5:25] = 1
labels[:, 9:21, 9:25] = 0  # a C, open to the right
labels[:, 40:50, 40:60] = 3


def painted(frames, order):
    """The number of its track that each object has afterwards, in the first frame."""
    objects = utils.segmentation_to_objects(frames)
    tracks = {}
    for thing in objects:  # tracked by hand: object 1 is track 11, and so on
        at = 3 if thing.y > 30 else 2 if thing.x > 14 else 1
        tracks.setdefault(at, []).append(thing)
    tracks = [btypes.Tracklet(11 * number, tracks[number]) for number in order]
    result = utils.update_segmentation(frames, tracks)[0]
    return {number: np.unique(result[frames[0] == number]).tolist() for number in sorted(order)}


alone = painted(labels, (1, 3))
labels[:, 11:19, 12:32] = 2  # a cell with its end in the mouth of the C
first, last = painted(labels, (1, 2, 3)), painted(labels, (2, 1, 3))
print("guess: {1: [11], 3: [33]}, with the cell in the mouth {1: [11], 2: [22], 3: [33]}")
print(f"found: {alone}, with the cell in the mouth {first}, with the C last in the list {last}")
expected = alone == {1: [0], 3: [33]} and first == {1: [0], 2: [22], 3: [33]} and last == {1: [0], 2: [11], 3: [33]}
sys.exit(0 if expected else "the behaviour has changed")
PY
