"""The place of a volume of NIfTI in space: two of one shape must lie alike to be compared.

Pixels are read as they lie in the file, so that an object of one volume is at another place of
another volume whose axes run the other way. A place is stated by sform, qform, or both. After
nifti1.h.
"""

import itertools
from pathlib import Path

import numpy as np
from jaxtyping import Float

from kontur.errors import InputError
from kontur.formats.nifti.axes import is_nifti, warn_of_transposed
from kontur.images.image_file import is_image
from kontur.images.nifti import volume as nifti
from kontur.images.nifti.header import SPACE, UNITS, fields_of
from kontur.images.nifti.volume import NiftiVolume

TOLERANCE = 0.01  # voxels at any corner: rounding of float32, and of qform, is far below
DIRECTIONS = ("RL", "AP", "SI")


def check_same_space(labels: Path, image: Path, *, called: str = "its image") -> None:
    """Raise `InputError` where two volumes of one shape state different places in space.

    What states no place or has another shape is not compared. Units may differ. Voxels of side 1
    from 0 on are what a program writes that was given an array alone: no place either. Where one
    of two images is no NIfTI, there is no place to compare, see `axes`.
    """
    volumes = [path for path in (labels, image) if is_nifti(path)]
    if len(volumes) == 1 and is_image(labels) and _is_bare(volumes[0]):
        warn_of_transposed(labels, image)
    if len(volumes) < 2:
        return
    mine, other = nifti.open_volume(labels), nifti.open_volume(image)
    shape = mine.header.shape[-3:]
    places, others = (
        [one for one in affines(volume) if not np.array_equal(np.abs(one), np.eye(3, 4))]
        for volume in (mine, other)
    )
    if shape != other.header.shape[-3:] or not places or not others:
        return
    factor = _unit(mine) / _unit(other) if _unit(mine) and _unit(other) else 1.0
    for place, other_place in itertools.product(places, others):
        if any(_agree(by * place, other_place, shape) for by in (1.0, factor)):
            return
    raise InputError(
        f"{labels} and {called} {image} lie differently in space: the voxels of the first run "
        f"{_described(places[0])}, and those of the second {_described(others[0])}; resample or "
        "reorient one to the grid of the other"
    )


def _is_bare(path: Path) -> bool:
    """Whether a volume states no place but that of an array alone, as nibabel writes it."""
    return all(np.array_equal(one, np.eye(3, 4)) for one in affines(nifti.open_volume(path)))


def affines(volume: NiftiVolume) -> list[Float[np.ndarray, "3 4"]]:
    """The affines that a volume states, of sform first, in its own unit; [] of none.

    One that maps voxels onto a plane, or to no finite place, states nothing.
    """
    fields = fields_of(volume.start)
    stated = [fields["srow"].astype(float)] if fields["sform"] > 0 else []
    if fields["qform"] > 0:
        sides = fields["pixdim"][:4].astype(float)
        turned = _rotation(fields["quaternion"].astype(float))
        turned *= sides[1:] * [1, 1, -1 if sides[0] < 0 else 1]
        stated.append(np.column_stack([turned, fields["corner"].astype(float)]))
    return [one for one in stated if np.isfinite(one).all() and np.linalg.det(one[:, :3])]


def _rotation(quaternion: Float[np.ndarray, " 3"]) -> Float[np.ndarray, "3 3"]:
    """The matrix of a unit quaternion of which b, c and d are known."""
    b, c, d = quaternion
    a = np.sqrt(max(0.0, 1 - quaternion @ quaternion))
    return np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )


def _unit(volume: NiftiVolume) -> float:
    """How many µm the unit of a volume has; 0 where it names none."""
    return UNITS.get(int(fields_of(volume.start)["units"]) & SPACE, 0.0)


def _agree(
    place: Float[np.ndarray, "3 4"], other: Float[np.ndarray, "3 4"], shape: tuple[int, ...]
) -> bool:
    """Whether every corner of a volume `(k, j, i)` lies at one voxel by both affines."""
    last = [n - 1 for n in shape[::-1]]
    last += [0] * (3 - len(last))
    corners = np.array([[*corner, 1] for corner in itertools.product(*([0, n] for n in last))])
    apart = np.linalg.solve(other[:, :3], (place - other) @ corners.T)
    return bool(np.abs(apart).max() < TOLERANCE)


def _described(place: Float[np.ndarray, "3 4"]) -> str:
    """The axes of an affine by letters, as nibabel and ITK-SNAP name them, and its origin."""
    steps = place[:, :3]
    largest = np.abs(steps).argmax(axis=0)
    letters = [DIRECTIONS[axis][int(steps[axis, i] < 0)] for i, axis in enumerate(largest)]
    sides = " × ".join(f"{side:g}" for side in np.linalg.norm(steps, axis=0))
    origin = ", ".join(f"{value:g}" for value in place[:, 3])
    return f"{''.join(letters)} from ({origin}) in steps of {sides}"
