"""Folder: images with their annotations, recognised without configuration.

`open_folder` recognises the layout (see `recognise_layout`), joins `classes.csv` and `metadata.csv`
(see `folder_tables`) and lists in `warnings` what it left out. Opening lists files and reads six
masks; samples are read on access, or all at once by `load`.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from kontur import select
from kontur.data.annotations.annotation_options import AnnotationOptions, annotation_options
from kontur.data.annotations.folder_tables import column_of, groups_of, read_tables, rows_where
from kontur.data.annotations.read_annotation import read_outlines
from kontur.data.checks.image_statistics import fingerprint
from kontur.data.checks.mask_checks import MaskFile, check_mask_files
from kontur.data.concurrently import concurrently
from kontur.data.file_names import RECORD_FILE
from kontur.data.held_planes import hold_out_planes, hold_out_planes_again
from kontur.data.issue import Issue
from kontur.data.layouts.every_page import every_page
from kontur.data.layouts.layout import AnnotatedImage, Layout
from kontur.data.layouts.recognise_layout import recognise_layout
from kontur.data.sample import Sample
from kontur.data.samples import LoadedSamples, Samples, StoredSample
from kontur.errors import InputError
from kontur.formats.masks import Task
from kontur.images.channels import Channel
from kontur.instances import CLASSES
from kontur.wording import counted, plural

PROBLEMS_SHOWN = 3  # of the files that cannot be used, beside the first
IMAGE_MEMORY = 2 << 30  # bytes of images that `load` keeps; the others are read again when needed


@dataclass(frozen=True, eq=False)
class Folder:
    """Images with annotations, in the order of their names. Build it with `open_folder`.

    Attributes:
        path: the folder or COCO JSON that was opened.
        layout: `labels`, `masks`, `outlines` or `coco`, see `recognise_layout`.
        annotated: the images with annotation.
        options: how annotations are read: task, classes.
        channel: the channel that is kept, all if None.
        metadata: the columns of `metadata.csv` by image name.
        unannotated: names of images that were left out, having no annotation.
        orphans: annotations that were left out, having no image.
        issues: what was left out and what looks wrong at a glance.
    """

    path: Path
    layout: str
    annotated: tuple[AnnotatedImage, ...]
    options: AnnotationOptions
    channel: Channel | None = None
    metadata: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unannotated: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()

    def __len__(self) -> int:
        return len(self.annotated)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the images; planes have that of their image."""
        return tuple(item.name for item in self.annotated)

    @property
    def images(self) -> tuple[str, ...]:
        """The different names: of planes those of their images."""
        return tuple(dict.fromkeys(self.names))

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names that labels index."""
        return self.options.classes

    @property
    def task(self) -> Task:
        """What the values of a mask file mean."""
        return self.options.task

    @property
    def warnings(self) -> tuple[str, ...]:
        """The issues as sentences."""
        return tuple(str(issue) for issue in self.issues)

    @property
    def splits(self) -> dict[str, tuple[str, ...]]:
        """The names of each of `train`, `val` and `test` that the layout has; empty if none."""
        by_split: dict[str, list[str]] = {}
        for item in self.annotated:
            if item.split is not None:
                by_split.setdefault(item.split, []).append(item.name)
        return {split: tuple(names) for split, names in by_split.items()}

    @property
    def samples(self) -> Samples:
        """The samples, each read on access."""
        return Samples(self.annotated, self.options, self.channel)

    def subset(self, names: Iterable[str]) -> "Folder":
        """The images of these names, in this order; raises `InputError` for a name not there."""
        by_name: dict[str, list[AnnotatedImage]] = {}
        for item in self.annotated:
            by_name.setdefault(item.name, []).append(item)
        wanted = list(dict.fromkeys(names))  # all pages of an image have its name
        missing = [name for name in wanted if name not in by_name]
        if missing:
            raise InputError(
                f"{self.path} has no image {missing[0]!r} ({len(missing)} are missing)"
            )
        return self._with(item for name in wanted for item in by_name[name])

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

        Images of one `group` stay together, see `groups`, and so do all planes of an image. Of the
        planes of a single image the last ones are held out, see `hold_out_planes`.
        """
        if group is None and len(self.images) == 1 < len(self):
            train, held = hold_out_planes(self.annotated, fraction)
            return self._with(train), self._with(held)
        if group is None and len(self.images) == len(self):
            split = select.holdout(self.names, fraction, seed)
            return self.subset(split.train), self.subset(split.held)
        group_of = {name: name for name in self.names} if group is None else self.groups(group)
        groups = {str(i): group_of[name] for i, name in enumerate(self.names)}
        split = select.holdout([*groups], fraction, seed, groups=groups)
        train, held = ([self.annotated[int(i)] for i in part] for part in split)
        return self._with(train), self._with(held)

    def hold_out_again(
        self, held: Collection[str], *, group: str | None = None
    ) -> tuple["Folder", "Folder"]:
        """`(train, val)` where these images are held out, and others of their groups.

        Of an image of which planes are named, such as "film page 3", these are held out.
        """
        groups = {name: name for name in self.names} if group is None else self.groups(group)
        held_groups = {groups[name] for name in held if name in groups}
        planes: dict[str, list[AnnotatedImage]] = {}
        for item in self.annotated:
            planes.setdefault(item.name, []).append(item)
        train: list[AnnotatedImage] = []
        val: list[AnnotatedImage] = []
        for name, items in planes.items():
            if groups[name] in held_groups:
                val += items
            elif any(item.is_plane and item.plane_name in held for item in items):
                learned, validated = hold_out_planes_again(items, held)
                train += learned
                val += validated
            else:
                train += items
        return self._with(train), self._with(val)

    def _with(self, annotated: Iterable[AnnotatedImage]) -> "Folder":
        return replace(self, annotated=tuple(annotated))

    def groups(self, by: str) -> dict[str, str]:
        """The group of every image, such as its patient, slide or film.

        `by` is a column of `metadata.csv` or a pattern, see `folder_tables.groups_of`.
        """
        return groups_of(self.metadata, self.names, by, root=self.path)

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
        read = [item.instances for item in self.annotated if item.instances is not None]
        used = {instances.classes[label] for instances in read for label in instances.labels}
        known = used if len(read) == len(self.annotated) else {*self.classes}
        unknown = [name for name in self.classes if name in known and name not in classes]
        unnamed = self.classes == CLASSES and len(classes) == 1
        if unknown and not unnamed:
            raise InputError(
                f"{self.path} has the class {unknown[0]!r}, which is none of {', '.join(classes)}"
            )
        return replace(self, options=self.options._replace(classes=tuple(classes)))

    def load(
        self,
        progress: Callable[[int, int], None] | None = None,
        *,
        image_memory: int = IMAGE_MEMORY,
    ) -> LoadedSamples:
        """Read everything once; `progress(done, total)` is called after each image.

        Images are kept in their stored dtype until `image_memory` bytes are full. Raises
        `UnusableFilesError` after all were tried.
        """
        samples = self.samples
        stored: list[StoredSample] = []
        problems: list[str] = []
        left = image_memory

        def read(index: int) -> Sample | InputError:
            try:
                return samples[index]
            except InputError as error:
                return error

        for index, sample in enumerate(concurrently(read, range(len(samples)))):
            if isinstance(sample, InputError):
                problems.append(str(sample))
            else:
                left -= sample.image.nbytes
                image, mark = sample.image if left >= 0 else None, fingerprint(sample.image)
                stored.append(
                    StoredSample(sample.instances, sample.pixel_size, sample.stains, image, mark)
                )
            if progress is not None:
                progress(index + 1, len(samples))
        if problems:
            raise UnusableFilesError(problems)
        return LoadedSamples(samples, stored)


