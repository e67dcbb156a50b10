"""Format: one value that describes a file format of outlines.

A format is one module with a constant `FORMAT`, and one line in `kontur.formats.FORMATS`. Commands,
folders and help texts follow from the table; none of them names an ending.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from kontur.formats.image_annotation import ClassPrediction, ImageAnnotation
from kontur.formats.outline_file import OutlineFile

# Writes the images of a file, whole or not at all: `write(path, entries, overwrite=True)`.
Write = Callable[..., None]
# The text of a file whose objects have other classes, everything else as it is written there:
# the file, for each of its images the prediction of each object, and all possible classes.
Relabel = Callable[[OutlineFile, Sequence[Sequence[ClassPrediction]], Sequence[str]], str]


@dataclass(frozen=True)
class Format:
    """A file format, and what it can hold.

    Attributes:
        name: the word of `kontur predict --format`.
        title: its name in sentences and help texts.
        endings: endings of the files that are written; `kontur predict` writes the first.
        read: the images of a file with their objects.
        write: its reverse; a format of one image a file refuses several.
        shared_endings: endings of files that are read where `recognise` accepts them, never
            written.
        recognise: whether a file of such an ending is of this format, by its content.
        relabel: new classes in an existing file; None where the format cannot hold classes.
        raster: whether the file stores objects as pixels and not as outlines.
        precision: of outlines: `exact` (to `rounding.DECIMALS`), or `pixel`.
        holes, parts, overlaps, classes, scores: whether the format keeps those of an object.
        several_images: whether a file describes images by name, any number of them.
        planes: whether it keeps the plane of a stack on which an object lies.
        needs_size: which objects can only be written where the image's size is known.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    read: Callable[[OutlineFile], list[ImageAnnotation]]
    write: Write
    shared_endings: tuple[str, ...] = ()
    recognise: Callable[[OutlineFile], bool] = lambda file: True
    relabel: Relabel | None = None
    raster: bool = False
    precision: Literal["exact", "pixel"] = "exact"
    holes: bool = True
    parts: bool = True
    overlaps: bool = True
    classes: bool = True
    scores: bool = True
    several_images: bool = False
    planes: bool = False
    needs_size: Literal["never", "holes", "always"] = "never"

    @property
    def ending(self) -> str:
        """The ending of the files that `kontur predict` writes."""
        return self.endings[0]
