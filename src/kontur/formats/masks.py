"""Masks: what the values of a mask file mean, which the file itself does not tell.

| task         | an object is                                                      |
| ------------ | ----------------------------------------------------------------- |
| `instances`  | every value, which is also its id: a label image                  |
| `components` | every connected region of a mask of one value                     |
| `semantic`   | every connected region of a value; the value stands for its class |

0 is background, negative values are regions to ignore. Regions are connected through the four sides
of a pixel, not its corners. Masks separate touching objects by thin lines (membranes, watershed
lines), and a diagonal line one pixel thin is connected at corners only: with connectivity through
corners the objects on its two sides would become one.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import shapely
from jaxtyping import Bool, Integer, Shaped

from kontur.errors import InputError
from kontur.geometry import bands
from kontur.instances import CLASSES, Instances
from kontur.wording import listed

Task = Literal["instances", "components", "semantic"]
TASKS: tuple[Task, ...] = ("instances", "components", "semantic")
IGNORE = "ignore"  # the class name of regions to ignore: neither right nor wrong
NEAR = 100  # ids next to the ends of 16 bits, of which not all may be deleted
MOST_VALUES = 64  # classes that masks may name by value alone; more are ids of objects


class Regions(NamedTuple):
    """The connected regions of a mask, by value: the value of each, and its outline."""

    values: Integer[np.ndarray, " k"]
    outlines: Shaped[np.ndarray, " k"]


def choose_task(task: str) -> Task:
    """The task of this name; raises `InputError` for another word."""
    chosen = next((known for known in TASKS if known == task), None)
    if chosen is None:
        raise InputError(f"task is one of {', '.join(TASKS)}, got {task!r}")
    return chosen


def objects(
    array: Integer[np.ndarray, "h w"],
    task: Task,
    *,
    where: str | Path,
    classes: Sequence[str] = CLASSES,
    class_of_value: Mapping[int, str] | None = None,
) -> Instances:
    """The objects of one mask by its task.

    For `semantic` the classes are those of `class_of_value`, or else of the mask's own values.
    Raises `InputError` where the values do not fit the task, naming the file `where`.
    """
    if task == "components":
        return components(array, where=where, classes=classes)
    if task == "semantic":
        return semantic(array, class_of_value, where=where)
    check_ids_did_not_run_over(array, array.dtype, where)
    return Instances.from_label_image(array, classes)


def check_ids_did_not_run_over(
    ids: Integer[np.ndarray, "..."], kind: np.dtype[Any], where: str | Path
) -> None:
    """`InputError` for ids, of an image or of all planes, that turned negative in 16 bits.

    Those above 32767 do in the type `kind` with a sign, and would be regions to ignore; CSBDeep,
    and so StarDist, saves int32 like that. They begin at -32768, which is the negative of no id.
    Where some were deleted, another id stands both ways, which does not occur otherwise.
    """
    if kind.kind != "i" or kind.itemsize != 2:
        return
    limits = np.iinfo(np.int16)
    ids = ids.astype(np.int64)
    high = np.unique(ids[ids > limits.max - NEAR])
    low = -np.unique(ids[ids < limits.min + NEAR])
    both = np.intersect1d(high, low)
    if len(both) or (len(high) and -limits.min in low):
        one, other = (both[-1], -both[-1]) if len(both) else (high[-1], limits.min)
        raise InputError(
            f"{where} holds both {one} and {other}: it had more ids than 16 bits with a sign hold, "
            "and those above turned negative; save it again from the labels as uint16, uint32 or "
            "float32"
        )


def components(
    array: Integer[np.ndarray, "h w"], *, where: str | Path, classes: Sequence[str] = CLASSES
) -> Instances:
    """Every connected region of a binary mask as an object; ids count from 1.

    Raises `InputError` for a mask of several values.
    """
    values = np.unique(array[array > 0])
    if len(values) > 1:
        raise InputError(
            f"task=components needs binary masks, but {where} holds {len(values)} "
            f"values ({listed(map(str, values), most=4)}); leave the task out if they are the ids "
            "of objects, or threshold the mask if it was resized or saved as JPEG"
        )
    positive, negative = connected(array > 0), connected(array < 0)
    return Instances.of_valid(
        np.concatenate([positive, negative]),
        ignore=np.arange(len(positive) + len(negative)) >= len(positive),
        size=_size(array),
        classes=classes,
    )


def semantic(
    array: Integer[np.ndarray, "h w"],
    class_of_value: Mapping[int, str] | None = None,
    *,
    where: str | Path,
) -> Instances:
    """Every connected region of a value as an object of the class that the value stands for.

    A value of the class `ignore` is a region to ignore. Raises `InputError` for a value without
    class, or too many of them.
    """
    connected_regions = regions(array)
    values = connected_regions.values.tolist()
    known = class_names({v for v in values if v > 0}) if class_of_value is None else class_of_value
    unknown = next((value for value in values if value > 0 and value not in known), None)
    if unknown is not None:
        pairs = ", ".join(f"{number} = {name}" for number, name in known.items()) or "none"
        raise InputError(
            f"{where} holds the value {unknown}, which is none of the classes ({pairs}); "
            f"add a row {unknown},CLASS to classes.csv, or a label to dataset.json"
        )
    names = [known[value] if value > 0 else IGNORE for value in values]
    classes = tuple(dict.fromkeys(name for name in known.values() if name != IGNORE)) or CLASSES
    index = {name: place for place, name in enumerate(classes)}
    return Instances.of_valid(
        connected_regions.outlines,
        labels=np.array([index.get(name, 0) for name in names], dtype=np.int64),
        ignore=np.array([name == IGNORE for name in names], dtype=bool),
        size=_size(array),
        classes=classes,
    )


def regions(array: Integer[np.ndarray, "h w"]) -> Regions:
    """Every connected region of every value other than 0, by value."""
    values, outlines = bands.trace_in_bands(array)
    parts, value = shapely.get_parts(outlines, return_index=True)
    return Regions(values[value], parts)


def connected(mask: Bool[np.ndarray, "h w"]) -> Shaped[np.ndarray, " k"]:
    """The outline of every region connected through pixel sides; none for an empty mask."""
    return regions(mask.astype(np.uint8)).outlines


def class_names(values: set[int]) -> dict[int, str]:
    """The class that each positive value of semantic masks stands for, ascending.

    A single value is the class `object`, several are called by their numbers. Raises `InputError`
    for so many values that they must be something else.

    >>> class_names({255}), class_names({2, 1})
    ({255: 'object'}, {1: '1', 2: '2'})
    """
    if len(values) > MOST_VALUES:
        raise InputError(
            f"task=semantic reads every pixel value as a class, but the masks hold {len(values)} "
            "values; leave the task out if they are the ids of objects, or threshold the masks if "
            "they were resized or saved as JPEG"
        )
    ordered = sorted(values)
    return {value: CLASSES[0] if len(ordered) == 1 else str(value) for value in ordered}


def _size(array: Integer[np.ndarray, "h w"]) -> tuple[int, int]:
    height, width = array.shape
    return height, width
