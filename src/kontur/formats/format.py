"""Format: one value that describes a file format of outlines.

A format is one module with a constant `FORMAT`, and one line in `kontur.formats.FORMATS`. Commands,
folders and help texts follow from the table; none of them names an ending.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kontur import extra
from kontur.formats.image_annotation import ClassPrediction, ImageAnnotation
from kontur.formats.outline_file import OutlineFile
from kontur.instances import Instances

# Writes the images of a file, whole or not at all: `write(path, entries, overwrite=True)`.
Write = Callable[..., None]
# Writes one image part by part: `with stream(path, image, overwrite=True) as add: add(objects)`.
Stream = Callable[..., AbstractContextManager[Callable[[Instances], None]]]
# The text of a file whose objects have other classes, everything else as it is written there:
# the file, for each of its images the prediction of each object, and all possible classes.
Relabel = Callable[[OutlineFile, Sequence[Sequence[ClassPrediction]], Sequence[str]], str]


@dataclass(frozen=True)
class Format:
    """A file format, and what it can hold.

    Attributes:
        name: the word of `kontur predict --format`.
        title: its name in sentences and help texts.
        endings: endings of its files; `kontur predict` writes the first.
        read: the images of a file with their objects.
        stream: writes the objects of one image part by part, for images of which not all objects
            are held at once; None where a file is written from all of them.
        batches: what `read` gives, some objects at a time: an image may come again with more of
            them; None where a file is read whole.
        write: its reverse; a format of one image a file refuses several. None where it is only
            read.
        shared_endings: endings that files of other kinds have too: `recognise` tells which are of
            this format. Those that are not among `endings` are written only where the format is
            named, see `output_names`.
        recognise: whether a file of a shared ending is of this format, by its content.
        relabel: new classes in an existing file; None where the format cannot hold classes.
        raster: whether the file stores objects as pixels and not as outlines.
        precision: of outlines: `exact` (to `rounding.DECIMALS`), or `pixel`.
        holes: whether an object with holes is kept exactly, as its pixels, or its holes are filled.
        parts, overlaps, classes, scores, ids, ignore: whether the format keeps those of an object;
            without `ignore` regions to ignore are not written.
        several_images: whether a file describes images by name, any number of them.
        names_image: whether a file of one image says where that lies.
        planes: whether it keeps the plane of a stack on which an object lies.
        pixel_size: whether it keeps the side of a pixel.
        needs_size: which objects can only be written where the image's size is known.
        native_ending: the ending by which its own program finds a file, where others share it.
        object_ending: the ending of files of one object each; a folder of them is a file.
        relative: whether coordinates are shares of the image's size, which reading then needs.
        extras: the key of `Instances.extras` under which it keeps what it does not read, and from
            which that is written back; "" where all that it writes is among what it `takes`.
        attributes, image_attributes: what it keeps of an object and of an image by plain names, see
            `attributes`; None where all of it has one name, the key, and where it has such names.
        takes: of what files of other formats said of an object, see `attributes`, that which it
            writes too.
        unused_classes: whether it keeps names of classes that no object has.
        package, extra: the module that writing needs, and the extra that brings it; "" of none.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    read: Callable[[OutlineFile], list[ImageAnnotation]]
    write: Write | None = None
    stream: Stream | None = None
    batches: Callable[[OutlineFile], Iterator[list[ImageAnnotation]]] | None = None
    shared_endings: tuple[str, ...] = ()
    recognise: Callable[[OutlineFile], bool] = lambda file: True
    relabel: Relabel | None = None
    raster: bool = False
    precision: Literal["exact", "pixel"] = "exact"
    holes: Literal["exact", "pixels", "never"] = "exact"
    parts: bool = True
    overlaps: bool = True
    classes: bool = True
    scores: bool = True
    ids: bool = True
    ignore: bool = True
    several_images: bool = False
    names_image: bool = False
    planes: bool = False
    pixel_size: bool = False
    needs_size: Literal["never", "holes", "always"] = "never"
    native_ending: str | None = None
    object_ending: str | None = None
    relative: bool = False
    extras: str = ""
    attributes: Callable[[Any, Instances, int], dict[str, Any]] | None = None
    image_attributes: Callable[[Any], dict[str, Any]] | None = None
    takes: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda attributes: {}
    unused_classes: bool = True
    package: str = ""
    extra: str = ""

    @property
    def own_endings(self) -> tuple[str, ...]:
        """The endings that decide alone: no other kind of file has them."""
        return tuple(ending for ending in self.endings if ending not in self.shared_endings)

    @property
    def ending(self) -> str:
        """The ending of the files that `kontur predict` writes."""
        return self.endings[0]

    @property
    def file_endings(self) -> tuple[str, ...]:
        """The endings of files that are known to be of this format; its own program's first."""
        native = (self.native_ending,) if self.native_ending else ()
        return tuple(dict.fromkeys((*native, *self.endings)))

    def check_package(self) -> None:
        """Raise `InputError`, which says what to install, where what writing needs is missing."""
        if self.package:
            extra.package(self.package, extra=self.extra, what=f"writing {self.title}")

    def stem(self, path: Path) -> str:
        """The name of a file without the longest ending that fits."""
        name = path.name.lower()
        fitting = [len(end) for end in (*self.endings, *self.shared_endings) if name.endswith(end)]
        return path.name[: -max(fitting)] if fitting else path.stem
