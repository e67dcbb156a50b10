"""Which images a command is to work on, and what their outputs are called.

Files, folders and patterns become a list of images in a fixed order. An output is named after its
image: of `plate/a01.ome.tif` it is `a01`. Two images of one name in one call would write the same
files; if only their endings differ, the endings stay in the names (`a01.png`, `a01.tif`).
"""

import os
from collections import Counter
from collections.abc import Iterable
from glob import glob, has_magic
from pathlib import Path
from typing import NamedTuple

from kontur.data.names import is_label_name, is_output_name, partner_name, stem
from kontur.errors import InputError
from kontur.formats.images import is_image
from kontur.wording import listed


class Input(NamedTuple):
    """One image file and the name of its outputs."""

    name: str
    path: Path


def find_inputs(images: Iterable[str | Path]) -> list[Input]:
    """The images of files, folders and glob patterns (`**` looks into folders below).

    Of a folder the images that lie in it are taken, by name, without those that say that they are
    the masks or by-products of another. A file that was named is taken whatever it is called; if
    it is missing, whoever reads it will say so.

    Raises:
        InputError: there is nothing at all, a folder or pattern holds no image, or two images
            would have outputs of the same name.
    """
    given = list(images)
    found: list[Path] = []
    for each in given:
        found += _of_one(Path(each))
    unique = list({os.path.abspath(path): path for path in found}.values())
    if not unique:
        raise InputError("name at least one image, folder or pattern to work on")
    if not any(path.exists() for path in unique):
        more = f" ({len(unique) - 1} more are missing)" if len(unique) > 1 else ""
        raise InputError(f"there is no image or folder {unique[0]}{more}")
    return _named(unique)


def _of_one(place: Path) -> list[Path]:
    if place.is_dir():
        return _of_folder(place)
    if place.exists() or not has_magic(str(place)):
        return [place]
    found = sorted(Path(path) for path in glob(str(place), recursive=True))
    images = _without_masks([path for path in found if path.is_file() and is_image(path)])
    if not images:
        raise InputError(f"no image (PNG, JPEG or TIFF) fits the pattern {place}")
    return images


def _of_folder(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.iterdir() if path.is_file() and is_image(path))
    images = _without_masks(files)
    if images:
        return images
    below = [
        path.name
        for path in sorted(folder.iterdir())
        if path.is_dir() and any(is_image(inside) for inside in path.iterdir())
    ]
    advice = f"; its folders {listed(below)} hold some: name the one you mean" if below else ""
    raise InputError(f"the folder {folder} holds no image (PNG, JPEG or TIFF){advice}")


def _without_masks(paths: list[Path]) -> list[Path]:
    """Without `a_masks.tif` where `a.tif` is there too, and without flows, overlays and so on."""
    plain = {
        (path.parent, partner_name(stem(path))) for path in paths if not is_label_name(stem(path))
    }
    return [
        path
        for path in paths
        if not is_output_name(stem(path))
        and not (is_label_name(stem(path)) and (path.parent, partner_name(stem(path))) in plain)
    ]


def _named(paths: list[Path]) -> list[Input]:
    shared = Counter(stem(path) for path in paths)
    inputs = [Input(stem(p) if shared[stem(p)] == 1 else p.name, p) for p in paths]
    by_name: dict[str, Path] = {}
    for name, path in inputs:
        other = by_name.setdefault(name, path)
        if other is not path:
            raise InputError(
                f"{other} and {path} would have outputs of the same name; "
                "give them in two calls, each with its own --out"
            )
    return inputs
