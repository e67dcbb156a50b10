"""Mask checks: do the values of a mask file fit the task for which it is read?

| kind           | what the mask looks like                                | meant              |
| -------------- | ------------------------------------------------------- | ------------------ |
| `interpolated` | values between those of both sides of an edge, or JPEG  | fewer values       |
| `background`   | a value along the image's edge, around other regions    | 0; inverted masks  |
| `binary`       | one value, in several regions, is read as ONE object    | task `components`  |
| `semantic`     | few values, each in several regions, are read as ids    | task `semantic`    |

None can be known from one file alone: an object may be in pieces, a tissue may reach the edge. So
they are reported as issues for the user to judge, and files are read by the task that was given.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import shapely
from jaxtyping import Integer

from kontur.data.annotations.annotation_options import read_labels
from kontur.data.checks.label_checks import SPECK, is_interpolated
from kontur.data.issue import Issue
from kontur.errors import InputError
from kontur.formats import masks
from kontur.formats.masks import MOST_VALUES, Task
from kontur.instances import Instances
from kontur.wording import counted, plural

MaskKind = Literal["interpolated", "background", "binary", "semantic"]
KINDS: tuple[MaskKind, ...] = ("interpolated", "background", "binary", "semantic")

SAMPLED = 6  # masks that are read when a folder is opened
EDGE = 0.75  # of the image's edge; what covers so much of it is background rather than an object
SURELY = 10  # regions of one value that make a file a mask even among real label images
LOSSY = (".jpg", ".jpeg")  # endings of files whose values are not those that were saved


class MaskCheck(NamedTuple):
    """What is doubtful about a mask: the kind, the value concerned, how many values and regions."""

    kind: MaskKind
    value: int
    values: int
    regions: int


class MaskFile(NamedTuple):
    """A file of a mask, the name of its image, and its page where the file has several."""

    name: str
    path: Path
    page: int | None = None


def check_mask(
    array: Integer[np.ndarray, "h w"], instances: Instances, task: Task, *, lossy: bool = False
) -> MaskCheck | None:
    """What is doubtful about a mask whose objects were read by `task`; None if nothing is.

    A mask of one value is `binary` also with one region, where it is read alike by every task.
    `lossy`: the file does not keep values exactly (JPEG).
    """
    objects = instances[~instances.ignore]
    if len(objects) == 0:
        return None
    values = np.unique(array[array > 0])
    if is_interpolated(array) or (lossy and len(values) > 1):
        return MaskCheck("interpolated", int(values[-1]), len(values), len(objects))
    around = _background(objects)
    if around is not None and (task != "semantic" or len(values) == 1):
        index, regions = around
        value = int(objects.ids[index]) if task == "instances" else int(values[0])
        return MaskCheck("background", value, len(values), regions)
    if task != "instances":
        return None
    parts = shapely.get_num_geometries(objects.polygons)
    value, regions = int(values[0]), int(parts.sum())
    if len(values) == 1:
        return MaskCheck("binary", value, 1, regions)
    if 1 < len(values) <= MOST_VALUES and _all_in_pieces(objects):
        return MaskCheck("semantic", value, len(values), regions)
    return None


def check_mask_files(files: Sequence[MaskFile], task: Task) -> list[Issue]:
    """The issues of a few of many mask files; unreadable ones are skipped."""
    checked: list[tuple[str, MaskCheck | None]] = []
    for name, path, page in _sampled(files):
        try:
            array = read_labels(path, page=page, task=task)
            instances = masks.objects(array, task, where=path)
        except InputError:
            continue  # reading the sample raises the error
        if (~instances.ignore).any():
            check = check_mask(array, instances, task, lossy=path.suffix.lower() in LOSSY)
            checked.append((name, check))
    return mask_issues(checked)


def are_label_images(files: Sequence[MaskFile]) -> bool:
    """Whether a few of many image files hold numbers of objects rather than pictures.

    The first page of several tells, where none is chosen.
    """
    try:
        return not any(
            is_interpolated(read_labels(path, page=page or 0)) for _, path, page in _sampled(files)
        )
    except InputError:
        return False


def mask_issues(checked: Iterable[tuple[str, MaskCheck | None]]) -> list[Issue]:
    """One issue of each kind, from `(name, check)` of masks that hold objects."""
    by_kind: dict[MaskKind, list[tuple[str, MaskCheck]]] = {kind: [] for kind in KINDS}
    for name, check in doubtful(checked):
        by_kind[check.kind].append((name, check))
    return [_issue(kind, masks) for kind, masks in by_kind.items() if masks]


def doubtful(checked: Iterable[tuple[str, MaskCheck | None]]) -> list[tuple[str, MaskCheck]]:
    """The masks that look wrong: an object in a few pieces does not, beside sound label images."""
    checks = list(checked)
    least = SURELY if any(check is None for _, check in checks) else 2
    return [
        (name, check)
        for name, check in checks
        if check is not None
        and (check.kind not in ("binary", "semantic") or check.regions >= least)
    ]


def _sampled(files: Sequence[MaskFile]) -> list[MaskFile]:
    indices = np.unique(np.linspace(0, len(files) - 1, min(SAMPLED, len(files))).astype(int))
    return [files[index] for index in indices]


def _background(objects: Instances) -> tuple[int, int] | None:
    """The object that lies along the image's edge, and how many regions are inside it."""
    assert objects.size is not None  # read from an array
    height, width = objects.size
    image = shapely.box(0, 0, width, height)
    whole = (objects.boxes == image.bounds).all(axis=1)
    for index in np.flatnonzero(whole):
        along = shapely.intersection(objects.polygons[index].boundary, image.boundary)
        share = along.length / image.length
        rest = shapely.difference(image, objects.polygons[index])
        others = 0 if rest.is_empty else int(shapely.get_num_geometries(rest))
        if share >= EDGE and others >= (1 if share == 1 else 2):
            return int(index), others
    return None


