#!/usr/bin/env bash
# pyefd: normalised elliptic Fourier descriptors of one outline, begun at different points and turned.
#
# Guess: the same numbers: normalising takes away size, rotation and starting point.
# What happens: half of the starting points give other numbers, every odd harmonic with the other sign; turned by 180
#   degrees all have the other sign. The long axis of the first ellipse has two ends, and the one nearer to the starting
#   point is taken. The first coefficient, which normalising is to make 1, is then -1.
# Matters: of a folder of equal shapes one half looks unlike the other, so that clusters and principal components find
#   "two kinds" which are the directions in which objects happen to lie; compare both signs, or amplitudes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check pyefd==1.8.0 numpy==2.3.5
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import pyefd

print(*(f"{name} {version(name)}" for name in ("pyefd", "numpy")), sep=", ")
angle = np.linspace(0, 2 * np.pi, 100, endpoint=False)
radius = 10 + np.cos(angle) + 2 * np.cos(2 * angle) + 1.5 * np.sin(3 * angle)
outline = np.stack([50 + radius * np.cos(angle), 40 + radius * np.sin(angle)], axis=1)


def described(points):
    return pyefd.elliptic_fourier_descriptors(np.vstack([points, points[:1]]), order=4, normalize=True)


def same(a, b):
    return bool(np.abs(a - b).max() < 1e-6)


first = described(outline)
begun = [described(np.roll(outline, -start, axis=0)) for start in range(0, 100, 10)]
turned = described(-outline)
alike = [same(first, other) for other in begun]
print(f"guess: the same from {len(begun)} starting points, and turned by 180 degrees")
print(f"found: the same from {sum(alike)}, turned: {same(first, turned)}; first coefficient {begun[5][0, 0]:.0f}")
sign = np.array([-1, 1, -1, 1])[:, None]
others = [other for other in begun if not same(first, other)]
seen = len(others) == 5 and all(same(first * sign, other) for other in others) and same(-first, turned)
sys.exit(0 if seen else "the behaviour has changed")
PY
