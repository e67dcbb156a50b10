"""The plan of a study: its candidates, folds and trials, checked before the first fit.

Within a fold the training images are split once more, so that checkpoint and thresholds are chosen
on images that are used neither for training nor for evaluation. Splits are stratified: an image
counts as the rarest class that it shows, and as one without objects where it shows none.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely

from kontur.data.checks.dataset_statistics import DatasetStatistics, dataset_statistics
from kontur.data.folder import Folder, open_folder
from kontur.data.sample import Sample
from kontur.errors import InputError
from kontur.models import catalog
from kontur.select import (
    Split,
    Trial,
    folds,
    holdout,
    trials,
)
from kontur.train.config import RunConfig
from kontur.train.network import resolve_network
from kontur.train.study.candidates import Candidate
from kontur.train.study.study_files import StudyFiles
from kontur.train.training_data import SHARE
from kontur.wording import plural

LEAST_HELD = 2  # images to validate on: those of one image alone would not generalise
MOST = 1 / 4  # of few images, largest share to validate on
HALF = 1 / 2  # of the images that are suitable for validation, largest share
ClassesByImage = Mapping[str, frozenset[str]]  # the classes that each image shows, by its name
SEED = 0  # of the folds and of the validation images within them
FEWEST = 2  # images of a fit: one to learn from, one to validate on


def rarest_class(classes_by_image: ClassesByImage) -> dict[str, str]:
    """For each image the class that the fewest images show, "" where it shows none.

    >>> rarest_class(
    ...     {"a": frozenset({"cell", "nerve"}), "b": frozenset({"cell"}), "c": frozenset()}
    ... )
    {'a': 'nerve', 'b': 'cell', 'c': ''}
    """
    images = Counter(name for classes in classes_by_image.values() for name in classes)
    return {
        image: min(classes, key=lambda name: (images[name], name), default="")
        for image, classes in classes_by_image.items()
    }


def learn_and_validate(
    names: Sequence[str],
    share: float,
    seed: int,
    *,
    classes_by_image: ClassesByImage,
    groups: Mapping[str, str] | None = None,
) -> Split:
    """Split the training images of a fold: a share to validate on, two of fewer than twenty.

    Images to validate on have objects and are not the only ones of a class, as far as possible; of
    images without objects the share is taken in addition. Groups stay together, unless there is
    only one. `names` are at least two.
    """
    if groups is not None and len({groups[name] for name in names}) < 2:
        groups = None
    unit = {name: name if groups is None else groups[name] for name in names}
    units_of: dict[str, set[str]] = {}  # those that show a class
    for name in names:
        for shown in classes_by_image[name]:
            units_of.setdefault(shown, set()).add(unit[name])
    every_unit = set(unit.values())
    with_objects = set[str]().union(*units_of.values())
    without_objects = every_unit - with_objects
    needed = set[str]().union(*(units for units in units_of.values() if len(units) == 1))
    labels = rarest_class({name: classes_by_image[name] for name in names})

    def held(units: set[str], least: float) -> list[str]:
        """About the share, or so many as `least`."""
        pool = [name for name in names if unit[name] in units]
        fraction = max(share, min(HALF, least / len(pool)))
        return holdout(pool, fraction, seed, groups=groups, labels=labels).held

    least = min(LEAST_HELD, MOST * len(names))
    free = with_objects - needed
    choices = (free, with_objects, without_objects, every_unit)
    chosen = next(units for units in choices if len(units) > 1)
    if len(free) == 1 and round(least) <= 1 and len(every_unit) > 1:
        out = {name for name in names if unit[name] in free}
    else:
        out = set(held(chosen, least))
    if chosen <= with_objects and len(without_objects) > 1 and share * len(without_objects) >= HALF:
        out |= set(held(without_objects, 0))
    return Split([n for n in names if n not in out], [n for n in names if n in out])


def missing_classes(learned: Iterable[Sequence[str]], classes_by_image: ClassesByImage) -> str:
    """The classes that no training image of a fold shows, as a phrase; "" where there are none.

    >>> shown = {"a": frozenset({"cell", "nerve"}), "b": frozenset({"cell"})}
    >>> missing_classes([["a"], ["b"]], shown)
    'nerve (fold 2)'
    """
    without: dict[str, list[str]] = {}
    every_class = frozenset[str]().union(*classes_by_image.values())
    for fold, names in enumerate(learned, start=1):
        for name in sorted(every_class.difference(*(classes_by_image[image] for image in names))):
            without.setdefault(name, []).append(str(fold))
    return ", ".join(
        f"{name} (fold{'s' * (len(folds) > 1)} {', '.join(folds)})"
        for name, folds in without.items()
    )


class Plan(NamedTuple):
    """The trials of a study, its data, and warnings on the data."""

    study: StudyFiles
    folder: Folder
    groups: Mapping[str, str] | None
    classes_by_image: ClassesByImage
    candidates: dict[str, Candidate]
    trials: list[Trial]
    warnings: tuple[str, ...]

    def split_fold(self, trial: Trial) -> Split:
        """The training and validation images of a fold's trial."""
        share = float(RunConfig.read(self.candidates[trial.setting].tree).data.val or SHARE)
        names = trial.split.train
        return learn_and_validate(
            names, share, SEED, classes_by_image=self.classes_by_image, groups=self.groups
        )


