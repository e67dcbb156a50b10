#!/usr/bin/env bash
# scikit-posthocs: outliers_gesd of the areas of nine objects, one of which is far out, beside its three sisters.
#
# Guess: the eight others in the order given, as outliers_iqr, outliers_grubbs and outliers_tietjen return them.
# What happens: the eight others sorted by size, as floats. With hypo=True the flags are in the order given, so that
#   both answers of one function do not belong together.
# Matters: put beside names, images or a second measurement of the rows that are left, each area stands with another
#   object, and a scatter plot shows a correlation that is not there. Take the flags, and choose the rows by them.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check scikit-posthocs==0.17.1 scipy==1.17.1 \
  pandas==2.3.3 numpy==2.2.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import scikit_posthocs

print(*(f"{name} {version(name)}" for name in ("scikit-posthocs", "scipy", "numpy")), sep=", ")
areas = np.array([5.0, 1, 2, 3, 4, 100, 3, 2, 4])
in_order = [5, 1, 2, 3, 4, 3, 2, 4]
found = {
    "iqr": scikit_posthocs.outliers_iqr(areas),
    "grubbs": scikit_posthocs.outliers_grubbs(areas),
    "tietjen": scikit_posthocs.outliers_tietjen(areas, 1),
    "gesd": scikit_posthocs.outliers_gesd(areas, 2),
}
found = {name: np.asarray(kept).tolist() for name, kept in found.items()}
flags = np.flatnonzero(scikit_posthocs.outliers_gesd(areas, 2, hypo=True)).tolist()
for name, kept in found.items():
    print(f"guess: {name}: {in_order}; found: {kept}")
print(f"  flagged by gesd: {flags}")
sisters = all(found[name] == in_order for name in ("iqr", "grubbs", "tietjen"))
sys.exit(0 if sisters and found["gesd"] == sorted(in_order) and flags == [5] else "the behaviour has changed")
PY