def _all_in_pieces(objects: Instances) -> bool:
    """Whether every object has several pieces, or most have and there are many; specks are none."""
    parts, object_index = shapely.get_parts(objects.polygons, return_index=True)
    areas = shapely.area(parts)
    largest = np.zeros(len(objects))
    np.maximum.at(largest, object_index, areas)
    large = np.bincount(
        object_index[areas >= SPECK * largest[object_index]], minlength=len(objects)
    )
    several = large > 1
    return bool(several.all() or (several.mean() >= 0.5 and large.sum() >= 3 * len(objects)))


def _issue(kind: MaskKind, checks: Sequence[tuple[str, MaskCheck]]) -> Issue:
    names = [name for name, _ in checks]
    check = checks[0][1]
    masks_ = counted(names, "mask")
    one = len(names) == 1
    total = sum(other.regions for _, other in checks)
    made = f"{'it' if one else 'them'}"
    if kind == "binary":
        what = (
            f"{masks_} with a single value ({check.value}) in several separate regions, "
            f"{'' if one else 'each '}read as ONE object"
        )
        advice = (
            f"--task components makes {total:,} objects of {made}, one of every connected region; "
            "--task semantic is for masks whose value is a class"
        )
    elif kind == "semantic":
        what = (
            f"{masks_} with few values (such as {check.values}), every one in several separate "
            "regions and read as ONE object"
        )
        advice = (
            f"if values are classes, --task semantic makes {total:,} objects of {made}, one of "
            "every connected region of a value; if they are ids, give every object its own"
        )
    elif kind == "background":
        what = (
            f"{masks_} with the value {check.value} along the image's edge and around "
            f"{plural(check.regions, 'other region')}, which looks like the background"
        )
        advice = (
            "background is 0: if the regions of 0 are the objects, the mask is inverted"
            if check.values == 1
            else "background is 0, and every other value counts as an object"
        ) + "; write it anew with background 0"
    else:
        what = f"{masks_} with values between those on both sides of an edge ({check.values})"
        advice = (
            "resized with interpolation, smoothed or saved as JPEG, which makes false objects; "
            "resize label images with nearest neighbour and save them as PNG or TIFF, and "
            "threshold a mask of two values"
        )
    return Issue(kind, what, len(names), names[0], advice)
