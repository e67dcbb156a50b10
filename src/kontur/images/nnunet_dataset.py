"""`dataset.json` of nnU-Net and the Medical Segmentation Decathlon: names of channels and classes.

It lies beside `imagesTr/` and `labelsTr/`. nnU-Net has `{"tumour": 1}` and the Decathlon
`{"1": "tumour"}`; regions of several labels, `{"whole tumour": [1, 2]}`, overlap and are refused.
"""

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from kontur.errors import InputError
from kontur.files import json_document
from kontur.files.file_stamp import FileStamp
from kontur.wording import quoted

FILE = "dataset.json"
BACKGROUND = "background"  # the name of the label 0
LABELS = ("labelsTr", "labelsTs")  # folders whose values are classes
CHANNEL = re.compile(r"(?P<case>.+)_(?P<number>\d{4})")  # the name of a channel, without ending
FIRST = "_0000"  # behind the name of a case: its first channel
CHANNEL_KEYS = ("channel_names", "modality")  # of nnU-Net 2, and of the Decathlon and nnU-Net 1


class NnunetDataset(NamedTuple):
    """The names of the channels by their number, () of none, and the class of each label above 0.

    `classes` is None where the file names none.
    """

    path: Path
    channels: tuple[str, ...]
    classes: Mapping[int, str] | None


def dataset_around(folder: Path) -> NnunetDataset | None:
    """What the file in the data set says of which `folder` is a part (`imagesTr`); None without.

    Raises `InputError` where it is damaged, or says what cannot be.
    """
    path = Path(folder).absolute().parent / FILE
    return _read(path, FileStamp.of(path)) if path.is_file() else None


def meaning_of_labels(place: Path, task: str) -> tuple[str, Mapping[int, str] | None]:
    """The task by which the label images of a place are read, and the classes of their values.

    In `labelsTr` and `labelsTs`, for the folder and for a file in it, they are `semantic` with the
    classes that the data set names, unless they are `components`; elsewhere of the task that is
    given, without classes. Errors as of `dataset_around`.
    """
    folder = place if place.is_dir() else place.parent
    inside = task != "components" and folder.absolute().name in LABELS
    dataset = dataset_around(folder) if inside else None
    if dataset is None or not dataset.classes:
        return task, None
    return "semantic", dataset.classes


@functools.lru_cache(maxsize=8)
def _read(path: Path, stamp: FileStamp) -> NnunetDataset:
    """The content of a file as it was at this stamp."""
    content = json_document.load(path, names="once")
    if not isinstance(content, dict):
        return NnunetDataset(path, (), None)
    channels: Any = next((content[key] for key in CHANNEL_KEYS if key in content), {})
    labels = content.get("labels")
    return NnunetDataset(
        path,
        _channels(channels, path) if isinstance(channels, dict) else (),
        _classes(labels, path) if isinstance(labels, dict) else None,
    )


def _channels(named: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    wanted = [str(number) for number in range(len(named))]
    if sorted(named, key=str) != sorted(wanted):
        raise InputError(f"{path} numbers its channels {quoted([*named])}; wanted 0 and so on")
    return tuple(str(named[number]) for number in wanted)


def _classes(named: Mapping[str, Any], path: Path) -> dict[int, str]:
    regions = next((name for name, value in named.items() if isinstance(value, list)), None)
    if regions is not None:
        raise InputError(
            f"{path} has regions of several labels ({regions}: {named[regions]}), which overlap; "
            "Kontur reads one label a class: name each number there, in a copy of the data set"
        )
    pairs = [
        (int(key), value) if key.isdecimal() and isinstance(value, str) else (value, key)
        for key, value in named.items()
    ]
    wrong = next((value for value, _ in pairs if type(value) is not int or value < 0), None)
    if wrong is not None:
        raise InputError(
            f"{path} gives a class the label {quoted(wrong)}; wanted a whole number from 0"
        )
    if len({value for value, _ in pairs}) < len(pairs):
        raise InputError(f"{path} gives two classes one label; each has a number of its own")
    classes = dict(sorted(pairs))
    other = classes.get(0, BACKGROUND)
    moved = next((value for value, name in pairs if value > 0 and _is_background(name)), None)
    if not _is_background(other) or moved is not None:
        came = f"{moved} is {BACKGROUND}" if moved is not None else f"0 is {quoted(other)}"
        raise InputError(
            f"{path} names the labels so that {came}; wanted 0 as {BACKGROUND}, where no object "
            f"is: write label images with classes from 1, or name 0 {BACKGROUND} if it is that"
        )
    return {value: name for value, name in classes.items() if value > 0}


def _is_background(name: Any) -> bool:
    return str(name).casefold() == BACKGROUND
