#!/usr/bin/env bash
# spatial-efd: AverageSD of the elliptic Fourier coefficients of two equal outlines.
#
# Guess: 0 for every coefficient.
# What happens: the square of the coefficient: 115 and 334 for coefficients of 10.7 and 18.3. It is the sum of squares
#   over n - 1, less the square of the mean, so a share of the mean stays, and no root is taken.
# Matters: the spread of a class of shapes is told in squared pixels and grows with the shapes' size, most where
#   shapes are few; a band of one deviation around a mean outline is many times the outline.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    spatial-efd==1.2.1 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import spatial_efd

print(*(f"{name} {version(name)}" for name in ("spatial-efd", "numpy")), sep=", ")
turn = np.linspace(0, 2 * np.pi, 201)
ellipse = spatial_efd.CalculateEFD(20 * np.cos(turn) + 50, 10 * np.sin(turn) + 30, 5)


def spread(*outlines):
    return spatial_efd.AverageSD(list(outlines), spatial_efd.AverageCoefficients(list(outlines)))[0]


first = ellipse[0]
equal, many = spread(ellipse, ellipse), spread(*[ellipse] * 101)
print(f"guess: {np.zeros(4).tolist()} for coefficients {first.round(2).tolist()}")
print(f"found: {equal.round(2).tolist()}; of 101 equal outlines {many.round(2).tolist()}")
seen = np.allclose(equal, first**2, atol=1e-6) and np.allclose(many, first**2 / 100, atol=1e-6)
sys.exit(0 if seen and first.max() > 10 else "the behaviour has changed")
PY
