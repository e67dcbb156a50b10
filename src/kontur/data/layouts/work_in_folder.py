"""What a person keeps in a folder that a command is to write into.

Files of a run among images would be read as images, and predictions among annotations as
annotations. So the commands ask before they write, and name what they found.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from kontur import formats
from kontur.data.file_names import IMAGE_FOLDERS, RECORD_FILE, is_raster, walk
from kontur.data.layouts.recognise_layout import LABEL_FOLDERS, find_one
from kontur.errors import InputError
from kontur.images.image_file import is_image
from kontur.select.split_names import split_of

BEGINNING = 64  # bytes, more than an empty list takes with the space around it
EMPTY_ZIP = b"PK\x05\x06"  # the end of an archive, which begins with it where it holds nothing
PARTS = (*IMAGE_FOLDERS, *LABEL_FOLDERS)  # folders that make a data set of the folder they lie in


def work_in(folder: Path) -> str | None:
    """An image, an annotation or predictions in a folder, in words; None where there is none.

    Of folders below those of a data set count (`images/`, `masks/`, `train/`), others do not.

    >>> work_in(Path("no/such/folder")) is None
    True
    """
    if not folder.is_dir():
        return None
    if (folder / RECORD_FILE).exists():
        return f"predictions ({RECORD_FILE})"
    children = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    for path in children:
        if is_image(path) or is_raster(path):
            return f"images ({path.name})"
        if path.is_file() and formats.find_format(path) is not None and not _is_empty(path):
            return f"annotations ({path.name})"
    for path in children:
        parts = path.name in PARTS or split_of(path.name) is not None
        if parts and path.is_dir() and any(is_image(file) for _, file in walk(path)):
            return f"images ({path.name}/)"
    return None


def _is_empty(path: Path) -> bool:
    """Whether a file is an empty list or archive, as any program writes them.

    Of an image it would say that no object is there; no image of its name lies here.
    """
    if path.suffix.lower() not in (".json", ".zip"):
        return False
    with path.open("rb") as opened:
        start = opened.read(BEGINNING).strip()
    return start == b"[]" or start.startswith(EMPTY_ZIP)


def refuse_annotated(
    folder: Path,
    what: str,
    *,
    option: str = "--out",
    own: Callable[[Path], bool] = lambda annotation: False,
) -> None:
    """Raise `InputError` where `what` would lie among annotations, unless all of them are `own`.

    Those are of the data set that the folder is, or that it is the `images/` or `masks/` of.
    """
    other = other_annotation(folder, own)
    if other is not None:
        predicted = (other.parent / RECORD_FILE).exists()
        kind = "predictions" if predicted else "annotations"
        _refuse(folder, what, option, f"is of images with {kind} ({other.name})")


def refuse_work(folder: Path, what: str, *, option: str = "--out") -> None:
    """As `refuse_annotated`, and where the folder holds predictions."""
    if (folder / RECORD_FILE).exists():
        _refuse(folder, what, option, f"holds predictions ({RECORD_FILE})")
    refuse_annotated(folder, what, option=option)


def other_annotation(folder: Path, own: Callable[[Path], bool]) -> Path | None:
    """The first annotation in a folder, or beside whose images it lies, that is not `own`.

    A new folder of annotations (`outlines/`) counts, too: it would hide those that its images have.
    """
    part, hides = folder.name in PARTS, folder.name in LABEL_FOLDERS
    for place in (folder, *([folder.parent] if part else [])):
        try:
            layout = find_one(place) if place.is_dir() else None
        except InputError:  # which reading it tells
            continue
        for item in layout.annotated if layout is not None else ():
            inside = folder in item.image.parents or folder in item.annotation.parents
            if (inside or (hides and _is_beside(item.image, place))) and not own(item.annotation):
                return item.annotation
    return None


def _is_beside(image: Path, place: Path) -> bool:
    """Whether an image's annotations are looked for in the folders of annotations in `place`."""
    first, *below = image.relative_to(place).parts
    return not below or first in IMAGE_FOLDERS


def free_place(folder: Path, name: str) -> Path:
    """A folder to write into instead: below, but not below `images/`, where all are images.

    >>> free_place(Path("cells"), "run") == free_place(Path("cells/masks"), "run")
    True
    """
    return (folder.parent if folder.name in PARTS else folder) / name


def _refuse(folder: Path, what: str, option: str, reason: str) -> NoReturn:
    raise InputError(
        f"{folder} {reason}, among which {what} would be mixed; give another {option}, such as "
        f"{free_place(folder, what.split()[0])}"
    )
