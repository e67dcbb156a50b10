"""The training folder of which a folder of annotations is a part.

A folder `masks/` beside `images/` is given as it is by those who do not know that the folder with
both is enough. Of masks with one object each that goes wrong: every file counts as an image.
"""

from pathlib import Path

from kontur.data.layouts.recognise_layout import LABEL_FOLDERS, recognise_layout
from kontur.errors import InputError


def enclosing_folder(place: Path) -> Path | None:
    """The training folder whose annotations lie in `place`; None where it is no part of one."""
    if place.name not in LABEL_FOLDERS or not place.is_dir():
        return None
    try:
        layout = recognise_layout(place.parent)
    except InputError:
        return None
    inside = any(place in item.annotation.parents for item in layout.annotated)
    return place.parent if inside else None


def enclosing_note(place: Path) -> str | None:
    """A sentence on the training folder that can be given instead of `place`, if there is one."""
    folder = enclosing_folder(place)
    if folder is None:
        return None
    return (
        f"{place} belongs to the training folder {folder.absolute()}: give that alone, and its "
        "images, annotations and metadata.csv are found"
    )