class UnusableFilesError(InputError):
    """What is wrong with each of the files that cannot be used, one or more, in a sentence.

    The first is told in full, the next few shortly, and how many there are.
    """

    def __init__(self, problems: Sequence[str]):
        self.problems = tuple(dict.fromkeys(problems))  # one file may be of several images
        first, *others = self.problems
        shown = "; ".join(others[:PROBLEMS_SHOWN]) + "; …" * (len(others) > PROBLEMS_SHOWN)
        more = f" (and {plural(len(others), 'more file')}: {shown})" if others else ""
        super().__init__(f"{first}{more}")

    def __reduce__(self) -> tuple[type, tuple[tuple[str, ...]]]:
        return type(self), (self.problems,)


def load_both(
    one: Folder, other: Folder, progress: Callable[[int, int], None] | None = None
) -> tuple[LoadedSamples, LoadedSamples]:
    """Two folders as `Folder.load`, which may be the same; what is wrong is of both together."""
    loaded: list[LoadedSamples] = []
    problems: list[str] = []
    for folder in [one] if other is one else [one, other]:
        try:
            loaded.append(folder.load(progress))
        except UnusableFilesError as error:
            problems += error.problems
    if problems:
        raise UnusableFilesError(problems)
    return loaded[0], loaded[-1]


