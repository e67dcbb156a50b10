#!/usr/bin/env bash
# acvl_utils.morphology: remove_all_but_largest_component of a mask with two components of one size.
#
# Guess: one is left, the first, as with scipy's labels and argmax.
# What happens: both are left.
# Matters: code that calls it so that one organ or one cell is there, and measures it next, measures two where they tie.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check acvl-utils==0.2.6 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from acvl_utils.morphology.morphology_helper import remove_all_but_largest_component

print(*(f"{name} {version(name)}" for name in ("acvl-utils", "numpy")), sep=", ")
mask = np.zeros((20, 20), bool)
mask[2:5, 2:5] = mask[10:13, 10:13] = True
larger = mask.copy()
larger[13, 10] = True
tied, decided = (int(remove_all_but_largest_component(each).sum()) for each in (mask, larger))
print("guess: 9 pixels, of one of the two")
print(f"found: {tied} pixels, and {decided} where one has 10")
sys.exit(0 if (tied, decided) == (18, 10) else "the behaviour has changed")
PY
