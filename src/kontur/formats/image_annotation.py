"""Image annotation: one image of a file of outlines with its objects; one of several is picked."""

import itertools
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kontur.errors import InputError
from kontur.images.nifti_names import PACKED
from kontur.instances import Instances
from kontur.wording import listed, plural, shortened

LARGEST = 2**63 - 1  # id
PROBABILITY = ("probability_", "Probability: ")  # of a class, as columns and as measurements


class ImageAnnotation(NamedTuple):
    """One image of a file: its name as written there, (h, w) or None, and its objects.

    `without_outline` counts objects that the file gives no outline of, by what it gives instead
    (`box`, `keypoints`, `point` …); `boxes` are the x0, y0, x1, y1 of those that
    have one. `extras` keep what a file says of the image and we do not read, by the format.
    `pixel_size` is the side of a pixel in µm, where it is known, and `image` the file of the image,
    where objects are to be written that were found or drawn on it. `unnumbered` are the indices of
    objects to which the file gives no id, in a part of one that comes in parts.
    """

    file_name: str
    size: tuple[int, int] | None
    instances: Instances
    without_outline: Mapping[str, int] = {}
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    extras: Mapping[str, Mapping[str, Any]] = {}
    pixel_size: float | None = None
    image: Path | None = None
    unnumbered: tuple[int, ...] = ()


class ClassPrediction(NamedTuple):
    """The predicted class of an object, None where it keeps its own, and all probabilities."""

    name: str | None
    probabilities: Mapping[str, float] = {}


def without_probabilities(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an object without the probabilities that a classifier gave it before.

    >>> without_probabilities({"area": 4, "Probability: live": 0.9, "probability_live": 0.9})
    {'area': 4}
    """
    return {name: value for name, value in values.items() if not name.startswith(PROBABILITY)}


def pick(
    entries: Sequence[ImageAnnotation], image: str | None, where: str | Path
) -> ImageAnnotation:
    """The annotation of one image, by its name with or without folder and ending.

    None picks the only one. Raises `InputError` where there is not exactly one.
    """
    names = [entry.file_name for entry in entries]
    matching = list(entries)
    if image is not None:
        meant = names_of(image, names)
        matching = [entry for entry in entries if entry.file_name in meant]
    if len(matching) == 1:
        return matching[0]
    objects = [entry.instances for entry in matching]
    planes = [one.plane for one in objects if one.plane is not None]
    if len(matching) == len(planes) > 1 and len({entry.file_name for entry in matching}) == 1:
        axis = "time" if len({plane.z for plane in planes}) == 1 else "depth"
        numbers = sorted(plane.t if axis == "time" else plane.z for plane in planes)
        raise InputError(
            f"{where} holds outlines on {len(planes)} planes of a stack ({axis} "
            f"{listed(map(str, numbers))}); choose one with --page (in Python page=)"
        )
    known = listed(names) or "none"
    if image is None:
        raise InputError(
            f"{where} describes {plural(len(names), 'image')} ({known}); wanted one: name it with "
            "--image NAME (in Python image=NAME)"
        )
    problem = "does not describe" if not matching else f"describes {len(matching)} times"
    raise InputError(f"{where} {problem} the image {shortened(image)}; it has {known}")


def by_file_name(entries: Iterable[ImageAnnotation]) -> dict[str, list[ImageAnnotation]]:
    """The entries of each image, its planes, in the order of the first ones."""
    images: dict[str, list[ImageAnnotation]] = {}
    for entry in entries:
        images.setdefault(entry.file_name, []).append(entry)
    return images


def names_of(image: str, names: Sequence[str]) -> set[str]:
    """Those of `names` that mean the image, of a folder and an ending more or less than its own.

    >>> names_of("plate/a.tif", ["a.png", "b.tif", "wells/a.tif"])
    {'wells/a.tif'}
    >>> names_of("a", ["a.nii.gz", "b.nii.gz"])
    {'a.nii.gz'}
    """
    for part in (str, _last, _stem):  # the whole name first
        meant = {name for name in names if part(name) == part(image)}
        if meant:
            return meant
    return set()


def check_count(objects: Sequence[object], names: Sequence[object], where: str | Path) -> None:
    """Raise `InputError` where there is not a name for each of the objects."""
    if len(objects) != len(names):
        raise InputError(
            f"{where} has {len(objects)} objects and there are rows for {len(names)}; they are not "
            "of the same outlines"
        )


def unique_ids(ids: Sequence[int | None]) -> list[int]:
    """An id for every object: its own where it is the first to have it, else the next free number.

    >>> unique_ids([4, None, 4, 2])
    [4, 5, 6, 2]
    """
    own = {number for number in ids if number is not None and -LARGEST <= number <= LARGEST}
    above = max(own, default=0) + 1
    start = max(above, 1) if above + len(ids) <= LARGEST else 1
    free = (number for number in itertools.count(start) if number not in own)
    made = []
    for number in ids:
        if number in own:
            own.discard(number)  # the next of this id is a copy
            made.append(number)
        else:
            made.append(next(free))
    return made


def ids_on_planes(ids: Sequence[int | None], planes: Sequence[Hashable]) -> list[int]:
    """As `unique_ids`, but an id may come again on another plane, for the same object there.

    >>> ids_on_planes([4, None, 4, 4], ["first", "first", "second", "second"])
    [4, 5, 4, 6]
    """
    known: set[tuple[int, Hashable]] = set()
    own: list[int | None] = []
    for number, plane in zip(ids, planes, strict=True):
        first = number is not None and (number, plane) not in known
        own.append(number if first else None)
        if number is not None:
            known.add((number, plane))
    given = list(dict.fromkeys(number for number in own if number is not None))
    made = unique_ids([*given, *(None for number in own if number is None)])
    new, free = dict(zip(given, made, strict=False)), iter(made[len(given) :])
    return [next(free) if number is None else new[number] for number in own]


def _last(name: str) -> str:
    return Path(name).name


def _stem(name: str) -> str:
    return Path(name[: -len(".gz")] if name.lower().endswith(PACKED) else name).stem
