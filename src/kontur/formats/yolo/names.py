"""The names of the classes that YOLO's labels number: `data.yaml`, `classes.txt` or `obj.names`.

They lie beside the labels or up to three folders above. A `data.yaml` that Kontur writes names the
folders of images too, so that a YOLO program trains on it as it is.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from kontur import extra
from kontur.errors import InputError, reason_of
from kontur.files import atomic, json_document
from kontur.files.file_stamp import FileStamp
from kontur.select.split_names import SPLITS, split_of
from kontur.wording import listed, quoted

LISTS = ("classes.txt", "obj.names")  # a name a line
YAML = "data.yaml"
OURS = "# Kontur"  # the start of a file that may be written again
LARGEST = 1 << 20  # bytes; a thousand names take a hundredth of it
FOLDERS = 4  # in which names are looked for: that of the labels, and those above
LABELS, IMAGES = "labels", "images"


class Names(NamedTuple):
    """Class names by their number, and the file that has them."""

    names: tuple[str, ...]
    path: Path | None


def find_names(labels: Path) -> Names:
    """The names for a file of labels; none where no file has any. Errors as in `_of_yaml`."""
    folder = labels.absolute().parent
    for place in [folder, *folder.parents][:FOLDERS]:
        for path in [*_yamls(place), *(place / name for name in LISTS)]:
            if path.is_file() and path.stat().st_size <= LARGEST:
                names = _names_of(path, FileStamp.of(path))
                if names is not None:
                    return Names(names, path)
    return Names((), None)


def find_settings(folder: Path) -> tuple[Path | None, dict[str, Any]]:
    """The YAML file with class names in a folder, and all that it says; errors as `find_names`.

    No file, and an empty dict, where there is none.
    """
    for path in _yamls(folder):
        if path.is_file() and path.stat().st_size <= LARGEST and _of_yaml(path) is not None:
            return path, _content(path, json_document.load_text(path))
    return None, {}


def _yamls(folder: Path) -> list[Path]:
    """The YAML files of a folder, `data.yaml` first; none that another thread is still writing."""
    found = [path for end in ("*.yaml", "*.yml") for path in folder.glob(end)]
    visible = [path for path in found if not path.name.startswith(".")]
    return sorted(visible, key=lambda path: path.name != YAML)


def number_classes(labels: Path, classes: Sequence[str], used: Sequence[str]) -> list[int]:
    """The number of each of `classes`, which the `data.yaml` for a file of labels gets or has.

    Classes that are new come behind those that it names, so that labels beside stay right. One of
    ours in a folder above is of another data set: its names come first, and it stays as it is.
    Raises `InputError` where the names are another program's and one that is `used` is missing.
    """
    path = _home(labels) / YAML
    known = find_names(labels)
    names = known.names
    if known.path is not None and not _is_of_another_set(known.path, path.parent):
        path = known.path  # also a list, or another program's above
    missing = [name for name in classes if name not in names]
    ours = not path.exists() or _is_ours(path)
    known_folders = _splits(path, FileStamp.of(path)) if ours and path.exists() else {}
    folders = _with_folder(known_folders, labels)
    if ours and (missing or folders != known_folders):
        names = (*names, *missing)
        atomic.write_text(path, _text(names, folders))
    elif unknown := [name for name in missing if name in used]:
        raise InputError(
            f"{path} names {listed(names) or 'no classes'}, and the objects are of the class "
            f"{quoted(unknown[0])}; add it there, or write into another folder"
        )
    place = {name: number for number, name in enumerate(names)}
    return [place.get(name, 0) for name in classes]


def _is_of_another_set(path: Path, home: Path) -> bool:
    return path.parent in home.parents and _is_ours(path)


def _is_ours(path: Path) -> bool:
    return path.suffix == ".yaml" and path.read_bytes()[: len(OURS)] == OURS.encode()


def _home(labels: Path) -> Path:
    """The folder of the data set: that above `labels/` or `labels/train/`."""
    folder = labels.absolute().parent
    for place in (folder, folder.parent):
        if place.name == LABELS:
            return place.parent
    return folder


def _text(names: Sequence[str], folders: Mapping[str, str]) -> str:
    lines = [f"  {number}: {_quoted(name)}" for number, name in enumerate(names)]
    head = f"{OURS} wrote these names of classes for the labels beside"
    entries = [f"{split}: {_quoted(folder)}" for split, folder in folders.items()]
    return "\n".join([head, *entries, "names:", *lines]) + "\n"


def _with_folder(known: Mapping[str, str], labels: Path) -> dict[str, str]:
    """The images' folder of each split, with that of the images of some labels.

    `images/train` of `labels/train/…`, `images` where there are no splits, and `.` where labels lie
    beside images. YOLO wants train and val: one that is not known is the other, until it is.
    """
    home, folder = _home(labels), labels.absolute().parent
    below = folder.relative_to(home / LABELS).parts if home != folder else ()
    split = split_of(below[0]) if below else None
    place = "." if home == folder else f"{IMAGES}/{below[0]}" if split else IMAGES
    folders = {**known, split: place} if split else dict(known)
    for other in ("train", "val"):
        folders.setdefault(other, place)
    return {name: folders[name] for name in SPLITS if name in folders}


@lru_cache(maxsize=64)
def _splits(path: Path, stamp: FileStamp) -> dict[str, str]:
    """The folders of splits in a file as it was then."""
    content = _content(path, json_document.load_text(path))
    return {split: str(content[split]) for split in SPLITS if content.get(split)}


def _quoted(name: str) -> str:
    text = json.dumps(name, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


@lru_cache(maxsize=64)
def _names_of(path: Path, stamp: FileStamp) -> tuple[str, ...] | None:
    """The names that a file has as it was then; None where it is of other things."""
    if path.name in LISTS:
        lines = [line.strip() for line in json_document.load_text(path).splitlines()]
        while lines and not lines[-1]:
            lines.pop()
        return tuple(lines) or None
    return _of_yaml(path)


def _of_yaml(path: Path) -> tuple[str, ...] | None:
    """The names of a `data.yaml`, a list or numbered; `InputError` where it is damaged.

    And where the labels are poses: their numbers are no points of an outline.
    """
    text = json_document.load_text(path)
    if "names" not in text:
        return None
    content = _content(path, text)
    names = content.get("names")
    if "kpt_shape" in content:
        raise InputError(
            f"{path} is of poses (kpt_shape), whose labels are boxes and keypoints; give labels of "
            "YOLO segmentation"
        )
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not names:
        return None
    numbered = {_number(number): name for number, name in names.items()}
    if not all(isinstance(name, str) for name in numbered.values()) or set(numbered) != set(
        range(len(names))
    ):
        raise InputError(
            f"{path}: names wants a list, or numbers from 0 with a name each, got "
            f"{listed(map(str, names))}; where the first is 1, write 0 for it and so on, also in "
            "the labels"
        )
    return tuple(numbered[number] for number in range(len(names)))


def _content(path: Path, text: str) -> dict[str, Any]:
    """What a YAML file says, every scalar as text; empty where it is no mapping."""
    yaml = extra.package("yaml", extra="yolo", what=f"the file of class names {path}")
    try:
        content = yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = reason_of(error)
        raise InputError(f"{path} is no YAML, or is damaged: {reason}") from None
    return content if isinstance(content, dict) else {}


def _number(text: Any) -> int:
    return int(text) if str(text).isdecimal() and len(str(text)) < 10 else -1
