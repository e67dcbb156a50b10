"""The images of a folder, each under a key that is safe in an address.

Images are looked up by their key in what was listed, so no request names a path. Images that lie in
folders below are listed too; masks and by-products of other programs are not. What a training
folder says of an image (label image, masks, outlines) is found with it.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from kontur.data.file_names import (
    is_label_name,
    is_output_name,
    partner_name,
    stem,
    walk,
)
from kontur.data.layouts.layout import AnnotatedImage, Layout
from kontur.data.layouts.recognise_layout import IGNORE_FOLDER, LABEL_FOLDERS, find_layout
from kontur.errors import InputError
from kontur.images.image_file import is_image
from kontur.wording import printable

MODELS = "kontur-models"  # the folder of models that were trained here


def share_stems(images: Iterable[Path]) -> set[Path]:
    """The images whose names differ from another's in the ending alone (`a.png`, `a.tif`)."""
    paths = list(images)
    counts = Counter((path.parent, stem(path).lower()) for path in paths)
    return {path for path in paths if counts[path.parent, stem(path).lower()] > 1}


class FolderImage(NamedTuple):
    """An image file: its key, its name in the folder, and its annotation, if there is one."""

    key: str
    name: str
    path: Path
    annotated: AnnotatedImage | None = None


class ImageFolder:
    """The images of a folder, in the order of their names."""

    def __init__(self, root: Path):
        self.root = root
        self.images: dict[str, FolderImage] = {}
        self.refresh()

    def refresh(self) -> None:
        """List the folder again: images may have come or gone."""
        layout, self.problems = _layout(self.root)
        annotated = {os.path.abspath(item.image): item for item in layout.annotated}
        images = [
            FolderImage(
                _key(path.relative_to(self.root)),
                printable(path.relative_to(self.root).as_posix()),
                path,
                annotated.get(os.path.abspath(path)),
            )
            for path in _image_files(self.root, known=set(annotated))
        ]
        self.images = {image.key: image for image in images}
        self.shared_stems = share_stems(image.path for image in images)

    def __getitem__(self, key: str) -> FolderImage:
        """The image of a key; raises `KeyError` where there is none."""
        return self.images[key]


def _layout(root: Path) -> tuple[Layout, list[str]]:
    """What is annotated in the folder, and why nothing is where it cannot be told."""
    try:
        layout, problems = find_layout(root), []
    except InputError as error:
        layout, problems = None, [f"annotations were left out: {error}"]
    return layout or Layout("none", ()), problems


def _image_files(root: Path, *, known: set[str]) -> list[Path]:
    """The image files below a folder; without masks, beside their images or in folders of masks."""
    files = [
        path
        for name, path in walk(root, stop=[MODELS])
        if is_image(path) and not is_output_name(name)
    ]
    plain = {(path.parent, partner_name(stem(path))) for path in files if not _is_label(path)}
    return [
        path
        for path in files
        if os.path.abspath(path) in known
        or not (
            (_is_label(path) and (path.parent, partner_name(stem(path))) in plain)
            or (known and _lies_in_masks(path.relative_to(root)))
        )
    ]


def _is_label(path: Path) -> bool:
    return is_label_name(stem(path))


def _lies_in_masks(path: Path) -> bool:
    folders = path.parts[:-1]
    return any(folder in (*LABEL_FOLDERS, IGNORE_FOLDER) for folder in folders)


def _key(name: Path) -> str:
    return hashlib.sha256(os.fsencode(name.as_posix())).hexdigest()[:16]
