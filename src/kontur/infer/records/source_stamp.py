"""Whether an image file is still the one whose content was noted: its size and time of change.

Tiles and planes are read long after the digest of a file was taken. One that is replaced meanwhile
would give objects of two images, recorded as those of the first.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from kontur.files.file_stamp import FileStamp
from kontur.images.image_file import files_of

Part = TypeVar("Part")


class SourceStamp(NamedTuple):
    """The bytes of a file, and when it was changed in µs; of an image of several files the sums.

    That is what all machines that share the files agree on.
    """

    bytes: int
    changed: int

    @classmethod
    def of(cls, image: Path) -> "SourceStamp | None":
        """The stamp of an image; None where it is missing or no file, such as a URL."""
        try:
            stamps = [FileStamp.of(file) for file in files_of(image) if file.exists()]
        except OSError:
            return None
        return cls(
            sum(stamp.bytes for stamp in stamps), sum(stamp.modified // 1000 for stamp in stamps)
        )

    def differs(self, image: Path) -> bool:
        """Whether an image is another one by now, or went away."""
        return SourceStamp.of(image) != self


def changed_sentence(image: Path) -> str:
    """What became of an image, and what to do."""
    return (
        f"{image} was changed, replaced or removed while it was predicted; give the same command "
        "again when nothing writes to it"
    )


def then(parts: Iterator[Part], check: Callable[[], None]) -> Iterator[Part]:
    """The parts, and a check once all are read: before what was written of them gets its name."""
    yield from parts
    check()
