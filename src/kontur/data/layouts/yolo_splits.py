"""The splits of a YOLO data set: what its `data.yaml` calls train, val and test.

Each is a folder, a list of images in a text file, or several of these. Paths are often those of the
machine where the file was written, so the end of a path decides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from kontur.data.layouts.layout import Layout
from kontur.files import json_document
from kontur.formats.yolo.names import find_settings
from kontur.select.split_names import SPLITS
from kontur.wording import plural


def with_splits(layout: Layout, root: Path) -> Layout:
    """The layout with the splits of the `data.yaml` in `root`, where it has some for all images.

    A note says where they leave images out; splits that share images are none, which is how files
    are written that name the same folder twice. Errors as in `formats.yolo.names.find_settings`.
    """
    path, settings = find_settings(root)
    if path is None:
        return layout
    images = [item.image.absolute() for item in layout.annotated]
    chosen: dict[Path, str] = {}
    for split, words in SPLITS.items():
        entries = next((settings[word] for word in words if settings.get(word)), ())
        for image in _images(entries, root.absolute(), images):
            if chosen.setdefault(image, split) != split:
                return layout
    missing = len(images) - len(chosen)
    if not chosen or len(set(chosen.values())) == 1:
        return layout
    if missing:
        note = f"the splits of {path.name} are not used: they leave {plural(missing, 'image')} out"
        return replace(layout, notes=(*layout.notes, note))
    annotated = zip(layout.annotated, images, strict=True)
    return replace(
        layout, annotated=tuple(item.replace(split=chosen[image]) for item, image in annotated)
    )


def _images(entries: Any, root: Path, images: Sequence[Path]) -> Iterator[Path]:
    """The images of a split: of its folders, and those that its lists name."""
    for entry in [entries] if isinstance(entries, str) else entries:
        parts = _parts(str(entry))
        places = (root.joinpath(*parts[first:]) for first in range(len(parts) + 1))
        place = next((place for place in places if place.exists()), root)
        if place.is_file():
            for line in json_document.load_text(place).splitlines():
                yield from _named(_parts(line.strip()), images)
        elif place != root:
            yield from (image for image in images if place in image.parents)


def _named(parts: Sequence[str], images: Sequence[Path]) -> Iterator[Path]:
    """The image whose path has most of the last parts in common, if there is one."""
    alike = [image for image in images if parts and image.name == parts[-1]]
    for length in range(2, len(parts) + 1):
        longer = [image for image in alike if image.parts[-length:] == tuple(parts[-length:])]
        if not longer:
            break
        alike = longer
    if len(alike) == 1:
        yield alike[0]


def _parts(path: str) -> list[str]:
    return [
        part for part in PurePosixPath(path.replace("\\", "/")).parts if part not in ("..", "/")
    ]
