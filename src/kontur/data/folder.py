"""Folder: images with their annotations, recognised without configuration.

`open_folder` recognises the layout (see `layouts`), joins `classes.csv` and `metadata.csv` (see
`metadata`) and says in `warnings` what it left out. Opening lists files and looks into six masks;
samples are read when they are asked for, or all at once by `load`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kontur import select
from kontur.data.ahead import ahead
from kontur.data.annotations import with_outlines
from kontur.data.entry import Entry, Layout
from kontur.data.finding import Finding
from kontur.data.layouts import recognise
from kontur.data.mask_checks import check_mask_files
from kontur.data.metadata import column_of, rows_where, tables_of
from kontur.data.reading import Reading, choose_reading
from kontur.data.sample import Sample
from kontur.data.samples import Loaded, Samples, Stored
from kontur.errors import InputError
from kontur.formats.masks import Task
from kontur.instances import CLASSES
from kontur.wording import counted, plural

PROBLEMS_SHOWN = 3  # of the files that cannot be used, beside the first
IMAGE_MEMORY = 2 << 30  # bytes of images that `load` keeps; the others are read again when needed


@dataclass(frozen=True, eq=False)
class Folder:
    """Images with annotations, in the order of their names. Build it with `open_folder`.

    Attributes:
        path: the folder or COCO JSON that was opened.
        layout: what was recognised: `labels`, `masks`, `outlines` or `coco` (see `layouts`).
        entries: one per image with annotation.
        reading: how annotations are read: task, classes.
        channel: the channel that is kept, all if None.
        metadata: the columns of `metadata.csv` by image name.
        unannotated: names of images that were left out, having no annotation.
        orphans: annotations that were left out, having no image.
        findings: what was left out and what looks wrong at a glance.
    """

    path: Path
    layout: str
    entries: tuple[Entry, ...]
    reading: Reading
    channel: int | None = None
    metadata: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unannotated: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the images."""
        return tuple(entry.name for entry in self.entries)

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names that labels index."""
        return self.reading.classes

    @property
    def task(self) -> Task:
        """What a mask file means."""
        return self.reading.task

    @property
    def warnings(self) -> tuple[str, ...]:
        """The findings as sentences."""
        return tuple(str(finding) for finding in self.findings)

    @property
    def splits(self) -> dict[str, tuple[str, ...]]:
        """The names of each of `train`, `val` and `test` that the layout has; empty if none."""
        found: dict[str, list[str]] = {}
        for entry in self.entries:
            if entry.split is not None:
                found.setdefault(entry.split, []).append(entry.name)
        return {split: tuple(names) for split, names in found.items()}

    @property
    def samples(self) -> Samples:
        """The samples, each read when it is asked for."""
        return Samples(self.entries, self.reading, self.channel)

    def subset(self, names: Iterable[str]) -> "Folder":
        """The images of these names, in this order; raises `InputError` for a name not there."""
        by_name = {entry.name: entry for entry in self.entries}
        wanted = list(names)
        missing = [name for name in wanted if name not in by_name]
        if missing:
            raise InputError(
                f"{self.path} has no image {missing[0]!r} ({len(missing)} are missing)"
            )
        return replace(self, entries=tuple(by_name[name] for name in wanted))

    def in_split(self, split: str) -> "Folder":
        """The images of one split; raises `InputError` where the folder has no such split."""
        if split not in self.splits:
            has = ", ".join(self.splits) or "none"
            raise InputError(f"{self.path} has no split {split!r}; its splits are: {has}")
        return self.subset(self.splits[split])

    def hold_out(
        self, fraction: float, seed: int, *, group: str | None = None
    ) -> tuple["Folder", "Folder"]:
        """`(train, val)`: a part of the images held out, the same for the same seed.

        Images of one `group` stay together, see `groups`.
        """
        groups = None if group is None else self.groups(group)
        split = select.holdout(self.names, fraction, seed, groups=groups)
        return self.subset(split.train), self.subset(split.held)

    def groups(self, by: str) -> dict[str, str]:
        """The group of every image, such as its patient, slide or film.

        `by` is a column of `metadata.csv`, or a regular expression with parentheses around the part
        of the images' names that says the group: `(film[0-9]+)_`. Raises `InputError` where a row,
        the column or the part of a name is missing.
        """
        if "(" not in by:
            return self.column(by)
        try:
            pattern = re.compile(by)
        except re.error as error:
            raise InputError(f"group: {by!r} is no regular expression ({error})") from None
        if pattern.groups == 0:
            raise InputError(f"group: {by!r} has no part in parentheses, as (film[0-9]+)_ has")
        found = {name: pattern.search(name) for name in self.names}
        without = [name for name, match in found.items() if match is None or not match[1]]
        if without:
            raise InputError(
                f"the pattern {by!r} finds no group in the names of {counted(without, 'image')}"
            )
        return {name: match[1] for name, match in found.items() if match is not None}

    def column(self, name: str) -> dict[str, str]:
        """One column of `metadata.csv` by image name, of all images; `InputError` for a gap."""
        return column_of(self.metadata, self.names, name, root=self.path)

    def where(self, conditions: Iterable[str]) -> "Folder":
        """The images for which every `COLUMN=VALUE` of `metadata.csv` holds, see `rows_where`."""
        return self.subset(rows_where(self.metadata, self.names, conditions, root=self.path))

    def with_classes(self, classes: Sequence[str]) -> "Folder":
        """The same with labels that index `classes`, for a `val` folder opened on its own.

        Raises `InputError` where this folder has a class that `classes` has not; classes that a
        COCO file declares without using them do not count. A folder that names no class fits any
        single one.
        """
        read = [entry.instances for entry in self.entries if entry.instances is not None]
        used = {found.classes[label] for found in read for label in found.labels}
        known = used if len(read) == len(self.entries) else {*self.classes}
        unknown = [name for name in self.classes if name in known and name not in classes]
        unnamed = self.classes == CLASSES and len(classes) == 1
        if unknown and not unnamed:
            raise InputError(
                f"{self.path} has the class {unknown[0]!r}, which is none of {', '.join(classes)}"
            )
        return replace(self, reading=self.reading._replace(classes=tuple(classes)))

    def load(
        self,
        progress: Callable[[int, int], None] | None = None,
        *,
        image_memory: int = IMAGE_MEMORY,
    ) -> Loaded:
        """Read everything once; `progress(done, total)` is called after each image.

        Images are kept in their stored dtype until `image_memory` bytes are full. Raises one
        `InputError` that names the files that cannot be used, after all were tried.
        """
        samples = self.samples
        stored: list[Stored] = []
        problems: list[str] = []
        left = image_memory

        def read(index: int) -> Sample | InputError:
            try:
                return samples[index]
            except InputError as error:
                return error

        for index, sample in enumerate(ahead(read, len(samples))):
            if isinstance(sample, InputError):
                problems.append(str(sample))
            else:
                left -= sample.image.nbytes
                image = sample.image if left >= 0 else None
                stored.append(Stored(sample.instances, sample.pixel_size, sample.stains, image))
            if progress is not None:
                progress(index + 1, len(samples))
        if problems:
            raise InputError(_together(problems))
        return Loaded(samples, stored)


def open_folder(
    path: str | Path,
    *,
    task: str = "instances",
    channel: int | None = None,
    page: int | None = None,
    split: str | None = None,
) -> Folder:
    """Open a training folder or COCO JSON; its layout is recognised, see `layouts`.

    `task` says what one mask file an image means: `instances` (every value an object),
    `components` (binary, every connected region an object) or `semantic` (every value a class).
    `channel` and `page` choose from images with many; `split` opens only `train`, `val` or `test`.
    Raises `InputError` where nothing is recognised, a name is ambiguous or a table is wrong.
    """
    root = Path(path)
    layout = recognise(root)
    layout = replace(layout, entries=with_outlines(layout.entries, page=page))
    names = tuple(entry.name for entry in layout.entries)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"{root} has more than one image of the name {twice[0]!r}; rename one")
    tables = tables_of(root, names)
    opened = Folder(
        path=root,
        layout=layout.kind,
        entries=layout.entries,
        reading=choose_reading(layout, task, tables.classes, page),
        channel=channel,
        metadata=tables.metadata,
        unannotated=layout.unannotated,
        orphans=layout.orphans,
    )
    findings = (*_left_out(layout), *tables.findings, *_masks_at_a_glance(opened))
    opened = replace(opened, findings=findings)
    return opened if split is None else opened.in_split(split)


def _left_out(layout: Layout) -> list[Finding]:
    """The files that have no partner, and what lies there unused."""
    findings = [Finding("unused", note, 1, "", "") for note in layout.notes]
    if layout.unannotated:
        what = f"{counted(layout.unannotated, 'image')} without annotation"
        advice = "left out; to say that an image has no objects give it an empty annotation"
        example = layout.unannotated[0]
        findings.append(Finding("unannotated", what, len(layout.unannotated), example, advice))
    if layout.orphans:
        what = f"{counted(layout.orphans, 'annotation')} without an image"
        advice = "left out; add the images, or give the partners the same name"
        findings.append(Finding("orphans", what, len(layout.orphans), layout.orphans[0], advice))
    return findings


def _masks_at_a_glance(folder: Folder) -> list[Finding]:
    """Whether the few mask files that are looked at are what the task says."""
    files = [(entry.name, entry.annotation) for entry in folder.entries if entry.kind == "labels"]
    return check_mask_files(files, folder.task, page=folder.reading.page)


def _together(problems: Sequence[str]) -> str:
    """The first problem in full, the next few shortly, and how many there are."""
    first, *others = problems
    if not others:
        return first
    return f"{first} (and {plural(len(others), 'more file')}: {'; '.join(others[:PROBLEMS_SHOWN])})"
