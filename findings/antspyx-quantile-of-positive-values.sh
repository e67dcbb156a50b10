#!/usr/bin/env bash
# antspyx: quantile(image, q, nonzero=False) of an image that has zeros and negative values.
#
# Guess: the quantile of all values; with nonzero=True, the default, of all that are not 0.
# What happens: of the positive values only, whatever nonzero says, when q is one number; when q is a tuple nonzero=False
#   counts all. With nonzero=True negative values are left out with the zeros.
# Matters: a threshold at the median of a CT in Hounsfield units, of distances with a sign or of an image less its
#   background comes out far too high; q=.5 and q=(.5,) of one image differ. Give a tuple.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check antspyx==0.6.3 numpy==2.3.5
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import ants
import numpy as np

print(*(f"{name} {version(name)}" for name in ("antspyx", "numpy")), sep=", ")
values = np.arange(-500, 500, dtype=np.float32).reshape(10, 10, 10)
image = ants.from_numpy(values)
guess = {"all": float(np.median(values)), "not 0": float(np.median(values[values != 0]))}
found = {
    "number, all": float(ants.quantile(image, 0.5, nonzero=False)),
    "tuple, all": float(ants.quantile(image, (0.5,), nonzero=False)[0]),
    "number, not 0": float(ants.quantile(image, 0.5)),
    "tuple, not 0": float(ants.quantile(image, (0.5,))[0]),
}
for name, value in found.items():
    print(f"{name}: guess {guess[name.partition(', ')[2]]}, found {value}")
seen = {"number, all": 250.0, "tuple, all": -0.5, "number, not 0": 250.0, "tuple, not 0": 250.0}
sys.exit(0 if found == seen else "the behaviour has changed")
PY
