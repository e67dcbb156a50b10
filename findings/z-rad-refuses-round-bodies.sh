#!/usr/bin/env bash
# Z-Rad: morphological features of a cube, a ball and boxes.
#
# Guess: those of MIRP, which follows the same standard, within 1 %: volume, area, sphericity and the others.
# What happens: of a box with three different sides they agree in every digit, but a body whose two longest axes are of
#   one length, a cube, a ball, a flat square box, gets none: a DataStructureError, as one of the densities, that of the
#   ellipsoid's area, divides by what is 0 there. Asking for the sphericity alone ends likewise. A long square box is
#   measured.
# Matters: the roundest objects, most of them small, are missing from the table, so that the mean sphericity is too low,
#   or the whole run ends at the first of them; catch the error, and say how many were left out.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check z-rad==26.9.0 numpy==2.4.6 SimpleITK==2.5.7
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import SimpleITK as sitk
from zrad.exceptions import DataStructureError
from zrad.image import Image
from zrad.preprocessing.roi import RoiData
from zrad.radiomics.extractor import Radiomics

print(*(f"{name} {version(name)}" for name in ("z-rad", "SimpleITK", "numpy")), sep=", ")


def image(voxels):
    volume = sitk.GetImageFromArray(voxels.astype(float))
    return Image(voxels.astype(float), volume.GetOrigin(), volume.GetSpacing(), volume.GetDirection(), volume.GetSize())


def sphericity(body, **words):
    values = np.random.default_rng(0).random(body.shape)
    roi = RoiData(
        image=image(values), morphological_mask=image(body), intensity_mask=image(np.where(body, values, np.nan))
    )
    try:
        return round(float(Radiomics().extract_features(roi, **words)["morph_sphericity"]), 3)
    except DataStructureError as error:
        return str(error)


def box(*sides):
    body = np.zeros((40, 40, 40), bool)
    body[tuple(slice(5, 5 + side) for side in sides)] = True
    return body


SIDES = (10, 20, 30), (10, 10, 30), (10, 30, 30), (10, 10, 10), (5, 5, 5)
ball = np.sqrt(sum((axis - 20) ** 2 for axis in np.mgrid[:40, :40, :40])) <= 10
bodies = {str(sides): box(*sides) for sides in SIDES}
bodies["ball of radius 10"] = ball
found = {name: sphericity(body, families="morphology") for name, body in bodies.items()}
alone = sphericity(box(10, 10, 10), features=["morph_sphericity"])
print("guess: a sphericity of at most 1 for each")
for name, value in found.items():
    print(f"found: {name}: {value}")
print(f"found: asked for alone, of the cube: {alone}")
refused = [isinstance(value, str) for value in (*found.values(), alone)]
sys.exit(0 if refused == [False, False, True, True, True, True, True] else "the behaviour has changed")
PY
