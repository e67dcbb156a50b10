"""Annotation files of other programs in a training folder, and how to convert them.

Such files beside images are reported instead of overlooked; see `formats.unsupported_outlines` and
`images.unsupported_images`.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from kontur import formats
from kontur.formats.outline_file import OutlineFile
from kontur.formats.unsupported_outlines import Program, program_of
from kontur.images import unsupported_images
from kontur.wording import listed, plural


def annotations_sentence(files: Iterable[Path]) -> str | None:
    """A sentence on annotations of other programs among files; None where there are none."""
    by_program: dict[Program, list[str]] = {}
    for path in files:
        program = program_of(OutlineFile(path))
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
    counts = unsupported_endings(files)
    if not counts:
        return None
    parts = (
        f"{number:,} {ending} ({unsupported_images.UNSUPPORTED[ending].name}: "
        f"{unsupported_images.advice_on(ending, in_folder=True)})"
        for ending, number in counts.most_common()
    )
    return f"images that Kontur does not read: {'; '.join(parts)}"


def unsupported_endings(files: Iterable[Path]) -> Counter[str]:
    """How many files have each ending of an unsupported format, and hold no outlines that are read.

    A `.zip` may be an archive of pictures, or the ROIs that Kontur or ImageJ wrote.
    """
    endings = ((path, unsupported_images.ending_of(path)) for path in files)
    return Counter(
        ending
        for path, ending in endings
        if ending is not None and not (formats.can_read(path) and formats.find_format(path))
    )