def open_folder(
    path: str | Path,
    *,
    task: str = "instances",
    channel: Channel | None = None,
    page: int | Literal["all"] | None = None,
    split: str | None = None,
    layout: Layout | None = None,
) -> Folder:
    """Open a training folder or COCO JSON; its layout is recognised, see `recognise_layout`.

    `task` is what the values of a mask file mean: `instances` (every value an object),
    `components` (binary, every connected region an object) or `semantic` (every value a class).
    `channel` and `page` choose from images with many; the page "all" makes each page an image of
    the same name, as `every_page` says. `split` opens only `train`, `val` or `test`;
    `layout` is that of the folder where it is known already.
    Raises `InputError` where nothing is recognised, a name is ambiguous or a table is wrong.
    """
    root = Path(path)
    layout = layout or recognise_layout(root)
    names = tuple(item.name for item in layout.annotated)
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise InputError(f"{root} has more than one image of the name {repeated[0]!r}; rename one")
    if page == "all":
        on_page = every_page(layout.annotated)
    else:
        on_page = [item.replace(page=page) for item in layout.annotated]
    layout = replace(layout, annotated=read_outlines(on_page, task))
    tables = read_tables(root, names)
    opened = Folder(
        path=root,
        layout=layout.kind,
        annotated=layout.annotated,
        options=annotation_options(layout, task, tables.classes),
        channel=channel,
        metadata=tables.metadata,
        unannotated=layout.unannotated,
        orphans=layout.orphans,
    )
    annotations = {item.name: item.annotation for item in layout.annotated}
    predicted = predicted_issues(annotations)
    issues = (*_left_out(layout), *predicted, *tables.issues, *_sampled_mask_issues(opened))
    opened = replace(opened, issues=issues)
    return opened if split is None else opened.in_split(split)


def _left_out(layout: Layout) -> list[Issue]:
    """The files that have no partner, and what lies there unused."""
    issues = [Issue("unused", note, 1, "", "") for note in layout.notes]
    if layout.unannotated:
        what = f"{counted(layout.unannotated, 'image')} without annotation"
        advice = "left out; give an image without objects an empty annotation"
        example = layout.unannotated[0]
        issues.append(Issue("unannotated", what, len(layout.unannotated), example, advice))
    if layout.orphans:
        what = f"{counted(layout.orphans, 'annotation')} without an image"
        advice = "left out; add the images, or give image and annotation the same name"
        issues.append(Issue("orphans", what, len(layout.orphans), layout.orphans[0], advice))
    return issues


def predicted_issues(annotations: Mapping[str, Path]) -> list[Issue]:
    """That annotations lie where `kontur predict` wrote; `annotations` are by the name of an image.

    Nobody may have looked at them, and with itself a model always agrees.
    """
    places = {path.parent for path in annotations.values()}
    predicted = {place for place in places if (place / RECORD_FILE).exists()}
    names = [name for name, path in annotations.items() if path.parent in predicted]
    if not names:
        return []
    what = f"{plural(len(names), 'annotation')} beside {RECORD_FILE}, where kontur predict wrote"
    advice = "they are taken as true; correct them first, or give annotations that a person made"
    return [Issue("predicted", what, len(names), names[0], advice)]


def _sampled_mask_issues(folder: Folder) -> list[Issue]:
    """Issues of a few mask files whose values may mean something other than the task."""
    files = [
        MaskFile(item.plane_name, item.annotation, item.page)
        for item in folder.annotated
        if item.kind == "labels"
    ]
    return check_mask_files(files, folder.task)
