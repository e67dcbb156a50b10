"""The file of outlines beside an image: GeoJSON of ours, never that of another program.

It is `NAME.geojson`, or `NAME.kontur.geojson` where another program's file has that name. A file
is ours if Kontur wrote it (its member `kontur`) and its content is the one that we wrote or read
last: what somebody changed since then is never written over.
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from kontur import formats
from kontur.data.file_names import stem
from kontur.errors import InputError
from kontur.files.atomic import replacing
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.outline_file import OutlineFile
from kontur.instances import Instances

ENDING = ".geojson"
SECOND = ".kontur.geojson"
Version = tuple[tuple[str, int], ...]  # names, and nanoseconds of the last change


class KnownFile(NamedTuple):
    """A file of outlines as we know it: its name, and the digests that its content may have.

    Two while it is written: where we were killed then, it is not known which it has.
    """

    name: str
    digests: tuple[str, ...]


def digest(path: Path) -> str | None:
    """The digest of a file's content; None where there is no file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def version(image: Path, shared_stems: Iterable[Path] = ()) -> Version:
    """When the files that may have the outlines of an image were changed; of those that exist."""
    made = []
    for path in _names(image, shared_stems):
        with contextlib.suppress(OSError):
            made.append((path.name, path.stat().st_mtime_ns))
    return tuple(made)


def our_file(image: Path, shared_stems: Iterable[Path] = ()) -> OutlineFile | None:
    """The file of ours that has the outlines of an image; None where there is none."""
    files = [OutlineFile(path) for path in _names(image, shared_stems) if path.is_file()]
    return next((file for file in files if is_ours(file)), None)


def write(
    image: Path,
    planes: Sequence[Instances],
    known: KnownFile | None,
    shared_stems: Iterable[Path] = (),
    *,
    about_to: Callable[[str], None],
) -> tuple[str, str]:
    """Write the outlines of all planes of an image beside it, whole or not at all.

    `known` is our file as it was written or read last; `about_to` is told the digest of the new
    content before that is there. Its name and this digest. Raises `InputError` where every name is
    taken by a file that is not ours.
    """
    for path in _names(image, shared_stems):
        before = digest(path)
        ours = known is not None and known.name == path.name and before in known.digests
        if before is None or ours:
            break
    else:
        raise InputError(
            f"{path} was changed by another program since it was opened; move that file away, and "
            "the outlines of this page are written with the next change"
        )
    annotations = [ImageAnnotation(image.name, each.size, each) for each in planes]
    with replacing(path) as beside:
        formats.write_images(beside, annotations, format="geojson")
        made = digest(beside)
        assert made is not None
        about_to(made)
    return path.name, made


def _names(image: Path, shared_stems: Iterable[Path]) -> tuple[Path, Path]:
    name = image.name if image in set(shared_stems) else stem(image)
    return image.with_name(name + ENDING), image.with_name(name + SECOND)


def is_ours(file: OutlineFile) -> bool:
    """Whether Kontur wrote a file."""
    try:
        content = file.json
        return isinstance(content, dict) and isinstance(content.get("kontur"), dict)
    except InputError:
        return False
