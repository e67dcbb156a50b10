"""Annotation files of other programs in a training folder, and how to convert them.

Such files beside images are reported instead of overlooked. They are recognised by their
endings and, where several programs share one, by the beginning of the file.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from kontur.formats import unsupported_images
from kontur.wording import listed, plural

SNIFF = 1 << 16  # bytes at the beginning of a file that are looked at


class Program(NamedTuple):
    """A program whose annotations are not read, and how to convert them."""

    name: str
    advice: str


VOC = Program("PASCAL VOC", "boxes alone are no outlines; export masks or COCO")
QUPATH = Program(
    "QuPath project", "in QuPath export the objects as GeoJSON (File > Export objects)"
)


def program_of(path: Path) -> Program | None:
    """The program that wrote a file of annotations; None for all other files."""
    name = path.name.lower()
    if name.endswith((".qpproj", ".qpdata")):
        return QUPATH
    if name.endswith(".xml"):
        return VOC if "<annotation>" in _start(path) else None
    return None


def annotations_sentence(files: Iterable[Path]) -> str | None:
    """A sentence on annotations of other programs among files; None where there are none."""
    by_program: dict[Program, list[str]] = {}
    for path in files:
        program = program_of(path)
        if program is not None:
            by_program.setdefault(program, []).append(path.name)
    if not by_program:
        return None
    return "; ".join(
        f"{plural(len(names), 'file')} of {program.name} annotations "
        f"({listed(names, most=2)}), which Kontur does not read: {program.advice}"
        for program, names in by_program.items()
    )


def images_sentence(files: Iterable[Path]) -> str | None:
    """A sentence on images of unsupported formats among files; None where there are none."""
    counts = Counter(
        ending for path in files if (ending := unsupported_images.ending_of(path)) is not None
    )
    if not counts:
        return None
    parts = (
        f"{number:,} {ending} ({unsupported_images.UNSUPPORTED[ending].name}: "
        f"{unsupported_images.UNSUPPORTED[ending].advice})"
        for ending, number in counts.most_common()
    )
    return f"images that Kontur does not read: {'; '.join(parts)}"


def _start(path: Path) -> str:
    """The beginning of a file as text; nothing where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(SNIFF).decode("utf-8", "replace")
    except OSError:
        return ""