def make_plan(
    data: str | Path,
    out: Path,
    rows: Sequence[Candidate],
    k: int,
    group: str | None,
    shares: Sequence[float],
) -> Plan:
    """Make the plan of a study and check it as far as possible; each image is read once."""
    config = RunConfig.read(rows[0].tree).data
    folder = open_folder(data, task=config.task, channel=config.one_channel, page=config.page)
    has_val = "val" in folder.splits
    learned = folder.in_split("train") if "train" in folder.splits else folder
    groups = None if group is None else learned.groups(group)
    content = Content()
    classes_by_image: dict[str, frozenset[str]] = {}
    statistics = dataset_statistics(_counted(learned, content, classes_by_image))
    for sample in folder.in_split("val").samples if has_val else ():
        content.add(sample)
    if not statistics.objects:
        raise InputError(f"the images of {data} have no object; annotate some")
    if len(learned.images) == 1 < len(learned):
        raise InputError(
            f"{data} has {plural(len(learned), 'plane')} of one image, {learned.images[0]}, and "
            "folds hold out whole images, for neighbouring planes are alike; add other images, or "
            "train on this one with kontur train"
        )
    splits = folds(learned.images, k, SEED, groups=groups, labels=rarest_class(classes_by_image))
    if min(len(split.train) for split in splits) < FEWEST:
        raise InputError(
            f"{k} folds of {len(learned.images)} images leave fewer than {FEWEST} to learn from; "
            "annotate more images"
        )
    _check_networks(rows, learned, statistics)
    about = {
        "data": str(Path(data).resolve()),
        "task": config.task,
        "folds": k,
        "group": group,
        "images": list(learned.images),
        "pixels": content.pixels.hexdigest(),
        "annotations": content.annotations.hexdigest(),
        "own validation part": has_val,
    }
    planned = trials([row.name for row in rows], splits, shares=shares, fewest=FEWEST, seed=SEED)
    named = {row.name: row for row in rows}
    plan = Plan(
        StudyFiles(out, about), learned, groups, classes_by_image, named, planned, folder.warnings
    )
    first = [trial for trial in planned if (trial.setting, trial.share) == (rows[0].name, 1)]
    without = missing_classes([plan.split_fold(trial).train for trial in first], classes_by_image)
    if without:
        return plan._replace(warnings=(*plan.warnings, f"no image to learn from has: {without}"))
    return plan


class Content:
    """Digests of all that is learned from the samples added to it."""

    def __init__(self) -> None:
        self.pixels, self.annotations = hashlib.sha256(), hashlib.sha256()

    def add(self, sample: Sample) -> None:
        image, instances = sample.image, sample.instances
        self.pixels.update(repr((image.shape, image.dtype.str)).encode())
        self.pixels.update(np.ascontiguousarray(image).data)
        self.annotations.update(repr((sample.name, instances.classes)).encode())
        self.annotations.update(b"".join(shapely.to_wkb(instances.polygons)))
        self.annotations.update(instances.labels.tobytes() + instances.ignore.tobytes())


def _counted(
    folder: Folder, content: Content, classes_by_image: dict[str, frozenset[str]]
) -> Iterator[Sample]:
    """The samples; on the way they are added to the content, and their classes to the mapping.

    An image shows the classes of all its planes.
    """
    for name, sample in zip(folder.names, folder.samples, strict=True):
        content.add(sample)
        instances = sample.instances
        labels = np.unique(instances.labels[~instances.ignore]).tolist()
        shown = frozenset(instances.classes[label] for label in labels)
        classes_by_image[name] = classes_by_image.get(name, frozenset()) | shown
        yield sample


def _check_networks(
    rows: Sequence[Candidate], learned: Folder, statistics: DatasetStatistics
) -> None:
    """Raise `InputError` for images that a row's network cannot take, before any fit.

    A row that starts from weights is checked by its fit, for the network is that of their file.
    """
    for row in rows:
        config = RunConfig.read(row.tree)
        if not catalog.family(row.kind).trainable or config.start is not None:
            continue
        one = config.data.one_channel is not None  # of this row alone, perhaps
        known = statistics._replace(channels=frozenset({1})) if one else statistics
        try:
            resolve_network(config, None, learned.classes, known)
        except InputError as error:
            raise InputError(f"{row.name}: {error}") from None
