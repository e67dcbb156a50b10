"""Images beside converted outlines, so that the folder is a data set: copied, or linked.

They lie where the programs of a format look for them: in `images/` where a file lists images or
labels have a folder of their own, else beside the file of each image, under its name.
"""

import shutil
from pathlib import Path
from typing import Literal

from kontur.data.file_names import stem
from kontur.errors import InputError
from kontur.files import atomic
from kontur.formats import Format
from kontur.images import embedded_picture, pictures

Copies = Literal["copy", "link", "none"]
WAYS: tuple[Copies, ...] = ("copy", "link", "none")
FOLDER = "images"
ENDINGS = {"PNG": ".png", "JPEG": ".jpg", "BMP": ".bmp", "GIF": ".gif", "WEBP": ".webp"}


def choose_copies(word: str) -> Copies:
    """The way of that name; `InputError` for another word."""
    for way in WAYS:
        if way == word:
            return way
    raise InputError(f"images are to be {', '.join(WAYS)}; got {word!r}")


def ending_of(image: Path) -> str:
    """The whole ending of an image file: `.ome.tif`; of a picture inside a file its own."""
    if embedded_picture.is_in(image):
        return ENDINGS.get(pictures.kind_of(embedded_picture.content(image)[:32]) or "", ".tif")
    return image.name.removeprefix(stem(image))


def place_of(name: str, image: Path, format: Format, folder: Path) -> Path:
    """Where the image of a name lies in a folder of files of a format."""
    own = format.several_images or format.relative
    return (folder / FOLDER if own else folder) / f"{name}{ending_of(image)}"


def put(image: Path, place: Path, way: Copies, *, overwrite: bool) -> None:
    """Copy or link an image; nothing where it lies there already, a picture inside is written out.

    Raises `InputError` where another file is there and `overwrite` is False, OSError as
    `atomic.replacing` does, and where the system has no links.
    """
    if place.exists() and place.samefile(image):
        return
    if image.is_dir() and way == "copy":  # a store of Zarr
        with atomic.replacing_folder(place, overwrite=overwrite) as beside:
            shutil.copytree(image, beside)
        return
    if embedded_picture.is_in(image):
        atomic.write_bytes(place, embedded_picture.content(image), overwrite=overwrite)
        return
    if way == "copy":
        with atomic.replacing(place, overwrite=overwrite) as beside:
            shutil.copyfile(image, beside)
        return
    atomic.refuse_existing([place], overwrite=overwrite)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(image.absolute(), target_is_directory=image.is_dir())
