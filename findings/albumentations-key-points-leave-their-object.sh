#!/usr/bin/env bash
# albumentations: key points through the distortions (PiecewiseAffine, ElasticTransform, GridDistortion, ...).
#
# Guess: a point at the middle of a square stays at the middle of the square in the mask, to a pixel; a distortion of
#   strength 0 leaves it where it is.
# What happens: with the way "mask", the default, the point is drawn as a small disk and the disk's first pixel is
#   taken: an ElasticTransform of strength 0 puts it one pixel higher. With "direct" that one is exact, but
#   PiecewiseAffine puts points off by 2 pixels on average and by up to 9, where it moves them by 4.
# Matters: networks trained on such points (the centres of nuclei, landmarks) learn to point beside them, and right
#   answers count as wrong.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check albumentations==2.0.8 albucore==0.0.24 \
  opencv-python-headless==5.0.0.93 numpy==2.4.6 scipy==1.17.1
cd "$place"
NO_ALBUMENTATIONS_UPDATE=1 venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import albumentations
import numpy as np

print(*(f"{name} {version(name)}" for name in ("albumentations", "numpy")), sep=", ")


def distorted(transform, seed=0):
    """How far the point lies from its square in the mask afterwards, x and y, and how far the square was moved."""
    y, x = (int(number) for number in np.random.default_rng(seed).integers(40, 80, 2))
    mask = np.zeros((120, 120), np.uint8)
    mask[y - 5 : y + 6, x - 5 : x + 6] = 1
    points = albumentations.KeypointParams("xy", remove_invisible=False)
    apply = albumentations.Compose([transform], keypoint_params=points, seed=seed)
    result = apply(image=mask * 200, mask=mask, keypoints=np.array([[x, y]], np.float32))
    middle = np.argwhere(result["mask"]).mean(axis=0)[::-1]
    return np.asarray(result["keypoints"][0][:2]) - middle, float(np.hypot(*(middle - (x, y))))


still, off = {}, {}
for way in ("mask", "direct"):
    nothing = albumentations.ElasticTransform(alpha=0, sigma=5, keypoint_remapping_method=way, p=1)
    away, moved = distorted(nothing)
    still[way] = [round(float(number), 2) for number in away]
    print(f"{way}, strength 0: guess [0, 0] from the square, which is moved by {moved:.1f}; found {still[way]}")
    bend = albumentations.PiecewiseAffine(scale=(0.04, 0.04), keypoint_remapping_method=way, p=1)
    many = [distorted(bend, seed) for seed in range(30)]
    off[way] = [float(np.hypot(*away)) for away, _ in many]
    print(f"{way}, piecewise affine, 30 times: guess below 1 pixel, found {np.mean(off[way]):.2f} on average", end=", ")
    print(f"{max(off[way]):.2f} at most; squares are moved by {np.mean([moved for _, moved in many]):.2f}")
expected = still == {"mask": [0.0, -1.0], "direct": [0.0, 0.0]}
expected = expected and all(np.mean(off[way]) > 1.5 and max(off[way]) > 5 for way in off)
sys.exit(0 if expected else "the behaviour has changed")
PY
