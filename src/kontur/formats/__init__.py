"""Files to objects and back: one module a format, all of them in one table.

The ending of a file's name says its format; where several formats share one (`.json`), the content
does. A new format is a module with a constant `FORMAT` and a line in `FORMATS`: reading, writing,
conversion, folders, commands and help texts follow from the table.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from kontur.errors import InputError
from kontur.formats import atomic, coco, geojson, labels, table
from kontur.formats.entry import Entry, Prediction, pick
from kontur.formats.format import Format
from kontur.formats.outline_file import OutlineFile
from kontur.instances import Instances

FORMATS: Mapping[str, Format] = {
    one.name: one for one in (geojson.FORMAT, coco.FORMAT, labels.FORMAT, table.FORMAT)
}

__all__ = [
    "FORMATS",
    "Entry",
    "Format",
    "Prediction",
    "can_read",
    "format_of",
    "format_to_write",
    "name_of",
    "read",
    "read_images",
    "relabel",
    "write",
    "write_images",
]


def read(
    path: str | Path,
    *,
    image: str | None = None,
    page: int | None = None,
    task: str = "instances",
    class_of_value: Mapping[int, str] | None = None,
) -> Instances:
    """The objects of one image of a file: GeoJSON, COCO, label image or table.

    `image` names the image where the file describes several; `page` (from 0) picks a plane where
    it holds several; `task` says what the values of a mask mean (`instances`, `components`,
    `semantic`), see `formats.masks`. Raises `InputError` for other endings, for files that are not
    what they seem, and where several images or planes are left to choose from.
    """
    entries = read_images(path, page=page, task=task, class_of_value=class_of_value)
    several = format_of(path).several_images
    return pick(entries, image if several else None, path).instances


def read_images(
    path: str | Path,
    *,
    page: int | None = None,
    task: str = "instances",
    class_of_value: Mapping[int, str] | None = None,
) -> list[Entry]:
    """Every image that a file describes, with its name, size and objects; as `read`."""
    file = OutlineFile(Path(path), page=page, task=task, class_of_value=class_of_value)
    return _recognised(file).read(file)


def write(
    path: str | Path,
    instances: Instances,
    *,
    image_name: str | None = None,
    overwrite: bool = True,
) -> None:
    """Write objects in the format of the ending, whole or not at all.

    `image_name` is the name of the image that the objects are of, as the file is to say it; else
    that of the file. Raises `InputError` for other endings, for an existing file unless
    `overwrite`, and where the format cannot hold the objects; OSError where the file cannot be
    written.
    """
    name = name_of(path) if image_name is None else image_name
    write_images(path, [Entry(name, instances.size, instances)], overwrite=overwrite)


def write_images(path: str | Path, entries: Sequence[Entry], *, overwrite: bool = True) -> None:
    """Write the objects of several images into one file; as `write`."""
    named = [entry._replace(file_name=_printable(entry.file_name)) for entry in entries]
    format_to_write(path).write(Path(path), named, overwrite=overwrite)


def relabel(
    path: str | Path,
    target: str | Path,
    predicted: Sequence[Sequence[Prediction]],
    classes: Sequence[str],
    *,
    overwrite: bool = True,
) -> None:
    """Write a file again with other classes of its objects, everything else as it is there.

    `predicted` has, for each image of `read_images`, what is predicted of each object; `classes`
    are all that there can be. Raises `InputError` where the objects are not so many, and where
    the format holds no classes (`Format.relabel` is None).
    """
    file = OutlineFile(Path(path))
    chosen = _recognised(file)
    if chosen.relabel is None:
        raise InputError(f"{path} is a {chosen.title}, which cannot hold classes")
    atomic.write_text(target, chosen.relabel(file, predicted, classes), overwrite=overwrite)


def can_read(path: str | Path) -> bool:
    """Whether the ending of a name is that of a format."""
    return bool(_candidates(Path(path)))


def format_of(path: str | Path) -> Format:
    """The format of a file that is there; `InputError` where it is of none."""
    return _recognised(OutlineFile(Path(path)))


def format_to_write(path: str | Path) -> Format:
    """The format that the ending of a name asks for; raises `InputError` for other endings."""
    chosen = [one for one in _candidates(Path(path)) if _ends(path, one.endings)]
    if not chosen:
        raise _unknown(path)
    return chosen[0]


def name_of(path: str | Path) -> str:
    """A file's name without folder and the longest ending that a format has.

    >>> name_of("out/a01.coco.json"), name_of("a01.v2.csv"), name_of("plain")
    ('a01', 'a01.v2', 'plain')
    """
    name = Path(path).name
    endings = [ending for one in FORMATS.values() for ending in (*one.endings, *one.shared_endings)]
    fitting = [ending for ending in endings if name.lower().endswith(ending)]
    return name[: -len(max(fitting, key=len))] or name if fitting else name


def _recognised(file: OutlineFile) -> Format:
    candidates = _candidates(file.path)
    if not candidates:
        raise _unknown(file.path)
    if len(candidates) == 1:
        return candidates[0]
    chosen = next((one for one in candidates if one.recognise(file)), None)
    if chosen is None:
        content = file.json  # raises where it is no JSON at all
        keys = ", ".join(sorted(file.json_keys)[:8]) if content else "no keys"
        titles = " nor ".join(one.title for one in candidates)
        raise InputError(f"{file.path} is neither {titles}; it has {keys or 'no keys'}")
    return chosen


def _candidates(path: Path) -> list[Format]:
    return [one for one in FORMATS.values() if _ends(path, (*one.endings, *one.shared_endings))]


def _ends(path: str | Path, endings: Iterable[str]) -> bool:
    return Path(path).name.lower().endswith(tuple(endings))


def _unknown(path: str | Path) -> InputError:
    ending = Path(path).suffix.lower() or "no ending"
    known = dict.fromkeys(end for one in FORMATS.values() for end in one.endings)
    return InputError(
        f"{path}: the ending says the format, and {ending} is none of {', '.join(known)}"
    )


def _printable(name: str) -> str:
    """A name of a file as text: bytes that are no UTF-8 become the sign for unknown letters."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
