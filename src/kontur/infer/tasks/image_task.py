"""Tasks: what is done to an image, by whichever thread, process or machine.

An image that one view shows is a task. One that is looked at in tiles, or a stack of planes, is a
task that says which of these parts are missing, a task for each of them, and one that joins what
they gave. Files and parts are written whole or not at all and depend on nothing but the image and
the settings, so a task that is done twice, because whoever did it first died or was thought dead,
does no harm.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from kontur.data.normalisation.ranges import Ranges
from kontur.errors import InputError
from kontur.infer.inputs import InputImage
from kontur.infer.options import GivenContrast, PredictOptions
from kontur.infer.records.source_file import SourceFile
from kontur.infer.records.source_stamp import SourceStamp, changed_sentence

OnPart = Callable[[InputImage, int, int], None]  # an image, its finished parts, and all of them
OnJoin = Callable[[str, int, int], None]  # what is done with all planes, of how many, of all
# An image, or the parts of it that are missing; one part; what all of them gave, written; an image
# in one view whatever its size.
TaskKind = Literal["image", "part", "join", "whole"]
Part = tuple[int, ...]  # row and column of a tile, or the page of a plane


@dataclass(frozen=True)
class Outcome:
    """The result of one image: objects in `seconds`, or `failure`, or it was there already.

    `range` are the values that became dark and bright, None where every plane has its own.
    `seconds` are those of all its tasks. `changed`: its file has changed since the outlines that
    were there. `unverified`: outlines were there without a record of their image file.
    `removed`: earlier files of ours that cannot hold what is predicted now. `left`: files of other
    formats that stayed as they were. `hint`: a sentence on what to try.
    """

    input: InputImage
    objects: int = 0
    repaired: int = 0
    scale: float = 1.0
    contrast: GivenContrast | None = None
    range: Ranges | None = None
    seconds: float = 0.0
    skipped: bool = False
    changed: bool = False
    unverified: bool = False
    removed: tuple[Path, ...] = ()
    left: tuple[Path, ...] = ()
    failure: str | None = None
    hint: str | None = None

    def results(self) -> dict[str, Any]:
        """What the record says of it."""
        results = {"objects": self.objects, "repaired": self.repaired}
        shown = {} if self.range is None else {"range": self.range}
        return {**results, "scale": round(self.scale, 4), "contrast": self.contrast, **shown}


@dataclass(frozen=True)
class Job:
    """An image and the files to write of it; none where all are there.

    `source` is its content, where that is known already; `outputs` are the words of all files that
    are ours once these are written, `stale` files of ours that are to go then, `left` files of
    other formats that no record says are ours, and `objects` the number of outlines that are there.
    `stamp` was taken before the content was noted. `journal` is the hidden file that says what was
    written, until the record does.
    """

    input: InputImage
    source: SourceFile | None
    files: tuple[Path, ...]
    outputs: tuple[str, ...] = ()
    changed: bool = False
    unverified: bool = False
    stale: tuple[Path, ...] = ()
    left: tuple[Path, ...] = ()
    objects: int = 0
    stamp: SourceStamp | None = None
    journal: Path | None = None

    def changed_since(self) -> bool:
        """Whether the image is another one than its stamp is of, if it has one."""
        return self.stamp is not None and self.stamp.differs(self.input.path)

    def check(self) -> None:
        """Raise `InputError` where the image has changed since."""
        if self.changed_since():
            raise InputError(changed_sentence(self.input.path))

    def check_part(self) -> None:
        """The same after a part; the many files of a store are looked at once, at the end."""
        if not self.input.path.is_dir():
            self.check()

    def skipped(self) -> Outcome:
        """The outcome of an image of which nothing is to be written."""
        return Outcome(self.input, objects=self.objects, skipped=True, unverified=self.unverified)


@dataclass(frozen=True)
class Work:
    """What is the same for all images of a call: options, the folder `out`, and its settings.

    `settings` are those of the record: model, thresholds, precision and options.
    """

    options: PredictOptions
    out: Path
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """A step of the work on an image; the part that is meant, and the side of all tiles."""

    job: Job
    kind: TaskKind = "image"
    part: Part | None = None
    side: int | None = None


class TaskResult(NamedTuple):
    """What a task gave, in so many `seconds`.

    `outcome` of its image where that is decided. Of an image in parts, the `missing` ones of
    `total`, and the `side` where they are tiles. `too_large`: an object is larger than tiles show.
    `job` is that of the task, with the content of the image.
    """

    job: Job
    outcome: Outcome | None = None
    missing: tuple[Part, ...] = ()
    total: int = 0
    side: int | None = None
    too_large: bool = False
    seconds: float = 0.0
