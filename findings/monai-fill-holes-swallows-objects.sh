#!/usr/bin/env bash
# MONAI: FillHoles of a label image: an object with a hole, in which another one lies; and centrosome's of CellProfiler.
#
# Guess: background within the hole becomes the outer object, as the documentation says (a hole is background), and the
#   object in it stays; or, as there is another class around, nothing is filled at all.
# What happens: the inner object goes too: its pixels become the outer one's label, however large it is, and also where
#   it touches the outer object. Only applied_labels without the outer one's number keeps it, and fills nothing then.
#   The array that was given is changed as well. centrosome.cpmorphology.fill_labeled_holes swallows it too.
# Matters: a nucleus in its ring of cytoplasm, a cell in a vessel, a lesion in an organ is gone after this
#   post-processing, and its area stands in the other object's. Fill a copy, and lay the given objects over it.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check torch==2.13.0 monai==1.6.1 centrosome==1.3.4 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from centrosome.cpmorphology import fill_labeled_holes
from monai.transforms import FillHoles

print(*(f"{name} {version(name)}" for name in ("monai", "torch", "centrosome", "numpy")), sep=", ")
labels = np.zeros((40, 40), np.int32)
labels[5:25, 5:25] = 1
labels[8:20, 8:20] = 0
apart = labels.copy()
apart[10:16, 10:16] = 2
touching = labels.copy()
touching[8:16, 10:16] = 2


def sizes(filled):
    numbers, counts = np.unique(np.asarray(filled), return_counts=True)
    return dict(zip(numbers.astype(int).tolist(), counts.tolist(), strict=True))


given = apart.copy()
found = {
    "all labels": sizes(FillHoles()(given[None])),
    "the array given": sizes(given),
    "label 1": sizes(FillHoles(applied_labels=[1])(apart[None].copy())),
    "label 2": sizes(FillHoles(applied_labels=[2])(apart[None].copy())),
    "touching": sizes(FillHoles()(touching[None].copy())),
    "centrosome": sizes(fill_labeled_holes(apart)),
}
print(f"given: {sizes(apart)}\nguess: {{0: 1200, 1: 364, 2: 36}}, or as given")
for case, counts in found.items():
    print(f"found: {case}: {counts}")
kept = found.pop("label 2") == sizes(apart)
swallowed = all(counts == {0: 1200, 1: 400} for counts in found.values())
sys.exit(0 if kept and swallowed else "the behaviour has changed")
PY
