#!/usr/bin/env bash
# kornia: RandomRotation and RandomAffine, both asked for 30 degrees exactly.
#
# Guess: the same picture but for interpolation; an angle means one direction within a library.
# What happens: one turns against the clock, the other with it, by the same angle.
# Matters: with a range that is not even around 0 (or a fixed angle), exchanging one for the other turns every picture
#   the wrong way; a test-time turn undone by the other's opposite is a turn by twice the angle.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check torch==2.13.0 kornia==0.9.0 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import kornia.augmentation
import torch

print(*(f"{name} {version(name)}" for name in ("torch", "kornia", "numpy")), sep=", ")
picture = torch.zeros(1, 1, 41, 41)
picture[0, 0, 19:22, 32:35] = 1  # a spot to the right of the middle


def row(augmentation):
    """How far above the middle the spot lies then, in pixels."""
    turned = augmentation(picture)[0, 0]
    return float(20 - (turned.sum(1) * torch.arange(41)).sum() / turned.sum())


rotation = row(kornia.augmentation.RandomRotation((30.0, 30.0), p=1.0))
affine = row(kornia.augmentation.RandomAffine((30.0, 30.0), p=1.0))
print(f"the spot lies above the middle by: RandomRotation {rotation:.1f}, guess the same by RandomAffine, found {affine:.1f}")
sys.exit(0 if 6 < rotation < 7 and -7 < affine < -6 else "the behaviour has changed")
PY
