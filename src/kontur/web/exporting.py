"""Outlines of the folder's images in any format, as one file: the file itself, or a zip of several.

The same writers as `kontur convert`. What a format cannot hold is said beside the file.
"""

import io
import os
import tempfile
import zipfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from kontur import extra, formats
from kontur.data.file_names import stem
from kontur.errors import InputError
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.information_loss import information_losses
from kontur.web.image_folder import FolderImage
from kontur.web.schema import ExportFormat
from kontur.web.workspace import Workspace


class Export(NamedTuple):
    """The content of a file to save, its name, and sentences on what it cannot hold."""

    content: bytes
    name: str
    losses: tuple[str, ...]


def export(workspace: Workspace, images: Sequence[FolderImage], format: str) -> Export:
    """The outlines of images in a format.

    Raises `InputError` for another format, where there is no image, and where a format cannot hold
    the objects or its package is missing.
    """
    kind = formats.format_named(format)
    if not images:
        raise InputError("there is nothing to export: no image has outlines yet")
    annotations = {image: _annotations_of(workspace, image) for image in images}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        try:
            if kind.several_images:
                every = [a for image, of in annotations.items() for a in _named(image, of, kind)]
                name = workspace.root.resolve().name if len(images) > 1 else stem(images[0].path)
                formats.write_images(root / f"{name}{kind.ending}", every, format=kind.name)
            else:
                for image, of_image in annotations.items():
                    _write(root, image, of_image, kind)
        except InputError as error:  # which names the file to save, wherever it is for a moment
            raise InputError(str(error).replace(f"{root}{os.sep}", "")) from None
        files = sorted(path for path in root.rglob("*") if path.is_file())
        every = [annotation for of_image in annotations.values() for annotation in of_image]
        losses = tuple(information_losses(kind, every))
        if len(files) == 1:
            return Export(files[0].read_bytes(), files[0].name, losses)
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                archive.write(file, file.relative_to(root).as_posix())
        return Export(content.getvalue(), f"outlines-{kind.name}.zip", losses)


def choices() -> list[ExportFormat]:
    """The formats in which outlines can be written, in the order of `formats.FORMATS`."""
    return [
        ExportFormat(
            name=kind.name,
            title=kind.title,
            ending=kind.ending,
            install=extra.install(kind.extra) if _lacks_package(kind) else None,
        )
        for kind in formats.WRITABLE.values()
    ]


def _lacks_package(kind: formats.Format) -> bool:
    return bool(kind.package) and find_spec(kind.package) is None


def _annotations_of(workspace: Workspace, image: FolderImage) -> list[ImageAnnotation]:
    annotations = []
    for page in workspace.annotations.statuses.outlined_planes(image):
        found = workspace.annotations.open(image, page).instances
        side = workspace.pictures.pixel_size(image, page)
        annotations.append(
            ImageAnnotation(image.path.name, found.size, found, pixel_size=side, image=image.path)
        )
    return annotations


def _named(
    image: FolderImage, annotations: Sequence[ImageAnnotation], kind: formats.Format
) -> list[ImageAnnotation]:
    """The annotations by names that no other has: in folders below, names come again, and so they
    do of planes, where the format knows none: these are named as the files of planes are."""
    if kind.planes or len(annotations) == 1:
        return [annotation._replace(file_name=image.name) for annotation in annotations]
    path = Path(image.name)
    return [
        annotation._replace(
            file_name=path.with_name(
                _of_plane(path, annotation) + path.name.removeprefix(stem(path))
            ).as_posix()
        )
        for annotation in annotations
    ]


def _of_plane(path: Path, annotation: ImageAnnotation) -> str:
    plane = annotation.instances.plane
    return f"{stem(path)}.page{0 if plane is None else plane.number:04}"


def _write(
    root: Path, image: FolderImage, annotations: Sequence[ImageAnnotation], kind: formats.Format
) -> None:
    """The file of one image, or one of each plane where the format knows no planes."""
    target = (root / Path(image.name)).with_name(stem(image.path))
    if kind.planes or len(annotations) == 1:
        path = target.with_name(target.name + kind.ending)
        if path.exists():  # of an image of the same name with another ending
            path = target.with_name(image.path.name + kind.ending)
        formats.write_images(path, list(annotations), format=kind.name)
        return
    for annotation in annotations:
        path = target.with_name(_of_plane(image.path, annotation) + kind.ending)
        formats.write_images(path, [annotation], format=kind.name)
