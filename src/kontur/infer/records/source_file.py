"""Of which image file outlines are: where it lies, its bytes and a digest of its content."""

import contextlib
import hashlib
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from kontur.files.file_stamp import FileStamp
from kontur.images.image_file import files_of
from kontur.wording import printable

KNOWN = 10_000  # digests of files that are kept


class SourceFile(NamedTuple):
    """The image file of outlines: its path relative to the outputs, its bytes and its digest.

    Bytes and digest are those of all files that the image consists of, see `image_file.files_of`.
    """

    source: str
    bytes: int
    sha256: str

    @classmethod
    def of(cls, image: Path, out: Path) -> "SourceFile | None":
        """The entry of an image file; None where it is missing or cannot be read."""
        try:
            files = files_of(image)
            size = sum(file.stat().st_size for file in files if file.exists())
            content = _digest(image, files)
        except OSError:
            return None
        place = os.path.realpath(image)
        with contextlib.suppress(ValueError):  # another drive on Windows
            place = os.path.relpath(place, os.path.realpath(out))
        return cls(printable(Path(place).as_posix()), size, content)


def file_digest(path: Path) -> str:
    """The first 16 digits of the SHA-256 of a file's content."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:16]


def _digest(image: Path, files: Sequence[Path]) -> str:
    """The digest of an image that consists of these files; of several, by their names."""
    folder = image if image.is_dir() else image.parent
    if len(files) == 1 and folder != image:
        return file_digest(files[0])
    whole = hashlib.sha256()
    for file in files:
        name = Path(os.path.relpath(file, folder)).as_posix()
        known = file_digest if folder == image else _digest_once
        content = known(file) if file.exists() else "missing"
        whole.update(f"{name}\0{content}\0".encode())
    return whole.hexdigest()[:16]


def _digest_once(file: Path) -> str:
    """The digest of a file that many images consist of, read once as long as it is unchanged."""
    stamp = FileStamp.of(file)
    return _digest_at(stamp, file) if stamp.is_settled() else file_digest(file)


@lru_cache(KNOWN)
def _digest_at(stamp: FileStamp, file: Path) -> str:
    return file_digest(file)
